"""What complaints add up to. No share stands without the whole that it is a share of, in words.

The national board of 2022 [practice] gave 13,916 received, 13,862 answered, 11,609 closed, 2,253 open, and
"83.4 % or 83.7 % closed". Both are right: 11,609 of 13,916 *received* are 83.4 %, 11,609 of 13,862 *answered*
are 83.7 %. Its "open" is answered minus closed (13,862 - 11,609 = 2,253): the 54 that nobody had answered
stand in neither. Ours gives both shares with their names, counts as open whatever is not at its end, and says
how many of the open ones have had an answer: that is the board's number.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from policy.statistics import DAY, Period


@dataclass(frozen=True, slots=True)
class Counts:
    """So many complaints, each matter once; whatever is not said otherwise leaves withdrawn ones out.

    `received` is `open` + `closed` + `declined`.
    """

    received: int = 0
    referred: int = 0
    """Passed on to the office that answers, at least once."""
    answered: int = 0
    """Answered at least once, whatever the complainant thinks of it."""
    closed: int = 0
    solved: int = 0
    """Closed, and put right wholly or in part: closed is not solved."""
    partly: int = 0
    judged: int = 0
    """The complainant's last word about the answer is known."""
    satisfied: int = 0
    open: int = 0
    declined: int = 0
    reopened: int = 0
    late: int = 0
    """An office was past the first limit of a step, or is now. In time later does not mend it."""
    grossly_late: int = 0
    named: int = 0
    """Names the office complained about."""
    rebound: int = 0
    """Of those: the same office and behaviour again, soon after one like it was closed."""
    withdrawn: int = 0

    @property
    def answered_open(self) -> int:
        """Answered and not closed: what the national board called open."""
        return self.answered - self.closed

    @property
    def unanswered(self) -> int:
        """Open, and nobody has answered yet."""
        return self.open - self.answered_open


_NUMBERS = attrgetter(*(each.name for each in fields(Counts)))


def together(counts: Iterable[Counts]) -> Counts:
    """All of them in one; thousands are added up for a page."""
    return Counts(*map(sum, zip(*map(_NUMBERS, counts), strict=True)))


@dataclass(frozen=True, slots=True)
class Share:
    """One number beside the whole that it is a share of, both by their names in `Counts`."""

    part: str
    whole: str
    label: Promise
    of: Promise

    def numbers(self, counts: Counts) -> tuple[int, int]:
        """Part and whole."""
        return getattr(counts, self.part), getattr(counts, self.whole)


_RECEIVED = pgettext_lazy("share of complaints", "of those received")
_ANSWERED = pgettext_lazy("share of complaints", "of those answered")
_CLOSED = pgettext_lazy("share of complaints", "of those closed")

ROAD_SHARES = (
    Share("referred", "received", pgettext_lazy("complaints", "referred"), _RECEIVED),
    Share("answered", "received", pgettext_lazy("complaints", "answered"), _RECEIVED),
    Share("closed", "received", pgettext_lazy("complaints", "closed"), _RECEIVED),
    Share("closed", "answered", pgettext_lazy("complaints", "closed"), _ANSWERED),
    Share("solved", "closed", pgettext_lazy("complaints", "put right, wholly or in part"), _CLOSED),
    Share(
        "satisfied",
        "judged",
        pgettext_lazy("complaints", "complainant satisfied"),
        pgettext_lazy("share of complaints", "of those whose complainant said so or the opposite"),
    ),
)
"""How far they came."""

TROUBLE_SHARES = (
    Share("late", "received", pgettext_lazy("complaints", "past the first limit of a step"), _RECEIVED),
    Share("grossly_late", "received", pgettext_lazy("complaints", "past the second limit"), _RECEIVED),
    Share("reopened", "answered", pgettext_lazy("complaints", "opened again after an answer"), _ANSWERED),
    Share(
        "rebound",
        "named",
        pgettext_lazy("complaints", "the same again soon after closing"),
        pgettext_lazy("share of complaints", "of those that name an office"),
    ),
    Share("declined", "received", pgettext_lazy("complaints", "not accepted"), _RECEIVED),
)
"""What went wrong on the way."""


@dataclass(frozen=True, slots=True)
class Times:
    """From receipt to the first answer, of the `number` that have one."""

    number: int
    median: dt.timedelta
    ninetieth: dt.timedelta
    """Nine of ten were answered within it."""


