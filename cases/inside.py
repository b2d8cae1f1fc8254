"""The people of a zone by unit and door, as its page, its round list and its spill-over page show them.

Set-based: some eight queries, however many people there are.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

from django.db.models import F, Max, Q
from django.utils import timezone

from accounts.models import User
from cases.models import DoorService, Episode, KeyMark, Person, ZoneResident
from cases.models.person import PersonQuerySet
from cases.rows import EpisodeRow, episode_rows
from cases.rules import KEY_MARKS, WHEREABOUTS, Ending, KeyMarkKind, Whereabouts
from zones.models import Unit, UnitSeal, Zone
from zones.rules import SEAL_STATES, SealState, in_order


@dataclass(slots=True)
class Resident:
    """Somebody registered in a sealed unit, with what was found out and what they need."""

    person: Person
    marks: list[str]
    row: EpisodeRow | None
    """The newest episode that the reader may see and that is not over."""
    answer: ZoneResident | None
    services: list[DoorService]
    sealed_on: dt.date | None
    """The date on which their unit was sealed; None: they are not registered there any more."""
    holds: bool
    """Whether that unit is sealed now."""

    @property
    def whereabouts(self) -> Whereabouts:
        """Inside, left before the sealing, or not asked yet."""
        return Whereabouts(self.answer.whereabouts) if self.answer else Whereabouts.UNKNOWN

    @property
    def whereabouts_label(self) -> str:
        """The same in words."""
        return str(WHEREABOUTS[self.whereabouts])

    @property
    def left_on(self) -> dt.date | None:
        """When they left, as far as somebody said."""
        return self.answer.left_on if self.answer else None

    @property
    def spilled(self) -> Episode | None:
        """The spill-over episode that came of it and was not taken back."""
        episode = self.answer.episode if self.answer else None
        return episode if episode is not None and episode.ending != Ending.WITHDRAWN else None

    @property
    def is_candidate(self) -> bool:
        """Whether they may still become a spill-over person: not found inside, unit sealed, none yet."""
        return self.holds and self.whereabouts != Whereabouts.INSIDE and self.spilled is None

    @property
    def open_services(self) -> list[DoorService]:
        """What nobody has brought yet."""
        return [service for service in self.services if service.done_at is None]


@dataclass(slots=True)
class Door:
    """The people behind one door; an empty number: nobody said which."""

    number: str
    residents: list[Resident]

    @property
    def unasked(self) -> list[Resident]:
        """Those whom nobody has asked yet."""
        return [one for one in self.residents if one.whereabouts == Whereabouts.UNKNOWN]


@dataclass(slots=True)
class UnitInside:
    """One unit of the zone; `seal` None gathers those who are not registered in it any more."""

    label: str
    seal: UnitSeal | None
    state: SealState | None
    doors: list[Door] = field(default_factory=list)

    @property
    def state_label(self) -> str:
        """The state of the seal in words."""
        return str(SEAL_STATES[self.state]) if self.state else ""

    @property
    def badge(self) -> str:
        """The shape class of the state."""
        if self.state is None:
            return ""
        return {SealState.SEALED: "seal", SealState.OVERDUE: "shut"}.get(self.state, "open")

    @property
    def residents(self) -> list[Resident]:
        """Everybody of the unit, door by door."""
        return [one for door in self.doors for one in door.residents]


@dataclass(slots=True)
class Inside:
    """Everybody of a zone, unit by unit in the order of the walk."""

    units: list[UnitInside]

    @property
    def residents(self) -> list[Resident]:
        """Everybody, in the order of the walk."""
        return [one for unit in self.units for one in unit.residents]

    @property
    def asked(self) -> int:
        """How many have been asked."""
        return sum(one.whereabouts != Whereabouts.UNKNOWN for one in self.residents)

    @property
    def away(self) -> int:
        """How many left before the sealing."""
        return sum(one.whereabouts == Whereabouts.AWAY for one in self.residents)

    @property
    def to_register(self) -> int:
        """How many left before the sealing and are no spill-over persons yet."""
        return sum(one.is_candidate and one.whereabouts == Whereabouts.AWAY for one in self.residents)

    @property
    def key_people(self) -> int:
        """How many are key persons."""
        return sum(bool(one.marks) for one in self.residents)

    @property
    def restricted(self) -> int:
        """How many are under a rule of their own."""
        return sum(one.row is not None for one in self.residents)

    @property
    def open_services(self) -> int:
        """How many services nobody has brought yet."""
        return sum(len(one.open_services) for one in self.residents)

    @property
    def candidates(self) -> list[Resident]:
        """Who may become a spill-over person: those who left first, then those not asked yet."""
        found = [one for one in self.residents if one.is_candidate]
        return sorted(found, key=lambda one: one.whereabouts != Whereabouts.AWAY)


def people_inside(
    zone: Zone, *, people: PersonQuerySet, user: User, at: dt.datetime, only: Iterable[int] | None = None
) -> Inside:
    """Who is registered in the units of the zone, or was asked there; `people` are those the reader may see.

    `only` keeps these people and their units: one row drawn anew.
    """
    today = timezone.localdate(at)
    seals = list(UnitSeal.objects.filter(zone=zone).select_related("unit__building"))
    answers = _by_person(ZoneResident.objects.filter(zone=zone).select_related("episode"))
    services: dict[int, list[DoorService]] = {}
    for service in DoorService.objects.filter(zone=zone).order_by(
        F("done_at").asc(nulls_first=True), "wanted_at", "pk"
    ):
        services.setdefault(service.person_id, []).append(service)
    units = [seal.unit_id for seal in seals]
    concerned = Q(unit__in=units)
    if services:  # whoever moved out since keeps what they asked for in sight
        concerned |= Q(pk__in=list(services))
    found = people.filter(concerned).select_related("community", "unit__building")
    if only is not None:
        found = found.filter(pk__in=list(only))
    residents = list(found)
    rows = _running(residents, user=user, today=today)
    marks = _marks(residents)
    by_unit: dict[int | None, list[Resident]] = {}
    seal_of = {seal.unit_id: seal for seal in seals}
    for person in residents:
        seal = seal_of.get(person.unit_id) if person.unit_id else None
        holds = seal is not None and seal.state(at) in (SealState.SEALED, SealState.OVERDUE)
        by_unit.setdefault(person.unit_id if seal else None, []).append(
            Resident(
                person=person,
                marks=marks.get(person.pk, []),
                row=rows.get(person.pk),
                answer=answers.get(person.pk),
                services=services.get(person.pk, []),
                sealed_on=timezone.localdate(seal.starts_at) if seal else None,
                holds=holds,
            )
        )
    inside = [
        UnitInside(_label(seal), seal, seal.state(at), list(_doors(by_unit.get(seal.unit_id, []))))
        for seal in sorted(seals, key=lambda each: in_order(_label(each)))
    ]
    if by_unit.get(None):
        inside.append(UnitInside("", None, None, list(_doors(by_unit[None]))))
    return Inside(inside)


@dataclass(slots=True)
class Listed:
    """Somebody on file in a unit, for the unit's own page."""

    person: Person
    marks: list[str]
    row: EpisodeRow | None


