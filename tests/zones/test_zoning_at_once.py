"""Two at the same moment, in real threads with a connection each: one wins, the other is told."""

import datetime as dt
from typing import Any

import pytest

from accounts.models import Area, User
from policy.refusals import RuleViolation
from tests.builders import noon
from tests.cases.test_sweeps_at_once import at_once
from zones.actions import designate, end_early, ensure_units, opening, restart, staircase, sweep_openings
from zones.models import Unit, UnitSeal, Zone, ZoneEvent
from zones.rules import Cause, Purpose, ZoneEventKind

pytestmark = pytest.mark.django_db(transaction=True)

UNITS = 12


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture
def units(home: Area) -> list[Unit]:
    stairs = [
        staircase(community=home, compound="锦绣花园", building=f"{n}号楼") for n in range(1, UNITS + 1)
    ]
    made = ensure_units(stairs)
    return [made[each] for each in stairs]


def seal(units: list[Unit], by: User, infection: int = 1) -> Any:
    """A designation, or the refusal that the loser is told."""
    try:
        return designate(
            compound=units[0].building.compound,
            units=dict.fromkeys(units, Purpose.HOME),
            causes=[Cause(infection, november(12))],
            stayed={unit.building_id for unit in units},
            by=by,
            at=noon(november(12)),
        )
    except RuleViolation as refusal:
        return refusal.code


def test_of_two_designations_of_the_same_units_one_wins_and_the_other_is_told(
    units: list[Unit], carol: User
) -> None:
    results = at_once(lambda: seal(units, carol, 1), lambda: seal(list(reversed(units)), carol, 2))
    assert sorted(map(str, results)).count("all_taken") == 1
    assert UnitSeal.objects.count() == UNITS
    assert Zone.objects.count() == 1


def test_of_two_that_overlap_the_second_seals_what_is_left(units: list[Unit], carol: User) -> None:
    first, second = at_once(lambda: seal(units[:8], carol, 1), lambda: seal(units[4:], carol, 2))
    assert UnitSeal.objects.count() == UNITS
    assert UnitSeal.objects.values("unit").distinct().count() == UNITS
    assert sorted([len(first.taken), len(second.taken)]) == [0, 4]


def test_two_sweeps_at_once_open_each_unit_once(
    units: list[Unit], carol: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CHUNK", 3)
    seal(units, carol)
    at = noon(november(18))
    at_once(*[lambda: sweep_openings(at=at)] * 2)
    sweep_openings(at=at)  # what each left to the other in the last moment
    opened = ZoneEvent.objects.filter(kind=ZoneEventKind.OPENED)
    assert opened.count() == opened.values("seal").distinct().count() == UNITS
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.ENDED).count() == 1
    assert Zone.objects.get().ended_at == at


def test_a_sweep_and_a_new_designation_open_and_seal_each_unit_once(units: list[Unit], carol: User) -> None:
    seal(units, carol)
    at = noon(november(18))

    def anew() -> object:
        return designate(
            compound=units[0].building.compound,
            units=dict.fromkeys(units, Purpose.HOME),
            causes=[Cause(2, november(18))],
            stayed={unit.building_id for unit in units},
            by=carol,
            at=at,
        )

    at_once(lambda: sweep_openings(at=at), anew)
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.OPENED).count() == UNITS
    assert UnitSeal.objects.unswept().count() == UNITS


def test_a_restart_and_an_early_end_never_leave_a_unit_half_open(units: list[Unit], carol: User) -> None:
    seals = seal(units, carol).sealed
    at = noon(november(14))
    at_once(
        lambda: end_early(seals=seals, reason="核查", by=carol, at=at),
        lambda: restart(units=units, cause=Cause(2, november(14)), by=carol, at=at),
    )
    for each in UnitSeal.objects.all():
        assert each.ending == "early"
        assert each.release_on == november(14)
    assert Zone.objects.get().ended_at == at
