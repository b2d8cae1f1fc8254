"""The needs desk: what burns first, each verb as the table allows it, and the neighbour sees nothing."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, Reveal, User
from cases.models import Person
from supplies.actions import serving
from supplies.models import Item, Need
from supplies.rules.needs import Asker, NeedKind, NeedState, NeedVerb, Urgency
from tests.cases.pages import reader
from tests.supplies.pages import AT, neighbour
from tests.supplies.world import TODAY, need_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


def do(client: Client, need: Need, verb: str, **data: Any) -> Any:
    return client.post(reverse("need-move", args=[need.pk, verb]), data)


def listed(client: Client, tab: str, **query: str) -> str:
    answer = client.get(reverse("needs"), {"tab": tab, **query})
    assert answer.status_code == 200
    return str(answer.content.decode())


def state_of(need: Need) -> str:
    return str(Need.objects.values_list("state", flat=True).get(pk=need.pk))


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def test_emergencies_come_first_then_what_runs_out_next(resident: Person, coordinator: User) -> None:
    normal = need_of(resident)
    urgent = need_of(resident, NeedKind.MEDICINE)
    emergency = need_of(resident, NeedKind.EMERGENCY)
    body = listed(reader(coordinator), "open")
    places = [body.index(each.number) for each in (emergency, urgent, normal)]
    assert places == sorted(places)


def test_what_burns_is_shown_first_and_only_when_something_does(
    resident: Person, coordinator: User, the_day: Callable[..., Any]
) -> None:
    client = reader(coordinator)
    need = need_of(resident)
    assert client.get(reverse("needs")).context["tab"].key == "open"
    the_day(TODAY + dt.timedelta(days=2))
    page = reader(coordinator).get(reverse("needs"))
    assert page.context["tab"].key == "now"
    assert need.number in page.content.decode()
    assert "late 1 d 0 h" in page.content.decode()


def test_each_tab_holds_its_own(resident: Person, coordinator: User, alice: User) -> None:
    needs = {
        state: need_of(resident, text=f"为{state}") for state in ("open", "taken", "way", "door", "done")
    }
    steps = {"taken": [NeedVerb.TAKE], "way": [NeedVerb.SEND], "door": [NeedVerb.DELIVER]}
    steps["done"] = [NeedVerb.TAKE, NeedVerb.CONFIRM]
    for name, verbs in steps.items():
        for verb in verbs:
            serving.move(need=needs[name], verb=verb, asker=Asker.STAFF, by=coordinator, at=AT)
    client = reader(coordinator)
    shown = {
        tab: {name for name, need in needs.items() if need.number in listed(client, tab)}
        for tab in ("now", "open", "mine", "pack", "way", "door", "all")
    }
    assert shown == {
        "now": set(),
        "open": {"open"},
        "mine": {"taken", "way", "door"},
        "pack": {"taken"},
        "way": {"way"},
        "door": {"door"},
        "all": set(needs),
    }


def test_at_the_door_for_a_day_without_a_word_is_asked_about_and_stays(
    resident: Person, coordinator: User, the_day: Callable[..., Any]
) -> None:
    need = need_of(resident)
    serving.move(need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=AT)
    assert "please ask" not in listed(reader(coordinator), "door")
    the_day(TODAY + dt.timedelta(days=1))
    client = reader(coordinator)
    assert "At the door for 24 h 0 min without a word" in listed(client, "door")
    assert "1 lies at the door for a day" in listed(client, "open")
    assert state_of(need) == NeedState.AT_DOOR


def test_filters_narrow_and_no_name_stands_in_an_address(
    resident: Person, home: Area, alice: User, coordinator: User, vegetables: Item
) -> None:
    lin, wang = need_of(resident, text="米"), need_of(neighbour(home, alice), NeedKind.PET, text="猫粮")
    client = reader(coordinator)

    def found(**asked: str) -> set[str]:
        answer = client.post(reverse("needs-search"), {"tab": "open", **asked})
        assert answer.status_code == 303
        assert "林" not in answer.url
        body = client.get(answer.url).content.decode()
        return {name for name, need in (("lin", lin), ("wang", wang)) if need.number in body}

    assert found() == {"lin", "wang"}
    assert found(kind="pet") == {"wang"}
    assert found(words="林小满") == {"lin"}
    assert found(words="猫粮") == {"wang"}
    assert found(words=lin.number) == {"lin"}
    assert found(words="1204") == {"wang"}
    assert found(building="4号楼") == {"lin", "wang"}
    assert found(building="9号楼") == set()
    assert lin.unit is not None
    assert found(compound=str(lin.unit.building.compound.pk)) == {"lin", "wang"}


def test_pages_follow_one_another_by_their_keys(
    resident: Person, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supplies.views.needs.PAGE", 2)
    made = [
        need_of(resident, urgency=urgency) for urgency in (None, Urgency.URGENT, None, None, Urgency.URGENT)
    ]
    client = reader(coordinator)
    for tab, order in (("open", [1, 4, 0, 2, 3]), ("all", [4, 3, 2, 1, 0])):
        seen: list[str] = []
        page = client.get(reverse("needs"), {"tab": tab})
        while True:
            seen += [row.need.number for row in page.context["rows"]]
            if not page.context["older"]:
                break
            page = client.get(reverse("needs"), {"tab": tab, "after": page.context["older"]})
        assert seen == [made[n].number for n in order]
        back = client.get(reverse("needs"), {"tab": tab, "before": page.context["newer"]})
        assert [row.need.number for row in back.context["rows"]] == seen[2:4]


@pytest.mark.parametrize("tab", ["now", "open", "all"])
def test_a_page_costs_four_queries_whatever_the_number_of_rows(
    resident: Person, coordinator: User, vegetables: Item, tab: str
) -> None:
    client = reader(coordinator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("needs"), {"tab": tab})
        # Login, and what surrounds the page, cost what they cost on every page.
        frame = ("django_session", "accounts_", "policy_", "notices_", "cases_episode")
        main = [each["sql"].partition(" FROM ")[2].lstrip('"') for each in captured]
        found = [table for table in main if not table.startswith(frame)]
        return len(found)

    for n in range(2):
        need_of(resident, NeedKind.EMERGENCY if n else NeedKind.FOOD)
    few = queries()
    for _n in range(6):
        need_of(resident, NeedKind.EMERGENCY)
        need_of(resident, NeedKind.DOCTOR)
    assert few <= 4
    assert queries() == few


# ── who sees it ──────────────────────────────────────────────────────────────────────────────────


def test_a_neighbour_sees_nothing_and_can_do_nothing(resident: Person, bob: User) -> None:
    need = need_of(resident)
    client = reader(bob)
    assert need.number not in listed(client, "all")
    assert client.get(need.get_absolute_url()).status_code == 404
    for name, args in (
        ("need-move", [need.pk, "take"]),
        ("need-owner", [need.pk]),
        ("need-note", [need.pk]),
        ("need-call", [need.pk]),
    ):
        assert client.post(reverse(name, args=args), {"text": "x"}).status_code == 404
    client.post(reverse("needs-bulk"), {"need": [need.pk], "act": "take"})
    assert state_of(need) == NeedState.OPEN
    assert client.get(reverse("need-new"), {"person": resident.pk}).status_code == 404


def test_an_operator_sees_and_notes_but_moves_nothing(resident: Person, operator: User) -> None:
    need = need_of(resident)
    client = reader(operator)
    assert need.number in listed(client, "open")
    assert client.get(need.get_absolute_url()).status_code == 200
    assert do(client, need, "take").status_code == 403
    assert client.post(reverse("need-note", args=[need.pk]), {"text": "又来电话催"}).status_code == 303
    assert need.events.filter(reason="又来电话催").exists()


def test_whoever_has_no_business_there_does_not_see_the_desk(counsellor: User, stranger: User) -> None:
    assert reader(counsellor).get(reverse("needs")).status_code == 403
    assert reader(stranger).get(reverse("needs")).status_code == 403
    assert Client().get(reverse("needs")).status_code == 302


def test_a_supervisor_sees_the_communities_below(resident: Person, carol: User) -> None:
    need = need_of(resident)
    assert need.number in listed(reader(carol), "open")


# ── verbs ────────────────────────────────────────────────────────────────────────────────────────


def test_a_need_goes_step_by_step_to_the_door(resident: Person, coordinator: User) -> None:
    need, client = need_of(resident), reader(coordinator)
    for verb, state in (
        ("take", "taken"),
        ("pack", "packed"),
        ("send", "under_way"),
        ("arrive", "at_point"),
        ("deliver", "at_door"),
        ("confirm", "confirmed"),
    ):
        page = client.get(need.get_absolute_url()).content.decode()
        assert reverse("need-move", args=[need.pk, verb]) in page
        assert do(client, need, verb).status_code == 303
        assert state_of(need) == state
    assert do(client, need, "confirm").status_code == 422
    assert need.events.filter(kind="confirmed").count() == 1


@pytest.mark.parametrize("verb", ["cancel", "refuse"])
def test_cancelled_or_not_met_needs_its_reason(resident: Person, coordinator: User, verb: str) -> None:
    need, client = need_of(resident), reader(coordinator)
    silent = do(client, need, verb, reason=" ", instead="明天")
    assert silent.status_code == 422
    assert "Please write down the reason" in silent.content.decode()
    assert state_of(need) == NeedState.OPEN
    assert do(client, need, verb, reason="没有货", instead="明天送").status_code == 303
    need.refresh_from_db()
    assert (need.reason, need.instead) == ("没有货", "明天送" if verb == "refuse" else "")
    page = client.get(need.get_absolute_url()).content.decode()
    assert "没有货" in page


def test_what_is_not_all_right_is_taken_up_again(resident: Person, coordinator: User) -> None:
    need, client = need_of(resident), reader(coordinator)
    do(client, need, "deliver")
    assert do(client, need, "not_right", reason="送错了").status_code == 303
    assert state_of(need) == NeedState.TAKEN


def test_no_word_ends_a_medical_need_but_its_end_without_a_trip_has_a_reason(
    resident: Person, coordinator: User
) -> None:
    need, client = need_of(resident, NeedKind.DOCTOR), reader(coordinator)
    page = client.get(need.get_absolute_url()).content.decode()
    assert reverse("need-move", args=[need.pk, "confirm"]) not in page
    for verb in ("confirm", "refuse", "pack", "deliver"):
        assert do(client, need, verb, reason="x").status_code == 422
    assert do(client, need, "cancel").status_code == 422
    assert do(client, need, "cancel", reason="医生上门看过了").status_code == 303
    need.refresh_from_db()
    assert (need.state, need.medical.ended_at is not None) == (NeedState.CANCELLED, True)


def test_a_verb_that_does_not_exist_or_is_the_rounds_does_nothing(
    resident: Person, coordinator: User
) -> None:
    need, client = need_of(resident), reader(coordinator)
    assert do(client, need, "vanish").status_code == 404
    assert do(client, need, "put_back").status_code == 422
    assert client.get(reverse("need-move", args=[need.pk, "take"])).status_code == 405


def test_it_is_handed_to_a_colleague_who_then_answers_for_it(
    resident: Person, coordinator: User, alice: User, bob: User
) -> None:
    need, client = need_of(resident), reader(coordinator)
    address = reverse("need-owner", args=[need.pk])
    assert client.post(address, {"owner": bob.pk}).status_code == 422
    for _twice in range(2):
        assert client.post(address, {"owner": alice.pk}).status_code == 303
    need.refresh_from_db()
    assert (need.owner, need.state) == (alice, NeedState.TAKEN)
    assert need.events.filter(kind__in=["taken", "noted"]).count() == 1
    assert need.number in listed(reader(alice), "mine")


def test_calling_back_is_logged_and_shows_the_number_to_the_telephone_alone(
    resident: Person, coordinator: User
) -> None:
    need, client = need_of(resident, call_phone="13899998888"), reader(coordinator)
    page = client.get(need.get_absolute_url()).content.decode()
    assert "138****8888" in page
    assert "13899998888" not in page
    answer = client.post(reverse("need-call", args=[need.pk]))
    assert (answer.status_code, answer["Location"]) == (303, "tel:13899998888")
    logged = Reveal.objects.get()
    assert (logged.subject, logged.fields_shown, logged.by) == (f"need:{need.pk}", "call_phone", coordinator)


def test_many_are_taken_and_packed_at_once_and_what_has_moved_on_is_said(
    resident: Person, coordinator: User
) -> None:
    client = reader(coordinator)
    needs = [need_of(resident), need_of(resident), need_of(resident, NeedKind.DOCTOR)]
    done = need_of(resident)
    do(client, done, "deliver")
    keys = [need.pk for need in (*needs, done)]
    answer = client.post(reverse("needs-bulk"), {"need": keys, "act": "take"}, follow=True)
    body = answer.content.decode()
    assert "Recorded for 3 needs." in body
    assert "1 could not" in body
    client.post(reverse("needs-bulk"), {"need": keys, "act": "pack"})
    assert [state_of(need) for need in needs] == ["packed", "packed", "taken"]


# ── written down by staff ────────────────────────────────────────────────────────────────────────


def test_a_worker_writes_down_at_the_door_what_somebody_without_a_phone_needs(
    resident: Person, alice: User, vegetables: Item
) -> None:
    client = reader(alice)
    address = f"{reverse('need-new')}?person={resident.pk}&kind=food"
    asked = {"token": uuid.uuid4().hex, f"item-{vegetables.pk}": "1", "source": "door", "urgency": "urgent"}
    for _twice in range(2):
        answer = client.post(address, asked)
        assert answer.status_code == 303
    need = Need.objects.get()
    assert answer.url == need.get_absolute_url()
    assert (need.source, need.urgency, need.person, need.asked_by) == ("door", "urgent", resident, alice)


def test_the_person_is_found_by_name_or_by_the_door_and_no_name_stands_in_an_address(
    resident: Person, alice: User
) -> None:
    client = reader(alice)
    assert "林小满" in client.post(reverse("need-new"), {"words": "林小满"}).content.decode()
    assert resident.unit is not None
    compound = resident.unit.building.compound
    door = {"compound": compound.pk, "building": "4号楼", "unit": "1单元", "door": "1203"}
    assert "林小满" in client.get(reverse("need-new"), door).content.decode()
    nobody = client.get(reverse("need-new"), door | {"door": "999"})
    assert (nobody.status_code, nobody.url) == (
        302,
        f"{reverse('need-new')}?unit={resident.unit.pk}&door=999",
    )
    wrong = client.get(reverse("need-new"), door | {"building": "77号楼"})
    assert wrong.status_code == 422


def test_from_door_to_door_of_a_staircase_only_the_door_is_typed(
    resident: Person, alice: User, bob: User, as_user: Callable[[User], Client]
) -> None:
    client, unit = as_user(alice), resident.unit
    assert unit is not None
    facts = {"token": "0" * 32, "source": "door", "text": "两份蔬菜", "then": "next"}
    answer = client.post(f"/needs/new/?person={resident.pk}&kind=food", facts)
    assert answer.headers["Location"] == f"/needs/new/?near={unit.pk}"
    page = client.get(answer.headers["Location"])
    assert page.context["form"]["building"].value() == "4号楼"
    assert page.context["form"]["unit"].value() == "1单元"
    assert "1203 林小满" in page.content.decode()
    assert as_user(bob).get(f"/needs/new/?near={unit.pk}").status_code == 404


@pytest.mark.parametrize(
    ("building", "unit"), [("4号楼", "1单元"), ("4", "1"), ("四栋", "一单元"), ("04", "1")]
)
def test_a_door_is_found_by_the_numbers_alone(
    resident: Person, alice: User, as_user: Callable[[User], Client], building: str, unit: str
) -> None:
    assert resident.unit is not None
    asked = {
        "compound": str(resident.unit.building.compound_id),
        "building": building,
        "unit": unit,
        "door": "0501",
    }
    answer = as_user(alice).get("/needs/new/", asked)
    assert answer.headers.get("Location") == f"/needs/new/?unit={resident.unit_id}&door=0501"


def test_the_person_is_found_by_an_address_in_one_go(
    resident: Person, alice: User, as_user: Callable[[User], Client]
) -> None:
    page = as_user(alice).post("/needs/new/", {"words": "锦绣花园4号楼1203"}).content.decode()
    assert f"?person={resident.pk}" in page


def test_a_door_without_a_name_can_need_something_too(resident: Person, alice: User, bob: User) -> None:
    assert resident.unit is not None
    address = f"{reverse('need-new')}?unit={resident.unit.pk}&door=999&kind=alone"
    answer = reader(alice).post(address, {"token": uuid.uuid4().hex, "source": "door", "text": "老人独居"})
    assert answer.status_code == 303
    need = Need.objects.get()
    assert (need.person, need.address) == (None, "锦绣花园 4号楼1单元 999")
    assert reader(bob).get(address).status_code == 404


# ── the link ─────────────────────────────────────────────────────────────────────────────────────


def test_the_link_is_made_printed_renewed_and_withdrawn(resident: Person, coordinator: User) -> None:
    client = reader(coordinator)
    page = reverse("resident-link", args=[resident.pk])
    assert reverse("resident-link-make", args=[resident.pk]) in client.get(page).content.decode()
    assert client.get(reverse("resident-link-print", args=[resident.pk])).status_code == 404

    def address() -> str:
        return str(client.get(page).context["address"])

    assert client.post(reverse("resident-link-make", args=[resident.pk])).status_code == 303
    first = address()
    assert Client().get(first).status_code == 200
    sheet = client.get(reverse("resident-link-print", args=[resident.pk])).content.decode()
    assert "<svg" in sheet
    assert "林小满" not in sheet
    client.post(reverse("resident-link-renew", args=[resident.pk]))
    second = address()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    client.post(reverse("resident-link-withdraw", args=[resident.pk]))
    assert Client().get(second).status_code == 404
    assert address() == ""
    link = resident.resident_links.get()
    assert (link.made_by, link.withdrawn_by) == (coordinator, coordinator)


def test_links_are_not_the_neighbours_nor_the_operators(resident: Person, bob: User, operator: User) -> None:
    for name in ("resident-link", "resident-link-print"):
        assert reader(bob).get(reverse(name, args=[resident.pk])).status_code == 404
        assert reader(operator).get(reverse(name, args=[resident.pk])).status_code == 403
    for name in ("resident-link-make", "resident-link-renew", "resident-link-withdraw"):
        assert reader(bob).post(reverse(name, args=[resident.pk])).status_code == 404
        assert reader(operator).post(reverse(name, args=[resident.pk])).status_code == 403
    assert not resident.resident_links.exists()


def test_the_file_of_a_person_leads_to_the_link_and_to_the_form(resident: Person, alice: User) -> None:
    body = reader(alice).get(reverse("person", args=[resident.pk])).content.decode()
    assert reverse("resident-link", args=[resident.pk]) in body
    assert f"{reverse('need-new')}?person={resident.pk}" in body
