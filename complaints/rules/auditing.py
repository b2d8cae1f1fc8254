"""What the self-audit finds against ourselves: the kinds, what each is called, and when it is filed again.

Pure: dates, codes and keys of rows in, values out. The rule is a maximum: whatever lasts longer, reaches
wider or asks for more than it is a finding, whoever ordered it.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import pgettext_lazy

from cases.rules import RESULTS_TO_REPEAT, Result, TestOrigin
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
    BEYOND_TEST = "beyond_test"
    ROUNDS = "rounds"
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
    FindingKind.BEYOND_TEST: pgettext_lazy("finding", "test that the rule does not ask for"),
    FindingKind.ROUNDS: pgettext_lazy("finding", "round of tests twice a day, or in an open unit"),
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
    FindingKind.BEYOND_TEST: "extra_tests",
    FindingKind.ROUNDS: "extra_tests",
    FindingKind.CARE_REFUSED: "care_refused",
}
"""As what each is filed; the behaviour brings its clause."""

HAPPENED = frozenset({FindingKind.TESTS, FindingKind.ROUNDS, FindingKind.CARE_REFUSED})
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


# ── tests that are still to be taken ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Asked:
    """A test that somebody is still to take. `before`: the result of the sample that it follows, if any."""

    key: int
    on: dt.date
    origin: str
    before: str | None = None


def is_asked_for(test: Asked, planned: Collection[dt.date]) -> bool:
    """Whether the rule asks for it: the plan on that date, or a sample that said nothing and is made anew.

    Nothing else demands a test: a result that is clear asks for no further one (N二(六)).
    """
    match test.origin:
        case TestOrigin.OUTSIDE:
            return True  # somebody's own
        case TestOrigin.RECHECK:
            return test.before == Result.ABNORMAL_POOL
        case TestOrigin.REPEAT:
            return test.before in RESULTS_TO_REPEAT
    return test.on in planned


def beyond(tests: Iterable[Asked], planned: Collection[dt.date]) -> list[Asked]:
    """Those of one person's coming tests that the rule does not ask for, a second one of a date included.

    A re-check of an abnormal pool stands beside the test of its date.
    """
    found: list[Asked] = []
    taken: set[dt.date] = set()
    for test in tests:
        counts = test.origin not in (TestOrigin.RECHECK, TestOrigin.OUTSIDE)
        if not is_asked_for(test, planned) or (counts and test.on in taken):
            found.append(test)
        elif counts:
            taken.add(test.on)
    return found


# ── orders ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody above approved for a wider zone: who proposed it, who approved it, which units."""

    proposed_by: int
    approved_by: int | None
    units: frozenset[int]


def approved_units(approvals: Iterable[Approval], approved_by: int | None) -> frozenset[int]:
    """The units that may be sealed beyond the buildings of the infected people (N三(二)).

    `approved_by` is whom the zone names. Nobody approves what they proposed, and an approval covers the units
    that were proposed and no other.
    """
    lawful = [
        each.units
        for each in approvals
        if approved_by is not None and each.approved_by == approved_by != each.proposed_by
    ]
    return frozenset().union(*lawful)


def is_after_opening(on: dt.date, *, release_on: dt.date, ended_early: bool, met_on: dt.date | None) -> bool:
    """Whether a round of tests of that date was made in a unit that was open by then.

    `met_on`: the date on which a gate was met, None without one. What opens by the clock is open from 00:00;
    on the day of an early end, or of the round that meets the gate, the unit was still sealed for a while.
    """
    if met_on is not None:
        return on > max(release_on, met_on)
    return on > release_on if ended_early else on >= release_on
