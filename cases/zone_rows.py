"""Zones as the staff's pages show them: units that share a clock together, each with its strip.

The units of a zone open by their own clocks, but most of them share one. `Clock` is such a group; a list
page reads the clocks of all its zones in one query, whatever the number of units.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Max, Q
from django.utils import timezone

from cases.models import Person
from policy.strip import Strip
from zones.models import Unit, UnitSeal, Zone
from zones.rules import (
    PURPOSES,
    SEAL_STATES,
    Purpose,
    SealState,
    boundary_of,
    day_of,
    in_order,
    seal_state_on,
)
from zones.strip import draw_seal

HOLDING = frozenset({SealState.SEALED, SealState.OVERDUE})
BADGES = {
    SealState.SEALED: "seal",
    SealState.OVERDUE: "late",
    SealState.OPEN: "open",
    SealState.OPENED_EARLY: "open",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Units of a zone that share one clock, as it stands on `today`."""

    units: int
    last_infection_on: dt.date
    clean_days: int
    release_on: dt.date
    planned_release_on: dt.date
    sealed_on: dt.date
    ending: str
    gate_open: bool
    found_before: dt.date | None
    """The infection before the last one, where the last one started the days anew."""
    today: dt.date
    names: str = ""
    """The units as they are published, where they were read."""

    @property
    def state(self) -> SealState:
        """What these units are today, by the dates alone."""
        return seal_state_on(
            self.today, ending=self.ending, release_on=self.release_on, gate_open=self.gate_open
        )

    @property
    def state_label(self) -> str:
        """The same in words."""
        return str(SEAL_STATES[self.state])

    @property
    def badge(self) -> str:
        """The class of its badge."""
        return BADGES[self.state]

    @property
    def holds(self) -> bool:
        """Whether these units are sealed, overdue ones included."""
        return self.state in HOLDING

    @property
    def overdue(self) -> bool:
        """Past its dates with a gate that is not met."""
        return self.state is SealState.OVERDUE

    @property
    def day(self) -> int:
        """Which of the clean dates today is: 0 on the date of the last infection."""
        return min(day_of(self.today, self.last_infection_on), self.clean_days)

    @property
    def days_left(self) -> int:
        """Dates under seal from today on, today included; 0 when open or overdue."""
        return max((self.release_on - self.today).days, 0)

    @property
    def days_over(self) -> int:
        """Whole dates since it should have opened, 0 unless overdue."""
        return (self.today - self.release_on).days if self.overdue else 0

    def strip(self, axis: tuple[dt.date, dt.date] | None = None) -> Strip:
        """Its clean days, on a shared calendar where one is given."""
        return draw_seal(
            last_infection_on=self.last_infection_on,
            clean_days=self.clean_days,
            release_on=self.release_on,
            today=self.today,
            sealed_on=self.sealed_on,
            found_before=self.found_before,
            planned_release_on=self.planned_release_on,
            state=self.state,
            ending=self.ending,
            axis=axis,
        )


@dataclass(slots=True)
class ZoneRow:
    """One zone of a list."""

    zone: Zone
    clocks: list[Clock]
    """Latest opening first."""
    strip: Strip

    @property
    def last(self) -> Clock:
        """The clock of the unit that opens last: the zone ends with it."""
        return self.clocks[0]

    @property
    def holding(self) -> list[Clock]:
        """Clocks of the units that are sealed."""
        return [each for each in self.clocks if each.holds]

    @property
    def sealed(self) -> int:
        """How many units are sealed."""
        return sum(each.units for each in self.holding)

    @property
    def overdue(self) -> int:
        """How many of them are overdue."""
        return sum(each.units for each in self.clocks if each.overdue)

    @property
    def first(self) -> Clock | None:
        """The clock that opens next, where it is not the last one as well."""
        running = [each for each in self.holding if not each.overdue]
        return running[-1] if running and running[-1] is not self.last else None


def zone_rows(
    zones: Iterable[Zone], today: dt.date, axis: tuple[dt.date, dt.date] | None = None
) -> list[ZoneRow]:
    """The zones in their order with the clocks of their units. One query more than the zones'."""
    zones = list(zones)
    clocks = clocks_of(zones, today)
    return [
        ZoneRow(zone, clocks[zone.pk], clocks[zone.pk][0].strip(axis)) for zone in zones if clocks[zone.pk]
    ]


