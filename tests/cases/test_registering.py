"""Registering: what an entry becomes, and what is written."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Area, User
from cases.actions import ending
from cases.actions.editions import follow_editions
from cases.actions.judging import Verdict, judge
from cases.actions.registration import list_person, register, register_person
from cases.models import Episode, Infection, NucleicAcidTest, Person
from cases.rules import HomeCheck, IdKind, State
from policy.refusals import RuleViolation
from policy.types import Category, IsolationFinished
from tests.builders import entry, episode, noon, resident_id

D14 = dt.date(2022, 11, 14)


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def test_the_saved_episode_is_the_rulebooks_example(alice: User) -> None:
    saved = episode(alice, anchor_on=D14, registered_on=D14)
    tests = saved.tests.values_list("planned_on", flat=True)
    assert [on.day for on in tests] == [15, 16, 17, 19, 20, 22]
    assert saved.release_on == november(23)
    assert [(s.mode, s.starts_on.day, s.last_on.day) for s in saved.stages.all()] == [
        ("central", 15, 19),
        ("home", 20, 22),
    ]
    assert [saved.state(november(day)) for day in (14, 15, 19, 20, 22, 23)] == [
        State.DAY_ZERO,
        State.CENTRAL,
        State.CENTRAL,
        State.HOME,
        State.HOME,
        State.ENDED,
    ]


def test_release_counts_from_last_exposure_not_from_registration(alice: User) -> None:
    saved = episode(alice, anchor_on=november(10), registered_on=november(13), at=noon(november(13)))
    assert saved.release_on == november(19)


def test_the_same_entry_twice_makes_one_episode(alice: User, home: Area) -> None:
    at = noon(D14)
    first, second = register([entry(home), entry(home)], by=alice, at=at)
    again = register([entry(home)], by=alice, at=at)[0]
    assert (first.verdict, second.verdict, again.verdict) == (
        Verdict.NEW,
        Verdict.UNCHANGED,
        Verdict.UNCHANGED,
    )
    assert Episode.objects.count() == Person.objects.count() == 1


def test_a_later_exposure_is_a_new_ground_and_moves_the_end(alice: User, home: Area) -> None:
    saved = episode(alice)
    later = entry(home, anchor_on=november(17), registered_on=november(17))
    judged = register([later], by=alice, at=noon(november(17)))[0]
    saved.refresh_from_db()
    assert judged.verdict is Verdict.NEW_GROUND
    assert saved.release_on == november(26)
    assert saved.grounds.count() == 2
    assert Episode.objects.count() == 1
    dates = list(saved.tests.filter(dropped_at=None).values_list("planned_on", flat=True))
    assert len(dates) == len(set(dates))


def test_an_earlier_exposure_changes_nothing_but_is_noted(alice: User, home: Area) -> None:
    saved = episode(alice)
    earlier = entry(home, anchor_on=november(11), registered_on=november(15))
    judged = register([earlier], by=alice, at=noon(november(15)))[0]
    saved.refresh_from_db()
    assert judged.verdict is Verdict.EARLIER_EXPOSURE
    assert saved.release_on == november(23)
    assert saved.events.filter(kind="exposure_unchanged").count() == 1


def test_a_neighbour_turned_contact_gets_the_stricter_days_in_the_same_episode(
    alice: User, home: Area
) -> None:
    saved = episode(alice, category=Category.SPILL_OVER, anchor_on=november(14))
    contact = entry(home, anchor_on=november(14), registered_on=november(15))
    register([contact], by=alice, at=noon(november(15)))
    saved.refresh_from_db()
    assert saved.state(november(16)) is State.CENTRAL
    assert Episode.objects.count() == 1


def test_secondary_contacts_are_refused_with_the_clause(alice: User, home: Area) -> None:
    with pytest.raises(RuleViolation) as refused:
        register_person(entry(home, category=Category.SECONDARY_CONTACT), by=alice, at=noon(D14))
    assert (refused.value.code, refused.value.clause) == ("secondary_contact", "二(二)")
    assert not Person.objects.exists()


def test_naming_a_contact_as_the_infected_person_is_refused(alice: User, home: Area) -> None:
    episode(alice, name="周建国", phone="13800000001")
    through_a_contact = entry(home, name="梁思远", phone="13800000002", exposed_to="周建国")
    judged = judge([through_a_contact], by=alice, at=noon(D14))[0]
    assert (judged.verdict, judged.clause, judged.field) == (Verdict.REFUSED, "二(二)", "exposed_to")


def test_a_case_label_makes_one_infection_record(alice: User, home: Area) -> None:
    entries = [entry(home, name=f"张{n}", phone=f"1380000000{n}", exposed_to="病例1") for n in range(3)]
    register(entries, by=alice, at=noon(D14))
    assert Infection.objects.get().grounds.count() == 3


def test_isolation_is_not_repeated_at_the_destination(alice: User, home: Area) -> None:
    finished = entry(home, category=Category.ENTRANT, isolation_finished=IsolationFinished.ALL)
    judged = judge([finished], by=alice, at=noon(D14))[0]
    assert (judged.code, judged.clause) == ("repeat_isolation", "二(十)")


def test_registered_after_the_end_means_one_test_and_no_restriction(alice: User, home: Area) -> None:
    saved = episode(alice, anchor_on=november(1), registered_on=november(15))
    assert saved.restricted is False
    assert saved.state(november(15)) is State.UNRESTRICTED
    assert [test.planned_on for test in saved.tests.all()] == [november(15)]
    assert not saved.events.filter(kind="code_assigned").exists()


def test_a_doubtful_id_waits_for_confirmation_and_is_no_wall(alice: User, home: Area) -> None:
    number = resident_id(7)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    doubtful = entry(home, id_number=wrong)
    assert judge([doubtful], by=alice, at=noon(D14))[0].verdict is Verdict.DOUBTFUL
    confirmed = entry(home, id_number=wrong, id_confirmed=True)
    assert register([confirmed], by=alice, at=noon(D14))[0].verdict is Verdict.NEW


def test_the_number_is_encrypted_and_still_found(alice: User) -> None:
    number = resident_id(1)
    saved = episode(alice, id_number=f" {number[:6]} {number[6:]} ", phone="138 1706-1414")
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number, phone FROM cases_person")
        row = cursor.fetchone()
    assert number not in row[0]
    assert "1414" not in row[1]
    assert saved.person.masked_id == f"{number[:6]}********{number[-4:]}"
    assert saved.person.masked_phone == "138****1414"
    for words in (number, "13817061414", "1414", number[-4:], "陈晓", "晓琳", "陈"):
        assert Person.objects.matching(words).exists(), words
    assert not Person.objects.matching("陈琳").exists()


def test_a_person_held_next_door_shows_only_the_offices_name(
    alice: User, bob: User, home: Area, next_door: Area
) -> None:
    episode(alice, id_number=resident_id(3))
    judged = judge([entry(next_door, id_number=resident_id(3))], by=bob, at=noon(D14))[0]
    assert judged.verdict is Verdict.HELD_ELSEWHERE
    assert str(judged.sentence).endswith(f"{home.name}.") or home.name in str(judged.sentence)
    assert "1203" not in str(judged.sentence)


def test_nobody_registers_outside_the_own_area(bob: User, home: Area) -> None:
    judged = judge([entry(home)], by=bob, at=noon(D14))[0]
    assert (judged.verdict, judged.field) == (Verdict.WRONG, "community")


def test_another_name_under_the_same_id_is_asked_back(alice: User, home: Area) -> None:
    episode(alice, id_number=resident_id(4))
    judged = judge([entry(home, name="李四", id_number=resident_id(4))], by=alice, at=noon(D14))[0]
    assert (judged.verdict, judged.field) == (Verdict.WRONG, "id_number")
    assert "陈晓琳" not in str(judged.sentence)


def test_children_of_one_phone_are_different_people(alice: User, home: Area) -> None:
    family = [entry(home, name=name, id_kind=IdKind.NONE) for name in ("何雨桐", "何子轩")]
    assert [j.verdict for j in register(family, by=alice, at=noon(D14))] == [Verdict.NEW, Verdict.NEW]
    grandmother = list_person(entry(home, name="何玉珍").facts, by=alice, at=noon(D14))
    assert not grandmother.episodes.exists()
    assert list_person(entry(home, name="何玉珍").facts, by=alice, at=noon(D14)) == grandmother


def test_an_unsuitable_home_means_central_on_the_same_dates(alice: User) -> None:
    saved = episode(alice, home_check=HomeCheck.UNSUITABLE)
    assert {stage.mode for stage in saved.stages.all()} == {"central"}
    assert saved.release_on == november(23)
    assert saved.home_from is None


def test_the_same_exposure_after_an_early_end_takes_a_supervisor_and_a_document(
    alice: User, carol: User, home: Area
) -> None:
    saved = episode(alice)
    ending.end_early(episode=saved, reason="误判", by=alice, at=noon(november(16)))
    again = entry(home, registered_on=november(16))
    assert judge([again], by=alice, at=noon(november(16)))[0].code == "same_exposure_again"
    assert judge([again], by=carol, at=noon(november(16)))[0].field == "document"
    with_paper = entry(home, registered_on=november(16), document="流调报告 7 号")
    assert judge([with_paper], by=alice, at=noon(november(16)))[0].verdict is Verdict.REFUSED
    assert register([with_paper], by=carol, at=noon(november(16)))[0].verdict is Verdict.NEW


def test_a_served_exposure_is_already_there_when_the_list_comes_again(alice: User, home: Area) -> None:
    episode(alice)
    again = entry(home, registered_on=november(25))
    judged = register([again], by=alice, at=noon(november(25)))[0]
    assert judged.verdict is Verdict.UNCHANGED
    assert Episode.objects.count() == 1


def test_a_new_exposure_after_an_unswept_end_starts_a_new_episode(alice: User, home: Area) -> None:
    old = episode(alice)
    new = entry(home, anchor_on=november(24), registered_on=november(25))
    judged = register([new], by=alice, at=noon(november(25)))[0]
    old.refresh_from_db()
    assert judged.verdict is Verdict.NEW
    assert old.swept_at is not None
    assert old.events.filter(kind="released").count() == 1


@pytest.mark.parametrize(("day", "edition", "release"), [(10, "ninth", 20), (11, "twenty", 18)])
def test_the_day_an_edition_changes(alice: User, day: int, edition: str, release: int) -> None:
    on = november(day)
    saved = episode(alice, anchor_on=november(9), registered_on=on)
    assert saved.edition == edition
    assert saved.release_on == november(release)


def test_a_registration_dated_back_follows_the_edition_in_force_now(alice: User) -> None:
    saved = episode(alice, anchor_on=november(9), registered_on=november(10), at=noon(november(12)))
    saved.refresh_from_db()
    assert saved.edition == "twenty"
    assert saved.release_on == november(18)
    assert saved.events.filter(kind="edition_changed").count() == 1


def test_two_scheduled_tests_a_day_are_impossible(alice: User) -> None:
    saved = episode(alice)
    test = saved.tests.first()
    assert test is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        NucleicAcidTest.objects.create(person=saved.person, episode=saved, planned_on=test.planned_on)


def test_a_date_of_registration_in_the_future_is_asked_back(alice: User, home: Area) -> None:
    judged = judge([entry(home, registered_on=november(15))], by=alice, at=noon(D14))[0]
    assert (judged.verdict, judged.field) == (Verdict.WRONG, "registered_on")


def test_a_ground_that_an_edition_abolished_holds_nobody_while_another_still_does(
    alice: User, home: Area
) -> None:
    saved = episode(
        alice, category=Category.SECONDARY_CONTACT, anchor_on=november(8), registered_on=november(8)
    )
    contact = entry(home, anchor_on=november(9), registered_on=november(10))
    register([contact], by=alice, at=noon(november(10)))
    follow_editions(at=noon(november(11)))
    saved.refresh_from_db()
    assert saved.edition == "twenty"
    assert saved.release_on == november(18)
    assert saved.state(november(12)) is State.CENTRAL


def test_a_person_whose_only_ground_was_abolished_is_free_from_that_day(alice: User) -> None:
    saved = episode(
        alice, category=Category.SECONDARY_CONTACT, anchor_on=november(8), registered_on=november(8)
    )
    follow_editions(at=noon(november(12)))
    saved.refresh_from_db()
    assert saved.release_on == november(11)
    assert saved.state(november(11)) is State.ENDED


def test_one_id_under_two_names_in_a_list_is_asked_back(alice: User, home: Area) -> None:
    entries = [entry(home, name=name, id_number=resident_id(8)) for name in ("张三", "李四")]
    judged = register(entries, by=alice, at=noon(D14))
    assert [each.verdict for each in judged] == [Verdict.NEW, Verdict.WRONG]
    assert judged[1].field == "id_number"


def test_two_people_of_one_name_without_telephones_are_two(alice: User, home: Area) -> None:
    first = entry(home, name="张伟", phone="", id_number=resident_id(8))
    second = entry(home, name="张伟", phone="", id_kind=IdKind.NONE, born_on=dt.date(2015, 5, 1))
    judged = [register([each], by=alice, at=noon(D14))[0].verdict for each in (first, second)]
    assert judged == [Verdict.NEW, Verdict.NEW]
    together = [entry(home, name="王芳", phone="", id_number=resident_id(9)), first, second]
    assert judge(together, by=alice, at=noon(D14))[0].verdict is Verdict.NEW
