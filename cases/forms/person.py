"""A person's file as a form, and from stored rows to the facts that verbs take."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area
from cases.actions.judging import PersonFacts
from cases.forms.episode import DATE_ERRORS, DateInput
from cases.models import Person
from cases.rules import (
    ID_DOUBTS,
    ID_KINDS,
    KEY_MARKS,
    SEXES,
    IdKind,
    KeyMarkKind,
    Sex,
    phone_doubt,
    resident_id_doubt,
    sex_in,
    tidy_number,
    tidy_person_name,
    tidy_phone,
)
from zones.actions import Staircase, staircase
from zones.models import Unit


def stairs_of(unit: Unit | None) -> Staircase | None:
    """The names that lead to a unit, None for none; reads unit, building and compound."""
    if unit is None:
        return None
    building = unit.building
    return Staircase(building.compound.community_id, building.compound.name, building.name, unit.name)


def facts_of(person: Person) -> PersonFacts:
    """The file as it stands, as an entry would say it; key marks are read."""
    return PersonFacts(
        name=person.name,
        community=person.community,
        sex=Sex(person.sex),
        born_on=person.born_on,
        id_kind=IdKind(person.id_kind),
        id_number=person.id_number,
        phone=person.phone,
        stairs=stairs_of(person.unit),
        door=person.door,
        key_marks=frozenset(KeyMarkKind(mark.kind) for mark in person.key_marks.all()),
        remarks=person.remarks,
    )


def address_of(person: Person) -> dict[str, str]:
    """The home as the fields of `AddressForm`."""
    if person.unit is None:
        return {"door": person.door}
    building = person.unit.building
    return {
        "compound": building.compound.name,
        "building": building.name,
        "unit": person.unit.name,
        "door": person.door,
    }


class AddressForm(forms.Form):
    """Compound, building, unit and door. What is new here is made when the form is saved."""

    compound = forms.CharField(
        label=_("Compound"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"list": "compounds", "autocomplete": "off"}),
    )
    building = forms.CharField(
        label=_("Building"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"list": "buildings", "autocomplete": "off"}),
    )
    unit = forms.CharField(
        label=_("Unit"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Empty: the building has no units."),
    )
    door = forms.CharField(
        label=_("Door"), required=False, max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def clean(self) -> dict[str, Any]:
        """An address is a compound with a building, or nothing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        compound, building = (cleaned.get(name, "").strip() for name in ("compound", "building"))
        if compound and not building and "building" not in self.errors:
            self.add_error("building", _("Which building? A house without a number: write its name."))
        if (building or cleaned.get("unit", "").strip()) and not compound and "compound" not in self.errors:
            self.add_error("compound", _("Which compound or village?"))
        return cleaned

    def stairs(self, community: Area) -> Staircase | None:
        """The unit that is meant, None without an address."""
        cleaned = self.cleaned_data
        if not cleaned.get("compound") or not cleaned.get("building"):
            return None
        return staircase(
            community=community,
            compound=cleaned["compound"],
            building=cleaned["building"],
            unit=cleaned.get("unit", ""),
        )


