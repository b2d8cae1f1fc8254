"""Addresses of whoever files for others: calls, and lists that come from another system."""

from django.urls import URLPattern, path

from complaints.views import calling, importing

urlpatterns: list[URLPattern] = [
    path("complaint-desk/call/", calling.call, name="complaint-call"),
    path("complaint-desk/call/beside/", calling.beside, name="complaint-call-beside"),
    path("complaint-desk/call/filed/", calling.calls, name="complaint-calls"),
    path("complaint-desk/call/import/", importing.upload, name="complaint-import"),
    path("complaint-desk/call/import/<int:pk>/", importing.preview, name="complaint-import-preview"),
    path("complaint-desk/call/import/<int:pk>/choose/", importing.choose, name="complaint-import-choose"),
    path("complaint-desk/call/import/<int:pk>/commit/", importing.commit, name="complaint-import-commit"),
    path(
        "complaint-desk/call/import/<int:pk>/left-over/",
        importing.left_over,
        name="complaint-import-left-over",
    ),
]
