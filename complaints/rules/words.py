"""The words of a complaint: where it came from, who ordered what, what became of it."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Source(StrEnum):
    """The way by which a complaint came."""

    WEB = "web"
    PHONE = "phone"
    SYSTEM = "system"
    IMPORT = "import"
    OPEN311 = "open311"
    SELF_AUDIT = "self_audit"


SOURCES = {
    Source.WEB: pgettext_lazy("source", "public form"),
    Source.PHONE: pgettext_lazy("source", "by telephone"),
    Source.SYSTEM: pgettext_lazy("source", "from another system"),
    Source.IMPORT: pgettext_lazy("source", "imported list"),
    Source.OPEN311: pgettext_lazy("source", "Open311"),
    Source.SELF_AUDIT: pgettext_lazy("source", "self-audit"),
}


class Ordered(StrEnum):
    """How the measure was ordered, as far as the complainant knows."""

    WRITTEN = "written"
    ORAL = "oral"
    UNKNOWN = "unknown"


ORDERED = {
    Ordered.WRITTEN: pgettext_lazy("ordered", "in writing"),
    Ordered.ORAL: pgettext_lazy("ordered", "by word of mouth"),
    Ordered.UNKNOWN: pgettext_lazy("ordered", "I don't know"),
}


class Whom(StrEnum):
    """Who did it, in the words of somebody who stands before the barrier."""

    COMMUNITY = "community"
    STREET = "street"
    COUNTY = "county"
    CITY = "city"
    BRANCH = "branch"
    SITE = "site"
    OTHER = "other"
    UNKNOWN = "unknown"


WHOM = {
    Whom.COMMUNITY: pgettext_lazy("complained about", "the community or village committee"),
    Whom.STREET: pgettext_lazy("complained about", "the street office or township"),
    Whom.COUNTY: pgettext_lazy("complained about", "the county, district or its headquarters"),
    Whom.CITY: pgettext_lazy("complained about", "the city or its headquarters"),
    Whom.BRANCH: pgettext_lazy("complained about", "a department (health, education, transport …)"),
    Whom.SITE: pgettext_lazy("complained about", "a hospital, school, firm or property management"),
    Whom.OTHER: pgettext_lazy("complained about", "somebody else"),
    Whom.UNKNOWN: pgettext_lazy("complained about", "I don't know"),
}


class Outcome(StrEnum):
    """What became of it when it was closed. Only the first two count as solved."""

    NONE = ""
    SOLVED = "solved"
    PARTLY = "partly"
    NOT_SOLVED = "not_solved"
    UNFOUNDED = "unfounded"
    UNREACHABLE = "unreachable"


OUTCOMES = {
    Outcome.SOLVED: pgettext_lazy("outcome", "put right"),
    Outcome.PARTLY: pgettext_lazy("outcome", "put right in part"),
    Outcome.NOT_SOLVED: pgettext_lazy("outcome", "not put right"),
    Outcome.UNFOUNDED: pgettext_lazy("outcome", "not confirmed: within the rules"),
    Outcome.UNREACHABLE: pgettext_lazy("outcome", "could not be checked"),
}


class EntryKind(StrEnum):
    """One text in the exchange between the desk and the complainant."""

    ADDITION = "addition"
    QUESTION = "question"
    REPLY = "reply"
    ANSWER = "answer"
    DISSATISFIED = "dissatisfied"
    SATISFIED = "satisfied"
    NOTE = "note"


ENTRY_KINDS = {
    EntryKind.ADDITION: pgettext_lazy("entry", "addition by the complainant"),
    EntryKind.QUESTION: pgettext_lazy("entry", "question of the desk"),
    EntryKind.REPLY: pgettext_lazy("entry", "reply of the complainant"),
    EntryKind.ANSWER: pgettext_lazy("entry", "answer of the desk"),
    EntryKind.DISSATISFIED: pgettext_lazy("entry", "not satisfied"),
    EntryKind.SATISFIED: pgettext_lazy("entry", "satisfied"),
    EntryKind.NOTE: pgettext_lazy("entry", "internal note"),
}

BY_COMPLAINANT = frozenset({EntryKind.ADDITION, EntryKind.REPLY, EntryKind.DISSATISFIED, EntryKind.SATISFIED})
HIDDEN_FROM_COMPLAINANT = frozenset({EntryKind.NOTE})


class EventKind(StrEnum):
    """What can happen to a complaint."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REFERRED = "referred"
    SENT_BACK = "sent_back"
    ASKED = "asked"
    REPLIED = "replied"
    ADDED = "added"
    ANSWERED = "answered"
    SATISFIED = "satisfied"
    VERIFIED = "verified"
    REOPENED = "reopened"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    TOOK_IN = "took_in"
    SPLIT = "split"
    LATE = "late"
    GROSSLY_LATE = "grossly_late"
    CORRECTED = "corrected"
    MOVED_UP = "moved_up"
    COORDINATOR = "coordinator"
    RECUSED = "recused"
    LINKED = "linked"
    SUPERVISED = "supervised"
    REBOUND = "rebound"
    PURGED = "purged"
    NOTED = "noted"


