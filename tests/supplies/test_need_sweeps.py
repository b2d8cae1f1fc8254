"""What the clock does to needs: noted late once, asked again when the zone opened, never closed by itself."""

import datetime as dt
import threading
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections

from accounts.models import User
from cases.models import Person
from notices.models import Message
from notices.rules import Channel, MessageKind
from supplies import tasks
from supplies.actions import serving, sweeps
from supplies.actions.asking import Ask, ask_for
from supplies.models import Need
from supplies.rules.needs import Asker, NeedKind, NeedSource, NeedState, NeedVerb
from tests.builders import noon
from tests.supplies.pages import AT, isolated, link_for, seal
from tests.supplies.world import need_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
A_DAY_LATER = AT + dt.timedelta(hours=25)
OPENED = noon(dt.date(2022, 11, 22))


def test_what_is_past_its_limit_is_noted_once_and_told_to_the_office_and_the_one_above(
    resident: Person,
) -> None:
    need = need_of(resident)
    assert sweeps.sweep_late_needs(at=AT) == 0
    assert sweeps.sweep_late_needs(at=A_DAY_LATER) == 1
    assert sweeps.sweep_late_needs(at=A_DAY_LATER + dt.timedelta(hours=1)) == 0
    need.refresh_from_db()
    assert need.late_noted_at == A_DAY_LATER
    assert need.events.filter(kind="late").count() == 1
    told = Message.objects.filter(kind=MessageKind.NEED_LATE, channel=Channel.INBOX)
    assert {message.community.name for message in told} == {"锦绣社区", "锦绣街道"}


def test_what_is_at_the_door_is_not_late(resident: Person, coordinator: User) -> None:
    need = need_of(resident)
    serving.move(need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=AT)
    assert sweeps.sweep_late_needs(at=A_DAY_LATER) == 0


def test_the_clock_of_a_medical_need_is_not_that_of_a_parcel(resident: Person) -> None:
    need_of(resident, NeedKind.DOCTOR)
    assert sweeps.sweep_late_needs(at=A_DAY_LATER) == 0
    assert Need.objects.late(A_DAY_LATER).count() == 1


def test_a_dry_run_counts_and_writes_nothing(resident: Person) -> None:
    need_of(resident)
    assert sweeps.sweep_late_needs(at=A_DAY_LATER, dry_run=True) == 1
    assert not Need.objects.exclude(late_noted_at=None).exists()


def test_many_chunks_are_all_done(resident: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "CHUNK", 2)
    for _n in range(5):
        need_of(resident)
    assert sweeps.sweep_late_needs(at=A_DAY_LATER) == 5
    assert Need.objects.filter(events__kind="late").distinct().count() == 5


def test_when_its_zone_opens_a_need_stays_and_its_person_is_asked(alice: User, coordinator: User) -> None:
    lin = isolated(alice)
    seal(lin, alice)
    need, ended = need_of(lin), need_of(lin)
    serving.move(need=ended, verb=NeedVerb.CANCEL, asker=Asker.STAFF, by=coordinator, at=AT, reason="x")
    assert need.zone is not None
    assert sweeps.ask_again_after_opening(at=AT) == 0
    assert sweeps.ask_again_after_opening(at=OPENED, dry_run=True) == 1
    assert sweeps.ask_again_after_opening(at=OPENED) == 1
    assert sweeps.ask_again_after_opening(at=OPENED) == 0
    need.refresh_from_db()
    assert (need.state, need.asked_again_at) == (NeedState.OPEN, OPENED)
    assert need.events.filter(kind="zone_opened").count() == 1
    asked = Message.objects.get(kind=MessageKind.NEED_UPDATE)
    assert (asked.channel, asked.context["state"]) == (Channel.SMS, "asked_again")


def test_of_a_whole_household_somebody_with_a_telephone_is_asked(alice: User) -> None:
    lin = isolated(alice)
    seal(lin, alice)
    link, _token = link_for(lin, alice)
    asked = Ask(
        kind=NeedKind.FOOD,
        community=lin.community,
        source=NeedSource.RESIDENT,
        text="米",
        link=link,
        unit=lin.unit,
        door=lin.door,
    )
    ask_for(asked, token="whole-household", at=AT)
    sweeps.ask_again_after_opening(at=OPENED)
    assert Message.objects.filter(kind=MessageKind.NEED_UPDATE).count() == 1


def test_what_was_never_behind_a_seal_is_not_asked_about(resident: Person) -> None:
    need_of(resident)
    assert sweeps.ask_again_after_opening(at=OPENED) == 0


def test_commands_say_what_they_did(resident: Person) -> None:
    out = StringIO()
    need_of(resident)
    call_command("sweep_late_needs", "--dry-run", "--language", "en", stdout=out)
    call_command("ask_again_after_opening", "--language", "en", stdout=out)
    assert out.getvalue().splitlines() == ["0 needs are past their limit.", "0 needs asked about."]


def test_the_tasks_ask_the_clock_once(resident: Person) -> None:
    need_of(resident)
    tasks.sweep_late_needs()
    tasks.ask_again_after_opening()
    assert Need.objects.get().late_noted_at is None


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_note_each_need_once(resident: Person) -> None:
    for _n in range(6):
        need_of(resident)
    done: list[int] = []

    def sweep() -> None:
        try:
            done.append(sweeps.sweep_late_needs(at=A_DAY_LATER))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sweep) for _n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 6
    assert Need.objects.filter(events__kind="late").count() == 6
