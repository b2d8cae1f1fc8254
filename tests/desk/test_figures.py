"""The day's figures: the text for the group chat, the table by community, the Excel file."""

import datetime as dt
import io
import re
from collections.abc import Callable
from zlib import crc32

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import ending, placing, testing
from cases.actions.sweeps import sweep_releases
from cases.models import Episode
from cases.rules import Place, Result
from desk.figures import Figures, figures_by_community, total
from policy.types import Category
from tests.builders import episode, noon, staff
from zones.actions import ensure_room

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
D14, D15, D16, D22, D23 = (dt.date(2022, 11, day) for day in (14, 15, 16, 22, 23))


def count(user: User, on: dt.date, today: dt.date | None = None) -> Figures:
    return total(figures_by_community(user, on=on, today=today or on))


def contact(user: User, name: str, **changes: object) -> Episode:
    return episode(user, name=name, phone=f"138{crc32(name.encode()) % 10**8:08d}", **changes)


def test_people_are_counted_by_the_stage_of_the_date(alice: User) -> None:
    contact(alice, "密接甲")
    contact(alice, "外溢乙", category=Category.SPILL_OVER)
    contact(alice, "闭环丙", category=Category.POST_CLOSED_LOOP)

    first, zero, home = count(alice, D15), count(alice, D14), count(alice, dt.date(2022, 11, 20))

    assert (first.restricted, first.central, first.home, first.monitoring) == (3, 1, 1, 1)
    assert (zero.restricted, zero.day_zero, zero.registered) == (3, 3, 3)
    assert (home.central, home.home, home.monitoring) == (0, 2, 0)  # the monitoring ended on the 20th


def test_midnight_of_the_release_date_is_free(alice: User) -> None:
    contact(alice, "密接甲")

    assert (count(alice, D22).restricted, count(alice, D22).releasing_next) == (1, 1)
    assert (count(alice, D23).restricted, count(alice, D23).released) == (0, 1)


def test_tests_of_the_date_are_counted_by_what_became_of_them(alice: User) -> None:
    tests = [contact(alice, name).tests.get(planned_on=D15) for name in ("甲一", "乙二", "丙三", "丁四")]
    for test in tests[:3]:
        testing.record_sampling(test=test, by=alice, at=noon(D15))
    testing.record_result(test=tests[0], result=Result.NEGATIVE, by=alice, at=noon(D15))
    testing.record_result(test=tests[1], result=Result.POSITIVE, by=alice, at=noon(D15))

    today = count(alice, D15)

    assert (today.tests_due, today.sampled, today.answered) == (4, 3, 2)
    assert (today.negative, today.positive, today.untaken, today.unanswered) == (1, 1, 1, 1)
    assert today.awaiting_transfer == 1
    assert count(alice, D16).missed == 1  # the fourth's; the positive one's tests ask for nothing more


def test_whoever_was_found_positive_later_was_restricted_before(alice: User) -> None:
    found = contact(alice, "密接甲")
    testing.record_result(
        test=found.tests.get(planned_on=D16), result=Result.POSITIVE, by=alice, at=noon(D16)
    )

    assert count(alice, D15, today=D16).restricted == 1
    assert count(alice, D16).restricted == 0


def test_withdrawn_people_never_counted(alice: User) -> None:
    ending.withdraw(episode=contact(alice, "密接甲"), reason="another person", by=alice, at=noon(D14))

    assert count(alice, D14) == Figures()


def test_what_is_overdue_is_counted_today_and_gone_when_it_is_done(alice: User) -> None:
    found = contact(alice, "密接甲")
    assert count(alice, D23).overdue == 1  # the code, no worker ran

    sweep_releases(at=noon(D23))
    assert count(alice, D23).overdue == 0
    assert count(alice, dt.date(2022, 11, 24)).overdue == 1  # nobody told them

    ending.mark_told(episode=found, by=alice, at=noon(D23))
    assert count(alice, dt.date(2022, 11, 24)).overdue == 0


def test_a_guest_at_the_isolation_site_counts_at_home_only(
    alice: User, bob: User, carol: User, next_door: Area
) -> None:
    room = ensure_room(community=next_door, site="云栖酒店", number="601")
    placing.place(episode=contact(alice, "密接甲"), place=Place.SITE, room=room, by=alice, at=noon(D15))

    assert count(bob, D15).restricted == 0
    assert [
        (line.name, line.figures.restricted) for line in figures_by_community(carol, on=D15, today=D15)
    ] == [
        ("锦绣社区", 1),
        ("湖滨社区", 0),
    ]


def test_the_communities_of_a_street_add_up(alice: User, bob: User, carol: User) -> None:
    for n in range(3):
        contact(alice, f"密接{'甲乙丙'[n]}")
    contact(bob, "密接丁", stairs=None, door="")

    assert count(carol, D15) == count(alice, D15) + count(bob, D15)


def test_the_figures_cost_four_queries_whatever_their_number(
    alice: User, bob: User, carol: User, django_assert_num_queries: Callable[..., object]
) -> None:
    contact(alice, "密接甲")
    with django_assert_num_queries(4):
        figures_by_community(carol, on=D15, today=D15)
    for n in range(8):
        contact(bob, f"密接{n}号", stairs=None, door="")
    with django_assert_num_queries(4):
        figures_by_community(carol, on=D15, today=D15)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


def test_the_text_for_the_group_chat_names_no_person(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    contact(alice, "密接甲")

    html = as_user(alice).get("/figures/").content.decode()

    text = re.search(r'<pre class="copy" id="figures-text".*?>(.*?)</pre>', html, re.DOTALL).group(1)
    assert "锦绣社区" in text
    assert "密接甲" not in html
    assert 'data-copy="#figures-text"' in html


def test_the_community_has_no_table_and_the_street_has_one(
    as_user: Login, alice: User, carol: User, the_day: Travel
) -> None:
    the_day(D15)

    assert '<table class="figures">' not in as_user(alice).get("/figures/").content.decode()
    table = as_user(carol).get("/figures/").content.decode()
    assert "锦绣社区" in table.split('<table class="figures">')[1]


@pytest.mark.parametrize("asked", ["2030-01-01", "2022-99-99", "x", ""])
def test_a_date_that_nobody_has_figures_of_is_today(
    as_user: Login, alice: User, the_day: Travel, asked: str
) -> None:
    the_day(D15)

    html = as_user(alice).get("/figures/", {"on": asked}).content.decode()

    assert 'value="2022-11-15"' in html


def test_the_excel_file_has_a_row_a_community_and_their_sum(
    as_user: Login, alice: User, bob: User, carol: User, home: Area, the_day: Travel
) -> None:
    the_day(D15)
    Area.objects.filter(pk=home.pk).update(name="=HYPERLINK(1)")
    contact(alice, "密接甲")

    answer = as_user(carol).get("/figures/xlsx/?on=2022-11-15")

    rows = list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert len(rows) == 4
    assert rows[1][:2] == ("'=HYPERLINK(1)", 1)
    assert rows[3][1] == 1


@pytest.mark.parametrize("path", ["/figures/", "/figures/xlsx/"])
def test_figures_are_for_those_who_may_see_them(as_user: Login, home: Area, path: str) -> None:
    assert as_user(staff("dora", home, Role.ANALYST)).get(path).status_code == 200
    assert as_user(staff("erik", home, Role.HOTLINE_OPERATOR)).get(path).status_code == 403
    assert Client().get(path).status_code == 302
