"""Doors of the staff: in, out, and the own password."""

from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.urls import path

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(next_page="/"), name="logout"),
    path(
        "password/",
        PasswordChangeView.as_view(template_name="accounts/password.html", success_url="/"),
        name="password_change",
    ),
]
