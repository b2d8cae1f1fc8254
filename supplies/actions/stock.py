"""Stock moves by appending: received, issued, transferred, counted, expired. The sum is what is there.

The balance of a lot in a store is changed in the same transaction, and the database refuses a negative one,
so that of two who take the last at once one is refused. Locks are taken in the order of store and lot.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils import timezone

from accounts.models import User
from policy.refusals import RuleViolation
from supplies.actions.serving import refused
from supplies.models import Balance, Item, Lot, Movement, Need, StockCount, Store, Supplier
from supplies.rules.stock import REFUSALS, LotLevel, MovementKind, pick, plain

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


def apply_changes(changes: Sequence[Change], *, key: str, by: User | None, at: dt.datetime) -> list[Movement]:
    """Write the movements and change the balances, in the caller's transaction.

    Raises RuleViolation `short_of_stock` when a balance would become negative.
    """
    ordered = sorted(changes, key=lambda each: (each.store.pk, each.lot.pk))
    # Rows are there before they are changed; negative changes need one that is there already.
    Balance.objects.bulk_create(
        [Balance(store=each.store, lot=each.lot) for each in ordered if each.quantity > 0],
        ignore_conflicts=True,
    )
    for change in ordered:
        _shift(change)
    return Movement.objects.bulk_create(
        Movement(
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
        for number, change in enumerate(ordered)
    )


def _shift(change: Change) -> None:
    row = Balance.objects.filter(store=change.store, lot=change.lot)
    if change.quantity < 0:
        row = row.filter(quantity__gte=-change.quantity)
    if not row.update(quantity=F("quantity") + change.quantity):
        raise refused("short_of_stock", field="quantity")


def written(key: str) -> list[Movement]:
    """The movements that an act of that key has written; empty when it has not been done."""
    if not Movement.objects.filter(key=f"{key}:0").exists():
        return []
    return list(Movement.objects.filter(key__startswith=f"{key}:").order_by("pk"))


def once(
    changes: Callable[[], Sequence[Change]], *, key: str, by: User | None, at: dt.datetime
) -> list[Movement]:
    """Work out the changes and apply them in one transaction, unless an act of that key has been written.

    Of two that are sent at the same moment the second gets what the first wrote.
    """
    for attempt in range(ATTEMPTS):
        if known := written(key):
            return known
        try:
            with transaction.atomic():
                return apply_changes(changes(), key=key, by=by, at=at)
        except RuleViolation:
            if known := written(key):
                return known
            raise
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def refuse(code: str, *, field: str | None = None, **values: str) -> RuleViolation:
    """The refusal of that code with its sentence."""
    return RuleViolation(code, "", REFUSALS[code] % values if values else REFUSALS[code], field=field)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One line of a delivery."""

    lot: Lot
    quantity: Decimal
    note: str = ""


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
    return receive_many(store=store, lines=[Delivered(lot, quantity, note)], key=key, by=by, at=at)


def receive_many(
    *, store: Store, lines: Sequence[Delivered], key: str, by: User | None, at: dt.datetime
) -> list[Movement]:
    """The same for a whole delivery, in one act. Raises RuleViolation `nothing` for a line of nothing."""
    if any(line.quantity <= 0 for line in lines):
        raise refuse("nothing", field="quantity")
    changes = [Change(store, line.lot, MovementKind.RECEIPT, line.quantity, note=line.note) for line in lines]
    return once(lambda: changes, key=key, by=by, at=at)


def levels(store: Store, item: Item) -> list[LotLevel]:
    """What lies of an item in a store, lot by lot."""
    rows = Balance.objects.filter(store=store, lot__item=item, quantity__gt=0).select_related("lot")
    return [LotLevel(row.lot_id, row.quantity, row.lot.expires_on) for row in rows]


def issue(
    *, store: Store, wanted: Mapping[Item, Decimal], need: Need | None, key: str, by: User, at: dt.datetime
) -> list[Movement]:
    """Hand out, what expires first going first; all of it or nothing.

    Raises RuleViolation `short_of_stock` where an item is not there in that quantity: it says what is.
    """

    def taken() -> list[Change]:
        return [
            Change(store, lot, MovementKind.ISSUE, -part, need=need)
            for lot, part in take(store, wanted, timezone.localdate(at))
        ]

    return once(taken, key=key, by=by, at=at)


def take(store: Store, wanted: Mapping[Item, Decimal], on: dt.date) -> list[tuple[Lot, Decimal]]:
    """From which lots so much of each item comes; they stay locked for the caller's transaction.

    Raises RuleViolation `short_of_stock` where an item is not there in that quantity.
    """
    if any(quantity <= 0 for quantity in wanted.values()):
        raise refuse("nothing", field="quantity")
    rows = list(
        Balance.objects.select_for_update(of=("self",))
        .filter(store=store, lot__item__in=list(wanted), quantity__gt=0)
        .select_related("lot")
        .order_by("lot_id")
    )
    parts: list[tuple[Lot, Decimal]] = []
    for item, quantity in wanted.items():
        lots = {row.lot_id: row.lot for row in rows if row.lot.item_id == item.pk}
        there = [LotLevel(row.lot_id, row.quantity, row.lot.expires_on) for row in rows if row.lot_id in lots]
        picked = pick(there, quantity, on)
        found = sum((part for _lot, part in picked), Decimal(0))
        if found < quantity:
            raise short(item, quantity, found)
        parts += [(lots[lot], part) for lot, part in picked]
    return parts


