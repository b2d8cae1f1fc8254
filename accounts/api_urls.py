"""Addresses of accounts below /api/v1/."""

from django.urls import path

from accounts.api import AreaList

urlpatterns = [path("areas/", AreaList.as_view(), name="api-areas")]
