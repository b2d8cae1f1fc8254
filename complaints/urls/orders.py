"""Addresses of supervision orders."""

from django.urls import URLPattern, path

from complaints.views import orders

urlpatterns: list[URLPattern] = [
    path("supervision-orders/", orders.orders, name="orders"),
    path("supervision-orders/<int:pk>/", orders.order, name="order"),
    path("supervision-orders/<int:pk>/report/", orders.report, name="order-report"),
    path("supervision-orders/<int:pk>/verified/", orders.verified, name="order-verified"),
    path("supervision-orders/<int:pk>/again/", orders.again, name="order-again"),
]
