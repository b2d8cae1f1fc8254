"""The public part of the REST API: what the rules allow, for anyone who asks."""

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from . import clock
from .calculator import Question, calculate, plan_as_json, public_editions, refusal_as_json
from .models import NoEditionInForce, edition_in_force
from .refusals import BadInput, RuleViolation
from .types import Anchor, Category, Edition, IsolationFinished, Mode, TestReason

MOST_BYTES = 16 * 1024
"""A question is some two hundred bytes long; whatever is much longer is none."""

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_EDITION_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def _whole(sentence: Promise) -> serializers.ValidationError:
    """A mistake that no single field is to blame for."""
    return serializers.ValidationError({"non_field_errors": [str(sentence)]})


class ShortJSONParser(BaseParser):
    """JSON in UTF-8, of a size that a question can have; everything else is answered with a sentence."""

    media_type = "application/json"
    most_bytes = MOST_BYTES

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The value that the body holds."""
        body = stream.read(self.most_bytes + 1)
        if len(body) > self.most_bytes:
            raise _whole(_("The request is too long."))
        try:
            return json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise _whole(_("The request is not valid JSON in UTF-8.")) from error


class InstantField(serializers.DateTimeField):
    """An instant: text, with its offset from UTC or else in Asia/Shanghai; never a bare date or a number."""

    default_error_messages = {
        "invalid": _("Write the instant as text in the form 2022-11-14T09:30:00+08:00."),
    }

    def to_internal_value(self, value: Any) -> dt.datetime:
        """The instant, with its time zone."""
        if not isinstance(value, str) or not _INSTANT.match(value):
            self.fail("invalid")
        return super().to_internal_value(value)


class IsoDateField(serializers.DateField):
    """A date written as 2022-11-14, in a string, and in no other way."""

    default_error_messages = {
        "invalid": _("Write the date as text in the form 2022-11-14."),
    }

    def to_internal_value(self, value: Any) -> dt.date:
        """The civil date."""
        if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
            self.fail("invalid")
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")


class WordField(serializers.ChoiceField):
    """One of a few words. The wrong word is not echoed: it may be anything."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        words = ", ".join(str(choice) for choice in self.choices)
        self.error_messages["invalid_choice"] = format_lazy(_("Choose one of: {words}."), words=words)

    def to_internal_value(self, data: Any) -> Any:
        """The word as it stands."""
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice")
        return data


