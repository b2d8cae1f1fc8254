"""Addresses of hospitals, medical needs, prescriptions and counselling."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
