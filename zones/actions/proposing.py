"""Deciding about a zone beyond the buildings of the infected: somebody above the proposer does (N三(二))."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rules import Ability
from notices.rules import MessageKind
from policy.refusals import RuleViolation
from zones.actions.event_rows import check_area
from zones.actions.opening import open_due
from zones.actions.telling import tell_of_proposal
from zones.actions.zoning import Designation, Wanted, all_taken, rule_of_zones, seal_units, taken_units
from zones.models import ZoneProposal
from zones.rules import Cause, Decision, FoundWhere, Purpose


def may_decide(*, proposal: ZoneProposal, by: User) -> bool:
    """Whether the user supervises an area strictly above the one of whoever proposed."""
    proposer = proposal.proposed_by.area
    above = by.area is not None and proposer is not None and by.area != proposer and by.area.covers(proposer)
    return above and by.may(Ability.SUPERVISE)


def causes_of(proposal: ZoneProposal) -> list[Cause]:
    """The infections that a proposal rests on."""
    return [
        Cause(
            infection=row["infection"],
            found_on=dt.date.fromisoformat(row["found_on"]),
            found_where=FoundWhere(row["found_where"]),
            spread=row["spread"],
        )
        for row in proposal.causes
    ]


def approve(*, proposal: ZoneProposal, reason: str = "", by: User, at: dt.datetime) -> Designation:
    """Seal the units of a wider zone; what is sealed already stays as it is.

    Raises RuleViolation `decided_already`, `not_above`, `lapsed`, `not_in_edition`, `all_taken`.
    """
    with transaction.atomic():
        locked = _locked(proposal, by)
        edition, rule = rule_of_zones(at)
        units = {
            unit: Purpose(locked.purpose)
            for unit in locked.units.select_related("building__compound").order_by("pk")
        }
        wanted = Wanted(
            locked.compound,
            units,
            causes_of(locked),
            edition,
            rule,
            reason=locked.reason,
            wider=locked.wider_reason,
            wider_note=locked.wider_note,
            approved_by=by,
        )
        if not wanted.causes or wanted.release_on <= timezone.localdate(at):
            raise RuleViolation(
                "lapsed", rule.clause, _("This proposal has lapsed: there is nothing left to seal.")
            )
        open_due(units=[unit.pk for unit in units], at=at)
        taken = taken_units(units)
        free = {unit: purpose for unit, purpose in units.items() if unit not in taken}
        if not free:
            raise all_taken()
        zone, sealed = seal_units(wanted, free, by=locked.proposed_by, at=at)
        locked.zone = zone
        _decide(locked, Decision.APPROVED, reason, clause=rule.wider_clause, by=by, at=at)
        proposal.refresh_from_db()
        return Designation(zone, sealed, sorted(taken, key=lambda unit: unit.pk))


def refuse(*, proposal: ZoneProposal, reason: str, by: User, at: dt.datetime) -> bool:
    """Say no, with a reason; nothing of it was ever sealed. Returns whether we did it.

    Raises RuleViolation `decided_already`, `not_above`, `reason_needed`.
    """
    if not reason.strip():
        raise RuleViolation("reason_needed", "", _("Please give the reason."), field="reason")
    with transaction.atomic():
        _decide(_locked(proposal, by), Decision.REFUSED, reason, clause="", by=by, at=at)
    proposal.refresh_from_db()
    return True


def _locked(proposal: ZoneProposal, by: User) -> ZoneProposal:
    locked = ZoneProposal.objects.select_for_update(of=("self",), no_key=True).get(pk=proposal.pk)
    check_area([locked.community], by)
    if locked.decision:
        raise RuleViolation("decided_already", "", _("This proposal has been decided already."))
    if not may_decide(proposal=locked, by=by):
        raise RuleViolation(
            "not_above",
            "三(二)",
            _("A wider zone is decided by a supervisor of an area above that of whoever proposed it."),
        )
    return locked


def _decide(
    proposal: ZoneProposal, decision: Decision, reason: str, *, clause: str, by: User, at: dt.datetime
) -> None:
    proposal.decision = decision
    proposal.decided_at = at
    proposal.decided_by = by
    proposal.decided_reason = reason.strip()
    proposal.save()
    tell_of_proposal(
        proposal,
        MessageKind.ZONE_DECIDED,
        [proposal.community],
        key=f"zone-decided:{proposal.pk}",
        at=at,
        clause=clause,
        decision=str(decision),
        reason=reason.strip(),
    )
