"""Addresses of supplies: for residents with their link, for anybody, for the desks."""

from django.urls import URLPattern

from supplies.urls import calls, care, deliveries, desk, medical, resident, stock

urlpatterns: list[URLPattern] = [
    *resident.urlpatterns,
    *calls.urlpatterns,
    *care.urlpatterns,
    *desk.urlpatterns,
    *deliveries.urlpatterns,
    *stock.urlpatterns,
    *medical.urlpatterns,
]
