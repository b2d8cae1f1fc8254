"""Rounds: made of what is packed, started, ticked off at the doors, done. A tick is never lost.

Ticks carry their own id, made in the page, and may come late: a phone without a connection keeps them and
sends them again. Sent twice, or after the round was closed, each counts once, at the instant it was made.
"""

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoped import area_columns
from policy.refusals import BadInput, RuleViolation
from supplies.actions import serving, stock
from supplies.models import Car, Carrier, DeliveryRound, Need, Stop
from supplies.models.need import NeedQuerySet
from supplies.rules.delivery import Door, RoundState, StopOutcome, route, takes_tick
from supplies.rules.needs import MEDICAL, Asker, NeedState, NeedVerb, may
from zones.models import Compound

CARRIED = (NeedState.PACKED, NeedState.UNDER_WAY, NeedState.AT_POINT)
REFUSALS = {
    "nothing_to_carry": _("None of these needs waits to be carried any more: another round has them."),
    "not_started": _("The round has not started yet."),
    "round_moved_on": _("The round has moved on meanwhile."),
}


def _refused(code: str) -> RuleViolation:
    return RuleViolation(code, "", REFUSALS[code])


def to_carry(needs: NeedQuerySet) -> NeedQuerySet:
    """Those that are packed, have a door, and stand on no round that is still to come to them."""
    waiting = Stop.objects.filter(need=OuterRef("pk"), outcome=StopOutcome.WAITING)
    return needs.filter(~Exists(waiting), state__in=CARRIED, unit__isnull=False).exclude(kind__in=MEDICAL)


@transaction.atomic
def make_round(
    *,
    compound: Compound,
    on: dt.date,
    needs: Iterable[Need],
    carrier: Carrier | None,
    car: Car | None,
    by: User,
    at: dt.datetime,
) -> DeliveryRound:
    """One day's walk through a compound: the needs by building, unit and door.

    What another round has taken meanwhile is left out. Raises RuleViolation `nothing_to_carry` when nothing
    is left, BadInput for a carrier or a car of another compound.
    """
    for name, value in (("carrier", carrier), ("car", car)):
        if value is not None and value.compound_id != compound.pk:
            raise BadInput(name, _("This belongs to another compound."))
    made = DeliveryRound.objects.create(
        **area_columns(compound.community),
        compound=compound,
        on=on,
        carrier=carrier,
        car=car,
        made_at=at,
        made_by=by,
    )
    chosen = to_carry(Need.objects.filter(pk__in=[need.pk for need in needs]))
    chosen = chosen.filter(unit__building__compound=compound).select_related("unit__building")
    walk = route(
        Door(need.pk, need.unit.building.name, need.unit.name, need.door) for need in chosen if need.unit
    )
    Stop.objects.bulk_create(
        [Stop(round=made, need_id=door.need, position=place) for place, door in enumerate(walk, start=1)],
        ignore_conflicts=True,  # two rounds made at once: each need stands on one of them
    )
    if not made.stops.exists():
        raise _refused("nothing_to_carry")
    return made


def assign(*, delivery: DeliveryRound, carrier: Carrier | None, car: Car | None) -> None:
    """Say who carries, and by which car, while the round is not done."""
    for name, value in (("carrier", carrier), ("car", car)):
        if value is not None and value.compound_id != delivery.compound_id:
            raise BadInput(name, _("This belongs to another compound."))
    open_rounds = DeliveryRound.objects.filter(pk=delivery.pk).exclude(state=RoundState.DONE)
    if not open_rounds.update(carrier=carrier, car=car):
        raise _refused("round_moved_on")


@transaction.atomic
def start(*, delivery: DeliveryRound, by: User, at: dt.datetime) -> bool:
    """Set out: what is on the round is under way; returns whether we did it."""
    planned = DeliveryRound.objects.filter(pk=delivery.pk, state=RoundState.PLANNED)
    if not planned.update(state=RoundState.UNDER_WAY, started_at=at):
        return False
    for stop in _stops(delivery):
        if not stop.need.is_live:
            _close([stop.pk])
        elif may(NeedVerb.SEND, stop.need.state, Asker.STAFF):
            serving.move(need=stop.need, verb=NeedVerb.SEND, asker=Asker.STAFF, by=by, at=at)
    return True