def times_of(number: int, by_place: Mapping[int, dt.timedelta]) -> Times | None:
    """The times of `number` answers, of which those at the places below are known, the shortest at place 1.

    The median is the one in the middle, of an even number the mean of the two; the 90th percentile the
    smallest time within which at least nine tenths were answered (nearest rank). None: there is none.
    """
    if not number:
        return None
    lower, upper, ninetieth = places(number)
    return Times(number, (by_place[lower] + by_place[upper]) / 2, by_place[ninetieth])


def places(number: int) -> tuple[int, int, int]:
    """Which of `number` sorted times are the two in the middle (or twice the one) and the 90th percentile."""
    return (number + 1) // 2, (number + 2) // 2, (9 * number + 9) // 10


def hours(time: dt.timedelta) -> str:
    """Hours with one digit."""
    return f"{time / dt.timedelta(hours=1):.1f}"


# ── periods ──────────────────────────────────────────────────────────────────────────────────────

DAYS_DRAWN = 31
"""Up to so many days a trend is drawn by day; beyond by week."""


def trend_starts(period: Period) -> list[dt.date]:
    """The first dates of the trend's columns: every date, or every Monday from the one before the period."""
    if period.days <= DAYS_DRAWN:
        return period.dates
    monday = period.first - period.first.weekday() * DAY
    return [monday + week * 7 * DAY for week in range((period.last - monday).days // 7 + 1)]


def month_of(text: str) -> Period | None:
    """The month of "2022-11"; None when it is none."""
    year, _hyphen, month = text.partition("-")
    if not (year.isdecimal() and month.isdecimal() and len(year) == 4 and len(month) == 2):
        return None
    if not (1 <= int(month) <= 12 and int(year)):
        return None
    return month_at(dt.date(int(year), int(month), 1))


def month_at(on: dt.date) -> Period:
    """The month of that date."""
    first = on.replace(day=1)
    return Period(first, (first + 31 * DAY).replace(day=1) - DAY)


def months(first: dt.date, last: dt.date) -> list[Period]:
    """The months from the one of `first` to the one of `last`, the newest first."""
    found = [month_at(last)]
    while found[-1].first > first:
        found.append(month_at(found[-1].first - DAY))
    return found


# ── small numbers ────────────────────────────────────────────────────────────────────────────────

SMALLEST = 3
"""Below a county no smaller number is published for a behaviour: in a small place it points at somebody."""
TOO_SMALL, WITHHELD = "<3", "*"


def masked(table: Sequence[Sequence[int]]) -> list[list[int | str]]:
    """The table without its small numbers, and without what would give them away.

    Every number below `SMALLEST` reads "<3", zero too. The sums of the columns are known elsewhere, and so
    are those of the rows from three on: where the numbers hidden in a line follow from its sum, its smallest
    other number is withheld ("*") as well.
    """
    shown: list[list[int | str]] = [
        [TOO_SMALL if number < SMALLEST else number for number in row] for row in table
    ]
    rows = [[(r, c) for c in range(len(row))] for r, row in enumerate(table)]
    columns = [list(line) for line in zip(*rows, strict=True)]
    again = True
    while again:
        again = False
        for line in rows + columns:
            if place := _to_withhold(table, shown, line):
                shown[place[0]][place[1]] = WITHHELD
                again = True
    return shown


def _to_withhold(
    table: Sequence[Sequence[int]], shown: Sequence[Sequence[int | str]], line: Sequence[tuple[int, int]]
) -> tuple[int, int] | None:
    """The cell of the line that has to go so that its small ones can't be computed; None: none has to."""
    if any(shown[r][c] == WITHHELD for r, c in line):
        # Something larger is missing as well: what is left of the sum no longer says how small they are,
        # unless it is the only thing that is missing.
        hidden = [place for place in line if isinstance(shown[place[0]][place[1]], str)]
        known = len(hidden) == 1
    else:
        small = [table[r][c] for r, c in line if shown[r][c] == TOO_SMALL]
        total = sum(small)
        known = total > 0 and (len(small) == 1 or total == len(small) * (SMALLEST - 1))
    if not known:
        return None
    left = [(table[r][c], r, c) for r, c in line if not isinstance(shown[r][c], str)]
    return min(left)[1:] if left else None
