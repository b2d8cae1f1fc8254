"""Medical access: somebody always answers, a refusal ends nothing, and the way back home is part of it."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.models import User
from cases.models import Person
from complaints.actions.refusals import pull_refusals
from notices.models import Message
from notices.rules import MessageKind
from policy.clock import midnight
from supplies.actions import medical as verbs
from supplies.actions.asking import Ask, ask_for
from supplies.actions.links import ensure_link
from supplies.actions.medical_clocks import watch_medical_clocks
from supplies.models import CareSite, Consult, Counsel, MedicalNeed, Need, NeedEvent, Prescription, Trip
from supplies.rules.medical import ConsultAnswer, TripStage
from supplies.rules.needs import NeedKind, NeedSource, NeedState
from tests.builders import noon
from tests.supplies.world import TODAY, need_of
from zones.models import Site
from zones.rules import SiteKind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

AsUser = Callable[[User], Client]


@pytest.fixture
def hospitals(resident: Person) -> tuple[Site, Site]:
    """一院 and 二院, both open."""
    made = [
        Site.objects.create(community=resident.community, kind=SiteKind.GENERAL_HOSPITAL, name=name)
        for name in ("一院", "二院")
    ]
    for site in made:
        CareSite.objects.create(site=site, direct_line="01012345678", status_since=noon(TODAY))
    return made[0], made[1]


@pytest.fixture
def dialysis(resident: Person, coordinator: User) -> Need:
    """A dialysis that somebody asked for."""
    return need_of(resident, NeedKind.DOCTOR, by=coordinator, text="每周三次透析")


def page(client: Client, need: Need) -> str:
    return client.get(f"/medical/{need.pk}/").content.decode()


def test_a_refused_dialysis_patient_ends_up_treated_and_back_home(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    client, first, second = as_user(coordinator), *hospitals
    at = f"/medical/{dialysis.pk}"
    assert "尚未联系医院" in page(client, dialysis)
    client.post(f"{at}/ask/", {"site": first.pk})
    consult = Consult.objects.get()
    refusal = {"consult": consult.pk, "answer": "refused"}
    assert client.post(f"{at}/answer/", refusal).status_code == 422
    client.post(f"{at}/answer/", {**refusal, "reason": "要48小时核酸", "who": "值班护士"})
    told = Message.objects.filter(kind=MessageKind.CARE_REFUSED)
    assert {message.community.level for message in told} == {"street", "county"}
    shown = page(client, dialysis)
    assert "由一院对该患者负责" in shown
    assert "要48小时核酸" in shown
    client.post(f"{at}/ask/", {"site": second.pk})
    client.post(f"{at}/answer/", {"consult": Consult.objects.latest("pk").pk, "answer": "accepted"})
    assert "由二院对该患者负责" in page(client, dialysis)
    client.post(f"{at}/set-out/", {"site": second.pk})
    trip = MedicalNeed.objects.get().trips.get()
    for stage in ("arrived", "treated", "back_home"):
        client.post(f"{at}/stage/", {"trip": trip.pk, "stage": stage})
    assert Need.objects.get().state == NeedState.CONFIRMED
    assert MedicalNeed.objects.get().ended_at is not None
    trip.refresh_from_db()
    assert trip.left_at <= trip.arrived_at <= trip.treated_at <= trip.home_at
    assert "被医院拒绝" in client.get("/medical/?tab=refused").content.decode()


def test_it_says_at_every_moment_who_answers_and_why(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    client, first, second = as_user(coordinator), *hospitals
    at = f"/medical/{dialysis.pk}"

    def said() -> tuple[str, str]:
        return page(client, dialysis), client.get("/medical/").content.decode()

    assert all("由社区负责" in shown for shown in said())
    client.post(f"{at}/ask/", {"site": first.pk})
    assert all("首诊医院，尚未答复" in shown for shown in said())
    assert "tel:01012345678" in said()[0]
    client.post(f"{at}/answer/", {"consult": Consult.objects.get().pk, "answer": "refused", "reason": "无床"})
    assert all("已拒绝，但在另一家接收之前仍由它负责" in shown for shown in said())
    assert "拒绝过：一院" in said()[1]
    client.post(f"{at}/set-out/", {"site": second.pk})
    assert all("由一院" in shown and "往二院" in shown for shown in said())
    assert Consult.objects.get(site=second).answer == ""
    trip = MedicalNeed.objects.get().trips.get()
    client.post(f"{at}/stage/", {"trip": trip.pk, "stage": "arrived"})
    assert all("由二院" in shown and "由一院" not in shown for shown in said())
    assert "患者现在二院" in said()[0]
    assert Consult.objects.get(site=second).answer == "accepted"


def test_whoever_is_turned_away_at_the_door_goes_on_to_the_next_hospital(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    client, first, second = as_user(coordinator), *hospitals
    at = f"/medical/{dialysis.pk}"
    client.post(f"{at}/set-out/", {"site": first.pk})
    trip = MedicalNeed.objects.get().trips.get()
    client.post(f"{at}/stage/", {"trip": trip.pk, "stage": "arrived"})
    assert client.post(f"{at}/turned-away/", {"trip": trip.pk, "reason": " "}).status_code == 422
    assert "到院后被拒收" in page(client, dialysis)
    client.post(f"{at}/turned-away/", {"trip": trip.pk, "reason": "黄码不收", "who": "预检分诊"})
    assert Consult.objects.get(answer="refused").reason == "黄码不收"
    assert Message.objects.filter(kind=MessageKind.CARE_REFUSED).count() == 2
    assert pull_refusals(at=noon(TODAY) + dt.timedelta(minutes=1)) == 1
    assert Need.objects.get().state == NeedState.TAKEN
    assert client.post(f"{at}/set-out/", {"site": second.pk}).status_code == 303
    onward = MedicalNeed.objects.get().trips.latest("pk")
    for stage in ("arrived", "treated", "back_home"):
        client.post(f"{at}/stage/", {"trip": onward.pk, "stage": stage})
    assert Need.objects.get().state == NeedState.CONFIRMED
    again = client.post(f"{at}/turned-away/", {"trip": onward.pk, "reason": "晚了"})
    assert again.status_code == 422
    assert Consult.objects.filter(answer="refused").count() == 1


def test_lateness_is_in_words_with_its_unit_and_stays_on_record(
    coordinator: User,
    dialysis: Need,
    hospitals: tuple[Site, Site],
    as_user: AsUser,
    the_day: Callable[..., None],
) -> None:
    MedicalNeed.objects.update(act_by=noon(TODAY) - dt.timedelta(minutes=95))
    client = as_user(coordinator)
    for shown in (page(client, dialysis), client.get("/medical/").content.decode()):
        assert "1 小时 35 分" in shown
        assert "10:25" in shown
    client.post(f"/medical/{dialysis.pk}/ask/", {"site": hospitals[0].pk})
    assert Need.objects.get().late_by_minutes == 95
    assert "此前各环节合计迟1 小时 35 分" in page(client, dialysis)
    client.post(f"/medical/{dialysis.pk}/end/", {"reason": "不去了"})
    assert "各环节合计迟1 小时 35 分，记录在案" in page(client, dialysis)


def test_hospitals_that_do_it_and_take_people_stand_first(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    MedicalNeed.objects.update(treatment="dialysis")
    for name, status, treats in (
        ("甲关门", "closed", ["dialysis"]),
        ("乙透析", "open", ["dialysis"]),
        ("丙满员", "full", []),
    ):
        site = Site.objects.create(
            community=hospitals[0].community, kind=SiteKind.GENERAL_HOSPITAL, name=name
        )
        CareSite.objects.create(
            site=site,
            direct_line="1",
            status=status,
            status_reason="检修" if status != "open" else "",
            treats=treats,
            status_since=noon(TODAY),
        )
    Site.objects.create(community=hospitals[0].community, kind=SiteKind.GENERAL_HOSPITAL, name="丁未登记")
    form = page(as_user(coordinator), dialysis).split('name="site"')[1].split("</select>")[0]
    names = ("乙透析", "甲关门", "一院", "二院", "丙满员", "丁未登记")
    assert [form.index(name) for name in names] == sorted(form.index(name) for name in names)
    listed = as_user(coordinator).get("/hospitals/").content.decode()
    assert listed.index("乙透析") < listed.index("丙满员") < listed.index("甲关门") < listed.index("丁未登记")


@pytest.mark.parametrize("stage", ["treated", "back_home", "nonsense"])
def test_no_stage_is_skipped(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser, stage: str
) -> None:
    client = as_user(coordinator)
    client.post(f"/medical/{dialysis.pk}/set-out/", {"site": hospitals[0].pk})
    trip = MedicalNeed.objects.get().trips.get()
    answer = client.post(f"/medical/{dialysis.pk}/stage/", {"trip": trip.pk, "stage": stage})
    assert answer.status_code == 303
    trip.refresh_from_db()
    assert trip.stage == "left"


def test_a_hospital_is_asked_once_until_it_answers(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    client = as_user(coordinator)
    assert client.post(f"/medical/{dialysis.pk}/ask/", {"site": hospitals[0].pk}).status_code == 303
    answer = client.post(f"/medical/{dialysis.pk}/ask/", {"site": hospitals[0].pk})
    assert answer.status_code == 422
    assert "尚未答复" in answer.content.decode()
    assert Consult.objects.count() == 1


def test_ending_it_without_a_trip_needs_a_reason_and_never_happens_on_the_way(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    client = as_user(coordinator)
    assert client.post(f"/medical/{dialysis.pk}/end/", {"reason": " "}).status_code == 422
    client.post(f"/medical/{dialysis.pk}/set-out/", {"site": hospitals[0].pk})
    assert client.post(f"/medical/{dialysis.pk}/end/", {"reason": "好了"}).status_code == 422
    assert MedicalNeed.objects.get().ended_at is None


@pytest.mark.parametrize("who", ["bob", "analyst"])
def test_nobody_else_sees_or_touches_it(
    who: str, bob: User, dialysis: Need, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    user = bob
    if who == "analyst":
        bob.posts.update(role="analyst")
    client, wanted = as_user(user), {404} if who == "bob" else {403}
    assert client.get(f"/medical/{dialysis.pk}/").status_code in wanted
    for verb in ("ask", "answer", "set-out", "stage", "120", "end"):
        assert client.post(f"/medical/{dialysis.pk}/{verb}/", {"site": hospitals[0].pk}).status_code in wanted
    assert not Consult.objects.exists()


def test_an_overdue_step_is_told_once_and_the_next_one_again(
    coordinator: User, dialysis: Need, hospitals: tuple[Site, Site]
) -> None:
    due = MedicalNeed.objects.get().act_by
    assert due == noon(TODAY) + dt.timedelta(minutes=30)
    second = dt.timedelta(seconds=1)
    assert watch_medical_clocks(at=due - second) == 0
    assert watch_medical_clocks(at=due, dry_run=True) == 1
    assert [watch_medical_clocks(at=due) for _twice in range(2)] == [1, 0]
    assert NeedEvent.objects.filter(kind="late").count() == 1
    later = due + dt.timedelta(minutes=5)
    verbs.ask_hospital(medical=dialysis.medical, site=hospitals[0], by=coordinator, at=later)
    assert watch_medical_clocks(at=later + dt.timedelta(minutes=31)) == 1


def test_the_command_tells_how_many(dialysis: Need, capsys: pytest.CaptureFixture[str]) -> None:
    MedicalNeed.objects.update(act_by=noon(TODAY) - dt.timedelta(minutes=1))
    call_command("watch_medical_clocks")
    assert "1项就医需求" in capsys.readouterr().out


def test_a_hospital_that_is_full_says_why(
    coordinator: User, bob: User, hospitals: tuple[Site, Site], as_user: AsUser
) -> None:
    client, site = as_user(coordinator), hospitals[0]
    facts = {"direct_line": "01012345678", "status": "full", "treats": ["dialysis"], "yellow_code": "on"}
    assert client.post(f"/hospitals/{site.pk}/", facts).status_code == 422
    assert client.post(f"/hospitals/{site.pk}/", {**facts, "status_reason": "床位已满"}).status_code == 303
    listed = client.get("/hospitals/").content.decode()
    assert "床位已满" in listed
    assert "黄码医院" in listed
    assert "血液透析" in listed


def test_who_runs_out_within_three_days_is_listed_and_the_next_pack_asked_for_once(
    coordinator: User, bob: User, resident: Person, as_user: AsUser
) -> None:
    client = as_user(coordinator)

    def entered(days: int, name: str) -> Prescription:
        on = str(TODAY + dt.timedelta(days=days))
        client.post(f"/prescriptions/new/{resident.pk}/", {"medicine": name, "lasts_until": on})
        return Prescription.objects.get(medicine=name)

    soon, _later = entered(3, "氨氯地平"), entered(4, "二甲双胍")
    listed = client.get("/prescriptions/").content.decode()
    assert "氨氯地平" in listed
    assert "二甲双胍" not in listed
    assert "二甲双胍" in client.get("/prescriptions/?tab=all").content.decode()
    for _twice in range(2):
        client.post(f"/prescriptions/{soon.pk}/refill/")
    need = Need.objects.get()
    assert (need.kind, need.text) == (NeedKind.MEDICINE, "氨氯地平")
    Need.objects.update(state=NeedState.NOT_MET, ended_at=noon(TODAY))
    client.post(f"/prescriptions/{soon.pk}/refill/")
    assert Need.objects.exclude(pk=need.pk).get().state == NeedState.OPEN
    for verb in ("", "refill/", "end/"):
        assert as_user(bob).post(f"/prescriptions/{soon.pk}/{verb}").status_code == 404
    client.post(f"/prescriptions/{soon.pk}/end/")
    assert f"/prescriptions/{soon.pk}/end/" not in client.get("/prescriptions/?tab=all").content.decode()


def test_what_is_said_to_a_counsellor_is_read_by_counsellors_alone(
    counsellor: User, carol: User, alice: User, resident: Person, as_user: AsUser
) -> None:
    need = need_of(resident, NeedKind.TALK, text="睡不着")
    client = as_user(counsellor)
    assert "睡不着" in client.get("/counsel/").content.decode()
    answer = client.post(
        f"/counsel/{resident.pk}/?need={need.pk}", {"notes": "担心母亲", "follow_up_on": "2022-11-18"}
    )
    assert answer.status_code == 303
    talk = Counsel.objects.get()
    assert (talk.notes, talk.by, talk.need) == ("担心母亲", counsellor, need)
    waiting = Need.objects.get()
    assert waiting.state == NeedState.TAKEN
    assert waiting.due_at == midnight(dt.date(2022, 11, 19))  # in time until the date agreed is over
    for other in (carol, alice):
        assert as_user(other).get("/counsel/").status_code == 403
        assert as_user(other).get(f"/counsel/{resident.pk}/").status_code == 403
    assert "担心母亲" in client.get(f"/counsel/{resident.pk}/").content.decode()
    client.post(f"/counsel/{resident.pk}/", {"notes": "好多了"})
    assert Need.objects.get().state == NeedState.CONFIRMED


def test_a_talk_that_came_late_stays_late(
    counsellor: User, resident: Person, coordinator: User, as_user: AsUser
) -> None:
    need = need_of(resident, NeedKind.TALK, by=coordinator)
    Need.objects.update(due_at=timezone.now() - dt.timedelta(minutes=90))
    as_user(counsellor).post(f"/counsel/{resident.pk}/?need={need.pk}", {"notes": "睡不着"})
    need.refresh_from_db()
    assert need.state == NeedState.CONFIRMED
    assert need.late_by_minutes == 90


def test_notes_of_counsellors_are_stored_encrypted(
    counsellor: User, resident: Person, as_user: AsUser
) -> None:
    from django.db import connection

    as_user(counsellor).post(f"/counsel/{resident.pk}/", {"notes": "担心母亲"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT notes FROM supplies_counsel")
        assert "担心" not in cursor.fetchone()[0]


def test_that_120_was_called_stands_on_record_once_with_who_noted_it(
    coordinator: User, resident: Person, as_user: AsUser
) -> None:
    need = need_of(resident, NeedKind.EMERGENCY, by=coordinator)
    for _twice in range(2):
        as_user(coordinator).post(f"/medical/{need.pk}/120/")
    event = NeedEvent.objects.get(need=need, reason="已拨打120")
    assert event.by == coordinator
    assert "已拨打120" in as_user(coordinator).get(f"/needs/{need.pk}/").content.decode()


def test_an_emergency_is_told_to_everybody_above_at_once(resident: Person, coordinator: User) -> None:
    need = need_of(resident, NeedKind.EMERGENCY, text="")
    told = Message.objects.filter(kind=MessageKind.NEED_EMERGENCY)
    assert {message.community.level for message in told} == {"community", "street", "county"}
    assert need.medical.act_by == noon(TODAY) + dt.timedelta(minutes=5)
    assert timezone.localtime(need.due_at).date() == TODAY


def test_a_household_that_wants_to_talk_is_talked_with_and_the_talk_stands_once(
    counsellor: User, resident: Person, coordinator: User, as_user: AsUser
) -> None:
    link = ensure_link(person=resident, by=coordinator, at=noon(TODAY))
    asked = Ask(
        kind=NeedKind.TALK, community=resident.community, source=NeedSource.RESIDENT, link=link, text="睡不着"
    )
    need = ask_for(asked, token="t", at=noon(TODAY) - dt.timedelta(hours=30))
    client = as_user(counsellor)
    listed = client.get("/counsel/").content.decode()
    address = f"/counsel/{resident.pk}/?need={need.pk}"
    assert address in listed
    assert 'class="late"' in listed
    assert "1 天" in listed or "30 小时" in listed
    for _twice in range(2):
        client.post(address, {"notes": "聊了半小时", "follow_up_on": ""})
    assert Counsel.objects.get().need == need
    need.refresh_from_db()
    assert need.state == NeedState.CONFIRMED


def test_the_times_of_the_last_thirty_days_are_measured(
    coordinator: User,
    resident: Person,
    hospitals: tuple[Site, Site],
    as_user: AsUser,
    django_assert_max_num_queries: Any,
) -> None:
    start = noon(TODAY) - dt.timedelta(hours=20)
    minute = dt.timedelta(minutes=1)
    for minutes in (10, 20, 90):
        need = need_of(resident, NeedKind.DOCTOR, by=coordinator, text="透析")
        Need.objects.filter(pk=need.pk).update(asked_at=start)
        medical, by = need.medical, coordinator
        consult = verbs.ask_hospital(medical=medical, site=hospitals[0], by=by, at=start + minute)
        accepted = {"answer": ConsultAnswer.ACCEPTED, "by": by, "at": start + minutes * minute}
        verbs.note_answer(consult=consult, **accepted)
        trip = verbs.set_out(medical=medical, site=hospitals[0], by=by, at=start + 95 * minute)
        for stage, after in ((TripStage.ARRIVED, 125), (TripStage.TREATED, 300), (TripStage.BACK_HOME, 330)):
            verbs.note_stage(trip=Trip.objects.get(pk=trip.pk), stage=stage, by=by, at=start + after * minute)
    client = as_user(coordinator)
    with django_assert_max_num_queries(5 + 4):
        shown = re.sub(r"<[^>]+>", "", client.get("/medical/?tab=ended").content.decode())
    assert "医院接收 20 分" in shown
    assert "到院 2 小时 5 分" in shown
    assert "往返 3 小时 55 分" in shown
