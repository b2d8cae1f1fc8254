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


STOP_OUTCOMES = {
    StopOutcome.WAITING: pgettext_lazy("stop", "not yet"),
    StopOutcome.DELIVERED: pgettext_lazy("stop", "at the door"),
    StopOutcome.NOBODY: pgettext_lazy("stop", "nobody answered"),
    StopOutcome.RETURNED: pgettext_lazy("stop", "came back"),
}


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
