"""Complaints in the statistics of an area: below the county, small numbers are not told."""

import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Level, Role
from tests.builders import area, episode, staff
from tests.complaints.cast import TODAY, Cast, cast_of, filed

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, the_day: Callable[[dt.date], None]) -> Cast:
    """The offices of the county and of the next one, on the day of the complaints."""
    the_day(TODAY)
    assert county.parent is not None
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_committee_reads_no_number_under_three(
    as_user: Callable[[User], Client], cast: Cast, alice: User, number: int
) -> None:
    for each in range(number):
        filed(cast.home, place=f"{each}号楼")
    episode(alice)  # so that the page is not empty
    county = staff("countyreader", cast.county, Role.ANALYST)
    committee, above = (read(as_user(user)) for user in (cast.community, county))
    told = f"收到 {number} 件"
    assert (told in committee) is (number == 3)
    assert ("不足三件" in committee) is (number < 3)
    assert number == 0 or told in above
    cells = [as_user(user).get("/statistics/xlsx/").content for user in (cast.community, county)]
    found = [sum("层层加码、一刀切投诉" in str(row) for row in sheet(each)) for each in cells]
    assert (found[0] > 0) is (number == 3)
    assert found[1] > 0


def read(client: Client) -> str:
    return client.get("/statistics/").content.decode()


def sheet(content: bytes) -> list[tuple[object, ...]]:
    return list(load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
