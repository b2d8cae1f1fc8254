"""Addresses of needs, from request to door."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