def residents_of_unit(unit: Unit, *, people: PersonQuerySet, user: User, today: dt.date) -> list[Listed]:
    """Who is on file in a unit, door by door, as far as the reader may see them. Four queries."""
    found = sorted(
        people.filter(unit=unit),
        key=lambda person: (not person.door, in_order(person.door), person.pk),
    )
    rows, marks = _running(found, user=user, today=today), _marks(found)
    return [Listed(person, marks.get(person.pk, []), rows.get(person.pk)) for person in found]


def _label(seal: UnitSeal) -> str:
    return f"{seal.unit.building.name}{seal.unit.name}"


def _by_person(answers: Iterable[ZoneResident]) -> dict[int, ZoneResident]:
    return {answer.person_id: answer for answer in answers}


def _doors(residents: list[Resident]) -> Iterator[Door]:
    """Door by door; those without a number come last."""
    ordered = sorted(
        residents, key=lambda one: (not one.person.door, in_order(one.person.door), one.person.pk)
    )
    for number, some in groupby(ordered, key=lambda one: one.person.door):
        yield Door(number, list(some))


def _running(people: list[Person], *, user: User, today: dt.date) -> dict[int, EpisodeRow]:
    """The open episode of each person, as far as the reader may see it. Two queries."""
    newest = (
        Episode.objects.visible_to(user)
        .open(today)
        .filter(person__in=[person.pk for person in people])
        .values("person")
        .annotate(newest=Max("pk"))
        .values_list("newest", flat=True)
    )
    return {row.person_id: row for row in episode_rows(list(newest), today)}


def _marks(people: list[Person]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    marks = KeyMark.objects.filter(person__in=[person.pk for person in people]).order_by("pk")
    for person, kind in marks.values_list("person", "kind"):
        found.setdefault(person, []).append(str(KEY_MARKS[KeyMarkKind(kind)]))
    return found
