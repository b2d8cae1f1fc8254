"""Proposals of wider zones: who asked for more than units and buildings, why, and who decides (N三(二))."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area, User
from accounts.rules import Ability, Role, codes_upward
from cases.forms.zoning import Decide, DecideForm, blame
from cases.models import Infection
from cases.paging import PAGE_SIZE
from cases.zone_rows import in_house_order, residents_of
from policy import clock
from policy.models import NoEditionInForce, edition_in_force
from policy.refusals import RuleViolation
from zones import actions
from zones.models import Unit, ZoneProposal
from zones.models.zone import ZoneProposalQuerySet
from zones.rules import (
    DECISIONS,
    FOUND_WHERE,
    WIDER_REASONS,
    Decision,
    FoundWhere,
    WiderReason,
)

NAMED = 5
"""So many of those who may decide are named."""


@dataclass(slots=True)
class ProposalLine:
    """One proposal as the reader sees it."""

    proposal: ZoneProposal
    today: dt.date
    reader: User

    @property
    def lapsed(self) -> bool:
        """Undecided so long that nothing would be left to seal."""
        return self.proposal.decision == Decision.NONE and self.proposal.lapses_on <= self.today

    @property
    def waits(self) -> bool:
        """Whether somebody can still decide it."""
        return self.proposal.decision == Decision.NONE and not self.lapsed

    @property
    def above(self) -> bool:
        """Whether the reader's area lies strictly above that of the proposer."""
        area, below = self.reader.area, self.proposal.proposed_by.area or self.proposal.community
        return area is not None and area.pk != below.pk and area.covers(below)

    @property
    def mine_to_decide(self) -> bool:
        """Whether the reader can decide it now."""
        return self.waits and actions.is_above(self.reader, self.proposal)

    @property
    def state_label(self) -> str:
        """Where it stands, in words."""
        if self.lapsed:
            return str(pgettext_lazy("proposal", "lapsed"))
        return str(DECISIONS[Decision(self.proposal.decision)])

    @property
    def badge(self) -> str:
        """The class of its badge."""
        if self.proposal.decision == Decision.APPROVED:
            return "seal"
        return "late" if self.waits else "zero past" if self.lapsed else "open"

    @property
    def wider(self) -> str:
        """Which of the two reasons."""
        return str(WIDER_REASONS[WiderReason(self.proposal.wider_reason)])


def deciders(area: Area | None) -> list[User]:
    """Supervisors whose area lies strictly above that one, the nearest first; at most `NAMED`. One query."""
    if area is None:
        return []
    found = User.objects.filter(
        area__code__in=codes_upward(area.code)[:-1], is_active=True, posts__role=Role.SUPERVISOR
    ).distinct()
    return sorted(found, key=lambda user: -len(user.area.code if user.area else ""))[:NAMED]


def _with_names(proposals: ZoneProposalQuerySet) -> ZoneProposalQuerySet:
    return proposals.select_related(
        "compound", "community", "street", "proposed_by__area", "decided_by", "zone"
    )


@requires(Ability.SEE_CASES)
@require_safe
def zone_proposals(request: StaffRequest) -> HttpResponse:
    """Those that wait, the one that lapses first on top, and what became of the others."""
    today, user = clock.today(), request.user
    seen = _with_names(ZoneProposal.objects.visible_to(user))
    waiting = seen.undecided().filter(lapses_on__gt=today).order_by("lapses_on", "pk")
    done = seen.exclude(pk__in=waiting.values("pk")).order_by("-proposed_at", "-pk")
    context = {
        "waiting": _lines(waiting, today, user),
        "done": _lines(done[:PAGE_SIZE], today, user),
        "today": today,
    }
    return render(request, "zones/staff/proposals.html", context)


def _lines(proposals: Iterable[ZoneProposal], today: dt.date, user: User) -> list[ProposalLine]:
    return [ProposalLine(proposal, today, user) for proposal in proposals]


