"""Stock: items, lots and stores; append-only movements, and a balance that always equals their sum."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Area, User, around
from accounts.rules import codes_below
from supplies.models.need import Need
from supplies.rules.stock import COMES_IN, GOES_OUT, ITEM_CATEGORIES, MOVEMENT_KINDS
from zones.models import Site


class SupplierQuerySet(models.QuerySet["Supplier"]):
    def visible_to(self, user: User) -> Self:
        """Suppliers of the user's area, of those above it and of those below."""
        return self.around(user.area) if user.area else self.none()

    def around(self, area: Area) -> Self:
        """The same for an area."""
        return self.filter(around(area, "area__"))


class Supplier(models.Model):
    """Who delivers. White-listed suppliers may not be told to stop (N二(十九))."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+", verbose_name=_("area"))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    phone = models.CharField(_("telephone"), max_length=30, blank=True)
    delivers = models.CharField(_("delivers"), max_length=200, blank=True)
    white_listed = models.BooleanField(_("on the white list"), default=False)
    white_list_number = models.CharField(_("number on the white list"), max_length=40, blank=True)
    enabled = models.BooleanField(_("delivers now"), default=True)

    objects = SupplierQuerySet.as_manager()

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "name"],
                name="one_supplier_per_name",
                violation_error_message=_("There is a supplier of that name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One thing that is kept and handed out; a kit 蔬菜包 is packed from its parts (`KitPart`)."""

    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80, unique=True)
    unit = models.CharField(
        pgettext_lazy("of an item", "unit"), max_length=12, help_text=_("Such as 份, 盒, 袋, 公斤.")
    )
    category = models.CharField(_("category"), max_length=10, choices=list(ITEM_CATEGORIES.items()))
    is_kit = models.BooleanField(_("kit"), default=False)
    parts = models.CharField(_("what is inside"), max_length=300, blank=True)
    keeps_expiry = models.BooleanField(_("has an expiry date"), default=False)
    per_head_per_day = models.DecimalField(
        _("per head and day"),
        max_digits=9,
        decimal_places=4,
        null=True,
        blank=True,
        help_text=_("For the demand of a sealed area. A local setting; empty: not part of the forecast."),
    )
    enabled = models.BooleanField(pgettext_lazy("item", "offered"), default=True)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ["category", "name"]

    def __str__(self) -> str:
        return self.name


class KitPart(models.Model):
    """What usually goes into one kit, and how much of it. What did go into a lot, its movements say."""

    kit = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="recipe", verbose_name=_("kit"))
    item = models.ForeignKey(
        Item,
        on_delete=models.PROTECT,
        related_name="inside_of",
        verbose_name=pgettext_lazy("of a kit", "part"),
    )
    quantity = models.DecimalField(_("quantity in one kit"), max_digits=9, decimal_places=2)

    class Meta:
        verbose_name = pgettext_lazy("of a kit", "part")
        verbose_name_plural = pgettext_lazy("of a kit", "parts")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kit", "item"],
                name="one_line_per_part_of_a_kit",
                violation_error_message=_("This part stands in the kit already."),
            ),
            models.CheckConstraint(
                condition=~Q(kit=models.F("item")),
                name="kit_is_no_part_of_itself",
                violation_error_message=_("A kit is no part of a kit."),
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="part_of_a_kit_is_something",
                violation_error_message=_("The quantity is more than nothing."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kit_id} {self.item_id} {self.quantity}"


class StoreQuerySet(models.QuerySet["Store"]):
    def visible_to(self, user: User) -> Self:
        """Stores of the user's area and below."""
        return self.within(user.area) if user.area else self.none()

    def within(self, area: Area) -> Self:
        """Stores inside that area."""
        first, after = codes_below(area.code)
        return self.filter(area__code__gte=first, area__code__lt=after)


class Store(models.Model):
    """A place where stock lies: a community's store, a receiving point, a hospital's pharmacy."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="stores", verbose_name=_("area"))
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=80)
    address = models.CharField(pgettext_lazy("of a thing", "address"), max_length=200, blank=True)
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("site")
    )
    enabled = models.BooleanField(_("in use"), default=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["area__code", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["area", "name"],
                name="one_store_per_name",
                violation_error_message=_("This area already has a store of that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Lot(models.Model):
    """One delivery of an item with its expiry date; an item without one has a single nameless lot."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="lots", verbose_name=_("item"))
    code = models.CharField(_("lot"), max_length=40, blank=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    supplier = models.ForeignKey(
        Supplier,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("supplier"),
    )

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        ordering = ["expires_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["item", "code", "expires_on"], name="one_lot_per_code"),
            # Two empty dates are not equal to a database: a lot without one needs its own line.
            models.UniqueConstraint(
                fields=["item", "code"], condition=Q(expires_on=None), name="one_lot_without_a_date"
            ),
        ]

    def __str__(self) -> str:
        return self.code or str(self.pk)


class MinimumLevel(models.Model):
    """Below this an item of a store is shown as short."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="minimums")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="minimums")
    quantity = models.DecimalField(_("minimum"), max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = _("minimum level")
        verbose_name_plural = _("minimum levels")
        constraints = [models.UniqueConstraint(fields=["store", "item"], name="one_minimum_per_item")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.item_id} {self.quantity}"


class Balance(models.Model):
    """How much of a lot lies in a store: the sum of its movements, kept beside them and never negative."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="balances", db_index=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="balances")
    quantity = models.DecimalField(_("quantity"), default=0, max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.UniqueConstraint(fields=["store", "lot"], name="one_balance_per_store_and_lot"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0),
                name="stock_is_never_negative",
                violation_error_message=_("There is not so much of it in this store."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.lot_id} {self.quantity}"


class Movement(models.Model):
    """One change of stock. Append-only: a mistake is put right by another movement."""

    key = models.CharField(
        max_length=80, unique=True, editable=False, help_text="Of the act: repeated, it moves nothing twice."
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="movements", db_index=False, verbose_name=_("store")
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="movements", verbose_name=_("lot"))
    kind = models.CharField(_("why"), max_length=12, choices=list(MOVEMENT_KINDS.items()))
    quantity = models.DecimalField(
        _("quantity"), help_text=_("Positive: came in; negative: went out."), max_digits=12, decimal_places=2
    )
    need = models.ForeignKey(
        Need, null=True, on_delete=models.SET_NULL, related_name="movements", verbose_name=_("need")
    )
    other_store = models.ForeignKey(
        Store, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("other store")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))

    class Meta:
        verbose_name = _("movement of stock")
        verbose_name_plural = _("movements of stock")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="movement_moves"),
            models.CheckConstraint(
                condition=Q(kind__in=sorted(COMES_IN), quantity__gt=0)
                | Q(kind__in=sorted(GOES_OUT), quantity__lt=0)
                | Q(kind="count"),
                name="movement_sign_fits_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "-at", "-id"], name="movement_by_store"),
            models.Index(fields=["lot", "store"], name="movement_by_lot"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity}"


class StockCount(models.Model):
    """A store was counted: when, by whom, how many lines differed."""

    key = models.CharField(
        max_length=80, unique=True, editable=False, help_text="Of the act: repeated, it counts nothing twice."
    )
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="counts", verbose_name=_("store"))
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("who"))
    lines = models.PositiveIntegerField(_("lines"))
    differences = models.PositiveIntegerField(_("differences"))

    class Meta:
        verbose_name = _("stock count")
        verbose_name_plural = _("stock counts")
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.store_id} {self.at:%Y-%m-%d}"
