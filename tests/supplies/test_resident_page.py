"""The resident's page: opened by its link alone, it shows one household its days and what it asked for."""

import datetime as dt
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from accounts.scoped import area_columns
from cases.actions.registration import list_person
from cases.models import Episode, Person
from notices.models import Message
from notices.rules import MessageKind
from supplies.actions import links, medical, serving
from supplies.actions.sweeps import ask_again_after_opening
from supplies.models import CareSite, Hotline, Item, Need, Prescription, ResidentLink
from supplies.rules.medical import TreatmentKind
from supplies.rules.needs import Asker, NeedKind, NeedSource, NeedState, NeedVerb
from tests.builders import entry, noon, resident_id
from tests.supplies.pages import AT, isolated, link_for, neighbour, phone, reading, seal
from tests.supplies.world import TODAY, need_of
from zones.models import Site
from zones.rules import SiteKind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture
def lin(alice: User) -> Person:
    """林小满, under a rule."""
    return isolated(alice)


def post(to: str, name: str, /, *args: Any, **data: Any) -> Any:
    return phone().post(reverse(name, args=[to, *args]), data)


def form_token() -> str:
    return uuid.uuid4().hex


# ── what opens it ────────────────────────────────────────────────────────────────────────────────


def closed(token: str) -> bool:
    """Whether every page behind that link is the one plain 404."""
    client = phone()
    pages = [
        client.get(reverse("my-page", args=[token])),
        client.get(reverse("my-ask", args=[token, "food"])),
        client.post(reverse("my-emergency", args=[token])),
        client.get(reverse("my-need", args=[token, "X221116-000001"])),
    ]
    bodies = {re.sub(r"[A-Za-z0-9]{64}", "", page.content.decode()) for page in pages}
    return {page.status_code for page in pages} == {404} and len(bodies) == 1


def test_a_wrong_link_an_old_one_and_a_withdrawn_one_are_answered_alike(lin: Person, alice: User) -> None:
    link, token = link_for(lin, alice)
    wrong = [
        "1-AAAAAAAAAAAAAAAAAAAAAA",
        f"{link.pk + 1:x}-{token.partition('-')[2]}",
        token.upper(),
        token[:-1],
        "x",
        "-",
        "ffffffffffffffffffff-x",
    ]
    for each in wrong:
        assert closed(each), each
        cache.clear()
    links.renew(link=link, by=alice, at=AT)
    assert closed(token)
    renewed = links.token_of(link)
    assert phone().get(reverse("my-page", args=[renewed])).status_code == 200
    links.withdraw(link=link, by=alice, at=AT)
    assert closed(renewed)


def test_the_plain_page_says_whom_to_call(db: None) -> None:
    body = phone().get(reverse("my-page", args=["nothing"])).content.decode()
    assert "tel:120" in body
    assert "call the number on your notice" in body


def test_a_link_runs_out(lin: Person, alice: User, the_day: Callable[..., Any]) -> None:
    _link, token = link_for(lin, alice)
    the_day(TODAY + dt.timedelta(days=61))
    assert closed(token)


def test_with_its_people_purged_it_opens_nothing(home: Area, alice: User) -> None:
    wang = neighbour(home, alice)
    _link, token = link_for(wang, alice)
    assert "王*" in reading(token)
    wang.delete()
    assert closed(token)


def test_guesses_are_counted_by_address_and_a_right_link_opens_all_the_same(lin: Person, alice: User) -> None:
    _link, token = link_for(lin, alice)
    client = phone()
    statuses = [client.get(reverse("my-page", args=[f"1-{n:022d}"])).status_code for n in range(21)]
    assert statuses == [404] * 20 + [429]
    waiting = client.get(reverse("my-page", args=["1-x"]))
    assert int(waiting.headers["Retry-After"]) > 0
    other = client.get(reverse("my-page", args=["1-x"]), REMOTE_ADDR="10.9.8.7")
    assert other.status_code == 404
    assert client.get(reverse("my-page", args=[token])).status_code == 200