EVENT_KINDS = {
    EventKind.RECEIVED: pgettext_lazy("complaint", "received"),
    EventKind.ACCEPTED: pgettext_lazy("complaint", "accepted"),
    EventKind.DECLINED: pgettext_lazy("complaint", "not accepted"),
    EventKind.REFERRED: pgettext_lazy("complaint", "referred"),
    EventKind.SENT_BACK: pgettext_lazy("complaint", "sent back"),
    EventKind.ASKED: pgettext_lazy("complaint", "question asked"),
    EventKind.REPLIED: pgettext_lazy("complaint", "question answered"),
    EventKind.ADDED: pgettext_lazy("complaint", "something added"),
    EventKind.ANSWERED: pgettext_lazy("complaint", "answered"),
    EventKind.SATISFIED: pgettext_lazy("complaint", "complainant satisfied"),
    EventKind.VERIFIED: pgettext_lazy("complaint", "verified"),
    EventKind.REOPENED: pgettext_lazy("complaint", "reopened"),
    EventKind.CLOSED: pgettext_lazy("complaint", "closed"),
    EventKind.WITHDRAWN: pgettext_lazy("complaint", "withdrawn by the complainant"),
    EventKind.MERGED: pgettext_lazy("complaint", "merged into another"),
    EventKind.TOOK_IN: pgettext_lazy("complaint", "another one merged into it"),
    EventKind.SPLIT: pgettext_lazy("complaint", "a part split off"),
    EventKind.LATE: pgettext_lazy("complaint", "past its limit"),
    EventKind.GROSSLY_LATE: pgettext_lazy("complaint", "past its second limit"),
    EventKind.CORRECTED: pgettext_lazy("complaint", "facts corrected"),
    EventKind.MOVED_UP: pgettext_lazy("complaint", "moved to the office above"),
    EventKind.COORDINATOR: pgettext_lazy("complaint", "coordinator named"),
    EventKind.RECUSED: pgettext_lazy("complaint", "somebody is recused"),
    EventKind.LINKED: pgettext_lazy("complaint", "a similar one judged"),
    EventKind.SUPERVISED: pgettext_lazy("complaint", "supervision order"),
    EventKind.REBOUND: pgettext_lazy("complaint", "the same again soon after closing"),
    EventKind.PURGED: pgettext_lazy("complaint", "personal data deleted"),
    EventKind.NOTED: pgettext_lazy("complaint", "note"),
}


class LinkState(StrEnum):
    """What is known about two complaints that look alike."""

    SUGGESTED = "suggested"
    SAME = "same"
    DIFFERENT = "different"


LINK_STATES = {
    LinkState.SUGGESTED: pgettext_lazy("link", "looks alike"),
    LinkState.SAME: pgettext_lazy("link", "the same matter"),
    LinkState.DIFFERENT: pgettext_lazy("link", "a different matter"),
}


class FileKind(StrEnum):
    """What an attachment is, by its content."""

    IMAGE = "image"
    PDF = "pdf"


FILE_KINDS = {FileKind.IMAGE: _("picture"), FileKind.PDF: _("PDF document")}


class LookedAt(StrEnum):
    """What somebody opened."""

    CASE = "case"
    IDENTITY = "identity"
    ATTACHMENT = "attachment"


LOOKED_AT = {
    LookedAt.CASE: pgettext_lazy("looked at", "the case"),
    LookedAt.IDENTITY: pgettext_lazy("looked at", "who complained"),
    LookedAt.ATTACHMENT: pgettext_lazy("looked at", "an attachment"),
}
