"""The complainant's word: whoever holds number and secret adds, replies, is satisfied or not, withdraws."""

import datetime as dt

from django.db import IntegrityError, transaction

from complaints.actions.clocks import next_clock, stop_clock
from complaints.actions.events import write_entry, write_event
from complaints.actions.filing import secret_digest, token_digest
from complaints.actions.handling import begin_round, change, no_more_due
from complaints.actions.routing import higher_desk
from complaints.actions.standing import check_move, refused
from complaints.models import Attachment, Complaint, Entry
from complaints.rules.clocks import ClockStep
from complaints.rules.handling import REOPEN_WITHIN_DAYS, Actor, State, Verb, needs_higher_desk
from complaints.rules.words import EntryKind, EventKind, Outcome

DATE_DIGITS = 6
"""A receipt number begins with the date, as year, month and day of two digits each; then a hyphen."""
SAME_WITHIN = dt.timedelta(minutes=10)
"""The same words again within so short a time are the same button pressed twice."""


def complaint_of(number: str, secret: str) -> Complaint | None:
    """The complaint of that receipt; None when number and secret do not belong together."""
    digits = "".join(character for character in number if character.isdigit())
    digest = secret_digest(secret)
    if not digits or not digest:
        return None
    tidy = f"{digits[:DATE_DIGITS]}-{digits[DATE_DIGITS:]}"
    return Complaint.objects.filter(number=tidy, secret_digest=digest).first()


@transaction.atomic
def add(*, complaint: Complaint, text: str, token: str = "", at: dt.datetime) -> Entry:
    """Add something to one's own complaint; files uploaded under the form's token go along.

    The same words again within ten minutes are taken down once.
    """
    check_move(complaint, Verb.ADD, Actor.COMPLAINANT, text)
    lately = Entry.objects.filter(complaint=complaint, kind=EntryKind.ADDITION, at__gt=at - SAME_WITHIN)
    if (twin := lately.order_by("-pk").first()) and twin.text == text:
        _take_files(complaint, twin, token)
        return twin
    entry = write_entry(complaint, EntryKind.ADDITION, text, at=at)
    _take_files(complaint, entry, token)
    write_event(complaint, EventKind.ADDED, at=at, entry=entry.pk)
    return entry


def reply(*, complaint: Complaint, question: Entry, text: str, token: str = "", at: dt.datetime) -> Entry:
    """Reply to a question of the desk, once.

    Raises RuleViolation `wrong_state` when it has been replied to, or is no question of this complaint.
    """
    check_move(complaint, Verb.REPLY, Actor.COMPLAINANT, text)
    if question.complaint_id != complaint.pk or question.kind != EntryKind.QUESTION:
        raise refused("wrong_state")
    try:
        with transaction.atomic():
            entry = write_entry(complaint, EntryKind.REPLY, text, at=at, replies_to=question)
            _take_files(complaint, entry, token)
            write_event(complaint, EventKind.REPLIED, at=at, entry=entry.pk)
            return entry
    except IntegrityError as error:
        raise refused("wrong_state") from error


def _take_files(complaint: Complaint, entry: Entry, token: str) -> None:
    if token:
        Attachment.objects.filter(submission=token_digest(token), complaint=None).update(
            complaint=complaint, entry=entry
        )


@transaction.atomic
def say_satisfied(*, complaint: Complaint, text: str = "", at: dt.datetime) -> None:
    """The complainant confirms that it was put right: verified."""
    check_move(complaint, Verb.SATISFIED, Actor.COMPLAINANT)
    change(complaint, Verb.SATISFIED, verified_at=at, satisfied=True, outcome=Outcome.SOLVED)
    write_entry(complaint, EntryKind.SATISFIED, text, at=at)
    write_event(complaint, EventKind.SATISFIED, at=at, from_state=State.ANSWERED, to_state=State.VERIFIED)
    next_clock(complaint, ClockStep.CLOSE, from_at=at, at=at)


@transaction.atomic
def say_dissatisfied(*, complaint: Complaint, text: str, at: dt.datetime) -> None:
    """Not satisfied: it is opened again, at the same desk or the one above, with the reason.

    One that was merged goes its own way from then on: nobody's complaint is swallowed by another's. Raises
    RuleViolation `needs_reason`, `wrong_state`, and `reopen_too_late` thirty days after the end.
    """
    check_move(complaint, Verb.DISSATISFIED, Actor.COMPLAINANT, text)
    ended_at = complaint.ended_at
    if ended_at and at - ended_at > dt.timedelta(days=REOPEN_WITHIN_DAYS):
        raise refused("reopen_too_late")
    higher = needs_higher_desk(times_reopened=complaint.times_reopened, was_late=complaint.was_late)
    desk = (higher_desk(complaint) if higher else None) or complaint.handler
    write_entry(complaint, EntryKind.DISSATISFIED, text, at=at)
    begin_round(
        complaint,
        Verb.DISSATISFIED,
        desk,
        reason=text,
        by=None,
        at=at,
        satisfied=False,
        merged_into=None,
    )


@transaction.atomic
def withdraw(*, complaint: Complaint, at: dt.datetime) -> None:
    """The complainant takes it back, as long as it has not been answered.

    Those whose complaints were merged into it have taken nothing back: the first of them goes on.
    """
    check_move(complaint, Verb.WITHDRAW, Actor.COMPLAINANT)
    before = complaint.state
    change(complaint, Verb.WITHDRAW, closed_at=at)
    stop_clock(complaint, at=at)
    no_more_due(complaint)
    write_event(complaint, EventKind.WITHDRAWN, at=at, from_state=before, to_state=State.WITHDRAWN)
    _pass_on(complaint, at)


def _pass_on(complaint: Complaint, at: dt.datetime) -> None:
    """What was merged into it goes on at the same desk: the first one leads, the others follow that one."""
    followers = Complaint.objects.filter(merged_into=complaint)
    heir = followers.select_related("handler__area").order_by("received_at", "pk").first()
    if heir is None:
        return
    change(
        heir,
        Verb.DISSATISFIED,
        merged_into=None,
        handler=complaint.handler,
        referred_by=None,
        accepted_at=heir.accepted_at or at,
        closed_at=None,
    )
    followers.update(merged_into=heir)
    write_event(
        heir,
        EventKind.REOPENED,
        at=at,
        from_state=State.MERGED,
        to_state=State.ACCEPTED,
        to_office=heir.handler,
        instead_of=complaint.number,
    )
    next_clock(heir, ClockStep.ANSWER, from_at=heir.round_began_at, at=at)
