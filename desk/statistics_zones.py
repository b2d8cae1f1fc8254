"""Figures about high-risk zones: how many units are sealed, for how long, and whether one opened late."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from desk import statistics_queries as queries
from desk.statistics_queries import Sealed
from policy import charts
from policy.statistics import DAY, Figure, Period, date_labels, share
from zones.rules import opens_on


def sealed_figure(sealed: Sequence[Sealed], zones: Counter[dt.date], period: Period) -> Figure:
    units: Counter[dt.date] = Counter()
    for each in sealed:
        for on in period.within(each.first, each.release_on - DAY):
            units[on] += each.number
    labels, title = date_labels(period), _("Units under seal, date by date")
    values = [units[on] for on in period.dates]
    lead = _(
        "On %(day)s %(units)d units are sealed in %(zones)d zones; the most on one date of the period were "
        "%(most)d units."
    ) % {
        "day": labels[-1],
        "units": values[-1],
        "zones": zones[period.last],
        "most": max(values),
    }
    return Figure(
        "sealed",
        title,
        lead,
        [_("date"), _("units sealed"), _("zones")],
        [[label, values[n], zones[period.dates[n]]] for n, label in enumerate(labels)],
        charts.columns(
            "c-sealed",
            title,
            lead,
            labels,
            [charts.Series("b", _("units sealed"), values)],
            pgettext("unit", "units"),
        ),
        clauses=["二(四)"],
        is_empty=not any(values),
    )


def to_release_figure(sealed: Sequence[Sealed], period: Period, today: dt.date, restarts: int) -> Figure:
    opened = [each for each in sealed if period.covers(each.release_on) and each.release_on <= today]
    days: Counter[int] = Counter()
    early = 0
    for each in opened:
        days[max((each.release_on - each.first).days, 0)] += each.number
        early += each.number if each.early else 0
    total, longest = days.total(), max(days, default=0)
    shown = range(min(days, default=0), longest + 1)
    title = _("Dates under seal, of the units that opened")
    lead = ngettext(
        "%(n)d unit opened in the period after %(median)s dates in the middle, %(most)d at most; %(early)d "
        "of %(n)d was opened early. New infections started the days of a unit anew %(restarts)d times.",
        "%(n)d units opened in the period after %(median)s dates in the middle, %(most)d at most; %(early)d "
        "of %(n)d were opened early. New infections started the days of a unit anew %(restarts)d times.",
        total,
    ) % {
        "n": total,
        "median": f"{median(days.elements()):g}" if total else "–",
        "most": longest,
        "early": early,
        "restarts": restarts,
    }
    return Figure(
        "to-release",
        title,
        lead,
        [_("dates under seal"), _("units"), _("share")],
        [[day, days[day], share(days[day], total)] for day in shown if total],
        charts.columns(
            "c-to-release",
            title,
            lead,
            [str(day) for day in shown],
            [charts.Series("b", _("units"), [days[day] for day in shown])],
            pgettext("unit", "units"),
        ),
        note=_("Across: dates from the sealing to the opening; upward: units."),
        clauses=["二(四)"],
        is_empty=not total,
    )


def too_late(sealed: Iterable[Sealed]) -> int:
    """Units whose opening date lies later than their last infection allows: must be zero.

    Counted from the infections behind the seal (`opens_on` of the latest one), not from what the seal says
    of itself; a gate that is not met is another matter and counted as overdue.
    """
    return sum(
        each.number
        for each in sealed
        if not each.gated
        and each.latest_cause_on is not None
        and each.release_on > opens_on(each.latest_cause_on, each.clean_days)
    )


def _minutes(length: dt.timedelta) -> str:
    return f"{length.total_seconds() / 60:.1f}"


def lateness_figure(now: queries.Now, sealed: Sequence[Sealed], opened: queries.Openings) -> Figure:
    units = sum(each.number for each in sealed)
    beyond = too_late(sealed)
    lead = _(
        "Of %(units)d units of the period %(beyond)d have an opening date later than their last infection "
        "allows; %(held)d are shown as sealed now although their date has come; %(overdue)d wait for a gate."
    ) % {"units": units, "beyond": beyond, "held": now.past_their_date, "overdue": now.overdue}
    return Figure(
        "lateness",
        _("Lateness of openings"),
        lead,
        [
            _("what"),
            pgettext("figures", "number"),
            pgettext("figures", "out of"),
            pgettext("figures", "unit"),
        ],
        [
            [_("opening date later than the last infection allows"), beyond, units, _("units")],
            [_("shown as sealed on or after its date, now"), now.past_their_date, units, _("units")],
            [_("overdue: a gate is not met, now"), now.overdue, units, _("units")],
            [_("written down later than 5 minutes"), opened.late, opened.number, _("openings")],
            [_("written down after, on average"), _minutes(opened.mean), "", _("minutes")],
            [_("written down after, at most"), _minutes(opened.longest), "", _("minutes")],
        ],
        note=_(
            "A unit is open at 00:00 of its date for everybody who looks. What is written down later is the "
            "log entry and the message."
        ),
        clauses=["二(四)"],
        is_empty=not units,
    )
