"""Needs through the API: sent once, followed, never with a name, and only where the key belongs."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Area, IdempotencyKey, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from notices.models import Message
from notices.rules import MessageKind
from supplies.actions.serving import move
from supplies.models import Item, Need, NeedLine
from supplies.rules.needs import Asker, NeedKind, NeedState, NeedVerb, Urgency
from tests.api.conftest import DAY, System
from tests.builders import entry, noon, staff
from tests.supplies.world import need_of

pytestmark = pytest.mark.django_db
AT = noon(DAY)
PHONE = "13866667777"


@pytest.fixture
def person(here: System, home: Area, alice: User) -> Person:
    """林小满, behind 4号楼1单元 1203."""
    facts = entry(home, name="林小满", phone="13811110000", door="1203").facts
    return list_person(facts, by=alice, at=AT)


@pytest.fixture
def hotline(home: Area, here: System) -> System:
    """The platform of 12345 in Alice's community: takes calls, carries nothing."""
    return System(staff("line12345", home, Role.HOTLINE_OPERATOR))


def asked(person: Person, /, **changes: Any) -> dict[str, Any]:
    body = {"kind": "food", "person": person.pk, "text": "两份蔬菜", "phone": PHONE, "external_id": "GD-1"}
    return {name: value for name, value in (body | changes).items() if value is not None}


def test_a_need_is_written_for_a_person_with_its_limit(hotline: System, person: Person) -> None:
    status, answer = hotline.post("needs/", asked(person))
    assert status == 201, answer
    need, told = Need.objects.get(), answer["need"]
    assert (need.person, need.unit, need.door, need.source) == (person, person.unit, "1203", "system")
    assert (need.asked_by, need.call_phone) == (hotline.user, PHONE)
    assert (told["number"], told["state"], told["late"]) == (need.number, "open", False)
    assert timezone.localtime(dt.datetime.fromisoformat(told["due_at"])).date() == DAY + dt.timedelta(days=1)
    assert (told["place"], told["door"], told["person"]) == ("锦绣花园 4号楼1单元", "1203", person.pk)
    assert [step["kind"] for step in told["steps"]] == ["asked"]
    status, read = hotline.get(f"needs/{need.number}/")
    assert (status, read) == (200, told)


def test_no_answer_carries_a_name_or_a_number_of_anybody(hotline: System, person: Person) -> None:
    number = hotline.post("needs/", asked(person))[1]["need"]["number"]
    pages = [hotline.last.content.decode()]
    for path in ("needs/", f"needs/{number}/"):
        hotline.get(path)
        pages.append(hotline.last.content.decode())
    for secret in ("林小满", PHONE, "13811110000", "line12345"):
        assert all(secret not in page for page in pages), secret
    assert "两份蔬菜" not in pages[1], "a list has no words of theirs"


def test_things_of_the_list_are_recognised_by_their_names(hotline: System, person: Person) -> None:
    parcel = Item.objects.create(name="蔬菜包", unit="份", category="daily", is_kit=True)
    items = [{"name": "蔬菜包", "quantity": 2}, {"name": "老花镜"}]
    status, answer = hotline.post("needs/", asked(person, text=None, items=items))
    assert status == 201
    assert answer["need"]["items"] == [
        {"name": "蔬菜包", "quantity": 2.0, "unit": "份"},
        {"name": "老花镜", "quantity": 1.0, "unit": ""},
    ]
    assert list(NeedLine.objects.order_by("pk").values_list("item", "text")) == [
        (parcel.pk, ""),
        (None, "老花镜"),
    ]


def test_a_household_is_a_unit_and_a_door(hotline: System, person: Person, home: Area) -> None:
    assert person.unit is not None
    body = asked(person, person=None, unit=person.unit.pk, door="0501")
    assert hotline.post("needs/", body)[0] == 201
    need = Need.objects.get()
    assert (need.person, need.unit, need.door, need.community) == (None, person.unit, "0501", home)


