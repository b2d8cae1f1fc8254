"""The sampling list that somebody carries along: who is to be sampled on a date, in the order of the walk."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from cases.lines import lines_of_tests
from cases.models import NucleicAcidTest, Person
from cases.rows import EpisodeRow, episode_rows
from cases.rules import Place
from desk.today import SHOW_ALL, Group, walks

LINES_A_SHEET = 26
"""So many lines of the list fit on A4; the heading of a place takes `_HEADING` of them."""
_HEADING = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of the list: the person, the door, the masked telephone."""

    row: EpisodeRow
    spot: str
    phone: str


@dataclass(frozen=True, slots=True)
class SamplingList:
    """The sheets of the list with the places on them, and how many people there are."""

    groups: list[Group]
    sheets: list[list[Group]]
    shown: int
    total: int
    taken: int


def sampling_list(user: User, *, on: dt.date, asked: QueryDict) -> SamplingList:
    """Whom to sample on that date, of one building or site when the request names one. At most `SHOW_ALL`.

    Phones are masked; numbers of papers are not on the list at all.
    """
    visible = NucleicAcidTest.objects.visible_to(user)
    rows = _narrowed(visible.to_take(on), asked)
    keys = list(rows.order_by(*_ORDER).values_list("pk", "episode_id")[: SHOW_ALL + 1])
    total = len(keys) if len(keys) <= SHOW_ALL else rows.count()
    keys = keys[:SHOW_ALL]
    found = {row.pk: row for row in episode_rows(list(dict.fromkeys(key for _test, key in keys)), on)}
    people = Person.objects.filter(pk__in={row.person_id for row in found.values()}).only("pk", "phone")
    phones = {person.pk: person.masked_phone for person in people}
    groups = walks(lines_of_tests(keys, found), user)
    for group in groups:
        group.lines = [Sample(line.row, line.spot, phones[line.row.person_id]) for line in group.lines]
    taken = _narrowed(visible.standing().filter(planned_on=on).exclude(sampled_at=None), asked)
    return SamplingList(
        groups=groups,
        sheets=[[group] for group in groups] if asked.get("each") else _packed(groups),
        shown=len(keys),
        total=total,
        taken=taken.count(),
    )


def _packed(groups: Sequence[Group]) -> list[list[Group]]:
    """Places of one or two people share a sheet; a place is never torn apart unless it is longer than one."""
    sheets: list[list[Group]] = []
    used = LINES_A_SHEET
    for group in groups:
        needed = len(group.lines) + _HEADING
        if used + needed > LINES_A_SHEET:
            sheets.append([])
            used = 0
        sheets[-1].append(group)
        used += needed
    return sheets


_ORDER = ("episode__community__code", "episode__room__site__name", "episode__person__unit__building", "pk")


def _narrowed(tests: QuerySet[NucleicAcidTest], asked: QueryDict) -> QuerySet[NucleicAcidTest]:
    """One building, site or other place, as the heading of a walk names it."""
    conditions: dict[str, dict[str, Any]] = {
        "building": {
            "episode__place": Place.HOME,
            "episode__person__unit__building": _key(asked.get("building", "")),
        },
        "site": {"episode__place": Place.SITE, "episode__room__site": _key(asked.get("site", ""))},
        "hospital": {"episode__place": Place.HOSPITAL},
        "nowhere": {"episode__place": Place.HOME, "episode__person__unit": None},
    }
    for name, condition in conditions.items():
        if asked.get(name):
            return tests.filter(**condition)
    return tests


def _key(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 19 else 0
