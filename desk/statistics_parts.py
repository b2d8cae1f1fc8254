"""What a page of statistics consists of: tiles, figures with chart and table, shares."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from desk.statistics_queries import Period
from policy.strip import short_date

Cell = str | int | float
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """One card: what is shown, in a sentence with its denominators, as a chart, and as a table."""

    key: str
    title: str
    lead: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    chart: SafeString | None = None
    legend: Sequence[tuple[SafeString, str]] = ()
    note: str = ""
    clauses: Sequence[str] = ()
    is_empty: bool = False
    always_drawn: bool = False
    """Whether the chart says something even without numbers of our own."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the top row. `look` is "" or "late"."""

    value: str
    unit: str
    label: str
    note: str = ""
    look: str = ""


def share(part: float, whole: float) -> str:
    """A share in percent with one digit; a dash where there is nothing to share."""
    return f"{100 * part / whole:.1f}%" if whole else "–"


def date_labels(period: Period) -> list[str]:
    """The dates of the period as they stand below a chart."""
    return [short_date(on) for on in period.dates]
