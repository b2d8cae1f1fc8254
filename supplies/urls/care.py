"""Addresses of key persons and of the calls to them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
