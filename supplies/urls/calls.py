"""Addresses of hotlines and of the operator's desk."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
