"""Key persons: their plan, and the calls to them, which plan themselves when a door is closed.

A plan has one call a date at most. Behind a closed door (a sealed unit, an episode) the person is called
daily, whatever rhythm was agreed; a call that nobody made stays on the list until somebody is reached.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from accounts.scoped import area_columns
from cases.models import Episode, KeyMark, Person
from cases.models.episode import is_open
from cases.rules import KeyMarkKind
from supplies.actions.asking import Ask, ask_for
from supplies.actions.serving import refused
from supplies.models import CareCall, CarePlan, Need
from supplies.rules.calls import CareCallOutcome, CareCallReason, next_call_on
from zones.models import UnitSeal, is_holding

CHUNK = 1000


@transaction.atomic
def set_care_plan(
    *, person: Person, marks: Iterable[KeyMarkKind], by: User, at: dt.datetime, **values: Any
) -> CarePlan:
    """Write down what a key person needs and how often somebody calls; the marks of the file follow.

    `values`: need, medicine, hospital, helper, every_days, safety_plan. Looked at on the date of `at`.
    """
    del by
    today = timezone.localdate(at)
    wanted = set(marks)
    KeyMark.objects.filter(person=person).exclude(kind__in=wanted).delete()
    KeyMark.objects.bulk_create(
        [KeyMark(person=person, kind=kind) for kind in sorted(wanted)], ignore_conflicts=True
    )
    facts = {**values, **area_columns(person.community), "looked_at_on": today, "ended_at": None}
    plan, made = CarePlan.objects.get_or_create(person=person, defaults={**facts, "next_call_on": today})
    if not made:
        CarePlan.objects.filter(pk=plan.pk).update(**facts)
        plan.refresh_from_db()
    return plan


def end_care_plan(*, plan: CarePlan, at: dt.datetime) -> bool:
    """Nobody needs to call any more; returns whether we did it. Calls that waited are no longer needed."""
    with transaction.atomic():
        done = CarePlan.objects.filter(pk=plan.pk, ended_at=None).update(ended_at=at)
        plan.calls.filter(outcome=CareCallOutcome.WAITING).update(outcome=CareCallOutcome.NOT_NEEDED, at=at)
    return bool(done)


def behind_a_door(at: dt.datetime, path: str = "person__") -> Q:
    """The condition of a plan whose person is under an open episode, or registered in a sealed unit."""
    episodes = Episode.objects.filter(is_open(timezone.localdate(at)), person=OuterRef(f"{path}pk"))
    seals = UnitSeal.objects.filter(is_holding(at), unit=OuterRef(f"{path}unit"))
    return Q(Exists(episodes)) | Q(Exists(seals))


def plan_care_calls(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Plan the calls of today: behind a closed door, and of those whose day has come; returns how many.

    Safe twice, late and in parallel: one call a plan and date. What nobody reached before stays beside it.
    """
    today = timezone.localdate(at)
    plans = CarePlan.objects.filter(ended_at=None)
    closed = plans.filter(behind_a_door(at))
    due = plans.filter(next_call_on__lte=today)
    planned = CareCall.objects.filter(plan=OuterRef("pk"), planned_on=today)
    wanted = (closed | due).exclude(Exists(planned)).distinct()
    if dry_run:
        return wanted.count()
    sealed = set(
        closed.filter(
            Exists(UnitSeal.objects.filter(is_holding(at), unit=OuterRef("person__unit")))
        ).values_list("pk", flat=True)
    )
    behind = set(closed.values_list("pk", flat=True))
    made = 0
    keys = list(wanted.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        rows = [
            CareCall(plan_id=key, planned_on=today, reason=_reason(key, sealed, behind))
            for key in keys[start : start + CHUNK]
        ]
        made += len(CareCall.objects.bulk_create(rows, ignore_conflicts=True))
    return made


def _reason(plan: int, sealed: set[int], behind: set[int]) -> CareCallReason:
    if plan in sealed:
        return CareCallReason.SEALED
    return CareCallReason.EPISODE if plan in behind else CareCallReason.RHYTHM


@transaction.atomic
def note_care_call(
    *,
    call: CareCall,
    outcome: CareCallOutcome,
    note: str = "",
    asks: Iterable[Ask] = (),
    token: str,
    by: User,
    at: dt.datetime,
) -> list[Need]:
    """Note how a call went, with what the person needs; not reached: it stays on the list, and comes again.

    Raises RuleViolation `wrong_state` when somebody has noted it already.
    """
    waiting = CareCall.objects.filter(
        pk=call.pk, outcome__in=[CareCallOutcome.WAITING, CareCallOutcome.NOT_REACHED]
    )
    if not waiting.update(outcome=outcome, note=note[:300], at=at, by=by):
        raise refused("wrong_state")
    needs = [ask_for(each, token=f"{token}:{number}", at=at, by=by) for number, each in enumerate(asks)]
    if outcome in (CareCallOutcome.WELL, CareCallOutcome.NEEDS):
        _reached(call.plan, at)
    return needs


def _reached(plan: CarePlan, at: dt.datetime) -> None:
    """The next call follows the rhythm; older calls of the same plan that waited are done with this one."""
    today = timezone.localdate(at)
    under_rule = CarePlan.objects.filter(behind_a_door(at), pk=plan.pk).exists()
    following = next_call_on(today, plan.every_days, under_rule=under_rule)
    CarePlan.objects.filter(pk=plan.pk).update(last_reached_on=today, next_call_on=following)
    unreached = plan.calls.filter(outcome__in=[CareCallOutcome.WAITING, CareCallOutcome.NOT_REACHED])
    unreached.filter(planned_on__lte=today).update(outcome=CareCallOutcome.NOT_NEEDED, at=at)


def not_reached_in_time(on: dt.date) -> Q:
    """The condition of a plan whose person should have been reached by yesterday and was not."""
    return Q(ended_at=None, calls__planned_on__lt=on, calls__outcome__in=["", CareCallOutcome.NOT_REACHED])
