"""What the clock has done already, written down: releases, stage starts, missed tests.

Nobody becomes free by a sweep; the dates did that at 00:00. A sweep does the side effects: log entry,
health code, message. Each is set-based, in chunks, and safe twice, late, in parallel and after a crash: one
UPDATE claims its rows and names them, and only those are written on, in the same transaction.
"""

import datetime as dt
from collections.abc import Sequence

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Area
from cases.actions.editions import follow_editions
from cases.actions.event_sets import write_events
from cases.actions.reminders import retract_outdated, tell_of_going_home
from cases.actions.stages import stage_starts, write_stage_starts
from cases.actions.telling import by_office, morning_has_come, tell_offices
from cases.models import Episode, NucleicAcidTest, Person
from cases.rules import Ending, EventKind
from notices.actions import channel_is_on
from notices.models import Message
from notices.rules import Channel, MessageKind, MessageState
from notices.sets import (
    MessageSet,
    Sql,
    among,
    chosen,
    days_between,
    greatest,
    instant,
    iso,
    midnight_of,
    returning,
    table,
    write_messages,
)
from policy.loading import EditionError
from policy.models import NoEditionInForce

log = structlog.get_logger("jiefeng.cases")

CHUNK = 10_000
"""How many rows one transaction claims; SQLite keeps other writers waiting for so long."""
TELL_WITHIN = dt.timedelta(days=2)
"""How long after the sweep the message of a release may still go out."""


# ── releases ─────────────────────────────────────────────────────────────────────────────────────


