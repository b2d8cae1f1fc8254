"""The shape of what other systems send about complaints."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Area, Office
from cases.api.infection_inputs import NestedInput
from cases.rules import tidy_phone
from complaints.actions.filing import ComplainantFacts, Filing
from complaints.rules.behaviours import BEHAVIOUR_CHOICES
from complaints.rules.words import ORDERED, OUTCOMES, WHOM, Ordered, Source, Whom
from complaints.whom import respondent_in_words
from policy.api import IsoDateField, StrictSerializer, WordField, YesOrNoField
from zones.api import KeyField, TextField
from zones.models import Compound, Site

LONGEST_TEXT = 4000
OUTCOME_WORDS = list(OUTCOMES.items())


class AreaField(TextField):
    """The code of an area of the caller's, of any level."""

    default_error_messages = {"unknown": _("Your area has no area with this code.")}

    def to_internal_value(self, data: Any) -> Area:  # type: ignore[override]
        """The area. The serializer's context names the `user`."""
        code = super().to_internal_value(data)
        area = Area.objects.visible_to(self.context["user"]).filter(code=code).first()
        if area is None:
            self.fail("unknown")
        return area


class RecordField(KeyField):
    """The number of a record of that model inside the caller's area."""

    default_error_messages = {"unknown": _("Your area has no such record.")}

    def __init__(self, model: Any, related: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model, self.related = model, related
        self.validators = []  # what is validated below is the number, not the record that it becomes

    def to_internal_value(self, data: Any) -> Any:
        """The record."""
        key = KeyField().run_validation(data)
        found = self.model.objects.visible_to(self.context["user"]).select_related(self.related)
        record = found.filter(pk=key).first()
        if record is None:
            self.fail("unknown")
        return record


class ComplainantInput(StrictSerializer):
    """Who complains, as far as they say. It is encrypted, and no answer of the API ever carries it."""

    name = TextField(max_length=60, required=False, allow_blank=True, default="")
    phone = TextField(max_length=30, required=False, allow_blank=True, default="")
    email = TextField(max_length=254, required=False, allow_blank=True, default="")

    def validate_email(self, value: str) -> str:
        """An address, where one is given."""
        if value:
            serializers.EmailField().run_validation(value)
        return value


class ComplaintInput(NestedInput):
    """A complaint. The behaviour and the place are needed, everything else may be left out."""

    behaviour = WordField(BEHAVIOUR_CHOICES)
    area = AreaField(
        required=False,
        help_text="Code. Left out: that of the compound or site, else the account's own.",
    )
    compound = RecordField(
        Compound, "community", required=False, help_text="Number from `places/compounds/`."
    )
    site = RecordField(Site, "community", required=False, help_text="Number from `places/sites/`.")
    place = TextField(
        max_length=200, required=False, allow_blank=True, default="", help_text="In the caller's words."
    )
    whom = WordField(list(WHOM.items()), required=False, default=Whom.UNKNOWN)
    respondent = RecordField(
        Office,
        "area",
        required=False,
        help_text="Number from `offices/` of the office complained about. Left out: found by `whom`, and by"
        " `respondent_text` where that names one for certain.",
    )
    respondent_text = TextField(max_length=200, required=False, allow_blank=True, default="")
    text = TextField(
        max_length=LONGEST_TEXT,
        required=False,
        allow_blank=True,
        default="",
        help_text="What happened. Needed with the behaviour `other`.",
    )
    since_on = IsoDateField(required=False)
    ordered = WordField(list(ORDERED.items()), required=False, default=Ordered.UNKNOWN)
    ordered_by = TextField(max_length=200, required=False, allow_blank=True, default="")
    urgent = YesOrNoField(
        required=False, default=False, help_text="Danger to life: goes on top. Some behaviours always do."
    )
    external_id = TextField(
        max_length=80,
        required=False,
        allow_blank=True,
        default="",
        help_text="The number at the sender; it is filed once for each account.",
    )
    complainant = ComplainantInput(required=False, help_text="Left out: anonymous.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One area, in which compound and site lie; and words where the behaviour has none."""
        if attrs["behaviour"] == "other" and not attrs["text"]:
            raise serializers.ValidationError({"text": [_("Please write what happened.")]})
        places = [attrs[name] for name in ("compound", "site") if name in attrs]
        area = attrs.get("area") or (places[0].community if places else self.context["user"].area)
        for name in ("compound", "site"):
            if name in attrs and not area.covers(attrs[name].community):
                raise serializers.ValidationError({name: [_("It lies outside the area that was named.")]})
        attrs["area"] = places[0].community if places else area
        return attrs


def filing_of(said: dict[str, Any]) -> Filing:
    """The complaint that was sent, from the validated input."""
    who = said.get("complainant") or {}
    return Filing(
        behaviour=said["behaviour"],
        area=said["area"],
        what_happened=said["text"],
        compound=said.get("compound"),
        site=said.get("site"),
        place=said["place"],
        whom=said["whom"],
        respondent=said.get("respondent")
        or respondent_in_words(
            said["respondent_text"], whom=said["whom"], area=said["area"], behaviour=said["behaviour"]
        ),
        respondent_text=said["respondent_text"],
        since_on=said.get("since_on"),
        ordered=said["ordered"],
        ordered_by=said["ordered_by"],
        urgent=said["urgent"],
        complainant=ComplainantFacts(
            name=who.get("name", ""),
            phone=tidy_phone(who.get("phone", "")),
            email=who.get("email", ""),
        ),
        source=Source.SYSTEM,
        external_id=said["external_id"],
    )


class AcceptInput(StrictSerializer):
    """Whether it needs the longer limit."""

    complex = YesOrNoField(required=False, default=False, help_text="Needs the longer limit.")


class SendBackInput(StrictSerializer):
    """Why it goes back."""

    reason = TextField(max_length=500, help_text="Stays on record. Three times at most.")


class TextInput(StrictSerializer):
    """What is to be said."""

    text = TextField(max_length=LONGEST_TEXT)


class CloseInput(StrictSerializer):
    """What became of it."""

    outcome = WordField(
        OUTCOME_WORDS,
        required=False,
        help_text="Left out: what the verification found. Closed is not solved.",
    )