@requires(Ability.SEE_CASES)
@require_safe
def zone_proposal(request: StaffRequest, pk: int) -> HttpResponse:
    """The facts on which somebody above decides, or what was decided."""
    return _page(request, _proposal_of(request, pk), DecideForm())


def _proposal_of(request: StaffRequest, pk: int) -> ZoneProposal:
    return get_object_or_404(_with_names(ZoneProposal.objects.visible_to(request.user)), pk=pk)


def _page(
    request: StaffRequest, proposal: ZoneProposal, form: DecideForm, *, status: int = 200
) -> HttpResponse:
    line = ProposalLine(proposal, clock.today(), request.user)
    units = sorted(proposal.units.select_related("building"), key=in_house_order)
    people = residents_of([unit.pk for unit in units])
    context = {
        "line": line,
        "proposal": proposal,
        "form": form,
        "units": [(unit, people.get(unit.pk, 0)) for unit in units],
        "people": sum(people.values()),
        "causes": _causes(request.user, proposal.causes),
        "deciders": deciders(proposal.proposed_by.area) if line.waits and not line.mine_to_decide else [],
        "clause": _clause(line.today),
        "today": line.today,
    }
    return render(request, "zones/staff/proposal.html", context, status=status)


def _clause(today: dt.date) -> str:
    """The clause of the two reasons in the edition in force, "" without one."""
    try:
        rule = edition_in_force(today).zones
    except NoEditionInForce:
        return ""
    return rule.wider_clause if rule else ""


def _causes(user: User, causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The infections behind a proposal; those found in the reader's area with their record. One query."""
    seen = Infection.objects.visible_to(user).in_bulk([cause["infection"] for cause in causes])
    return [
        {
            "infection": seen.get(cause["infection"]),
            "found_on": parse_date(str(cause["found_on"])),
            "where": FOUND_WHERE[FoundWhere(cause["found_where"])],
        }
        for cause in causes
    ]


@requires(Ability.SUPERVISE)
@require_POST
def zone_proposal_decide(request: StaffRequest, pk: int) -> HttpResponse:
    """Approve, which seals the units at once, or refuse with a reason. Only an area above decides."""
    proposal = _proposal_of(request, pk)
    form = DecideForm(request.POST)
    if form.is_valid():
        reason, at = form.cleaned_data["reason"], clock.now()
        try:
            if form.cleaned_data["decision"] == Decide.APPROVE:
                return _approved(request, proposal, reason, at)
            return _refused(request, proposal, reason, at)
        except RuleViolation as refusal:
            proposal.refresh_from_db()
            if proposal.decision != Decision.NONE:  # somebody was faster, or it was sent twice
                messages.info(request, _("This was decided already; nothing changed."))
                return redirect("zone-proposal", proposal.pk)
            blame(form, refusal)
    return _page(request, proposal, form, status=422)


def _approved(request: StaffRequest, proposal: ZoneProposal, reason: str, at: dt.datetime) -> HttpResponse:
    made = actions.approve(proposal=proposal, reason=reason, by=request.user, at=at)
    tell_taken(request, made.taken)
    if made.zone is None:
        messages.info(request, _("Approved; every unit is sealed already."))
        return redirect("zone-proposal", proposal.pk)
    messages.success(request, _("Approved and sealed: %(zone)s.") % {"zone": made.zone})
    return redirect(made.zone)


def _refused(request: StaffRequest, proposal: ZoneProposal, reason: str, at: dt.datetime) -> HttpResponse:
    if actions.refuse(proposal=proposal, reason=reason, by=request.user, at=at):
        messages.success(request, _("Refused: nothing is sealed. The proposer is told."))
    else:
        messages.info(request, _("This was decided already; nothing changed."))
    return redirect("zone-proposal", proposal.pk)


def tell_taken(request: StaffRequest, units: Iterable[Unit]) -> None:
    """Say by name which units another zone held already."""
    names = pgettext_lazy("between items", ", ")
    taken = str(names).join(str(unit) for unit in units)
    if taken:
        messages.warning(request, _("Sealed already, by another zone: %(units)s.") % {"units": taken})
