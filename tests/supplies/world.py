"""What the tests of supplies share besides the cast."""

import datetime as dt
import uuid
from typing import Any

from accounts.models import User
from cases.models import Person
from supplies.actions.asking import Ask, ask_for
from supplies.models import Need
from supplies.rules.needs import NeedKind, NeedSource
from tests.builders import noon

TODAY = dt.date(2022, 11, 16)


def need_of(
    person: Person, /, kind: NeedKind = NeedKind.FOOD, *, by: User | None = None, **changes: Any
) -> Need:
    """Something that the person asks for at noon of TODAY."""
    facts: dict[str, Any] = {
        "kind": kind,
        "community": person.community,
        "source": NeedSource.PHONE,
        "person": person,
        "text": "两份蔬菜包",
    }
    return ask_for(Ask(**(facts | changes)), token=uuid.uuid4().hex, at=noon(TODAY), by=by)
