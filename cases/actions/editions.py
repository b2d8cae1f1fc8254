"""Open episodes follow the edition in force: planned anew from their own anchors, never to a later end.

A change of edition is a fact with a date. When nothing ran on that date, the ends are still those that
follow from it: whoever the new edition has no rule for is free from its first day, not from the day on
which we got round to it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from cases.actions.planning import event_values, headline, plan_grounds, stage_rows, test_rows
from cases.actions.stages import stage_starts, write_stage_starts
from cases.models import Episode, EpisodeEvent, EpisodeStage, NucleicAcidTest
from cases.rules import Ending, EventKind, HomeCheck, TestOrigin
from policy import rules
from policy.models import activation_in_force
from policy.refusals import RuleViolation
from policy.types import Edition, Ground, Plan

CHUNK = 500
DAY = dt.timedelta(days=1)
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Change:
    """The edition in force, and the date on which it took the place of the one before."""

    edition: Edition
    on: dt.date
    today: dt.date
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class _Freed:
    """By the new edition nothing is left to serve, or it has no rule for this (no clause, no hold)."""

    release_on: dt.date
    clause: str


def follow_edition(episode: Episode, *, at: dt.datetime) -> bool:
    """Plan an open episode anew when another edition is in force than the one that it stands under.

    Days already served count; the end is the earlier of the old and the new one. Where the new edition has
    no rule any more, the person is free from its first day: no clause, no hold. Returns whether anything
    was planned.
    """
    change = _change_in_force(at)
    if episode.edition == change.edition.code:
        return False
    done = _follow([episode.pk], change)
    episode.refresh_from_db()
    return bool(done)


def follow_editions(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Do that for every open episode under another edition; returns how many there were."""
    change = _change_in_force(at)
    behind = _behind(change)
    if dry_run:
        return behind.count()
    done, last = 0, 0
    while ids := list(behind.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        done += _follow(ids, change)
        last = ids[-1]
    return done


def _change_in_force(at: dt.datetime) -> _Change:
    """An edition frees nobody before it is in force, nor before somebody activated it."""
    today = timezone.localdate(at)
    activation = activation_in_force(today)
    changed_on = activation.from_on
    if activation.activated_by_id is not None:
        changed_on = max(changed_on, timezone.localdate(activation.activated_at))
    return _Change(activation.edition.resolved(), min(changed_on, today), today, at)


def _behind(change: _Change) -> "QuerySet[Episode]":
    """Episodes under another edition that still held when the present one came into force, unswept."""
    return Episode.objects.filter(
        swept_at=None,
        ending=Ending.BY_THE_CLOCK,
        restricted=True,
        registered_on__lte=change.today,  # a demo's clock can be set back
        release_on__gt=change.on,
    ).exclude(edition=change.edition.code)


def _follow(ids: Sequence[int], change: _Change) -> int:
    """Plan these anew, those of them that nobody else has in hand; returns how many."""
    with transaction.atomic():
        mine = (
            _behind(change).filter(pk__in=ids).order_by("pk").select_for_update(skip_locked=True, no_key=True)
        )
        episodes = list(mine.prefetch_related("grounds"))
        if not episodes:  # another run was faster
            return 0
        # What began by the old plan did so under the old edition, however late we come.
        write_stage_starts(stage_starts(change.on - DAY).filter(episode__in=episodes), change.at)
        outcomes = _outcomes(episodes, change)
        replanned = [(e, o) for e, o in zip(episodes, outcomes, strict=True) if isinstance(o, Plan)]
        freed = [(e, o) for e, o in zip(episodes, outcomes, strict=True) if isinstance(o, _Freed)]
        events = [
            _event(episode, outcome, change) for episode, outcome in zip(episodes, outcomes, strict=True)
        ]
        _replan(replanned, change)
        _free(freed, change)
        EpisodeEvent.objects.bulk_create(events)
    return len(episodes)


def _outcomes(episodes: Sequence[Episode], change: _Change) -> list[Plan | _Freed]:
    """What becomes of each. Many share anchor, registration and end: such a group is planned once."""
    known: dict[Hashable, Plan | _Freed] = {}
    outcomes = []
    for episode in episodes:
        grounds = tuple(plan_grounds(episode.grounds.all()))
        suitable = episode.home_check != HomeCheck.UNSUITABLE
        key = (grounds, suitable, episode.registered_on, episode.release_on)
        if key not in known:
            known[key] = _outcome(episode, grounds, change, home_suitable=suitable)
        outcomes.append(known[key])
    return outcomes


def _outcome(
    episode: Episode, grounds: Sequence[Ground], change: _Change, *, home_suitable: bool
) -> Plan | _Freed:
    first_free = min(max(change.on, episode.registered_on), episode.release_on)
    holding = rules.still_ruled(change.edition, grounds) or grounds
    try:
        plan = rules.plan(change.edition, holding, home_suitable=home_suitable)
    except RuleViolation as gone:
        return _Freed(first_free, gone.clause)
    if not plan.restricted or plan.release_on <= first_free:
        return _Freed(first_free, plan.clause)
    return rules.capped(plan, episode.release_on)


def _event(episode: Episode, outcome: Plan | _Freed, change: _Change) -> EpisodeEvent:
    """One event that names both editions; due when the new one came into force."""
    values = event_values(
        episode,
        EventKind.EDITION_CHANGED,
        at=change.at,
        by=None,
        clause=outcome.clause,
        due_on=change.on,
        edition_before=episode.edition,
        edition_after=change.edition.code,
        release_before=episode.release_on,
        release_on=outcome.release_on,
    )
    return EpisodeEvent(**values | {"edition": change.edition.code})


def _free(freed: Sequence[tuple[Episode, _Freed]], change: _Change) -> None:
    """Let them go from that date: stages stay as they were served, the planned end beside the real one."""
    for release_on, ids in _grouped((outcome.release_on, episode.pk) for episode, outcome in freed).items():
        Episode.objects.filter(pk__in=ids).update(release_on=release_on, edition=change.edition.code)
        stages = EpisodeStage.objects.filter(episode__in=ids)
        stages.filter(starts_on__gte=release_on).delete()
        stages.filter(last_on__gte=release_on).update(last_on=release_on - DAY)
        _untaken(ids).filter(planned_on__gte=release_on).update(dropped_at=change.at)


def _replan(planned: Sequence[tuple[Episode, Plan]], change: _Change) -> None:
    """Write the plans over the old ones: headlines, stages, coming tests (`planning.replan` for many)."""
    for plan, ids in _grouped((plan, episode.pk) for episode, plan in planned).items():
        Episode.objects.filter(pk__in=ids).update(**headline(plan))
    EpisodeStage.objects.filter(episode__in=[episode.pk for episode, _ in planned]).delete()
    EpisodeStage.objects.bulk_create(
        [stage for episode, plan in planned for stage in stage_rows(episode, plan)]
    )
    _replace_coming_tests(planned, change)


def _replace_coming_tests(planned: Sequence[tuple[Episode, Plan]], change: _Change) -> None:
    """Tests from today on follow the new plans; what was taken, answered or missed stays as it happened."""
    standing = _standing_tests(planned, change)
    dropped: list[int] = []
    relabelled: dict[tuple[str, int | None, str], list[int]] = defaultdict(list)
    added: list[NucleicAcidTest] = []
    for episode, plan in planned:
        coming = {test.on: test for test in plan.tests if test.on >= change.today}
        taken: set[dt.date] = set()
        for test in standing[episode.person_id]:
            named = coming.get(test.planned_on)
            if not _is_untaken(test, episode) or (named is None and _stays(test, plan, change.today)):
                taken.add(test.planned_on)
            elif named is None:
                dropped.append(test.pk)
            else:
                taken.add(test.planned_on)
                label = (str(named.mode or ""), named.day, named.clause)
                if label != (test.mode, test.stage_day, test.clause):
                    relabelled[label].append(test.pk)
        added += test_rows(episode, [test for on, test in coming.items() if on not in taken])
    NucleicAcidTest.objects.filter(pk__in=dropped).update(dropped_at=change.at)
    for (mode, day, clause), ids in relabelled.items():
        NucleicAcidTest.objects.filter(pk__in=ids).update(mode=mode, stage_day=day, clause=clause)
    NucleicAcidTest.objects.bulk_create(added)


def _standing_tests(
    planned: Sequence[tuple[Episode, Plan]], change: _Change
) -> Mapping[int, Sequence[NucleicAcidTest]]:
    """By person, the scheduled tests from today on, or from the new end where that lies before today."""
    first = min((plan.release_on for _, plan in planned), default=change.today)
    tests = NucleicAcidTest.objects.standing().filter(
        person__in=[episode.person_id for episode, _ in planned],
        scheduled=True,
        planned_on__gte=min(first, change.today),
    )
    found: dict[int, list[NucleicAcidTest]] = defaultdict(list)
    for test in tests:
        found[test.person_id].append(test)
    return found


def _is_untaken(test: NucleicAcidTest, episode: Episode) -> bool:
    return test.episode_id == episode.pk and test.sampled_at is None and not test.result


def _stays(test: NucleicAcidTest, plan: Plan, today: dt.date) -> bool:
    """Of tests that the plan does not name: missed ones, and repeats of a sample that said nothing."""
    if test.planned_on >= plan.release_on:
        return False
    return test.planned_on < today or test.origin == TestOrigin.REPEAT


def _untaken(episodes: Sequence[int]) -> "QuerySet[NucleicAcidTest]":
    return NucleicAcidTest.objects.standing().filter(episode__in=episodes, sampled_at=None, result="")


def _grouped(pairs: Iterable[tuple[K, int]]) -> dict[K, list[int]]:
    """The numbers that share a key, by key."""
    groups: dict[K, list[int]] = defaultdict(list)
    for key, number in pairs:
        groups[key].append(number)
    return groups
