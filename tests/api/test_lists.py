"""Pages of lists: complete, in order, and as cheap at fifty rows as at one."""

import datetime as dt
from itertools import chain
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, User
from accounts.rules import Level
from tests.api.conftest import System
from tests.builders import area, episode, resident_id
from zones.actions import ensure_room, ensure_units, staircase

LISTS = {
    "areas/": "code",
    "places/compounds/": "id",
    "places/buildings/": "id",
    "places/units/": "id",
    "places/sites/": "id",
    "places/rooms/": "id",
    "persons/": "id",
    "episodes/": "id",
    "tests/": "id",
}


def fill(alice: User, street: Area, numbers: range) -> None:
    """One of everything for each number, in the street of Alice's community."""
    for n in numbers:
        place = area(f"第{n}社区", Level.COMMUNITY, f"{street.code}{100 + n}", street)
        stairs = staircase(community=place, compound=f"小区{n}", building="1号楼")
        ensure_units([stairs])
        ensure_room(community=place, site=f"酒店{n}", number="1")
        episode(
            alice,
            place,
            name=f"人{n}",
            phone=f"1380000{n:04}",
            id_number=resident_id(n),
            stairs=stairs,
            anchor_on=dt.date(2022, 11, 14 - n % 3),
        )


@pytest.fixture
def street_system(here: System, carol: User) -> System:
    """The key of the street, which sees many communities."""
    return System(carol)


def test_a_page_costs_the_same_at_one_and_at_fifty_rows(
    street_system: System, carol: User, street: Area, home: Area
) -> None:
    costs: dict[str, list[int]] = {path: [] for path in LISTS}
    for numbers in (range(1, 2), range(2, 61)):
        fill(carol, street, numbers)
        for path in LISTS:
            street_system.get(path)  # the day of the last use
            with CaptureQueriesContext(connection) as queries:
                status, body = street_system.get(path)
            assert status == 200
            assert len(body["results"]) >= (50 if numbers[0] > 1 else 1)
            costs[path].append(len(queries) - 1)  # besides the token
    for path, (at_one, at_fifty) in costs.items():
        assert at_one == at_fifty <= 4, (path, costs[path])


def test_the_pages_of_a_list_give_each_row_once_and_lead_back(
    street_system: System, carol: User, street: Area, home: Area
) -> None:
    fill(carol, street, range(1, 12))
    for path, column in LISTS.items():
        everything = [row[column] for row in street_system.get(path, page_size=200)[1]["results"]]
        pages, body = [], street_system.get(path, page_size=4)[1]
        assert body["previous"] is None
        while True:
            pages.append([row[column] for row in body["results"]])
            if body["next"] is None:
                break
            body = follow(street_system, body["next"])
        assert list(chain(*pages)) == everything, path
        assert len(set(everything)) == len(everything) > 8
        back = [pages[-1]]
        while body["previous"] is not None:
            body = follow(street_system, body["previous"])
            back.insert(0, [row[column] for row in body["results"]])
        assert back == pages, path


def follow(system: System, address: str) -> Any:
    """What stands behind a link of an answer."""
    path = address.removeprefix("http://testserver/api/v1/")
    assert path != address
    status, body = system.get(path)
    assert status == 200
    return body


def test_no_page_is_longer_than_two_hundred(street_system: System, carol: User, home: Area) -> None:
    ensure_units(staircase(community=home, compound="大小区", building=f"{n}号楼") for n in range(230))
    assert len(street_system.get("places/units/", page_size=1000)[1]["results"]) == 200
    assert len(street_system.get("places/units/", page_size="x")[1]["results"]) == 50


def test_the_pages_of_episodes_do_not_count_or_skip_rows(
    street_system: System, carol: User, street: Area, home: Area
) -> None:
    fill(carol, street, range(1, 6))
    body = street_system.get("episodes/", page_size=2)[1]
    with CaptureQueriesContext(connection) as queries:
        follow(street_system, body["next"])
    text = " ".join(query["sql"] for query in queries)
    assert "OFFSET" not in text
    assert "COUNT(*)" not in text
