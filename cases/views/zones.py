"""High-risk zones of the user's area: what is sealed now, what opens today and tomorrow, the history."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability, Level
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.zone_rows import ZoneRow, in_house_order, names_of, zone_rows
from policy import clock
from policy.strip import axis_around
from zones.models import UnitSeal, Zone, ZoneProposal
from zones.rules import SealState, tidy_name

PAGE = 50
NEAR = 500
"""So many units that open today or tomorrow are read; a street with more has a page per zone."""
TABS = {
    "now": gettext_lazy("Sealed now"),
    "near": gettext_lazy("Opens today and tomorrow"),
    "past": gettext_lazy("History"),
}
ORDERS = {
    "now": KeysetOrder(("release_on", "id")),
    "past": KeysetOrder(("release_on", "id"), descending=True),
}
WORDS = 4
"""So many words of a search are looked for."""


@requires(Ability.SEE_CASES)
@require_safe
def zones(request: StaffRequest) -> HttpResponse:
    """One page of the zones that the user sees, by tab, narrowed by the name of a compound or building."""
    at, today, user = clock.now(), clock.today(), request.user
    tab = request.GET.get("tab", "now")
    tab = tab if tab in TABS else "now"
    words = request.GET.get("q", "").strip()
    counts = _counts(user, at)
    context: dict[str, Any] = {
        "today": today,
        "axis": axis_around(today),
        "tab": tab,
        "tabs": [{"key": key, "label": label, "count": counts.get(key, 0)} for key, label in TABS.items()],
        "counts": counts,
        "q": words,
        "query": urlencode({"q": words}) if words else "",
        "may_supervise": user.may(Ability.SUPERVISE),
        "show_community": user.area is not None and user.area.level != Level.COMMUNITY,
        "office": user.area,
    }
    if tab == "near":
        context["days"] = _opening(user, today, words)
    else:
        context |= _page(request, _found(user, tab, at, words), ORDERS[tab], today)
    template = "zones/staff/_list.html" if _only_list(request) else "zones/staff/zones.html"
    return render(request, template, context)


def _only_list(request: StaffRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted


def _counts(user: User, at: dt.datetime) -> dict[str, int]:
    """Zones and units sealed now, units overdue, and proposals that wait. Two queries."""
    today = clock.today()
    sealed = (
        UnitSeal.objects.visible_to(user)
        .holding(at)
        .aggregate(
            now=Count("zone", distinct=True),
            units=Count("pk"),
            overdue=Count("pk", filter=Q(release_on__lte=today)),
            tomorrow=Count("pk", filter=Q(release_on=today + dt.timedelta(days=1))),
        )
    )
    waiting = ZoneProposal.objects.visible_to(user).undecided().filter(lapses_on__gt=today).count()
    return sealed | {"proposals": waiting}


def _found(user: User, tab: str, at: dt.datetime, words: str) -> QuerySet[Zone]:
    zones = Zone.objects.visible_to(user).select_related("compound", "community", "street")
    zones = zones.open(at) if tab == "now" else zones.past(at)
    for word in words.split()[:WORDS]:
        name = tidy_name(word)
        units = UnitSeal.objects.filter(zone=OuterRef("pk")).annotate(place=_place_of("unit__building"))
        zones = zones.filter(
            Q(compound__name__icontains=name)
            | Q(boundary__icontains=name)
            | Q(Exists(units.filter(place__icontains=name)))
        )
    return zones


def _place_of(building: str) -> Concat:
    """The full name of a unit, so that 锦绣花园3号楼1单元 is found however it was sealed."""
    return Concat(
        f"{building}__compound__name",
        f"{building}__name",
        Value(""),
        "unit__name",
        output_field=CharField(),
    )


def _page(request: StaffRequest, found: QuerySet[Zone], order: KeysetOrder, today: dt.date) -> dict[str, Any]:
    """The rows that the cursors in the address ask for, and the cursors of the pages beside it."""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    queryset, backwards = keyset_page(found, order, after=after, before=before, size=PAGE)
    page = list(queryset)
    more = len(page) > PAGE
    page = page[:PAGE]
    if backwards:
        page.reverse()
    rows: list[ZoneRow] = zone_rows(page, today, axis_around(today) if not order.descending else None)
    if not page:
        return {"rows": rows}
    first, last = (
        cursor_of({"release_on": zone.release_on, "id": zone.pk}, order) for zone in (page[0], page[-1])
    )
    return {
        "rows": rows,
        "older": last if more or backwards else "",
        "newer": first if (more if backwards else bool(after)) else "",
    }


# ── what opens today and tomorrow ────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Opening:
    """Units of one zone that open on one date."""

    zone: Zone
    names: str
    units: int
    overdue: bool
    early: bool


@dataclass(slots=True)
class OpeningDay:
    """One date with the units that open at its 00:00."""

    on: dt.date
    label: Any
    openings: list[Opening] = field(default_factory=list)

    @property
    def units(self) -> int:
        """How many units."""
        return sum(each.units for each in self.openings)


def _opening(user: User, today: dt.date, words: str) -> list[OpeningDay]:
    """Units whose date is today or tomorrow, by date and zone. One query."""
    tomorrow = today + dt.timedelta(days=1)
    seals = (
        UnitSeal.objects.visible_to(user)
        .filter(release_on__in=(today, tomorrow))
        .select_related("zone__compound", "zone__community", "unit__building")
        .order_by("release_on", "zone_id")
    )
    for word in words.split()[:WORDS]:
        seals = seals.annotate(place=_place_of("unit__building")).filter(place__icontains=tidy_name(word))
    days = {
        today: OpeningDay(today, pgettext_lazy("openings", "Today")),
        tomorrow: OpeningDay(tomorrow, pgettext_lazy("openings", "Tomorrow")),
    }
    groups: dict[tuple[dt.date, int, bool, bool], list[UnitSeal]] = defaultdict(list)
    at = clock.now()
    for seal in seals[:NEAR]:
        state = seal.state(at)
        overdue, early = state is SealState.OVERDUE, state is SealState.OPENED_EARLY
        groups[seal.release_on, seal.zone_id, overdue, early].append(seal)
    for (on, _zone, overdue, early), group in groups.items():
        days[on].openings.append(_together(group, overdue=overdue, early=early))
    return list(days.values())


def _together(group: Sequence[UnitSeal], *, overdue: bool, early: bool) -> Opening:
    units = sorted((seal.unit for seal in group), key=in_house_order)
    return Opening(group[0].zone, names_of(units), len(units), overdue, early)
