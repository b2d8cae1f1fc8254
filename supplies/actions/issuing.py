"""Issuing stock for a need: what leaves the store, and that the need is packed, are one act."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from accounts.models import User
from supplies.actions import serving, stock
from supplies.models import Item, Movement, Need, Store
from supplies.rules.needs import MEDICAL, Asker, NeedState, NeedVerb, may
from supplies.rules.stock import MovementKind


@transaction.atomic
def issue_for_need(
    *, need: Need, store: Store, wanted: Mapping[Item, Decimal], key: str, by: User, at: dt.datetime
) -> list[Movement]:
    """Take everything out of the store, or nothing; a need that waited to be packed is packed then.

    Raises RuleViolation `wrong_state` for a need that is at the door or has ended, `nothing_to_issue`, and
    `short_of_stock` with what is there.
    """
    if known := stock.written(key):
        return known
    need.refresh_from_db(fields=["state", "owner"])
    if not need.is_live or need.state == NeedState.AT_DOOR:
        raise serving.refused("wrong_state")
    if not wanted:
        raise stock.refuse("nothing_to_issue")
    movements = stock.issue(store=store, wanted=wanted, need=need, key=key, by=by, at=at)
    if need.kind not in MEDICAL and may(NeedVerb.PACK, need.state, Asker.STAFF):
        serving.move(need=need, verb=NeedVerb.PACK, asker=Asker.STAFF, by=by, at=at)
    return movements


def issued(need: Need) -> dict[int, Decimal]:
    """How much of each item is out for a need: issued, less what came back."""
    rows = (
        Movement.objects.filter(need=need, kind__in=[MovementKind.ISSUE, MovementKind.RETURN])
        .order_by()
        .values_list("lot__item")
        .annotate(moved=Sum("quantity"))
    )
    return {item: -moved for item, moved in rows if moved < 0}
