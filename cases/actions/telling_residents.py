"""Telling the people inside when their unit is sealed, sealed for longer, or open again.

The verbs of zones write one event for each unit (`zones.actions.telling`); this sweep turns the events that
nobody has told of into messages, one to each person with a telephone who is registered in that unit. It is
set-based and safe twice, in parallel and after a crash: one UPDATE claims the events and names them, and
their messages are written in the same transaction, under a key for each event and person.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Area
from cases.models import Person
from notices.rules import Channel, MessageKind
from notices.sets import (
    MessageSet,
    Sql,
    among,
    chosen,
    instant,
    iso,
    returning,
    table,
    write_messages,
)
from zones.models import Building, Compound, Unit, UnitSeal, ZoneEvent
from zones.rules import ZoneEventKind

CHUNK = 500
"""How many events one transaction claims: a unit has up to a hundred residents, and each gets a row."""
TELL_WITHIN = dt.timedelta(days=2)
"""How long after the event a message about it may still go out; what is older is not told late."""

SAYS = {
    ZoneEventKind.DESIGNATED: MessageKind.UNIT_SEALED,
    ZoneEventKind.RESTARTED: MessageKind.UNIT_RESTARTED,
    ZoneEventKind.OPENED: MessageKind.UNIT_OPENED,
    ZoneEventKind.ENDED_EARLY: MessageKind.UNIT_OPENED,
}
"""What is told of which event; the others have nothing to say to the people inside."""


def tell_residents(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Write the messages of every event that residents have not been told of; returns how many messages.

    With `dry_run` how many events are waiting. What an event said is not repeated when it no longer holds:
    nobody is told that a unit is sealed once it is open, nor that it is open once it is sealed again.
    """
    if dry_run:
        return _untold().count()
    written, claimed = 0, CHUNK
    while claimed >= CHUNK:
        with transaction.atomic():
            events = _claim(at)
            claimed = len(events)
            written += _tell(events, at)
    return written


def _untold() -> "QuerySet[ZoneEvent]":
    return ZoneEvent.objects.filter(residents_told_at=None)


def _claim(at: dt.datetime) -> list[int]:
    """Stamp a chunk of events as told; the condition stands in the UPDATE, so each is claimed once."""
    free = _untold().order_by("pk").select_for_update(skip_locked=True, no_key=True, of=("self",))
    claim = f"UPDATE {table(ZoneEvent)} SET residents_told_at = %s WHERE residents_told_at IS NULL AND"  # noqa: S608
    return returning(Sql(claim, (instant(at),)), chosen("id", free[:CHUNK]), Sql("RETURNING id"))


def _tell(events: Sequence[int], at: dt.datetime) -> int:
    """Write the messages of these events: a statement for each kind and hour, whatever their number."""
    fresh = ZoneEvent.objects.filter(
        pk__in=events, kind__in=SAYS, seal__isnull=False, at__gt=at - TELL_WITHIN
    )
    together: dict[tuple[MessageKind, dt.datetime], list[int]] = defaultdict(list)
    for pk, kind, happened_at in fresh.values_list("pk", "kind", "at"):
        hour = happened_at.replace(minute=0, second=0, microsecond=0)
        together[SAYS[ZoneEventKind(kind)], hour].append(pk)
    return sum(
        _write(kind, some, at=at, not_after=max(hour + TELL_WITHIN, at))
        for (kind, hour), some in together.items()
    )


def _write(kind: MessageKind, events: Sequence[int], *, at: dt.datetime, not_after: dt.datetime) -> int:
    """One message to each resident of the units of these events; the encrypted number is copied as it is."""
    messages = MessageSet(
        kind=kind,
        channel=Channel.SMS,
        key="'unit:' || event.id || ':' || person.id",
        recipient="person.phone",
        context={
            "zone": "event.zone_id",
            "compound": "compound.name",
            "unit": "building.name || unit.name",
            "release_on": iso("seal.release_on"),
            "found_on": iso("seal.last_infection_on"),
            "days": "seal.clean_days",
            "clause": "seal.clause",
            "notice_phone": "area.duty_phone",
        },
        not_after=not_after,
        community="seal.community_id",
        subject="'zone:' || event.zone_id",
    )
    return write_messages(messages, *_source(kind, events, timezone.localdate(at)), at=at)


def _source(kind: MessageKind, events: Sequence[int], today: dt.date) -> tuple[Sql, ...]:
    """The events with the residents of their units, as far as what is told still holds."""
    joined = f"""FROM {table(ZoneEvent)} AS event
        JOIN {table(UnitSeal)} AS seal ON seal.id = event.seal_id
        JOIN {table(Unit)} AS unit ON unit.id = seal.unit_id
        JOIN {table(Building)} AS building ON building.id = unit.building_id
        JOIN {table(Compound)} AS compound ON compound.id = building.compound_id
        JOIN {table(Area)} AS area ON area.id = seal.community_id
        JOIN {table(Person)} AS person ON person.unit_id = unit.id
        WHERE person.phone <> '' AND"""
    sealed_again = f"""AND NOT EXISTS (SELECT 1 FROM {table(UnitSeal)} AS other
        WHERE other.unit_id = seal.unit_id AND other.release_on > %s)"""  # noqa: S608
    if kind == MessageKind.UNIT_OPENED:
        return Sql(joined), among("event.id", events), Sql(sealed_again, (today,))
    return Sql(joined), among("event.id", events), Sql("AND seal.release_on > %s", (today,))
