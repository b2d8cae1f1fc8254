"""What every import shows of a list: rows by pages, findings with their cells, the workbook given back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from cases.importing.rows import Finding

T = TypeVar("T")

PAGE = 50
"""Rows a page: with their strips they stay well below 100 KB."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A sentence about a row, with the cell that it is about."""

    ref: str
    heading: str
    sentence: str


def shown_findings(row: int, findings: Iterable[Finding]) -> list[ShownFinding]:
    """The findings about the row of that number; without a column for what is about the whole row."""
    return [
        ShownFinding(
            each.column.ref(row) if each.column else "",
            each.column.heading if each.column else "",
            each.sentence,
        )
        for each in findings
    ]


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of rows, numbered from 1."""

    number: int
    pages: int
    first: int
    last: int
    total: int

    @property
    def before(self) -> int | None:
        """The number of the page before."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The number of the next page."""
        return self.number + 1 if self.number < self.pages else None


def page_of(request: HttpRequest, rows: Sequence[T]) -> tuple[Page, Sequence[T]]:
    """The page that the address names, or the nearest that exists."""
    pages = max(-(-len(rows) // PAGE), 1)
    asked = numbers_in([request.GET.get("page", "")])
    number = min(max(asked[0] if asked else 1, 1), pages)
    shown = rows[(number - 1) * PAGE : number * PAGE]
    first = (number - 1) * PAGE + 1
    return Page(number, pages, first, first + len(shown) - 1, len(rows)), shown


def numbers_in(texts: Sequence[str]) -> list[int]:
    """The numbers of rows among these texts; whatever else somebody sends is passed over."""
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 8]


def workbook_answer(content: bytes, name: str) -> HttpResponse:
    """An Excel file to be saved under that name, and kept nowhere on the way."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Cache-Control"] = "no-store"
    return response
