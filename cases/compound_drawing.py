"""楼栋图: a compound as its buildings and units, ready to be drawn; and the figures of many compounds.

Set-based: a drawing costs six queries and a page of compounds four, however much is in them.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from cases.models import Episode, KeyMark, Person
from cases.models.episode import EpisodeQuerySet
from cases.rules import Place
from policy.types import Mode
from zones.models import Building, Compound, Unit, UnitSeal
from zones.models.zone import UnitSealQuerySet
from zones.rules import SEAL_STATES, SealEnding, SealState, in_order

FRESH_DAYS = 7
"""For so many dates a unit that has opened is drawn as just opened."""
LOW, HIGH = 7, 19
"""Floors up to which a façade is drawn low, and from which it is drawn high."""


@dataclass(slots=True)
class DrawnUnit:
    """One unit: its seal, and how many people there are of which kind."""

    unit: Unit
    seal: UnitSeal | None
    """The one that holds now, or that opened within the last days."""
    state: SealState | None
    today: dt.date
    residents: int = 0
    at_home: int = 0
    """People under home isolation today who are at home."""
    key_people: int = 0

    @property
    def name(self) -> str:
        """The unit's own name, "" for an implicit one."""
        return self.unit.name

    @property
    def holds(self) -> bool:
        """Whether the unit is sealed now."""
        return self.state in (SealState.SEALED, SealState.OVERDUE)

    @property
    def overdue(self) -> bool:
        """Whether it should be open already."""
        return self.state is SealState.OVERDUE

    @property
    def freed(self) -> bool:
        """Whether it opened within the last days."""
        return self.seal is not None and not self.holds

    @property
    def state_label(self) -> str:
        """The state in words, "" where nothing was ever sealed lately."""
        return str(SEAL_STATES[self.state]) if self.state else ""

    @property
    def days_left(self) -> int:
        """Dates under seal from today on."""
        return self.seal.days_left(self.today) if self.seal else 0

    @property
    def days_over(self) -> int:
        """Days late."""
        return max((self.today - self.seal.release_on).days, 0) if self.seal else 0

    @property
    def look(self) -> str:
        """The class of the cell."""
        if self.overdue:
            return "sealed over"
        if self.holds:
            return "sealed"
        return "freed" if self.freed else ""


@dataclass(slots=True)
class DrawnBuilding:
    """One building with its units in the order of their numbers."""

    building: Building
    units: list[DrawnUnit]

    @property
    def look(self) -> str:
        """How high its façade is drawn: by its floors, as far as somebody said how many."""
        floors = self.building.floors
        if floors is None:
            return ""
        return "low" if floors <= LOW else "high" if floors >= HIGH else ""

    @property
    def shut(self) -> bool:
        """Whether a unit of it is sealed now."""
        return any(unit.holds for unit in self.units)


@dataclass(slots=True)
class Drawing:
    """The whole compound on a date."""

    buildings: list[DrawnBuilding]

    @property
    def units(self) -> list[DrawnUnit]:
        """All units, building by building."""
        return [unit for building in self.buildings for unit in building.units]

    @property
    def sealed(self) -> list[DrawnUnit]:
        """Those that are sealed now."""
        return [unit for unit in self.units if unit.holds]

    @property
    def overdue(self) -> int:
        """How many should be open already."""
        return sum(unit.overdue for unit in self.units)

    @property
    def freed(self) -> int:
        """How many opened within the last days."""
        return sum(unit.freed for unit in self.units)

    @property
    def at_home(self) -> int:
        """People under home isolation in the whole compound."""
        return sum(unit.at_home for unit in self.units)

    @property
    def residents(self) -> int:
        """People on file in the whole compound."""
        return sum(unit.residents for unit in self.units)


