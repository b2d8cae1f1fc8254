"""The day's figures: text for the group chat, a table by community, an Excel file."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability, Level
from cases.spreadsheets import workbook
from desk.context import numbers_of
from desk.figures import LABELS, as_text, figures_by_community, table, total
from desk.rules import DAY
from policy import clock
from policy.rules import EARLIEST_ON

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@requires(Ability.SEE_FIGURES)
@require_safe
def figures(request: StaffRequest) -> HttpResponse:
    """The figures of `?on=`, a date up to today; without one of today."""
    today, at = clock.today(), clock.now()
    on = _date(request.GET.get("on", ""), today)
    lines = figures_by_community(request.user, on=on, today=today)
    together = total(lines)
    area = request.user.area
    context = {
        "on": on,
        "today": today,
        "before": on - DAY,
        "after": on + DAY if on < today else None,
        "text": as_text(
            area.name if area else "",
            together,
            on=on,
            today=today,
            at=at,
            edition=numbers_of(request).edition if on == today else "",
        ),
        "figures": together,
        "labels": LABELS,
        "lines": lines,
        "together": [getattr(together, key) for key in LABELS],
        "many": area is not None and area.level != Level.COMMUNITY,
    }
    return render(request, "desk/figures.html", context)


@requires(Ability.SEE_FIGURES)
@require_safe
def figures_xlsx(request: StaffRequest) -> HttpResponse:
    """The same as an Excel file, a row a community."""
    today = clock.today()
    on = _date(request.GET.get("on", ""), today)
    headers, rows = table(figures_by_community(request.user, on=on, today=today))
    response = HttpResponse(
        workbook(f"{pgettext('navigation', 'Figures')} {on:%Y-%m-%d}", headers, rows), content_type=XLSX
    )
    response["Content-Disposition"] = f'attachment; filename="figures-{on:%Y%m%d}.xlsx"'
    return response


def _date(written: str, today: dt.date) -> dt.date:
    """A date that has come, and since the epidemic began; nobody has figures of the future."""
    try:
        asked = parse_date(written)
    except ValueError:
        asked = None
    return max(min(asked, today), EARLIEST_ON) if asked else today
