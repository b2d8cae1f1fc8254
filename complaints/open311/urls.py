"""Addresses of Open311 GeoReport v2: the format is the end of each."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, register_converter
from django.views.decorators.csrf import csrf_exempt

from complaints.open311 import views


class FormatConverter:
    """`json` or `xml`."""

    regex = "json|xml"

    def to_python(self, value: str) -> str:
        """The format as it stands."""
        return value

    def to_url(self, value: str) -> str:
        """The format as it stands."""
        return value


register_converter(FormatConverter, "open311_format")


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """An address that the specification does not know."""
    return views.nothing_here(request, "json" if rest.endswith(".json") else "xml")


urlpatterns: list[URLPattern] = [
    path("open311/discovery.<open311_format:form>", views.discovery, name="open311-discovery"),
    path("open311/v2/services.<open311_format:form>", views.service_list, name="open311-services"),
    path("open311/v2/services/<slug:code>.<open311_format:form>", views.service, name="open311-service"),
    path("open311/v2/requests.<open311_format:form>", views.request_list, name="open311-requests"),
    path(
        "open311/v2/requests/<slug:number>.<open311_format:form>",
        views.request_detail,
        name="open311-request",
    ),
    path("open311/v2/tokens/<slug:number>.<open311_format:form>", views.token_detail, name="open311-token"),
    path("open311/v2/<path:rest>", nothing_here, name="open311-nothing"),
]
