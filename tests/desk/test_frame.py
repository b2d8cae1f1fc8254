"""What stands around every page: the front door, the navigation, the demo clock."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, User
from accounts.rules import Role
from desk.context import numbers_of, staff_frame
from notices.actions import Draft, enqueue
from notices.rules import Channel, MessageKind
from policy import clock
from tests.builders import episode, noon, staff

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
D15, D23 = dt.date(2022, 11, 15), dt.date(2022, 11, 23)


def frame(user: User) -> tuple[Any, dict[str, Any]]:
    request = RequestFactory().get("/today/")
    request.user = User.objects.select_related("area").get(pk=user.pk)
    request.resolver_match = None
    return request, staff_frame(request)


# ── the front door ───────────────────────────────────────────────────────────────────────────────


def test_anybody_reads_what_this_is_and_finds_calculator_rules_and_login(client: Client) -> None:
    html = client.get("/").content.decode()

    for address in ("/calculator/", "/policy/", "/login/"):
        assert f'href="{address}"' in html
    assert '<ol class="strip big' in html


def test_staff_are_led_to_their_day(as_user: Login, alice: User) -> None:
    assert as_user(alice).get("/")["Location"] == "/today/"


def test_an_account_without_an_area_is_told_so_and_not_sent_in_a_circle(
    as_user: Login, stranger: User
) -> None:
    answer = as_user(stranger).get("/")

    assert answer.status_code == 200
    assert "say late" in answer.content.decode()


# ── the navigation ───────────────────────────────────────────────────────────────────────────────


def test_nobody_who_is_not_logged_in_pays_anything(client: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get("/login/")
    assert len(captured) == 0


def test_a_page_that_shows_nothing_of_the_frame_pays_nothing(
    alice: User, django_assert_num_queries: Callable[..., object]
) -> None:
    with django_assert_num_queries(1):  # the user itself
        frame(alice)


def test_the_frame_costs_two_queries_besides_the_roles(
    alice: User, django_assert_num_queries: Callable[..., object]
) -> None:
    request, context = frame(alice)
    with django_assert_num_queries(3):
        list(context["navigation"])
        str(context["edition_name"])
        str(context["office"])
        bool(context["demo_clock"])
    assert numbers_of(request).late == 0


def test_late_people_and_unread_messages_are_counted(alice: User, home: Area, the_day: Travel) -> None:
    the_day(D23)
    episode(alice)  # released today, and no sweep has run
    enqueue(
        [Draft("k1", MessageKind.RELEASES, Channel.INBOX, home.pk, context={})],
        at=noon(D23),
    )

    _request, context = frame(alice)

    counted = {str(each["glyph"]): each.get("count") for each in context["navigation"]}
    assert (counted["今"], counted["信"]) == (1, 1)
    assert str(context["edition_name"]) in ("二十条", "Twenty Measures")


def test_each_role_finds_only_what_it_may_do(as_user: Login, home: Area, alice: User, carol: User) -> None:
    def glyphs(user: User) -> str:
        return "".join(str(each["glyph"]) for each in frame(user)[1]["navigation"])

    analyst = staff("dora", home, Role.ANALYST)
    assert "登" in glyphs(alice)
    assert "导" in glyphs(alice)
    assert "登" not in glyphs(analyst)
    assert "数" in glyphs(analyst)
    assert "管" not in glyphs(carol)
    carol.is_staff = True
    carol.save()
    assert "管" in glyphs(carol)


def test_an_account_without_an_area_still_has_a_frame(stranger: User) -> None:
    _request, context = frame(stranger)

    assert [str(each["glyph"]) for each in context["navigation"]] == ["信", "公", "规", "算"]
    assert str(context["office"]) == ""


def test_the_page_that_is_open_is_marked(as_user: Login, alice: User) -> None:
    html = as_user(alice).get("/figures/").content.decode()

    nav = re.search(r'<nav class="nav".*?</nav>', html, re.DOTALL).group(0)
    assert re.search(r'href="/figures/" aria-current="page"', nav)
    assert 'href="/today/" aria-current' not in nav


# ── the demo clock ───────────────────────────────────────────────────────────────────────────────


def test_the_demo_clock_is_set_stepped_and_reset(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    client = as_user(alice)

    client.post("/demo-clock/", {"on": "2022-11-20", "next": "/today/"})
    assert clock.today() == dt.date(2022, 11, 20)
    client.post("/demo-clock/", {"step": "1", "on": "2022-11-01"})
    assert clock.today() == dt.date(2022, 11, 21)
    client.post("/demo-clock/", {"step": "-7"})
    assert clock.today() == dt.date(2022, 11, 14)
    answer = client.post("/demo-clock/", {"reset": "1", "next": "/today/"})
    assert clock.today() == D15
    assert answer["Location"] == "/today/"


def test_a_day_forward_releases_whoever_is_due(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(dt.date(2022, 11, 22))
    found = episode(alice)
    client = as_user(alice)
    assert f'href="/episodes/{found.pk}/"' not in _released(client)

    client.post("/demo-clock/", {"step": "1"})

    assert f'href="/episodes/{found.pk}/"' in _released(client)


def _released(client: Client) -> str:
    html = client.get("/today/").content.decode()
    return html.split('id="released"')[1].split("</section>")[0] if 'id="released"' in html else ""


@pytest.mark.parametrize(
    "wanted",
    [{"on": "2022-99-01"}, {"on": ""}, {}, {"step": "x"}, {"on": "1850-01-01"}, {"step": "999999999999"}],
)
def test_a_date_that_makes_no_sense_changes_nothing_and_says_so(
    as_user: Login, alice: User, the_day: Travel, wanted: dict[str, str]
) -> None:
    the_day(D15)
    client = as_user(alice)

    page = client.post("/demo-clock/", wanted | {"next": "/today/"}, follow=True)

    assert clock.shifted_days() == 0
    assert "toast error" in page.content.decode()


def test_without_a_demo_clock_nothing_can_be_shifted(as_user: Login, alice: User, settings: Any) -> None:
    settings.DEMO_CLOCK_FILE = None

    assert as_user(alice).post("/demo-clock/", {"on": "2022-11-20"}).status_code == 404
    assert "/demo-clock/" not in as_user(alice).get("/today/").content.decode()


def test_only_staff_move_the_demo_clock(client: Client) -> None:
    assert client.post("/demo-clock/", {"on": "2022-11-20"})["Location"].startswith("/login/")
    assert clock.shifted_days() == 0


# ── a fresh office ───────────────────────────────────────────────────────────────────────────────


def test_a_fresh_office_is_told_what_to_do_first(as_user: Login, alice: User) -> None:
    html = as_user(alice).get("/today/").content.decode()

    assert html.count("/import/") >= 2  # navigation and the empty page
    assert 'id="samples"' not in html


def test_an_office_with_nothing_to_do_today_is_told_so(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(dt.date(2022, 11, 14))
    found = episode(alice)
    type(found).objects.filter(pk=found.pk).update(place="hospital")

    html = as_user(alice).get("/today/").content.decode()

    assert 'class="empty"' in html
    assert 'id="outlook"' in html
