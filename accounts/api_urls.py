"""Addresses of accounts below /api/v1/."""

from django.urls import path

from accounts.api import AreaList, OfficeList

urlpatterns = [
    path("areas/", AreaList.as_view(), name="api-areas"),
    path("offices/", OfficeList.as_view(), name="api-offices"),
]
