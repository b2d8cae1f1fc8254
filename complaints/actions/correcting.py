"""Correcting the facts, recusing somebody, naming a coordinator, judging look-alikes, merging, splitting."""

import datetime as dt
import secrets
from collections.abc import Collection, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Office, User
from complaints.actions.clocks import next_clock, stop_clock
from complaints.actions.events import write_event
from complaints.actions.filing import ComplainantFacts, Filing, Receipt, file_complaint
from complaints.actions.handling import change, check_may_handle, no_more_due
from complaints.actions.routing import (
    coordinator_for,
    higher_desk,
    node_of,
    officers_of,
    route_complaint,
    steps_as_json,
)
from complaints.actions.standing import check_staff, refused
from complaints.actions.telling import tell_referred
from complaints.models import Complainant, Complaint, ComplaintLink, Recusal
from complaints.rules.behaviours import BY_CODE
from complaints.rules.clocks import ClockStep
from complaints.rules.handling import UNANSWERED, State, Verb
from complaints.rules.routing import may_handle
from complaints.rules.words import EventKind, LinkState, Source
from policy.refusals import RuleViolation


@transaction.atomic
def correct(
    *,
    complaint: Complaint,
    reason: str,
    by: User,
    at: dt.datetime,
    behaviour: str | None = None,
    respondent: Office | None = None,
    urgent: bool | None = None,
    is_complex: bool | None = None,
) -> None:
    """Correct what the complaint is about; None leaves a fact as it is.

    When the office now complained about, or one below it, holds the complaint, it moves to the office above
    at once. Limits follow; lateness that has happened stays.
    """
    check_staff(by, complaint, Verb.CORRECT, reason)
    said = {"behaviour": behaviour, "respondent": respondent, "urgent": urgent, "complex": is_complex}
    values: dict[str, Any] = {
        name: value
        for name, value in said.items()
        if value not in (None, "") and value != getattr(complaint, name)
    }
    if not values:
        return
    names, before = sorted(values), _written_down(complaint)
    if "behaviour" in values:
        kind = BY_CODE[values["behaviour"]]
        values |= {"topic": kind.topic, "clause": kind.clause}
    moved = _moves_up(complaint, values.get("respondent"))
    if moved:
        values |= {"handler": moved, "referred_by": None}
    change(complaint, Verb.CORRECT, **values)
    write_event(
        complaint,
        EventKind.CORRECTED,
        at=at,
        by=by,
        reason=reason,
        fields=names,
        before=_only(names, before),
        after=_only(names, _written_down(complaint)),
    )
    if moved:
        write_event(complaint, EventKind.MOVED_UP, at=at, by=by, to_office=moved)
        tell_referred(complaint, at=at)
    if complaint.urgent and complaint.coordinator is None:
        Complaint.objects.filter(pk=complaint.pk).update(
            coordinator=coordinator_for(complaint.handler, at, of=complaint)
        )
    if complaint.state in UNANSWERED:
        step = ClockStep.ACCEPT if complaint.state == State.RECEIVED else ClockStep.ANSWER
        next_clock(complaint, step, from_at=complaint.round_began_at, at=at)


def _written_down(complaint: Complaint) -> dict[str, Any]:
    """The facts of which a correction says what they were, as codes and keys."""
    return {"behaviour": complaint.behaviour, "respondent": complaint.respondent_id}


def _only(names: Collection[str], written: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if name in names}


def _moves_up(complaint: Complaint, respondent: Office | None) -> Office | None:
    """Where it has to go because of whom it is about now; None: it may stay.

    Raises RuleViolation `about_itself` when nobody at all may handle it.
    """
    if respondent is None or complaint.handler is None:
        return None
    if may_handle(node_of(complaint.handler), node_of(respondent)):
        return None
    found = Complaint(
        handler=complaint.handler,
        respondent=respondent,
        behaviour=complaint.behaviour,
        area=complaint.area,
        compound=complaint.compound,
        site=complaint.site,
    )
    routed = route_complaint(found)
    office = (
        Office.objects.select_related("area").get(pk=routed.office) if routed.office else higher_desk(found)
    )
    if office is None:
        raise refused("about_itself", field="respondent", clause="二(十六)")
    complaint.routed = steps_as_json(routed.steps)
    Complaint.objects.filter(pk=complaint.pk).update(routed=complaint.routed)
    return office


def recuse(*, complaint: Complaint, user: User, reason: str, by: User, at: dt.datetime) -> None:
    """Shut somebody out of this complaint, oneself or another: involved, related, or named in it."""
    check_staff(by, complaint, Verb.NOTE, reason)
    try:
        with transaction.atomic():
            Recusal.objects.create(complaint=complaint, user=user, reason=reason, at=at, by=by)
            if complaint.coordinator_id == user.pk:
                Complaint.objects.filter(pk=complaint.pk).update(coordinator=None)
            write_event(complaint, EventKind.RECUSED, at=at, by=by, reason=reason, user=user.pk)
    except IntegrityError:
        return  # recused already


