"""Addresses of the pages that see across all apps."""

from django.urls import path

from desk.views import clock_bar, figures, home, sampling, statistics, today

urlpatterns = [
    path("", home.home, name="home"),
    path("today/", today.today, name="today"),
    path("sampling-list/", sampling.sampling, name="sampling-list"),
    path("figures/", figures.figures, name="figures"),
    path("figures/xlsx/", figures.figures_xlsx, name="figures-xlsx"),
    path("statistics/", statistics.statistics, name="statistics"),
    path("statistics/xlsx/", statistics.statistics_xlsx, name="statistics-xlsx"),
    path("demo-clock/", clock_bar.demo_clock, name="demo-clock"),
]
