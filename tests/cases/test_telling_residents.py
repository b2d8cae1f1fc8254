"""Residents hear of the sealing and opening of their unit: once each, in time, never of what is over."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Area, User
from cases.actions import telling_residents
from cases.actions.judging import PersonFacts
from cases.actions.registration import list_person
from cases.actions.telling_residents import tell_residents
from cases.models import Person
from cases.rules import IdKind
from notices.models import Message
from notices.rules import Channel, MessageKind, MessageState
from policy.clock import midnight
from tests.builders import noon
from zones.actions import designate, end_early, ensure_units, restart, staircase, sweep_openings
from zones.models import Unit, UnitSeal, Zone, ZoneEvent
from zones.rules import Cause, Purpose

pytestmark = pytest.mark.django_db

D12, D13, D14, D18, D19 = (dt.date(2022, 11, day) for day in (12, 13, 14, 18, 19))


@pytest.fixture(autouse=True)
def _sms(settings: Any) -> None:
    settings.SMS_URL = "https://sms.invalid/"


def unit(community: Area, number: int = 1) -> Unit:
    stairs = staircase(community=community, compound="锦绣花园", building="3号楼", unit=f"{number}单元")
    return ensure_units([stairs])[stairs]


def resident(by: User, home: Unit, name: str, phone: str) -> Person:
    building = home.building
    return list_person(
        PersonFacts(
            name=name,
            community=building.compound.community,
            id_kind=IdKind.NONE,
            phone=phone,
            stairs=staircase(
                community=building.compound.community,
                compound=building.compound.name,
                building=building.name,
                unit=home.name,
            ),
            door="101",
        ),
        by=by,
        at=noon(D12),
    )


def seal(by: User, *units: Unit, at: dt.datetime | None = None, found_on: dt.date = D12) -> Zone:
    made = designate(
        compound=units[0].building.compound,
        units=dict.fromkeys(units, Purpose.HOME),
        causes=[Cause(1, found_on)],
        stayed=[units[0].building_id],
        by=by,
        at=at or noon(D12),
    )
    assert made.zone is not None
    return made.zone


def told(kind: MessageKind | None = None) -> list[Message]:
    rows = Message.objects.filter(channel=Channel.SMS, subject__startswith="zone:")
    return list((rows.filter(kind=kind) if kind else rows).order_by("pk"))


def test_each_resident_of_the_sealed_unit_hears_once_and_nobody_else(carol: User, home: Area) -> None:
    sealed, beside = unit(home), unit(home, 2)
    resident(carol, sealed, "王一", "13800000001")
    resident(carol, sealed, "王二", "13800000002")
    resident(carol, beside, "王三", "13800000003")
    resident(carol, sealed, "王四", "")
    zone = seal(carol, sealed)

    assert tell_residents(at=noon(D12)) == 2
    assert tell_residents(at=noon(D12)) == 0

    messages = told(MessageKind.UNIT_SEALED)
    assert {message.recipient for message in messages} == {"13800000001", "13800000002"}
    context = messages[0].context
    assert (context["zone"], context["compound"], context["unit"]) == (zone.pk, "锦绣花园", "3号楼1单元")
    assert (context["release_on"], context["found_on"]) == ("2022-11-18", "2022-11-12")
    assert (context["days"], context["clause"]) == (5, "二(四)")
    assert "王" not in str(context)
    assert messages[0].not_after == noon(D14)
    assert messages[0].community == home


def test_a_restart_is_told_in_its_unit_only_with_its_new_date(carol: User, home: Area) -> None:
    first, second = unit(home), unit(home, 2)
    resident(carol, first, "王一", "13800000001")
    resident(carol, second, "王二", "13800000002")
    seal(carol, first, second)
    tell_residents(at=noon(D12))

    restart(units=[first], cause=Cause(2, D13), by=carol, at=noon(D13))
    assert tell_residents(at=noon(D13)) == 1

    (message,) = told(MessageKind.UNIT_RESTARTED)
    assert (message.recipient, message.context["release_on"]) == ("13800000001", "2022-11-19")


def test_the_opening_by_the_clock_is_told_after_the_sweep(carol: User, home: Area) -> None:
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))
    tell_residents(at=noon(D12))

    assert tell_residents(at=midnight(D18)) == 0
    sweep_openings(at=midnight(D18))
    assert tell_residents(at=midnight(D18)) == 1

    (message,) = told(MessageKind.UNIT_OPENED)
    assert message.context["release_on"] == "2022-11-18"


def test_an_early_end_is_told_as_an_opening(carol: User, home: Area) -> None:
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))
    tell_residents(at=noon(D12))
    end_early(seals=list(UnitSeal.objects.all()), reason="核查无关", by=carol, at=noon(D14))

    tell_residents(at=noon(D14))

    (message,) = told(MessageKind.UNIT_OPENED)
    assert message.context["release_on"] == "2022-11-14"


def test_what_is_over_before_anybody_was_told_is_not_told(carol: User, home: Area) -> None:
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))
    end_early(seals=list(UnitSeal.objects.all()), reason="核查无关", by=carol, at=noon(D12))

    tell_residents(at=noon(D12))

    assert [message.kind for message in told()] == [MessageKind.UNIT_OPENED]


def test_an_opening_is_not_told_once_the_unit_is_sealed_again(carol: User, home: Area) -> None:
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))
    tell_residents(at=noon(D12))
    sweep_openings(at=midnight(D18))
    seal(carol, unit(home), at=noon(D18), found_on=D18)

    tell_residents(at=noon(D18))

    assert told(MessageKind.UNIT_OPENED) == []
    assert len(told(MessageKind.UNIT_SEALED)) == 2


@pytest.mark.parametrize(("later", "messages"), [(dt.timedelta(hours=47), 1), (dt.timedelta(hours=49), 0)])
def test_after_an_outage_what_is_older_than_two_days_is_not_told_late(
    carol: User, home: Area, later: dt.timedelta, messages: int
) -> None:
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))

    assert tell_residents(at=noon(D12) + later) == messages
    assert all(message.not_after <= noon(D14) for message in told())
    assert not ZoneEvent.objects.filter(residents_told_at=None).exists()


def test_a_channel_that_is_off_keeps_no_number(carol: User, home: Area, settings: Any) -> None:
    settings.SMS_URL = ""
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))

    tell_residents(at=noon(D12))

    (message,) = told()
    assert (message.state, message.recipient) == (MessageState.OFF, "")


def test_many_events_are_told_in_chunks_and_the_number_of_statements_stays(
    carol: User, home: Area, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for number in range(1, 8):
        resident(carol, unit(home, number), f"王{number}", f"1380000000{number}")
    seal(carol, *(unit(home, number) for number in range(1, 8)))

    with django_assert_max_num_queries(6):  # transaction, claim, events, one INSERT
        assert tell_residents(at=noon(D12)) == 7


def test_a_dry_run_counts_and_writes_nothing(carol: User, home: Area, the_day: Any, capsys: Any) -> None:
    the_day(D12)
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))

    call_command("tell_residents", "--dry-run", "--language", "en")
    assert capsys.readouterr().out.startswith("1 unit ")
    assert told() == []

    call_command("tell_residents", "--language", "en")
    assert capsys.readouterr().out.startswith("1 message ")
    assert len(told()) == 1


def test_a_crash_between_claim_and_message_loses_nothing(
    carol: User, home: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident(carol, unit(home), "王一", "13800000001")
    seal(carol, unit(home))

    def crash(*_: Any, **__: Any) -> int:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(telling_residents, "write_messages", crash)
        with pytest.raises(RuntimeError):
            tell_residents(at=noon(D12))

    assert tell_residents(at=noon(D12)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_tell_each_resident_once(
    carol: User, home: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_residents, "CHUNK", 2)
    for number in range(1, 10):
        resident(carol, unit(home, number), f"王{number}", f"1380000000{number}")
    seal(carol, *(unit(home, number) for number in range(1, 10)))
    barrier, written = threading.Barrier(2), []

    def run() -> None:
        barrier.wait()
        try:
            written.append(tell_residents(at=noon(D12)))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sum(written) == 9
    assert len({message.recipient for message in told()}) == 9
