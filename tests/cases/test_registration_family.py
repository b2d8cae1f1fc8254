"""A family at once: one reason, address and telephone; good rows are saved, the others stay."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Area, User
from cases.models import Episode, Person
from tests import builders
from tests.builders import resident_id
from tests.cases.pages import reader

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

FAMILY = "/register/family/"
MONDAY = dt.date(2022, 11, 14)


@pytest.fixture(autouse=True)
def _monday(the_day: TheDay) -> None:
    the_day(MONDAY)


def family(*rows: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What is typed for a family; each row is a member under the rule unless it says otherwise."""
    sent: dict[str, Any] = {
        "category": "close_contact",
        "anchor_on": "2022-11-14",
        "registered_on": "2022-11-14",
        "home_check": "suitable",
        "phone": "13800001234",
        "compound": "锦绣花园",
        "building": "4号楼",
        "unit": "1单元",
        "door": "1203",
        "rows": str(len(rows)),
    }
    for number, row in enumerate(rows):
        values = {"under": "rule", "id_kind": "resident_id", "name": "", "id_number": "", "sex": ""} | row
        sent |= {f"row-{number}-{key}": value for key, value in values.items()}
    return sent | changes


def test_a_family_is_registered_at_once_with_one_telephone(alice: User) -> None:
    rows = (
        {"name": "陈晓琳", "id_number": resident_id(1)},
        {"name": "陈小宝", "born_on": "2016-05-01", "sex": "male"},
        {"name": "陈奶奶", "under": "listed", "key_marks": ["old_and_alone"]},
        {},
    )
    answer = reader(alice).post(FAMILY, family(*rows), follow=True)
    assert answer.redirect_chain[0][0].endswith("?registered=1")
    assert "2 people registered, 1 person listed" in answer.content.decode()
    people = {person.name: person for person in Person.objects.all()}
    assert set(people) == {"陈晓琳", "陈小宝", "陈奶奶"}
    assert {person.phone for person in people.values()} == {"13800001234"}
    assert len({(person.unit_id, person.door) for person in people.values()}) == 1
    assert people["陈小宝"].id_kind == "none"
    assert people["陈小宝"].born_on == dt.date(2016, 5, 1)
    assert not people["陈奶奶"].episodes.exists()
    assert people["陈奶奶"].key_marks.count() == 1
    assert {episode.release_on for episode in Episode.objects.all()} == {dt.date(2022, 11, 23)}


def test_the_good_rows_are_saved_and_the_others_stay_with_their_reason(alice: User, bob: User) -> None:
    builders.episode(bob, name="外甥女", id_number=resident_id(5), phone="13811112222")
    rows = (
        {"name": "陈晓琳", "id_number": resident_id(1)},
        {"name": "", "id_number": "123"},
        {"name": "陈大爷", "id_number": "110105193003071234"},
        {"name": "外甥女", "id_number": resident_id(5)},
        {"name": "陈奶奶", "id_number": "110105193203071234", "under": "listed"},
    )
    answer = reader(alice).post(FAMILY, family(*rows))
    assert answer.status_code == 422
    left = {row.number: row for row in answer.context["rows"]}
    assert set(left) == {1, 2, 3, 4}
    assert left[1].errors["name"]
    assert left[2].doubts["id_number"]
    assert "湖滨社区" in str(left[3].errors["name"])
    assert left[3].reference
    assert left[4].doubts["id_number"]
    assert [episode.person.name for episode in answer.context["saved"].episodes] == ["陈晓琳"]
    text = answer.content.decode()
    assert 'value="陈大爷"' in text
    assert "13811112222" not in text
    assert set(Person.objects.values_list("name", flat=True)) == {"陈晓琳", "外甥女"}


def test_a_row_that_was_confirmed_is_saved_and_what_was_saved_is_not_saved_again(alice: User) -> None:
    rows = (
        {"name": "陈晓琳", "id_number": resident_id(1)},
        {"name": "陈大爷", "id_number": "110105193003071234"},
    )
    browser = reader(alice)
    browser.post(FAMILY, family(*rows))
    again = family({}, rows[1] | {"confirmed": "on"})
    assert browser.post(FAMILY, again).status_code == 302
    assert Episode.objects.count() == 2
    assert browser.post(FAMILY, again).status_code == 422
    assert Episode.objects.count() == 2


def test_somebody_already_under_a_rule_is_a_new_ground_only_when_confirmed(alice: User) -> None:
    running = builders.episode(alice, phone="13800001234", anchor_on=dt.date(2022, 11, 12))
    row = {"name": running.person.name}
    answer = reader(alice).post(FAMILY, family(row))
    assert "the end moves from 21 Nov to 23 Nov" in answer.context["rows"][0].note
    running.refresh_from_db()
    assert running.release_on == dt.date(2022, 11, 21)
    reader(alice).post(FAMILY, family(row | {"confirmed": "on"}))
    running.refresh_from_db()
    assert running.release_on == dt.date(2022, 11, 23)


def test_the_same_person_twice_in_one_family_is_registered_once(alice: User) -> None:
    row = {"name": "陈晓琳", "id_number": resident_id(1)}
    answer = reader(alice).post(FAMILY, family(row, row))
    assert "higher up in this list" in str(answer.context["rows"][0].errors)
    assert Episode.objects.count() == 1


def test_a_mistake_of_what_they_share_saves_nobody(alice: User) -> None:
    answer = reader(alice).post(FAMILY, family({"name": "陈晓琳"}, anchor_on="", building=""))
    assert set(answer.context["form"].errors) == {"anchor_on", "building"}
    assert 'value="陈晓琳"' in answer.content.decode()
    assert not Person.objects.exists()


def test_a_refused_category_stands_at_every_row(alice: User) -> None:
    answer = reader(alice).post(FAMILY, family({"name": "陈晓琳"}, category="secondary_contact"))
    assert "二(二)" in str(answer.context["rows"][0].errors)
    assert not Person.objects.exists()


def test_an_empty_family_is_nobody(alice: User) -> None:
    answer = reader(alice).post(FAMILY, family({}, {}))
    assert answer.status_code == 422
    assert "at least one person" in answer.content.decode()


def test_more_rows_keep_what_is_typed(alice: User) -> None:
    answer = reader(alice).post(FAMILY, family({"name": "陈晓琳"}, {}, act="more"))
    assert answer.status_code == 200
    assert answer.context["count"] == 4
    assert 'value="陈晓琳"' in answer.content.decode()
    assert not answer.context["form"].errors


def test_listing_under_somebody_elses_id_is_refused(alice: User, home: Area) -> None:
    builders.episode(alice, name="王桂香", id_number=resident_id(1), phone="13899990000")
    answer = reader(alice).post(
        FAMILY, family({"name": "陈晓琳", "id_number": resident_id(1), "under": "listed"})
    )
    assert "another name stands" in str(answer.context["rows"][0].errors["id_number"])


def test_a_family_from_an_episode_takes_over_address_and_telephone(alice: User) -> None:
    first = builders.episode(alice)
    browser = reader(alice)
    text = browser.get(FAMILY, {"home": first.pk}).content.decode()
    assert 'value="锦绣花园"' in text
    assert "13800001234" not in text
    browser.post(FAMILY, family({"name": "陈小宝"}, home=first.pk, phone=""))
    assert Person.objects.get(name="陈小宝").phone == "13800001234"


def test_a_neighbours_home_is_no_beginning(alice: User, bob: User) -> None:
    theirs = builders.episode(bob)
    assert reader(alice).get(FAMILY, {"home": theirs.pk}).status_code == 404
