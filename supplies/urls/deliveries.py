"""Addresses of rounds, and of receiving points, delivery people and cars."""

from django.urls import URLPattern, path

from supplies.views import carrying, round_ticks, rounds

urlpatterns: list[URLPattern] = [
    path("rounds/", rounds.rounds, name="rounds"),
    path("rounds/new/", rounds.round_new, name="round-new"),
    path("rounds/<int:pk>/", rounds.round_page, name="round"),
    path("rounds/<int:pk>/phones/", rounds.round_phones, name="round-phones"),
    path("rounds/<int:pk>/assign/", rounds.round_assign, name="round-assign"),
    path("rounds/<int:pk>/stops/<int:stop>/tick/", round_ticks.round_tick, name="round-tick"),
    path("rounds/<int:pk>/stops/<int:stop>/call/", round_ticks.round_call, name="round-call"),
    path("rounds/<int:pk>/act/<slug:act>/", rounds.round_act, name="round-act"),
    path("carrying/", carrying.carrying, name="carrying"),
    path("carrying/<slug:kind>/new/", carrying.carrying_edit, name="carrying-new"),
    path("carrying/<slug:kind>/<int:pk>/", carrying.carrying_edit, name="carrying-edit"),
]
