"""Naming the infection of a list that was begun from its page."""

from contextlib import suppress
from dataclasses import replace

from cases.importing import cells
from cases.importing.cells import Unreadable
from cases.importing.columns import HEADINGS, Meaning
from cases.importing.sheets import Column, LineList, Row
from policy.types import Category


def name_infection(lines: LineList, label: str) -> LineList:
    """The list with `label` as the infected person of every close contact whose row names nobody.

    What a row says itself stays, so does a row of another category. A list without the column gets it
    behind its last one.
    """
    column = lines.column(Meaning.EXPOSED_TO)
    columns = lines.columns
    if column is None:
        places = [len(columns), *(len(row.cells) for row in lines.rows)]
        column = Column(max(places), str(HEADINGS[Meaning.EXPOSED_TO]), Meaning.EXPOSED_TO)
        columns = (*columns, column)
    category = lines.column(Meaning.CATEGORY)
    rows = [
        _named(row, column.place, label) if _is_close_contact(row, category) else row for row in lines.rows
    ]
    return replace(lines, columns=columns, rows=rows)


def _is_close_contact(row: Row, category: Column | None) -> bool:
    if category is None:
        return False
    with suppress(Unreadable):  # the preview says what is wrong with the cell
        return cells.category_in(row.cell(category.place)) is Category.CLOSE_CONTACT
    return False


def _named(row: Row, place: int, label: str) -> Row:
    if cells.text_of(row.cell(place)).strip():
        return row
    padded = [*row.cells, *[None] * (place + 1 - len(row.cells))]
    padded[place] = label
    return replace(row, cells=tuple(padded))
