"""Once a day each office that keeps a store hears what is short there and what expires."""

import datetime as dt
from collections import defaultdict

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import Area
from notices.actions import enqueue, staff_drafts
from notices.models import Message
from notices.rules import MessageKind
from supplies.models import Store
from supplies.stock_rows import Alert, below_minimum, expiring

Counts = dict[Alert, int]


def counts_by_area(on: dt.date) -> dict[int, Counts]:
    """What is to be seen to, by the area that keeps the store. Two queries."""
    stores = Store.objects.filter(enabled=True)
    found: defaultdict[int, Counts] = defaultdict(lambda: dict.fromkeys(Alert, 0))
    short = below_minimum(stores, on).order_by().values_list("store__area").annotate(n=Count("pk"))
    for area, number in short:
        found[area][Alert.BELOW_MINIMUM] = number
    ends = (
        expiring(stores, on)
        .order_by()
        .values("store__area")
        .annotate(
            gone=Count("pk", filter=Q(lot__expires_on__lte=on)),
            soon=Count("pk", filter=Q(lot__expires_on__gt=on)),
        )
    )
    for row in ends:
        found[row["store__area"]] |= {Alert.EXPIRED: row["gone"], Alert.EXPIRES_SOON: row["soon"]}
    return dict(found)


@transaction.atomic
def tell_of_stock(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Tell each office once a day; safe twice, late and in parallel. Returns how many offices are told."""
    today = timezone.localdate(at)
    counts = counts_by_area(today)
    wanted = {f"stock:{area}:{today:%Y%m%d}": area for area in counts}
    inboxes = Message.objects.filter(key__in=[f"{key}:inbox" for key in wanted])
    told = set(inboxes.values_list("key", flat=True))
    due = {key: area for key, area in wanted.items() if f"{key}:inbox" not in told}
    if dry_run or not due:
        return len(due)
    areas = Area.objects.in_bulk(list(due.values()))
    for key, area in due.items():
        drafts = staff_drafts(
            key=key,
            kind=MessageKind.STOCK_ALERTS,
            community=areas[area],
            context={str(alert): number for alert, number in counts[area].items()},
            subject="stock",
            not_after=at + dt.timedelta(days=1),
        )
        enqueue(drafts, at=at)
    return len(due)
