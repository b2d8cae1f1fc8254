"""What the pages of stock show: items with their lots, and what is short or expires. Each costs one query."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from supplies.models import Balance, Item, MinimumLevel
from supplies.models.stock import StoreQuerySet
from supplies.rules.stock import ALERTS, EXPIRES_SOON_DAYS, ITEM_CATEGORIES, ItemCategory

QUANTITY = DecimalField(max_digits=14, decimal_places=2)
NOTHING = Value(Decimal(0), QUANTITY)


class Alert(StrEnum):
    """What is wrong with an item or a lot; the order is that of the page."""

    EXPIRED = "expired"
    BELOW_MINIMUM = "below_minimum"
    EXPIRES_SOON = "expires_soon"


ORDER = {Alert.EXPIRED: 0, Alert.BELOW_MINIMUM: 1, Alert.EXPIRES_SOON: 2}


def usable(on: dt.date, path: str = "") -> Q:
    """The condition of a balance that can be handed out on that date."""
    fresh = Q(**{f"{path}lot__expires_on": None}) | Q(**{f"{path}lot__expires_on__gt": on})
    return fresh & Q(**{f"{path}quantity__gt": 0})


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot of an item, summed over the stores that are looked at."""

    lot: int
    code: str
    expires_on: dt.date | None
    quantity: Decimal
    stores: int
    expired: bool
    soon: bool


@dataclass(slots=True)
class ItemRow:
    """One item of the list."""

    pk: int
    name: str
    unit: str
    category: str
    is_kit: bool
    minimum: Decimal | None
    lots: list[LotRow] = field(default_factory=list)

    @property
    def quantity(self) -> Decimal:
        """What can be handed out."""
        return sum((lot.quantity for lot in self.lots if not lot.expired), Decimal(0))

    @property
    def expired(self) -> Decimal:
        """What is to be thrown away."""
        return sum((lot.quantity for lot in self.lots if lot.expired), Decimal(0))

    @property
    def soon(self) -> bool:
        """Whether a lot expires soon."""
        return any(lot.soon for lot in self.lots)

    @property
    def dated(self) -> list[LotRow]:
        """The lots with a code or a date: the nameless one says nothing."""
        return [lot for lot in self.lots if lot.expires_on or lot.code]

    @property
    def is_short(self) -> bool:
        """Below the minimum of the stores that are looked at, taken together."""
        return self.minimum is not None and self.quantity < self.minimum

    @property
    def category_label(self) -> str:
        """The category in words."""
        return str(ITEM_CATEGORIES[ItemCategory(self.category)])


def kept_items(stores: StoreQuerySet) -> QuerySet[Item]:
    """Items that lie, or have lain, in these stores, or of which a minimum is set there."""
    there = Balance.objects.filter(lot__item=OuterRef("pk"), store__in=stores)
    wanted = MinimumLevel.objects.filter(item=OuterRef("pk"), store__in=stores)
    least = wanted.order_by().values("item").annotate(sum=Sum("quantity")).values("sum")
    return Item.objects.filter(Exists(there) | Exists(wanted)).annotate(minimum=Subquery(least))


def item_rows(items: Iterable[dict[str, Any]], stores: StoreQuerySet, on: dt.date) -> list[ItemRow]:
    """The rows of these items (`values` of `kept_items`) with their lots; one query."""
    rows = {
        each["pk"]: ItemRow(
            each["pk"], each["name"], each["unit"], each["category"], each["is_kit"], each["minimum"]
        )
        for each in items
    }
    if rows:
        for item, lot in _lots(list(rows), stores, on):
            rows[item].lots.append(lot)
    return list(rows.values())


def _lots(items: Sequence[int], stores: StoreQuerySet, on: dt.date) -> Iterable[tuple[int, LotRow]]:
    soon_until = on + dt.timedelta(days=EXPIRES_SOON_DAYS)
    found = (
        Balance.objects.filter(lot__item__in=items, store__in=stores, quantity__gt=0)
        .values_list("lot__item", "lot", "lot__code", "lot__expires_on")
        .annotate(total=Sum("quantity"), places=Count("store"))
        .order_by(F("lot__expires_on").asc(nulls_last=True), "lot")
    )
    for item, lot, code, expires_on, total, places in found:
        expired = expires_on is not None and expires_on <= on
        soon = expires_on is not None and on < expires_on <= soon_until
        yield item, LotRow(lot, code, expires_on, total, places, expired, soon)


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One thing to see to: an item that a store is short of, or a lot that is at its end."""

    alert: Alert
    item: int
    name: str
    unit: str
    store: int
    store_name: str
    there: Decimal
    minimum: Decimal
    expires_on: dt.date | None

    @property
    def label(self) -> str:
        """What it is in words."""
        return str(ALERTS[self.alert])

    @property
    def missing(self) -> Decimal:
        """How much below the minimum."""
        return max(self.minimum - self.there, Decimal(0))


def below_minimum(stores: StoreQuerySet, on: dt.date) -> QuerySet[MinimumLevel]:
    """Minimum levels of these stores that are not reached; `there` is what can be handed out."""
    lying = Balance.objects.filter(usable(on), store=OuterRef("store"), lot__item=OuterRef("item"))
    there = lying.order_by().values("store").annotate(sum=Sum("quantity")).values("sum")
    levels = MinimumLevel.objects.filter(store__in=stores, item__enabled=True)
    return levels.annotate(there=Coalesce(Subquery(there), NOTHING, output_field=QUANTITY)).filter(
        there__lt=F("quantity")
    )


def expiring(stores: StoreQuerySet, on: dt.date) -> QuerySet[Balance]:
    """What lies in these stores and has expired, or does so soon."""
    until = on + dt.timedelta(days=EXPIRES_SOON_DAYS)
    return Balance.objects.filter(store__in=stores, quantity__gt=0, lot__expires_on__lte=until)


def alerts(stores: StoreQuerySet, on: dt.date, *, limit: int) -> list[AlertRow]:
    """What to see to in these stores, the most pressing first, so many at most; one query."""
    short = below_minimum(stores, on).values(
        rank=Value(ORDER[Alert.BELOW_MINIMUM], IntegerField()),
        item_key=F("item"),
        item_name=F("item__name"),
        item_unit=F("item__unit"),
        store_key=F("store"),
        store_name=F("store__name"),
        lying=F("there"),
        least=F("quantity"),
        ends_on=Cast(Value(None), DateField()),
    )
    ends = expiring(stores, on).values(
        rank=_rank_of_expiry(on),
        item_key=F("lot__item"),
        item_name=F("lot__item__name"),
        item_unit=F("lot__item__unit"),
        store_key=F("store"),
        store_name=F("store__name"),
        lying=F("quantity"),
        least=NOTHING,
        ends_on=F("lot__expires_on"),
    )
    found = short.union(ends, all=True).order_by("rank", "ends_on", "item_key", "store_key")[:limit]
    by_rank = {rank: alert for alert, rank in ORDER.items()}
    return [
        AlertRow(
            by_rank[each["rank"]],
            each["item_key"],
            each["item_name"],
            each["item_unit"],
            each["store_key"],
            each["store_name"],
            each["lying"],
            each["least"],
            each["ends_on"],
        )
        for each in found
    ]


def _rank_of_expiry(on: dt.date) -> Any:
    return Case(
        When(lot__expires_on__lte=on, then=Value(ORDER[Alert.EXPIRED])),
        default=Value(ORDER[Alert.EXPIRES_SOON]),
        output_field=IntegerField(),
    )
