"""Writing a designation: the zone, a seal with its own clock for each unit, causes, events, the message.

Used by `designate` for what may be sealed at once, and by `approve` for what somebody above had to see.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoped import area_columns
from notices.rules import MessageKind
from policy.models import NoEditionInForce, edition_in_force
from policy.refusals import BadInput, RuleViolation
from policy.types import Edition, ZoneRule
from zones.actions.event_rows import seal_event, zone_event
from zones.actions.opening import open_due
from zones.actions.telling import boundary, seals_context, tell_of_zone
from zones.models import Compound, SealCause, Unit, UnitSeal, Zone, ZoneEvent, ZoneProposal
from zones.rules import Cause, ZoneEventKind, opens_on

ATTEMPTS = 5
"""How often a designation is tried anew when somebody else seals one of its units at the same moment."""


@dataclass(slots=True)
class Designation:
    """What became of a designation."""

    zone: Zone | None = None
    """None: nothing could be sealed at once."""
    sealed: list[UnitSeal] = field(default_factory=list)
    taken: list[Unit] = field(default_factory=list)
    """Units that are under another seal that holds; an infection there restarts that one."""
    proposal: ZoneProposal | None = None
    """Units that wait for somebody above."""


@dataclass(frozen=True, slots=True)
class Ground:
    """On what a designation rests: edition, infections, and the dates that follow."""

    edition: Edition
    rule: ZoneRule
    causes: tuple[Cause, ...]
    latest: Cause
    release_on: dt.date


@dataclass(frozen=True, slots=True)
class Wider:
    """Why more than units and buildings, and who answered for it."""

    reason: str = ""
    note: str = ""
    approved_by: User | None = None


def rule_on(on: dt.date) -> tuple[Edition, ZoneRule]:
    """The edition of a date and its rule for zones. Raises RuleViolation `not_in_edition`."""
    try:
        edition = edition_in_force(on)
    except NoEditionInForce as none:
        raise RuleViolation("not_in_edition", "", none.sentence) from none
    if edition.zones is None:
        raise RuleViolation(
            "not_in_edition",
            "",
            format_lazy(_("{edition} has no rule by which a unit can be sealed."), edition=edition.name),
        )
    return edition, edition.zones


def ground_of(causes: Sequence[Cause], on: dt.date) -> Ground:
    """What follows from these infections on a date.

    Raises RuleViolation `no_infection`, `not_in_edition`, `nothing_left`; BadInput for one found later.
    """
    if not causes:
        raise RuleViolation("no_infection", "二(四)", _("Without an infection nothing is sealed."))
    edition, rule = rule_on(on)
    latest = max(causes, key=lambda cause: (cause.found_on, cause.infection))
    check_found(latest, on)
    release_on = opens_on(latest.found_on, rule.clean_days)
    if release_on <= on:
        raise RuleViolation(
            "nothing_left",
            rule.clause,
            format_lazy(
                _("The last infection was found on {found}: its days were over on {opened}."),
                found=latest.found_on,
                opened=release_on,
            ),
        )
    return Ground(
        edition, rule, tuple(sorted(set(causes), key=lambda each: each.infection)), latest, release_on
    )


def check_found(cause: Cause, on: dt.date) -> None:
    """Day 0 is never in the future. Raises BadInput."""
    if cause.found_on > on:
        raise BadInput("found_on", _("The infection cannot have been found later than today."))


def free_of(units: Collection[Unit], *, at: dt.datetime) -> tuple[list[Unit], list[Unit]]:
    """Those of these units that can be sealed and those that are; what is due is opened first."""
    keys = [unit.pk for unit in units]
    open_due(units=keys, at=at)
    held = set(UnitSeal.objects.unswept().filter(unit__in=keys).values_list("unit_id", flat=True))
    ordered = sorted(units, key=lambda unit: unit.pk)
    return [u for u in ordered if u.pk not in held], [u for u in ordered if u.pk in held]


def seal_units(
    *,
    compound: Compound,
    units: Mapping[Unit, str],
    ground: Ground,
    reason: str,
    wider: Wider,
    designated_by: User,
    by: User,
    at: dt.datetime,
) -> tuple[Zone, list[UnitSeal]]:
    """Write the zone of these free units with everything that belongs to it, in the caller's transaction.

    Raises IntegrityError when somebody else sealed one of them in the meantime.
    """
    areas = area_columns(compound.community)
    ordered = sorted(units, key=lambda unit: unit.pk)  # two at once then wait, and don't block each other
    zone = Zone.objects.create(
        **areas,
        compound=compound,
        boundary=boundary(ordered),
        unit_count=len(ordered),
        edition=ground.edition.code,
        clause=ground.rule.clause,
        designated_at=at,
        designated_by=designated_by,
        reason=reason,
        wider_reason=wider.reason,
        wider_note=wider.note,
        approved_by=wider.approved_by,
        release_on=ground.release_on,
        gated=ground.rule.round_day is not None,
    )
    seals = UnitSeal.objects.bulk_create(
        [
            UnitSeal(
                **areas,
                zone=zone,
                unit=unit,
                purpose=units[unit],
                edition=ground.edition.code,
                clause=ground.rule.clause,
                starts_at=at,
                last_infection_on=ground.latest.found_on,
                clean_days=ground.rule.clean_days,
                release_on=ground.release_on,
                planned_release_on=ground.release_on,
                round_day=ground.rule.round_day,
            )
            for unit in ordered
        ],
        batch_size=500,
    )
    _write_causes(seals, ground, by=by, at=at)
    about = {
        "infection": ground.latest.infection,
        "found_on": ground.latest.found_on,
        "reason": reason,
        "details": {"infections": [cause.infection for cause in ground.causes]},
    }
    events = [zone_event(zone, ZoneEventKind.DESIGNATED, at=at, by=by, **about)]
    events += [seal_event(seal, ZoneEventKind.DESIGNATED, at=at, by=by, **about) for seal in seals]
    ZoneEvent.objects.bulk_create(events, batch_size=500)
    tell_of_zone(
        zone, MessageKind.ZONE_DESIGNATED, seals_context(zone, seals), key=f"zone-designated:{zone.pk}", at=at
    )
    return zone, seals


def _write_causes(seals: Sequence[UnitSeal], ground: Ground, *, by: User, at: dt.datetime) -> None:
    SealCause.objects.bulk_create(
        [
            SealCause(seal=seal, infection=cause.infection, found_on=cause.found_on, noted_at=at, noted_by=by)
            for seal in seals
            for cause in ground.causes
        ],
        batch_size=500,
    )


def check_reason(causes: Collection[Cause], reason: str) -> None:
    """Sealing because of an infection that met nobody there has to be explained. Raises RuleViolation."""
    if any(cause.needs_reason for cause in causes) and not reason:
        raise RuleViolation(
            "reason_needed",
            "二(四)",
            _("This infection was found apart from the people there: say why the unit is sealed."),
            field="reason",
        )


def all_taken() -> RuleViolation:
    """Nothing of what was asked for is free."""
    return RuleViolation(
        "all_taken", "", _("These units are sealed already. A new infection there restarts their days.")
    )
