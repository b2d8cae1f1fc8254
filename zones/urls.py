"""Addresses of the public pages about high-risk zones."""

from django.urls import URLPattern, path, register_converter

from zones.views import asking, feeds, risk


class AreaCode:
    """An administrative code: 2 to 12 digits, as text."""

    regex = "[0-9]{2,12}"

    def to_python(self, value: str) -> str:
        """As it stands: a code may begin with a zero."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return str(value)


register_converter(AreaCode, "area_code")

urlpatterns: list[URLPattern] = [
    path("risk/", risk.risk, name="risk"),
    path("risk/search/", asking.risk_search, name="risk-search"),
    path("risk/history/", asking.risk_history, name="risk-history"),
    path("risk/feed.atom", feeds.risk_feed, name="risk-feed"),
    path("risk/zones.json", feeds.risk_json, name="risk-json"),
    path("risk/zones/<int:pk>/", risk.risk_zone, name="risk-zone"),
    path("risk/zones/<int:pk>/notice/", risk.risk_zone_notice, name="risk-zone-notice"),
    path("risk/zones/<int:pk>/qr.svg", risk.risk_zone_qr, name="risk-zone-qr"),
    path("risk/<area_code:code>/", risk.risk_county, name="risk-county"),
]
