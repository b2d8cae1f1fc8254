"""Zones as their rows, for tests of what only reads them."""

import datetime as dt

from accounts.models import User
from accounts.scoped import area_columns
from tests.builders import noon
from zones.models import Unit, UnitSeal, Zone
from zones.rules import boundary_of

FOUND_ON = dt.date(2022, 11, 12)


def zone_of(units: list[Unit], by: User, found_on: dt.date = FOUND_ON) -> Zone:
    """A zone of these units, designated at noon of the date on which the infection was found: day 0."""
    compound = units[0].building.compound
    opens = found_on + dt.timedelta(days=6)
    columns = area_columns(compound.community)
    zone = Zone.objects.create(
        **columns,
        compound=compound,
        boundary=boundary_of([(unit.building.name, unit.name) for unit in units]),
        unit_count=len(units),
        edition="twenty",
        clause="二(四)",
        designated_at=noon(found_on),
        designated_by=by,
        release_on=opens,
    )
    for unit in units:
        UnitSeal.objects.create(
            **columns,
            zone=zone,
            unit=unit,
            edition="twenty",
            clause="二(四)",
            starts_at=noon(found_on),
            last_infection_on=found_on,
            clean_days=5,
            release_on=opens,
            planned_release_on=opens,
        )
    return zone


def seal(unit: Unit, by: User, found_on: dt.date = FOUND_ON) -> UnitSeal:
    """The seal of a unit that is a zone of its own."""
    return zone_of([unit], by, found_on).seals.get()
