"""What hangs on the infection of the world: stays, contacts, and what is sealed because of it."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from accounts.models import Area, User
from accounts.scoped import area_columns
from cases.models import Contact, DoorService, InfectionStay, SpreadAssessment
from cases.rules import ContactKind, DoorServiceKind
from policy.clock import midnight
from zones.actions import ensure_units, staircase
from zones.models import SealCause, UnitRound, UnitSeal, Zone, ZoneEvent, ZoneProposal
from zones.rules import Purpose, WiderReason, ZoneEventKind, opens_on

FOUND_ON = dt.date(2022, 11, 15)
OPENS_ON = opens_on(FOUND_ON, 5)


def complete(records: SimpleNamespace, *, home: Area, alice: User) -> SimpleNamespace:
    """The records of the world with one of each kind that is not there yet."""
    makers = {
        "stay": _stay,
        "contact": _contact,
        "assessment": _assessment,
        "zone": _zone,
        "seal": lambda known, home, by: known.zone.seals.first(),
        "round": _round,
        "zone_event": lambda known, home, by: known.zone.events.first(),
        "proposal": _proposal,
        "service": _service,
    }
    for name, make in makers.items():
        if not hasattr(records, name):
            setattr(records, name, make(records, home, alice))
    return records


def _at() -> dt.datetime:
    return midnight(FOUND_ON) + dt.timedelta(hours=9)


def _stay(known: SimpleNamespace, home: Area, by: User) -> InfectionStay:
    return InfectionStay.objects.create(
        infection=known.infection,
        purpose=Purpose.HOME,
        unit=known.unit,
        from_on=FOUND_ON,
        to_on=FOUND_ON,
        added_at=_at(),
        added_by=by,
    )


def _contact(known: SimpleNamespace, home: Area, by: User) -> Contact:
    return Contact.objects.create(
        infection=known.infection,
        person=known.ended.person,
        last_exposure_on=FOUND_ON,
        kind=ContactKind.HOUSEHOLD,
        judged_at=_at(),
        judged_by=by,
    )


def _assessment(known: SimpleNamespace, home: Area, by: User) -> SpreadAssessment:
    return SpreadAssessment.objects.create(
        infection=known.infection, opened_at=_at(), due_at=_at() + dt.timedelta(hours=24)
    )


def _zone(known: SimpleNamespace, home: Area, by: User) -> Zone:
    zone = Zone.objects.create(
        **area_columns(home),
        compound=known.compound,
        boundary="4号楼1单元",
        unit_count=1,
        designated_at=_at(),
        designated_by=by,
        release_on=OPENS_ON,
        **_rule(),
    )
    seal = UnitSeal.objects.create(
        **area_columns(home),
        zone=zone,
        unit=known.unit,
        purpose=Purpose.HOME,
        starts_at=_at(),
        last_infection_on=FOUND_ON,
        clean_days=5,
        release_on=OPENS_ON,
        planned_release_on=OPENS_ON,
        **_rule(),
    )
    SealCause.objects.create(
        seal=seal, infection=known.infection.pk, found_on=FOUND_ON, noted_at=_at(), noted_by=by
    )
    ZoneEvent.objects.create(zone=zone, seal=seal, kind=ZoneEventKind.DESIGNATED, at=_at(), by=by, **_rule())
    return zone


def _rule() -> dict[str, Any]:
    return {"edition": "twenty", "clause": "二(四)"}


def _round(known: SimpleNamespace, home: Area, by: User) -> UnitRound:
    return UnitRound.objects.create(
        seal=known.seal, on=FOUND_ON, people=3, sampled=3, negative=3, recorded_at=_at(), recorded_by=by
    )


def _proposal(known: SimpleNamespace, home: Area, by: User) -> ZoneProposal:
    stairs = staircase(community=home, compound=known.compound.name, building="6号楼", unit="1单元")
    proposal = ZoneProposal.objects.create(
        **area_columns(home),
        compound=known.compound,
        boundary="6号楼",
        purpose=Purpose.HOME,
        causes=[{"infection": known.infection.pk, "found_on": str(FOUND_ON), "found_where": "community"}],
        wider_reason=WiderReason.RISK_UNCLEAR,
        wider_note="传播链不清",
        proposed_at=_at(),
        proposed_by=by,
        lapses_on=OPENS_ON,
    )
    proposal.units.set(ensure_units([stairs]).values())
    return proposal


def _service(known: SimpleNamespace, home: Area, by: User) -> DoorService:
    return DoorService.objects.create(
        zone=known.zone,
        person=known.person,
        kind=DoorServiceKind.FOOD,
        wanted_at=_at(),
        wanted_by=by,
    )
