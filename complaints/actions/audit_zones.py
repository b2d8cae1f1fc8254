"""What the self-audit asks of zones: sealed too long, without an infection, or wider than allowed (M4).

Reads only, zone by zone in chunks; what opens by the clock is no finding, whether or not it was swept.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from django.db.models import Q
from django.utils import timezone

from cases.models import Infection, InfectionStay
from complaints.rules.auditing import Approval, Finding, FindingKind, approved_units, sealed_until
from policy.clock import midnight
from policy.loading import EditionError
from policy.models import UnknownEdition, edition_by_code
from policy.types import Edition
from zones.models import SealCause, UnitSeal, Zone, ZoneProposal
from zones.rules import WIDER_REASONS, Decision

log = structlog.get_logger("jiefeng.complaints")

ZONES_AT_ONCE = 200
KEYS_NAMED = 50
"""So many keys of rows stand in one finding's facts; the count tells of the rest."""
DAY = dt.timedelta(days=1)


class Editions:
    """The editions of one audit, each read once; None where one can't be read."""

    def __init__(self) -> None:
        self._known: dict[str, Edition | None] = {}

    def of(self, code: str) -> Edition | None:
        """The edition of that code."""
        if code not in self._known:
            try:
                self._known[code] = edition_by_code(code)
            except (UnknownEdition, EditionError):
                log.error("self-audit can't read an edition", edition=code)
                self._known[code] = None
        return self._known[code]


@dataclass(frozen=True, slots=True)
class _Ground:
    """What stands behind the seals of some zones."""

    causes: Mapping[int, Sequence[tuple[int, dt.date]]]
    """By seal the infections that stand, and when each was found."""
    stayed: Mapping[int, Collection[int]]
    """By infection the buildings where the person stayed."""
    approvals: Mapping[int, Sequence[Approval]]
    """By zone what somebody above approved of it."""


def zone_findings(at: dt.datetime) -> Iterator[Finding]:
    """Units that are sealed at that instant for longer, wider or with less ground than the rule gives."""
    editions = Editions()
    last = 0
    while zones := list(Zone.objects.open(at).filter(pk__gt=last).order_by("pk")[:ZONES_AT_ONCE]):
        last = zones[-1].pk
        holding = UnitSeal.objects.holding(at).unswept().filter(zone__in=zones)
        seals: dict[int, list[UnitSeal]] = defaultdict(list)
        for seal in holding.select_related("unit").order_by("pk"):
            seals[seal.zone_id].append(seal)
        ground = _ground_of([seal.pk for those in seals.values() for seal in those], zones)
        for zone in zones:
            yield from _of_zone(zone, seals[zone.pk], ground, editions, timezone.localdate(at))


def _ground_of(seals: Collection[int], zones: Sequence[Zone]) -> _Ground:
    rows = list(
        SealCause.objects.filter(seal__in=seals, withdrawn_at=None).values_list(
            "seal_id", "infection", "found_on"
        )
    )
    named = {infection for _seal, infection, _on in rows}
    standing = set(Infection.objects.standing().filter(pk__in=named).values_list("pk", flat=True))
    causes: dict[int, list[tuple[int, dt.date]]] = defaultdict(list)
    for seal, infection, found_on in rows:
        if infection in standing:
            causes[seal].append((infection, found_on))
    stayed: dict[int, set[int]] = defaultdict(set)
    stays = InfectionStay.objects.filter(infection__in=standing, unit__isnull=False)
    for infection, building in stays.values_list("infection_id", "unit__building_id"):
        stayed[infection].add(building)
    return _Ground(causes, stayed, _approvals_of(zones))


def _approvals_of(zones: Sequence[Zone]) -> Mapping[int, Sequence[Approval]]:
    found: dict[int, list[Approval]] = defaultdict(list)
    decided = ZoneProposal.objects.filter(zone__in=zones, decision=Decision.APPROVED)
    for each in decided.prefetch_related("units"):
        units = frozenset(unit.pk for unit in each.units.all())
        found[each.zone_id or 0].append(Approval(each.proposed_by_id, each.decided_by_id, units))
    return found


