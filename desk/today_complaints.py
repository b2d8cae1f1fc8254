"""Complaints on Today: an officer's own clocks, urgent ones first, and the orders to the own office."""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Count, F, Q, QuerySet, Window

from accounts.models import User
from accounts.rules import Ability
from complaints.models import Complaint, DutyShift, SupervisionOrder
from complaints.models.complaint import ComplaintQuerySet
from complaints.queue import Line, line_of, with_rows

LIMIT = 5
MOST_SHIFTS = 12


@dataclass(frozen=True, slots=True)
class OrderDue:
    """One order to the own office that a report is owed on."""

    order: SupervisionOrder
    is_late: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """One duty of the roster as its reader sees it."""

    duty: DutyShift
    is_now: bool
    is_mine: bool


@dataclass(frozen=True, slots=True)
class ComplaintsToday:
    """What an officer owes to complainants now, and the office to those who ordered something."""

    lines: list[Line] = field(default_factory=list)
    total: int = 0
    orders: list[OrderDue] = field(default_factory=list)
    stranded: int = 0
    """Complaints of the area that no office may handle, for a supervisor, who can set up an outside desk."""

    @property
    def left_out(self) -> int:
        """How many more wait in the queue."""
        return self.total - len(self.lines)

    @property
    def waiting(self) -> int:
        """How many wait for a hand."""
        return self.total + len(self.orders) + self.stranded

    @property
    def late(self) -> int:
        """How many of those shown are late; what lies at no desk is it from the beginning."""
        shown = sum(line.is_late for line in self.lines) + sum(each.is_late for each in self.orders)
        return shown + self.stranded


def complaints_today(user: User, *, at: dt.datetime, limit: int = LIMIT) -> ComplaintsToday:
    """The user's clocks and the office's orders: the office itself, and a query for each of the two.

    A supervisor is told besides of how many no office may handle: one query more.
    """
    lines: list[Line] = []
    total = 0
    if user.may(Ability.HANDLE_COMPLAINTS) and user.own_office:
        rows = list(_in_order(own_clocks(user, at))[:limit])
        total = rows[0].__dict__["total"] if rows else 0
        lines = [line_of(row, at) for row in rows]
    orders = [OrderDue(order, order.is_late(at)) for order in _orders(user)]
    stranded = 0
    if user.area and user.may(Ability.SUPERVISE):
        stranded = Complaint.objects.without_desk(user.area).count()
    return ComplaintsToday(lines, total, orders, stranded)


def own_clocks(user: User, at: dt.datetime) -> ComplaintQuerySet:
    """What lies at the own office and is to be done by this user, or by nobody in particular."""
    mine = Complaint.objects.visible_to(user).to_act(at)
    return mine.filter(Q(coordinator=user) | Q(coordinator=None, handler=user.own_office))


def shifts_ahead(user: User, *, at: dt.datetime) -> list[Shift]:
    """Who is on duty at the own office or above it within a day, and where else the user is; one query."""
    own = user.own_office
    shifts = DutyShift.objects.filter(Q(user=user) | Q(office__in=own.line if own else []))
    ahead = shifts.filter(ends_at__gt=at, starts_at__lt=at + dt.timedelta(hours=24))
    rows = ahead.select_related("office", "user").order_by("starts_at", "office__path", "pk")[:MOST_SHIFTS]
    return [Shift(row, row.starts_at <= at, row.user_id == user.pk) for row in rows]


def _in_order(mine: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """As in the queue: urgent ones first, each by its limit; with how many there are."""
    return (
        with_rows(mine)
        .annotate(total=Window(Count("pk")))
        .order_by("-urgent", F("due_at").asc(nulls_last=True), "pk")
    )


def _orders(user: User) -> list[SupervisionOrder]:
    waiting = SupervisionOrder.objects.addressed_to(user).unreported()
    return list(waiting.select_related("issued_by_office").order_by("due_at", "pk")[:LIMIT])
