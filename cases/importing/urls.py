"""Addresses of the import."""

from django.urls import path

from cases.views import importing

urlpatterns = [
    path("import/", importing.upload, name="import"),
    path("import/template/", importing.template, name="import-template"),
    path("import/<int:pk>/", importing.preview, name="import-preview"),
    path("import/<int:pk>/confirm/", importing.confirm, name="import-confirm"),
    path("import/<int:pk>/commit/", importing.commit, name="import-commit"),
    path("import/<int:pk>/left-over/", importing.left_over, name="import-left-over"),
]
