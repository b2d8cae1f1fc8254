"""Stock moves by appending: received, issued, transferred, counted, expired. The sum is what is there.

The balance of a lot in a store is changed in the same transaction, and the database refuses a negative one,
so that of two who take the last at once one is refused. Locks are taken in the order of store and lot.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from supplies.actions.serving import refused
from supplies.models import Balance, Item, Lot, Movement, Need, StockCount, Store, Supplier
from supplies.rules.stock import LotLevel, MovementKind, pick

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one lot in one store; the sign says which way."""

    store: Store
    lot: Lot
    kind: MovementKind
    quantity: Decimal
    other_store: Store | None = None
    need: Need | None = None
    note: str = ""


def ensure_lot(
    item: Item, *, code: str = "", expires_on: dt.date | None = None, supplier: Supplier | None = None
) -> Lot:
    """The lot of that code and date, made if it is new."""
    lot, _made = Lot.objects.get_or_create(
        item=item, code=code, expires_on=expires_on, defaults={"supplier": supplier}
    )
    return lot


def _apply(changes: Sequence[Change], *, key: str, by: User | None, at: dt.datetime) -> list[Movement]:
    """Write the movements and change the balances, in the caller's transaction.

    Raises RuleViolation `short_of_stock` when a balance would become negative.
    """
    movements = []
    for number, change in enumerate(sorted(changes, key=lambda each: (each.store.pk, each.lot.pk))):
        movements.append(
            Movement.objects.create(
                key=f"{key}:{number}",
                store=change.store,
                lot=change.lot,
                kind=change.kind,
                quantity=change.quantity,
                need=change.need,
                other_store=change.other_store,
                note=change.note[:200],
                at=at,
                by=by,
            )
        )
        _shift(change)
    return movements


def _shift(change: Change) -> None:
    Balance.objects.get_or_create(store=change.store, lot=change.lot)
    row = Balance.objects.filter(store=change.store, lot=change.lot)
    if change.quantity < 0:
        row = row.filter(quantity__gte=-change.quantity)
    if not row.update(quantity=F("quantity") + change.quantity):
        raise refused("short_of_stock", field="quantity")


def _once(changes: Sequence[Change], *, key: str, by: User | None, at: dt.datetime) -> list[Movement]:
    """The same, unless an act of that key has been written: then what it wrote."""
    for attempt in range(ATTEMPTS):
        known = list(Movement.objects.filter(key__startswith=f"{key}:").order_by("pk"))
        if known:
            return known
        try:
            with transaction.atomic():
                return _apply(changes, key=key, by=by, at=at)
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def receive(
    *,
    store: Store,
    lot: Lot,
    quantity: Decimal,
    key: str,
    note: str = "",
    by: User | None,
    at: dt.datetime,
) -> list[Movement]:
    """Put what came in into the store. `key` names the act: repeated, it moves nothing twice."""
    return _once([Change(store, lot, MovementKind.RECEIPT, quantity, note=note)], key=key, by=by, at=at)


def levels(store: Store, item: Item) -> list[LotLevel]:
    """What lies of an item in a store, lot by lot."""
    rows = Balance.objects.filter(store=store, lot__item=item, quantity__gt=0).select_related("lot")
    return [LotLevel(row.lot_id, row.quantity, row.lot.expires_on) for row in rows]


def issue(
    *, store: Store, wanted: Mapping[Item, Decimal], need: Need | None, key: str, by: User, at: dt.datetime
) -> list[Movement]:
    """Hand out, what expires first going first; all of it or nothing.

    Raises RuleViolation `short_of_stock` where an item is not there in that quantity.
    """
    known = list(Movement.objects.filter(key__startswith=f"{key}:").order_by("pk"))
    if known:
        return known
    with transaction.atomic():
        changes = []
        for item, quantity in wanted.items():
            changes += _taken(store, item, quantity, timezone.localdate(at), need)
        return _apply(changes, key=key, by=by, at=at)


def _taken(store: Store, item: Item, quantity: Decimal, on: dt.date, need: Need | None) -> list[Change]:
    parts = pick(levels(store, item), quantity, on)
    if sum((part for _lot, part in parts), Decimal(0)) < quantity:
        raise refused("short_of_stock", field="quantity")
    lots = Lot.objects.in_bulk([lot for lot, _part in parts])
    return [Change(store, lots[lot], MovementKind.ISSUE, -part, need=need) for lot, part in parts]


def transfer(
    *,
    from_store: Store,
    to_store: Store,
    lot: Lot,
    quantity: Decimal,
    key: str,
    by: User,
    at: dt.datetime,
) -> list[Movement]:
    """Move between two stores: it leaves the one and comes into the other in one act."""
    changes = [
        Change(from_store, lot, MovementKind.TRANSFER_OUT, -quantity, other_store=to_store),
        Change(to_store, lot, MovementKind.TRANSFER_IN, quantity, other_store=from_store),
    ]
    return _once(changes, key=key, by=by, at=at)


def give_back(
    *, store: Store, lot: Lot, quantity: Decimal, need: Need | None, key: str, by: User, at: dt.datetime
) -> list[Movement]:
    """What was not delivered comes back into the store."""
    return _once([Change(store, lot, MovementKind.RETURN, quantity, need=need)], key=key, by=by, at=at)


@transaction.atomic
def count_stock(
    *, store: Store, counted: Mapping[Lot, Decimal], key: str, by: User, at: dt.datetime
) -> StockCount:
    """Take over what was counted: each difference is a movement, so that the sum stays what is there."""
    lots = sorted(counted, key=lambda lot: lot.pk)
    for lot in lots:
        Balance.objects.get_or_create(store=store, lot=lot)
    rows = Balance.objects.select_for_update().filter(store=store, lot__in=lots)
    there = {row.lot_id: row.quantity for row in rows}
    changes = [
        Change(store, lot, MovementKind.COUNT, counted[lot] - there.get(lot.pk, Decimal(0)))
        for lot in lots
        if counted[lot] != there.get(lot.pk, Decimal(0))
    ]
    _apply(changes, key=key, by=by, at=at)
    return StockCount.objects.create(store=store, at=at, by=by, lines=len(lots), differences=len(changes))


def throw_away_expired(*, store: Store, lots: Iterable[Lot], key: str, by: User, at: dt.datetime) -> int:
    """Take what has expired out of the stock; returns how many lots. What has not expired is left alone."""
    today = timezone.localdate(at)
    with transaction.atomic():
        rows = Balance.objects.select_for_update().filter(
            store=store, lot__in=list(lots), quantity__gt=0, lot__expires_on__lte=today
        )
        changes = [
            Change(store, row.lot, MovementKind.EXPIRED, -row.quantity)
            for row in rows.select_related("lot").order_by("lot_id")
        ]
        return len(_apply(changes, key=key, by=by, at=at))
