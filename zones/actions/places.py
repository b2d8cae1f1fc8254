"""Making places: on the fly while people are registered or imported, and on purpose for the drawing."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from policy.refusals import BadInput, RuleViolation
from zones.models import Building, Compound, Room, Site, Unit, UnitSeal, ZoneProposal
from zones.models.zone import UnitSealQuerySet
from zones.rules import PlaceKind, SiteKind, tidy_name

NUMBER = "{n}"
"""Where the number stands in a pattern of names."""
NAME_LENGTH = 40
"""So many characters fit into the name of a building or unit."""


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
    found = Unit.objects.filter(building__in={building for building, _name in keys}).select_related(
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
    found = Compound.objects.filter(community__in={community for community, _name in keys})
    return {(compound.community_id, compound.name): compound for compound in found}


def _ensure_buildings(
    stairs: list[Staircase], compounds: dict[tuple[int, str], Compound]
) -> dict[tuple[int, str, str], Building]:
    keys = {(compounds[s[:2]].pk, s.building): s[:3] for s in stairs}
    Building.objects.bulk_create(
        [Building(compound_id=compound, name=name) for compound, name in sorted(keys)], ignore_conflicts=True
    )
    found = Building.objects.filter(compound__in={compound for compound, _name in keys})
    return {
        keys[building.compound_id, building.name]: building
        for building in found
        if (building.compound_id, building.name) in keys
    }


def ensure_room(*, community: Area, site: str, number: str) -> Room:
    """The room of an isolation site, both made when they are missing.

    Raises BadInput at `site` for one that takes nobody in: a pharmacy, a school.
    """
    place, _made = Site.objects.get_or_create(
        community=community, name=tidy_name(site), defaults={"kind": SiteKind.ISOLATION}
    )
    if not place.takes_in:
        raise BadInput("site", _("This site takes nobody in. Please name an isolation site."))
    room, _made = Room.objects.get_or_create(site=place, number=tidy_name(number))
    return room


# ── the drawing of a compound: entered on purpose, quickly, and mended ───────────────────────────

MOST_BUILDINGS = 300
MOST_UNITS = 40
UNIT_PATTERN = "{n}单元"
"""How the units of a building are called where nobody says otherwise: they are data, not words of a page."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What laying buildings × units makes, and what of it stood there before."""

    buildings: tuple[str, ...]
    """New buildings."""
    kept: tuple[str, ...]
    """Buildings that were there already."""
    units: tuple[tuple[str, str], ...]
    """New units: building and unit name; an empty one is the building's implicit unit."""
    replaced: tuple[str, ...] = ()
    """Buildings whose implicit unit, on which nothing hung, gave way to the named ones."""


def make_compound(
    *, community: Area, name: str, kind: PlaceKind, address: str = "", by: User, at: dt.datetime
) -> Compound:
    """Make a compound without buildings. Raises BadInput at `community` and `name`."""
    _check_area(community, by)
    name = _named(name)
    made, fresh = Compound.objects.get_or_create(
        community=community, name=name, defaults={"kind": kind, "address": address.strip()}
    )
    if not fresh:
        raise BadInput("name", _("This community already has a compound of that name."))
    return made


def change_compound(
    *, compound: Compound, name: str, kind: PlaceKind, address: str, by: User, at: dt.datetime
) -> bool:
    """Mend name, kind and address; returns whether anything changed.

    While a unit of it is sealed the name stands: it is what was published (N三(二)).
    Raises RuleViolation `sealed`, BadInput at `name`.
    """
    _check_area(compound.community, by)
    name = _named(name)
    with transaction.atomic():
        found = Compound.objects.select_for_update(no_key=True).get(pk=compound.pk)
        if name != found.name:
            _refuse_sealed(UnitSeal.objects.filter(unit__building__compound=found), at)
            taken = Compound.objects.filter(community=found.community_id, name=name)
            if taken.exists():
                raise BadInput("name", _("This community already has a compound of that name."))
        return _write(found, name=name, kind=kind, address=address.strip())


def change_building(*, building: Building, name: str, floors: int | None, by: User, at: dt.datetime) -> bool:
    """Mend the name and the floors of a building; returns whether anything changed.

    Raises RuleViolation `sealed` (a published name stands until the units are open), BadInput at `name`.
    """
    _check_area(building.compound.community, by)
    name = _named(name)
    with transaction.atomic():
        found = Building.objects.select_for_update(no_key=True).get(pk=building.pk)
        if name != found.name:
            _refuse_sealed(UnitSeal.objects.filter(unit__building=found), at)
            if Building.objects.filter(compound=found.compound_id, name=name).exists():
                raise BadInput("name", _("This compound already has a building of that name."))
        return _write(found, name=name, floors=floors)


def change_unit(*, unit: Unit, name: str, by: User, at: dt.datetime) -> bool:
    """Mend the name of a unit, "" for the implicit one; returns whether it changed.

    Raises RuleViolation `sealed`, BadInput at `name`.
    """
    _check_area(unit.building.compound.community, by)
    name = _named(name, optional=True)
    with transaction.atomic():
        found = Unit.objects.select_for_update(no_key=True).get(pk=unit.pk)
        if name == found.name:
            return False
        _refuse_sealed(UnitSeal.objects.filter(unit=found), at)
        if Unit.objects.filter(building=found.building_id, name=name).exists():
            raise BadInput("name", _("This building already has a unit of that name."))
        return _write(found, name=name)


