"""From one row of a list to one filing, or to the cells that stand in the way."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils.translation import gettext as _

from cases.importing import cells
from cases.importing.cells import Unreadable
from cases.importing.columns import bare
from cases.importing.rows import Finding
from cases.importing.sheets import LineList, Row, Value
from cases.rules import phone_doubt, tidy_person_name
from complaints.actions.filing import ComplainantFacts, Filing
from complaints.importing.columns import HEADINGS, Meaning
from complaints.importing.places import Gazetteer, NotThere, Spot
from complaints.importing.words import guessed, kinds, meanings
from complaints.rules.words import Source

T = TypeVar("T")

ANONYMOUS = frozenset({"匿名", "未提供", "不详", "保密", "未知", "市民", "群众", "先生", "女士"})
"""What stands in the column of the name where somebody gave none."""

LONGEST = {
    Meaning.EXTERNAL_ID: 80,
    Meaning.TEXT: 4000,
    Meaning.ADDRESS: 200,
    Meaning.RESPONDENT: 200,
    Meaning.NAME: 60,
}
"""What a complaint's columns hold."""

_URGENT = meanings("urgent")


@dataclass(slots=True)
class ReadRow:
    """What one row says. `filing` is None when a cell that counts can't be read (`faults`)."""

    row: Row
    external_id: str = ""
    text: str = ""
    place: str = ""
    written_kind: str = ""
    guess: str = ""
    """The behaviour that was only guessed; "" when the list says it for certain."""
    filing: Filing | None = None
    faults: list[Finding] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The row's number in the file."""
        return self.row.number

    @property
    def excerpt(self) -> str:
        """The beginning of the text."""
        return self.text if len(self.text) <= 70 else f"{self.text[:69]}…"


class RowReader:
    """Reads the rows of one list; `today`: no date may lie behind it."""

    def __init__(self, lines: LineList, *, gazetteer: Gazetteer, today: dt.date) -> None:
        self._lines = lines
        self._gazetteer = gazetteer
        self._today = today

    def read(self, row: Row) -> ReadRow:
        """The filing that a row stands for; every cell that is wrong is named."""
        said = ReadRow(row)
        self._read_number(said)
        self._read_text(said)
        said.place = self._cell(said, Meaning.ADDRESS, self._short(Meaning.ADDRESS)) or ""
        behaviour, spot = self._behaviour(said), self._spot(said)
        since = self._cell(said, Meaning.SINCE, self._since)
        urgent = bool(self._cell(said, Meaning.URGENT, _urgent))
        respondent = self._cell(said, Meaning.RESPONDENT, self._short(Meaning.RESPONDENT)) or ""
        who = ComplainantFacts(
            name=self._cell(said, Meaning.NAME, self._name) or "",
            phone=self._cell(said, Meaning.PHONE, _phone) or "",
        )
        text = self._with_call(said)
        if spot is None or said.faults:
            return said
        about = self._gazetteer.about(respondent, spot.area)
        said.filing = Filing(
            behaviour=behaviour,
            area=spot.area,
            what_happened=text,
            compound=spot.compound,
            site=spot.site,
            place=said.place,
            whom=about.whom,
            respondent=about.office,
            respondent_text=respondent,
            since_on=since,
            urgent=urgent,
            complainant=who,
            source=Source.IMPORT,
            external_id=said.external_id,
        )
        return said

    def _read_number(self, said: ReadRow) -> None:
        said.external_id = self._cell(said, Meaning.EXTERNAL_ID, self._short(Meaning.EXTERNAL_ID)) or ""
        if not said.external_id and not said.faults:
            self._blame(
                said,
                Meaning.EXTERNAL_ID,
                _("The ticket number is missing: without it nobody knows whether it came before."),
            )

    def _read_text(self, said: ReadRow) -> None:
        title = self._cell(said, Meaning.TITLE, _prose) or ""
        body = self._cell(said, Meaning.TEXT, _prose) or ""
        said.text = "\n".join(part for part in (title, body) if part)
        if not said.text:
            self._blame(said, Meaning.TEXT, _("The cell is empty: write what happened."))
        if len(said.text) > LONGEST[Meaning.TEXT]:
            self._blame(said, Meaning.TEXT, _("The text is longer than 4000 characters. Shorten it."))

    def _cell(self, said: ReadRow, meaning: Meaning, read: Callable[[Value], T]) -> T | None:
        """What the cell of that column says; None without such a column, or when it can't be read."""
        column = self._lines.column(meaning)
        if column is None:
            return None
        try:
            return read(said.row.cell(column.place))
        except Unreadable as fault:
            said.faults.append(Finding(fault.sentence, column))
            return None

    def _blame(self, said: ReadRow, meaning: Meaning, sentence: str) -> None:
        said.faults.append(Finding(sentence, self._lines.column(meaning)))

    def _short(self, meaning: Meaning) -> Callable[[Value], str]:
        def read(value: Value) -> str:
            text = cells.free_text(value)
            if len(text) > LONGEST[meaning]:
                raise Unreadable(_("Longer than %(n)d characters. Shorten it.") % {"n": LONGEST[meaning]})
            return text

        return read

    def _name(self, value: Value) -> str:
        """The caller's name; what only says that there is none is none."""
        name = tidy_person_name(self._short(Meaning.NAME)(value))
        return "" if name in ANONYMOUS else name

    def _since(self, value: Value) -> dt.date | None:
        on = cells.date_in(value, serial_dates=self._lines.serial_dates)
        if on and on > self._today:
            raise Unreadable(_("This date lies in the future."))
        return on

    def _behaviour(self, said: ReadRow) -> str:
        """The behaviour that the list says, or the one that its words let guess."""
        said.written_kind = self._cell(said, Meaning.KIND, cells.free_text) or ""
        parts = said.written_kind.replace("-", "/").replace(">", "/").split("/")
        for part in [said.written_kind, *reversed(parts)]:
            code = kinds().get(bare(part), "") if part.strip() else ""
            if code and code != "other":
                return code
        said.guess = guessed(f"{said.written_kind} {said.text}") or "other"
        return said.guess

    def _spot(self, said: ReadRow) -> Spot | None:
        wanted = {
            "county": self._cell(said, Meaning.COUNTY, cells.free_text) or "",
            "street": self._cell(said, Meaning.STREET, cells.free_text) or "",
            "community": self._cell(said, Meaning.COMMUNITY, cells.free_text) or "",
        }
        try:
            return self._gazetteer.spot(**wanted, address=said.place)
        except NotThere as fault:
            said.faults.append(Finding(fault.sentence, self._lines.column(fault.level)))
            return None

    def _with_call(self, said: ReadRow) -> str:
        """The text with the time of the call, which the sender knows and our clocks don't count from."""
        called = self._cell(said, Meaning.CALLED_AT, cells.free_text)
        if not called:
            return said.text
        return f"{said.text}\n{HEADINGS[Meaning.CALLED_AT]}: {called}"


def _prose(value: Value) -> str:
    """A text with its paragraphs."""
    if not cells.free_text(value):
        return ""
    return cells.text_of(value).replace("\r\n", "\n").replace("\r", "\n").strip()


def _phone(value: Value) -> str:
    phone = cells.phone_in(value)
    if phone and phone_doubt(phone):
        raise Unreadable(
            _("“%(text)s” looks like neither a mobile nor a landline number. Mend it, or leave it empty.")
            % {"text": cells.quoted(phone)}
        )
    return phone


def _urgent(value: Value) -> bool:
    """Whether the sender calls it urgent; words that nobody knows are no reason to refuse the row."""
    return _URGENT.get(bare(cells.free_text(value)), "no") == "yes"
