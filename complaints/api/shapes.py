"""What the API answers about complaints. The complainant is in none of it."""

import datetime as dt
from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from accounts.api import Described
from complaints.actions.filing import Receipt
from complaints.actions.telling import label_in_both
from complaints.models import Complaint, ComplaintEvent, Entry
from complaints.rules.behaviours import BEHAVIOURS, TOPICS, Behaviour
from complaints.rules.handling import STATES
from complaints.rules.words import ENTRY_KINDS, EVENT_KINDS, OUTCOMES, EntryKind, EventKind
from policy.api import Refusal

STEP_CHOICES = list(EVENT_KINDS.items())
ANSWER_KINDS = [(kind, ENTRY_KINDS[kind]) for kind in (EntryKind.ANSWER, EntryKind.QUESTION)]
OUTCOME_CHOICES = list(OUTCOMES.items())

TOLD_TO_THE_SENDER = (
    EventKind.RECEIVED,
    EventKind.ACCEPTED,
    EventKind.DECLINED,
    EventKind.REFERRED,
    EventKind.SENT_BACK,
    EventKind.ASKED,
    EventKind.REPLIED,
    EventKind.ADDED,
    EventKind.ANSWERED,
    EventKind.SATISFIED,
    EventKind.VERIFIED,
    EventKind.REOPENED,
    EventKind.CLOSED,
    EventKind.WITHDRAWN,
    EventKind.MERGED,
    EventKind.LATE,
    EventKind.GROSSLY_LATE,
    EventKind.MOVED_UP,
    EventKind.PURGED,
)
"""Steps that whoever sent a complaint reads; what the desk does within itself is not among them."""


class BehaviourLabel(Described):
    """The words of one behaviour or topic."""

    zh = serializers.CharField()
    en = serializers.CharField()


class BehaviourShape(Described):
    """What can be complained about."""

    code = serializers.CharField()
    topic = serializers.ChoiceField(list(TOPICS.items()))
    label = BehaviourLabel()  # type: ignore[assignment]
    clause = serializers.CharField(help_text="The clause that forbids it.")
    urgent = serializers.BooleanField(help_text="Danger to life, or goods that stand still: goes on top.")


class ReceiptShape(Described):
    """The receipt of a complaint that was filed. It is given again to the same call, and never otherwise."""

    number = serializers.CharField()
    secret = serializers.CharField(
        help_text="Shown once. With number and secret the complainant follows it, adds and answers, even "
        "anonymously: hand both over."
    )
    state = serializers.ChoiceField(list(STATES.items()))
    behaviour = serializers.CharField()
    clause = serializers.CharField()
    area = serializers.CharField(help_text="Administrative code.")
    urgent = serializers.BooleanField()
    handler = serializers.CharField(help_text='The office that handles it; "" while nobody may.')
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="Until when it has to be accepted.")


class KnownAlready(Refusal):
    """A refusal; with `known_already` comes the number of the complaint that was filed before."""

    number = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


