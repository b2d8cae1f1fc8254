"""What a list is once it has been read: rows of plain values with their number in the file."""

import base64
import datetime as dt
import json
import zlib
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import get_column_letter

Value = str | int | float | bool | dt.datetime | dt.date | dt.time | None
"""What a cell can hold. Formulas are read as the value that they had when the file was saved."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row that is not blank; `number` is what the spreadsheet program shows beside it."""

    number: int
    cells: tuple[Value, ...]

    def cell(self, place: int) -> Value:
        """The value at that place (from 0); rows may be shorter than the header."""
        return self.cells[place] if place < len(self.cells) else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table as it stands in the file, title rows and all."""

    rows: list[Row]
    overfull: bool = False
    """There were more rows than may be imported at once; the rest was not read."""
    serial_dates: bool = False
    """A bare number in a date column can only be a day count since 1900."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: where it stands, how it is headed, and what it means ("" if that is unknown)."""

    place: int
    heading: str
    meaning: str = ""

    @property
    def letter(self) -> str:
        """The letter above it in the spreadsheet program."""
        return get_column_letter(self.place + 1)

    def ref(self, row: int) -> str:
        """The cell of that row as spreadsheet programs name it, such as N23."""
        return f"{self.letter}{row}"


@dataclass(frozen=True, slots=True)
class LineList:
    """A table whose header was recognised: its columns, and the rows below the header."""

    columns: tuple[Column, ...]
    rows: list[Row]
    serial_dates: bool = False

    def column(self, meaning: str) -> Column | None:
        """The column of that meaning; there is at most one."""
        return next((column for column in self.columns if column.meaning == meaning), None)

    @property
    def unknown(self) -> list[Column]:
        """Columns that are not imported because nobody knows what they mean."""
        return [column for column in self.columns if not column.meaning]


def pack(lines: LineList) -> str:
    """A list as one compact text, so that it is read from the file only once; `unpack` reads it back."""
    whole = {
        "columns": [[column.place, column.heading, column.meaning] for column in lines.columns],
        "rows": [[row.number, *map(_to_json, row.cells)] for row in lines.rows],
        "serial_dates": lines.serial_dates,
    }
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())).decode()


def unpack(packed: str) -> LineList:
    """The list that `pack` wrote."""
    whole = json.loads(zlib.decompress(base64.b64decode(packed)))
    return LineList(
        columns=tuple(Column(*column) for column in whole["columns"]),
        rows=[Row(number, tuple(map(_from_json, cells))) for number, *cells in whole["rows"]],
        serial_dates=whole["serial_dates"],
    )


def _to_json(value: Value) -> Any:
    if isinstance(value, dt.datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, dt.date):
        return ["date", value.isoformat()]
    return ["time", value.isoformat()] if isinstance(value, dt.time) else value


def _from_json(stored: Any) -> Value:
    if not isinstance(stored, list):
        return stored
    kind, text = stored
    if kind == "datetime":
        return dt.datetime.fromisoformat(text)
    return dt.date.fromisoformat(text) if kind == "date" else dt.time.fromisoformat(text)
