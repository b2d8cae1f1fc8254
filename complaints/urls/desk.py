"""Addresses of the queue and of the cases in it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
