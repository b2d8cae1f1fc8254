"""Addresses of the drawing of a compound, and of the people inside a zone."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
