"""How long each step may take: hours on the calendar, or working days of China; past it is late for good.

The seeds name no hours, only "at once" and "timely" (即接即办、立行立改): every limit is a local setting.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SHANGHAI = ZoneInfo("Asia/Shanghai")


class ClockStep(StrEnum):
    """What a clock waits for.

    Acceptance and answer count from the beginning of the round, which is the receipt or the reopening; the
    complainant's word counts from the answer, and closing from the word or the verification.
    """

    ACCEPT = "accept"
    ANSWER = "answer"
    VERIFY = "verify"
    CLOSE = "close"


CLOCK_STEPS = {
    ClockStep.ACCEPT: pgettext_lazy("clock", "accept"),
    ClockStep.ANSWER: pgettext_lazy("clock", "answer"),
    ClockStep.VERIFY: pgettext_lazy("clock", "the complainant's word"),
    ClockStep.CLOSE: pgettext_lazy("clock", "close"),
}

OURS = frozenset({ClockStep.ACCEPT, ClockStep.ANSWER, ClockStep.CLOSE})
"""Clocks that run against an office; the complainant is never late."""


class Unit(StrEnum):
    """What a limit is counted in."""

    HOURS = "hours"
    WORKING_DAYS = "working_days"


UNITS = {Unit.HOURS: _("hours"), Unit.WORKING_DAYS: _("working days")}


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of the table of limits; the most particular line that fits decides.

    `gross` is the second limit, in the same unit and from the same beginning; 0: none.
    """

    step: ClockStep
    amount: int
    unit: Unit
    gross: int = 0
    topic: str = ""
    behaviour: str = ""
    urgent: bool | None = None
    complex: bool | None = None

    @property
    def particular(self) -> int:
        """How narrowly it is aimed."""
        return (
            8 * bool(self.behaviour)
            + 4 * bool(self.topic)
            + 2 * (self.urgent is not None)
            + (self.complex is not None)
        )


DEFAULT_LIMITS: tuple[Limit, ...] = (
    Limit(ClockStep.ACCEPT, 24, Unit.HOURS, gross=48),
    Limit(ClockStep.ACCEPT, 2, Unit.HOURS, gross=6, urgent=True),
    Limit(ClockStep.ANSWER, 168, Unit.HOURS, gross=336),
    Limit(ClockStep.ANSWER, 360, Unit.HOURS, gross=720, complex=True),
    Limit(ClockStep.ANSWER, 2, Unit.HOURS, gross=24, urgent=True),
    Limit(ClockStep.ANSWER, 24, Unit.HOURS, gross=72, behaviour="listed_firm_stopped", urgent=True),
    # Urgent because the firm is on the white list, whatever the complainant called it.
    Limit(ClockStep.ANSWER, 24, Unit.HOURS, gross=72, behaviour="work_stopped", urgent=True),
    Limit(ClockStep.VERIFY, 120, Unit.HOURS),
    Limit(ClockStep.CLOSE, 2, Unit.WORKING_DAYS, gross=5),
)
"""What an installation starts with: practice of the time, not a rule of the Twenty Measures."""


def limit_for(
    step: ClockStep, limits: Iterable[Limit], *, topic: str, behaviour: str, urgent: bool, is_complex: bool
) -> Limit | None:
    """The most particular limit for that step of such a complaint; None: no limit is set."""
    fitting = [
        limit
        for limit in limits
        if limit.step == step
        and limit.topic in ("", topic)
        and limit.behaviour in ("", behaviour)
        and limit.urgent in (None, urgent)
        and limit.complex in (None, is_complex)
    ]
    return max(fitting, key=lambda limit: limit.particular, default=None)


@cache
def _calendar() -> holidays.HolidayBase:
    """The public holidays of China with the weekend days on which is worked instead; years load by use."""
    return holidays.country_holidays("CN")


def is_working_day(on: dt.date) -> bool:
    """Whether offices work on that date in China."""
    return bool(_calendar().is_working_day(on))


def due(start: dt.datetime, amount: int, unit: Unit | str) -> dt.datetime:
    """The instant at which a limit from `start` is reached.

    Hours run on the calendar, day and night. *n* working days end at 24:00 of the n-th working day after the
    date of `start` in Asia/Shanghai, so that whatever came during a day has the whole of its last day.
    """
    if unit == Unit.HOURS:
        return start + dt.timedelta(hours=amount)
    on = start.astimezone(SHANGHAI).date()
    left = amount
    while left > 0:
        on += dt.timedelta(days=1)
        left -= is_working_day(on)
    return dt.datetime.combine(on + dt.timedelta(days=1), dt.time.min, tzinfo=SHANGHAI)


@dataclass(frozen=True, slots=True)
class Dues:
    """First and second limit of a clock; `gross_at` None: there is no second."""

    due_at: dt.datetime
    gross_at: dt.datetime | None


def dues(limit: Limit, start: dt.datetime) -> Dues:
    """Both limits of a clock that counts from `start`."""
    gross = due(start, limit.gross, limit.unit) if limit.gross else None
    return Dues(due(start, limit.amount, limit.unit), gross)


def lateness(due_at: dt.datetime, stopped_at: dt.datetime) -> dt.timedelta:
    """By how much a step was late: zero in time. Once the clock stopped it never changes again."""
    return max(stopped_at - due_at, dt.timedelta())
