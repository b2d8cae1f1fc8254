"""Talks of psychological support: written down by counsellors, read by counsellors alone."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.scoped import area_columns
from cases.models import Person
from policy.clock import midnight
from supplies.actions.need_events import write_need_event
from supplies.actions.serving import minutes_late
from supplies.models import Counsel, Need
from supplies.rules.needs import LIVE, NeedEventKind, NeedState

SENT_TWICE = dt.timedelta(minutes=2)
"""The same words about the same person within so short a time are one talk, sent twice."""


@transaction.atomic
def note_talk(
    *,
    person: Person,
    notes: str,
    follow_up_on: dt.date | None = None,
    need: Need | None = None,
    by: User,
    at: dt.datetime,
) -> Counsel:
    """Write down a talk. Earlier ones to be followed up by now are, and a need to talk is met by it.

    The need goes on when the counsellor wants to talk again: then its person is not alone with it, and its
    limit is the end of the date that was agreed.
    """
    last = Counsel.objects.filter(person=person, by=by, at__gt=at - SENT_TWICE).order_by("-at", "-pk").first()
    if last is not None and (last.notes, last.follow_up_on) == (notes, follow_up_on):
        return last
    talk = Counsel.objects.create(
        **area_columns(person.community),
        person=person,
        need=need,
        at=at,
        by=by,
        notes=notes,
        follow_up_on=follow_up_on,
    )
    earlier = Counsel.objects.filter(
        person=person, followed_up_at=None, follow_up_on__lte=timezone.localdate(at)
    )
    earlier.exclude(pk=talk.pk).update(followed_up_at=at)
    if need is not None:
        state = NeedState.TAKEN if follow_up_on else NeedState.CONFIRMED
        values: dict[str, Any] = {"state": state, "owner": by, "ended_at": None if follow_up_on else at}
        if need.late_by_minutes is None and not follow_up_on:
            values["late_by_minutes"] = minutes_late(need, at)
        if follow_up_on:
            values |= {"due_at": midnight(follow_up_on + dt.timedelta(days=1)), "late_noted_at": None}
        if Need.objects.filter(pk=need.pk, state__in=LIVE).update(**values):
            kind = NeedEventKind.TAKEN if follow_up_on else NeedEventKind.CONFIRMED
            write_need_event(need, kind, at=at, by=by)
    return talk
