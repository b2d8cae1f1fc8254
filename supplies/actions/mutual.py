"""Mutual supply 联保联供: one area asks, another offers; agreed, shipped, received. Both see one record.

Each verb checks the table (`rules.delivery.MUTUAL_MOVES`) and from which end it is done, and changes the row
by compare-and-set. What is shipped leaves one store, and comes into the other when it is received.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from policy.refusals import BadInput, RuleViolation
from supplies.actions import stock
from supplies.actions.serving import refused
from supplies.actions.telling import tell_of_mutual
from supplies.models import Item, Movement, MutualSupply, Store
from supplies.rules.delivery import MUTUAL_MOVES, MutualVerb, Side
from supplies.rules.stock import MovementKind

REFUSALS = {
    "own_stock": _("This store lies inside the area that asks: transfer it between stores instead."),
    "not_a_side": _("Only the area whose turn it is can do this."),
}


def sides(mutual: MutualSupply, user: User) -> frozenset[Side]:
    """From which ends the user can act; a supervisor of both acts for either."""
    if user.area is None:
        return frozenset()
    found = set()
    if user.area.covers(mutual.asking):
        found.add(Side.ASKING)
    if mutual.offering is not None and user.area.covers(mutual.offering):
        found.add(Side.OFFERING)
    if user.area.pk != mutual.asking_id:
        found.add(Side.OTHER)
    return frozenset(found)


def verbs_for(mutual: MutualSupply, user: User) -> list[MutualVerb]:
    """What the user can do with it now, in the order of the table."""
    mine = sides(mutual, user)
    return [verb for verb, line in MUTUAL_MOVES.items() if mutual.state in line.sources and line.side in mine]


@transaction.atomic
def ask(
    *,
    area: Area,
    item: Item,
    quantity: Decimal,
    wanted_on: dt.date,
    note: str,
    by: User,
    at: dt.datetime,
) -> MutualSupply:
    """Ask the other areas of the city for something; the neighbours and the area above hear of it.

    Raises BadInput for nothing, or a date gone by.
    """
    if quantity <= 0:
        raise BadInput("quantity", _("The quantity is more than nothing."))
    if wanted_on < timezone.localdate(at):
        raise BadInput("wanted_on", _("This date has passed."))
    mutual = MutualSupply.objects.create(
        asking=area,
        item=item,
        quantity=quantity,
        wanted_on=wanted_on,
        note=note.strip(),
        asked_at=at,
        asked_by=by,
    )
    tell_of_mutual(mutual, None, offering=None, at=at)
    return mutual


def offer(*, mutual: MutualSupply, quantity: Decimal, store: Store, by: User, at: dt.datetime) -> None:
    """Offer so much of it from one of our stores; it may be less than was asked for."""
    if quantity <= 0:
        raise BadInput("quantity", _("The quantity is more than nothing."))
    if mutual.asking.covers(store.area):
        raise RuleViolation("own_stock", "", REFUSALS["own_stock"], field="store")
    area = store.area if by.area is None or by.area.covers(mutual.asking) else by.area
    _move(
        mutual,
        MutualVerb.OFFER,
        by=by,
        at=at,
        offering=area,
        offered_quantity=quantity,
        from_store=store,
        offered_at=at,
        offered_by=by,
    )


def agree(*, mutual: MutualSupply, store: Store, by: User, at: dt.datetime) -> None:
    """Agree to the offer, and say into which store it comes."""
    _move(mutual, MutualVerb.AGREE, by=by, at=at, to_store=store, agreed_at=at, agreed_by=by)


def decline(*, mutual: MutualSupply, by: User, at: dt.datetime) -> None:
    """Decline the offer; another area may offer."""
    _move(mutual, MutualVerb.DECLINE, by=by, at=at, **_NO_OFFER)


def take_back(*, mutual: MutualSupply, by: User, at: dt.datetime) -> None:
    """Take our offer back before it is shipped; another area may offer."""
    _move(mutual, MutualVerb.TAKE_BACK, by=by, at=at, **_NO_OFFER)


def withdraw(*, mutual: MutualSupply, by: User, at: dt.datetime) -> None:
    """It is not wanted any more; possible until it is shipped."""
    _move(mutual, MutualVerb.WITHDRAW, by=by, at=at, withdrawn_at=at, withdrawn_by=by)


_NO_OFFER: dict[str, Any] = {
    "offering": None,
    "offered_quantity": None,
    "from_store": None,
    "to_store": None,
    "offered_at": None,
    "offered_by": None,
    "agreed_at": None,
    "agreed_by": None,
}


@transaction.atomic
def ship(*, mutual: MutualSupply, by: User, at: dt.datetime) -> None:
    """Send it off: what expires first leaves the store first. Raises RuleViolation `short_of_stock`."""
    _move(mutual, MutualVerb.SHIP, by=by, at=at, shipped_at=at, shipped_by=by)
    store, quantity = mutual.from_store, mutual.offered_quantity
    if store is None or quantity is None:  # the table lets nothing be shipped that nobody offered
        raise refused("wrong_state")
    stock.once(
        lambda: [
            stock.Change(store, lot, MovementKind.TRANSFER_OUT, -part, other_store=mutual.to_store)
            for lot, part in stock.take(store, {mutual.item: quantity}, timezone.localdate(at))
        ],
        key=_key(mutual, "shipped"),
        by=by,
        at=at,
    )


@transaction.atomic
def receive(*, mutual: MutualSupply, quantity: Decimal, note: str, by: User, at: dt.datetime) -> None:
    """It is here; what came may differ from what was shipped, and then a note says why.

    Raises BadInput for more than was shipped, and for a difference without a note.
    """
    shipped = mutual.offered_quantity or Decimal(0)
    if quantity < 0 or quantity > shipped:
        raise BadInput("quantity", _("At most what was shipped can arrive."))
    if quantity != shipped and not note.strip():
        raise BadInput("note", _("Please say why it is less than was shipped: it stays on record."))
    _move(
        mutual,
        MutualVerb.RECEIVE,
        by=by,
        at=at,
        received_quantity=quantity,
        received_note=note.strip(),
        received_at=at,
        received_by=by,
    )
    changes = _arrived(mutual, quantity)
    stock.once(lambda: changes, key=_key(mutual, "received"), by=by, at=at)


def _arrived(mutual: MutualSupply, quantity: Decimal) -> list[stock.Change]:
    """The lots that were shipped, in their order, until so much is there."""
    store = mutual.to_store
    if store is None:
        raise refused("wrong_state")
    changes, left = [], quantity
    for sent in shipment(mutual):
        part = min(left, -sent.quantity)
        if part > 0:
            changes.append(
                stock.Change(store, sent.lot, MovementKind.TRANSFER_IN, part, other_store=mutual.from_store)
            )
            left -= part
    return changes


def shipment(mutual: MutualSupply) -> list[Movement]:
    """The movements by which it left the store."""
    sent = Movement.objects.filter(key__startswith=f"{_key(mutual, 'shipped')}:")
    return list(sent.select_related("lot__item").order_by("pk"))


def _key(mutual: MutualSupply, what: str) -> str:
    return f"mutual-{what}:{mutual.pk}"


@transaction.atomic
def _move(mutual: MutualSupply, verb: MutualVerb, *, by: User, at: dt.datetime, **values: Any) -> None:
    """One step of the table, of which the other end is told.

    Raises RuleViolation `not_a_side`, and `wrong_state` when somebody was first.
    """
    line = MUTUAL_MOVES[verb]
    if mutual.state not in line.sources:
        raise refused("wrong_state")
    if line.side not in sides(mutual, by):
        raise RuleViolation("not_a_side", "", REFUSALS["not_a_side"])
    values["state"] = line.target
    before = mutual.offering
    same = MutualSupply.objects.filter(pk=mutual.pk, state=mutual.state)
    if mutual.offering_id is not None:
        same = same.filter(offering=mutual.offering_id)
    if not same.update(**values):
        raise refused("wrong_state")
    for name, value in values.items():
        setattr(mutual, name, value)
    tell_of_mutual(mutual, verb, offering=mutual.offering or before, at=at)