class FactsForm(AddressForm):
    """A person's file. `doubts` are odd values that may be saved all the same; an odd ID once confirmed."""

    name = forms.CharField(
        label=_("Name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("Telephone"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    id_kind = forms.ChoiceField(
        label=_("Kind of paper"), choices=list(ID_KINDS.items()), initial=IdKind.RESIDENT_ID
    )
    id_number = forms.CharField(
        label=_("ID number"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    id_confirmed = forms.BooleanField(label=_("I have compared it: save it as it is"), required=False)
    sex = forms.ChoiceField(label=_("Sex"), required=False, choices=list(SEXES.items()))
    born_on = forms.DateField(
        label=_("Born on"),
        required=False,
        widget=DateInput(first=dt.date(1900, 1, 1)),
        error_messages=DATE_ERRORS,
        help_text=_("Taken from the resident ID where there is one."),
    )
    key_marks = forms.MultipleChoiceField(
        label=_("Key person"),
        required=False,
        choices=list(KEY_MARKS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    remarks = forms.CharField(label=_("Remarks"), required=False, max_length=300)

    known: Person | None = None

    def keep_numbers_of(self, known: Person | None) -> None:
        """A number that is left empty is that of this file; it is shown masked, never filled in."""
        self.known = known
        if known is None:
            return
        for name, masked in (("id_number", known.masked_id), ("phone", known.masked_phone)):
            if masked:
                self.fields[name].widget.attrs["placeholder"] = masked
                self.fields[name].help_text = _("Empty: stays as it is.")

    @property
    def doubts(self) -> dict[str, Any]:
        """What is odd about a number, by field."""
        if not self.is_bound or not hasattr(self, "cleaned_data"):
            return {}
        found: dict[str, Any] = {}
        phone = tidy_phone(self.cleaned_data.get("phone", ""))
        if phone and phone_doubt(phone):
            found["phone"] = _("This looks like neither a mobile nor a landline number; please check it.")
        return found

    def id_doubt(self, today: dt.date) -> Any:
        """The sentence about an odd resident ID that nobody has confirmed yet, None when there is nothing."""
        cleaned = self.cleaned_data
        number = tidy_number(cleaned.get("id_number", ""))
        if not number or cleaned.get("id_kind") != IdKind.RESIDENT_ID or cleaned.get("id_confirmed"):
            return None
        if self.known is not None and self.known.id_number == number:
            return None
        doubt = resident_id_doubt(number, today)
        return ID_DOUBTS[doubt] if doubt else None

    def clean(self) -> dict[str, Any]:
        """A name of blanks is none, and a number belongs to a paper."""
        cleaned = super().clean()
        if cleaned.get("name") and not tidy_person_name(cleaned["name"]):
            self.add_error("name", _("The name is missing."))
        if cleaned.get("id_kind") == IdKind.NONE and tidy_number(cleaned.get("id_number", "")):
            self.add_error("id_kind", _("A number is entered: which paper is it from?"))
        return cleaned

    def facts(self, community: Area) -> PersonFacts:
        """What was entered, after cleaning; wrong fields count as empty."""
        cleaned, known = self.cleaned_data, self.known
        number = cleaned.get("id_number", "") or (known.id_number if known else "")
        kind = IdKind(cleaned.get("id_kind") or IdKind.RESIDENT_ID)
        if known and kind is IdKind.NONE and number:
            kind = IdKind(known.id_kind)
        sex = Sex(cleaned.get("sex") or Sex.UNKNOWN)
        if sex is Sex.UNKNOWN and kind is IdKind.RESIDENT_ID:
            sex = sex_in(tidy_number(number))
        return PersonFacts(
            name=cleaned.get("name", ""),
            community=community,
            sex=sex,
            born_on=cleaned.get("born_on"),
            id_kind=kind,
            id_number=number,
            phone=cleaned.get("phone", "") or (known.phone if known else ""),
            stairs=self.stairs(community),
            door=cleaned.get("door", "").strip(),
            key_marks=frozenset(KeyMarkKind(mark) for mark in cleaned.get("key_marks", [])),
            remarks=cleaned.get("remarks", ""),
        )


class PersonForm(FactsForm):
    """Correcting a file: numbers left empty stay, those ticked go."""

    drop_id = forms.BooleanField(label=_("Remove the ID number"), required=False)
    drop_phone = forms.BooleanField(label=_("Remove the telephone"), required=False)

    def __init__(self, data: Any = None, *, person: Person, **kwargs: Any) -> None:
        super().__init__(data, initial=_initial_of(person), label_suffix="", **kwargs)
        self.keep_numbers_of(person)
        if not person.id_number:
            del self.fields["drop_id"]
        if not person.phone:
            del self.fields["drop_phone"]

    def facts(self, community: Area) -> PersonFacts:
        """The file as it is to be; key marks and address as they stand in the form."""
        facts = super().facts(community)
        if self.cleaned_data.get("drop_id"):
            facts = replace(facts, id_number="", id_kind=IdKind.NONE)
        if self.cleaned_data.get("drop_phone"):
            facts = replace(facts, phone="")
        return facts


def _initial_of(person: Person) -> dict[str, Any]:
    """Everything but the numbers, which no page fills in."""
    return {
        "name": person.name,
        "id_kind": person.id_kind,
        "sex": person.sex,
        "born_on": person.born_on,
        "key_marks": [mark.kind for mark in person.key_marks.all()],
        "remarks": person.remarks,
        **address_of(person),
    }
