"""The care plan of a key person, and how a call to one went."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Person
from cases.rules import KEY_MARKS, KeyMarkKind
from supplies.forms.calls import NeedRows
from supplies.models import CarePlan
from supplies.rules.calls import CARE_CALL_OUTCOMES, CareCallOutcome
from zones.models import Site
from zones.rules import SiteKind

HOSPITALS = (SiteKind.HOSPITAL, SiteKind.GENERAL_HOSPITAL)


class CarePlanForm(forms.ModelForm[CarePlan]):
    """Why somebody is a key person, what they need, from where, and how often somebody calls."""

    marks = forms.MultipleChoiceField(
        label=_("Key person because"),
        choices=list(KEY_MARKS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please tick why this is a key person.")},
    )

    class Meta:
        model = CarePlan
        fields = ("need", "medicine", "hospital", "helper", "every_days", "safety_plan")

    def __init__(self, data: Any = None, *, person: Person, user: User, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        county = person.county or person.community
        hospitals = Site.objects.within(county).filter(kind__in=HOSPITALS).order_by("name")
        self.fields["hospital"].queryset = hospitals  # type: ignore[attr-defined]
        self.fields["marks"].initial = [mark.kind for mark in person.key_marks.all()]
        self.fields["every_days"].help_text = _("Behind a closed door it is every day, whatever stands here.")
        self.fields["every_days"].min_value = 1  # type: ignore[attr-defined]
        self.fields["safety_plan"].wide = True  # type: ignore[attr-defined]
        self.fields["marks"].wide = True  # type: ignore[attr-defined]
        self.order_fields(["marks", *self.Meta.fields])

    def values(self) -> dict[str, Any]:
        """The plan as the verb takes it."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def marks_meant(self) -> list[KeyMarkKind]:
        """The marks that were ticked."""
        return [KeyMarkKind(kind) for kind in self.cleaned_data["marks"]]


class CareCallForm(NeedRows):
    """How the call went; with needs the outcome is "needs something"."""

    outcome = forms.ChoiceField(
        label=_("How did it go?"),
        choices=[
            (str(outcome), CARE_CALL_OUTCOMES[outcome])
            for outcome in CareCallOutcome
            if outcome is not CareCallOutcome.WAITING
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please say how the call went.")},
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)
    token = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean(self) -> dict[str, Any]:
        """Whoever needs something says what."""
        cleaned = super().clean()
        if cleaned.get("outcome") == CareCallOutcome.NEEDS and not cleaned.get("kind-0"):
            self.add_error("kind-0", _("Please choose what is needed."))
        return cleaned