def test_the_pages_are_private(lin: Person, alice: User) -> None:
    _link, token = link_for(lin, alice)
    for address in (
        reverse("my-page", args=[token]),
        reverse("my-ask", args=[token, "medicine"]),
        reverse("my-emergency", args=[token]),
        reverse("my-page", args=["wrong"]),
    ):
        answer = phone().get(address)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer.headers["Cache-Control"]
        assert "noindex" in answer.headers["X-Robots-Tag"]


# ── what it shows ────────────────────────────────────────────────────────────────────────────────


def test_it_shows_the_days_why_and_until_when_and_no_personal_number(lin: Person, alice: User) -> None:
    _link, token = link_for(lin, alice)
    body = reading(token)
    assert "林*满" in body
    assert "<b>7</b>" in body
    assert "Free on Wed 23 Nov, 00:00" in body
    assert 'class="strip big' in body
    assert "二(一)" in body
    assert "Please stay in your room" in body
    assert "today" in body
    for number in ("13811110000", "138****0000", resident_id(1), "林小满", "李雯"):
        assert number not in body, number


def test_it_stays_small(lin: Person, alice: User) -> None:
    _link, token = link_for(lin, alice)
    need_of(lin)
    assert len(reading(token).encode()) < 30_000


def test_whoever_may_go_out_is_told_so(alice: User) -> None:
    worker = isolated(alice, name="赵大力", id_number="", category="post_closed_loop")
    _link, token = link_for(worker, alice)
    assert "Going out when needed" in reading(token)


def test_after_the_end_one_is_free_with_a_notice_of_ones_own(
    lin: Person, alice: User, the_day: Callable[..., Any]
) -> None:
    _link, token = link_for(lin, alice)
    episode = Episode.objects.get()
    notice = reverse("my-release", args=[token, episode.pk])
    assert phone().get(notice).status_code == 404
    the_day(dt.date(2022, 11, 23))
    body = reading(token)
    assert "You are free since Wed 23 Nov, 00:00" in body
    assert notice in body
    letter = phone().get(notice).content.decode()
    assert "Notice of release from isolation" in letter
    assert "林*满" in letter
    for number in (resident_id(1)[:6] + "*", "林小满", "13811110000"):
        assert number not in letter


def test_another_households_notice_is_not_there(
    lin: Person, home: Area, alice: User, the_day: Callable[..., Any]
) -> None:
    _link, token = link_for(neighbour(home, alice), alice)
    the_day(dt.date(2022, 11, 23))
    assert phone().get(reverse("my-release", args=[token, Episode.objects.get().pk])).status_code == 404


def test_a_sealed_unit_shows_its_strip_and_its_opening(lin: Person, alice: User) -> None:
    seal(lin, alice)
    _link, token = link_for(lin, alice)
    assert "Opens on Tue 22 Nov, 00:00" in reading(token)


def test_messages_that_were_sent_are_shown_without_the_number(
    lin: Person, alice: User, home: Area, coordinator: User
) -> None:
    link, token = link_for(lin, alice)
    need = need_of(lin, link=link)
    serving.move(need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=AT)
    other = need_of(neighbour(home, alice))
    serving.move(need=other, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=AT)
    body = reading(token)
    assert f"(no. {need.number}) is at your door" in body
    assert other.number not in body


def test_a_household_shares_one_link_and_sees_only_itself(lin: Person, home: Area, alice: User) -> None:
    list_person(entry(home, name="林安", phone="", door="1203").facts, by=alice, at=AT)
    wang = neighbour(home, alice)
    _link, token = link_for(lin, alice)
    theirs = need_of(wang)
    body = reading(token)
    assert "林*满" in body
    assert "林*" in body
    assert "王*" not in body
    assert theirs.number not in body
    assert phone().get(reverse("my-need", args=[token, theirs.number])).status_code == 404
    assert post(token, "my-word", theirs.number, "cancel").status_code == 404
    assert Need.objects.get().state == NeedState.OPEN


