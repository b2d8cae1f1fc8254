"""The shape of what other systems send about needs."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Area, User
from cases.api.infection_inputs import NestedInput, VisiblePersonField
from cases.models import Person
from cases.rules import tidy_phone
from policy.api import InstantField, StrictSerializer, WordField
from supplies.actions.asking import Ask, Wanted
from supplies.forms.asking import MOST_OF_ONE, OFFERED
from supplies.models import Item
from supplies.rules.medical import TREATMENT_KINDS, TreatmentKind
from supplies.rules.needs import NEED_KINDS, URGENCIES, NeedKind, NeedSource, NeedVerb, Urgency
from zones.api import CommunityField, KeyField, TextField, own_community
from zones.models import Unit

LONGEST_TEXT = 1000
MOST_ITEMS = 20
FARTHEST = dt.timedelta(days=366)
TREATMENTS = [(key, name) for key, name in TREATMENT_KINDS.items() if key != TreatmentKind.EMERGENCY]
WORDS = {
    NeedVerb.CONFIRM: _("it has arrived"),
    NeedVerb.NOT_RIGHT: _("it is not all right"),
    NeedVerb.CANCEL: _("it is not needed any more"),
}
"""What the person told the other system."""


class VisibleUnitField(KeyField):
    """The number of a unit inside the caller's area."""

    default_error_messages = {"unknown": _("Your area has no such record.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = []  # what is validated below is the number, not the unit that it becomes

    def to_internal_value(self, data: Any) -> Unit:  # type: ignore[override]
        """The unit. The serializer's context names the `user`."""
        key = KeyField().run_validation(data)
        units = Unit.objects.visible_to(self.context["user"])
        unit = units.select_related("building__compound__community").filter(pk=key).first()
        if unit is None:
            self.fail("unknown")
        return unit


class WantedInstantField(InstantField):
    """When a doctor is wanted."""

    def to_internal_value(self, value: Any) -> dt.datetime:
        """The instant: today at the earliest, within a year. The serializer's context names `today`."""
        instant = super().to_internal_value(value)
        on, today = timezone.localdate(instant), self.context["today"]
        if on < today:
            raise serializers.ValidationError(_("This day is over."))
        if on > today + FARTHEST:
            raise serializers.ValidationError(_("This day is too far away."))
        return instant


class CallNumberField(TextField):
    """A telephone number, as it is dialled."""

    def to_internal_value(self, data: Any) -> str:
        """Its digits: none, or at least five."""
        number = tidy_phone(super().to_internal_value(data))
        if number and not 5 <= sum(character.isdigit() for character in number) <= 20:
            raise serializers.ValidationError(
                _("This is no telephone number. Please correct it, or leave it out.")
            )
        return number


class ItemInput(StrictSerializer):
    """One thing that is wanted, and how many of it."""

    name = TextField(max_length=100, help_text="A name of the list of items, or any other words.")
    quantity = serializers.IntegerField(
        required=False, default=1, min_value=1, max_value=MOST_OF_ONE, help_text="In the unit of the item."
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The fields; a number is a number, not true and not "2"."""
        if isinstance(data, dict) and type(data.get("quantity", 1)) is not int:
            raise serializers.ValidationError({"quantity": [_("Must be a whole number.")]})
        return super().to_internal_value(data)


class NeedInput(NestedInput):
    """Something that somebody needs. The kind is needed, and where: a person, a unit, or a community."""

    kind = WordField(list(NEED_KINDS.items()))
    urgency = WordField(list(URGENCIES.items()), required=False, help_text="Left out: as usual for the kind.")
    person = VisiblePersonField(required=False, help_text="Number from `persons/`: who needs it.")
    unit = VisibleUnitField(
        required=False, help_text="Number from `places/units/`. Left out: that of the person."
    )
    door = TextField(
        max_length=20, required=False, allow_blank=True, default="", help_text="With `unit`: the household."
    )
    community = CommunityField(
        required=False, help_text="Code, where neither person nor unit is known. Else the account's own."
    )
    text = TextField(
        max_length=LONGEST_TEXT,
        required=False,
        allow_blank=True,
        default="",
        help_text="In their words. Food, medicine and something else need it, or `items`.",
    )
    items = ItemInput(many=True, required=False, max_length=MOST_ITEMS)  # type: ignore[call-arg]
    treatment = WordField(TREATMENTS, required=False, help_text="Of a doctor: what for.")
    wanted_at = WantedInstantField(required=False, help_text="Of a doctor: when. Left out: at once.")
    phone = CallNumberField(
        max_length=30,
        required=False,
        allow_blank=True,
        default="",
        help_text="To call back, where it is not the person's own. No answer carries it.",
    )
    external_id = TextField(
        max_length=80,
        required=False,
        allow_blank=True,
        default="",
        help_text="The number at the sender; it is written once for each account.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What belongs to a doctor stands with a doctor, and a door with its unit; the community is known."""
        for name in ("treatment", "wanted_at"):
            if name in attrs and attrs["kind"] != NeedKind.DOCTOR:
                raise serializers.ValidationError({name: [_("This belongs to a doctor.")]})
        if attrs["door"] and "unit" not in attrs:
            raise serializers.ValidationError({"unit": [_("Which unit does the door belong to?")]})
        attrs["community"] = _community(attrs, self.context["user"])
        return attrs


def _community(attrs: dict[str, Any], user: User) -> Area:
    """Where it is answered for: with the person, at the door, or in the community that was named."""
    person: Person | None = attrs.get("person")
    unit: Unit | None = attrs.get("unit")
    found = person.community if person else unit.building.compound.community if unit else None
    named: Area | None = attrs.get("community")
    if found and named and found != named:
        raise serializers.ValidationError(
            {"community": [_("The person or the unit belongs to another one.")]}
        )
    return found or own_community(attrs, user)


def ask_of(said: dict[str, Any]) -> Ask:
    """What is asked for, from the validated input."""
    return Ask(
        kind=NeedKind(said["kind"]),
        community=said["community"],
        source=NeedSource.SYSTEM,
        text=said["text"],
        person=said.get("person"),
        unit=said.get("unit"),
        door=said["door"],
        urgency=Urgency(said["urgency"]) if "urgency" in said else None,
        lines=_lines(said.get("items", [])),
        call_phone=said["phone"],
        treatment=TreatmentKind(said["treatment"]) if "treatment" in said else None,
        wanted_at=said.get("wanted_at"),
        external_id=said["external_id"],
    )


def _lines(items: list[dict[str, Any]]) -> list[Wanted]:
    """Things of the list by their names; what is not on it stays in words."""
    names = {each["name"] for each in items}
    offered = Item.objects.filter(enabled=True, category__in=OFFERED, name__in=names)
    known = {item.name: item for item in offered} if names else {}
    return [
        Wanted(
            item=known.get(each["name"]),
            text="" if each["name"] in known else each["name"],
            quantity=Decimal(each["quantity"]),
        )
        for each in items
    ]


class WordInput(StrictSerializer):
    """What the person told the other system about it."""

    word = WordField(list(WORDS.items()))
    reason = TextField(
        max_length=300,
        required=False,
        allow_blank=True,
        default="",
        help_text="Stays on record. Needed unless it has arrived.",
    )
