"""Whatever is received, issued, moved, counted or thrown away, in any order: stock is the sum of it."""

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from policy.refusals import RuleViolation
from supplies.actions import kits, stock
from supplies.models import Balance, Item, Lot, Movement, Need, Store
from tests.builders import entry, noon, staff
from tests.supplies.world import TODAY, need_of

AT = noon(TODAY)
DAY = dt.timedelta(days=1)

quantities = st.decimals(min_value=Decimal("0.01"), max_value=Decimal(20), places=2)
places = st.integers(0, 2)
lots = st.integers(0, 3)
deeds = st.one_of(
    st.tuples(st.just("receive"), places, lots, quantities, places),
    st.tuples(st.just("issue"), places, lots, quantities, places),
    st.tuples(st.just("return"), places, lots, quantities, places),
    st.tuples(st.just("return_all"), places, lots, quantities, places),
    st.tuples(st.just("transfer"), places, lots, quantities, places),
    st.tuples(st.just("count"), places, lots, quantities, places),
    st.tuples(st.just("expire"), places, lots, quantities, places),
    st.tuples(st.just("pack"), places, lots, quantities, places),
    st.tuples(st.just("unpack"), places, lots, quantities, places),
    st.tuples(st.just("carry_kits"), places, lots, quantities, places),
)
Deed = tuple[str, int, int, Decimal, int]


class World:
    """Three stores, two items with two lots each (one of each expires in the middle), one need."""

    def __init__(self, home: Area, by: User, person: Person) -> None:
        self.by = by
        self.stores = [Store.objects.create(area=home, name=f"库{n}") for n in range(3)]
        self.items = [Item.objects.create(name=f"物{n}", unit="件", category="daily") for n in range(2)]
        self.lots: list[Lot] = []
        for item in self.items:
            self.lots.append(stock.ensure_lot(item, code="短", expires_on=TODAY + 5 * DAY))
            self.lots.append(stock.ensure_lot(item, code="长"))
        self.kit = Item.objects.create(name="包", unit="份", category="daily", is_kit=True)
        self.need: Need = need_of(person)

    def packed(self, which: int) -> Lot:
        """One of the lots that were packed; a lot of something else while there is none."""
        found = list(Lot.objects.filter(item=self.kit).order_by("pk"))
        return found[which % len(found)] if found else self.lots[which]

    def do(self, number: int, deed: Deed, at: dt.datetime) -> None:
        what, place, which, quantity, other = deed
        store, lot, common = self.stores[place], self.lots[which], {"key": f"d{number}", "by": self.by}
        acts: dict[str, Any] = {
            "receive": lambda: stock.receive(store=store, lot=lot, quantity=quantity, at=at, **common),
            "issue": lambda: stock.issue(
                store=store, wanted={lot.item: quantity}, need=self.need, at=at, **common
            ),
            "return": lambda: stock.give_back(
                store=store, lot=lot, quantity=quantity, need=self.need, at=at, **common
            ),
            "return_all": lambda: stock.give_back_all(need=self.need, at=at, **common),
            "transfer": lambda: stock.transfer(
                from_store=store,
                to_store=self.stores[other],
                lot=lot,
                quantity=quantity,
                at=at,
                **common,
            ),
            "count": lambda: stock.count_stock(store=store, counted={lot: quantity}, at=at, **common),
            "expire": lambda: stock.throw_away_expired(store=store, lots=self.lots, at=at, **common),
            "pack": lambda: kits.pack(
                store=store,
                kit=self.kit,
                kits=1 + int(quantity) % 4,
                parts={self.items[0]: Decimal("1.5"), self.items[1]: Decimal("0.25")},
                at=at,
                **common,
            ),
            "unpack": lambda: kits.unpack(
                store=store, lot=self.packed(which), kits=1 + int(quantity) % 3, at=at, **common
            ),
            "carry_kits": lambda: stock.transfer(
                from_store=store,
                to_store=self.stores[other],
                lot=self.packed(which),
                quantity=Decimal(1),
                at=at,
                **common,
            ),
        }
        acts[what]()


