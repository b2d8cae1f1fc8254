"""Who opens the admin site: the supervisors of a county, of a street and of the whole province."""

import datetime as dt
from collections.abc import Callable

import pytest

from accounts.models import Area, User
from accounts.rules import Department, Level, Role
from tests.builders import area
from tests.complaints.cast import TODAY, Cast, cast_of, office, officer
from tests.scope.conftest import admitted


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, the_day: Callable[[dt.date], None]) -> Cast:
    """The offices of the county and of the next one, on the day of the complaints."""
    the_day(TODAY)
    assert county.parent is not None
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


@pytest.fixture
def dora(cast: Cast) -> User:
    """The supervisor of the county, at its task force."""
    return admitted(officer("dora", office(cast.county, Department.TASK_FORCE), Role.SUPERVISOR))


@pytest.fixture
def steve(cast: Cast) -> User:
    """The supervisor of the street, which is complained about."""
    return admitted(officer("steve", office(cast.home.line[Level.STREET]), Role.SUPERVISOR))


@pytest.fixture
def boss(cast: Cast) -> User:
    """The supervisor of the whole province: nobody works outside."""
    return admitted(officer("boss", office(cast.home.line[Level.PROVINCE]), Role.SUPERVISOR))
