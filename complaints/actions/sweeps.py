"""What the clocks of complaints have done already, written down and told.

A limit has passed whether or not a sweep ran; a sweep marks the complaint, writes the event and tells the
offices. Each is set-based, in chunks, and safe twice, late, in parallel and after a crash: one UPDATE claims
its rows and names them, and only those are written on, in the same transaction.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, DateTimeField, Q, QuerySet, Value
from django.db.models.expressions import Case, When

from accounts.models import Office, User
from accounts.rules import Department, codes_below
from complaints.actions.clocks import limits_set
from complaints.actions.routing import is_under, may_coordinate, nearest_of, node_of
from complaints.actions.telling_many import Telling, tell_many
from complaints.models import (
    Clock,
    Complaint,
    ComplaintEvent,
    DutyShift,
    OrderStep,
    Recusal,
    SupervisionOrder,
)
from complaints.rules.clocks import OURS, ClockStep, Limit, dues, limit_for
from complaints.rules.handling import OPEN, State
from complaints.rules.routing import next_higher
from complaints.rules.supervision import OrderStepKind
from complaints.rules.words import EventKind
from notices.rules import MessageKind
from notices.sets import Sql, chosen, instant, returning, table

CHUNK = 1_000
"""How many rows one transaction claims; SQLite keeps other writers waiting for so long."""
NAMES = ("handler__area", "respondent__area")


def _in_chunks(sweep: Callable[[], int]) -> int:
    """Chunk by chunk until one is not full: what is left then is in the hands of others."""
    done, swept = 0, CHUNK
    while swept >= CHUNK:
        with transaction.atomic():
            swept = sweep()
        done += swept
    return done


def _claim(
    model: type[Clock] | type[SupervisionOrder], column: str, due: QuerySet[Any], at: dt.datetime
) -> list[int]:
    """Stamp a chunk of what is due; the condition stands in the UPDATE too, so each row is claimed once."""
    rows = due.select_for_update(skip_locked=True, no_key=True, of=("self",))[:CHUNK]
    claim = Sql(
        f"UPDATE {table(model)} SET {column} = %s WHERE {column} IS NULL AND",  # noqa: S608
        (instant(at),),
    )
    return returning(claim, chosen("id", rows), Sql("RETURNING id"))


# ── clocks that ran past a limit ─────────────────────────────────────────────────────────────────


def sweep_late(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Note every office's clock that is past its first limit, and tell that office; returns how many."""
    due = Clock.objects.past_first(at).filter(step__in=OURS).order_by("due_at", "pk")
    if dry_run:
        return due.count()
    return _in_chunks(lambda: _note_late(_claim(Clock, "late_noted_at", due, at), at))


def _note_late(ids: Sequence[int], at: dt.datetime) -> int:
    clocks = _clocks(ids)
    Complaint.objects.filter(pk__in=[clock.complaint_id for clock in clocks]).update(was_late=True)
    _write_events(EventKind.LATE, clocks, at)
    told = [Telling(clock.complaint, clock.complaint.handler) for clock in clocks if clock.complaint.handler]
    tell_many(told, MessageKind.COMPLAINT_LATE, at=at)
    return len(ids)


