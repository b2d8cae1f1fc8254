"""The inbox and its supervisors' side."""

from django.urls import path

from notices import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.read_all, name="inbox-read-all"),
    path("inbox/<int:pk>/read/", views.read, name="inbox-read"),
    path("inbox/delivery/", views.delivery, name="inbox-delivery"),
    path("inbox/delivery/retry/", views.retry, name="inbox-retry-all"),
    path("inbox/<int:pk>/retry/", views.retry, name="inbox-retry"),
]
