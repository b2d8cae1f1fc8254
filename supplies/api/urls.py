"""Addresses of needs below /api/v1/."""

from django.urls import URLPattern, path

from supplies.api import views

urlpatterns: list[URLPattern] = [
    path("needs/", views.NeedList.as_view(), name="api-needs"),
    path("needs/<slug:number>/", views.NeedDetail.as_view(), name="api-need"),
    path("needs/<slug:number>/word/", views.NeedWord.as_view(), name="api-need-word"),
]
