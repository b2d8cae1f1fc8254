"""What happened to a complaint, in words: one line an event, without anything about the complainant."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from accounts.models import Office, User
from complaints.models import Complaint, ComplaintEvent
from complaints.rules.behaviours import BY_CODE
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


OTHERS = ("into", "taken", "part", "other")
"""Details that are the number of another complaint."""


def event_lines(complaint: Complaint, reader: User) -> list[EventLine]:
    """All that happened, the newest first; at most four queries.

    The number of another complaint stands there for whoever may see that one, and for nobody else.
    """
    events = list(complaint.events.select_related("by", "office", "to_office"))
    keys = {event.details["user"] for event in events if event.details.get("user")}
    people = {user.pk: user.display_name for user in User.objects.filter(pk__in=keys)} if keys else {}
    about = {
        side["respondent"] for event in events for side in _sides(event.details) if side.get("respondent")
    }
    offices = dict(Office.objects.filter(pk__in=about).values_list("pk", "name")) if about else {}
    others = {event.details[name] for event in events for name in OTHERS if event.details.get(name)}
    seen = Complaint.objects.visible_to(reader).filter(number__in=others) if others else None
    numbers = frozenset(seen.values_list("number", flat=True)) if seen is not None else frozenset()
    return [_line(event, _Names(people, offices, numbers)) for event in events]


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of people and offices whose keys the events carry, and the numbers that may be told."""

    people: Mapping[int, str]
    offices: Mapping[int, str]
    numbers: frozenset[str]


def _sides(details: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a correction found, and what it left."""
    return details.get("before", {}), details.get("after", {})


def _line(event: ComplaintEvent, names: _Names) -> EventLine:
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


def _more(kind: EventKind, event: ComplaintEvent, names: _Names) -> str:
    """What the event is about: an office, a person of the staff, a number, an outcome."""
    details = event.details
    if event.to_office and kind != EventKind.RECEIVED:
        number = details.get("order", "")
        return " ".join(word for word in (f"→ {event.to_office.name}", number) if word)
    if event.to_office:
        return event.to_office.name
    if "user" in details:
        return names.people.get(details["user"], "")
    if "fields" in details:
        return "、".join(_corrected(name, details, names) for name in details["fields"])
    if "outcome" in details:
        return str(OUTCOMES.get(Outcome(details["outcome"]), ""))
    if "step" in details:
        return str(CLOCK_STEPS[ClockStep(details["step"])])
    other = next((details[name] for name in OTHERS if details.get(name) in names.numbers), "")
    if kind == EventKind.LINKED:
        return f"{other} {LINK_STATES[LinkState(details['state'])]}".strip()
    return str(other)


def _corrected(name: str, details: Mapping[str, Any], names: _Names) -> str:
    """Which fact was corrected; where it is written down, from what to what."""
    label = str(FIELDS.get(name, name))
    before, after = _sides(details)
    if name not in after:
        return label
    words = {
        "what": label,
        "before": _value(name, before.get(name), names),
        "after": _value(name, after[name], names),
    }
    return _("%(what)s: %(before)s → %(after)s") % words


def _value(name: str, value: Any, names: _Names) -> str:
    if name == "respondent":
        return names.offices.get(value, "–")
    return str(BY_CODE[value].label) if value in BY_CODE else "–"
