"""What is typed about stock. Each form that moves something carries a key: sent twice, it moves once."""

import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from cases.forms.importing import ListFileField
from supplies.models import Balance, Item, Lot, Need, NeedLine, Store, Supplier
from supplies.rules.stock import ITEM_CATEGORIES, MOST, plain
from zones.models import Site


def new_key() -> str:
    """A key for one act."""
    return uuid.uuid4().hex


def date_input() -> forms.DateInput:
    """A date as browsers pick it."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class QuantityField(forms.DecimalField):
    """A quantity: more than nothing unless `least` says otherwise; two places behind the point."""

    def __init__(self, *, least: Decimal = Decimal("0.01"), **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Quantity"))
        super().__init__(min_value=least, max_value=MOST, max_digits=12, decimal_places=2, **kwargs)
        self.widget.attrs |= {"inputmode": "decimal", "step": "any"}

    def prepare_value(self, value: Any) -> Any:
        """4, not 4.00."""
        return plain(value) if isinstance(value, Decimal) else value


class StoreField(forms.ModelChoiceField):
    """A store with the area that keeps it: names repeat."""

    def label_from_instance(self, obj: Store) -> str:
        """Store and area."""
        return f"{obj.name} · {obj.area.name}"


class ItemField(forms.ModelChoiceField):
    """An item with its unit."""

    def label_from_instance(self, obj: Item) -> str:
        """Item and unit."""
        return f"{obj.name} ({obj.unit})"


class SupplierField(forms.ModelChoiceField):
    """A supplier, with the mark of the white list."""

    def label_from_instance(self, obj: Supplier) -> str:
        """Name and mark."""
        return _("%(name)s (white list)") % {"name": obj.name} if obj.white_listed else obj.name


def stores_of(user: User) -> QuerySet[Store]:
    """The stores that the user may choose."""
    return Store.objects.visible_to(user).filter(enabled=True).select_related("area")


class KeyedForm(forms.Form):
    """A form that moves something."""

    key = forms.RegexField(r"\A[0-9a-f]{32}\Z", widget=forms.HiddenInput)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.fields["key"].initial = new_key
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.empty_label = field.empty_label and _("please choose")


class ReceiveForm(KeyedForm):
    """What came in: a known item, or a new one with its unit and category."""

    store = StoreField(label=_("Store"), queryset=Store.objects.none())
    item = ItemField(
        label=_("Item"),
        queryset=Item.objects.filter(enabled=True),
        required=False,
        help_text=_("Not in the list? Leave it empty and write the new item below."),
    )
    new_name = forms.CharField(label=_("New item"), required=False, max_length=80)
    unit = forms.CharField(
        label=_("Unit"), required=False, max_length=12, help_text=_("Such as 份, 盒, 袋, 公斤.")
    )
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", "—"), *ITEM_CATEGORIES.items()]
    )
    quantity = QuantityField()
    code = forms.CharField(label=_("Lot"), required=False, max_length=40)
    expires_on = forms.DateField(label=_("Expires on"), required=False, widget=date_input())
    supplier = SupplierField(label=_("Supplier"), queryset=Supplier.objects.none(), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices(self, "store", stores_of(user))
        choices(self, "supplier", Supplier.objects.visible_to(user).filter(enabled=True))
        only_choice(self, "store")

    def clean(self) -> dict[str, Any]:
        """An item or a new one; its date where it has one."""
        values = super().clean() or {}
        item, name = values.get("item"), (values.get("new_name") or "").strip()
        if not item and not name:
            self.add_error("item", _("Choose an item, or write a new one."))
        if item and name:
            self.add_error("new_name", _("Either an item of the list or a new one, not both."))
        if name and not item:
            self._check_new(values, name)
        if item and item.keeps_expiry and not values.get("expires_on"):
            self.add_error("expires_on", _("This item has an expiry date: please write it."))
        return values

    def _check_new(self, values: dict[str, Any], name: str) -> None:
        if Item.objects.filter(name=name).exists():
            self.add_error("new_name", _("This item is in the list already: choose it above."))
        for field in ("unit", "category"):
            if not values.get(field):
                self.add_error(field, _("A new item needs its unit and its category."))


def choices(form: forms.BaseForm, name: str, queryset: QuerySet[Any]) -> None:
    """What may be chosen in that field."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        field.queryset = queryset


def only_choice(form: forms.BaseForm, name: str) -> None:
    """Where there is only one to choose, it is chosen."""
    field = form.fields[name]
    if isinstance(field, forms.ModelChoiceField):
        keys = list(field.queryset.values_list("pk", flat=True)[:2]) if field.queryset is not None else []
        if len(keys) == 1:
            form.initial.setdefault(name, keys[0])


