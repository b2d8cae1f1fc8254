"""What somebody behind a closed door asks for, and the table of what happens until it is there."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class NeedKind(StrEnum):
    """What is asked for."""

    FOOD = "food"
    MEDICINE = "medicine"
    DOCTOR = "doctor"
    EMERGENCY = "emergency"
    TALK = "talk"
    ALONE = "alone"
    PET = "pet"
    OTHER = "other"


NEED_KINDS = {
    NeedKind.FOOD: pgettext_lazy("need", "food and daily goods"),
    NeedKind.MEDICINE: pgettext_lazy("need", "medicine"),
    NeedKind.DOCTOR: pgettext_lazy("need", "doctor (regular treatment)"),
    NeedKind.EMERGENCY: pgettext_lazy("need", "emergency"),
    NeedKind.TALK: pgettext_lazy("need", "someone to talk to"),
    NeedKind.ALONE: pgettext_lazy("need", "a child or an old person is alone"),
    NeedKind.PET: pgettext_lazy("need", "a pet"),
    NeedKind.OTHER: pgettext_lazy("need", "something else"),
}
MEDICAL = frozenset({NeedKind.DOCTOR, NeedKind.EMERGENCY})
"""Needs that a hospital answers: they have an owner and a clock until the person is treated and back home."""
DELIVERED = frozenset({NeedKind.FOOD, NeedKind.MEDICINE, NeedKind.PET, NeedKind.OTHER})
"""Needs that are packed and carried to the door."""


class Urgency(StrEnum):
    """How soon; emergency comes before everything."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"


URGENCIES = {
    Urgency.EMERGENCY: pgettext_lazy("urgency", "emergency"),
    Urgency.URGENT: pgettext_lazy("urgency", "urgent"),
    Urgency.NORMAL: pgettext_lazy("urgency", "normal"),
}
USUAL_URGENCY = {
    NeedKind.EMERGENCY: Urgency.EMERGENCY,
    NeedKind.ALONE: Urgency.URGENT,
    NeedKind.DOCTOR: Urgency.URGENT,
    NeedKind.MEDICINE: Urgency.URGENT,
}
"""What a kind is unless somebody says otherwise; the rest is normal."""
RANK = {Urgency.EMERGENCY: 0, Urgency.URGENT: 1, Urgency.NORMAL: 2}


class NeedSource(StrEnum):
    """The way by which a need came."""

    RESIDENT = "resident"
    PHONE = "phone"
    DOOR = "door"
    ROUND_CALL = "round_call"
    SYSTEM = "system"


NEED_SOURCES = {
    NeedSource.RESIDENT: pgettext_lazy("source of a need", "the resident's page"),
    NeedSource.PHONE: pgettext_lazy("source of a need", "by telephone"),
    NeedSource.DOOR: pgettext_lazy("source of a need", "at the door"),
    NeedSource.ROUND_CALL: pgettext_lazy("source of a need", "when a key person was called"),
    NeedSource.SYSTEM: pgettext_lazy("source of a need", "another system"),
}


class NeedState(StrEnum):
    """How far a need is, from "open" to "confirmed" by the resident."""

    OPEN = "open"
    TAKEN = "taken"
    PACKED = "packed"
    UNDER_WAY = "under_way"
    AT_POINT = "at_point"
    AT_DOOR = "at_door"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    NOT_MET = "not_met"


NEED_STATES = {
    NeedState.OPEN: pgettext_lazy("state of a need", "open"),
    NeedState.TAKEN: pgettext_lazy("state of a need", "taken"),
    NeedState.PACKED: pgettext_lazy("state of a need", "packed or ordered"),
    NeedState.UNDER_WAY: pgettext_lazy("state of a need", "under way"),
    NeedState.AT_POINT: pgettext_lazy("state of a need", "at the receiving point"),
    NeedState.AT_DOOR: pgettext_lazy("state of a need", "at the door"),
    NeedState.CONFIRMED: pgettext_lazy("state of a need", "confirmed"),
    NeedState.CANCELLED: pgettext_lazy("state of a need", "cancelled"),
    NeedState.NOT_MET: pgettext_lazy("state of a need", "can't be met"),
}
ROAD = (
    NeedState.OPEN,
    NeedState.TAKEN,
    NeedState.PACKED,
    NeedState.UNDER_WAY,
    NeedState.AT_POINT,
    NeedState.AT_DOOR,
    NeedState.CONFIRMED,
)
"""The road to the door, as it is drawn. A need may skip what it does not need; only a round puts it back."""
ENDED = frozenset({NeedState.CONFIRMED, NeedState.CANCELLED, NeedState.NOT_MET})
LIVE = frozenset(NeedState) - ENDED
"""Somebody answers for it."""
WITH_US = LIVE - {NeedState.AT_DOOR}
"""Not at the door yet: an office owes the next step. At the door the resident has the word."""


