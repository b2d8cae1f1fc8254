"""Addresses of hotlines and of the operator's desk."""

from django.urls import URLPattern, path

from supplies.views import call_desk, call_log, hotlines

urlpatterns: list[URLPattern] = [
    path("hotlines/", hotlines.hotlines, name="hotlines"),
    path("calls/", call_desk.call_desk, name="calls"),
    path("calls/new/", call_desk.call_new, name="call-new"),
    path("calls/log/", call_log.call_log, name="call-log"),
    path("calls/<int:pk>/returned/", call_desk.call_returned, name="call-returned"),
    path("calls/<int:pk>/call/", call_desk.call_number, name="call-number"),
]