def test_what_was_written_down_at_the_door_is_the_households_since_it_has_the_link(
    lin: Person, home: Area, alice: User
) -> None:
    wang = neighbour(home, alice)
    link, token = link_for(lin, alice)
    at_door = {"person": None, "unit": lin.unit, "door": lin.door, "source": NeedSource.DOOR}
    ours, theirs = need_of(lin, by=alice, **at_door), need_of(lin, by=alice, **at_door | {"door": wang.door})
    assert ours.number in reading(token)
    assert theirs.number not in reading(token)
    ResidentLink.objects.filter(pk=link.pk).update(made_at=AT + dt.timedelta(minutes=1))
    assert ours.number not in reading(token), "somebody else may have lived there"


def test_whoever_has_moved_away_is_not_on_the_old_page(lin: Person, home: Area, alice: User) -> None:
    child = list_person(entry(home, name="林安", phone="", door="1203").facts, by=alice, at=AT)
    link, token = link_for(lin, alice)
    mine = need_of(child, link=link)
    Person.objects.filter(pk=child.pk).update(door="808")
    body = reading(token)
    assert mine.number not in body
    child.refresh_from_db()
    moved, other = link_for(child, alice)
    assert moved != link
    assert mine.number in reading(other)
    assert "林*满" not in reading(other)


def test_a_corrected_door_keeps_the_link(lin: Person, alice: User) -> None:
    link, token = link_for(lin, alice)
    Person.objects.filter(pk=lin.pk).update(door="1302")
    assert "林*满" in reading(token)
    lin.refresh_from_db()
    assert link_for(lin, alice)[0] == link
    assert ResidentLink.objects.get().door == "1302"


def test_hotlines_say_whether_somebody_answers_now(lin: Person, home: Area, alice: User) -> None:
    facts = {"area": home, "purpose": "supplies", "checked_on": TODAY}
    Hotline.objects.create(name="保供", phone="6655 0111", all_day=True, **facts)
    Hotline.objects.create(name="夜间", phone="6655 0222", opens_at="20:00", closes_at="23:00", **facts)
    body = reading(link_for(lin, alice)[1])
    assert "tel:6655 0111" in body
    assert body.index("open now") < body.index("closed now")


def test_lines_stand_in_the_order_of_what_most_people_need(lin: Person, home: Area, alice: User) -> None:
    for purpose in ("lorries", "complaints", "medical", "supplies", "community"):
        Hotline.objects.create(
            area=home, purpose=purpose, name=f"L-{purpose}", phone="1", all_day=True, checked_on=TODAY
        )
    Hotline.objects.filter(purpose="community").update(
        all_day=False, opens_at=dt.time(1), closes_at=dt.time(2)
    )
    _link, token = link_for(lin, alice)
    shown = re.findall(r"<b>L-(\w+)</b>", reading(token))
    assert shown == ["supplies", "medical", "lorries", "complaints", "community"], "closed ones last"


def test_the_page_costs_a_fixed_number_of_queries(lin: Person, home: Area, alice: User) -> None:
    link, token = link_for(lin, alice)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            reading(token)
        return len(captured)

    need_of(lin, link=link)
    few = queries()
    for n in range(3):
        list_person(entry(home, name=f"林{n}", phone="", door="1203").facts, by=alice, at=AT)
        need_of(lin, link=link)
    link_for(lin, alice)
    assert queries() <= few


def test_large_type_and_language_stay_chosen(lin: Person, alice: User) -> None:
    _link, token = link_for(lin, alice)
    client = Client(enforce_csrf_checks=True)
    page = reverse("my-page", args=[token])
    assert "大字版" in client.get(page).content.decode()
    chosen = client.post(reverse("my-look", args=[token]), {"type": "large", "next": page})
    assert (chosen.status_code, chosen.url) == (303, page)
    assert "resident-large.css" in client.get(page).content.decode()
    client.post(reverse("my-look", args=[token]), {"language": "en", "next": "https://elsewhere.example/"})
    body = client.get(page).content.decode()
    assert "Usual type" in body
    assert "resident-large.css" in body


