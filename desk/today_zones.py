"""High-risk zones on Today: openings of today and tomorrow, what is overdue, proposals, wishes at doors.

A unit is open at 00:00 of its date whoever looks; what stands here for that day is what is left to do
outside: barriers, notices, telling people.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Count, Min, Q

from accounts.models import User
from accounts.rules import Ability
from cases.models import DoorService
from desk.rules import DAY
from zones.actions import is_above
from zones.models import UnitSeal, ZoneProposal
from zones.models.zone import is_holding, is_overdue
from zones.rules import SealEnding


@dataclass(frozen=True, slots=True)
class Opening:
    """Units of one zone that open on one date, or should have."""

    zone: int
    compound: str
    boundary: str
    community: str
    units: int
    whole: bool
    """Whether these are all units of the zone: then its boundary names them."""
    release_on: dt.date
    early: bool = False
    street: str = ""
    """Who answers for what is overdue, one level up."""
    duty_phone: str = ""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the people inside one zone wait for at the door."""

    zone: int
    compound: str
    boundary: str
    community: str
    services: int
    oldest_at: dt.datetime


@dataclass(slots=True)
class ZonesToday:
    """Everything about zones that Today shows."""

    today: dt.date
    units: int = 0
    zones: int = 0
    openings: list[Opening] = field(default_factory=list)
    overdue: list[Opening] = field(default_factory=list)
    proposals: list[ZoneProposal] = field(default_factory=list)
    doors: list[Doors] = field(default_factory=list)

    @property
    def opens_today(self) -> list[Opening]:
        """Open since 00:00 of today."""
        return [each for each in self.openings if each.release_on == self.today]

    @property
    def opens_tomorrow(self) -> list[Opening]:
        """Sealed for the last date."""
        return [each for each in self.openings if each.release_on > self.today]

    @property
    def services(self) -> int:
        """How many services nobody has brought yet."""
        return sum(each.services for each in self.doors)

    @property
    def waiting(self) -> int:
        """How many lines ask for a hand."""
        return len(self.openings) + len(self.overdue) + len(self.proposals) + len(self.doors)

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say about zones at all."""
        return bool(self.units or self.waiting)


def zones_today(user: User, *, at: dt.datetime, today: dt.date, limit: int) -> ZonesToday:
    """Three queries, and one more for whoever may decide proposals."""
    found = ZonesToday(today)
    seals = UnitSeal.objects.visible_to(user)
    counted = seals.filter(is_holding(at)).aggregate(units=Count("pk"), zones=Count("zone", distinct=True))
    found.units, found.zones = counted["units"], counted["zones"]
    lines = list(_openings(user, today, limit))
    found.overdue = [line for line, overdue in lines if overdue]
    found.openings = [line for line, overdue in lines if not overdue]
    if user.may(Ability.SUPERVISE):
        found.proposals = _proposals(user, today, limit)
    found.doors = _doors(user, limit)
    return found


def _openings(user: User, today: dt.date, limit: int) -> Iterable[tuple[Opening, bool]]:
    near = Q(release_on__gte=today, release_on__lte=today + DAY)
    rows = (
        UnitSeal.objects.visible_to(user)
        .filter(near | is_overdue(today))
        .values_list(
            "zone_id",
            "zone__compound__name",
            "zone__boundary",
            "community__name",
            "zone__unit_count",
            "release_on",
            "ending",
            "round_day",
            "street__name",
            "street__duty_phone",
        )
        .annotate(
            units=Count("pk"), waiting=Count("pk", filter=Q(round_met_at=None, round_day__isnull=False))
        )
        .order_by("release_on", "zone_id")[:limit]
    )
    for (
        zone,
        compound,
        boundary,
        community,
        size,
        release_on,
        ending,
        _day,
        street,
        phone,
        units,
        late,
    ) in rows:
        overdue = bool(late) and release_on <= today and ending == SealEnding.BY_THE_CLOCK
        early = ending != SealEnding.BY_THE_CLOCK
        whole = units == size
        yield (
            Opening(
                zone,
                compound,
                boundary,
                community,
                units,
                whole,
                release_on,
                early,
                street or "",
                phone or "",
            ),
            overdue,
        )


def _proposals(user: User, today: dt.date, limit: int) -> list[ZoneProposal]:
    """Those that this user stands above; the others wait for somebody else."""
    found = (
        ZoneProposal.objects.visible_to(user)
        .undecided()
        .filter(lapses_on__gt=today)
        .select_related("compound", "community", "proposed_by__area")
        .order_by("proposed_at")[:limit]
    )
    return [proposal for proposal in found if is_above(user, proposal)]


def _doors(user: User, limit: int) -> list[Doors]:
    rows = (
        DoorService.objects.visible_to(user)
        .open()
        .values_list("zone_id", "zone__compound__name", "zone__boundary", "zone__community__name")
        .annotate(services=Count("pk"), oldest_at=Min("wanted_at"))
        .order_by("oldest_at")[:limit]
    )
    return [Doors(*row) for row in rows]
