"""Zones for programs (docs/public-zones.md): as a feed what happened, as JSON what is sealed now."""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Area
from policy import clock
from zones.notice import Notice, Of, kind_of, notice_of
from zones.public import Part, PublicZone
from zones.published import open_zones, recently_told
from zones.views.keeping import answer, kept

MOST = 100
"""So many entries stand in the feed."""


def area_asked(request: HttpRequest, *, by: str = "area") -> Area | None:
    """The area whose code the address names (`?area=`); None: all. Raises Http404 where there is none."""
    code = request.GET.get(by, "")
    if not code:
        return None
    area = Area.objects.filter(code=code).first() if code.isdecimal() and len(code) <= 12 else None
    if area is None:
        raise Http404
    return area


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


@require_safe
def risk_json(request: HttpRequest) -> HttpResponseBase:
    """The zones that are open now, of one area or of all."""
    at = clock.now()
    area = area_asked(request)
    body = kept("json", at, lambda: _as_json(at, area), about=area.code if area else "", language=False)
    return answer(request, body, "application/json", at)


def _as_json(at: dt.datetime, area: Area | None) -> bytes:
    zones = [_zone(zone) for zone in open_zones(at, area)]
    said = {"date": clock.today().isoformat(), "rest": "low_risk", "zones": zones}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _zone(zone: PublicZone) -> dict[str, Any]:
    places = {level: {"code": code, "name": name} for level, (code, name) in zone.places.items() if code}
    return {
        "id": zone.pk,
        "url": zone.url,
        **places,
        "compound": zone.compound,
        "address": zone.address,
        "boundary": zone.boundary,
        "designated_at": timezone.localtime(zone.designated_at).isoformat(),
        "clause": zone.clause,
        "edition": zone.edition,
        "wider": {"reason": zone.wider, "note": zone.wider_note} if zone.wider else None,
        "opens_on": zone.opens_on.isoformat(),
        "sealed": [_part(part) for part in zone.sealed],
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "boundary": part.boundary,
        "units": part.units,
        "last_infection_on": part.last_infection_on.isoformat(),
        "clean_days": part.clean_days,
        "day": part.day,
        "opens_on": part.release_on.isoformat(),
        "overdue": part.is_overdue,
    }


# ── Atom ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the feed: an act, told by its notice."""

    notice: Notice
    at: dt.datetime
    url: str
    guid: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose zones, and when it was asked."""

    area: Area | None
    at: dt.datetime
    host: str


class RiskFeed(Feed[Entry, Wanted]):
    """Designations, restarts and openings as they are published, the newest first."""

    feed_type = Atom1Feed
    feed_url: Any = reverse_lazy("risk-feed")
    subtitle: Any = gettext_lazy(
        "Designated, started anew, open again: places and dates, nothing about a person."
    )

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Wanted:
        """The area that was asked for."""
        return Wanted(area_asked(request), clock.now(), request.get_host())

    def title(self, wanted: Wanted) -> str:
        """Which zones these are."""
        if wanted.area is None:
            return gettext("High-risk zones")
        return gettext("High-risk zones: %(area)s") % {"area": wanted.area.name}

    def link(self, wanted: Wanted) -> str:
        """The page of the same zones."""
        return reverse("risk-county", args=[wanted.area.code]) if wanted.area else reverse("risk")

    def items(self, wanted: Wanted) -> Iterable[Entry]:
        """What happened of late; the units of one act are one entry."""
        entries: dict[str, Entry] = {}
        for full, happening in recently_told(wanted.at, MOST, wanted.area):
            of = kind_of(happening)
            notice = of and notice_of(full, of, when=happening.at)
            if not of or not notice:
                continue
            suffix = {Of.DESIGNATION: "", Of.RESTART: f"/{happening.event}"}.get(of, f"/{notice.on}")
            name = f"zones/{full.zone.pk}/{of}{suffix}"
            guid = f"tag:{wanted.host.partition(':')[0]},2022-11-11:{name}"
            entries.setdefault(guid, Entry(notice, happening.at, full.zone.url, guid))
            if len(entries) == MOST:
                break
        return list(entries.values())

    def item_title(self, item: Entry) -> str:
        """The title of the notice."""
        return item.notice.title

    def item_description(self, item: Entry) -> str:
        """The notice's own words: what, where, until when."""
        said = [paragraph.text for paragraph in item.notice.opening]
        said += [f"{term}: {value}" for group in item.notice.facts for term, value in group]
        return "\n".join(said)

    def item_link(self, item: Entry) -> str:
        """The page of the zone."""
        return item.url

    def item_guid(self, item: Entry) -> str:
        """The same for good, whatever becomes of the zone."""
        return item.guid

    def item_pubdate(self, item: Entry) -> dt.datetime:
        """When it happened, by the clock of Asia/Shanghai."""
        return timezone.localtime(item.at)

    def item_updateddate(self, item: Entry) -> dt.datetime:
        """An entry is never rewritten: what happens next is the next entry."""
        return timezone.localtime(item.at)


_feed = RiskFeed()


@require_safe
def risk_feed(request: HttpRequest) -> HttpResponseBase:
    """The feed, of one area or of all."""
    at = clock.now()
    area = area_asked(request)
    about = f"{area.code if area else ''}:{request.scheme}:{request.get_host()}"
    body = kept("atom", at, lambda: bytes(_feed(request).content), about=about)
    return answer(request, body, "application/atom+xml; charset=utf-8", at)
