"""The QR code of the resident's page beside the printed notices."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Role
from cases.models import Episode
from supplies.actions.links import withdraw
from tests.builders import staff
from tests.cases.pages import reader
from tests.supplies.pages import AT, isolated, link_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


def notice(user: User, name: str = "notice-start") -> str:
    return str(reader(user).get(reverse(name, args=[Episode.objects.get().pk])).content.decode())


def test_a_notice_carries_the_code_where_there_is_a_link(alice: User, the_day: Callable[..., Any]) -> None:
    person = isolated(alice)
    assert 'class="qr"' not in notice(alice)
    link, _token = link_for(person, alice)
    assert 'class="qr"' in notice(alice)
    the_day(dt.date(2022, 11, 23))
    assert 'class="qr"' in notice(alice, "notice-release")
    withdraw(link=link, by=alice, at=AT)
    assert 'class="qr"' not in notice(alice)


def test_who_only_reads_does_not_hand_out_the_code(alice: User, home: Area) -> None:
    link_for(isolated(alice), alice)
    assert 'class="qr"' not in notice(staff("analyst", home, Role.ANALYST))


def test_many_notices_cost_one_more_query(alice: User, django_assert_max_num_queries: Any) -> None:
    person = isolated(alice)
    link_for(person, alice)
    address = f"{reverse('notices-start')}?ids={Episode.objects.get().pk}"
    client = reader(alice)
    client.get(address)
    with django_assert_max_num_queries(9):
        assert client.get(address).status_code == 200
