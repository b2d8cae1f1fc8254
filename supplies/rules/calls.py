"""Hotlines, calls, and how often a key person is called."""

import datetime as dt
from enum import StrEnum

from django.utils.translation import pgettext_lazy


class HotlinePurpose(StrEnum):
    """What a line is for."""

    COMMUNITY = "community"
    SUPPLIES = "supplies"
    MEDICAL = "medical"
    PHARMACY = "pharmacy"
    PSYCHOLOGICAL = "psychological"
    EDUCATION = "education"
    LORRIES = "lorries"
    COMPLAINTS = "complaints"


HOTLINE_PURPOSES = {
    HotlinePurpose.COMMUNITY: pgettext_lazy("hotline", "community, everything"),
    HotlinePurpose.SUPPLIES: pgettext_lazy("hotline", "food and daily goods"),
    HotlinePurpose.MEDICAL: pgettext_lazy("hotline", "doctor and hospital"),
    HotlinePurpose.PHARMACY: pgettext_lazy("hotline", "medicine, pharmacy"),
    HotlinePurpose.PSYCHOLOGICAL: pgettext_lazy("hotline", "someone to talk to"),
    HotlinePurpose.EDUCATION: pgettext_lazy("hotline", "schools"),
    HotlinePurpose.LORRIES: pgettext_lazy("hotline", "lorries and freight"),
    HotlinePurpose.COMPLAINTS: pgettext_lazy("hotline", "complaints about over-enforcement"),
}


class CallOutcome(StrEnum):
    """What came of a call that came in."""

    NEEDS = "needs"
    WORDS = "words"
    WAITING = "waiting"
    RETURNED = "returned"


CALL_OUTCOMES = {
    CallOutcome.NEEDS: pgettext_lazy("call", "needs came of it"),
    CallOutcome.WORDS: pgettext_lazy("call", "only asked"),
    CallOutcome.WAITING: pgettext_lazy("call", "to call back"),
    CallOutcome.RETURNED: pgettext_lazy("call", "called back"),
}


class CareCallReason(StrEnum):
    """Why a call to a key person was planned."""

    RHYTHM = "rhythm"
    SEALED = "sealed"
    EPISODE = "episode"
    AGAIN = "again"


CARE_CALL_REASONS = {
    CareCallReason.RHYTHM: pgettext_lazy("care call", "as agreed"),
    CareCallReason.SEALED: pgettext_lazy("care call", "the unit was sealed"),
    CareCallReason.EPISODE: pgettext_lazy("care call", "isolation began"),
    CareCallReason.AGAIN: pgettext_lazy("care call", "not reached before"),
}


class CareCallOutcome(StrEnum):
    """How a call to a key person went."""

    WAITING = ""
    WELL = "well"
    NEEDS = "needs"
    NOT_REACHED = "not_reached"
    NOT_NEEDED = "not_needed"


CARE_CALL_OUTCOMES = {
    CareCallOutcome.WAITING: pgettext_lazy("care call", "not called yet"),
    CareCallOutcome.WELL: pgettext_lazy("care call", "all right"),
    CareCallOutcome.NEEDS: pgettext_lazy("care call", "needs something"),
    CareCallOutcome.NOT_REACHED: pgettext_lazy("care call", "not reached"),
    CareCallOutcome.NOT_NEEDED: pgettext_lazy("care call", "no longer needed"),
}

UNREACHED = (CareCallOutcome.WAITING, CareCallOutcome.NOT_REACHED)
"""The call is still owed."""

ROSTER_COUNTS_FOR = dt.timedelta(days=7)
"""A line whose last shift ended longer ago keeps no roster any more: only its hours are known."""
CHECKED_WITHIN_DAYS = 14
"""A hotline that nobody has checked for so long is flagged as out of date."""


def next_call_on(last_on: dt.date, every_days: int, *, under_rule: bool) -> dt.date:
    """The date of the next call: as agreed, and daily while the person is behind a closed door."""
    return last_on + dt.timedelta(days=1 if under_rule else every_days)
