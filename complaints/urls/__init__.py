"""Addresses of complaints: for anybody, for whoever holds a receipt, for the desk."""

from django.urls import URLPattern

from complaints.urls import calling, desk, figures, intake, orders, publications, tracking

urlpatterns: list[URLPattern] = [
    *intake.urlpatterns,
    *tracking.urlpatterns,
    *calling.urlpatterns,
    *figures.urlpatterns,
    *publications.urlpatterns,
    *desk.urlpatterns,
    *orders.urlpatterns,
]
