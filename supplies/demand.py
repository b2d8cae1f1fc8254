"""What the people behind closed doors of an area will ask for, beside what lies in its stores.

Behind a closed door is whoever is registered in a sealed unit, by the dates of the seal, and whoever is in
home isolation, by the dates of the stage. Somebody who is both is counted once. How much a head and day is
stands with the item: a local setting, no clause names quantities.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    Count,
    DateField,
    F,
    FilteredRelation,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import Area, in_area
from accounts.rules import Level
from cases.models import EpisodeStage
from cases.rules import Ending
from policy.types import Mode
from supplies.models import Balance, Item, Store, Supplier
from supplies.rules.stock import Shortage, shortages
from supplies.stock_rows import usable
from zones.models import UnitSeal
from zones.models.zone import is_holding

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ItemDemand:
    """One item of the forecast with what is said about it."""

    item: Item
    shortage: Shortage | None

    @property
    def short_from(self) -> dt.date | None:
        """The first date for which there is not enough; None when today's is not there already."""
        lasts = self.shortage.lasts_until if self.shortage else None
        return lasts + DAY if lasts else None


@dataclass(frozen=True, slots=True)
class Demand:
    """The forecast of an area."""

    people: Mapping[dt.date, int]
    items: list[ItemDemand]
    suppliers: list[Supplier]

    @property
    def until(self) -> dt.date | None:
        """The last date on which somebody is behind a closed door."""
        return max(self.people, default=None)

    @property
    def short(self) -> list[ItemDemand]:
        """The items that don't last, those that end first first."""
        found = [each for each in self.items if each.shortage]
        return sorted(found, key=_first_short)

    @property
    def enough(self) -> list[ItemDemand]:
        """The items that last to the end."""
        return [each for each in self.items if not each.shortage]


def demand_of(area: Area, *, at: dt.datetime) -> Demand:
    """What is short in the area, from when and by how much, and whom to ask. Three queries."""
    today = timezone.localdate(at)
    people = people_by_day(area, at=at)
    items = _items(area, today)
    rates = {item.pk: item.per_head_per_day for item in items if item.per_head_per_day}
    there = {item.pk: item.there or Decimal(0) for item in items}  # type: ignore[attr-defined]
    short = {each.item: each for each in shortages(people, rates, there)}
    return Demand(people, [ItemDemand(item, short.get(item.pk)) for item in items], whom_to_ask(area))


def people_by_day(area: Area, *, at: dt.datetime) -> dict[dt.date, int]:
    """How many are behind a closed door on each date, from today until the last release. One query."""
    return _by_day(_held(area, at), timezone.localdate(at))


@dataclass(frozen=True, slots=True)
class Held:
    """So many people who are behind a closed door from one date until before another."""

    part: int | None
    begins: dt.date
    after: dt.date
    people: int


def _by_day(held: Iterable[Held], today: dt.date) -> dict[dt.date, int]:
    days: Counter[dt.date] = Counter()
    for each in held:
        begins = max(each.begins, today)
        for n in range((each.after - begins).days):
            days[begins + n * DAY] += each.people
    return {day: days[day] for day in sorted(days) if days[day]}


def _held(area: Area, at: dt.datetime) -> list[Held]:
    """People of sealed units, and those in home isolation from when their unit opens; one query.

    `part` is the area one level below in which they are: of a city its counties, of a county its streets.
    """
    today = timezone.localdate(at)
    rows = _sealed(area, at).union(_at_home(area, at), all=True)
    found = []
    for part, starts_on, last_on, release_on, sealed_until, people in rows:
        if starts_on is None:
            # Past its date and not open for want of a round: nobody knows until when, so today at least.
            found.append(Held(part, today, max(release_on, today + DAY), people))
        else:
            begins = max(starts_on, sealed_until or starts_on)
            found.append(Held(part, begins, min(last_on + DAY, release_on), people))
    return found


PARTS = {Level.CITY: "county", Level.COUNTY: "street", Level.STREET: "community"}
NO_DATE = Cast(Value(None), DateField())


def _part_of(area: Area, path: str = "") -> F | Cast:
    """The column that says in which part of that area a row is; nothing for one that has no parts."""
    column = PARTS.get(Level(area.level))
    return F(f"{path}{column}") if column else Cast(Value(None), BigIntegerField())


