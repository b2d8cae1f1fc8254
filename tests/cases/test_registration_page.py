"""Registering one person by hand: what is asked, what is foreseen, what is refused, what is saved."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import ending
from cases.actions.registration import list_person
from cases.models import Episode, Infection, Person
from cases.rules import KeyMarkKind
from policy.calculator import plan_as_json
from tests import builders
from tests.builders import noon, resident_id, staff
from tests.cases.pages import reader

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

NEW = "/register/new/"
MONDAY = dt.date(2022, 11, 14)


@pytest.fixture(autouse=True)
def _monday(the_day: TheDay) -> None:
    the_day(MONDAY)


def entered(**changes: Any) -> dict[str, Any]:
    """What a worker types for a close contact, last exposed today."""
    return {
        "category": "close_contact",
        "anchor_on": "2022-11-14",
        "registered_on": "2022-11-14",
        "home_check": "unchecked",
        "name": "陈晓琳",
        "phone": "138 0000 1234",
        "id_kind": "resident_id",
        "id_number": resident_id(2),
        "compound": "锦绣花园",
        "building": "4 号楼",
        "unit": "1单元",
        "door": "1203",
    } | changes


# ── the form ─────────────────────────────────────────────────────────────────────────────────────


def test_the_category_comes_first_with_its_rule_and_the_abolished_one_is_explained(alice: User) -> None:
    text = reader(alice).get(NEW).content.decode()
    assert "?category=close_contact" in text
    assert "secondary contact" in text
    assert "?category=secondary_contact" not in text
    assert "二(二)" in text


@pytest.mark.parametrize(
    ("category", "label", "asked", "not_asked"),
    [
        ("close_contact", "last exposure", "exposed_to", "isolation_finished"),
        ("entrant", "entered the country", "isolation_finished", "exposed_to"),
        ("spill_over", "left the high-risk zone", "registered_on", "isolation_finished"),
        ("post_closed_loop", "closed loop ended", "registered_on", "exposed_to"),
    ],
)
def test_a_category_asks_only_for_what_it_needs(
    alice: User, category: str, label: str, asked: str, not_asked: str
) -> None:
    text = reader(alice).get(NEW, {"category": category}).content.decode()
    assert f"Date: {label}" in text
    assert f'name="{asked}"' in text
    assert f'name="{not_asked}"' not in text


def test_only_staff_above_a_community_are_asked_for_it(alice: User, carol: User) -> None:
    assert 'name="community"' not in reader(alice).get(NEW, {"category": "entrant"}).content.decode()
    assert 'name="community"' in reader(carol).get(NEW, {"category": "entrant"}).content.decode()


def test_names_of_the_community_are_suggested_once_it_is_known(alice: User, carol: User, home: Area) -> None:
    builders.episode(alice, exposed_to="病例1")
    option = '<option value="锦绣花园">'
    assert option in reader(alice).get(NEW, {"category": "entrant"}).content.decode()
    street = reader(carol)
    assert option not in street.get(NEW, {"category": "entrant"}).content.decode()
    headers = {"HX-Request": "true", "HX-Target": "registration"}
    chosen = street.post(NEW, entered(act="refresh", community=home.pk), headers=headers).content.decode()
    assert option in chosen
    assert '<option value="病例1">' in chosen


def test_who_only_reads_registers_nobody(home: Area) -> None:
    hotline = staff("sunli", home, Role.HOTLINE_OPERATOR)
    assert reader(hotline).get(NEW).status_code == 403
    assert reader(hotline).post(NEW, entered()).status_code == 403
    assert not Person.objects.exists()


# ── the preview ──────────────────────────────────────────────────────────────────────────────────


def preview(user: User, **changes: Any) -> Any:
    """What the panel says while somebody types, as htmx asks for it."""
    headers = {"HX-Request": "true", "HX-Target": "foreseen"}
    return reader(user).post(NEW, entered(act="preview", **changes), headers=headers)


def test_the_plan_appears_as_soon_as_the_date_is_there_and_nothing_is_saved(alice: User) -> None:
    answer = preview(alice, name="", phone="", id_number="")
    assert "<html" not in answer.content.decode()
    assert 'data-release-on="2022-11-23"' in answer.content.decode()
    assert not Person.objects.exists()


def test_without_a_date_the_panel_says_what_it_waits_for(alice: User) -> None:
    assert "Enter a date" in preview(alice, anchor_on="").content.decode()


@pytest.mark.parametrize(
    ("changes", "release_on"),
    [
        ({}, dt.date(2022, 11, 23)),
        ({"home_check": "unsuitable"}, dt.date(2022, 11, 23)),
        ({"anchor_on": "2022-11-10"}, dt.date(2022, 11, 19)),
        ({"category": "spill_over"}, dt.date(2022, 11, 22)),
        ({"category": "entrant", "isolation_finished": "central"}, dt.date(2022, 11, 23)),
        # dated back into the ninth edition: planned anew by the one in force today
        ({"anchor_on": "2022-11-08", "registered_on": "2022-11-09"}, dt.date(2022, 11, 17)),
    ],
)
def test_the_plan_foreseen_is_the_plan_saved(
    alice: User, changes: dict[str, Any], release_on: dt.date
) -> None:
    foreseen = preview(alice, **changes).context["foresight"].plan
    assert reader(alice).post(NEW, entered(**changes)).status_code == 302
    episode = Episode.objects.get()
    assert foreseen.release_on == episode.release_on == release_on
    stages = [(stage.mode, stage.starts_on, stage.last_on, stage.clause) for stage in foreseen.stages]
    saved = episode.stages.values_list("mode", "starts_on", "last_on", "clause")
    assert stages == [tuple(row) for row in saved]
    due = [test.on for test in foreseen.tests if test.on >= MONDAY]
    assert due == list(
        episode.tests.standing().filter(planned_on__gte=MONDAY).values_list("planned_on", flat=True)
    )
    assert plan_as_json(foreseen)["edition"] == episode.edition


def test_without_a_script_the_button_shows_the_same_and_keeps_what_is_typed(alice: User) -> None:
    answer = reader(alice).post(NEW, entered(act="preview", name=""))
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'data-release-on="2022-11-23"' in text
    assert 'value="138 0000 1234"' in text
    assert not answer.context["form"].errors


def test_changing_the_category_keeps_what_is_typed(alice: User) -> None:
    headers = {"HX-Request": "true", "HX-Target": "registration"}
    sent = entered(act="refresh", category="entrant", key_marks=["pregnant", "dialysis"])
    answer = reader(alice).post(NEW, sent, headers=headers)
    text = answer.content.decode()
    assert "<html" not in text
    assert 'name="isolation_finished"' in text
    assert 'value="陈晓琳"' in text
    assert text.count("checked") >= 3


# ── saving ───────────────────────────────────────────────────────────────────────────────────────


def test_saving_leads_to_the_page_of_the_episode(alice: User, home: Area) -> None:
    answer = reader(alice).post(NEW, entered(key_marks=["pregnant"]), follow=True)
    episode = Episode.objects.select_related("person__unit__building__compound").get()
    assert answer.redirect_chain[-1][0].startswith(f"/episodes/{episode.pk}/")
    assert "is registered, free from 23 Nov" in answer.content.decode()
    person = episode.person
    assert (person.name, person.phone, person.sex) == ("陈晓琳", "13800001234", "female")
    assert person.address == "锦绣花园 4号楼1单元 1203"
    assert [mark.kind for mark in person.key_marks.all()] == [KeyMarkKind.PREGNANT]
    assert episode.community == home


def test_the_same_form_sent_twice_registers_once(alice: User) -> None:
    browser = reader(alice)
    browser.post(NEW, entered())
    again = browser.post(NEW, entered())
    assert again.status_code == 422
    assert "Already there" in again.content.decode()
    assert f"/episodes/{Episode.objects.get().pk}/" in again.content.decode()
    assert Person.objects.count() == 1


def test_a_street_registers_into_a_community_of_its_own_only(
    carol: User, home: Area, next_door: Area, county: Area
) -> None:
    outside = builders.area("别处街道", "street", "110105002", county)
    elsewhere = builders.area("别处社区", "community", "110105002001", outside)
    refused = reader(carol).post(NEW, entered(community=elsewhere.pk))
    assert refused.context["form"].errors["community"]
    assert reader(carol).post(NEW, entered()).context["form"].errors["community"]
    reader(carol).post(NEW, entered(community=next_door.pk))
    assert Episode.objects.get().community == next_door


def test_an_address_is_a_compound_with_a_building_or_nothing(alice: User) -> None:
    refused = reader(alice).post(NEW, entered(building=""))
    assert refused.context["form"].errors["building"]
    refused = reader(alice).post(NEW, entered(compound=""))
    assert refused.context["form"].errors["compound"]
    reader(alice).post(NEW, entered(compound="", building="", unit="", door=""))
    assert Person.objects.get().unit is None


def test_too_late_for_a_restriction_is_saved_without_one(alice: User) -> None:
    answer = reader(alice).post(NEW, entered(anchor_on="2022-11-01"), follow=True)
    assert "without restriction" in answer.content.decode()
    assert Episode.objects.get().restricted is False


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────


def test_a_secondary_contact_is_refused_at_the_category_with_its_clause(alice: User) -> None:
    refused = reader(alice).post(NEW, entered(category="secondary_contact"))
    assert refused.status_code == 422
    assert "二(二)" in str(refused.context["form"].errors["category"])
    assert not Person.objects.exists()


def test_naming_a_contact_as_the_infected_person_is_refused_at_the_field(alice: User) -> None:
    builders.episode(alice, name="王桂香", phone="13800009999")
    refused = reader(alice).post(NEW, entered(exposed_to="王桂香"))
    assert "二(二)" in str(refused.context["form"].errors["exposed_to"])
    assert 'value="王桂香"' in refused.content.decode()
    assert not Infection.objects.exists()


def test_isolation_finished_at_the_first_point_of_entry_is_not_repeated(alice: User) -> None:
    refused = reader(alice).post(NEW, entered(category="entrant", isolation_finished="all"))
    assert "二(十)" in str(refused.context["form"].errors["isolation_finished"])
    assert not Episode.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"anchor_on": "2022-11-15"}, "registered_on"),
        ({"anchor_on": "", "registered_on": ""}, "anchor_on"),
        ({"registered_on": "2022-11-15"}, "registered_on"),
        ({"anchor_on": "14.11."}, "anchor_on"),
        ({"id_kind": "none"}, "id_kind"),
        ({"category": "nonsense"}, "category"),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_typed_is_lost(
    alice: User, changes: dict[str, Any], field: str
) -> None:
    refused = reader(alice).post(NEW, entered(**changes))
    assert refused.status_code == 422
    assert field in refused.context["form"].errors
    assert 'value="1203"' in refused.content.decode()
    assert not Person.objects.exists()


def test_an_odd_id_is_a_doubt_to_confirm_and_no_wall(alice: User) -> None:
    odd = resident_id(2)[:-1] + ("1" if resident_id(2)[-1] != "1" else "2")
    browser = reader(alice)
    assert "check digit" in preview(alice, id_number=odd).content.decode()
    asked = browser.post(NEW, entered(id_number=odd))
    assert asked.status_code == 422
    assert not asked.context["form"].errors
    assert 'name="id_confirmed"' in asked.content.decode()
    assert not Person.objects.exists()
    assert browser.post(NEW, entered(id_number=odd, id_confirmed="on")).status_code == 302
    assert Person.objects.get().id_number == odd


# ── the same person again ────────────────────────────────────────────────────────────────────────


def test_a_new_ground_is_said_before_it_is_saved(alice: User) -> None:
    episode = builders.episode(alice, phone="13800001234", anchor_on=dt.date(2022, 11, 12))
    sent = entered(id_number="", id_kind="none")
    panel = preview(alice, **sent).content.decode()
    assert "this is a new ground" in panel
    assert "21 Nov" in panel
    assert "23 Nov" in panel
    browser = reader(alice)
    unseen = browser.post(NEW, sent)
    assert unseen.status_code == 422
    episode.refresh_from_db()
    assert episode.release_on == dt.date(2022, 11, 21)
    token = unseen.context["foresight"].token
    assert f'name="seen" value="{token}"' in unseen.content.decode()
    saved = browser.post(NEW, sent | {"seen": token}, follow=True)
    assert "new ground recorded" in saved.content.decode()
    episode.refresh_from_db()
    assert (episode.release_on, episode.grounds.count()) == (dt.date(2022, 11, 23), 2)


def test_what_was_seen_for_another_date_is_not_consent(alice: User) -> None:
    builders.episode(alice, phone="13800001234", anchor_on=dt.date(2022, 11, 12))
    sent = entered(id_number="", id_kind="none")
    earlier = preview(alice, **(sent | {"anchor_on": "2022-11-13"})).context["foresight"].token
    assert reader(alice).post(NEW, sent | {"seen": earlier}).status_code == 422


def test_an_earlier_exposure_is_noted_and_the_end_stays(alice: User) -> None:
    episode = builders.episode(alice, phone="13800001234")
    sent = entered(id_number="", id_kind="none", anchor_on="2022-11-12")
    token = preview(alice, **sent).context["foresight"].token
    reader(alice).post(NEW, sent | {"seen": token})
    episode.refresh_from_db()
    assert (episode.release_on, episode.grounds.count()) == (dt.date(2022, 11, 23), 1)


def test_held_elsewhere_says_the_office_and_nothing_else(alice: User, bob: User, next_door: Area) -> None:
    held = builders.episode(bob, id_number=resident_id(2), phone="13811112222", door="77")
    for answer in (
        preview(alice, phone=""),
        reader(alice).post(NEW, entered(phone="")),
    ):
        text = answer.content.decode()
        assert next_door.name in text
        assert "/handovers/offer/?reference=" in text
        for secret in (
            "13811112222",
            "138****2222",
            "data-release-on",
            f"/episodes/{held.pk}/",
            'value="77"',
        ):
            assert secret not in text
    assert Episode.objects.count() == 1


def test_the_same_exposure_after_an_early_end_takes_a_supervisor_and_a_document(
    alice: User, carol: User, home: Area
) -> None:
    first = builders.episode(alice, phone="13800001234", id_number=resident_id(2))
    ending.end_early(episode=first, reason="误判", by=alice, at=noon(MONDAY))
    refused = reader(alice).post(NEW, entered())
    assert "supervisor" in str(refused.context["form"].errors["anchor_on"])
    assert 'name="document"' not in refused.content.decode()
    refused = reader(carol).post(NEW, entered(community=home.pk))
    assert refused.context["form"].errors["document"]
    reader(carol).post(NEW, entered(community=home.pk, document="街道 7 号通知"))
    assert Episode.objects.exclude(pk=first.pk).get().grounds.get().document == "街道 7 号通知"


# ── from a file, from a home ─────────────────────────────────────────────────────────────────────


def test_somebody_listed_is_registered_from_the_file_without_showing_the_numbers(
    alice: User, home: Area
) -> None:
    facts = builders.entry(home, "陈奶奶", phone="13800007777", id_number=resident_id(4)).facts
    listed = list_person(facts, by=alice, at=noon(MONDAY))
    browser = reader(alice)
    text = browser.get(NEW, {"person": listed.pk, "category": "close_contact"}).content.decode()
    assert 'value="陈奶奶"' in text
    assert "138****7777" in text
    assert "13800007777" not in text
    assert resident_id(4) not in text
    browser.post(NEW, entered(person=listed.pk, name="陈奶奶", phone="", id_number=""))
    assert Episode.objects.get().person == listed
    assert Person.objects.get().phone == "13800007777"


def test_a_file_without_numbers_is_never_doubled(alice: User, home: Area) -> None:
    facts = builders.entry(home, "陈小宝", phone="", id_number="").facts
    child = list_person(facts, by=alice, at=noon(MONDAY))
    refused = reader(alice).post(NEW, entered(person=child.pk, name="陈小宝", phone="", id_number=""))
    assert "complete the file first" in refused.content.decode()
    assert Person.objects.count() == 1


def test_another_from_the_same_home_takes_over_address_date_category_and_telephone(alice: User) -> None:
    first = builders.episode(alice, exposed_to="病例1")
    browser = reader(alice)
    text = browser.get(NEW, {"home": first.pk}).content.decode()
    for value in ("锦绣花园", "4号楼", "1单元", "1203", "2022-11-14", "病例1"):
        assert f'value="{value}"' in text
    assert "13800001234" not in text
    browser.post(NEW, entered(home=first.pk, name="陈晓明", phone="", id_number=""))
    other = Person.objects.get(name="陈晓明")
    assert (other.phone, other.unit_id) == ("13800001234", first.person.unit_id)


@pytest.mark.parametrize("key", ["person", "home"])
def test_a_neighbours_file_is_no_beginning(alice: User, bob: User, key: str) -> None:
    theirs = builders.episode(bob)
    number = theirs.pk if key == "home" else theirs.person_id
    assert reader(alice).get(NEW, {key: number}).status_code == 404
    assert reader(alice).post(NEW, entered(**{key: number})).status_code == 404
    assert reader(alice).get(NEW, {key: "²"}).status_code == 200
