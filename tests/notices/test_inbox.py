"""The inbox page: whose messages, read by whom, page by page; and the supervisors' view of the delivery."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Area, User
from accounts.rules import Role
from notices.actions import mark_all_read, mark_read
from notices.models import Message, unread_count
from notices.rules import Channel, MessageKind, MessageState
from notices.tasks import deliver_due
from notices.views import url_of
from tests.builders import staff
from tests.notices.conftest import NOON, PHONE, Receiver, inbox_message, message

AsUser = Callable[[User], Client]
MINUTE = dt.timedelta(minutes=1)
HTMX = {"HX-Request": "true"}


def page(client: Client, path: str = "/inbox/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def shown(html: str) -> list[int]:
    """The numbers of the messages on a page, from the top."""
    return [int(number) for number in re.findall(r'id="message-(\d+)"', html)]


# ── whose ────────────────────────────────────────────────────────────────────────────────────────


def test_an_office_sees_its_own_messages_newest_first_and_not_its_neighbours(
    home: Area, next_door: Area, alice: User, bob: User, as_user: AsUser
) -> None:
    older = inbox_message(home, 1)
    newer = inbox_message(home, 2, at=NOON + MINUTE)
    theirs = inbox_message(next_door, 3)
    assert shown(page(as_user(alice))) == [newer.pk, older.pk]
    assert shown(page(as_user(bob))) == [theirs.pk]


def test_the_street_sees_both_and_from_whom(
    home: Area, next_door: Area, carol: User, as_user: AsUser
) -> None:
    ours, theirs = inbox_message(home), inbox_message(next_door, at=NOON + MINUTE)
    html = page(as_user(carol))
    assert shown(html) == [theirs.pk, ours.pk]
    assert "锦绣社区" in html
    assert "湖滨社区" in html


def test_a_neighbours_message_is_not_found_by_its_number(
    next_door: Area, alice: User, as_user: AsUser
) -> None:
    theirs = inbox_message(next_door)
    for headers in ({}, HTMX):
        assert as_user(alice).post(f"/inbox/{theirs.pk}/read/", headers=headers).status_code == 404
    assert Message.objects.get().read_at is None


def test_a_stranger_logs_in_first_and_without_a_role_is_refused(
    home: Area, stranger: User, as_user: AsUser
) -> None:
    dora = staff("dora", home)
    for path in ("/inbox/", "/inbox/delivery/"):
        assert Client().get(path).headers["Location"].startswith("/login/")
        assert as_user(stranger).get(path).status_code == 403
        assert as_user(dora).get(path).status_code == 403


def test_what_leaves_the_house_is_not_in_the_inbox(
    home: Area, sms: Receiver, alice: User, as_user: AsUser
) -> None:
    message(home)
    assert shown(page(as_user(alice))) == []


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_reading_without_javascript_comes_back_to_the_same_page(
    home: Area, alice: User, as_user: AsUser
) -> None:
    told = inbox_message(home)
    answer = as_user(alice).post(f"/inbox/{told.pk}/read/", {"next": "/inbox/?unread=on"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/inbox/?unread=on")
    told.refresh_from_db()
    assert told.read_by == alice
    html = page(as_user(alice))
    assert "read by" in html or "已读" in html
    assert "李雯" in html


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example", ""])
def test_the_way_back_leads_to_no_other_site(home: Area, alice: User, as_user: AsUser, away: str) -> None:
    told = inbox_message(home)
    answer = as_user(alice).post(f"/inbox/{told.pk}/read/", {"next": away})
    assert answer.headers["Location"] == "/inbox/"


def test_reading_with_htmx_swaps_the_row_and_the_counts(home: Area, alice: User, as_user: AsUser) -> None:
    told, other = inbox_message(home, 1), inbox_message(home, 2)
    client = as_user(alice)
    first = client.post(f"/inbox/{told.pk}/read/", headers=HTMX).content.decode()
    assert shown(first) == [told.pk]
    assert "<html" not in first
    assert '<span class="n" id="unread-count" hx-swap-oob="true">1</span>' in first
    last = client.post(f"/inbox/{other.pk}/read/", headers=HTMX).content.decode()
    assert '<span id="unread-count" hx-swap-oob="delete">' in last
    assert 'id="unread-line" hx-swap-oob="true"' in last
    assert 'id="unread-line"' in page(client)


def test_nothing_is_offered_to_mark_where_nothing_is_unread(home: Area, alice: User, as_user: AsUser) -> None:
    inbox_message(home, 1)
    client = as_user(alice)
    assert 'id="read-all"' in page(client)
    assert 'id="read-all"' in page(client, "/inbox/?kind=tests_today")
    assert 'id="read-all"' not in page(client, "/inbox/?kind=releases")


def test_the_first_reader_stays_the_reader(home: Area, alice: User) -> None:
    told = inbox_message(home)
    dora = staff("dora", home, Role.COMMUNITY_WORKER)
    assert mark_read([told.pk], by=alice, at=NOON) == 1
    assert mark_read([told.pk], by=dora, at=NOON + MINUTE) == 0
    told.refresh_from_db()
    assert (told.read_by, told.read_at) == (alice, NOON)


def test_a_supervisors_glance_hides_nothing_from_the_office_that_is_told(
    home: Area, street: Area, carol: User, alice: User, as_user: AsUser
) -> None:
    below, own = inbox_message(home), inbox_message(street, 2)
    client = as_user(carol)
    assert f'action="/inbox/{below.pk}/read/"' not in page(client)
    client.post(f"/inbox/{below.pk}/read/")
    client.post("/inbox/read/", {"newest": str(10**9)})
    assert Message.objects.get(pk=below.pk).read_at is None
    assert Message.objects.get(pk=own.pk).read_by == carol
    assert unread_count(alice) == 1


def test_all_that_the_page_knew_of_is_marked_and_what_came_later_is_not(
    home: Area, next_door: Area, alice: User, as_user: AsUser
) -> None:
    inbox_message(home, 1)
    theirs = inbox_message(next_door)
    known = inbox_message(home, 2)
    client = as_user(alice)
    newest = re.search(r'name="newest" value="(\d+)"', page(client))
    assert newest is not None
    assert newest[1] == str(known.pk)
    later = inbox_message(home, 3)
    client.post("/inbox/read/", {"newest": newest[1]})
    unread = Message.objects.unread().values_list("pk", flat=True)
    assert set(unread) == {later.pk, theirs.pk}


def test_all_of_one_kind_can_be_marked_while_the_filter_is_on(home: Area, alice: User) -> None:
    inbox_message(home, 1)
    release = inbox_message(home, 2, kind=MessageKind.RELEASES)
    assert mark_all_read(by=alice, at=NOON, newest=release.pk, kind=MessageKind.RELEASES) == 1
    assert unread_count(alice) == 1


@pytest.mark.parametrize("newest", ["", "x", "9" * 30, "-1"])
def test_nonsense_marks_nothing(home: Area, alice: User, as_user: AsUser, newest: str) -> None:
    inbox_message(home)
    assert as_user(alice).post("/inbox/read/", {"newest": newest}).status_code == 302
    assert unread_count(alice) == 1


def test_the_badge_counts_the_own_office_in_one_query(
    home: Area, next_door: Area, alice: User, carol: User, stranger: User, django_assert_num_queries: Any
) -> None:
    for n in range(3):
        inbox_message(home, n)
    inbox_message(next_door)
    assert alice.abilities  # what the door of a page has read already
    with django_assert_num_queries(1):
        assert unread_count(alice) == 3
    assert (unread_count(carol), unread_count(stranger)) == (0, 0)


# ── lists ────────────────────────────────────────────────────────────────────────────────────────


def test_pages_follow_each_other_without_gap_or_repeat_also_at_equal_instants(
    home: Area, alice: User, as_user: AsUser
) -> None:
    made = [inbox_message(home, n, at=NOON + (n // 10) * MINUTE).pk for n in range(75)]
    client = as_user(alice)
    seen, paths = [], ["/inbox/?kind=tests_today"]
    while True:
        html = page(client, paths[-1])
        seen.append(shown(html))
        older = re.search(r'rel="next" href="([^"]+)"', html)
        if not older:
            break
        paths.append("/inbox/" + older[1].replace("&amp;", "&"))
    assert [len(numbers) for numbers in seen] == [30, 30, 15]
    assert [number for numbers in seen for number in numbers] == made[::-1]
    back = re.search(r'rel="prev" href="([^"]+)"', html)
    assert back is not None
    assert shown(page(client, "/inbox/" + back[1].replace("&amp;", "&"))) == seen[1]
    assert "kind=tests_today" in back[1]


@pytest.mark.parametrize(
    "cursor", ["older=x", "newer=1-", "older=999999999999999999999-1", "newer=-5", "older=٣-٣"]
)
def test_a_cursor_that_is_none_shows_the_newest_page(
    home: Area, alice: User, as_user: AsUser, cursor: str
) -> None:
    told = inbox_message(home)
    html = page(as_user(alice), f"/inbox/?{cursor}")
    assert shown(html) in ([told.pk], [])


def test_the_list_is_narrowed_to_a_kind_and_to_what_is_unread(
    home: Area, alice: User, as_user: AsUser
) -> None:
    tests, release = inbox_message(home, 1), inbox_message(home, 2, kind=MessageKind.RELEASES)
    mark_read([release.pk], by=alice, at=NOON)
    client = as_user(alice)
    assert shown(page(client, "/inbox/?kind=releases")) == [release.pk]
    assert shown(page(client, "/inbox/?unread=on")) == [tests.pk]
    assert shown(page(client, "/inbox/?kind=releases&unread=on")) == []
    assert shown(page(client, "/inbox/?kind=unheard_of")) == [release.pk, tests.pk]


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_costs_the_same_queries_for_one_row_and_for_many(
    home: Area, street: Area, carol: User, as_user: AsUser, rows: int, django_assert_max_num_queries: Any
) -> None:
    for n in range(rows):
        inbox_message(home, n, at=NOON + n * MINUTE)
    Message.objects.update(read_at=NOON, read_by=carol)
    client = as_user(carol)
    # Session and user, the area and the roles of the user, and four at most for the page.
    with django_assert_max_num_queries(2 + 2 + 4):
        page(client)


def test_a_message_that_makes_no_sense_does_not_spoil_the_list(
    home: Area, alice: User, as_user: AsUser
) -> None:
    inbox_message(home, 1, context={"on": "no date", "count": "many"})
    good = inbox_message(home, 2, at=NOON + MINUTE)
    assert good.pk in shown(page(as_user(alice)))


def test_words_from_the_context_are_escaped(home: Area, alice: User, as_user: AsUser) -> None:
    inbox_message(
        home, context={"on": "2022-11-16", "count": 1, "by_place": [["<script>alert(1)</script>", 1]]}
    )
    html = page(as_user(alice))
    assert "<script>alert(1)" not in html
    assert escape("<script>alert(1)</script>") in html


def test_a_message_leads_to_what_it_is_about_where_there_is_such_a_page(home: Area, carol: User) -> None:
    about = inbox_message(home, kind=MessageKind.POSITIVE, subject="episode:12")
    for subject, name in (
        ("episode:12", "episode"),
        ("complaint:12", "complaint"),
        ("order:12", "order"),
        ("publication:12", "publication"),
        ("need:12", "need"),
        ("zone:12", "zone"),
    ):
        about.subject = subject
        assert url_of(about, carol) == reverse(name, args=[12])
    for subject in ("", "episode:", "episode:x", "unheard:1"):
        about.subject = subject
        assert url_of(about, carol) == ""
    about.kind, about.subject = MessageKind.HANDOVER, "handover:12"
    assert url_of(about, carol) == reverse("handovers")


def test_whoever_could_not_open_it_is_offered_no_way_there(home: Area, alice: User) -> None:
    """A community worker answers orders, and handles no complaint."""
    assert url_of(inbox_message(home, 1, subject="complaint:12"), alice) == ""
    assert url_of(inbox_message(home, 2, subject="order:12"), alice) == reverse("order", args=[12])


def test_the_pages_speak_both_languages(chinese: None, home: Area, carol: User, as_user: AsUser) -> None:
    inbox_message(home)
    client = as_user(carol)
    assert "今日应采核酸1人" in page(client)
    client.cookies["django_language"] = "en"
    assert "1 test to take today" in page(client)


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def failed(home: Area, sms: Receiver) -> Message:
    """A reminder that the gateway refused a minute ago."""
    refused = message(home)
    sms.answers = [(503, {})]
    deliver_due(now=lambda: NOON)
    refused.refresh_from_db()
    return refused


def test_a_supervisor_sees_what_failed_why_and_when_it_is_tried_again(
    chinese: None, failed: Message, carol: User, as_user: AsUser, the_day: Any
) -> None:
    the_day(NOON.date())
    html = page(as_user(carol), "/inbox/delivery/")
    assert shown(html) == [failed.pk]
    assert "对方拒收，状态码 503" in html
    assert "失败1次" in html
    assert "11-16 12:01" in html
    assert "139****5678" in html
    assert PHONE not in html


def test_only_supervisors_see_the_delivery(failed: Message, alice: User, bob: User, as_user: AsUser) -> None:
    assert as_user(alice).get("/inbox/delivery/").status_code == 403
    assert as_user(alice).post(f"/inbox/{failed.pk}/retry/").status_code == 403
    assert "/inbox/delivery/" not in page(as_user(alice))


def test_a_neighbouring_supervisor_finds_nothing(failed: Message, next_door: Area, as_user: AsUser) -> None:
    client = as_user(staff("dora", next_door, Role.SUPERVISOR))
    assert shown(page(client, "/inbox/delivery/")) == []
    assert client.post(f"/inbox/{failed.pk}/retry/").status_code == 404
    client.post("/inbox/delivery/retry/")
    assert Message.objects.get().next_attempt_at == failed.next_attempt_at


@pytest.mark.parametrize("path", ["/inbox/{}/retry/", "/inbox/delivery/retry/"])
def test_a_supervisor_ends_the_pause_and_the_message_goes_out(
    failed: Message, sms: Receiver, carol: User, as_user: AsUser, the_day: Any, path: str
) -> None:
    the_day(NOON.date())
    Message.objects.update(next_attempt_at=NOON + 60 * MINUTE)
    assert as_user(carol).post(path.format(failed.pk)).status_code == 302
    deliver_due(now=lambda: NOON + MINUTE)
    assert Message.objects.get().state == MessageState.SENT


def test_nothing_is_sent_again_after_its_end_nor_while_it_is_being_sent(
    failed: Message, carol: User, as_user: AsUser, the_day: Any
) -> None:
    the_day(NOON.date())
    later = NOON + 60 * MINUTE
    Message.objects.update(next_attempt_at=later, not_after=NOON - MINUTE)
    as_user(carol).post(f"/inbox/{failed.pk}/retry/")
    assert Message.objects.get().next_attempt_at == later
    Message.objects.update(not_after=None, claim="somebody", claimed_at=NOON)
    as_user(carol).post(f"/inbox/{failed.pk}/retry/")
    assert Message.objects.get().next_attempt_at == later


def test_delivery_shows_what_waits_and_what_expired_and_not_what_arrived(
    home: Area, sms: Receiver, carol: User, as_user: AsUser
) -> None:
    states = {state: message(home, key=str(state)).pk for state in MessageState}
    for state, pk in states.items():
        Message.objects.filter(pk=pk).update(state=state)
    client = as_user(carol)
    assert shown(page(client, "/inbox/delivery/")) == [states[MessageState.PENDING]]
    assert shown(page(client, "/inbox/delivery/?state=expired")) == [states[MessageState.EXPIRED]]
    assert shown(page(client, "/inbox/delivery/?state=failed")) == []
    assert shown(page(client, "/inbox/delivery/?channel=email")) == []


def test_an_address_that_no_key_opens_does_not_spoil_the_list(
    home: Area, sms: Receiver, carol: User, as_user: AsUser
) -> None:
    from django.db import connection

    message(home)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE notices_message SET recipient = 'not what any key opens'")
    assert len(shown(page(as_user(carol), "/inbox/delivery/"))) == 1


@pytest.mark.parametrize("rows", [1, 50])
def test_the_delivery_costs_the_same_queries_for_one_row_and_for_many(
    home: Area, carol: User, as_user: AsUser, rows: int, django_assert_max_num_queries: Any
) -> None:
    for n in range(rows):
        message(home, key=f"m{n}", channel=Channel.GROUP_BOT, recipient="wecombot://abc")
    client = as_user(carol)
    with django_assert_max_num_queries(2 + 2 + 4):
        page(client, "/inbox/delivery/")
