"""The forms that register one person, or a family at once."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import Ability, Level
from cases.actions.judging import PersonFacts, Registration
from cases.forms.episode import DATE_ERRORS, DateInput
from cases.forms.person import AddressForm, FactsForm
from cases.models import Person
from cases.rules import (
    HOME_CHECKS,
    ID_KINDS,
    KEY_MARKS,
    SEXES,
    HomeCheck,
    IdKind,
    KeyMarkKind,
    Sex,
    sex_in,
    tidy_number,
    tidy_person_name,
)
from policy.types import Anchor, Category, Edition, IsolationFinished
from zones.actions import Staircase

# What registers people is asked of these only; the rest follows from the category.
WITH_INFECTION = frozenset({Category.CLOSE_CONTACT, Category.SECONDARY_CONTACT})


def anchor_label(category: Category, edition: Edition) -> str:
    """What the date of the anchoring event is called for a category."""
    rule = edition.rule_for(category)
    anchor = rule.anchor if rule else None
    if anchor is None and category in WITH_INFECTION:
        anchor = Anchor.LAST_EXPOSURE
    return gettext("Date: {event}").format(event=anchor.label) if anchor else gettext("Date of the event")


class CauseForm(forms.Form):
    """Why and since when: what a single registration and a family's have in common."""

    category = forms.ChoiceField(label=_("Category"), widget=forms.RadioSelect)
    anchor_on = forms.DateField(
        label=_("Date of the event"),
        error_messages=DATE_ERRORS,
        help_text=_("This date is day 0; day 1 is the next date."),
    )
    isolation_finished = forms.ChoiceField(
        label=_("Isolation finished at the first point of entry"),
        choices=IsolationFinished.choices,
        initial=IsolationFinished.NONE,
        widget=forms.RadioSelect,
        help_text=_("Whoever finished it there is not isolated again. 〔二(十)〕"),
    )
    exposed_to = forms.CharField(
        label=_("Exposed to"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"list": "infections", "autocomplete": "off"}),
        help_text=_("As the county names the case. Only an infected person has contacts. 〔二(二)〕"),
    )
    registered_on = forms.DateField(
        label=_("Registered on"),
        error_messages=DATE_ERRORS,
        help_text=_("Today, or the earlier day on which the person was found."),
    )
    home_check = forms.ChoiceField(
        label=_("Home conditions"),
        choices=list(HOME_CHECKS.items()),
        initial=HomeCheck.UNCHECKED,
        widget=forms.RadioSelect,
        help_text=_("Not suitable means staying in central isolation; the dates stay. 〔三(一)〕"),
    )
    community = forms.ModelChoiceField(label=_("Community"), queryset=Area.objects.none())

    def __init__(
        self,
        data: Any = None,
        *,
        user: User,
        category: Category,
        edition: Edition,
        today: dt.date,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.user = user
        self._offer_categories(category, edition)
        self.fields["anchor_on"].widget = DateInput(last=today)
        self.fields["anchor_on"].label = anchor_label(category, edition)
        self.fields["registered_on"].widget = DateInput(last=today)
        self.fields["registered_on"].initial = today
        if category is not Category.ENTRANT:
            del self.fields["isolation_finished"]
        if category not in WITH_INFECTION:
            del self.fields["exposed_to"]
        self._offer_communities()

    def _offer_categories(self, category: Category, edition: Edition) -> None:
        """Those the edition has a rule for, and the one asked for: a refusal stands at its field."""
        field = self.fields["category"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        offered = [each for each in Category if each in edition.rules or each is category]
        field.choices = [(each.value, each.label) for each in offered]
        field.initial = category.value

    def _offer_communities(self) -> None:
        """Only staff above a community are asked for it."""
        area = self.user.area
        if area is None or area.level == Level.COMMUNITY:
            del self.fields["community"]
            return
        field = self.fields["community"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = Area.objects.communities().within(area)

    @property
    def community_meant(self) -> Area | None:
        """The user's own community, or the one chosen, once the form has been cleaned."""
        if "community" not in self.fields:
            return self.user.area
        chosen: Area | None = self.cleaned_data.get("community")
        return chosen

    def cause(self) -> dict[str, Any] | None:
        """The part of a `Registration` that is no person's; None while a date or the category is wrong."""
        cleaned = self.cleaned_data
        if not all(cleaned.get(name) for name in ("category", "anchor_on", "registered_on")):
            return None
        finished = cleaned.get("isolation_finished") or IsolationFinished.NONE
        return {
            "category": Category(cleaned["category"]),
            "anchor_on": cleaned["anchor_on"],
            "registered_on": cleaned["registered_on"],
            "isolation_finished": IsolationFinished(finished),
            "home_check": HomeCheck(cleaned.get("home_check") or HomeCheck.UNCHECKED),
            "exposed_to": cleaned.get("exposed_to", ""),
        }


class RegistrationForm(CauseForm, FactsForm):
    """One person, one reason.

    `known` is the file that the registration is about, when it was begun from there: an empty number means
    the number of that file. `home` is somebody of the same home: an empty telephone means theirs.
    """

    document = forms.CharField(
        label=_("Document"),
        required=False,
        max_length=200,
        help_text=_("Title and number of the paper on which registering the same exposure again rests."),
    )

    def __init__(
        self, data: Any = None, *, known: Person | None = None, home: Person | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.known, self.home = known, home
        if "exposed_to" in self.fields:
            self.fields["exposed_to"].wide = True  # type: ignore[attr-defined]
        self.keep_numbers_of(known)
        if home is not None and known is None:
            self.fields["phone"].widget.attrs["placeholder"] = home.masked_phone
            self.fields["phone"].help_text = format_lazy(_("Empty: the same as {name}."), name=home.name)
        if not self.user.may(Ability.SUPERVISE):
            del self.fields["document"]

    def registration(self) -> Registration | None:
        """The entry, as far as it can be judged: None without category, dates or community."""
        cause, community = self.cause(), self.community_meant
        if cause is None or community is None:
            return None
        facts = self.facts(community)
        return Registration(
            facts=facts,
            document=self.cleaned_data.get("document", ""),
            id_confirmed=bool(self.cleaned_data.get("id_confirmed")),
            **cause,
        )

    def facts(self, community: Area) -> PersonFacts:
        """What is entered of the person; a telephone left empty is that of the same home."""
        facts = super().facts(community)
        if not facts.phone and self.home is not None and self.known is None:
            facts = replace(facts, phone=self.home.phone)
        return facts


class FamilyForm(CauseForm, AddressForm):
    """What a whole family shares: reason, date, address, one telephone."""

    phone = forms.CharField(
        label=_("Telephone of the family"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, home: Person | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.home = home
        if home is not None and home.phone:
            self.fields["phone"].widget.attrs["placeholder"] = home.masked_phone
            self.fields["phone"].help_text = format_lazy(_("Empty: the same as {name}."), name=home.name)

    @property
    def phone_meant(self) -> str:
        """The telephone entered, or that of the person of the same home."""
        return self.cleaned_data.get("phone") or (self.home.phone if self.home else "")


class Under:
    """Whether somebody of the household comes under the rule or is only listed."""

    RULE = "rule"
    LISTED = "listed"


UNDER = [
    (Under.RULE, pgettext_lazy("member of a household", "under the rule")),
    (Under.LISTED, pgettext_lazy("member of a household", "listed only")),
]


class MemberForm(forms.Form):
    """One member of the family; a row without name and number is empty and counts for nothing."""

    under = forms.ChoiceField(label=_("How?"), choices=UNDER, initial=Under.RULE, widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
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
    born_on = forms.DateField(
        label=_("Born on"),
        required=False,
        widget=DateInput(first=dt.date(1900, 1, 1)),
        error_messages=DATE_ERRORS,
    )
    sex = forms.ChoiceField(label=_("Sex"), required=False, choices=list(SEXES.items()))
    key_marks = forms.MultipleChoiceField(
        label=_("Key person"),
        required=False,
        choices=list(KEY_MARKS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    confirmed = forms.BooleanField(label=_("I have compared it: save it as it is"), required=False)

    def __init__(self, data: Any = None, *, number: int, **kwargs: Any) -> None:
        super().__init__(data, prefix=f"row-{number}", label_suffix="", **kwargs)
        self.number = number
        self.doubts: dict[str, Any] = {}
        self.note: str | Promise = ""
        """What has to be confirmed before this row is saved."""
        self.reference = ""
        """For somebody whom another community holds: by what a handover is asked for."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a person is in the row."""
        if not self.is_bound:
            return True
        return not any(self.data.get(self.add_prefix(name), "").strip() for name in ("name", "id_number"))

    def clean_name(self) -> str:
        """A row with a number needs a name too."""
        name: str = self.cleaned_data["name"]
        if not tidy_person_name(name):
            raise forms.ValidationError(_("The name is missing."))
        return name

    def facts(self, *, community: Area, stairs: Staircase | None, door: str, phone: str) -> PersonFacts:
        """What the row says, with what the family shares."""
        cleaned = self.cleaned_data
        number = cleaned["id_number"]
        kind = IdKind(cleaned["id_kind"]) if tidy_number(number) else IdKind.NONE
        sex = Sex(cleaned["sex"] or Sex.UNKNOWN)
        if sex is Sex.UNKNOWN and kind is IdKind.RESIDENT_ID:
            sex = sex_in(tidy_number(number))
        return PersonFacts(
            name=cleaned["name"],
            community=community,
            sex=sex,
            born_on=cleaned["born_on"],
            id_kind=kind,
            id_number=number,
            phone=phone,
            stairs=stairs,
            door=door,
            key_marks=frozenset(KeyMarkKind(mark) for mark in cleaned["key_marks"]),
        )
