"""Addresses of complaints below /api/v1/."""

from django.urls import URLPattern, path

from complaints.api import views
from complaints.api.statistics import Statistics

urlpatterns: list[URLPattern] = [
    path("complaints/", views.ComplaintList.as_view(), name="api-complaints"),
    path("complaints/behaviours/", views.BehaviourList.as_view(), name="api-complaint-behaviours"),
    path("complaints/statistics/", Statistics.as_view(), name="api-complaint-statistics"),
    path("complaints/<slug:number>/", views.ComplaintDetail.as_view(), name="api-complaint"),
    path("complaints/<slug:number>/accept/", views.ComplaintAccept.as_view(), name="api-complaint-accept"),
    path(
        "complaints/<slug:number>/answer/",
        views.ComplaintAnswerVerb.as_view(),
        name="api-complaint-answer",
    ),
    path(
        "complaints/<slug:number>/send-back/",
        views.ComplaintSendBack.as_view(),
        name="api-complaint-send-back",
    ),
    path("complaints/<slug:number>/close/", views.ComplaintClose.as_view(), name="api-complaint-close"),
    path("complaints/<slug:number>/add/", views.ComplaintAdd.as_view(), name="api-complaint-add"),
]
