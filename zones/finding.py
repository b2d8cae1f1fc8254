"""“Is my building in a high-risk zone?”: an address in free text, an answer that names what was understood.

Compounds are recognised by their names and addresses. Buildings and units are compared with published zones
only: a place is often entered because somebody in isolation lives there, so whether it is in our records
must not be found out here.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import F, Q, QuerySet, TextField, Value
from django.utils import timezone

from accounts.models import Area
from zones.addresses import LONGEST, Stairs, longest_named, place_of, read, stairs_of, stairs_of_unit
from zones.models import Compound, UnitSeal, is_holding
from zones.public import Clock, Part, PublicZone, SealedUnit, named_units, part_of
from zones.published import SEAL_COLUMNS, ZONE_COLUMNS, public_zone, sealed_unit
from zones.rules import in_order, tidy_name

MOST = 12
"""So many compounds are offered to choose from."""
SHORTEST = 2
REMEMBERED = dt.timedelta(days=60)
"""So long after its opening a unit is answered with the date since which it is low-risk."""


class Verdict(StrEnum):
    """The answer in one word."""

    SEALED = "sealed"
    PARTLY = "partly"
    """Units of that building are sealed, and the unit was not named; or of that compound, and no building."""
    LOW_RISK = "low_risk"
    SEVERAL = "several"
    AREA = "area"
    """Only an area was named."""
    UNKNOWN = "unknown"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Place:
    """A compound as it is offered to choose from."""

    pk: int
    name: str
    address: str
    community_code: str
    areas: tuple[str, ...]
    """County, street, community."""

    @property
    def keys(self) -> list[str]:
        """By what it is recognised in a text."""
        return [key for key in (read(self.name), read(self.address)) if key]


@dataclass(frozen=True, slots=True)
class Hit:
    """Units of a zone that an answer is about."""

    zone: PublicZone
    part: Part


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, what was understood, and what holds."""

    verdict: Verdict
    asked: str
    place: Place | None = None
    rest: str = ""
    """What was written behind the compound's name: building, unit, door."""
    hits: Sequence[Hit] = ()
    """Of a sealed unit or building: where; else nothing."""
    alike: bool = False
    """The hits bear the same number in another spelling: 3号楼, where 3栋 was asked for."""
    before: Hit | None = None
    """A zone in which the unit was, with the date since which it is low-risk."""
    elsewhere: Sequence[Hit] = ()
    """What else is sealed in that compound."""
    choices: Sequence[Place] = ()
    more: bool = False
    """There are more compounds of that name than are offered."""
    areas: Sequence[tuple[str, str]] = ()
    """Code and name of the areas that were named."""


def find(written: str, at: dt.datetime, *, compound: int | None = None) -> Answer:
    """Answer an address. `compound`: the one that was chosen of several. At most three queries."""
    written = written.replace("\0", "")  # PostgreSQL takes no NUL, and no address has one
    asked = read(written)
    if compound is not None:
        chosen = _places(Compound.objects.filter(pk=compound))
        return _of_place(chosen[0], asked, written, at) if chosen else Answer(Verdict.UNKNOWN, written)
    if len(asked) < SHORTEST:
        return Answer(Verdict.EMPTY, written)
    areas = _areas_in(asked)
    places, more = _candidates(written, asked, areas)
    if len(places) == 1:
        return _of_place(places[0], asked, written, at)
    named = [(code, name) for code, name, _ in areas]
    if places:
        return Answer(Verdict.SEVERAL, written, choices=places, more=more, areas=named)
    only_area = bool(areas) and not _without(place_of(asked), [name for _, name, _ in areas])
    return Answer(Verdict.AREA if only_area else Verdict.UNKNOWN, written, areas=named)


def _areas_in(asked: str) -> list[tuple[str, str, str]]:
    """Code, name and level of the areas whose names stand in the text."""
    rows = (
        Area.objects.annotate(asked=Value(asked, output_field=TextField()))
        .filter(asked__contains=F("name"))
        .order_by("code")
        .values_list("code", "name", "level")
    )
    return [row for row in rows if len(row[1]) >= SHORTEST]


def _candidates(written: str, asked: str, areas: Sequence[tuple[str, str, str]]) -> tuple[list[Place], bool]:
    """The compounds that are meant: named in full if there are any, else those whose name holds the text."""
    part = _without(place_of(asked), [name for _, name, _ in areas])
    named = Q()
    for column in ("asked", "tidied"):  # a stored name may hold a numeral or a mark that `read` mends
        named |= Q(**{f"{column}__contains": F("name")})
        named |= Q(**{f"{column}__contains": F("address")}) & ~Q(address="")
    if len(part) >= SHORTEST:
        named |= Q(name__contains=part) | Q(address__contains=part)
    compounds = Compound.objects.annotate(
        asked=Value(asked, output_field=TextField()),
        tidied=Value(tidy_name(written[:LONGEST]), output_field=TextField()),
    ).filter(named)
    places = _places(compounds.order_by("community__code", "name")[: 20 * MOST])
    in_full = set(longest_named(asked, [key for place in places for key in place.keys]))
    meant = [place for place in places if in_full.intersection(place.keys)] or places
    lowest = max((code for code, _, _ in areas), key=len, default="")
    meant = [place for place in meant if lowest and place.community_code.startswith(lowest)] or meant
    return meant[:MOST], len(meant) > MOST


