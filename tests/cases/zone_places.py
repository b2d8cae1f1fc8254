"""What the tests of the zones' pages share: places, infections, and zones made through the verbs."""

import datetime as dt
from typing import Any

from accounts.models import Area, User
from cases.actions.infections import InfectionFacts, add_stay, report_infection
from cases.actions.zoning import seal_because_of
from cases.models import Infection
from tests.builders import noon
from zones.actions import ensure_units, staircase
from zones.models import Unit, Zone
from zones.rules import FoundWhere, Purpose, WiderReason


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def unit(community: Area, building: str = "3号楼", name: str = "1单元", compound: str = "锦绣花园") -> Unit:
    stairs = staircase(community=community, compound=compound, building=building, unit=name)
    return ensure_units([stairs])[stairs]


def infection(by: User, *places: Unit, on: int = 12, label: str = "", **changes: Any) -> Infection:
    """Found on that November date, having lived in the first place and worked in the others."""
    facts = {"label": label, "found_on": november(on), "found_where": FoundWhere.COMMUNITY} | changes
    found = report_infection(
        community=places[0].building.compound.community,
        facts=InfectionFacts(**facts),
        by=by,
        at=noon(november(on)),
    )
    for number, place in enumerate(places):
        add_stay(
            infection=found,
            purpose=Purpose.WORK if number else Purpose.HOME,
            unit=place,
            from_on=november(on - 3),
            to_on=november(on),
            by=by,
            at=noon(november(on)),
        )
    return found


def zone(by: User, found: Infection, *units: Unit, on: int | None = None, **more: Any) -> Zone:
    """These units sealed because of an infection, at noon of the date on which it was found."""
    at = noon(found.found_on if on is None else november(on))
    made = seal_because_of(infections=[found], units=dict.fromkeys(units, Purpose.HOME), by=by, at=at, **more)
    assert made[0].zone is not None
    return made[0].zone


def wider(by: User, found: Infection, *units: Unit, on: int = 13) -> Any:
    """A proposal of units beyond the buildings where the infected person stayed."""
    made = seal_because_of(
        infections=[found],
        units=dict.fromkeys(units, Purpose.HOME),
        wider=WiderReason.RISK_UNCLEAR,
        wider_note="传播链不清",
        by=by,
        at=noon(november(on)),
    )
    return made[0].proposal
