"""What a desk does with a complaint: accept, refer, ask, answer, verify, close; and send back.

Each verb checks the table (`rules.handling.MOVES`), changes the row by compare-and-set, stops and starts the
clocks, writes the event, and tells whoever has to know, all in one transaction.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from accounts.models import Office, User
from complaints.actions.clocks import next_clock, stop_clock
from complaints.actions.events import write_entry, write_event
from complaints.actions.offices import is_in_reach
from complaints.actions.routing import coordinator_for, higher_desk, may_coordinate, node_of
from complaints.actions.standing import check_staff, refused
from complaints.actions.telling import tell_complainant, tell_referred
from complaints.models import Complaint, Entry
from complaints.rules.clocks import ClockStep
from complaints.rules.handling import MOST_TRANSFERS_BACK, MOVES, State, Verb
from complaints.rules.routing import may_handle
from complaints.rules.words import EntryKind, EventKind, Outcome
from policy.refusals import RuleViolation


def change(complaint: Complaint, verb: Verb, **values: Any) -> None:
    """Compare and set: only from a state in which the table allows the verb, and from the same desk.

    Whoever coordinates it does so no more where the new desk is out of their sight. Raises RuleViolation
    `wrong_state` when somebody was first. `complaint` carries the new values after.
    """
    target = MOVES[verb].target
    if target is not None:
        values["state"] = target
    desk, coordinator = values.get("handler"), complaint.coordinator
    if desk and coordinator and not may_coordinate(coordinator, desk):
        values.setdefault("coordinator", None)
    same = Complaint.objects.filter(pk=complaint.pk, state=complaint.state, handler=complaint.handler_id)
    if not same.update(**values):
        raise refused("wrong_state")
    for name, value in values.items():
        setattr(complaint, name, value)


@transaction.atomic
def accept(*, complaint: Complaint, is_complex: bool = False, by: User, at: dt.datetime) -> None:
    """Take it on; the answer's clock counts from the beginning of the round. `is_complex`: a longer limit."""
    check_staff(by, complaint, Verb.ACCEPT)
    change(complaint, Verb.ACCEPT, accepted_at=at, complex=is_complex or complaint.complex)
    write_event(
        complaint, EventKind.ACCEPTED, at=at, by=by, from_state=State.RECEIVED, to_state=State.ACCEPTED
    )
    next_clock(complaint, ClockStep.ANSWER, from_at=complaint.round_began_at, at=at)


@transaction.atomic
def decline(*, complaint: Complaint, reason: str, by: User, at: dt.datetime) -> None:
    """Do not accept it: no matter of over-enforcement. The reason is told; the complainant may object."""
    check_staff(by, complaint, Verb.DECLINE, reason)
    change(complaint, Verb.DECLINE, closed_at=at)
    stop_clock(complaint, at=at)
    no_more_due(complaint)
    write_entry(complaint, EntryKind.ANSWER, reason, at=at, by=by)
    write_event(
        complaint, EventKind.DECLINED, at=at, by=by, from_state=State.RECEIVED, to_state=State.DECLINED
    )
    tell_complainant(complaint, what="declined", at=at)


def check_may_handle(complaint: Complaint, office: Office, *, field: str = "office") -> None:
    """Refuse an office that does not stand above the one complained about. RuleViolation `about_itself`.

    What was merged into it counts as well: whoever handles this one handles theirs.
    """
    about = Office.objects.filter(complaints_about__merged_into=complaint.pk).select_related("area")
    respondents = [*([complaint.respondent] if complaint.respondent else []), *about.distinct()]
    if not all(may_handle(node_of(office), node_of(respondent)) for respondent in respondents):
        raise refused("about_itself", field=field, clause="二(十六)")


