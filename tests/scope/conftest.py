"""A world for the matrix: Alice's records, one of each kind, and everybody who may come to the door."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from accounts.models import ApiToken, Area, Reveal, User
from accounts.rules import Level, Role
from cases.actions import handover, importing
from cases.models import Episode, Infection
from notices.models import ChannelAddress, Message
from notices.rules import Channel, MessageKind, MessageState
from policy.clock import midnight
from tests.builders import area, episode, noon, staff
from tests.cases import lists
from tests.scope import complained, sealed, supplied
from tests.zones.risk_world import seal
from zones.actions import ensure_room

TODAY = dt.date(2022, 11, 15)
NAME = "欧阳特殊"
PHONE = "13877665544"


@dataclass
class World:
    """Records by kind, and people by name; `None` is whoever is not logged in."""

    records: SimpleNamespace
    people: dict[str, User | None] = field(default_factory=dict)

    def key(self, kind: str) -> int:
        """The key of the record of that kind."""
        return int(getattr(self.records, kind).pk)

    def filled(self, values: dict[str, object] | None) -> dict[str, object]:
        """A form with the keys of records in the place of their kinds."""
        return {
            name: self._named(value[1:-1]) if isinstance(value, str) and value.startswith("{") else value
            for name, value in (values or {}).items()
        }

    def _named(self, kind: str) -> str:
        record = getattr(self.records, kind)
        return record if isinstance(record, str) else str(record.pk)


@pytest.fixture
def world(
    home: Area,
    next_door: Area,
    street: Area,
    county: Area,
    alice: User,
    bob: User,
    carol: User,
    stranger: User,
    the_day: Callable[[dt.date], None],
) -> World:
    """All of it on 15 November 2022, at noon."""
    the_day(TODAY)
    assert county.parent is not None
    far_county = area("海淀区", Level.COUNTY, "110108", county.parent)
    people: dict[str, User | None] = {
        "anonymous": None,
        "stranger": stranger,
        "bob": bob,
        "alice": alice,
        "operator": staff("operator", home, Role.HOTLINE_OPERATOR),
        "analyst": staff("analyst", home, Role.ANALYST),
        "officer": staff("officer", home, Role.COMPLAINT_OFFICER),
        "carol": admitted(carol),
        "far": admitted(staff("far", far_county, Role.SUPERVISOR)),
        "root": User.objects.create_superuser("root", password="a-long-passphrase-7"),
    }
    records = sealed.complete(_records(home, street, alice), home=home, alice=alice)
    complained.complete(records, home=home, street=street, alice=alice, at=noon(TODAY))
    supplied.complete(records, home=home, alice=alice)
    return World(records, people)


def admitted(user: User) -> User:
    """Let the account into the admin site."""
    user.is_staff = True
    user.save()
    return user


def _records(home: Area, street: Area, alice: User) -> SimpleNamespace:
    at = noon(TODAY)
    held = episode(alice, name=NAME, phone=PHONE)
    third = area("柳荫社区", Level.COMMUNITY, "110105001003", street)
    unit = held.person.unit
    assert unit is not None
    room = ensure_room(community=home, site="锦绣酒店", number="301")
    infection = _infection(held, alice)
    return SimpleNamespace(
        area=home,
        user=staff("dave", home, Role.COMMUNITY_WORKER),
        token=ApiToken.issue(alice, "12345")[0],
        reveal=Reveal.objects.create(
            at=at, by=alice, subject="person:1", fields_shown="phone", community=home
        ),
        episode=held,
        ended=_ended(alice),
        person=held.person,
        test=held.tests.get(planned_on=TODAY),
        event=held.events.first(),
        infection=infection,
        zone=seal([unit], by=alice, found=TODAY, causes=[infection.cause]),
        handover=handover.offer(episode=held, to_community=third, by=alice, at=at),
        compound=unit.building.compound,
        building=unit.building,
        unit=unit,
        site=room.site,
        room=room,
        batch=_batch(alice),
        message=_message(home, Channel.INBOX),
        outside=_message(home, Channel.EMAIL),
        channel=ChannelAddress.objects.create(area=home, channel=Channel.EMAIL, address="a@example.org"),
    )


def _reveal(home: Area, alice: User) -> Reveal:
    return Reveal.objects.create(
        at=noon(TODAY), by=alice, subject="person:1", fields_shown="phone", community=home
    )


def _ended(alice: User) -> Episode:
    return episode(
        alice,
        name="司马已释",
        phone="13877665500",
        anchor_on=dt.date(2022, 11, 3),
        registered_on=dt.date(2022, 11, 3),
    )


def _infection(held: Episode, alice: User) -> Infection:
    return Infection.objects.create(
        community=held.community,
        street=held.street,
        county=held.county,
        label="病例9",
        person=held.person,
        found_on=TODAY,
        reported_at=midnight(TODAY),
        reported_by=alice,
    )


def _batch(alice: User) -> object:
    return importing.upload(
        content=lists.workbook(lists.table([lists.person(1)])),
        file_name="名单.xlsx",
        registered_on=TODAY,
        by=alice,
        at=noon(TODAY),
    )


def _message(home: Area, channel: Channel) -> Message:
    state = MessageState.SENT if channel == Channel.INBOX else MessageState.PENDING
    return Message.objects.create(
        key=f"x:{channel}",
        kind=MessageKind.RELEASES,
        channel=channel,
        community=home,
        context={"on": str(TODAY), "count": 1},
        state=state,
        created_at=noon(TODAY),
        next_attempt_at=noon(TODAY),
        attempts=0 if state == MessageState.SENT else 1,
    )
