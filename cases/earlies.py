"""The four earlies 四早 (N二(十五)): how long each step took after a sample, and which one is late.

Instants and limits in, steps out. The notice names no hours: the limits are local settings.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import pgettext_lazy


class Early(StrEnum):
    """An instant in the hours after somebody was sampled."""

    SAMPLED = "sampled"
    RESULTED = "resulted"
    REPORTED = "reported"
    JUDGED = "judged"
    ISOLATED = "isolated"
    ADMITTED = "admitted"


EARLIES = {
    Early.SAMPLED: pgettext_lazy("four earlies", "sampled"),
    Early.RESULTED: pgettext_lazy("four earlies", "result"),
    Early.REPORTED: pgettext_lazy("four earlies", "reported"),
    Early.JUDGED: pgettext_lazy("four earlies", "contacts judged"),
    Early.ISOLATED: pgettext_lazy("four earlies", "isolated"),
    Early.ADMITTED: pgettext_lazy("four earlies", "admitted"),
}


@dataclass(frozen=True, slots=True)
class Instants:
    """When each of it happened, as far as it is on record; None: not yet, or not known."""

    sampled_at: dt.datetime | None = None
    resulted_at: dt.datetime | None = None
    reported_at: dt.datetime | None = None
    contacts_judged_at: dt.datetime | None = None
    isolated_at: dt.datetime | None = None
    admitted_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The way from one instant to another. What is over keeps its verdict, for both instants stand."""

    begins: Early
    ends: Early
    from_at: dt.datetime | None
    to_at: dt.datetime | None
    taken: dt.timedelta | None
    """So far, while it runs; nothing when it ended before it began; None where an instant is not known."""
    limit: dt.timedelta
    running: bool
    """Begun, and not ended at the instant of the question."""

    @property
    def late(self) -> bool:
        """Whether it takes, or took, longer than its limit; exactly the limit is in time."""
        return self.taken is not None and self.taken > self.limit

    @property
    def hours(self) -> float | None:
        """The time taken, in hours with one decimal."""
        return None if self.taken is None else round(self.taken / dt.timedelta(hours=1), 1)

    @property
    def limit_hours(self) -> float:
        """The limit in hours."""
        return round(self.limit / dt.timedelta(hours=1), 1)

    @property
    def due_at(self) -> dt.datetime | None:
        """When the limit is reached, None while the step has not begun."""
        return None if self.from_at is None else self.from_at + self.limit


def steps_of(known: Instants, limits: Mapping[str, dt.timedelta], at: dt.datetime) -> list[Step]:
    """Each step in order, as it stands at that instant. `limits` by the name of the instant that ends it.

    Isolation and admission are counted from the result, or from the report where the result's hour is not
    known. Whoever was isolated before the result, or is in hospital, took no time to be isolated. Once the
    report is there, an unknown hour of sample or result is a gap in the record and no step that still runs.
    """
    answered = Early.RESULTED if known.resulted_at else Early.REPORTED
    answered_at = known.resulted_at or known.reported_at
    isolated_at = min((each for each in (known.isolated_at, known.admitted_at) if each), default=None)
    ways = [
        (Early.SAMPLED, known.sampled_at, Early.RESULTED, known.resulted_at),
        (Early.RESULTED, known.resulted_at, Early.REPORTED, known.reported_at),
        (Early.REPORTED, known.reported_at, Early.JUDGED, known.contacts_judged_at),
        (answered, answered_at, Early.ISOLATED, isolated_at),
        (answered, answered_at, Early.ADMITTED, known.admitted_at),
    ]
    return [
        _step(begins, from_at, ends, to_at, limits[ends], at, over=known.reported_at is not None)
        for begins, from_at, ends, to_at in ways
    ]


def _step(
    begins: Early,
    from_at: dt.datetime | None,
    ends: Early,
    to_at: dt.datetime | None,
    limit: dt.timedelta,
    at: dt.datetime,
    *,
    over: bool,
) -> Step:
    gap = over and ends in (Early.RESULTED, Early.REPORTED)
    running = from_at is not None and to_at is None and not gap
    until = at if running else to_at
    taken = max(until - from_at, dt.timedelta(0)) if from_at and until else None
    return Step(begins, ends, from_at, to_at, taken, limit, running)