@transaction.atomic
def refer(*, complaint: Complaint, to: Office, reason: str = "", by: User, at: dt.datetime) -> None:
    """Refer it 转办 to the office that is to answer. Never to the one complained about or one below it.

    An office refers within what lies below the desk it answers to, or up to a desk above. Not yet accepted,
    it counts as accepted by this. Raises RuleViolation `about_itself`, `lies_there`, `out_of_reach`,
    `not_yours`, `wrong_state`.
    """
    check_staff(by, complaint, Verb.REFER)
    if to.pk == complaint.handler_id:
        raise refused("lies_there", field="office")
    check_may_handle(complaint, to)
    if not is_in_reach(to, complaint, by):
        raise refused("out_of_reach", field="office")
    before, sender = complaint.state, complaint.handler
    values: dict[str, Any] = {"handler": to, "referred_by": sender, "referred_at": at}
    if complaint.accepted_at is None:
        values["accepted_at"] = at
    if complaint.urgent and (on_duty := coordinator_for(to, at, of=complaint)):
        values["coordinator"] = on_duty
    change(complaint, Verb.REFER, **values)
    write_event(
        complaint,
        EventKind.REFERRED,
        at=at,
        by=by,
        from_state=before,
        to_state=State.REFERRED,
        to_office=to,
        reason=reason,
    )
    next_clock(complaint, ClockStep.ANSWER, from_at=complaint.round_began_at, at=at)
    tell_referred(complaint, at=at)


@transaction.atomic
def send_back(*, complaint: Complaint, reason: str, by: User, at: dt.datetime) -> None:
    """Send it back 退回 to the office it came from, with a reason; three times at most.

    Raises RuleViolation `too_often_back`, `needs_reason`, `not_yours`, `wrong_state`, `about_itself`.
    """
    check_staff(by, complaint, Verb.SEND_BACK, reason)
    if complaint.times_back >= MOST_TRANSFERS_BACK:
        raise refused("too_often_back")
    to = complaint.referred_by or higher_desk(complaint)
    if to is None:
        raise refused("not_yours")
    check_may_handle(complaint, to)
    change(complaint, Verb.SEND_BACK, handler=to, referred_by=None, times_back=complaint.times_back + 1)
    write_event(
        complaint,
        EventKind.SENT_BACK,
        at=at,
        by=by,
        from_state=State.REFERRED,
        to_state=State.ACCEPTED,
        to_office=to,
        reason=reason,
    )
    next_clock(complaint, ClockStep.ANSWER, from_at=complaint.round_began_at, at=at)
    tell_referred(complaint, at=at)


def _written_already(complaint: Complaint, kind: EntryKind, text: str, by: User) -> Entry | None:
    """The same words by the same person in this round: a form that was sent twice."""
    same = complaint.entries.filter(kind=kind, text=text, by=by, at__gte=complaint.round_began_at)
    return same.first()


@transaction.atomic
def ask(*, complaint: Complaint, text: str, by: User, at: dt.datetime) -> Entry:
    """Ask the complainant something; it waits under the receipt. The clock goes on."""
    check_staff(by, complaint, Verb.ASK, text)
    if earlier := _written_already(complaint, EntryKind.QUESTION, text, by):
        return earlier
    entry = write_entry(complaint, EntryKind.QUESTION, text, at=at, by=by)
    write_event(complaint, EventKind.ASKED, at=at, by=by, entry=entry.pk)
    tell_complainant(complaint, what="asked", at=at)
    return entry


@transaction.atomic
def write_note(*, complaint: Complaint, text: str, by: User, at: dt.datetime) -> Entry:
    """Write a note that the complainant never sees."""
    check_staff(by, complaint, Verb.NOTE, text)
    if earlier := _written_already(complaint, EntryKind.NOTE, text, by):
        return earlier
    entry = write_entry(complaint, EntryKind.NOTE, text, at=at, by=by)
    write_event(complaint, EventKind.NOTED, at=at, by=by, entry=entry.pk)
    return entry


@transaction.atomic
def answer(*, complaint: Complaint, text: str, by: User, at: dt.datetime) -> Entry:
    """Answer the complainant, who then has the word: satisfied or not."""
    check_staff(by, complaint, Verb.ANSWER, text)
    before = complaint.state
    change(
        complaint,
        Verb.ANSWER,
        answered_at=at,
        answered_by=by,
        first_answered_at=complaint.first_answered_at or at,
        word_over_at=None,
        satisfied=None,
    )
    entry = write_entry(complaint, EntryKind.ANSWER, text, at=at, by=by)
    write_event(
        complaint,
        EventKind.ANSWERED,
        at=at,
        by=by,
        from_state=before,
        to_state=State.ANSWERED,
        entry=entry.pk,
    )
    next_clock(complaint, ClockStep.VERIFY, from_at=at, at=at)
    tell_complainant(complaint, what="answered", at=at)
    return entry


