"""Registering and acting on episodes over the API."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Level
from cases.models import Episode, Infection, NucleicAcidTest, Person
from tests.api.conftest import System, entry_of
from tests.builders import area, episode, resident_id
from zones.actions import ensure_room

Go = Callable[[dt.date], None]


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def the_plan(**question: Any) -> Any:
    answer = Client().post("/api/v1/policy/plan/", question, content_type="application/json")
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("category", "anchor", "today", "finished", "check"),
    [
        ("close_contact", 14, 14, "none", "suitable"),
        ("close_contact", 10, 14, "none", "suitable"),
        ("close_contact", 14, 15, "none", "unsuitable"),
        ("close_contact", 1, 14, "none", "suitable"),
        ("spill_over", 12, 14, "none", "unchecked"),
        ("post_closed_loop", 13, 14, "none", "unchecked"),
        ("entrant", 13, 14, "central", "suitable"),
    ],
)
def test_the_plan_of_a_registration_is_that_of_the_public_calculator(
    here: System, the_day: Go, category: str, anchor: int, today: int, finished: str, check: str
) -> None:
    the_day(november(today))
    facts = {"category": category, "anchor_on": str(november(anchor)), "isolation_finished": finished}
    status, body = here.post("episodes/", entry_of(**facts, home_check=check))
    assert (status, body["verdict"]) == (201, "new")
    assert body["plan"] == the_plan(
        **facts, registered_on=str(november(today)), home_suitable=check != "unsuitable"
    )
    assert here.get(f"episodes/{body['episode']['id']}/")[1] == body["episode"]


def test_the_same_entry_again_a_later_and_an_earlier_exposure(here: System, the_day: Go) -> None:
    first = here.post("episodes/", entry_of())[1]["episode"]
    status, again = here.post("episodes/", entry_of())
    assert (status, again["verdict"], again["episode"]["id"]) == (200, "unchanged", first["id"])
    the_day(november(17))
    status, later = here.post("episodes/", entry_of(anchor_on="2022-11-17"))
    assert (status, later["verdict"], later["plan"]["release_on"]) == (200, "new_ground", "2022-11-26")
    assert [ground["anchor_on"] for ground in later["episode"]["grounds"]] == ["2022-11-14", "2022-11-17"]
    status, earlier = here.post("episodes/", entry_of(anchor_on="2022-11-12"))
    assert (status, earlier["verdict"], earlier["plan"]["release_on"]) == (
        200,
        "earlier_exposure",
        "2022-11-26",
    )
    assert Episode.objects.count() == 1


def test_rules_refuse_with_their_clause(here: System) -> None:
    status, body = here.post("episodes/", entry_of(category="secondary_contact"))
    assert (status, body["code"], body["clause"]) == (409, "secondary_contact", "二(二)")
    status, body = here.post("episodes/", entry_of(category="entrant", isolation_finished="all"))
    assert (status, body["code"], body["clause"]) == (409, "repeat_isolation", "二(十)")
    assert body["detail"]
    assert not Person.objects.exists()


@pytest.mark.parametrize("key", ["", "k-1"])
def test_naming_a_contact_as_the_case_is_refused_every_time(here: System, alice: User, key: str) -> None:
    episode(alice, name="周建国", phone="13800000001")
    for turn in range(2):
        status, body = here.post(
            "episodes/", entry_of(name="梁思远", exposed_to="周建国"), key=key and f"{key}{turn}"
        )
        assert (status, body["code"], body["field"]) == (409, "secondary_contact", "exposed_to")
    assert not Infection.objects.exists()


def test_a_person_held_next_door_shows_only_the_offices_name(
    here: System, neighbour: System, home: Area
) -> None:
    here.post("episodes/", entry_of(id_number=resident_id(3)))
    status, body = neighbour.post("episodes/", entry_of(id_number=resident_id(3), door="9"))
    assert (status, body["code"], body["office"]) == (409, "held_elsewhere", home.name)
    assert set(body) == {"code", "clause", "detail", "office"}
    assert "1203" not in str(body)


def test_a_doubtful_id_waits_for_its_confirmation(here: System) -> None:
    number = resident_id(7)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    status, body = here.post("episodes/", entry_of(id_number=wrong))
    assert (status, body["code"], body["field"]) == (409, "id_checksum", "id_number")
    status, body = here.post("episodes/", entry_of(id_number=wrong, id_confirmed=True))
    assert (status, body["verdict"]) == (201, "new")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 12}, "name"),
        ({"name": "陈\x00"}, "name"),
        ({"name": "陈\ud800"}, "name"),
        ({"name": "\ufdfa" * 20}, "name"),
        ({"anchor_on": "14.11.2022"}, "anchor_on"),
        ({"anchor_on": "2022-11-15"}, "anchor_on"),
        ({"registered_on": "2022-11-15"}, "registered_on"),
        ({"category": "contact"}, "category"),
        ({"id_confirmed": "yes"}, "id_confirmed"),
        ({"phone": 13800001234}, "phone"),
        ({"community": "110105001002"}, "community"),
        ({"compound": ""}, "compound"),
        ({"building": ""}, "building"),
        ({"key_marks": ["old"]}, "key_marks"),
        ({"born_on": "2022-11-15"}, "born_on"),
        ({"remarks": "x" * 301}, "remarks"),
        ({"anchor": "2022-11-14"}, "anchor"),
    ],
)
def test_each_mistake_stands_at_its_field(
    here: System, next_door: Area, changes: dict[str, Any], field: str
) -> None:
    status, body = here.post("episodes/", entry_of(**changes))
    assert status == 400
    assert field in body
    assert not Person.objects.exists()


def test_a_system_above_the_communities_names_one(here: System, carol: User, next_door: Area) -> None:
    street = System(carol)
    assert street.post("episodes/", entry_of())[1].keys() == {"community"}
    status, body = street.post("episodes/", entry_of(community=next_door.code))
    assert (status, body["episode"]["community"]["code"]) == (201, next_door.code)


def test_the_state_follows_the_dates_with_no_worker_running(here: System, the_day: Go) -> None:
    pk = here.post("episodes/", entry_of())[1]["episode"]["id"]
    states = {}
    for day in (14, 15, 19, 20, 22, 23):
        the_day(november(day))
        states[day] = here.get(f"episodes/{pk}/")[1]["state"]
        listed = [row["id"] for row in here.get("episodes/", state="open")[1]["results"]]
        ended = [row["id"] for row in here.get("episodes/", state="ended")[1]["results"]]
        assert (listed, ended) == (([], [pk]) if day == 23 else ([pk], []))
    assert states == {14: "day_zero", 15: "central", 19: "central", 20: "home", 22: "home", 23: "ended"}
    assert Episode.objects.get().swept_at is None
    days = {each["on"][-2:]: each["state"] for each in here.get(f"episodes/{pk}/")[1]["days"]}
    assert (days["14"], days["19"], days["20"], days["23"]) == ("day_zero", "central", "home", "ended")
    assert len(days) == 10
    overdue = here.get("episodes/", state="overdue")[1]["results"]
    assert [each["overdue"][0]["reason"] for each in overdue] == ["code"]


def test_the_list_is_narrowed_by_the_filters_of_the_register(here: System, alice: User) -> None:
    contact = episode(alice, name="甲", phone="13800000001")
    neighbour = episode(alice, name="乙", phone="13800000002", category="spill_over")

    def found(**query: Any) -> list[int]:
        status, body = here.get("episodes/", **query)
        assert status == 200
        return [row["id"] for row in body["results"]]

    assert found() == [neighbour.pk, contact.pk]
    assert found(category="spill_over") == [neighbour.pk]
    assert found(q="甲") == [contact.pk]
    assert found(person=contact.person_id) == [contact.pk]
    assert found(stage="central") == []
    assert found(community=alice.area.code, state="open") == [neighbour.pk, contact.pk]
    assert found(community="110105001002") == []
    for mistake in ({"state": "closed"}, {"category": "x"}, {"person": "1.5"}, {"person": "9" * 30}):
        status, body = here.get("episodes/", **mistake)
        assert (status, set(body)) == (400, set(mistake))


def test_ending_early_takes_a_reason_and_only_once(here: System, the_day: Go) -> None:
    pk = here.post("episodes/", entry_of())[1]["episode"]["id"]
    the_day(november(16))
    assert here.post(f"episodes/{pk}/end-early/", {})[0] == 400
    status, body = here.post(f"episodes/{pk}/end-early/", {"reason": "流调更正"})
    assert (status, body["changed"], body["episode"]["state"]) == (200, True, "ended_early")
    assert (body["episode"]["release_on"], body["episode"]["planned_release_on"]) == (
        "2022-11-16",
        "2022-11-23",
    )
    assert body["episode"]["events"][0]["reason"] == "流调更正"
    status, body = here.post(f"episodes/{pk}/end-early/", {"reason": "流调更正"})
    assert (status, body["code"]) == (409, "not_running")


def test_withdrawing_makes_it_never_restricted(here: System) -> None:
    pk = here.post("episodes/", entry_of())[1]["episode"]["id"]
    status, body = here.post(f"episodes/{pk}/withdraw/", {"reason": "重名"})
    assert (status, body["episode"]["state"], body["episode"]["ending"]) == (200, "withdrawn", "withdrawn")
    status, body = here.post("episodes/", entry_of())
    assert (status, body["code"]) == (409, "same_exposure_again")


def test_a_room_takes_one_household(here: System, home: Area) -> None:
    room = here.post("places/rooms/", {"site": "锦绣酒店", "number": "301"})[1]["id"]
    first = here.post("episodes/", entry_of())[1]["episode"]["id"]
    other = here.post("episodes/", entry_of(name="何玉珍", phone="13800005678", door="9"))[1]["episode"]["id"]
    status, body = here.post(f"episodes/{first}/place/", {"place": "site", "room": room})
    assert (status, body["episode"]["place"], body["episode"]["whereabouts"]) == (200, "site", "锦绣酒店 301")
    assert here.post(f"episodes/{first}/place/", {"place": "site", "room": room})[1]["changed"] is False
    status, body = here.post(f"episodes/{other}/place/", {"place": "site", "room": room})
    assert (status, body["code"], body["clause"]) == (409, "room_taken", "三(一)")
    for wrong in ({"place": "site"}, {"place": "home", "room": room}, {"place": "site", "room": 9**9}):
        assert here.post(f"episodes/{other}/place/", wrong)[0] == 400


def test_a_room_in_another_county_is_not_there(here: System, county: Area) -> None:
    far = area("海淀区", Level.COUNTY, "110108", county.parent)
    far_street = area("某街道", Level.STREET, "110108001", far)
    far_community = area("某社区", Level.COMMUNITY, "110108001001", far_street)
    room = ensure_room(community=far_community, site="某酒店", number="1")
    pk = here.post("episodes/", entry_of())[1]["episode"]["id"]
    status, body = here.post(f"episodes/{pk}/place/", {"place": "site", "room": room.pk})
    assert (status, set(body)) == (400, {"room"})


def test_an_unsuitable_home_keeps_the_dates(here: System) -> None:
    pk = here.post("episodes/", entry_of())[1]["episode"]["id"]
    status, body = here.post(f"episodes/{pk}/home-check/", {"home_check": "unsuitable"})
    plan = body["episode"]["plan"]
    assert (status, body["changed"]) == (200, True)
    assert {stage["mode"] for stage in plan["stages"]} == {"central"}
    assert plan["release_on"] == "2022-11-23"
    assert here.post(f"episodes/{pk}/home-check/", {"home_check": "unchecked"})[0] == 400


def test_numbers_are_masked_everywhere(here: System) -> None:
    number = resident_id(1)
    here.post("episodes/", entry_of(id_number=number), key="n-1")
    person = Person.objects.get()
    for path in ("persons/", f"persons/{person.pk}/", "episodes/", "tests/"):
        here.get(path)
        text = here.last.content.decode()
        assert number not in text
        assert "13800001234" not in text
    body = here.get(f"persons/{person.pk}/")[1]
    assert (body["id_number"], body["phone"]) == (f"{number[:6]}********{number[-4:]}", "138****1234")
    assert [each["state"] for each in body["episodes"]] == ["day_zero"]


def test_people_are_found_by_name_and_number(here: System, alice: User) -> None:
    saved = episode(alice, id_number=resident_id(1))
    episode(alice, name="何玉珍", phone="13811112222")
    for words in ("晓琳", resident_id(1), "13800001234", resident_id(1)[-4:]):
        assert [row["id"] for row in here.get("persons/", q=words)[1]["results"]] == [saved.person_id]
    assert here.get("persons/", q="无此人")[1]["results"] == []


def test_a_registration_dated_back_follows_the_edition_of_today(here: System) -> None:
    facts = entry_of(anchor_on="2022-11-08", registered_on="2022-11-09")
    status, body = here.post("episodes/", facts)
    assert (status, body["plan"]["edition"]) == (201, "twenty")
    assert (
        body["plan"]["release_on"] <= the_plan(category="close_contact", anchor_on="2022-11-08")["release_on"]
    )


def test_after_the_sweep_the_code_is_lifted_too(here: System, the_day: Go) -> None:
    pk = here.post("episodes/", entry_of())[1]["episode"]["id"]
    the_day(november(23))
    call_command("sweep_releases")
    body = here.get(f"episodes/{pk}/")[1]
    assert body["code_lifted_at"] is not None
    assert {"released", "code_lifted"} & {event["kind"] for event in body["events"]}
    assert NucleicAcidTest.objects.filter(episode=pk).count() == len(body["tests"])
