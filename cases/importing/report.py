"""The workbooks that are given out: the rows that were left over, and the template of a list."""

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from cases.actions.judging import Verdict
from cases.importing.cells import text_of
from cases.importing.columns import ANCHORS, HEADINGS, Meaning
from cases.importing.preview import LEFT_OVER, ListedRow
from cases.importing.sheets import LineList
from cases.rules import ID_KINDS, KEY_MARKS, SEXES, Sex
from cases.spreadsheets import safe_text
from policy.types import Category

_AMBER = PatternFill("solid", fgColor="FDF1D6")
_HEAD = PatternFill("solid", fgColor="E6EAF4")
_WRAP = Alignment(wrap_text=True, vertical="top")


@dataclass(frozen=True, slots=True)
class GivenRow:
    """One row that was left over: its cells as text, the places of the wrong ones, and what to mend."""

    number: int
    cells: list[str]
    wrong: list[int]
    advice: str


@dataclass(frozen=True, slots=True)
class GiveBack:
    """The rows that were left over, with the headings of their columns in the original order."""

    headings: list[str]
    rows: list[GivenRow]

    def to_json(self) -> str:
        """As it is kept, encrypted, with the batch."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, stored: str) -> "GiveBack":
        """What `to_json` wrote."""
        whole = json.loads(stored)
        return cls(whole["headings"], [GivenRow(**row) for row in whole["rows"]])


def give_back(lines: LineList, rows: Iterable[ListedRow]) -> GiveBack:
    """The rows that a commit leaves over: original columns and texts, and what to do with each row."""
    kept = [column for column in lines.columns if column.meaning != Meaning.TO_MEND]
    places = {column.place: place for place, column in enumerate(kept)}
    given = []
    for row in rows:
        if row.verdict not in LEFT_OVER:
            continue
        wrong = {places[f.column.place] for f in row.findings if f.column and f.column.place in places}
        texts = [text_of(row.read.row.cell(column.place)) for column in kept]
        given.append(GivenRow(row.number, texts, sorted(wrong), _advice(row)))
    return GiveBack([column.heading for column in kept], given)


def _advice(row: ListedRow) -> str:
    """What to mend, cell by cell, without cell references: the rows stand elsewhere in this file."""
    told = []
    for finding in row.findings:
        sentence = finding.sentence + (f"〔{row.clause}〕" if row.clause else "")
        heading = finding.column.heading if finding.column else ""
        told.append(
            pgettext("column and what is wrong in it", "%(column)s: %(sentence)s")
            % {"column": heading, "sentence": sentence}
            if heading
            else sentence
        )
    if row.verdict is Verdict.DOUBTFUL:
        told.append(_("If the card really says so, import this row again and confirm it in the preview."))
    elif row.verdict is Verdict.HELD_ELSEWHERE:
        told.append(_("Offer a handover instead of registering once more."))
    return "\n".join(told)


def write_give_back(given: GiveBack) -> bytes:
    """The workbook of a give-back: every cell a text, the wrong ones coloured, what to mend at the end."""
    book, sheet = _new_workbook(pgettext("name of a sheet", "Left over"))
    _write_row(sheet, 1, [*given.headings, str(HEADINGS[Meaning.TO_MEND])])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    for number, row in enumerate(given.rows, start=2):
        _write_row(sheet, number, [*row.cells, row.advice])
        for place in [*row.wrong, len(given.headings)]:
            sheet.cell(number, place + 1).fill = _AMBER
        sheet.cell(number, len(given.headings) + 1).alignment = _WRAP
    sheet.freeze_panes = "A2"
    for place, heading in enumerate(given.headings, start=1):
        widest = max((len(row.cells[place - 1]) for row in given.rows), default=0)
        sheet.column_dimensions[get_column_letter(place)].width = min(
            max(len(heading) * 2, widest + 3, 8), 40
        )
    sheet.column_dimensions[get_column_letter(len(given.headings) + 1)].width = 60
    return _saved(book)


def _write_row(sheet: Worksheet, number: int, texts: Sequence[str]) -> None:
    for place, text in enumerate(texts, start=1):
        if text:
            _write_text(sheet.cell(number, place), text)


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """Write a text that stays a text: nothing that came from outside becomes a formula, here or in a CSV."""
    cell.value = safe_text(text)
    cell.data_type = "s"
    cell.number_format = "@"


def _new_workbook(title: str) -> tuple[Workbook, Worksheet]:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    return book, sheet


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ── the template ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Guide:
    """What the template says of one column."""

    meaning: Meaning
    needed: str
    how: str
    example: str
    choices: Sequence[str] = ()

    @property
    def is_date(self) -> bool:
        """Whether the column holds the date of an anchoring event."""
        return self.meaning in ANCHORS

    @property
    def heading(self) -> str:
        """How the column is headed."""
        return str(HEADINGS[self.meaning])


def guides() -> list[Guide]:
    """The columns of the template with their explanation, in the reader's language."""
    yes_no = [pgettext("in a cell", "yes"), pgettext("in a cell", "no")]
    always = pgettext("needed in a list", "always")
    people = [each.label for each in Category if each is not Category.SECONDARY_CONTACT]
    as_date = _("Like 2022-11-14, with the year; this day is day 0.")

    def dated(meaning: Meaning, category: Category, example: str = "") -> Guide:
        needed = pgettext("column of the template needed for a category", "for: %(category)s")
        return Guide(meaning, needed % {"category": category.label}, as_date, example)

    return [
        Guide(Meaning.SERIAL, "", _("Any number, or nothing."), "1"),
        Guide(Meaning.NAME, always, _("As on the card."), _("Zhang San")),
        Guide(Meaning.SEX, "", "", str(SEXES[Sex.MALE]), [str(SEXES[Sex.FEMALE]), str(SEXES[Sex.MALE])]),
        Guide(
            Meaning.ID_KIND,
            "",
            _("Empty: a resident ID card."),
            str(next(iter(ID_KINDS.values()))),
            [str(kind) for kind in ID_KINDS.values()],
        ),
        Guide(
            Meaning.ID_NUMBER,
            pgettext("needed in a list", "this or the telephone"),
            _("As text, all 18 characters."),
            EXAMPLE_ID,
        ),
        Guide(
            Meaning.PHONE,
            pgettext("needed in a list", "this or the ID number"),
            _("One number."),
            "13800001234",
        ),
        Guide(
            Meaning.COMMUNITY,
            pgettext("needed in a list", "for streets and above"),
            _("The name as in the register. A community leaves it empty."),
            _("Happiness Community"),
        ),
        Guide(Meaning.COMPOUND, "", _("Compound or village."), _("Sunshine Garden")),
        Guide(Meaning.BUILDING, "", _("As written at the house; of a farmhouse its number."), _("No. 4")),
        Guide(Meaning.UNIT, "", _("Empty where the building has none."), _("Unit 1")),
        Guide(Meaning.DOOR, "", "", "1203"),
        Guide(Meaning.CATEGORY, always, _("One of the allowed words."), people[0], people),
        Guide(
            Meaning.EXPOSED_TO,
            "",
            _("Only of close contacts: the infected person as the county's list names them."),
            _("Case 1"),
        ),
        dated(Meaning.LAST_EXPOSURE, Category.CLOSE_CONTACT, "2022-11-14"),
        dated(Meaning.LEFT_ZONE, Category.SPILL_OVER),
        dated(Meaning.LOOP_ENDED, Category.POST_CLOSED_LOOP),
        dated(Meaning.ENTERED, Category.ENTRANT),
        Guide(
            Meaning.ISOLATION_FINISHED,
            "",
            _("Only of entrants. Whoever finished it is not isolated again 〔二(十)〕."),
            "",
            [*yes_no, pgettext("in a cell", "only central")],
        ),
        Guide(
            Meaning.HOME_SUITABLE,
            "",
            _("Empty: not checked yet. Who has no suitable home stays in central isolation 〔三(一)〕."),
            yes_no[0],
            yes_no,
        ),
        Guide(
            Meaning.KEY_MARKS,
            "",
            _("Several with a comma between them."),
            "",
            [str(mark) for mark in KEY_MARKS.values()],
        ),
        Guide(Meaning.REMARKS, "", "", ""),
    ]