class ComplaintLine(Described):
    """One complaint in a list."""

    number = serializers.CharField()
    external_id = serializers.CharField(help_text='The number at the sender; "" for none.')
    behaviour = serializers.CharField()
    clause = serializers.CharField(help_text="The clause that forbids it.")
    area = serializers.CharField(help_text="Administrative code.")
    state = serializers.ChoiceField(list(STATES.items()))
    urgent = serializers.BooleanField()
    respondent = serializers.CharField(help_text='The office complained about; "" for none.')
    handler = serializers.CharField(help_text='The office that handles it; "" while nobody may.')
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="Limit of the step that is waited for.")
    late = serializers.BooleanField(help_text="An office owes the present step since its limit.")
    was_late = serializers.BooleanField(help_text="A limit was passed; it stays on the record.")
    outcome = serializers.ChoiceField(OUTCOME_CHOICES, allow_blank=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class ComplaintStep(Described):
    """One thing that happened."""

    kind = serializers.ChoiceField(STEP_CHOICES)
    at = serializers.DateTimeField()
    office = serializers.CharField(help_text='The office that did it; "": the complainant or the clock.')
    to_office = serializers.CharField(help_text='Where it went; "" where it stayed.')


class ComplaintAnswer(Described):
    """What the desk wrote to the complainant."""

    kind = serializers.ChoiceField(ANSWER_KINDS)
    at = serializers.DateTimeField()
    text = serializers.CharField()


class ComplaintShape(ComplaintLine):
    """One complaint, as whoever handles it or sent it may know it. Who complained is never in it."""

    satisfied = serializers.BooleanField(
        allow_null=True, help_text="The complainant's last word; null: nothing was said."
    )
    text = serializers.CharField(
        allow_null=True, help_text="What happened, for the offices that handle it; null for the sender."
    )
    place = serializers.CharField(allow_null=True, help_text="As `text`.")
    steps = ComplaintStep(many=True)
    answers = ComplaintAnswer(many=True)


class ComplaintActed(Described):
    """The complaint after what was done."""

    complaint = ComplaintShape()


def behaviour_json(kind: Behaviour) -> dict[str, Any]:
    """One behaviour with its words in both languages."""
    words = label_in_both(kind.code)
    return {
        "code": kind.code,
        "topic": kind.topic,
        "label": {"zh": words["zh-hans"], "en": words["en"]},
        "clause": kind.clause,
        "urgent": kind.urgent,
    }


def behaviours_json() -> list[dict[str, Any]]:
    """All behaviours, in the order of the form."""
    return [behaviour_json(kind) for kind in BEHAVIOURS]


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """The receipt, with the secret."""
    complaint = receipt.complaint
    return {
        "number": receipt.number,
        "secret": receipt.secret,
        "state": complaint.state,
        "behaviour": complaint.behaviour,
        "clause": complaint.clause,
        "area": complaint.area.code,
        "urgent": complaint.urgent,
        "handler": complaint.handler.name if complaint.handler else "",
        "received_at": complaint.received_at,
        "due_at": complaint.due_at,
    }


def written(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """With the names that a line carries, and without any text."""
    texts = ("what_happened", "respondent_text", "ordered_by", "place", "facts", "routed")
    return complaints.select_related("area", "handler", "respondent").defer(*texts)


def line_json(complaint: Complaint, at: dt.datetime) -> dict[str, Any]:
    """One line of a list."""
    return {
        "number": complaint.number,
        "external_id": complaint.external_id,
        "behaviour": complaint.behaviour,
        "clause": complaint.clause,
        "area": complaint.area.code,
        "state": complaint.state,
        "urgent": complaint.urgent,
        "respondent": complaint.respondent.name if complaint.respondent else "",
        "handler": complaint.handler.name if complaint.handler else "",
        "received_at": complaint.received_at,
        "due_at": complaint.due_at,
        "late": complaint.is_late(at),
        "was_late": complaint.was_late,
        "outcome": complaint.outcome,
        "closed_at": complaint.closed_at,
    }


def with_steps(complaints: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """With what happened and what was answered, each in one query."""
    events = ComplaintEvent.objects.select_related("office", "to_office").order_by("at", "pk")
    answers = Entry.objects.filter(kind__in=[kind for kind, _label in ANSWER_KINDS]).order_by("at", "pk")
    return complaints.select_related("area", "handler__area", "respondent").prefetch_related(
        Prefetch("events", queryset=events), Prefetch("entries", queryset=answers, to_attr="told")
    )


def complaint_json(complaint: Complaint, at: dt.datetime, *, handled: bool) -> dict[str, Any]:
    """One complaint; texts and inner steps only where the reader's office handles it."""
    steps = [event for event in complaint.events.all() if handled or event.kind in TOLD_TO_THE_SENDER]
    told: list[Entry] = complaint.told  # type: ignore[attr-defined]
    return line_json(complaint, at) | {
        "satisfied": complaint.satisfied,
        "text": complaint.what_happened if handled else None,
        "place": complaint.place if handled else None,
        "steps": [_step_json(event) for event in steps],
        "answers": [{"kind": entry.kind, "at": entry.at, "text": entry.text} for entry in told],
    }


def _step_json(event: ComplaintEvent) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "at": event.at,
        "office": event.office.name if event.office else "",
        "to_office": event.to_office.name if event.to_office else "",
    }