class TransferForm(KeyedForm):
    """Part of a lot goes to another store."""

    to_store = StoreField(label=_("To the store"), queryset=Store.objects.none())
    quantity = QuantityField()

    def __init__(self, data: Any = None, *, user: User, balance: Balance, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices(self, "to_store", stores_of(user).exclude(pk=balance.store_id))
        only_choice(self, "to_store")


class MinimumForm(forms.Form):
    """Below which quantity an item of a store is short."""

    store = StoreField(label=_("Store"), queryset=Store.objects.none(), empty_label=_("please choose"))
    quantity = QuantityField(
        label=_("Minimum"), least=Decimal(0), help_text=_("0: no minimum, nothing is shown as short.")
    )

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        choices(self, "store", stores_of(user))
        only_choice(self, "store")


class IssueForm(KeyedForm):
    """What goes out for a need: its lines are prefilled, each with what is still to issue."""

    store = StoreField(label=_("From the store"), queryset=Store.objects.none())

    EXTRA = 2

    def __init__(
        self, data: Any = None, *, user: User, need: Need, lines: Iterable[NeedLine], left: dict[int, Decimal]
    ) -> None:
        super().__init__(data)
        choices(self, "store", stores_of(user))
        only_choice(self, "store")
        self.rows: list[tuple[NeedLine | None, str, str]] = []
        for line in lines:
            self._add_row(line, left)
        for _number in range(self.EXTRA):
            self._add_row(None, left)

    def _add_row(self, line: NeedLine | None, left: dict[int, Decimal]) -> None:
        number = len(self.rows)
        item, quantity = f"item_{number}", f"quantity_{number}"
        self.fields[item] = ItemField(
            label=_("Item"),
            queryset=Item.objects.filter(enabled=True),
            required=False,
            empty_label="—",
            initial=line.item_id if line else None,
        )
        still = left.get(line.pk, line.quantity) if line else None
        self.fields[quantity] = QuantityField(
            least=Decimal(0), required=False, initial=still if line and line.item_id else None
        )
        self.rows.append((line, item, quantity))

    @property
    def row_fields(self) -> list[tuple[NeedLine | None, Any, Any]]:
        """Each line of the need with its two fields."""
        return [(line, self[item], self[quantity]) for line, item, quantity in self.rows]

    def wanted(self) -> dict[Item, Decimal]:
        """How much of each item; lines of the same item together."""
        found: dict[Item, Decimal] = {}
        for _line, item_name, quantity_name in self.rows:
            item, quantity = self.cleaned_data.get(item_name), self.cleaned_data.get(quantity_name)
            if item and quantity:
                found[item] = found.get(item, Decimal(0)) + quantity
        return found

    def clean(self) -> dict[str, Any]:
        """A quantity without an item says nothing."""
        values = super().clean() or {}
        for _line, item_name, quantity_name in self.rows:
            if values.get(quantity_name) and not values.get(item_name):
                self.add_error(item_name, _("Which item is it?"))
        return values


class GiveBackForm(KeyedForm):
    """What came back of what was issued for a need."""

    store = forms.ModelChoiceField(queryset=Store.objects.none(), widget=forms.HiddenInput)
    lot = forms.ModelChoiceField(queryset=Lot.objects.all(), widget=forms.HiddenInput)
    quantity = QuantityField()

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices(self, "store", Store.objects.visible_to(user))


class CountForm(KeyedForm):
    """A store's sheet: for each lot what was counted; a line left empty was not counted."""

    def __init__(self, data: Any = None, *, balances: Iterable[Balance], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.balances = list(balances)
        for balance in self.balances:
            self.fields[f"lot_{balance.lot_id}"] = QuantityField(
                least=Decimal(0),
                required=False,
                label=f"{balance.lot.item.name} {balance.lot.code}".strip(),
            )
            self.fields[f"was_{balance.lot_id}"] = forms.DecimalField(
                widget=forms.HiddenInput, required=False, initial=balance.quantity
            )

    def expected(self, balance: Balance) -> Decimal:
        """What the sheet said when it was counted."""
        was = self.cleaned_data.get(f"was_{balance.lot_id}")
        return balance.quantity if was is None else was

    def counted(self) -> dict[Balance, Decimal]:
        """The lines that were counted."""
        found = {}
        for balance in self.balances:
            value = self.cleaned_data.get(f"lot_{balance.lot_id}")
            if value is not None:
                found[balance] = value
        return found


class StoreForm(forms.ModelForm):
    """A store: whose, where, and of which site."""

    class Meta:
        model = Store
        fields = ("area", "name", "address", "site", "enabled")

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        choices(self, "area", Area.objects.visible_to(user))
        choices(self, "site", Site.objects.visible_to(user))
        self.initial.setdefault("area", user.area_id)


class ItemForm(forms.ModelForm):
    """An item of the list that all areas share."""

    class Meta:
        model = Item
        fields = (
            "name",
            "unit",
            "category",
            "is_kit",
            "parts",
            "keeps_expiry",
            "per_head_per_day",
            "enabled",
        )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)


class SupplierForm(forms.ModelForm):
    """Who delivers, and whether on the white list (N二(十九))."""

    class Meta:
        model = Supplier
        fields = ("name", "phone", "delivers", "white_listed", "white_list_number", "enabled")

    def __init__(self, data: Any = None, *, area: Area, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.area = area

    def clean_name(self) -> str:
        """One supplier of a name in an area."""
        name: str = self.cleaned_data["name"].strip()
        same = Supplier.objects.filter(area=self.area, name=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(_("There is a supplier of that name already."))
        return name


class DeliveryListForm(forms.Form):
    """The list that came with a delivery."""

    store = StoreField(label=_("Store"), queryset=Store.objects.none(), empty_label=_("please choose"))
    file = ListFileField(
        label=_("Delivery list"),
        help_text=_("Excel workbook (.xlsx) or CSV, up to 2,000 rows."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, files, label_suffix="", **kwargs)
        choices(self, "store", stores_of(user))
        only_choice(self, "store")
