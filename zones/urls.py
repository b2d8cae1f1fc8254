"""Addresses of the public pages about high-risk zones."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
