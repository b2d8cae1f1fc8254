"""Telling offices what a day brings: one message to a community's staff for each kind and date."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Area
from notices.actions import enqueue, staff_drafts
from notices.models import Message
from notices.rules import MessageKind

AT_ONCE = 100
"""How many communities one transaction tells."""


def morning_has_come(at: dt.datetime) -> bool:
    """Whether staff may be told what today brings: not at midnight, when the dates change."""
    return timezone.localtime(at).time() >= settings.REMINDER_MORNING


def tell_offices(
    kind: MessageKind,
    on: dt.date,
    contexts: Mapping[int, Mapping[str, Any]],
    *,
    at: dt.datetime,
    not_after: dt.datetime | None = None,
) -> int:
    """Tell the staff of each of these communities (by key) about that date, unless they were told before.

    Returns how many communities were told. What was said first stands: a later count changes no message.
    """
    subject = _subject(kind, on)
    waiting = untold(kind, on, contexts)
    communities = list(Area.objects.filter(pk__in=waiting).order_by("pk"))
    for start in range(0, len(communities), AT_ONCE):
        with transaction.atomic():
            enqueue(
                (
                    draft
                    for community in communities[start : start + AT_ONCE]
                    for draft in staff_drafts(
                        key=f"{subject}:{community.pk}",
                        kind=kind,
                        community=community,
                        context={"on": str(on), **contexts[community.pk]},
                        subject=subject,
                        not_after=not_after,
                    )
                ),
                at=at,
            )
    return len(communities)


def untold(kind: MessageKind, on: dt.date, communities: Iterable[int]) -> set[int]:
    """Those of these communities whose staff have no message of that kind about that date yet."""
    told = Message.objects.filter(subject=_subject(kind, on)).values_list("community_id", flat=True)
    return set(communities) - set(told)


def _subject(kind: MessageKind, on: dt.date) -> str:
    return f"{kind}:{on}"


def by_office(rows: Iterable[tuple[int, int | None]]) -> Counter[int]:
    """How many of these fall to each community; `rows` are home community and host community of one each.

    Whoever is isolated in another community concerns both: both see the episode, and either may act.
    """
    counts: Counter[int] = Counter()
    for home, host in rows:
        counts[home] += 1
        if host not in (None, home):
            counts[host] += 1
    return counts
