"""Stock: what lies in the stores, what is short or expires, one item with its lots and movements."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.paging import KeysetOrder
from cases.spreadsheets import Cell, workbook
from cases.views.answers import key_in
from policy import clock
from supplies.delivery_list import HEADINGS
from supplies.models import Balance, Item, Lot, MinimumLevel, Movement, Store
from supplies.models.stock import StoreQuerySet
from supplies.rules.stock import ITEM_CATEGORIES, MOVEMENT_KINDS, ItemCategory, MovementKind
from supplies.stock_rows import Alert, AlertRow, alerts, item_rows, kept_items
from supplies.views.paged import IN_ORDER, page_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ALERTS_SHOWN = 60
EXPORTED = 20_000
BY_INSTANT = KeysetOrder(("moved_at", "pk"), descending=True)
"""Not by number alone: an item that has not moved for long would be looked for among all movements."""
SPAN = dt.timedelta(days=30)
EXPORT_COLUMNS = ("name", "category", "quantity", "unit", "lot", "expires_on", "supplier")


@requires(Ability.WORK_SUPPLIES)
@require_safe
def stock(request: StaffRequest) -> HttpResponse:
    """What lies in one store, or in all stores of the area; four queries."""
    today = clock.today()
    stores = list(
        Store.objects.visible_to(request.user).filter(enabled=True).values("pk", "name", "area__name")
    )
    chosen = key_in(request.GET, "store")
    store = next((each for each in stores if each["pk"] == chosen), None)
    scope = _scope(request.user, store)
    page = page_of(request, _asked(request, scope), IN_ORDER)
    found = alerts(scope, today, limit=ALERTS_SHOWN + 1)
    context = {
        "stores": stores,
        "store": store,
        "categories": ITEM_CATEGORIES.items(),
        "category": request.GET.get("category", ""),
        "q": request.GET.get("q", ""),
        "narrowed": bool(request.GET.get("q") or request.GET.get("category")),
        "rows": item_rows(page.rows, scope, today),
        "pager": page,
        "alerts": _grouped(found[:ALERTS_SHOWN]),
        "more_alerts": len(found) > ALERTS_SHOWN,
        "may_keep": request.user.may(Ability.KEEP_STOCK),
        "may_export": request.user.may(Ability.EXPORT) or request.user.may(Ability.KEEP_STOCK),
        "today": today,
    }
    template = (
        "supplies/stock/_list.html"
        if request.htmx and not request.htmx.boosted
        else "supplies/stock/stock.html"
    )
    return render(request, template, context)


def _scope(user: User, store: Mapping[str, Any] | None) -> StoreQuerySet:
    stores = Store.objects.visible_to(user).filter(enabled=True).order_by()
    return stores.filter(pk=store["pk"]) if store else stores


def _asked(request: StaffRequest, scope: StoreQuerySet) -> QuerySet[Any]:
    items = kept_items(scope)
    if words := request.GET.get("q", "").strip():
        items = items.filter(name__icontains=words)
    if (category := request.GET.get("category", "")) in ITEM_CATEGORIES:
        items = items.filter(category=category)
    columns = ("pk", "name", "unit", "category", "is_kit", "minimum")
    return items.values(*columns)


def _grouped(found: list[AlertRow]) -> list[tuple[Alert, list[AlertRow]]]:
    return [(alert, list(rows)) for alert, rows in groupby(found, key=lambda each: each.alert)]


# ── one item ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Level:
    """One item in one store: its lots there, and the minimum."""

    store: int
    name: str
    area: str
    lots: list[Balance]
    minimum: Decimal | None
    today: dt.date

    @property
    def quantity(self) -> Decimal:
        """What can be handed out."""
        return sum((each.quantity for each in self.lots if not self._expired(each)), Decimal(0))

    @property
    def is_short(self) -> bool:
        """Below the minimum."""
        return self.minimum is not None and self.quantity < self.minimum

    def _expired(self, balance: Balance) -> bool:
        return balance.lot.expires_on is not None and balance.lot.expires_on <= self.today


@requires(Ability.WORK_SUPPLIES)
@require_safe
def stock_item(request: StaffRequest, pk: int) -> HttpResponse:
    """Where an item lies, lot by lot, and everything that moved it; four queries, and one more for a kit."""
    lots = list(Lot.objects.filter(item=pk).select_related("item"))
    item = lots[0].item if lots else get_object_or_404(Item, pk=pk)
    scope = Store.objects.visible_to(request.user)
    today = clock.today()
    movements = Movement.objects.filter(lot__in=lots, store__in=scope.order_by()).values(
        "pk",
        "kind",
        "quantity",
        "note",
        "need",
        moved_at=F("at"),
        store_name=F("store__name"),
        other=F("other_store__name"),
        lot_code=F("lot__code"),
        expires_on=F("lot__expires_on"),
        need_number=F("need__number"),
        last_name=F("by__last_name"),
        first_name=F("by__first_name"),
        username=F("by__username"),
    )
    page = page_of(request, movements, BY_INSTANT)
    for row in page.rows:
        row["kind_label"] = MOVEMENT_KINDS[MovementKind(row["kind"])]
        row["who"] = f"{row['last_name'] or ''}{row['first_name'] or ''}" or row["username"]
    levels = _levels(item, scope, today)
    context = {
        "item": item,
        "recipe": list(item.recipe.select_related("item")) if item.is_kit else [],
        "levels": levels,
        "total": sum((level.quantity for level in levels), Decimal(0)),
        "movements": page.rows,
        "pager": page,
        "may_keep": request.user.may(Ability.KEEP_STOCK),
        "may_edit": request.user.may(Ability.SUPERVISE),
        "today": today,
    }
    return render(request, "supplies/stock/item.html", context)


def _levels(item: Item, scope: StoreQuerySet, today: dt.date) -> list[Level]:
    """The stores in which it lies or of which a minimum is set; two queries."""
    lying = Balance.objects.filter(lot__item=item, store__in=scope.order_by(), quantity__gt=0)
    levels: dict[int, Level] = {}
    order = (F("store__area__code"), F("store__name"), F("lot__expires_on").asc(nulls_last=True), "lot")
    if item.is_kit:
        packed = Movement.objects.filter(lot=OuterRef("lot"), kind=MovementKind.PACKED)
        lying = lying.annotate(packed_here=Exists(packed))
    for balance in lying.select_related("lot", "store__area").order_by(*order):
        store = balance.store
        level = levels.setdefault(store.pk, Level(store.pk, store.name, store.area.name, [], None, today))
        level.lots.append(balance)
    least = MinimumLevel.objects.filter(item=item, store__in=scope.order_by()).select_related("store__area")
    for each in least:
        store = each.store
        level = levels.setdefault(store.pk, Level(store.pk, store.name, store.area.name, [], None, today))
        level.minimum = each.quantity
    return list(levels.values())


# ── Excel ────────────────────────────────────────────────────────────────────────────────────────


def download(content: bytes, name: str) -> HttpResponse:
    """A workbook as a file to keep."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response