def test_dialysis_goes_to_the_medical_desk_with_its_clock(hotline: System, person: Person) -> None:
    body = asked(person, kind="doctor", treatment="dialysis", wanted_at="2022-11-15T08:00:00+08:00")
    status, answer = hotline.post("needs/", body)
    assert status == 201
    need = Need.objects.get()
    assert (need.medical.treatment, answer["need"]["treatment"]) == ("dialysis", "dialysis")
    assert need.medical.act_by is not None
    for name, instant in {
        "wanted_at": noon(DAY) + dt.timedelta(hours=20),
        "due_at": need.medical.act_by,
    }.items():
        assert dt.datetime.fromisoformat(answer["need"][name]) == instant


def test_an_emergency_is_told_at_once_and_needs_nothing_but_its_kind(hotline: System) -> None:
    status, answer = hotline.post("needs/", {"kind": "emergency"})
    assert (status, answer["need"]["urgency"]) == (201, Urgency.EMERGENCY)
    assert Message.objects.filter(kind=MessageKind.NEED_EMERGENCY).exists()


def test_a_repeated_call_writes_once_and_keeps_no_number(hotline: System, person: Person) -> None:
    first = hotline.post("needs/", asked(person), key="gd-1")
    assert hotline.post("needs/", asked(person), key="gd-1") == first
    assert hotline.last["Idempotent-Replay"] == "true"
    assert Need.objects.count() == 1
    kept = str(IdempotencyKey.objects.get().answer)
    assert PHONE not in kept
    assert "林小满" not in kept


def test_the_senders_number_is_written_once_and_only_for_that_sender(
    hotline: System, here: System, person: Person
) -> None:
    number = hotline.post("needs/", asked(person))[1]["need"]["number"]
    for key in ("", "another"):
        status, refused = hotline.post("needs/", asked(person, text="再要一次"), key=key)
        assert (status, refused["code"], refused["number"]) == (409, "known_already", number)
        assert refused["field"] == "external_id"
    assert here.post("needs/", asked(person))[0] == 201
    assert hotline.get("needs/", external_id="GD-1", sent="true")[1]["results"][0]["number"] == number


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("kind", {"kind": "weather"}),
        ("urgency", {"urgency": "now"}),
        ("person", {"person": 99_999}),
        ("unit", {"unit": 99_999}),
        ("unit", {"door": "1203"}),
        ("community", {"community": "110105001002"}),
        ("text", {"text": ""}),
        ("items.0.quantity", {"items": [{"name": "米", "quantity": 0}]}),
        ("items.0.quantity", {"items": [{"name": "米", "quantity": "2"}]}),
        ("items.0.quantity", {"items": [{"name": "米", "quantity": True}]}),
        ("treatment", {"treatment": "dialysis"}),
        ("wanted_at", {"kind": "doctor", "wanted_at": "2022-11-13T08:00:00+08:00"}),
        ("wanted_at", {"kind": "doctor", "wanted_at": "2032-11-13T08:00:00+08:00"}),
        ("wanted_at", {"kind": "doctor", "wanted_at": 5}),
        ("phone", {"phone": "12"}),
        ("external_id", {"external_id": "x" * 81}),
        ("name", {"name": "林小满"}),
    ],
)
def test_what_is_wrong_is_said_by_field(
    hotline: System, person: Person, field: str, changes: dict[str, Any]
) -> None:
    status, answer = hotline.post("needs/", asked(person, **changes))
    assert (status, list(answer)) == (400, [field]), answer
    assert not Need.objects.exists()


# ── following ────────────────────────────────────────────────────────────────────────────────────


def test_the_list_is_narrowed_and_follows_the_clock(
    hotline: System, person: Person, coordinator_at: User, the_day: Callable[[dt.date], None]
) -> None:
    food = need_of(person, by=coordinator_at)
    talk = need_of(person, NeedKind.TALK)
    move(need=talk, verb=NeedVerb.CANCEL, asker=Asker.STAFF, by=coordinator_at, reason="睡了", at=AT)

    def numbers(**query: str) -> set[str]:
        status, answer = hotline.get("needs/", **query)
        assert status == 200, answer
        return {row["number"] for row in answer["results"]}

    assert numbers() == {food.number, talk.number}
    assert numbers(state="live") == {food.number}
    assert numbers(state="cancelled") == {talk.number}
    assert numbers(kind="talk") == {talk.number}
    assert numbers(area="110105001002") == set()
    assert numbers(sent="true") == set()
    assert numbers(since="2022-11-17") == set()
    assert numbers(until="2022-11-16") == {food.number, talk.number}
    the_day(dt.date(2022, 11, 18))
    assert numbers(late="true") == {food.number}
    row = hotline.get("needs/", state="live")[1]["results"][0]
    assert row["late"] is True


