"""Packing parts into kits 蔬菜包, and unpacking them again: both sides of it are one act under one key.

Each packing makes a lot of its own, so that its movements say for good what went into it and from which lots.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from policy.refusals import RuleViolation
from supplies.actions import stock
from supplies.models import Balance, Item, Lot, Movement, Store
from supplies.rules.stock import LotLevel, MovementKind, pick, plain

ANY_DATE = dt.date.min
"""What comes out of a kit comes out, expired or not."""


def pack(
    *,
    store: Store,
    kit: Item,
    kits: int,
    parts: Mapping[Item, Decimal],
    key: str,
    by: User,
    at: dt.datetime,
) -> list[Movement]:
    """Turn parts into so many kits; `parts` is what goes into one. What expires first goes first.

    The kits expire with the first of their parts. All of it or nothing: raises RuleViolation `no_kit`,
    `no_parts`, `kit_in_kit`, `nothing`, and `short_of_stock` with the part that is short and what is there.
    """
    _check(kit, kits, parts)
    on = timezone.localdate(at)
    wanted = {part: quantity * kits for part, quantity in parts.items()}

    def changes() -> list[stock.Change]:
        taken = stock.take(store, wanted, on)
        ends = [lot.expires_on for lot, _quantity in taken if lot.expires_on]
        lot = stock.ensure_lot(kit, code=_code(key, on), expires_on=min(ends, default=None))
        return [
            *(stock.Change(store, each, MovementKind.INTO_KIT, -quantity) for each, quantity in taken),
            stock.Change(store, lot, MovementKind.PACKED, Decimal(kits)),
        ]

    return stock.once(changes, key=key, by=by, at=at)


def _check(kit: Item, kits: int, parts: Mapping[Item, Decimal]) -> None:
    if not kit.is_kit:
        raise stock.refuse("no_kit", item=kit.name)
    if kits <= 0 or any(quantity <= 0 for quantity in parts.values()):
        raise stock.refuse("nothing", field="kits")
    if not parts:
        raise stock.refuse("no_parts")
    for part in parts:
        if part.is_kit or part == kit:
            raise stock.refuse("kit_in_kit", item=part.name)


def _code(key: str, on: dt.date) -> str:
    """The name of the lot: the date of packing, and a mark of the act."""
    return f"{on:%m%d}-{key[:6].upper()}"


def unpack(*, store: Store, lot: Lot, kits: int, key: str, by: User, at: dt.datetime) -> list[Movement]:
    """Open so many kits of a lot that was packed here: their parts lie in this store again, in their lots.

    Which lot of a part a single kit holds, nobody knows: what expires first comes back first, so that
    nothing is shown as fresher than it is. Raises RuleViolation `nothing`, `not_packed_here`,
    `parts_are_out`, and `short_of_stock`.
    """
    if kits <= 0:
        raise stock.refuse("nothing", field="kits")

    def changes() -> list[stock.Change]:
        # Two stores may open kits of one lot at once: what is left inside is reckoned one after the other.
        Lot.objects.select_for_update(no_key=True).get(pk=lot.pk)
        found = contents(lot)
        _check_left(store, lot, found, kits)
        return [
            stock.Change(store, lot, MovementKind.UNPACKED, Decimal(-kits)),
            *(
                stock.Change(store, each, MovementKind.OUT_OF_KIT, quantity)
                for each, quantity in found.of_kits(kits)
            ),
        ]

    return stock.once(changes, key=key, by=by, at=at)


def _check_left(store: Store, lot: Lot, found: "Contents", kits: int) -> None:
    if not found.packed:
        raise stock.refuse("not_packed_here")
    lying = Balance.objects.filter(store=store, lot=lot).values_list("quantity", flat=True).first()
    if (lying or Decimal(0)) < kits:
        raise stock.short(lot.item, Decimal(kits), lying or Decimal(0), field="kits")
    if found.left < kits:
        raise _parts_are_out(found.left)


def _parts_are_out(left: Decimal) -> RuleViolation:
    return stock.refuse("parts_are_out", field="kits", n=plain(left))


@dataclass(slots=True)
class Contents:
    """What the movements say of one lot of kits."""

    packed: Decimal = Decimal(0)
    unpacked: Decimal = Decimal(0)
    went_in: dict[Item, Decimal] = field(default_factory=dict)
    """Of each part, for all kits that were packed."""
    inside: dict[Lot, Decimal] = field(default_factory=dict)
    """What went in and has not come out."""

    @property
    def left(self) -> Decimal:
        """How many kits were packed and not unpacked, wherever they are by now."""
        return self.packed - self.unpacked

    @property
    def of_one(self) -> dict[Item, Decimal]:
        """What is in one kit."""
        return {item: quantity / self.packed for item, quantity in self.went_in.items()}

    def of_kits(self, kits: int) -> list[tuple[Lot, Decimal]]:
        """From which lots the parts of so many kits are."""
        lots = {lot.pk: lot for lot in self.inside}
        found: list[tuple[Lot, Decimal]] = []
        for item, quantity in self.of_one.items():
            levels = [
                LotLevel(lot.pk, left, lot.expires_on)
                for lot, left in self.inside.items()
                if lot.item_id == item.pk
            ]
            found += [(lots[key], part) for key, part in pick(levels, quantity * kits, ANY_DATE)]
        return found


def contents(lot: Lot) -> Contents:
    """What went into the kits of a lot and what came out again; nothing for a lot that came packed."""
    found = Contents()
    own = list(Movement.objects.filter(lot=lot, kind__in=[MovementKind.PACKED, MovementKind.UNPACKED]))
    found.packed = sum((each.quantity for each in own if each.quantity > 0), Decimal(0))
    found.unpacked = -sum((each.quantity for each in own if each.quantity < 0), Decimal(0))
    went_in: defaultdict[Item, Decimal] = defaultdict(Decimal)
    inside: defaultdict[Lot, Decimal] = defaultdict(Decimal)
    for part in _sides(own):
        inside[part.lot] -= part.quantity
        if part.kind == MovementKind.INTO_KIT:
            went_in[part.lot.item] -= part.quantity
    found.went_in, found.inside = dict(went_in), dict(inside)
    return found


def _sides(own: Sequence[Movement]) -> Sequence[Movement]:
    """The other side of these movements: their parts, which the same acts wrote."""
    same_acts = Q(pk=None)
    for each in own:
        same_acts |= Q(key__startswith=f"{each.key.rpartition(':')[0]}:")
    parts = Movement.objects.filter(same_acts, kind__in=[MovementKind.INTO_KIT, MovementKind.OUT_OF_KIT])
    return list(parts.select_related("lot__item").order_by("pk"))
