"""How a complaint's clock and the road that it goes are drawn."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from cases.templatetags.waiting import until, waited
from complaints.models import Clock, Complaint
from complaints.rules.clocks import CLOCK_STEPS, OURS, ClockStep, Unit
from complaints.rules.handling import ROAD, STATES, State

STATIONS = {
    State.RECEIVED: pgettext_lazy("station", "received"),
    State.ACCEPTED: pgettext_lazy("station", "accepted"),
    State.REFERRED: pgettext_lazy("station", "referred"),
    State.ANSWERED: pgettext_lazy("station", "answered"),
    State.VERIFIED: pgettext_lazy("station", "verified"),
    State.CLOSED: pgettext_lazy("station", "closed"),
}
"""The stations of the road: what is done there, also while it is still to come."""

SOON = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Face:
    """One clock as it is drawn: how it looks, the share of its time that is left, and its words."""

    look: str
    """"" in time, "soon", "late", "word" (the complainant has it), "done" (stopped in time)."""
    share: int
    words: str
    limit: str

    @property
    def is_late(self) -> bool:
        """Whether an office is, or was, late."""
        return self.look == "late"


def limit_words(step: str, amount: int, unit: str) -> str:
    """The limit of a step in words: how many hours or days, or working days."""
    words = {"step": CLOCK_STEPS[ClockStep(step)], "n": amount}
    days, odd = divmod(amount, 24)
    if unit == Unit.HOURS and days > 1 and not odd:
        return ngettext("%(step)s: within %(n)d day", "%(step)s: within %(n)d days", days) % {
            **words,
            "n": days,
        }
    if unit == Unit.HOURS:
        return ngettext("%(step)s: within %(n)d hour", "%(step)s: within %(n)d hours", amount) % words
    return (
        ngettext("%(step)s: within %(n)d working day", "%(step)s: within %(n)d working days", amount) % words
    )


def face_of(clock: Clock, at: dt.datetime) -> Face:
    """A clock as it stands at that instant; once stopped it is drawn as it stood then, for good."""
    return _face(
        clock.step, clock.began_at, clock.due_at, clock.amount, clock.unit, stopped=clock.stopped_at, at=at
    )


def _face(
    step: str,
    began: dt.datetime,
    due: dt.datetime,
    amount: int,
    unit: str,
    *,
    stopped: dt.datetime | None = None,
    at: dt.datetime,
) -> Face:
    limit = limit_words(step, amount, unit)
    now = stopped or at
    if step not in OURS:
        return _face_of_word(due, stopped, now, limit)
    if due <= now:
        return Face("late", 0, _("%(n)s late") % {"n": waited(due, now)}, limit)
    if stopped:
        return Face("done", 0, _("in time"), limit)
    left, whole = due - now, max(due - began, dt.timedelta(seconds=1))
    share = max(1, min(100, round(100 * (left / whole))))
    look = "soon" if left <= SOON or share <= 25 else ""
    return Face(look, share, _("%(n)s left") % {"n": until(due, now)}, limit)


def _face_of_word(due: dt.datetime, stopped: dt.datetime | None, now: dt.datetime, limit: str) -> Face:
    """The complainant is never late: until then it is their word, afterwards the desk's duty."""
    if stopped:
        return Face("done", 0, _("given"), limit)
    if due <= now:
        return Face("soon", 0, _("no word: verify it"), limit)
    day = timezone.localtime(due).strftime("%m-%d %H:%M")
    return Face("word", 100, pgettext("instant", "until %(day)s") % {"day": day}, limit)


def face_of_row(complaint: Complaint, at: dt.datetime) -> Face | None:
    """The running clock of a row that was read with `with_clock`; None: nothing is waited for."""
    row = complaint.__dict__
    if not row.get("clock_step"):
        return None
    return _face(
        row["clock_step"], row["clock_began"], row["clock_due"], row["clock_amount"], row["clock_unit"], at=at
    )


@dataclass(frozen=True, slots=True)
class RoadStep:
    """One station of the road: passed, the one that is waited for, or still to come."""

    label: str | Promise
    look: str
    """"done", "now" or ""."""


def road_of(complaint: Complaint) -> list[RoadStep]:
    """The stations of its road; referral stands among them only when it was referred."""
    if complaint.state not in ROAD:
        return [RoadStep(STATIONS[State.RECEIVED], "done"), RoadStep(STATES[State(complaint.state)], "now")]
    return list(_stations(complaint))


def _stations(complaint: Complaint) -> Iterator[RoadStep]:
    reached = ROAD.index(State(complaint.state))
    waits = True
    for place, state in enumerate(ROAD):
        if state == State.REFERRED and complaint.referred_at is None:
            continue
        if place <= reached:
            yield RoadStep(STATIONS[state], "done")
        else:
            yield RoadStep(STATIONS[state], "now" if waits else "")
            waits = False
