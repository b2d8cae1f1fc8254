"""What the clock has done to needs, written down: limits that passed, zones that opened.

A need is late by its limit and a zone open by its date, whether or not a sweep has run. A sweep writes the
event and tells; each is done in chunks and safe twice, late, in parallel and after a crash: one UPDATE claims
its rows and names them, and only those are written on, in the same transaction.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from notices.sets import Sql, chosen, instant, returning, table
from supplies.actions.telling import ask_residents_again, tell_many_late
from supplies.models import Need, NeedEvent
from supplies.models.need import NeedQuerySet
from supplies.rules.needs import MEDICAL, NeedEventKind
from zones.models import UnitSeal

CHUNK = 500
"""How many rows one transaction claims: each is told by a few messages."""


def late_and_not_noted(at: dt.datetime) -> NeedQuerySet:
    """Needs past their limit that nobody has been told of; the clocks of medical ones are watched apart."""
    return Need.objects.late(at).filter(late_noted_at=None).exclude(kind__in=MEDICAL)


def sweep_late_needs(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Note each need past its limit, once, and tell its office and the one above; returns how many."""
    due = late_and_not_noted(at)
    if dry_run:
        return due.count()
    return _in_chunks(lambda: _note_late(at))


def _note_late(at: dt.datetime) -> int:
    needs = _claim("late_noted_at", late_and_not_noted(at).order_by("due_at", "pk"), at)
    _write_events(needs, NeedEventKind.LATE, at)
    tell_many_late(needs, at=at)
    return len(needs)


def opened_and_not_asked(at: dt.datetime) -> NeedQuerySet:
    """Live needs that were asked for behind a seal which holds no more, by the clock."""
    sealed = UnitSeal.objects.holding(at).filter(unit=OuterRef("unit"))
    return (
        Need.objects.live()
        .filter(zone__isnull=False, unit__isnull=False, asked_again_at=None)
        .exclude(Exists(sealed))
    )


def ask_again_after_opening(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Ask the person of each need whose unit opened whether it is still wanted; returns how many were asked.

    The need itself stays as it is, with its owner and its limit.
    """
    opened = opened_and_not_asked(at)
    if dry_run:
        return opened.count()
    return _in_chunks(lambda: _ask_again(at))


def _ask_again(at: dt.datetime) -> int:
    needs = _claim("asked_again_at", opened_and_not_asked(at).order_by("pk"), at)
    _write_events(needs, NeedEventKind.ZONE_OPENED, at)
    ask_residents_again(needs, at=at)
    return len(needs)


# ── shared ───────────────────────────────────────────────────────────────────────────────────────


def _in_chunks(sweep: Callable[[], int]) -> int:
    """Chunk by chunk until one is not full: what is left then is in the hands of others."""
    done, swept = 0, CHUNK
    while swept >= CHUNK:
        with transaction.atomic():
            swept = sweep()
        done += swept
    return done


def _claim(column: str, due: NeedQuerySet, at: dt.datetime) -> Sequence[Need]:
    """Stamp a chunk; the condition stands in the UPDATE, so each is claimed once."""
    free = due.select_for_update(skip_locked=True, no_key=True, of=("self",))[:CHUNK]
    claim = f"UPDATE {table(Need)} SET {column} = %s WHERE {column} IS NULL AND"  # noqa: S608 - our own names
    keys = returning(Sql(claim, (instant(at),)), chosen("id", free), Sql("RETURNING id"))
    return list(
        Need.objects.filter(pk__in=keys)
        .select_related("person", "link", "unit__building__compound", "community__parent")
        .prefetch_related("link__people")
        .order_by("pk")
    )


def _write_events(needs: Sequence[Need], kind: NeedEventKind, at: dt.datetime) -> None:
    NeedEvent.objects.bulk_create(NeedEvent(need=need, kind=kind, at=at) for need in needs)
