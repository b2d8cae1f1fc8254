"""Addresses of receiving points, rounds and mutual supply."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
