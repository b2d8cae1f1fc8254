"""What the statistics are counted from: one query a subject, grouped in the database, for area and period.

State follows from the dates here too: a unit counts as sealed on every date from its designation up to the
one before its opening, whether or not a worker process ran. Nothing here names a person.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import TruncDate

from accounts.models import Area, in_area
from cases.models import Contact, Episode, Ground, Infection, Placement
from cases.rules import Ending, HomeCheck, Place
from desk.rules import DAY
from policy.clock import midnight
from policy.statistics import Period
from policy.types import Category
from zones.models import SealCause, UnitSeal, Zone, ZoneEvent
from zones.models.zone import is_holding, is_overdue
from zones.rules import SealEnding, ZoneEventKind

LOOKED_AT = 10
"""Up to this day after the last exposure a positive counts as found among contacts: 7+3, the longest rule."""
PROMPT = dt.timedelta(minutes=5)
"""The side effects of an opening are done every minute; later than this is counted as late."""


# ── infections and contacts ──────────────────────────────────────────────────────────────────────


def infections_by_day(area: Area, period: Period) -> Counter[tuple[dt.date, str]]:
    """How many infections were found on each date, and where."""
    counted = _found(area, period).values_list("found_on", "found_where").annotate(number=Count("pk"))
    return Counter({(on, where): number for on, where, number in counted.order_by()})


def contacts_per_infection(area: Area, period: Period) -> Counter[int]:
    """How many infections found in the period have so many close contacts."""
    judged = Contact.objects.filter(infection=OuterRef("pk")).order_by().values("infection")
    counted = (
        _found(area, period)
        .annotate(size=Subquery(judged.annotate(number=Count("pk")).values("number")))
        .values_list("size")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return Counter({size or 0: number for size, number in counted})


def found_by_day(area: Area, period: Period) -> Counter[int]:
    """Infections of the period that were known close contacts before, by days since the last exposure."""
    exposed = Ground.objects.filter(
        episode__person=OuterRef("person"),
        category=Category.CLOSE_CONTACT,
        anchor_on__lte=OuterRef("found_on"),
        registered_on__lte=OuterRef("found_on"),
    ).exclude(episode__ending=Ending.WITHDRAWN)
    counted = (
        _found(area, period)
        .exclude(person=None)
        .annotate(exposed_on=Subquery(exposed.order_by("-anchor_on").values("anchor_on")[:1]))
        .exclude(exposed_on=None)
        .values_list("found_on", "exposed_on")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: Counter[int] = Counter()
    for found_on, exposed_on, number in counted:
        if (found_on - exposed_on).days <= LOOKED_AT:
            found[(found_on - exposed_on).days] += number
    return found


STEPS = ("sampled_at", "resulted_at", "reported_at", "contacts_judged_at", "isolated_at", "admitted_at")


def instants(area: Area, period: Period) -> list[Mapping[str, dt.datetime | None]]:
    """The instants of the four earlies of each infection found in the period (N二(十五))."""
    return list(_found(area, period).order_by().values(*STEPS))


def _found(area: Area, period: Period) -> "models.QuerySet[Infection]":
    return Infection.objects.standing().filter(
        in_area(area), found_on__gte=period.first, found_on__lte=period.last
    )


# ── zones ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Sealed:
    """So many units that were sealed and open on the same dates, for the same reasons."""

    number: int
    first: dt.date
    release_on: dt.date
    """The first date on which they are not sealed; for a gate that is not met, the day after today."""
    last_infection_on: dt.date
    clean_days: int
    early: bool
    gated: bool
    latest_cause_on: dt.date | None
    """The latest infection that the seal rests on, read from the causes and not from the seal."""


def sealed_units(area: Area, period: Period, today: dt.date) -> list[Sealed]:
    """Every unit that was sealed on a date of the period, or opened on one, in groups."""
    cause = SealCause.objects.filter(seal=OuterRef("pk"), withdrawn_at=None).order_by("-found_on")
    past = is_overdue(today)
    rows = (
        UnitSeal.objects.within(area)
        .filter(Q(release_on__gte=period.first) | past, starts_at__lt=midnight(period.last + DAY))
        .annotate(
            first=TruncDate("starts_at"),
            swept_on=TruncDate("swept_at"),
            latest_on=Subquery(cause.values("found_on")[:1]),
        )
        .values_list(
            "first",
            "release_on",
            "last_infection_on",
            "clean_days",
            "ending",
            "round_day",
            "swept_on",
            "latest_on",
        )
        .annotate(number=Count("pk"))
        .order_by()
    )
    found = []
    for first, release_on, last_on, clean_days, ending, round_day, swept_on, latest_on, number in rows:
        gated = round_day is not None and not ending
        end = max(release_on, swept_on or today + DAY) if gated and release_on <= today else release_on
        early = ending != SealEnding.BY_THE_CLOCK
        found.append(Sealed(number, first, end, last_on, clean_days, early, gated, latest_on))
    return found


def open_zones(area: Area, period: Period, today: dt.date) -> Counter[dt.date]:
    """How many zones had a sealed unit on each date of the period."""
    rows = (
        Zone.objects.within(area)
        .filter(
            Q(release_on__gt=period.first) | Q(gated=True, ended_at=None),
            designated_at__lt=midnight(period.last + DAY),
        )
        .annotate(first=TruncDate("designated_at"), ended_on=TruncDate("ended_at"))
        .values_list("first", "release_on", "gated", "ended_on")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: Counter[dt.date] = Counter()
    for first, release_on, gated, ended_on, number in rows:
        end = max(release_on, ended_on or today + DAY) if gated and release_on <= today else release_on
        for on in period.within(first, end - DAY):
            found[on] += number
    return found


@dataclass(frozen=True, slots=True)
class Openings:
    """How late what belongs to an opening was done; the opening itself is at 00:00 of its date."""

    number: int
    mean: dt.timedelta
    longest: dt.timedelta
    late: int
    """How many took longer than `PROMPT`."""


def openings(area: Area, period: Period) -> Openings:
    """The openings by the clock that were written down in the period."""
    after = ExpressionWrapper(F("at") - F("due_at"), output_field=DurationField())
    found = (
        ZoneEvent.objects.filter(
            in_area(area, "zone__"),
            kind=ZoneEventKind.OPENED,
            due_at__gte=midnight(period.first),
            due_at__lt=midnight(period.last + DAY),
        )
        .annotate(after=after)
        .aggregate(
            number=Count("pk"),
            mean=Avg("after"),
            longest=Max("after"),
            late=Count("pk", filter=Q(at__gt=F("due_at") + PROMPT)),
        )
    )
    zero = dt.timedelta()
    return Openings(
        found["number"],
        max(found["mean"] or zero, zero),
        max(found["longest"] or zero, zero),
        found["late"],
    )


@dataclass(frozen=True, slots=True)
class Now:
    """What holds at this instant although its date has come: zero without a gate, or a promise is broken."""

    past_their_date: int
    """Units without a gate that this software shows as sealed on or after their opening date."""
    overdue: int
    """Units whose edition has a gate that is not met: named and told upward."""


def past_their_date(area: Area, at: dt.datetime, today: dt.date) -> Now:
    """Asked of the same conditions that every page and the public list ask."""
    held = is_holding(at) & Q(release_on__lte=today) & ~is_overdue(today)
    found = UnitSeal.objects.within(area).aggregate(
        held=Count("pk", filter=held), overdue=Count("pk", filter=is_overdue(today))
    )
    return Now(found["held"], found["overdue"])


def restarts(area: Area, period: Period) -> int:
    """How many times the days of a unit began anew in the period."""
    return ZoneEvent.objects.filter(
        in_area(area, "zone__"),
        kind=ZoneEventKind.RESTARTED,
        at__gte=midnight(period.first),
        at__lt=midnight(period.last + DAY),
    ).count()


# ── central isolation ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Used:
    """Isolation sites as they were really used; a date counts for whoever stayed there overnight."""

    room_days: int
    person_days: int


def sites_used(area: Area, period: Period, today: dt.date) -> Used:
    """Rooms and people at isolation sites, date by date; a household in one room is one room."""
    stays = (
        Placement.objects.filter(
            Q(until_at=None) | Q(until_at__gte=midnight(period.first)),
            in_area(area, "episode__"),
            place=Place.SITE,
            from_at__lt=midnight(period.last + DAY),
        )
        .annotate(first=TruncDate("from_at"), until=TruncDate("until_at"))
        .values_list("room", "first", "until")
        .annotate(number=Count("pk"))
        .order_by()
    )
    people, rooms = 0, set()
    for room, first, until, number in stays:
        for on in period.within(first, (until or today + DAY) - DAY):
            people += number
            rooms.add((room, on))
    return Used(len(rooms), people)


@dataclass(frozen=True, slots=True)
class Planned:
    """So many close contacts with the same dates: what their plan is made from, and when it stopped."""

    number: int
    edition: str
    anchor_on: dt.date
    registered_on: dt.date
    home_suitable: bool
    stopped_on: dt.date | None
    """The first date that no longer counts because the person was transferred or freed early."""


def contact_plans(area: Area, period: Period) -> list[Planned]:
    """The close contacts whose days may fall into the period, in groups."""
    rows = (
        Episode.objects.not_withdrawn()
        .filter(
            in_area(area),
            category=Category.CLOSE_CONTACT,
            restricted=True,
            anchor_on__lte=period.last,
            release_on__gte=period.first,
        )
        .annotate(ended_on=TruncDate("ended_at"))
        .values_list(
            "edition", "anchor_on", "registered_on", "home_check", "ending", "release_on", "ended_on"
        )
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: Counter[tuple[str, dt.date, dt.date, bool, dt.date | None]] = Counter()
    for edition, anchor_on, registered_on, check, ending, release_on, ended_on, number in rows:
        stopped = {Ending.EARLY: release_on, Ending.TRANSFERRED: ended_on}.get(ending)
        found[edition, anchor_on, registered_on, check != HomeCheck.UNSUITABLE, stopped] += number
    return [Planned(number, *facts) for facts, number in found.items()]


# ── yield ────────────────────────────────────────────────────────────────────────────────────────


def yields(area: Area, period: Period) -> dict[str, tuple[int, int]]:
    """By category: people registered in the period, and how many of them were found positive."""
    rows = (
        Episode.objects.not_withdrawn()
        .filter(in_area(area), registered_on__gte=period.first, registered_on__lte=period.last)
        .values_list("category")
        .annotate(people=Count("pk"), positive=Count("pk", filter=Q(ending=Ending.TRANSFERRED)))
        .order_by()
    )
    return {category: (people, positive) for category, people, positive in rows}
