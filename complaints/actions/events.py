"""Writing down what happens to a complaint: events, entries, looks."""

import datetime as dt
from typing import Any

from accounts.models import Office, User
from complaints.models import Complaint, ComplaintEvent, Entry, Look
from complaints.rules.words import EntryKind, EventKind, LookedAt


def write_event(
    complaint: Complaint,
    kind: EventKind,
    *,
    at: dt.datetime,
    by: User | None = None,
    from_state: str = "",
    to_state: str = "",
    to_office: Office | None = None,
    reason: str = "",
    **details: Any,
) -> ComplaintEvent:
    """Append one event, in the caller's transaction. `details` carry codes, counts and keys, never a name."""
    return ComplaintEvent.objects.create(
        complaint=complaint,
        kind=kind,
        at=at,
        by=by,
        office=by.own_office if by else None,
        from_state=from_state,
        to_state=to_state,
        to_office=to_office,
        reason=reason[:500],
        details=details,
    )


def write_entry(
    complaint: Complaint,
    kind: EntryKind,
    text: str,
    *,
    at: dt.datetime,
    by: User | None = None,
    **values: Any,
) -> Entry:
    """Append one text of the exchange; `by` None: the complainant."""
    return Entry.objects.create(
        complaint=complaint,
        kind=kind,
        text=text,
        at=at,
        by=by,
        office=by.own_office if by else None,
        **values,
    )


def note_look(
    complaint: Complaint, *, by: User, at: dt.datetime, what: LookedAt, address: str | None
) -> Look:
    """Write down that somebody opens a complaint; call it before anything is shown."""
    return Look.objects.create(
        complaint=complaint, by=by, office=by.own_office, at=at, what=what, address=address or None
    )
