"""Counting complaints: one query a subject, grouped in the database, on SQLite and PostgreSQL alike.

Everything is about the complaints *received* in the period, as far as they have come by now: so each number
is a part of the one before it, and a share has its whole. Each matter counts once: one that was merged is
part of the other. Lateness follows from the limits, whether or not a sweep has noted it.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Min,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber, Substr, TruncDate, TruncWeek
from django.utils import timezone

from accounts.models import Area, Office
from accounts.rules import CODE_LENGTH, Level, codes_below
from complaints.models import Clock, Complaint
from complaints.models.complaint import HAS_WORD, ComplaintQuerySet
from complaints.rules.behaviours import BY_CODE, Topic
from complaints.rules.clocks import OURS
from complaints.rules.figures import DAYS_DRAWN, Counts, Times, places, times_of
from complaints.rules.handling import OPEN, State
from complaints.rules.words import Outcome, Source
from policy.clock import midnight
from policy.statistics import DAY, Period


def received_in(period: Period) -> ComplaintQuerySet:
    """What was received on the dates of the period, each matter once; withdrawn ones and leads too."""
    return Complaint.objects.counted().received_between(midnight(period.first), midnight(period.last + DAY))


def inside(rows: ComplaintQuerySet, area: Area) -> ComplaintQuerySet:
    """Those about a place in that area."""
    if area.level == Level.COUNTY:
        return rows.filter(county=area)
    first, after = codes_below(area.code)
    return rows.filter(area__code__gte=first, area__code__lt=after)


def of_people(rows: ComplaintQuerySet) -> ComplaintQuerySet:
    """Without what was taken back, and without the leads that the app found against ourselves."""
    return rows.exclude(state=State.WITHDRAWN).exclude(source=Source.SELF_AUDIT)


# ── what a complaint counts as ───────────────────────────────────────────────────────────────────


def _late(at: dt.datetime) -> Q:
    return Q(was_late=True) | _late_now(at)


def _late_now(at: dt.datetime) -> Q:
    """`ComplaintQuerySet.late` as a condition."""
    return Q(state__in=OPEN, due_at__lte=at) & ~HAS_WORD


def _grossly_late(at: dt.datetime) -> Q:
    past = Clock.objects.running().filter(gross_at__lte=at, step__in=OURS)
    return Q(was_grossly_late=True) | Q(pk__in=past.values("complaint"))


def _numbers(at: dt.datetime) -> dict[str, Q]:
    """Each number of `Counts` but `withdrawn`, by its condition."""
    closed = Q(state=State.CLOSED)
    return {
        "received": Q(),
        "referred": Q(referred_at__isnull=False),
        "answered": Q(first_answered_at__isnull=False),
        "closed": closed,
        "solved": closed & Q(outcome__in=[Outcome.SOLVED, Outcome.PARTLY]),
        "partly": closed & Q(outcome=Outcome.PARTLY),
        "judged": Q(satisfied__isnull=False),
        "satisfied": Q(satisfied=True),
        "open": Q(state__in=OPEN),
        "declined": Q(state=State.DECLINED),
        "reopened": Q(times_reopened__gt=0),
        "late": _late(at),
        "grossly_late": _grossly_late(at),
        "named": Q(respondent__isnull=False),
        "rebound": Q(respondent__isnull=False, rebound_of__isnull=False),
    }


def _counted(
    rows: "QuerySet[Complaint, Any]", at: dt.datetime, names: Collection[str] = ()
) -> "QuerySet[Complaint, Any]":
    """With these numbers of each group; all of them where none is named."""
    wanted = {name: condition for name, condition in _numbers(at).items() if not names or name in names}
    sums = {name: Count("pk", filter=condition) for name, condition in wanted.items()}
    sums["received"] = Count("pk")
    return rows.annotate(**{f"n_{name}": number for name, number in sums.items()}).order_by()


def _as_counts(row: Mapping[str, Any]) -> Counts:
    return Counts(**{name[2:]: number for name, number in row.items() if name.startswith("n_")})


# ── the queries ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Line:
    """The complaints of one behaviour and source that were received on the same date, or in the same week."""

    behaviour: str
    source: str
    start: dt.date
    counts: Counts


def lines(rows: ComplaintQuerySet, period: Period, at: dt.datetime) -> list[Line]:
    """Everything that totals, behaviours, sources and the trend are added up from; one query."""
    trunc = TruncDate("received_at") if period.days <= DAYS_DRAWN else TruncWeek("received_at")
    gone = Case(When(state=State.WITHDRAWN, then=Value("gone")), default=Value(""), output_field=TextField())
    grouped = rows.annotate(start=trunc, gone=gone).values("behaviour", "source", "start", "gone")
    return [
        Line(row["behaviour"], row["source"], _date(row["start"]), _alive(row))
        for row in _counted(grouped, at)
    ]


def _date(start: dt.date) -> dt.date:
    return timezone.localdate(start) if isinstance(start, dt.datetime) else start


def _alive(row: Mapping[str, Any]) -> Counts:
    """The counts of the row; of what was taken back only that it was."""
    return Counts(withdrawn=row["n_received"]) if row["gone"] else _as_counts(row)


SHOWN_OF_COUNTY = frozenset({"received", "answered", "closed", "solved", "late"})


def by_county(rows: ComplaintQuerySet, at: dt.datetime) -> dict[tuple[str, str], Counts]:
    """By code and name of the county, both "" for what lies above the counties; the most first.

    Only what a line of the table shows is counted. One query.
    """
    grouped = of_people(rows).values("county__code", "county__name")
    found = {
        (row["county__code"] or "", row["county__name"] or ""): _as_counts(row)
        for row in _counted(grouped, at, SHOWN_OF_COUNTY)
    }
    return dict(sorted(found.items(), key=lambda each: (-each[1].received, each[0])))


def by_street(rows: ComplaintQuerySet) -> dict[tuple[str, str], int]:
    """How many of each topic, by the code of the street (of the county itself where no street is named)."""
    code = Substr("area__code", 1, CODE_LENGTH[Level.STREET])
    grouped = of_people(rows).annotate(street=code).values_list("street", "topic")
    return {(street, topic): number for street, topic, number in grouped.annotate(n=Count("pk")).order_by()}


TO_ANSWER = ExpressionWrapper(F("first_answered_at") - F("received_at"), output_field=DurationField())
EVERYTHING = ""


def times(rows: ComplaintQuerySet, *by: str) -> dict[str, dict[Any, Times]]:
    """How long the first answer took: `times(rows, "topic")["topic"]["road"]`, over all at `[""][""]`.

    One query, whose windows number the answers of each group by their time and keep the three of each group
    that median and percentile are made of.
    """
    numbered: dict[str, Any] = {}
    wanted = Q()
    for n, name in enumerate((EVERYTHING, *by)):
        within = [F(name)] if name else None
        numbered[f"place{n}"] = Window(RowNumber(), partition_by=within, order_by=[F("took"), F("pk")])
        numbered[f"of{n}"] = Window(Count("pk"), partition_by=within)
        for place in places_in_sql(f"of{n}"):
            wanted |= Q(**{f"place{n}": place})
    kept = (
        of_people(rows)
        .filter(first_answered_at__isnull=False)
        .annotate(took=TO_ANSWER)
        .annotate(**numbered)
        .filter(wanted)
        .order_by()
        .values("took", *numbered, *by)
    )
    return _by_group(list(kept), (EVERYTHING, *by))


def places_in_sql(of: str) -> Sequence[Any]:
    """`rules.figures.places`, in the database: all of it divides whole numbers."""
    number = F(of)
    return (number + 1) / 2, (number + 2) / 2, (number * 9 + 9) / 10


def _by_group(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, dict[Any, Times]]:
    found: dict[str, dict[Any, Times]] = {}
    for n, name in enumerate(names):
        known: dict[Any, tuple[int, dict[int, dt.timedelta]]] = {}
        for row in rows:
            number, place = row[f"of{n}"], row[f"place{n}"]
            if place in places(number):
                known.setdefault(row[name] if name else "", (number, {}))[1][place] = row["took"]
        made = {group: times_of(number, by_place) for group, (number, by_place) in known.items()}
        found[name] = {group: each for group, each in made.items() if each}
    return found


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """What one office holds now, and what it was given in the period."""

    office: int
    name: str
    held: int
    late: int
    received: int
    answered: int
    was_late: int
    time: Times | None = None


def by_office(office: Office, period: Period, at: dt.datetime) -> list[OfficeLine]:
    """The office and those below it, in the order of the tree: leads and withdrawn ones too. One query."""
    first, after = midnight(period.first), midnight(period.last + DAY)
    in_period = Q(received_at__gte=first, received_at__lt=after)
    open_now = Q(state__in=OPEN)
    rows = (
        Complaint.objects.counted()
        .held_within(office)
        .filter(in_period | open_now)
        .values("handler", "handler__name")
        .annotate(
            held=Count("pk", filter=open_now),
            late=Count("pk", filter=_late_now(at)),
            received=Count("pk", filter=in_period),
            answered=Count("pk", filter=in_period & Q(first_answered_at__isnull=False)),
            was_late=Count("pk", filter=in_period & _late(at)),
        )
        .order_by("handler__path")
    )
    return [
        OfficeLine(
            row["handler"],
            row["handler__name"],
            *(row[name] for name in ("held", "late", "received", "answered", "was_late")),
        )
        for row in rows
    ]


def first_received_on() -> dt.date | None:
    """The date of the oldest complaint; one query."""
    found = Complaint.objects.aggregate(first=Min("received_at"))["first"]
    return timezone.localdate(found) if found else None


def topic_of(behaviour: str) -> Topic:
    """The group in which a behaviour is counted."""
    return BY_CODE[behaviour].topic
