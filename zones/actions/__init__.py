"""Verbs of the zones floor: making places, and sealing and opening their units."""

from zones.actions.opening import end_early, open_due, record_round, sweep_openings, sweep_overdue_rounds
from zones.actions.places import Staircase, ensure_room, ensure_units, staircase
from zones.actions.proposing import approve, is_above, refuse
from zones.actions.restarting import Restart, follow_editions, restart, withdraw_cause
from zones.actions.sealing import Designation
from zones.actions.zoning import designate

__all__ = [
    "Designation",
    "Restart",
    "Staircase",
    "approve",
    "designate",
    "end_early",
    "ensure_room",
    "ensure_units",
    "follow_editions",
    "is_above",
    "open_due",
    "record_round",
    "refuse",
    "restart",
    "staircase",
    "sweep_openings",
    "sweep_overdue_rounds",
    "withdraw_cause",
]
