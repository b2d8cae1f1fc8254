"""Numbers in full: one click, one answer, one line in the log."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Area, Reveal, User
from accounts.rules import Role
from cases.models import Episode, Person
from tests import builders
from tests.builders import resident_id, staff
from tests.cases.pages import reader

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db

WEDNESDAY = dt.date(2022, 11, 16)
ID = resident_id(3)


@pytest.fixture
def episode(alice: User, the_day: TheDay) -> Episode:
    the_day(WEDNESDAY)
    return builders.episode(alice, id_number=ID)


def reveal(browser: Client, person_id: int, **sent: object) -> str:
    answer = browser.post(f"/persons/{person_id}/reveal/", sent)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_numbers_are_shown_in_that_one_answer_and_logged(episode: Episode, alice: User) -> None:
    browser = reader(alice)
    page = f"/episodes/{episode.pk}/"
    assert ID not in browser.get(page).content.decode()
    shown = browser.post(f"/persons/{episode.person_id}/reveal/", {"episode": episode.pk})
    assert ID in shown.content.decode()
    assert "13800001234" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert ID not in browser.get(page).content.decode()
    line = Reveal.objects.get()
    assert (line.by, line.subject, line.fields_shown) == (
        alice,
        f"person:{episode.person_id}",
        "id_number,phone",
    )
    assert (line.community, line.address) == (episode.community, "127.0.0.1")
    assert line.at.date() == WEDNESDAY


def test_each_showing_is_a_line_of_its_own_and_none_carries_a_number(episode: Episode, alice: User) -> None:
    browser = reader(alice)
    reveal(browser, episode.person_id)
    reveal(browser, episode.person_id)
    assert Reveal.objects.count() == 2
    stored = str(list(Reveal.objects.values()))
    assert ID not in stored
    assert "13800001234" not in stored


def test_looking_at_the_page_reveals_nothing_and_logs_nothing(episode: Episode, alice: User) -> None:
    browser = reader(alice)
    assert browser.get(f"/persons/{episode.person_id}/reveal/").status_code == 405
    browser.get(f"/persons/{episode.person_id}/")
    browser.get(f"/persons/{episode.person_id}/edit/")
    assert not Reveal.objects.exists()


def test_a_neighbour_reveals_nothing(episode: Episode, bob: User) -> None:
    for verb in ("reveal", "call"):
        assert reader(bob).post(f"/persons/{episode.person_id}/{verb}/").status_code == 404
    assert not Reveal.objects.exists()


def test_an_analyst_may_not_ask_and_a_hotline_operator_may(episode: Episode, home: Area) -> None:
    analyst, hotline = staff("hejing", home, Role.ANALYST), staff("sunli", home, Role.HOTLINE_OPERATOR)
    assert reader(analyst).post(f"/persons/{episode.person_id}/reveal/").status_code == 403
    assert "/reveal/" not in reader(analyst).get(f"/episodes/{episode.pk}/").content.decode()
    assert ID in reveal(reader(hotline), episode.person_id)


def test_another_persons_episode_cannot_be_put_behind_the_numbers(episode: Episode, alice: User) -> None:
    other = builders.episode(alice, name="王桂香", phone="13800009999")
    answer = reader(alice).post(f"/persons/{episode.person_id}/reveal/", {"episode": other.pk})
    assert answer.status_code == 404
    assert not Reveal.objects.exists()


def test_whoever_has_moved_on_to_another_community_is_not_looked_up_any_more(
    episode: Episode, alice: User, next_door: Area
) -> None:
    Episode.objects.update(settled_at=episode.registered_at)
    Person.objects.update(community=next_door)
    browser = reader(alice)
    assert browser.get(f"/episodes/{episode.pk}/").status_code == 200
    assert browser.post(f"/persons/{episode.person_id}/reveal/").status_code == 404
    assert browser.get(f"/persons/{episode.person_id}/edit/").status_code == 404


def test_a_tap_calls_and_is_logged(episode: Episode, alice: User) -> None:
    answer = reader(alice).post(f"/persons/{episode.person_id}/call/")
    assert answer.status_code == 303
    assert answer["Location"] == "tel:13800001234"
    line = Reveal.objects.get()
    assert (line.by, line.fields_shown) == (alice, "phone")


def test_a_tap_calls_with_htmx_too(episode: Episode, alice: User) -> None:
    answer = reader(alice).post(f"/persons/{episode.person_id}/call/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "tel:13800001234"
    assert Reveal.objects.count() == 1


def test_without_a_telephone_nobody_is_called_and_nothing_is_logged(alice: User, the_day: TheDay) -> None:
    the_day(WEDNESDAY)
    child = builders.episode(alice, name="陈小宝", phone="")
    answer = reader(alice).post(f"/persons/{child.person_id}/call/", follow=True)
    assert "no telephone is on file" in answer.content.decode()
    assert not Reveal.objects.exists()
