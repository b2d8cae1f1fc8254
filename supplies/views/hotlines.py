"""The public directory of hotlines: by area and purpose, with hours, who is open now, tap to call."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Area, User
from accounts.rules import CODE_LENGTH, Ability, Level
from policy import clock
from supplies.models import Hotline, HotlineShift
from supplies.rules.calls import HOTLINE_PURPOSES, ROSTER_COUNTS_FOR, HotlinePurpose
from supplies.views.resident_door import LARGE

MOST = 80
"""More lines than these are not shown to somebody who has not said where they live."""
WIDE = (Level.PROVINCE, Level.CITY, Level.COUNTY)


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    hotline: Hotline
    is_open: bool
    """Within its hours."""
    on_duty: Sequence[str]
    """Who answers at this moment by the roster: for staff."""
    has_roster: bool
    """Somebody keeps one: then an empty one says something."""
    out_of_date: bool

    @property
    def area(self) -> str:
        """Whose line it is."""
        return self.hotline.area.name

    @property
    def is_answered(self) -> bool:
        """Within its hours, and nobody's roster says that nobody is there."""
        return self.is_open and (bool(self.on_duty) or not self.has_roster)


def lines_for(area: Area | None, at: dt.datetime) -> list[Line]:
    """The lines that somebody in that area can call (None: those that serve many); two queries.

    Where nobody said where they live and there are very many, those of communities and streets are left out.
    """
    local = timezone.localtime(at)
    rows = Hotline.objects.serving(area) if area else Hotline.objects.filter(enabled=True)
    related = rows.select_related("area", "site").order_by("purpose", "-area__code", "pk")
    hotlines = list(related[: MOST + 1])
    if len(hotlines) > MOST and area is None:
        hotlines = list(related.filter(area__level__in=WIDE)[:MOST])
    shifts = HotlineShift.objects.filter(hotline__in=hotlines, ends_at__gt=at - ROSTER_COUNTS_FOR)
    roster: dict[int, list[str]] = {}
    for shift in shifts.select_related("user").order_by("starts_at"):
        names = roster.setdefault(shift.hotline_id, [])
        if shift.starts_at <= at < shift.ends_at:
            names.append(shift.user.display_name)
    return [
        Line(
            each,
            each.is_open(local.time()),
            roster.get(each.pk, []),
            each.pk in roster,
            each.is_out_of_date(local.date()),
        )
        for each in hotlines
    ]


def by_purpose(lines: Sequence[Line]) -> list[Line]:
    """What most people need first: the community, food, the doctor; lorries after them."""
    order = {each: number for number, each in enumerate(HotlinePurpose)}
    return sorted(lines, key=lambda line: order[HotlinePurpose(line.hotline.purpose)])


@require_safe
def hotlines(request: HttpRequest) -> HttpResponse:
    """The directory; `?area=` narrows it to what serves that area, `?for=` to one purpose."""
    at = clock.now()
    code, purpose = request.GET.get("area", ""), request.GET.get("for", "")
    area = Area.objects.filter(code=code).first() if code.isdecimal() and len(code) <= 12 else None
    lines = by_purpose(lines_for(area, at))
    known = purpose in set(HotlinePurpose)
    chosen = [line for line in lines if line.hotline.purpose == purpose] if known else lines
    groups = [
        (HOTLINE_PURPOSES[HotlinePurpose(each)], list(members))
        for each, members in groupby(chosen, key=lambda line: line.hotline.purpose)
    ]
    user = request.user if isinstance(request.user, User) else None
    keeps = bool(user and user.is_staff and user.may(Ability.SUPERVISE))
    own = [line for line in lines if user and user.area and user.area.covers(line.hotline.area)]
    context = {
        "area": area,
        "purpose": purpose,
        "purposes": HOTLINE_PURPOSES.items(),
        "groups": groups,
        "areas": _areas(area),
        "at": at,
        "large": request.COOKIES.get(LARGE) == "1",
        "for_staff": user is not None and user.may(Ability.TAKE_CALLS),
        "keeps": keeps,
        "out_of_date": sum(line.out_of_date for line in own),
    }
    return render(request, "supplies/calls/hotlines.html", context)


def _areas(area: Area | None) -> list[Area]:
    """What there is to choose from: counties and streets, and the communities of the street one is in."""
    wide = Area.objects.filter(level__in=[Level.COUNTY, Level.STREET])
    found = list(wide.order_by("code"))
    if area is not None and area.level in (Level.STREET, Level.COMMUNITY):
        street = area.code[: CODE_LENGTH[Level.STREET]]
        near = Area.objects.filter(level=Level.COMMUNITY, code__gte=street, code__lt=f"{street}:")
        found = sorted([*found, *near], key=lambda each: each.code)
    return found
