"""Zones as the API writes them: for anybody (places and dates, nothing about a person), and for staff."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from rest_framework import serializers

from accounts.api import Described
from zones.models import UnitSeal, Zone, ZoneProposal
from zones.rules import (
    FOUND_WHERE,
    PURPOSES,
    SEAL_STATES,
    WIDER_REASONS,
    Decision,
    in_order,
)

Json = dict[str, Any]

# ── for anybody ──────────────────────────────────────────────────────────────────────────────────


class AreaOfZone(Described):
    """An area that a zone lies in."""

    code = serializers.CharField(help_text="Administrative code.")
    name = serializers.CharField()


class CompoundOfZone(Described):
    """The compound whose units a zone is made of."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    address = serializers.CharField()


class ZoneLine(Described):
    """A zone as lists show one, at this moment."""

    id = serializers.IntegerField()
    compound = CompoundOfZone()
    community = AreaOfZone()
    county = AreaOfZone(allow_null=True)
    boundary = serializers.CharField(help_text="Its units, as they are published.")
    high_risk = serializers.BooleanField(help_text="Whether a unit of it is sealed; if not: low risk.")
    unit_count = serializers.IntegerField()
    units_sealed = serializers.IntegerField(help_text="How many of them are sealed at this moment.")
    designated_at = serializers.DateTimeField()
    release_on = serializers.DateField(help_text="Its last unit opens at 00:00 of this date.")
    clause = serializers.CharField()
    edition = serializers.CharField()
    wider_reason = serializers.ChoiceField(
        list(WIDER_REASONS.items()),
        allow_null=True,
        help_text="Why it is larger than the buildings where an infected person stayed; null: it is not.",
    )
    wider_note = serializers.CharField(help_text="How that reason was explained.")


class UnitOfZone(Described):
    """A unit of a zone and its clock, at this moment."""

    unit = serializers.IntegerField()
    building = serializers.CharField()
    name = serializers.CharField(help_text="Empty: the building has no separate units.")
    state = serializers.ChoiceField(list(SEAL_STATES.items()))
    sealed_at = serializers.DateTimeField()
    last_infection_on = serializers.DateField(help_text="Day 0; day 1 is the next date.")
    clean_days = serializers.IntegerField(help_text="Whole dates without a new infection after day 0.")
    day = serializers.IntegerField(help_text="Which day today is; the last one once they are over.")
    days_left = serializers.IntegerField(help_text="Dates under seal from today on, today included.")
    release_on = serializers.DateField(help_text="It opens at 00:00 of this date.")
    planned_release_on = serializers.DateField(
        help_text="As the last infection and the edition give it; later than release_on: opened early."
    )


class ZoneShape(ZoneLine):
    """A zone with its units and their clocks."""

    units = UnitOfZone(many=True)


def with_sealed_units(zones: QuerySet[Zone], at: dt.datetime) -> QuerySet[Zone]:
    """The zones with the number of units that hold at that instant, and with what a line shows."""
    holding = UnitSeal.objects.holding(at).filter(zone=OuterRef("pk")).order_by().values("zone")
    counted = holding.annotate(number=Count("pk")).values("number")
    return zones.select_related("compound", "community", "county").annotate(
        units_sealed=Coalesce(Subquery(counted), 0)
    )


def zone_line(zone: Zone) -> Json:
    """One zone of a list; it was read `with_sealed_units`."""
    sealed: int = zone.units_sealed  # type: ignore[attr-defined]
    compound, county = zone.compound, zone.county
    return {
        "id": zone.pk,
        "compound": {"id": compound.pk, "name": compound.name, "address": compound.address},
        "community": {"code": zone.community.code, "name": zone.community.name},
        "county": {"code": county.code, "name": county.name} if county else None,
        "boundary": zone.boundary,
        "high_risk": sealed > 0,
        "unit_count": zone.unit_count,
        "units_sealed": sealed,
        "designated_at": zone.designated_at,
        "release_on": zone.release_on,
        "clause": zone.clause,
        "edition": zone.edition,
        "wider_reason": zone.wider_reason or None,
        "wider_note": zone.wider_note,
    }


def zone_json(pk: int, at: dt.datetime) -> Json:
    """One zone with its units, in the order in which people read them: two queries."""
    zone = with_sealed_units(Zone.objects.filter(pk=pk), at).get()
    return zone_line(zone) | {"units": seals_json(UnitSeal.objects.filter(zone=pk), at)}


