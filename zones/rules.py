"""Words and pure rules about places and high-risk zones: values in, values out."""

import datetime as dt
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SiteKind(StrEnum):
    """What a site is for."""

    ISOLATION = "isolation"
    HOSPITAL = "hospital"
    FANGCANG = "fangcang"
    GENERAL_HOSPITAL = "general_hospital"
    PHARMACY = "pharmacy"
    SCHOOL = "school"
    FIRM = "firm"


SITE_KINDS = {
    SiteKind.ISOLATION: _("isolation site"),
    SiteKind.HOSPITAL: _("designated hospital"),
    SiteKind.FANGCANG: _("fangcang hospital"),
    SiteKind.GENERAL_HOSPITAL: _("hospital or clinic"),
    SiteKind.PHARMACY: _("pharmacy"),
    SiteKind.SCHOOL: _("school or campus"),
    SiteKind.FIRM: _("firm or industrial park"),
}
TAKE_IN = frozenset({SiteKind.ISOLATION, SiteKind.HOSPITAL, SiteKind.FANGCANG})
"""Kinds of sites that take people in, and so have rooms; the others are only asked, or gone to and left."""


def tidy_name(written: str) -> str:
    """A place's name as it is stored: full-width digits and letters made narrow, no blanks inside.

    "１ 号楼" and "1号楼" are one building. Nothing else is guessed: "1栋" stays another name.
    """
    return "".join(unicodedata.normalize("NFKC", written).split())


class PlaceKind(StrEnum):
    """What a compound is: a zone is made of homes, workplaces and places of activity (N二(四))."""

    RESIDENTIAL = "residential"
    VILLAGE = "village"
    WORKPLACE = "workplace"
    ACTIVITY = "activity"


PLACE_KINDS = {
    PlaceKind.RESIDENTIAL: _("residential compound"),
    PlaceKind.VILLAGE: _("village, farmhouses"),
    PlaceKind.WORKPLACE: _("workplace"),
    PlaceKind.ACTIVITY: _("place of activity"),
}


# ── infections, as far as a zone knows them ──────────────────────────────────────────────────────


class FoundWhere(StrEnum):
    """Where an infected person was found: it decides whether a zone is proposed or restarted at all."""

    COMMUNITY = "community"
    CENTRAL = "central"
    HOME = "home"
    CLOSED_LOOP = "closed_loop"
    ENTRY = "entry"


FOUND_WHERE = {
    FoundWhere.COMMUNITY: pgettext_lazy("found", "in the community"),
    FoundWhere.CENTRAL: pgettext_lazy("found", "in central isolation"),
    FoundWhere.HOME: pgettext_lazy("found", "in home isolation or monitoring"),
    FoundWhere.CLOSED_LOOP: pgettext_lazy("found", "in closed loop"),
    FoundWhere.ENTRY: pgettext_lazy("found", "at entry"),
}

# Nobody in the building met them: sealing or restarting a unit because of them asks for a reason.
FOUND_APART = frozenset({FoundWhere.CENTRAL, FoundWhere.CLOSED_LOOP, FoundWhere.ENTRY})


class Purpose(StrEnum):
    """What a place is to the infected person (N二(四): 居住地、工作地、活动地)."""

    HOME = "home"
    WORK = "work"
    ACTIVITY = "activity"


