"""The shapes of what other systems send about infections, their stays and their contacts."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Area
from cases.actions.infections import InfectionFacts
from cases.actions.tracing import ContactEntry
from cases.api.inputs import CtField, PersonInput, PersonNameField, facts_in
from cases.models import Infection, Person
from cases.rules import CONTACT_KINDS, HOME_CHECKS, MANIFESTATIONS, ContactKind, HomeCheck, Manifestation
from policy.api import InstantField, IsoDateField, StrictSerializer, WordField, YesOrNoField
from zones.api import CommunityField, KeyField, TextField, own_community
from zones.rules import FOUND_WHERE, PURPOSES, FoundWhere

NOT_BEFORE = dt.date(2019, 12, 1)
MOST_CONTACTS = 200
KNOWN_MANIFESTATIONS = [
    (each, label) for each, label in MANIFESTATIONS.items() if each is not Manifestation.UNKNOWN
]


def plausible(on: dt.date, today: dt.date) -> None:
    """Refuse a date before the epidemic, or one that lies in the future."""
    if on > today:
        raise serializers.ValidationError(_("This date is in the future: nothing has happened yet."))
    if on < NOT_BEFORE:
        raise serializers.ValidationError(_("This date lies before the epidemic."))


class PastDateField(IsoDateField):
    """A date of the epidemic, today at the latest. The serializer's context names `today`."""

    def to_internal_value(self, value: Any) -> dt.date:
        """The civil date."""
        on = super().to_internal_value(value)
        plausible(on, self.context["today"])
        return on


class PastInstantField(InstantField):
    """An instant of the epidemic, not in the future."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        """The instant."""
        instant = super().to_internal_value(value)
        plausible(timezone.localdate(instant), self.context["today"])
        return instant


class VisiblePersonField(KeyField):
    """The number of a person whom the caller sees."""

    default_error_messages = {"unknown": _("There is no such person in your area.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = []  # what is validated below is the number, not the person that it becomes

    def to_internal_value(self, data: Any) -> Person:  # type: ignore[override]
        """The person. The serializer's context names the `user`."""
        key = KeyField().run_validation(data)
        person = Person.objects.visible_to(self.context["user"]).filter(pk=key).first()
        if person is None:
            self.fail("unknown")
        return person


