"""Writing down what happens to a need."""

import datetime as dt
from typing import Any

from accounts.models import User
from supplies.models import Need, NeedEvent
from supplies.rules.needs import NeedEventKind


def write_need_event(
    need: Need,
    kind: NeedEventKind,
    *,
    at: dt.datetime,
    by: User | None = None,
    by_resident: bool = False,
    reason: str = "",
    **details: Any,
) -> NeedEvent:
    """Append one event, in the caller's transaction. `details` carry codes and keys of rows, never a name."""
    return NeedEvent.objects.create(
        need=need, kind=kind, at=at, by=by, by_resident=by_resident, reason=reason[:300], details=details
    )
