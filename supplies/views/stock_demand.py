"""The demand of whoever is behind a closed door, beside what lies in the stores."""

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability, Level
from cases.views.answers import key_in
from policy import clock
from supplies.demand import PARTS, demand_by_part, demand_of

CHART_DAYS = 14


@requires(Ability.WORK_SUPPLIES)
@require_safe
def demand(request: StaffRequest) -> HttpResponse:
    """People by date, what is short, from when and by how much, and whom to ask; four queries.

    `?area=` is an area below the own one; with `?by=parts` each of the areas below it stands by itself.
    """
    area, parts = _asked(request)
    if request.GET.get("by") == "parts" and parts:
        return _by_part(request, area, parts)
    found = demand_of(area, at=clock.now())
    most = max(found.people.values(), default=0)
    days = [
        (day, people, round(people * 100 / most)) for day, people in list(found.people.items())[:CHART_DAYS]
    ]
    context = {
        "area": area,
        "parts": parts,
        "demand": found,
        "days": days,
        "more_days": max(len(found.people) - CHART_DAYS, 0),
        "today": clock.today(),
        "is_own": area == request.user.area,
        "may_keep": request.user.may(Ability.KEEP_STOCK),
        "may_edit": request.user.may(Ability.SUPERVISE),
    }
    return render(request, "supplies/stock/demand.html", context)


def _asked(request: StaffRequest) -> tuple[Area, list[Area]]:
    """The area that is looked at, and those directly below it; a neighbour's is a 404."""
    own = request.user.area
    if own is None:  # `requires` lets nobody in without one
        raise PermissionError
    chosen = key_in(request.GET, "area")
    wanted = Q(parent=chosen or own.pk) | Q(pk=chosen)
    if chosen is None and own.level not in PARTS:
        return own, []
    found = list(Area.objects.visible_to(request.user).filter(wanted).order_by("code"))
    area = next((each for each in found if each.pk == chosen), None) if chosen else own
    if area is None:
        raise Http404
    below = PARTS.get(Level(area.level))
    return area, [each for each in found if each.parent_id == area.pk and each.level == below]


def _by_part(request: StaffRequest, area: Area, parts: list[Area]) -> HttpResponse:
    context = {
        "area": area,
        "parts": parts,
        "rows": demand_by_part(area, parts, at=clock.now()),
        "today": clock.today(),
        "by_part": True,
    }
    return render(request, "supplies/stock/demand_by_part.html", context)
