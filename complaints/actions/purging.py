"""The end of personal data: what a complaint says of people is destroyed some time after it ended.

`COMPLAINT_KEEP_DAYS` after its end (closed, not accepted, withdrawn, merged) a complaint is reduced to its
statistical columns, by keep-list: a column that is not named here is emptied. A week before, the county is
told how many. An open supervision order, a naming that is being decided, an open part or the open complaint
into which it was merged keep it. What was destroyed stands in an event, as counts.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Area
from complaints.models import (
    Attachment,
    Complainant,
    Complaint,
    ComplaintEvent,
    ComplaintList,
    Entry,
    Publication,
    Recusal,
    SupervisionOrder,
)
from complaints.rules.handling import OPEN, REOPEN_WITHIN_DAYS
from complaints.rules.supervision import PublicationState
from complaints.rules.words import EventKind
from notices.actions import enqueue, staff_drafts
from notices.models import Message
from notices.rules import MessageKind

CHUNK = 200
WEEK = dt.timedelta(days=7)

KEPT = frozenset(
    {
        *("id", "number", "submission", "source", "filed_by", "lead_key"),
        *("behaviour", "topic", "clause", "urgent", "complex"),
        *("area", "county", "site", "whom", "respondent", "since_on", "ordered"),
        *("state", "handler", "referred_by", "routed", "coordinator", "times_back", "times_reopened"),
        *("received_at", "round_began_at", "accepted_at", "referred_at", "first_answered_at", "answered_at"),
        *("answered_by", "word_over_at", "verified_at", "closed_at", "outcome", "satisfied"),
        *("due_at", "was_late", "was_grossly_late", "merged_into", "split_from", "rebound_of"),
        *("purge_told_at", "purged_at"),
    }
)
"""What figures need, and what says who handled it when. Everything else of a complaint is emptied."""

NOTHING_OPENS_IT = "-"
"""Stands for the digest of the secret: no digest is so short, so nobody follows it any more."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How much was destroyed: the certificate."""

    complaints: int = 0
    complainants: int = 0
    texts: int = 0
    files: int = 0
    messages: int = 0

    def __add__(self, other: "Destroyed") -> "Destroyed":
        return Destroyed(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


# ── which ones ───────────────────────────────────────────────────────────────────────────────────


def keep_for() -> dt.timedelta:
    """How long personal data stay after the end; never shorter than the complainant may still object."""
    return dt.timedelta(days=max(settings.COMPLAINT_KEEP_DAYS, REOPEN_WITHIN_DAYS))


def _ended(before: dt.datetime) -> QuerySet[Complaint]:
    """Ended before that instant, with its personal data still there."""
    return Complaint.objects.filter(closed_at__lt=before, purged_at=None).exclude(state__in=OPEN)


def _told_since_its_end() -> Q:
    return Q(purge_told_at__gte=F("closed_at"))


def to_announce(at: dt.datetime, within: dt.timedelta) -> QuerySet[Complaint]:
    """Complaints whose personal data end within that time, and whose county has not been told."""
    return _ended(at + within - keep_for()).exclude(_told_since_its_end(), purge_told_at__isnull=False)


def to_purge(at: dt.datetime) -> QuerySet[Complaint]:
    """Complaints whose time is over, announced a week ago at least, and not needed for anything open."""
    before = at - keep_for()
    orders = SupervisionOrder.objects.open().filter(complaint=OuterRef("pk"))
    namings = Publication.objects.filter(
        Q(behaviour="") | Q(behaviour=OuterRef("behaviour")),
        office=OuterRef("respondent"),
        state__in=[PublicationState.DRAFT, PublicationState.SUBMITTED],
    )
    still_needed = Q(state__in=OPEN) | Q(closed_at__gte=before)
    parts = Complaint.objects.filter(still_needed, split_from=OuterRef("pk"))
    into = Complaint.objects.filter(still_needed, pk=OuterRef("merged_into"))
    due = _ended(before).filter(_told_since_its_end(), purge_told_at__lte=at - WEEK)
    return due.filter(~Exists(orders), ~Exists(namings), ~Exists(parts), ~Exists(into))


# ── the notice before ────────────────────────────────────────────────────────────────────────────


def announce(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Tell each county, a week before, of how many complaints the personal data end; returns how many.

    What ends in the week after that is told along, so that a county hears of it once a week at most.
    """
    soon = to_announce(at, WEEK).order_by().annotate(told=Coalesce("county", "area"))
    if dry_run:
        return soon.count()
    announced = 0
    for key in sorted(set(soon.values_list("told", flat=True))):
        announced += _announce_to(Area.objects.get(pk=key), at)
    return announced


@transaction.atomic
def _announce_to(area: Area, at: dt.datetime) -> int:
    here = Q(county=area) | Q(county=None, area=area)
    count = to_announce(at, 2 * WEEK).filter(here).update(purge_told_at=at)
    if count:
        drafts = staff_drafts(
            key=f"complaints-to-purge:{area.pk}:{at:%Y%m%d%H%M%S}",
            kind=MessageKind.COMPLAINTS_TO_PURGE,
            community=area,
            context={"count": count, "days": keep_for().days},
            not_after=at + WEEK,
        )
        enqueue(drafts, at=at)
    return count


# ── the end ──────────────────────────────────────────────────────────────────────────────────────


def purge_complaints(*, at: dt.datetime, dry_run: bool = False) -> Destroyed:
    """Destroy what is due; returns how much. Safe twice, late, in parallel and after a crash."""
    if dry_run:
        return Destroyed(complaints=to_purge(at).count())
    destroyed = Destroyed()
    while (some := _purge_some(at)).complaints:
        destroyed += some
    return destroyed


@transaction.atomic
def _purge_some(at: dt.datetime) -> Destroyed:
    """One chunk, in one transaction: whoever holds the rows destroys, another one finds them done."""
    rows = to_purge(at).select_for_update(skip_locked=True, of=("self",)).order_by("closed_at", "pk")
    keys = list(rows.values_list("pk", flat=True)[:CHUNK])
    if not keys:
        return Destroyed()
    counted = {
        "complainants": Counter(_complaints_of(Complainant, keys)),
        "texts": Counter(_complaints_of(Entry, keys, ~Q(text=""))),
        "files": Counter(_complaints_of(Attachment, keys)),
        "messages": Counter(_complaints_told_of(keys)),
    }
    for key in Complaint.objects.filter(pk__in=keys).exclude(what_happened="").values_list("pk", flat=True):
        counted["texts"][key] += 1
    _destroy(keys, at)
    ComplaintEvent.objects.bulk_create(
        ComplaintEvent(
            complaint_id=key,
            kind=EventKind.PURGED,
            at=at,
            details={name: count[key] for name, count in counted.items()},
        )
        for key in keys
    )
    return Destroyed(len(keys), *(count.total() for count in counted.values()))


def _complaints_of(model: type[models.Model], keys: list[int], which: Q | None = None) -> Iterable[int]:
    """The complaint of each row of that model."""
    rows = model._default_manager.filter(which or Q(), complaint__in=keys)
    return list(rows.order_by().values_list("complaint_id", flat=True))


def _subjects(keys: Iterable[int]) -> list[str]:
    return [f"complaint:{key}" for key in keys]


def _complaints_told_of(keys: list[int]) -> list[int]:
    told = Message.objects.filter(subject__in=_subjects(keys)).order_by()
    return [int(subject.partition(":")[2]) for subject in told.values_list("subject", flat=True)]


def _destroy(keys: list[int], at: dt.datetime) -> None:
    Complainant.objects.filter(complaint__in=keys).delete()
    Attachment.objects.filter(complaint__in=keys).delete()
    Message.objects.filter(subject__in=_subjects(keys)).delete()
    Entry.objects.filter(complaint__in=keys).update(text="")
    ComplaintEvent.objects.filter(complaint__in=keys).update(reason="")
    Recusal.objects.filter(complaint__in=keys).update(reason="")
    Complaint.objects.filter(pk__in=keys).update(**emptied(), purged_at=at)


def emptied() -> dict[str, Any]:
    """The columns of a complaint that are not on the keep-list, each with its empty value."""
    found = {field.name: _empty(field) for field in Complaint._meta.concrete_fields if field.name not in KEPT}
    return {**found, "secret_digest": NOTHING_OPENS_IT}


def _empty(field: models.Field[Any, Any]) -> Any:
    if isinstance(field, models.JSONField):
        return []
    return None if field.null else ""


def empty_lists(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Delete the rows of lists uploaded more than `IMPORT_FILE_DAYS` days ago; returns how many lists.

    Who uploaded what when, and its counts, stay. One that somebody asked to file since then is filed first.
    """
    before = at - dt.timedelta(days=settings.IMPORT_FILE_DAYS)
    waiting = ComplaintList.objects.to_file().filter(asked_at__gte=before)
    lists = ComplaintList.objects.filter(uploaded_at__lt=before).exclude(content="", left_over="", chosen={})
    lists = lists.exclude(pk__in=waiting.values("pk"))
    return lists.count() if dry_run else lists.update(content="", left_over="", chosen={})
