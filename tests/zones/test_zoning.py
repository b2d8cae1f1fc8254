"""A zone from its designation to its end, through the verbs."""

import datetime as dt

import pytest

from accounts.models import Area, User
from accounts.rules import Role
from policy.clock import midnight
from policy.refusals import RuleViolation
from tests.builders import noon, staff
from zones.actions import (
    approve,
    designate,
    end_early,
    ensure_units,
    record_round,
    restart,
    staircase,
    sweep_openings,
    withdraw_cause,
)
from zones.models import Unit, UnitSeal, Zone, ZoneEvent
from zones.rules import Cause, FoundWhere, Purpose, SealState, WiderReason, ZoneEventKind

pytestmark = pytest.mark.django_db


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture
def units(home: Area) -> list[Unit]:
    names = [("3号楼", "1单元"), ("3号楼", "2单元"), ("5号楼", "")]
    stairs = [staircase(community=home, compound="锦绣花园", building=b, unit=u) for b, u in names]
    made = ensure_units(stairs)
    return [made[each] for each in stairs]


def seal(units: list[Unit], by: User, day: int = 12, **more: object):
    values = {
        "compound": units[0].building.compound,
        "units": dict.fromkeys(units, Purpose.HOME),
        "causes": [Cause(day, november(day))],
        "stayed": {unit.building_id for unit in units},
        "by": by,
        "at": noon(november(day)),
    }
    return designate(**(values | more))


def test_a_zone_opens_on_the_sixth_date_by_the_clock(units: list[Unit], carol: User) -> None:
    zone = seal(units, carol).zone
    assert zone is not None
    assert zone.boundary == "3号楼、5号楼"
    just_before = midnight(november(18)) - dt.timedelta(seconds=1)
    assert Zone.objects.open(just_before).count() == 1
    assert not Zone.objects.open(midnight(november(18))).exists()
    assert sweep_openings(at=midnight(november(18)), dry_run=True) == 3
    assert sweep_openings(at=midnight(november(20))) == 3
    assert sweep_openings(at=midnight(november(20))) == 0
    opened = ZoneEvent.objects.filter(kind=ZoneEventKind.OPENED)
    assert {each.due_at for each in opened} == {midnight(november(18))}
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.ENDED).count() == 1


def test_a_restart_moves_only_the_units_concerned(units: list[Unit], carol: User) -> None:
    seal(units, carol)
    done = restart(units=units[:1], cause=Cause(99, november(15)), by=carol, at=noon(november(15)))
    assert [each.release_on for each in done.restarted] == [november(21)]
    assert set(UnitSeal.objects.values_list("release_on", flat=True)) == {november(18), november(21)}
    assert Zone.objects.get().release_on == november(21)
    again = restart(units=units[:1], cause=Cause(99, november(15)), by=carol, at=noon(november(16)))
    assert not again.restarted
    assert withdraw_cause(infection=99, by=carol, at=noon(november(16))) == 1
    assert Zone.objects.get().release_on == november(18)
    assert withdraw_cause(infection=12, by=carol, at=noon(november(16))) == 3
    assert Zone.objects.get().ended_at is not None


def test_units_beyond_wait_for_somebody_above(units: list[Unit], carol: User, county: Area) -> None:
    with pytest.raises(RuleViolation) as no:
        seal(units, carol, stayed={units[0].building_id})
    assert no.value.code == "wider_reason_needed"
    done = seal(
        units,
        carol,
        stayed={units[0].building_id},
        wider=WiderReason.RISK_UNCLEAR,
        wider_note="来源不明",
    )
    assert len(done.sealed) == 2
    assert done.proposal is not None
    boss = staff("boss", county, Role.SUPERVISOR)
    with pytest.raises(RuleViolation) as no:
        approve(proposal=done.proposal, by=carol, at=noon(november(12)))
    assert no.value.code == "not_above"
    wider = approve(proposal=done.proposal, by=boss, at=noon(november(13)))
    assert wider.zone is not None
    assert (wider.zone.wider_reason, wider.zone.approved_by) == (WiderReason.RISK_UNCLEAR, boss)


def test_ending_early_keeps_the_planned_date(units: list[Unit], carol: User) -> None:
    done = seal(units, carol)
    record_round(seal=done.sealed[0], people=3, sampled=3, negative=3, by=carol, at=noon(november(13)))
    assert end_early(seals=done.sealed, reason="误划", by=carol, at=noon(november(14))) == 3
    assert end_early(seals=done.sealed, reason="误划", by=carol, at=noon(november(14))) == 0
    held = UnitSeal.objects.first()
    assert held is not None
    assert (held.release_on, held.planned_release_on) == (november(14), november(18))
    assert held.state(noon(november(14))) is SealState.OPENED_EARLY
    assert seal(units, carol, 14).zone is not None


def test_found_in_central_isolation_asks_for_a_reason(units: list[Unit], carol: User) -> None:
    causes = [Cause(1, november(12), FoundWhere.CENTRAL)]
    with pytest.raises(RuleViolation) as no:
        seal(units, carol, causes=causes)
    assert no.value.code == "reason_needed"
    assert seal(units, carol, causes=causes, reason="同楼共用通风").zone is not None
    with pytest.raises(RuleViolation) as no:
        seal(units, carol)
    assert no.value.code == "all_taken"