def test_large_type_holds_on_every_page_behind_the_link_and_beside_it(
    lin: Person, alice: User, the_day: Callable[..., Any]
) -> None:
    _link, token = link_for(lin, alice)
    need = need_of(lin)
    episode = Episode.objects.get()
    the_day(episode.release_on)
    client = phone()
    client.cookies["large_type"], client.cookies["django_language"] = "1", "en"
    pages = [
        reverse("my-page", args=[token]),
        reverse("my-ask", args=[token, "food"]),
        reverse("my-emergency", args=[token]),
        reverse("my-need", args=[token, need.number]),
        reverse("my-release", args=[token, episode.pk]),
        reverse("my-page", args=["1-guessed"]),
        reverse("hotlines"),
    ]
    for path in pages:
        body = client.get(path).content.decode()
        assert "css/resident-large.css" in body, path
        assert '<html lang="en">' in body, path
        client.cookies["large_type"] = "0"
        assert "css/resident-large.css" not in client.get(path).content.decode(), path
        client.cookies["large_type"] = "1"


def test_the_community_is_one_tap_from_the_emergency(lin: Person, alice: User) -> None:
    assert alice.area is not None
    Area.objects.filter(pk=alice.area.pk).update(duty_phone="010-66551001")
    _link, token = link_for(lin, alice)
    assert "tel:010-66551001" in phone().get(reverse("my-emergency", args=[token])).content.decode()
    answer = post(token, "my-emergency", token=form_token())
    assert "tel:010-66551001" in phone().get(answer.headers["Location"]).content.decode()


def test_the_way_back_stays_on_the_page(lin: Person, alice: User) -> None:
    _link, token = link_for(lin, alice)
    answer = post(token, "my-look", type="large", next="https://elsewhere.example/")
    assert answer.url == reverse("my-page", args=[token])


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def test_food_is_asked_for_from_the_list_and_once(lin: Person, alice: User, vegetables: Item) -> None:
    link, token = link_for(lin, alice)
    asked = {"token": form_token(), "for_whom": "0", f"item-{vegetables.pk}": "2", "text": "盐一袋"}
    for _twice in range(2):
        answer = post(token, "my-ask", "food", **asked)
        assert answer.status_code in (302, 303)
    need = Need.objects.get()
    assert (need.kind, need.link, need.person, need.text) == ("food", link, lin, "盐一袋")
    assert need.address == "锦绣花园 4号楼1单元 1203"
    line = need.lines.get()
    assert (line.item, line.quantity) == (vegetables, 2)
    assert need.events.get().by_resident
    assert "蔬菜包 ×2, 盐一袋" in reading(token)


def test_a_form_of_one_household_is_no_key_to_the_need_of_another(
    lin: Person, home: Area, alice: User
) -> None:
    token = link_for(lin, alice)[1]
    others = link_for(neighbour(home, alice), alice)[1]
    shared = form_token()
    post(token, "my-ask", "other", token=shared, for_whom=str(lin.pk), text="灯泡")
    post(others, "my-ask", "other", token=shared, for_whom="0", text="电池")
    assert Need.objects.count() == 2


def test_nothing_asked_for_is_said_at_the_field_and_nothing_typed_is_lost(lin: Person, alice: User) -> None:
    token = link_for(lin, alice)[1]
    answer = post(token, "my-ask", "food", token=form_token(), for_whom="0", call_phone="13800009999")
    assert answer.status_code == 422
    assert "Please say what is needed." in answer.content.decode()
    assert "13800009999" in answer.content.decode()
    assert not Need.objects.exists()


def test_somebody_elses_name_can_not_be_chosen(lin: Person, home: Area, alice: User) -> None:
    token = link_for(lin, alice)[1]
    wang = neighbour(home, alice)
    answer = post(token, "my-ask", "food", token=form_token(), for_whom=str(wang.pk), text="米")
    assert answer.status_code == 422
    assert not Need.objects.exists()


def _prescription(person: Person, medicine: str) -> Prescription:
    return Prescription.objects.create(
        **area_columns(person.community),
        person=person,
        medicine=medicine,
        dose="每日一片",
        lasts_until=TODAY + dt.timedelta(days=2),
        entered_at=AT,
    )


