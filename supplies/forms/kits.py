"""What is typed about kits: what goes into one, how many are packed or unpacked."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from supplies.forms.stock import (
    ItemField,
    KeyedForm,
    QuantityField,
    StoreField,
    choices,
    only_choice,
    stores_of,
)
from supplies.models import Item, Store

MOST_KITS = 100_000


class KitsField(forms.IntegerField):
    """How many kits: whole ones."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MOST_KITS, **kwargs)
        self.widget.attrs |= {"inputmode": "numeric"}


class PartsForm(KeyedForm):
    """What goes into one kit, line by line."""

    EXTRA, LEAST = 2, 5
    """So many empty lines at least, and so many lines altogether."""

    def __init__(self, data: Any = None, *, parts: Mapping[Item, Decimal], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.rows: list[tuple[str, str]] = []
        for item, quantity in parts.items():
            self._add_row(item, quantity)
        for _number in range(max(self.EXTRA, self.LEAST - len(parts))):
            self._add_row(None, None)

    def _add_row(self, part: Item | None, of_one: Decimal | None) -> None:
        number = len(self.rows)
        item, quantity = f"part_{number}", f"quantity_{number}"
        self.fields[item] = ItemField(
            label=pgettext_lazy("of a kit", "Part"),
            queryset=Item.objects.filter(enabled=True, is_kit=False),
            required=False,
            empty_label="—",
            initial=part,
        )
        self.fields[quantity] = QuantityField(
            label=_("Quantity in one kit"), least=Decimal(0), required=False, initial=of_one
        )
        self.rows.append((item, quantity))

    @property
    def row_fields(self) -> list[tuple[Any, Any]]:
        """Each line with its two fields."""
        return [(self[item], self[quantity]) for item, quantity in self.rows]

    def parts(self) -> dict[Item, Decimal]:
        """How much of each part goes into one kit; lines of the same part together."""
        found: dict[Item, Decimal] = {}
        for item_name, quantity_name in self.rows:
            item, quantity = self.cleaned_data.get(item_name), self.cleaned_data.get(quantity_name)
            if item and quantity:
                found[item] = found.get(item, Decimal(0)) + quantity
        return found

    def clean(self) -> dict[str, Any]:
        """A line says both, or nothing; 0 takes a part out."""
        values = super().clean() or {}
        for item_name, quantity_name in self.rows:
            item, quantity = values.get(item_name), values.get(quantity_name)
            if quantity and not item and item_name not in self.errors:
                self.add_error(item_name, _("Which item is it?"))
            if item and quantity is None and quantity_name not in self.errors:
                self.add_error(quantity_name, _("How much of it goes into one kit?"))
        return values


class PackForm(PartsForm):
    """So many kits are packed in a store."""

    store = StoreField(label=_("Store"), queryset=Store.objects.none())
    kits = KitsField(label=_("How many kits"))

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        choices(self, "store", stores_of(user))
        only_choice(self, "store")


class UnpackForm(KeyedForm):
    """So many kits of a lot are opened."""

    kits = KitsField(label=_("How many kits"))
