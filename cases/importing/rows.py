"""From one row of a list to one entry of the register, or to the cells that stand in the way."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.utils.translation import gettext as _

from accounts.models import Area
from cases.actions.judging import PersonFacts, Registration
from cases.importing import cells
from cases.importing.cells import Unreadable
from cases.importing.columns import ANCHORS, HEADINGS, Meaning
from cases.importing.sheets import Column, LineList, Row, Value
from cases.rules import (
    HomeCheck,
    IdKind,
    KeyMarkKind,
    Sex,
    birth_date_in,
    masked_id,
    masked_phone,
    phone_doubt,
    resident_id_doubt,
    sex_in,
    tidy_person_name,
)
from policy.types import Category, Ground, IsolationFinished
from zones.actions import Staircase, staircase
from zones.rules import tidy_name

T = TypeVar("T")

ANCHOR_OF: Mapping[Category, Meaning] = {
    Category.CLOSE_CONTACT: Meaning.LAST_EXPOSURE,
    Category.SECONDARY_CONTACT: Meaning.LAST_EXPOSURE,
    Category.SPILL_OVER: Meaning.LEFT_ZONE,
    Category.POST_CLOSED_LOOP: Meaning.LOOP_ENDED,
    Category.ENTRANT: Meaning.ENTERED,
}
"""The column whose date is day 0; a date in another one of the four does not count."""

_LONGEST: Mapping[str, int] = {
    Meaning.NAME: 80,
    Meaning.EXPOSED_TO: 60,
    Meaning.COMPOUND: 80,
    Meaning.BUILDING: 40,
    Meaning.UNIT: 40,
    Meaning.DOOR: 20,
    Meaning.REMARKS: 300,
}
"""What the register's columns hold."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a row: the sentence, and the column of the cell that it is about."""

    sentence: str
    column: Column | None = None


@dataclass(slots=True)
class ReadRow:
    """What one row says. `registration` is None when a cell that counts cannot be read (`faults`)."""

    row: Row
    name: str
    id_number: str
    phone: str
    address: str
    category: Category | None
    anchor: Column | None
    registration: Registration | None
    ground: Ground | None
    """Category and what was finished elsewhere: enough for a rule to say no, even without a date."""
    faults: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The row's number in the file."""
        return self.row.number

    def spoil(self, finding: Finding) -> None:
        """Take the registration away: comparing the rows has shown a slip."""
        self.registration = None
        self.faults.append(finding)

    @property
    def masked_id(self) -> str:
        """The ID number as everybody sees it."""
        return masked_id(self.id_number)

    @property
    def masked_phone(self) -> str:
        """The telephone as everybody sees it."""
        return masked_phone(self.phone)


