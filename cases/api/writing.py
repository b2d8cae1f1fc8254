"""From rows to the dictionaries of the answers. Dates stay dates: the renderer writes them."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import Area, User
from cases.models import Episode, EpisodeEvent, Ground, NucleicAcidTest, Person
from cases.rows import EpisodeRow, episode_rows
from cases.rules import RESTRICTING_STATES, TestOrigin
from policy.strip import TestState
from policy.types import TestReason

Json = dict[str, Any]

TEST_STATES = {state: state.name.lower() for state in TestState}
"""The state of a test in words; the strip's own values are short names of marks."""


def codes_of(rows: Iterable[EpisodeRow]) -> dict[int, str]:
    """The administrative codes of the communities of these rows: one query."""
    keys = {row.values["community_id"] for row in rows}
    return dict(Area.objects.filter(pk__in=keys).values_list("pk", "code"))


def episode_line(row: EpisodeRow, codes: Mapping[int, str]) -> Json:
    """One episode of a list."""
    values = row.values
    return {
        "id": row.pk,
        "person": {"id": row.person_id, "name": row.name},
        "community": {"code": codes[values["community_id"]], "name": values["community__name"]},
        **{column: values[column] for column in _COPIED},
        "state": row.state,
        "stage": _stage_today(row),
        "days_left": row.days_left,
        "ending": values["ending"] or None,
        "whereabouts": row.whereabouts,
        "next_test_on": row.next_test.on if row.next_test else None,
        "tests_waiting": len(row.waiting),
        "tests_missed": len(row.missed),
        "key_person": bool(row.key_marks),
        "overdue": [{"reason": each.reason, "since": each.since} for each in row.overdue],
    }


_COPIED = (
    "category",
    "clause",
    "edition",
    "anchor_on",
    "registered_on",
    "restricted",
    "release_on",
    "planned_release_on",
    "ended_at",
    "home_check",
    "home_from",
    "place",
    "code_lifted_at",
    "told_at",
)


def _stage_today(row: EpisodeRow) -> Json | None:
    stage = row.stage
    if stage is None or row.state not in RESTRICTING_STATES:
        return None
    return {
        "mode": stage.mode,
        "day": (row.today - stage.starts_on).days + 1,
        "days": stage.days,
        "may_go_out": stage.may_go_out,
    }


def episode_json(pk: int, today: dt.date) -> Json:
    """One episode with its plan, grounds, tests, days and events."""
    row = episode_rows([pk], today)[0]
    episode = Episode.objects.prefetch_related("stages").get(pk=pk)
    tests = list(NucleicAcidTest.objects.filter(episode=pk).order_by("planned_on", "pk"))
    grounds = Ground.objects.filter(episode=pk).select_related("infection")
    events = EpisodeEvent.objects.filter(episode=pk).select_related("by")
    return episode_line(row, codes_of([row])) | {
        "plan": plan_json(episode, row, tests),
        "grounds": [_ground_json(ground) for ground in grounds],
        "tests": [test_json(test, today) for test in tests],
        "days": [{"on": on, "state": episode.state(on)} for on in _days_of(episode)],
        "events": [_event_json(event) for event in events],
    }


def plan_json(episode: Episode, row: EpisodeRow, tests: Iterable[NucleicAcidTest]) -> Json:
    """The plan as it stands, in the words of /api/v1/policy/plan/: planned dates, dropped ones left out."""
    return {
        "edition": episode.edition,
        "category": episode.category,
        "clause": episode.clause,
        "anchor": episode.anchor,
        "anchor_on": episode.anchor_on,
        "day_one_on": episode.day_one_on,
        "restricted": episode.restricted,
        "stages": [
            {
                "mode": stage.mode,
                "starts_on": stage.starts_on,
                "last_on": stage.last_on,
                "days": stage.days,
                "coded": stage.coded,
                "may_go_out": stage.may_go_out,
            }
            for stage in row.stages
        ],
        "tests": [
            {"on": test.planned_on, "mode": test.mode or None, "day": test.stage_day, "reason": _reason(test)}
            for test in tests
            if test.origin in _BY_PLAN and test.dropped_at is None
        ],
        "release_on": episode.planned_release_on,
    }


_BY_PLAN = (TestOrigin.PLANNED, TestOrigin.REGISTERED_LATE)


def _reason(test: NucleicAcidTest) -> TestReason | None:
    return TestReason.REGISTERED_LATE if test.origin == TestOrigin.REGISTERED_LATE else None


def _days_of(episode: Episode) -> list[dt.date]:
    length = max((episode.release_on - episode.registered_on).days, 0) + 1
    return [episode.registered_on + dt.timedelta(days=n) for n in range(length)]


def _ground_json(ground: Ground) -> Json:
    return {
        "category": ground.category,
        "anchor_on": ground.anchor_on,
        "clause": ground.clause,
        "registered_on": ground.registered_on,
        "isolation_finished": ground.isolation_finished,
        "exposed_to": ground.infection.label if ground.infection else "",
        "document": ground.document,
    }


def _event_json(event: EpisodeEvent) -> Json:
    return {
        "kind": event.kind,
        "at": event.at,
        "due_at": event.due_at,
        "by": event.by.display_name if event.by else None,
        "clause": event.clause,
        "edition": event.edition,
        "reason": event.reason,
        "details": event.details,
    }


def test_json(test: NucleicAcidTest, today: dt.date) -> Json:
    """One test."""
    return {
        "id": test.pk,
        "episode": test.episode_id,
        "person": test.person_id,
        "on": test.planned_on,
        "mode": test.mode or None,
        "day": test.stage_day,
        "origin": test.origin or "planned",
        "scheduled": test.scheduled,
        "state": TEST_STATES[test.state(today)],
        "sampled_at": test.sampled_at,
        "result": test.result or None,
        "ct": float(test.ct) if test.ct is not None else None,
        "resulted_at": test.resulted_at,
        "external_id": test.external_id,
        "dropped_at": test.dropped_at,
    }


test_json.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test


def person_line(person: Person) -> Json:
    """One person of a list; unit, building, compound, community and marks were read with it."""
    return {
        "id": person.pk,
        "name": person.name,
        "sex": person.sex,
        "born_on": person.born_on,
        "id_kind": person.id_kind,
        "id_number": person.masked_id,
        "phone": person.masked_phone,
        "community": {"code": person.community.code, "name": person.community.name},
        "unit": person.unit_id,
        "address": person.address,
        "key_marks": [mark.kind for mark in person.key_marks.all()],
    }


def person_json(person: Person, *, to: User, today: dt.date) -> Json:
    """One person with the episodes that the reader sees."""
    episodes = Episode.objects.visible_to(to).filter(person=person).prefetch_related("stages").order_by("-pk")
    return person_line(person) | {
        "episodes": [
            {
                "id": episode.pk,
                "category": episode.category,
                "anchor_on": episode.anchor_on,
                "state": episode.state(today),
                "release_on": episode.release_on,
            }
            for episode in episodes
        ]
    }
