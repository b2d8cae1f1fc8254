"""Designating units as high-risk: sealed at once where an infected person stayed, proposed beyond that."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoped import area_columns
from notices.rules import MessageKind
from policy.models import edition_in_force
from policy.refusals import RuleViolation
from policy.types import Edition, ZoneRule
from zones.actions.event_rows import check_area, seal_event, tidy_reason
from zones.actions.opening import open_due
from zones.actions.telling import boundary, seals_context, tell_of_proposal, tell_of_zone
from zones.models import Compound, SealCause, Unit, UnitSeal, Zone, ZoneEvent, ZoneProposal
from zones.rules import Cause, Purpose, WiderReason, ZoneEventKind, opens_on

_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Designation:
    """What became of a designation."""

    zone: Zone | None
    sealed: list[UnitSeal] = field(default_factory=list)
    taken: list[Unit] = field(default_factory=list)
    """Units that another zone holds already: they keep their own clock."""
    proposal: ZoneProposal | None = None
    """The units beyond the buildings where an infected person stayed, until somebody above decides."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sealed, checked: the units with their purpose, the infections, and under which rule."""

    compound: Compound
    units: Mapping[Unit, Purpose]
    causes: Sequence[Cause]
    edition: Edition
    rule: ZoneRule
    reason: str = ""
    wider: str = ""
    wider_note: str = ""
    approved_by: User | None = None

    @property
    def last_infection_on(self) -> dt.date:
        """Day 0."""
        return max(cause.found_on for cause in self.causes)

    @property
    def release_on(self) -> dt.date:
        """The date at whose 00:00 the units open."""
        return opens_on(self.last_infection_on, self.rule.clean_days)

    @property
    def clause(self) -> str:
        """The clause that the zone rests on."""
        return self.rule.wider_clause if self.wider else self.rule.clause


def designate(
    *,
    compound: Compound,
    units: Mapping[Unit, Purpose],
    causes: Sequence[Cause],
    stayed: Collection[int],
    reason: str = "",
    wider: WiderReason | None = None,
    wider_note: str = "",
    by: User,
    at: dt.datetime,
) -> Designation:
    """Seal units of one compound because of these infections (N二(四)).

    `stayed` are the buildings in which an infected person stayed: their units are sealed at once. The others
    are more than the notice allows without one of its two reasons (N三(二)); they become a proposal that
    somebody above has to approve. A unit that another zone holds is returned as taken.
    Raises RuleViolation `no_units`, `no_infection`, `other_compound`, `outside_area`, `not_in_edition`,
    `nothing_left`, `reason_needed`, `wider_reason_needed`, `all_taken`.
    """
    check_area([compound.community], by)
    edition, rule = rule_of_zones(at)
    _check_input(compound, units, causes, rule)
    wanted = Wanted(compound, units, causes, edition, rule, reason=reason.strip())
    if wanted.release_on <= timezone.localdate(at):
        raise RuleViolation(
            "nothing_left",
            rule.clause,
            _("The days without a new infection have passed already: there is nothing left to seal."),
        )
    if any(cause.needs_reason for cause in causes) and not reason.strip():
        raise RuleViolation(
            "reason_needed",
            rule.clause,
            _(
                "Found in isolation or closed loop, or at home without spread: please say why units are "
                "sealed because of it."
            ),
            field="reason",
        )
    inner = {unit: purpose for unit, purpose in units.items() if unit.building_id in stayed}
    outer = {unit: purpose for unit, purpose in units.items() if unit.building_id not in stayed}
    if outer and not (wider and wider_note.strip()):
        raise RuleViolation(
            "wider_reason_needed",
            rule.wider_clause,
            _(
                "No infected person stayed in some of these buildings: more than the units and buildings of "
                "the infected needs one of the two reasons, explained."
            ),
            field="wider" if not wider else "wider_note",
        )
    return _in_one_go(wanted, inner, outer, wider=wider, wider_note=wider_note.strip(), by=by, at=at)


def rule_of_zones(at: dt.datetime) -> tuple[Edition, ZoneRule]:
    """The edition in force on that date and its rule of zones. Raises RuleViolation `not_in_edition`."""
    edition = edition_in_force(timezone.localdate(at))
    if edition.zones is None:
        raise RuleViolation(
            "not_in_edition", "", _("The edition in force has no rule by which a unit can be sealed.")
        )
    return edition, edition.zones


def _check_input(
    compound: Compound, units: Mapping[Unit, Purpose], causes: Sequence[Cause], rule: ZoneRule
) -> None:
    if not units:
        raise RuleViolation("no_units", "", _("Please choose at least one unit."), field="units")
    if any(unit.building.compound_id != compound.pk for unit in units):
        raise RuleViolation(
            "other_compound", "", _("A zone is made of units of one compound."), field="units"
        )
    if not causes:
        raise RuleViolation(
            "no_infection", rule.clause, _("A zone rests on at least one infection."), field="infections"
        )


