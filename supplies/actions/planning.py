"""What is done with a supply plan: written, corrected, looked through (N二(十七))."""

import datetime as dt
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Area, User
from policy.refusals import RuleViolation
from supplies.models import SupplyPlan, SupplyPlanReview

CLAUSE = "二(十七)"


@dataclass(frozen=True, slots=True)
class PlanText:
    """What a plan says; `reserve_days` in days."""

    in_charge: str
    phone: str
    market: str
    delivery: str
    mutual: str
    reserve_days: int


@transaction.atomic
def write_plan(*, area: Area, text: PlanText, by: User, at: dt.datetime) -> SupplyPlan:
    """Write the plan of an area, or correct it; the same text again is a review and nothing else.

    Raises `RuleViolation` (N二(十七)) when the area is not the writer's own nor below it.
    """
    if by.area is None or not by.area.covers(area):
        raise RuleViolation(
            "not_your_area", CLAUSE, _("You write the plans of your own area and of those below it.")
        )
    plan, made = SupplyPlan.objects.select_for_update().get_or_create(
        area=area, defaults={**asdict(text), "reviewed_at": at}
    )
    changed = made or any(getattr(plan, name) != value for name, value in asdict(text).items())
    if changed and not made:
        SupplyPlan.objects.filter(pk=plan.pk).update(**asdict(text))
    _note(plan, changed=changed, by=by, at=at)
    plan.refresh_from_db()
    return plan


@transaction.atomic
def confirm_plan(*, plan: SupplyPlan, by: User, at: dt.datetime) -> bool:
    """Somebody has looked through the plan and it is still right. Returns whether this is new today."""
    return _note(plan, changed=False, by=by, at=at)


def _note(plan: SupplyPlan, *, changed: bool, by: User, at: dt.datetime) -> bool:
    """Add the review; one that changes nothing is noted once a day and person."""
    day = timezone.localdate(at)
    if not changed and SupplyPlanReview.objects.filter(plan=plan, by=by, at__date=day).exists():
        return False
    SupplyPlanReview.objects.create(plan=plan, at=at, by=by, changed=changed)
    SupplyPlan.objects.filter(pk=plan.pk).update(reviewed_at=at)
    return True