@transaction.atomic
def finish(*, delivery: DeliveryRound, by: User, at: dt.datetime) -> bool:
    """Close the round: what was not ticked goes back to packed, for the next one; returns whether we did it.

    A phone that was offline may still send its ticks afterwards.
    """
    running = DeliveryRound.objects.filter(pk=delivery.pk, state=RoundState.UNDER_WAY)
    if not running.update(state=RoundState.DONE, done_at=at):
        return False
    left = [stop for stop in _stops(delivery) if stop.outcome == StopOutcome.WAITING]
    _close(stop.pk for stop in left)
    for stop in left:
        if may(NeedVerb.PUT_BACK, stop.need.state, Asker.ROUND):
            serving.move(need=stop.need, verb=NeedVerb.PUT_BACK, asker=Asker.ROUND, by=by, at=at)
    return True


def drop(*, delivery: DeliveryRound) -> bool:
    """Take back a round that has not started; its needs wait for another one. Whether we did it."""
    deleted, _rows = DeliveryRound.objects.filter(pk=delivery.pk, state=RoundState.PLANNED).delete()
    return bool(deleted)


def _stops(delivery: DeliveryRound) -> list[Stop]:
    return list(delivery.stops.select_related("need__community", "need__person", "need__unit"))


def _close(stops: Iterable[int]) -> None:
    Stop.objects.filter(pk__in=list(stops), outcome=StopOutcome.WAITING).update(outcome=StopOutcome.UNDONE)


@transaction.atomic
def tick(
    *,
    stop: Stop,
    outcome: StopOutcome,
    tick_id: str,
    ticked_at: dt.datetime,
    note: str = "",
    by: User,
    at: dt.datetime,
) -> Stop:
    """What happened at a door, once for each `tick_id`, as it stands afterwards.

    It counts from the instant of the tick, which is never before the round set out nor after now: a phone's
    clock may be wrong. Where the goods are with the resident or back in the store already, nothing changes.
    Raises RuleViolation `not_started`, and BadInput for an id that belongs to another stop.
    """
    _check_id(stop, tick_id)
    fresh = Stop.objects.select_for_update(of=("self",)).select_related("round").get(pk=stop.pk)
    if fresh.tick_id == tick_id:
        return fresh
    if not takes_tick(fresh.round.state, fresh.outcome):
        if fresh.round.state == RoundState.PLANNED:
            raise _refused("not_started")
        return fresh
    when = min(max(ticked_at, fresh.round.started_at or fresh.round.made_at), at)
    fresh.outcome, fresh.ticked_at, fresh.ticked_by = outcome, when, by
    fresh.tick_id, fresh.note = tick_id, note.strip()[:200]
    fresh.save(update_fields=["outcome", "ticked_at", "ticked_by", "tick_id", "note"])
    # Locked: the resident may confirm at this moment, and a tick that lost that race would be lost for good.
    locked = Need.objects.select_for_update(of=("self",)).select_related("community", "person", "unit")
    need = locked.get(pk=fresh.need_id)
    _move_need(need, outcome, tick_id=tick_id, by=by, at=when)
    if outcome is not StopOutcome.NOBODY:
        others = Stop.objects.filter(need=need, outcome=StopOutcome.WAITING).exclude(pk=fresh.pk)
        others.update(outcome=StopOutcome.UNDONE)
    return fresh


def _check_id(stop: Stop, tick_id: str) -> None:
    if not tick_id or len(tick_id) > 40:
        raise BadInput("tick_id", _("This tick has no id; please load the page again."))
    if Stop.objects.filter(tick_id=tick_id).exclude(pk=stop.pk).exists():
        raise BadInput("tick_id", _("This tick belongs to another door; please load the page again."))


_WITH_THE_RESIDENT: Collection[str] = (NeedState.AT_DOOR, NeedState.CONFIRMED)


def _move_need(need: Need, outcome: StopOutcome, *, tick_id: str, by: User, at: dt.datetime) -> None:
    """What the tick means for the need; where it has moved on meanwhile, the stop alone keeps it."""
    verb, asker = {
        StopOutcome.DELIVERED: (NeedVerb.DELIVER, Asker.STAFF),
        StopOutcome.NOBODY: (NeedVerb.NOBODY, Asker.ROUND),
        StopOutcome.RETURNED: (NeedVerb.COME_BACK, Asker.ROUND),
    }[outcome]
    if outcome is StopOutcome.RETURNED and need.state not in _WITH_THE_RESIDENT:
        stock.give_back_all(need=need, key=f"tick:{tick_id}", by=by, at=at)
    if may(verb, need.state, asker):
        serving.move(need=need, verb=verb, asker=asker, by=by, at=at)