def sweep_releases(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Do the side effects of every release that is due at that instant; returns how many there were.

    What belongs before a release comes first, also when nothing ran for days: whoever a change of edition
    freed earlier is released as of that date, and stages that began have their event.
    """
    today = timezone.localdate(at)
    if dry_run:
        return Episode.objects.due_for_release(today).count()
    _follow_editions(at)
    write_stage_starts(stage_starts(today), at)
    done = _sweep_due(today, at)
    _note_told(at)
    Episode.objects.unsettled().settle(at)
    retract_outdated(at=at)
    return done


def _sweep_due(today: dt.date, at: dt.datetime) -> int:
    """Chunk by chunk until one is not full: what is left then is in the hands of others."""
    done, swept = 0, CHUNK
    while swept >= CHUNK:
        with transaction.atomic():
            swept = _release(_claim_due(today, at), at)
        done += swept
    return done


def release_due(*, people: Sequence[int], at: dt.datetime) -> int:
    """The same for these people only, inside the caller's transaction, before something new begins.

    Waits for a sweep that holds one of them, and then finds that one done.
    """
    if not people:
        return 0
    today = timezone.localdate(at)
    due = Episode.objects.due_for_release(today).filter(person__in=people).order_by("pk")
    ids = list(due.select_for_update(no_key=True).values_list("pk", flat=True))
    if not ids:
        return 0
    write_stage_starts(stage_starts(today).filter(episode__in=ids), at)
    return _release(_claim(among("id", ids), at), at)


def _follow_editions(at: dt.datetime) -> None:
    """A release does not wait for an edition that can't be read."""
    try:
        follow_editions(at=at)
    except (EditionError, NoEditionInForce) as trouble:
        log.error("editions not followed", reason=type(trouble).__name__)


def _claim_due(today: dt.date, at: dt.datetime) -> list[int]:
    """Claim a chunk of those whose side effects nobody has done or is doing."""
    due = Episode.objects.due_for_release(today).order_by("release_on", "pk")
    return _claim(chosen("id", due.select_for_update(skip_locked=True, no_key=True)[:CHUNK]), at)


def _claim(which: Sql, at: dt.datetime) -> list[int]:
    """Stamp them as swept, and their code as lifted; the condition stands in the UPDATE, so only once."""
    claim = f"""UPDATE {table(Episode)} SET swept_at = %s, code_lifted_at = COALESCE(code_lifted_at, %s)
                WHERE swept_at IS NULL AND ending = %s AND"""  # noqa: S608
    return returning(Sql(claim, (instant(at), instant(at), Ending.BY_THE_CLOCK)), which, Sql("RETURNING id"))


def _release(ids: Sequence[int], at: dt.datetime) -> int:
    """Write what belongs to the release of these episodes; returns how many they are."""
    if ids:
        these = among("episode.id", ids)
        _write_release_events(these, at)
        _write_code_messages(these, at)
        _write_release_messages(these, at)
    return len(ids)


def _write_release_events(these: Sql, at: dt.datetime) -> None:
    source = Sql(f"FROM {table(Episode)} AS episode WHERE episode.restricted AND")
    write_events(EventKind.RELEASED, source, these, at=at, due_at=midnight_of("episode.release_on"))


def _write_code_messages(these: Sql, at: dt.datetime) -> None:
    """The health-code system hears once of each code that is lifted."""
    messages = MessageSet(
        kind=MessageKind.CODE_LIFTED,
        channel=Channel.HEALTH_CODE,
        key="'code-lifted:' || episode.id",
        context={"episode": "episode.id", "code": "'lifted'", "at": f"'{at.isoformat()}'"},
    )
    source = Sql(f"FROM {table(Episode)} AS episode WHERE episode.code_assigned_at IS NOT NULL AND")
    write_messages(messages, source, these, at=at)


def _write_release_messages(these: Sql, at: dt.datetime) -> None:
    """One message to each resident with a telephone; the encrypted number is copied as it is."""
    first_day = greatest("episode.registered_on", "episode.day_one_on")
    messages = MessageSet(
        kind=MessageKind.RELEASED,
        channel=Channel.SMS,
        key="'released:' || episode.id",
        recipient="person.phone",
        context={
            "release_on": iso("episode.release_on"),
            "days": days_between(first_day, "episode.release_on"),
            "clause": "episode.clause",
            "notice_phone": "area.duty_phone",
        },
        not_after=at + TELL_WITHIN,
    )
    source = Sql(
        f"""FROM {table(Episode)} AS episode
            JOIN {table(Person)} AS person ON person.id = episode.person_id
            JOIN {table(Area)} AS area ON area.id = episode.community_id
            WHERE episode.restricted AND person.phone <> '' AND"""
    )
    write_messages(messages, source, these, at=at)


def _note_told(at: dt.datetime) -> None:
    """Whoever's release message has gone out was told at that moment."""
    if not channel_is_on(Channel.SMS):
        return
    episodes, messages = table(Episode), table(Message)
    told = f"""UPDATE {episodes} SET told_at = {messages}.sent_at FROM {messages}
               WHERE {messages}.key = 'released:' || {episodes}.id AND {messages}.state = %s
                   AND {episodes}.settled_at IS NULL AND {episodes}.swept_at IS NOT NULL
                   AND {episodes}.told_at IS NULL AND {episodes}.ending = %s
               RETURNING {episodes}.id"""  # noqa: S608
    with transaction.atomic():
        if ids := returning(Sql(told, (MessageState.SENT, Ending.BY_THE_CLOCK))):
            source = Sql(f"FROM {episodes} AS episode WHERE")
            write_events(EventKind.TOLD, source, among("episode.id", ids), at=at)


# ── stage starts ─────────────────────────────────────────────────────────────────────────────────


def sweep_stage_changes(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Write down each stage after the first that began by today; returns how many had not been yet.

    From the hour of the morning reminders on, the staff of each community are told once how many go home
    today and how many of those homes nobody has checked.
    """
    stages = stage_starts(timezone.localdate(at))
    if dry_run:
        return stages.count()
    written = write_stage_starts(stages, at)
    if morning_has_come(at):
        tell_of_going_home(at=at)
    return written


# ── missed tests ─────────────────────────────────────────────────────────────────────────────────


def sweep_overdue_tests(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Note each test that nobody came to take on its day, once; returns how many there were.

    It is our failure and holds nobody: no date moves. The staff of each community are told once for each
    day of tests how many they were.
    """
    missed = NucleicAcidTest.objects.missed(timezone.localdate(at)).filter(missed_noted_at=None)
    if dry_run:
        return missed.count()
    dates = missed.order_by("planned_on").values_list("planned_on", flat=True).distinct()
    return sum(
        _note_missed(missed.filter(planned_on=planned_on), planned_on, at) for planned_on in list(dates)
    )


def _note_missed(missed: "QuerySet[NucleicAcidTest]", planned_on: dt.date, at: dt.datetime) -> int:
    """One day's missed tests in one transaction, so that the message counts what was noted.

    It waits for rows that another run holds instead of skipping them: the day has one message, and two runs
    that shared the rows would each count a part.
    """
    with transaction.atomic():
        tests = table(NucleicAcidTest)
        claim = f"UPDATE {tests} SET missed_noted_at = %s WHERE missed_noted_at IS NULL AND"  # noqa: S608
        free = missed.order_by("pk").select_for_update(no_key=True, of=("self",))
        noted = returning(Sql(claim, (instant(at),)), chosen("id", free), Sql("RETURNING episode_id"))
        counts = by_office(_offices(noted))
        contexts = {
            community: {"count": count, "oldest_on": str(planned_on)} for community, count in counts.items()
        }
        tell_offices(MessageKind.TESTS_OVERDUE, planned_on, contexts, at=at)
    return len(noted)


def _offices(episodes: Sequence[int]) -> list[tuple[int, int | None]]:
    """Home and host community of each of these, as often as it is named."""
    concerned = {
        pk: (home, host)
        for pk, home, host in Episode.objects.filter(pk__in=set(episodes)).values_list(
            "pk", "community_id", "host_community_id"
        )
    }
    return [concerned[pk] for pk in episodes]
