"""Making places on the fly, while people are registered or imported."""

from collections.abc import Iterable
from typing import NamedTuple

from accounts.models import Area
from zones.models import Building, Compound, Room, Site, Unit
from zones.rules import SiteKind, tidy_name


class Staircase(NamedTuple):
    """The tidied names that lead to one unit; an empty unit name is the building's implicit unit."""

    community_id: int
    compound: str
    building: str
    unit: str


def staircase(*, community: Area, compound: str, building: str, unit: str = "") -> Staircase:
    """The names of a unit as they are stored, from the names as somebody wrote them."""
    return Staircase(community.pk, tidy_name(compound), tidy_name(building), tidy_name(unit))


def ensure_units(wanted: Iterable[Staircase]) -> dict[Staircase, Unit]:
    """The unit for each staircase; compounds, buildings and units that are missing are made.

    Set-based (three reads, three writes at most) and safe when two registrations make the same place at
    once: the unique constraints decide, the loser reads what the winner wrote.
    """
    stairs = sorted(set(wanted))
    compounds = _ensure_compounds(stairs)
    buildings = _ensure_buildings(stairs, compounds)
    keys = {(buildings[s[:3]].pk, s.unit) for s in stairs}
    Unit.objects.bulk_create(
        [Unit(building_id=building, name=name) for building, name in sorted(keys)], ignore_conflicts=True
    )
    found = Unit.objects.filter(building__in={building for building, _ in keys}).select_related(
        "building__compound"
    )
    by_key = {(unit.building_id, unit.name): unit for unit in found}
    return {s: by_key[buildings[s[:3]].pk, s.unit] for s in stairs}


def _ensure_compounds(stairs: list[Staircase]) -> dict[tuple[int, str], Compound]:
    keys = {(s.community_id, s.compound) for s in stairs}
    Compound.objects.bulk_create(
        [Compound(community_id=community, name=name) for community, name in sorted(keys)],
        ignore_conflicts=True,
    )
    found = Compound.objects.filter(community__in={community for community, _ in keys})
    return {(compound.community_id, compound.name): compound for compound in found}


def _ensure_buildings(
    stairs: list[Staircase], compounds: dict[tuple[int, str], Compound]
) -> dict[tuple[int, str, str], Building]:
    keys = {(compounds[s[:2]].pk, s.building): s[:3] for s in stairs}
    Building.objects.bulk_create(
        [Building(compound_id=compound, name=name) for compound, name in sorted(keys)], ignore_conflicts=True
    )
    found = Building.objects.filter(compound__in={compound for compound, _ in keys})
    return {
        keys[building.compound_id, building.name]: building
        for building in found
        if (building.compound_id, building.name) in keys
    }


def ensure_room(*, community: Area, site: str, number: str) -> Room:
    """The room of an isolation site, both made when they are missing."""
    place, _ = Site.objects.get_or_create(
        community=community, name=tidy_name(site), defaults={"kind": SiteKind.ISOLATION}
    )
    room, _ = Room.objects.get_or_create(site=place, number=tidy_name(number))
    return room
