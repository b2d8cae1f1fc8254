"""The monthly bulletin, for anybody: the months, one of them to print, and as an Excel file."""

import datetime as dt
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from cases.spreadsheets import workbook_of
from complaints.figures import bulletin as bulletins_of
from complaints.figures import drawing
from complaints.figures.counting import first_received_on
from complaints.figures.reading import public_figures
from complaints.rules.figures import month_of, months
from policy import clock
from policy.charts import PATTERNS
from policy.statistics import Period
from zones.views.keeping import kept

FIRST_YEAR = 2020
"""No complaint is older than the epidemic."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def bulletins(request: HttpRequest) -> HttpResponse:
    """The months since the first complaint, the newest first."""
    today = clock.today()
    first = first_received_on()
    context = {"months": months(min(first, today), today) if first else [], "today": today}
    return render(request, "complaints/figures/bulletins.html", context)


@require_safe
def bulletin(request: HttpRequest, month: str) -> HttpResponse:
    """One month on paper; what became of its complaints by now. Drawn once in half a minute."""
    at = clock.now()
    period = _month(month, at)

    def draw() -> str:
        found = public_figures(period, at, to_choose=False)
        context: dict[str, Any] = {
            "at": at,
            "found": found,
            "period": period,
            "tiles": drawing.tiles(found),
            "cards": drawing.cards(found),
            "published": bulletins_of.published_in(period),
            "patterns": PATTERNS,
            "running": period.covers(timezone.localdate(at)),
        }
        return str(render_to_string("complaints/figures/_bulletin.html", context))

    body: SafeString = mark_safe(kept("bulletin", at, draw, about=month))
    context = {"body": body, "month": month, "title": bulletins_of.title_of(period)}
    return render(request, "complaints/figures/bulletin.html", context)


@require_safe
def bulletin_xlsx(request: HttpRequest, month: str) -> HttpResponse:
    """The same as an Excel file, a section a sheet."""
    at = clock.now()
    period = _month(month, at)

    def make() -> bytes:
        return workbook_of(
            bulletins_of.sheets(
                public_figures(period, at, to_choose=False), bulletins_of.published_in(period)
            )
        )

    content = kept("bulletin-xlsx", at, make, about=month)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="complaints-{month}.xlsx"'
    return response


def _month(text: str, at: dt.datetime) -> Period:
    """The month of the address; a future one is not found, nor one before the calendar of the app."""
    found = month_of(text)
    if found is None or found.first > timezone.localdate(at) or found.first.year < FIRST_YEAR:
        raise Http404
    return found
