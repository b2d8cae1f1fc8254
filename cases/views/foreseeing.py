"""What registering a form would do, said before anything is saved: the plan, or why there is none."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import User
from cases.actions.judging import Judgement, Registration, Verdict, judge
from cases.actions.planning import plan_of
from cases.models import Episode, Ground, Person
from cases.rules import HomeCheck
from cases.views.references import reference_to
from policy import rules
from policy.clauses import Clause, clause_named
from policy.models import NoEditionInForce, edition_in_force
from policy.refusals import BadInput, RuleViolation
from policy.types import Edition, Plan
from policy.types import Ground as PlanGround


@dataclass(slots=True)
class Foresight:
    """One answer for the panel beside the form, and for the decision whether to save."""

    verdict: Verdict
    plan: Plan | None = None
    edition: Edition | None = None
    sentence: str | Promise = ""
    clause: str = ""
    field: str | None = None
    code: str = ""
    episode: Episode | None = None
    """The running or earlier episode that is meant, when the user may see it."""
    person: Person | None = None
    """Whose file the register takes it to be; it may lie outside the user's sight and is not shown."""
    known: bool = False
    """Whether that file is in the user's sight."""
    release_before: dt.date | None = None
    """The end of the running episode as it stands now; `plan` then carries the new one."""
    office: str = ""
    reference: str = ""
    """For somebody whom another community holds: its name, and by what a handover is asked for."""

    @property
    def token(self) -> str:
        """What the worker has been shown: saving a change of a running episode takes this very token."""
        if self.episode is None or self.plan is None:
            return str(self.verdict)
        return f"{self.verdict}:{self.episode.pk}:{self.plan.release_on}"

    @property
    def needs_consent(self) -> bool:
        """Whether the entry changes or touches a running episode, which is said before it is saved."""
        return self.verdict in (Verdict.NEW_GROUND, Verdict.EARLIER_EXPOSURE)

    @property
    def clause_text(self) -> Clause | None:
        """The text behind a refusal."""
        return clause_named(self.clause) if self.clause else None

    @property
    def moves(self) -> int:
        """By how many days the end of the running episode would move."""
        if self.plan is None or self.release_before is None:
            return 0
        return (self.plan.release_on - self.release_before).days


def foresee(entry: Registration, *, by: User, at: dt.datetime) -> Foresight:
    """Say what registering the entry would do. Without a name only its plan is made. Writes nothing."""
    if not entry.facts.tidy_name:
        return _planned_only(entry, at=at)
    return _foresight(judge([entry], by=by, at=at)[0], by=by, at=at)


def foresee_all(entries: Sequence[Registration], *, by: User, at: dt.datetime) -> list[Foresight]:
    """The same for the members of a family, each beside the others."""
    return [_foresight(judgement, by=by, at=at) for judgement in judge(entries, by=by, at=at)]


def _planned_only(entry: Registration, *, at: dt.datetime) -> Foresight:
    try:
        edition = edition_in_force(entry.registered_on)
        suitable = entry.home_check != HomeCheck.UNSUITABLE
        plan = rules.plan(edition, [entry.ground], home_suitable=suitable)
        plan, edition = _as_saved(plan, edition, [entry.ground], entry, at=at)
    except RuleViolation as no:
        return Foresight(
            Verdict.REFUSED, sentence=no.sentence, clause=no.clause, field=no.field, code=no.code
        )
    except BadInput as mistake:
        return Foresight(Verdict.WRONG, sentence=mistake.sentence, field=mistake.field)
    except NoEditionInForce as none:
        return Foresight(Verdict.WRONG, sentence=none.sentence, field="registered_on")
    return Foresight(Verdict.NEW, plan=plan, edition=edition)


def _foresight(judgement: Judgement, *, by: User, at: dt.datetime) -> Foresight:
    entry = judgement.registration
    found = Foresight(
        judgement.verdict,
        sentence=judgement.sentence,
        clause=judgement.clause,
        field=judgement.field,
        code=judgement.code,
        person=judgement.person,
    )
    if judgement.verdict is Verdict.HELD_ELSEWHERE:
        assert judgement.episode is not None  # noqa: S101 - held by an episode
        found.office = judgement.episode.community.name
        found.reference = reference_to(judgement.episode, user=by, to_community=entry.facts.community)
        return found
    if judgement.plan is None:
        return found
    found.episode = _in_sight(judgement.episode, by)
    found.known = (
        judgement.person is not None and by.area is not None and by.area.covers(judgement.person.community)
    )
    edition = edition_in_force(entry.registered_on)
    if judgement.verdict is Verdict.NEW_GROUND and judgement.episode is not None:
        running = judgement.episode
        found.release_before = running.release_on
        found.plan, found.edition = _with_ground(running, entry, edition, timezone.localdate(at)), edition
    else:
        found.plan, found.edition = _as_saved(judgement.plan, edition, [entry.ground], entry, at=at)
    return found


def _in_sight(episode: Episode | None, by: User) -> Episode | None:
    if episode is None or not Episode.objects.visible_to(by).filter(pk=episode.pk).exists():
        return None
    return episode


def _with_ground(running: Episode, entry: Registration, edition: Edition, today: dt.date) -> Plan:
    """The plan of the running episode with the entry's ground beside its own, and the tests still to come."""
    ground = Ground(
        category=entry.category,
        anchor_on=entry.anchor_on,
        registered_on=entry.registered_on,
        isolation_finished=entry.isolation_finished,
    )
    check = entry.home_check if entry.home_check != HomeCheck.UNCHECKED else running.home_check
    plan = plan_of(edition, [*running.grounds.all(), ground], check)
    return replace(plan, tests=tuple(test for test in plan.tests if test.on >= today), dropped_tests=())


def _as_saved(
    plan: Plan,
    edition: Edition,
    grounds: Sequence[PlanGround],
    entry: Registration,
    *,
    at: dt.datetime,
) -> tuple[Plan, Edition]:
    """A registration dated back before a change of edition is planned by the one in force now, once saved."""
    today = timezone.localdate(at)
    if entry.registered_on >= today or not plan.restricted:
        return plan, edition
    present = edition_in_force(today)
    if present.code == edition.code:
        return plan, edition
    suitable = entry.home_check != HomeCheck.UNSUITABLE
    try:
        renewed = rules.plan(present, list(grounds), home_suitable=suitable)
    except RuleViolation:
        return replace(plan, restricted=False, stages=(), tests=()), present
    return rules.capped(renewed, plan.release_on), present