def seals_json(seals: QuerySet[UnitSeal], at: dt.datetime) -> list[Json]:
    """The units of these seals, 2号楼 before 10号楼: one query."""
    found = sorted(
        seals.select_related("unit__building"),
        key=lambda seal: (in_order(seal.unit.building.name), in_order(seal.unit.name)),
    )
    return [_seal_json(seal, at) for seal in found]


def _seal_json(seal: UnitSeal, at: dt.datetime) -> Json:
    """One unit; what it is to the infected person is nobody's business outside."""
    today = timezone.localdate(at)
    return {
        "unit": seal.unit_id,
        "building": seal.unit.building.name,
        "name": seal.unit.name,
        "state": seal.state(at),
        "sealed_at": seal.starts_at,
        "last_infection_on": seal.last_infection_on,
        "clean_days": seal.clean_days,
        "day": seal.day(today),
        "days_left": seal.days_left(today),
        "release_on": seal.release_on,
        "planned_release_on": seal.planned_release_on,
    }


# ── for staff ────────────────────────────────────────────────────────────────────────────────────


class ZoneEnded(Described):
    """The zone after units of it were opened early."""

    changed = serializers.BooleanField(help_text="Whether this call opened any.")
    opened = serializers.IntegerField(help_text="How many units this call opened.")
    zone = ZoneShape()


class CauseShape(Described):
    """An infection on which a proposal rests."""

    infection = serializers.IntegerField()
    found_on = serializers.DateField()
    found_where = serializers.ChoiceField(list(FOUND_WHERE.items()))


PROPOSAL_STATES = ["undecided", "approved", "refused", "lapsed"]


class ProposalShape(Described):
    """Units beyond the buildings where an infected person stayed; sealed only once approved."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(PROPOSAL_STATES, help_text="lapsed: nothing is left to seal, undecided.")
    compound = CompoundOfZone()
    community = AreaOfZone()
    boundary = serializers.CharField()
    units = serializers.ListField(child=serializers.IntegerField())
    purpose = serializers.ChoiceField(list(PURPOSES.items()), allow_null=True)
    causes = CauseShape(many=True)
    wider_reason = serializers.ChoiceField(list(WIDER_REASONS.items()))
    wider_note = serializers.CharField()
    reason = serializers.CharField()
    proposed_at = serializers.DateTimeField()
    proposed_by = serializers.CharField()
    lapses_on = serializers.DateField(help_text="The date on which these units would open.")
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    decided_reason = serializers.CharField()
    zone = serializers.IntegerField(allow_null=True, help_text="The zone that came of it.")


class ProposalDecided(Described):
    """The proposal after the decision, and what was sealed by it."""

    changed = serializers.BooleanField(help_text="Whether this call decided it.")
    proposal = ProposalShape()
    zone = ZoneShape(allow_null=True)
    taken = serializers.ListField(
        child=serializers.IntegerField(), help_text="Units that another seal holds already."
    )


def proposal_state(proposal: ZoneProposal, today: dt.date) -> str:
    """Decided how, or still waiting, or too late to be decided."""
    if proposal.decision != Decision.NONE:
        return str(proposal.decision)
    return "lapsed" if proposal.lapses_on <= today else "undecided"


def proposals_written(proposals: QuerySet[ZoneProposal]) -> QuerySet[ZoneProposal]:
    """The proposals with what `proposal_json` shows."""
    return proposals.select_related("compound", "community", "proposed_by", "decided_by").prefetch_related(
        "units"
    )


def proposal_json(proposal: ZoneProposal, today: dt.date) -> Json:
    """One proposal."""
    compound = proposal.compound
    return {
        "id": proposal.pk,
        "state": proposal_state(proposal, today),
        "compound": {"id": compound.pk, "name": compound.name, "address": compound.address},
        "community": {"code": proposal.community.code, "name": proposal.community.name},
        "boundary": proposal.boundary,
        "units": sorted(unit.pk for unit in proposal.units.all()),
        "purpose": proposal.purpose or None,
        "causes": causes_json(proposal.causes),
        "wider_reason": proposal.wider_reason,
        "wider_note": proposal.wider_note,
        "reason": proposal.reason,
        "proposed_at": proposal.proposed_at,
        "proposed_by": proposal.proposed_by.display_name,
        "lapses_on": proposal.lapses_on,
        "decided_at": proposal.decided_at,
        "decided_by": proposal.decided_by.display_name if proposal.decided_by else None,
        "decided_reason": proposal.decided_reason,
        "zone": proposal.zone_id,
    }


def causes_json(causes: Iterable[Json]) -> list[Json]:
    """The infections behind a proposal, without what is only ours."""
    return [{name: cause[name] for name in ("infection", "found_on", "found_where")} for cause in causes]
