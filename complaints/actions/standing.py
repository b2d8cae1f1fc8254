"""In what capacity a member of staff stands before a complaint, and the guard of every move."""

from accounts.models import User
from accounts.rules import Ability
from complaints.models import Complaint
from complaints.rules.handling import MOVES, REFUSALS, Actor, Verb
from policy.refusals import RuleViolation


def standing_of(user: User, complaint: Complaint) -> Actor | None:
    """Handler, overseer, or None: no business of theirs, or about their own office. At most one query."""
    office = user.own_office
    if office is None or complaint.handler is None or not user.may(Ability.HANDLE_COMPLAINTS):
        return None
    if complaint.respondent_id in office.line:
        return None
    if not complaint.handler.is_at_or_below(office) or complaint.recusals.filter(user=user).exists():
        return None
    return Actor.HANDLER if complaint.handler_id == office.pk else Actor.OVERSEER


def check_staff(user: User, complaint: Complaint, verb: Verb, reason: str = "") -> Actor:
    """The capacity in which the user may do that now.

    Raises RuleViolation `not_yours`, `wrong_state` or `needs_reason`.
    """
    actor = standing_of(user, complaint)
    if actor is None:
        raise refused("not_yours")
    check_move(complaint, verb, actor, reason)
    return actor


def check_move(complaint: Complaint, verb: Verb, actor: Actor, reason: str = "") -> None:
    """The table's own answer. Raises RuleViolation `not_yours`, `wrong_state` or `needs_reason`."""
    move = MOVES[verb]
    if actor not in move.actors:
        raise refused("not_yours")
    if complaint.state not in move.sources:
        raise refused("wrong_state")
    if move.needs_reason and not reason.strip():
        raise refused("needs_reason", field="reason")


def refused(code: str, *, field: str | None = None, clause: str = "") -> RuleViolation:
    """The refusal of that code with its sentence."""
    return RuleViolation(code, clause, REFUSALS[code], field=field)
