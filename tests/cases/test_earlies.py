"""The four earlies: how long each step took, what is late, and what a desk sees of it."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from cases.actions.infections import InfectionFacts, report_infection, retract_infection
from cases.actions.registration import list_person
from cases.actions.tracing import judge_contacts
from cases.earlies import EARLIES, Early, Instants, Step, steps_of
from cases.earlies_query import earlies_of, late_infections
from cases.models import Infection
from tests.builders import entry, noon
from zones.rules import FoundWhere

HOUR = dt.timedelta(hours=1)
NOON = noon(dt.date(2022, 11, 15))
LIMITS = {
    "resulted": 24 * HOUR,
    "reported": 2 * HOUR,
    "judged": 4 * HOUR,
    "isolated": 2 * HOUR,
    "admitted": 8 * HOUR,
}


def steps(at: dt.datetime = NOON, **instants: Any) -> dict[Early, Step]:
    return {step.ends: step for step in steps_of(Instants(**instants), LIMITS, at)}


class TestSteps:
    def test_each_step_goes_from_one_instant_to_the_next(self) -> None:
        found = steps(
            sampled_at=NOON - 20 * HOUR,
            resulted_at=NOON - 6 * HOUR,
            reported_at=NOON - 5 * HOUR,
            contacts_judged_at=NOON - 2 * HOUR,
            isolated_at=NOON - 5 * HOUR,
            admitted_at=NOON,
        )
        assert {step.ends: (step.begins, step.hours) for step in found.values()} == {
            Early.RESULTED: (Early.SAMPLED, 14.0),
            Early.REPORTED: (Early.RESULTED, 1.0),
            Early.JUDGED: (Early.REPORTED, 3.0),
            Early.ISOLATED: (Early.RESULTED, 1.0),
            Early.ADMITTED: (Early.RESULTED, 6.0),
        }
        assert not any(step.late or step.running for step in found.values())

    def test_the_limit_itself_is_in_time_and_a_second_more_is_late(self) -> None:
        judged = NOON + 4 * HOUR
        assert not steps(reported_at=NOON, contacts_judged_at=judged)[Early.JUDGED].late
        later = judged + dt.timedelta(seconds=1)
        assert steps(reported_at=NOON, contacts_judged_at=later)[Early.JUDGED].late

    def test_what_is_open_runs_against_the_present_instant(self) -> None:
        step = steps(NOON + 5 * HOUR, reported_at=NOON)[Early.JUDGED]
        assert (step.running, step.late, step.hours) == (True, True, 5.0)
        assert step.due_at == NOON + 4 * HOUR

    def test_what_is_over_keeps_its_verdict_for_ever(self) -> None:
        closed = {"reported_at": NOON, "contacts_judged_at": NOON + 5 * HOUR}
        soon, years_later = steps(NOON + 6 * HOUR, **closed), steps(NOON + 20_000 * HOUR, **closed)
        assert soon[Early.JUDGED] == years_later[Early.JUDGED]
        assert soon[Early.JUDGED].late

    def test_whoever_was_isolated_before_the_result_took_no_time(self) -> None:
        step = steps(resulted_at=NOON, reported_at=NOON, isolated_at=NOON - 40 * HOUR)[Early.ISOLATED]
        assert (step.hours, step.late) == (0.0, False)

    def test_in_hospital_is_isolated(self) -> None:
        found = steps(NOON + 9 * HOUR, resulted_at=NOON, reported_at=NOON, admitted_at=NOON + HOUR)
        assert not found[Early.ISOLATED].running
        assert not found[Early.ISOLATED].late

    def test_an_unknown_hour_of_the_result_is_a_gap_and_does_not_run(self) -> None:
        found = steps(NOON + 99 * HOUR, sampled_at=NOON, reported_at=NOON + HOUR)
        assert found[Early.RESULTED].taken is None
        assert not found[Early.RESULTED].running
        assert found[Early.ADMITTED].begins is Early.REPORTED

    def test_every_instant_has_its_word(self) -> None:
        assert set(EARLIES) == set(Early)


@pytest.fixture
def infection(alice: User) -> Infection:
    person = list_person(entry(alice.area, name="陈晓琳").facts, by=alice, at=NOON)
    facts = InfectionFacts("病例1", NOON.date(), FoundWhere.COMMUNITY, person=person)
    return report_infection(community=alice.area, facts=facts, by=alice, at=NOON)


class TestLateInfections:
    def test_the_desk_sees_it_from_the_first_limit_on(self, alice: User, infection: Infection) -> None:
        assert list(late_infections(alice, NOON + 2 * HOUR)) == []
        assert list(late_infections(alice, NOON + 2 * HOUR + dt.timedelta(minutes=1))) == [infection]

    def test_done_in_time_it_is_never_there(self, alice: User, infection: Infection) -> None:
        Infection.objects.filter(pk=infection.pk).update(admitted_at=NOON + HOUR)
        assert list(late_infections(alice, NOON + 5 * HOUR)) == [infection]  # the contacts
        judge_contacts(infection=infection, by=alice, at=NOON + 5 * HOUR)
        assert list(late_infections(alice, NOON + 500 * HOUR)) == []

    def test_a_neighbour_does_not_and_the_street_does(
        self, alice: User, bob: User, carol: User, infection: Infection
    ) -> None:
        at = NOON + 10 * HOUR
        assert [list(late_infections(who, at)) for who in (alice, bob, carol)] == [
            [infection],
            [],
            [infection],
        ]

    def test_a_mistake_is_not_late(self, alice: User, infection: Infection) -> None:
        retract_infection(infection=infection, by=alice, at=NOON)
        assert list(late_infections(alice, NOON + 10 * HOUR)) == []

    def test_one_query(self, alice: User, infection: Infection, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(1):
            [each.community.name for each in late_infections(alice, NOON + 10 * HOUR)]


hours = st.none() | st.integers(0, 40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(resulted=hours, judged=hours, isolated=hours, admitted=hours, later=st.integers(0, 60))
def test_the_query_and_the_rule_agree(
    alice: User,
    infection: Infection,
    resulted: int | None,
    judged: int | None,
    isolated: int | None,
    admitted: int | None,
    later: int,
) -> None:
    """Which of the steps that run is late: the same in SQL and in Python."""
    at = NOON + later * HOUR
    after = {"contacts_judged_at": judged, "isolated_at": isolated, "admitted_at": admitted}
    values = {name: None if value is None else NOON + value * HOUR for name, value in after.items()}
    values["resulted_at"] = None if resulted is None else NOON - resulted * HOUR
    Infection.objects.filter(pk=infection.pk).update(**values)
    infection.refresh_from_db()
    expected = any(step.running and step.late for step in earlies_of(infection, at))
    assert late_infections(alice, at).exists() is expected
