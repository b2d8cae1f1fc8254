"""Many at the same moment, in real threads with a connection each: the last items go to one, none is lost."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Area, User
from cases.models import Person
from policy.refusals import RuleViolation
from supplies.actions import kits, rounds, serving, stock
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


def pack(store: Store, kit: Item, number: int, parts: dict[Item, Decimal], by: User, key: str = "") -> str:
    act = key or uuid.uuid4().hex
    return try_to(lambda: kits.pack(store=store, kit=kit, kits=number, parts=parts, key=act, by=by, at=AT))


def unpack(store: Store, lot: Lot, number: int, by: User) -> str:
    return try_to(lambda: kits.unpack(store=store, lot=lot, kits=number, key=uuid.uuid4().hex, by=by, at=AT))


@pytest.fixture
def parts(store: Store, coordinator: User) -> dict[Item, Decimal]:
    """青菜 and 土豆 in two lots each, of which ten kits can be packed, and what goes into one."""
    found = {}
    for name, of_one in (("青菜", Decimal(2)), ("土豆", Decimal("0.5"))):
        item = Item.objects.create(name=name, unit="斤", category="daily")
        for days in (3, 5):
            lot = stock.ensure_lot(item, code=f"{days}", expires_on=TODAY + dt.timedelta(days=days))
            stock.receive(
                store=store, lot=lot, quantity=of_one * 5, key=f"{name}{days}", by=coordinator, at=AT
            )
        found[item] = of_one
    return found


def test_of_six_who_pack_at_once_as_many_do_as_there_are_parts(
    store: Store, vegetables: Item, parts: dict[Item, Decimal], coordinator: User
) -> None:
    answers = at_once(*[lambda: pack(store, vegetables, 3, parts, coordinator)] * 6)
    assert sorted(answers) == ["done"] * 3 + ["short_of_stock"] * 3
    assert sum(Balance.objects.filter(lot__item=vegetables).values_list("quantity", flat=True)) == 10 + 9
    left = Balance.objects.filter(lot__item__in=parts).values_list("lot__item__name", "quantity")
    assert sorted((name, quantity) for name, quantity in left if quantity) == [
        ("土豆", Decimal("0.5")),
        ("青菜", Decimal(2)),
    ]
    check()


def test_the_same_packing_sent_four_times_at_once_packs_once(
    store: Store, vegetables: Item, parts: dict[Item, Decimal], coordinator: User
) -> None:
    answers = at_once(*[lambda: pack(store, vegetables, 4, parts, coordinator, key="one")] * 4)
    assert answers == ["done"] * 4
    assert Movement.objects.filter(kind="packed").count() == 1
    check()


def test_two_stores_that_unpack_one_lot_at_once_do_not_take_the_same_parts_out(
    store: Store, vegetables: Item, coordinator: User, home: Area
) -> None:
    other = Store.objects.create(area=home, name="接收点")
    cabbage = Item.objects.create(name="青菜", unit="斤", category="daily")
    for number in range(6):
        for days in (3, 5):
            fresh = stock.ensure_lot(
                cabbage, code=f"{number}-{days}", expires_on=TODAY + dt.timedelta(days=days)
            )
            key = f"in{number}-{days}"
            stock.receive(store=store, lot=fresh, quantity=Decimal(1), key=key, by=coordinator, at=AT)
        pack(store, vegetables, 2, {cabbage: Decimal(1)}, coordinator, key=f"{number}" * 32)
        lot = Lot.objects.get(item=vegetables, code__endswith=f"{number}" * 6)
        stock.transfer(
            from_store=store,
            to_store=other,
            lot=lot,
            quantity=Decimal(1),
            key=f"t{number}",
            by=coordinator,
            at=AT,
        )
        done = at_once(
            lambda lot=lot: unpack(store, lot, 1, coordinator),
            lambda lot=lot: unpack(other, lot, 1, coordinator),
        )
        assert done == ["done", "done"]
        assert set(kits.contents(lot).inside.values()) == {Decimal(0)}
        # Used up, so that the next round packs what it has received.
        for each in (store, other):
            issue(each, cabbage, 1, coordinator)
        check()


def test_packed_unpacked_issued_carried_and_counted_at_once_the_sum_still_fits(
    store: Store, vegetables: Item, parts: dict[Item, Decimal], coordinator: User, home: Area
) -> None:
    other = Store.objects.create(area=home, name="接收点")
    pack(store, vegetables, 6, parts, coordinator)
    lot = Lot.objects.get(item=vegetables, expires_on__isnull=False)
    cabbage = next(iter(parts))

    def carry(here: Store, there: Store) -> str:
        return try_to(
            lambda: stock.transfer(
                from_store=here,
                to_store=there,
                lot=lot,
                quantity=Decimal(1),
                key=uuid.uuid4().hex,
                by=coordinator,
                at=AT,
            )
        )

    def count() -> str:
        counted = {each: Decimal(3) for each in [*cabbage.lots.all(), lot]}
        return try_to(
            lambda: stock.count_stock(
                store=store, counted=counted, key=uuid.uuid4().hex, by=coordinator, at=AT
            )
        )

    for _round in range(3):
        at_once(
            lambda: carry(store, other),
            lambda: carry(store, other),
            lambda: unpack(store, lot, 1, coordinator),
            lambda: unpack(other, lot, 1, coordinator),
            lambda: pack(store, vegetables, 1, parts, coordinator),
            lambda: issue(store, cabbage, 1, coordinator),
            lambda: issue(store, vegetables, 1, coordinator),
            count,
        )
        check()
        for each in Lot.objects.filter(item=vegetables, expires_on__isnull=False):
            inside = kits.contents(each)
            assert all(quantity >= 0 for quantity in inside.inside.values())
            assert sum(inside.inside.values()) == inside.left * sum(parts.values())


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
