"""What the self-audit asks of tests: two a day, and tests of whoever is free (N二(六))."""

import datetime as dt
from collections.abc import Iterator

from django.db import models
from django.db.models import Count, F, Q
from django.utils import timezone

from cases.models import NucleicAcidTest
from cases.models.testing import RUNNING
from cases.rules import Ending, TestOrigin
from complaints.actions.audit_zones import by_community
from complaints.rules.auditing import Finding, FindingKind, is_too_many

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


def tests_after_release(at: dt.datetime) -> Iterator[Finding]:
    """Tests that are still to be taken from whoever is free by then, by community and date.

    The one test of somebody who was registered too late to be restricted is allowed.
    """
    coming = NucleicAcidTest.objects.standing().filter(
        planned_on__gte=timezone.localdate(at),
        sampled_at=None,
        result="",
        episode__restricted=True,
        **RUNNING,
    )
    planned = coming.filter(planned_on__gte=F("episode__release_on")).exclude(
        origin=TestOrigin.REGISTERED_LATE
    )
    rows = planned.order_by("pk").values_list("episode__community_id", "planned_on", "pk")
    yield from by_community(FindingKind.LATE_TEST, list(rows))
