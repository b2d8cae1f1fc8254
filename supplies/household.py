"""What a household sees behind its link: its people, their days, its sealed unit, its needs, messages.

No more than needed: names are masked, no ID, no telephone, no name of staff. A fixed number of queries,
whatever the number of people.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone, translation

from cases.models import Episode, Person
from cases.rows import EpisodeRow, TestCell, episode_rows
from cases.rules import Ending, State
from notices.models import Message
from notices.phrases import Wording
from notices.rules import Channel, MessageState
from notices.wording import wording_of
from policy.strip import Strip, TestState
from policy.types import Anchor
from supplies.models import Need, NeedEvent, ResidentLink
from supplies.need_rows import NeedRow
from supplies.rules.names import masked_name
from supplies.rules.needs import LIVE, NeedEventKind
from zones.models import UnitSeal
from zones.strip import strip_of

ENDED_SHOWN = dt.timedelta(days=14)
"""So long what has ended stays on the page."""
MESSAGES_SHOWN = 10
NEEDS_SHOWN = 40


def members_of(link: ResidentLink) -> list[Person]:
    """The people of the link who still share a door: whoever moved away is nobody's business here.

    Those at the link's own door; where it has none, or all have moved together, those who share one.
    """
    people = list(
        link.people.select_related("unit__building__compound", "community").order_by("born_on", "pk")
    )
    if link.unit_id and link.door:
        here = [each for each in people if (each.unit_id, each.door) == (link.unit_id, link.door)]
        if here:
            return here
    doors = {(each.unit_id, each.door) for each in people}
    return people if len(doors) == 1 else []


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the household with the newest episode, if there is one."""

    person: Person
    row: EpisodeRow | None

    @property
    def name(self) -> str:
        """The masked name."""
        return masked_name(self.person.name)

    @property
    def is_restricted(self) -> bool:
        """Whether days are left."""
        return self.row is not None and self.row.days_left > 0

    @property
    def is_free(self) -> bool:
        """Under a rule once, and free by the clock or early."""
        return self.row is not None and self.row.state in (State.ENDED, State.ENDED_EARLY)

    @property
    def is_positive(self) -> bool:
        """The plan was closed by a positive result."""
        return self.row is not None and self.row.values["ending"] == Ending.TRANSFERRED

    @property
    def anchor(self) -> str:
        """The event from which the days count, in words."""
        return Anchor(self.row.values["anchor"]).label if self.row else ""

    @property
    def later_tests(self) -> Sequence[TestCell]:
        """The tests after the next one."""
        if self.row is None or self.row.next_test is None:
            return ()
        first = self.row.next_test.on
        return [
            test
            for test in self.row.tests
            if test.on > first and test.state is TestState.DUE and not test.dropped
        ]


@dataclass(frozen=True, slots=True)
class Sealed:
    """The seal of the household's unit."""

    seal: UnitSeal
    strip: Strip
    days_left: int


@dataclass(frozen=True, slots=True)
class Told:
    """One message that was sent: its words, without the receiver's number."""

    at: dt.datetime
    wording: Wording


@dataclass(slots=True)
class Household:
    """Everything of one link at one instant."""

    link: ResidentLink
    at: dt.datetime
    members: list[Member]
    sealed: Sealed | None = None
    needs: list[NeedRow] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def under_rule(self) -> list[Member]:
        """Those with an episode, the longest to go first."""
        found = [member for member in self.members if member.row is not None]
        return sorted(found, key=lambda member: -(member.row.days_left if member.row else 0))

    @property
    def listed(self) -> list[Member]:
        """Those who share the home and were never under a rule."""
        return [member for member in self.members if member.row is None]

    @property
    def live(self) -> list[NeedRow]:
        """Needs that somebody still answers for."""
        return [row for row in self.needs if row.is_live]

    @property
    def ended(self) -> list[NeedRow]:
        """Needs that have ended lately."""
        return [row for row in self.needs if not row.is_live]


