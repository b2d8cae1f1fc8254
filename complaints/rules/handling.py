"""The states of a complaint, and the table of what may happen in which of them and by whom."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(StrEnum):
    """How far a complaint has come: *received → accepted → referred → answered → verified → closed*."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REFERRED = "referred"
    ANSWERED = "answered"
    VERIFIED = "verified"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


STATES = {
    State.RECEIVED: pgettext_lazy("state of a complaint", "received"),
    State.ACCEPTED: pgettext_lazy("state of a complaint", "accepted"),
    State.REFERRED: pgettext_lazy("state of a complaint", "referred"),
    State.ANSWERED: pgettext_lazy("state of a complaint", "answered"),
    State.VERIFIED: pgettext_lazy("state of a complaint", "verified"),
    State.CLOSED: pgettext_lazy("state of a complaint", "closed"),
    State.DECLINED: pgettext_lazy("state of a complaint", "not accepted"),
    State.WITHDRAWN: pgettext_lazy("state of a complaint", "withdrawn"),
    State.MERGED: pgettext_lazy("state of a complaint", "merged"),
}

ROAD = (State.RECEIVED, State.ACCEPTED, State.REFERRED, State.ANSWERED, State.VERIFIED, State.CLOSED)
"""The road that a complaint goes, as it is drawn."""

OPEN = frozenset({State.RECEIVED, State.ACCEPTED, State.REFERRED, State.ANSWERED, State.VERIFIED})
"""Not closed yet: an office has something to do, or the complainant has the word."""
UNANSWERED = frozenset({State.RECEIVED, State.ACCEPTED, State.REFERRED})


class Actor(StrEnum):
    """In what capacity somebody acts on a complaint."""

    HANDLER = "handler"
    """Staff of the office that holds it now."""
    OVERSEER = "overseer"
    """Staff of an office above that one (and never of the one complained about)."""
    COMPLAINANT = "complainant"
    """Whoever holds number and secret."""
    CLOCK = "clock"


class Verb(StrEnum):
    """What can be done with a complaint."""

    ACCEPT = "accept"
    DECLINE = "decline"
    REFER = "refer"
    SEND_BACK = "send_back"
    ASK = "ask"
    NOTE = "note"
    ANSWER = "answer"
    VERIFY = "verify"
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"
    SPLIT = "split"
    CORRECT = "correct"
    SUPERVISE = "supervise"
    ADD = "add"
    REPLY = "reply"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    WITHDRAW = "withdraw"


