"""Small ways to learn of the neighbour's people, or to break a page by what one sends."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Area, User
from accounts.rules import Role
from cases.actions import ending, handover
from cases.rules import Place
from tests.builders import episode, noon, staff
from tests.scope.conftest import admitted
from zones.actions import ensure_room

Login = Callable[[User], Client]


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def test_the_office_that_asks_for_a_person_is_not_told_the_name_in_the_admin_site(
    alice: User, bob: User, next_door: Area, as_user: Login
) -> None:
    held = episode(alice, name="欧阳特殊")
    asked = handover.offer(episode=held, to_community=next_door, by=bob, at=noon(november(15)))
    eve = admitted(staff("eve", next_door, Role.SUPERVISOR))
    browser = as_user(eve)
    for page in (
        browser.get(reverse("admin:cases_handover_changelist")),
        browser.get(reverse("admin:cases_handover_change", args=[asked.pk])),
    ):
        assert page.status_code == 200
        assert "欧阳特殊" not in page.content.decode()
        assert "close_contact" not in page.content.decode()


def test_the_file_of_a_person_in_the_admin_site_tells_nothing_of_episodes_elsewhere(
    alice: User, bob: User, next_door: Area, as_user: Login
) -> None:
    first = episode(alice, name="欧阳特殊", anchor_on=november(2), registered_on=november(2))
    ending.end_early(episode=first, reason="核查", by=alice, at=noon(november(3)))
    second = episode(bob, name="欧阳特殊", anchor_on=november(14))
    assert second.person_id == first.person_id
    eve = admitted(staff("eve", next_door, Role.SUPERVISOR))
    page = as_user(eve).get(reverse("admin:cases_person_change", args=[first.person_id])).content.decode()
    assert reverse("admin:cases_episode_change", args=[second.pk]) in page
    assert reverse("admin:cases_episode_change", args=[first.pk]) not in page


def test_saving_a_key_that_exists_issues_no_second_one(alice: User, carol: User, as_user: Login) -> None:
    token, _key = ApiToken.issue(alice, "12345")
    as_user(admitted(carol)).post(reverse("admin:accounts_apitoken_change", args=[token.pk]), {})
    assert ApiToken.objects.count() == 1


def test_an_export_names_its_file_by_a_tab_that_exists(alice: User, as_user: Login) -> None:
    episode(alice)
    answer = as_user(alice).get(reverse("register-export"), {"tab": 'x"\r\nSet-Cookie: a=b'})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("key", ["²", "1" * 30, "-1", "x", ""])
def test_keys_that_can_be_none_are_passed_over(alice: User, as_user: Login, key: str) -> None:
    answer = as_user(alice).post(reverse("register-bulk"), {"act": "sampled", "episode": [key]})
    assert answer.status_code == 303
    assert as_user(alice).get(reverse("register"), {"after": f"2022-11-15_{key}"}).status_code == 200


@pytest.mark.parametrize(
    ("page", "on"),
    [
        (page, on)
        for page in ("figures", "figures-xlsx", "sampling-list")
        for on in ("0001-01-01", "9999-12-31", "2022-13-45")
    ],
)
def test_a_date_at_the_end_of_all_days_is_no_error(alice: User, as_user: Login, page: str, on: str) -> None:
    episode(alice)
    assert as_user(alice).get(reverse(page), {"on": on}).status_code == 200


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(alice: User, as_user: Login, address: str) -> None:
    saved = episode(alice)
    browser = as_user(alice)
    for name, args in (
        ("episode-contact", [saved.pk]),
        ("inbox-read-all", []),
        ("register-bulk", []),
        ("set_language", []),
        ("demo-clock", []),
        ("login", []),
    ):
        facts = {"next": address, "outcome": "reached", "language": "en", "reset": "1"}
        answer = browser.post(reverse(name, args=args), facts)
        assert "evil" not in answer.headers.get("Location", ""), name
        assert "javascript" not in answer.headers.get("Location", ""), name


def test_what_people_are_called_is_text_on_every_page(alice: User, carol: User, as_user: Login) -> None:
    nasty = "<script>alert(1)</script>"
    saved = episode(alice, name=nasty, remarks=nasty, door="'\"><i>x")
    admitted(carol)
    pages = [
        as_user(alice).get(reverse("register")),
        as_user(alice).get(saved.get_absolute_url()),
        as_user(alice).get(reverse("notice-start", args=[saved.pk])),
        as_user(alice).get(reverse("person-edit", args=[saved.person_id])),
        as_user(carol).get(reverse("admin:cases_person_change", args=[saved.person_id])),
        as_user(carol).get(reverse("admin:cases_episode_change", args=[saved.pk])),
    ]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert '"><i>x' not in page.content.decode()


def test_the_host_of_a_room_sees_the_episode_and_a_third_community_does_not(
    alice: User, bob: User, next_door: Area, street: Area, as_user: Login
) -> None:
    from cases.actions.placing import place
    from tests.builders import area

    saved = episode(alice)
    room = ensure_room(community=next_door, site="湖滨酒店", number="1")
    place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(15)))
    third = staff("trudy", area("柳荫社区", "community", "110105001003", street), Role.COMMUNITY_WORKER)
    assert as_user(bob).get(saved.get_absolute_url()).status_code == 200
    assert as_user(third).get(saved.get_absolute_url()).status_code == 404
