"""Which zones anybody may read about: the queries behind the public pages, feeds and the search."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from accounts.models import Area
from accounts.rules import Level
from zones.happenings import TOLD, Happening, UnitFacts, happenings
from zones.models import UnitSeal, Zone, ZoneEvent
from zones.models.zone import is_holding, is_overdue
from zones.public import UPWARDS, Clock, Part, PublicZone, SealedUnit, part_of, parts_of
from zones.rules import SealState, WiderReason, ZoneEventKind, in_order, seal_state_on

LARGEST_KEY = 2**63 - 1
ZONE_COLUMNS = (
    "pk",
    "compound_id",
    "compound__name",
    "compound__address",
    "boundary",
    "unit_count",
    "designated_at",
    "clause",
    "edition",
    "wider_reason",
    "wider_note",
    "approved_by_id",
    "release_on",
    *(f"{level}__{column}" for level in UPWARDS for column in ("code", "name")),
)
SEAL_COLUMNS = (
    "pk",
    "zone_id",
    "last_infection_on",
    "clean_days",
    "release_on",
    "planned_release_on",
    "starts_at",
    "ending",
    "round_day",
    "round_met_at",
    "swept_at",
    "ended_at",
    "unit_id",
    "unit__name",
    "unit__building__name",
)


def sealed_unit(row: Mapping[str, Any], at: dt.datetime, found_before: dt.date | None = None) -> SealedUnit:
    """A row of `SEAL_COLUMNS` as it stands at that instant."""
    today = timezone.localdate(at)
    state = seal_state_on(
        today,
        ending=row["ending"],
        release_on=row["release_on"],
        gate_open=row["round_day"] is None or bool(row["round_met_at"]) or bool(row["swept_at"]),
    )
    holding = state in (SealState.SEALED, SealState.OVERDUE)
    clock = Clock(
        last_infection_on=row["last_infection_on"],
        clean_days=row["clean_days"],
        release_on=row["release_on"],
        planned_release_on=row["planned_release_on"],
        state=state,
        opened_on=None if holding else _opened_on(row["release_on"], row["round_met_at"]),
        ending=row["ending"],
        sealed_on=timezone.localdate(row["starts_at"]),
        found_before=found_before,
    )
    return SealedUnit(row["pk"], row["unit__building__name"], row["unit__name"], clock)


def _opened_on(release_on: dt.date, round_met_at: dt.datetime | None) -> dt.date:
    """From when a unit that holds no longer was open: later than planned only behind a gate."""
    return max(release_on, timezone.localdate(round_met_at)) if round_met_at else release_on


def public_zone(row: Mapping[str, Any], parts: tuple[Part, ...] = ()) -> PublicZone:
    """A row of `ZONE_COLUMNS`."""
    return PublicZone(
        pk=row["pk"],
        compound_id=row["compound_id"],
        compound=row["compound__name"],
        address=row["compound__address"],
        boundary=row["boundary"],
        places={level: (row[f"{level}__code"] or "", row[f"{level}__name"] or "") for level in UPWARDS},
        units=row["unit_count"],
        designated_at=row["designated_at"],
        clause=row["clause"],
        edition=row["edition"],
        wider=WiderReason(row["wider_reason"]) if row["wider_reason"] else None,
        wider_note=row["wider_note"],
        approved=row["approved_by_id"] is not None,
        release_on=row["release_on"],
        parts=parts,
    )


def zone_rows(zones: QuerySet[Zone]) -> QuerySet[Zone, dict[str, Any]]:
    """The published columns of these zones."""
    return zones.values(*ZONE_COLUMNS)


def open_zones(at: dt.datetime, area: Area | None = None) -> list[PublicZone]:
    """The zones of that area of which a unit is sealed at that instant, by place; two queries.

    Parts are those that are sealed. The units of a zone are read only where their clocks differ.
    """
    today = timezone.localdate(at)
    zones = Zone.objects.open(at).within(area) if area else Zone.objects.open(at)
    rows = list(zone_rows(zones).annotate(**_clocks(at)).order_by("community__code", "compound__name", "pk"))
    differing = [row["pk"] for row in rows if _differ(row)]
    units = seals_by_zone(UnitSeal.objects.filter(zone__in=differing), at) if differing else {}
    found = []
    for row in rows:
        if row["pk"] in units:
            parts = tuple(
                part for part in parts_of(units[row["pk"]], row["boundary"], today) if part.is_sealed
            )
        else:
            parts = (_common(row, today),)
        found.append(public_zone(row, parts))
    return sorted(
        found, key=lambda zone: (zone.places[Level.COMMUNITY][0], zone.compound, in_order(zone.boundary))
    )


def _clocks(at: dt.datetime) -> dict[str, Any]:
    holding = is_holding(at, "seals__")
    spans = ("last_infection_on", "clean_days", "release_on", "planned_release_on")
    return {
        "all_units": Count("seals"),
        "held": Count("seals", filter=holding),
        "overdue": Count("seals", filter=is_overdue(timezone.localdate(at), "seals__")),
        **{f"least_{name}": Min(f"seals__{name}", filter=holding) for name in spans},
        **{f"most_{name}": Max(f"seals__{name}", filter=holding) for name in spans},
    }


def _differ(row: Mapping[str, Any]) -> bool:
    spans = ("last_infection_on", "clean_days", "release_on")
    return (
        row["held"] != row["all_units"]
        or row["overdue"] not in (0, row["held"])
        or any(row[f"least_{name}"] != row[f"most_{name}"] for name in spans)
    )


def _common(row: Mapping[str, Any], today: dt.date) -> Part:
    clock = Clock(
        last_infection_on=row["least_last_infection_on"],
        clean_days=row["least_clean_days"],
        release_on=row["least_release_on"],
        planned_release_on=row["most_planned_release_on"],
        state=SealState.OVERDUE if row["overdue"] else SealState.SEALED,
        opened_on=None,
        ending="",
        sealed_on=timezone.localdate(row["designated_at"]),
    )
    return part_of(clock, row["boundary"], row["held"], today)


def seals_by_zone(seals: QuerySet[UnitSeal], at: dt.datetime) -> dict[int, list[SealedUnit]]:
    """The units of these seals by their zone; one query."""
    found: dict[int, list[SealedUnit]] = {}
    for row in seals.order_by("zone", "pk").values(*SEAL_COLUMNS):
        found.setdefault(row["zone_id"], []).append(sealed_unit(row, at))
    return found


@dataclass(frozen=True, slots=True)
class CountyCount:
    """How many zones are open in a county (or, where no county is known, in the highest area above them)."""

    code: str
    name: str
    zones: int = 0
    units: int = 0
    next_on: dt.date | None = None
    """When the next of its units opens; None where none is sealed."""


def counties(at: dt.datetime) -> list[CountyCount]:
    """Every county, with what is sealed in it at that instant; two queries."""
    columns = [f"{level}__{column}" for level in UPWARDS for column in ("code", "name")]
    today = timezone.localdate(at)
    # A unit that is overdue opens on no date that could be told.
    rows = (
        UnitSeal.objects.holding(at)
        .order_by()
        .values(*columns[:2])
        .annotate(
            zones=Count("zone", distinct=True),
            units=Count("pk"),
            next_on=Min("release_on", filter=Q(release_on__gt=today)),
            **{name.replace("__", "_least_"): Min(name) for name in columns[2:]},
        )
    )
    counted = {}
    for row in rows:
        code, name = row["county__code"], row["county__name"]
        for level in UPWARDS[1:]:
            code, name = code or row[f"{level}_least_code"], name or row[f"{level}_least_name"]
        counted[code] = CountyCount(code, name, row["zones"], row["units"], row["next_on"])
    for code, name in Area.objects.filter(level=Level.COUNTY).order_by("code").values_list("code", "name"):
        counted.setdefault(code, CountyCount(code, name))
    return [counted[code] for code in sorted(counted)]


def zones_of(compounds: Sequence[int], at: dt.datetime) -> dict[int, int]:
    """How many zones are open in each of these compounds; one query."""
    held = Zone.objects.open(at).filter(compound__in=compounds).order_by()
    return dict(held.values_list("compound").annotate(Count("pk")))


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers for a zone, and whom a resident calls."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class ZoneInFull:
    """One zone with its units, its history and the offices that answer for it."""

    zone: PublicZone
    units: tuple[SealedUnit, ...]
    happenings: tuple[Happening, ...]
    offices: tuple[Office, ...]
    """From the community up; those that are not known are left out."""
    round_day: int | None
    """The day on which everybody inside has to be negative; None: the clock alone opens it."""

    def of(self, kind: ZoneEventKind) -> list[Happening]:
        """What happened of that kind, the newest first."""
        return [happening for happening in self.happenings if happening.kind is kind]


def zone_in_full(pk: int, at: dt.datetime) -> ZoneInFull | None:
    """One zone, sealed or open again, as it stands at that instant; three queries. None: there is none."""
    return next(iter(zones_in_full([pk], at)), None) if pk <= LARGEST_KEY else None


def zones_in_full(keys: Collection[int], at: dt.datetime) -> list[ZoneInFull]:
    """These zones with all that is told of them; three queries."""
    phones = [f"{level}__duty_phone" for level in UPWARDS]
    rows = list(Zone.objects.filter(pk__in=keys).values(*ZONE_COLUMNS, *phones))
    if not rows:
        return []
    events: dict[int, list[Mapping[str, Any]]] = {}
    designated: dict[int, tuple[dt.date, dt.date]] = {}
    told = ZoneEvent.objects.filter(zone__in=keys, kind__in=(ZoneEventKind.DESIGNATED, *TOLD))
    for event in told.values("pk", "zone_id", "kind", "at", "seal_id", "found_on", "release_on"):
        found_on, release_on = event["found_on"], event["release_on"]
        if event["kind"] == ZoneEventKind.DESIGNATED and found_on and release_on:
            designated[event["seal_id"]] = found_on, release_on
        elif event["kind"] in TOLD:
            events.setdefault(event["zone_id"], []).append(event)
    facts = _facts(keys, designated, at)
    return [_in_full(row, facts.get(row["pk"], []), events.get(row["pk"], []), at) for row in rows]


def _in_full(
    row: Mapping[str, Any], facts: Sequence[UnitFacts], events: Sequence[Mapping[str, Any]], at: dt.datetime
) -> ZoneInFull:
    units = sorted((each.unit for each in facts), key=lambda unit: in_order(unit.key))
    return ZoneInFull(
        zone=public_zone(row, parts_of(units, row["boundary"], timezone.localdate(at))),
        units=tuple(units),
        happenings=tuple(happenings(row["designated_at"], row["boundary"], facts, events)),
        offices=tuple(
            Office(row[f"{level}__name"], row[f"{level}__duty_phone"])
            for level in reversed(UPWARDS)
            if row[f"{level}__name"]
        ),
        round_day=max((each.round_day for each in facts if each.round_day), default=None),
    )


def _facts(
    keys: Collection[int], designated: Mapping[int, tuple[dt.date, dt.date]], at: dt.datetime
) -> dict[int, list[UnitFacts]]:
    """The units by their zone. `designated`: day 0 and opening as each was sealed, by its seal."""
    before = Q(causes__withdrawn_at=None, causes__found_on__lt=F("last_infection_on"))
    rows = (
        UnitSeal.objects.filter(zone__in=keys)
        .order_by("pk")
        .annotate(found_before=Max("causes__found_on", filter=before))
        .values(*SEAL_COLUMNS, "found_before")
    )
    found: dict[int, list[UnitFacts]] = {}
    for row in rows:
        now = row["last_infection_on"], row["planned_release_on"]
        first_found_on, first_release_on = designated.get(row["pk"], now)
        started_anew = first_found_on < row["last_infection_on"]
        unit = sealed_unit(row, at, row["found_before"] if started_anew else None)
        facts = UnitFacts(unit, first_found_on, first_release_on, row["ended_at"], row["round_day"])
        found.setdefault(row["zone_id"], []).append(facts)
    return found


def recently_told(at: dt.datetime, most: int, area: Area | None = None) -> list[tuple[ZoneInFull, Happening]]:
    """The last designations, restarts and openings, the newest first; six queries.

    Openings are found by their dates, so they are told from 00:00 on.
    """
    zones = Zone.objects.within(area) if area else Zone.objects.all()
    seals = UnitSeal.objects.within(area) if area else UnitSeal.objects.all()
    events = ZoneEvent.objects.filter(kind=ZoneEventKind.RESTARTED, zone__in=zones)
    opened = seals.filter(release_on__lte=timezone.localdate(at)).exclude(is_overdue(timezone.localdate(at)))
    keys = set(zones.order_by("-designated_at", "-pk").values_list("pk", flat=True)[:most])
    keys |= set(events.order_by("-at", "-pk").values_list("zone_id", flat=True)[: 10 * most])
    keys |= set(opened.order_by("-release_on").values_list("zone_id", flat=True).distinct()[:most])
    kinds = (ZoneEventKind.DESIGNATED, ZoneEventKind.RESTARTED, ZoneEventKind.OPENED)
    told = [
        (full, happening)
        for full in zones_in_full(keys, at)
        for happening in full.happenings
        if happening.kind in kinds
    ]
    return sorted(told, key=lambda each: (each[1].at, each[0].zone.pk), reverse=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the history is asked for."""

    area: Area | None = None
    month: dt.date | None = None
    """Its first day: zones whose last unit opened in that month."""
    words: str = ""
    after: tuple[dt.date, int] | None = None
    """Behind which zone of the list the page begins: opening and number of its last row."""


PAGE = 50


def past_zones(asked: Asked, at: dt.datetime) -> tuple[list[PublicZone], bool]:
    """A page of the zones that are low-risk again, the latest first, and whether more follow; one query."""
    zones = Zone.objects.past(at)
    if asked.area:
        zones = zones.within(asked.area)
    if asked.month:
        following = (asked.month + dt.timedelta(days=32)).replace(day=1)
        zones = zones.filter(release_on__gte=asked.month, release_on__lt=following)
    if asked.words:
        named = Q(compound__name__contains=asked.words) | Q(boundary__contains=asked.words)
        zones = zones.filter(named | Q(compound__address__contains=asked.words))
    if asked.after:
        on, pk = asked.after
        zones = zones.filter(Q(release_on=on, pk__lt=pk) | Q(release_on__lt=on))
    rows = list(zone_rows(zones.order_by("-release_on", "-pk"))[: PAGE + 1])
    return [public_zone(row) for row in rows[:PAGE]], len(rows) > PAGE


def months(at: dt.datetime) -> list[dt.date]:
    """The months in which zones ended, the latest first; one query."""
    return list(Zone.objects.past(at).order_by().dates("release_on", "month", order="DESC"))
