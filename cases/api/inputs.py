"""The shapes of what other systems send, and what the verbs make of them."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Area
from cases.actions.judging import PersonFacts, Registration
from cases.forms.testing import ENTERED
from cases.rules import (
    HOME_CHECKS,
    ID_KINDS,
    KEY_MARKS,
    PLACES,
    RESULTS,
    SEXES,
    HomeCheck,
    IdKind,
    KeyMarkKind,
    Place,
    Sex,
    sex_in,
    tidy_number,
    tidy_person_name,
)
from policy.api import IsoDateField, StrictSerializer, WordField, YesOrNoField
from policy.types import Category, IsolationFinished
from zones.actions import staircase
from zones.api import LARGEST_KEY, CommunityField, NormalField, PlaceNameField, TextField, own_community

CHECKED = [(check, HOME_CHECKS[check]) for check in (HomeCheck.SUITABLE, HomeCheck.UNSUITABLE)]
ENTERED_RESULTS = [(result, RESULTS[result]) for result in ENTERED]


class PersonNameField(TextField):
    """A person's name as it is stored and compared."""

    def to_internal_value(self, data: Any) -> str:
        """The tidied name."""
        return tidy_person_name(super().to_internal_value(data))


class PersonInput(StrictSerializer):
    """Who. What is left out counts as not said."""

    name = PersonNameField(max_length=80)
    id_kind = WordField(
        list(ID_KINDS.items()), required=False, help_text="Left out: resident_id with a number, else none."
    )
    id_number = TextField(required=False, allow_blank=True, max_length=40)
    phone = TextField(required=False, allow_blank=True, max_length=30)
    sex = WordField([(sex, label) for sex, label in SEXES.items() if sex], required=False)
    born_on = IsoDateField(required=False, help_text="Read from a resident ID where one is given.")
    community = CommunityField(required=False, help_text="Code. Left out: the account's own community.")
    compound = PlaceNameField(required=False, allow_blank=True, max_length=80)
    building = PlaceNameField(required=False, allow_blank=True, max_length=40)
    unit = PlaceNameField(required=False, allow_blank=True, max_length=40)
    door = NormalField(required=False, allow_blank=True, max_length=20)
    key_marks = serializers.ListField(
        child=WordField(list(KEY_MARKS.items())), required=False, max_length=len(KEY_MARKS)
    )
    remarks = TextField(required=False, allow_blank=True, max_length=300)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A home is a compound and a building, or neither."""
        attrs["community"] = own_community(attrs, self.context["user"])
        if attrs.get("building") and not attrs.get("compound"):
            raise serializers.ValidationError({"compound": [_("Which compound is this building in?")]})
        if (attrs.get("compound") or attrs.get("unit")) and not attrs.get("building"):
            raise serializers.ValidationError({"building": [_("Which building?")]})
        return attrs


class RegistrationInput(PersonInput):
    """One entry: who, why, since when. What is left out counts as not said."""

    category = WordField(Category.choices())
    anchor_on = IsoDateField(help_text="Date of the event from which the days count: day 0.")
    registered_on = IsoDateField(required=False, help_text="Left out: today in Asia/Shanghai.")
    isolation_finished = WordField(
        IsolationFinished.choices(),
        required=False,
        help_text="What an entrant finished at the first point of entry. Left out: none.",
    )
    home_check = WordField(
        list(HOME_CHECKS.items()),
        required=False,
        help_text="Whether the home is fit for home isolation. Left out: not checked yet.",
    )
    exposed_to = PersonNameField(
        required=False, allow_blank=True, max_length=60, help_text="The case, as the county labels it."
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
        """An exposure lies behind us; a home is a compound and a building, or neither."""
        if "registered_on" not in attrs and attrs["anchor_on"] > self.context["today"]:
            raise serializers.ValidationError(
                {"anchor_on": [_("This date is in the future: nothing has happened yet.")]}
            )
        return super().validate(attrs)

    def registration(self) -> Registration:
        """The entry, after `is_valid()`."""
        said = self.validated_data
        return Registration(
            facts=facts_in(said),
            category=Category(said["category"]),
            anchor_on=said["anchor_on"],
            registered_on=said.get("registered_on", self.context["today"]),
            isolation_finished=IsolationFinished(said.get("isolation_finished", IsolationFinished.NONE)),
            home_check=HomeCheck(said.get("home_check", HomeCheck.UNCHECKED)),
            exposed_to=said.get("exposed_to", ""),
            document=said.get("document", ""),
            id_confirmed=said.get("id_confirmed", False),
        )


def facts_in(said: dict[str, Any]) -> PersonFacts:
    """The person as the verbs take one, from the values of a `PersonInput`."""
    community: Area = said["community"]
    number = said.get("id_number", "")
    has_number = bool(tidy_number(number))
    kind = IdKind(said.get("id_kind", IdKind.RESIDENT_ID)) if has_number else IdKind.NONE
    sex = Sex(said.get("sex", Sex.UNKNOWN))
    if sex is Sex.UNKNOWN and kind is IdKind.RESIDENT_ID:
        sex = sex_in(tidy_number(number))
    stairs = None
    if said.get("compound"):
        stairs = staircase(
            community=community,
            compound=said["compound"],
            building=said["building"],
            unit=said.get("unit", ""),
        )
    return PersonFacts(
        name=said["name"],
        community=community,
        sex=sex,
        born_on=said.get("born_on"),
        id_kind=kind,
        id_number=number,
        phone=said.get("phone", ""),
        stairs=stairs,
        door=said.get("door", ""),
        key_marks=frozenset(KeyMarkKind(mark) for mark in said.get("key_marks", [])),
        remarks=said.get("remarks", ""),
    )


class ReasonInput(StrictSerializer):
    """Why."""

    reason = TextField(max_length=300, help_text="Kept with the episode.")


class PlaceInput(StrictSerializer):
    """Where the person is from now on."""

    place = WordField(list(PLACES.items()))
    room = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_KEY,
        help_text="The room of an isolation site; needed there and nowhere else.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A room goes with a site, and only with one."""
        if (attrs["place"] == Place.SITE) != ("room" in attrs):
            raise serializers.ValidationError(
                {"room": [_("A room is named for an isolation site, and only there.")]}
            )
        return attrs


class HomeCheckInput(StrictSerializer):
    """Whether the home is fit for home isolation."""

    home_check = WordField(CHECKED)


class NothingInput(StrictSerializer):
    """An empty object, or no body at all."""


class CtField(serializers.DecimalField):
    """A Ct value with one decimal."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=4, decimal_places=1, min_value=Decimal(0), max_value=Decimal(99), **kwargs
        )


class ResultInput(StrictSerializer):
    """A result."""

    result = WordField(ENTERED_RESULTS)
    ct = CtField(required=False, allow_null=True, help_text="For entrants it decides.")
    external_id = TextField(
        required=False, allow_blank=True, max_length=80, help_text="The number at the laboratory."
    )


class LaboratoryInput(ResultInput):
    """A result that a laboratory reports for a person and a date."""

    episode = serializers.IntegerField(min_value=1, max_value=LARGEST_KEY)
    on = IsoDateField(help_text="The date of the sample.")
    external_id = TextField(max_length=80, help_text="The number at the laboratory; each counts once.")
