"""Keyset pages of complaints: the queue by urgency and limit, the archive by receipt."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import F, Q, QuerySet

from complaints.models import Complaint

PAGE = 50
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
TICK = dt.timedelta(microseconds=1)


class Order(Protocol):
    """An order of complaints, and the cursor that stands for a row in it."""

    def ordering(self, *, back: bool) -> list[Any]:
        """As `order_by` takes it, or the other way round."""
        ...

    def cursor(self, complaint: Complaint) -> str:
        """What stands for that row in an address."""
        ...

    def beyond(self, cursor: str, *, back: bool) -> Q | None:
        """Rows behind (or before) that cursor; None when it is none of ours."""
        ...


def _ticks(at: dt.datetime) -> int:
    return (at - EPOCH) // TICK


def _numbers(cursor: str, length: int) -> list[int] | None:
    parts = cursor.split("_")
    if len(parts) != length or not all(part.isdecimal() and part.isascii() for part in parts):
        return None
    numbers = [int(part) for part in parts]
    return numbers if all(number < 2**62 for number in numbers) else None


def _instant(ticks: int) -> dt.datetime | None:
    try:
        return EPOCH + ticks * TICK
    except OverflowError:
        return None


class ByLimit:
    """Urgent ones on top, then by the limit that comes first; what has no limit stands at the end."""

    def ordering(self, *, back: bool) -> list[Any]:
        """As `order_by` takes it, or the other way round."""
        if back:
            return ["urgent", F("due_at").desc(nulls_first=True), "-pk"]
        return ["-urgent", F("due_at").asc(nulls_last=True), "pk"]

    def cursor(self, complaint: Complaint) -> str:
        """Urgent or not, the limit (0: none), the key."""
        due = _ticks(complaint.due_at) if complaint.due_at else 0
        return f"{int(complaint.urgent)}_{due}_{complaint.pk}"

    def beyond(self, cursor: str, *, back: bool) -> Q | None:
        """Rows behind (or before) that cursor; None when it is none of ours."""
        numbers = _numbers(cursor, 3)
        if numbers is None:
            return None
        urgent, ticks, key = bool(numbers[0]), numbers[1], numbers[2]
        due = _instant(ticks) if ticks else None
        if ticks and due is None:
            return None
        same = Q(urgent=urgent)
        if back:
            if due is None:
                within = Q(due_at__isnull=False) | Q(due_at=None, pk__lt=key)
            else:
                within = Q(due_at__lt=due) | Q(due_at=due, pk__lt=key)
            return (same & within) if urgent else (Q(urgent=True) | (same & within))
        if due is None:
            within = Q(due_at=None, pk__gt=key)
        else:
            within = Q(due_at__gt=due) | Q(due_at=due, pk__gt=key) | Q(due_at=None)
        return (Q(urgent=False) | (same & within)) if urgent else (same & within)


class ByReceipt:
    """The newest first."""

    def ordering(self, *, back: bool) -> list[Any]:
        """As `order_by` takes it, or the other way round."""
        return ["received_at", "pk"] if back else ["-received_at", "-pk"]

    def cursor(self, complaint: Complaint) -> str:
        """When it was received, and the key."""
        return f"{_ticks(complaint.received_at)}_{complaint.pk}"

    def beyond(self, cursor: str, *, back: bool) -> Q | None:
        """Rows behind (or before) that cursor; None when it is none of ours."""
        numbers = _numbers(cursor, 2)
        at = _instant(numbers[0]) if numbers else None
        if numbers is None or at is None:
            return None
        if back:
            return Q(received_at__gt=at) | Q(received_at=at, pk__gt=numbers[1])
        return Q(received_at__lt=at) | Q(received_at=at, pk__lt=numbers[1])


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and the cursors of the pages beside it ("": there is none)."""

    rows: list[Complaint]
    older: str
    newer: str


def page_of(found: QuerySet[Complaint], order: Order, *, after: str = "", before: str = "") -> Page:
    """The page that the cursors ask for; one query, and page 990 costs what page 1 costs."""
    looking_back = order.beyond(before, back=True) if before else None
    ahead = order.beyond(after, back=False) if after else None
    back = looking_back is not None
    condition = looking_back if looking_back is not None else ahead
    if condition is not None:
        found = found.filter(condition)
    rows = list(found.order_by(*order.ordering(back=back))[: PAGE + 1])
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if back:
        rows.reverse()
    if not rows:
        return Page(rows, "", "")
    older = order.cursor(rows[-1]) if more or back else ""
    newer = order.cursor(rows[0]) if (more if back else ahead is not None) else ""
    return Page(rows, older, newer)
