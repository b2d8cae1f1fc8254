"""What counts against an office, and what of it is verified: read for proposals, and again for each approval.

A naming rests on facts that were checked, not on what was said. A complaint is verified when it was answered
and the outcome checked by somebody else or confirmed by the complainant; what the self-audit found, and the
date of a supervision order that passed, stand in our own records.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db.models import F, Q, QuerySet

from complaints.models import Complaint, ComplaintLink, Publication, SupervisionOrder
from complaints.rules.handling import State
from complaints.rules.naming import Rests, Said, matters
from complaints.rules.supervision import Ground, OrderState, PublicationKind
from complaints.rules.words import LinkState, Outcome, Source

CONFIRMED = (Outcome.SOLVED, Outcome.PARTLY, Outcome.NOT_SOLVED)
COUNTED = ("pk", "received_at", "outcome", "source", "lead_key", "compound_id")
"""What `said_of` reads of a complaint."""
SINGLE_INSTANT = dt.timedelta(microseconds=1)


def counting(since: dt.datetime, at: dt.datetime) -> QuerySet[Complaint]:
    """What counts against an office: neither merged, nor declined, withdrawn or found within the rules."""
    received = Complaint.objects.counted().received_between(since, at + SINGLE_INSTANT)
    return (
        received.exclude(respondent=None)
        .exclude(state__in=[State.DECLINED, State.WITHDRAWN])
        .exclude(outcome=Outcome.UNFOUNDED)
    )


def rebounds(found: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """Those that came again so soon after one about the same was closed as not unfounded."""
    again = found.filter(rebound_of__respondent=F("respondent"), rebound_of__behaviour=F("behaviour"))
    return again.exclude(rebound_of__outcome=Outcome.UNFOUNDED)


def late_orders(since: dt.datetime, at: dt.datetime) -> QuerySet[SupervisionOrder]:
    """Supervision orders whose date passed in that time without a report."""
    unreported = Q(state__in=[OrderState.ORDERED, OrderState.AGAIN])
    return SupervisionOrder.objects.filter(unreported | Q(was_late=True), due_at__gte=since, due_at__lte=at)


def said_of(row: Mapping[str, Any]) -> Said:
    """A complaint as it is counted."""
    return Said(
        key=row["pk"],
        received_at=row["received_at"],
        confirmed=row["outcome"] in CONFIRMED,
        lead=row["lead_key"] if row["source"] == Source.SELF_AUDIT else "",
        compound=row["compound_id"],
    )


def judged_same(keys: Collection[int]) -> list[tuple[int, int]]:
    """The pairs among these that an officer judged to be one matter."""
    links = ComplaintLink.objects.filter(state=LinkState.SAME, earlier__in=keys, later__in=keys)
    return list(links.values_list("earlier_id", "later_id"))


def behind(publication: Publication, at: dt.datetime) -> QuerySet[Complaint]:
    """The complaints about that office and behaviour on which a naming rests at that instant.

    Of a proposal those of the time that it counted; of a draft by hand those of the time before it.
    """
    counted = counting(*_period(publication, at))
    found = counted.filter(respondent=publication.office_id, behaviour=publication.behaviour)
    return rebounds(found) if publication.ground == Ground.REBOUND else found


def _period(publication: Publication, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """From the first to the last of what a proposal counted, as its key and its facts say."""
    if publication.ground in ("", Ground.BY_HAND) or "until" not in publication.facts:
        return publication.proposed_at - dt.timedelta(days=settings.NAMING_DAYS), at
    began = int(publication.proposal_key.rpartition(":")[2])
    first_at = dt.datetime.fromtimestamp(began, tz=dt.UTC)
    return first_at, dt.datetime.fromisoformat(publication.facts["until"])


def rests_on(publication: Publication, at: dt.datetime) -> Rests | None:
    """What a naming rests on as it stands at that instant; None for good practice, which accuses nobody."""
    if publication.kind != PublicationKind.NAMING:
        return None
    if publication.ground == Ground.LATE_SUPERVISION:
        late = late_orders(*_period(publication, at)).filter(to_office=publication.office_id)
        late = late.filter(complaint__behaviour=publication.behaviour) if publication.behaviour else late
        count = late.count()
        return Rests(count, count, settings.NAMING_VERIFIED)
    said = [said_of(row) for row in behind(publication, at).order_by("pk").values(*COUNTED)]
    found = matters(said, judged_same([each.key for each in said]))
    verified = sum(matter.is_verified for matter in found)
    return Rests(len(found), verified, settings.NAMING_VERIFIED)
