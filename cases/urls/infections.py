"""Addresses of infections: record, stays, contacts, assessment of spread."""

from django.urls import path

from cases.views import infection_contacts, infections

urlpatterns = [
    path("infections/", infections.infections, name="infections"),
    path("infections/new/", infections.infection_new, name="infection-new"),
    path("infections/<int:pk>/", infections.infection, name="infection"),
    path("infections/<int:pk>/edit/", infections.infection_edit, name="infection-edit"),
    path("infections/<int:pk>/retract/", infections.infection_retract, name="infection-retract"),
    path("infections/<int:pk>/stays/", infections.stay_add, name="infection-stay-add"),
    path("infections/stays/<int:pk>/remove/", infections.stay_remove, name="infection-stay-remove"),
    path("infections/<int:pk>/contacts/", infection_contacts.contacts, name="infection-contacts"),
    path("infections/<int:pk>/judged/", infections.infection_judged, name="infection-judged"),
    path("infections/<int:pk>/spread/take/", infections.assessment_take, name="assessment-take"),
    path("infections/<int:pk>/spread/", infections.assessment_close, name="assessment-close"),
]
