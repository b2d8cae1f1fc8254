"""The demand of whoever is behind a closed door, beside what lies in the stores."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from policy import clock
from supplies.demand import demand_of

CHART_DAYS = 14


@requires(Ability.WORK_SUPPLIES)
@require_safe
def demand(request: StaffRequest) -> HttpResponse:
    """People by date, what is short, from when and by how much, and whom to ask; four queries."""
    area = request.user.area
    if area is None:  # `requires` lets nobody in without one
        raise PermissionError
    found = demand_of(area, at=clock.now())
    most = max(found.people.values(), default=0)
    days = [
        (day, people, round(people * 100 / most)) for day, people in list(found.people.items())[:CHART_DAYS]
    ]
    context = {
        "area": area,
        "demand": found,
        "days": days,
        "more_days": max(len(found.people) - CHART_DAYS, 0),
        "today": clock.today(),
        "may_keep": request.user.may(Ability.KEEP_STOCK),
        "may_edit": request.user.may(Ability.SUPERVISE),
    }
    return render(request, "supplies/stock/demand.html", context)
