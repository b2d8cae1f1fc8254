"""Addresses of the resident's private page."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
