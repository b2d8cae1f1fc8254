"""The cast of supplies: who takes calls, keeps stock and carries; a household; a store with vegetables."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from supplies.actions.stock import ensure_lot, receive
from supplies.models import Item, Store
from tests.builders import entry, noon, staff
from tests.supplies.world import TODAY


@pytest.fixture
def on_the_day(the_day: Callable[..., Any]) -> None:
    """It is noon of TODAY."""
    the_day(TODAY)


@pytest.fixture
def coordinator(home: Area) -> User:
    """Coordinates supplies in Alice's community."""
    return staff("coordinator", home, Role.SUPPLY_COORDINATOR)


@pytest.fixture
def operator(home: Area) -> User:
    """Takes the calls of Alice's community."""
    return staff("operator", home, Role.HOTLINE_OPERATOR)


@pytest.fixture
def counsellor(home: Area) -> User:
    """Talks with people who need somebody to talk to."""
    return staff("counsellor", home, Role.COUNSELLOR)


@pytest.fixture
def resident(alice: User, home: Area) -> Person:
    """林小满, who lives at 4号楼1单元 1203."""
    return list_person(
        entry(home, name="林小满", phone="13811110000", door="1203").facts, by=alice, at=noon(TODAY)
    )


@pytest.fixture
def vegetables(db: None) -> Item:
    """蔬菜包, a kit."""
    return Item.objects.create(name="蔬菜包", unit="份", category="daily", is_kit=True)


@pytest.fixture
def store(home: Area, coordinator: User, vegetables: Item) -> Store:
    """The community's store with ten kits."""
    made = Store.objects.create(area=home, name="社区仓库")
    receive(
        store=made,
        lot=ensure_lot(vegetables),
        quantity=Decimal(10),
        key="first",
        by=coordinator,
        at=noon(TODAY),
    )
    return made
