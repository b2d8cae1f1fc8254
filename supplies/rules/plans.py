"""Supply plans 保供预案: when one has to be looked through again (N二(十七))."""

import datetime as dt

REVIEWED_WITHIN_DAYS = 30
"""A local setting: the notice asks for plans that are timely and complete, and names no number of days."""
MOST_RESERVE_DAYS = 90
"""A larger number of days is a slip of the finger."""


def is_due(reviewed_on: dt.date, today: dt.date) -> bool:
    """Whether nobody has looked through the plan for longer than `REVIEWED_WITHIN_DAYS` days."""
    return (today - reviewed_on).days > REVIEWED_WITHIN_DAYS