EXAMPLE_ID = "11010519491231002X"
"""The example of GB 11643, which defines these numbers."""


def write_template() -> bytes:
    """An empty list with the header, and a second sheet that explains it by an example.

    The example stands on the second sheet, so that nobody imports it by mistake.
    """
    book, sheet = _new_workbook(pgettext("name of a sheet", "List"))
    explained = guides()
    _write_row(sheet, 1, [guide.heading for guide in explained])
    for place, guide in enumerate(explained, start=1):
        letter = get_column_letter(place)
        head = sheet.cell(1, place)
        head.font, head.fill = Font(bold=True), _HEAD
        sheet.column_dimensions[letter].width = max(len(str(head.value)) * 2 + 2, 10)
        sheet.column_dimensions[letter].number_format = "@"  # Excel would eat the last digits of an ID
        if guide.choices and guide.meaning is not Meaning.KEY_MARKS:
            _offer(sheet, letter, guide.choices)
    sheet.freeze_panes = "C2"
    _explain(book.create_sheet(pgettext("name of a sheet", "How to fill it in")), explained)
    return _saved(book)


def _offer(sheet: Worksheet, letter: str, choices: Sequence[str]) -> None:
    """A list to choose from; another word is still possible, the import knows the usual ones."""
    offered = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
    offered.showErrorMessage = False
    offered.add(f"{letter}2:{letter}5000")
    sheet.add_data_validation(offered)


def _explain(sheet: Worksheet, explained: Sequence[Guide]) -> None:
    heads = [
        pgettext("column of the guide", "Column"),
        pgettext("column of the guide", "Needed"),
        pgettext("column of the guide", "Example"),
        pgettext("column of the guide", "How to write it"),
        pgettext("column of the guide", "Allowed words"),
    ]
    _write_row(sheet, 1, heads)
    for place, width in enumerate((30, 20, 24, 60, 60), start=1):
        head = sheet.cell(1, place)
        head.font, head.fill = Font(bold=True), _HEAD
        sheet.column_dimensions[get_column_letter(place)].width = width
    for number, guide in enumerate(explained, start=2):
        words = pgettext("between items", ", ").join(guide.choices)
        heading = guide.heading
        _write_row(sheet, number, [heading, guide.needed, guide.example, guide.how, words])
        for cell in sheet[number]:
            cell.alignment = _WRAP
        sheet.cell(number, 1).font = Font(bold=True)
    sheet.freeze_panes = "A2"
