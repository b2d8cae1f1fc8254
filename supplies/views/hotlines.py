"""The public directory of hotlines: by area and purpose, with hours, who is open now, tap to call."""

import datetime as dt
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Area
from accounts.rules import Level
from policy import clock
from supplies.models import Hotline, HotlineShift
from supplies.rules.calls import HOTLINE_PURPOSES, HotlinePurpose


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    hotline: Hotline
    is_open: bool
    on_duty: bool
    out_of_date: bool

    @property
    def area(self) -> str:
        """Whose line it is."""
        return self.hotline.area.name


def lines_for(area: Area | None, at: dt.datetime) -> list[Line]:
    """The lines that somebody in that area can call (None: all there are), by purpose; two queries."""
    local = timezone.localtime(at)
    rows = Hotline.objects.serving(area) if area else Hotline.objects.filter(enabled=True)
    hotlines = list(rows.select_related("area", "site").order_by("purpose", "-area__code", "pk"))
    staffed = set(
        HotlineShift.objects.filter(hotline__in=hotlines, starts_at__lte=at, ends_at__gt=at).values_list(
            "hotline", flat=True
        )
    )
    return [
        Line(each, each.is_open(local.time()), each.pk in staffed, each.is_out_of_date(local.date()))
        for each in hotlines
    ]


@require_safe
def hotlines(request: HttpRequest) -> HttpResponse:
    """The directory; `?area=` narrows it to what serves that area."""
    at = clock.now()
    code = request.GET.get("area", "")
    area = Area.objects.filter(code=code).first() if code.isdecimal() and len(code) <= 12 else None
    order = {purpose: number for number, purpose in enumerate(HotlinePurpose)}
    lines = sorted(lines_for(area, at), key=lambda line: order[HotlinePurpose(line.hotline.purpose)])
    groups = [
        (HOTLINE_PURPOSES[HotlinePurpose(purpose)], list(members))
        for purpose, members in groupby(lines, key=lambda line: line.hotline.purpose)
    ]
    context = {
        "area": area,
        "groups": groups,
        "areas": Area.objects.filter(level__in=[Level.COUNTY, Level.STREET]).order_by("code"),
        "at": at,
    }
    return render(request, "supplies/calls/hotlines.html", context)
