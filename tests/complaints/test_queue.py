"""The queue: what it holds, in which order, by which filters, at what price."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Office, User
from accounts.rules import Department, Role
from complaints.actions import handling
from complaints.actions.filing import Receipt
from complaints.actions.supervising import issue_order
from complaints.models import Complaint
from complaints.rules.handling import State
from tests.builders import noon, staff
from tests.complaints.cast import TODAY, Cast, filed, office, officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Login = Callable[[User], Client]
HOUR = dt.timedelta(hours=1)
NOON = noon(TODAY)
QUEUE = "/complaint-desk/"


def numbers(client: Client, query: str = "") -> list[str]:
    """The receipt numbers in the order of the page."""
    answer = client.get(f"{QUEUE}{query}")
    assert answer.status_code == 200
    return re.findall(r'<span class="num">(\d{6}-\d{8})</span>', answer.content.decode())


def test_the_officer_finds_what_lies_at_the_own_office_with_its_clock(
    as_user: Login, cast: Cast, receipt: Receipt
) -> None:
    page = as_user(cast.task_force).get(QUEUE).content.decode()
    assert receipt.number in page
    assert "锦绣花园4号楼" in page
    assert 'class="clock' in page
    assert 'aria-current="step"' in page


def test_neighbour_respondent_and_worker_see_none_of_it(as_user: Login, cast: Cast, receipt: Receipt) -> None:
    assert numbers(as_user(cast.neighbour)) == []
    assert numbers(as_user(cast.street)) == []
    assert as_user(cast.community).get(QUEUE).status_code == 403
    assert as_user(cast.operator).get(QUEUE).status_code == 403
    assert Client().get(QUEUE).status_code == 302


def test_nobody_who_complained_stands_in_the_list(as_user: Login, cast: Cast, receipt: Receipt) -> None:
    page = as_user(cast.task_force).get(f"{QUEUE}?tab=all").content.decode()
    assert "欧阳特殊" not in page
    assert "13877665544" not in page


def test_urgent_ones_stand_on_top_then_what_is_due_first(as_user: Login, cast: Cast) -> None:
    late = filed(cast.home, at=NOON - 30 * HOUR).number
    fresh = filed(cast.home, at=NOON - HOUR).number
    urgent = filed(cast.home, at=NOON - HOUR, urgent=True).number
    assert numbers(as_user(cast.task_force)) == [urgent, late, fresh]


def test_each_tab_holds_what_its_name_says(as_user: Login, cast: Cast) -> None:
    fresh = filed(cast.home).complaint
    late = filed(cast.home, at=NOON - 30 * HOUR).complaint
    urgent = filed(cast.home, urgent=True).complaint
    mine = filed(cast.home).complaint
    Complaint.objects.filter(pk=mine.pk).update(coordinator=cast.task_force)
    answered = filed(cast.home).complaint
    handling.accept(complaint=answered, by=cast.task_force, at=NOON)
    handling.answer(complaint=answered, text="已拆除。", by=cast.task_force, at=NOON)
    closed = filed(cast.home).complaint
    handling.decline(complaint=closed, reason="不属于加码。", by=cast.task_force, at=NOON)
    issue_order(
        complaint=fresh,
        to=office(cast.home.line["street"]),
        text="拆除。",
        due_at=NOON + HOUR,
        token="order",
        by=cast.task_force,
        at=NOON,
    )
    client = as_user(cast.task_force)
    held = {
        tab: set(numbers(client, f"?tab={tab}"))
        for tab in ("todo", "mine", "waiting", "urgent", "late", "supervised", "closed", "all")
    }
    everything = {each.number for each in (fresh, late, urgent, mine, answered, closed)}
    assert held == {
        "todo": everything - {answered.number, closed.number},
        "mine": {mine.number},
        "waiting": {answered.number},
        "urgent": {urgent.number},
        "late": {late.number},
        "supervised": {fresh.number},
        "closed": {closed.number},
        "all": everything,
    }


def test_what_no_complainant_spoke_about_is_to_do_again(
    as_user: Login, cast: Cast, the_day: Callable[[dt.date], Any]
) -> None:
    complaint = filed(cast.home).complaint
    handling.accept(complaint=complaint, by=cast.task_force, at=NOON)
    handling.answer(complaint=complaint, text="已拆除。", by=cast.task_force, at=NOON)
    client = as_user(cast.task_force)
    assert numbers(client) == []
    the_day(TODAY + dt.timedelta(days=6))
    client = as_user(cast.task_force)  # the session of last week is over
    assert numbers(client) == [complaint.number]
    assert numbers(client, "?tab=waiting") == []


def test_filters_narrow_by_behaviour_topic_area_and_source(as_user: Login, cast: Cast) -> None:
    door = filed(cast.home).number
    other = filed(cast.home, behaviour="silent_management").number
    client = as_user(cast.task_force)
    street = cast.home.line["street"].pk
    assert set(numbers(client, "?kind=door")) == {door, other}
    assert numbers(client, "?kind=not_unsealed") == [door]
    assert numbers(client, "?kind=care") == []
    assert set(numbers(client, f"?area={street}")) == {door, other}
    assert numbers(client, "?source=phone") == []
    assert set(numbers(client, "?kind=bogus&area=x&source=bogus&after=x&before=__")) == {door, other}


def test_the_own_desk_is_told_from_those_below(as_user: Login, cast: Cast) -> None:
    own = filed(cast.home).number
    below = filed(cast.home, behaviour="care_refused", whom="site").number
    client = as_user(cast.task_force)
    assert set(numbers(client)) == {own, below}
    assert numbers(client, "?desk=own") == [own]
    assert numbers(client, "?desk=below") == [below]


def test_a_search_finds_a_place_and_goes_straight_to_a_number(as_user: Login, cast: Cast) -> None:
    found = filed(cast.home, place="湖滨里2号楼").complaint
    filed(cast.home)
    client = as_user(cast.task_force)
    answer = client.post(QUEUE, {"q": "湖滨里"})
    assert "湖滨里" not in answer["Location"]
    assert numbers(client, answer["Location"].removeprefix(QUEUE)) == [found.number]
    assert client.post(QUEUE, {"q": found.number})["Location"] == found.get_absolute_url()
    assert "?tab=all" in as_user(cast.neighbour).post(QUEUE, {"q": found.number})["Location"]


def test_the_pages_hold_each_complaint_once_forwards_and_backwards(
    as_user: Login, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.paging.PAGE", 3)
    for number in range(10):
        complaint = filed(cast.home, at=NOON - (number % 3) * HOUR, urgent=number % 4 == 0).complaint
        if number in (1, 2):
            Complaint.objects.filter(pk=complaint.pk).update(due_at=None)
    client = as_user(cast.task_force)
    for tab in ("todo", "all"):
        pages, query = [], f"?tab={tab}"
        while query:
            page = client.get(f"{QUEUE}{query}").content.decode()
            pages.append(re.findall(r'<span class="num">(\d{6}-\d{8})</span>', page))
            more = re.search(r'rel="next" href="([^"]+)"', page)
            query = more.group(1).replace("&amp;", "&") if more else ""
        seen = [number for each in pages for number in each]
        assert len(seen) == len(set(seen)) == 10
        back = re.search(r'rel="prev" href="([^"]+)"', page)
        assert back
        assert numbers(client, back.group(1).replace("&amp;", "&")) == pages[-2]


def test_a_page_costs_four_queries_whatever_its_length(as_user: Login, cast: Cast) -> None:
    client = as_user(cast.task_force)

    def queries(tab: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{QUEUE}?tab={tab}")
        return len(captured)

    filed(cast.home)
    tabs = ("todo", "late", "supervised", "all")
    few = {tab: queries(tab) for tab in tabs}
    for _each in range(12):
        filed(cast.home, at=NOON - 30 * HOUR)
    assert {tab: queries(tab) for tab in tabs} == few
    # Session, user, roles, office; the frame's two; and the page's own four: areas, rows, two of counts.
    assert set(few.values()) == {10}


def test_an_empty_queue_says_what_comes_and_a_missing_office_what_the_supervisor_has_to_do(
    as_user: Login, cast: Cast
) -> None:
    assert 'class="empty"' in as_user(cast.task_force).get(QUEUE).content.decode()
    cast.community.delete()
    Office.objects.filter(area=cast.home).delete()
    lost = staff("lost", cast.home, Role.COMPLAINT_OFFICER)
    page = as_user(lost).get(QUEUE)
    assert page.status_code == 200
    assert cast.home.name in page.content.decode()
    assert "建立常设单位" in page.content.decode()
    assert 'class="rows queue' not in page.content.decode()


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


def test_many_are_accepted_with_one_button(as_user: Login, cast: Cast) -> None:
    keys = [filed(cast.home).complaint.pk for _each in range(3)]
    handling.accept(complaint=Complaint.objects.get(pk=keys[0]), by=cast.task_force, at=NOON)
    answer = as_user(cast.task_force).post(f"{QUEUE}accept/", {"pk": keys}, follow=True)
    assert answer.status_code == 200
    assert set(Complaint.objects.values_list("state", flat=True)) == {State.ACCEPTED}


def test_one_answer_goes_to_many_and_what_is_left_says_why(as_user: Login, cast: Cast) -> None:
    ready = [filed(cast.home).complaint for _each in range(2)]
    for each in ready:
        handling.accept(complaint=each, by=cast.task_force, at=NOON)
    fresh = filed(cast.home).complaint
    stranger = filed(cast.home, behaviour="care_refused", whom="site").complaint
    client = as_user(cast.task_force)
    keys = [each.pk for each in (*ready, fresh)]
    asked = client.post(f"{QUEUE}answer/", {"pk": keys})
    assert asked.status_code == 200
    assert not Complaint.objects.filter(state=State.ANSWERED).exists()
    empty = client.post(f"{QUEUE}answer/", {"pk": keys, "text": " "})
    assert empty.status_code == 422

    result = client.post(f"{QUEUE}answer/", {"pk": keys, "text": "已责令拆除。"})
    page = result.content.decode()
    assert Complaint.objects.filter(state=State.ANSWERED).count() == 2
    assert fresh.number in page
    assert "还没有人受理" in page
    assert "已责令拆除。" in page
    again = client.post(f"{QUEUE}answer/", {"pk": keys, "text": "已责令拆除。"})
    assert again.status_code == 200
    assert Complaint.objects.get(pk=ready[0].pk).entries.filter(kind="answer").count() == 1
    assert stranger.number not in page


def test_the_same_answer_accepts_what_nobody_has_accepted_where_that_is_ticked(
    as_user: Login, cast: Cast
) -> None:
    accepted, fresh = [filed(cast.home).complaint for _each in range(2)]
    handling.accept(complaint=accepted, by=cast.task_force, at=NOON)
    client, keys = as_user(cast.task_force), [accepted.pk, fresh.pk]
    asked = client.post(f"{QUEUE}answer/", {"pk": keys}).content.decode()
    assert "1 件尚未受理" in asked
    assert 'name="accept_first"' in asked
    client.post(f"{QUEUE}answer/", {"pk": keys, "text": "已责令拆除。", "accept_first": "on"})
    for each in (accepted, fresh):
        each.refresh_from_db()
        assert (each.state, each.accepted_at is None) == (State.ANSWERED, False)
    assert [event.kind for event in fresh.events.order_by("pk")][-2:] == ["accepted", "answered"]
    assert 'name="accept_first"' not in client.post(f"{QUEUE}answer/", {"pk": keys}).content.decode()


def test_nobody_answers_what_lies_elsewhere(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    handling.accept(complaint=complaint, by=cast.task_force, at=NOON)
    for user in (cast.neighbour, cast.street, cast.health):
        as_user(user).post(f"{QUEUE}answer/", {"pk": complaint.pk, "text": "好"})
    complaint.refresh_from_db()
    assert complaint.state == State.ACCEPTED


def test_whoever_is_recused_finds_it_no_more(as_user: Login, cast: Cast, receipt: Receipt) -> None:
    second = officer("second", office(cast.county, Department.TASK_FORCE))
    assert numbers(as_user(second)) == [receipt.number]
    receipt.complaint.recusals.create(user=second, reason="亲属", at=NOON, by=cast.task_force)
    assert numbers(as_user(second)) == []
