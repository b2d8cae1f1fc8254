"""Addresses of the drawing of a compound, and of the people inside a zone."""

from django.urls import path

from cases.views import compounds, inside, spilling

compound_urls = [
    path("compounds/", compounds.compounds, name="compounds"),
    path("compounds/new/", compounds.compound_new, name="compound-new"),
    path("compounds/<int:pk>/", compounds.compound, name="compound"),
    path("compounds/<int:pk>/edit/", compounds.compound_edit, name="compound-edit"),
    path("compounds/<int:pk>/grid/", compounds.compound_grid, name="compound-grid"),
    path("compounds/units/<int:pk>/", compounds.unit, name="unit"),
    path("compounds/units/<int:pk>/edit/", compounds.unit_edit, name="unit-edit"),
    path("compounds/units/<int:pk>/remove/", compounds.unit_remove, name="unit-remove"),
    path("compounds/buildings/<int:pk>/edit/", compounds.building_edit, name="building-edit"),
    path("compounds/buildings/<int:pk>/remove/", compounds.building_remove, name="building-remove"),
]

inside_urls = [
    path("zones/<int:pk>/inside/", inside.zone_inside, name="zone-inside"),
    path("zones/<int:pk>/inside/whereabouts/", inside.zone_whereabouts, name="zone-whereabouts"),
    path("zones/<int:pk>/inside/service/", inside.zone_service, name="zone-service"),
    path("zones/<int:pk>/spill-over/", spilling.zone_spill_over, name="zone-spill-over"),
    path("zones/services/<int:pk>/done/", inside.service_done, name="service-done"),
]

urlpatterns = [*compound_urls, *inside_urls]
