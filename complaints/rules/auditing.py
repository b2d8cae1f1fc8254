"""What the self-audit finds against ourselves: the kinds, what each is called, and when it is filed again.

Pure: dates, codes and keys of rows in, values out. The rule is a maximum: whatever lasts longer, reaches
wider or asks for more than it is a finding, whoever ordered it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import pgettext_lazy

from complaints.rules.behaviours import BY_CODE
from complaints.rules.handling import OPEN, State
from complaints.rules.words import Outcome
from zones.rules import opens_on


class FindingKind(StrEnum):
    """In what way something goes beyond the rule."""

    GATE = "gate"
    SEAL_LONG = "seal_long"
    NO_CAUSE = "no_cause"
    WIDER = "wider"
    UNITS_UNSWEPT = "units_unswept"
    LATE_END = "late_end"
    NO_RULE = "no_rule"
    OVERDUE = "overdue"
    PEOPLE_UNSWEPT = "people_unswept"
    OLD_EDITION = "old_edition"
    AGAIN = "again"
    NO_SOURCE = "no_source"
    TESTS = "tests"
    LATE_TEST = "late_test"
    CARE_REFUSED = "care_refused"


FINDINGS = {
    FindingKind.GATE: pgettext_lazy("finding", "unit kept sealed by a round of tests that we owe"),
    FindingKind.SEAL_LONG: pgettext_lazy("finding", "unit sealed for longer than its clean days"),
    FindingKind.NO_CAUSE: pgettext_lazy("finding", "unit sealed without an infection that stands"),
    FindingKind.WIDER: pgettext_lazy("finding", "unit sealed beyond the buildings of the infected people"),
    FindingKind.UNITS_UNSWEPT: pgettext_lazy("finding", "opening of units not written down for a day"),
    FindingKind.LATE_END: pgettext_lazy("finding", "end later than the rule gives"),
    FindingKind.NO_RULE: pgettext_lazy("finding", "restricted without a rule"),
    FindingKind.OVERDUE: pgettext_lazy("finding", "released, but not let go"),
    FindingKind.PEOPLE_UNSWEPT: pgettext_lazy("finding", "releases not carried out for a day"),
    FindingKind.OLD_EDITION: pgettext_lazy("finding", "still under an earlier policy edition"),
    FindingKind.AGAIN: pgettext_lazy("finding", "isolated a second time after the first point of entry"),
    FindingKind.NO_SOURCE: pgettext_lazy("finding", "contact of somebody who is not infected"),
    FindingKind.TESTS: pgettext_lazy("finding", "more than one test of a person on a date"),
    FindingKind.LATE_TEST: pgettext_lazy("finding", "test planned after the release"),
    FindingKind.CARE_REFUSED: pgettext_lazy("finding", "hospital refused somebody behind a closed door"),
}

BEHAVIOUR_OF = {
    FindingKind.GATE: "zone_overdue",
    FindingKind.SEAL_LONG: "not_unsealed",
    FindingKind.NO_CAUSE: "sealed_arbitrarily",
    FindingKind.WIDER: "zone_oversized",
    FindingKind.UNITS_UNSWEPT: "zone_overdue",
    FindingKind.LATE_END: "held_too_long",
    FindingKind.NO_RULE: "held_too_long",
    FindingKind.OVERDUE: "held_too_long",
    FindingKind.PEOPLE_UNSWEPT: "held_too_long",
    FindingKind.OLD_EDITION: "held_too_long",
    FindingKind.AGAIN: "isolated_again",
    FindingKind.NO_SOURCE: "secondary_contact",
    FindingKind.TESTS: "extra_tests",
    FindingKind.LATE_TEST: "extra_tests",
    FindingKind.CARE_REFUSED: "care_refused",
}
"""As what each is filed; the behaviour brings its clause."""

HAPPENED = frozenset({FindingKind.TESTS, FindingKind.CARE_REFUSED})
"""What lies in the past and can't be undone: filed once for good."""

SEEN = "seen_on"
"""The one value of a finding's facts that changes from audit to audit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that goes beyond the rule. `about` names the row ("zone:12"), `on` the date in question.

    `since_on` is the date on which it should have been over; it may lie ahead still.
    `facts` are codes, dates, counts and keys of rows, never a name.
    """

    kind: FindingKind
    about: str
    on: dt.date
    community: int
    facts: Mapping[str, Any]
    since_on: dt.date | None = None
    compound: int | None = None

    @property
    def key(self) -> str:
        """The same for as long as it is the same finding."""
        return f"{self.kind}:{self.about}:{self.on}"

    def as_fact(self, today: dt.date) -> dict[str, Any]:
        """The evidence as it is stored with the complaint."""
        told = {
            name: str(value) if isinstance(value, dt.date) else value for name, value in self.facts.items()
        }
        clause = BY_CODE[BEHAVIOUR_OF[self.kind]].clause
        return {"code": f"{PREFIX}{self.kind}", "clause": clause, **told, SEEN: str(today)}


PREFIX = "audit_"
"""Codes of facts that the self-audit wrote begin with this."""


def again_key(key: str, on: dt.date) -> str:
    """The key of a finding that is there (again) after its complaint was closed."""
    return f"{key}@{on}"


def first_key(lead_key: str) -> str:
    """The key of the finding, whichever time it was filed."""
    return lead_key.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Lead:
    """What became of the last complaint about a finding."""

    state: str
    outcome: str
    facts: tuple[Mapping[str, Any], ...]


def is_new_lead(kind: FindingKind, last: Lead | None, facts: tuple[Mapping[str, Any], ...]) -> bool:
    """Whether a finding is to be filed, given the last complaint about the same.

    While that is open it stays one complaint. After closing, a finding that is (still or again) there is a
    new one; unless it lies in the past, or was found to be within the rules and nothing has changed since.
    """
    if last is None:
        return True
    if last.state in OPEN or kind in HAPPENED:
        return False
    within_rules = last.state == State.DECLINED or last.outcome == Outcome.UNFOUNDED
    return not (within_rules and _lasting(last.facts) == _lasting(facts))


def _lasting(facts: tuple[Mapping[str, Any], ...]) -> list[dict[str, Any]]:
    return [{name: value for name, value in fact.items() if name != SEEN} for fact in facts]


def sealed_until(last_standing_on: dt.date, clean_days: int | None) -> dt.date | None:
    """The date on which a unit opens by the last infection that stands; None: no rule seals it at all."""
    return None if clean_days is None else opens_on(last_standing_on, clean_days)


def is_too_many(ours: int, outside: int) -> bool:
    """Whether that many samples of one person on one date are more than one (N二(六)).

    Besides our own test one result from elsewhere is let pass: as a rule it is the same sample, reported
    under another number, or a test that the person asked for.
    """
    return ours > 1 or outside > 1