def test_the_list_takes_the_same_queries_however_long_it_is(
    hotline: System, person: Person, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for kind in (NeedKind.TALK, NeedKind.DOCTOR, NeedKind.FOOD, NeedKind.PET):
        need_of(person, kind)
    hotline.get("needs/")
    with django_assert_max_num_queries(4):  # the list is one of them; key, account and roles besides
        assert len(hotline.get("needs/")[1]["results"]) == 4


def test_next_door_is_not_there_and_readers_are_told_so(
    hotline: System, neighbour: System, reader: System, person: Person
) -> None:
    number = hotline.post("needs/", asked(person))[1]["need"]["number"]
    assert neighbour.get("needs/")[1]["results"] == []
    assert neighbour.get(f"needs/{number}/")[0] == 404
    assert neighbour.post(f"needs/{number}/word/", {"word": "confirm"})[0] == 404
    assert neighbour.post("needs/", asked(person))[0] == 400
    assert reader.get("needs/")[0] == 403
    assert Client().get("/api/v1/needs/").status_code == 401


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def coordinator_at(home: Area) -> User:
    return staff("coordinator", home, Role.SUPPLY_COORDINATOR)


def test_what_the_person_said_is_passed_on(hotline: System, person: Person, coordinator_at: User) -> None:
    number = hotline.post("needs/", asked(person))[1]["need"]["number"]
    status, refused = hotline.post(f"needs/{number}/word/", {"word": "confirm"})
    assert (status, refused["code"]) == (409, "wrong_state"), "nobody has taken it yet"
    move(need=Need.objects.get(), verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator_at, at=AT)
    status, refused = hotline.post(f"needs/{number}/word/", {"word": "not_right"})
    assert (status, refused["code"], refused["field"]) == (409, "needs_reason", "reason")
    status, answer = hotline.post(f"needs/{number}/word/", {"word": "not_right", "reason": "少一份"})
    assert (status, answer["need"]["state"], answer["need"]["reason"]) == (200, "taken", "少一份")
    move(need=Need.objects.get(), verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator_at, at=AT)
    status, answer = hotline.post(f"needs/{number}/word/", {"word": "confirm"}, key="w-1")
    assert (status, answer["need"]["state"], answer["need"]["due_at"]) == (200, "confirmed", None)
    assert hotline.post(f"needs/{number}/word/", {"word": "confirm"}, key="w-1")[1] == answer


def test_no_word_ends_a_medical_need_but_that_it_is_not_needed(hotline: System, person: Person) -> None:
    number = hotline.post("needs/", asked(person, kind="doctor"))[1]["need"]["number"]
    status, refused = hotline.post(f"needs/{number}/word/", {"word": "confirm"})
    assert (status, refused["code"]) == (409, "wrong_state")
    Need.objects.update(state=NeedState.TAKEN)
    status, refused = hotline.post(f"needs/{number}/word/", {"word": "confirm"})
    assert (status, refused["code"], refused["clause"]) == (409, "medical_goes_on", "二(十七)")
    status, answer = hotline.post(f"needs/{number}/word/", {"word": "cancel", "reason": "家属已送医"})
    assert (status, answer["need"]["state"]) == (200, "cancelled")


def test_who_only_takes_calls_speaks_for_what_it_sent(hotline: System, here: System, person: Person) -> None:
    number = need_of(person).number
    word = {"word": "cancel", "reason": "不要了"}
    status, refused = hotline.post(f"needs/{number}/word/", word)
    assert (status, refused["code"]) == (403, "role")
    assert here.post(f"needs/{number}/word/", word)[0] == 200
