"""Who is on duty: a week of the roster written once more for the next one."""

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Office
from complaints.models import DutyShift
from policy.clock import midnight

WEEK = dt.timedelta(days=7)


def monday_of(on: dt.date) -> dt.date:
    """The Monday of that date's week."""
    return on - dt.timedelta(days=on.weekday())


@transaction.atomic
def copy_week(*, offices: QuerySet[Office], into: dt.date) -> tuple[int, int]:
    """Write the shifts of those offices that began in the week before `into`, a Monday, a week later.

    Whoever has left is not copied, nor a shift at whose time that person has one already: copied twice, it
    stands there once. Returns how many were made, and how many were left out.
    """
    first = midnight(into - WEEK)
    told = DutyShift.objects.filter(
        office__in=offices, starts_at__gte=first, starts_at__lt=midnight(into), user__is_active=True
    )
    week = list(told.order_by("starts_at", "pk"))
    taken: dict[int, list[tuple[dt.datetime, dt.datetime]]] = {}
    for shift in DutyShift.objects.filter(
        user__in=[shift.user_id for shift in week], ends_at__gt=midnight(into)
    ):
        taken.setdefault(shift.user_id, []).append((shift.starts_at, shift.ends_at))
    made = []
    for shift in week:
        starts_at, ends_at = shift.starts_at + WEEK, shift.ends_at + WEEK
        spans = taken.setdefault(shift.user_id, [])
        if any(starts_at < end and start < ends_at for start, end in spans):
            continue
        spans.append((starts_at, ends_at))
        made.append(
            DutyShift(office_id=shift.office_id, user_id=shift.user_id, starts_at=starts_at, ends_at=ends_at)
        )
    DutyShift.objects.bulk_create(made)
    return len(made), len(week) - len(made)