@requires(Ability.KEEP_STOCK, Ability.EXPORT)
@require_safe
def stock_export(request: StaffRequest) -> HttpResponse:
    """Every lot in every store that is looked at, as a workbook."""
    today = clock.today()
    scope = _export_scope(request)
    rows = (
        Balance.objects.filter(store__in=scope, quantity__gt=0)
        .order_by("store__area__code", "store__name", "lot__item__category", "lot__item__name", "lot")
        .values_list(
            "store__area__name",
            "store__name",
            "lot__item__name",
            "lot__item__category",
            "quantity",
            "lot__item__unit",
            "lot__code",
            "lot__expires_on",
            "lot__supplier__name",
        )[: EXPORTED + 1]
    )
    # The words of a delivery list: what was exported can be imported.
    headers = [_("area"), _("store"), *(str(HEADINGS[name]) for name in EXPORT_COLUMNS)]
    content = workbook(_("Stock"), headers, _stock_cells(rows.iterator()))
    return download(content, f"stock-{today:%Y%m%d}.xlsx")


def _stock_cells(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[Cell]]:
    for number, row in enumerate(rows):
        if number == EXPORTED:
            yield [_too_many()]
            return
        yield [*row[:3], str(ITEM_CATEGORIES[ItemCategory(row[3])]), float(row[4]), *row[5:]]


def _too_many() -> str:
    return _("Only the first %(limit)d are in this file; narrow it down.") % {"limit": EXPORTED}


def _export_scope(request: StaffRequest) -> StoreQuerySet:
    scope = Store.objects.visible_to(request.user).order_by()
    chosen = key_in(request.GET, "store")
    return scope.filter(pk=chosen) if chosen is not None else scope


@requires(Ability.KEEP_STOCK, Ability.EXPORT)
@require_safe
def movements_export(request: StaffRequest) -> HttpResponse:
    """What moved in the last thirty days, or since `from`, as a workbook; no name of a resident in it."""
    today = clock.today()
    since = _date_in(request.GET.get("from", "")) or today - SPAN
    moved = Movement.objects.filter(store__in=_export_scope(request), at__gte=clock.midnight(since))
    headers = [
        _("when"),
        _("area"),
        _("store"),
        _("item"),
        _("lot"),
        _("expires on"),
        _("why"),
        _("quantity"),
        pgettext("of an item", "unit"),
        _("other store"),
        _("need"),
        _("note"),
        _("who"),
    ]
    content = workbook(_("Movements"), headers, _movement_cells(moved))
    return download(content, f"movements-{since:%Y%m%d}-{today:%Y%m%d}.xlsx")


def _date_in(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _movement_cells(moved: QuerySet[Movement]) -> Iterator[list[Cell]]:
    rows = moved.order_by("-pk").values_list(
        "at",
        "store__area__name",
        "store__name",
        "lot__item__name",
        "lot__code",
        "lot__expires_on",
        "kind",
        "quantity",
        "lot__item__unit",
        "other_store__name",
        "need__number",
        "note",
        "by__username",
    )
    for number, row in enumerate(rows[: EXPORTED + 1].iterator()):
        if number == EXPORTED:
            yield [_too_many()]
            return
        at, area, store, item, code, expires_on, kind, quantity, *rest = row
        when = timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
        why = str(MOVEMENT_KINDS[MovementKind(kind)])
        yield [when, area, store, item, code, expires_on, why, float(quantity), *rest]
