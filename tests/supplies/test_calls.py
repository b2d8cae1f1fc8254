"""The operator's desk and the public directory: a caller is found in seconds, and somebody answers."""

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Area, Reveal, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from supplies.actions.asking import Ask
from supplies.actions.calls import take_call
from supplies.models import Call, Hotline, HotlineShift, Need
from supplies.rules.needs import NeedKind, NeedSource, Urgency
from tests.builders import entry, noon, staff
from tests.supplies.world import TODAY, need_of
from zones.models import Compound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

AsUser = Callable[[User], Client]


def form(**changes: str) -> dict[str, str]:
    return {"token": "a-form", "kind-0": "food", "text-0": "两份蔬菜包", **changes}


def search(client: Client, words: str) -> str:
    answer = client.post("/calls/", {"q": words}, follow=True)
    assert words not in answer.redirect_chain[-1][0]
    return answer.content.decode()


@pytest.mark.parametrize(
    "words",
    [
        "林小满",
        "0000",
        "13811110000",
        "锦绣花园 1203",
        "锦绣花园4号楼1单元1203",
        "4-1-1203",
        "四栋1203室",
        "锦绣 4号楼",
    ],
)
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


@pytest.mark.parametrize("words", ["锦绣花园5号楼1单元1203", "4-2-1203", "14号楼1203", "别的花园4号楼"])
def test_another_door_is_another_door(operator: User, resident: Person, as_user: AsUser, words: str) -> None:
    assert f"?person={resident.pk}" not in search(as_user(operator), words)


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("周新来", "name", "周新来"),
        ("139 0000 1234", "phone", "139 0000 1234"),
        ("锦绣花园9号楼2单元0801", "building", "9号楼"),
        ("锦绣花园9号楼2单元0801", "door", "0801"),
    ],
)
def test_what_was_searched_for_need_not_be_typed_again(
    operator: User, as_user: AsUser, words: str, field: str, value: str
) -> None:
    client = as_user(operator)
    page = search(client, words)
    address = html.unescape(re.search(r'href="(/calls/new/\?words=[^"]+)"', page)[1])  # type: ignore[index]
    assert words not in address
    assert client.get(address).context["form"][field].value() == value


