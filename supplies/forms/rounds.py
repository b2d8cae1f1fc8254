"""What is typed about rounds: who carries, and the points, people and cars of a compound."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from supplies.forms.stock import date_input
from supplies.models import Car, Carrier, ReceivingPoint
from zones.models import Compound


class CarrierForm(forms.Form):
    """Who carries, and by which car; both may be said later."""

    carrier = forms.ModelChoiceField(
        label=_("Carried by"), queryset=Carrier.objects.none(), required=False, empty_label="—"
    )
    car = forms.ModelChoiceField(
        label=_("Compound car"), queryset=Car.objects.none(), required=False, empty_label="—"
    )

    def __init__(self, data: Any = None, *, compound: Compound, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        for name, model in (("carrier", Carrier), ("car", Car)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = model._default_manager.filter(compound=compound, enabled=True)


class RoundForm(CarrierForm):
    """The day of a round besides."""

    on = forms.DateField(label=_("Date"), widget=date_input())
    field_order = ("on", "carrier", "car")


class OfCompoundForm(forms.ModelForm):
    """Something that belongs to a compound of the user's area."""

    def __init__(self, data: Any = None, *, user: User, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        field = self.fields["compound"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Compound.objects.visible_to(user)
            field.empty_label = str(_("please choose"))


class ReceivingPointForm(OfCompoundForm):
    """Where deliveries arrive, and when somebody is there."""

    class Meta:
        model = ReceivingPoint
        fields = ("compound", "name", "hours", "phone", "enabled")


class CarrierEditForm(OfCompoundForm):
    """Somebody who carries to the doors."""

    class Meta:
        model = Carrier
        fields = ("compound", "name", "phone", "volunteer", "enabled")
        widgets = {"phone": forms.TextInput(attrs={"inputmode": "tel", "maxlength": 30})}


class CarForm(OfCompoundForm):
    """The car of a compound."""

    class Meta:
        model = Car
        fields = ("compound", "plate", "driver", "phone", "for_patients", "enabled")


KINDS: dict[str, type[OfCompoundForm]] = {
    "points": ReceivingPointForm,
    "people": CarrierEditForm,
    "cars": CarForm,
}
"""By the word of the address."""
