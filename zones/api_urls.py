"""Addresses of places and of zones below /api/v1/."""

from django.urls import path

from zones import api, zone_api, zone_verbs_api

urlpatterns = [
    path("places/compounds/", api.CompoundList.as_view(), name="api-compounds"),
    path("places/buildings/", api.BuildingList.as_view(), name="api-buildings"),
    path("places/units/", api.UnitList.as_view(), name="api-units"),
    path("places/sites/", api.SiteList.as_view(), name="api-sites"),
    path("places/rooms/", api.RoomList.as_view(), name="api-rooms"),
    path("zones/", zone_api.ZoneList.as_view(), name="api-zones"),
    path("zones/<int:pk>/", zone_api.ZoneDetail.as_view(), name="api-zone"),
    path("zones/<int:pk>/end-early/", zone_verbs_api.ZoneEndEarly.as_view(), name="api-zone-end-early"),
    path("zones/proposals/", zone_verbs_api.ProposalList.as_view(), name="api-zone-proposals"),
    path(
        "zones/proposals/<int:pk>/decide/",
        zone_verbs_api.ProposalDecide.as_view(),
        name="api-zone-proposal-decide",
    ),
]
