"""Proposing public naming from our own figures: the same again, many in a short time, orders not answered.

A proposal is a draft without an author. It says what was counted, from when to when, against which clause
and by which limit, and nothing about a person. Two people approve it before anybody else reads it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.models import Office
from complaints.actions.matters import COUNTED, counting, judged_same, late_orders, rebounds, said_of
from complaints.actions.routing import matter_of, offices_around
from complaints.actions.telling import tell_of_publication
from complaints.models import Complaint, Publication, PublicationStep
from complaints.naming_texts import draft_of
from complaints.rules.naming import Matter, Said, hot_spot, matters
from complaints.rules.routing import route
from complaints.rules.supervision import Ground, OrderState, PublicationKind, PublicationStepKind
from notices.rules import MessageKind


@dataclass(frozen=True, slots=True)
class Proposal:
    """An office to be named: why, for what, and what was counted. `first_at` begins the period."""

    ground: Ground
    office: int
    behaviour: str
    first_at: dt.datetime
    until: dt.datetime
    """The last of what was counted: only what comes after it counts for the next proposal."""
    facts: dict[str, Any]

    @property
    def key(self) -> str:
        """One proposal an office, behaviour, ground and period."""
        return f"{self.ground}:{self.office}:{self.behaviour}:{int(self.first_at.timestamp())}"


def propose_namings(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Propose what has come together by that instant; returns how many new drafts there are (or would be).

    Safe twice, late and in parallel: the key of a proposal is written once.
    """
    since = at - dt.timedelta(days=settings.REBOUND_DAYS)
    found = [*_rebounds(since, at), *_hot_spots(since, at), *_late_orders(since, at)]
    known = set(
        Publication.objects.filter(proposal_key__in=[each.key for each in found]).values_list(
            "proposal_key", flat=True
        )
    )
    new = [each for each in found if each.key not in known]
    if dry_run or not new:
        return len(new)
    offices = Office.objects.select_related("area").in_bulk({each.office for each in new})
    return sum(_propose(each, offices[each.office], at) for each in new)


def _propose(proposal: Proposal, office: Office, at: dt.datetime) -> bool:
    """Write the draft and tell whoever decides; False when another sweep was first."""
    title, text = draft_of(proposal.ground, office.name, proposal.behaviour, proposal.facts)
    try:
        with transaction.atomic():
            draft = Publication.objects.create(
                kind=PublicationKind.NAMING,
                area=office.area,
                office=office,
                behaviour=proposal.behaviour,
                ground=proposal.ground,
                proposal_key=proposal.key,
                facts={**proposal.facts, "until": proposal.until.isoformat()},
                title=title,
                text=text,
                proposed_at=at,
            )
            PublicationStep.objects.create(publication=draft, kind=PublicationStepKind.PROPOSED, at=at)
            if deciding := deciding_office(office):
                tell_of_publication(draft, deciding, MessageKind.NAMING_PROPOSED, at=at)
    except IntegrityError:
        return False
    return True


def deciding_office(named: Office) -> Office | None:
    """The office that decides about naming that one: the nearest task force above it, else what is above."""
    matter = matter_of(behaviour="other", area=named.area, respondent=named)
    routed = route(matter, [], offices_around(named.area, named))
    return Office.objects.select_related("area").get(pk=routed.office) if routed.office else None


# ── complaints ───────────────────────────────────────────────────────────────────────────────────


def _rebounds(since: dt.datetime, at: dt.datetime) -> Iterator[Proposal]:
    """Offices that did the same again so soon after a complaint about it was closed as not unfounded."""
    again = rebounds(counting(since, at))
    closed = dict(again.values_list("pk", "rebound_of__closed_at"))
    for office, behaviour, found in _fresh_matters(again, Ground.REBOUND):
        closings = [closed[each.key] for matter in found for each in matter.complaints]
        first = min((each for each in closings if each), default=None)
        facts: dict[str, Any] = {"count": len(found), "days": settings.REBOUND_DAYS}
        facts |= {"closed_on": _on(first)} if first else {}
        yield _proposal(Ground.REBOUND, office, behaviour, found, facts)