def answer_many(
    *, complaints: Sequence[Complaint], text: str, accept_first: bool = False, by: User, at: dt.datetime
) -> tuple[list[Complaint], list[Complaint]]:
    """One answer to many about the same thing, each in its own transaction: those done, those refused.

    `accept_first`: what nobody has accepted yet is accepted along with it, as two steps on record.
    """
    done, left = [], []
    for complaint in complaints:
        try:
            with transaction.atomic():
                if accept_first and complaint.state == State.RECEIVED:
                    accept(complaint=complaint, by=by, at=at)
                answer(complaint=complaint, text=text, by=by, at=at)
        except RuleViolation:
            left.append(complaint)
        else:
            done.append(complaint)
    return done, left


@transaction.atomic
def verify(*, complaint: Complaint, outcome: Outcome, how: str, by: User, at: dt.datetime) -> None:
    """The desk itself verifies what was put right, by a call or on the spot; never the author of the answer.

    Raises RuleViolation `own_answer`, `needs_reason`, `not_yours`, `wrong_state`.
    """
    check_staff(by, complaint, Verb.VERIFY, how)
    if complaint.answered_by_id == by.pk:
        raise refused("own_answer")
    change(complaint, Verb.VERIFY, verified_at=at, outcome=outcome)
    write_entry(complaint, EntryKind.NOTE, how, at=at, by=by)
    write_event(
        complaint,
        EventKind.VERIFIED,
        at=at,
        by=by,
        from_state=State.ANSWERED,
        to_state=State.VERIFIED,
        outcome=str(outcome),
    )
    next_clock(complaint, ClockStep.CLOSE, from_at=at, at=at)


@transaction.atomic
def close(*, complaint: Complaint, outcome: Outcome | None = None, by: User, at: dt.datetime) -> None:
    """Close what is verified. `outcome` replaces what the verification found; closed is not solved.

    Without a word of either side about the outcome it is closed as "could not be checked". Raises
    RuleViolation `own_answer` when the author of the answer would replace what somebody else found.
    """
    check_staff(by, complaint, Verb.CLOSE)
    if outcome and outcome != complaint.outcome and complaint.answered_by_id == by.pk:
        raise refused("own_answer", field="outcome")
    ending = outcome or complaint.outcome or Outcome.UNREACHABLE
    change(complaint, Verb.CLOSE, closed_at=at, outcome=ending)
    stop_clock(complaint, at=at)
    no_more_due(complaint)
    write_event(
        complaint,
        EventKind.CLOSED,
        at=at,
        by=by,
        from_state=State.VERIFIED,
        to_state=State.CLOSED,
        outcome=str(ending),
    )
    tell_complainant(complaint, what="closed", at=at)


@transaction.atomic
def reopen(*, complaint: Complaint, reason: str, by: User, at: dt.datetime) -> None:
    """An office above finds that it is not done: back to the desk that holds it, in a new round."""
    check_staff(by, complaint, Verb.REOPEN, reason)
    begin_round(complaint, Verb.REOPEN, complaint.handler, reason=reason, by=by, at=at)


def begin_round(
    complaint: Complaint,
    verb: Verb,
    desk: Office | None,
    *,
    reason: str,
    by: User | None,
    at: dt.datetime,
    **values: Any,
) -> None:
    """Open it again at that desk: the clocks of a new round begin, the lateness of the old ones stays."""
    before = complaint.state
    change(
        complaint,
        verb,
        handler=desk,
        referred_by=None,
        round_began_at=at,
        times_reopened=complaint.times_reopened + 1,
        answered_at=None,
        word_over_at=None,
        verified_at=None,
        closed_at=None,
        outcome="",
        **values,
    )
    write_event(
        complaint,
        EventKind.REOPENED,
        at=at,
        by=by,
        from_state=before,
        to_state=State.ACCEPTED,
        to_office=desk,
        reason=reason if by else "",
    )
    next_clock(complaint, ClockStep.ANSWER, from_at=at, at=at)
    tell_referred(complaint, at=at)


def no_more_due(complaint: Complaint) -> None:
    """Nothing is waited for any more."""
    Complaint.objects.filter(pk=complaint.pk).update(due_at=None)
    complaint.due_at = None
