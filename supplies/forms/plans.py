"""What is typed about a supply plan."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from supplies.actions.planning import PlanText
from supplies.models import SupplyPlan


class SupplyPlanForm(forms.ModelForm):
    """The plan of an area; the area is chosen once, when the plan is new."""

    class Meta:
        model = SupplyPlan
        fields = ("area", "in_charge", "phone", "market", "delivery", "mutual", "reserve_days")
        widgets = {name: forms.Textarea(attrs={"rows": 5}) for name in ("market", "delivery", "mutual")}

    def __init__(self, data: Any = None, *, areas: Any = None, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        if areas is None:
            del self.fields["area"]
        else:
            self.fields["area"] = forms.ModelChoiceField(
                areas, label=_("Area"), empty_label=_("please choose")
            )

    @property
    def text(self) -> PlanText:
        """What was typed, once it is valid."""
        cleaned = self.cleaned_data
        return PlanText(
            **{name: cleaned[name] for name in ("in_charge", "phone", "market", "delivery", "mutual")},
            reserve_days=cleaned["reserve_days"],
        )