class NeedVerb(StrEnum):
    """What can be done with a need."""

    TAKE = "take"
    PACK = "pack"
    SEND = "send"
    ARRIVE = "arrive"
    DELIVER = "deliver"
    CONFIRM = "confirm"
    NOT_RIGHT = "not_right"
    CANCEL = "cancel"
    REFUSE = "refuse"
    NOBODY = "nobody"
    COME_BACK = "come_back"
    PUT_BACK = "put_back"


NEED_VERBS = {
    NeedVerb.TAKE: pgettext_lazy("verb of a need", "Take it"),
    NeedVerb.PACK: pgettext_lazy("verb of a need", "Packed or ordered"),
    NeedVerb.SEND: pgettext_lazy("verb of a need", "Under way"),
    NeedVerb.ARRIVE: pgettext_lazy("verb of a need", "At the receiving point"),
    NeedVerb.DELIVER: pgettext_lazy("verb of a need", "At the door"),
    NeedVerb.CONFIRM: pgettext_lazy("verb of a need", "Received"),
    NeedVerb.NOT_RIGHT: pgettext_lazy("verb of a need", "It is not all right"),
    NeedVerb.CANCEL: pgettext_lazy("verb of a need", "Cancel"),
    NeedVerb.REFUSE: pgettext_lazy("verb of a need", "It can't be met"),
    NeedVerb.NOBODY: pgettext_lazy("verb of a need", "Nobody answered"),
    NeedVerb.COME_BACK: pgettext_lazy("verb of a need", "Came back"),
    NeedVerb.PUT_BACK: pgettext_lazy("verb of a need", "Not reached, for the next round"),
}


