"""The printable sampling list."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from desk.sampling import sampling_list
from policy import clock


@requires(Ability.SEE_CASES)
@require_safe
def sampling(request: StaffRequest) -> HttpResponse:
    """The list for `?on=`, a date from today on; without one, or with nonsense, for today."""
    today = clock.today()
    on = _date(request.GET.get("on", ""), today)
    context = {
        "list": sampling_list(request.user, on=on, asked=request.GET),
        "on": on,
        "each": request.GET.get("each", ""),
        "is_today": on == today,
        "printed_at": clock.now(),
        "office": request.user.area,
    }
    return render(request, "desk/sampling_list.html", context)


def _date(written: str, today: dt.date) -> dt.date:
    try:
        return parse_date(written) or today
    except ValueError:
        return today
