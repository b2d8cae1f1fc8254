"""What the API answers about needs: no name, no telephone, no name of staff."""

import datetime as dt
from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from accounts.api import Described
from policy.api import Refusal
from supplies.models import Need, NeedEvent, NeedLine
from supplies.need_rows import NeedRow
from supplies.rules.medical import TREATMENT_KINDS
from supplies.rules.needs import NEED_EVENT_KINDS, NEED_KINDS, NEED_STATES, URGENCIES


class NeedLineShape(Described):
    """One need in a list."""

    number = serializers.CharField()
    external_id = serializers.CharField(help_text='The number at the sender; "" for none.')
    kind = serializers.ChoiceField(list(NEED_KINDS.items()))
    urgency = serializers.ChoiceField(list(URGENCIES.items()))
    state = serializers.ChoiceField(list(NEED_STATES.items()))
    community = serializers.CharField(help_text="Administrative code.")
    person = serializers.IntegerField(allow_null=True, help_text="Number; null: a door, or only a community.")
    unit = serializers.IntegerField(allow_null=True)
    place = serializers.CharField(help_text='Compound, building and unit; "" while unknown.')
    door = serializers.CharField()
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Until when the office owes it, a local setting; of a medical one: its next step. Null: "
        "nobody owes anything any more.",
    )
    late = serializers.BooleanField(help_text="Past that limit at this moment, by the clock.")
    late_by_minutes = serializers.IntegerField(
        allow_null=True, help_text="Frozen when it reached the door or ended; null before."
    )
    ended_at = serializers.DateTimeField(allow_null=True)


class NeedItemShape(Described):
    """One thing that is wanted."""

    name = serializers.CharField()
    quantity = serializers.FloatField()
    unit = serializers.CharField(help_text='"" where it is not on the list of items.')


class NeedStepShape(Described):
    """One thing that happened."""

    kind = serializers.ChoiceField(list(NEED_EVENT_KINDS.items()))
    at = serializers.DateTimeField()
    by_resident = serializers.BooleanField(help_text="On their own page; else staff, or the clock.")


class NeedShape(NeedLineShape):
    """One need with what it is about and what has happened."""

    text = serializers.CharField(help_text="In their words.")
    items = NeedItemShape(many=True)
    treatment = serializers.ChoiceField(list(TREATMENT_KINDS.items()), allow_blank=True)
    wanted_at = serializers.DateTimeField(allow_null=True, help_text="Of a doctor: when.")
    reason = serializers.CharField(help_text="Why it ended, or what was not all right.")
    instead = serializers.CharField(help_text="What is offered instead, where it can't be met.")
    steps = NeedStepShape(many=True)


class NeedWritten(Described):
    """The need that was written, or as it stands after what was done."""

    need = NeedShape()


class NeedKnownAlready(Refusal):
    """A refusal; with `known_already` comes the number of the need that was sent before."""

    number = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


def written(needs: QuerySet[Need]) -> QuerySet[Need]:
    """With what a line names, and without any text."""
    related = needs.select_related("community", "medical", "unit__building__compound")
    return related.defer("text", "call_phone", "reason", "instead")


def with_steps(needs: QuerySet[Need]) -> QuerySet[Need]:
    """With what is wanted and what happened, each in one query."""
    lines = NeedLine.objects.select_related("item").order_by("pk")
    events = NeedEvent.objects.order_by("at", "pk")
    related = needs.select_related("community", "medical", "unit__building__compound").defer("call_phone")
    return related.prefetch_related(Prefetch("lines", lines), Prefetch("events", events))


def line_json(need: Need, at: dt.datetime) -> dict[str, Any]:
    """One line of a list."""
    row = NeedRow(need, at)
    return {
        "number": need.number,
        "external_id": need.external_id,
        "kind": need.kind,
        "urgency": need.urgency,
        "state": need.state,
        "community": need.community.code,
        "person": need.person_id,
        "unit": need.unit_id,
        "place": str(need.unit) if need.unit else "",
        "door": need.door,
        "asked_at": need.asked_at,
        "due_at": row.due_at if row.clock else None,
        "late": row.is_late,
        "late_by_minutes": need.late_by_minutes,
        "ended_at": need.ended_at,
    }


def need_json(need: Need, at: dt.datetime) -> dict[str, Any]:
    """One need, as whoever sent it or works in its area may know it."""
    medical = NeedRow(need, at).medical
    return line_json(need, at) | {
        "text": need.text,
        "items": [_item_json(line) for line in need.lines.all()],
        "treatment": medical.treatment if medical else "",
        "wanted_at": medical.wanted_at if medical else None,
        "reason": need.reason,
        "instead": need.instead,
        "steps": [
            {"kind": event.kind, "at": event.at, "by_resident": event.by_resident}
            for event in need.events.all()
        ],
    }


def _item_json(line: NeedLine) -> dict[str, Any]:
    return {
        "name": line.item.name if line.item else line.text,
        "quantity": float(line.quantity),
        "unit": line.item.unit if line.item else "",
    }
