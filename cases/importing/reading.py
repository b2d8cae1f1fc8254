"""From the bytes of an uploaded file to tables. The content decides what it is, never the file's name.

Whatever the bytes are, the answer is a table or a `BadInput` whose sentence says what to do.
"""

import csv
import datetime as dt
import io
import math
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from xml.parsers import expat

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900

from cases.importing.sheets import Row, Sheet, Value
from policy.refusals import BadInput

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 200
MAX_PARTS = 2000
"""Files inside an .xlsx, which is a zip archive."""
MAX_UNPACKED = 120 * 1024 * 1024
MAX_UNPACKED_PART = 16 * 1024 * 1024
"""Of a part that is no worksheet: styles, shared texts. A real list of 20,000 rows stays far below both."""
LAST_ROW = 1_048_576

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEPARATORS = ",;\t"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_SAVED_RETURN = re.compile(r"_x000[dD]_")
_HIDDEN_QUOTE = re.compile(r"^'(?=[=+\-@\t\r\n])")
"""How a text that looks like a formula is kept a text; our own give-back files do it too."""

SAVE_AS = _("Open it in Excel or WPS, choose “Save as”, and save it as an Excel workbook (.xlsx).")


def read(content: bytes) -> Iterator[Sheet]:
    """The tables of a file in the order in which to look for the list.

    Of a workbook the visible sheets, of a text file one table for each usual separator. Raises BadInput
    at "file" when the bytes are no such file, too large, or meant to harm; also while it is iterated.
    """
    if not content.strip(b"\x00\t\r\n "):
        _refuse(_("The file is empty."))
    if len(content) > MAX_BYTES:
        _refuse(_("The file is larger than 10 MB. Delete pictures and sheets that don't belong to the list."))
    if content.startswith(_ZIP):
        return _read_workbook(content)
    if content.startswith(_OLE):
        _refuse_old_format(content)
    return _read_text(content)


def _refuse(what: str | Promise, how: str | Promise = "") -> NoReturn:
    raise _refusal(what, how)


def _refusal(what: str | Promise, how: str | Promise = "") -> BadInput:
    """What is wrong with the file and, in a second sentence, what to do."""
    both = pgettext("two sentences", "%(first)s %(second)s") % {"first": what, "second": how}
    return BadInput("file", both if how else what)


def _refuse_old_format(content: bytes) -> NoReturn:
    """Excel up to 2003 and everything with a password come in the same container."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        _refuse(_("The file is protected by a password. Remove the password in Excel and save it again."))
    _refuse(_("This is an old Excel or WPS file (.xls, .et)."), SAVE_AS)


# ── workbooks ────────────────────────────────────────────────────────────────────────────────────


def _read_workbook(content: bytes) -> Iterator[Sheet]:
    _check_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except Exception as error:  # a damaged file breaks the library in any way it likes
        raise _damaged() from error
    serial_dates = book.epoch == CALENDAR_WINDOWS_1900
    for sheet in sheets:
        try:
            # Our own bounds: some programs write a wrong extent, and rows beyond it would be lost.
            rows, overfull = _filled(sheet.iter_rows(max_col=MAX_COLUMNS, max_row=LAST_ROW, values_only=True))
        except Exception as error:  # as above; reading is lazy
            raise _damaged() from error
        yield Sheet(rows, overfull, serial_dates)


def _damaged() -> BadInput:
    return _refusal(_("The Excel file is damaged or incomplete and cannot be read."), SAVE_AS)


def _check_archive(content: bytes) -> None:
    """Refuse what is no workbook, what would unpack to more than any list, and what carries a DTD."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_kind({part.filename for part in parts})
            _check_sizes(parts)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_prolog(archive, part)
    except BadInput:
        raise
    except Exception as error:  # a damaged archive breaks the library in any way it likes
        raise _damaged() from error


