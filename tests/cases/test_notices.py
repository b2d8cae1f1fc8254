"""Notices on paper: numbers from the plan, and none that would not be true."""

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.models import Area, User
from cases.actions import ending, testing
from cases.models import Episode
from cases.rules import Result
from policy.types import Category
from tests import builders
from tests.builders import noon, resident_id
from tests.cases.pages import reader

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

WEDNESDAY = dt.date(2022, 11, 16)
RELEASE = dt.date(2022, 11, 23)


@pytest.fixture
def episode(alice: User, home: Area, the_day: TheDay) -> Episode:
    home.duty_phone = "010-66551001"
    home.save()
    the_day(WEDNESDAY)
    return builders.episode(alice, id_number=resident_id(1))


def start(episode: Episode) -> str:
    return f"/episodes/{episode.pk}/notice/start/"


def release(episode: Episode) -> str:
    return f"/episodes/{episode.pk}/notice/release/"


def test_the_notice_of_isolation_says_days_dates_tests_end_rights_and_office(
    episode: Episode, alice: User, home: Area
) -> None:
    text = reader(alice).get(start(episode)).content.decode()
    for said in (
        "5 days",
        "15 November to 19 November",
        "3 days",
        "20 November to 22 November",
        "23 November 2022, 00:00",
        "please do not go out",
        "二(一)",
        "二(十七)",
        "二(十六)",
        "12345",
        home.name,
        "010-66551001",
    ):
        assert said in text, said
    for day in (15, 16, 17, 19, 20, 22):
        assert f"{day} November" in text
    assert resident_id(1) not in text
    assert "13800001234" not in text


def test_health_monitoring_is_advice_and_says_so(alice: User, the_day: TheDay) -> None:
    the_day(WEDNESDAY)
    worker = builders.episode(alice, category=Category.POST_CLOSED_LOOP)
    text = reader(alice).get(start(worker)).content.decode()
    assert "Notice of home health monitoring" in text
    assert "going out when needed is allowed" in text
    assert "please do not go out" not in text


def test_no_notice_of_release_before_the_release(episode: Episode, alice: User, the_day: TheDay) -> None:
    refused = reader(alice).get(release(episode))
    assert refused.status_code == 409
    assert "not released yet" in refused.content.decode()
    the_day(RELEASE)
    printed = reader(alice).get(release(episode))
    assert printed.status_code == 200
    assert "23 November 2022, 00:00" in printed.content.decode()


def test_an_early_end_is_printed_with_its_own_instant(episode: Episode, alice: User) -> None:
    ending.end_early(episode=episode, reason="流调更正", by=alice, at=noon(WEDNESDAY))
    text = reader(alice).get(release(episode)).content.decode()
    assert "ended before its planned date" in text
    assert "16 November 2022, 12:00" in text
    assert "流调更正" not in text


@pytest.mark.parametrize("how", ["withdrawn", "transferred"])
def test_neither_a_withdrawn_nor_a_transferred_episode_is_ever_released_on_paper(
    episode: Episode, alice: User, the_day: TheDay, how: str
) -> None:
    if how == "withdrawn":
        ending.withdraw(episode=episode, reason="登错人", by=alice, at=noon(WEDNESDAY))
    else:
        test = episode.tests.get(planned_on=WEDNESDAY)
        testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(WEDNESDAY))
    the_day(dt.date(2022, 12, 1))
    refused = reader(alice).get(release(episode))
    assert refused.status_code == 409
    assert "This notice does not exist" in refused.content.decode()


def test_without_a_restriction_there_is_nothing_to_give_notice_of(alice: User, the_day: TheDay) -> None:
    the_day(WEDNESDAY)
    free = builders.episode(alice, anchor_on=dt.date(2022, 11, 1), registered_on=WEDNESDAY)
    assert reader(alice).get(start(free)).status_code == 409
    assert reader(alice).get(release(free)).status_code == 409


def test_a_neighbour_prints_nothing(episode: Episode, bob: User) -> None:
    assert reader(bob).get(start(episode)).status_code == 404
    assert reader(bob).get(release(episode)).status_code == 404
    assert reader(bob).get("/episodes/notices/start/", {"ids": episode.pk}).status_code == 404


def test_many_are_printed_at_once_and_those_left_out_are_named(
    episode: Episode, alice: User, bob: User
) -> None:
    other = builders.episode(alice, name="王桂香", phone="13800009999")
    free = builders.episode(
        alice, name="李平", phone="13800008888", anchor_on=dt.date(2022, 11, 1), registered_on=WEDNESDAY
    )
    theirs = builders.episode(bob, name="钱多多", phone="13811112222")
    ids = f"{episode.pk},{other.pk},{free.pk},{theirs.pk},nonsense,²"
    text = reader(alice).get("/episodes/notices/start/", {"ids": ids}).content.decode()
    assert text.count("<article") == 2
    assert "李平" in text
    assert "钱多多" not in text