VERBS = {
    Verb.ACCEPT: pgettext_lazy("verb", "Accept"),
    Verb.DECLINE: pgettext_lazy("verb", "Do not accept"),
    Verb.REFER: pgettext_lazy("verb", "Refer"),
    Verb.SEND_BACK: pgettext_lazy("verb", "Send back"),
    Verb.ASK: pgettext_lazy("verb", "Ask the complainant"),
    Verb.NOTE: pgettext_lazy("verb", "Write a note"),
    Verb.ANSWER: pgettext_lazy("verb", "Answer"),
    Verb.VERIFY: pgettext_lazy("verb", "Verify"),
    Verb.CLOSE: pgettext_lazy("verb", "Close"),
    Verb.REOPEN: pgettext_lazy("verb", "Reopen"),
    Verb.MERGE: pgettext_lazy("verb", "Merge"),
    Verb.SPLIT: pgettext_lazy("verb", "Split"),
    Verb.CORRECT: pgettext_lazy("verb", "Correct the facts"),
    Verb.SUPERVISE: pgettext_lazy("verb", "Supervise"),
    Verb.ADD: pgettext_lazy("verb", "Add something"),
    Verb.REPLY: pgettext_lazy("verb", "Reply"),
    Verb.SATISFIED: pgettext_lazy("verb", "Satisfied"),
    Verb.DISSATISFIED: pgettext_lazy("verb", "Not satisfied"),
    Verb.WITHDRAW: pgettext_lazy("verb", "Withdraw"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: from which states, to which one (None: it stays), by whom, with a reason?"""

    sources: frozenset[State]
    target: State | None
    actors: frozenset[Actor]
    needs_reason: bool = False


_DESK = frozenset({Actor.HANDLER, Actor.OVERSEER})
_COMPLAINANT = frozenset({Actor.COMPLAINANT})
_BEFORE_ANSWER = frozenset({State.ACCEPTED, State.REFERRED})

MOVES: dict[Verb, Move] = {
    Verb.ACCEPT: Move(frozenset({State.RECEIVED}), State.ACCEPTED, _DESK),
    Verb.DECLINE: Move(frozenset({State.RECEIVED}), State.DECLINED, _DESK, needs_reason=True),
    Verb.REFER: Move(UNANSWERED, State.REFERRED, _DESK),
    Verb.SEND_BACK: Move(
        frozenset({State.REFERRED}), State.ACCEPTED, frozenset({Actor.HANDLER}), needs_reason=True
    ),
    Verb.ASK: Move(_BEFORE_ANSWER, None, _DESK, needs_reason=True),
    Verb.NOTE: Move(OPEN, None, _DESK, needs_reason=True),
    Verb.ANSWER: Move(_BEFORE_ANSWER, State.ANSWERED, _DESK, needs_reason=True),
    Verb.VERIFY: Move(frozenset({State.ANSWERED}), State.VERIFIED, _DESK | {Actor.CLOCK}, needs_reason=True),
    Verb.CLOSE: Move(frozenset({State.VERIFIED}), State.CLOSED, _DESK),
    Verb.REOPEN: Move(
        frozenset({State.ANSWERED, State.VERIFIED, State.CLOSED, State.DECLINED}),
        State.ACCEPTED,
        frozenset({Actor.OVERSEER}),
        needs_reason=True,
    ),
    Verb.MERGE: Move(UNANSWERED, State.MERGED, _DESK),
    Verb.SPLIT: Move(UNANSWERED, None, _DESK, needs_reason=True),
    Verb.CORRECT: Move(OPEN, None, _DESK, needs_reason=True),
    Verb.SUPERVISE: Move(frozenset(State) - {State.MERGED}, None, _DESK, needs_reason=True),
    Verb.ADD: Move(OPEN, None, _COMPLAINANT, needs_reason=True),
    Verb.REPLY: Move(OPEN, None, _COMPLAINANT, needs_reason=True),
    Verb.SATISFIED: Move(frozenset({State.ANSWERED}), State.VERIFIED, _COMPLAINANT),
    Verb.DISSATISFIED: Move(
        frozenset({State.ANSWERED, State.VERIFIED, State.CLOSED, State.DECLINED, State.MERGED}),
        State.ACCEPTED,
        _COMPLAINANT,
        needs_reason=True,
    ),
    Verb.WITHDRAW: Move(UNANSWERED, State.WITHDRAWN, _COMPLAINANT),
}
"""Every transition; what is not here can't be done."""

MOST_TRANSFERS_BACK = 3
"""So often may a complaint be sent back before whoever holds it has to answer."""

REOPEN_WITHIN_DAYS = 30
"""How long after closing the complainant may still say: not satisfied."""


def may(verb: Verb, state: State | str, actor: Actor) -> bool:
    """Whether the table allows it."""
    move = MOVES[verb]
    return state in move.sources and actor in move.actors


def verbs_for(state: State | str, actor: Actor) -> list[Verb]:
    """What that actor can do with a complaint in that state, in the order of the table."""
    return [verb for verb in MOVES if may(verb, state, actor)]


def needs_higher_desk(*, times_reopened: int, was_late: bool) -> bool:
    """Whether "not satisfied" goes to the desk above: the second time, or where the first was late."""
    return was_late or times_reopened >= 1


REFUSALS = {
    "wrong_state": _("This can't be done any more: somebody was first, or it has moved on."),
    "needs_reason": _("Please write down the reason: it stays on record."),
    "not_yours": _("This complaint lies at another office."),
    "lies_there": _("It lies at that office already."),
    "out_of_reach": _("Refer to an office beside or below your own, or up to one above."),
    "too_often_back": _(
        "It has been sent back three times: whoever holds it now answers, or asks the office above."
    ),
    "about_itself": _("Nobody handles a complaint about themselves, nor does an office below them."),
    "own_answer": _("Somebody other than the author of the answer has to verify it."),
    "reopen_too_late": _("More than thirty days have passed since it was closed; please file it anew."),
}
