"""From request to door: taken, packed, under way, at the door, confirmed; or cancelled, or not met.

Each verb checks the table (`rules.needs.MOVES`), changes the row by compare-and-set and writes the event.
"""

import datetime as dt
from typing import Any

from django.db import transaction

from accounts.models import User
from policy.refusals import RuleViolation
from supplies.actions.need_events import write_need_event
from supplies.actions.telling import tell_resident
from supplies.models import Need
from supplies.rules.needs import (
    MEDICAL,
    MOVES,
    REFUSALS,
    WITH_US,
    Asker,
    NeedEventKind,
    NeedState,
    NeedVerb,
)

EVENT_OF = {
    NeedVerb.TAKE: NeedEventKind.TAKEN,
    NeedVerb.PACK: NeedEventKind.PACKED,
    NeedVerb.SEND: NeedEventKind.UNDER_WAY,
    NeedVerb.ARRIVE: NeedEventKind.AT_POINT,
    NeedVerb.DELIVER: NeedEventKind.AT_DOOR,
    NeedVerb.CONFIRM: NeedEventKind.CONFIRMED,
    NeedVerb.NOT_RIGHT: NeedEventKind.NOT_RIGHT,
    NeedVerb.CANCEL: NeedEventKind.CANCELLED,
    NeedVerb.REFUSE: NeedEventKind.NOT_MET,
    NeedVerb.NOBODY: NeedEventKind.NOBODY,
    NeedVerb.COME_BACK: NeedEventKind.CAME_BACK,
    NeedVerb.PUT_BACK: NeedEventKind.PUT_BACK,
}
RESIDENT_HEARS = frozenset({NeedVerb.DELIVER, NeedVerb.REFUSE})


def refused(code: str, *, field: str | None = None) -> RuleViolation:
    """The refusal of that code with its sentence."""
    return RuleViolation(code, "二(十七)" if code == "medical_goes_on" else "", REFUSALS[code], field=field)


@transaction.atomic
def move(
    *,
    need: Need,
    verb: NeedVerb,
    asker: Asker,
    at: dt.datetime,
    by: User | None = None,
    reason: str = "",
    instead: str = "",
) -> None:
    """Do one step of the table. Lateness is frozen when it reaches the door or ends.

    Raises RuleViolation `not_yours`, `wrong_state`, `needs_reason`, and `medical_goes_on` for a word that
    would end a medical need (`supplies.actions.medical` ends those).
    """
    check(need, verb, asker, reason)
    values = _values(need, verb, by=by, at=at, reason=reason, instead=instead)
    same = Need.objects.filter(pk=need.pk, state=need.state)
    if not same.update(**values):
        raise refused("wrong_state")
    for name, value in values.items():
        setattr(need, name, value)
    write_need_event(
        need,
        EVENT_OF[verb],
        at=at,
        by=by,
        by_resident=asker is Asker.RESIDENT,
        reason=reason,
        instead=instead,
    )
    if verb in RESIDENT_HEARS and asker is not Asker.RESIDENT:
        tell_resident(need, at=at)


def check(need: Need, verb: NeedVerb, asker: Asker, reason: str) -> None:
    """The table's own answer, as `move` gives it."""
    line = MOVES[verb]
    if asker not in line.askers:
        raise refused("not_yours")
    if need.state not in line.sources:
        raise refused("wrong_state")
    if need.kind in MEDICAL and verb is not NeedVerb.TAKE:
        raise refused("medical_goes_on")
    if line.needs_reason and not reason.strip():
        raise refused("needs_reason", field="reason")


def _values(
    need: Need, verb: NeedVerb, *, by: User | None, at: dt.datetime, reason: str, instead: str
) -> dict[str, Any]:
    target = MOVES[verb].target
    values: dict[str, Any] = {"state": target}
    if by is not None and need.owner_id is None:
        values["owner"] = by
    if need.state in WITH_US and target not in WITH_US and need.late_by_minutes is None:
        values["late_by_minutes"] = minutes_late(need, at)
    if target is NeedState.AT_DOOR:
        values["at_door_at"] = at
    if target in (NeedState.CONFIRMED, NeedState.CANCELLED, NeedState.NOT_MET):
        values |= {"ended_at": at, "reason": reason[:300], "instead": instead[:300]}
    elif verb is NeedVerb.NOT_RIGHT:
        values |= {"ended_at": None, "at_door_at": None, "reason": reason[:300]}
    return values


def minutes_late(need: Need, at: dt.datetime) -> int:
    """By how many minutes the limit has passed; 0: it has not."""
    if need.due_at is None or at <= need.due_at:
        return 0
    return int((at - need.due_at).total_seconds() // 60)
