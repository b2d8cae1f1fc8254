"""What becomes of each row of a list of complaints."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from cases.importing.cells import text_of
from cases.importing.report import GiveBack, GivenRow
from cases.importing.rows import Finding
from cases.importing.sheets import LineList
from complaints.importing.columns import Meaning
from complaints.importing.rows import ReadRow
from complaints.models import ComplaintList
from complaints.rules.behaviours import BY_CODE


class Verdict(StrEnum):
    """What would become, or has become, of a row."""

    NEW = "new"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"
    KNOWN = "known"


VERDICTS = {
    Verdict.NEW: pgettext_lazy("row of complaints", "new"),
    Verdict.DOUBTFUL: pgettext_lazy("row of complaints", "behaviour guessed"),
    Verdict.WRONG: pgettext_lazy("row of complaints", "to be mended"),
    Verdict.KNOWN: pgettext_lazy("row of complaints", "known already"),
}
LEFT_OVER = frozenset({Verdict.DOUBTFUL, Verdict.WRONG})
"""What is given back. What is known needs nobody's hand."""


@dataclass(slots=True)
class ListedRow:
    """One row with its verdict; `behaviour` is what it is filed as."""

    read: ReadRow
    verdict: Verdict
    behaviour: str = ""
    findings: list[Finding] = field(default_factory=list)
    chosen: bool = False
    """Somebody has looked at the guess and chosen the behaviour."""

    @property
    def number(self) -> int:
        """The row's number in the file."""
        return self.read.number

    @property
    def group(self) -> Verdict:
        """Where a preview shows it: a confirmed guess stays among the guesses, ticked."""
        return Verdict.DOUBTFUL if self.chosen and self.verdict is Verdict.NEW else self.verdict

    @property
    def is_taken(self) -> bool:
        """Whether a commit files it."""
        return self.verdict is Verdict.NEW


@dataclass(slots=True)
class Preview:
    """What a commit would do with each row, in the order of the list."""

    batch: ComplaintList
    lines: LineList
    rows: list[ListedRow]

    @property
    def counts(self) -> Counter[Verdict]:
        """How many rows stand in each group."""
        return Counter(row.group for row in self.rows)

    @property
    def taken(self) -> int:
        """How many rows a commit files."""
        return sum(row.is_taken for row in self.rows)

    def group(self, group: Verdict) -> list[ListedRow]:
        """The rows of one group."""
        return [row for row in self.rows if row.group is group]


def judged(
    rows: Iterable[ReadRow], *, known: Mapping[str, str], chosen: Mapping[str, str]
) -> list[ListedRow]:
    """Each row with its verdict.

    `known`: the receipt numbers of what this sender has filed, by the sender's own number; `chosen`: the
    behaviours that somebody chose, by the number of the row.
    """
    first: dict[str, int] = {}
    answers = []
    for row in rows:
        answers.append(_judged(row, known, chosen, first))
        if row.external_id:
            first.setdefault(row.external_id, row.number)
    return answers


def _judged(
    row: ReadRow, known: Mapping[str, str], chosen: Mapping[str, str], first: Mapping[str, int]
) -> ListedRow:
    if row.external_id in known:
        sentence = _("It was filed before as no. %(number)s.") % {"number": known[row.external_id]}
        return ListedRow(row, Verdict.KNOWN, findings=[Finding(sentence)])
    if row.external_id and row.external_id in first:
        sentence = _("The same ticket stands in row %(row)d.") % {"row": first[row.external_id]}
        return ListedRow(row, Verdict.KNOWN, findings=[Finding(sentence)])
    if row.filing is None:
        return ListedRow(row, Verdict.WRONG, findings=row.faults)
    choice = chosen.get(str(row.number), "")
    if row.guess and not choice:
        return ListedRow(row, Verdict.DOUBTFUL, row.guess)
    return ListedRow(row, Verdict.NEW, choice or row.filing.behaviour, chosen=bool(row.guess))


def give_back(lines: LineList, rows: Iterable[ListedRow]) -> GiveBack:
    """The rows that are left over: original columns and texts, and what to mend in each."""
    kept = [column for column in lines.columns if column.meaning != Meaning.TO_MEND]
    places = {column.place: place for place, column in enumerate(kept)}
    kind = lines.column(Meaning.KIND)
    given = []
    for row in rows:
        if row.verdict not in LEFT_OVER:
            continue
        findings = list(row.findings)
        if row.verdict is Verdict.DOUBTFUL:
            findings = [Finding(_which_one(row.behaviour), kind)]
        wrong = {places[each.column.place] for each in findings if each.column}
        texts = [text_of(row.read.row.cell(column.place)) for column in kept]
        given.append(
            GivenRow(row.number, texts, sorted(wrong), "\n".join(_advice(each) for each in findings))
        )
    return GiveBack([column.heading for column in kept], given)


def _which_one(guess: str) -> str:
    """How a kind is written that was only guessed; with the guess, which mostly is the right one."""
    if guess == "other" or guess not in BY_CODE:
        return _("Write which behaviour it is, in the words of this system.")
    return _("Write which behaviour it is, in the words of this system; perhaps “%(guess)s”.") % {
        "guess": BY_CODE[guess].label
    }


def _advice(finding: Finding) -> str:
    if finding.column is None:
        return finding.sentence
    return pgettext("column and what is wrong in it", "%(column)s: %(sentence)s") % {
        "column": finding.column.heading,
        "sentence": finding.sentence,
    }
