"""Editions with a gate, and the day an edition changes: named, told upward, never silent, never later."""

import datetime as dt

import pytest

from accounts.models import Area, User
from notices.models import Message
from notices.rules import MessageKind
from policy.clock import midnight
from policy.models import EditionActivation, PolicyEdition
from policy.refusals import BadInput, RuleViolation
from tests.builders import noon
from zones.actions import (
    designate,
    ensure_units,
    follow_editions,
    record_round,
    restart,
    staircase,
    sweep_openings,
    sweep_overdue_rounds,
)
from zones.models import Unit, UnitSeal, Zone, ZoneEvent
from zones.rules import Cause, Purpose, SealState, ZoneEventKind

pytestmark = pytest.mark.django_db


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def edition(code: str, on: dt.date, zones: str) -> PolicyEdition:
    """An edition with its own table of zones, in force from that date."""
    made = PolicyEdition(
        source=f'''
code = "{code}"
parent = "twenty"
effective_on = {on}
practice = true

[title]
zh = "本地"
en = "Local"

[zones]
clause = "二(四)"
wider_clause = "三(二)"
{zones}
'''
    )
    made.store()
    EditionActivation.objects.create(edition=made, from_on=on, activated_at=midnight(on))
    return made


@pytest.fixture
def unit(home: Area) -> Unit:
    stairs = staircase(community=home, compound="锦绣花园", building="3号楼", unit="1单元")
    return ensure_units([stairs])[stairs]


def seal(unit: Unit, by: User, day: int) -> UnitSeal:
    return designate(
        compound=unit.building.compound,
        units={unit: Purpose.HOME},
        causes=[Cause(day, november(day))],
        stayed={unit.building_id},
        by=by,
        at=noon(november(day)),
    ).sealed[0]


class TestAGate:
    @pytest.fixture
    def held(self, unit: Unit, carol: User) -> UnitSeal:
        edition("gated", november(12), "clean_days = 5\nround_day = 5")
        return seal(unit, carol, 12)

    def test_a_round_that_is_not_met_holds_the_unit_and_is_named_once(self, held: UnitSeal) -> None:
        at = midnight(november(18))
        assert held.state(at - dt.timedelta(seconds=1)) is SealState.SEALED
        assert held.state(at) is SealState.OVERDUE
        assert Zone.objects.open(at).count() == UnitSeal.objects.holding(at).count() == 1
        assert sweep_openings(at=at) == 0
        assert (sweep_overdue_rounds(at=at, dry_run=True), sweep_overdue_rounds(at=at)) == (1, 1)
        assert sweep_overdue_rounds(at=noon(november(19))) == 0
        told = Message.objects.filter(kind=MessageKind.ZONE_OVERDUE)
        assert set(told.values_list("community__level", flat=True)) == {"community", "street"}

    def test_after_a_restart_a_second_overdue_is_named_again(
        self, held: UnitSeal, carol: User, unit: Unit
    ) -> None:
        assert sweep_overdue_rounds(at=noon(november(18))) == 1
        restart(units=[unit], cause=Cause(9, november(18)), by=carol, at=noon(november(18)))
        assert sweep_overdue_rounds(at=noon(november(23))) == 0
        assert sweep_overdue_rounds(at=noon(november(24))) == 1

    def test_a_complete_round_opens_it_by_the_clock(self, held: UnitSeal, alice: User) -> None:
        at = noon(november(17))
        record_round(seal=held, people=9, sampled=9, negative=9, by=alice, at=at)
        assert held.state(at) is SealState.SEALED
        assert held.state(midnight(november(18))) is SealState.OPEN
        assert sweep_openings(at=midnight(november(18))) == 1

    def test_a_round_too_early_or_with_somebody_missing_does_not_count(
        self, held: UnitSeal, alice: User
    ) -> None:
        record_round(seal=held, people=9, sampled=9, negative=9, by=alice, at=noon(november(16)))
        record_round(seal=held, people=9, sampled=9, negative=8, by=alice, at=noon(november(17)))
        assert held.state(midnight(november(18))) is SealState.OVERDUE

    def test_a_late_round_opens_at_once_and_only_once(self, held: UnitSeal, alice: User) -> None:
        at = noon(november(20))
        record_round(seal=held, people=9, sampled=9, negative=9, by=alice, at=at)
        assert held.state(at) is SealState.OPEN
        assert ZoneEvent.objects.filter(kind=ZoneEventKind.OPENED).count() == 1
        assert ZoneEvent.objects.filter(kind=ZoneEventKind.ENDED).count() == 1
        with pytest.raises(RuleViolation) as refusal:
            record_round(seal=held, people=9, sampled=9, negative=9, by=alice, at=at)
        assert refusal.value.code == "not_holding"

    def test_a_new_infection_closes_the_gate_again(self, held: UnitSeal, carol: User, unit: Unit) -> None:
        record_round(seal=held, people=9, sampled=9, negative=9, by=carol, at=noon(november(17)))
        restart(units=[unit], cause=Cause(9, november(17)), by=carol, at=noon(november(17)))
        held.refresh_from_db()
        assert held.release_on == november(23)
        assert held.state(midnight(november(23))) is SealState.OVERDUE

    @pytest.mark.parametrize(
        ("counts", "field"),
        [((0, 0, 0), "people"), ((3, 4, 3), "sampled"), ((3, 3, 4), "negative"), ((3, 3, -1), "sampled")],
    )
    def test_counts_that_cannot_be_are_refused_at_their_field(
        self, held: UnitSeal, alice: User, counts: tuple[int, int, int], field: str
    ) -> None:
        people, sampled, negative = counts
        with pytest.raises(BadInput) as bad:
            record_round(
                seal=held, people=people, sampled=sampled, negative=negative, by=alice, at=noon(november(17))
            )
        assert bad.value.field == field

    def test_the_neighbour_counts_nothing(self, held: UnitSeal, bob: User) -> None:
        with pytest.raises(RuleViolation) as refusal:
            record_round(seal=held, people=1, sampled=1, negative=1, by=bob, at=noon(november(17)))
        assert refusal.value.code == "outside_area"


