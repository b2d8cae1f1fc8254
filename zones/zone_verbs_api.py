"""What supervisors do with zones through the API: open early, approve, refuse.

Designating and restarting rest on infections, which stand a floor above: see `cases.api.zoning`.
"""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ACT_ERRORS, LIST_ERRORS, ListView, SystemView
from accounts.idempotency import idempotent
from accounts.rules import Ability
from policy import clock
from policy.api import StrictSerializer, WordField
from policy.refusals import BadInput
from zones.actions import Designation, approve, end_early, refuse
from zones.api import KeysField, TextField
from zones.models import UnitSeal, Zone, ZoneProposal
from zones.rules import DECISIONS, Decision
from zones.zone_shapes import (
    PROPOSAL_STATES,
    ProposalDecided,
    ProposalShape,
    ZoneEnded,
    proposal_json,
    proposals_written,
    zone_json,
)

MOST_UNITS = 2000


class EndEarlyInput(StrictSerializer):
    """Why, and which units."""

    reason = TextField(max_length=300, help_text="Kept with the zone.")
    units = KeysField(
        required=False, allow_empty=False, max_length=MOST_UNITS, help_text="Left out: all that are sealed."
    )


class DecisionInput(StrictSerializer):
    """Yes or no, and why."""

    decision = WordField([(each, DECISIONS[each]) for each in (Decision.APPROVED, Decision.REFUSED)])
    reason = TextField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Needed to refuse."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Whoever refuses says why."""
        if attrs["decision"] == Decision.REFUSED and not attrs["reason"]:
            raise serializers.ValidationError({"reason": [_("Whoever refuses says why.")]})
        return attrs


class ZoneEndEarly(SystemView):
    """Ending early."""

    queryset = Zone.objects.all()
    to_write = Ability.SUPERVISE

    @extend_schema(
        operation_id="zone_end_early",
        tags=["zones"],
        request=EndEarlyInput,
        responses={200: ZoneEnded, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Open units from now on, with a reason. Extending is not offered anywhere."""
        said, at = self.checked(EndEarlyInput).validated_data, clock.now()
        zone = get_object_or_404(Zone.objects.visible_to(self.staff), pk=pk)
        seals = self._seals(zone, said.get("units"))
        opened = end_early(seals=seals, reason=said["reason"], by=self.staff, at=at) if seals else 0
        return Response({"changed": opened > 0, "opened": opened, "zone": zone_json(zone.pk, at)})

    def _seals(self, zone: Zone, units: list[int] | None) -> list[UnitSeal]:
        """Those of the zone, or of these units of it. Raises BadInput where one is not of the zone."""
        seals = UnitSeal.objects.filter(zone=zone).select_related(
            "unit__building__compound", "zone", "community"
        )
        if units is None:
            return list(seals.holding(clock.now()))
        found = [seal for seal in seals if seal.unit_id in set(units)]
        if len(found) < len(units):
            raise BadInput("units", _("This zone has no such unit."))
        return found


class ProposalFilter(django_filters.FilterSet):
    """Proposals by what became of them."""

    state = django_filters.ChoiceFilter(
        method="by_state", choices=[(state, state) for state in PROPOSAL_STATES], label="Left out: all."
    )

    class Meta:
        model = ZoneProposal
        fields: list[str] = []

    def by_state(self, proposals: Any, name: str, value: str) -> QuerySet[ZoneProposal]:
        """Decided how, still to decide, or too late for it."""
        del name
        today = clock.today()
        match value:
            case "undecided":
                return proposals.undecided().filter(lapses_on__gt=today)
            case "lapsed":
                return proposals.undecided().filter(lapses_on__lte=today)
        return proposals.filter(decision=value)


class ProposalList(ListView):
    """Proposals of wider zones."""

    queryset = ZoneProposal.objects.all()
    filterset_class = ProposalFilter

    def get_queryset(self) -> QuerySet[ZoneProposal]:
        """Those of the caller's area."""
        return proposals_written(ZoneProposal.objects.visible_to(self.staff))

    def as_json(self, row: ZoneProposal) -> dict[str, Any]:
        """One proposal."""
        return proposal_json(row, self.today)

    @extend_schema(
        operation_id="zone_proposals",
        tags=["zones"],
        responses={200: ProposalShape(many=True), **LIST_ERRORS},
    )
    def get(self, request: Request) -> Response:
        """List proposals of units beyond the buildings where an infected person stayed (三(二))."""
        return self.page()


class ProposalDecide(SystemView):
    """The decision about a proposal."""

    queryset = ZoneProposal.objects.all()
    to_write = Ability.SUPERVISE

    @extend_schema(
        operation_id="zone_proposal_decide",
        tags=["zones"],
        request=DecisionInput,
        responses={200: ProposalDecided, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Approve, which seals the units, or refuse. Only an area above that of the proposer decides."""
        said, at = self.checked(DecisionInput).validated_data, clock.now()
        found = get_object_or_404(ZoneProposal.objects.visible_to(self.staff), pk=pk)
        made: Designation | None = None
        if said["decision"] == Decision.APPROVED:
            made = approve(proposal=found, reason=said["reason"], by=self.staff, at=at)
            changed = True
        else:
            changed = refuse(proposal=found, reason=said["reason"], by=self.staff, at=at)
        proposal = proposals_written(ZoneProposal.objects.filter(pk=pk)).get()
        return Response(
            {
                "changed": changed,
                "proposal": proposal_json(proposal, self.today),
                "zone": zone_json(made.zone.pk, at) if made and made.zone else None,
                "taken": [unit.pk for unit in made.taken] if made else [],
            }
        )
