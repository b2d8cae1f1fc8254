"""People behind closed doors on Today: emergencies and late steps on top, then what the day asks for.

Whoever takes calls or works on supplies sees the needs; key persons, medicines and rounds only whoever works
on supplies; what is short in the stores whoever keeps stock; who wants to talk only whoever counsels. Two
queries, and one more for the lines when something burns.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Func, IntegerField, Q, QuerySet, Subquery, When

from accounts.models import Area, User
from accounts.rules import Ability
from supplies.models import (
    Call,
    CarePlan,
    Counsel,
    DeliveryRound,
    MutualSupply,
    Need,
    Prescription,
    Store,
)
from supplies.models.medical import wanting_to_talk
from supplies.models.need import is_late
from supplies.need_rows import NeedRow, rows_of
from supplies.rules.delivery import RoundState
from supplies.rules.medical import RUNS_OUT_WITHIN_DAYS
from supplies.rules.needs import LIVE, MEDICAL, NeedState, Urgency
from supplies.stock_rows import below_minimum, expiring

FEW = 6
"""So many lines stand on top; the desk shows them all."""


@dataclass(slots=True)
class SuppliesToday:
    """Everything about supplies that Today shows; nothing for whoever has nothing to do with them."""

    may_work: bool = False
    emergencies: int = 0
    """Live ones."""
    steps_late: int = 0
    """Medical needs whose next step is overdue, the emergencies among them not counted twice."""
    late: int = 0
    """Other needs past their limit."""
    open: int = 0
    """Nobody has taken them yet."""
    lines: list[NeedRow] = field(default_factory=list)
    """The first few of what burns."""
    call_back: int = 0
    """Callers who were promised a call by now."""
    to_call: int = 0
    """Key persons to call today."""
    not_reached: int = 0
    """Key persons who should have been reached before today."""
    unreached_since: dt.date | None = None
    """The first date on which one of them was to be reached."""
    unreached_days: int = 0
    """For how many days that one waits."""
    runs_out: int = 0
    """Medicines that last three days at most, and nobody has asked for the next pack."""
    rounds: int = 0
    """Rounds of today, and those of earlier days that were not closed."""
    doors: int = 0
    """Doors of theirs that still wait."""
    short: int = 0
    """Items below the minimum of their store."""
    expired: int = 0
    """Lots that may not be handed out any more and still lie there."""
    expires_soon: int = 0
    """Lots that expire within days."""
    mutual: int = 0
    """Mutual supplies whose next step is ours."""
    talk_wanted: int = 0
    """People who want to talk with somebody."""
    talk_again: int = 0
    """Talks to be followed up by today."""
    talk_late: int = 0
    """Those of them that should have been followed up before today."""

    @property
    def burning(self) -> int:
        """How many needs stand on top."""
        return self.emergencies + self.steps_late + self.late

    @property
    def left_out(self) -> int:
        """How many of them are not shown."""
        return self.burning - len(self.lines)

    @property
    def waiting(self) -> int:
        """How many things of the day ask for a hand, without those on top."""
        people = self.open + self.call_back + self.to_call + self.runs_out + self.rounds
        return people + self.talk_wanted + self.talk_again + self.stock + self.mutual

    @property
    def stock(self) -> int:
        """How many alerts the stores give."""
        return self.short + self.expired + self.expires_soon

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.burning or self.waiting)


def supplies_today(user: User, *, at: dt.datetime, today: dt.date) -> SuppliesToday:
    """Read it: two queries, three when something burns, none for whoever has nothing to do with it."""
    works, sees_needs = user.may(Ability.WORK_SUPPLIES), user.may(Ability.TAKE_CALLS)
    if user.area is None or not (works or sees_needs or user.may(Ability.COUNSEL)):
        return SuppliesToday()
    found = SuppliesToday(may_work=works)
    counted = _of_the_day(user, user.area, at, today)
    burning = Need.objects.none()
    if works or sees_needs:
        needs = Need.objects.visible_to(user).filter(state__in=LIVE)
        emergency = Q(urgency=Urgency.EMERGENCY)
        burning = needs.filter(emergency | is_late(at))
        counted |= needs.aggregate(
            emergencies=Count("pk", filter=emergency),
            steps_late=Count("pk", filter=is_late(at) & Q(kind__in=MEDICAL) & ~emergency),
            late=Count("pk", filter=is_late(at) & ~Q(kind__in=MEDICAL) & ~emergency),
            open=Count("pk", filter=Q(state=NeedState.OPEN) & ~emergency & ~is_late(at)),
        )
    for name, number in counted.items():
        setattr(found, name, number or 0)
    found.unreached_since = found.unreached_since or None
    if found.unreached_since:
        found.unreached_days = (today - found.unreached_since).days
    if found.burning:
        found.lines = rows_of(_first(burning), at)
    return found


def _first(burning: QuerySet[Need]) -> Sequence[Need]:
    """Emergencies, then medical steps, then the rest, each by the limit that passed first."""
    order = Case(When(urgency=Urgency.EMERGENCY, then=0), When(kind__in=sorted(MEDICAL), then=1), default=2)
    related = burning.select_related("medical", "person", "owner", "community", "unit__building__compound")
    lines = related.prefetch_related(None).order_by(order, "due_at", "pk")
    return list(lines[:FEW])


def _of_the_day(user: User, area: Area, at: dt.datetime, today: dt.date) -> dict[str, Any]:
    """The numbers besides the needs, each for whom it is work, in one query."""
    numbers: dict[str, Subquery] = {}
    if user.may(Ability.TAKE_CALLS):
        numbers["call_back"] = _number(
            Call.objects.visible_to(user).to_call_back().filter(call_back_at__lte=at)
        )
    if user.may(Ability.WORK_SUPPLIES):
        numbers |= _of_a_worker(user, at, today)
    if user.may(Ability.KEEP_STOCK):
        numbers |= _of_a_store(user, today)
    if user.may(Ability.COUNSEL):
        numbers |= _of_a_counsellor(user, today)
    rows = Area.objects.filter(pk=area.pk).annotate(**{f"n_{name}": each for name, each in numbers.items()})
    values = rows.values(*(f"n_{name}" for name in numbers)).first() or {}
    return {name.removeprefix("n_"): value for name, value in values.items()}


def _of_a_worker(user: User, at: dt.datetime, today: dt.date) -> dict[str, Subquery]:
    plans = CarePlan.objects.visible_to(user)
    late = plans.not_reached_in_time(today)
    since: QuerySet[Any] = late.with_late_since(today)
    rounds = DeliveryRound.objects.visible_to(user).filter(on__lte=today).exclude(state=RoundState.DONE)
    return {
        "to_call": _number(plans.to_call(at)),
        "not_reached": _number(late),
        "unreached_since": Subquery(since.order_by("late_since").values("late_since")[:1]),
        "runs_out": _number(_running_out(user, today)),
        "rounds": _number(rounds),
        "doors": _number(rounds.filter(stops__outcome="")),
    }


def _of_a_store(user: User, today: dt.date) -> dict[str, Subquery]:
    stores = Store.objects.visible_to(user).filter(enabled=True)
    lots = expiring(stores, today)
    return {
        "short": _number(below_minimum(stores, today)),
        "expired": _number(lots.filter(lot__expires_on__lte=today)),
        "expires_soon": _number(lots.filter(lot__expires_on__gt=today)),
        "mutual": _number(MutualSupply.objects.waiting_for(user)),
    }


def _of_a_counsellor(user: User, today: dt.date) -> dict[str, Subquery]:
    """The same rows as on the counsellor's page."""
    again = Counsel.objects.visible_to(user).to_follow_up()
    return {
        "talk_wanted": _number(wanting_to_talk(Need.objects.visible_to(user))),
        "talk_again": _number(again.filter(follow_up_on__lte=today)),
        "talk_late": _number(again.filter(follow_up_on__lt=today)),
    }


def _running_out(user: User, today: dt.date) -> QuerySet[Prescription]:
    """What lasts three days at most, unless the next pack has been asked for already."""
    last = today + dt.timedelta(days=RUNS_OUT_WITHIN_DAYS)
    asked = Q(need__state__in=LIVE)
    return Prescription.objects.visible_to(user).running_out(last).exclude(asked)


def _number(rows: QuerySet[Any]) -> Subquery:
    """How many rows, as a column of another query."""
    counted = rows.order_by().annotate(how_many=Func("pk", function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("how_many"))
