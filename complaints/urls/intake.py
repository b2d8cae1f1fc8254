"""Addresses where a complaint is filed."""

from django.urls import URLPattern, path

from complaints.views import intake, receiving

urlpatterns: list[URLPattern] = [
    path("complaints/", intake.complain, name="complain"),
    path("complaints/new/", intake.complain_new, name="complain-new"),
    path("complaints/facts/", intake.complain_facts, name="complain-facts"),
    path("complaints/receipt/", receiving.complain_receipt, name="complain-receipt"),
]
