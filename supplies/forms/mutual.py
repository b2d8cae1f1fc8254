"""What is typed about mutual supply."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from supplies.forms.stock import ItemField, QuantityField, StoreField, date_input, stores_of
from supplies.models import Item, MutualSupply, Store


class AskForm(forms.Form):
    """What is asked for, how much, until when."""

    item = ItemField(
        label=_("Item"), queryset=Item.objects.filter(enabled=True), empty_label=_("please choose")
    )
    quantity = QuantityField()
    wanted_on = forms.DateField(label=_("Wanted on"), widget=date_input())
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, data: Any = None, *, today: dt.date, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.fields["wanted_on"].widget.attrs["min"] = today.isoformat()
        self.initial.setdefault("wanted_on", today)
        if not Item.objects.filter(enabled=True).exists():
            self.fields["item"].help_text = _(
                "No item is on the list yet: receive one, or import a delivery."
            )


class OfferForm(forms.Form):
    """How much we offer, and out of which store."""

    quantity = QuantityField(label=_("Quantity offered"))
    store = StoreField(
        label=_("From the store"), queryset=Store.objects.none(), empty_label=_("please choose")
    )

    def __init__(self, data: Any = None, *, user: User, mutual: MutualSupply, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", initial={"quantity": mutual.quantity}, **kwargs)
        _offer_stores(self, user)


class AgreeForm(forms.Form):
    """Into which store it comes."""

    store = StoreField(label=_("To the store"), queryset=Store.objects.none(), empty_label=_("please choose"))

    def __init__(self, data: Any = None, *, user: User, mutual: MutualSupply, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        _offer_stores(self, user, within=mutual)


class ArrivedForm(forms.Form):
    """How much of it arrived, and why it is less."""

    quantity = QuantityField(label=_("Quantity received"), least=Decimal(0))
    note = forms.CharField(
        label=_("Why less came"),
        required=False,
        max_length=200,
        help_text=_("Only where it differs from what was shipped."),
    )

    def __init__(self, data: Any = None, *, user: User, mutual: MutualSupply, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", initial={"quantity": mutual.offered_quantity}, **kwargs)


def _offer_stores(form: forms.Form, user: User, *, within: MutualSupply | None = None) -> None:
    field = form.fields["store"]
    if isinstance(field, forms.ModelChoiceField):
        stores = stores_of(user)
        field.queryset = stores.within(within.asking) if within else stores  # type: ignore[attr-defined]
        keys = list(field.queryset.values_list("pk", flat=True)[:2])
        if len(keys) == 1:
            form.initial.setdefault("store", keys[0])