class TestAChangeOfEdition:
    def test_fewer_days_open_earlier_and_are_written_down_once(self, unit: Unit, carol: User) -> None:
        held = seal(unit, carol, 12)
        edition("shorter", november(15), "clean_days = 3")
        assert follow_editions(at=noon(november(14))) == 0
        assert follow_editions(at=noon(november(15))) == 1
        assert follow_editions(at=noon(november(15))) == 0
        held.refresh_from_db()
        assert (held.release_on, held.planned_release_on) == (november(16), november(18))
        assert Zone.objects.get().release_on == november(16)
        event = ZoneEvent.objects.get(kind=ZoneEventKind.EDITION_CHANGED)
        assert event.details["edition_before"] == "twenty"

    def test_more_days_hold_nobody_longer(self, unit: Unit, carol: User) -> None:
        held = seal(unit, carol, 12)
        edition("longer", november(15), "clean_days = 14")
        follow_editions(at=noon(november(15)))
        held.refresh_from_db()
        assert held.release_on == november(18)

    def test_a_gate_is_not_put_on_units_that_are_sealed_already(self, unit: Unit, carol: User) -> None:
        held = seal(unit, carol, 12)
        edition("gated", november(15), "clean_days = 5\nround_day = 5")
        follow_editions(at=noon(november(15)))
        held.refresh_from_db()
        assert held.state(midnight(november(18))) is SealState.OPEN

    def test_a_gate_that_is_lifted_holds_nobody(self, unit: Unit, carol: User) -> None:
        edition("gated", november(12), "clean_days = 5\nround_day = 5")
        held = seal(unit, carol, 12)
        edition("free", november(20), "clean_days = 5")
        follow_editions(at=midnight(november(20)))
        held.refresh_from_db()
        assert held.state(midnight(november(20))) is SealState.OPEN
        assert sweep_openings(at=midnight(november(20))) == 1

    def test_under_the_ninth_edition_nothing_can_be_sealed(self, unit: Unit, carol: User) -> None:
        with pytest.raises(RuleViolation) as refusal:
            seal(unit, carol, 10)
        assert refusal.value.code == "not_in_edition"
        assert seal(unit, carol, 11).release_on == november(17)

    def test_an_edition_without_zones_opens_everything_from_its_date(self, unit: Unit, carol: User) -> None:
        held = seal(unit, carol, 12)
        ninth = PolicyEdition.objects.get(code="ninth")
        EditionActivation.objects.create(
            edition=ninth, from_on=november(15), activated_at=midnight(november(14))
        )
        assert follow_editions(at=noon(november(17))) == 1
        held.refresh_from_db()
        assert held.release_on == november(15)
        assert sweep_openings(at=noon(november(17))) == 1

    def test_after_an_outage_over_the_change_it_is_open_since_the_date_of_the_rule(
        self, unit: Unit, carol: User
    ) -> None:
        held = seal(unit, carol, 12)
        edition("shorter", november(15), "clean_days = 3")
        follow_editions(at=noon(november(25)))
        held.refresh_from_db()
        assert held.release_on == november(16)

    def test_a_restart_counts_by_the_edition_in_force_also_before_anything_ran(
        self, unit: Unit, carol: User
    ) -> None:
        held = seal(unit, carol, 12)
        edition("shorter", november(13), "clean_days = 2")
        restart(units=[unit], cause=Cause(9, november(14)), by=carol, at=noon(november(14)))
        held.refresh_from_db()
        assert (held.release_on, held.edition) == (november(17), "shorter")

    def test_when_no_edition_can_be_read_the_sweep_goes_on(self, unit: Unit, carol: User) -> None:
        seal(unit, carol, 12)
        EditionActivation.objects.all().delete()
        assert follow_editions(at=midnight(november(18))) == 0
        assert sweep_openings(at=midnight(november(18))) == 1