def test_a_repeat_prescription_becomes_a_need_of_its_own_person(lin: Person, home: Area, alice: User) -> None:
    father = list_person(entry(home, name="林国栋", phone="", door="1203").facts, by=alice, at=AT)
    hers, his = _prescription(lin, "叶酸"), _prescription(father, "硝苯地平")
    other = _prescription(neighbour(home, alice), "优甲乐")
    token = link_for(lin, alice)[1]
    page = reading(token, "my-ask", "medicine")
    assert "叶酸" in page
    assert "优甲乐" not in page
    wrong = post(token, "my-ask", "medicine", token=form_token(), prescriptions=[other.pk])
    assert wrong.status_code == 422
    answer = post(token, "my-ask", "medicine", token=form_token(), prescriptions=[hers.pk, his.pk])
    assert answer.status_code == 303
    assert {(need.person, need.lines.get().text) for need in Need.objects.all()} == {
        (lin, "叶酸 每日一片"),
        (father, "硝苯地平 每日一片"),
    }
    hers.refresh_from_db()
    assert hers.need in Need.objects.filter(person=lin)


def test_a_doctor_is_asked_for_with_treatment_and_time(lin: Person, alice: User) -> None:
    token = link_for(lin, alice)[1]
    post(
        token,
        "my-ask",
        "doctor",
        token=form_token(),
        for_whom=str(lin.pk),
        treatment="dialysis",
        wanted_on="2022-11-18",
        wanted_time="08:30",
    )
    medical = Need.objects.get().medical
    assert medical.treatment == TreatmentKind.DIALYSIS
    assert medical.wanted_at == noon(dt.date(2022, 11, 18)) - dt.timedelta(hours=3, minutes=30)
    late = post(token, "my-ask", "doctor", token=form_token(), for_whom=str(lin.pk), wanted_on="2022-11-01")
    assert late.status_code == 422


def test_a_patient_reads_which_hospital_answers_until_it_is_over(lin: Person, alice: User) -> None:
    token = link_for(lin, alice)[1]
    need = need_of(lin, NeedKind.DOCTOR)
    page = reverse("my-need", args=[token, need.number])
    assert "It answers for you now" not in phone().get(page).content.decode()

    site = Site.objects.create(community=alice.area, kind=SiteKind.GENERAL_HOSPITAL, name="友谊医院")
    CareSite.objects.create(site=site, direct_line="010-66552222", status_since=AT)
    medical.ask_hospital(medical=need.medical, site=site, by=alice, at=AT)
    body = phone().get(page).content.decode()
    assert "友谊医院" in body
    assert 'href="tel:010-66552222"' in body

    need.medical.refresh_from_db()
    medical.end_without_trip(medical=need.medical, reason="好了", by=alice, at=AT)
    assert "友谊医院" not in phone().get(page).content.decode()


def test_an_emergency_needs_nothing_but_the_button(lin: Person, alice: User) -> None:
    token = link_for(lin, alice)[1]
    page = reading(token)
    assert page.index("tel:120") < page.index("Free on")
    assert reverse("my-emergency", args=[token]) in page
    answer = post(token, "my-emergency")
    assert answer.status_code == 303
    need = Need.objects.get()
    assert (need.kind, need.person, need.urgency) == ("emergency", lin, "emergency")
    told = Message.objects.filter(kind=MessageKind.NEED_EMERGENCY)
    assert {message.community.name for message in told} == {"锦绣社区", "锦绣街道", "朝阳区"}
    body = phone().get(answer.url).content.decode()
    assert "The community was told at 12:00" in body
    assert "tel:120" in body


def test_an_emergency_is_written_down_whatever_else_is_wrong_with_the_form(lin: Person, alice: User) -> None:
    token = link_for(lin, alice)[1]
    post(token, "my-emergency", token=form_token(), text="晕倒了", call_phone="12", for_whom="999")
    assert Need.objects.get().text == "晕倒了 12"


