"""Key persons: their calls plan themselves when a door is closed, and nobody is forgotten."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from cases.models import KeyMark, Person
from cases.rules import KeyMarkKind
from supplies.actions.caring import plan_care_calls, set_care_plan
from supplies.models import CareCall, CarePlan, Need
from supplies.rules.calls import CareCallOutcome, CareCallReason
from supplies.rules.needs import NeedSource
from tests.builders import noon
from tests.supplies.world import TODAY
from tests.zones.risk_world import seal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

AsUser = Callable[[User], Client]
DAY = dt.timedelta(days=1)


def planned(resident: Person, by: User, **values: object) -> CarePlan:
    return set_care_plan(
        person=resident, marks=[KeyMarkKind.DIALYSIS], by=by, at=noon(TODAY), every_days=7, **values
    )


def reached(client: Client, call: CareCall, **changes: str) -> int:
    return client.post(f"/care-calls/{call.pk}/", {"token": "t", "outcome": "well", **changes}).status_code


def test_a_plan_is_written_and_its_first_call_is_today(
    alice: User, resident: Person, as_user: AsUser
) -> None:
    facts = {
        "marks": ["old_and_alone", "bedridden"],
        "every_days": "3",
        "need": "每周送药",
        "medicine": "氨氯地平",
    }
    assert as_user(alice).post(f"/key-persons/{resident.pk}/", facts).status_code == 303
    plan = CarePlan.objects.get()
    assert (plan.next_call_on, plan.looked_at_on, plan.community) == (TODAY, TODAY, resident.community)
    assert set(KeyMark.objects.values_list("kind", flat=True)) == {"old_and_alone", "bedridden"}
    assert plan_care_calls(at=noon(TODAY)) == 1
    assert "林小满" in as_user(alice).get("/key-persons/").content.decode()


def test_a_plan_without_a_reason_is_refused_and_keeps_what_was_typed(
    alice: User, resident: Person, as_user: AsUser
) -> None:
    answer = as_user(alice).post(f"/key-persons/{resident.pk}/", {"every_days": "3", "need": "每周送药"})
    assert answer.status_code == 422
    assert "每周送药" in answer.content.decode()
    assert not CarePlan.objects.exists()


def test_after_a_call_the_next_one_follows_the_rhythm(alice: User, resident: Person, as_user: AsUser) -> None:
    planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    assert reached(as_user(alice), CareCall.objects.get()) == 303
    assert CarePlan.objects.get().next_call_on == TODAY + 7 * DAY
    assert plan_care_calls(at=noon(TODAY + 6 * DAY)) == 0
    assert plan_care_calls(at=noon(TODAY + 7 * DAY)) == 1


def test_a_sealed_unit_means_a_call_every_day(
    alice: User, carol: User, resident: Person, as_user: AsUser
) -> None:
    plan = planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    reached(as_user(alice), CareCall.objects.get())
    assert resident.unit is not None
    seal([resident.unit], by=carol, found=TODAY)
    assert plan_care_calls(at=noon(TODAY + DAY)) == 1
    assert plan_care_calls(at=noon(TODAY + DAY)) == 0
    assert plan.calls.get(planned_on=TODAY + DAY).reason == CareCallReason.SEALED
    assert plan_care_calls(at=noon(TODAY + 6 * DAY)) == 0, "open again at 00:00 of the sixth date"


def test_who_was_not_reached_stays_on_the_list_until_somebody_is(
    alice: User, resident: Person, as_user: AsUser, the_day: Callable[[dt.date], None]
) -> None:
    planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    client = as_user(alice)
    reached(client, CareCall.objects.get(), outcome="not_reached")
    the_day(TODAY + DAY)
    client = as_user(alice)  # a new shift
    late = client.get("/key-persons/?tab=late").content.decode()
    assert "林小满" in late
    assert "晚了1天，应于11-16联系上" in late
    assert reached(client, CareCall.objects.get()) == 303
    assert "全部按时联系上" in client.get("/key-persons/?tab=late").content.decode()


def test_lateness_is_told_in_words_since_the_first_day_also_after_the_next_sweep(
    alice: User, resident: Person, as_user: AsUser, the_day: Callable[[dt.date], None]
) -> None:
    planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    for day in (1, 2):
        the_day(TODAY + day * DAY)
        assert plan_care_calls(at=noon(TODAY + day * DAY)) == 1
    client = as_user(alice)
    for tab in ("today", "late", "all"):
        page = client.get(f"/key-persons/?tab={tab}").content.decode()
        assert "晚了2天，应于11-16联系上" in page, tab
    assert "没有联系上" not in page
    last = CareCall.objects.order_by("-planned_on")[0]
    assert last.reason == CareCallReason.AGAIN
    for path in (f"/care-calls/{last.pk}/", f"/key-persons/{resident.pk}/"):
        assert "晚了2天，应于11-16联系上" in client.get(path).content.decode()
    assert "最久的晚了2天，应于11-16" in client.get("/today/").content.decode()
    assert reached(client, last) == 303
    assert "晚了" not in client.get("/key-persons/?tab=all").content.decode()


def test_whoever_is_to_be_called_stands_there_although_no_sweep_has_run(
    alice: User, resident: Person, as_user: AsUser, the_day: Callable[[dt.date], None]
) -> None:
    planned(resident, alice)
    client = as_user(alice)
    assert "林小满" in client.get("/key-persons/").content.decode()
    assert "晚了" not in client.get("/key-persons/").content.decode()
    the_day(TODAY + DAY)
    client = as_user(alice)
    assert "晚了1天，应于11-16联系上" in client.get("/key-persons/?tab=late").content.decode()
    answer = client.post(f"/key-persons/{resident.pk}/call/")
    call = CareCall.objects.get()
    assert (call.planned_on, answer.headers["Location"]) == (TODAY + DAY, f"/care-calls/{call.pk}/")
    assert client.post(f"/key-persons/{resident.pk}/call/").headers["Location"] == f"/care-calls/{call.pk}/"
    assert plan_care_calls(at=noon(TODAY + DAY)) == 0, "written down already"
    late = client.get("/key-persons/?tab=late").content.decode()
    assert "晚了1天，应于11-16联系上" in late, "a call that is planned late makes nothing good"
    assert reached(client, call) == 303
    assert "已记录" in client.get("/key-persons/").content.decode()
    assert "林小满" not in client.get("/key-persons/").content.decode()
    again = client.post(f"/key-persons/{resident.pk}/call/", follow=True)
    assert "今天已有联系记录" in again.content.decode()
    assert CareCall.objects.count() == 1


def test_a_marked_person_behind_a_door_is_called_although_nobody_wrote_a_plan(
    alice: User, bob: User, carol: User, resident: Person, as_user: AsUser
) -> None:
    KeyMark.objects.create(person=resident, kind=KeyMarkKind.OLD_AND_ALONE)
    assert plan_care_calls(at=noon(TODAY)) == 0, "no closed door"
    client = as_user(alice)
    assert "林小满" in client.get("/key-persons/?tab=unplanned").content.decode()
    assert "林小满" not in as_user(bob).get("/key-persons/?tab=unplanned").content.decode()
    assert resident.unit is not None
    seal([resident.unit], by=carol, found=TODAY)
    assert plan_care_calls(at=noon(TODAY), dry_run=True) == 1
    assert not CarePlan.objects.exists()
    assert plan_care_calls(at=noon(TODAY)) == 1
    assert plan_care_calls(at=noon(TODAY)) == 0
    assert CareCall.objects.get().reason == CareCallReason.SEALED
    plan = CarePlan.objects.get()
    assert (plan.person, plan.community, plan.county) == (resident, resident.community, resident.county)
    assert "林小满" not in client.get("/key-persons/?tab=unplanned").content.decode()


def test_an_ended_plan_stays_ended_behind_a_door(
    alice: User, carol: User, resident: Person, as_user: AsUser
) -> None:
    planned(resident, alice)
    as_user(alice).post(f"/key-persons/{resident.pk}/end/")
    assert resident.unit is not None
    seal([resident.unit], by=carol, found=TODAY)
    assert plan_care_calls(at=noon(TODAY)) == 0
    assert as_user(alice).post(f"/key-persons/{resident.pk}/call/").status_code == 404


def test_what_is_needed_goes_to_the_desk_and_a_call_is_noted_once(
    alice: User, resident: Person, as_user: AsUser
) -> None:
    planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    call, client = CareCall.objects.get(), as_user(alice)
    assert reached(client, call, outcome="needs") == 422
    facts = {"outcome": "needs", "kind-0": "medicine", "text-0": "透析前的药"}
    assert reached(client, call, **facts) == 303
    assert reached(client, call, **facts) == 422
    assert Need.objects.get().source == NeedSource.ROUND_CALL
    assert CareCall.objects.get().outcome == CareCallOutcome.NEEDS


def test_the_neighbour_sees_no_key_person(bob: User, alice: User, resident: Person, as_user: AsUser) -> None:
    planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    client, call = as_user(bob), CareCall.objects.get()
    assert "林小满" not in client.get("/key-persons/?tab=all").content.decode()
    for path in (f"/key-persons/{resident.pk}/", f"/care-calls/{call.pk}/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {}).status_code == 404
    assert client.post(f"/key-persons/{resident.pk}/end/").status_code == 404


def test_the_list_takes_five_queries_however_long_it_is(
    alice: User, resident: Person, as_user: AsUser, django_assert_max_num_queries: Callable[..., object]
) -> None:
    planned(resident, alice)
    plan_care_calls(at=noon(TODAY))
    client = as_user(alice)
    client.get("/key-persons/")
    with django_assert_max_num_queries(10):  # four of the list; session, user, roles and the frame besides
        client.get("/key-persons/?tab=all")


def test_the_command_counts_first_and_plans_then(
    alice: User, resident: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    planned(resident, alice)
    call_command("plan_care_calls", "--dry-run")
    assert not CareCall.objects.exists()
    call_command("plan_care_calls")
    assert CareCall.objects.count() == 1
    assert "1" in capsys.readouterr().out
