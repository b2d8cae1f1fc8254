"""Keyset pages: each begins behind the last row of the one before, so page 990 costs what page 1 costs."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class KeysetOrder:
    """The order of a list: columns whose last one is unique; `descending` turns all of them around."""

    columns: tuple[str, ...]
    descending: bool = False

    @property
    def ordering(self) -> list[str]:
        """As `order_by` takes it."""
        return [f"-{column}" if self.descending else column for column in self.columns]

    @property
    def reversed_ordering(self) -> list[str]:
        """The other way round, to look back from a row."""
        return [column if self.descending else f"-{column}" for column in self.columns]


def parse_cursor(text: str, order: KeysetOrder) -> tuple[Any, ...] | None:
    """The values of a cursor, or None when it is none of ours: then the list starts at its beginning."""
    parts = text.split("_")
    if not text or len(parts) != len(order.columns):
        return None
    try:
        return tuple(_value(part, column) for part, column in zip(parts, order.columns, strict=True))
    except ValueError:
        return None


def _value(part: str, column: str) -> Any:
    """A date for `…_on`, an aware instant for `…_at`, else a number; raises ValueError for anything else."""
    if column.endswith("_on"):
        return dt.date.fromisoformat(part)
    if column.endswith("_at"):
        at = dt.datetime.fromisoformat(part)
        if at.tzinfo is None:
            raise ValueError(part)
        return at
    return int(part)


def keyset_page(
    queryset: QuerySet[Any], order: KeysetOrder, *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> tuple[QuerySet[Any], bool]:
    """The rows of a page with one to spare, and whether they come backwards (looking back from `before`)."""
    back = parse_cursor(before, order)
    if back is not None:
        return queryset.filter(_beyond(order, back, forward=False)).order_by(*order.reversed_ordering)[
            : size + 1
        ], True
    ahead = parse_cursor(after, order)
    if ahead is not None:
        queryset = queryset.filter(_beyond(order, ahead, forward=True))
    return queryset.order_by(*order.ordering)[: size + 1], False


def cursor_of(values: dict[str, Any], order: KeysetOrder) -> str:
    """The cursor that stands for a row."""
    return "_".join(
        str(values[column].isoformat() if isinstance(values[column], dt.date) else values[column])
        for column in order.columns
    )


def _beyond(order: KeysetOrder, values: tuple[Any, ...], *, forward: bool) -> Q:
    """Rows behind (or before) these values: (a, b) > (x, y) written out, so that an index serves it."""
    greater = forward != order.descending
    operator = "gt" if greater else "lt"
    condition = Q()
    for place, (column, value) in enumerate(zip(order.columns, values, strict=True)):
        equal = {name: values[n] for n, name in enumerate(order.columns[:place])}
        condition |= Q(**equal, **{f"{column}__{operator}": value})
    first, value = order.columns[0], values[0]
    return Q(**{f"{first}__{operator}e": value}) & condition
