"""What can be sealed because of infections: the proposed units, their buildings, and the rest of a compound.

The form to designate a zone is drawn from this. It decides nothing: the verb judges what was ticked.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from cases.actions.zoning import proposed_units
from cases.models import Infection, InfectionStay
from cases.zone_rows import in_house_order, purpose_label
from zones.models import Building, Compound, Unit, UnitSeal
from zones.rules import PURPOSES

RECENT = 40
"""So many infections are offered to choose from."""


@dataclass(slots=True)
class OfferedUnit:
    """One unit with its box."""

    unit: Unit
    ticked: bool
    why: Any
    """Why it is proposed, "" where it is not."""
    purpose: str
    """What it is to the infected person by a stay, in words; "" where nobody said."""
    seal: UnitSeal | None
    """The seal that holds already: then it cannot be ticked."""

    @property
    def name(self) -> str:
        """The unit's name, "" for the implicit one of a building without units."""
        return self.unit.name


@dataclass(slots=True)
class OfferedBuilding:
    """One building with its units."""

    building: Building
    stayed: bool
    """Whether an infected person stayed in it: else it is more than units and buildings (N三(二))."""
    purpose: str
    units: list[OfferedUnit] = field(default_factory=list)

    @property
    def wanted(self) -> bool:
        """Whether a unit of it is ticked."""
        return any(each.ticked for each in self.units)

    @property
    def implicit(self) -> bool:
        """Whether it has no separate units: a farmhouse, a hall."""
        return len(self.units) == 1 and not self.units[0].name


@dataclass(slots=True)
class OfferedCompound:
    """One compound with all its buildings."""

    compound: Compound
    buildings: list[OfferedBuilding] = field(default_factory=list)

    @property
    def near(self) -> list[OfferedBuilding]:
        """Buildings where an infected person stayed, and those of which a unit is ticked."""
        return [each for each in self.buildings if each.stayed or each.wanted]

    @property
    def far(self) -> list[OfferedBuilding]:
        """The others: more than units and buildings."""
        return [each for each in self.buildings if not each.stayed and not each.wanted]

    @property
    def beyond(self) -> bool:
        """Whether a ticked unit lies outside the buildings where an infected person stayed."""
        return any(each.wanted and not each.stayed for each in self.buildings)


@dataclass(slots=True)
class Offer:
    """Everything that the form shows."""

    compounds: list[OfferedCompound]
    stays: dict[int, str]
    """The purpose of a unit by its key, of a building by its key below 0."""
    silent_because: Any = ""
    """Why nothing is proposed, "" where something is."""
    outside: int = 0
    """How many of the places lie outside of the reader's area."""

    @property
    def units(self) -> list[Unit]:
        """All units that can be ticked or are sealed already."""
        return [each.unit for compound in self.compounds for one in compound.buildings for each in one.units]

    @property
    def beyond(self) -> bool:
        """Whether a ticked unit needs one of the two reasons."""
        return any(each.beyond for each in self.compounds)


def recent_infections(
    user: User, since: dt.date, until: dt.date, compound: Compound | None = None
) -> QuerySet[Infection]:
    """Infections of the area found on these dates: those of the compound first, then the newest."""
    found = (
        Infection.objects.visible_to(user)
        .standing()
        .filter(found_on__range=(since, until))
        .select_related("assessment", "community")
        .prefetch_related("stays__unit")
    )
    if compound is None:
        return found.order_by("-found_on", "-pk")[:RECENT]
    here = InfectionStay.objects.filter(infection=OuterRef("pk"), unit__building__compound=compound)
    return found.annotate(stayed_here=Exists(here)).order_by("-stayed_here", "-found_on", "-pk")[:RECENT]


def offer_of(
    infections: Sequence[Infection],
    *,
    compound: Compound | None,
    ticked: Collection[int] | None,
    purposes: Mapping[int, str],
    user: User,
    at: dt.datetime,
) -> Offer:
    """The units of the compounds where these infected people stayed, or of one compound.

    `ticked` None: those that are proposed. `purposes` is what somebody chose for a building. The stays of
    the infections have to be read.
    """
    why, silent = ({}, "") if compound else _proposed(infections, at)
    if ticked is None:
        ticked = why.keys()
    stays = stays_of(infections)
    compounds = {compound.pk} if compound else _compounds(infections)
    units = list(
        Unit.objects.visible_to(user)
        .filter(building__compound__in=compounds)
        .select_related("building__compound")
    )
    holding = {
        seal.unit_id: seal
        for seal in UnitSeal.objects.holding(at).filter(unit__in=[unit.pk for unit in units])
    }
    offered: dict[int, OfferedCompound] = {}
    buildings: dict[int, OfferedBuilding] = {}
    for unit in sorted(units, key=in_house_order):
        building = unit.building
        place = offered.setdefault(building.compound_id, OfferedCompound(building.compound))
        if building.pk not in buildings:
            chosen = purposes.get(building.pk, "")
            known = chosen if chosen in PURPOSES else stays.get(-building.pk, "")
            buildings[building.pk] = OfferedBuilding(building, -building.pk in stays, known)
            place.buildings.append(buildings[building.pk])
        buildings[building.pk].units.append(
            OfferedUnit(
                unit=unit,
                ticked=unit.pk in ticked and unit.pk not in holding,
                why=why.get(unit.pk, ""),
                purpose=purpose_label(stays.get(unit.pk, "")),
                seal=holding.get(unit.pk),
            )
        )
    known_units = {unit.pk for unit in units}
    outside = 0 if compound else sum(key > 0 and key not in known_units for key in stays)
    return Offer(list(offered.values()), stays, silent, outside)


def _proposed(infections: Iterable[Infection], at: dt.datetime) -> tuple[dict[int, Any], Any]:
    """Why which unit is proposed, and why nothing is: asked from the page of a single infection."""
    why: dict[int, Any] = {}
    silent: Any = ""
    for infection in infections:
        proposed = proposed_units(infection=infection, at=at)
        silent = proposed.silent_because
        why |= {each.unit.pk: each.why for each in proposed.units}
    return why, "" if why else silent


def stays_of(infections: Iterable[Infection]) -> dict[int, str]:
    """The purpose of each unit where somebody stayed, and below 0 that of its building."""
    found: dict[int, str] = {}
    for infection in infections:
        for stay in infection.stays.all():
            if stay.unit is not None:
                found.setdefault(stay.unit.pk, stay.purpose)
                found.setdefault(-stay.unit.building_id, stay.purpose)
    return found


def _compounds(infections: Iterable[Infection]) -> set[int]:
    """The compounds in which they stayed."""
    units = {stay.unit_id for infection in infections for stay in infection.stays.all() if stay.unit_id}
    return set(Unit.objects.filter(pk__in=units).values_list("building__compound", flat=True))
