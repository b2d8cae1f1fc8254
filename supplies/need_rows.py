"""What pages show of a need: its clock as a ring, its road as steps, its lines in a few words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from supplies.models import MedicalNeed, Need
from supplies.rules.needs import (
    ASK_AFTER,
    DELIVERED,
    ENDED,
    MEDICAL,
    NEED_STATES,
    ROAD,
    WITH_US,
    NeedKind,
    NeedState,
)
from supplies.rules.stock import plain

SOON = 0.25
"""Below this share of the time the ring turns red."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that is left until a need has to be at the door, or a hospital has to be asked."""

    look: str
    """"soon", "late" or "": the class of the ring."""
    share: int
    """Of a hundred, how much of the time is left."""
    words: str
    note: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the road to the door."""

    label: str | Promise
    done: bool
    now: bool


@dataclass(frozen=True, slots=True)
class NeedRow:
    """One need at an instant."""

    need: Need
    at: dt.datetime

    @property
    def kind(self) -> NeedKind:
        """What was asked for."""
        return NeedKind(self.need.kind)

    @property
    def is_medical(self) -> bool:
        """Whether a hospital answers it."""
        return self.kind in MEDICAL

    @property
    def is_emergency(self) -> bool:
        """Whether it comes before everything."""
        return self.kind is NeedKind.EMERGENCY

    @property
    def medical(self) -> MedicalNeed | None:
        """Its medical side."""
        return self.need.medical if self.is_medical else None

    @property
    def is_live(self) -> bool:
        """Whether somebody answers for it."""
        return self.need.state not in ENDED

    @property
    def is_late(self) -> bool:
        """Whether a limit that is ours has passed: to the door, or the next step of a medical one."""
        if self.medical is not None:
            return self.medical.is_late(self.at)
        return self.need.is_late(self.at)

    @property
    def to_ask(self) -> bool:
        """At the door for long without a word: somebody has to ask."""
        reached = self.need.at_door_at
        return self.need.state == NeedState.AT_DOOR and bool(reached and reached + ASK_AFTER <= self.at)

    @property
    def due_at(self) -> dt.datetime | None:
        """The limit that runs."""
        return self.medical.act_by if self.medical is not None else self.need.due_at

    @property
    def clock(self) -> Clock | None:
        """The ring: what is left of the time; None where no limit of ours runs."""
        due = self.due_at
        runs = self.is_live if self.is_medical else self.need.state in WITH_US
        if due is None or not runs:
            return None
        left = due - self.at
        note = _("due %(at)s") % {"at": short_instant(due, self.at)}
        if left <= dt.timedelta(0):
            return Clock("late", 100, _("late %(span)s") % {"span": span(-left)}, note)
        whole = max((due - self.need.asked_at).total_seconds(), 1)
        share = min(left.total_seconds() / whole, 1)
        look = "soon" if share < SOON else ""
        return Clock(look, max(round(share * 100), 1), _("%(span)s left") % {"span": span(left)}, note)

    @property
    def road(self) -> list[Step]:
        """The steps as they are drawn; what was left out on the way counts as done."""
        if self.is_medical or self.need.state not in ROAD:
            return []
        here = ROAD.index(NeedState(self.need.state))
        shown = ROAD if self.kind in DELIVERED else _SHORT_ROAD
        return [
            Step(NEED_STATES[state], ROAD.index(state) < here, ROAD.index(state) == here) for state in shown
        ]

    @property
    def words(self) -> str:
        """Its lines and its text in one line."""
        return summary(self.need)

    @property
    def late_words(self) -> str:
        """How late it came, once that is frozen; "" when it was in time."""
        minutes = self.need.late_by_minutes
        return span(dt.timedelta(minutes=minutes)) if minutes else ""


_SHORT_ROAD = tuple(
    state for state in ROAD if state not in (NeedState.PACKED, NeedState.UNDER_WAY, NeedState.AT_POINT)
)
"""Somebody to talk to is not packed."""


def summary(need: Need) -> str:
    """蔬菜包 ×2、药: what stands in its lines, and else its text."""
    between = pgettext("between items", ", ")
    said = [
        line_words(line.item.name if line.item else line.text, line.quantity) for line in need.lines.all()
    ]
    return between.join([*said, need.text] if need.text else said)


def line_words(name: str, quantity: Decimal) -> str:
    """ "蔬菜包 ×2"; a single one without its number."""
    return name if quantity == 1 else f"{name} ×{plain(quantity)}"


def short_instant(at: dt.datetime, now: dt.datetime) -> str:
    """The time of day; with the date where it is not today's."""
    local, today = timezone.localtime(at), timezone.localdate(now)
    return f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"


def span(length: dt.timedelta) -> str:
    """A length of time in at most two units."""
    minutes = int(length.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    return _("%(minutes)d min") % {"minutes": rest}


def rows_of(needs: Sequence[Need], at: dt.datetime) -> list[NeedRow]:
    """The rows of these needs, in their order."""
    return [NeedRow(need, at) for need in needs]
