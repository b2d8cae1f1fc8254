"""One page of a list by its cursor, and where its neighbours are."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from cases.paging import KeysetOrder, cursor_of, keyset_page

NEWEST = KeysetOrder(("pk",), descending=True)
IN_ORDER = KeysetOrder(("pk",))


@dataclass(frozen=True, slots=True)
class Paged:
    """The rows of a page as dictionaries, and the addresses of the pages beside it ("": there is none)."""

    rows: list[dict[str, Any]]
    older: str
    newer: str


def page_of(request: HttpRequest, values: QuerySet[Any], order: KeysetOrder, *, size: int = 50) -> Paged:
    """The page that the cursors in the address ask for; one query. `values` gives dictionaries."""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    found, backwards = keyset_page(values, order, after=after, before=before, size=size)
    rows = list(found)
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    if not rows:
        return Paged([], "", "")
    older = cursor_of(rows[-1], order) if more or backwards else ""
    newer = cursor_of(rows[0], order) if (more if backwards else bool(after)) else ""
    return Paged(rows, _address(request, after=older), _address(request, before=newer))


def _address(request: HttpRequest, **cursor: str) -> str:
    ((name, value),) = cursor.items()
    if not value:
        return ""
    kept = request.GET.copy()
    for each in ("after", "before"):
        kept.pop(each, None)
    kept[name] = value
    return f"?{kept.urlencode()}"
