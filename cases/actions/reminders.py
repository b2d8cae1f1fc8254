"""Reminders of tests: to each resident the evening before and in the morning, to the staff what a day brings.

Every reminder is an outbox row before anything is sent, and its key names person and date: however often a
sweep runs, whatever is dropped and planned anew in between, nobody is written the same twice.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Area
from cases.actions.telling import by_office, tell_offices
from cases.models import Episode, EpisodeStage, NucleicAcidTest, Person
from cases.rules import PLACES, Ending, HomeCheck, Place
from notices.actions import channel_is_on
from notices.models import Message
from notices.rules import Channel, Failure, MessageKind, MessageState, failure_code
from notices.sets import MessageSet, Sql, chosen, table, write_messages
from policy.clock import midnight
from policy.models import NoEditionInForce, edition_in_force
from policy.types import Mode

CHUNK = 20_000
"""How many messages one statement writes: each looks through all who are still to be written to."""
DAY = dt.timedelta(days=1)
QUIET_FROM = dt.time(22)
"""No resident is written to later in the evening, even when the worker was away until then."""


class Reminder(StrEnum):
    """The two times of day at which people are reminded."""

    EVENING = "evening"
    MORNING = "morning"


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many residents were written to, and how many communities' staff were told something."""

    residents: int = 0
    offices: int = 0


def is_time_for(reminder: Reminder, at: dt.datetime) -> bool:
    """Whether residents may be reminded now: from the hour of the settings on, and not at night.

    The tasks ask this every few minutes, so that a worker that was away, or killed, catches up the same
    evening or morning.
    """
    time = timezone.localtime(at).time()
    if reminder is Reminder.MORNING:
        return settings.REMINDER_MORNING <= time < settings.REMINDER_EVENING
    return time >= settings.REMINDER_EVENING and (
        time < QUIET_FROM or settings.REMINDER_EVENING >= QUIET_FROM
    )


def send_evening_reminders(*, at: dt.datetime, dry_run: bool = False) -> Reminded:
    """Remind of tomorrow's tests: each resident with a telephone, and the staff with numbers by place.

    Nothing of it goes out after midnight: then it is no longer "tomorrow".
    """
    tomorrow = timezone.localdate(at) + DAY
    residents = _remind_residents(
        MessageKind.TEST_TOMORROW, tomorrow, at=at, not_after=midnight(tomorrow), dry_run=dry_run
    )
    if dry_run:
        return Reminded(residents)
    offices = _tell_of_tests(MessageKind.TESTS_TOMORROW, tomorrow, at=at, not_after=midnight(tomorrow))
    return Reminded(residents, offices)


def send_morning_reminders(*, at: dt.datetime, dry_run: bool = False) -> Reminded:
    """Remind of today's tests that nobody has taken yet, and tell the staff what today brings.

    The staff hear of tests, of releases and of those who go home. Nothing of it goes out after today.
    """
    today = timezone.localdate(at)
    ends = midnight(today + DAY)
    residents = _remind_residents(MessageKind.TEST_TODAY, today, at=at, not_after=ends, dry_run=dry_run)
    if dry_run:
        return Reminded(residents)
    offices = _tell_of_tests(MessageKind.TESTS_TODAY, today, at=at, not_after=ends)
    offices += _tell_of_releases(today, at=at, not_after=ends)
    offices += tell_of_going_home(at=at)
    return Reminded(residents, offices)


# ── to the residents ─────────────────────────────────────────────────────────────────────────────


def to_remind(on: dt.date) -> "QuerySet[NucleicAcidTest]":
    """The scheduled tests of that date that nobody has taken, of people who are still under their plan.

    Without whoever was released, transferred or withdrawn, and without the one test of somebody who came
    too late for a restriction: nothing is sent after the end.
    """
    return NucleicAcidTest.objects.to_take(on).filter(
        scheduled=True,
        episode__ending=Ending.BY_THE_CLOCK,
        episode__restricted=True,
        episode__release_on__gt=on,
    )


def _remind_residents(
    kind: MessageKind, on: dt.date, *, at: dt.datetime, not_after: dt.datetime, dry_run: bool
) -> int:
    """One message to each who has a telephone; the encrypted number is copied as it is."""
    key = f"{kind}:{on}:"
    written = Message.objects.filter(
        key__startswith=key,  # so that the database need not read every message there ever was
        key=Concat(Value(key), Cast(OuterRef("person_id"), CharField()), output_field=CharField()),
    )
    unwritten = to_remind(on).exclude(person__phone="").filter(~Exists(written))
    if dry_run:
        return unwritten.count()
    messages = MessageSet(
        kind=kind,
        channel=Channel.SMS,
        key=f"'{key}' || person.id",
        recipient="person.phone",
        context={"on": f"'{on}'", "notice_phone": "area.duty_phone"},
        not_after=not_after,
    )
    done = 0
    while chunk := _write_chunk(messages, unwritten.order_by("pk")[:CHUNK], at):
        done += chunk
    return done


def _write_chunk(messages: MessageSet, tests: "QuerySet[NucleicAcidTest]", at: dt.datetime) -> int:
    source = Sql(
        f"""FROM {table(NucleicAcidTest)} AS test
            JOIN {table(Episode)} AS episode ON episode.id = test.episode_id
            JOIN {table(Person)} AS person ON person.id = test.person_id
            JOIN {table(Area)} AS area ON area.id = episode.community_id
            WHERE"""
    )
    return write_messages(messages, source, chosen("test.id", tests), at=at)


