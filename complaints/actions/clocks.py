"""Starting, stopping and noting the clocks of a complaint."""

import datetime as dt

from complaints.models import Clock, Complaint, StepLimit
from complaints.rules.clocks import ClockStep, Limit, Unit, dues, limit_for


def limits_set() -> list[Limit]:
    """The limits that supervisors have set; one query."""
    return [
        Limit(
            step=ClockStep(row.step),
            amount=row.amount,
            unit=Unit(row.unit),
            gross=row.gross,
            topic=row.topic,
            behaviour=row.behaviour,
            urgent=row.urgent,
            complex=row.complex,
        )
        for row in StepLimit.objects.filter(enabled=True)
    ]


def start_clock(complaint: Complaint, step: ClockStep, *, from_at: dt.datetime) -> Clock | None:
    """Let the clock of that step run from `from_at`, at whoever holds the complaint; None without a limit.

    In the caller's transaction; the clock before it has been stopped. `complaint.due_at` follows.
    """
    limit = limit_for(
        step,
        limits_set(),
        topic=complaint.topic,
        behaviour=complaint.behaviour,
        urgent=complaint.urgent,
        is_complex=complaint.complex,
    )
    clock = None
    if limit:
        both = dues(limit, from_at)
        clock = Clock.objects.create(
            complaint=complaint,
            step=step,
            office_id=complaint.handler_id,
            began_at=from_at,
            due_at=both.due_at,
            gross_at=both.gross_at,
            amount=limit.amount,
            unit=limit.unit,
        )
    complaint.due_at = clock.due_at if clock else None
    Complaint.objects.filter(pk=complaint.pk).update(due_at=complaint.due_at)
    return clock


def stop_clock(complaint: Complaint, *, at: dt.datetime) -> Clock | None:
    """Stop the running clock; when it ran past a limit, that stands from now on. None: none was running."""
    clock = Clock.objects.running().filter(complaint=complaint).first()
    if clock is None or not Clock.objects.running().filter(pk=clock.pk).update(stopped_at=at):
        return None
    clock.stopped_at = at
    was_late = clock.is_ours and clock.due_at <= at
    was_grossly_late = clock.is_ours and clock.gross_at is not None and clock.gross_at <= at
    marks = {"was_late": was_late, "was_grossly_late": was_grossly_late}
    found = {name: True for name, holds in marks.items() if holds}
    if found:
        Complaint.objects.filter(pk=complaint.pk).update(**found)
        for name in found:
            setattr(complaint, name, True)
    return clock


def next_clock(complaint: Complaint, step: ClockStep, *, from_at: dt.datetime, at: dt.datetime) -> None:
    """Stop what runs, and start the clock of the next step."""
    stop_clock(complaint, at=at)
    start_clock(complaint, step, from_at=from_at)
