"""Addresses where a complaint is filed."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
