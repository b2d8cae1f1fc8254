"""What the people behind closed doors of an area will ask for, beside what lies in its stores.

Behind a closed door is whoever is registered in a sealed unit, by the dates of the seal, and whoever is in
home isolation, by the dates of the stage. Somebody who is both is counted once. How much a head and day is
stands with the item: a local setting, no clause names quantities.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, FilteredRelation, Q, Sum
from django.utils import timezone

from accounts.models import Area, in_area
from cases.models import EpisodeStage
from cases.rules import Ending
from policy.types import Mode
from supplies.models import Item, Store, Supplier
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
        return sorted(found, key=lambda each: (each.short_from or dt.date.min, each.item.pk))

    @property
    def enough(self) -> list[ItemDemand]:
        """The items that last to the end."""
        return [each for each in self.items if not each.shortage]


def demand_of(area: Area, *, at: dt.datetime) -> Demand:
    """What is short in the area, from when and by how much, and whom to ask. Four queries."""
    today = timezone.localdate(at)
    people = people_by_day(area, at=at)
    items = _items(area, today)
    rates = {item.pk: item.per_head_per_day for item in items if item.per_head_per_day}
    there = {item.pk: item.there or Decimal(0) for item in items}  # type: ignore[attr-defined]
    short = {each.item: each for each in shortages(people, rates, there)}
    return Demand(people, [ItemDemand(item, short.get(item.pk)) for item in items], whom_to_ask(area))


def people_by_day(area: Area, *, at: dt.datetime) -> dict[dt.date, int]:
    """How many are behind a closed door on each date, from today until the last release. Two queries."""
    today = timezone.localdate(at)
    days: Counter[dt.date] = Counter()
    for release_on, people in _sealed(area, at):
        # Past its date and not open for want of a round: nobody knows until when, so today at least.
        for day in _days(today, max(release_on, today + DAY)):
            days[day] += people
    for starts_on, last_on, release_on, sealed_until, people in _at_home(area, at):
        begins = max(starts_on, today, sealed_until or today)
        for day in _days(begins, min(last_on + DAY, release_on)):
            days[day] += people
    return {day: days[day] for day in sorted(days) if days[day]}


def _days(first: dt.date, after: dt.date) -> list[dt.date]:
    return [first + n * DAY for n in range((after - first).days)]


def _sealed(area: Area, at: dt.datetime) -> list[tuple[dt.date, int]]:
    """People registered in units that are sealed, by the date on which their unit opens."""
    seals = UnitSeal.objects.within(area).holding(at)
    found = seals.order_by().values_list("release_on").annotate(people=Count("unit__residents"))
    return [(release_on, people) for release_on, people in found if people]


def _at_home(area: Area, at: dt.datetime) -> list[tuple[dt.date, dt.date, dt.date, dt.date | None, int]]:
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
    return list(
        stages.order_by()
        .values_list("starts_on", "last_on", "episode__release_on", "holding__release_on")
        .annotate(people=Count("episode__person", distinct=True))
    )


def _items(area: Area, today: dt.date) -> list[Item]:
    """Items that are reckoned by head and day, with what lies in the area and has not expired."""
    lying = usable(today, "lots__balances__") & Q(lots__balances__store__in=Store.objects.within(area))
    found = Item.objects.filter(enabled=True, per_head_per_day__gt=0)
    return list(found.annotate(there=Sum("lots__balances__quantity", filter=lying)))


def whom_to_ask(area: Area) -> list[Supplier]:
    """Suppliers of the area, of those above and below it, the white-listed first. One query."""
    found = Supplier.objects.around(area).filter(enabled=True)
    return list(found.order_by("-white_listed", "name")[:20])
