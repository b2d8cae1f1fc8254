"""What happened to a zone, in the order of time and in public words: from facts and dates, not from sweeps.

An opening stands here from 00:00 of its date on, whether or not a worker process has noted it. A restart
says when an infection was found and which units it concerns, never who it was.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy.clock import midnight
from zones.public import SealedUnit, named_units
from zones.rules import SealEnding, SealState, ZoneEventKind

TOLD = (ZoneEventKind.RESTARTED, ZoneEventKind.EDITION_CHANGED, ZoneEventKind.CAUSE_WITHDRAWN)
"""Kinds of events that are told to everybody as they were recorded; the rest follows from the seals."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to some of the units of a zone at one instant."""

    kind: ZoneEventKind
    at: dt.datetime
    boundary: str
    found_on: dt.date | None = None
    """When the infection behind it was found."""
    release_on: dt.date | None = None
    """When the units open because of it; of an opening: the first date on which they were low-risk."""
    clean_days: int = 0
    event: int = 0
    """The number of the first event row behind it, 0 where it follows from dates alone."""
    ending: str = ""
    """Of an opening: how, when it was not by the clock."""

    @property
    def by_mistake(self) -> bool:
        """An opening because the finding behind the seal was a mistake."""
        return self.ending == SealEnding.NO_GROUND

    @property
    def by_the_clock(self) -> bool:
        """An opening by the clock."""
        return self.kind is ZoneEventKind.OPENED and not self.ending


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit of a zone with what its history is told from."""

    unit: SealedUnit
    first_found_on: dt.date
    """The last of the infections behind it when it was sealed."""
    first_release_on: dt.date
    """When it was to open, as it was sealed."""
    ended_at: dt.datetime | None
    round_day: int | None


def happenings(
    designated_at: dt.datetime, boundary: str, units: Sequence[UnitFacts], events: Iterable[Mapping[str, Any]]
) -> list[Happening]:
    """The history of a zone, the newest first. `events` are rows of the kinds in `TOLD`."""
    told = [*designations(designated_at, boundary, units), *openings(boundary, units)]
    told += recorded(boundary, units, events)
    order = {ZoneEventKind.DESIGNATED: 0, ZoneEventKind.OPENED: 2}
    return sorted(told, key=lambda each: (each.at, order.get(each.kind, 1)), reverse=True)


def designations(designated_at: dt.datetime, boundary: str, units: Sequence[UnitFacts]) -> list[Happening]:
    """The designation, once for each date on which its units were to open then."""
    groups: dict[tuple[dt.date, dt.date], list[SealedUnit]] = {}
    for each in units:
        groups.setdefault((each.first_found_on, each.first_release_on), []).append(each.unit)
    everything = [each.unit for each in units]
    return [
        Happening(
            ZoneEventKind.DESIGNATED,
            designated_at,
            named_units(members, everything, boundary),
            found_on=found_on,
            release_on=release_on,
            clean_days=_days(found_on, release_on),
        )
        for (found_on, release_on), members in sorted(groups.items(), key=lambda item: item[0])
    ]


def _days(found_on: dt.date, release_on: dt.date) -> int:
    """How many whole dates lie between them."""
    return (release_on - found_on).days - 1


def openings(boundary: str, units: Sequence[UnitFacts]) -> list[Happening]:
    """The openings that have taken place, and the delay of those that a gate kept or keeps shut."""
    everything = [each.unit for each in units]
    opened: dict[tuple[dt.date, dt.datetime, str], list[SealedUnit]] = {}
    late: dict[dt.date, list[SealedUnit]] = {}
    for each in units:
        clock = each.unit.clock
        if clock.opened_on is not None:
            at = each.ended_at if clock.ending and each.ended_at else midnight(clock.opened_on)
            opened.setdefault((clock.opened_on, at, clock.ending), []).append(each.unit)
        if clock.state is SealState.OVERDUE or (clock.opened_on and clock.opened_on > clock.release_on):
            late.setdefault(clock.release_on, []).append(each.unit)
    told = [
        Happening(
            ZoneEventKind.OPENED,
            at,
            named_units(members, everything, boundary),
            release_on=on,
            clean_days=members[0].clock.clean_days,
            ending=ending,
        )
        for (on, at, ending), members in opened.items()
    ]
    return told + [
        Happening(
            ZoneEventKind.OVERDUE,
            midnight(on),
            named_units(members, everything, boundary),
            release_on=on,
            clean_days=members[0].clock.clean_days,
        )
        for on, members in late.items()
    ]


def recorded(
    boundary: str, units: Sequence[UnitFacts], events: Iterable[Mapping[str, Any]]
) -> list[Happening]:
    """Restarts and the like: the units that one act concerned are told together."""
    everything = [each.unit for each in units]
    by_key = {unit.pk: unit for unit in everything}
    acts: dict[tuple[str, dt.datetime, dt.date | None, dt.date | None], list[Mapping[str, Any]]] = {}
    for event in events:
        acts.setdefault((event["kind"], event["at"], event["found_on"], event["release_on"]), []).append(
            event
        )
    told = []
    for (kind, at, found_on, release_on), rows in acts.items():
        members = [by_key[row["seal_id"]] for row in rows if row["seal_id"] in by_key]
        told.append(
            Happening(
                ZoneEventKind(kind),
                at,
                named_units(members, everything, boundary) if members else boundary,
                found_on=found_on,
                release_on=release_on,
                clean_days=_days(found_on, release_on) if found_on and release_on else 0,
                event=min(row["pk"] for row in rows),
            )
        )
    return told
