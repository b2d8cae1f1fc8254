"""The file of a person: a page for whoever is only listed, and its correction."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import EpisodeEvent, Person
from cases.rules import EventKind
from tests import builders
from tests.builders import noon, resident_id, staff
from tests.cases.pages import reader

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

WEDNESDAY = dt.date(2022, 11, 16)


@pytest.fixture
def granny(alice: User, home: Area, the_day: TheDay) -> Person:
    """Listed with the household, under no rule."""
    the_day(WEDNESDAY)
    facts = builders.entry(home, "陈奶奶", phone="13800007777", id_number=resident_id(4)).facts
    return list_person(facts, by=alice, at=noon(WEDNESDAY))


def edited(**changes: Any) -> dict[str, Any]:
    return {
        "name": "陈奶奶",
        "id_kind": "resident_id",
        "id_number": "",
        "phone": "",
        "compound": "锦绣花园",
        "building": "4号楼",
        "unit": "1单元",
        "door": "1203",
    } | changes


def edit(user: User, person: Person, **changes: Any) -> Any:
    return reader(user).post(f"/persons/{person.pk}/edit/", edited(**changes))


def test_somebody_listed_has_a_page_that_says_they_are_free(granny: Person, alice: User) -> None:
    builders.episode(alice, name="陈晓琳", phone="13800001234")
    text = reader(alice).get(f"/persons/{granny.pk}/").content.decode()
    assert "listed only, no restriction" in text
    assert "Never under a rule" in text
    assert "陈晓琳" in text
    assert "13800007777" not in text


def test_a_neighbour_finds_neither_page_nor_form(granny: Person, bob: User) -> None:
    assert reader(bob).get(f"/persons/{granny.pk}/").status_code == 404
    assert reader(bob).get(f"/persons/{granny.pk}/edit/").status_code == 404
    assert edit(bob, granny, name="别人").status_code == 404


def test_numbers_left_empty_stay_as_they_are(granny: Person, alice: User) -> None:
    assert edit(alice, granny, name="陈桂兰", door="1204").status_code == 303
    granny.refresh_from_db()
    assert (granny.name, granny.door) == ("陈桂兰", "1204")
    assert (granny.phone, granny.id_number) == ("13800007777", resident_id(4))


def test_the_form_never_fills_a_number_in(granny: Person, alice: User) -> None:
    text = reader(alice).get(f"/persons/{granny.pk}/edit/").content.decode()
    assert "138****7777" in text
    assert "13800007777" not in text
    assert resident_id(4) not in text


def test_a_number_goes_only_when_it_is_ticked(granny: Person, alice: User) -> None:
    edit(alice, granny, drop_phone="on", drop_id="on", id_kind="none")
    granny.refresh_from_db()
    assert (granny.phone, granny.id_number, granny.id_kind) == ("", "", "none")


def test_an_odd_id_has_to_be_confirmed(granny: Person, alice: User) -> None:
    asked = edit(alice, granny, id_number="110105193003071234")
    assert asked.status_code == 422
    assert 'name="id_confirmed"' in asked.content.decode()
    granny.refresh_from_db()
    assert granny.id_number == resident_id(4)
    edit(alice, granny, id_number="110105193003071234", id_confirmed="on")
    granny.refresh_from_db()
    assert granny.id_number == "110105193003071234"


def test_somebody_elses_id_is_refused_at_the_field(granny: Person, alice: User) -> None:
    builders.episode(alice, name="王桂香", phone="13800009999", id_number=resident_id(9))
    refused = edit(alice, granny, id_number=resident_id(9))
    assert refused.context["form"].errors["id_number"]
    granny.refresh_from_db()
    assert granny.id_number == resident_id(4)


def test_the_timeline_names_what_was_changed_and_not_to_what(alice: User, the_day: TheDay) -> None:
    the_day(WEDNESDAY)
    episode = builders.episode(alice, name="陈奶奶", phone="13800007777")
    edit(alice, episode.person, phone="13800005555")
    event = EpisodeEvent.objects.get(kind=EventKind.FACTS_CHANGED)
    assert "13800005555" not in str(event.details)
    text = reader(alice).get(f"/episodes/{episode.pk}/").content.decode()
    assert "File changed: telephone" in text


def test_the_same_correction_twice_is_one_event(alice: User, the_day: TheDay) -> None:
    the_day(WEDNESDAY)
    episode = builders.episode(alice, name="陈奶奶", phone="13800007777")
    for _ in range(2):
        edit(alice, episode.person, door="1299")
    assert EpisodeEvent.objects.filter(kind=EventKind.FACTS_CHANGED).count() == 1


def test_who_only_reads_corrects_nothing(granny: Person, home: Area) -> None:
    hotline = staff("sunli", home, Role.HOTLINE_OPERATOR)
    assert reader(hotline).get(f"/persons/{granny.pk}/").status_code == 200
    assert edit(hotline, granny, name="别人").status_code == 403


def test_the_form_never_leads_out_of_the_house(granny: Person, alice: User) -> None:
    text = reader(alice).get(f"/persons/{granny.pk}/edit/", {"next": "javascript:alert(1)"}).content.decode()
    assert "javascript:" not in text
