"""Rows that the verbs of zones have in common: events, and what a zone repeats of its seals.

Whoever has to touch several rows locks seals first, by their number, and zones after them, by theirs: then
no two verbs and no sweep wait for each other in a circle.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Exists, Max, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from notices.sets import Sql, among, execute, instant, json_object, midnight_of, returning, table
from policy.refusals import RuleViolation
from zones.models import UnitSeal, Zone, ZoneEvent
from zones.rules import ZoneEventKind

# What the people inside have to hear of; see `zones.actions.telling`.
RESIDENTS_HEAR = frozenset(
    {
        ZoneEventKind.DESIGNATED,
        ZoneEventKind.RESTARTED,
        ZoneEventKind.OPENED,
        ZoneEventKind.ENDED_EARLY,
    }
)


def seal_event(
    seal: UnitSeal, kind: ZoneEventKind, *, at: dt.datetime, by: User | None, **values: Any
) -> ZoneEvent:
    """An event of one unit, not saved; dates, clause and edition are those of the seal unless given."""
    facts: dict[str, Any] = {
        "zone_id": seal.zone_id,
        "seal": seal,
        "kind": kind,
        "at": at,
        "by": by,
        "clause": seal.clause,
        "edition": seal.edition,
        "found_on": seal.last_infection_on,
        "release_on": seal.release_on,
        "residents_told_at": None if kind in RESIDENTS_HEAR else at,
    }
    return ZoneEvent(**facts | values)


def zone_event(
    zone: Zone, kind: ZoneEventKind, *, at: dt.datetime, by: User | None, **values: Any
) -> ZoneEvent:
    """An event of the whole zone, not saved; residents are told of their units, not of zones."""
    facts: dict[str, Any] = {
        "zone": zone,
        "kind": kind,
        "at": at,
        "by": by,
        "clause": zone.clause,
        "edition": zone.edition,
        "release_on": zone.release_on,
        "residents_told_at": at,
    }
    return ZoneEvent(**facts | values)


def locked(zones: Collection[int]) -> list[Zone]:
    """These zones, held until the transaction ends, so that the last of their units ends each of them."""
    found = Zone.objects.filter(pk__in=zones).order_by("pk").select_for_update(no_key=True, of=("self",))
    return list(found.select_related("compound", "community", "street", "county"))


def refresh_zones(zones: Collection[int], *, at: dt.datetime, by: User | None) -> list[Zone]:
    """Repeat on these zones what their seals say: the last opening, the gate, the end with the last unit.

    Writes the ENDED event of each zone whose last unit was opened; returns the zones, held, as they are.
    """
    held = locked(zones)
    keys = [zone.pk for zone in held]
    seals = UnitSeal.objects.filter(zone=OuterRef("pk")).order_by()
    latest = seals.values("zone").annotate(latest=Max("release_on")).values("latest")
    Zone.objects.filter(pk__in=keys).update(
        release_on=Subquery(latest), gated=Exists(seals.filter(round_day__isnull=False))
    )
    end_zones(keys, at=at, by=by)
    fresh = Zone.objects.filter(pk__in=keys).order_by("pk")
    return list(fresh.select_related("compound", "community", "street", "county"))


def end_zones(zones: Sequence[int], *, at: dt.datetime, by: User | None) -> int:
    """End those of these zones, held by the caller, that have no unit left; returns how many.

    Three statements, however many there are. What the clock ended took effect at 00:00 of its date.
    """
    left = f"SELECT 1 FROM {table(UnitSeal)} AS seal WHERE seal.zone_id = zone.id AND seal.swept_at IS NULL"  # noqa: S608
    end = f"""UPDATE {table(Zone)} AS zone SET ended_at = %s
              WHERE zone.ended_at IS NULL AND NOT EXISTS ({left}) AND"""  # noqa: S608
    ended = returning(Sql(end, (instant(at),)), among("zone.id", zones), Sql("RETURNING id"))
    if ended:
        due = midnight_of("zone.release_on") if by is None else "NULL"
        insert = f"""INSERT INTO {table(ZoneEvent)}
                (zone_id, seal_id, kind, at, due_at, by_id, clause, edition, reason, infection, found_on,
                 release_on, details, residents_told_at)
            SELECT zone.id, NULL, %s, %s, {due}, CAST(%s AS bigint), zone.clause, zone.edition, '',
                 NULL, NULL, zone.release_on, {json_object()}, %s
            FROM {table(Zone)} AS zone WHERE"""  # noqa: S608
        values = (ZoneEventKind.ENDED, instant(at), by.pk if by else None, instant(at))
        execute(Sql(insert, values), among("zone.id", ended), Sql("ON CONFLICT DO NOTHING"))
    return len(ended)


def check_area(communities: Iterable[Area], by: User) -> None:
    """Refuse what lies outside the area of the user. Raises RuleViolation `outside_area`."""
    if by.area is None or not all(by.area.covers(community) for community in communities):
        raise RuleViolation("outside_area", "", _("This place lies outside your area."))


def tidy_reason(written: str) -> str:
    """A reason without blanks around it and no longer than its column."""
    return written.strip()[:300]
