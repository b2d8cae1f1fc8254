"""Addresses below /api/v1/policy/."""

from django.urls import path

from .api import EditionsView, PlanView

urlpatterns = [
    path("plan/", PlanView.as_view(), name="api-policy-plan"),
    path("editions/", EditionsView.as_view(), name="api-policy-editions"),
]
