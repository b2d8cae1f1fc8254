"""The queue of the desk: its tabs, its filters, its rows."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.utils.translation import pgettext_lazy

from accounts.models import Area, Office, User
from accounts.rules import codes_below
from complaints.faces import Face, RoadStep, face_of_row, road_of
from complaints.models import Complaint, SupervisionOrder
from complaints.models.complaint import has_word
from complaints.own_facts import sentence_of
from complaints.paging import ByLimit, ByReceipt, Order
from complaints.rules.behaviours import BY_CODE, TOPICS
from complaints.rules.handling import OPEN, STATES, State, Verb
from complaints.rules.words import SOURCES, Source

TABS = {
    "todo": pgettext_lazy("queue", "To do"),
    "mine": pgettext_lazy("queue", "Mine"),
    "waiting": pgettext_lazy("queue", "Complainant has the word"),
    "urgent": pgettext_lazy("queue", "Urgent"),
    "late": pgettext_lazy("queue", "Late"),
    "supervised": pgettext_lazy("queue", "Supervised"),
    "closed": pgettext_lazy("queue", "Closed"),
    "all": pgettext_lazy("queue", "All"),
}
UNCOUNTED = ("closed", "all")
DESKS = {
    "own": pgettext_lazy("queue", "our own desk"),
    "below": pgettext_lazy("queue", "desks below"),
}

NEXT = {
    State.RECEIVED: Verb.ACCEPT,
    State.ACCEPTED: Verb.ANSWER,
    State.REFERRED: Verb.ANSWER,
    State.ANSWERED: Verb.VERIFY,
    State.VERIFIED: Verb.CLOSE,
}
"""What an office owes in each state."""


def in_tab(user: User, tab: str, at: dt.datetime) -> QuerySet[Complaint]:
    """The complaints that a tab holds, of those that the user may see."""
    visible = Complaint.objects.visible_to(user)
    if tab == "todo":
        return visible.to_act(at)
    if tab == "mine":
        return visible.open().filter(coordinator=user)
    if tab == "waiting":
        return visible.with_complainant(at)
    if tab == "urgent":
        return visible.open().filter(urgent=True)
    if tab == "late":
        return visible.late(at)
    if tab == "supervised":
        return visible.filter(Exists(_open_orders()))
    return visible.exclude(state__in=OPEN) if tab == "closed" else visible


def order_of(tab: str) -> Order:
    """Open ones by their limit, the others by receipt."""
    return ByReceipt() if tab in UNCOUNTED else ByLimit()


def counts_of(user: User, at: dt.datetime) -> dict[str, int]:
    """How many each counted tab holds: one query for what is open, one for what is supervised."""
    word = has_word(at)
    counts = (
        Complaint.objects.visible_to(user)
        .open()
        .order_by()
        .aggregate(
            todo=Count("pk", filter=~word),
            mine=Count("pk", filter=Q(coordinator=user)),
            waiting=Count("pk", filter=word),
            urgent=Count("pk", filter=Q(urgent=True)),
            late=Count("pk", filter=Q(due_at__lte=at) & ~Q(state=State.ANSWERED, word_over_at=None)),
        )
    )
    return {**counts, "supervised": in_tab(user, "supervised", at).count()}


def _open_orders() -> QuerySet[SupervisionOrder]:
    return SupervisionOrder.objects.open().filter(complaint=OuterRef("pk"))


@dataclass(frozen=True, slots=True)
class Filters:
    """By what the queue is narrowed; words are a number or a place, `desk` is the own one or those below."""

    kind: str = ""
    area: Area | None = None
    source: str = ""
    words: str = ""
    desk: str = ""
    own: Office | None = None
    """Whose desk `desk` speaks of."""

    def apply(self, found: QuerySet[Complaint]) -> QuerySet[Complaint]:
        """What is left of these."""
        if self.kind in TOPICS:
            found = found.filter(topic=self.kind)
        elif self.kind in BY_CODE:
            found = found.filter(behaviour=self.kind)
        if self.desk in DESKS and self.own:
            own = Q(handler=self.own)
            found = found.filter(own if self.desk == "own" else ~own)
        if self.source in SOURCES:
            found = found.filter(source=Source(self.source))
        if self.area:
            first, after = codes_below(self.area.code)
            found = found.filter(area__code__gte=first, area__code__lt=after)
        return found.filter(_matching(self.words)) if self.words else found


def _matching(words: str) -> Q:
    places = ("place", "compound__name", "site__name", "area__name", "respondent__name", "respondent_text")
    found = Q(number__startswith=words)
    for name in places:
        found |= Q(**{f"{name}__icontains": words})
    return found


def with_rows(found: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """Everything that a row shows, in the same query: places, offices, the running clock, orders."""
    return (
        found.select_related("area", "compound", "site", "handler", "respondent", "coordinator")
        .annotate(
            running=FilteredRelation("clocks", condition=Q(clocks__stopped_at=None)),
            has_order=Exists(_open_orders()),
        )
        .annotate(
            clock_step=F("running__step"),
            clock_began=F("running__began_at"),
            clock_due=F("running__due_at"),
            clock_amount=F("running__amount"),
            clock_unit=F("running__unit"),
        )
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the queue."""

    complaint: Complaint
    face: Face | None
    road: list[RoadStep]
    facts: list[str]
    verb: Verb | None
    """What an office owes now; None while the complainant has the word, and when it is over."""

    @property
    def is_late(self) -> bool:
        """Whether an office owes the present step since its limit."""
        return self.face is not None and self.face.is_late

    @property
    def state(self) -> Any:
        """The state in words."""
        return STATES[State(self.complaint.state)]


def line_of(complaint: Complaint, at: dt.datetime) -> Line:
    """The row of a complaint that was read with `with_rows`."""
    face = face_of_row(complaint, at)
    waits = face is not None and face.look == "word"
    verb = None if waits else NEXT.get(State(complaint.state))
    facts = [sentence_of(fact) for fact in complaint.facts if fact.get("code") != "rule"]
    return Line(complaint, face, road_of(complaint), facts, verb)
