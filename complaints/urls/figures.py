"""Addresses of the public figures and the bulletin."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
