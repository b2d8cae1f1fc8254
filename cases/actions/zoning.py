"""From an infection to the units that are sealed because of it: the proposal, the sealing, the restart."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Infection, InfectionStay
from cases.rules import Spread
from policy.models import NoEditionInForce, UnknownEdition, edition_in_force
from policy.refusals import RuleViolation
from zones.actions import Designation, Restart, designate, restart
from zones.models import Building, Unit, UnitSeal
from zones.rules import FOUND_WHERE, PURPOSES, FoundWhere, Purpose, SealState, WiderReason, opens_on


@dataclass(frozen=True, slots=True)
class ProposedUnit:
    """A unit that may be sealed because of an infection, why, and the seal that holds there already."""

    unit: Unit
    purpose: Purpose
    why: str | Promise
    state: SealState | None = None
    seal: UnitSeal | None = None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed (to be ticked), what else is at hand, and why nothing is proposed."""

    units: list[ProposedUnit]
    silent_because: str | Promise = ""
    """Empty, or why no zone is proposed: one can still be designated, with a reason where the rules ask."""
    others: list[ProposedUnit] = field(default_factory=list)
    """The other units of the same buildings; where nothing is proposed, the units of the stays as well."""


def proposed_units(*, infection: Infection, at: dt.datetime) -> Proposed:
    """The units that a zone because of this infection would be made of (N二(四)), each with why.

    Nothing is proposed for an infection found in central isolation, in closed loop or at entry, in home
    isolation without spread or before the spread is judged, nor once the clean dates are over. Sites are
    not sealed. Four queries at most.
    """
    today = timezone.localdate(at)
    stays = _stays(infection)
    buildings = {stay.unit.building_id for stay in stays if stay.unit}
    units = Unit.objects.filter(building__in=buildings).select_related("building__compound__community")
    seals = {
        seal.unit_id: seal
        for seal in UnitSeal.objects.holding(at).filter(unit__in=units).select_related("zone")
    }
    stayed: dict[int, ProposedUnit] = {}
    for stay in stays:
        if stay.unit and stay.unit.pk not in stayed:
            stayed[stay.unit.pk] = _proposed(stay.unit, Purpose(stay.purpose), _why(stay), seals, at)
    purposes = {each.unit.building_id: each.purpose for each in reversed(stayed.values())}
    beside = [
        _proposed(unit, purposes[unit.building_id], _("the same building"), seals, at)
        for unit in units
        if unit.pk not in stayed
    ]
    silent = _silent_because(infection, today)
    if silent:
        return Proposed([], silent, [*stayed.values(), *beside])
    return Proposed(list(stayed.values()), "", beside)


def _stays(infection: Infection) -> list[InfectionStay]:
    """Those in units: home first, then work, then activity."""
    order = list(PURPOSES)
    stays = infection.stays.exclude(unit=None).select_related("unit__building__compound__community")
    return sorted(stays, key=lambda stay: (order.index(Purpose(stay.purpose)), stay.from_on, stay.pk))


def _why(stay: InfectionStay) -> Promise:
    return format_lazy(
        _("{purpose}, stayed {first} to {last}"),
        purpose=PURPOSES[Purpose(stay.purpose)],
        first=f"{stay.from_on:%m-%d}",
        last=f"{stay.to_on:%m-%d}",
    )


def _proposed(
    unit: Unit, purpose: Purpose, why: str | Promise, seals: Mapping[int, UnitSeal], at: dt.datetime
) -> ProposedUnit:
    seal = seals.get(unit.pk)
    return ProposedUnit(unit, purpose, why, seal.state(at) if seal else None, seal)


def _silent_because(infection: Infection, today: dt.date) -> str | Promise:
    """Why no zone is proposed; empty where one is."""
    if infection.retracted_at is not None:
        return _("The positive result was a mistake.")
    try:
        rule = edition_in_force(today).zones
    except (NoEditionInForce, UnknownEdition) as error:
        return error.sentence
    if rule is None:
        return _("The policy edition in force has no rule by which a unit is sealed.")
    opening = opens_on(infection.found_on, rule.clean_days)
    if opening <= today:
        return format_lazy(
            _("Found on {found}: the {days} dates were over on {opening}, nothing is left to seal."),
            found=infection.found_on,
            days=rule.clean_days,
            opening=opening,
        )
    if infection.found_where == FoundWhere.HOME:
        return _silent_at_home(infection)
    if infection.cause.needs_reason:
        return format_lazy(
            _("Found {where}: nobody in the building met this person, no zone is proposed."),
            where=FOUND_WHERE[FoundWhere(infection.found_where)],
        )
    return ""


def _silent_at_home(infection: Infection) -> str | Promise:
    assessment = getattr(infection, "assessment", None)
    if assessment is None or assessment.closed_at is None:
        return _("Found at home: a zone is proposed once the spread is judged.")
    if assessment.conclusion == Spread.NO_SPREAD:
        return _("Found at home without spread: no zone is proposed.")
    return ""


