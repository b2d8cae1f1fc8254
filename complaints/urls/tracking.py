"""Addresses of whoever holds a receipt."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
