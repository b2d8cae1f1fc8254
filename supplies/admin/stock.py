"""Items, stores, minimum levels and suppliers, which are kept; movements, balances and counts, only read."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.admin import HistoryAdmin, KeptInline, ReadOnlyInline, ScopedAdmin
from accounts.models import User
from supplies.models import (
    Balance,
    Item,
    KitPart,
    MinimumLevel,
    Movement,
    StockCount,
    Store,
    Supplier,
    SupplyPlan,
    SupplyPlanReview,
)
from supplies.rules.stock import plain


class PartInline(KeptInline):
    """What usually goes into one kit."""

    model = KitPart
    fk_name = "kit"
    hide_title = True
    autocomplete_fields = ("item",)
    fields = ("item", "quantity")


@admin.register(Item)
class ItemAdmin(ScopedAdmin):
    """One list of items for all areas; how much a head and day is, is a local setting."""

    list_display = ("name", "unit", "category", "is_kit", "keeps_expiry", "rate", "enabled")
    list_filter = ("category", "is_kit", "enabled")
    search_fields = ("name",)
    inlines = (PartInline,)

    def get_inlines(self, request: HttpRequest, obj: Item | None) -> Any:
        """Only a kit has parts."""
        return self.inlines if obj is not None and obj.is_kit else ()

    def scoped(self, rows: QuerySet[Item], user: User) -> QuerySet[Item]:
        """The list holds for everybody."""
        return rows

    def view_on_site(self, obj: Item) -> str:
        """What lies of it."""
        return reverse("stock-item", args=[obj.pk])

    @admin.display(description=_("per head and day (local setting)"), ordering="per_head_per_day")
    def rate(self, item: Item) -> str:
        """As people write it; empty: not part of the forecast."""
        return plain(item.per_head_per_day) if item.per_head_per_day is not None else "–"


class MinimumForm(forms.ModelForm[MinimumLevel]):
    class Meta:
        model = MinimumLevel
        fields = ("store", "item", "quantity")
        labels = {"store": _("store"), "item": _("item")}


class MinimumInline(KeptInline):
    model = MinimumLevel
    form = MinimumForm
    hide_title = True
    autocomplete_fields = ("item",)
    fields = ("item", "quantity")


@admin.register(Store)
class StoreAdmin(ScopedAdmin):
    list_display = ("name", "area", "address", "site", "enabled")
    list_filter = ("enabled",)
    list_select_related = ("area", "site")
    search_fields = ("name", "area__name")
    autocomplete_fields = ("area", "site")
    inlines = (MinimumInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Store | None = None) -> Any:
        """A store with its stock stays where it is."""
        return ("area",) if obj else ()


@admin.register(MinimumLevel)
class MinimumLevelAdmin(ScopedAdmin):
    form = MinimumForm
    list_display = ("what", "where", "quantity")
    list_select_related = ("item", "store__area")
    search_fields = ("item__name", "store__name")
    autocomplete_fields = ("store", "item")

    def scoped(self, rows: QuerySet[MinimumLevel], user: User) -> QuerySet[MinimumLevel]:
        """Of the stores of the own subtree."""
        return rows.filter(store__in=Store.objects.visible_to(user))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A setting is no history."""
        return self._may(request)

    @admin.display(description=_("item"), ordering="item__name")
    def what(self, level: MinimumLevel) -> str:
        """Of what."""
        return level.item.name

    @admin.display(description=_("store"), ordering="store__name")
    def where(self, level: MinimumLevel) -> str:
        """In which store."""
        return level.store.name


