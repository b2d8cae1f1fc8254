"""What a complainant reads about the own complaint: where it is, what is owed until when, what was said.

Offices have names here, members of staff have none. Of another complaint, with which this one is handled
together, nothing is read but its number's state and the answers of the desk.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from accounts.rules import DEPARTMENTS, LEVEL_NAMES, Department, Level
from complaints.forms.tracking import AddForm, DissatisfiedForm, ReplyForm, SatisfiedForm, WordForm
from complaints.models import Attachment, Clock, Complainant, Complaint, Entry, Look
from complaints.own_facts import sentences_of
from complaints.rules.clocks import ClockStep, Unit
from complaints.rules.handling import (
    REOPEN_WITHIN_DAYS,
    ROAD,
    STATES,
    Actor,
    State,
    Verb,
    may,
)
from complaints.rules.words import ENTRY_KINDS, ORDERED, OUTCOMES, WHOM, EntryKind, LookedAt, Outcome

ROAD_WORDS: dict[State, Promise] = {
    State.RECEIVED: pgettext_lazy("road", "received"),
    State.ACCEPTED: pgettext_lazy("road", "accepted"),
    State.REFERRED: pgettext_lazy("road", "referred"),
    State.ANSWERED: pgettext_lazy("road", "answered"),
    State.VERIFIED: pgettext_lazy("road", "your word"),
    State.CLOSED: pgettext_lazy("road", "closed"),
}

OWED: dict[str, Promise] = {
    ClockStep.ACCEPT: _("An officer has to look at it now, and accept it or say why not."),
    ClockStep.ANSWER: _("The desk has to find out what happened, have it put right, and answer you."),
    ClockStep.VERIFY: _("You have the word now: has it been put right?"),
    ClockStep.CLOSE: _("It has been checked that it is put right, or not. The desk has to close it."),
}
ENDED: dict[str, Promise] = {
    State.CLOSED: _("It is closed."),
    State.DECLINED: _("It was not accepted; the reason stands below. If you object, say so."),
    State.WITHDRAWN: _("You took it back."),
    State.MERGED: _("It is handled together with another one about the same matter."),
}


@dataclass(frozen=True, slots=True)
class RoadStep:
    """One step of the road: "done", "now" (it is waited for), or "" (still to come)."""

    label: Promise
    look: str
    at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Owed:
    """What is waited for. `late_since` is the limit that has passed; `ours`: an office owes it."""

    sentence: Promise | str
    until: dt.datetime | None
    late_since: dt.datetime | None
    ours: bool
    limit: str
    told_above: bool = False


@dataclass(slots=True)
class Said:
    """One text of the exchange, with its files, and the form to reply where one is owed."""

    entry: Entry
    label: str
    mine: bool
    files: list[Attachment] = field(default_factory=list)
    form: ReplyForm | None = None


@dataclass(frozen=True, slots=True)
class LookedAtBy:
    """How often an office of that level looked at the identity."""

    level: str
    count: int


@dataclass(slots=True)
class Forms:
    """The forms of the page; one of them may be bound and carry what was wrong."""

    add: AddForm | None = None
    satisfied: SatisfiedForm | None = None
    dissatisfied: DissatisfiedForm | None = None
    bound: WordForm | None = None


def page_of(complaint: Complaint, at: dt.datetime, *, bound: WordForm | None = None) -> dict[str, Any]:
    """The whole context of the page; `bound` is a form that was refused."""
    clocks = list(Clock.objects.filter(complaint=complaint).order_by("began_at", "pk"))
    files = list(Attachment.objects.filter(complaint=complaint).defer("content"))
    identified = Complainant.objects.filter(complaint=complaint).exists()
    looks = looks_of(complaint) if identified else []
    exchange, forms = exchange_of(complaint, files, bound), forms_of(complaint, at, bound)
    return {
        "complaint": complaint,
        "behaviour": complaint.kind,
        "road": road_of(complaint),
        "state": str(STATES[State(complaint.state)]),
        "owed": owed_of(complaint, clocks, at),
        "ended": _ended(complaint),
        "was_late": any(_was_late(clock) for clock in clocks),
        "where": complaint.handler,
        "department": str(DEPARTMENTS[Department(complaint.handler.department)]) if complaint.handler else "",
        "whom": complaint.respondent.name if complaint.respondent else str(WHOM[complaint.whom]),  # type: ignore[index]
        "ordered": str(ORDERED[complaint.ordered]),  # type: ignore[index]
        "exchange": exchange,
        "files": [each for each in files if each.entry_id is None],
        "forms": forms,
        "refused": _refused(bound, forms, exchange),
        "may_withdraw": may(Verb.WITHDRAW, complaint.state, Actor.COMPLAINANT),
        "reopen_until": _reopen_until(complaint),
        "identified": identified,
        "looks": looks,
        "looked": sum(each.count for each in looks),
        "together": together_with(complaint.merged_into, at) if complaint.merged_into else None,
        "facts": sentences_of(complaint.facts),
        "parts": list(complaint.parts.filter(purged_at=None).order_by("received_at", "pk")),
        "at": at,
    }


def road_of(complaint: Complaint) -> list[RoadStep]:
    """The road as far as it has come in this round: what is done, what is waited for, what follows.

    Referral stands on it only when it was referred; one that ended otherwise has two steps.
    """
    reached = {
        State.RECEIVED: complaint.received_at,
        State.ACCEPTED: complaint.accepted_at,
        State.REFERRED: complaint.referred_at,
        State.ANSWERED: complaint.answered_at,
        State.VERIFIED: complaint.verified_at,
        State.CLOSED: complaint.closed_at,
    }
    if complaint.state not in ROAD:
        ended = RoadStep(STATES[State(complaint.state)], "done", complaint.closed_at)
        return [RoadStep(ROAD_WORDS[State.RECEIVED], "done", complaint.received_at), ended]
    here = ROAD.index(State(complaint.state))
    steps: list[RoadStep] = []
    for place, state in enumerate(ROAD):
        if state == State.REFERRED and complaint.referred_at is None:
            continue
        waits = place > here and steps[-1].look == "done"
        look = "done" if place <= here else "now" if waits else ""
        steps.append(RoadStep(ROAD_WORDS[state], look, reached[state] if look == "done" else None))
    return steps


def owed_of(complaint: Complaint, clocks: Sequence[Clock], at: dt.datetime) -> Owed | None:
    """What is waited for now, and since when it is late; None when it has ended."""
    running = next((clock for clock in clocks if clock.stopped_at is None), None)
    if not complaint.is_open:
        return None
    if running is None:
        step = ClockStep.VERIFY if complaint.has_word else ClockStep.ANSWER
        return Owed(OWED[step], None, None, not complaint.has_word, "")
    word_is_over = complaint.state == State.ANSWERED and (not complaint.has_word or running.due_at <= at)
    sentence = (
        _("You have not said a word to it yet. You still can; meanwhile the desk checks it by itself.")
        if word_is_over
        else OWED[running.step]
    )
    late = running.is_ours and running.due_at <= at
    return Owed(
        sentence=sentence,
        until=None if late or (word_is_over and not running.is_ours) else running.due_at,
        late_since=running.due_at if late else None,
        ours=running.is_ours,
        limit=limit_words(running),
        told_above=running.gross_noted_at is not None,
    )


def limit_words(clock: Clock) -> str:
    """The limit in words, as it was set when the clock began."""
    if clock.unit == Unit.WORKING_DAYS:
        return ngettext("%(n)d working day", "%(n)d working days", clock.amount) % {"n": clock.amount}
    if clock.amount % 24 == 0 and clock.amount > 24:
        return ngettext("%(n)d day", "%(n)d days", clock.amount // 24) % {"n": clock.amount // 24}
    return ngettext("%(n)d hour", "%(n)d hours", clock.amount) % {"n": clock.amount}


def _was_late(clock: Clock) -> bool:
    """Whether that step was done, and late: it stays on record, and the page says so."""
    return clock.is_ours and clock.stopped_at is not None and clock.stopped_at >= clock.due_at


def _ended(complaint: Complaint) -> dict[str, Any] | None:
    if complaint.is_open:
        return None
    outcome = OUTCOMES.get(Outcome(complaint.outcome)) if complaint.state == State.CLOSED else None
    return {"sentence": ENDED[complaint.state], "outcome": outcome, "at": complaint.closed_at}


def exchange_of(complaint: Complaint, files: Sequence[Attachment], bound: WordForm | None) -> list[Said]:
    """What desk and complainant wrote to each other, the oldest first; an open question carries its form."""
    entries = list(
        Entry.objects.for_complainant()
        .filter(complaint=complaint)
        .select_related("office", "reply")
        .order_by("at", "pk")
    )
    may_reply = may(Verb.REPLY, complaint.state, Actor.COMPLAINANT)
    said = []
    for entry in entries:
        own = [each for each in files if each.entry_id == entry.pk]
        each = Said(entry, _label(entry, complaint), mine=entry.by_id is None, files=own)
        if may_reply and entry.kind == EntryKind.QUESTION and not hasattr(entry, "reply"):
            each.form = _reply_form(complaint, entry, bound)
        said.append(each)
    return said


def _label(entry: Entry, complaint: Complaint) -> str:
    if (
        entry.kind == EntryKind.ANSWER
        and complaint.state == State.DECLINED
        and entry.at == complaint.closed_at
    ):
        return str(_("Why it was not accepted"))
    return str(ENTRY_KINDS[EntryKind(entry.kind)])


def _reply_form(complaint: Complaint, question: Entry, bound: WordForm | None) -> ReplyForm:
    if isinstance(bound, ReplyForm) and bound.data.get("question") == str(question.pk):
        return bound
    return ReplyForm(key=complaint.pk, question=question.pk)


def forms_of(complaint: Complaint, at: dt.datetime, bound: WordForm | None) -> Forms:
    """The forms that the table of moves allows now; the refused one keeps what was typed."""

    def one(kind: type[WordForm]) -> Any:
        return bound if type(bound) is kind else kind(key=complaint.pk)

    forms = Forms(bound=bound)
    if may(Verb.ADD, complaint.state, Actor.COMPLAINANT):
        forms.add = one(AddForm)
    if may(Verb.SATISFIED, complaint.state, Actor.COMPLAINANT):
        forms.satisfied = one(SatisfiedForm)
    until = _reopen_until(complaint)
    if may(Verb.DISSATISFIED, complaint.state, Actor.COMPLAINANT) and (until is None or at <= until):
        forms.dissatisfied = one(DissatisfiedForm)
    return forms


def _refused(bound: WordForm | None, forms: Forms, exchange: Sequence[Said]) -> WordForm | None:
    """The refused form when the page has no place for it any more: its sentence and text stand on top."""
    standing = [forms.add, forms.satisfied, forms.dissatisfied, *(said.form for said in exchange)]
    return None if bound is None or any(bound is each for each in standing) else bound


def _reopen_until(complaint: Complaint) -> dt.datetime | None:
    """Until when "not satisfied" opens an ended one again; None while it, or what it follows, is open."""
    if complaint.ended_at is None or complaint.is_open:
        return None
    return complaint.ended_at + dt.timedelta(days=REOPEN_WITHIN_DAYS)


def looks_of(complaint: Complaint) -> list[LookedAtBy]:
    """How often who complained was looked at, by the level of the office; no names."""
    counted = (
        Look.objects.filter(complaint=complaint, what=LookedAt.IDENTITY)
        .order_by()
        .values_list("office__area__level")
        .annotate(n=Count("pk"))
        .order_by("office__area__level")
    )
    return [LookedAtBy(str(LEVEL_NAMES[Level(level)]) if level else "", count) for level, count in counted]


def together_with(other: Complaint, at: dt.datetime) -> dict[str, Any]:
    """State and answers of the complaint with which this one is handled; nothing that was filed with it."""
    answers = Entry.objects.filter(complaint=other, kind=EntryKind.ANSWER).select_related("office")
    return {
        "number": other.number,
        "state": str(STATES[State(other.state)]),
        "road": road_of(other),
        "owed": owed_of(other, list(Clock.objects.filter(complaint=other)), at),
        "where": other.handler,
        "answers": list(answers.order_by("at", "pk")),
    }