def draw_compound(compound: Compound, *, user: User, at: dt.datetime) -> Drawing:
    """The drawing of a compound as that user sees it at that instant. Six queries."""
    today = timezone.localdate(at)
    buildings = list(Building.objects.filter(compound=compound))
    units = list(Unit.objects.filter(building__compound=compound).select_related("building"))
    seals = _newest_seals(UnitSeal.objects.filter(unit__building__compound=compound), at)
    inside = Q(unit__building__compound=compound)
    residents = dict(_per_unit(Person.objects.visible_to(user).filter(inside), "unit"))
    at_home = dict(_per_unit(isolated_at_home(user, today, compound), "person__unit"))
    marked = Person.objects.visible_to(user).filter(inside, pk__in=KeyMark.objects.values("person_id"))
    key_people = dict(_per_unit(marked, "unit"))
    drawn: dict[int, list[DrawnUnit]] = {}
    for unit in sorted(units, key=lambda each: in_order(each.name)):
        seal = seals.get(unit.pk)
        drawn.setdefault(unit.building_id, []).append(
            DrawnUnit(
                unit=unit,
                seal=seal,
                state=seal.state(at) if seal else None,
                today=today,
                residents=residents.get(unit.pk, 0),
                at_home=at_home.get(unit.pk, 0),
                key_people=key_people.get(unit.pk, 0),
            )
        )
    buildings.sort(key=lambda each: in_order(each.name))
    return Drawing([DrawnBuilding(each, drawn.get(each.pk, [])) for each in buildings])


def _newest_seals(seals: UnitSealQuerySet, at: dt.datetime) -> dict[int, UnitSeal]:
    """By unit the seal that holds, or the last one that opened within the last days."""
    since = timezone.localdate(at) - dt.timedelta(days=FRESH_DAYS)
    lately = Q(release_on__gt=since) & ~Q(ending=SealEnding.NO_GROUND)
    shown = seals.filter(lately) | seals.holding(at)
    return {seal.unit_id: seal for seal in shown.order_by("starts_at", "pk")}


def isolated_at_home(user: User, on: dt.date, compound: Compound | None = None) -> EpisodeQuerySet:
    """Episodes of whom the rule keeps at home on that date, and who are there."""
    found = Episode.objects.visible_to(user).in_stage(Mode.HOME, on).filter(place=Place.HOME)
    return found.filter(person__unit__building__compound=compound) if compound else found


def _per_unit(rows: QuerySet[Any], path: str) -> "QuerySet[Any, tuple[int, int]]":
    return rows.order_by().values_list(path).annotate(how_many=Count("pk", distinct=True))


# ── many compounds ───────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class CompoundLine:
    """One compound of the list with its figures."""

    compound: Compound
    buildings: int = 0
    units: int = 0
    sealed: int = 0
    opens_on: dt.date | None = None
    """When the last of its sealed units opens."""
    overdue: bool = False
    """Whether one of them should be open already."""
    at_home: int = 0


def compound_lines(compounds: Collection[Compound], *, user: User, at: dt.datetime) -> list[CompoundLine]:
    """The figures of these compounds, in their order. Three queries."""
    today = timezone.localdate(at)
    keys = [compound.pk for compound in compounds]
    lines = {compound.pk: CompoundLine(compound) for compound in compounds}
    counted = Building.objects.filter(compound__in=keys).order_by().values("compound")
    for row in counted.annotate(houses=Count("pk", distinct=True), stairs=Count("units")):
        lines[row["compound"]].buildings = row["houses"]
        lines[row["compound"]].units = row["stairs"]
    path = "unit__building__compound"
    seals = UnitSeal.objects.holding(at).filter(**{f"{path}__in": keys}).order_by().values(path)
    counted = seals.annotate(
        sealed=Count("unit", distinct=True), first=Min("release_on"), last=Max("release_on")
    )
    for row in counted:
        line = lines[row[path]]
        line.sealed, line.opens_on = row["sealed"], row["last"]
        line.overdue = row["first"] <= today
    path = "person__unit__building__compound"
    at_home = isolated_at_home(user, today).filter(**{f"{path}__in": keys}).order_by().values(path)
    for row in at_home.annotate(people=Count("person", distinct=True)):
        lines[row[path]].at_home = row["people"]
    return list(lines.values())
