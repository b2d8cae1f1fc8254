"""The public pages about high-risk zones: now, by county, one by one, history, notices (N三(二))."""

import datetime as dt
import io
from collections.abc import Callable
from itertools import groupby
from typing import Any

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from accounts.models import Area
from accounts.rules import Level
from policy import clock
from zones.notice import NONE_YET, Of, available, latest, notice_of
from zones.public import PublicZone
from zones.published import ZoneInFull, counties, open_zones, zone_in_full
from zones.views.keeping import kept

DRAWN = 100
"""On a page of more zones than this, days are told in words alone: a phone has to draw it."""
LISTED = 2500
"""A county with more open zones than this is shown by streets, a street by communities."""


def page(request: HttpRequest, template: str, at: dt.datetime, **context: Any) -> HttpResponse:
    """A page that a browser asks for anew each time; what is dear in it is kept on our side."""
    response = render(request, template, {"today": clock.today(), "at": at, **context})
    patch_cache_control(response, no_cache=True)
    return response


def body(name: str, at: dt.datetime, make: Callable[[], dict[str, Any]], *, about: str = "") -> SafeString:
    """The part of a page that is the same for everybody, drawn once in half a minute."""

    def draw() -> str:
        context = {"at": at, "today": clock.today(), **make()}
        return str(render_to_string(f"risk/_{name}.html", context))

    return mark_safe(kept(name, at, draw, about=about))


@require_safe
def risk(request: HttpRequest) -> HttpResponse:
    """What is sealed now, counted by county; the rest is low risk."""
    at = clock.now()

    def make() -> dict[str, Any]:
        counted = counties(at)
        return {
            "counties": [county for county in counted if county.zones],
            "low": [county for county in counted if not county.zones],
            "zones": sum(county.zones for county in counted),
            "units": sum(county.units for county in counted),
        }

    return page(request, "risk/index.html", at, body=body("index", at, make))


@require_safe
def risk_county(request: HttpRequest, code: str) -> HttpResponse:
    """Every zone that is open now in a county, or in another area of that code: three queries."""
    at = clock.now()
    area: list[Area] = []

    def make() -> dict[str, Any]:
        area.append(get_object_or_404(Area.objects.select_related("parent__parent"), code=code))
        return _county(area[0], open_zones(at, area[0]))

    drawn = body("county", at, make, about=code)
    return page(request, "risk/county.html", at, body=drawn, code=code)


def _county(area: Area, zones: list[PublicZone]) -> dict[str, Any]:
    lines = {area.level: area}
    above = area.parent
    while above is not None:
        lines[above.level] = above
        above = above.parent if above.level != Level.CITY else None
    return {
        "area": area,
        "county": lines.get(Level.COUNTY, area),
        "above": lines.get(Level.COUNTY) if area.level in (Level.STREET, Level.COMMUNITY) else None,
        "count": len(zones),
        "units": sum(part.units for zone in zones for part in zone.sealed),
        "next_on": min((p.release_on for z in zones for p in z.sealed if not p.is_overdue), default=None),
        "overdue": sum(zone.is_overdue for zone in zones),
        "drawn": len(zones) <= DRAWN,
        "streets": _by_place(zones, len(zones) <= LISTED or area.level == Level.COMMUNITY),
    }


def _by_place(zones: list[PublicZone], listed: bool) -> list[dict[str, Any]]:
    """The zones by street and community; without the zones themselves where they are too many."""
    streets = []
    for (code, name), members in groupby(zones, lambda zone: zone.places[Level.STREET]):
        of_street = list(members)
        communities = groupby(of_street, lambda zone: zone.places[Level.COMMUNITY]) if listed else ()
        streets.append(
            {
                "code": code,
                "name": name,
                "count": len(of_street),
                "communities": [(place[1], list(those)) for place, those in communities],
            }
        )
    return streets


def full_or_404(pk: int, at: dt.datetime) -> ZoneInFull:
    """The zone with all that is told of it."""
    full = zone_in_full(pk, at)
    if full is None:
        raise Http404
    return full


@require_safe
def risk_zone(request: HttpRequest, pk: int) -> HttpResponse:
    """One zone with the clocks of its units and its history, for good."""
    at = clock.now()

    def make() -> dict[str, Any]:
        full = full_or_404(pk, at)
        sealed = full.zone.sealed
        return {
            "full": full,
            "zone": full.zone,
            "next": min(sealed, key=lambda part: part.release_on, default=None),
            "notices": available(full),
            "big": len(full.zone.parts) <= 3,
            "notice": notice_of(full, Of.DESIGNATION),
        }

    return page(request, "risk/zone.html", at, body=body("zone", at, make, about=str(pk)), pk=pk)


@require_safe
def risk_zone_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice on paper: of the designation, of a restart (`event`), of the opening; else the last."""
    full = full_or_404(pk, clock.now())
    asked, event = request.GET.get("of", ""), request.GET.get("event", "")
    of = Of(asked) if asked in list(Of) else latest(full)
    notice = notice_of(full, of, event=int(event) if event.isdecimal() and len(event) < 19 else 0)
    context = {
        "full": full,
        "zone": full.zone,
        "notice": notice,
        "refusal": NONE_YET[of],
        "address": request.build_absolute_uri(full.zone.url),
    }
    return render(request, "risk/notice.html", context, status=200 if notice else 404)


@require_safe
def risk_zone_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """The address of the zone's page as a QR code; made of the number alone, so it costs no query."""
    drawn = io.BytesIO()
    code = segno.make(request.build_absolute_uri(reverse("risk-zone", args=[pk])), error="m", micro=False)
    code.save(drawn, kind="svg", scale=4, border=2, dark="#000", light="#fff", xmldecl=False)
    response = HttpResponse(drawn.getvalue(), content_type="image/svg+xml")
    patch_cache_control(response, public=True, max_age=24 * 60 * 60)
    return response
