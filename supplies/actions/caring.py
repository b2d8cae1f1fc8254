"""Key persons: their plan, and the calls to them, which plan themselves when a door is closed.

A plan has one call a date at most. Behind a closed door (a sealed unit, an episode) the person is called
daily, whatever rhythm was agreed; a call that nobody made stays on the list until somebody is reached.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, When
from django.utils import timezone

from accounts.models import User
from accounts.scoped import area_columns
from cases.models import KeyMark, Person
from cases.models.person import PersonQuerySet
from cases.rules import KeyMarkKind
from supplies.actions.asking import Ask, ask_for
from supplies.actions.serving import refused
from supplies.models import CareCall, CarePlan, Need
from supplies.models.calls import behind_a_door
from supplies.rules.calls import UNREACHED, CareCallOutcome, CareCallReason, next_call_on
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


def plan_care_calls(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Plan the calls of today: behind a closed door, and of those whose day has come; returns how many.

    Whoever bears a mark of key persons and is behind a door without a plan gets one: nobody has to have
    thought of it before. Safe twice, late and in parallel: one call a plan and date. What nobody reached
    before stays beside it.
    """
    today = timezone.localdate(at)
    wanted = CarePlan.objects.to_plan(at)
    unplanned = key_persons_without_plan().filter(behind_a_door(at, path=""))
    if dry_run:
        return wanted.count() + unplanned.count()
    _write_plans(unplanned, today)
    made = 0
    keys = list(wanted.values_list("pk", flat=True))
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        rows = [CareCall(plan_id=key, planned_on=today, reason=why) for key, why in _reasons(chunk, at)]
        made += len(CareCall.objects.bulk_create(rows, ignore_conflicts=True))
    return made


def key_persons_without_plan() -> PersonQuerySet:
    """People with a mark of key persons for whom nobody has written a plan, ended ones included."""
    marked = KeyMark.objects.filter(person=OuterRef("pk"))
    return Person.objects.filter(Exists(marked), care_plan=None)


def _write_plans(people: PersonQuerySet, today: dt.date) -> None:
    """Plans with nothing in them but the usual rhythm, first called today."""
    columns = ("community_id", "street_id", "county_id")
    rows = list(people.order_by("pk").values("pk", *columns))
    for start in range(0, len(rows), CHUNK):
        plans = [
            CarePlan(person_id=row["pk"], next_call_on=today, **{name: row[name] for name in columns})
            for row in rows[start : start + CHUNK]
        ]
        CarePlan.objects.bulk_create(plans, ignore_conflicts=True)


def _reasons(plans: Sequence[int], at: dt.datetime) -> Iterator[tuple[int, CareCallReason]]:
    """Why each of these is called today: the door first, then what was missed, then the rhythm."""
    today = timezone.localdate(at)
    sealed = Exists(UnitSeal.objects.filter(is_holding(at), unit=OuterRef("person__unit")))
    missed = CareCall.objects.filter(plan=OuterRef("pk"), outcome__in=UNREACHED, planned_on__lt=today)
    rows = CarePlan.objects.filter(pk__in=plans).annotate(
        is_sealed=sealed,
        is_behind=Case(When(behind_a_door(at), then=True), default=False),
        was_missed=Exists(missed),
    )
    for key, is_sealed, is_behind, was_missed in rows.values_list(
        "pk", "is_sealed", "is_behind", "was_missed"
    ):
        if is_sealed or is_behind:
            yield key, CareCallReason.SEALED if is_sealed else CareCallReason.EPISODE
        else:
            yield key, CareCallReason.AGAIN if was_missed else CareCallReason.RHYTHM


def call_of_today(*, plan: CarePlan, at: dt.datetime) -> CareCall:
    """The call that is owed now, made where no sweep has planned one: a helper may call at any time."""
    today = timezone.localdate(at)
    waiting = plan.calls.filter(outcome__in=UNREACHED, planned_on__lte=today).order_by("-planned_on").first()
    if waiting:
        return waiting
    why = dict(_reasons([plan.pk], at))[plan.pk]
    made, _new = CareCall.objects.get_or_create(plan=plan, planned_on=today, defaults={"reason": why})
    return made


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