def retract_outdated(*, at: dt.datetime) -> int:
    """Take back what waits to be sent and is no longer true; returns how many messages that were.

    A reminder of a test that was taken or dropped or whose plan has ended, and the release message of
    somebody who turned out positive. What a delivery has in its hands already goes out.
    """
    if not channel_is_on(Channel.SMS):
        return 0
    waiting = Message.objects.waiting().filter(channel=Channel.SMS, claim="")
    kinds = set(waiting.order_by().values_list("kind", flat=True).distinct())
    return sum(
        _outdated(waiting.filter(kind=kind), kind, timezone.localdate(at)).update(
            state=MessageState.EXPIRED, recipient="", last_error=failure_code(Failure.SUPERSEDED)
        )
        for kind in kinds
    )


def _outdated(waiting: "QuerySet[Message]", kind: str, today: dt.date) -> "QuerySet[Message]":
    """Those of one kind that are no longer true."""
    if kind == MessageKind.TEST_TOMORROW:
        return waiting.exclude(subject__in=_subjects(to_remind(today + DAY)))
    if kind == MessageKind.TEST_TODAY:
        return waiting.exclude(subject__in=_subjects(to_remind(today)))
    transferred = Episode.objects.awaiting_transfer().values_list("pk", flat=True)
    return waiting.filter(kind=MessageKind.RELEASED, subject__in=[f"episode:{pk}" for pk in transferred])


def _subjects(tests: "QuerySet[NucleicAcidTest]") -> "QuerySet[Any, Any]":
    subject = Concat(Value("episode:"), Cast("episode_id", CharField()), output_field=CharField())
    return tests.annotate(about=subject).values("about")


# ── to the staff ─────────────────────────────────────────────────────────────────────────────────


def _tell_of_tests(kind: MessageKind, on: dt.date, *, at: dt.datetime, not_after: dt.datetime) -> int:
    """How many tests of that date are to be taken at which place: home by building, isolation by site."""
    with translation.override(settings.LANGUAGE_CODE):
        contexts = {
            community: {"count": places.total(), "by_place": places.most_common()}
            for community, places in _tests_by_place(on).items()
        }
    return tell_offices(kind, on, contexts, at=at, not_after=not_after)


def _tests_by_place(on: dt.date) -> Mapping[int, Counter[str]]:
    """For each community that has to do with them, the number of tests to take at each place."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    columns = (
        "episode__community_id",
        "episode__host_community_id",
        "episode__place",
        "episode__room__site__name",
        "episode__person__unit__building__compound__name",
        "episode__person__unit__building__name",
    )
    # In a fixed order, so that places with equal numbers stand in the same order on every database.
    groups = NucleicAcidTest.objects.to_take(on).order_by("episode__place", *columns).values_list(*columns)
    for home, host, place, site, compound, building, number in groups.annotate(n=Count("pk")):
        name = _place_name(place, site, compound, building)
        found[home][name] += number
        if host not in (None, home):
            found[host][name] += number
    return found


def _place_name(place: str, site: str | None, compound: str | None, building: str | None) -> str:
    if place == Place.SITE:
        return site or str(PLACES[Place.SITE])
    if place == Place.HOSPITAL:
        return str(PLACES[Place.HOSPITAL])
    return f"{compound} {building}" if compound else _("address not known")


def _tell_of_releases(today: dt.date, *, at: dt.datetime, not_after: dt.datetime) -> int:
    """How many are free from today, swept or not."""
    released = Episode.objects.releasing_on(today)
    counts = by_office(released.values_list("community_id", "host_community_id"))
    contexts = {community: {"count": count} for community, count in counts.items()}
    return tell_offices(MessageKind.RELEASES, today, contexts, at=at, not_after=not_after)


def tell_of_going_home(*, at: dt.datetime) -> int:
    """Tell each community's staff once how many go home from central isolation today.

    With the number of homes that nobody has checked, which comes before home isolation (N三(一)). Returns
    how many communities were told.
    """
    today = timezone.localdate(at)
    going = _going_home(today)
    counts = by_office(going.values_list("community_id", "host_community_id"))
    unchecked = by_office(
        going.filter(_needs_check(today), home_check=HomeCheck.UNCHECKED).values_list(
            "community_id", "host_community_id"
        )
    )
    contexts = {
        community: {"count": count, "unchecked": unchecked[community], "clause": _home_clause(today)}
        for community, count in counts.items()
    }
    return tell_offices(MessageKind.STAGE_CHANGES, today, contexts, at=at, not_after=midnight(today + DAY))


def _going_home(today: dt.date) -> "QuerySet[Episode]":
    """Those whose central part ended yesterday and who are not free yet."""
    ended = EpisodeStage.objects.filter(episode=OuterRef("pk"), mode=Mode.CENTRAL, last_on=today - DAY)
    return Episode.objects.restricting(today).filter(
        Exists(ended), home_from=today, registered_on__lt=F("home_from")
    )


def _needs_check(today: dt.date) -> Q:
    home = EpisodeStage.objects.filter(episode=OuterRef("pk"), mode=Mode.HOME, starts_on=today)
    return Q(Exists(home))


def _home_clause(today: dt.date) -> str:
    try:
        return edition_in_force(today).home_condition_clause
    except NoEditionInForce:
        return ""
