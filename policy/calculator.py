"""What anyone may ask: a category and a date in, the plan out. One way to ask for all who answer.

The calculator page, the command and the API fill in what was left out here, and write the answer with
`plan_as_json`, so they give the same plan.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext_lazy as _

from .models import NoEditionInForce, PolicyEdition, UnknownEdition, edition_in_force
from .refusals import BadInput, RuleViolation
from .rules import plan
from .types import Category, Edition, Ground, IsolationFinished, Plan


@dataclass(frozen=True, slots=True)
class Question:
    """A category and the date of its event; what is None is filled in from the day of asking."""

    category: Category
    anchor_on: dt.date
    registered_on: dt.date | None = None
    edition: str | None = None
    home_suitable: bool = True
    isolation_finished: IsolationFinished = IsolationFinished.NONE


class StageJson(TypedDict):
    """One stage of an answer; dates are ISO dates of Asia/Shanghai, both included."""

    mode: str
    starts_on: str
    last_on: str
    days: int
    coded: bool
    may_go_out: bool


class PlannedTestJson(TypedDict):
    """One test of an answer."""

    on: str
    mode: str | None
    day: int | None
    reason: str | None


class PlanJson(TypedDict):
    """The answer of command and API."""

    edition: str
    category: str
    clause: str
    anchor: str
    anchor_on: str
    day_one_on: str
    restricted: bool
    stages: list[StageJson]
    tests: list[PlannedTestJson]
    release_on: str


class RefusalJson(TypedDict):
    """A rule that says no, for command and API."""

    code: str
    clause: str
    detail: str


def calculate(question: Question, *, today: dt.date) -> tuple[Plan, Edition]:
    """The plan and the edition that made it. Registered today and the edition in force on the day of
    registration, where the question leaves them out.

    Raises RuleViolation, and BadInput at `anchor_on`, `registered_on`, `edition`, `isolation_finished`.
    """
    if question.registered_on is None and question.anchor_on > today:
        raise BadInput("anchor_on", _("This date is in the future: nothing has happened yet."))
    registered_on = question.registered_on or today
    ground = Ground(question.category, question.anchor_on, registered_on, question.isolation_finished)
    edition = _edition(question.edition, registered_on)
    return plan(edition, [ground], home_suitable=question.home_suitable), edition


def public_editions() -> list[Edition]:
    """The editions that anyone may calculate with: those that were activated, the oldest first."""
    return [stored.resolved() for stored in PolicyEdition.objects.activated().with_parents()]


def plan_as_json(made: Plan) -> PlanJson:
    """A plan as command and API write it."""
    return {
        "edition": made.edition,
        "category": made.category.value,
        "clause": made.clause,
        "anchor": made.anchor.value,
        "anchor_on": made.anchor_on.isoformat(),
        "day_one_on": made.day_one_on.isoformat(),
        "restricted": made.restricted,
        "stages": [
            {
                "mode": stage.mode.value,
                "starts_on": stage.starts_on.isoformat(),
                "last_on": stage.last_on.isoformat(),
                "days": stage.days,
                "coded": stage.coded,
                "may_go_out": stage.may_go_out,
            }
            for stage in made.stages
        ],
        "tests": [
            {
                "on": test.on.isoformat(),
                "mode": test.mode.value if test.mode else None,
                "day": test.day,
                "reason": test.reason.value if test.reason else None,
            }
            for test in made.tests
        ],
        "release_on": made.release_on.isoformat(),
    }


def refusal_as_json(refusal: RuleViolation) -> RefusalJson:
    """A refusal as command and API write it, the sentence in the language of the reader."""
    return {"code": refusal.code, "clause": refusal.clause, "detail": str(refusal.sentence)}


def _edition(code: str | None, on: dt.date) -> Edition:
    """The edition asked for, among those that were activated: a draft is nobody's rule yet."""
    if code is None:
        try:
            return edition_in_force(on)
        except NoEditionInForce as missing:
            raise BadInput("registered_on", missing.sentence) from missing
    stored = PolicyEdition.objects.activated().with_parents().filter(code=code).first()
    if stored is None:
        raise BadInput("edition", UnknownEdition(code).sentence)
    return stored.resolved()
