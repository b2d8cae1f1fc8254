"""The operator's desk and the public directory: a caller is found in seconds, and somebody answers."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Area, User
from cases.models import Person
from supplies.models import Call, Hotline, HotlineShift, Need
from supplies.rules.needs import NeedKind, NeedSource, Urgency
from tests.builders import noon
from tests.supplies.world import TODAY, need_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

AsUser = Callable[[User], Client]


def form(**changes: str) -> dict[str, str]:
    return {"token": "a-form", "kind-0": "food", "text-0": "两份蔬菜包", **changes}


def search(client: Client, words: str) -> str:
    answer = client.post("/calls/", {"q": words}, follow=True)
    assert words not in answer.redirect_chain[-1][0]
    return answer.content.decode()


@pytest.mark.parametrize("words", ["林小满", "0000", "13811110000", "锦绣花园 1203"])
def test_the_caller_is_found_by_name_number_or_door(
    operator: User, resident: Person, as_user: AsUser, words: str
) -> None:
    need_of(resident)
    page = search(as_user(operator), words)
    assert "林小满" in page
    assert "13811110000" not in page.replace(words, "")
    assert f"/calls/new/?person={resident.pk}" in page


def test_the_neighbour_finds_nobody(bob: User, resident: Person, as_user: AsUser) -> None:
    assert "林小满" not in search(as_user(bob), "0000")
    assert as_user(bob).get(f"/calls/new/?person={resident.pk}").status_code == 404


def test_a_call_becomes_needs_with_an_urgency_and_is_written_once(
    operator: User, resident: Person, as_user: AsUser
) -> None:
    client = as_user(operator)
    facts = form(**{"kind-1": "medicine", "text-1": "降压药", "urgency-1": "emergency", "note": "女儿代打"})
    for _twice in range(2):
        answer = client.post(f"/calls/new/?person={resident.pk}", facts)
        assert answer.status_code == 303
    call = Call.objects.get()
    assert call.phone == "13811110000"
    assert {(need.kind, need.urgency, need.source) for need in call.needs.all()} == {
        (NeedKind.FOOD, Urgency.NORMAL, NeedSource.PHONE),
        (NeedKind.MEDICINE, Urgency.EMERGENCY, NeedSource.PHONE),
    }
    assert Need.objects.count() == 2


def test_a_call_of_words_alone_is_written_once_too(operator: User, resident: Person, as_user: AsUser) -> None:
    facts = {"token": "words", "note": "问几号解封", "call_back_at": "2022-11-16T18:00"}
    for _twice in range(2):
        assert as_user(operator).post(f"/calls/new/?person={resident.pk}", facts).status_code == 303
    assert Call.objects.get().needs.count() == 0


def test_dialysis_said_on_the_telephone_is_dialysis_on_the_medical_desk(
    operator: User, resident: Person, as_user: AsUser
) -> None:
    facts = form(**{"kind-0": "doctor:dialysis", "text-0": "明早八点"})
    as_user(operator).post(f"/calls/new/?person={resident.pk}", facts)
    need = Need.objects.get()
    assert (need.kind, need.medical.treatment) == (NeedKind.DOCTOR, "dialysis")


def test_whoever_is_not_in_the_register_gets_a_file_by_calling(
    operator: User, home: Area, as_user: AsUser
) -> None:
    facts = form(
        name="周新来", phone="139 0000 1234", compound="锦绣花园", building="4号楼", unit="1单元", door="0902"
    )
    assert as_user(operator).post("/calls/new/", facts).status_code == 303
    person = Person.objects.get()
    assert (person.name, person.phone, person.door, person.community) == (
        "周新来",
        "13900001234",
        "0902",
        home,
    )
    assert Need.objects.get().unit == person.unit


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind-0": "", "text-0": "菜"}, "请选择这是什么"),
        ({"kind-0": "food", "text-0": ""}, "请写明需要什么"),
        ({"call_back_at": "2022-11-15T09:00"}, "已经过去"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(
    operator: User, resident: Person, as_user: AsUser, changes: dict[str, str], sentence: str
) -> None:
    answer = as_user(operator).post(f"/calls/new/?person={resident.pk}", form(note="门铃坏了", **changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "门铃坏了" in page
    assert not Call.objects.exists()


def test_a_promise_to_call_back_waits_on_the_desk_until_it_is_kept(
    operator: User, bob: User, resident: Person, as_user: AsUser
) -> None:
    client = as_user(operator)
    client.post(f"/calls/new/?person={resident.pk}", form(call_back_at="2022-11-16T15:00"))
    call = Call.objects.get()
    assert "承诺 11-16 15:00" in client.get("/calls/").content.decode()
    assert as_user(bob).post(f"/calls/{call.pk}/returned/").status_code == 404
    client.post(f"/calls/{call.pk}/returned/")
    client.post(f"/calls/{call.pk}/returned/")
    assert Call.objects.get().called_back_by == operator
    assert "没有人在等回电" in client.get("/calls/").content.decode()
    assert "林小满" in client.get("/calls/log/").content.decode()


def test_the_directory_tells_anybody_who_answers_now(home: Area, street: Area, next_door: Area) -> None:
    def line(area: Area, name: str, checked: dt.date = TODAY, **hours: object) -> Hotline:
        return Hotline.objects.create(
            area=area, purpose="supplies", name=name, phone="01088880000", checked_on=checked, **hours
        )

    day = line(home, "白天线", opens_at=dt.time(8), closes_at=dt.time(11))
    line(street, "街道线", all_day=True)
    line(next_door, "邻居线", all_day=True, checked=TODAY - dt.timedelta(days=30))
    HotlineShift.objects.create(
        hotline=day,
        user=User.objects.create(username="x"),
        starts_at=noon(TODAY) - dt.timedelta(hours=4),
        ends_at=noon(TODAY) + dt.timedelta(hours=4),
    )
    everything = Client().get("/hotlines/").content.decode()
    assert everything.count("tel:01088880000") == 3
    assert "可能已过时" in everything
    here = Client().get("/hotlines/?area=110105001001").content.decode()
    assert "邻居线" not in here
    assert here.count("现在不接听") == 1
    assert here.count("现在有人接听") == 1
    assert here.count("有人值班") == 1


def test_a_line_over_midnight_is_open_on_both_sides_of_it() -> None:
    night = Hotline(all_day=False, opens_at=dt.time(20), closes_at=dt.time(6))
    assert [night.is_open(dt.time(hour)) for hour in (19, 20, 0, 5, 6)] == [False, True, True, True, False]
