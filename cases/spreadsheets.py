"""Writing Excel files that are safe to open: no cell of ours is ever taken for a formula."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

Cell = str | int | float | dt.date | None
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_text(value: str) -> str:
    """The text with an apostrophe before whatever a spreadsheet would take for a formula."""
    return f"'{value}" if value.startswith(_STARTS_A_FORMULA) else value


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, the header, the rows."""

    title: str
    headers: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def workbook(title: str, headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """An .xlsx with one sheet: a bold header that stays in view, then the rows."""
    return workbook_of([Sheet(title, headers, rows)])


def workbook_of(sheets: Iterable[Sheet]) -> bytes:
    """An .xlsx with these sheets in their order, each as `workbook` writes it."""
    book = Workbook(write_only=True)
    for each in sheets:
        sheet = book.create_sheet(_name(each.title))
        sheet.freeze_panes = "A2"
        for number, header in enumerate(each.headers):
            letter = _letter(number)
            sheet.column_dimensions[letter].width = max(10, min(40, 2.2 * len(header)))
        sheet.append([_bold(sheet, header) for header in each.headers])
        for row in each.rows:
            sheet.append([safe_text(value) if isinstance(value, str) else value for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _name(title: str) -> str:
    """What Excel accepts as the name of a sheet."""
    return "".join(" " if character in "[]:*?/\\" else character for character in title)[:31]


def _letter(number: int) -> str:
    return get_column_letter(number + 1)


def _bold(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=safe_text(text))
    cell.font = Font(bold=True)
    return cell