class Communities:
    """The communities that whoever imports may register people in, found by name or code."""

    def __init__(self, area: Area, inside: Iterable[Area], outside: Iterable[str] = ()) -> None:
        self._area = area
        self._inside = list(inside)
        self._outside = {bare_community(name) for name in outside}
        self._by_name: dict[str, list[Area]] = {}
        for community in self._inside:
            self._by_name.setdefault(bare_community(community.name), []).append(community)
            self._by_name.setdefault(community.code, []).append(community)

    @property
    def only(self) -> Area | None:
        """The one community of a community's own worker: there a blank cell means it."""
        return self._inside[0] if self._inside == [self._area] else None

    def find(self, written: str) -> Area:
        """The community of that name. Raises Unreadable unless exactly one inside the area has it."""
        if not written:
            if self.only:
                return self.only
            raise Unreadable(_("The community is missing: your area has several. Write its name."))
        found = self._by_name.get(bare_community(written), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise Unreadable(
                _("Several communities of your area are called “%(name)s”. Write the 12-digit code instead.")
                % {"name": cells.quoted(written)}
            )
        if bare_community(written) in self._outside:
            raise Unreadable(
                _("“%(name)s” lies outside your area (%(area)s): its own office has to register this person.")
                % {"name": cells.quoted(written), "area": self._area.name}
            )
        raise Unreadable(
            _("No community of your area (%(area)s) is called “%(name)s”. Write the name as in the register.")
            % {"name": cells.quoted(written), "area": self._area.name}
        )


def bare_community(name: str) -> str:
    """A community's name without the word for its committee: 幸福社区居委会 is 幸福社区, 李村村委会 李村."""
    return re.sub(r"(?<=社区)(居民委员会|居委会)$|(?<=村)(民委员会|委会)$", "", tidy_name(name))


class RowReader:
    """Reads the rows of one list, all for the same date of registration."""

    def __init__(
        self,
        lines: LineList,
        *,
        registered_on: dt.date,
        communities: Communities,
        confirmed: frozenset[int] = frozenset(),
    ) -> None:
        self.serial_dates = lines.serial_dates
        self.columns = {column.meaning: column for column in lines.columns if column.meaning}
        self.registered_on = registered_on
        self.communities = communities
        self.confirmed = confirmed
        """Numbers of the rows whose doubtful ID the worker has compared with the card."""

    def read(self, row: Row) -> ReadRow:
        """What the row says; with a `registration` when everything that counts can be read."""
        hand = _RowInHand(self.columns, row)
        category = hand.read(Meaning.CATEGORY, cells.category_in, None)
        finished = hand.read(Meaning.ISOLATION_FINISHED, cells.finished_in, IsolationFinished.NONE)
        anchor_on = self._anchor(hand, category)
        facts = self._facts(hand)
        home = hand.read(Meaning.HOME_SUITABLE, cells.yes_or_no, None)
        exposed_to = self._exposed_to(hand, category)
        registration = None
        if category and anchor_on and facts and not hand.faults:
            registration = Registration(
                facts=facts,
                category=category,
                anchor_on=anchor_on,
                registered_on=self.registered_on,
                isolation_finished=finished,
                home_check=_HOME_CHECKS[home],
                exposed_to=exposed_to,
                id_confirmed=row.number in self.confirmed,
            )
        return ReadRow(
            row=row,
            name=hand.name,
            id_number=hand.id_number,
            phone=hand.phone,
            address=hand.address,
            category=category,
            anchor=self.columns.get(ANCHOR_OF[category]) if category else None,
            registration=registration,
            ground=Ground(category, self.registered_on, self.registered_on, finished) if category else None,
            faults=hand.faults,
            notes=hand.notes,
        )

    def _anchor(self, hand: "_RowInHand", category: Category | None) -> dt.date | None:
        """The date of the category's own column; filled cells of the other three only earn a note."""
        if category is None:
            return None
        own = ANCHOR_OF[category]
        for other in ANCHORS:
            column = self.columns.get(other)
            if column and other is not own and hand.says(other):
                hand.note(
                    other,
                    _("“%(column)s” is filled in but does not count for this category.")
                    % {"column": column.heading},
                )
        if self.columns.get(own) is None:
            hand.faults.append(
                Finding(
                    _("The list has no column “%(column)s”, from which the days of this category count.")
                    % {"column": HEADINGS[own]}
                )
            )
            return None
        on = hand.read(own, self._date, None)
        if on is None and hand.sound(own):
            hand.fault(own, _("The date is missing: the days count from it. Write it like 2022-11-14."))
        return on

    def _date(self, value: Value) -> dt.date | None:
        return cells.date_in(value, serial_dates=self.serial_dates)

    def _exposed_to(self, hand: "_RowInHand", category: Category | None) -> str:
        label = tidy_person_name(hand.text(Meaning.EXPOSED_TO))
        if label and category not in (None, Category.CLOSE_CONTACT, Category.SECONDARY_CONTACT):
            hand.note(Meaning.EXPOSED_TO, _("An infected person is only named for close contacts."))
            return ""
        return label

    def _facts(self, hand: "_RowInHand") -> PersonFacts | None:
        """The person, as far as every cell about them can be read."""
        hand.name = tidy_person_name(hand.text(Meaning.NAME))
        if not hand.name and hand.sound(Meaning.NAME):
            hand.fault(Meaning.NAME, _("The name is missing."))
        hand.id_number = hand.read(Meaning.ID_NUMBER, cells.id_number_in, "")
        hand.phone = hand.read(Meaning.PHONE, cells.phone_in, "")
        kind = hand.read(Meaning.ID_KIND, lambda value: cells.id_kind_in(value, hand.id_number), IdKind.OTHER)
        sex = hand.read(Meaning.SEX, cells.sex_in, Sex.UNKNOWN)
        born_on = hand.read(Meaning.BORN_ON, self._date, None)
        community = hand.read(
            Meaning.COMMUNITY, lambda value: self.communities.find(cells.words(value)), None
        )
        no_marks: tuple[frozenset[KeyMarkKind], list[str]] = (frozenset(), [])
        marks, unknown = hand.read(Meaning.KEY_MARKS, cells.key_marks_in, no_marks)
        self._note_numbers(hand, kind, sex, born_on)
        stairs, door = self._home(hand, community)
        remarks = self._remarks(hand, unknown)
        if community is None or hand.faults:
            return None
        return PersonFacts(
            name=hand.name,
            community=community,
            sex=sex,
            born_on=None if _born_otherwise(kind, hand.id_number, born_on) else born_on,
            id_kind=kind,
            id_number=hand.id_number,
            phone=hand.phone,
            stairs=stairs,
            door=door,
            key_marks=marks,
            remarks=remarks,
        )

    def _note_numbers(self, hand: "_RowInHand", kind: IdKind, sex: Sex, born_on: dt.date | None) -> None:
        """Numbers that are missing or contradict the rest of the row."""
        number, phone = hand.id_number, hand.phone
        if not number and not phone and hand.sound(Meaning.ID_NUMBER) and hand.sound(Meaning.PHONE):
            hand.fault(
                Meaning.ID_NUMBER if self.columns.get(Meaning.ID_NUMBER) else Meaning.PHONE,
                _(
                    "Neither an ID number nor a telephone: the person could not be recognised again. "
                    "Fill in one of them, or register this person by hand."
                ),
            )
        elif not number and hand.sound(Meaning.ID_NUMBER):
            hand.note(Meaning.ID_NUMBER, _("Without an ID number: recognised by name and telephone only."))
        if phone and phone_doubt(phone):
            hand.note(Meaning.PHONE, _("This telephone number has an unusual length; please check it."))
        if number and kind is IdKind.OTHER and not hand.says(Meaning.ID_KIND):
            hand.note(Meaning.ID_NUMBER, _("The kind of paper is not stated: entered as another paper."))
        if kind is not IdKind.RESIDENT_ID or resident_id_doubt(number, self.registered_on):
            return
        if sex and sex != sex_in(number):
            hand.note(Meaning.SEX, _("The sex differs from what the ID number says; taken over as written."))
        if _born_otherwise(kind, number, born_on):
            hand.note(Meaning.BORN_ON, _("The date of birth differs from the ID number; the ID counts."))

    def _home(self, hand: "_RowInHand", community: Area | None) -> tuple[Staircase | None, str]:
        """Compound, building and unit, and the door.

        Where no building is named the house number names it: a farmhouse is a building with one implicit
        unit. A building without a compound, or a compound without any number, has no place in the register.
        """
        compound, building, unit, door = (
            tidy_name(hand.text(meaning))
            for meaning in (Meaning.COMPOUND, Meaning.BUILDING, Meaning.UNIT, Meaning.DOOR)
        )
        hand.address = f"{compound} {building}{unit} {door}".strip()
        if (building or unit) and not compound and hand.sound(Meaning.COMPOUND):
            hand.fault(Meaning.COMPOUND, _("The compound or village is missing: the building needs one."))
        if compound and unit and not building and hand.sound(Meaning.BUILDING):
            hand.fault(Meaning.BUILDING, _("The building is missing: the unit needs one."))
        elif compound and not building and not door and hand.sound(Meaning.BUILDING):
            hand.fault(
                Meaning.BUILDING, _("The building is missing. For a farmhouse write the number of the house.")
            )
        if community is None or not compound or not (building or door):
            return None, door
        if not building:
            building, door = door, ""
        return staircase(community=community, compound=compound, building=building, unit=unit), door

    def _remarks(self, hand: "_RowInHand", unknown_marks: Sequence[str]) -> str:
        """The remarks, with what stands in the key-person column and is none of the marks we keep."""
        remarks = hand.text(Meaning.REMARKS, cells.free_text)
        if not unknown_marks:
            return remarks
        column = self.columns.get(Meaning.KEY_MARKS)
        kept = f"{column.heading if column else ''}: {' '.join(unknown_marks)}"
        hand.note(
            Meaning.KEY_MARKS,
            _("“%(words)s” is none of the marks of key persons; kept in the remarks.")
            % {"words": cells.quoted(" ".join(unknown_marks))},
        )
        both = f"{remarks} {kept}".strip()
        if len(both) > _LONGEST[Meaning.REMARKS]:
            hand.fault(Meaning.REMARKS, _too_long(_LONGEST[Meaning.REMARKS]))
        return both


_HOME_CHECKS = {None: HomeCheck.UNCHECKED, True: HomeCheck.SUITABLE, False: HomeCheck.UNSUITABLE}


def _born_otherwise(kind: IdKind, number: str, born_on: dt.date | None) -> bool:
    """Whether the list says another date of birth than a resident ID carries."""
    if kind is not IdKind.RESIDENT_ID or len(number) != 18 or born_on is None:
        return False
    return birth_date_in(number) not in (None, born_on)


def _too_long(longest: int) -> str:
    return _("This is too long: at most %(longest)d characters.") % {"longest": longest}


class _RowInHand:
    """One row while it is read: gives out cells by meaning, and collects what there is to say of them."""

    def __init__(self, columns: Mapping[str, Column], row: Row) -> None:
        self._columns = columns
        self._row = row
        self.faults: list[Finding] = []
        self.notes: list[Finding] = []
        self.name = self.id_number = self.phone = self.address = ""

    def value(self, meaning: Meaning) -> Value:
        """The raw value; None where the list has no such column."""
        column = self._columns.get(meaning)
        return self._row.cell(column.place) if column else None

    def says(self, meaning: Meaning) -> bool:
        """Whether anything but "nothing" stands in the cell."""
        try:
            return bool(cells.free_text(self.value(meaning)))
        except Unreadable:
            return True

    def read(self, meaning: Meaning, how: Callable[[Value], T], otherwise: T) -> T:
        """What the cell says; one that cannot be read is a fault and counts as `otherwise`."""
        try:
            return how(self.value(meaning))
        except Unreadable as reason:
            self.fault(meaning, reason.sentence)
            return otherwise

    def text(self, meaning: Meaning, how: Callable[[Value], str] = cells.words) -> str:
        """The words of a cell, no longer than the register can hold."""
        text = self.read(meaning, how, "")
        longest = _LONGEST[meaning]
        if len(text) > longest:
            self.fault(meaning, _too_long(longest))
            return ""
        return text

    def fault(self, meaning: Meaning, sentence: str) -> None:
        """Say why the row cannot be taken over as it is."""
        self.faults.append(Finding(sentence, self._columns.get(meaning)))

    def note(self, meaning: Meaning, sentence: str) -> None:
        """Say something worth a look that stands in nobody's way."""
        self.notes.append(Finding(sentence, self._columns.get(meaning)))

    def sound(self, meaning: Meaning) -> bool:
        """Whether nothing is wrong with that cell so far."""
        column = self._columns.get(meaning)
        return all(column is None or fault.column != column for fault in self.faults)
