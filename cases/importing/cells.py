"""Reading one cell: what it says, or why that cannot be known. Nothing is guessed.

Each reader takes the raw value of a cell and returns what it means, nothing (None, "" …) for a cell that
says nothing, or raises `Unreadable` with a sentence that says how to write it.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl.utils.datetime import from_excel

from cases.importing.sheets import Value
from cases.importing.words import key, meanings
from cases.rules import IdKind, KeyMarkKind, Sex, tidy_number, tidy_phone
from policy.types import Category, IsolationFinished


class Unreadable(ValueError):
    """A cell that says something which has no certain meaning."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


NOTHING = frozenset({"", "/", "\\", "-", "--", "---", "无", "没有", "空", "n/a", "none", "null"})
"""How people write that a cell is empty."""
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))


def text_of(value: Value) -> str:
    """The cell as somebody who reads the list sees it; dates and numbers in their plainest form."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d" if value.time() == dt.time() else "%Y-%m-%d %H:%M")
    return str(value)


def words(value: Value) -> str:
    """The text of a cell made narrow, with single blanks; "" where somebody wrote that there is nothing.

    Raises Unreadable for the error values of a formula, and for a date: Excel makes one of "3-1" by itself.
    """
    if isinstance(value, (dt.date, dt.time)):
        raise Unreadable(_("Excel took this for a date. Format the cell as text and type it again."))
    return _words(text_of(value))


def free_text(value: Value) -> str:
    """The same for a cell that may hold anything, dates too."""
    return _words(text_of(value))


def _words(written: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", written).split())
    if text.upper() in _ERRORS:
        raise Unreadable(
            _("“%(text)s” is an error of Excel and no value. Write the value itself.") % {"text": text}
        )
    return "" if text.translate(_DASHES).lower() in NOTHING else text


def quoted(text: str) -> str:
    """What stands in a cell, short enough to be repeated in a sentence."""
    return text if len(text) <= 24 else f"{text[:23]}…"


def one_of(value: Value, known: Mapping[str, str], allowed: Callable[[], str]) -> str:
    """What a cell means that has to hold one of a few words; "" when it holds nothing."""
    text = words(value)
    meaning = known.get(key(text), "")
    if text and not meaning:
        raise Unreadable(
            _("“%(text)s” is not understood. Write one of: %(words)s.")
            % {"text": quoted(text), "words": allowed()}
        )
    return meaning


def _listed(*choices: object) -> str:
    return pgettext("between items", ", ").join(str(choice) for choice in choices)


def _yes_no_words() -> str:
    return _listed(pgettext("in a cell", "yes"), pgettext("in a cell", "no"))


def _finished_words() -> str:
    return _listed(_yes_no_words(), pgettext("in a cell", "only central"))


def _people() -> str:
    return _listed(*(each.label for each in Category if each is not Category.SECONDARY_CONTACT))


# ── dates ────────────────────────────────────────────────────────────────────────────────────────

_DATE = (
    r"(?P<year>\d{4})\s*[年/.-]\s*(?P<month>\d{1,2})\s*[月/.-]\s*(?P<day>\d{1,2})(?!\d)\s*[日号]?"
    r"|(?P<whole>\d{8})(?!\d)"
)
_WEEKDAY = r"(?:\s*\(?(?:星期|周)[一二三四五六日天]\)?)?"
_TIME = (
    r"(?:(?:T|\s+|(?<=[日号]))(?:上午|下午|早上|晚上|中午|凌晨|[AaPp][Mm])?\s*"
    r"(?:[01]?\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:\s*[AaPp][Mm])?|[时点](?:[0-5]?\d分?)?))?"
)
_WRITTEN_DATE = re.compile(f"(?:{_DATE}){_WEEKDAY}{_TIME}")
_RELATIVE = re.compile(
    r"今天|今日|昨天|昨日|前天|前日|明天|当天|当日|[本上]周|today|yesterday", re.IGNORECASE
)
_WITHOUT_YEAR = re.compile(r"\d{1,2}\s*(?:月\s*\d{1,2}\s*[日号]?|[/.-]\s*\d{1,2})")
_YEAR_UNCLEAR = re.compile(r"\d{1,2}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{2,4}\s*[日号]?")
_FIRST_SERIAL, _LAST_SERIAL = 43_800, 73_050
"""Days since 1900 that Excel counts for 2019-12-01 and 2099-12-31."""


def date_in(value: Value, *, serial_dates: bool = False) -> dt.date | None:
    """The civil date in a cell, of a date with a time its date; None when the cell is empty.

    Understood are date cells, 2022年11月14日, 2022/11/14, 2022-11-14, 2022.11.14 and 20221114, and with
    `serial_dates` (an Excel workbook) a bare day count. Everything else is unreadable: without a year,
    with two digits of a year, relative to the day it was written.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if serial_dates and isinstance(value, (int, float)) and _FIRST_SERIAL <= value <= _LAST_SERIAL:
        return from_excel(value).date()
    text = free_text(value).translate(_DASHES)
    if not text:
        return None
    match = _WRITTEN_DATE.fullmatch(text)
    if match is None:
        raise Unreadable(_why_no_date(text) % {"text": quoted(text)})
    whole = match["whole"]
    year, month, day = (whole[:4], whole[4:6], whole[6:]) if whole else match.group("year", "month", "day")
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError as error:
        raise Unreadable(
            _("There is no such day as “%(text)s”. Write the date like 2022-11-14.") % {"text": quoted(text)}
        ) from error