def short(item: Item, wanted: Decimal, there: Decimal, *, field: str = "quantity") -> RuleViolation:
    """The refusal for want of stock: it names the item, what was wanted and what is there."""
    words = {
        "item": item.name,
        "wanted": f"{plain(wanted)} {item.unit}",
        "there": f"{plain(there)} {item.unit}",
    }
    return RuleViolation("short_of_stock", "", REFUSALS["short"] % words, field=field)


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
    """Move between two stores: it leaves the one and comes into the other in one act.

    Raises RuleViolation `same_store`, `nothing`, and `short_of_stock`.
    """
    if from_store == to_store:
        raise refuse("same_store", field="to_store")
    if quantity <= 0:
        raise refuse("nothing", field="quantity")
    changes = [
        Change(from_store, lot, MovementKind.TRANSFER_OUT, -quantity, other_store=to_store),
        Change(to_store, lot, MovementKind.TRANSFER_IN, quantity, other_store=from_store),
    ]
    return once(lambda: changes, key=key, by=by, at=at)


def give_back(
    *, store: Store, lot: Lot, quantity: Decimal, need: Need | None, key: str, by: User, at: dt.datetime
) -> list[Movement]:
    """What was not delivered comes back into the store.

    Raises RuleViolation `nothing`, and `not_issued` for more than was issued for that need from there.
    """
    if quantity <= 0:
        raise refuse("nothing", field="quantity")

    def returned() -> list[Change]:
        if need is not None:
            out = {(change.store.pk, change.lot.pk): change.quantity for change in outstanding(need)}
            if out.get((store.pk, lot.pk), Decimal(0)) < quantity:
                raise refuse("not_issued", field="quantity")
        return [Change(store, lot, MovementKind.RETURN, quantity, need=need)]

    return once(returned, key=key, by=by, at=at)


def give_back_all(*, need: Need, key: str, by: User, at: dt.datetime) -> list[Movement]:
    """Everything that was issued for a need and has not come back returns to where it was taken from."""
    return once(lambda: outstanding(need), key=key, by=by, at=at)


def outstanding(need: Need) -> list[Change]:
    """What is out for a need by store and lot, as its return; the need is locked: nothing returns twice."""
    Need.objects.select_for_update().filter(pk=need.pk).values_list("pk", flat=True).first()
    rows = list(
        Movement.objects.filter(need=need, kind__in=[MovementKind.ISSUE, MovementKind.RETURN])
        .order_by()
        .values("store", "lot")
        .annotate(moved=Sum("quantity"))
        .filter(moved__lt=0)
    )
    stores = Store.objects.in_bulk([row["store"] for row in rows])
    lots = Lot.objects.select_related("item").in_bulk([row["lot"] for row in rows])
    return [
        Change(stores[row["store"]], lots[row["lot"]], MovementKind.RETURN, -row["moved"], need=need)
        for row in rows
    ]


def count_stock(
    *,
    store: Store,
    counted: Mapping[Lot, Decimal],
    expected: Mapping[Lot, Decimal] | None = None,
    key: str,
    by: User,
    at: dt.datetime,
) -> StockCount:
    """Take over what was counted: each difference is a movement, so that the sum stays what is there.

    `expected` is what the sheet said when it was counted: where the stock has moved since, nothing is taken
    over and RuleViolation `moved_meanwhile` is raised. The same count sent twice is taken over once.
    """
    for attempt in range(ATTEMPTS):
        if known := StockCount.objects.filter(key=key).first():
            return known
        try:
            with transaction.atomic():
                return _count(store, counted, expected, key=key, by=by, at=at)
        except RuleViolation:
            if known := StockCount.objects.filter(key=key).first():
                return known
            raise
        except IntegrityError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _count(
    store: Store,
    counted: Mapping[Lot, Decimal],
    expected: Mapping[Lot, Decimal] | None,
    *,
    key: str,
    by: User,
    at: dt.datetime,
) -> StockCount:
    lots = sorted(counted, key=lambda lot: lot.pk)
    Balance.objects.bulk_create([Balance(store=store, lot=lot) for lot in lots], ignore_conflicts=True)
    rows = Balance.objects.select_for_update().filter(store=store, lot__in=lots).order_by("lot_id")
    there = {row.lot_id: row.quantity for row in rows}
    if expected is not None and any(there[lot.pk] != expected[lot] for lot in lots):
        raise refuse("moved_meanwhile")
    changes = [
        Change(store, lot, MovementKind.COUNT, counted[lot] - there[lot.pk])
        for lot in lots
        if counted[lot] != there[lot.pk]
    ]
    apply_changes(changes, key=key, by=by, at=at)
    return StockCount.objects.create(
        key=key, store=store, at=at, by=by, lines=len(lots), differences=len(changes)
    )


def throw_away_expired(*, store: Store, lots: Iterable[Lot], key: str, by: User, at: dt.datetime) -> int:
    """Take what has expired out of the stock; returns how many lots. What has not expired is left alone."""
    today, named = timezone.localdate(at), list(lots)

    def thrown() -> list[Change]:
        rows = (
            Balance.objects.select_for_update(of=("self",))
            .filter(store=store, lot__in=named, quantity__gt=0, lot__expires_on__lte=today)
            .select_related("lot")
            .order_by("lot_id")
        )
        return [Change(store, row.lot, MovementKind.EXPIRED, -row.quantity) for row in rows]

    return len(once(thrown, key=key, by=by, at=at))
