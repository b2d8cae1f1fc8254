"""The forms of an infection: its facts, a place where the person stayed, the judgement of its spread."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import Level
from cases.actions.infections import InfectionFacts
from cases.forms.episode import DATE_ERRORS, DateInput, VerbForm
from cases.models import Infection, Person
from cases.rules import MANIFESTATIONS, SPREADS, Spread
from zones.rules import FOUND_WHERE, PURPOSES, FoundWhere, Purpose

INSTANTS = ("sampled_at", "resulted_at", "isolated_at", "admitted_at")


class InstantInput(forms.DateTimeInput):
    """The browser's own picker of date and time, in Asia/Shanghai."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def _instant(label: Any, help_text: Any = "") -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=InstantInput(),
        help_text=help_text,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={"invalid": _("Write date and time in the form 2022-11-14 16:30.")},
    )


class InfectionForm(forms.Form):
    """Who was found infected, where, when, and the instants of the four earlies."""

    who = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=80,
        help_text=_("Name, telephone, ID number or its last four digits; empty: not in our register."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    person = forms.ModelChoiceField(
        label=_("Which of them?"), queryset=Person.objects.none(), required=False, widget=forms.RadioSelect
    )
    label = forms.CharField(
        label=_("Label"),
        required=False,
        max_length=60,
        help_text=_("As the county's line list names the case; empty: the next free number."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    community = forms.ModelChoiceField(label=_("Community"), queryset=Area.objects.none())
    found_on = forms.DateField(
        label=_("Found on"),
        error_messages=DATE_ERRORS,
        help_text=_("This date is day 0 of whatever is sealed because of it. 〔二(四)〕"),
    )
    found_where = forms.ChoiceField(
        label=_("Found where"),
        choices=list(FOUND_WHERE.items()),
        initial=FoundWhere.COMMUNITY,
        widget=forms.RadioSelect,
    )
    manifestation = forms.ChoiceField(
        label=_("Confirmed or asymptomatic"),
        choices=list(MANIFESTATIONS.items()),
        required=False,
        widget=forms.RadioSelect,
    )
    ct = forms.DecimalField(label=_("Ct value"), required=False, max_digits=4, decimal_places=1)
    sampled_at = _instant(_("Sampled at"))
    resulted_at = _instant(_("Result at"))
    isolated_at = _instant(_("Isolated at"))
    admitted_at = _instant(_("Admitted at"))
    admitted_to = forms.CharField(label=_("Admitted to"), required=False, max_length=120)
    remarks = forms.CharField(label=_("Remarks"), required=False, max_length=300)

    def __init__(
        self,
        data: Any = None,
        *,
        user: User,
        today: dt.date,
        infection: Infection | None = None,
        person: Person | None = None,
    ) -> None:
        super().__init__(data, label_suffix="")
        self.infection = infection
        self.fields["found_on"].widget = DateInput(last=today)
        self.fields["found_on"].initial = today
        for name in ("found_where", "manifestation", "remarks", "who", "person"):
            self.fields[name].wide = True  # type: ignore[attr-defined]
        self._offer_communities(user)
        self._offer_people(user, person)
        if infection is not None:
            self._start_from(infection)

    def _offer_communities(self, user: User) -> None:
        area = user.area
        if self.infection is not None or area is None or area.level == Level.COMMUNITY:
            del self.fields["community"]
            return
        field = self.fields["community"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = Area.objects.communities().within(area)

    def _offer_people(self, user: User, person: Person | None) -> None:
        """Those whom the words find, and whoever was named before."""
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        people = Person.objects.visible_to(user)
        words = str(self.data.get("who", "")).strip() if self.is_bound else ""
        keys = list(people.matching(words).values_list("pk", flat=True)[:20]) if words else []
        chosen = str(self.data.get("person", "")) if self.is_bound else ""
        if chosen.isdecimal() and len(chosen) < 19:
            keys.append(int(chosen))
        if person is not None:
            keys.append(person.pk)
            field.initial = person
        found = people.filter(pk__in=keys).select_related("unit__building__compound")
        field.queryset = found
        field.label_from_instance = _described  # type: ignore[method-assign, assignment]
        field.empty_label = _("not in our register") if keys else None
        self.searched = words
        self.found = len(keys)

    def _start_from(self, infection: Infection) -> None:
        for name in self.fields:
            if hasattr(infection, name):
                self.fields[name].initial = getattr(infection, name)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.initial = infection.person

    def facts(self) -> InfectionFacts:
        """What was entered, once the form is clean."""
        cleaned = self.cleaned_data
        return InfectionFacts(
            label=cleaned["label"],
            found_on=cleaned["found_on"],
            found_where=cleaned["found_where"],
            person=cleaned["person"],
            manifestation=cleaned["manifestation"],
            ct=cleaned["ct"],
            **{name: cleaned[name] for name in INSTANTS},
            admitted_to=cleaned["admitted_to"],
            remarks=cleaned["remarks"],
        )


def _described(person: Person) -> str:
    """A person as one of a list: name, masked number, address."""
    return " · ".join(part for part in (person.name, person.masked_phone, person.address) if part)


class StayForm(VerbForm):
    """A home, workplace or place of activity: a unit, or a site."""

    verb = "stay"

    purpose = forms.ChoiceField(
        label=_("What was it to the person?"),
        choices=list(PURPOSES.items()),
        initial=Purpose.HOME,
        widget=forms.RadioSelect,
    )
    compound = forms.CharField(
        label=_("Compound, workplace or village"),
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
        label=_("Unit"), required=False, max_length=40, help_text=_("Empty: the building has no units.")
    )
    site = forms.CharField(
        label=_("Or a site"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"list": "sites", "autocomplete": "off"}),
        help_text=_("Isolation site or hospital; a site is not sealed."),
    )
    from_on = forms.DateField(label=_("From"), error_messages=DATE_ERRORS)
    to_on = forms.DateField(label=_("To"), error_messages=DATE_ERRORS)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, data: Any = None, *, today: dt.date, found_on: dt.date) -> None:
        super().__init__(data)
        for name in ("from_on", "to_on"):
            self.fields[name].widget = DateInput(last=today)
            self.fields[name].initial = min(found_on, today)

    def clean(self) -> dict[str, Any]:
        """A unit needs compound and building; a site stands alone."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        compound, building, site = (
            cleaned.get(name, "").strip() for name in ("compound", "building", "site")
        )
        if site and (compound or building):
            self.add_error("site", _("Either a building or a site, please."))
        elif not site and not compound:
            self.add_error("compound", _("Which compound, workplace or village?"))
        elif not site and not building:
            self.add_error("building", _("Which building? A house without a number: write its name."))
        return cleaned


class AssessmentForm(VerbForm):
    """Who shared the home, what was left, and what follows."""

    verb = "assessment"

    shared_home = forms.CharField(
        label=_("Who shared the home?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Write “nobody” where that is so."),
    )
    left_home = forms.CharField(
        label=_("When was the home left, and where to?"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Write “never” where that is so."),
    )
    conclusion = forms.ChoiceField(
        label=_("Conclusion"),
        choices=[(value, label) for value, label in SPREADS.items() if value is not Spread.OPEN],
        widget=forms.RadioSelect,
    )
