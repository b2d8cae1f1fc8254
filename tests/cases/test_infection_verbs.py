"""Infections: found in the app or reported from outside, corrected, retracted; places; spread at home."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Area, User
from cases.actions import ending, placing, testing
from cases.actions.infections import (
    InfectionFacts,
    add_stay,
    remove_stay,
    report_infection,
    retract_infection,
    unit_of_stay,
    update_infection,
)
from cases.actions.registration import list_person
from cases.actions.tracing import close_assessment, open_assessment, take_assessment
from cases.models import Episode, Infection, InfectionStay, Person, SpreadAssessment
from cases.rules import Place, Result, Spread
from notices.models import Message
from policy.clock import midnight
from policy.refusals import BadInput, RuleViolation
from policy.types import Category
from tests.builders import entry, episode, noon
from zones.actions import ensure_room, ensure_units, staircase
from zones.models import Site, Unit
from zones.rules import FoundWhere, Purpose


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def positive(held: Episode, by: User, *, at: dt.datetime, ct: str | None = None) -> Infection:
    """A positive result of the test that is due that day."""
    test = held.tests.filter(dropped_at=None, result="", planned_on__lte=at.date()).latest("planned_on")
    testing.record_sampling(test=test, by=by, at=at - dt.timedelta(hours=3))
    testing.record_result(test=test, result=Result.POSITIVE, ct=Decimal(ct) if ct else None, by=by, at=at)
    return Infection.objects.get(test=test)


def outside(**changes: Any) -> InfectionFacts:
    facts = {"label": "病例1", "found_on": november(15), "found_where": FoundWhere.COMMUNITY}
    return InfectionFacts(**(facts | changes))


def resident(by: User, name: str = "周敏", **changes: Any) -> Person:
    facts = entry(by.area, name=name, **({"phone": "13900007777"} | changes)).facts
    return list_person(facts, by=by, at=noon(november(1)))


def unit_of(community: Area, building: str = "5号楼", compound: str = "锦绣花园") -> Unit:
    stairs = staircase(community=community, compound=compound, building=building, unit="2单元")
    return ensure_units([stairs])[stairs]


class TestFoundInTheApp:
    def test_it_carries_the_test_and_its_instants(self, alice: User) -> None:
        at = noon(november(16))
        infection = positive(episode(alice), alice, at=at, ct="22.5")
        assert infection.test.result == Result.POSITIVE
        assert infection.ct == Decimal("22.5")
        assert (infection.sampled_at, infection.resulted_at) == (at - dt.timedelta(hours=3), at)
        assert (infection.reported_at, infection.reported_by) == (at, alice)
        assert infection.found_on == november(16)
        assert infection.label == "20221116-1"

    @pytest.mark.parametrize(
        ("category", "days_later", "where"),
        [
            (Category.CLOSE_CONTACT, 0, FoundWhere.COMMUNITY),  # day 0: out of the community today
            (Category.CLOSE_CONTACT, 2, FoundWhere.CENTRAL),
            (Category.CLOSE_CONTACT, 6, FoundWhere.HOME),
            (Category.CLOSE_CONTACT, 9, FoundWhere.COMMUNITY),  # free since 00:00
            (Category.SPILL_OVER, 1, FoundWhere.HOME),
            (Category.POST_CLOSED_LOOP, 1, FoundWhere.HOME),
            (Category.ENTRANT, 2, FoundWhere.ENTRY),
            (Category.ENTRANT, 6, FoundWhere.HOME),
        ],
    )
    def test_where_it_was_found_follows_from_the_stage(
        self, alice: User, category: Category, days_later: int, where: FoundWhere
    ) -> None:
        held = episode(alice, category=category)
        at = noon(november(14 + days_later))
        test = testing.record_outside_result(
            episode=held,
            on=at.date(),
            result=Result.POSITIVE,
            ct=Decimal(20),
            external_id="LAB-1",
            by=alice,
            at=at,
        )
        infection = Infection.objects.get(test=test)
        assert infection.found_where == where
        assert SpreadAssessment.objects.filter(infection=infection).exists() is (where is FoundWhere.HOME)

    @pytest.mark.parametrize(("minute", "where"), [(-1, FoundWhere.CENTRAL), (0, FoundWhere.HOME)])
    def test_at_midnight_the_stage_changes(self, alice: User, minute: int, where: FoundWhere) -> None:
        held = episode(alice)  # home from 20 November
        at = midnight(november(20)) + dt.timedelta(minutes=minute)
        test = held.tests.get(planned_on=november(19))
        testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=at)
        infection = Infection.objects.get()
        assert (infection.found_where, infection.found_on) == (where, november(19 if minute else 20))

    def test_in_a_hotel_it_is_central_whatever_the_stage(self, alice: User) -> None:
        held = episode(alice)
        room = ensure_room(community=alice.area, site="云栖酒店", number="812")
        came = noon(november(15))
        placing.place(episode=held, place=Place.SITE, room=room, by=alice, at=came)
        other = ensure_room(community=alice.area, site="云栖酒店", number="813")
        placing.place(episode=held, place=Place.SITE, room=other, by=alice, at=noon(november(17)))
        infection = positive(held, alice, at=noon(november(20)))
        assert infection.found_where == FoundWhere.CENTRAL
        assert infection.isolated_at == came  # the unbroken stay, whatever the room
        stay = infection.stays.get()
        assert (stay.from_on, stay.to_on) == (november(14), november(15))

    def test_at_home_it_is_isolated_since_the_registration(self, alice: User) -> None:
        held = episode(alice)
        infection = positive(held, alice, at=noon(november(20)))
        assert infection.isolated_at == held.registered_at
        stay = infection.stays.get()
        assert (stay.unit, stay.purpose) == (held.person.unit, Purpose.HOME)
        assert (stay.from_on, stay.to_on) == (november(14), november(20))

    def test_whoever_may_go_out_is_not_isolated_yet(self, alice: User) -> None:
        held = episode(alice, category=Category.POST_CLOSED_LOOP)
        assert positive(held, alice, at=noon(november(15))).isolated_at is None

    def test_an_entrant_was_never_at_home(self, alice: User) -> None:
        held = episode(alice, category=Category.ENTRANT)
        assert not positive(held, alice, at=noon(november(15)), ct="20").stays.exists()

    def test_the_hospital_admits_the_infection(self, alice: User) -> None:
        held = episode(alice)
        infection = positive(held, alice, at=noon(november(16)))
        held.refresh_from_db()
        at = noon(november(17))
        ending.hand_over_to_treatment(episode=held, to="地坛医院", by=alice, at=at)
        infection.refresh_from_db()
        assert (infection.admitted_at, infection.admitted_to) == (at, "地坛医院")
        assert infection.isolated_at == held.registered_at

    def test_two_positives_of_a_day_have_two_labels(self, alice: User) -> None:
        at = noon(november(16))
        first = positive(episode(alice), alice, at=at)
        second = positive(episode(alice, name="刘洋", phone="13800008888"), alice, at=at)
        assert [first.label, second.label] == ["20221116-1", "20221116-2"]

    def test_a_mistake_is_retracted_and_the_same_test_positive_again_stands_again(self, alice: User) -> None:
        infection = positive(episode(alice), alice, at=noon(november(16)))
        test = infection.test
        testing.undo_result(test=test, by=alice, at=noon(november(17)), reason="实验室更正")
        infection.refresh_from_db()
        assert infection.retracted_at == noon(november(17))
        testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(november(18)))
        assert Infection.objects.standing().get() == infection
        infection.refresh_from_db()
        assert infection.found_on == november(18)

    def test_while_our_own_test_says_positive_the_result_is_corrected_in_the_file(self, alice: User) -> None:
        infection = positive(episode(alice), alice, at=noon(november(16)))
        with pytest.raises(RuleViolation) as refused:
            retract_infection(infection=infection, by=alice, at=noon(november(17)))
        assert refused.value.code == "result_stands"
        infection.refresh_from_db()
        assert infection.retracted_at is None

    def test_retracting_twice_counts_once(self, alice: User) -> None:
        infection = report_infection(community=alice.area, facts=outside(), by=alice, at=noon(november(15)))
        assert retract_infection(infection=infection, by=alice, at=noon(november(15))) is True
        assert retract_infection(infection=infection, by=alice, at=noon(november(16))) is False
        assert infection.retracted_at == noon(november(15))


class TestReportedFromOutside:
    def report(self, by: User, **changes: Any) -> Infection:
        return report_infection(community=by.area, facts=outside(**changes), by=by, at=noon(november(15)))

    def test_it_stands_with_its_facts(self, alice: User) -> None:
        person = resident(alice)
        infection = self.report(alice, person=person, ct=Decimal("18.2"), remarks="市疾控通报")
        assert (infection.person, infection.ct, infection.test) == (person, Decimal("18.2"), None)
        assert infection.stays.get().unit == person.unit
        assert list(Infection.objects.to_trace()) == [infection]

    def test_without_a_label_it_takes_the_next_free_one(self, alice: User) -> None:
        self.report(alice, label="20221115-7")
        assert self.report(alice, label="").label == "20221115-8"

    def test_a_label_is_the_countys_once(self, alice: User, bob: User) -> None:
        self.report(alice)
        with pytest.raises(RuleViolation) as refused:
            self.report(bob, label=" 病例1 ")
        assert (refused.value.code, refused.value.field) == ("label_taken", "label")
        assert Infection.objects.count() == 1

    def test_the_neighbours_community_is_not_mine(self, alice: User, next_door: Area) -> None:
        with pytest.raises(BadInput) as refused:
            report_infection(community=next_door, facts=outside(), by=alice, at=noon(november(15)))
        assert refused.value.field == "community"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("found_on", november(16)),
            ("found_where", "moon"),
            ("sampled_at", noon(november(16))),
            ("resulted_at", noon(november(13))),
            ("ct", Decimal(0)),
        ],
    )
    def test_what_cannot_be_is_asked_back_at_its_field(self, alice: User, field: str, value: Any) -> None:
        with pytest.raises(BadInput) as asked:
            self.report(alice, **({"sampled_at": noon(november(14))} | {field: value}))
        assert asked.value.field == field

    def test_nobody_is_infected_twice(self, alice: User) -> None:
        person = resident(alice)
        self.report(alice, person=person)
        with pytest.raises(RuleViolation) as refused:
            self.report(alice, label="病例2", person=person)
        assert refused.value.code == "infected_already"

    def test_who_is_under_control_gets_the_result_in_the_file(self, alice: User) -> None:
        with pytest.raises(RuleViolation) as refused:
            self.report(alice, person=episode(alice).person)
        assert (refused.value.code, refused.value.field) == ("under_control", "person")

    def test_found_at_home_it_opens_the_judgement_of_spread(self, alice: User) -> None:
        infection = self.report(alice, found_where=FoundWhere.HOME)
        assert infection.assessment.owner == alice


class TestCorrected:
    @pytest.fixture
    def infection(self, alice: User) -> Infection:
        return report_infection(community=alice.area, facts=outside(), by=alice, at=noon(november(15)))

    def test_the_facts_become_those_of_the_form(self, alice: User, infection: Infection) -> None:
        facts = outside(label="", found_on=november(14), manifestation="confirmed", ct=Decimal(30))
        update_infection(infection=infection, facts=facts, by=alice, at=noon(november(15)))
        assert (infection.label, infection.found_on) == ("病例1", november(14))
        assert (infection.manifestation, infection.ct) == ("confirmed", Decimal(30))

    def test_another_cases_label_is_refused(self, alice: User, infection: Infection) -> None:
        report_infection(community=alice.area, facts=outside(label="病例2"), by=alice, at=noon(november(15)))
        with pytest.raises(RuleViolation):
            update_infection(
                infection=infection, facts=outside(label="病例2"), by=alice, at=noon(november(15))
            )

    def test_the_person_can_be_named_later_but_not_one_under_control(
        self, alice: User, infection: Infection
    ) -> None:
        at = noon(november(15))
        person = resident(alice)
        update_infection(infection=infection, facts=outside(person=person), by=alice, at=at)
        assert infection.person == person
        held = episode(alice, name="刘洋", phone="13800008888").person
        with pytest.raises(RuleViolation) as refused:
            update_infection(infection=infection, facts=outside(person=held), by=alice, at=at)
        assert refused.value.code == "under_control"

    def test_whose_test_it_was_stays_the_person(self, alice: User) -> None:
        found = positive(episode(alice), alice, at=noon(november(16)))
        facts = outside(label="", found_on=november(16), person=None)
        update_infection(infection=found, facts=facts, by=alice, at=noon(november(16)))
        assert found.person == found.test.person

    def test_what_does_not_stand_is_not_corrected(self, alice: User, infection: Infection) -> None:
        retract_infection(infection=infection, by=alice, at=noon(november(15)))
        with pytest.raises(RuleViolation) as refused:
            update_infection(infection=infection, facts=outside(), by=alice, at=noon(november(15)))
        assert refused.value.code == "not_standing"

    def test_found_at_home_after_all_opens_the_judgement_and_back_drops_it(
        self, alice: User, infection: Infection
    ) -> None:
        at = noon(november(15))
        update_infection(infection=infection, facts=outside(found_where=FoundWhere.HOME), by=alice, at=at)
        assert SpreadAssessment.objects.filter(infection=infection, closed_at=None).exists()
        update_infection(infection=infection, facts=outside(), by=alice, at=at)
        assert not SpreadAssessment.objects.exists()


class TestStays:
    @pytest.fixture
    def infection(self, alice: User) -> Infection:
        return report_infection(community=alice.area, facts=outside(), by=alice, at=noon(november(15)))

    def add(self, infection: Infection, by: User, **changes: Any) -> InfectionStay:
        facts: dict[str, Any] = {"purpose": Purpose.WORK, "from_on": november(12), "to_on": november(13)}
        return add_stay(infection=infection, by=by, at=noon(november(15)), **(facts | changes))

    def test_the_same_place_twice_is_one_stay_with_both_dates(
        self, alice: User, infection: Infection
    ) -> None:
        unit = unit_of(alice.area)
        first = self.add(infection, alice, unit=unit)
        again = self.add(infection, alice, unit=unit, from_on=november(13), to_on=november(14))
        assert first == again
        assert (again.from_on, again.to_on) == (november(12), november(14))
        assert infection.stays.count() == 1

    def test_a_place_in_the_next_community_counts_and_one_of_another_county_does_not(
        self, alice: User, next_door: Area, infection: Infection
    ) -> None:
        self.add(infection, alice, unit=unit_of(next_door))
        far = Area.objects.create(name="海淀", level="community", code="110108001001")
        with pytest.raises(BadInput) as refused:
            self.add(infection, alice, unit=unit_of(far))
        assert refused.value.field == "unit"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"to_on": november(11)}, "to_on"),
            ({"to_on": november(16)}, "to_on"),
            ({"purpose": "sleep"}, "purpose"),
            ({"unit": None}, "unit"),
        ],
    )
    def test_what_cannot_be_is_asked_back(
        self, alice: User, infection: Infection, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(BadInput) as asked:
            self.add(infection, alice, **({"unit": unit_of(alice.area)} | changes))
        assert asked.value.field == field

    def test_a_site_is_a_place_too(self, alice: User, infection: Infection) -> None:
        site = Site.objects.create(community=alice.area, name="云栖酒店")
        assert self.add(infection, alice, site=site, purpose=Purpose.ACTIVITY).site == site

    def test_a_place_is_found_by_its_names_in_the_county_before_it_is_made_here(
        self, home: Area, next_door: Area, infection: Infection
    ) -> None:
        names = {"infection": infection, "building": "1号楼", "unit": "2单元"}
        works = unit_of(next_door, "1号楼", "印刷厂")
        assert unit_of_stay(compound="印刷厂", **names) == works
        mine = unit_of(home, "1号楼", "印刷厂")
        assert unit_of_stay(compound=" 印刷厂 ", **names) == mine
        assert unit_of_stay(compound="小吃店", **names).building.compound.community == home

    def test_taken_back_once(self, alice: User, infection: Infection) -> None:
        stay = self.add(infection, alice, unit=unit_of(alice.area))
        assert remove_stay(stay=stay, by=alice, at=noon(november(15))) is True
        assert remove_stay(stay=InfectionStay(pk=stay.pk), by=alice, at=noon(november(15))) is False


class TestSpreadAtHome:
    ANSWERS = {"shared_home": "妻子、女儿", "left_home": "11月18日下楼取快递"}

    @pytest.fixture
    def assessment(self, alice: User) -> SpreadAssessment:
        return positive(episode(alice), alice, at=noon(november(20))).assessment

    def test_it_has_an_owner_a_clock_and_tells_the_office(
        self, alice: User, home: Area, assessment: SpreadAssessment
    ) -> None:
        assert assessment.owner == alice
        assert assessment.due_at == noon(november(20)) + dt.timedelta(hours=4)
        assert not assessment.late(assessment.due_at)
        assert assessment.late(assessment.due_at + dt.timedelta(seconds=1))
        told = Message.objects.get(kind="spread_to_judge", channel="inbox")
        assert (told.community, told.subject) == (home, f"infection:{assessment.infection_id}")

    def test_opening_it_again_changes_nothing(self, bob: User, assessment: SpreadAssessment) -> None:
        again = open_assessment(infection=assessment.infection, owner=bob, at=noon(november(21)))
        assert (again, again.opened_at) == (assessment, noon(november(20)))
        assert Message.objects.filter(kind="spread_to_judge", channel="inbox").count() == 1

    def test_somebody_else_takes_it_once(self, carol: User, assessment: SpreadAssessment) -> None:
        at = noon(november(20))
        assert take_assessment(assessment=assessment, by=carol, at=at) is True
        assert take_assessment(assessment=assessment, by=carol, at=at) is False
        assert assessment.owner == carol

    def test_it_is_closed_once_with_its_answers(self, alice: User, assessment: SpreadAssessment) -> None:
        at = noon(november(20))
        close: dict[str, Any] = {"assessment": assessment, "by": alice, "at": at} | self.ANSWERS
        assert close_assessment(conclusion=Spread.SPREAD, **close) is True
        assert close_assessment(conclusion=Spread.NO_SPREAD, **close) is False
        assert (assessment.conclusion, assessment.closed_by) == (Spread.SPREAD, alice)
        assert assessment.infection.cause.spread
        assert take_assessment(assessment=assessment, by=alice, at=at) is False

    @pytest.mark.parametrize("missing", ["shared_home", "left_home", "conclusion"])
    def test_every_question_is_answered(
        self, alice: User, assessment: SpreadAssessment, missing: str
    ) -> None:
        answers = self.ANSWERS | {"conclusion": Spread.SPREAD} | {missing: ""}
        with pytest.raises(BadInput) as asked:
            close_assessment(assessment=assessment, by=alice, at=noon(november(20)), **answers)
        assert asked.value.field == missing
        assessment.refresh_from_db()
        assert assessment.closed_at is None
