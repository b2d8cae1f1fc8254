"""Verbs of the zones floor: making places, and sealing and opening their units."""

from zones.actions.places import Staircase, ensure_room, ensure_units, staircase

__all__ = ["Staircase", "ensure_room", "ensure_units", "staircase"]