def _of_zone(
    zone: Zone, seals: Sequence[UnitSeal], ground: _Ground, editions: Editions, today: dt.date
) -> Iterator[Finding]:
    """One finding a zone, kind and date; a zone of forty units with one fault is one matter."""
    found: dict[tuple[FindingKind, dt.date, dt.date | None], list[UnitSeal]] = defaultdict(list)
    for seal in seals:
        judged = _of_seal(seal, ground.causes.get(seal.pk, ()), editions, today)
        if judged:
            kind, allowed_on = judged
            found[kind, seal.release_on, allowed_on].append(seal)
    for (kind, release_on, allowed_on), those in found.items():
        dates = {"release_on": release_on, "allowed_on": allowed_on}
        yield _finding(zone, kind, those, on=release_on, since_on=allowed_on, **dates)
    if beyond := _beyond(zone, seals, ground):
        yield _finding(
            zone,
            FindingKind.WIDER,
            beyond,
            on=timezone.localdate(zone.designated_at),
            since_on=timezone.localdate(zone.designated_at),
            release_on=max(seal.release_on for seal in beyond),
        )


def _of_seal(
    seal: UnitSeal, causes: Sequence[tuple[int, dt.date]], editions: Editions, today: dt.date
) -> tuple[FindingKind, dt.date | None] | None:
    """What is wrong with a seal that holds, and until when it might have held; None: nothing."""
    if not causes:
        return FindingKind.NO_CAUSE, None
    if seal.release_on <= today:
        return FindingKind.GATE, seal.release_on
    edition = editions.of(seal.edition)
    if edition is None:
        return None
    last = max(found_on for _infection, found_on in causes)
    allowed_on = sealed_until(last, edition.zones.clean_days if edition.zones else None)
    if allowed_on is None or seal.release_on > allowed_on:
        return FindingKind.SEAL_LONG, allowed_on
    return None


def _beyond(zone: Zone, seals: Sequence[UnitSeal], ground: _Ground) -> list[UnitSeal]:
    """The seals outside the buildings of the infected people that nobody above has approved (N三(二))."""
    approved: Collection[int] = ()
    if zone.wider_reason in WIDER_REASONS:
        approved = approved_units(ground.approvals.get(zone.pk, ()), zone.approved_by_id)
    infections = {infection for seal in seals for infection, _on in ground.causes.get(seal.pk, ())}
    buildings = {building for infection in infections for building in ground.stayed.get(infection, ())}
    resting = [seal for seal in seals if ground.causes.get(seal.pk)]
    outside = [seal for seal in resting if seal.unit.building_id not in buildings]
    return [seal for seal in outside if seal.unit_id not in approved]


def _finding(
    zone: Zone,
    kind: FindingKind,
    seals: Sequence[UnitSeal],
    *,
    on: dt.date,
    since_on: dt.date | None,
    **dates: dt.date | None,
) -> Finding:
    return Finding(
        kind=kind,
        about=f"zone:{zone.pk}",
        on=on,
        community=zone.community_id,
        compound=zone.compound_id,
        since_on=since_on,
        facts={
            "zone": zone.pk,
            "count": len(seals),
            "units": [seal.unit_id for seal in seals[:KEYS_NAMED]],
            "edition": seals[0].edition,
            "last_infection_on": max(seal.last_infection_on for seal in seals),
            **{name: value for name, value in dates.items() if value},
        },
    )


def unswept_units(at: dt.datetime) -> Iterator[Finding]:
    """Openings that the clock made and nobody wrote down for a day, by community and date."""
    before = at - DAY
    due = UnitSeal.objects.due_to_open(timezone.localdate(before)).filter(
        Q(round_met_at=None) | Q(round_met_at__lte=before), starts_at__lte=before
    )
    rows = due.order_by("pk").values_list("community_id", "release_on", "pk")
    late = [row for row in rows.iterator() if midnight(row[1]) <= before]
    yield from by_community(FindingKind.UNITS_UNSWEPT, late)


def by_community(kind: FindingKind, rows: Sequence[tuple[int, dt.date, int]]) -> Iterator[Finding]:
    """One finding a community and date, of rows (community, date, key)."""
    counts = Counter((community, on) for community, on, _key in rows)
    keys: dict[tuple[int, dt.date], list[int]] = defaultdict(list)
    for community, on, key in rows:
        if len(keys[community, on]) < KEYS_NAMED:
            keys[community, on].append(key)
    for (community, on), count in counts.items():
        yield Finding(
            kind=kind,
            about=f"community:{community}",
            on=on,
            community=community,
            since_on=on,
            facts={"count": count, "rows": keys[community, on], "due_on": on},
        )
