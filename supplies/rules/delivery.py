"""Rounds: a day's route by building and unit, ticked off at the door, also without a connection."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import pgettext_lazy

from zones.rules import in_order


class RoundState(StrEnum):
    """How far a round is."""

    PLANNED = "planned"
    UNDER_WAY = "under_way"
    DONE = "done"


ROUND_STATES = {
    RoundState.PLANNED: pgettext_lazy("round", "planned"),
    RoundState.UNDER_WAY: pgettext_lazy("round", "under way"),
    RoundState.DONE: pgettext_lazy("round", "done"),
}


class StopOutcome(StrEnum):
    """What happened at a door."""

    WAITING = ""
    DELIVERED = "delivered"
    NOBODY = "nobody"
    RETURNED = "returned"
    UNDONE = "undone"


STOP_OUTCOMES = {
    StopOutcome.WAITING: pgettext_lazy("stop", "not yet"),
    StopOutcome.DELIVERED: pgettext_lazy("stop", "at the door"),
    StopOutcome.NOBODY: pgettext_lazy("stop", "nobody answered"),
    StopOutcome.RETURNED: pgettext_lazy("stop", "came back"),
    StopOutcome.UNDONE: pgettext_lazy("stop", "not reached"),
}
FINAL = frozenset({StopOutcome.DELIVERED, StopOutcome.RETURNED})
"""After these a stop takes no further tick: the goods are with the resident, or in the store."""
TICKS = (StopOutcome.DELIVERED, StopOutcome.NOBODY, StopOutcome.RETURNED)
"""What whoever carries can tick at a door."""


def takes_tick(state: RoundState | str, outcome: StopOutcome | str) -> bool:
    """Whether a stop can be ticked: not before the round starts, but after it: a phone was offline."""
    return state != RoundState.PLANNED and outcome not in FINAL


class MutualState(StrEnum):
    """How far mutual supply 联保联供 is: *asked → offered → agreed → shipped → received*."""

    ASKED = "asked"
    OFFERED = "offered"
    AGREED = "agreed"
    SHIPPED = "shipped"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"


MUTUAL_STATES = {
    MutualState.ASKED: pgettext_lazy("mutual supply", "asked for"),
    MutualState.OFFERED: pgettext_lazy("mutual supply", "offered"),
    MutualState.AGREED: pgettext_lazy("mutual supply", "agreed"),
    MutualState.SHIPPED: pgettext_lazy("mutual supply", "shipped"),
    MutualState.RECEIVED: pgettext_lazy("mutual supply", "received"),
    MutualState.WITHDRAWN: pgettext_lazy("mutual supply", "withdrawn"),
}


class MutualVerb(StrEnum):
    """What can be done with a mutual supply."""

    OFFER = "offer"
    AGREE = "agree"
    DECLINE = "decline"
    SHIP = "ship"
    RECEIVE = "receive"
    TAKE_BACK = "take_back"
    WITHDRAW = "withdraw"


MUTUAL_VERBS = {
    MutualVerb.OFFER: pgettext_lazy("verb of mutual supply", "Offer"),
    MutualVerb.AGREE: pgettext_lazy("verb of mutual supply", "Agree to the offer"),
    MutualVerb.DECLINE: pgettext_lazy("verb of mutual supply", "Decline the offer"),
    MutualVerb.SHIP: pgettext_lazy("verb of mutual supply", "Ship"),
    MutualVerb.RECEIVE: pgettext_lazy("verb of mutual supply", "Received"),
    MutualVerb.TAKE_BACK: pgettext_lazy("verb of mutual supply", "Take the offer back"),
    MutualVerb.WITHDRAW: pgettext_lazy("verb of mutual supply", "Withdraw the request"),
}


class Side(StrEnum):
    """From which end of a mutual supply somebody acts."""

    ASKING = "asking"
    OFFERING = "offering"
    OTHER = "other"
    """An area that neither asks nor offers, and so may offer."""


@dataclass(frozen=True, slots=True)
class MutualMove:
    """One line of the table: from which states, to which one, from which end."""

    sources: frozenset[MutualState]
    target: MutualState
    side: Side


MUTUAL_MOVES: dict[MutualVerb, MutualMove] = {
    MutualVerb.OFFER: MutualMove(frozenset({MutualState.ASKED}), MutualState.OFFERED, Side.OTHER),
    MutualVerb.AGREE: MutualMove(frozenset({MutualState.OFFERED}), MutualState.AGREED, Side.ASKING),
    MutualVerb.DECLINE: MutualMove(frozenset({MutualState.OFFERED}), MutualState.ASKED, Side.ASKING),
    MutualVerb.SHIP: MutualMove(frozenset({MutualState.AGREED}), MutualState.SHIPPED, Side.OFFERING),
    MutualVerb.RECEIVE: MutualMove(frozenset({MutualState.SHIPPED}), MutualState.RECEIVED, Side.ASKING),
    MutualVerb.TAKE_BACK: MutualMove(
        frozenset({MutualState.OFFERED, MutualState.AGREED}), MutualState.ASKED, Side.OFFERING
    ),
    MutualVerb.WITHDRAW: MutualMove(
        frozenset({MutualState.ASKED, MutualState.OFFERED, MutualState.AGREED}),
        MutualState.WITHDRAWN,
        Side.ASKING,
    ),
}
"""Every transition of a mutual supply. What has been shipped can only be received."""
MUTUAL_ENDED = frozenset({MutualState.RECEIVED, MutualState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Door:
    """Where a stop is."""

    need: int
    building: str
    unit: str
    door: str


def route(doors: Iterable[Door]) -> list[Door]:
    """The order of a walk: building by building, unit by unit, door by door, by their numbers."""
    return sorted(
        doors, key=lambda each: (in_order(each.building), in_order(each.unit), in_order(each.door), each.need)
    )
