"""Contacts of an infection as they are entered: people ticked in a list, and lines pasted from a phone."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from cases.actions.judging import PersonFacts
from cases.actions.tracing import ContactEntry
from cases.forms.episode import DATE_ERRORS, DateInput
from cases.models import Person
from cases.pasting import MOST_LINES, PastedLine
from cases.rules import CONTACT_KINDS, ContactKind, IdKind, Sex, sex_in, tidy_number, tidy_person_name
from zones.actions import staircase

KINDS = [("", _("kind of contact")), *CONTACT_KINDS.items()]


class SharedForm(forms.Form):
    """What all contacts of one entry share, unless a row says otherwise."""

    last_exposure_on = forms.DateField(
        label=_("Last exposure"),
        error_messages=DATE_ERRORS,
        help_text=_("For everybody without a date of their own. Day 1 is the next date."),
    )
    kind = forms.ChoiceField(label=_("Kind of contact"), required=False, choices=KINDS)
    lines = forms.CharField(
        label=_("Lines from a phone"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_(
            "One person a line: name, telephone or ID number, address, date and kind of contact as far as "
            "known, in any order. For example: 王小明 13800001234 3号楼1单元502 11月12日 同住"
        ),
    )

    def __init__(self, data: Any = None, *, today: dt.date, found_on: dt.date) -> None:
        super().__init__(data, label_suffix="")
        self.fields["last_exposure_on"].widget = DateInput(last=today)
        self.fields["last_exposure_on"].initial = min(found_on, today)
        self.fields["lines"].wide = True  # type: ignore[attr-defined]


class PickForm(forms.Form):
    """One person of the register who may be ticked, with a date and a kind of their own."""

    ticked = forms.BooleanField(required=False)
    on = forms.DateField(label=_("Last exposure"), required=False, error_messages=DATE_ERRORS)
    kind = forms.ChoiceField(label=_("Kind of contact"), required=False, choices=KINDS)

    def __init__(self, data: Any = None, *, person: Person, same_door: bool, today: dt.date) -> None:
        super().__init__(
            data,
            prefix=f"person-{person.pk}",
            label_suffix="",
            initial={"ticked": same_door, "kind": ContactKind.HOUSEHOLD if same_door else ""},
        )
        self.person, self.same_door = person, same_door
        self.fields["on"].widget = DateInput(last=today)
        self.sentence: str | Promise = ""
        self.reference = ""

    def entry(self, shared: SharedForm) -> ContactEntry:
        """The contact, once both forms are clean."""
        kind = self.cleaned_data["kind"] or shared.cleaned_data["kind"]
        return ContactEntry(
            person=self.person,
            last_exposure_on=self.cleaned_data["on"] or shared.cleaned_data["last_exposure_on"],
            kind=ContactKind(kind) if kind else None,
        )


PASTED = ("name", "phone", "id_number", "compound", "building", "unit", "door")
"""What a row takes over from its line as it stands."""


class LineForm(forms.Form):
    """One pasted person, to be mended before it is written. A row without a name counts for nothing."""

    name = forms.CharField(label=_("Name"), required=False, max_length=80)
    phone = forms.CharField(
        label=_("Telephone"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    id_number = forms.CharField(label=_("ID number"), required=False, max_length=40)
    compound = forms.CharField(label=_("Compound"), required=False, max_length=80)
    building = forms.CharField(label=_("Building"), required=False, max_length=40)
    unit = forms.CharField(label=_("Unit"), required=False, max_length=40)
    door = forms.CharField(label=_("Door"), required=False, max_length=20)
    on = forms.DateField(label=_("Last exposure"), required=False, error_messages=DATE_ERRORS)
    kind = forms.ChoiceField(label=_("Kind of contact"), required=False, choices=KINDS)
    rest = forms.CharField(label=_("Remarks"), required=False, max_length=300)
    confirmed = forms.BooleanField(label=_("I have compared it: save it as it is"), required=False)
    left_out = forms.BooleanField(label=_("Leave this line out"), required=False)

    def __init__(
        self, data: Any = None, *, number: int, today: dt.date, line: PastedLine | None = None
    ) -> None:
        initial = {name: getattr(line, name) for name in PASTED} if line else {}
        if line:
            initial |= {"on": line.on, "kind": line.kind or "", "rest": line.rest}
        super().__init__(data, prefix=f"line-{number}", label_suffix="", initial=initial)
        self.number = number
        self.fields["on"].widget = DateInput(last=today)
        self.reference = ""
        self.doubtful = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a person is in the row, or it is to be left out."""
        return bool(self.data.get(self.add_prefix("left_out"))) or not any(
            str(self.data.get(self.add_prefix(name), "")).strip() for name in ("name", "phone", "id_number")
        )

    def clean_name(self) -> str:
        """A row with a number needs a name too."""
        name: str = self.cleaned_data["name"]
        if not tidy_person_name(name):
            raise forms.ValidationError(_("The name is missing."))
        return name

    def entry(self, shared: SharedForm, community: Area, compound: str) -> ContactEntry:
        """The contact, once both forms are clean; `compound` is meant where the line names none."""
        cleaned = self.cleaned_data
        number = tidy_number(cleaned["id_number"])
        paper = IdKind.PASSPORT if number[:1].isalpha() else IdKind.RESIDENT_ID
        kind = paper if number else IdKind.NONE
        stairs = None
        compound = cleaned["compound"].strip() or compound
        if cleaned["building"].strip() and compound:
            stairs = staircase(
                community=community, compound=compound, building=cleaned["building"], unit=cleaned["unit"]
            )
        contact = cleaned["kind"] or shared.cleaned_data["kind"]
        return ContactEntry(
            facts=PersonFacts(
                name=cleaned["name"],
                community=community,
                sex=sex_in(number) if kind is IdKind.RESIDENT_ID else Sex.UNKNOWN,
                id_kind=kind,
                id_number=number,
                phone=cleaned["phone"],
                stairs=stairs,
                door=cleaned["door"].strip(),
                remarks=cleaned["rest"],
            ),
            last_exposure_on=cleaned["on"] or shared.cleaned_data["last_exposure_on"],
            kind=ContactKind(contact) if contact else None,
            id_confirmed=cleaned["confirmed"],
        )


def lines_in(data: Any, today: dt.date) -> list[LineForm]:
    """The rows of a preview that was sent back."""
    count = str(data.get("line-count", "0"))
    number = int(count) if count.isdecimal() and len(count) < 5 else 0
    rows = [LineForm(data, number=n, today=today) for n in range(number)]
    return [row for row in rows if not row.is_empty][:MOST_LINES]
