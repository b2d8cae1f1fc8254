"""Addresses of the figures and of the monthly bulletin."""

from django.urls import URLPattern, path

from complaints.views import bulletin, figures

urlpatterns: list[URLPattern] = [
    path("complaints/figures/", figures.public, name="complain-figures"),
    path("complaints/bulletin/", bulletin.bulletins, name="complain-bulletin"),
    path("complaints/bulletin/<str:month>/", bulletin.bulletin, name="complain-bulletin-month"),
    path("complaints/bulletin/<str:month>/xlsx/", bulletin.bulletin_xlsx, name="complain-bulletin-xlsx"),
    path("complaint-desk/figures/", figures.staff, name="complaint-figures"),
]