def _hot_spots(since: dt.datetime, at: dt.datetime) -> Iterator[Proposal]:
    """Offices about which so many different matters of one behaviour came in so few days."""
    count, days = settings.HOT_SPOT_COUNT, settings.HOT_SPOT_DAYS
    counted = counting(since, at)
    groups = counted.order_by().values("respondent_id", "behaviour").annotate(n=Count("pk"))
    many = Q(pk=None)
    for row in groups.filter(n__gte=count):
        many |= Q(respondent=row["respondent_id"], behaviour=row["behaviour"])
    for office, behaviour, found in _fresh_matters(counted.filter(many), Ground.HOT_SPOT):
        if run := hot_spot(found, count=count, days=days):
            facts = {"count": len(run), "limit": count, "days": days}
            yield _proposal(Ground.HOT_SPOT, office, behaviour, run, facts)


def _proposal(
    ground: Ground, office: int, behaviour: str, found: Sequence[Matter], facts: dict[str, Any]
) -> Proposal:
    first, last = found[0].first_at, max(each.received_at for m in found for each in m.complaints)
    told = {
        **facts,
        "complaints": sum(len(matter.complaints) for matter in found),
        "confirmed": sum(matter.confirmed for matter in found),
        "leads": sum(matter.is_ours for matter in found),
        "first_on": _on(first),
        "last_on": _on(last),
    }
    return Proposal(ground, office, behaviour, first, last, told)


def _fresh_matters(
    complaints: QuerySet[Complaint], ground: Ground
) -> Iterator[tuple[int, str, list[Matter]]]:
    """Office, behaviour and matters that no proposal on this ground has counted yet."""
    groups: dict[tuple[int, str], list[Said]] = defaultdict(list)
    for row in complaints.order_by("received_at", "pk").values("respondent_id", "behaviour", *COUNTED):
        groups[row["respondent_id"], row["behaviour"]].append(said_of(row))
    same = judged_same({one.key for those in groups.values() for one in those})
    until = _counted_until(ground)
    for (office, behaviour), those in groups.items():
        last = until.get((office, behaviour))
        found = [each for each in matters(those, same) if last is None or each.first_at > last]
        if found:
            yield office, behaviour, found


def _counted_until(ground: Ground) -> dict[tuple[int, str], dt.datetime]:
    """Until when the last proposal on this ground has counted, by office and behaviour."""
    earlier = Publication.objects.filter(ground=ground).exclude(proposal_key="").order_by("proposed_at")
    return {
        (office, behaviour): dt.datetime.fromisoformat(facts["until"])
        for office, behaviour, facts in earlier.values_list("office_id", "behaviour", "facts")
        if "until" in facts
    }


# ── supervision orders ───────────────────────────────────────────────────────────────────────────


def _late_orders(since: dt.datetime, at: dt.datetime) -> Iterator[Proposal]:
    """Offices that let the date of a supervision order pass without a report."""
    late = late_orders(since, at)
    groups: dict[tuple[int, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in late.order_by("due_at", "pk").values(
        "to_office_id", "complaint__behaviour", "due_at", "state"
    ):
        groups[row["to_office_id"], row["complaint__behaviour"] or ""].append(row)
    until = _counted_until(Ground.LATE_SUPERVISION)
    for (office, behaviour), rows in groups.items():
        last = until.get((office, behaviour))
        new = [row for row in rows if last is None or row["due_at"] > last]
        if new:
            first_at, last_at = new[0]["due_at"], new[-1]["due_at"]
            facts = {
                "orders": len(new),
                "open": sum(row["state"] in (OrderState.ORDERED, OrderState.AGAIN) for row in new),
                "first_on": _on(first_at),
                "last_on": _on(last_at),
            }
            yield Proposal(Ground.LATE_SUPERVISION, office, behaviour, first_at, last_at, facts)


def _on(at: dt.datetime) -> str:
    return str(timezone.localdate(at))
