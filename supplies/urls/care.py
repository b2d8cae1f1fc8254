"""Addresses of key persons and of the calls to them."""

from django.urls import URLPattern, path

from supplies.views import care

urlpatterns: list[URLPattern] = [
    path("key-persons/", care.key_persons, name="key-persons"),
    path("key-persons/<int:pk>/", care.care_plan, name="care-plan"),
    path("key-persons/<int:pk>/end/", care.care_end, name="care-end"),
    path("key-persons/<int:pk>/call/", care.care_call_now, name="care-call-now"),
    path("care-calls/<int:pk>/", care.care_call, name="care-call"),
]
