"""The register: tabs, filters, pages, bulk acts, export."""

import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import ending, placing, testing
from cases.models import Episode, NucleicAcidTest
from cases.rules import HomeCheck, KeyMarkKind, Place, Result
from policy.types import Category
from tests.builders import episode, noon, resident_id, staff
from zones.actions import ensure_room, staircase

Login = Callable[[User], Client]
Day = Callable[[dt.date], None]
REGISTER = "/register/"


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture(autouse=True)
def _the_sixteenth(the_day: Day) -> None:
    the_day(november(16))


def names(browser: Client, **query: str) -> set[str]:
    """Who is listed, asked as a person asks: through the search form."""
    answer = browser.post(f"{REGISTER}search/", query, follow=True)
    assert query.get("q", "—") not in answer.redirect_chain[-1][0]
    return {row.name for row in answer.context["rows"]}


def test_the_tabs_part_what_runs_from_what_is_over(alice: User, as_user: Login, the_day: Day) -> None:
    episode(alice, name="在管")
    episode(alice, name="已解除", phone="1", anchor_on=november(1), registered_on=november(2))
    browser = as_user(alice)
    assert names(browser) == {"在管"}
    assert names(browser, tab="ended") == {"已解除"}
    assert names(browser, tab="all") == {"在管", "已解除"}
    the_day(november(23))
    browser = as_user(alice)
    assert names(browser) == set()
    assert names(browser, tab="overdue") == {"在管", "已解除"}


def test_a_neighbour_sees_nothing_and_a_stranger_is_told_why(
    alice: User, bob: User, stranger: User, as_user: Login
) -> None:
    episode(alice)
    assert names(as_user(bob), tab="all") == set()
    assert as_user(stranger).get(REGISTER).status_code == 403
    assert Client().get(REGISTER).status_code == 302


def test_a_supervisor_sees_both_communities_and_can_narrow_to_one(
    alice: User, bob: User, carol: User, home: Area, as_user: Login
) -> None:
    episode(alice, name="甲")
    episode(bob, name="乙", phone="2")
    browser = as_user(carol)
    assert names(browser) == {"甲", "乙"}
    assert names(browser, community=home.code) == {"甲"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "王小"}, {"王小明"}),
        ({"q": "明"}, {"王小明"}),
        ({"q": "王明"}, set()),
        ({"q": "1414"}, {"王小明"}),
        ({"q": "13817061414"}, {"王小明"}),
        ({"q": "锦绣花园 4号楼 1203"}, {"王小明"}),
        ({"q": "湖滨里1号楼"}, set()),
        ({"q": "湖滨里 1号楼"}, {"李四"}),
        ({"category": "spill_over"}, {"李四"}),
        ({"stage": "central"}, {"王小明"}),
        ({"stage": "home"}, {"李四"}),
        ({"place": "锦绣花园 4号楼"}, {"王小明"}),
        ({"place": "湖滨"}, {"李四"}),
        ({"tests": "today"}, {"王小明", "李四"}),
        ({"tests": "missed"}, {"王小明"}),
        ({"key": "1"}, {"李四"}),
        ({"days_left": "5"}, {"李四"}),
        ({"category": "nonsense"}, {"王小明", "李四"}),
    ],
)
def test_each_filter_narrows(
    alice: User, home: Area, as_user: Login, query: dict[str, str], found: set[str]
) -> None:
    episode(alice, name="王小明", phone="13817061414")
    elsewhere = staircase(community=home, compound="湖滨里", building="1号楼", unit="")
    episode(
        alice,
        name="李四",
        phone="2",
        category=Category.SPILL_OVER,
        anchor_on=november(13),
        registered_on=november(16),
        stairs=elsewhere,
        key_marks=frozenset({KeyMarkKind.DIALYSIS}),
    )
    assert names(as_user(alice), **query) == found


def test_searching_by_a_whole_id_finds_the_one(alice: User, as_user: Login) -> None:
    episode(alice, name="甲", id_number=resident_id(1))
    episode(alice, name="乙", phone="2", id_number=resident_id(2))
    assert names(as_user(alice), q=resident_id(2)) == {"乙"}


def test_pages_go_on_where_the_last_one_ended(alice: User, as_user: Login) -> None:
    for number in range(120):
        episode(alice, name=f"张{number}", phone=str(10_000_000_000 + number))
    browser = as_user(alice)
    seen: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = browser.get(REGISTER, query).context
        seen += [row.name for row in page["rows"]]
        if not page["older"]:
            break
        query = {"after": page["older"]}
    assert len(seen) == len(set(seen)) == 120
    back = browser.get(REGISTER, {"before": page["newer"]}).context
    assert [row.name for row in back["rows"]] == seen[50:100]
    assert browser.get(REGISTER, {"after": "no_cursor"}).status_code == 200