def _check_kind(names: set[str]) -> None:
    if "xl/workbook.bin" in names:
        _refuse(_("This is a binary Excel workbook (.xlsb)."), SAVE_AS)
    if "content.xml" in names:
        _refuse(_("This is an OpenDocument file (.ods)."), SAVE_AS)
    if not any(name.startswith("xl/") for name in names) or "[Content_Types].xml" not in names:
        _refuse(_("This file holds no table: it is neither an Excel workbook (.xlsx) nor a CSV file."))


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    too_large = any(
        part.file_size > MAX_UNPACKED_PART and not part.filename.startswith("xl/worksheets/")
        for part in parts
        if part.filename.endswith((".xml", ".rels"))
    )
    texts = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if too_large or texts > MAX_UNPACKED or len(parts) > MAX_PARTS:
        _refuse(
            _("Unpacked, this workbook is far larger than a list can be."),
            _("Copy the list into a new workbook and save that."),
        )
    if any(part.flag_bits & 1 for part in parts):
        _refuse(_("The file is protected by a password. Remove the password in Excel and save it again."))


class _Stop(Exception):
    """The root element has begun: no DTD can follow."""


def _check_prolog(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a document type: no workbook has one, and entities (internal or external) need one."""

    def doctype(*_arguments: Any) -> NoReturn:
        raise _damaged()

    def root(*_arguments: Any) -> NoReturn:
        raise _Stop

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = root
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(64 * 1024):
                parser.Parse(chunk)
    except _Stop:
        return
    except expat.ExpatError as error:
        raise _damaged() from error


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


def _read_text(content: bytes) -> Iterator[Sheet]:
    text = _decoded(content)
    start = text[:2000].lstrip().lower()
    if start.startswith(("<html", "<!doctype html", "<table", "<?xml", "<meta")):
        _refuse(_("This is a web page or XML file, although its name may end in .xls."), SAVE_AS)
    for separator in _SEPARATORS:
        try:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
            rows, overfull = _filled(line[:MAX_COLUMNS] for line in lines)
        except csv.Error as error:
            raise BadInput("file", _("The CSV file cannot be split into columns.")) from error
        yield Sheet(rows, overfull)


def _decoded(content: bytes) -> str:
    """The text in the first usual encoding that fits; refuses what is no text at all."""
    if content.startswith(b"\xef\xbb\xbf"):
        encodings = ["utf-8-sig"]
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content:
        encodings = ["utf-16-le", "utf-16-be"]
    else:
        encodings = ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        strays = len(_CONTROL.findall(text))  # a stray one is dropped later; many of them are no text
        if "\x00" not in text and strays <= max(3, len(text) // 50):
            return text
    _refuse(
        _(
            "This is neither an Excel workbook (.xlsx) nor a CSV file, but a picture, a PDF or the like, "
            "whatever its name says."
        ),
        _("Save the list as .xlsx and choose that file."),
    )


# ── both ─────────────────────────────────────────────────────────────────────────────────────────


def _filled(lines: Iterable[Iterable[Any]]) -> tuple[list[Row], bool]:
    """The rows that are not blank, with their numbers; and whether there were more than may be."""
    rows: list[Row] = []
    blank = None
    for number, line in enumerate(lines, start=1):
        if line is blank:  # the library hands out one and the same row for each one of a gap
            continue
        cells = tuple(_clean(value) for value in line)
        while cells and cells[-1] in (None, ""):
            cells = cells[:-1]
        if not cells:
            blank = line
            continue
        if len(rows) > MAX_ROWS + 50:  # title rows and header stand beside the people
            return rows, True
        rows.append(Row(number, cells))
    return rows, False


def _clean(value: Any) -> Value:
    """A plain value: texts without control characters, nothing that is no number posing as one."""
    if isinstance(value, str):
        text = _CONTROL.sub("", _SAVED_RETURN.sub("", value))
        return _HIDDEN_QUOTE.sub("", text) or None
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, dt.datetime, dt.date, dt.time)):
        return value
    return str(value)
