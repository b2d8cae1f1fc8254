"""Zones for the tests of the public pages, made by the verbs as staff would make them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts.models import Area, User
from tests.builders import noon
from zones import actions
from zones.models import Unit, Zone
from zones.rules import Cause, Purpose

FOUND = dt.date(2022, 11, 12)


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def units(community: Area, *names: str, compound: str = "锦绣花园") -> list[Unit]:
    """Units such as "3号楼/1单元"; "8号楼" has its implicit one only."""
    stairs = []
    for name in names:
        building, _, unit = name.partition("/")
        stairs.append(actions.staircase(community=community, compound=compound, building=building, unit=unit))
    made = actions.ensure_units(stairs)
    return [made[each] for each in stairs]


def seal(where: Sequence[Unit], *, by: User, found: dt.date = FOUND, **changes: Any) -> Zone:
    """One designation because of an infection found on that date, at noon of it unless `at` says another."""
    values: dict[str, Any] = {
        "compound": where[0].building.compound,
        "units": dict.fromkeys(where, Purpose.HOME),
        "causes": [Cause(found.toordinal(), found)],
        "stayed": {unit.building_id for unit in where},
        "by": by,
        "at": noon(found),
    }
    zone = actions.designate(**(values | changes)).zone
    assert zone is not None
    return zone


def restart(where: Sequence[Unit], *, by: User, found: dt.date) -> None:
    """A new infection that concerns these units, found on that date."""
    actions.restart(units=where, cause=Cause(found.toordinal(), found), by=by, at=noon(found))


def end_early(zone: Zone, *, by: User, at: dt.datetime) -> None:
    """Every unit of the zone, at that instant."""
    assert actions.end_early(seals=list(zone.seals.all()), reason="核实：检测有误", by=by, at=at)