def household_of(link: ResidentLink, people: Sequence[Person], at: dt.datetime) -> Household:
    """The page's content; `people` are the link's `members_of`."""
    today = timezone.localdate(at)
    newest = (
        Episode.objects.not_withdrawn()
        .filter(person__in=[each.pk for each in people])
        .order_by()
        .values("person")
        .annotate(newest=Max("pk"))
        .values_list("newest", flat=True)
    )
    rows = {row.person_id: row for row in episode_rows(list(newest), today)}
    return Household(
        link=link,
        at=at,
        members=[Member(each, rows.get(each.pk)) for each in people],
        sealed=_sealed(people, at),
        needs=[NeedRow(need, at) for need in shown_needs(link, people, at)[:NEEDS_SHOWN]],
        told=_told(people, rows, at),
    )


def _sealed(people: Sequence[Person], at: dt.datetime) -> Sealed | None:
    units = {each.unit_id for each in people if each.unit_id}
    before = Q(causes__found_on__lt=F("last_infection_on"), causes__withdrawn_at=None)
    seal = (
        UnitSeal.objects.holding(at)
        .filter(unit__in=units)
        .select_related("zone", "unit__building__compound")
        .annotate(found_before=Max("causes__found_on", filter=before))
        .order_by("-release_on")
        .first()
    )
    if seal is None:
        return None
    today = timezone.localdate(at)
    return Sealed(
        seal, strip_of(seal, at, today=today, found_before=seal.found_before), seal.days_left(today)
    )


def needs_of(link: ResidentLink, people: Sequence[Person]) -> "QuerySet[Need]":
    """What this household asked for, by the link or otherwise.

    A need of somebody who has moved away is not the household's any more, though it came by its link. What
    staff wrote down at the door for nobody by name is theirs since they have the link: before that somebody
    else may have lived there.
    """
    theirs = Q(person__in=[each.pk for each in people]) | Q(link=link, person=None)
    if link.unit_id and link.door:
        at_the_door = Q(unit=link.unit_id, door=link.door, asked_at__gte=link.made_at)
        theirs |= at_the_door & Q(person=None, link=None)
    return Need.objects.filter(theirs)


def shown_needs(link: ResidentLink, people: Sequence[Person], at: dt.datetime) -> "QuerySet[Need]":
    """Those that stand on the page: live ones, and what ended lately; newest first."""
    answered = NeedEvent.objects.filter(
        need=OuterRef("pk"),
        by_resident=True,
        kind=NeedEventKind.NOTED,
        at__gte=OuterRef("asked_again_at"),
    )
    return (
        needs_of(link, people)
        .filter(Q(state__in=LIVE) | Q(ended_at__gt=at - ENDED_SHOWN))
        .select_related("medical", "person", "unit__building__compound", "community")
        .prefetch_related("lines__item")
        .annotate(answered_again=Exists(answered))
        .order_by("-asked_at", "-pk")
    )


def _told(people: Sequence[Person], rows: dict[int, EpisodeRow], at: dt.datetime) -> list[Told]:
    """What was sent to this household by SMS, newest first; where no SMS is sent, what would have been."""
    needs = Need.objects.filter(person__in=[each.pk for each in people]).order_by("-pk")
    zones = UnitSeal.objects.filter(unit__in={each.unit_id for each in people if each.unit_id})
    ours = Q(
        subject__in=[
            *(f"episode:{row.pk}" for row in rows.values()),
            *(f"need:{pk}" for pk in needs.values_list("pk", flat=True)[:NEEDS_SHOWN]),
        ]
    )
    to_us = Q()  # what residents are told of their unit has one key for each event and person
    for person in people:
        to_us |= Q(key__endswith=f":{person.pk}")
    of_zones = [f"zone:{zone}" for zone in zones.order_by("-pk").values_list("zone", flat=True)[:NEEDS_SHOWN]]
    ours |= Q(to_us, subject__in=of_zones, key__startswith="unit:")
    sent = Message.objects.filter(
        ours,
        channel=Channel.SMS,
        state__in=[MessageState.SENT, MessageState.OFF],
        community__in={each.community_id for each in people},
    )
    language = translation.get_language() or "zh-hans"
    found = sent.order_by("-created_at", "-pk").values_list("kind", "context", "created_at")
    return [
        Told(created_at, wording_of(kind, context, language))
        for kind, context, created_at in found[:MESSAGES_SHOWN]
    ]
