"""What a page of statistics consists of: a period, tiles, figures with chart and table, shares."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from policy.strip import short_date

Cell = str | int | float
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole dates, both included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """How many dates it has."""
        return (self.last - self.first).days + 1

    @property
    def dates(self) -> list[dt.date]:
        """Its dates in order."""
        return [self.first + n * DAY for n in range(self.days)]

    def covers(self, on: dt.date) -> bool:
        """Whether the date lies in it."""
        return self.first <= on <= self.last

    def within(self, first: dt.date, last: dt.date) -> Iterator[dt.date]:
        """The dates from `first` to `last` that lie in it."""
        on = max(first, self.first)
        while on <= min(last, self.last):
            yield on
            on += DAY


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
    when_empty: str = ""
    """Said instead of "nothing to count"."""
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
