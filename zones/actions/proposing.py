"""Wider zones: proposed with one of the two reasons, decided by somebody above the proposer (N三(二))."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import Ability
from accounts.scoped import area_columns
from notices.rules import MessageKind
from policy.refusals import RuleViolation
from zones.actions.event_rows import tidy_reason
from zones.actions.sealing import (
    ATTEMPTS,
    Designation,
    Ground,
    Wider,
    all_taken,
    free_of,
    ground_of,
    seal_units,
)
from zones.actions.telling import boundary, tell_of_proposal
from zones.models import Compound, Unit, ZoneProposal
from zones.rules import Cause, Decision, FoundWhere


def propose(
    *,
    compound: Compound,
    units: Mapping[Unit, str],
    ground: Ground,
    reason: str,
    wider: Wider,
    by: User,
    at: dt.datetime,
) -> ZoneProposal:
    """Write a proposal for these units and tell whoever decides; one that waits for them all is kept.

    In the caller's transaction; holds the compound, so that two of the same become one.
    """
    Compound.objects.select_for_update(no_key=True).get(pk=compound.pk)
    if waiting := _waiting(compound, units, ground, at):
        return waiting
    ordered = sorted(units, key=lambda unit: unit.pk)
    purposes = set(units.values())
    proposal = ZoneProposal.objects.create(
        **area_columns(compound.community),
        compound=compound,
        boundary=boundary(ordered),
        purpose=purposes.pop() if len(purposes) == 1 else "",
        causes=[cause_row(cause) for cause in ground.causes],
        wider_reason=wider.reason,
        wider_note=wider.note,
        reason=reason,
        proposed_at=at,
        proposed_by=by,
        lapses_on=ground.release_on,
    )
    proposal.units.set(ordered)
    tell_of_proposal(
        proposal,
        MessageKind.ZONE_PROPOSED,
        _concerned(proposal),
        key=f"zone-proposed:{proposal.pk}",
        at=at,
        clause=ground.rule.wider_clause,
        release_on=str(ground.release_on),
        found_on=str(ground.latest.found_on),
        since=str(ground.latest.found_on),
        days=ground.rule.clean_days,
    )
    return proposal


def _waiting(
    compound: Compound, units: Iterable[Unit], ground: Ground, at: dt.datetime
) -> ZoneProposal | None:
    wanted = {unit.pk for unit in units}
    others = ZoneProposal.objects.undecided().filter(
        compound=compound, lapses_on__gte=ground.release_on, lapses_on__gt=timezone.localdate(at)
    )
    for other in others.prefetch_related("units").order_by("pk"):
        if wanted <= {unit.pk for unit in other.units.all()}:
            return other
    return None


def _concerned(proposal: ZoneProposal) -> list[Area]:
    """The community's office, the proposer's, and the one above the proposer, which decides."""
    proposer = proposal.proposed_by.area
    areas = [proposal.community, proposer, proposer.parent if proposer else None]
    return list({area.pk: area for area in areas if area}.values())


def approve(*, proposal: ZoneProposal, reason: str = "", by: User, at: dt.datetime) -> Designation:
    """Seal what was proposed, from now on; the zone names the reason, the proposer and who approved.

    Only somebody whose area lies above the proposer's. The days count from the infections of the proposal
    that still stand, by the edition of today. Units sealed in the meantime are returned as `taken`.
    Raises RuleViolation `not_above`, `decided_already`, `lapsed`, `not_in_edition`, `all_taken`.
    """
    reason = tidy_reason(reason)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _approve(_undecided(proposal, by), reason, by=by, at=at)
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _approve(found: ZoneProposal, reason: str, *, by: User, at: dt.datetime) -> Designation:
    today = timezone.localdate(at)
    causes = [cause_of(row) for row in found.causes]
    if found.lapses_on <= today or not causes:
        raise _lapsed()
    ground = _ground(causes, today)
    units = list(found.units.select_related("building"))
    free, taken = free_of(units, at=at)
    if not free:
        raise all_taken()
    zone, seals = seal_units(
        compound=found.compound,
        units=dict.fromkeys(free, found.purpose),
        ground=ground,
        reason=found.reason,
        wider=Wider(found.wider_reason, found.wider_note, by),
        designated_by=found.proposed_by,
        by=by,
        at=at,
    )
    found.zone = zone
    _decide(found, Decision.APPROVED, reason, by=by, at=at)
    return Designation(zone=zone, sealed=seals, taken=taken, proposal=found)


def _ground(causes: list[Cause], today: dt.date) -> Ground:
    try:
        return ground_of(causes, today)
    except RuleViolation as refused:
        if refused.code == "nothing_left":  # another edition may have brought the end forward
            raise _lapsed() from refused
        raise


def refuse(*, proposal: ZoneProposal, reason: str, by: User, at: dt.datetime) -> bool:
    """Refuse a proposal, with a reason: nothing is sealed. Also one that lapsed can be put away so.

    Raises RuleViolation `reason_needed`, `not_above`, `decided_already`.
    """
    reason = tidy_reason(reason)
    if not reason:
        raise RuleViolation("reason_needed", "", _("Whoever refuses says why."), field="reason")
    with transaction.atomic():
        _decide(_undecided(proposal, by), Decision.REFUSED, reason, by=by, at=at)
    return True


def _undecided(proposal: ZoneProposal, by: User) -> ZoneProposal:
    """The proposal, held until the transaction ends, if this user may decide it and nobody has."""
    held = ZoneProposal.objects.select_for_update(no_key=True, of=("self",))
    found = held.select_related("compound__community", "community", "proposed_by__area__parent").get(
        pk=proposal.pk
    )
    if not is_above(by, found):
        raise RuleViolation(
            "not_above",
            "三(二)",
            _("A wider zone is decided by a supervisor whose area lies above that of the proposer."),
        )
    if found.decision != Decision.NONE:
        raise RuleViolation("decided_already", "", _("This proposal was decided already."))
    return found


def is_above(user: User, proposal: ZoneProposal) -> bool:
    """Whether that user may decide that proposal: a supervisor strictly above whoever made it."""
    below = proposal.proposed_by.area or proposal.community
    area = user.area
    if area is None or not user.may(Ability.SUPERVISE):
        return False
    return area.covers(below) and area.pk != below.pk and area.covers(proposal.community)


def _decide(found: ZoneProposal, decision: Decision, reason: str, *, by: User, at: dt.datetime) -> None:
    found.decision, found.decided_reason = decision, reason
    found.decided_by, found.decided_at = by, at
    found.save(update_fields=["decision", "decided_reason", "decided_by", "decided_at", "zone"])
    tell_of_proposal(
        found,
        MessageKind.ZONE_DECIDED,
        _concerned(found),
        key=f"zone-decided:{found.pk}",
        at=at,
        decision=str(decision),
        reason=reason,
        zone=found.zone_id,
    )


def _lapsed() -> RuleViolation:
    return RuleViolation(
        "lapsed", "二(四)", _("The days of its infections are over: nothing is left to seal.")
    )


# ── infections as a proposal keeps them ──────────────────────────────────────────────────────────


def cause_row(cause: Cause) -> dict[str, object]:
    """An infection as it is stored with a proposal."""
    return {
        "infection": cause.infection,
        "found_on": str(cause.found_on),
        "found_where": str(cause.found_where),
        "spread": cause.spread,
    }


def cause_of(row: Mapping[str, object]) -> Cause:
    """The infection behind a stored row."""
    return Cause(
        infection=int(str(row["infection"])),
        found_on=dt.date.fromisoformat(str(row["found_on"])),
        found_where=FoundWhere(str(row["found_where"])),
        spread=bool(row["spread"]),
    )


def forget_cause(infection: int, *, at: dt.datetime) -> None:
    """Take an infection that was a mistake out of the proposals that wait; without any they lapse now."""
    today = timezone.localdate(at)
    waiting = ZoneProposal.objects.undecided().filter(lapses_on__gt=today).order_by("pk")
    for proposal in waiting.select_for_update(no_key=True, of=("self",)):
        standing = [row for row in proposal.causes if row["infection"] != infection]
        if len(standing) == len(proposal.causes):
            continue
        earlier = _days_earlier(proposal.causes, standing)
        proposal.causes = standing
        proposal.lapses_on = max(today, proposal.lapses_on - earlier) if standing else today
        proposal.save(update_fields=["causes", "lapses_on"])


def _days_earlier(before: list[dict[str, object]], after: list[dict[str, object]]) -> dt.timedelta:
    """By how much the last infection moves back."""
    if not after:
        return dt.timedelta()
    last = max(cause_of(row).found_on for row in before)
    return last - max(cause_of(row).found_on for row in after)
