"""What moves the date of a unit: a new infection later; a mistaken one, or another edition, earlier."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notices.rules import MessageKind
from policy.loading import EditionError
from policy.models import NoEditionInForce, activation_in_force
from policy.refusals import RuleViolation
from zones.actions.event_rows import check_area, refresh_zones, seal_event, tidy_reason
from zones.actions.opening import lift, open_due
from zones.actions.proposing import forget_cause
from zones.actions.sealing import check_found, rule_on
from zones.actions.telling import seals_context, tell_of_zone
from zones.models import SealCause, Unit, UnitSeal, ZoneEvent
from zones.models.zone import UnitSealQuerySet
from zones.rules import Cause, SealEnding, ZoneEventKind, opens_on

log = structlog.get_logger("jiefeng.zones")


@dataclass(frozen=True, slots=True)
class Restart:
    """What a new infection did to the units that it concerns."""

    restarted: list[UnitSeal] = field(default_factory=list)
    unchanged: list[UnitSeal] = field(default_factory=list)
    """Sealed, and the infection was found no later than the last one: it is noted, no date moves."""
    unsealed: list[Unit] = field(default_factory=list)
    """Open: whoever wants them sealed designates anew."""


def restart(*, units: Collection[Unit], cause: Cause, reason: str = "", by: User, at: dt.datetime) -> Restart:
    """Start the days of these units anew because of a new infection (N二(四)); the others keep their clock.

    Raises RuleViolation `no_units`, `outside_area`, `not_in_edition`, and `reason_needed` for an infection
    found in isolation, in closed loop or at entry.
    """
    if not units:
        raise RuleViolation("no_units", "", _("Please choose at least one unit."), field="units")
    check_area({unit.building.compound.community for unit in units}, by)
    edition, rule = rule_on(timezone.localdate(at))
    check_found(cause, timezone.localdate(at))
    if cause.needs_reason_to_restart and not reason.strip():
        raise RuleViolation(
            "reason_needed",
            rule.clause,
            _("Found in isolation or closed loop: please say why the days of these units start anew."),
            field="reason",
        )
    with transaction.atomic():
        wanted = UnitSeal.objects.unswept().filter(unit__in=list(units))
        _follow(wanted, at)
        open_due(units=[unit.pk for unit in units], at=at)
        seals = _locked(wanted.all())
        known = set(
            SealCause.objects.filter(seal__in=seals, infection=cause.infection).values_list("seal", flat=True)
        )
        done = Restart(unsealed=_without_seal(units, seals))
        events = []
        for seal in seals:
            later = opens_on(cause.found_on, rule.clean_days)
            if cause.found_on > seal.last_infection_on and later > timezone.localdate(at):
                seal.last_infection_on = cause.found_on
                seal.edition, seal.clause = edition.code, rule.clause
                seal.clean_days, seal.round_day = rule.clean_days, rule.round_day
                seal.release_on = seal.planned_release_on = later
                seal.round_met_at = None
                done.restarted.append(seal)
                kind = ZoneEventKind.RESTARTED
            else:
                done.unchanged.append(seal)
                kind = ZoneEventKind.INFECTION_NOTED
            if kind is ZoneEventKind.RESTARTED or seal.pk not in known:
                facts = {"infection": cause.infection, "found_on": cause.found_on}
                events.append(seal_event(seal, kind, at=at, by=by, reason=tidy_reason(reason), **facts))
        UnitSeal.objects.bulk_update(
            done.restarted,
            [
                "last_infection_on",
                "edition",
                "clause",
                "clean_days",
                "round_day",
                "release_on",
                "planned_release_on",
                "round_met_at",
            ],
            batch_size=500,
        )
        _note_cause(seals, cause, by=by, at=at)
        ZoneEvent.objects.bulk_create(events, batch_size=500)
        for zone in refresh_zones({seal.zone_id for seal in done.restarted}, at=at, by=by):
            moved = [seal for seal in done.restarted if seal.zone_id == zone.pk]
            tell_of_zone(
                zone,
                MessageKind.ZONE_RESTARTED,
                seals_context(zone, moved),
                key=f"zone-restarted:{zone.pk}:{cause.infection}:{moved[0].pk}:{cause.found_on}",
                at=at,
            )
    return done


def _locked(seals: UnitSealQuerySet) -> list[UnitSeal]:
    return list(
        seals.select_related("unit__building__compound")
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
    )


def _without_seal(units: Collection[Unit], seals: Sequence[UnitSeal]) -> list[Unit]:
    sealed = {seal.unit_id for seal in seals}
    return [unit for unit in units if unit.pk not in sealed]


def _note_cause(seals: Sequence[UnitSeal], cause: Cause, *, by: User, at: dt.datetime) -> None:
    SealCause.objects.bulk_create(
        [
            SealCause(seal=seal, infection=cause.infection, found_on=cause.found_on, noted_at=at, noted_by=by)
            for seal in seals
        ],
        update_conflicts=True,
        unique_fields=["seal", "infection"],
        update_fields=["found_on", "noted_at", "noted_by", "withdrawn_at"],
        batch_size=500,
    )


# ── earlier only ─────────────────────────────────────────────────────────────────────────────────


def withdraw_cause(*, infection: int, by: User, at: dt.datetime) -> int:
    """Take back an infection that was a mistake: what remains decides the dates; nothing left opens at once.

    Returns how many units changed.
    """
    with transaction.atomic():
        causes = SealCause.objects.filter(infection=infection, withdrawn_at=None)
        keys = list(causes.values_list("seal_id", flat=True))
        causes.update(withdrawn_at=at)
        forget_cause(infection, at=at)
        resting = UnitSeal.objects.unswept().filter(pk__in=keys)
        open_due(units=list(resting.values_list("unit_id", flat=True)), at=at)
        seals = _locked(UnitSeal.objects.unswept().filter(pk__in=keys))
        left: dict[int, dt.date] = {}
        for seal_id, found_on in SealCause.objects.filter(seal__in=seals, withdrawn_at=None).values_list(
            "seal_id", "found_on"
        ):
            left[seal_id] = max(found_on, left.get(seal_id, found_on))
        lifted = lift(
            [seal.pk for seal in seals if seal.pk not in left],
            SealEnding.NO_GROUND,
            ZoneEventKind.OPENED,
            "",
            by=by,
            at=at,
        )
        moved = _earlier([seal for seal in seals if seal.pk in left], left, infection, by=by, at=at)
        open_due(units=[seal.unit_id for seal in moved], at=at)
        changed = [*lifted, *moved]
        for zone in refresh_zones({seal.zone_id for seal in changed}, at=at, by=by):
            if opened := [seal for seal in lifted if seal.zone_id == zone.pk]:
                tell_of_zone(
                    zone,
                    MessageKind.ZONE_OPENED_EARLY,
                    seals_context(zone, opened),
                    key=f"zone-no-ground:{zone.pk}:{infection}",
                    at=at,
                )
    return len(changed)


def _earlier(
    seals: Sequence[UnitSeal], left: dict[int, dt.date], infection: int, *, by: User, at: dt.datetime
) -> list[UnitSeal]:
    """Move the dates of these seals to what the infections that remain give, never later."""
    today = timezone.localdate(at)
    moved = []
    for seal in seals:
        last = left[seal.pk]
        release = max(min(opens_on(last, seal.clean_days), seal.release_on), min(today, seal.release_on))
        if last < seal.last_infection_on:
            seal.last_infection_on = last
            seal.release_on = seal.planned_release_on = release
            moved.append(seal)
    UnitSeal.objects.bulk_update(
        moved, ["last_infection_on", "release_on", "planned_release_on"], batch_size=500
    )
    ZoneEvent.objects.bulk_create(
        [
            seal_event(seal, ZoneEventKind.CAUSE_WITHDRAWN, at=at, by=by, infection=infection)
            for seal in moved
        ],
        batch_size=500,
    )
    return moved


def follow_editions(*, at: dt.datetime) -> int:
    """Plan sealed units under the edition in force: the earlier of the two dates holds. Returns how many.

    An edition without a rule of zones opens them on the date from which it holds: no clause, no hold. An
    edition that can't be read changes nothing; the clock of the seals goes on.
    """
    try:
        with transaction.atomic():
            return len(_follow(UnitSeal.objects.unswept(), at))
    except (EditionError, NoEditionInForce) as trouble:
        log.error("editions not followed by zones", reason=type(trouble).__name__)
        return 0


def _follow(seals: UnitSealQuerySet, at: dt.datetime) -> list[UnitSeal]:
    """The same for these seals, in the caller's transaction; returns those that were of another edition."""
    activation = activation_in_force(timezone.localdate(at))
    edition = activation.edition.resolved()
    rule = edition.zones
    behind = _locked(seals.exclude(edition=edition.code))
    events = []
    for seal in behind:
        before, old = seal.edition, seal.release_on
        seal.edition = edition.code
        if rule is None:
            planned = activation.from_on
        else:
            seal.clean_days = rule.clean_days
            planned = max(opens_on(seal.last_infection_on, rule.clean_days), activation.from_on)
        seal.release_on = min(old, planned)
        if rule is None or rule.round_day is None:
            seal.round_day = None
        details = {"edition_before": before, "release_before": str(old)}
        events.append(seal_event(seal, ZoneEventKind.EDITION_CHANGED, at=at, by=None, details=details))
    UnitSeal.objects.bulk_update(behind, ["edition", "clean_days", "release_on", "round_day"], batch_size=500)
    ZoneEvent.objects.bulk_create(events, batch_size=500)
    refresh_zones({seal.zone_id for seal in behind}, at=at, by=None)
    return behind
