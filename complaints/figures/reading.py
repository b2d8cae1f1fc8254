"""The figures of a period put together: for anybody, by county, and for the offices under one's own."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import Q

from accounts.models import Area, Office
from accounts.rules import Level
from complaints.figures import counting
from complaints.figures.counting import Line, OfficeLine
from complaints.rules.behaviours import Topic
from complaints.rules.figures import Counts, Times, masked, together
from complaints.rules.words import Source
from policy.statistics import Period


@dataclass(frozen=True, slots=True)
class Place:
    """An area by its code and name."""

    code: str
    name: str
    level: str


@dataclass(frozen=True, slots=True)
class StreetTable:
    """How many complaints of each topic in each street, without its small numbers."""

    topics: Sequence[Topic]
    rows: Sequence[tuple[str, Sequence[int | str], int | str]]
    """Name, a number for each topic, and all together."""


@dataclass
class ComplaintFigures:
    """Everything that a page or a bulletin shows. `lines` are the source of most of it."""

    period: Period
    at: dt.datetime
    lines: list[Line]
    times: dict[str, dict[Any, Times]]
    county: Place | None = None
    counties: Sequence[Place] = ()
    by_county: dict[tuple[str, str], Counts] = field(default_factory=dict)
    streets: StreetTable | None = None
    offices: Sequence[OfficeLine] = ()

    @cached_property
    def total(self) -> Counts:
        """What people complained about."""
        return together(line.counts for line in self.lines if line.source != Source.SELF_AUDIT)

    @cached_property
    def leads(self) -> Counts:
        """What the app found against ourselves: stated apart."""
        return together(line.counts for line in self.lines if line.source == Source.SELF_AUDIT)

    @property
    def time(self) -> Times | None:
        """How long the first answer took, over all."""
        return self.times.get(counting.EVERYTHING, {}).get("")

    def by(self, key: Callable[[Line], Any]) -> dict[Any, Counts]:
        """What people complained about, by behaviour, topic, source or date."""
        found: dict[Any, list[Counts]] = defaultdict(list)
        for line in self.lines:
            if line.source != Source.SELF_AUDIT:
                found[key(line)].append(line.counts)
        return {group: together(counts) for group, counts in found.items()}


class NoSuchCounty(LookupError):
    """There is no county with that code."""


def public_figures(
    period: Period, at: dt.datetime, county: str = "", *, to_choose: bool = True
) -> ComplaintFigures:
    """For anybody, of everywhere or of the county with that code. Raises NoSuchCounty.

    Four queries; `to_choose` False leaves one out, and with it the counties to choose from. Below the county
    no number under three.
    """
    places = _places(county) if county or to_choose else []
    chosen = next((place for place in places if place.code == county), None)
    if county and (chosen is None or chosen.level != Level.COUNTY):
        raise NoSuchCounty(county)
    rows = counting.received_in(period)
    if chosen:
        rows = rows.filter(county__code=chosen.code)
    found = ComplaintFigures(
        period=period,
        at=at,
        lines=counting.lines(rows, period, at),
        times=counting.times(rows, "topic"),
        county=chosen,
        counties=[place for place in places if place.level == Level.COUNTY],
    )
    if chosen:
        found.streets = _street_table(counting.by_street(rows), places)
    else:
        found.by_county = counting.by_county(rows, at)
    return found


def _places(county: str) -> list[Place]:
    """The counties, and the streets of the chosen one."""
    wanted = Q(level=Level.COUNTY)
    if county:
        wanted |= Q(level=Level.STREET, code__startswith=county)
    found = Area.objects.filter(wanted).order_by("code").values_list("code", "name", "level")
    return [Place(code, name, level) for code, name, level in found]


def _street_table(counted: Mapping[tuple[str, str], int], places: Iterable[Place]) -> StreetTable:
    """Every street of the county, also where nothing is: which ones have none is no secret of a person."""
    streets = [place for place in places if place.level == Level.STREET]
    topics = [topic for topic in Topic if any(key[1] == topic for key in counted)]
    table = [[counted.get((street.code, topic), 0) for topic in topics] for street in streets]
    rows = [
        (street.name, shown, _sum(numbers))
        for street, numbers, shown in zip(streets, table, masked(table), strict=True)
    ]
    return StreetTable(topics, rows)


def _sum(numbers: Sequence[int]) -> int | str:
    """All of a street together, unless that says how many each of its small numbers is."""
    total = sum(numbers)
    given_away = total == 2 * len(numbers) and max(numbers, default=0) == 2
    return "*" if given_away else masked([[total]])[0][0]


def office_figures(office: Office, period: Period, at: dt.datetime) -> ComplaintFigures:
    """For whoever works at that office: what lies at it and below it, and each office by itself.

    Four queries.
    """
    rows = counting.received_in(period).held_within(office)
    times = counting.times(rows, "topic", "handler")
    return ComplaintFigures(
        period=period,
        at=at,
        lines=counting.lines(rows, period, at),
        times=times,
        by_county=counting.by_county(rows, at),
        offices=[
            replace(line, time=times["handler"].get(line.office))
            for line in counting.by_office(office, period, at)
        ],
    )


def area_figures(area: Area, period: Period, at: dt.datetime) -> ComplaintFigures:
    """What was complained about in one area, for the statistics of its office, without times: one query."""
    rows = counting.inside(counting.received_in(period), area)
    return ComplaintFigures(period=period, at=at, lines=counting.lines(rows, period, at), times={})
