"""Recognising the header of a list of complaints, and what each of its columns means."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from cases.importing.cells import text_of
from cases.importing.columns import HEADER_WITHIN, bare
from cases.importing.headings import check_unique, rows_below
from cases.importing.sheets import Column, LineList, Row, Sheet
from complaints.importing.words import meanings
from policy.refusals import BadInput

MAX_ROWS = 5000


class Meaning(StrEnum):
    """What a column can mean."""

    EXTERNAL_ID = "external_id"
    KIND = "kind"
    TITLE = "title"
    TEXT = "text"
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"
    ADDRESS = "address"
    RESPONDENT = "respondent"
    NAME = "name"
    PHONE = "phone"
    CALLED_AT = "called_at"
    SINCE = "since"
    URGENT = "urgent"
    SERIAL = "serial"
    TO_MEND = "to_mend"


HEADINGS: Mapping[str, Promise] = {
    Meaning.EXTERNAL_ID: pgettext_lazy("column of complaints", "Ticket number"),
    Meaning.KIND: pgettext_lazy("column of complaints", "Kind of complaint"),
    Meaning.TEXT: pgettext_lazy("column of complaints", "What happened"),
    Meaning.COUNTY: pgettext_lazy("column of complaints", "County"),
    Meaning.STREET: pgettext_lazy("column of complaints", "Street"),
    Meaning.COMMUNITY: pgettext_lazy("column of complaints", "Community"),
    Meaning.ADDRESS: pgettext_lazy("column of complaints", "Address"),
    Meaning.RESPONDENT: pgettext_lazy("column of complaints", "Complained about"),
    Meaning.NAME: pgettext_lazy("column of complaints", "Caller"),
    Meaning.PHONE: pgettext_lazy("column of complaints", "Telephone"),
    Meaning.CALLED_AT: pgettext_lazy("column of complaints", "Called at"),
    Meaning.SINCE: pgettext_lazy("column of complaints", "Since"),
}
"""How the columns are called on the page, in the order of such an export."""

NEEDED = (Meaning.EXTERNAL_ID, Meaning.TEXT)
_MEANINGS = meanings("columns")


def find_list(sheets: Iterable[Sheet]) -> LineList:
    """The list in the first table whose header names the text and one thing more.

    Raises BadInput at "file": no header, a column that is needed is missing, two columns that mean the
    same, no row or too many.
    """
    for sheet in sheets:
        for place, row in enumerate(sheet.rows[:HEADER_WITHIN]):
            columns = _columns(row)
            found = {column.meaning for column in columns if column.meaning}
            if Meaning.TEXT in found and len(found) > 1:
                _check(columns, found)
                return _line_list(sheet, place, columns)
    raise BadInput(
        "file",
        _(
            "No header was found. One row above the complaints has to name the columns, "
            "such as “%(id)s”, “%(text)s”."
        )
        % {"id": HEADINGS[Meaning.EXTERNAL_ID], "text": HEADINGS[Meaning.TEXT]},
    )


def meaning_of(heading: str) -> str:
    """What a column of that heading means; "" when it is unknown."""
    return _MEANINGS.get(bare(heading), "")


def _columns(row: Row) -> list[Column]:
    headings = [text_of(value).strip() for value in row.cells]
    return [Column(place, each, meaning_of(each)) for place, each in enumerate(headings)]


def _check(columns: list[Column], found: set[str]) -> None:
    missing = [f"“{HEADINGS[each]}”" for each in NEEDED if each not in found]
    if missing:
        raise BadInput(
            "file",
            ngettext(
                "A column is missing: %(columns)s. Add it with its heading.",
                "%(n)d columns are missing: %(columns)s. Add them with their headings.",
                len(missing),
            )
            % {"n": len(missing), "columns": pgettext("between items", ", ").join(missing)},
        )
    check_unique(columns)


def _line_list(sheet: Sheet, header: int, columns: list[Column]) -> LineList:
    rows = rows_below(
        sheet,
        header,
        columns,
        aside=(Meaning.SERIAL, Meaning.TO_MEND),
        none=_("No complaint stands in this list: there is no row below its header."),
        most=MAX_ROWS,
    )
    return LineList(tuple(each for each in columns if each.heading), rows, sheet.serial_dates)
