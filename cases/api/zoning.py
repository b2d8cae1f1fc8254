"""What is sealed because of an infection: proposed, designated, started anew. See `zones.zone_verbs_api`.

Designating rests on infections, so it stands here and not below `zones/`, where zones are read.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import ACT_ERRORS, RETRIEVE_ERRORS, Described
from accounts.idempotency import idempotent
from accounts.rules import Ability
from cases.actions.zoning import ProposedUnit, proposed_units, restart_because_of, seal_because_of
from cases.api.infection_inputs import NestedInput
from cases.api.infections import InfectionView, LongJSONParser
from cases.models import Infection
from policy import clock
from policy.api import StrictSerializer, WordField
from policy.refusals import BadInput
from zones.api import KeyField, KeysField, TextField
from zones.models import Unit, UnitSeal, ZoneProposal
from zones.rules import PURPOSES, SEAL_STATES, WIDER_REASONS, Purpose, WiderReason
from zones.zone_shapes import (
    ProposalShape,
    UnitOfZone,
    ZoneShape,
    proposal_json,
    proposals_written,
    seals_json,
    zone_json,
)

MOST_UNITS = 500


class UnitWithPurpose(StrictSerializer):
    """A unit, and what it is to the infected person."""

    unit = KeyField()
    purpose = WordField(list(PURPOSES.items()))


class DesignationInput(NestedInput):
    """Units to seal because of this infection, and of others that are named."""

    units = UnitWithPurpose(
        many=True,
        allow_empty=False,
        max_length=MOST_UNITS,  # type: ignore[call-arg]
    )
    infections = KeysField(
        required=False, max_length=20, help_text="Other infections that concern these units too."
    )
    reason = TextField(
        required=False,
        allow_blank=True,
        max_length=300,
        default="",
        help_text="Needed where the infection was found in isolation, in closed loop or at entry.",
    )
    wider = WordField(
        list(WIDER_REASONS.items()),
        required=False,
        help_text="Needed for units of buildings where no infected person stayed (三(二)).",
    )
    wider_note = TextField(
        required=False, allow_blank=True, max_length=300, default="", help_text="Goes with `wider`."
    )

    def units_named(self) -> dict[Unit, Purpose]:
        """The units with their purposes, after `is_valid()`. Raises ValidationError at one out of sight."""
        said = {each["unit"]: Purpose(each["purpose"]) for each in self.validated_data["units"]}
        units = units_in_sight(self, list(said))
        return {unit: said[unit.pk] for unit in units}

    @property
    def reason_for_more(self) -> WiderReason | None:
        """The reason for more than units and buildings, if one is given."""
        word = self.validated_data.get("wider")
        return WiderReason(word) if word else None


class RestartInput(StrictSerializer):
    """Sealed units whose days start anew because of this infection."""

    units = KeysField(allow_empty=False, max_length=MOST_UNITS)
    reason = TextField(
        required=False,
        allow_blank=True,
        max_length=300,
        default="",
        help_text="Needed where the infection was found in central isolation, in closed loop or at entry.",
    )

    def units_named(self) -> list[Unit]:
        """The units, after `is_valid()`. Raises ValidationError where one is out of sight."""
        return units_in_sight(self, self.validated_data["units"])


def units_in_sight(asked: StrictSerializer, keys: list[int]) -> list[Unit]:
    """These units, with compound and community, in the order of the keys."""
    visible = Unit.objects.visible_to(asked.context["user"]).select_related("building__compound__community")
    found = visible.in_bulk(keys)
    if len(found) < len(set(keys)):
        raise serializers.ValidationError({"units": [_("There is no such unit in your area.")]})
    return [found[key] for key in keys]


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


class ProposedShape(Described):
    """A unit that could be sealed, and why."""

    unit = serializers.IntegerField()
    name = serializers.CharField()
    purpose = serializers.ChoiceField(list(PURPOSES.items()))
    why = serializers.CharField()
    state = serializers.ChoiceField(
        list(SEAL_STATES.items()), allow_null=True, help_text="Of the seal that holds it now, if one does."
    )
    zone = serializers.IntegerField(allow_null=True, help_text="The zone of that seal.")


class ProposedUnits(Described):
    """What is proposed because of an infection, or why nothing is."""

    units = ProposedShape(many=True)
    others = ProposedShape(many=True, help_text="Further units at hand: the rest of these buildings.")
    silent_because = serializers.CharField(help_text='"" where something is proposed.')


class DesignatedShape(Described):
    """What a designation came to in one compound."""

    zone = ZoneShape(allow_null=True, help_text="Null: nothing was sealed at once.")
    sealed = serializers.ListField(child=serializers.IntegerField(), help_text="Units sealed by this call.")
    taken = serializers.ListField(
        child=serializers.IntegerField(), help_text="Units that another seal holds already."
    )
    proposal = ProposalShape(
        allow_null=True, help_text="Units beyond, that wait for the approval of an area above (三(二))."
    )


class Designated(Described):
    """What came of the call: one entry a compound."""

    changed = serializers.BooleanField(help_text="Whether anything was sealed or proposed.")
    results = DesignatedShape(many=True)


class Restarted(Described):
    """Whose days start anew."""

    changed = serializers.BooleanField(help_text="Whether any date moved.")
    restarted = UnitOfZone(many=True)
    unchanged = UnitOfZone(many=True, help_text="The infection is noted; it was not found later.")
    unsealed = serializers.ListField(
        child=serializers.IntegerField(), help_text="Units that are open again: to be designated anew."
    )


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


class InfectionZones(InfectionView):
    """What could be sealed because of an infection; a POST seals."""

    to_write = Ability.SUPERVISE
    parser_classes = (LongJSONParser,)

    @extend_schema(
        operation_id="infection_zones_proposed",
        tags=["infections"],
        responses={200: ProposedUnits, **RETRIEVE_ERRORS},
    )
    def get(self, request: Request, pk: int) -> Response:
        """The units that could be sealed because of this infection, each with its why; or why none is."""
        proposed = proposed_units(infection=self.infection(pk), at=clock.now())
        return Response(
            {
                "units": [self._proposed(each) for each in proposed.units],
                "others": [self._proposed(each) for each in proposed.others],
                "silent_because": str(proposed.silent_because),
            }
        )

    @extend_schema(
        operation_id="infection_zones_designate",
        tags=["infections"],
        request=DesignationInput,
        responses={
            200: OpenApiResponse(Designated, description="Nothing new was sealed: see `taken`."),
            201: OpenApiResponse(Designated, description="Sealed, or proposed to the area above."),
            **ACT_ERRORS,
        },
        examples=[
            OpenApiExample(
                "The home, and the unit beside it",
                value={
                    "units": [{"unit": 12, "purpose": "home"}, {"unit": 13, "purpose": "home"}],
                    "wider": "risk_unclear",
                    "wider_note": "电梯共用，传播链不清",
                },
                request_only=True,
            )
        ],
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Designate units as high-risk: one zone a compound.

        Units of buildings where an infected person stayed are sealed at once; those beyond need `wider`
        and become a proposal, sealed once an area above that of the proposer approves (三(二)).
        """
        found = self.infection(pk)
        asked, at = self.checked(DesignationInput), clock.now()
        said = asked.validated_data
        made = seal_because_of(
            infections=[found, *self._others(said.get("infections", []), but=found)],
            units=asked.units_named(),
            reason=said["reason"],
            wider=asked.reason_for_more,
            wider_note=said["wider_note"],
            by=self.staff,
            at=at,
        )
        results = [
            {
                "zone": zone_json(each.zone.pk, at) if each.zone else None,
                "sealed": [seal.unit_id for seal in each.sealed],
                "taken": [unit.pk for unit in each.taken],
                "proposal": self._proposal(each.proposal),
            }
            for each in made
        ]
        changed = any(each.sealed or each.proposal for each in made)
        new = status.HTTP_201_CREATED if changed else status.HTTP_200_OK
        return Response({"changed": changed, "results": results}, status=new)

    def _others(self, keys: list[int], *, but: Infection) -> list[Infection]:
        wanted = [key for key in keys if key != but.pk]
        visible = Infection.objects.visible_to(self.staff).select_related("assessment")
        found = visible.in_bulk(wanted)
        if len(found) < len(wanted):
            raise BadInput("infections", _("There is no such infection in your area."))
        return [found[key] for key in wanted]

    def _proposed(self, each: ProposedUnit) -> dict[str, Any]:
        return {
            "unit": each.unit.pk,
            "name": str(each.unit),
            "purpose": each.purpose,
            "why": str(each.why),
            "state": each.state,
            "zone": each.seal.zone_id if each.seal else None,
        }

    def _proposal(self, proposal: ZoneProposal | None) -> dict[str, Any] | None:
        if proposal is None:
            return None
        written = proposals_written(ZoneProposal.objects.filter(pk=proposal.pk)).get()
        return proposal_json(written, self.today)


class InfectionRestart(InfectionView):
    """A new infection in sealed units."""

    to_write = Ability.SUPERVISE

    @extend_schema(
        operation_id="infection_restart",
        tags=["infections"],
        request=RestartInput,
        responses={200: Restarted, **ACT_ERRORS},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Start the days of these sealed units anew because of this infection; the others go on (二(四))."""
        found = self.infection(pk)
        asked, at = self.checked(RestartInput), clock.now()
        made = restart_because_of(
            infection=found,
            units=asked.units_named(),
            reason=asked.validated_data["reason"],
            by=self.staff,
            at=at,
        )
        return Response(
            {
                "changed": bool(made.restarted),
                "restarted": self._units(made.restarted, at),
                "unchanged": self._units(made.unchanged, at),
                "unsealed": [unit.pk for unit in made.unsealed],
            }
        )

    def _units(self, seals: Sequence[UnitSeal], at: dt.datetime) -> list[dict[str, Any]]:
        return seals_json(UnitSeal.objects.filter(pk__in=[seal.pk for seal in seals]), at)
