"""Systems that call the API: each with a key of its own."""

import datetime as dt
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from accounts.models import ApiToken, Area, User
from accounts.rules import Role
from policy.models import PolicyEdition
from tests.builders import staff

DAY = dt.date(2022, 11, 14)


class System:
    """A caller with a key; answers are (status, body)."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.token, key = ApiToken.issue(user, user.username)
        self.headers = {"Authorization": f"Bearer {key}"}
        self.last: Any = None

    def get(self, path: str, **query: Any) -> Any:
        self.last = Client().get(f"/api/v1/{path}", query, headers=self.headers)
        return self.last.status_code, self.last.json()

    def post(self, path: str, body: object = None, key: str = "") -> Any:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        self.last = Client().post(
            f"/api/v1/{path}",
            {} if body is None else body,
            content_type="application/json",
            headers=headers,
        )
        return self.last.status_code, self.last.json()


@pytest.fixture
def editions(db: None) -> None:
    """The editions of a fresh install, which a test with real transactions finds flushed away."""
    if not PolicyEdition.objects.exists():
        import_module("policy.migrations.0002_activate_ninth_and_twenty").install(apps, None)


@pytest.fixture
def here(editions: None, alice: User, the_day: Callable[[dt.date], None]) -> System:
    """The system of Alice's community, on 14 November 2022."""
    the_day(DAY)
    return System(alice)


@pytest.fixture
def neighbour(bob: User) -> System:
    """The system of the next community: must see nothing of Alice's."""
    return System(bob)


@pytest.fixture
def reader(home: Area) -> System:
    """An analyst's key in Alice's community: reads only."""
    return System(staff("dora", home, Role.ANALYST))


def entry_of(**changes: Any) -> dict[str, Any]:
    """A close contact last exposed on 14 November, as a system sends it."""
    body = {
        "name": "陈晓琳",
        "phone": "13800001234",
        "category": "close_contact",
        "anchor_on": "2022-11-14",
        "compound": "锦绣花园",
        "building": "4号楼",
        "unit": "1单元",
        "door": "1203",
        "home_check": "suitable",
    }
    return body | changes
