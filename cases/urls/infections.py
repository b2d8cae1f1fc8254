"""Addresses of infections: record, stays, contacts, assessment of spread."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