PURPOSES = {
    Purpose.HOME: pgettext_lazy("place", "home"),
    Purpose.WORK: pgettext_lazy("place", "workplace"),
    Purpose.ACTIVITY: pgettext_lazy("place", "place of activity"),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """An infection as a zone rests on it: its number on the floor above, when and where it was found.

    `spread` says whether somebody judged that an infection found in home isolation has spread.
    """

    infection: int
    found_on: dt.date
    found_where: FoundWhere = FoundWhere.COMMUNITY
    spread: bool = False

    @property
    def needs_reason(self) -> bool:
        """Whether sealing a unit because of it is out of the ordinary and has to be explained."""
        return self.found_where in FOUND_APART or (self.found_where is FoundWhere.HOME and not self.spread)

    @property
    def needs_reason_to_restart(self) -> bool:
        """Whether it restarts the days of a sealed unit only with a reason (rulebook, M4)."""
        return self.found_where in FOUND_APART


# ── zones ────────────────────────────────────────────────────────────────────────────────────────


class WiderReason(StrEnum):
    """The only two reasons for a zone of more than units and buildings (N三(二))."""

    RISK_UNCLEAR = "risk_unclear"
    WIDE_SPREAD = "wide_spread"


WIDER_REASONS = {
    WiderReason.RISK_UNCLEAR: _("the risk of transmission is unclear"),
    WiderReason.WIDE_SPREAD: _("there is wide transmission in the community"),
}


class Decision(StrEnum):
    """What became of a proposal of a wider zone."""

    NONE = ""
    APPROVED = "approved"
    REFUSED = "refused"


DECISIONS = {
    Decision.NONE: pgettext_lazy("proposal", "not decided yet"),
    Decision.APPROVED: pgettext_lazy("proposal", "approved"),
    Decision.REFUSED: pgettext_lazy("proposal", "refused"),
}


class SealEnding(StrEnum):
    """How a unit opened, when it was not by the clock."""

    BY_THE_CLOCK = ""
    EARLY = "early"
    NO_GROUND = "no_ground"


SEAL_ENDINGS = {
    SealEnding.BY_THE_CLOCK: pgettext_lazy("seal", "by the clock"),
    SealEnding.EARLY: pgettext_lazy("seal", "opened early"),
    SealEnding.NO_GROUND: pgettext_lazy("seal", "the infection was a mistake"),
}


class SealState(StrEnum):
    """What a unit of a zone is at an instant."""

    SEALED = "sealed"
    OVERDUE = "overdue"
    OPEN = "open"
    OPENED_EARLY = "opened_early"


SEAL_STATES = {
    SealState.SEALED: pgettext_lazy("unit", "sealed"),
    SealState.OVERDUE: pgettext_lazy("unit", "overdue"),
    SealState.OPEN: pgettext_lazy("unit", "open again"),
    SealState.OPENED_EARLY: pgettext_lazy("unit", "opened early"),
}


class ZoneEventKind(StrEnum):
    """What can happen to a zone or a unit of it."""

    DESIGNATED = "designated"
    RESTARTED = "restarted"
    INFECTION_NOTED = "infection_noted"
    ROUND_RECORDED = "round_recorded"
    OVERDUE = "overdue"
    EDITION_CHANGED = "edition_changed"
    CAUSE_WITHDRAWN = "cause_withdrawn"
    OPENED = "opened"
    ENDED_EARLY = "ended_early"
    ENDED = "ended"


ZONE_EVENT_KINDS = {
    ZoneEventKind.DESIGNATED: pgettext_lazy("zone", "designated as high-risk"),
    ZoneEventKind.RESTARTED: pgettext_lazy("zone", "new infection: the days start anew"),
    ZoneEventKind.INFECTION_NOTED: pgettext_lazy("zone", "infection noted, no date moves"),
    ZoneEventKind.ROUND_RECORDED: pgettext_lazy("zone", "round of tests recorded"),
    ZoneEventKind.OVERDUE: pgettext_lazy("zone", "overdue: the round of tests is not complete"),
    ZoneEventKind.EDITION_CHANGED: pgettext_lazy("zone", "planned anew under another edition"),
    ZoneEventKind.CAUSE_WITHDRAWN: pgettext_lazy("zone", "an infection behind it was a mistake"),
    ZoneEventKind.OPENED: pgettext_lazy("zone", "opened: low risk again"),
    ZoneEventKind.ENDED_EARLY: pgettext_lazy("zone", "opened early"),
    ZoneEventKind.ENDED: pgettext_lazy("zone", "zone ended with its last unit"),
}


def opens_on(last_infection_on: dt.date, clean_days: int) -> dt.date:
    """The date at whose 00:00 a unit opens: that many whole dates after day 0 have passed (N二(四))."""
    return last_infection_on + dt.timedelta(days=clean_days + 1)


def day_of(on: dt.date, last_infection_on: dt.date) -> int:
    """Which day of the count a date is: 0 on the date of the last infection and before it."""
    return max((on - last_infection_on).days, 0)


def seal_state_on(on: dt.date, *, ending: str, release_on: dt.date, gate_open: bool) -> SealState:
    """The state of a seal on a date. `gate_open`: the edition has no gate, or it is met, or it was swept.

    Only dates and recorded facts decide, never whether a worker process ran.
    """
    if on < release_on:
        return SealState.SEALED
    if ending:
        return SealState.OPENED_EARLY
    return SealState.OPEN if gate_open else SealState.OVERDUE


_DIGITS = re.compile(r"(\d+)")


def in_order(name: str) -> list[tuple[int, int, str]]:
    """A key by which 2号楼 stands before 10号楼; digits by their value, the rest as it is written."""
    parts = _DIGITS.split(name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part]


def boundary_of(units: Iterable[tuple[str, str]], whole: Collection[str] = ()) -> str:
    """The units of a zone as they are published: "3号楼、5号楼1单元、5号楼2单元".

    `units` are pairs of building and unit name; a building of which every unit is sealed (named in
    `whole`), or that has only its implicit unit, is published by its own name.
    """
    named = sorted(
        {building if building in whole or not unit else f"{building}{unit}" for building, unit in units},
        key=in_order,
    )
    return "、".join(named)
