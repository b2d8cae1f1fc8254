"""Addresses of the public policy pages and of the public part of the API."""

from django.urls import include, path

from . import views

urlpatterns = [
    path("calculator/", views.calculator, name="calculator"),
    path("policy/", views.policy, name="policy"),
    path("policy/clauses/<slug:slug>/", views.clause, name="clause"),
    path("api/v1/policy/", include("policy.api_urls")),
]
