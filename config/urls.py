"""The root urls: each app names its own paths, in its own urls.py and below /api/v1/."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api import nothing_here
from config.health import health


def no_detour(request: HttpRequest, rest: str) -> HttpResponse:
    """The admin site's detour to a record's page would say whether a record of another area exists."""
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/r/<path:rest>", no_detour),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("health/", health, name="health"),
    path("", include("policy.urls")),
    path("", include("accounts.urls")),
    path("", include("notices.urls")),
    path("", include("zones.urls")),
    path("", include("cases.urls")),
    path("", include("supplies.urls")),
    path("", include("complaints.urls")),
    path("", include("complaints.open311.urls")),
    path("", include("desk.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("api/v1/", include("accounts.api_urls")),
    path("api/v1/", include("zones.api_urls")),
    path("api/v1/", include("cases.api.urls")),
    path("api/v1/", include("supplies.api.urls")),
    path("api/v1/", include("complaints.api.urls")),
    # Last: what no list above names is answered as JSON too.
    path("api/v1/<path:rest>", nothing_here),
]
