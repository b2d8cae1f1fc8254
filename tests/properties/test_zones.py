"""Whatever is sealed, restarted, ended early or withdrawn, whenever a worker runs: five dates, no more."""

import datetime as dt

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Area, User
from policy.clock import midnight
from policy.refusals import RuleViolation
from tests.builders import noon
from zones.actions import (
    designate,
    end_early,
    ensure_units,
    restart,
    staircase,
    sweep_openings,
    withdraw_cause,
)
from zones.models import SealCause, Unit, UnitSeal, Zone, ZoneEvent
from zones.rules import Cause, FoundWhere, Purpose, SealEnding, SealState, ZoneEventKind

FIRST = dt.date(2022, 11, 11)
DAY = dt.timedelta(days=1)
HOLDING = (SealState.SEALED, SealState.OVERDUE)

units_of_three = st.sets(st.integers(0, 2), min_size=1)
deeds = st.one_of(
    st.tuples(st.just("designate"), units_of_three, st.integers(-6, 0), st.sampled_from(FoundWhere)),
    st.tuples(st.just("restart"), units_of_three, st.integers(-8, 0), st.sampled_from(FoundWhere)),
    st.tuples(st.just("end_early"), units_of_three, st.just(0), st.just(FoundWhere.COMMUNITY)),
    st.tuples(st.just("withdraw"), units_of_three, st.integers(1, 8), st.just(FoundWhere.COMMUNITY)),
    st.tuples(st.just("sweep"), units_of_three, st.just(0), st.just(FoundWhere.COMMUNITY)),
)
lives = st.lists(st.tuples(st.integers(0, 30), deeds), max_size=14).map(
    lambda found: sorted(found, key=lambda each: each[0])
)


def staircases(home: Area) -> list[Unit]:
    stairs = [
        staircase(community=home, compound="锦绣花园", building="3号楼", unit=f"{n}单元") for n in (1, 2, 3)
    ]
    made = ensure_units(stairs)
    return [made[each] for each in stairs]


def live(units: list[Unit], life: list[tuple[int, tuple[str, set[int], int, FoundWhere]]], by: User) -> None:
    """Do these deeds, each at noon of its date; a refusal is an answer like any other."""
    for number, (day, (deed, which, shift, where)) in enumerate(life, start=1):
        at = noon(FIRST + day * DAY)
        chosen = [units[n] for n in sorted(which)]
        cause = Cause(number, FIRST + (day + shift) * DAY, where)
        try:
            if deed == "designate":
                designate(
                    compound=units[0].building.compound,
                    units=dict.fromkeys(chosen, Purpose.HOME),
                    causes=[cause],
                    stayed={units[0].building_id},
                    reason="共用通道",
                    by=by,
                    at=at,
                )
            elif deed == "restart":
                restart(units=chosen, cause=cause, reason="共用通道", by=by, at=at)
            elif deed == "end_early":
                end_early(seals=list(UnitSeal.objects.filter(unit__in=chosen)), reason="核查", by=by, at=at)
            elif deed == "withdraw":
                withdraw_cause(infection=shift, by=by, at=at)
            else:
                sweep_openings(at=at)
        except RuleViolation:
            pass
        check(at)


def check(at: dt.datetime) -> None:
    """What has to hold at every instant."""
    for moment in (at, midnight(at.date() + DAY)):
        held: list[int] = []
        for seal in UnitSeal.objects.all():
            if seal.starts_at > moment or seal.state(moment) not in HOLDING:
                continue
            held.append(seal.unit_id)
            found = SealCause.objects.filter(seal=seal, withdrawn_at=None).values_list("found_on", flat=True)
            assert moment < midnight(max(found) + 6 * DAY), "sealed on the sixth date"
        assert len(held) == len(set(held)), "two zones hold one unit"
        assert set(UnitSeal.objects.holding(moment).values_list("unit_id", flat=True)) == set(held)


def check_the_end(last: dt.datetime) -> None:
    """Long after: everything is open, by the clock not before its five dates, and written down once."""
    sweep_openings(at=last)
    assert sweep_openings(at=last) == 0
    for seal in UnitSeal.objects.all():
        assert seal.state(last) not in HOLDING
        opened = seal.events.filter(kind=ZoneEventKind.OPENED).count()
        assert opened == (0 if seal.ending == SealEnding.EARLY else 1)
        if seal.ending == SealEnding.BY_THE_CLOCK:
            assert seal.release_on >= seal.last_infection_on + 6 * DAY
    for zone in Zone.objects.all():
        assert zone.ended_at is not None
        assert zone.release_on == max(zone.seals.values_list("release_on", flat=True))
        assert ZoneEvent.objects.filter(zone=zone, kind=ZoneEventKind.ENDED).count() == 1
    assert not Zone.objects.open(last).exists()


@pytest.mark.django_db
@given(life=lives)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_unit_is_sealed_on_the_sixth_date_nor_by_two_zones(
    home: Area, carol: User, life: list[tuple[int, tuple[str, set[int], int, FoundWhere]]]
) -> None:
    with transaction.atomic():
        live(staircases(home), life, carol)
        check_the_end(noon(FIRST + 60 * DAY))
        transaction.set_rollback(True)