@transaction.atomic
def name_coordinator(*, complaint: Complaint, user: User, by: User, at: dt.datetime) -> None:
    """One person answers for it until it is closed.

    Raises RuleViolation `no_officer`, and `wrong_state` when it has moved on meanwhile.
    """
    check_staff(by, complaint, Verb.NOTE, "coordinator")
    allowed = officers_of(complaint.handler) if complaint.handler else []
    if user not in allowed or complaint.recusals.filter(user=user).exists():
        raise RuleViolation(
            "no_officer",
            "",
            _("Only an officer of the office that holds it can coordinate it."),
            field="user",
        )
    same = Complaint.objects.filter(pk=complaint.pk, handler=complaint.handler_id, state=complaint.state)
    if not same.update(coordinator=user):
        raise refused("wrong_state")
    complaint.coordinator = user
    write_event(complaint, EventKind.COORDINATOR, at=at, by=by, user=user.pk)


@transaction.atomic
def judge_link(*, link: ComplaintLink, state: LinkState, by: User, at: dt.datetime) -> bool:
    """Say whether two that look alike are the same matter; returns whether we did it. None is swallowed."""
    check_staff(by, link.later, Verb.NOTE, "link")
    judged = ComplaintLink.objects.filter(pk=link.pk).exclude(state=state)
    if not judged.update(state=state, judged_at=at, judged_by=by):
        return False
    write_event(link.later, EventKind.LINKED, at=at, by=by, other=link.earlier.number, state=str(state))
    return True


def _hold_both(complaint: Complaint, into: Complaint) -> None:
    """Write both rows, the older first, so that of two merged into each other at once only one is.

    Raises RuleViolation `wrong_state` when the one that goes on has moved on or changed desks meanwhile.
    """
    for each in sorted((complaint, into), key=lambda one: one.pk):
        same = Complaint.objects.filter(pk=each.pk, state=each.state, handler=each.handler_id)
        if not same.update(state=each.state):
            raise refused("wrong_state")


@transaction.atomic
def merge(*, complaint: Complaint, into: Complaint, by: User, at: dt.datetime) -> None:
    """Let this one follow another: its complainant reads that one's progress under the own receipt.

    Raises RuleViolation `not_yours` unless both are the user's business, `wrong_state` for one that is
    merged itself or not open any more, `about_itself` where the other lies at an office that may not handle
    this one.
    """
    check_staff(by, complaint, Verb.MERGE)
    check_staff(by, into, Verb.NOTE, "merge")
    if into.pk == complaint.pk:
        raise refused("wrong_state")
    _hold_both(complaint, into)
    if into.handler:
        check_may_handle(complaint, into.handler, field="number")
    before = complaint.state
    change(complaint, Verb.MERGE, merged_into=into, closed_at=at)
    Complaint.objects.filter(merged_into=complaint).update(merged_into=into)
    stop_clock(complaint, at=at)
    no_more_due(complaint)
    write_event(
        complaint, EventKind.MERGED, at=at, by=by, from_state=before, to_state=State.MERGED, into=into.number
    )
    write_event(into, EventKind.TOOK_IN, at=at, by=by, taken=complaint.number)


def _complainant_of(complaint: Complaint) -> ComplainantFacts:
    """Who complained, for a part of the same complaint; nothing where they said nothing."""
    who = Complainant.objects.filter(complaint=complaint).first()
    return ComplainantFacts(who.name, who.phone, who.email) if who else ComplainantFacts()


@transaction.atomic
def split(
    *,
    complaint: Complaint,
    behaviour: str,
    what_happened: str,
    by: User,
    at: dt.datetime,
    token: str = "",
) -> Receipt:
    """Take a second matter out into a complaint of its own, routed by its own behaviour.

    The complainant follows both: the part is shown under the receipt of the first, whose identity it shares.
    `token` is the form's own: sent twice, split once.
    """
    check_staff(by, complaint, Verb.SPLIT, what_happened)
    filing = Filing(
        behaviour=behaviour,
        area=complaint.area,
        what_happened=what_happened,
        compound=complaint.compound,
        site=complaint.site,
        place=complaint.place,
        whom=complaint.whom,
        respondent=complaint.respondent,
        respondent_text=complaint.respondent_text,
        since_on=complaint.since_on,
        ordered=complaint.ordered,
        ordered_by=complaint.ordered_by,
        complainant=_complainant_of(complaint),
        source=Source(complaint.source),
        facts=complaint.facts,
    )
    own = token or secrets.token_urlsafe(24)
    receipt = file_complaint(filing, token=own, by=complaint.filed_by, at=at)
    if not receipt.is_new:
        return receipt
    Complaint.objects.filter(pk=receipt.complaint.pk).update(split_from=complaint)
    write_event(complaint, EventKind.SPLIT, at=at, by=by, part=receipt.number)
    return receipt
