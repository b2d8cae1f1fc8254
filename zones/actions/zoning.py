"""Designating units of a compound as a high-risk zone (N二(四), N三(二))."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from policy.refusals import RuleViolation
from zones.actions.event_rows import check_area, tidy_reason
from zones.actions.proposing import propose
from zones.actions.sealing import (
    ATTEMPTS,
    Designation,
    Ground,
    Wider,
    all_taken,
    check_reason,
    free_of,
    ground_of,
    seal_units,
)
from zones.models import Compound, Unit
from zones.rules import Cause, Purpose, WiderReason


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
    """Seal these units of one compound from now on, because of these infections.

    `stayed` names the buildings (by key) where an infected person stayed. Their units are sealed at once.
    Any others go beyond units and buildings: with one of the two reasons they become a proposal that
    somebody above has to approve; it seals nothing by itself. Units under another seal that holds are
    returned as `taken`; of two who seal a unit at once, one gets it. Twice is once: the second time all are
    taken, and a proposal that waits is not made again.

    Whoever designates in several compounds does so in the order of their keys.
    Raises RuleViolation `no_units`, `other_compound`, `outside_area`, `no_infection`, `not_in_edition`,
    `nothing_left`, `reason_needed`, `wider_reason_needed`, `all_taken`; BadInput for an infection found
    later than today.
    """
    _check_place(compound, units, by)
    ground = ground_of(causes, timezone.localdate(at))
    reason, wider_note = tidy_reason(reason), tidy_reason(wider_note)
    check_reason(causes, reason)
    outer = {unit: purpose for unit, purpose in units.items() if unit.building_id not in stayed}
    if outer:
        _check_wider(ground, wider, wider_note)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                done = _seal_inner(compound, units, set(outer), ground, reason, by=by, at=at)
                if outer and wider:
                    _propose_outer(
                        done, compound, outer, ground, reason, Wider(wider, wider_note), by=by, at=at
                    )
                if done.zone is None and done.proposal is None:
                    raise all_taken()
                return done
        except IntegrityError:  # somebody else sealed one of them between our look and our write
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _seal_inner(
    compound: Compound,
    units: Mapping[Unit, Purpose],
    outer: Collection[Unit],
    ground: Ground,
    reason: str,
    *,
    by: User,
    at: dt.datetime,
) -> Designation:
    inner = [unit for unit in units if unit not in outer]
    if not inner:
        return Designation()
    free, taken = free_of(inner, at=at)
    if not free:
        return Designation(taken=taken)
    zone, seals = seal_units(
        compound=compound,
        units={unit: units[unit] for unit in free},
        ground=ground,
        reason=reason,
        wider=Wider(),
        designated_by=by,
        by=by,
        at=at,
    )
    return Designation(zone=zone, sealed=seals, taken=taken)


def _propose_outer(
    done: Designation,
    compound: Compound,
    outer: Mapping[Unit, Purpose],
    ground: Ground,
    reason: str,
    wider: Wider,
    *,
    by: User,
    at: dt.datetime,
) -> None:
    free, taken = free_of(list(outer), at=at)
    done.taken += taken
    if free:
        done.proposal = propose(
            compound=compound,
            units={unit: outer[unit] for unit in free},
            ground=ground,
            reason=reason,
            wider=wider,
            by=by,
            at=at,
        )


def _check_place(compound: Compound, units: Mapping[Unit, Purpose], by: User) -> None:
    if not units:
        raise RuleViolation("no_units", "", _("Choose at least one unit or building."), field="units")
    check_area([compound.community], by)
    if any(unit.building.compound_id != compound.pk for unit in units):
        raise RuleViolation(
            "other_compound", "", _("A zone lies in one compound; designate the others by themselves.")
        )


def _check_wider(ground: Ground, wider: WiderReason | None, note: str) -> None:
    """Nothing larger than units and buildings, except for one of the two reasons of N三(二)."""
    if wider is None or not note:
        raise RuleViolation(
            "wider_reason_needed",
            ground.rule.wider_clause,
            _(
                "Some of these buildings no infected person stayed in. They may be sealed only because the "
                "risk is unclear or because of wide transmission: name which, and explain it."
            ),
            field="wider" if wider is None else "wider_note",
        )
