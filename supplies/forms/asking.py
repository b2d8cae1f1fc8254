"""What can be asked for, as a form: the same fields for the resident's page and for whoever writes it down.

A kind has only the fields that it needs. Items of the list and prescriptions stand beside the text; whatever
is neither on the list nor prescribed is written.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cases.models import Person
from cases.rules import tidy_phone
from supplies.actions.asking import Wanted
from supplies.models import Item, Prescription
from supplies.rules.medical import TREATMENT_KINDS, TreatmentKind
from supplies.rules.names import masked_name
from supplies.rules.needs import NeedKind
from supplies.rules.stock import ItemCategory

OFFERED = (ItemCategory.DAILY, ItemCategory.PROTECTION)
"""Categories that are offered to residents; a drug is asked for by its prescription or in words."""
MOST_ITEMS = 40
MOST_OF_ONE = 99
NOBODY = "0"
"""The answer "for nobody in particular"."""

FOR_ALL = frozenset({NeedKind.FOOD, NeedKind.PET, NeedKind.OTHER, NeedKind.EMERGENCY})
"""Where nobody is chosen, the whole household is meant."""

ASKS: dict[NeedKind, Any] = {
    NeedKind.FOOD: _("What is needed?"),
    NeedKind.MEDICINE: _("Which medicine, and how much?"),
    NeedKind.DOCTOR: _("What should the doctor know?"),
    NeedKind.EMERGENCY: _("What has happened?"),
    NeedKind.TALK: _("Is there anything you want to say beforehand?"),
    NeedKind.ALONE: _("Who is alone, and what do they need?"),
    NeedKind.PET: _("Which animal, and what does it need?"),
    NeedKind.OTHER: _("What is needed?"),
}


@dataclass(frozen=True, slots=True)
class ItemField:
    """One item of the list with its field."""

    item: Item
    field: forms.BoundField


class AskForm(forms.Form):
    """Asking for one thing. `people`: for whom it can be; `masked`: as the household sees their names."""

    token = forms.CharField(widget=forms.HiddenInput)
    for_whom = forms.ChoiceField(label=_("For whom?"), widget=forms.RadioSelect)
    text = forms.CharField(
        label=_("What is needed?"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    treatment = forms.ChoiceField(
        label=_("What for?"),
        choices=[(key, name) for key, name in TREATMENT_KINDS.items() if key != TreatmentKind.EMERGENCY],
        widget=forms.RadioSelect,
        initial=TreatmentKind.OTHER,
    )
    wanted_on = forms.DateField(
        label=_("On which day?"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Left empty: as soon as possible."),
        error_messages={"invalid": _("Write the date in the form 2022-11-14.")},
    )
    wanted_time = forms.TimeField(
        label=_("At what time?"),
        required=False,
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        error_messages={"invalid": _("Write the time in the form 14:30.")},
    )
    prescriptions = forms.ModelMultipleChoiceField(
        label=_("Which of the prescriptions again?"),
        queryset=Prescription.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    call_phone = forms.CharField(
        label=_("Number to call back"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel", "type": "tel"}),
        help_text=_("Only where it is another number than the one we have."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        kind: NeedKind,
        people: Sequence[Person],
        at: dt.datetime,
        masked: bool = True,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={"token": uuid.uuid4().hex, **(initial or {})}, label_suffix="")
        self.kind, self.people, self.at, self.masked = kind, list(people), at, masked
        self.items: list[Item] = []
        self.fields["text"].label = ASKS[kind]
        self._set_people()
        self._set_kind()

    def _set_people(self) -> None:
        names: list[tuple[str, Any]] = [
            (str(each.pk), masked_name(each.name) if self.masked else each.name) for each in self.people
        ]
        everybody = pgettext_lazy("for whom", "the whole household")
        if self.kind is NeedKind.EMERGENCY:
            everybody = pgettext_lazy("for whom", "somebody here")
        if self.kind is not NeedKind.DOCTOR:
            names.append((NOBODY, everybody))
        self.fields["for_whom"].choices = names  # type: ignore[attr-defined]
        if len(self.people) == 1:
            self.fields["for_whom"].initial = names[0][0]
        elif self.kind in FOR_ALL:
            self.fields["for_whom"].initial = NOBODY
        if self.kind in (NeedKind.EMERGENCY, NeedKind.MEDICINE):
            self.fields["for_whom"].required = False
        if not self.people:
            del self.fields["for_whom"]

    def _set_kind(self) -> None:
        for name in ("treatment", "wanted_on", "wanted_time"):
            if self.kind is not NeedKind.DOCTOR:
                del self.fields[name]
        if self.kind is NeedKind.DOCTOR:
            first = timezone.localdate(self.at)
            self.fields["wanted_on"].widget.attrs["min"] = first.isoformat()
        if self.kind is NeedKind.MEDICINE and self.people:
            self._set_prescriptions()
        else:
            del self.fields["prescriptions"]
        if self.kind is NeedKind.FOOD:
            self._set_items()

    def _set_prescriptions(self) -> None:
        rows = Prescription.objects.filter(person__in=self.people, ended_at=None).select_related("person")
        field = self.fields["prescriptions"]
        field.queryset = rows  # type: ignore[attr-defined]
        field.label_from_instance = self._prescription_words  # type: ignore[attr-defined]
        if not rows.exists():
            del self.fields["prescriptions"]

    def _prescription_words(self, prescription: Prescription) -> str:
        name = masked_name(prescription.person.name) if self.masked else prescription.person.name
        words = f"{prescription.medicine} {prescription.dose}".strip()
        return words if len(self.people) == 1 else f"{name} · {words}"

    def _set_items(self) -> None:
        self.items = list(Item.objects.filter(enabled=True, category__in=OFFERED)[:MOST_ITEMS])
        for item in self.items:
            self.fields[f"item-{item.pk}"] = forms.IntegerField(
                label=item.name,
                required=False,
                min_value=0,
                max_value=MOST_OF_ONE,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "placeholder": "0"}),
            )

    @property
    def item_fields(self) -> list[ItemField]:
        """The items of the list with their fields, in the list's order."""
        return [ItemField(item, self[f"item-{item.pk}"]) for item in self.items]

    def clean_token(self) -> str:
        """The form's own mark, by which it is written once; an altered one is replaced."""
        token = self.cleaned_data["token"]
        known = len(token) == 32 and all(character in "0123456789abcdef" for character in token)
        return token if known else uuid.uuid4().hex

    def clean_call_phone(self) -> str:
        """Digits, at least five."""
        written = self.cleaned_data["call_phone"]
        number = tidy_phone(written)
        if written and not 5 <= sum(character.isdigit() for character in number) <= 20:
            raise forms.ValidationError(_("This is no telephone number. Please correct it, or leave it out."))
        return number

    def clean_for_whom(self) -> Person | None:
        """The person, None for the whole household."""
        chosen = self.cleaned_data["for_whom"]
        return next((each for each in self.people if str(each.pk) == chosen), None)

    def clean(self) -> dict[str, Any]:
        """A medicine, a food: something has to be asked for; what is written is for somebody."""
        cleaned = super().clean() or {}
        nothing = not (cleaned.get("text") or self.lines() or cleaned.get("prescriptions"))
        if self.kind in (NeedKind.FOOD, NeedKind.MEDICINE, NeedKind.OTHER) and nothing:
            self.add_error("text", _("Please say what is needed."))
        wanted_on = cleaned.get("wanted_on")
        if wanted_on and wanted_on < timezone.localdate(self.at):
            self.add_error("wanted_on", _("This day is over."))
        in_words = self.kind is NeedKind.MEDICINE and cleaned.get("text")
        if in_words and len(self.people) > 1 and not self.data.get("for_whom"):
            self.add_error("for_whom", _("Please say for whom the medicine is."))
        return cleaned

    def lines(self) -> list[Wanted]:
        """The items that were chosen from the list."""
        found = []
        for item in self.items:
            quantity = self.cleaned_data.get(f"item-{item.pk}")
            if quantity:
                found.append(Wanted(item=item, quantity=Decimal(quantity)))
        return found

    @property
    def wanted_at(self) -> dt.datetime | None:
        """When the doctor is wanted; None: as soon as possible."""
        on = self.cleaned_data.get("wanted_on")
        if on is None:
            return None
        at = self.cleaned_data.get("wanted_time") or dt.time(9)
        return timezone.make_aware(dt.datetime.combine(on, at))


class ReasonForm(forms.Form):
    """A verb that needs its reason."""

    reason = forms.CharField(
        label=_("Why?"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    instead = forms.CharField(label=_("What instead?"), required=False, max_length=300)

    def __init__(self, data: Any = None, *, verb: str = "", with_instead: bool = False) -> None:
        super().__init__(data, auto_id=f"{verb}-%s", label_suffix="")
        self.verb = verb
        if not with_instead:
            del self.fields["instead"]


class NothingForm(forms.Form):
    """A button without fields: what is refused stands above it."""
