"""The cast of complaints: a county with its offices, the next county, and a complaint about the street."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Level, Role
from complaints.actions.filing import Receipt
from tests.builders import area, staff
from tests.complaints.cast import TODAY, Cast, cast_of, filed


@pytest.fixture
def next_county(county: Area) -> Area:
    """海淀区: the next county of the same city."""
    assert county.parent is not None
    return area("海淀区", Level.COUNTY, "110108", county.parent)


@pytest.fixture
def cast(home: Area, next_door: Area, next_county: Area) -> Cast:
    """The offices and their officers."""
    return cast_of(home, next_county)


@pytest.fixture
def worker(cast: Cast) -> User:
    """A worker of the community, who may do what the tests need."""
    return staff("worker", cast.home, Role.COMMUNITY_WORKER)


@pytest.fixture
def boss(cast: Cast) -> User:
    """A supervisor of the county."""
    return staff("boss", cast.county, Role.SUPERVISOR)


@pytest.fixture
def operator(as_user: Callable[[User], Client], cast: Cast) -> Client:
    """The operator's browser, in English."""
    client = as_user(cast.operator)
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def on_the_day(the_day: Callable[..., Any]) -> None:
    """It is noon of TODAY."""
    the_day(TODAY)


@pytest.fixture
def receipt(cast: Cast) -> Receipt:
    """The receipt of a complaint about the street office of Alice's community."""
    return filed(cast.home)
