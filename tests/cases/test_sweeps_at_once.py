"""Two of a kind at the same moment, in real threads with a connection each: everything happens once."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import User
from cases.actions import editions, reminders, stages, sweeps
from cases.actions.judging import Verdict
from cases.actions.registration import register
from cases.models import Episode, EpisodeEvent, NucleicAcidTest
from cases.rules import EventKind
from notices.models import Message
from policy.clock import midnight
from tests.builders import entry, noon

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 24


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """So small that two sweeps meet again and again."""
    settings.SMS_URL = "https://sms.invalid/"
    for module in (sweeps, stages, reminders, editions):
        monkeypatch.setattr(module, "CHUNK", 3)


def a_town(by: User, on: dt.date) -> list[Episode]:
    """So many people registered on that date."""
    assert by.area is not None
    entries = [
        entry(
            by.area,
            name="王小" + chr(0x4E00 + number),
            phone=f"138{number:08d}",
            anchor_on=on,
            registered_on=on,
        )
        for number in range(PEOPLE)
    ]
    judgements = register(entries, by=by, at=noon(on))
    assert {each.verdict for each in judgements} == {Verdict.NEW}
    return [each.episode for each in judgements if each.episode]


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Each work in a thread of its own, let go at the same moment; raises what one of them raised."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            results[place] = work()
        except Exception as error:  # noqa: BLE001 - raised again in the main thread
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "two sweeps wait for each other"
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def test_two_sweeps_at_once_release_each_person_once(alice: User) -> None:
    a_town(alice, november(14))
    at = noon(november(23))
    counts = at_once(*[lambda: sweeps.sweep_releases(at=at)] * 2)
    sweeps.sweep_releases(at=at)  # whom each left to the other in the last moment
    assert sum(counts) <= PEOPLE
    assert not Episode.objects.due_for_release(november(23)).exists()
    for kind in (EventKind.RELEASED, EventKind.STAGE_BEGAN):
        events = EpisodeEvent.objects.filter(kind=kind)
        assert events.count() == events.values("episode").distinct().count() == PEOPLE
    assert Message.objects.filter(key__startswith="released:").count() == PEOPLE
    assert Message.objects.filter(key__startswith="code-lifted:").count() == PEOPLE


def test_a_sweep_and_a_new_registration_of_the_same_people_release_them_once(alice: User) -> None:
    a_town(alice, november(14))
    at = noon(november(25))
    at_once(lambda: sweeps.sweep_releases(at=at), lambda: a_town(alice, november(25)))
    assert EpisodeEvent.objects.filter(kind=EventKind.RELEASED).count() == PEOPLE
    assert Episode.objects.filter(swept_at=None).count() == PEOPLE


def test_two_registrations_of_the_same_people_write_each_once(alice: User) -> None:
    a_town(alice, november(14))
    at = noon(november(25))
    assert alice.area is not None
    entries = [
        entry(
            alice.area,
            name="王小" + chr(0x4E00 + number),
            phone=f"138{number:08d}",
            anchor_on=november(25),
            registered_on=november(25),
        )
        for number in range(PEOPLE)
    ]
    there, back = (list(entries), list(reversed(entries)))
    at_once(lambda: register(there, by=alice, at=at), lambda: register(back, by=alice, at=at))
    assert Episode.objects.filter(anchor_on=november(25)).count() == PEOPLE
    assert EpisodeEvent.objects.filter(kind=EventKind.RELEASED).count() == PEOPLE


def test_two_sweeps_of_stages_write_each_start_once(alice: User) -> None:
    a_town(alice, november(14))
    at = noon(november(20))
    counts = at_once(*[lambda: sweeps.sweep_stage_changes(at=at)] * 2)
    assert sum(counts) == PEOPLE
    assert EpisodeEvent.objects.filter(kind=EventKind.STAGE_BEGAN).count() == PEOPLE
    assert Message.objects.filter(kind="stage_changes").count() == 1


def test_two_sweeps_of_missed_tests_note_each_once_and_tell_once(alice: User) -> None:
    a_town(alice, november(14))
    at = noon(november(16))
    counts = at_once(*[lambda: sweeps.sweep_overdue_tests(at=at)] * 2)
    assert sum(counts) == PEOPLE
    assert NucleicAcidTest.objects.filter(missed_noted_at=at).count() == PEOPLE
    (message,) = Message.objects.filter(kind="tests_overdue")
    assert message.context["count"] == PEOPLE


def test_two_rounds_of_reminders_write_each_resident_once(alice: User) -> None:
    a_town(alice, november(14))
    at = midnight(november(14)) + dt.timedelta(hours=19)
    counts = at_once(*[lambda: reminders.send_evening_reminders(at=at).residents] * 2)
    assert sum(counts) == PEOPLE
    assert Message.objects.filter(kind="test_tomorrow").count() == PEOPLE
    assert Message.objects.filter(kind="tests_tomorrow").count() == 1


def test_two_changes_of_edition_plan_each_person_once(alice: User) -> None:
    a_town(alice, november(8))
    at = noon(november(11))
    counts = at_once(*[lambda: editions.follow_editions(at=at)] * 2)
    editions.follow_editions(at=at)
    assert sum(counts) <= PEOPLE
    assert EpisodeEvent.objects.filter(kind=EventKind.EDITION_CHANGED).count() == PEOPLE
    assert not Episode.objects.filter(edition="ninth").exists()


@contextmanager
def in_hand(saved: Episode) -> Iterator[None]:
    """Somebody has this episode in a transaction that is not finished yet."""
    with transaction.atomic():
        Episode.objects.filter(pk=saved.pk).update(contact_again_at=noon(november(23)))
        yield


@pytest.mark.postgres
def test_a_sweep_passes_over_whom_somebody_has_in_hand_and_takes_them_next_time(alice: User) -> None:
    first, *_others = a_town(alice, november(14))
    at = noon(november(23))
    with in_hand(first):
        assert at_once(lambda: sweeps.sweep_releases(at=at)) == [PEOPLE - 1]
    assert sweeps.sweep_releases(at=at) == 1
    assert EpisodeEvent.objects.filter(kind=EventKind.RELEASED).count() == PEOPLE


@pytest.mark.postgres
def test_a_test_being_recorded_holds_up_nobodys_release(alice: User) -> None:
    """A row that points at the episode is being written: that is no reason to pass the episode over."""
    first, *_others = a_town(alice, november(14))
    with transaction.atomic():
        first.events.create(kind=EventKind.SAMPLED, at=noon(november(23)))
        assert at_once(lambda: sweeps.sweep_releases(at=noon(november(23)))) == [PEOPLE]