def clocks_of(zones: Collection[Zone], today: dt.date) -> dict[int, list[Clock]]:
    """The clocks of these zones by zone, the one that opens last first; units are counted, not named."""
    columns = ("last_infection_on", "clean_days", "release_on", "planned_release_on", "ending")
    before = Q(causes__withdrawn_at=None, causes__found_on__lt=F("last_infection_on"))
    gate_open = Q(round_day=None) | Q(round_met_at__isnull=False) | Q(swept_at__isnull=False)
    rows = (
        UnitSeal.objects.filter(zone__in=[zone.pk for zone in zones])
        .annotate(gate_open=ExpressionWrapper(gate_open, output_field=BooleanField()))
        .annotate(found_before=Max("causes__found_on", filter=before))
        .order_by()
        .values("zone_id", "starts_at", "gate_open", "found_before", *columns, "pk")
    )
    found: dict[int, dict[tuple[Any, ...], int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        key = (
            *(row[column] for column in columns),
            row["gate_open"],
            row["found_before"],
            timezone.localdate(row["starts_at"]),
        )
        found[row["zone_id"]][key] += 1
    return defaultdict(
        list,
        {
            zone: sorted(
                (_clock(key, units, today) for key, units in groups.items()),
                key=lambda clock: (clock.release_on, clock.holds),
                reverse=True,
            )
            for zone, groups in found.items()
        },
    )


def _clock(key: tuple[Any, ...], units: int, today: dt.date, names: str = "") -> Clock:
    last, clean_days, release_on, planned, ending, gate_open, found_before, sealed_on = key
    return Clock(
        units=units,
        last_infection_on=last,
        clean_days=clean_days,
        release_on=release_on,
        planned_release_on=planned,
        sealed_on=sealed_on,
        ending=ending,
        gate_open=gate_open,
        found_before=found_before,
        today=today,
        names=names,
    )


def clocks_named(seals: Sequence[UnitSeal], today: dt.date) -> list[Clock]:
    """The clocks of one zone's seals with their units named; causes, unit and building have to be read."""
    groups: dict[tuple[Any, ...], list[UnitSeal]] = defaultdict(list)
    for seal in seals:
        gate_open = seal.round_day is None or seal.round_met_at is not None or seal.swept_at is not None
        key = (
            seal.last_infection_on,
            seal.clean_days,
            seal.release_on,
            seal.planned_release_on,
            seal.ending,
            gate_open,
            found_before(seal),
            timezone.localdate(seal.starts_at),
        )
        groups[key].append(seal)
    return sorted(
        (
            _clock(key, len(group), today, names_of(seal.unit for seal in group))
            for key, group in groups.items()
        ),
        key=lambda clock: (clock.release_on, clock.holds),
        reverse=True,
    )


def found_before(seal: UnitSeal) -> dt.date | None:
    """The date of the infection from which the days of a seal counted before its last one; None: no such."""
    earlier = [
        cause.found_on
        for cause in seal.causes.all()
        if cause.withdrawn_at is None and cause.found_on < seal.last_infection_on
    ]
    return max(earlier, default=None)


def names_of(units: Iterable[Unit], whole: Collection[str] = ()) -> str:
    """Units of one compound as they are published; their buildings have to be read."""
    return boundary_of(((unit.building.name, unit.name) for unit in units), whole)


def in_house_order(unit: Unit) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    """A key by which units stand as along the street: 2号楼 before 10号楼."""
    return in_order(unit.building.name), in_order(unit.name)


def purpose_label(purpose: str) -> str:
    """What a place is to the infected person, in words; "" where nobody said."""
    return str(PURPOSES[Purpose(purpose)]) if purpose in list(Purpose) else ""


@dataclass(slots=True)
class SealLine:
    """One unit of a zone's table."""

    seal: UnitSeal
    clock: Clock
    people: int
    """How many are registered there."""

    @property
    def name(self) -> str:
        """Building and unit."""
        return f"{self.seal.unit.building.name}{self.seal.unit.name}"

    @property
    def purpose(self) -> str:
        """What it is to the infected person."""
        return purpose_label(self.seal.purpose)


def seals_of(zone: Zone) -> list[UnitSeal]:
    """The seals of a zone in the order of the street, with all that its page shows. Three queries."""
    seals = zone.seals.select_related("unit__building", "ended_by").prefetch_related("causes", "rounds")
    return sorted(seals, key=lambda seal: in_house_order(seal.unit))


def residents_of(units: Collection[int]) -> dict[int, int]:
    """How many people are registered in each of these units. One query."""
    counted = Person.objects.filter(unit__in=units).order_by().values("unit").annotate(n=Count("pk"))
    return dict(counted.values_list("unit", "n"))