def test_too_much_at_once_is_refused_but_never_an_emergency(
    lin: Person, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supplies.actions.household_asking.MOST_LIVE", 1)
    link, token = link_for(lin, alice)
    need_of(lin, link=link)
    answer = post(token, "my-ask", "other", token=form_token(), for_whom="0", text="灯泡")
    assert answer.status_code == 422
    assert "Please call us." in answer.content.decode()
    assert post(token, "my-emergency").status_code == 303


@pytest.mark.parametrize("kind", ["emergency", "nonsense"])
def test_only_kinds_that_are_offered_can_be_asked_for(lin: Person, alice: User, kind: str) -> None:
    token = link_for(lin, alice)[1]
    assert phone().get(reverse("my-ask", args=[token, kind])).status_code == 404


# ── the resident's word ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def at_door(lin: Person, alice: User, coordinator: User) -> tuple[Need, str]:
    """Something at the door of 林小满, and her token."""
    link, token = link_for(lin, alice)
    need = need_of(lin, link=link)
    serving.move(need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=AT)
    return need, token


def test_receipt_is_confirmed_and_twice_equals_once(at_door: tuple[Need, str]) -> None:
    need, token = at_door
    for _twice in range(2):
        assert post(token, "my-word", need.number, "confirm").status_code == 303
    need.refresh_from_db()
    assert need.state == NeedState.CONFIRMED
    assert need.events.filter(kind="confirmed").count() == 1


def test_it_is_not_all_right_with_a_reason(at_door: tuple[Need, str]) -> None:
    need, token = at_door
    silent = post(token, "my-word", need.number, "not_right")
    assert silent.status_code == 422
    assert "Please write down the reason" in silent.content.decode()
    assert post(token, "my-word", need.number, "not_right", reason="少一份").status_code == 303
    need.refresh_from_db()
    assert (need.state, need.reason) == (NeedState.TAKEN, "少一份")
    assert need.due_at is not None


def test_what_is_not_needed_any_more_is_taken_back(lin: Person, alice: User) -> None:
    link, token = link_for(lin, alice)
    need = need_of(lin, link=link)
    assert post(token, "my-word", need.number, "cancel").status_code == 303
    need.refresh_from_db()
    assert need.state == NeedState.CANCELLED
    again = post(token, "my-word", need.number, "not_right", reason="x")
    assert again.status_code == 422


def test_a_medical_one_is_taken_back_with_its_clock(lin: Person, alice: User) -> None:
    link, token = link_for(lin, alice)
    need = need_of(lin, NeedKind.DOCTOR, link=link)
    assert post(token, "my-word", need.number, "confirm").status_code == 422
    assert post(token, "my-word", need.number, "cancel", reason="好了").status_code == 303
    need.refresh_from_db()
    assert need.state == NeedState.CANCELLED
    assert need.medical.ended_at is not None
    assert need.events.filter(kind="cancelled", by_resident=True).exists()


def test_staffs_verbs_are_not_the_residents(at_door: tuple[Need, str]) -> None:
    need, token = at_door
    for verb in ("take", "deliver", "refuse"):
        assert post(token, "my-word", need.number, verb).status_code == 404


def test_lateness_is_admitted(lin: Person, alice: User, the_day: Callable[..., Any]) -> None:
    link, token = link_for(lin, alice)
    need_of(lin, link=link)
    the_day(TODAY + dt.timedelta(days=2))
    assert "We are late: it should have been with you by 11-17 12:00" in reading(token)


def test_after_the_opening_it_is_asked_whether_it_is_still_wanted(
    lin: Person, alice: User, the_day: Callable[..., Any]
) -> None:
    seal(lin, alice)
    link, token = link_for(lin, alice)
    kept, given = need_of(lin, link=link), need_of(lin, NeedKind.PET, link=link)
    opened = dt.date(2022, 11, 22)
    the_day(opened)
    assert ask_again_after_opening(at=noon(opened)) == 2
    assert reading(token).count("Do you still want this?") == 2
    assert post(token, "my-word", kept.number, "wanted").status_code == 303
    assert post(token, "my-word", given.number, "no_thanks").status_code == 303
    assert "Do you still want this?" not in reading(token)
    kept.refresh_from_db()
    given.refresh_from_db()
    assert (kept.state, given.state) == (NeedState.OPEN, NeedState.CANCELLED)


def test_nobody_answers_a_question_that_was_not_asked(lin: Person, alice: User) -> None:
    link, token = link_for(lin, alice)
    need = need_of(lin, link=link)
    assert post(token, "my-word", need.number, "no_thanks").status_code == 422
    need.refresh_from_db()
    assert need.state == NeedState.OPEN