def test_above_a_community_the_compound_says_which_one_it_is(
    street: Area, home: Area, next_door: Area, as_user: AsUser
) -> None:
    client = as_user(staff("street_line", street, Role.HOTLINE_OPERATOR))
    Compound.objects.create(community=home, name="锦绣花园")
    facts = form(name="周新来", compound="锦绣花园", building="4号楼", unit="", door="0902")
    assert "锦绣花园" in client.get("/calls/new/").context["compounds"]
    assert client.post("/calls/new/", facts).status_code == 303
    assert Person.objects.get().community == home
    Compound.objects.create(community=next_door, name="锦绣花园")
    answer = client.post("/calls/new/", {**facts, "token": "another"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["community"])


def test_the_operator_sees_what_the_household_waits_for_and_earlier_calls(
    operator: User, resident: Person, alice: User, home: Area, as_user: AsUser
) -> None:
    client = as_user(operator)
    client.post(f"/calls/new/?person={resident.pk}", form(note="女儿代打"))
    facts = entry(home, name="林大海", phone="", door="1203").facts
    need_of(list_person(facts, by=alice, at=noon(TODAY)), NeedKind.MEDICINE, text="降压药")
    page = client.get(f"/calls/new/?person={resident.pk}").content.decode()
    assert "这一户还在等的" in page
    assert "两份蔬菜包" in page
    assert "降压药" in page
    assert "女儿代打" in page


def test_a_call_back_goes_to_the_number_that_called_and_is_written_down(
    operator: User, bob: User, resident: Person, as_user: AsUser
) -> None:
    client = as_user(operator)
    facts = form(phone="13977778888", call_back_at="2022-11-16T15:00")
    client.post(f"/calls/new/?person={resident.pk}", facts)
    call = Call.objects.get()
    assert "139****8888" in client.get("/calls/").content.decode()
    answer = client.post(f"/calls/{call.pk}/call/")
    assert answer.headers["Location"] == "tel:13977778888"
    shown = Reveal.objects.get()
    assert (shown.subject, shown.by, shown.community) == (f"call:{call.pk}", operator, call.area)
    assert as_user(bob).post(f"/calls/{call.pk}/call/").status_code == 404


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def calls(operator: User, alice: User, resident: Person, home: Area) -> list[Call]:
    """Three calls: yesterday's of the resident, today's of her daughter's number, one of somebody else."""
    other = list_person(
        entry(home, name="陈大山", phone="13822223333", door="0301").facts, by=alice, at=noon(TODAY)
    )
    ask = Ask(kind=NeedKind.TALK, community=home, person=resident, source=NeedSource.PHONE)

    def call(token: str, day: dt.date, by: User, person: Person, **more: object) -> Call:
        return take_call(area=home, by=by, at=noon(day), token=token, person=person, **more)  # type: ignore[arg-type]

    return [
        call("1", TODAY - dt.timedelta(days=1), operator, resident, phone="13811110000", asks=[ask]),
        call("2", TODAY, operator, resident, phone="13977778888", call_back_at=noon(TODAY)),
        call("3", TODAY, alice, other, phone="13822223333", note="问几号解封"),
    ]


def found(client: Client, **asked: str) -> list[int]:
    """The calls that the log shows, the latest first."""
    answer = client.post("/calls/log/", asked, follow=True)
    words = asked.get("words", "")
    assert not words or words not in answer.redirect_chain[-1][0]
    return [call.pk for call in answer.context["calls"]]


def test_the_log_is_searched_by_number_name_address_date_operator_and_outcome(
    operator: User, alice: User, calls: list[Call], as_user: AsUser
) -> None:
    first, second, third = (call.pk for call in calls)
    client = as_user(operator)
    assert found(client) == [third, second, first]
    assert found(client, words="8888") == [second]
    assert found(client, words="0000") == [second, first], "about her, whichever number called"
    assert found(client, words="139 7777 8888") == [second]
    assert found(client, words="大山") == [third]
    assert found(client, words="4号楼1203") == [second, first]
    assert found(client, words="锦绣花园4-1-0301") == [third]
    assert found(client, since="2022-11-16") == [third, second]
    assert found(client, until="2022-11-15") == [first]
    assert found(client, operator=str(alice.pk)) == [third]
    assert found(client, outcome="needs") == [first]
    assert found(client, outcome="words") == [third, second]
    assert found(client, outcome="waiting") == [second]
    assert found(client, outcome="returned") == []
    client.post(f"/calls/{second}/returned/")
    assert found(client, outcome="returned", words="林小满", since="2022-11-16") == [second]
    assert found(client, since="yesterday", operator="x", outcome="?") == [third, second, first]
    assert "没有符合条件的来电" in client.get("/calls/log/?until=2022-11-01").content.decode()


def test_the_log_shows_what_came_of_a_call_and_no_whole_number(
    operator: User, bob: User, calls: list[Call], as_user: AsUser
) -> None:
    page = as_user(operator).get("/calls/log/").content.decode()
    need = calls[0].needs.get()
    assert need.get_absolute_url() in page
    assert "138****0000" in page
    assert "13811110000" not in page
    assert found(as_user(bob)) == []
    assert "李雯" not in as_user(bob).get("/calls/log/").content.decode(), "nobody of next door is offered"


def test_the_log_goes_on_by_keys_in_few_queries(
    operator: User,
    resident: Person,
    home: Area,
    as_user: AsUser,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    for number in range(45):
        take_call(
            area=home, by=operator, at=noon(TODAY), token=str(number), person=resident, phone="13811110000"
        )
    client = as_user(operator)
    first = client.get("/calls/log/")
    assert len(first.context["calls"]) == 40
    with django_assert_max_num_queries(9):  # three of the log; session, user, roles and the frame besides
        second = client.get(f"/calls/log/?after={first.context['older']}")
    assert len(second.context["calls"]) == 5
    assert not {call.pk for call in first.context["calls"]} & {call.pk for call in second.context["calls"]}


# ── taking a call ────────────────────────────────────────────────────────────────────────────────


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


def test_an_emergency_on_the_telephone_reminds_of_120(
    operator: User, resident: Person, as_user: AsUser
) -> None:
    client, address = as_user(operator), f"/calls/new/?person={resident.pk}"
    assert "拨打120" not in client.post(address, form(), follow=True).content.decode()
    facts = form(**{"token": "another", "kind-0": "emergency", "text-0": "胸口疼"})
    assert "请现在同时拨打120" in client.post(address, facts, follow=True).content.decode()
    assert client.get(address).context["form"].fields["kind-0"].choices[1][0] == "emergency", "comes first"


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


# ── the directory ────────────────────────────────────────────────────────────────────────────────


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
    assert '<option value="110105001001" selected>' in here
    assert "白天线" not in Client().get("/hotlines/?for=medical").content.decode()


def test_staff_read_who_is_on_duty_and_an_empty_roster_is_told_to_everybody(
    home: Area, street: Area, operator: User, carol: User, as_user: AsUser
) -> None:
    def line(name: str, area: Area, starts: int, ends: int, checked: dt.date = TODAY) -> None:
        made = Hotline.objects.create(
            area=area, purpose="supplies", name=name, phone="0108888", all_day=True, checked_on=checked
        )
        hour = dt.timedelta(hours=1)
        HotlineShift.objects.create(
            hotline=made,
            user=operator,
            starts_at=noon(TODAY) + starts * hour,
            ends_at=noon(TODAY) + ends * hour,
        )

    line("有人线", home, -1, 1)
    line("没人线", home, -9, -1, checked=TODAY - dt.timedelta(days=15))
    line("旧班线", home, -9 * 24, -8 * 24)
    operator.last_name, operator.first_name = "孙", "丽"
    operator.save()
    public = Client().get("/hotlines/").content.decode()
    assert public.count("此刻无人值班") == 1
    assert public.count("现在有人接听") == 2, "a roster that nobody keeps says nothing"
    assert "孙丽" not in public
    assert "值班：孙丽" in as_user(operator).get("/hotlines/").content.decode()
    assert "没有核实" not in as_user(operator).get("/hotlines/").content.decode()
    carol.is_staff = True
    carol.save()
    assert "有1条热线两周没有核实" in as_user(carol).get("/hotlines/").content.decode()


def test_a_line_over_midnight_is_open_on_both_sides_of_it() -> None:
    night = Hotline(all_day=False, opens_at=dt.time(20), closes_at=dt.time(6))
    assert [night.is_open(dt.time(hour)) for hour in (19, 20, 0, 5, 6)] == [False, True, True, True, False]
