"""The forms inside a zone: what somebody needs at the door, and since when those away have been gone."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cases.forms.episode import DATE_ERRORS, DateInput
from cases.inside import Resident
from cases.models import Person
from cases.rules import DOOR_SERVICES


class ServiceForm(forms.Form):
    """What is needed, and a note for whoever brings it."""

    kind = forms.ChoiceField(
        label=_("What is needed?"),
        choices=list(DOOR_SERVICES.items()),
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose what is needed.")},
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("For whoever brings it: which medicine, how much, when."),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="", auto_id="service-%s")
        for field in self.fields.values():
            field.wide = True  # type: ignore[attr-defined]


class SpillOverForm(forms.Form):
    """A date for each candidate; whoever has none is left as they are."""

    def __init__(self, data: Any = None, *, candidates: Sequence[Resident], today: dt.date) -> None:
        super().__init__(data, label_suffix="")
        self.candidates = candidates
        for one in candidates:
            last = min(one.sealed_on or today, today)
            self.fields[self._name(one.person)] = forms.DateField(
                label=_("Left on"),
                required=False,
                initial=one.left_on,
                widget=DateInput(last=last),
                error_messages=DATE_ERRORS,
            )

    @staticmethod
    def _name(person: Person) -> str:
        return f"left-{person.pk}"

    def rows(self) -> list[tuple[Resident, forms.BoundField]]:
        """Each candidate with the field of their date."""
        return [(one, self[self._name(one.person)]) for one in self.candidates]

    def dates(self) -> dict[Person, dt.date]:
        """Who left when, once the form has been cleaned."""
        cleaned = self.cleaned_data
        return {
            one.person: left_on
            for one in self.candidates
            if (left_on := cleaned.get(self._name(one.person))) is not None
        }

    def refuse(self, person: Person, sentence: str) -> None:
        """Put what a rule refused at the date of that person."""
        self.add_error(self._name(person), sentence)