def sweep_grossly_late(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Note every clock that is past its second limit, and tell the desk above; returns how many."""
    due = Clock.objects.past_second(at).filter(step__in=OURS).order_by("gross_at", "pk")
    if dry_run:
        return due.count()
    return _in_chunks(lambda: _note_grossly_late(_claim(Clock, "gross_noted_at", due, at), at))


def _note_grossly_late(ids: Sequence[int], at: dt.datetime) -> int:
    clocks = _clocks(ids)
    keys = [clock.complaint_id for clock in clocks]
    Complaint.objects.filter(pk__in=keys).update(was_late=True, was_grossly_late=True)
    _write_events(EventKind.GROSSLY_LATE, clocks, at)
    complaints = [clock.complaint for clock in clocks]
    above = _desks_above(complaints)
    told = [
        Telling(each, above.get(each.pk, each.handler)) for each in complaints if each.handler is not None
    ]
    tell_many(told, MessageKind.COMPLAINT_GROSS, at=at)
    return len(ids)


def _clocks(ids: Sequence[int]) -> list[Clock]:
    names = [f"complaint__{name}" for name in NAMES]
    return list(Clock.objects.filter(pk__in=ids).select_related(*names).order_by("pk"))


def _write_events(kind: EventKind, clocks: Iterable[Clock], at: dt.datetime) -> None:
    ComplaintEvent.objects.bulk_create(
        ComplaintEvent(
            complaint=clock.complaint,
            kind=kind,
            at=at,
            office=clock.complaint.handler,
            details={"step": clock.step},
        )
        for clock in clocks
    )


def _desks_above(complaints: Sequence[Complaint]) -> dict[int, Office]:
    """The desk above each one's handler that may handle it; one query for all of them."""
    line = {key for each in complaints if each.handler for key in each.handler.line}
    wanted = Office.objects.filter(pk__in=line) | Office.objects.filter(department=Department.OUTSIDE)
    offices = {office.pk: office for office in wanted.select_related("area")}
    nodes = [node_of(office) for office in offices.values()]
    found = {}
    for each in complaints:
        if each.handler is None:
            continue
        respondent = node_of(each.respondent) if each.respondent else None
        above = next_higher(node_of(each.handler), respondent, nodes)
        if above:
            found[each.pk] = offices[above.key]
    return found


# ── the complainant had the word and said nothing ────────────────────────────────────────────────


def sweep_words_over(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Where the complainant's time for a word ran out, the desk verifies itself; returns how many.

    The complaint stays answered, and its complainant may still speak. The desk's clock to verify and close
    counts from the instant at which the word ran out, however late the sweep comes.
    """
    due = (
        Clock.objects.running()
        .filter(step=ClockStep.VERIFY, due_at__lte=at, complaint__state=State.ANSWERED)
        .order_by("due_at", "pk")
    )
    if dry_run:
        return due.count()
    limits = limits_set()
    return _in_chunks(lambda: _take_the_word(_claim(Clock, "stopped_at", due, at), limits, at))


def _take_the_word(ids: Sequence[int], limits: Sequence[Limit], at: dt.datetime) -> int:
    clocks = _clocks(ids)
    begun = [clock for clock in (_clock_to_close(each, limits) for each in clocks) if clock]
    Clock.objects.bulk_create(begun)
    due = {clock.complaint_id: clock.due_at for clock in begun}
    over = {clock.complaint_id: clock.due_at for clock in clocks}
    if over:
        answered = Complaint.objects.filter(pk__in=over, state=State.ANSWERED)
        answered.update(word_over_at=_by_key(over), due_at=_by_key(due))
    ComplaintEvent.objects.bulk_create(
        ComplaintEvent(
            complaint=clock.complaint,
            kind=EventKind.NOTED,
            at=at,
            office=clock.complaint.handler,
            details={"word_over": True},
        )
        for clock in clocks
    )
    return len(ids)


def _clock_to_close(over: Clock, limits: Sequence[Limit]) -> Clock | None:
    complaint = over.complaint
    limit = limit_for(
        ClockStep.CLOSE,
        limits,
        topic=complaint.topic,
        behaviour=complaint.behaviour,
        urgent=complaint.urgent,
        is_complex=complaint.complex,
    )
    if limit is None:
        return None
    both = dues(limit, over.due_at)
    return Clock(
        complaint=complaint,
        step=ClockStep.CLOSE,
        office=complaint.handler,
        began_at=over.due_at,
        due_at=both.due_at,
        gross_at=both.gross_at,
        amount=limit.amount,
        unit=limit.unit,
    )


def _by_key(values: dict[int, dt.datetime]) -> Case:
    """Each complaint its own instant, in one UPDATE; None for those that are not named."""
    cases = [When(pk=key, then=Value(value)) for key, value in values.items()]
    return Case(*cases, default=Value(None), output_field=DateTimeField())


# ── supervision orders past their date ───────────────────────────────────────────────────────────


def sweep_orders(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Note every order whose date passed without a report; tell its office and the one that ordered."""
    due = SupervisionOrder.objects.late(at).filter(late_noted_at=None).order_by("due_at", "pk")
    if dry_run:
        return due.count()
    return _in_chunks(lambda: _note_late_orders(_claim(SupervisionOrder, "late_noted_at", due, at), at))


def _note_late_orders(ids: Sequence[int], at: dt.datetime) -> int:
    names = ("to_office__area", "issued_by_office__area")
    orders = list(SupervisionOrder.objects.filter(pk__in=ids).select_related(*names).order_by("pk"))
    SupervisionOrder.objects.filter(pk__in=ids).update(was_late=True)
    OrderStep.objects.bulk_create(
        OrderStep(order=order, kind=OrderStepKind.LATE, at=at, due_at=order.due_at) for order in orders
    )
    told = [
        Telling(order, office) for order in orders for office in (order.to_office, order.issued_by_office)
    ]
    tell_many(told, MessageKind.ORDER_LATE, at=at)
    return len(ids)


# ── who coordinates what is urgent ───────────────────────────────────────────────────────────────


def assign_coordinators(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Give every urgent one without a coordinator to whoever is on duty at its office; returns how many.

    Where nobody is on duty there, to the nearest office above with somebody. The one with the fewest open
    ones first; nobody gets one from which they are recused, or that is about their office.
    """
    shifts = list(DutyShift.objects.on_duty(at).select_related("office__area", "user__office", "user__area"))
    covered = Q(pk=None)
    for path in {shift.office.path for shift in shifts}:
        first, after = codes_below(path)
        covered |= Q(handler__path__gte=first, handler__path__lt=after)
    waiting = Complaint.objects.filter(covered, state__in=OPEN, urgent=True, coordinator=None)
    complaints = list(waiting.select_related("handler", "respondent").order_by("due_at", "pk")[:CHUNK])
    if not complaints:
        return 0
    chosen_ones = _chosen_for(complaints, _on_duty(shifts, complaints))
    if dry_run:
        return sum(len(keys) for keys in chosen_ones.values())
    return sum(_give(user, keys, at) for user, keys in chosen_ones.items())


def _on_duty(shifts: Sequence[DutyShift], complaints: Sequence[Complaint]) -> dict[int, dict[int, User]]:
    """By office whoever is on duty there and may coordinate; asked only where something waits below."""
    line = {key for each in complaints if each.handler for key in each.handler.line}
    found: dict[int, dict[int, User]] = defaultdict(dict)
    for shift in shifts:
        if shift.office_id in line and may_coordinate(shift.user, shift.office):
            found[shift.office_id][shift.user_id] = shift.user
    return found


def _chosen_for(
    complaints: Sequence[Complaint], on_duty: Mapping[int, Mapping[int, User]]
) -> dict[int, list[int]]:
    """Which complaints each person on duty is to coordinate."""
    everybody = {key for people in on_duty.values() for key in people}
    busy: dict[int, int] = dict(
        Complaint.objects.filter(coordinator__in=everybody, state__in=OPEN)
        .order_by()
        .values_list("coordinator")
        .annotate(Count("pk"))
    )
    recused = set(Recusal.objects.filter(complaint__in=complaints).values_list("complaint", "user"))
    found: dict[int, list[int]] = defaultdict(list)
    for complaint in complaints:
        free: dict[int, list[int]] = defaultdict(list)
        for office, people in on_duty.items():
            for key, user in people.items():
                if (complaint.pk, key) not in recused and not is_under(user, complaint.respondent):
                    free[office].append(key)
        nearest = nearest_of(complaint.handler, free) if complaint.handler else None
        if nearest is not None:
            chosen_one = min(free[nearest], key=lambda each: (busy.get(each, 0), each))
            busy[chosen_one] = busy.get(chosen_one, 0) + 1
            found[chosen_one].append(complaint.pk)
    return found


@transaction.atomic
def _give(user: int, keys: Sequence[int], at: dt.datetime) -> int:
    free = Complaint.objects.filter(pk__in=keys, coordinator=None)
    claim = Sql(
        f"UPDATE {table(Complaint)} SET coordinator_id = %s WHERE coordinator_id IS NULL AND",  # noqa: S608
        (user,),
    )
    given = returning(claim, chosen("id", free), Sql("RETURNING id"))
    ComplaintEvent.objects.bulk_create(
        ComplaintEvent(complaint_id=key, kind=EventKind.COORDINATOR, at=at, details={"user": user})
        for key in given
    )
    return len(given)
