"""Whoever is registered when, and whenever the worker happens to run: the same things happen, once each."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from cases.actions import editions, reminders, sweeps
from cases.actions.judging import Registration, Verdict
from cases.actions.registration import register
from cases.models import Episode, EpisodeEvent, EpisodeStage
from cases.rules import EventKind, HomeCheck, State
from notices.models import Message
from policy.clock import midnight
from policy.types import Category
from tests.builders import entry, noon

DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(2022, 11, 1), dt.date(2022, 12, 20)
"""The edition changes on 11 November, in the middle of many of these plans."""

CATEGORIES = [Category.CLOSE_CONTACT, Category.SPILL_OVER, Category.ENTRANT, Category.SECONDARY_CONTACT]
a_registration = st.tuples(
    st.sampled_from(CATEGORIES),
    st.integers(0, 25),
    st.integers(0, 9),
    st.sampled_from([HomeCheck.SUITABLE, HomeCheck.UNSUITABLE, HomeCheck.UNCHECKED]),
)
hours = st.lists(st.integers(0, 24 * (LAST - FIRST).days - 1), max_size=12, unique=True).map(sorted)
"""At which hours since the first day the worker runs; in between it is dead."""
SWEEPS = (
    sweeps.sweep_releases,
    sweeps.sweep_stage_changes,
    sweeps.sweep_overdue_tests,
    editions.follow_editions,
    reminders.send_evening_reminders,
    reminders.send_morning_reminders,
)
IN_ORDER = list(range(len(SWEEPS)))


@contextmanager
def rolled_back() -> Iterator[None]:
    """Each example begins with an empty town."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def live(
    by: User, registrations: list[tuple[Category, int, int, HomeCheck]], runs: list[int], order: list[int]
) -> list[Episode]:
    """The days as they pass: people are registered at noon, the worker runs at its hours, its tasks in that
    order, and once more when all is over. Returns who was registered."""
    assert by.area is not None
    registered: list[Episode] = []
    happenings: list[tuple[dt.datetime, Registration | None]] = [
        (midnight(FIRST) + dt.timedelta(hours=hour), None) for hour in [*runs, 24 * (LAST - FIRST).days]
    ]
    for number, (category, anchor, late, home_check) in enumerate(registrations):
        registration = entry(
            by.area,
            name="王小" + chr(0x4E00 + number),
            phone=f"138{number:08d}",
            category=category,
            anchor_on=FIRST + anchor * DAY,
            registered_on=FIRST + (anchor + late) * DAY,
            home_check=home_check,
        )
        happenings.append((noon(registration.registered_on), registration))
    for at, registration in sorted(happenings, key=lambda happening: happening[0]):
        if registration is None:
            for place in order:
                SWEEPS[place](at=at)
            continue
        judgement = register([registration], by=by, at=at)[0]
        if judgement.verdict is Verdict.NEW and judgement.episode:
            registered.append(judgement.episode)
    return registered


def outcome() -> object:
    """What does not depend on when the worker ran: dates, stages, events with their due instants."""
    events = EpisodeEvent.objects.filter(
        kind__in=[EventKind.RELEASED, EventKind.STAGE_BEGAN, EventKind.EDITION_CHANGED]
    )
    return (
        sorted(Episode.objects.values_list("person__name", "release_on", "edition", "restricted")),
        sorted(events.values_list("episode__person__name", "kind", "due_at", "clause", "edition")),
        sorted(EpisodeStage.objects.values_list("episode__person__name", "mode", "starts_on", "last_on")),
    )


quietly = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quietly
@given(st.lists(a_registration, min_size=1, max_size=6), hours, st.permutations(range(len(SWEEPS))))
def test_each_restriction_ends_with_one_release_due_at_its_midnight(
    alice: User, registrations: list[tuple[Category, int, int, HomeCheck]], runs: list[int], order: list[int]
) -> None:
    with rolled_back():
        people = live(alice, registrations, runs, order)
        events = EpisodeEvent.objects.filter(kind=EventKind.RELEASED)
        counts = Counter(events.values_list("episode_id", flat=True))
        for episode in people:
            episode.refresh_from_db()
            assert counts[episode.pk] == (1 if episode.restricted else 0)
            assert episode.swept_at is not None
        for event in events.select_related("episode"):
            assert event.due_at == midnight(event.episode.release_on)
            assert event.at >= event.due_at
        keys = Message.objects.values_list("key", flat=True)
        assert len(keys) == len(set(keys))


@quietly
@given(st.lists(a_registration, min_size=1, max_size=4), hours, hours)
def test_what_happened_does_not_depend_on_when_the_worker_ran(
    alice: User,
    registrations: list[tuple[Category, int, int, HomeCheck]],
    one: list[int],
    other: list[int],
) -> None:
    results = []
    for runs in (one, other):
        with rolled_back():
            live(alice, registrations, runs, IN_ORDER)
            results.append(outcome())
    assert results[0] == results[1]


@quietly
@given(st.lists(a_registration, min_size=1, max_size=4), hours)
def test_the_state_follows_from_the_dates_whether_or_not_a_sweep_came(
    alice: User, registrations: list[tuple[Category, int, int, HomeCheck]], runs: list[int]
) -> None:
    """Nobody looks different on any day because the worker ran; under one edition, which moves no end."""
    later = [(category, anchor + 12, late, check) for category, anchor, late, check in registrations]
    days = [FIRST + n * DAY for n in range((LAST - FIRST).days)]
    with rolled_back():
        for registered in live(alice, later, runs, IN_ORDER):
            swept = Episode.objects.get(pk=registered.pk)
            states = [swept.state(on) for on in days]
            assert states == [registered.state(on) for on in days]
            free = {state for on, state in zip(days, states, strict=True) if on >= swept.release_on}
            assert free <= {State.ENDED, State.UNRESTRICTED}
            assert swept.restricted or set(states) == {State.UNRESTRICTED}


@pytest.fixture(autouse=True)
def _sms(settings: pytest.FixtureRequest) -> None:
    settings.SMS_URL = "https://sms.invalid/"
