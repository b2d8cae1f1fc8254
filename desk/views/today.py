"""Today 今日待办: what is due for me now."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability, Level
from desk.context import numbers_of
from desk.today import read_day
from desk.today_complaints import complaints_today, shifts_ahead
from policy import clock

DUTIES = 20
"""So many of their clocks complaint officers see on Today; the rest stands in the queue."""


@requires(Ability.SEE_CASES, Ability.HANDLE_COMPLAINTS)
@require_safe
def today(request: StaffRequest) -> HttpResponse:
    """The page; `?whole=samples` shows that section without its limit.

    A complaint officer, who does not read people's files, finds the own clocks and the duty roster here.
    """
    at = clock.now()
    if not request.user.may(Ability.SEE_CASES):
        return _duties(request, at)
    day = read_day(
        request.user,
        at=at,
        today=clock.today(),
        late_count=numbers_of(request).late,
        whole=request.GET.get("whole", ""),
    )
    area = request.user.area
    context = {
        "day": day,
        "today": day.today,
        "at": at,
        "sections": day.sections,
        "here": request.get_full_path(),
        "may_work": request.user.may(Ability.WORK_CASES),
        "may_see_needs": request.user.may(Ability.WORK_SUPPLIES) or request.user.may(Ability.TAKE_CALLS),
        "may_call": request.user.may(Ability.REVEAL_NUMBERS),
        "may_supervise": request.user.may(Ability.SUPERVISE),
        "may_see_figures": request.user.may(Ability.SEE_FIGURES),
        "show_community": area is not None and area.level != Level.COMMUNITY,
    }
    return render(request, "desk/today.html", context)


def _duties(request: StaffRequest, at: dt.datetime) -> HttpResponse:
    """The day of whoever handles complaints and nothing else."""
    context = {
        "complaints": complaints_today(request.user, at=at, limit=DUTIES),
        "shifts": shifts_ahead(request.user, at=at),
        "own": request.user.own_office,
        "today": clock.today(),
        "at": at,
    }
    return render(request, "desk/duties.html", context)
