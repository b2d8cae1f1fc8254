"""Contacts: traced from the infection, named in a form or a list; a later exposure alone moves an end."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Area, User
from cases.actions import correcting, ending
from cases.actions.infections import InfectionFacts, report_infection, retract_infection
from cases.actions.judging import PersonFacts, Verdict
from cases.actions.registration import list_person, register
from cases.actions.tracing import ContactEntry, TracedContact, judge_contacts, trace
from cases.models import Contact, Episode, Ground, Infection, Person
from cases.rules import ContactKind, EventKind, IdKind
from policy.clock import midnight
from policy.refusals import RuleViolation
from policy.types import Category
from tests.builders import entry, episode, noon, resident_id
from zones.rules import FoundWhere

AT = noon(dt.date(2022, 11, 15))


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def resident(by: User, name: str, **changes: Any) -> Person:
    facts = entry(by.area, name=name, **({"phone": ""} | changes)).facts
    return list_person(facts, by=by, at=noon(november(1)))


def report(by: User, label: str, person: Person | None = None, *, on: int = 15) -> Infection:
    facts = InfectionFacts(label, november(on), FoundWhere.COMMUNITY, person=person)
    return report_infection(community=by.area, facts=facts, by=by, at=noon(november(on)))


@pytest.fixture
def infected(alice: User) -> Person:
    return resident(alice, "陈晓琳", phone="13800001234")


@pytest.fixture
def infection(alice: User, infected: Person) -> Infection:
    return report(alice, "病例1", infected)


def pick(person: Person, day: int = 14, **changes: Any) -> ContactEntry:
    return ContactEntry(person=person, last_exposure_on=november(day), **changes)


def write(by: User, name: str, day: int = 14, **changes: Any) -> ContactEntry:
    return ContactEntry(facts=entry(by.area, name=name, **changes).facts, last_exposure_on=november(day))


def trace_one(infection: Infection, one: ContactEntry, by: User, at: dt.datetime = AT) -> TracedContact:
    return trace(infection=infection, entries=[one], by=by, at=at)[0]


class TestTracing:
    def test_a_resident_who_was_picked_comes_under_control_with_the_same_file(
        self, alice: User, infection: Infection
    ) -> None:
        neighbour = resident(alice, "刘洋", door="1102", remarks="听力不好")
        traced = trace_one(infection, pick(neighbour, kind=ContactKind.ACTIVITY), alice)
        assert (traced.outcome, traced.written) == (Verdict.NEW, True)
        contact = Contact.objects.get()
        assert (contact.person, contact.infection, contact.kind) == (neighbour, infection, "activity")
        assert (contact.last_exposure_on, contact.judged_by) == (november(14), alice)
        assert contact.ground.episode.release_on == november(23)
        assert contact.ground.infection == infection
        assert Person.objects.count() == 2
        neighbour.refresh_from_db()
        assert (neighbour.door, neighbour.remarks) == ("1102", "听力不好")

    def test_somebody_new_is_entered(self, alice: User, infection: Infection) -> None:
        traced = trace_one(infection, write(alice, "马超", phone="13811112222"), alice)
        assert traced.contact.person.name == "马超"

    def test_who_lives_behind_the_same_door_is_household(self, alice: User, infection: Infection) -> None:
        family, neighbour = resident(alice, "李娜"), resident(alice, "刘洋", door="1102")
        traced = trace(infection=infection, entries=[pick(family), pick(neighbour)], by=alice, at=AT)
        assert [each.contact.kind for each in traced] == [ContactKind.HOUSEHOLD, ContactKind.OTHER]

    def test_the_same_entry_twice_counts_once(self, alice: User, infection: Infection) -> None:
        person = resident(alice, "李娜")
        trace_one(infection, pick(person), alice)
        again = trace(infection=infection, entries=[pick(person), pick(person)], by=alice, at=AT)
        assert [each.outcome for each in again] == [Verdict.UNCHANGED] * 2
        assert all(each.written for each in again)
        assert (Contact.objects.count(), Ground.objects.count(), Episode.objects.count()) == (1, 1, 1)

    def test_the_good_ones_are_written_and_the_bad_ones_come_back(
        self, alice: User, infected: Person, infection: Infection
    ) -> None:
        good = resident(alice, "李娜")
        doubtful = write(alice, "王芳", id_number="110105199003070000", id_kind=IdKind.RESIDENT_ID, phone="")
        entries = [pick(infected), pick(good), doubtful, pick(resident(alice, "刘洋"), day=16)]
        traced = trace(infection=infection, entries=entries, by=alice, at=AT)
        assert [each.outcome for each in traced] == [
            Verdict.REFUSED,
            Verdict.NEW,
            Verdict.DOUBTFUL,
            Verdict.WRONG,
        ]
        assert traced[0].judgement.code == "own_contact"
        assert all(each.sentence for each in traced if not each.written)
        assert list(Contact.objects.values_list("person__name", flat=True)) == ["李娜"]

    def test_the_infected_person_is_recognised_by_written_facts(
        self, alice: User, infection: Infection
    ) -> None:
        traced = trace_one(infection, write(alice, "陈晓琳"), alice)
        assert traced.judgement.code == "own_contact"
        assert not Episode.objects.exists()

    def test_another_infected_person_is_treated_and_no_contact(
        self, alice: User, infection: Infection
    ) -> None:
        wife = resident(alice, "李娜")
        report(alice, "病例2", wife)
        traced = trace_one(infection, pick(wife), alice)
        assert traced.judgement.code == "infected"

    def test_somebody_held_next_door_is_not_taken_but_named(
        self, alice: User, bob: User, infection: Infection
    ) -> None:
        number = resident_id(7)
        episode(bob, name="何静", id_number=number, phone="", stairs=None)
        traced = trace_one(infection, write(alice, "何静", id_number=number, phone=""), alice)
        assert (traced.outcome, traced.written) == (Verdict.HELD_ELSEWHERE, False)
        assert "湖滨社区" in str(traced.sentence)

    def test_a_case_that_was_a_mistake_has_no_contacts(self, alice: User, infection: Infection) -> None:
        retract_infection(infection=infection, by=alice, at=AT)
        with pytest.raises(RuleViolation) as refused:
            trace_one(infection, pick(resident(alice, "李娜")), alice)
        assert refused.value.clause == "二(二)"
        assert not Episode.objects.exists()

    def test_a_contact_s_contact_is_refused_by_name(self, alice: User, infection: Infection) -> None:
        trace_one(infection, pick(resident(alice, "李娜")), alice)
        named = entry(
            alice.area, name="马超", phone="13811112222", exposed_to="李娜", registered_on=AT.date()
        )
        judgement = register([named], by=alice, at=AT)[0]
        assert (judgement.verdict, judgement.clause) == (Verdict.REFUSED, "二(二)")
        assert not Infection.objects.filter(label="李娜").exists()

    def test_the_case_is_the_record_and_not_a_label_of_another_county(self, county: Area) -> None:
        """A supervisor of the city traces across counties: no second case of that label is made."""
        from accounts.rules import Level, Role
        from tests.builders import area, staff

        near = area("甲社区", Level.COMMUNITY, "110105009001", county)
        far = area(
            "乙社区", Level.COMMUNITY, "110108001001", area("海淀区", Level.COUNTY, "110108", county.parent)
        )
        city = staff("city", county.parent, Role.SUPERVISOR)
        facts = InfectionFacts("病例1", november(15), FoundWhere.COMMUNITY)
        infection = report_infection(community=near, facts=facts, by=city, at=AT)
        one = ContactEntry(facts=PersonFacts("马超", far), last_exposure_on=november(14))
        assert trace_one(infection, one, city).written
        assert Infection.objects.get() == infection


class TestFurtherExposures:
    def test_a_later_one_moves_the_end_and_names_the_infection(
        self, alice: User, infection: Infection
    ) -> None:
        person = resident(alice, "李娜")
        first = trace_one(infection, pick(person, 10), alice)
        traced = trace_one(infection, pick(person, 14), alice)
        contact = Contact.objects.get()
        assert (traced.outcome, contact.last_exposure_on) == (Verdict.NEW_GROUND, november(14))
        assert contact.pk == first.contact.pk
        assert contact.ground.anchor_on == november(14)
        held = contact.ground.episode
        assert held.release_on == november(23)
        added = held.events.get(kind=EventKind.GROUND_ADDED)
        assert added.details["infection"] == infection.pk
        assert added.details["release_on"] == "2022-11-23"

    def test_an_earlier_one_is_noted_and_moves_nothing(self, alice: User, infection: Infection) -> None:
        person = resident(alice, "李娜")
        trace_one(infection, pick(person, 14), alice)
        second = report(alice, "病例2")
        traced = trace_one(second, pick(person, 11), alice)
        assert (traced.outcome, traced.written) == (Verdict.EARLIER_EXPOSURE, True)
        contact = second.contacts.get()
        assert (contact.ground, contact.last_exposure_on) == (None, november(11))
        held = Episode.objects.get()
        assert held.release_on == november(23)
        noted = held.events.get(kind=EventKind.EXPOSURE_UNCHANGED)
        assert noted.details["infection"] == second.pk

    def test_an_earlier_one_of_the_same_pair_leaves_the_row(self, alice: User, infection: Infection) -> None:
        person = resident(alice, "李娜")
        trace_one(infection, pick(person, 14), alice)
        trace_one(infection, pick(person, 11), alice)
        contact = Contact.objects.get()
        assert (contact.last_exposure_on, contact.ground.anchor_on) == (november(14), november(14))

    def test_two_cases_on_one_day_are_two_contacts_and_one_ground(
        self, alice: User, infection: Infection
    ) -> None:
        person = resident(alice, "李娜")
        trace_one(infection, pick(person), alice)
        second = report(alice, "病例2")
        traced = trace_one(second, pick(person), alice)
        assert (traced.outcome, traced.written) == (Verdict.UNCHANGED, True)
        assert Ground.objects.get().contacts.count() == 2

    def test_a_ground_without_a_case_gets_its_name(self, alice: User, infection: Infection) -> None:
        held = episode(alice, name="李娜", phone="13911112222")
        trace_one(infection, pick(held.person), alice)
        assert held.grounds.get().infection == infection

    @pytest.mark.parametrize(("minute", "verdict"), [(-1, Verdict.NEW_GROUND), (0, Verdict.NEW)])
    def test_at_midnight_of_the_release_it_is_a_new_episode(
        self, alice: User, infection: Infection, minute: int, verdict: Verdict
    ) -> None:
        """Held until the 23rd: a minute before, the exposure is a further ground; after, a new plan."""
        person = resident(alice, "李娜")
        trace_one(infection, pick(person, 14), alice)
        at = midnight(november(23)) + dt.timedelta(minutes=minute)
        traced = trace_one(infection, pick(person, 21), alice, at)
        assert traced.outcome is verdict
        assert Contact.objects.get().last_exposure_on == november(21)
        assert Episode.objects.get(pk=traced.judgement.episode.pk).release_on == november(30)

    def test_a_corrected_exposure_corrects_the_contact(self, alice: User, infection: Infection) -> None:
        traced = trace_one(infection, pick(resident(alice, "李娜"), 14), alice)
        correcting.correct_anchor(ground=traced.contact.ground, anchor_on=november(12), by=alice, at=AT)
        assert Contact.objects.get().last_exposure_on == november(12)

    def test_entered_by_mistake_it_never_was_a_contact(self, alice: User, infection: Infection) -> None:
        traced = trace_one(infection, pick(resident(alice, "李娜")), alice)
        ending.withdraw(episode=traced.judgement.episode, reason="认错人", by=alice, at=AT)
        assert not infection.contacts.exists()


class TestNamedElsewhere:
    def named(self, by: User, name: str, **changes: Any) -> Any:
        facts = {"registered_on": AT.date(), "exposed_to": "病例1", "phone": ""}
        return entry(by.area, name=name, **(facts | changes))

    def test_a_list_makes_the_same_rows_in_as_many_queries_for_ten_as_for_forty(
        self, alice: User, infection: Infection, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(45):
            register(
                [self.named(alice, f"甲{n}", phone=f"1390000{n:04}") for n in range(40)], by=alice, at=AT
            )
        assert infection.contacts.count() == 40
        assert set(infection.contacts.values_list("kind", flat=True)) == {"household"}

    def test_two_lines_of_one_person_count_once_with_the_later_date(
        self, alice: User, infection: Infection
    ) -> None:
        lines = [self.named(alice, "李娜", anchor_on=november(day)) for day in (12, 14, 13)]
        register(lines, by=alice, at=AT)
        contact = infection.contacts.get()
        assert (contact.last_exposure_on, contact.ground.anchor_on) == (november(14), november(14))

    def test_one_person_of_two_cases_on_a_day_is_a_contact_of_both(
        self, alice: User, infection: Infection
    ) -> None:
        register([self.named(alice, "李娜"), self.named(alice, "李娜", exposed_to="病例2")], by=alice, at=AT)
        assert sorted(Contact.objects.values_list("infection__label", flat=True)) == ["病例1", "病例2"]
        assert Ground.objects.count() == 1

    def test_a_retracted_case_is_refused_by_its_label(self, alice: User, infection: Infection) -> None:
        retract_infection(infection=infection, by=alice, at=AT)
        judgement = register([self.named(alice, "李娜")], by=alice, at=AT)[0]
        assert (judgement.verdict, judgement.code) == (Verdict.REFUSED, "not_infected")
        assert (judgement.clause, judgement.field) == ("二(二)", "exposed_to")
        assert not Episode.objects.exists()

    def test_other_categories_make_no_contact(self, alice: User, infection: Infection) -> None:
        register([self.named(alice, "李娜", category=Category.SPILL_OVER)], by=alice, at=AT)
        assert not Contact.objects.exists()

    def test_on_a_day_of_the_ninth_edition_too(self, alice: User) -> None:
        june = dt.date(2022, 11, 5)
        line = self.named(alice, "李娜", anchor_on=june, registered_on=june)
        judgement = register([line], by=alice, at=noon(june))[0]
        assert judgement.plan.edition == "ninth"
        assert Contact.objects.get().ground.episode.release_on == november(16)  # 7 + 3 days


class TestJudged:
    def test_it_counts_once_and_a_mistake_has_nothing_to_judge(
        self, alice: User, infection: Infection
    ) -> None:
        assert judge_contacts(infection=infection, by=alice, at=AT) is True
        assert judge_contacts(infection=infection, by=alice, at=AT + dt.timedelta(hours=1)) is False
        second = report(alice, "病例2")
        retract_infection(infection=second, by=alice, at=AT)
        assert judge_contacts(infection=second, by=alice, at=AT) is False

    def test_neighbours_see_no_contact_and_the_street_does(
        self, alice: User, bob: User, carol: User, infection: Infection
    ) -> None:
        trace_one(infection, pick(resident(alice, "李娜")), alice)
        assert [Contact.objects.visible_to(who).count() for who in (alice, bob, carol)] == [1, 0, 1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    exposures=st.lists(
        st.tuples(st.integers(0, 2), st.integers(8, 15), st.booleans()), min_size=1, max_size=6
    )
)
def test_the_end_is_that_of_the_latest_ground_whatever_the_order(
    alice: User, exposures: list[tuple[int, int, bool]]
) -> None:
    """Any cases, any dates, traced or named in a list: earlier exposures never move the end out."""
    serial = Person.objects.count()
    person = resident(alice, f"李娜{serial}", phone=f"139{serial:08}")
    cases = [report(alice, f"病例{serial}-{n}") for n in range(3)]
    end = None
    latest: dict[int, int] = {}
    for case, day, traced in exposures:
        if traced:
            trace_one(cases[case], pick(person, day), alice)
        else:
            line = entry(
                alice.area,
                name=person.name,
                phone=person.phone,
                anchor_on=november(day),
                registered_on=AT.date(),
                exposed_to=cases[case].label,
            )
            register([line], by=alice, at=AT)
        latest[case] = max(latest.get(case, 0), day)
        held = Episode.objects.get(person=person)
        newest = november(max(latest.values()))
        assert held.release_on == newest + dt.timedelta(days=9)
        assert end is None or held.release_on >= end
        if end is not None and newest <= end - dt.timedelta(days=9):
            assert held.release_on == end
        end = held.release_on
        rows = {c.infection_id: c for c in Contact.objects.filter(person=person)}
        assert {pk: row.last_exposure_on for pk, row in rows.items()} == {
            cases[n].pk: november(last) for n, last in latest.items()
        }
    assert {g.anchor_on for g in held.grounds.all()} >= {november(max(latest.values()))}
