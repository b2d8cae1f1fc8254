"""Statistics of an area over a period: each number with its unit and what it is a share of.

Reads `desk.statistics_queries`; the tables under the charts are also the Excel file.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import Area
from accounts.rules import Level
from complaints.figures.drawing import road
from complaints.figures.reading import area_figures
from complaints.rules.figures import SMALLEST
from desk import statistics_queries as queries
from desk.statistics_infections import (
    by_day_figure,
    contacts_figure,
    infections_figure,
    speed_figure,
    yield_figure,
)
from desk.statistics_queries import Sealed
from desk.statistics_rooms import central_figure
from desk.statistics_zones import lateness_figure, sealed_figure, to_release_figure, too_late
from policy.models import PolicyEdition
from policy.statistics import Cell, Figure, Period, Tile
from policy.types import Edition


@dataclass(slots=True)
class Statistics:
    """Everything that the page shows."""

    area: Area
    period: Period
    tiles: list[Tile] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to count in that area and period."""
        return all(figure.is_empty for figure in self.figures)


def read_statistics(area: Area, period: Period, *, at: dt.datetime, today: dt.date) -> Statistics:
    """The statistics of that area, without a name of anybody; the number of queries is fixed."""
    found = Statistics(area, period)
    infections = queries.infections_by_day(area, period)
    sealed = queries.sealed_units(area, period, today)
    editions = _editions()
    now = queries.past_their_date(area, at, today)
    zones = queries.open_zones(area, period, today)
    used = queries.sites_used(area, period, today)
    found.figures = [
        infections_figure(infections, period),
        by_day_figure(queries.found_by_day(area, period), editions),
        contacts_figure(queries.contacts_per_infection(area, period)),
        central_figure(queries.contact_plans(area, period), used, period, editions),
        sealed_figure(sealed, zones, period),
        to_release_figure(sealed, period, today, queries.restarts(area, period)),
        lateness_figure(now, sealed, queries.openings(area, period)),
        speed_figure(queries.instants(area, period), at),
        yield_figure(queries.yields(area, period)),
        complaints_figure(area, period, at),
    ]
    found.tiles = _tiles(
        infections, sealed, zones[period.last], period, too_late(sealed) + now.past_their_date
    )
    return found


def complaints_figure(area: Area, period: Period, at: dt.datetime) -> Figure:
    """What was complained about in the area, and how far it has come.

    Below the county no number under three, as in the public figures: those who read this page there are
    mostly those who were complained about, and one complaint on one date tells them whose it was.
    """
    found = area_figures(area, period, at)
    drawn = replace(road(found), title=_("Complaints about over-enforcement"))
    if area.level not in (Level.STREET, Level.COMMUNITY) or found.total.received >= SMALLEST:
        return drawn
    told = _("Fewer than three complaints were received in the period, or none: how many is not told here.")
    return replace(drawn, lead="", rows=(), chart=None, note="", is_empty=True, when_empty=told)


def _editions() -> dict[str, Edition]:
    """Every stored edition by its code; the plans of a period were made under few of them."""
    return {each.code: each.resolved() for each in PolicyEdition.objects.with_parents()}


# ── the top row and the Excel file ───────────────────────────────────────────────────────────────


def _tiles(
    infections: Counter[tuple[dt.date, str]],
    sealed: Sequence[Sealed],
    zones: int,
    period: Period,
    too_long: int,
) -> list[Tile]:
    now = sum(each.number for each in sealed if each.first <= period.last < each.release_on)
    opened = sum(each.number for each in sealed if period.covers(each.release_on))
    return [
        Tile(
            str(infections.total()),
            pgettext("unit", "infections"),
            _("found in the period"),
            _("%(mean)s a day") % {"mean": f"{infections.total() / period.days:.1f}"},
        ),
        Tile(
            str(zones),
            pgettext("unit", "zones"),
            _("open on the last date"),
            _("units sealed: %(n)d") % {"n": now},
        ),
        Tile(
            str(opened),
            pgettext("unit", "units"),
            _("opened in the period"),
            _("low risk again, by the clock or early"),
        ),
        Tile(
            str(too_long),
            pgettext("unit", "units"),
            _("held longer than the rule allows"),
            _("must be 0"),
            "late" if too_long else "",
        ),
    ]


def table(found: Statistics) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows for Excel: one number a row, with its figure, its row and its column."""
    headers = [_("figure"), _("row"), _("column"), pgettext("figures", "number")]
    rows: list[list[Cell]] = []
    for figure in found.figures:
        for row in figure.rows:
            rows += [
                [figure.title, row[0], header, value]
                for header, value in zip(figure.headers[1:], row[1:], strict=True)
            ]
    return headers, rows
