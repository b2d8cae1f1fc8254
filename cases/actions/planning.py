"""From grounds to rows: the plan of an episode, written as stages and tests, and written anew."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from accounts.models import User
from cases.models import Episode, EpisodeEvent, EpisodeStage, Ground, NucleicAcidTest
from cases.rules import EventKind, HomeCheck, TestOrigin
from policy import rules
from policy.clock import midnight
from policy.models import edition_by_code
from policy.refusals import RuleViolation
from policy.types import Category, Edition, IsolationFinished, Mode, Plan, PlannedTest, TestReason
from policy.types import Ground as PlanGround

# The key-by-key copies of a plan that stand on the episode, so that lists need not read the stages.
HEADLINE = (
    "edition",
    "category",
    "clause",
    "anchor",
    "anchor_on",
    "restricted",
    "day_one_on",
    "home_from",
    "release_on",
    "planned_release_on",
)


def plan_grounds(grounds: Iterable[Ground]) -> list[PlanGround]:
    """The grounds of an episode as the rules read them."""
    return [
        PlanGround(
            category=Category(ground.category),
            anchor_on=ground.anchor_on,
            registered_on=ground.registered_on,
            isolation_finished=IsolationFinished(ground.isolation_finished),
        )
        for ground in grounds
    ]


def plan_of(edition: Edition, grounds: Iterable[Ground], home_check: HomeCheck | str) -> Plan:
    """The plan of a saved episode; only a home that was found unsuitable changes it (N三(一)).

    A ground that the edition has no rule for any more holds nobody. Raises RuleViolation when none is left.
    """
    saved = plan_grounds(grounds)
    holding = rules.still_ruled(edition, saved) or saved
    return rules.plan(edition, holding, home_suitable=home_check != HomeCheck.UNSUITABLE)


def plan_with(episode: Episode, changed: Ground) -> Plan:
    """The plan of an open episode after one of its grounds was added or moved to a later date.

    The end is the later of the one that was promised and that of this ground by the episode's own edition:
    what another edition has shortened before is not brought back by a fact about something else.
    """
    edition = edition_by_code(episode.edition)
    whole = plan_of(edition, episode.grounds.all(), episode.home_check)
    return rules.capped(whole, max(episode.release_on, _end_of(edition, changed)))


def _end_of(edition: Edition, ground: Ground) -> dt.date:
    """The end of that ground as if it stood alone; the earliest of all dates where it holds nobody."""
    try:
        alone = rules.plan(edition, plan_grounds([ground]))
    except RuleViolation:
        return dt.date.min
    return alone.release_on if alone.restricted else dt.date.min


def home_from(plan: Plan) -> dt.date | None:
    """The first date on which the person is to be at home; None when the whole plan is central."""
    at_home = [stage for stage in plan.stages if stage.mode is not Mode.CENTRAL]
    last_central = max((s.last_on for s in plan.stages if s.mode is Mode.CENTRAL), default=dt.date.min)
    return next((stage.starts_on for stage in at_home if stage.starts_on > last_central), None)


def headline(plan: Plan) -> dict[str, Any]:
    """What an episode carries of its plan; see `HEADLINE`."""
    return {
        "edition": plan.edition,
        "category": plan.category,
        "clause": plan.clause,
        "anchor": plan.anchor,
        "anchor_on": plan.anchor_on,
        "restricted": plan.restricted,
        "day_one_on": plan.day_one_on,
        "home_from": home_from(plan),
        "release_on": plan.release_on,
        "planned_release_on": plan.release_on,
    }


def stage_rows(episode: Episode, plan: Plan) -> list[EpisodeStage]:
    """The stages of a plan as unsaved rows."""
    return [
        EpisodeStage(
            episode=episode,
            number=number,
            category=stage.category,
            mode=stage.mode,
            starts_on=stage.starts_on,
            last_on=stage.last_on,
            coded=stage.coded,
            may_go_out=stage.may_go_out,
            clause=stage.clause,
        )
        for number, stage in enumerate(plan.stages, start=1)
    ]


def test_rows(episode: Episode, tests: Iterable[PlannedTest]) -> list[NucleicAcidTest]:
    """Planned tests as unsaved rows."""
    return [
        NucleicAcidTest(
            person_id=episode.person_id,
            episode=episode,
            planned_on=test.on,
            mode=test.mode or "",
            stage_day=test.day,
            origin=TestOrigin.REGISTERED_LATE if test.reason is TestReason.REGISTERED_LATE else "",
            clause=test.clause,
        )
        for test in tests
    ]


def replan(episode: Episode, plan: Plan, *, on: dt.date, at: dt.datetime) -> None:
    """Write a changed plan over the old one: headline, stages, and the tests from `on` (today) onwards.

    What was sampled, answered or missed stays as it happened; tests of coming dates that the new plan
    does not name are dropped, those that it adds are made. Belongs in the caller's transaction; saves the
    episode's headline.
    """
    for column, value in headline(plan).items():
        setattr(episode, column, value)
    episode.save(update_fields=list(HEADLINE))
    episode.stages.all().delete()
    EpisodeStage.objects.bulk_create(stage_rows(episode, plan))
    _replace_coming_tests(episode, plan.tests, on=on, at=at)


def _replace_coming_tests(
    episode: Episode, planned: Sequence[PlannedTest], *, on: dt.date, at: dt.datetime
) -> None:
    coming = {test.on: test for test in planned if test.on >= on}
    untaken = NucleicAcidTest.objects.filter(
        episode=episode, scheduled=True, dropped_at=None, sampled_at=None, result="", planned_on__gte=on
    )
    untaken.exclude(planned_on__in=coming).exclude(origin=TestOrigin.REPEAT).update(dropped_at=at)
    untaken.filter(planned_on__gte=episode.release_on).exclude(planned_on__in=coming).update(dropped_at=at)
    taken_dates = set(
        NucleicAcidTest.objects.filter(
            person_id=episode.person_id, scheduled=True, dropped_at=None, planned_on__gte=on
        ).values_list("planned_on", flat=True)
    )
    for kept in untaken.filter(planned_on__in=coming):
        _relabel(kept, coming[kept.planned_on])
    NucleicAcidTest.objects.bulk_create(
        test_rows(episode, [test for day, test in coming.items() if day not in taken_dates])
    )


def _relabel(kept: NucleicAcidTest, planned: PlannedTest) -> None:
    """A test that stays on its date may have moved to another stage: 'home day 1' became 'central day 1'."""
    mode = planned.mode or ""
    if (kept.mode, kept.stage_day, kept.clause) != (mode, planned.day, planned.clause):
        NucleicAcidTest.objects.filter(pk=kept.pk).update(
            mode=mode, stage_day=planned.day, clause=planned.clause
        )


def note(
    episode: Episode,
    kind: EventKind,
    *,
    at: dt.datetime,
    by: User | None,
    clause: str = "",
    reason: str = "",
    due_on: dt.date | None = None,
    **details: Any,
) -> EpisodeEvent:
    """Write one event. `details` are dates, codes and keys of rows, never a name or number of a person."""
    return EpisodeEvent.objects.create(
        **event_values(episode, kind, at=at, by=by, clause=clause, reason=reason, due_on=due_on, **details)
    )


def event_values(
    episode: Episode,
    kind: EventKind,
    *,
    at: dt.datetime,
    by: User | None,
    clause: str = "",
    reason: str = "",
    due_on: dt.date | None = None,
    **details: Any,
) -> dict[str, Any]:
    """The columns of an event, for one row or for many at once."""
    return {
        "episode": episode,
        "kind": kind,
        "at": at,
        "by": by,
        "clause": clause,
        "edition": episode.edition,
        "reason": reason,
        "due_at": midnight(due_on) if due_on else None,
        "details": {
            key: str(value) if isinstance(value, dt.date) else value for key, value in details.items()
        },
    }


def drop_coming_tests(episode: Episode, *, at: dt.datetime) -> int:
    """Drop every test that was not taken by now, today's included; returns how many."""
    return NucleicAcidTest.objects.filter(
        episode=episode,
        dropped_at=None,
        sampled_at=None,
        result="",
        planned_on__gte=timezone.localdate(at),
    ).update(dropped_at=at)