@admin.register(Supplier)
class SupplierAdmin(ScopedAdmin):
    """Suppliers of the areas above are seen, and kept there."""

    list_display = ("name", "area", "phone", "delivers", "white_listed", "white_list_number", "enabled")
    list_filter = ("white_listed", "enabled")
    list_select_related = ("area",)
    search_fields = ("name", "delivers", "white_list_number")
    autocomplete_fields = ("area",)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Those of the own subtree."""
        user = request.user
        if isinstance(obj, Supplier) and not (
            isinstance(user, User) and user.area and user.area.covers(obj.area)
        ):
            return False
        return super().has_change_permission(request, obj)


class ReviewInline(ReadOnlyInline):
    model = SupplyPlanReview
    fields = ("at", "by", "changed")


@admin.register(SupplyPlan)
class SupplyPlanAdmin(HistoryAdmin):
    """Written on the pages of stock, where each change is a review with its date and name."""

    list_display = ("area", "in_charge", "phone", "reserve_days", "reviewed_at")
    list_select_related = ("area",)
    search_fields = ("area__name", "in_charge")
    inlines = (ReviewInline,)

    def view_on_site(self, plan: SupplyPlan) -> str:
        """The page of the plan."""
        return reverse("supply-plan", args=[plan.pk])


# ── history ──────────────────────────────────────────────────────────────────────────────────────


@admin.register(Balance)
class BalanceAdmin(HistoryAdmin):
    list_display = ("item", "batch", "expires_on", "where", "area", "quantity")
    list_filter = ("lot__item__category",)
    list_select_related = ("lot__item", "store__area")
    search_fields = ("lot__item__name", "lot__code", "store__name")
    ordering = ("store", "lot__item__name", "pk")
    fields = ("item", "batch", "expires_on", "where", "quantity")

    def get_readonly_fields(self, request: HttpRequest, obj: Balance | None = None) -> Any:
        """Every field: a balance is the sum of its movements."""
        return self.fields

    def scoped(self, rows: QuerySet[Balance], user: User) -> QuerySet[Balance]:
        """What lies in the stores of the own subtree."""
        return rows.filter(store__in=Store.objects.visible_to(user))

    @admin.display(description=_("item"), ordering="lot__item__name")
    def item(self, balance: Balance) -> str:
        """What it is."""
        return balance.lot.item.name

    @admin.display(description=_("lot"), ordering="lot__code")
    def batch(self, balance: Balance) -> str:
        """The lot, where it has a name."""
        return balance.lot.code or "–"

    @admin.display(description=_("store"), ordering="store__name")
    def where(self, balance: Balance) -> str:
        """In which store."""
        return balance.store.name

    @admin.display(description=_("expires on"), ordering=F("lot__expires_on").asc(nulls_last=True))
    def expires_on(self, balance: Balance) -> Any:
        """Its date, if it has one."""
        return balance.lot.expires_on or "–"

    @admin.display(description=_("area"), ordering="store__area__code")
    def area(self, balance: Balance) -> str:
        """Whose store it is."""
        return balance.store.area.name


@admin.register(Movement)
class MovementAdmin(HistoryAdmin):
    list_display = ("at", "kind", "item", "quantity", "store", "other_store", "need", "by")
    list_filter = ("kind", "lot__item__category")
    list_select_related = ("lot__item", "store", "other_store", "need", "by")
    search_fields = ("lot__item__name", "store__name", "need__number")
    ordering = ("-at", "-pk")
    fields = ("at", "kind", "item", "lot", "quantity", "store", "other_store", "need", "note", "by")

    def get_readonly_fields(self, request: HttpRequest, obj: Movement | None = None) -> Any:
        """Every field: a mistake is put right by another movement."""
        return self.fields

    def scoped(self, rows: QuerySet[Movement], user: User) -> QuerySet[Movement]:
        """What moved in the stores of the own subtree."""
        return rows.filter(store__in=Store.objects.visible_to(user))

    @admin.display(description=_("item"), ordering="lot__item__name")
    def item(self, movement: Movement) -> str:
        """What it is."""
        return movement.lot.item.name


@admin.register(StockCount)
class StockCountAdmin(HistoryAdmin):
    list_display = ("at", "store", "lines", "differences", "by")
    list_select_related = ("store", "by")
    search_fields = ("store__name",)
    ordering = ("-at", "-pk")
    fields = ("at", "store", "lines", "differences", "by")

    def scoped(self, rows: QuerySet[StockCount], user: User) -> QuerySet[StockCount]:
        """Counts of the stores of the own subtree."""
        return rows.filter(store__in=Store.objects.visible_to(user))
