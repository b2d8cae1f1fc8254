"""Figures of complaints: for anybody, and for the offices under one's own."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import CODE_LENGTH, Ability, Level
from complaints.figures import drawing
from complaints.figures.reading import ComplaintFigures, NoSuchCounty, office_figures, public_figures
from policy import clock
from policy.charts import PATTERNS
from policy.statistics import DAY, Period
from zones.views.keeping import kept

LENGTHS = (7, 30, 90, 365)
"""Dates that can be looked back over; the months stand in the bulletins."""
USUAL = 30


def days_asked(request: HttpRequest) -> int:
    """One of `LENGTHS`; a month where nothing, or something else, was asked for."""
    written = request.GET.get("days", "")
    return int(written) if written in {str(length) for length in LENGTHS} else USUAL


def period_of(days: int, today: dt.date) -> Period:
    """So many dates up to today."""
    return Period(today - (days - 1) * DAY, today)


def shown(found: ComplaintFigures) -> dict[str, Any]:
    """What the templates draw."""
    return {
        "found": found,
        "period": found.period,
        "tiles": drawing.tiles(found),
        "cards": drawing.cards(found),
        "patterns": PATTERNS,
        "is_empty": not any((found.total.received, found.total.withdrawn, found.leads.received)),
    }


@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """`?days=30` up to today, `?county=110105`. Drawn once in half a minute for each of them."""
    at = clock.now()
    days = days_asked(request)
    county = request.GET.get("county", "")
    if county and not (county.isdecimal() and len(county) == CODE_LENGTH[Level.COUNTY]):
        raise Http404

    def draw() -> str:
        found = public_figures(period_of(days, clock.today()), at, county)
        context = {"at": at, "days": days, "lengths": LENGTHS, "county": county, **shown(found)}
        return str(render_to_string("complaints/figures/_public.html", context))

    try:
        body: SafeString = mark_safe(kept("complaints", at, draw, about=f"{county}:{days}"))
    except NoSuchCounty as missing:
        raise Http404 from missing
    response = render(request, "complaints/figures/public.html", {"body": body})
    patch_cache_control(response, no_cache=True)
    return response


@requires(Ability.SEE_FIGURES, Ability.HANDLE_COMPLAINTS)
@require_safe
def staff(request: StaffRequest) -> HttpResponse:
    """The same for what lies at the user's own office and below it, and each of these offices by itself."""
    at = clock.now()
    days = days_asked(request)
    office = request.user.own_office
    context: dict[str, Any] = {"at": at, "days": days, "lengths": LENGTHS, "own": office}
    if office:
        found = office_figures(office, period_of(days, clock.today()), at)
        context |= shown(found)
        context["offices"] = drawing.offices(found)
        context["is_empty"] = context["is_empty"] and not found.offices
    return render(request, "complaints/figures/staff.html", context)
