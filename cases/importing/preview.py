"""What becomes of each row of a list: what could be read of it, and what the register says to that."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cases.actions.judging import WRITTEN, Judgement, Verdict
from cases.actions.planning import plan_grounds
from cases.importing.columns import Meaning
from cases.importing.rows import Finding, ReadRow
from cases.importing.sheets import Column, LineList
from cases.models import ImportBatch
from cases.rules import HomeCheck
from policy import rules as policy_rules
from policy.refusals import BadInput, RuleViolation
from policy.types import Edition, Ground, Plan

GROUPS = (
    Verdict.NEW,
    Verdict.NEW_GROUND,
    Verdict.EARLIER_EXPOSURE,
    Verdict.DOUBTFUL,
    Verdict.WRONG,
    Verdict.REFUSED,
    Verdict.HELD_ELSEWHERE,
    Verdict.UNCHANGED,
)
"""The order in which a preview shows its rows."""

LEFT_OVER = frozenset({Verdict.DOUBTFUL, Verdict.WRONG, Verdict.REFUSED, Verdict.HELD_ELSEWHERE})
"""What a commit gives back. What is already there needs nobody's hand."""

_MEANING_OF_FIELD: Mapping[str, Meaning] = {
    "name": Meaning.NAME,
    "community": Meaning.COMMUNITY,
    "born_on": Meaning.BORN_ON,
    "id_number": Meaning.ID_NUMBER,
    "category": Meaning.CATEGORY,
    "exposed_to": Meaning.EXPOSED_TO,
    "isolation_finished": Meaning.ISOLATION_FINISHED,
}


@dataclass(slots=True)
class ListedRow:
    """One row of a list with what would become, or has become, of it."""

    read: ReadRow
    verdict: Verdict
    judgement: Judgement | None = None
    findings: list[Finding] = field(default_factory=list)
    """Why the row is not simply taken over, cell by cell."""
    clause: str = ""
    confirmed: bool = False
    """The worker has compared the doubtful ID with the card."""

    @property
    def number(self) -> int:
        """The row's number in the file."""
        return self.read.number

    @property
    def group(self) -> Verdict:
        """Where a preview shows the row: a confirmed doubt stays among the doubts, ticked."""
        return Verdict.DOUBTFUL if self.confirmed and self.written else self.verdict

    @property
    def written(self) -> bool:
        """Whether a commit takes the row over."""
        return self.verdict in WRITTEN


@dataclass(slots=True)
class Preview:
    """What a commit would do with each row of a list, in the order of the list."""

    batch: ImportBatch
    lines: LineList
    rows: list[ListedRow]
    edition: Edition

    @property
    def counts(self) -> Counter[Verdict]:
        """How many rows stand in each group."""
        return Counter(row.group for row in self.rows)

    @property
    def taken(self) -> int:
        """How many rows a commit takes over."""
        return sum(row.written for row in self.rows)

    def group(self, group: Verdict) -> list[ListedRow]:
        """The rows of one group."""
        return [row for row in self.rows if row.group is group]

    def plan_of(self, row: ListedRow) -> Plan | None:
        """What the person would be under after the commit, all grounds together; None when nothing is known.

        Of a new ground: the plan of the running episode (or of the rows higher up) with this ground added.
        """
        judgement = row.judgement
        if judgement is None or judgement.plan is None:
            return None
        grounds, suitable = self._before(judgement)
        if not grounds:
            return judgement.plan
        home = judgement.registration.home_check
        if home is not HomeCheck.UNCHECKED:
            suitable = home is HomeCheck.SUITABLE
        if row.verdict is not Verdict.EARLIER_EXPOSURE:
            grounds.append(judgement.registration.ground)
        return policy_rules.plan(self.edition, grounds, home_suitable=suitable)

    def _before(self, judgement: Judgement) -> tuple[list[Ground], bool]:
        """What was known before this row, saved or higher up: the grounds, and if the home is suitable."""
        chain: list[Judgement] = []
        higher: Judgement | None = judgement
        while higher is not None:
            chain.append(higher)
            higher = None if higher.duplicate_of is None else self._judged[higher.duplicate_of]
        episode = next((each.episode for each in reversed(chain) if each.episode), None)
        grounds = plan_grounds(episode.grounds.all()) if episode else []
        suitable = episode is None or episode.home_check != HomeCheck.UNSUITABLE
        for each in reversed(chain[1:]):
            if each.verdict is not Verdict.EARLIER_EXPOSURE:
                grounds.append(each.registration.ground)
            if each.registration.home_check is not HomeCheck.UNCHECKED:
                suitable = each.registration.home_check is HomeCheck.SUITABLE
        return grounds, suitable

    @property
    def _judged(self) -> list[Judgement]:
        """The judgements in their order: `duplicate_of` counts these."""
        return [row.judgement for row in self.rows if row.judgement is not None]


