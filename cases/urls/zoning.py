"""Addresses by which staff seal, restart and open units."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