def check() -> None:
    """What has to hold after every deed, done or refused."""
    sums: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for store, lot, quantity in Movement.objects.values_list("store", "lot", "quantity"):
        sums[store, lot] += quantity
    for balance in Balance.objects.all():
        assert balance.quantity == sums.pop((balance.store_id, balance.lot_id), Decimal(0))
        assert balance.quantity >= 0
    assert not any(sums.values()), "a movement without a balance"
    between = Movement.objects.filter(kind__in=["transfer_out", "transfer_in"])
    assert sum(between.values_list("quantity", flat=True), Decimal(0)) == 0, (
        "a transfer made or lost something"
    )
    out = Movement.objects.filter(kind__in=["issue", "return"]).values_list("store", "lot", "quantity")
    back: defaultdict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for store, lot, quantity in out:
        back[store, lot] += quantity
    assert all(each <= 0 for each in back.values()), "more came back than was issued"
    check_kits()


def check_kits() -> None:
    """What is inside of the kits is what went in: as much of each part as their number says, lot by lot."""
    inside: defaultdict[int, Decimal] = defaultdict(Decimal)
    for lot in Lot.objects.filter(item__is_kit=True):
        found = kits.contents(lot)
        by_item: defaultdict[str, Decimal] = defaultdict(Decimal)
        for part, quantity in found.inside.items():
            assert quantity >= 0, "more came out of a lot than went in"
            by_item[part.item.name] += quantity
            inside[part.pk] += quantity
            assert lot.expires_on is None or part.expires_on is None or lot.expires_on <= part.expires_on
        wanted = {"物0": found.left * Decimal("1.5"), "物1": found.left * Decimal("0.25")}
        assert by_item == wanted
    moved: defaultdict[int, Decimal] = defaultdict(Decimal)
    for lot, quantity in Movement.objects.filter(kind__in=["into_kit", "out_of_kit"]).values_list(
        "lot", "quantity"
    ):
        moved[lot] -= quantity
    assert {lot: left for lot, left in moved.items() if left} == {k: v for k, v in inside.items() if v}


@pytest.mark.django_db
@given(life=st.lists(st.tuples(st.integers(0, 9), deeds, st.booleans()), max_size=14))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_stock_is_the_sum_of_its_movements_and_never_negative(
    home: Area, alice: User, life: list[tuple[int, Deed, bool]]
) -> None:
    with transaction.atomic():
        by = staff("keeper", home, Role.SUPPLY_COORDINATOR)
        world = World(home, by, list_person(entry(home, name="林小满").facts, by=alice, at=AT))
        for number, (day, deed, twice) in enumerate(sorted(life, key=lambda each: each[0])):
            at = AT + day * DAY
            for _time in range(2 if twice else 1):
                try:
                    with transaction.atomic():
                        world.do(number, deed, at)
                except RuleViolation:
                    pass
                check()
            if twice:
                assert Movement.objects.filter(key__startswith=f"d{number}:").count() <= 5
        transaction.set_rollback(True)


@pytest.mark.django_db
@given(parts=st.lists(quantities, min_size=1, max_size=6), wanted=quantities)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_issue_takes_all_of_it_or_nothing_and_what_expires_first_first(
    home: Area, alice: User, parts: list[Decimal], wanted: Decimal
) -> None:
    with transaction.atomic():
        store = Store.objects.create(area=home, name="库")
        item = Item.objects.create(name="药", unit="盒", category="drug")
        for number, part in enumerate(parts):
            lot = stock.ensure_lot(item, code=str(number), expires_on=TODAY + (number + 1) * DAY)
            stock.receive(store=store, lot=lot, quantity=part, key=f"r{number}", by=alice, at=AT)
        try:
            stock.issue(store=store, wanted={item: wanted}, need=None, key="i", by=alice, at=AT)
        except RuleViolation:
            assert wanted > sum(parts)
            assert not Movement.objects.filter(kind="issue").exists()
        else:
            left = list(Balance.objects.order_by("lot__expires_on").values_list("quantity", flat=True))
            assert sum(left) == sum(parts) - wanted
            touched = [n for n, (now, was) in enumerate(zip(left, parts, strict=True)) if now != was]
            assert touched == list(range(len(touched))), "a later lot was taken before an earlier one"
            assert all(left[n] == 0 for n in touched[:-1])
        check()
        transaction.set_rollback(True)