def grid_of(
    *, compound: Compound, buildings: Sequence[str], units_per_building: int, unit_pattern: str = UNIT_PATTERN
) -> Grid:
    """What `lay_grid` would make of these names; writes nothing. Two queries.

    `units_per_building` 0: one implicit unit, but only where a building has no unit at all. Raises BadInput
    at `buildings`, `units_per_building`, `unit_pattern`.
    """
    names = _building_names(buildings)
    wanted = _unit_names(units_per_building, unit_pattern)
    there = {
        building.name: building
        for building in Building.objects.filter(compound=compound, name__in=names).prefetch_related("units")
    }
    units: list[tuple[str, str]] = []
    replaced = []
    for name in names:
        known = [unit.name for unit in there[name].units.all()] if name in there else []
        units += [(name, unit) for unit in wanted if unit not in known and (unit or not known)]
        if "" in known and any(wanted):
            replaced.append(name)
    return Grid(
        buildings=tuple(name for name in names if name not in there),
        kept=tuple(name for name in names if name in there),
        units=tuple(units),
        replaced=tuple(replaced),
    )


def lay_grid(
    *,
    compound: Compound,
    buildings: Sequence[str],
    units_per_building: int,
    floors: int | None,
    by: User,
    at: dt.datetime,
    unit_pattern: str = UNIT_PATTERN,
) -> Grid:
    """Make these buildings with so many units each; returns what was made and what was kept.

    What stands there already is kept as it is, with its people and seals; floors are filled in where
    nobody had said them. Twice is once. An implicit unit on which nothing hangs gives way to named ones.
    Raises BadInput as `grid_of` does, and at `community`.
    """
    _check_area(compound.community, by)
    with transaction.atomic():
        grid = grid_of(
            compound=compound,
            buildings=buildings,
            units_per_building=units_per_building,
            unit_pattern=unit_pattern,
        )
        Building.objects.bulk_create(
            [Building(compound=compound, name=name, floors=floors) for name in grid.buildings],
            ignore_conflicts=True,
        )
        if floors is not None:
            Building.objects.filter(compound=compound, name__in=grid.kept, floors=None).update(floors=floors)
        keys = dict(
            Building.objects.filter(compound=compound, name__in=[*grid.buildings, *grid.kept]).values_list(
                "name", "pk"
            )
        )
        Unit.objects.bulk_create(
            [Unit(building_id=keys[building], name=name) for building, name in grid.units],
            ignore_conflicts=True,
        )
        implicit = Unit.objects.filter(
            building__in=[keys[name] for name in grid.replaced], name=""
        ).select_related("building")
        replaced = [unit.building.name for unit in implicit if _delete_if_free(unit)]
    return replace(grid, replaced=tuple(replaced))


def remove_unit(*, unit: Unit, by: User, at: dt.datetime) -> bool:
    """Take back a unit that was entered by mistake; returns whether it was there.

    Raises RuleViolation `in_use` when people, seals, stays or proposals hang on it.
    """
    _check_area(unit.building.compound.community, by)
    with transaction.atomic():
        found = Unit.objects.select_for_update().filter(pk=unit.pk).first()
        if found is not None and not _delete_if_free(found):
            raise _in_use()
    return found is not None


def remove_building(*, building: Building, by: User, at: dt.datetime) -> bool:
    """Take back a building with all its units; returns whether it was there.

    Raises RuleViolation `in_use` when anything hangs on one of them: then none goes.
    """
    _check_area(building.compound.community, by)
    with transaction.atomic():
        found = Building.objects.select_for_update().filter(pk=building.pk).first()
        if found is None:
            return False
        if not all(_delete_if_free(unit) for unit in found.units.select_for_update()):
            raise _in_use()
        found.delete()
    return True


def _delete_if_free(unit: Unit) -> bool:
    """Delete a unit on which nothing hangs; False when something does. Other floors say so by PROTECT."""
    if ZoneProposal.objects.filter(units=unit).exists():
        return False
    try:
        with transaction.atomic():
            unit.delete()
    except ProtectedError:
        return False
    return True


def _in_use() -> RuleViolation:
    return RuleViolation(
        "in_use",
        "",
        _("People are registered here, or it was sealed once: it stays. Its name can be mended."),
    )


def _refuse_sealed(seals: UnitSealQuerySet, at: dt.datetime) -> None:
    if seals.holding(at).exists():
        raise RuleViolation(
            "sealed",
            "三(二)",
            _("A unit here is sealed under its published name; it can be renamed when it is open again."),
            field="name",
        )


def _write(row: Compound | Building | Unit, **values: object) -> bool:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    return bool(changed)


def _check_area(community: Area, by: User) -> None:
    if by.area is None or not by.area.covers(community):
        raise BadInput("community", _("This community lies outside your area."))


def _named(written: str, *, optional: bool = False) -> str:
    name = tidy_name(written)
    if not name and not optional:
        raise BadInput("name", _("The name is missing."))
    return name


def _building_names(written: Sequence[str]) -> list[str]:
    names = list(dict.fromkeys(name for each in written if (name := tidy_name(each))))
    if not names:
        raise BadInput("buildings", _("Which buildings?"))
    if len(names) > MOST_BUILDINGS:
        raise BadInput("buildings", _("So many buildings at once are more likely a slip; lay them in parts."))
    if max(map(len, names)) > NAME_LENGTH:
        raise BadInput("buildings", _("The name is too long."))
    return names


def _unit_names(count: int, pattern: str) -> list[str]:
    if count < 0 or count > MOST_UNITS:
        raise BadInput("units_per_building", _("So many units in one building are more likely a slip."))
    if count == 0:
        return [""]
    if NUMBER not in pattern:
        raise BadInput("unit_pattern", _("Write {n} where the number stands."))
    names = [tidy_name(pattern.replace(NUMBER, str(number))) for number in range(1, count + 1)]
    if max(map(len, names)) > NAME_LENGTH:
        raise BadInput("unit_pattern", _("The name is too long."))
    return names
