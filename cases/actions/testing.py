"""Taking samples and recording results: at most one scheduled test a person and date (N二(六))."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.actions.ending import restore_after_mistaken_positive, transfer
from cases.actions.planning import note
from cases.models import Episode, NucleicAcidTest
from cases.models.testing import RUNNING
from cases.rules import RESULTS_TO_REPEAT, Ending, EventKind, Result, TestOrigin
from policy.models import edition_by_code
from policy.refusals import BadInput, RuleViolation
from policy.types import Category

UNDO_WITHIN = dt.timedelta(hours=24)
"""How long a mis-tap can be taken back by a tap; later it takes a correction with a reason."""


def record_sampling(*, test: NucleicAcidTest, by: User, at: dt.datetime) -> bool:
    """Record that a due test was taken; returns whether we did it (False: it was taken already).

    A test of an earlier date can be entered belatedly: it was taken on its own day, and today's stays due.
    Raises RuleViolation `test_not_due` before its date, `episode_closed`, `test_dropped`.
    """
    _check_open(test)
    today = timezone.localdate(at)
    if test.planned_on > today:
        raise RuleViolation(
            "test_not_due",
            "二(六)",
            format_lazy(_("This test is due on {date}, not today."), date=test.planned_on),
        )
    with transaction.atomic():
        done = test.claim_sampling(at=at, by=by)
        if done:
            note(
                test.episode,
                EventKind.SAMPLED,
                at=at,
                by=by,
                test=test.pk,
                planned_on=test.planned_on,
                belated=test.planned_on < today,
            )
    test.refresh_from_db()
    return done


def record_samplings(*, tests: Iterable[NucleicAcidTest], by: User, at: dt.datetime) -> int:
    """Record many samplings at once, for a whole building; returns how many were not recorded before.

    Tests that can't be taken now (dropped, closed, not due) are passed over: the list on the screen may be
    some minutes old.
    """
    done = 0
    with transaction.atomic():
        for test in tests:
            try:
                done += record_sampling(test=test, by=by, at=at)
            except RuleViolation:
                continue
    return done


def undo_sampling(*, test: NucleicAcidTest, by: User, at: dt.datetime) -> bool:
    """Take back a mis-tap: the test is due again. Returns whether there was something to undo.

    Raises RuleViolation `has_result` once a result is there, `too_late_to_undo` after `UNDO_WITHIN`.
    """
    if test.result:
        raise RuleViolation("has_result", "", _("This test has a result; undo the result first."))
    if test.sampled_at is None:
        return False
    if at - test.sampled_at > UNDO_WITHIN:
        raise RuleViolation("too_late_to_undo", "", _("A sampling can be undone within 24 hours only."))
    with transaction.atomic():
        undone = NucleicAcidTest.objects.filter(pk=test.pk, result="", sampled_at=test.sampled_at).update(
            sampled_at=None, sampled_by=None
        )
        if undone:
            note(
                test.episode,
                EventKind.SAMPLING_UNDONE,
                at=at,
                by=by,
                test=test.pk,
                planned_on=test.planned_on,
            )
    test.refresh_from_db()
    return bool(undone)


def record_result(
    *,
    test: NucleicAcidTest,
    result: Result | str,
    by: User,
    at: dt.datetime,
    ct: Decimal | None = None,
    external_id: str = "",
) -> bool:
    """Record a result and what follows from it; returns whether we did it (False: it was there already).

    Positive closes the plan as transferred. For an entrant the Ct value decides: at or above the edition's
    limit the result is kept as "not positive" (N二(九)). Inconclusive or refused: planned again for the next
    free date before the release, else dropped. An abnormal pool gets one linked re-check.
    Raises BadInput at `ct` when an entrant's positive comes without it, RuleViolation `test_not_due`,
    `episode_closed`, `other_result` when a different result stands already.
    """
    result = Result(result)
    _check_open(test)
    if test.planned_on > timezone.localdate(at):
        raise RuleViolation(
            "test_not_due",
            "二(六)",
            format_lazy(_("This test is due on {date}, not today."), date=test.planned_on),
        )
    if test.result:
        if _is_same(test, result):
            return False
        raise RuleViolation(
            "other_result", "", _("Another result is recorded already; correct it with a reason.")
        )
    counted, clause = _by_ct(test.episode, result, ct)
    with transaction.atomic():
        done = test.claim_result(result=counted, ct=ct, at=at, by=by, external_id=external_id)
        test.refresh_from_db()
        if done:
            note(
                test.episode,
                EventKind.RESULT,
                at=at,
                by=by,
                clause=clause,
                test=test.pk,
                planned_on=test.planned_on,
                result=str(counted),
                ct=str(ct) if ct is not None else None,
            )
            _follow_result(test, counted, by=by, at=at)
            Episode.objects.filter(pk=test.episode_id).settle(at)
    return done


def record_negatives(*, tests: Iterable[NucleicAcidTest], by: User, at: dt.datetime) -> int:
    """Record many results as negative at once; returns how many had no result before."""
    done = 0
    with transaction.atomic():
        for test in tests:
            try:
                done += record_result(test=test, result=Result.NEGATIVE, by=by, at=at)
            except RuleViolation:
                continue
    return done


def undo_result(*, test: NucleicAcidTest, by: User, at: dt.datetime, reason: str = "") -> bool:
    """Take a result back: a mis-tap within 24 hours, or with a reason at any time; a positive needs a reason.

    A mistaken positive restores the plan with its dates. What was planned because of the result (repeat,
    re-check) is dropped again. Returns whether there was something to undo.
    Raises RuleViolation `reason_needed`.
    """
    if not test.result:
        return False
    overdue = test.resulted_at is not None and at - test.resulted_at > UNDO_WITHIN
    if (overdue or test.result == Result.POSITIVE) and not reason.strip():
        raise RuleViolation(
            "reason_needed", "", _("Please say why this result is corrected."), field="reason"
        )
    with transaction.atomic():
        before = test.result
        undone = NucleicAcidTest.objects.filter(pk=test.pk, result=before).update(
            result="", ct=None, resulted_at=None, resulted_by=None, external_id=""
        )
        if not undone:
            return False
        following = NucleicAcidTest.objects.filter(follows=test, sampled_at=None, result="")
        following.filter(dropped_at=None).delete()
        following.update(follows=None)  # what was dropped makes room for a new one
        note(
            test.episode,
            EventKind.RESULT_UNDONE,
            at=at,
            by=by,
            reason=reason.strip(),
            test=test.pk,
            planned_on=test.planned_on,
            result=before,
        )
        if before == Result.POSITIVE:
            restore_after_mistaken_positive(episode=test.episode, test=test, by=by, at=at, reason=reason)
    test.refresh_from_db()
    return True


def record_outside_result(
    *,
    episode: Episode,
    on: dt.date,
    result: Result | str,
    external_id: str,
    by: User,
    at: dt.datetime,
    ct: Decimal | None = None,
) -> NucleicAcidTest:
    """Store a result that arrives from elsewhere for a date; the same laboratory number counts once.

    It answers the scheduled test of that date when that one has no result; otherwise, and when the episode
    is closed, it is kept beside it: results from elsewhere are always stored.
    """
    known = NucleicAcidTest.objects.filter(external_id=external_id).first() if external_id else None
    if known:
        return known
    with transaction.atomic():
        test = (
            NucleicAcidTest.objects.standing()
            .filter(episode=episode, planned_on=on, scheduled=True, result="", **RUNNING)
            .first()
        )
        if test is None:
            test = NucleicAcidTest.objects.create(
                person_id=episode.person_id,
                episode=episode,
                planned_on=on,
                scheduled=False,
                origin=TestOrigin.OUTSIDE,
                sampled_at=at,
                sampled_by=by,
            )
        record_result(test=test, result=result, ct=ct, by=by, at=at, external_id=external_id)
    return test


def _check_open(test: NucleicAcidTest) -> None:
    if test.dropped_at is not None:
        raise RuleViolation("test_dropped", "", _("This test was dropped and is not taken any more."))
    closed = test.episode.ending in (Ending.WITHDRAWN, Ending.TRANSFERRED)
    if closed and not test.result and test.origin != TestOrigin.OUTSIDE:
        raise RuleViolation("episode_closed", "", _("This episode is closed; no more tests belong to it."))


def _is_same(test: NucleicAcidTest, result: Result) -> bool:
    return test.result == result or (result is Result.POSITIVE and test.result == Result.NOT_POSITIVE_BY_CT)


def _by_ct(episode: Episode, result: Result, ct: Decimal | None) -> tuple[Result, str]:
    """What counts as the result, and the clause when the Ct value decided it."""
    rule = edition_by_code(episode.edition).rule_for(Category(episode.category))
    limit = rule.positive_below_ct if rule else None
    if result is not Result.POSITIVE or limit is None:
        return result, ""
    if ct is None:
        raise BadInput("ct", _("For an entrant the Ct value decides: please enter it. 〔二(九)〕"))
    return (result if ct < Decimal(str(limit)) else Result.NOT_POSITIVE_BY_CT), "二(九)"


def _follow_result(test: NucleicAcidTest, result: Result, *, by: User, at: dt.datetime) -> None:
    if result is Result.POSITIVE:
        transfer(episode=test.episode, test=test, by=by, at=at)
    elif test.followed_by.exists():
        return  # the answer was corrected: what followed the first one was taken already
    elif result in RESULTS_TO_REPEAT and test.scheduled:
        _plan_again(test, by=by, at=at)
    elif result is Result.ABNORMAL_POOL and test.origin != TestOrigin.RECHECK:
        recheck = NucleicAcidTest.objects.create(
            person_id=test.person_id,
            episode=test.episode,
            planned_on=timezone.localdate(at),
            scheduled=False,
            mode=test.mode,
            stage_day=test.stage_day,
            origin=TestOrigin.RECHECK,
            follows=test,
        )
        note(
            test.episode,
            EventKind.TEST_PLANNED_AGAIN,
            at=at,
            by=by,
            test=recheck.pk,
            planned_on=recheck.planned_on,
        )


def _plan_again(test: NucleicAcidTest, *, by: User, at: dt.datetime) -> None:
    """The next date after this one, before the release, on which the person has no test yet; else none."""
    episode = test.episode
    first = max(test.planned_on, timezone.localdate(at)) + dt.timedelta(days=1)
    taken = set(
        NucleicAcidTest.objects.standing()
        .filter(person_id=test.person_id, scheduled=True, planned_on__gte=first)
        .values_list("planned_on", flat=True)
    )
    dates = (first + dt.timedelta(days=n) for n in range(max((episode.release_on - first).days, 0)))
    free = next((on for on in dates if on not in taken), None)
    if free is None:
        note(episode, EventKind.TEST_DROPPED, at=at, by=by, test=test.pk, planned_on=test.planned_on)
        return
    stage = episode.stages.filter(starts_on__lte=free, last_on__gte=free).first()
    again = NucleicAcidTest.objects.create(
        person_id=test.person_id,
        episode=episode,
        planned_on=free,
        mode=stage.mode if stage else "",
        stage_day=(free - stage.starts_on).days + 1 if stage else None,
        origin=TestOrigin.REPEAT,
        clause=test.clause,
        follows=test,
    )
    note(episode, EventKind.TEST_PLANNED_AGAIN, at=at, by=by, test=again.pk, planned_on=free)
