"""Addresses of public naming and good practice, and of what the self-audit filed."""

from django.urls import URLPattern, path

from complaints.views import audit

urlpatterns: list[URLPattern] = [
    path("complaint-desk/self-audit/", audit.audit, name="audit"),
]