@extend_schema_field({"type": "boolean"})
class YesOrNoField(serializers.Field):  # type: ignore[type-arg]
    """true or false, nothing that merely looks like it."""

    default_error_messages = {"invalid": _("Must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """The flag."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return data

    def to_representation(self, value: bool) -> bool:
        """The flag."""
        return value


class EditionCodeField(serializers.CharField):
    """The code of an edition."""

    default_error_messages = {"invalid": _("There is no such policy edition.")}

    def to_internal_value(self, data: Any) -> str:
        """The code, of the shape that codes have; whether there is such an edition is asked later."""
        if not isinstance(data, str) or not _EDITION_CODE.fullmatch(data):
            self.fail("invalid")
        return data


class StrictSerializer(serializers.Serializer[dict[str, Any]]):
    """One JSON object with the fields named here and no others."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The fields, and no others: a misspelt key would silently mean something else."""
        if not isinstance(data, Mapping):
            raise _whole(_("Send one JSON object."))
        errors: dict[str, Any] = {}
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors |= cast(dict[str, Any], error.detail)
        for key in data.keys() - self.fields.keys():
            if isinstance(key, str) and key.isascii() and key.isidentifier() and len(key) <= 40:
                errors[key] = [_("There is no such field.")]
            else:
                errors["non_field_errors"] = [_("There is a field that does not belong here.")]
        if errors:
            raise serializers.ValidationError(errors)
        return values


class PlanQuestion(StrictSerializer):
    """A question. All but the first two may be left out."""

    category = WordField(Category.choices())
    anchor_on = IsoDateField(help_text="Date of the event from which the days count: day 0.")
    registered_on = IsoDateField(required=False, help_text="Left out: today in Asia/Shanghai.")
    edition = EditionCodeField(
        required=False, help_text="Left out: the edition in force on the day of registration."
    )
    home_suitable = YesOrNoField(required=False, help_text="Left out: true.")
    isolation_finished = WordField(
        IsolationFinished.choices(),
        required=False,
        help_text="What an entrant finished at the first point of entry. Left out: none.",
    )

    def question(self) -> Question:
        """The question, after `is_valid()`."""
        values = dict(self.validated_data)
        values["category"] = Category(values["category"])
        if "isolation_finished" in values:
            values["isolation_finished"] = IsolationFinished(values["isolation_finished"])
        return Question(**values)


class _Described(serializers.Serializer[Any]):
    """A shape that only the schema reads: the answers are written by `plan_as_json`."""

    def to_internal_value(self, data: Any) -> NoReturn:
        """Never asked."""
        raise NotImplementedError


class PlanStage(_Described):
    """Whole dates, first and last included, in one mode."""

    mode = serializers.ChoiceField(Mode.choices())
    starts_on = serializers.DateField()
    last_on = serializers.DateField()
    days = serializers.IntegerField()
    coded = serializers.BooleanField(help_text="Whether the health code is assigned (赋码).")
    may_go_out = serializers.BooleanField()


class PlanTest(_Described):
    """One test; mode and day are null where no stage covers the date."""

    on = serializers.DateField()
    mode = serializers.ChoiceField(Mode.choices(), allow_null=True)
    day = serializers.IntegerField(allow_null=True, help_text="The day inside its stage, from 1.")
    reason = serializers.ChoiceField(TestReason.choices(), allow_null=True)


class PlanAnswer(_Described):
    """The plan."""

    edition = serializers.CharField()
    category = serializers.ChoiceField(Category.choices())
    clause = serializers.CharField()
    anchor = serializers.ChoiceField(Anchor.choices())
    anchor_on = serializers.DateField()
    day_one_on = serializers.DateField()
    restricted = serializers.BooleanField()
    stages = PlanStage(many=True)
    tests = PlanTest(many=True)
    release_on = serializers.DateField(help_text="The first free date; release is at its 00:00.")


class Refusal(_Described):
    """A rule that says no."""

    code = serializers.CharField()
    clause = serializers.CharField(help_text='The clause that forbids it; "" where none is named.')
    detail = serializers.CharField()


class EditionStage(_Described):
    """One stage of a rule."""

    mode = serializers.ChoiceField(Mode.choices())
    days = serializers.IntegerField()
    test_days = serializers.ListField(child=serializers.IntegerField())
    coded = serializers.BooleanField()
    may_go_out = serializers.BooleanField()


class EditionRule(_Described):
    """What an edition says about one category."""

    category = serializers.ChoiceField(Category.choices())
    clause = serializers.CharField()
    anchor = serializers.ChoiceField(Anchor.choices())
    positive_below_ct = serializers.FloatField(allow_null=True)
    stated_in = serializers.CharField(help_text="The edition that states the rule; others inherit it.")
    practice = serializers.BooleanField(help_text="Whether it is not from the two source documents.")
    stages = EditionStage(many=True)


class AbolishedCategory(_Described):
    """A rule that the edition took away."""

    category = serializers.ChoiceField(Category.choices())
    clause = serializers.CharField()


class EditionAnswer(_Described):
    """An edition that was activated, with what it inherits."""

    code = serializers.CharField()
    name_zh = serializers.CharField()
    name_en = serializers.CharField()
    effective_on = serializers.DateField()
    parent = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    practice = serializers.BooleanField()
    in_force = serializers.BooleanField(help_text="Whether it is in force today.")
    rules = EditionRule(many=True)
    abolished = AbolishedCategory(many=True)


_BAD_INPUT = OpenApiResponse(
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    description="Malformed input: the name of each field with its sentences.",
)


class PlanView(APIView):
    """What the rules allow for one person. Public; nothing is stored."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (ShortJSONParser,)
    throttle_scope = "public"

    @extend_schema(
        operation_id="policy_plan",
        tags=["policy"],
        auth=[],
        request=PlanQuestion,
        responses={
            200: PlanAnswer,
            400: _BAD_INPUT,
            409: OpenApiResponse(Refusal, description="A rule says no, with its clause."),
            429: OpenApiResponse(description="Too many questions from this address: wait."),
        },
        examples=[
            OpenApiExample(
                "A close contact",
                value={"category": "close_contact", "anchor_on": "2022-11-14", "registered_on": "2022-11-14"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Answer a question with a plan, a refusal (409) or the fields to mend (400)."""
        asked = PlanQuestion(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            made, _edition = calculate(asked.question(), today=clock.today())
        except BadInput as bad:
            raise serializers.ValidationError({bad.field: [str(bad.sentence)]}) from bad
        except RuleViolation as refusal:
            return Response(refusal_as_json(refusal), status=status.HTTP_409_CONFLICT)
        return Response(plan_as_json(made))


class EditionsView(APIView):
    """The editions that were activated, the oldest first."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "public"

    @extend_schema(
        operation_id="policy_editions", tags=["policy"], auth=[], responses={200: EditionAnswer(many=True)}
    )
    def get(self, request: Request) -> Response:
        """List them with everything that they inherit."""
        try:
            in_force = edition_in_force(clock.today()).code
        except NoEditionInForce:
            in_force = ""
        return Response([_edition_as_json(edition, in_force) for edition in public_editions()])


def _edition_as_json(edition: Edition, in_force: str) -> dict[str, object]:
    return {
        "code": edition.code,
        "name_zh": edition.name_zh,
        "name_en": edition.name_en,
        "effective_on": edition.effective_on,
        "parent": edition.parent,
        "practice": edition.practice,
        "in_force": edition.code == in_force,
        "rules": [
            {
                "category": rule.category,
                "clause": rule.clause,
                "anchor": rule.anchor,
                "positive_below_ct": rule.positive_below_ct,
                "stated_in": rule.stated_in,
                "practice": rule.practice,
                "stages": [
                    {
                        "mode": stage.mode,
                        "days": stage.days,
                        "test_days": stage.test_days,
                        "coded": stage.coded,
                        "may_go_out": stage.may_go_out,
                    }
                    for stage in rule.stages
                ],
            }
            for rule in edition.rules.values()
        ],
        "abolished": [
            {"category": category, "clause": rule.clause} for category, rule in edition.abolished.items()
        ],
    }
