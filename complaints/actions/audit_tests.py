"""What the self-audit asks of tests: two a day, of whoever is free, or asked for by no rule (N二(六)).

Rounds at the door of a unit are counted and name nobody, so they are compared with the unit: one a date, and
none once it is open.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from cases.models import Episode, NucleicAcidTest
from cases.models.testing import RUNNING
from cases.rules import Ending, TestOrigin
from complaints.actions.audit_people import EPISODES_AT_ONCE, Allowed, repeated
from complaints.actions.audit_zones import Editions, by_community
from complaints.rules.auditing import Asked, Finding, FindingKind, beyond, is_after_opening, is_too_many
from policy.types import Plan
from zones.models import UnitRound

LOOK_BACK = dt.timedelta(days=14)
"""Results come late; what is older was looked at when it was new."""
CHUNK = 1000


def tests_too_many(at: dt.datetime) -> Iterator[Finding]:
    """Dates on which one person was sampled more than once, by community; linked re-checks aside."""
    first = timezone.localdate(at) - LOOK_BACK
    outside = Q(origin=TestOrigin.OUTSIDE)
    taken = _taken().filter(planned_on__gte=first)
    counted = taken.order_by().values("person_id", "planned_on")
    counted = counted.annotate(ours=Count("pk", filter=~outside), outside=Count("pk", filter=outside))
    suspicious = counted.filter(Q(ours__gt=1) | Q(outside__gt=1))
    pairs = [
        (row["person_id"], row["planned_on"])
        for row in suspicious
        if is_too_many(row["ours"], row["outside"])
    ]
    rows = []
    for start in range(0, len(pairs), CHUNK):
        rows += _of_pairs(set(pairs[start : start + CHUNK]))
    yield from by_community(FindingKind.TESTS, rows)


def _taken() -> models.QuerySet[NucleicAcidTest]:
    """Samples taken or answered in files that stand; a re-check that follows an abnormal pool is allowed."""
    recheck = Q(origin=TestOrigin.RECHECK, follows__isnull=False)
    sampled = NucleicAcidTest.objects.filter(Q(sampled_at__isnull=False) | ~Q(result=""))
    return sampled.exclude(recheck).exclude(episode__ending=Ending.WITHDRAWN)


def _of_pairs(pairs: set[tuple[int, dt.date]]) -> list[tuple[int, dt.date, int]]:
    """The tests of these people on these dates: community, date, key."""
    dates = {on for _person, on in pairs}
    tests = _taken().filter(person__in={person for person, _on in pairs}, planned_on__in=dates)
    rows = tests.order_by("pk").values_list("person_id", "planned_on", "episode__community_id", "pk")
    return [(community, on, pk) for person, on, community, pk in rows if (person, on) in pairs]


def _coming(at: dt.datetime) -> models.QuerySet[NucleicAcidTest]:
    """Tests that are still to be taken, while the plan runs."""
    return NucleicAcidTest.objects.standing().filter(
        planned_on__gte=timezone.localdate(at), sampled_at=None, result="", **RUNNING
    )


def tests_after_release(at: dt.datetime) -> Iterator[Finding]:
    """Tests that are still to be taken from whoever is free by then, by community and date.

    The one test of somebody who was registered too late to be restricted is allowed.
    """
    planned = (
        _coming(at)
        .filter(episode__restricted=True, planned_on__gte=F("episode__release_on"))
        .exclude(origin=TestOrigin.REGISTERED_LATE)
    )
    rows = planned.order_by("pk").values_list("episode__community_id", "planned_on", "pk")
    yield from by_community(FindingKind.LATE_TEST, list(rows))


def tests_beyond_the_plan(at: dt.datetime) -> Iterator[Finding]:
    """Tests still to be taken that neither the plan nor the sample before asks for, by community and date.

    The plan is made anew from the grounds. What lies after the release is a matter of its own, and where the
    whole episode goes beyond the rule its tests go with it.
    """
    coming = _coming(at).exclude(episode__restricted=True, planned_on__gte=F("episode__release_on"))
    tested = Episode.objects.filter(Exists(coming.filter(episode=OuterRef("pk")))).order_by("pk")
    editions, allowed, today = Editions(), Allowed(), timezone.localdate(at)
    rows: list[tuple[int, dt.date, int]] = []
    last = 0
    chunks = tested.prefetch_related("grounds__infection")
    while episodes := list(chunks.filter(pk__gt=last)[:EPISODES_AT_ONCE]):
        last = episodes[-1].pk
        asked = _asked_of(coming, episodes)
        again = {each.facts["episode"] for each in repeated([each.pk for each in episodes], today)}
        for episode in episodes:
            edition = editions.of(episode.edition)
            plan = allowed.of(episode, edition) if edition else None
            if isinstance(plan, Plan) and _is_within(episode, plan) and episode.pk not in again:
                more = beyond(asked[episode.pk], {test.on for test in plan.tests})
                rows += [(episode.community_id, test.on, test.key) for test in more]
    yield from by_community(FindingKind.BEYOND_TEST, rows)


def _is_within(episode: Episode, plan: Plan) -> bool:
    """Whether the episode restricts no longer than its plan."""
    return not episode.restricted or (plan.restricted and episode.release_on <= plan.release_on)


def _asked_of(
    coming: models.QuerySet[NucleicAcidTest], episodes: Sequence[Episode]
) -> dict[int, list[Asked]]:
    """Their coming tests by episode, scheduled ones first."""
    asked: dict[int, list[Asked]] = defaultdict(list)
    found = coming.filter(episode__in=episodes).order_by("-scheduled", "planned_on", "pk")
    for episode, key, on, origin, before in found.values_list(
        "episode_id", "pk", "planned_on", "origin", "follows__result"
    ):
        asked[episode].append(Asked(key, on, origin, before))
    return asked


def rounds_too_many(at: dt.datetime) -> Iterator[Finding]:
    """Rounds at the doors of a unit beyond one a date, or once it was open, by community and date."""
    rounds = UnitRound.objects.filter(on__gte=timezone.localdate(at) - LOOK_BACK).select_related("seal")
    seen: set[tuple[int, dt.date]] = set()
    rows = []
    for each in rounds.order_by("pk").iterator(CHUNK):
        seal, had_one = each.seal, (each.seal.unit_id, each.on) in seen
        seen.add((seal.unit_id, each.on))
        owed = seal.round_day is not None and seal.round_met_at is None
        open_by_then = not owed and is_after_opening(
            each.on,
            release_on=seal.release_on,
            ended_early=seal.release_on < seal.planned_release_on,
            met_on=timezone.localdate(seal.round_met_at) if seal.round_met_at else None,
        )
        if had_one or open_by_then:
            rows.append((seal.community_id, each.on, each.pk))
    yield from by_community(FindingKind.ROUNDS, rows)