def _in_one_go(
    wanted: Wanted,
    inner: Mapping[Unit, Purpose],
    outer: Mapping[Unit, Purpose],
    *,
    wider: WiderReason | None,
    wider_note: str,
    by: User,
    at: dt.datetime,
) -> Designation:
    """Seal and propose in one transaction; judged anew when somebody sealed a unit at the same moment."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                open_due(units=[unit.pk for unit in wanted.units], at=at)
                taken = taken_units(wanted.units)
                free_inner = {unit: purpose for unit, purpose in inner.items() if unit not in taken}
                free_outer = {unit: purpose for unit, purpose in outer.items() if unit not in taken}
                if not free_inner and not free_outer:
                    raise all_taken()
                zone: Zone | None = None
                sealed: list[UnitSeal] = []
                if free_inner:
                    zone, sealed = seal_units(wanted, free_inner, by=by, at=at)
                proposal = None
                if free_outer and wider:
                    proposal = _propose(wanted, free_outer, wider, wider_note, zone, by=by, at=at)
                return Designation(zone, sealed, sorted(taken, key=lambda unit: unit.pk), proposal)
        except IntegrityError:
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def taken_units(units: Collection[Unit]) -> set[Unit]:
    """Those that a zone holds already."""
    sealed = UnitSeal.objects.unswept().filter(unit__in=list(units)).values_list("unit_id", flat=True)
    keys = set(sealed)
    return {unit for unit in units if unit.pk in keys}


def all_taken() -> RuleViolation:
    """The refusal when another designation was there before."""
    return RuleViolation("all_taken", "", _("Another zone holds all of these units already."), field="units")


def seal_units(
    wanted: Wanted, units: Mapping[Unit, Purpose], *, by: User, at: dt.datetime
) -> tuple[Zone, list[UnitSeal]]:
    """Write the zone with a seal for each unit, what they rest on, the events and the message.

    Belongs in the caller's transaction; IntegrityError when somebody else sealed one of them meanwhile.
    """
    compound, rule = wanted.compound, wanted.rule
    place = area_columns(compound.community)
    zone = Zone.objects.create(
        **place,
        compound=compound,
        boundary=boundary(units),
        unit_count=len(units),
        edition=wanted.edition.code,
        clause=wanted.clause,
        designated_at=at,
        designated_by=by,
        reason=wanted.reason,
        wider_reason=wanted.wider,
        wider_note=wanted.wider_note,
        approved_by=wanted.approved_by,
        release_on=wanted.release_on,
        gated=rule.round_day is not None,
    )
    seals = UnitSeal.objects.bulk_create(
        [
            UnitSeal(
                **place,
                zone=zone,
                unit=unit,
                purpose=purpose,
                edition=wanted.edition.code,
                clause=wanted.clause,
                starts_at=at,
                last_infection_on=wanted.last_infection_on,
                clean_days=rule.clean_days,
                release_on=wanted.release_on,
                planned_release_on=wanted.release_on,
                round_day=rule.round_day,
            )
            for unit, purpose in sorted(units.items(), key=lambda item: item[0].pk)
        ],
        batch_size=500,
    )
    SealCause.objects.bulk_create(
        [
            SealCause(seal=seal, infection=cause.infection, found_on=cause.found_on, noted_at=at, noted_by=by)
            for seal in seals
            for cause in wanted.causes
        ],
        batch_size=500,
    )
    latest = max(wanted.causes, key=lambda cause: (cause.found_on, cause.infection))
    ZoneEvent.objects.bulk_create(
        [
            seal_event(
                seal,
                ZoneEventKind.DESIGNATED,
                by=by,
                at=at,
                infection=latest.infection,
                found_on=latest.found_on,
                reason=tidy_reason(wanted.reason or wanted.wider_note),
            )
            for seal in seals
        ],
        batch_size=500,
    )
    tell_of_zone(
        zone,
        MessageKind.ZONE_DESIGNATED,
        seals_context(zone, seals),
        key=f"zone-designated:{zone.pk}",
        at=at,
    )
    return zone, seals


def _propose(
    wanted: Wanted,
    units: Mapping[Unit, Purpose],
    wider: WiderReason,
    wider_note: str,
    zone: Zone | None,
    *,
    by: User,
    at: dt.datetime,
) -> ZoneProposal:
    proposal = ZoneProposal.objects.create(
        **area_columns(wanted.compound.community),
        compound=wanted.compound,
        boundary=boundary(units),
        purpose=next(iter(units.values())),
        causes=[
            {
                "infection": cause.infection,
                "found_on": cause.found_on.isoformat(),
                "found_where": str(cause.found_where),
                "spread": cause.spread,
            }
            for cause in wanted.causes
        ],
        wider_reason=wider,
        wider_note=wider_note,
        reason=wanted.reason,
        proposed_at=at,
        proposed_by=by,
        lapses_on=wanted.release_on,
    )
    proposal.units.set(list(units))
    above = {area.pk: area for area in (proposal.community, proposal.street, proposal.county) if area}
    tell_of_proposal(
        proposal,
        MessageKind.ZONE_PROPOSED,
        above.values(),
        key=f"zone-proposed:{proposal.pk}",
        at=at,
        clause=wanted.rule.wider_clause,
    )
    return proposal
