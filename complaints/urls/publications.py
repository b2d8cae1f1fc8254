"""Addresses of public naming and good practice."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