def _without(text: str, names: Sequence[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


def _places(compounds: QuerySet[Compound]) -> list[Place]:
    above = ("community", "community__parent", "community__parent__parent")
    rows = compounds.values("pk", "name", "address", "community__code", *(f"{path}__name" for path in above))
    return [
        Place(
            pk=row["pk"],
            name=row["name"],
            address=row["address"],
            community_code=row["community__code"],
            areas=tuple(row[f"{path}__name"] for path in reversed(above) if row[f"{path}__name"]),
        )
        for row in rows
    ]


# ── inside one compound ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Known:
    """A unit of a published zone."""

    zone: PublicZone
    unit: SealedUnit

    @property
    def is_sealed(self) -> bool:
        return self.unit.clock.opened_on is None


def _of_place(place: Place, asked: str, written: str, at: dt.datetime) -> Answer:
    """What holds in that compound for the building and unit that were written behind its name."""
    rest = _behind(asked, place)
    known = _known_units(place.pk, at)
    latest = _latest(known)
    sealed = [each for each in latest if each.is_sealed]
    everywhere = _hits(sealed, known, at)
    answer = Answer(Verdict.LOW_RISK, written, place=place, rest=rest, elsewhere=everywhere)
    wanted = stairs_of(rest)
    buildings, alike = _buildings(rest, wanted, {each.unit.building for each in known})
    if not wanted.building and not buildings:
        # No building was named, or none that can be told from a door or a gate.
        return replace(answer, verdict=Verdict.PARTLY, hits=everywhere, elsewhere=()) if sealed else answer
    here = [each for each in latest if each.unit.building in buildings]
    matching, exact = _units(rest, wanted, here)
    names_unit = bool(wanted.unit) or exact
    meant = matching if names_unit else here
    hits = _hits([each for each in meant if each.is_sealed], known, at)
    others = [hit for hit in everywhere if hit not in hits]
    if hits:
        certain = names_unit or all(each.is_sealed and _is_whole(each) for each in meant)
        return replace(
            answer,
            verdict=Verdict.SEALED if certain else Verdict.PARTLY,
            hits=hits,
            alike=alike or (names_unit and not exact),
            elsewhere=others,
        )
    opened = _hits(meant, known, at)
    last = max(opened, key=lambda hit: hit.part.opened_on or hit.part.release_on, default=None)
    return replace(answer, before=last, alike=alike and last is not None)


def _behind(asked: str, place: Place) -> str:
    """What stands behind the name of the compound, or behind its address."""
    for key in place.keys:
        if key in asked:
            return asked.rpartition(key)[2]
    return asked[len(place_of(asked)) :]


def _known_units(compound: int, at: dt.datetime) -> list[_Known]:
    """The units of that compound that are sealed or were so of late; one query."""
    since = timezone.localdate(at) - REMEMBERED
    rows = (
        UnitSeal.objects.filter(is_holding(at) | Q(release_on__gte=since), zone__compound=compound)
        .order_by("zone", "pk")
        .values(*SEAL_COLUMNS, *(f"zone__{column}" for column in ZONE_COLUMNS))
    )
    known = []
    for row in rows:
        zone = public_zone({column: row[f"zone__{column}"] for column in ZONE_COLUMNS})
        known.append(_Known(zone, sealed_unit(row, at)))
    return known


def _latest(known: Sequence[_Known]) -> list[_Known]:
    """Each unit once: sealed, or as it was in its last zone."""
    by_name: dict[tuple[str, str], _Known] = {}
    for each in sorted(known, key=lambda each: (each.is_sealed, each.unit.clock.release_on)):
        by_name[each.unit.building, each.unit.unit] = each
    return list(by_name.values())


def _buildings(rest: str, wanted: Stairs, names: Collection[str]) -> tuple[set[str], bool]:
    """Which of these buildings is meant, and whether only by its number."""
    exact = {name for name in names if _begins(rest, read(name))}
    if exact:
        return {max(exact, key=len)}, False
    alike = {
        name for name in names if wanted.building and stairs_of_unit(name, "").building == wanted.building
    }
    return alike, bool(alike)


def _units(rest: str, wanted: Stairs, here: Sequence[_Known]) -> tuple[list[_Known], bool]:
    """Which of the units of the building is meant, and whether by its very name."""
    exact, alike = [], []
    for each in here:
        building, unit = read(each.unit.building), read(each.unit.unit)
        if not unit or _begins(rest.removeprefix(building), unit):
            exact.append(each)
        elif wanted.unit and stairs_of_unit("", each.unit.unit).unit == wanted.unit:
            alike.append(each)
    return exact or alike, bool(exact)


def _begins(text: str, name: str) -> bool:
    """Whether the text begins with the name, and not with a longer number: 1号楼 is not 12号楼."""
    if not name or not text.startswith(name):
        return False
    return not (name[-1].isdigit() and text[len(name) :][:1].isdigit())


def _is_whole(known: _Known) -> bool:
    """Whether its whole building is sealed: then the unit need not be named."""
    return not known.unit.unit or known.unit.building in known.zone.boundary.split("、")


def _hits(units: Sequence[_Known], known: Sequence[_Known], at: dt.datetime) -> list[Hit]:
    """These units by their zone and clock, the last to open first."""
    today = timezone.localdate(at)
    groups: dict[tuple[int, Clock], list[_Known]] = {}
    for each in units:
        groups.setdefault((each.zone.pk, each.unit.clock), []).append(each)
    hits = []
    for (pk, clock), members in groups.items():
        zone = members[0].zone
        everything = [each.unit for each in known if each.zone.pk == pk]
        named = named_units([each.unit for each in members], everything, zone.boundary)
        hits.append(Hit(zone, part_of(clock, named, len(members), today)))
    return sorted(hits, key=lambda hit: (-hit.part.release_on.toordinal(), in_order(hit.part.boundary)))
