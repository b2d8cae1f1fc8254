"""Plain functions that build what a test needs, through the product's own verbs where there is one."""

import datetime as dt
from typing import Any

from accounts.models import Area, Post, User
from accounts.rules import Level, Role
from cases.actions.judging import PersonFacts, Registration, Verdict
from cases.actions.registration import register
from cases.models import Episode
from cases.rules import HomeCheck, IdKind
from policy.clock import midnight
from policy.types import Category, IsolationFinished
from zones.actions import staircase

PASSWORD = "open-sesame-2022"


def area(name: str, level: Level, code: str, parent: Area | None = None) -> Area:
    """An area as the admin site would make it."""
    made = Area(name=name, level=level, code=code, parent=parent)
    made.full_clean()
    made.save()
    return made


def staff(username: str, area: Area | None, *roles: Role, last_name: str = "", first_name: str = "") -> User:
    """A member of staff with these roles, who can log in with `PASSWORD`."""
    user = User.objects.create_user(
        username, password=PASSWORD, area=area, last_name=last_name, first_name=first_name
    )
    Post.objects.bulk_create([Post(user=user, role=role) for role in roles])
    return user


def noon(on: dt.date) -> dt.datetime:
    """12:00 of that date in Asia/Shanghai."""
    return midnight(on) + dt.timedelta(hours=12)


def resident_id(serial: int = 1, born: str = "19900307", area_code: str = "110105") -> str:
    """A resident ID whose check digit fits; equal serials give equal numbers."""
    body = f"{area_code}{born}{serial:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def entry(community: Area, name: str = "陈晓琳", **changes: Any) -> Registration:
    """One registration: a close contact last exposed on 2022-11-14, unless the changes say otherwise."""
    facts: dict[str, Any] = {
        "name": name,
        "community": community,
        "id_kind": IdKind.RESIDENT_ID,
        "id_number": "",
        "phone": "13800001234",
        "stairs": staircase(community=community, compound="锦绣花园", building="4号楼", unit="1单元"),
        "door": "1203",
    }
    facts |= {key: changes.pop(key) for key in list(changes) if key in PersonFacts.__dataclass_fields__}
    values: dict[str, Any] = {
        "category": Category.CLOSE_CONTACT,
        "anchor_on": dt.date(2022, 11, 14),
        "registered_on": dt.date(2022, 11, 14),
        "isolation_finished": IsolationFinished.NONE,
        "home_check": HomeCheck.SUITABLE,
    }
    return Registration(facts=PersonFacts(**facts), **(values | changes))


def episode(
    by: User, community: Area | None = None, *, at: dt.datetime | None = None, **changes: Any
) -> Episode:
    """An episode registered at noon of its registration date, unless `at` says another instant."""
    community = community or by.area
    assert community is not None
    registration = entry(community, **changes)
    judgement = register([registration], by=by, at=at or noon(registration.registered_on))[0]
    assert judgement.verdict is Verdict.NEW, (judgement.verdict, judgement.sentence)
    assert judgement.episode is not None
    return judgement.episode