def seal_because_of(
    *,
    infections: Sequence[Infection],
    units: Mapping[Unit, Purpose],
    reason: str = "",
    wider: WiderReason | None = None,
    wider_note: str = "",
    by: User,
    at: dt.datetime,
) -> list[Designation]:
    """Seal units because of infections, all or none, in the order of compounds.

    The clock of a unit counts from the last infection that concerns it and from no other: one designation a
    compound, more where different infections stayed in its buildings. A building where none of them stayed
    rests on those that stayed in its compound, or on all. Where another zone holds all units of a part, they
    come back as taken, unless that is everything. Raises RuleViolation `no_infection` when one does not
    stand or lies outside the area of `by`, and whatever `zones.actions.designate` raises.
    """
    standing = _in_sight(infections, by=by)
    stayed = _buildings(standing)
    parts = _parts(standing, stayed, units)
    if not parts:
        raise RuleViolation("no_units", "", _("Please choose at least one unit."), field="units")
    made: list[Designation] = []
    taken: list[RuleViolation] = []
    with transaction.atomic():
        for causes, some in parts:
            try:
                designation = designate(
                    compound=next(iter(some)).building.compound,
                    units=some,
                    causes=[infection.cause for infection in causes],
                    stayed=set(stayed),
                    reason=reason,
                    wider=wider,
                    wider_note=wider_note,
                    by=by,
                    at=at,
                )
            except RuleViolation as refusal:
                if refusal.code != "all_taken":
                    raise
                taken.append(refusal)
                designation = Designation(None, taken=list(some))
            made.append(designation)
    if len(taken) == len(parts):
        raise taken[0]
    return made


def _buildings(infections: Sequence[Infection]) -> dict[int, set[int]]:
    """Which of the infections stayed in which building; both by their keys."""
    stays = InfectionStay.objects.filter(infection__in=infections, unit__isnull=False)
    found: dict[int, set[int]] = {}
    for building, infection in stays.values_list("unit__building", "infection"):
        found.setdefault(building, set()).add(infection)
    return found


def _parts(
    standing: Sequence[Infection], stayed: Mapping[int, set[int]], units: Mapping[Unit, Purpose]
) -> list[tuple[list[Infection], dict[Unit, Purpose]]]:
    """The units of each compound that the same infections concern, with these infections."""
    wanted = Unit.objects.select_related("building__compound__community").in_bulk([unit.pk for unit in units])
    compounds = dict(Building.objects.filter(pk__in=stayed).values_list("pk", "compound"))
    near: dict[int, set[int]] = {}
    for building, keys in stayed.items():
        near.setdefault(compounds[building], set()).update(keys)
    everybody = {infection.pk for infection in standing}
    parts: dict[tuple[int, tuple[int, ...]], dict[Unit, Purpose]] = {}
    for unit, purpose in units.items():
        whole = wanted[unit.pk]
        compound = whole.building.compound_id
        concerning = stayed.get(whole.building_id) or near.get(compound) or everybody
        parts.setdefault((compound, tuple(sorted(concerning))), {})[whole] = Purpose(purpose)
    by_key = {infection.pk: infection for infection in standing}
    return [
        ([by_key[key] for key in keys], some) for (_compound, keys), some in sorted(parts.items(), key=_first)
    ]


def _first(part: tuple[tuple[int, tuple[int, ...]], dict[Unit, Purpose]]) -> tuple[int, tuple[int, ...]]:
    return part[0]


def restart_because_of(
    *, infection: Infection, units: Collection[Unit], reason: str = "", by: User, at: dt.datetime
) -> Restart:
    """Start the days anew of those of the units that are sealed now, because of this infection.

    It concerns the units of the buildings where the infected person stayed, and no others: whoever finds a
    further place records the stay first. Units that are open again come back in `unsealed`: they are
    designated anew, or not at all. Raises RuleViolation `no_infection`, `not_concerned`, and whatever
    `zones.actions.restart` raises.
    """
    standing = _in_sight([infection], by=by)
    stayed = _buildings(standing)
    whole = list(
        Unit.objects.filter(pk__in=[unit.pk for unit in units])
        .select_related("building__compound__community")
        .order_by("pk")
    )
    if any(unit.building_id not in stayed for unit in whole):
        raise RuleViolation(
            "not_concerned",
            "二(四)",
            _(
                "The infected person did not stay in some of these buildings, as far as recorded: only the "
                "units that an infection concerns start anew. Please record the stay first."
            ),
            field="units",
        )
    return restart(units=whole, cause=standing[0].cause, reason=reason, by=by, at=at)


def _in_sight(infections: Sequence[Infection], *, by: User) -> list[Infection]:
    """The infections as they stand now, with the judgement of their spread."""
    wanted = {infection.pk for infection in infections}
    found = list(
        Infection.objects.visible_to(by)
        .standing()
        .filter(pk__in=wanted)
        .select_related("assessment")
        .order_by("pk")
    )
    if not found or {infection.pk for infection in found} != wanted:
        raise RuleViolation(
            "no_infection",
            "二(四)",
            _("A unit is sealed because of an infection that stands, and of nothing else."),
            field="infections",
        )
    return found
