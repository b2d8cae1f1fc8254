"""Statistics of the own area or one below it, over a period: page and Excel file."""

import datetime as dt
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area, User
from accounts.rules import Ability
from cases.spreadsheets import workbook
from desk.rules import DAY
from desk.statistics import read_statistics, table
from policy import clock
from policy.charts import PATTERNS
from policy.rules import EARLIEST_ON
from policy.statistics import Period

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LENGTHS = (7, 14, 30)
LONGEST = 92
"""Dates of a period at most: a quarter of a year is the longest that a chart of days can be read in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which area and which dates the page is about."""

    own: Area
    area: Area
    period: Period
    days: int | None
    """One of `LENGTHS` where the period ends today, for the tabs."""

    @property
    def query(self) -> str:
        """The same question for another address."""
        return urlencode(
            {"area": self.area.pk, "from": self.period.first.isoformat(), "to": self.period.last.isoformat()}
        )


@requires(Ability.SEE_FIGURES)
@require_safe
def statistics(request: StaffRequest) -> HttpResponse:
    """`?days=14` up to today, or `?from=&to=`; `?area=` names one inside the own area."""
    today = clock.today()
    asked = _asked(request, request.user, today)
    context = {
        "asked": asked,
        "period": asked.period,
        "today": today,
        "lengths": LENGTHS,
        "areas": _areas(asked.own, asked.area),
        "statistics": read_statistics(asked.area, asked.period, at=clock.now(), today=today),
        "patterns": PATTERNS,
    }
    return render(request, "desk/statistics.html", context)


@requires(Ability.SEE_FIGURES)
@require_safe
def statistics_xlsx(request: StaffRequest) -> HttpResponse:
    """The tables of the page as an Excel file, a number a row."""
    today = clock.today()
    asked = _asked(request, request.user, today)
    found = read_statistics(asked.area, asked.period, at=clock.now(), today=today)
    headers, rows = table(found)
    response = HttpResponse(workbook(pgettext("navigation", "Statistics"), headers, rows), content_type=XLSX)
    name = f"statistics-{asked.area.code}-{asked.period.first:%Y%m%d}-{asked.period.last:%Y%m%d}.xlsx"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: HttpRequest, user: User, today: dt.date) -> Asked:
    """What was asked for, brought into bounds: no date lies in the future, no period is too long."""
    own = cast(Area, user.area)  # `requires` lets nobody in without one
    first, last = _date(request.GET.get("from", "")), _date(request.GET.get("to", ""))
    if first or last:
        last = max(min(last or today, today), EARLIEST_ON)
        first = min(max(first or last, EARLIEST_ON, last - (LONGEST - 1) * DAY), last)
        days = (last - first).days + 1
        return Asked(own, _area(request, own), Period(first, last), days if last == today else None)
    written = request.GET.get("days", "")
    days = int(written) if written in {str(length) for length in LENGTHS} else LENGTHS[1]
    return Asked(own, _area(request, own), Period(today - (days - 1) * DAY, today), days)


def _area(request: HttpRequest, own: Area) -> Area:
    """The area asked for; somebody else's is not found, as everywhere."""
    written = request.GET.get("area", "")
    if not written:
        return own
    found = Area.objects.within(own).filter(pk=written).first() if written.isdecimal() else None
    if found is None:
        raise Http404
    return found


def _areas(own: Area, chosen: Area) -> list[tuple[Area, str]]:
    """The line from the own area down to the chosen one, and what lies directly below that; indented."""
    line = [chosen.code[:length] for length in range(len(own.code), len(chosen.code) + 1)]
    upward = Area.objects.filter(code__in=line)
    found = (upward | Area.objects.filter(parent=chosen)).order_by("code")
    depths: dict[str, int] = {}
    shown = []
    for area in found:
        above = [depth for code, depth in depths.items() if area.code.startswith(code)]
        depths[area.code] = max(above, default=-1) + 1
        shown.append((area, "　" * depths[area.code]))
    return shown


def _date(written: str) -> dt.date | None:
    try:
        return parse_date(written)
    except ValueError:
        return None
