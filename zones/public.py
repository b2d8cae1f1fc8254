"""What anybody may read about high-risk zones: places, dates and clauses, never a person (N三(二)).

Everything is handed out as values. No page, feed or text that is made of them can walk from a zone to the
people behind it: who was found, who lives there, who designated it. The queries: `zones.published`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from accounts.rules import Level
from policy.strip import Strip
from zones.rules import WIDER_REASONS, SealEnding, SealState, WiderReason, boundary_of, day_of, in_order
from zones.strip import draw_seal

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Part:
    """Units of a zone whose clocks agree, as they stand on the date `today`."""

    boundary: str
    units: int
    last_infection_on: dt.date
    clean_days: int
    release_on: dt.date
    planned_release_on: dt.date
    state: SealState
    today: dt.date
    opened_on: dt.date | None = None
    """The first date on which they were low-risk again; None while they are sealed or overdue."""
    ending: str = ""
    sealed_on: dt.date | None = None
    found_before: dt.date | None = None
    """The infection whose days the last one started anew; None: they were never started anew."""

    @property
    def is_sealed(self) -> bool:
        """Whether nobody goes out yet, in time or overdue."""
        return self.state in (SealState.SEALED, SealState.OVERDUE)

    @property
    def is_overdue(self) -> bool:
        """Whether the five dates are over and a gate of the edition is not met: our delay, shown as such."""
        return self.state is SealState.OVERDUE

    @property
    def by_mistake(self) -> bool:
        """Whether it opened because the finding behind it was a mistake."""
        return self.ending == SealEnding.NO_GROUND

    @property
    def opened_early(self) -> bool:
        """Whether somebody opened it before its date."""
        return self.ending == SealEnding.EARLY

    @property
    def day(self) -> int:
        """Which of the clean dates today is: 0 on the date of the last infection, at most the last."""
        return min(day_of(self.today, self.last_infection_on), self.clean_days)

    @property
    def days_left(self) -> int:
        """Whole dates under seal from today on, today included."""
        return max((self.release_on - self.today).days, 0) if self.is_sealed else 0

    @property
    def first_clean_on(self) -> dt.date:
        """Day 1."""
        return self.last_infection_on + DAY

    @property
    def last_clean_on(self) -> dt.date:
        """The last of the dates without a new infection, as planned."""
        return self.last_infection_on + self.clean_days * DAY

    @property
    def strip(self) -> Strip:
        """Its days as a strip that ends."""
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
        )


@dataclass(frozen=True, slots=True)
class PublicZone:
    """One designation as it is published, with the clocks of its units."""

    pk: int
    compound_id: int
    compound: str
    address: str
    boundary: str
    places: Mapping[str, tuple[str, str]]
    """Code and name of the community, street and county, by level."""
    units: int
    designated_at: dt.datetime
    clause: str
    edition: str
    wider: WiderReason | None
    wider_note: str
    approved: bool
    release_on: dt.date
    parts: tuple[Part, ...] = ()

    @property
    def url(self) -> str:
        """Its page."""
        return reverse("risk-zone", args=[self.pk])

    @property
    def name(self) -> str:
        """Compound and boundary."""
        return f"{self.compound} {self.boundary}"

    @property
    def wider_label(self) -> str:
        """Which of the two reasons made it wider than units and buildings; "" where none did."""
        return str(WIDER_REASONS[self.wider]) if self.wider else ""

    @property
    def community(self) -> str:
        """The name of the community."""
        return self.places[Level.COMMUNITY][1]

    @property
    def street(self) -> str:
        """The name of the street; "" where the tree of areas names none."""
        return self.places[Level.STREET][1]

    @property
    def county(self) -> str:
        """The name of the county; "" where the tree of areas names none."""
        return self.places[Level.COUNTY][1]

    @property
    def area(self) -> tuple[str, str]:
        """Code and name of the county, or of the highest area that is known instead."""
        return next(self.places[level] for level in UPWARDS if self.places[level][0])

    @property
    def sealed(self) -> list[Part]:
        """The parts that nobody leaves yet."""
        return [part for part in self.parts if part.is_sealed]

    @property
    def is_open_again(self) -> bool:
        """Whether its last unit is low-risk again."""
        return not self.sealed

    @property
    def is_overdue(self) -> bool:
        """Whether a part of it is overdue."""
        return any(part.is_overdue for part in self.parts)

    @property
    def opens_on(self) -> dt.date:
        """The date on which the last unit that is still sealed opens; of an ended zone, when it opened."""
        sealed = [part.release_on for part in self.sealed]
        return max(sealed) if sealed else self.low_risk_since

    @property
    def low_risk_since(self) -> dt.date:
        """The date of the opening of its last unit."""
        return max((part.opened_on or part.release_on for part in self.parts), default=self.release_on)


UPWARDS = (Level.COUNTY, Level.STREET, Level.COMMUNITY)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one unit, as the parts are grouped by it."""

    last_infection_on: dt.date
    clean_days: int
    release_on: dt.date
    planned_release_on: dt.date
    state: SealState
    opened_on: dt.date | None
    ending: str
    sealed_on: dt.date
    found_before: dt.date | None = None


@dataclass(frozen=True, slots=True)
class SealedUnit:
    """One unit of a zone by its names, and its clock."""

    pk: int
    building: str
    unit: str
    clock: Clock

    @property
    def key(self) -> str:
        """Both names, as a boundary writes them."""
        return self.building + self.unit


def named_units(units: Collection[SealedUnit], everything: Iterable[SealedUnit], boundary: str) -> str:
    """Some units of a zone as they are published; all of them are named as the zone is.

    A building that `boundary` names as a whole is named so again where all of its units are among them.
    """
    totals = Counter(unit.building for unit in everything)
    here = Counter(unit.building for unit in units)
    if here == totals:
        return boundary
    whole = set(boundary.split("、"))
    return boundary_of(
        [(unit.building, unit.unit) for unit in units],
        {building for building, count in here.items() if building in whole and count == totals[building]},
    )


def parts_of(units: Collection[SealedUnit], boundary: str, today: dt.date) -> tuple[Part, ...]:
    """The units grouped by their clocks: sealed ones first, the next to open at the head."""
    groups: dict[Clock, list[SealedUnit]] = {}
    for unit in units:
        groups.setdefault(unit.clock, []).append(unit)
    parts = [
        part_of(clock, named_units(members, units, boundary), len(members), today)
        for clock, members in groups.items()
    ]
    return tuple(
        sorted(parts, key=lambda part: (not part.is_sealed, part.release_on, in_order(part.boundary)))
    )


def part_of(clock: Clock, boundary: str, units: int, today: dt.date) -> Part:
    """That many units on one clock, under that name."""
    return Part(
        boundary=boundary,
        units=units,
        last_infection_on=clock.last_infection_on,
        clean_days=clock.clean_days,
        release_on=clock.release_on,
        planned_release_on=clock.planned_release_on,
        state=clock.state,
        today=today,
        opened_on=clock.opened_on,
        ending=clock.ending,
        sealed_on=clock.sealed_on,
        found_before=clock.found_before,
    )