class Asker(StrEnum):
    """In what capacity somebody acts on a need."""

    STAFF = "staff"
    RESIDENT = "resident"
    CLOCK = "clock"
    ROUND = "round"
    """A delivery round, by whoever carries: what it did not bring to the door goes back."""


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: from which states, to which one, by whom, with a reason?"""

    sources: frozenset[NeedState]
    target: NeedState
    askers: frozenset[Asker]
    needs_reason: bool = False


_STAFF = frozenset({Asker.STAFF})
_BOTH = frozenset({Asker.STAFF, Asker.RESIDENT})
_ROUND = frozenset({Asker.ROUND})
_ON_THE_WAY = frozenset({NeedState.UNDER_WAY, NeedState.AT_POINT})


def _before(state: NeedState) -> frozenset[NeedState]:
    return frozenset(ROAD[: ROAD.index(state)])


MOVES: dict[NeedVerb, Move] = {
    NeedVerb.TAKE: Move(frozenset({NeedState.OPEN}), NeedState.TAKEN, _STAFF),
    NeedVerb.PACK: Move(_before(NeedState.PACKED), NeedState.PACKED, _STAFF),
    NeedVerb.SEND: Move(_before(NeedState.UNDER_WAY), NeedState.UNDER_WAY, _STAFF),
    NeedVerb.ARRIVE: Move(_before(NeedState.AT_POINT), NeedState.AT_POINT, _STAFF),
    NeedVerb.DELIVER: Move(_before(NeedState.AT_DOOR), NeedState.AT_DOOR, _STAFF),
    NeedVerb.CONFIRM: Move(LIVE - {NeedState.OPEN}, NeedState.CONFIRMED, _BOTH),
    NeedVerb.NOT_RIGHT: Move(
        frozenset({NeedState.AT_DOOR, NeedState.CONFIRMED}), NeedState.TAKEN, _BOTH, needs_reason=True
    ),
    NeedVerb.CANCEL: Move(LIVE, NeedState.CANCELLED, _BOTH, needs_reason=True),
    NeedVerb.REFUSE: Move(LIVE - {NeedState.AT_DOOR}, NeedState.NOT_MET, _STAFF, needs_reason=True),
    NeedVerb.NOBODY: Move(_ON_THE_WAY, NeedState.PACKED, _ROUND),
    NeedVerb.COME_BACK: Move(_ON_THE_WAY | {NeedState.PACKED}, NeedState.TAKEN, _ROUND),
    NeedVerb.PUT_BACK: Move(_ON_THE_WAY, NeedState.PACKED, _ROUND),
}
"""Every transition of a need that is carried to a door; medical ones end by `rules.medical` instead."""


def may(verb: NeedVerb, state: NeedState | str, asker: Asker) -> bool:
    """Whether the table allows it."""
    move = MOVES[verb]
    return state in move.sources and asker in move.askers


def verbs_for(state: NeedState | str, asker: Asker) -> list[NeedVerb]:
    """What that asker can do with a need in that state, in the order of the table."""
    return [verb for verb in MOVES if may(verb, state, asker)]


WITHIN = {
    Urgency.EMERGENCY: dt.timedelta(minutes=15),
    Urgency.URGENT: dt.timedelta(hours=4),
    Urgency.NORMAL: dt.timedelta(hours=24),
}
"""From asking to the door, unless the settings say otherwise: local practice, no clause names hours."""

ASK_AFTER = dt.timedelta(hours=24)
"""At the door for so long without a word of the resident: somebody asks. It is never closed by itself."""


class NeedEventKind(StrEnum):
    """What can happen to a need."""

    ASKED = "asked"
    TAKEN = "taken"
    PACKED = "packed"
    UNDER_WAY = "under_way"
    AT_POINT = "at_point"
    AT_DOOR = "at_door"
    CONFIRMED = "confirmed"
    NOT_RIGHT = "not_right"
    CANCELLED = "cancelled"
    NOT_MET = "not_met"
    NOTED = "noted"
    LATE = "late"
    ZONE_OPENED = "zone_opened"
    NOBODY = "nobody"
    CAME_BACK = "came_back"
    PUT_BACK = "put_back"
    HOSPITAL_ASKED = "hospital_asked"
    HOSPITAL_ACCEPTED = "hospital_accepted"
    HOSPITAL_REFUSED = "hospital_refused"
    LEFT = "left"
    ARRIVED = "arrived"
    TREATED = "treated"
    BACK_HOME = "back_home"
    ADMITTED = "admitted"


NEED_EVENT_KINDS = {
    NeedEventKind.ASKED: pgettext_lazy("need", "asked for"),
    NeedEventKind.TAKEN: pgettext_lazy("need", "taken"),
    NeedEventKind.PACKED: pgettext_lazy("need", "packed or ordered"),
    NeedEventKind.UNDER_WAY: pgettext_lazy("need", "under way"),
    NeedEventKind.AT_POINT: pgettext_lazy("need", "at the receiving point"),
    NeedEventKind.AT_DOOR: pgettext_lazy("need", "at the door"),
    NeedEventKind.CONFIRMED: pgettext_lazy("need", "received, confirmed"),
    NeedEventKind.NOT_RIGHT: pgettext_lazy("need", "not all right: taken up again"),
    NeedEventKind.CANCELLED: pgettext_lazy("need", "cancelled"),
    NeedEventKind.NOT_MET: pgettext_lazy("need", "can't be met"),
    NeedEventKind.NOTED: pgettext_lazy("need", "note"),
    NeedEventKind.LATE: pgettext_lazy("need", "past its limit"),
    NeedEventKind.ZONE_OPENED: pgettext_lazy("need", "the zone opened: is it still wanted?"),
    NeedEventKind.NOBODY: pgettext_lazy("need", "nobody answered at the door"),
    NeedEventKind.CAME_BACK: pgettext_lazy("need", "came back into the store"),
    NeedEventKind.PUT_BACK: pgettext_lazy("need", "the round did not reach it"),
    NeedEventKind.HOSPITAL_ASKED: pgettext_lazy("need", "hospital asked"),
    NeedEventKind.HOSPITAL_ACCEPTED: pgettext_lazy("need", "hospital accepted"),
    NeedEventKind.HOSPITAL_REFUSED: pgettext_lazy("need", "hospital refused"),
    NeedEventKind.LEFT: pgettext_lazy("need", "left for the hospital"),
    NeedEventKind.ARRIVED: pgettext_lazy("need", "arrived at the hospital"),
    NeedEventKind.TREATED: pgettext_lazy("need", "treated"),
    NeedEventKind.BACK_HOME: pgettext_lazy("need", "back home"),
    NeedEventKind.ADMITTED: pgettext_lazy("need", "admitted to hospital"),
}

REFUSALS = {
    "wrong_state": _("This can't be done any more: somebody was first, or it has moved on."),
    "needs_reason": _("Please write down the reason: it stays on record."),
    "not_yours": _("This is not yours to decide."),
    "medical_goes_on": _(
        "A medical need ends when the person is treated and back home, or admitted; not by a word."
    ),
    "known_already": _("This system has sent this number before."),
    "too_many": _("Very much has been asked for already and is not here yet. Please call us."),
    "short_of_stock": _("There is not so much of it in this store."),
}
