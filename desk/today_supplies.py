"""People behind closed doors on Today: emergencies and late steps on top, then what the day asks for.

Whoever takes calls or works on supplies sees the needs; key persons, medicines and rounds only whoever works
on supplies. Two queries, and one more for the lines when something burns.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Func, IntegerField, Q, QuerySet, Subquery, When

from accounts.models import Area, User
from accounts.rules import Ability
from supplies.models import Call, CarePlan, DeliveryRound, Need, Prescription
from supplies.models.need import is_late
from supplies.need_rows import NeedRow, rows_of
from supplies.rules.delivery import RoundState
from supplies.rules.medical import RUNS_OUT_WITHIN_DAYS
from supplies.rules.needs import LIVE, MEDICAL, NeedState, Urgency

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
        return self.open + self.call_back + self.to_call + self.runs_out + self.rounds

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.burning or self.waiting)


def supplies_today(user: User, *, at: dt.datetime, today: dt.date) -> SuppliesToday:
    """Read it: two queries, three when something burns, none for whoever has nothing to do with it."""
    works, calls = user.may(Ability.WORK_SUPPLIES), user.may(Ability.TAKE_CALLS)
    if user.area is None or not (works or calls):
        return SuppliesToday()
    found = SuppliesToday(may_work=works)
    needs = Need.objects.visible_to(user).filter(state__in=LIVE)
    emergency = Q(urgency=Urgency.EMERGENCY)
    counted = needs.aggregate(
        emergencies=Count("pk", filter=emergency),
        steps_late=Count("pk", filter=is_late(at) & Q(kind__in=MEDICAL) & ~emergency),
        late=Count("pk", filter=is_late(at) & ~Q(kind__in=MEDICAL) & ~emergency),
        open=Count("pk", filter=Q(state=NeedState.OPEN) & ~emergency & ~is_late(at)),
    )
    for name, number in {
        **counted,
        **_of_the_day(user, user.area, at, today, works=works, calls=calls),
    }.items():
        setattr(found, name, number or 0)
    found.unreached_since = found.unreached_since or None
    if found.unreached_since:
        found.unreached_days = (today - found.unreached_since).days
    if found.burning:
        found.lines = rows_of(_first(needs.filter(emergency | is_late(at))), at)
    return found


def _first(burning: QuerySet[Need]) -> Sequence[Need]:
    """Emergencies, then medical steps, then the rest, each by the limit that passed first."""
    order = Case(When(urgency=Urgency.EMERGENCY, then=0), When(kind__in=sorted(MEDICAL), then=1), default=2)
    related = burning.select_related("medical", "person", "owner", "community", "unit__building__compound")
    lines = related.prefetch_related(None).order_by(order, "due_at", "pk")
    return list(lines[:FEW])


def _of_the_day(
    user: User, area: Area, at: dt.datetime, today: dt.date, *, works: bool, calls: bool
) -> dict[str, Any]:
    """The numbers besides the needs, in one query."""
    numbers: dict[str, Any] = {}
    if calls:
        numbers["call_back"] = _number(
            Call.objects.visible_to(user).to_call_back().filter(call_back_at__lte=at)
        )
    if works:
        plans = CarePlan.objects.visible_to(user)
        late = plans.not_reached_in_time(today)
        since: QuerySet[Any] = late.with_late_since(today)
        numbers["to_call"] = _number(plans.to_call(at))
        numbers["not_reached"] = _number(late)
        numbers["unreached_since"] = Subquery(since.order_by("late_since").values("late_since")[:1])
        numbers["runs_out"] = _number(_running_out(user, today))
        rounds = DeliveryRound.objects.visible_to(user).filter(on__lte=today).exclude(state=RoundState.DONE)
        numbers["rounds"] = _number(rounds)
        numbers["doors"] = _number(rounds.filter(stops__outcome=""))
    rows = Area.objects.filter(pk=area.pk).annotate(**{f"n_{name}": each for name, each in numbers.items()})
    values = rows.values(*(f"n_{name}" for name in numbers)).first() or {}
    return {name.removeprefix("n_"): value for name, value in values.items()}


def _running_out(user: User, today: dt.date) -> QuerySet[Prescription]:
    """What lasts three days at most, unless the next pack has been asked for already."""
    last = today + dt.timedelta(days=RUNS_OUT_WITHIN_DAYS)
    asked = Q(need__state__in=LIVE)
    return Prescription.objects.visible_to(user).running_out(last).exclude(asked)


def _number(rows: QuerySet[Any]) -> Subquery:
    """How many rows, as a column of another query."""
    counted = rows.order_by().annotate(how_many=Func("pk", function="COUNT", output_field=IntegerField()))
    return Subquery(counted.values("how_many"))
