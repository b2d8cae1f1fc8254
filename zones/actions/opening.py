"""Opening units: by the clock, written down by a sweep; early, with a reason; and the round of a gate.

Nothing opens by a sweep: the dates did that at 00:00. A sweep writes it down, once for each unit.
"""

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notices.models import ChannelAddress
from notices.rules import Channel, MessageKind
from notices.sets import (
    MessageSet,
    Sql,
    among,
    chosen,
    execute,
    greatest,
    instant,
    iso,
    json_object,
    midnight_of,
    returning,
    table,
    write_messages,
)
from policy.refusals import BadInput, RuleViolation
from zones.actions.event_rows import check_area, end_zones, refresh_zones, seal_event, tidy_reason
from zones.actions.telling import seals_context, tell_of_many, tell_of_zone
from zones.models import Compound, UnitRound, UnitSeal, Zone, ZoneEvent
from zones.rules import SealEnding, SealState, ZoneEventKind

CHUNK = 10_000
"""How many units one transaction opens."""


def sweep_openings(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Write down every opening that is due at that instant; returns how many units there were."""
    today = timezone.localdate(at)
    if dry_run:
        return UnitSeal.objects.due_to_open(today).count()
    done, swept = 0, CHUNK
    while swept >= CHUNK:
        with transaction.atomic():
            due = UnitSeal.objects.due_to_open(today).order_by("release_on", "pk")
            free = due.select_for_update(skip_locked=True, no_key=True)[:CHUNK]
            swept = _open(_claim(chosen("id", free), at), at)
        done += swept
    return done


def open_due(*, units: Sequence[int], at: dt.datetime) -> int:
    """The same for these units only, inside the caller's transaction, before something new begins."""
    due = UnitSeal.objects.due_to_open(timezone.localdate(at)).filter(unit__in=units).order_by("pk")
    ids = list(due.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    return _open(_claim(among("id", ids), at), at) if ids else 0


def _claim(which: Sql, at: dt.datetime) -> list[int]:
    """Stamp them as swept; the condition stands in the UPDATE, so each is claimed once."""
    claim = f"UPDATE {table(UnitSeal)} SET swept_at = %s WHERE swept_at IS NULL AND ending = %s AND"  # noqa: S608
    values = (instant(at), SealEnding.BY_THE_CLOCK)
    return returning(Sql(claim, values), which, Sql("RETURNING id"))


def _open(ids: Sequence[int], at: dt.datetime) -> int:
    """Write what belongs to the opening of these seals; returns how many they are."""
    if ids:
        zones = _held_zones(ids)
        _write_opened(ids, at)
        end_zones(zones, at=at, by=None)
        _tell_offices(ids, zones, at)
    return len(ids)


def _held_zones(ids: Sequence[int]) -> list[int]:
    """The zones of these seals, locked: whoever opens the last unit of one sees that it was the last."""
    of_these = Sql(f"SELECT id FROM {table(Zone)} WHERE id IN (SELECT zone_id FROM {table(UnitSeal)} WHERE")  # noqa: S608
    lock = "" if connection.vendor == "sqlite" else " FOR NO KEY UPDATE"
    return returning(of_these, among("id", ids), Sql(f") ORDER BY id{lock}"))


def _write_opened(ids: Sequence[int], at: dt.datetime) -> None:
    """Due at 00:00 of the date; behind a gate that was met later, when it was met."""
    midnight = midnight_of("seal.release_on")
    due = greatest(midnight, f"COALESCE(seal.round_met_at, {midnight})")
    insert = f"""INSERT INTO {table(ZoneEvent)}
            (zone_id, seal_id, kind, at, due_at, by_id, clause, edition, reason, infection, found_on,
             release_on, details, residents_told_at)
        SELECT seal.zone_id, seal.id, %s, %s, {due}, NULL, seal.clause,
             seal.edition, '', NULL, seal.last_infection_on, seal.release_on, {json_object()}, NULL
        FROM {table(UnitSeal)} AS seal WHERE"""  # noqa: S608
    values = (ZoneEventKind.OPENED, instant(at))
    execute(Sql(insert, values), among("seal.id", ids), Sql("ON CONFLICT DO NOTHING"))


def _tell_offices(ids: Sequence[int], zones: Sequence[int], at: dt.datetime) -> None:
    """Tell the office of each zone; of a zone that opened as a whole in one statement for all offices."""
    opened = f"""SELECT zone_id, count(*) AS n, max(id) AS last, max(release_on) AS on_date,
            max(clean_days) AS days FROM {table(UnitSeal)} WHERE"""  # noqa: S608
    source = f"""JOIN {table(Zone)} AS zone ON zone.id = opened.zone_id AND zone.unit_count = opened.n
        JOIN {table(Compound)} AS compound ON compound.id = zone.compound_id"""
    whole = MessageSet(
        kind=MessageKind.ZONE_OPENED,
        channel=Channel.INBOX,
        key="'zone-opened:' || zone.id || ':' || opened.last || ':inbox:' || zone.community_id",
        community="zone.community_id",
        subject="'zone:' || zone.id",
        context={
            "zone": "zone.id",
            "compound": "compound.name",
            "boundary": "zone.boundary",
            "units": "opened.n",
            "days": "opened.days",
            "release_on": iso("opened.on_date"),
            "clause": "zone.clause",
        },
    )
    write_messages(
        whole,
        Sql(f"FROM ({opened}"),
        among("id", ids),
        Sql("GROUP BY zone_id) AS opened"),
        Sql(source),
        at=at,
    )
    # What leaves the house, and zones of which only some units opened; the keys are the same.
    told = zones if ChannelAddress.objects.exists() else _opened_in_part(ids, zones)
    if not told:
        return
    by_zone: dict[int, list[UnitSeal]] = {}
    seals = UnitSeal.objects.filter(pk__in=ids, zone__in=told).select_related("unit__building")
    for seal in seals.order_by("pk"):
        by_zone.setdefault(seal.zone_id, []).append(seal)
    named = Zone.objects.filter(pk__in=by_zone).select_related("compound", "community", "street", "county")
    tell_of_many(
        MessageKind.ZONE_OPENED,
        [
            (zone, f"zone-opened:{zone.pk}:{by_zone[zone.pk][-1].pk}", seals_context(zone, by_zone[zone.pk]))
            for zone in named
        ],
        at=at,
    )


def _opened_in_part(ids: Sequence[int], zones: Sequence[int]) -> list[int]:
    """Those of these zones that have further units, open before or still sealed."""
    opened = UnitSeal.objects.filter(pk__in=ids).order_by().values_list("zone").annotate(Count("pk"))
    counts = dict(opened)
    sizes = Zone.objects.filter(pk__in=zones).values_list("pk", "unit_count")
    return [zone for zone, size in sizes if counts.get(zone) != size]


# ── opening early ────────────────────────────────────────────────────────────────────────────────


def end_early(*, seals: Collection[UnitSeal], reason: str, by: User, at: dt.datetime) -> int:
    """Open these units now, with a reason; the planned date is kept beside the real one.

    Returns how many we opened; those that are open already are passed over. Raises RuleViolation
    `reason_needed`, `outside_area`.
    """
    if not reason.strip():
        raise RuleViolation(
            "reason_needed", "", _("Please give the reason; it is kept with the zone."), field="reason"
        )
    check_area({seal.community for seal in seals}, by)
    with transaction.atomic():
        opened = lift(
            [seal.pk for seal in seals], SealEnding.EARLY, ZoneEventKind.ENDED_EARLY, reason, by=by, at=at
        )
        for zone in refresh_zones({seal.zone_id for seal in opened}, at=at, by=by):
            units = [seal for seal in opened if seal.zone_id == zone.pk]
            tell_of_zone(
                zone,
                MessageKind.ZONE_OPENED_EARLY,
                seals_context(zone, units, reason=tidy_reason(reason)),
                key=f"zone-opened-early:{zone.pk}:{units[0].pk}",
                at=at,
            )
    return len(opened)


def lift(
    keys: Sequence[int], ending: SealEnding, kind: ZoneEventKind, reason: str, *, by: User, at: dt.datetime
) -> list[UnitSeal]:
    """Open those of these seals that hold, from today on, and write it down. In the caller's transaction."""
    today = timezone.localdate(at)
    holding = UnitSeal.objects.holding(at).unswept().filter(pk__in=keys).order_by("pk")
    seals = list(holding.select_related("unit__building").select_for_update(no_key=True, of=("self",)))
    for seal in seals:
        seal.ending = ending
        seal.release_on = min(seal.release_on, today)
        seal.ended_at = seal.swept_at = at
        seal.ended_by = by
        seal.ended_reason = tidy_reason(reason)
    UnitSeal.objects.bulk_update(
        seals, ["ending", "release_on", "ended_at", "swept_at", "ended_by", "ended_reason"], batch_size=500
    )
    ZoneEvent.objects.bulk_create(
        [seal_event(seal, kind, at=at, by=by, reason=tidy_reason(reason)) for seal in seals], batch_size=500
    )
    return seals


# ── the round of a gate ──────────────────────────────────────────────────────────────────────────


def record_round(
    *,
    seal: UnitSeal,
    people: int,
    sampled: int,
    negative: int,
    on: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> UnitRound:
    """Write down a round of tests of everybody inside; a complete one on the gate's day, or later, opens.

    A second count of the same date takes the place of the first. Raises RuleViolation `not_holding`,
    `outside_area`; BadInput for counts and dates that can't be.
    """
    today = timezone.localdate(at)
    on = on or today
    check_area([seal.community], by)
    if people < 1:
        raise BadInput("people", _("At least one person is inside."))
    if sampled > people:
        raise BadInput("sampled", _("Not more people can be sampled than are inside."))
    if negative > sampled:
        raise BadInput("negative", _("Not more people can be negative than were sampled."))
    if min(sampled, negative) < 0:
        raise BadInput("sampled", _("A count can't be below 0."))
    if not timezone.localdate(seal.starts_at) <= on <= today:
        raise BadInput("on", _("The round lies between the sealing and today."))
    with transaction.atomic():
        held = UnitSeal.objects.select_for_update(no_key=True, of=("self",)).get(pk=seal.pk)
        if held.state(at) not in (SealState.SEALED, SealState.OVERDUE):
            raise RuleViolation("not_holding", "", _("This unit is open already."))
        done, _made = UnitRound.objects.update_or_create(
            seal=held,
            on=on,
            defaults={
                "people": people,
                "sampled": sampled,
                "negative": negative,
                "recorded_at": at,
                "recorded_by": by,
            },
        )
        gate = held.round_day and held.last_infection_on + dt.timedelta(days=held.round_day)
        if gate and done.complete and on >= gate and held.round_met_at is None:
            held.round_met_at = at
            held.save(update_fields=["round_met_at"])
        details = {"on": str(on), "people": people, "sampled": sampled, "negative": negative}
        seal_event(held, ZoneEventKind.ROUND_RECORDED, at=at, by=by, details=details).save()
        open_due(units=[held.unit_id], at=at)
    seal.refresh_from_db()
    return done


def sweep_overdue_rounds(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Note, once, each unit that its gate keeps sealed past its date; tell the office and the one above."""
    today = timezone.localdate(at)
    noted = ZoneEvent.objects.filter(
        kind=ZoneEventKind.OVERDUE, seal=OuterRef("pk"), release_on=OuterRef("release_on")
    )
    if dry_run:
        return UnitSeal.objects.overdue(today).filter(~Exists(noted)).count()
    with transaction.atomic():
        # Locked first and asked again in a second statement: another sweep may have noted them meanwhile.
        overdue = UnitSeal.objects.overdue(today).filter(~Exists(noted)).order_by("pk")
        held = list(overdue.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
        still = UnitSeal.objects.filter(~Exists(noted), pk__in=held)
        seals = list(still.select_related("unit__building").order_by("pk"))
        ZoneEvent.objects.bulk_create(
            [seal_event(seal, ZoneEventKind.OVERDUE, at=at, by=None) for seal in seals], batch_size=500
        )
        for zone in Zone.objects.filter(pk__in={seal.zone_id for seal in seals}).select_related(
            "compound", "community", "street", "county"
        ):
            units = [seal for seal in seals if seal.zone_id == zone.pk]
            tell_of_zone(
                zone,
                MessageKind.ZONE_OVERDUE,
                seals_context(zone, units),
                key=f"zone-overdue:{zone.pk}:{units[0].pk}:{units[0].release_on}",
                at=at,
                upward=True,
            )
    return len(seals)
