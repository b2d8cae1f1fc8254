"""What happened to a complaint, in words: one line an event, without anything about the complainant."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from complaints.models import Complaint, ComplaintEvent
from complaints.rules.clocks import CLOCK_STEPS, ClockStep
from complaints.rules.words import EVENT_KINDS, LINK_STATES, OUTCOMES, EventKind, LinkState, Outcome

LOOKS = {
    EventKind.RECEIVED: "key",
    EventKind.ANSWERED: "key",
    EventKind.LATE: "late",
    EventKind.GROSSLY_LATE: "bad",
    EventKind.REOPENED: "bad",
    EventKind.SENT_BACK: "late",
    EventKind.REBOUND: "late",
    EventKind.SATISFIED: "lift",
    EventKind.VERIFIED: "lift",
    EventKind.CLOSED: "lift",
}
FIELDS = {
    "behaviour": pgettext_lazy("corrected", "behaviour"),
    "respondent": pgettext_lazy("corrected", "office complained about"),
    "urgent": pgettext_lazy("corrected", "urgency"),
    "complex": pgettext_lazy("corrected", "complexity"),
}
BY_COMPLAINANT = frozenset({EventKind.ADDED, EventKind.REPLIED, EventKind.SATISFIED, EventKind.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event as it is shown."""

    at: dt.datetime
    look: str
    what: str | Promise
    more: str
    who: str
    office: str
    reason: str


def event_lines(complaint: Complaint) -> list[EventLine]:
    """All that happened, the newest first; two queries."""
    events = list(complaint.events.select_related("by", "office", "to_office"))
    keys = {event.details["user"] for event in events if event.details.get("user")}
    names = {user.pk: user.display_name for user in User.objects.filter(pk__in=keys)} if keys else {}
    return [_line(event, names) for event in events]


def _line(event: ComplaintEvent, names: Mapping[int, str]) -> EventLine:
    kind = EventKind(event.kind)
    return EventLine(
        at=event.at,
        look=LOOKS.get(kind, ""),
        what=_what(kind, event.details),
        more=_more(kind, event, names),
        who=_who(kind, event),
        office=event.office.name if event.office else "",
        reason=event.reason,
    )


def _what(kind: EventKind, details: Mapping[str, Any]) -> str | Promise:
    if kind == EventKind.NOTED and details.get("word_over"):
        return _("No word of the complainant in time: the desk verifies it itself")
    return EVENT_KINDS[kind]


def _who(kind: EventKind, event: ComplaintEvent) -> str:
    if event.by:
        return event.by.display_name
    by_complainant = kind in BY_COMPLAINANT or (kind == EventKind.REOPENED and not event.by)
    return _("the complainant") if by_complainant else ""


def _more(kind: EventKind, event: ComplaintEvent, names: Mapping[int, str]) -> str:
    """What the event is about: an office, a person of the staff, a number, an outcome."""
    details = event.details
    if event.to_office and kind != EventKind.RECEIVED:
        number = details.get("order", "")
        return " ".join(word for word in (f"→ {event.to_office.name}", number) if word)
    if event.to_office:
        return event.to_office.name
    if "user" in details:
        return names.get(details["user"], "")
    if "fields" in details:
        return "、".join(str(FIELDS.get(name, name)) for name in details["fields"])
    if "outcome" in details:
        return str(OUTCOMES.get(Outcome(details["outcome"]), ""))
    if "step" in details:
        return str(CLOCK_STEPS[ClockStep(details["step"])])
    if kind == EventKind.LINKED:
        return f"{details.get('other', '')} {LINK_STATES[LinkState(details['state'])]}"
    return str(details.get("into") or details.get("taken") or details.get("part") or "")