def _why_no_date(text: str) -> str:
    if _RELATIVE.search(text):
        return _(
            "“%(text)s” depends on the day on which it was written. Write the date itself, like 2022-11-14."
        )
    if _WITHOUT_YEAR.fullmatch(text):
        return _("“%(text)s” has no year. Write the date with its year, like 2022-11-14.")
    if _YEAR_UNCLEAR.fullmatch(text):
        return _(
            "“%(text)s” can be read in several ways. Write the year first, with four digits, like 2022-11-14."
        )
    return _("“%(text)s” is no date that can be read. Write it like 2022-11-14.")


# ── what a person is here for ────────────────────────────────────────────────────────────────────

_CATEGORIES = meanings("category")


def category_in(value: Value) -> Category:
    """The category; a cell without one is unreadable too.

    A remark in brackets is left out only when it says the same: 密切接触者（密接）.
    """
    text = words(value)
    if not text:
        raise Unreadable(_("The category is missing. Write one of: %(words)s.") % {"words": _people()})
    bracketed = re.fullmatch(r"([^()]+)\(([^()]+)\)", text)
    if bracketed:
        outside, inside = (_CATEGORIES.get(key(part)) for part in bracketed.groups())
        text = bracketed[1] if outside == inside else text
    return Category(one_of(text, _CATEGORIES, _people))


_YES_NO = meanings("yes_or_no")


def yes_or_no(value: Value) -> bool | None:
    """Yes, no, or None for an empty cell."""
    answer = one_of(value, _YES_NO, _yes_no_words)
    return answer == "yes" if answer else None


_FINISHED = meanings("isolation_finished")


def finished_in(value: Value) -> IsolationFinished:
    """What an entrant has finished at the first point of entry; an empty cell: nothing yet."""
    answer = one_of(value, _FINISHED, _finished_words)
    return IsolationFinished(answer) if answer else IsolationFinished.NONE


# ── the person ───────────────────────────────────────────────────────────────────────────────────

_SEXES = meanings("sex")


def sex_in(value: Value) -> Sex:
    """The sex; an empty cell says nothing of it."""
    answer = one_of(value, _SEXES, lambda: _listed(_("male"), _("female")))
    return Sex.UNKNOWN if answer in ("", "unknown") else Sex(answer)


_ID_KINDS = meanings("id_kind")


def id_kind_in(value: Value, number: str) -> IdKind:
    """The kind of paper. Where the list does not say it, digits are a resident ID, letters another paper."""
    answer = one_of(
        value,
        _ID_KINDS,
        lambda: _listed(_("resident ID card"), _("passport"), _("residence or travel permit")),
    )
    if answer == IdKind.NONE and number:
        raise Unreadable(_("“No paper” is written here, but there is a number. Correct one of the two."))
    if answer:
        return IdKind(answer)
    return IdKind.RESIDENT_ID if re.fullmatch(r"\d*[\dX]?", number) else IdKind.OTHER


def id_number_in(value: Value) -> str:
    """The number of the paper, tidied; "" without one.

    Excel keeps fifteen digits of a number and puts zeros for the rest: such a cell is unreadable.
    """
    text = words(value)
    lost = isinstance(value, (int, float)) and len(text) > 15 and text.endswith("000")
    if lost or re.fullmatch(r"\d(\.\d+)?E\+?\d+", text.upper()):
        raise Unreadable(
            _(
                "Excel took the ID for a number and lost its last digits. Format the cell as text and "
                "type it again."
            )
        )
    number = tidy_number(text.strip("'`\"‘’"))
    if len(number) > 40:
        raise Unreadable(_("This is too long for the number of one paper. Write one number only."))
    return number


def phone_in(value: Value) -> str:
    """The telephone number, tidied; "" without one. Two numbers in a cell are unreadable."""
    text = words(value).strip("'`\"‘’")
    if re.fullmatch(r"\d(\.\d+)?E\+?\d+", text.upper()):
        raise Unreadable(
            _("Excel shortened the telephone number. Format the cell as text and type it again.")
        )
    phone = tidy_phone(text)
    parts = [part for part in re.split(r"[^\d+-]+", text) if len(re.sub(r"\D", "", part)) >= 7]
    if len(parts) > 1 or len(phone) > 16:
        raise Unreadable(
            _("More than one telephone number stands here. Keep one, put the other into the remarks.")
        )
    if text and len(phone) < 5:
        raise Unreadable(_("“%(text)s” is no telephone number.") % {"text": quoted(text)})
    return phone


_KEY_MARKS = meanings("key_mark")


def key_marks_in(value: Value) -> tuple[frozenset[KeyMarkKind], list[str]]:
    """The marks of a key person, and the words that name none we know (they are no reason to refuse)."""
    named: list[str] = []
    for part in re.split(r"[、,;/|+]", words(value)):
        pieces = part.split()
        named += pieces if all(piece in _KEY_MARKS for piece in pieces) else [" ".join(pieces)]
    named = [word for word in named if word not in NOTHING and _YES_NO.get(word) != "no"]
    marks = frozenset(KeyMarkKind(_KEY_MARKS[key(word)]) for word in named if key(word) in _KEY_MARKS)
    return marks, [word for word in named if key(word) not in _KEY_MARKS]
