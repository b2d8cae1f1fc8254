"""Addresses by which staff seal, restart and open units."""

from django.urls import URLPattern, path

from cases.views import zone_designate, zone_page, zone_proposals, zone_restart, zones

urlpatterns: list[URLPattern] = [
    path("zones/", zones.zones, name="zones"),
    path("zones/designate/", zone_designate.zone_designate, name="zone-designate"),
    path("zones/restart/<int:pk>/", zone_restart.zone_restart, name="zone-restart"),
    path("zones/proposals/", zone_proposals.zone_proposals, name="zone-proposals"),
    path("zones/proposals/<int:pk>/", zone_proposals.zone_proposal, name="zone-proposal"),
    path(
        "zones/proposals/<int:pk>/decide/", zone_proposals.zone_proposal_decide, name="zone-proposal-decide"
    ),
    path("zones/<int:pk>/", zone_page.zone, name="zone"),
    path("zones/<int:pk>/end-early/", zone_page.zone_end_early, name="zone-end-early"),
    path("zones/seals/<int:pk>/round/", zone_page.zone_round, name="zone-round"),
]
