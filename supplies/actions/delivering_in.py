"""Taking a delivery list over: the good rows in one act."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from supplies.actions import stock
from supplies.delivery_list import Line
from supplies.models import Item, Store, Supplier


@transaction.atomic
def take_over(*, store: Store, lines: Iterable[Line], key: str, by: User, at: dt.datetime) -> int:
    """Receive the good rows of a list, with the items that are new; returns how many rows.

    The same list sent twice is received once.
    """
    if known := stock.written(key):
        return len(known)
    good = [line for line in lines if line.is_good and line.quantity]
    items = _items(good)
    suppliers = {each.name: each for each in Supplier.objects.visible_to(by)}
    delivered = []
    for line in good:
        supplier = suppliers.get(line.supplier)
        lot = stock.ensure_lot(items[line.name], code=line.lot, expires_on=line.expires_on, supplier=supplier)
        if line.quantity:
            note = line.supplier if supplier is None else ""
            delivered.append(stock.Delivered(lot, line.quantity, note))
    return len(stock.receive_many(store=store, lines=delivered, key=key, by=by, at=at))


def _items(lines: list[Line]) -> dict[str, Item]:
    known = {item.name: item for item in Item.objects.filter(name__in={line.name for line in lines})}
    for line in lines:
        if line.name not in known:
            known[line.name], _made = Item.objects.get_or_create(
                name=line.name,
                defaults={
                    "unit": line.unit,
                    "category": line.category,
                    "keeps_expiry": line.expires_on is not None,
                },
            )
    return known
