"""Telling the staff what happens to zones, in the transaction in which it happens.

The people inside are told by a floor above, which knows them. What it can rely on:

- Each unit has its own event row (`seal` set), also where many units were sealed by one act. A row that
  residents have to hear of is written with `residents_told_at` NULL; whoever has told them sets it. Rows
  they need not hear of are written with `residents_told_at` set, and so are all rows of a whole zone
  (`seal` NULL), so the partial index `zone_event_untold` holds only what is left to do.
- Kinds with NULL: DESIGNATED (the unit is sealed now: `found_on` is day 0, `release_on` the promised
  opening), RESTARTED (a new infection, `infection` and `found_on`, moved the opening to `release_on`),
  OPENED (open again: by the clock when `by` is NULL, due at `due_at`; with a `by`, and the seal's `ending`
  NO_GROUND, because the infection was a mistake), ENDED_EARLY (opened early by `by`, for `reason`).
- `release_on` of an OPENED or ENDED_EARLY row is the first date on which the unit is low-risk.
- Not told: INFECTION_NOTED, ROUND_RECORDED, OVERDUE, EDITION_CHANGED, CAUSE_WITHDRAWN (the opening only
  moves earlier, and OPENED follows), ENDED.
- A RESTARTED or DESIGNATED row may be overtaken before anybody was told: check `seal.state(at)` and say
  only what still holds (`seal.release_on` is the truth, the row's date is what was said then).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Count

from accounts.models import Area
from notices.actions import Draft, enqueue, staff_drafts
from notices.rules import MessageKind
from zones.models import Unit, UnitSeal, Zone, ZoneProposal
from zones.rules import boundary_of

TELL_WITHIN = dt.timedelta(days=2)
"""How long after the event the message about it may still leave the house."""


def boundary(units: Iterable[Unit]) -> str:
    """Units as they are published; a building of which all units are among them by its own name. One query.

    Needs units with their building.
    """
    chosen = list(units)
    counts: dict[int, int] = defaultdict(int)
    for unit in chosen:
        counts[unit.building_id] += 1
    sizes = dict(
        Unit.objects.filter(building__in=counts).order_by().values_list("building").annotate(Count("pk"))
    )
    # One unit that bears a name may be the only one that we know of: that is no building yet.
    whole = {unit.building.name for unit in chosen if 1 < counts[unit.building_id] == sizes[unit.building_id]}
    return boundary_of([(unit.building.name, unit.name) for unit in chosen], whole)


def zone_context(zone: Zone, **values: Any) -> dict[str, Any]:
    """What a message about a zone may say: place, dates, clause; never anything about a person."""
    return {
        "zone": zone.pk,
        "compound": zone.compound.name,
        "boundary": zone.boundary,
        "units": zone.unit_count,
        "release_on": str(zone.release_on),
        "clause": zone.clause,
        **values,
    }


def seals_context(zone: Zone, seals: Sequence[UnitSeal], **values: Any) -> dict[str, Any]:
    """The same about some units of a zone, whose seals agree in their dates. Needs units with building."""
    first = seals[0]
    dates = {
        "found_on": str(first.last_infection_on),
        "since": str(first.last_infection_on),
        "days": first.clean_days,
        "release_on": str(first.release_on),
    }
    if len(seals) < zone.unit_count:
        dates |= {"boundary": boundary([seal.unit for seal in seals]), "units": len(seals)}
    return zone_context(zone, **dates | values)


def tell_of_zone(
    zone: Zone,
    kind: MessageKind,
    context: Mapping[str, Any],
    *,
    key: str,
    at: dt.datetime,
    upward: bool = False,
) -> None:
    """Tell the staff of the zone's community, and with `upward` those one level above as well.

    A second telling under the same key changes nothing. Needs the zone with its areas.
    """
    drafts = _drafts(key, kind, zone.community, dict(context), f"zone:{zone.pk}", at)
    above = zone.street or zone.county
    if upward and above:
        drafts += _drafts(key, kind, above, dict(context), f"zone:{zone.pk}", at)
    enqueue(drafts, at=at)


def tell_of_proposal(
    proposal: ZoneProposal,
    kind: MessageKind,
    areas: Iterable[Area],
    *,
    key: str,
    at: dt.datetime,
    **values: Any,
) -> None:
    """Tell these offices of a proposal of a wider zone: to be decided, or decided."""
    context = {
        "proposal": proposal.pk,
        "compound": proposal.compound.name,
        "boundary": proposal.boundary,
        "units": proposal.units.count(),
        "wider": proposal.wider_reason,
        **values,
    }
    drafts: list[Draft] = []
    for area in areas:
        drafts += _drafts(key, kind, area, context, f"proposal:{proposal.pk}", at)
    enqueue(drafts, at=at)


def _drafts(
    key: str, kind: MessageKind, area: Area, context: dict[str, Any], subject: str, at: dt.datetime
) -> list[Draft]:
    """As `staff_drafts`; an address above that hears of both areas is told once, each inbox by itself."""
    inbox, *outside = staff_drafts(
        key=key, kind=kind, community=area, context=context, subject=subject, not_after=at + TELL_WITHIN
    )
    return [replace(inbox, key=f"{key}:inbox:{area.pk}"), *outside]


def tell_of_many(
    kind: MessageKind, contexts: Iterable[tuple[Zone, str, Mapping[str, Any]]], *, at: dt.datetime
) -> None:
    """Tell each community of its zones: (zone, key, context) each; one query for each community."""
    by_community: dict[int, list[tuple[Zone, str, Mapping[str, Any]]]] = defaultdict(list)
    for each in contexts:
        by_community[each[0].community_id].append(each)
    drafts: list[Draft] = []
    for told in by_community.values():
        patterns = _drafts("", kind, told[0][0].community, {}, "", at)
        drafts += [
            replace(
                pattern,
                key=key + pattern.key,
                subject=f"zone:{zone.pk}",
                context={**context, **pattern.context},
            )
            for zone, key, context in told
            for pattern in patterns
        ]
    enqueue(drafts, at=at)
