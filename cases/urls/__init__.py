"""Addresses of people and of what is sealed because of them, one file a subject."""

from cases.urls import compounds, infections, register, zoning

urlpatterns = [
    *register.urlpatterns,
    *infections.urlpatterns,
    *zoning.urlpatterns,
    *compounds.urlpatterns,
]