def test_a_page_costs_the_same_queries_for_one_row_and_for_fifty(alice: User, as_user: Login) -> None:
    browser = as_user(alice)
    episode(alice)
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get(REGISTER)
    for number in range(49):
        episode(alice, name=f"张{number}", phone=str(10_000_000_000 + number))
    with CaptureQueriesContext(connection) as fifty:
        browser.get(REGISTER)
    assert len(one) == len(fifty)
    session_and_user = [
        q
        for q in fifty
        if "session" in q["sql"] or "accounts_user" in q["sql"] or "accounts_post" in q["sql"]
    ]
    assert len(fifty) - len(session_and_user) <= 4, [q["sql"][:90] for q in fifty]


def test_bulk_sampling_takes_todays_tests_of_the_ticked_and_of_nobody_else(
    alice: User, bob: User, as_user: Login
) -> None:
    mine, other = episode(alice), episode(alice, name="别人", phone="2")
    theirs = episode(bob, name="邻居", phone="3")
    browser = as_user(alice)
    for _twice in range(2):
        browser.post(f"{REGISTER}bulk/", {"episode": [mine.pk, theirs.pk], "act": "sampled"})
    sampled = NucleicAcidTest.objects.exclude(sampled_at=None)
    assert [test.episode_id for test in sampled] == [mine.pk]
    assert sampled.get().planned_on == november(16)
    browser.post(f"{REGISTER}bulk/", {"episode": [mine.pk, other.pk], "act": "negative"})
    assert NucleicAcidTest.objects.filter(result=Result.NEGATIVE).count() == 1


def test_a_reader_has_no_bulk_acts(alice: User, home: Area, as_user: Login) -> None:
    saved = episode(alice)
    reader = staff("reader", home, Role.ANALYST)
    answer = as_user(reader).post(f"{REGISTER}bulk/", {"episode": [saved.pk], "act": "sampled"})
    assert answer.status_code == 403
    assert as_user(reader).get(f"{REGISTER}export/").status_code == 403


def test_the_export_holds_what_the_filters_show_masked_and_without_formulas(
    alice: User, bob: User, as_user: Login
) -> None:
    episode(alice, name="=cmd|' /C calc'!A0", phone="13817061414", id_number=resident_id(1))
    episode(alice, name="外溢", phone="2", category=Category.SPILL_OVER)
    episode(bob, name="邻居", phone="3")
    answer = as_user(alice).get(f"{REGISTER}export/", {"category": "close_contact"})
    book = load_workbook(io.BytesIO(answer.content))
    rows = list(book.active.iter_rows(min_row=2))
    assert len(rows) == 1
    assert rows[0][0].value == "'=cmd|'/C calc'!A0" or str(rows[0][0].value).startswith("'=")
    assert rows[0][0].data_type == "s"
    text = " ".join(str(cell.value) for cell in rows[0])
    assert "13817061414" not in text
    assert resident_id(1) not in text
    assert "邻居" not in text


def test_released_at_midnight_without_any_task(alice: User, as_user: Login, the_day: Day) -> None:
    saved = episode(alice)
    the_day(november(22))
    browser = as_user(alice)
    assert browser.get(REGISTER).context["rows"][0].days_left == 1
    the_day(november(23))
    browser = as_user(alice)
    row = browser.get(REGISTER, {"tab": "all"}).context["rows"][0]
    assert (row.days_left, row.state.value) == (0, "ended")
    saved.refresh_from_db()
    assert saved.swept_at is None
    export = load_workbook(io.BytesIO(browser.get(f"{REGISTER}export/", {"tab": "all"}).content))
    assert export.active.cell(2, 11).value == 0


def test_the_hotels_community_sees_the_person_in_its_register(
    alice: User, bob: User, next_door: Area, as_user: Login
) -> None:
    saved = episode(alice, name="住店")
    room = ensure_room(community=next_door, site="云栖酒店", number="812")
    placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(15)))
    assert names(as_user(bob)) == {"住店"}


def test_positive_and_early_ended_stand_under_their_tabs(alice: User, as_user: Login) -> None:
    positive = episode(alice, name="阳性", home_check=HomeCheck.SUITABLE)
    test = positive.tests.get(planned_on=november(16))
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(november(16)))
    early = episode(alice, name="提前", phone="2")
    ending.end_early(episode=early, reason="核查", by=alice, at=noon(november(16)))
    browser = as_user(alice)
    assert names(browser) == {"阳性"}
    assert names(browser, tab="ended") == {"提前"}
    assert Episode.objects.count() == 2
    assert reverse("register") == REGISTER
