"""Zones for tests of what stands inside them, designated by the product's own verb."""

import datetime as dt

from accounts.models import User
from tests.builders import noon
from zones.actions import designate
from zones.models import Unit, UnitSeal, Zone
from zones.rules import Cause, Purpose

FOUND_ON = dt.date(2022, 11, 12)


def zone_of(units: list[Unit], by: User, found_on: dt.date = FOUND_ON) -> Zone:
    """A zone of these units, designated at noon of the date on which the infection was found: day 0."""
    made = designate(
        compound=units[0].building.compound,
        units=dict.fromkeys(units, Purpose.HOME),
        causes=[Cause(infection=1, found_on=found_on)],
        stayed={unit.building_id for unit in units},
        by=by,
        at=noon(found_on),
    )
    assert made.zone is not None
    assert not made.taken
    return made.zone


def seal(unit: Unit, by: User, found_on: dt.date = FOUND_ON) -> UnitSeal:
    """The seal of a unit that is a zone of its own."""
    return zone_of([unit], by, found_on).seals.get()