def _sealed(area: Area, at: dt.datetime) -> QuerySet[Any, Any]:
    """People registered in units that are sealed, by the date on which their unit opens."""
    seals = UnitSeal.objects.within(area).holding(at).order_by()
    return seals.values_list(_part_of(area), NO_DATE, NO_DATE, F("release_on"), NO_DATE).annotate(
        people=Count("unit__residents")
    )


def _at_home(area: Area, at: dt.datetime) -> QuerySet[Any, Any]:
    """People in home isolation: first and last date, release, until when their unit is sealed anyway."""
    today = timezone.localdate(at)
    seals = "episode__person__unit__seals"
    stages = EpisodeStage.objects.filter(
        in_area(area, "episode__"),
        mode=Mode.HOME,
        last_on__gte=today,
        episode__swept_at=None,
        episode__restricted=True,
        episode__ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY],
        episode__release_on__gt=today,
    ).annotate(holding=FilteredRelation(seals, condition=is_holding(at, f"{seals}__")))
    return (
        stages.order_by()
        .values_list(
            _part_of(area, "episode__"),
            F("starts_on"),
            F("last_on"),
            F("episode__release_on"),
            F("holding__release_on"),
        )
        .annotate(people=Count("episode__person", distinct=True))
    )


# ── part by part ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class PartDemand:
    """One area below, with its own people beside its own stores: what it lacks another may have."""

    area: Area
    people: Mapping[dt.date, int]
    people_today: int
    short: list[ItemDemand]

    @property
    def until(self) -> dt.date | None:
        """The last date on which somebody is behind a closed door."""
        return max(self.people, default=None)


def demand_by_part(area: Area, parts: Sequence[Area], *, at: dt.datetime) -> list[PartDemand]:
    """The same for each of the areas directly below, those that lack something first. Three queries.

    What lies in a store of the area itself belongs to no part: it can still go to any of them.
    """
    today = timezone.localdate(at)
    held: defaultdict[int | None, list[Held]] = defaultdict(list)
    for each in _held(area, at):
        held[each.part].append(each)
    items = list(_reckoned())
    rates = {item.pk: item.per_head_per_day for item in items if item.per_head_per_day}
    there = _lying_in(parts, items, area, today)
    found = []
    for part in parts:
        people = _by_day(held[part.pk], today)
        lacking = {each.item: each for each in shortages(people, rates, there[part.pk])}
        short = [ItemDemand(item, lacking[item.pk]) for item in items if item.pk in lacking]
        found.append(PartDemand(part, people, people.get(today, 0), sorted(short, key=_first_short)))
    return sorted(found, key=lambda each: (not each.short, not each.people, each.area.code))


def _lying_in(
    parts: Sequence[Area], items: Sequence[Item], area: Area, today: dt.date
) -> defaultdict[int, dict[int, Decimal]]:
    lying = Balance.objects.filter(
        usable(today), store__in=Store.objects.within(area).order_by(), lot__item__in=items
    )
    there: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    by_code = {part.code: part.pk for part in parts}
    length = max(map(len, by_code), default=0)
    sums = lying.order_by().values_list("store__area__code", "lot__item").annotate(Sum("quantity"))
    for code, item, quantity in sums:
        if (part := by_code.get(code[:length])) is not None:
            there[part][item] = there[part].get(item, Decimal(0)) + quantity
    return there


def _first_short(each: ItemDemand) -> tuple[dt.date, int]:
    return (each.short_from or dt.date.min, each.item.pk)


def _items(area: Area, today: dt.date) -> list[Item]:
    """Items that are reckoned by head and day, with what lies in the area and has not expired."""
    lying = usable(today, "lots__balances__") & Q(lots__balances__store__in=Store.objects.within(area))
    return list(_reckoned().annotate(there=Sum("lots__balances__quantity", filter=lying)))


def _reckoned() -> QuerySet[Item]:
    return Item.objects.filter(enabled=True, per_head_per_day__gt=0)


def whom_to_ask(area: Area) -> list[Supplier]:
    """Suppliers of the area, of those above and below it, the white-listed first. One query."""
    found = Supplier.objects.around(area).filter(enabled=True)
    return list(found.order_by("-white_listed", "name")[:20])