def check_people(rows: Sequence[ReadRow], lines: LineList) -> None:
    """Find slips that only show when rows are compared; such rows lose their registration."""
    _check_numbers_against_names(rows, lines)
    _check_entries_without_number(rows, lines)


def _check_numbers_against_names(rows: Sequence[ReadRow], lines: LineList) -> None:
    """One ID number with two names is a slip in one of the rows: without the card nobody knows in which."""
    by_number: dict[str, list[ReadRow]] = {}
    for row in rows:
        if row.id_number:
            by_number.setdefault(row.id_number, []).append(row)
    for same in by_number.values():
        if len({row.name for row in same if row.name}) > 1:
            numbers = pgettext("between items", ", ").join(str(row.number) for row in same)
            sentence = _(
                "The same ID number stands in rows %(rows)s under different names. Compare it with the cards."
            )
            for row in same:
                row.spoil(Finding(sentence % {"rows": numbers}, lines.column(Meaning.ID_NUMBER)))


def _check_entries_without_number(rows: Sequence[ReadRow], lines: LineList) -> None:
    """Same name, same telephone, once with an ID and once without: one person, who must not get two files."""
    with_number = {(row.name, row.phone): row for row in rows if row.id_number and row.phone}
    for row in rows:
        twin = with_number.get((row.name, row.phone)) if not row.id_number else None
        if twin and row.registration:
            sentence = _(
                "Row %(row)d names the same person with an ID number. Add it here too, or delete this row."
            )
            row.spoil(Finding(sentence % {"row": twin.number}, lines.column(Meaning.ID_NUMBER)))


def listed(
    rows: Sequence[ReadRow], judgements: Sequence[Judgement], lines: LineList, edition: Edition
) -> list[ListedRow]:
    """Each row with its verdict. `judgements` are those of the rows that have a registration, in order."""
    judged = [row for row in rows if row.registration]
    by_number = {row.number: each for row, each in zip(judged, judgements, strict=True)}
    refusals = _Refusals(edition)
    answers = []
    for row in rows:
        judgement = by_number.get(row.number)
        if judgement is None:
            answers.append(_unread(row, refusals.of(row.ground), lines))
        else:
            answers.append(_answered(row, judgement, judged, lines))
    return answers


class _Refusals:
    """What the rules refuse whatever else a row says, asked once for each kind of row."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._known: dict[Ground, RuleViolation | None] = {}

    def of(self, ground: Ground | None) -> RuleViolation | None:
        """The rule that says no to this ground, whenever its event was."""
        if ground is not None and ground not in self._known:
            self._known[ground] = self._asked(ground)
        return self._known[ground] if ground else None

    def _asked(self, ground: Ground) -> RuleViolation | None:
        try:
            policy_rules.plan(self._edition, [ground])
        except RuleViolation as refusal:
            return refusal
        except BadInput:
            return None  # a contradiction inside the row: its own cells say so
        return None


def _unread(row: ReadRow, refusal: RuleViolation | None, lines: LineList) -> ListedRow:
    """A row with cells that can't be read. What a rule forbids anyway is refused, not sent to be mended."""
    if refusal is None:
        return ListedRow(row, Verdict.WRONG, findings=row.faults)
    finding = Finding(str(refusal.sentence), _column_of(refusal.field, row, lines))
    return ListedRow(row, Verdict.REFUSED, findings=[finding], clause=refusal.clause)


def _answered(row: ReadRow, judgement: Judgement, judged: Sequence[ReadRow], lines: LineList) -> ListedRow:
    findings = []
    if judgement.verdict is Verdict.UNCHANGED and judgement.duplicate_of is not None:
        same = _("The same entry stands in row %(row)d.") % {"row": judged[judgement.duplicate_of].number}
        findings.append(Finding(same))
    elif judgement.sentence:
        findings.append(Finding(str(judgement.sentence), _column_of(judgement.field, row, lines)))
    return ListedRow(
        row,
        judgement.verdict,
        judgement,
        findings=findings,
        clause=judgement.clause,
        confirmed=judgement.registration.id_confirmed,
    )


def _column_of(name: str | None, row: ReadRow, lines: LineList) -> Column | None:
    """The column that an input of a registration came from; dates come from the category's own column."""
    if name in ("anchor_on", "registered_on"):
        return row.anchor
    meaning = _MEANING_OF_FIELD.get(name or "")
    return lines.column(meaning) if meaning else None
