"""Many at the same moment, in real threads with a connection each: the last items go to one, none is lost."""

import uuid
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Area, User
from cases.models import Person
from policy.refusals import RuleViolation
from supplies.actions import rounds, serving, stock
from supplies.models import Balance, Item, Lot, Movement, Need, NeedEvent, Stop, Store
from supplies.rules.delivery import StopOutcome
from supplies.rules.needs import Asker, NeedEventKind, NeedVerb
from tests.builders import noon
from tests.cases.test_sweeps_at_once import at_once
from tests.supplies.world import TODAY, need_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT = noon(TODAY)


def try_to(act: Any) -> str:
    """Do it; the code of the refusal, or "done"."""
    try:
        act()
    except RuleViolation as refusal:
        return refusal.code
    return "done"


def check() -> None:
    for balance in Balance.objects.all():
        moved = Movement.objects.filter(store=balance.store_id, lot=balance.lot_id)
        assert balance.quantity == sum(moved.values_list("quantity", flat=True), Decimal(0))
        assert balance.quantity >= 0


def issue(store: Store, item: Item, quantity: int, by: User, key: str | None = None) -> str:
    act = key or uuid.uuid4().hex
    return try_to(
        lambda: stock.issue(store=store, wanted={item: Decimal(quantity)}, need=None, key=act, by=by, at=AT)
    )


def test_of_six_who_take_the_last_at_once_as_many_get_it_as_there_is(
    store: Store, vegetables: Item, coordinator: User
) -> None:
    answers = at_once(*[lambda: issue(store, vegetables, 3, coordinator)] * 6)
    assert sorted(answers) == ["done"] * 3 + ["short_of_stock"] * 3
    assert Balance.objects.get().quantity == 1
    check()


def test_nobody_is_refused_while_another_lot_has_enough(
    store: Store, vegetables: Item, coordinator: User
) -> None:
    for code in ("B", "C", "D"):
        lot = stock.ensure_lot(vegetables, code=code)
        stock.receive(store=store, lot=lot, quantity=Decimal(2), key=code, by=coordinator, at=AT)
    answers = at_once(*[lambda: issue(store, vegetables, 4, coordinator)] * 4)
    assert answers == ["done"] * 4
    assert sum(Balance.objects.values_list("quantity", flat=True)) == 0
    check()


def test_the_same_act_sent_four_times_at_once_moves_once(
    store: Store, vegetables: Item, coordinator: User
) -> None:
    answers = at_once(*[lambda: issue(store, vegetables, 7, coordinator, key="one")] * 4)
    assert answers == ["done"] * 4
    assert Balance.objects.get().quantity == 3
    check()


def test_everything_at_once_and_the_sum_still_fits(
    store: Store, vegetables: Item, coordinator: User, home: Area
) -> None:
    other = Store.objects.create(area=home, name="接收点")
    lot: Lot = vegetables.lots.get()

    def move(here: Store, there: Store) -> str:
        return try_to(
            lambda: stock.transfer(
                from_store=here,
                to_store=there,
                lot=lot,
                quantity=Decimal(2),
                key=uuid.uuid4().hex,
                by=coordinator,
                at=AT,
            )
        )

    def receive() -> str:
        return try_to(
            lambda: stock.receive(
                store=other, lot=lot, quantity=Decimal(5), key=uuid.uuid4().hex, by=coordinator, at=AT
            )
        )

    def count() -> str:
        return try_to(
            lambda: stock.count_stock(
                store=store, counted={lot: Decimal(6)}, key=uuid.uuid4().hex, by=coordinator, at=AT
            )
        )

    for _round in range(4):
        at_once(
            lambda: move(store, other),
            lambda: move(other, store),
            receive,
            lambda: issue(store, vegetables, 3, coordinator),
            lambda: issue(other, vegetables, 3, coordinator),
            count,
        )
        check()


def test_a_tick_that_two_phones_send_at_once_counts_once(
    store: Store, vegetables: Item, coordinator: User, resident: Person
) -> None:
    need: Need = need_of(resident)
    stock.issue(store=store, wanted={vegetables: Decimal(2)}, need=need, key="i", by=coordinator, at=AT)
    serving.move(need=need, verb=NeedVerb.PACK, asker=Asker.STAFF, by=coordinator, at=AT)
    assert need.unit is not None
    made = rounds.make_round(
        compound=need.unit.building.compound,
        on=TODAY,
        needs=[need],
        carrier=None,
        car=None,
        by=coordinator,
        at=AT,
    )
    rounds.start(delivery=made, by=coordinator, at=AT)
    stop: Stop = made.stops.get()

    def tick(tick_id: str) -> Any:
        return rounds.tick(
            stop=stop, outcome=StopOutcome.RETURNED, tick_id=tick_id, ticked_at=AT, by=coordinator, at=AT
        )

    at_once(lambda: tick("a" * 32), lambda: tick("a" * 32), lambda: tick("b" * 32))
    assert NeedEvent.objects.filter(kind=NeedEventKind.CAME_BACK).count() == 1
    assert Balance.objects.get().quantity == 10
    check()