def flat_mistakes(detail: Any, at: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The sentences of nested mistakes, each under the way that leads to its field."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = at if at and name == "non_field_errors" else f"{at}.{name}".lstrip(".")
            yield from flat_mistakes(inner, here)
    elif any(isinstance(each, dict) for each in detail):
        for place, inner in enumerate(detail):
            yield from flat_mistakes(inner, f"{at}.{place}")
    elif detail:
        yield at, list(detail)


class NestedInput(StrictSerializer):
    """A shape with lists of shapes in it. A mistake stands at its place: "contacts.3.name", from 0."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The fields."""
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError(dict(flat_mistakes(error.detail))) from error


# ── the infection ────────────────────────────────────────────────────────────────────────────────


class InfectionChanges(StrictSerializer):
    """What is to be different; what is left out stays as it is, null empties it."""

    label = PersonNameField(  # type: ignore[assignment]
        required=False, max_length=60, help_text="As the county's line list names it."
    )
    found_on = PastDateField(required=False, help_text="Day 0 of whatever is sealed because of it.")
    found_where = WordField(list(FOUND_WHERE.items()), required=False)
    person = VisiblePersonField(required=False, allow_null=True)
    manifestation = WordField(KNOWN_MANIFESTATIONS, required=False, allow_null=True)
    ct = CtField(required=False, allow_null=True)
    sampled_at = PastInstantField(required=False, allow_null=True)
    resulted_at = PastInstantField(required=False, allow_null=True)
    isolated_at = PastInstantField(required=False, allow_null=True)
    admitted_at = PastInstantField(required=False, allow_null=True)
    admitted_to = TextField(required=False, allow_blank=True, max_length=120)
    remarks = TextField(required=False, allow_blank=True, max_length=300)

    def changed(self, known: InfectionFacts) -> InfectionFacts:
        """The facts with these changes, after `is_valid()`."""
        said: dict[str, Any] = dict(self.validated_data)
        said.pop("community", None)
        if "manifestation" in said:
            said["manifestation"] = Manifestation(said["manifestation"] or "")
        if "found_where" in said:
            said["found_where"] = FoundWhere(said["found_where"])
        return replace(known, **said)


class InfectionInput(InfectionChanges):
    """An infected person, reported from outside. What is left out counts as not known."""

    label = PersonNameField(
        required=False,
        allow_blank=True,
        max_length=60,
        help_text="As the county's line list names it. Left out: the next free one.",
    )
    found_on = PastDateField(help_text="Day 0 of whatever is sealed because of it.")
    found_where = WordField(list(FOUND_WHERE.items()), required=False, help_text="Left out: community.")
    community = CommunityField(
        required=False, help_text="Where the person lives or was found. Left out: the account's own."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The community is named, or it is that of the account."""
        attrs["community"] = own_community(attrs, self.context["user"])
        return attrs

    @property
    def community_named(self) -> Area:
        """The community, after `is_valid()`."""
        community: Area = self.validated_data["community"]
        return community

    def facts(self) -> InfectionFacts:
        """The facts, after `is_valid()`."""
        said = self.validated_data
        blank = InfectionFacts(label="", found_on=said["found_on"], found_where=FoundWhere.COMMUNITY)
        return self.changed(blank)


def facts_of(infection: Infection) -> InfectionFacts:
    """The facts as they stand, for changes to be laid over them."""
    return InfectionFacts(
        label=infection.label,
        found_on=infection.found_on,
        found_where=FoundWhere(infection.found_where),
        person=infection.person,
        manifestation=Manifestation(infection.manifestation),
        ct=infection.ct,
        sampled_at=infection.sampled_at,
        resulted_at=infection.resulted_at,
        isolated_at=infection.isolated_at,
        admitted_at=infection.admitted_at,
        admitted_to=infection.admitted_to,
        remarks=infection.remarks,
    )


class StayInput(StrictSerializer):
    """A place where the infected person stayed: one unit or one site, from when to when."""

    purpose = WordField(list(PURPOSES.items()))
    unit = KeyField(required=False, help_text="In the caller's area, or in the county of the infection.")
    site = KeyField(required=False, help_text="Likewise.")
    from_on = PastDateField()
    to_on = PastDateField()
    note = TextField(required=False, allow_blank=True, max_length=200, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """In one place; the last date not before the first."""
        if ("unit" in attrs) == ("site" in attrs):
            raise serializers.ValidationError({"unit": [_("Name one place: a unit or a site.")]})
        if attrs["to_on"] < attrs["from_on"]:
            raise serializers.ValidationError({"to_on": [_("The last date lies before the first.")]})
        return attrs


# ── contacts ─────────────────────────────────────────────────────────────────────────────────────

ABOUT_A_PERSON = frozenset(PersonInput().fields)


class ContactInput(PersonInput):
    """One contact: somebody of the register by number, or by name as in a registration."""

    name = PersonNameField(required=False, max_length=80, help_text="Needed where no person is named.")
    person = KeyField(required=False, help_text="Somebody who is in the register already.")
    last_exposure_on = PastDateField(help_text="Day 0 of the contact's days.")
    kind = WordField(
        list(CONTACT_KINDS.items()),
        required=False,
        help_text="In which way they met. Left out: not said; household behind the same door.",
    )
    home_check = WordField(
        list(HOME_CHECKS.items()),
        required=False,
        help_text="Whether the home is fit for home isolation. Left out: not checked yet.",
    )
    document = TextField(
        required=False,
        allow_blank=True,
        max_length=200,
        help_text="The paper on which registering the same exposure again rests (supervisors only).",
    )
    id_confirmed = YesOrNoField(
        required=False, help_text="true: a doubtful ID was compared with the card. Left out: false."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A number, or a name with whatever is known besides; not both."""
        if "person" in attrs:
            if attrs.keys() & ABOUT_A_PERSON:
                raise serializers.ValidationError(
                    {"person": [_("With the number of a person nothing else about them is sent.")]}
                )
            return attrs
        if "name" not in attrs:
            raise serializers.ValidationError({"name": [_("The name is missing.")]})
        return super().validate(attrs)


class ContactsInput(NestedInput):
    """The contacts of one infection; each is judged by itself."""

    contacts = ContactInput(
        many=True,
        allow_empty=False,
        max_length=MOST_CONTACTS,  # type: ignore[call-arg]
    )

    def entries(self) -> list[ContactEntry]:
        """The entries for the verb, after `is_valid()`. Raises ValidationError at a person out of sight."""
        said: list[dict[str, Any]] = self.validated_data["contacts"]
        visible = Person.objects.visible_to(self.context["user"])
        people = visible.in_bulk([each["person"] for each in said if "person" in each])
        missing = {
            f"contacts.{place}.person": [_("There is no such person in your area.")]
            for place, each in enumerate(said)
            if "person" in each and each["person"] not in people
        }
        if missing:
            raise serializers.ValidationError(missing)
        return [
            ContactEntry(
                person=people[each["person"]] if "person" in each else None,
                facts=None if "person" in each else facts_in(each),
                last_exposure_on=each["last_exposure_on"],
                kind=ContactKind(each["kind"]) if "kind" in each else None,
                home_check=HomeCheck(each.get("home_check", HomeCheck.UNCHECKED)),
                document=each.get("document", ""),
                id_confirmed=each.get("id_confirmed", False),
            )
            for each in said
        ]
