"""Recognising the header of a list, and what each of its columns means."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from cases.importing.cells import text_of
from cases.importing.headings import check_unique, rows_below
from cases.importing.reading import MAX_ROWS
from cases.importing.sheets import Column, LineList, Row, Sheet
from cases.importing.words import headings
from policy.refusals import BadInput
from policy.types import Anchor

HEADER_WITHIN = 30
"""The header stands in one of the first so many rows that are not blank: titles may stand above it."""


class Meaning(StrEnum):
    """What a column can mean. Those of the anchors have the names of the anchors."""

    NAME = "name"
    SEX = "sex"
    BORN_ON = "born_on"
    ID_KIND = "id_kind"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    COMMUNITY = "community"
    COMPOUND = "compound"
    BUILDING = "building"
    UNIT = "unit"
    DOOR = "door"
    CATEGORY = "category"
    EXPOSED_TO = "exposed_to"
    LAST_EXPOSURE = "last_exposure"
    LEFT_ZONE = "left_zone"
    LOOP_ENDED = "loop_ended"
    ENTERED = "entered"
    ISOLATION_FINISHED = "isolation_finished"
    HOME_SUITABLE = "home_suitable"
    KEY_MARKS = "key_marks"
    REMARKS = "remarks"
    SERIAL = "serial"
    TO_MEND = "to_mend"


ANCHORS = tuple(Meaning(anchor.value) for anchor in Anchor)

HEADINGS: Mapping[str, Promise] = {
    Meaning.SERIAL: pgettext_lazy("column of a list", "No."),
    Meaning.NAME: pgettext_lazy("column of a list", "Name"),
    Meaning.SEX: pgettext_lazy("column of a list", "Sex"),
    Meaning.BORN_ON: pgettext_lazy("column of a list", "Date of birth"),
    Meaning.ID_KIND: pgettext_lazy("column of a list", "Kind of paper"),
    Meaning.ID_NUMBER: pgettext_lazy("column of a list", "ID number"),
    Meaning.PHONE: pgettext_lazy("column of a list", "Telephone"),
    Meaning.COMMUNITY: pgettext_lazy("column of a list", "Community"),
    Meaning.COMPOUND: pgettext_lazy("column of a list", "Compound"),
    Meaning.BUILDING: pgettext_lazy("column of a list", "Building"),
    Meaning.UNIT: pgettext_lazy("column of a list", "Unit"),
    Meaning.DOOR: pgettext_lazy("column of a list", "Door number"),
    Meaning.CATEGORY: pgettext_lazy("column of a list", "Category"),
    Meaning.EXPOSED_TO: pgettext_lazy("column of a list", "Exposed to"),
    Meaning.LAST_EXPOSURE: pgettext_lazy("column of a list", "Date of last exposure"),
    Meaning.LEFT_ZONE: pgettext_lazy("column of a list", "Date of leaving the high-risk zone"),
    Meaning.LOOP_ENDED: pgettext_lazy("column of a list", "Date the closed loop ended"),
    Meaning.ENTERED: pgettext_lazy("column of a list", "Date of entry"),
    Meaning.ISOLATION_FINISHED: pgettext_lazy(
        "column of a list", "Isolation finished at the first point of entry"
    ),
    Meaning.HOME_SUITABLE: pgettext_lazy("column of a list", "Home suitable for isolation"),
    Meaning.KEY_MARKS: pgettext_lazy("column of a list", "Key person"),
    Meaning.REMARKS: pgettext_lazy("column of a list", "Remarks"),
    Meaning.TO_MEND: pgettext_lazy("column of a list", "To be mended"),
}
"""How each column is headed in the template, in the order in which it stands there."""

_BRACKETS = re.compile(r"[(\[【{<《〔][^)\]】}>》〕]*[)\]】}>》〕]")
_NOISE = re.compile(r"[\s*＊:：_\-—.。、,，?？!！\"“”'‘’★☆]+")


def bare(heading: str) -> str:
    """A heading without what decorates it: brackets with hints, blanks, stars, colons, case."""
    narrow = unicodedata.normalize("NFKC", heading)
    return _NOISE.sub("", _BRACKETS.sub("", narrow)).lower()


_MEANINGS = {bare(heading): meaning for heading, meaning in headings()}


def meaning_of(heading: str) -> str:
    """What a column of that heading means; "" when it is unknown.

    "身份证号/护照号" is understood when all its parts mean the same.
    """
    whole = bare(heading)
    if whole in _MEANINGS:
        return _MEANINGS[whole]
    parts = {_MEANINGS.get(part, "") for part in re.split(r"[/|或和及与]", whole)}
    return parts.pop() if len(parts) == 1 else ""


def find_list(sheets: Iterable[Sheet]) -> LineList:
    """The list in the first table that has a recognisable header.

    A header names the people and at least one thing more. Raises BadInput at "file" when no table has
    one, when two columns mean the same, when nobody stands below it, or too many do.
    """
    for sheet in sheets:
        for place, row in enumerate(sheet.rows[:HEADER_WITHIN]):
            columns = _columns(row)
            meanings = [column.meaning for column in columns if column.meaning]
            if Meaning.NAME in meanings and len(set(meanings)) > 1:
                return _line_list(sheet, place, columns)
    raise BadInput(
        "file",
        _(
            "No header was found. One row above the people has to name the columns, such as “%(name)s”, "
            "“%(number)s”, “%(category)s”."
        )
        % {
            "name": HEADINGS[Meaning.NAME],
            "number": HEADINGS[Meaning.ID_NUMBER],
            "category": HEADINGS[Meaning.CATEGORY],
        },
    )


def _columns(row: Row) -> list[Column]:
    headings = [text_of(value).strip() for value in row.cells]
    return [Column(place, heading, meaning_of(heading)) for place, heading in enumerate(headings)]


def _line_list(sheet: Sheet, header: int, columns: list[Column]) -> LineList:
    check_unique(columns)
    rows = rows_below(
        sheet,
        header,
        columns,
        aside=(Meaning.SERIAL, Meaning.TO_MEND),
        none=_("Nobody stands in this list: there is no row below its header."),
        most=MAX_ROWS,
    )
    filled = {place for row in rows for place, value in enumerate(row.cells) if value is not None}
    last = max(filled | {column.place for column in columns})
    columns += [Column(place, "") for place in range(len(columns), last + 1)]
    kept = tuple(column for column in columns if column.heading or column.place in filled)
    return LineList(kept, rows, sheet.serial_dates)


def missing_columns(lines: LineList, *, community_needed: bool) -> None:
    """Raise BadInput at "file" when a column is missing without which no row could be registered.

    Needed are name, category, at least one of the four dates, number or telephone (else nobody could be
    recognised again), and the community for whoever imports for several.
    """
    needed: list[tuple[str, ...]] = [
        (Meaning.NAME,),
        (Meaning.CATEGORY,),
        ANCHORS,
        (Meaning.ID_NUMBER, Meaning.PHONE),
    ]
    if community_needed:
        needed.append((Meaning.COMMUNITY,))
    missing = [choice for choice in needed if not any(lines.column(meaning) for meaning in choice)]
    if not missing:
        return
    names = [
        pgettext("between choices", " or ").join(f"“{HEADINGS[meaning]}”" for meaning in choice)
        for choice in missing
    ]
    raise BadInput(
        "file",
        ngettext(
            "A column is missing: %(columns)s. Add it with its heading.",
            "%(n)d columns are missing: %(columns)s. Add them with their headings.",
            len(names),
        )
        % {"n": len(names), "columns": pgettext("between items that hold commas", "; ").join(names)},
    )
