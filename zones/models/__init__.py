"""Places, and the high-risk zones that are made of their units."""

from zones.models.places import Building, Compound, PlaceQuerySet, Room, Site, Unit
from zones.models.zone import (
    SealCause,
    UnitRound,
    UnitSeal,
    Zone,
    ZoneEvent,
    ZoneProposal,
    is_holding,
    is_overdue,
)

__all__ = [
    "Building",
    "Compound",
    "PlaceQuerySet",
    "Room",
    "SealCause",
    "Site",
    "Unit",
    "UnitRound",
    "UnitSeal",
    "Zone",
    "ZoneEvent",
    "ZoneProposal",
    "is_holding",
    "is_overdue",
]
