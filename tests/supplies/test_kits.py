"""Kits 蔬菜包: packed from their parts in one act, unpacked again, and what is short is named."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from supplies.actions import kits, stock
from supplies.models import Balance, Item, KitPart, Lot, Movement, Store
from tests.builders import noon
from tests.cases.pages import reader
from tests.supplies.world import TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
AT = noon(TODAY)
KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210"
DAY = dt.timedelta(days=1)


@pytest.fixture
def browser(coordinator: User) -> Client:
    return reader(coordinator)


@pytest.fixture
def cabbage(db: None) -> Item:
    return Item.objects.create(name="青菜", unit="斤", category="daily", keeps_expiry=True)


@pytest.fixture
def potatoes(db: None) -> Item:
    return Item.objects.create(name="土豆", unit="斤", category="daily")


@pytest.fixture
def recipe(vegetables: Item, cabbage: Item, potatoes: Item) -> dict[Item, Decimal]:
    """In one 蔬菜包: one 斤 of 青菜, two of 土豆."""
    found = {cabbage: Decimal(1), potatoes: Decimal(2)}
    for item, quantity in found.items():
        KitPart.objects.create(kit=vegetables, item=item, quantity=quantity)
    return found


@pytest.fixture
def laid(store: Store, cabbage: Item, potatoes: Item, coordinator: User) -> Store:
    """30 斤 of 青菜 in two lots, 100 of 土豆."""
    for item, quantity, days in ((cabbage, 10, 2), (cabbage, 20, 4), (potatoes, 100, None)):
        lot = stock.ensure_lot(item, code=f"{days}天" if days else "", expires_on=days and TODAY + days * DAY)
        key = f"{item.pk}-{days}"
        stock.receive(store=store, lot=lot, quantity=Decimal(quantity), key=key, by=coordinator, at=AT)
    return store


def text(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def left(item: Item) -> Decimal:
    return sum(Balance.objects.filter(lot__item=item).values_list("quantity", flat=True), Decimal(0))


def packing(store: Store, number: int, recipe: dict[Item, Decimal], key: str = KEY) -> dict[str, Any]:
    """The form as it is sent."""
    sent: dict[str, Any] = {"key": key, "store": store.pk, "kits": number}
    for place, (item, quantity) in enumerate(recipe.items()):
        sent |= {f"part_{place}": item.pk, f"quantity_{place}": quantity}
    return sent


class TestPacking:
    def test_turns_parts_into_kits_in_one_act(
        self,
        browser: Client,
        laid: Store,
        vegetables: Item,
        recipe: dict[Item, Decimal],
        cabbage: Item,
        potatoes: Item,
    ) -> None:
        address = reverse("kit-pack", args=[vegetables.pk])
        page = text(browser.get(address))
        assert "enough for 30 份" in page
        answer = browser.post(address, packing(laid, 12, recipe), follow=True)
        assert "社区仓库: 12 份 of 蔬菜包 packed" in text(answer)
        assert (left(cabbage), left(potatoes), left(vegetables)) == (18, 76, 10 + 12)
        moved = Movement.objects.filter(key__startswith=f"{KEY}:")
        assert sorted(moved.values_list("kind", "quantity")) == [
            ("into_kit", -24),
            ("into_kit", -10),
            ("into_kit", -2),
            ("packed", 12),
        ]

    def test_what_expires_first_goes_in_first_and_the_kits_expire_with_it(
        self, browser: Client, laid: Store, vegetables: Item, recipe: dict[Item, Decimal], cabbage: Item
    ) -> None:
        browser.post(reverse("kit-pack", args=[vegetables.pk]), packing(laid, 12, recipe))
        assert Balance.objects.get(lot__item=cabbage, lot__code="2天").quantity == 0
        assert Balance.objects.get(lot__item=cabbage, lot__code="4天").quantity == 18
        assert Lot.objects.get(movements__kind="packed").expires_on == TODAY + 2 * DAY

    def test_the_part_that_is_short_is_named_and_nothing_moves(
        self, browser: Client, laid: Store, vegetables: Item, recipe: dict[Item, Decimal]
    ) -> None:
        before = Movement.objects.count()
        answer = browser.post(reverse("kit-pack", args=[vegetables.pk]), packing(laid, 31, recipe))
        assert answer.status_code == 422
        assert "青菜: 31 斤 wanted, 30 斤 there." in text(answer)
        assert Movement.objects.count() == before
        assert not Lot.objects.filter(item=vegetables).exclude(code="").exists()

    def test_expired_parts_are_never_packed(
        self,
        coordinator: User,
        laid: Store,
        vegetables: Item,
        recipe: dict[Item, Decimal],
        the_day: Any,
    ) -> None:
        the_day(TODAY + 2 * DAY)
        answer = reader(coordinator).post(
            reverse("kit-pack", args=[vegetables.pk]), packing(laid, 21, recipe)
        )
        assert "青菜: 21 斤 wanted, 20 斤 there." in text(answer)

    def test_sent_twice_it_packs_once(
        self, browser: Client, laid: Store, vegetables: Item, recipe: dict[Item, Decimal]
    ) -> None:
        for _twice in range(2):
            browser.post(reverse("kit-pack", args=[vegetables.pk]), packing(laid, 5, recipe))
        assert left(vegetables) == 15

    def test_what_goes_in_may_be_changed_for_once(
        self, browser: Client, laid: Store, vegetables: Item, recipe: dict[Item, Decimal], potatoes: Item
    ) -> None:
        sent = packing(laid, 5, recipe) | {"quantity_1": "0"}
        browser.post(reverse("kit-pack", args=[vegetables.pk]), sent)
        assert left(potatoes) == 100
        assert KitPart.objects.get(item=potatoes).quantity == 2

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"part_0": "", "quantity_0": "", "part_1": "", "quantity_1": ""}, "at least one part"),
            ({"kits": "0"}, "greater than or equal to 1"),
            ({"kits": "2.5"}, "whole number"),
            ({"quantity_0": ""}, "How much of it goes into one kit?"),
            ({"part_1": ""}, "Which item is it?"),
            ({"store": ""}, "required"),
        ],
    )
    def test_what_is_missing_is_said(
        self,
        browser: Client,
        laid: Store,
        vegetables: Item,
        recipe: dict[Item, Decimal],
        changes: dict[str, str],
        sentence: str,
    ) -> None:
        sent = packing(laid, 5, recipe) | changes
        answer = browser.post(reverse("kit-pack", args=[vegetables.pk]), sent)
        assert answer.status_code == 422
        assert sentence in text(answer)
        assert left(vegetables) == 10

    def test_a_kit_is_no_part_and_a_single_item_no_kit(
        self, browser: Client, laid: Store, vegetables: Item, cabbage: Item
    ) -> None:
        assert browser.get(reverse("kit-pack", args=[cabbage.pk])).status_code == 404
        answer = browser.post(
            reverse("kit-pack", args=[vegetables.pk]), packing(laid, 1, {vegetables: Decimal(1)})
        )
        assert answer.status_code == 422

    def test_not_in_the_store_of_a_neighbour(
        self, browser: Client, next_door: Area, vegetables: Item, recipe: dict[Item, Decimal], store: Store
    ) -> None:
        theirs = Store.objects.create(area=next_door, name="别人的库")
        page = browser.post(reverse("kit-pack", args=[vegetables.pk]), packing(theirs, 1, recipe))
        assert page.status_code == 422
        assert "别人的库" not in text(page)


class TestUnpacking:
    @pytest.fixture
    def packed(
        self, laid: Store, vegetables: Item, recipe: dict[Item, Decimal], coordinator: User
    ) -> Balance:
        """Twelve kits of 2天 and 4天."""
        kits.pack(store=laid, kit=vegetables, kits=12, parts=recipe, key=OTHER_KEY, by=coordinator, at=AT)
        return Balance.objects.get(lot__movements__kind="packed")

    def test_puts_the_parts_back_into_their_lots(
        self, browser: Client, packed: Balance, vegetables: Item, cabbage: Item, potatoes: Item
    ) -> None:
        item = browser.get(reverse("stock-item", args=[vegetables.pk])).content.decode()
        address = reverse("kit-unpack", args=[packed.pk])
        assert address in item
        answer = browser.post(address, {"key": KEY, "kits": 12}, follow=True)
        assert "蔬菜包: 12 kits unpacked" in text(answer)
        assert (left(cabbage), left(potatoes), left(vegetables)) == (30, 100, 10)
        found = Balance.objects.filter(lot__item=cabbage).values_list("lot__code", "quantity")
        assert dict(found) == {"2天": 10, "4天": 20}

    def test_what_expires_first_comes_back_first(self, browser: Client, packed: Balance) -> None:
        browser.post(reverse("kit-unpack", args=[packed.pk]), {"key": KEY, "kits": 3})
        assert Movement.objects.get(kind="out_of_kit", lot__code="2天").quantity == 3

    def test_no_more_than_lies_there(self, browser: Client, packed: Balance, coordinator: User) -> None:
        answer = browser.post(reverse("kit-unpack", args=[packed.pk]), {"key": KEY, "kits": 13})
        assert "蔬菜包: 13 份 wanted, 12 份 there." in text(answer)
        stock.count_stock(
            store=packed.store, counted={packed.lot: Decimal(20)}, key="c", by=coordinator, at=AT
        )
        answer = browser.post(reverse("kit-unpack", args=[packed.pk]), {"key": KEY, "kits": 13})
        assert "12 at most can be unpacked" in text(answer)
        assert not Movement.objects.filter(kind="out_of_kit").exists()

    def test_a_lot_that_came_packed_stays_packed(self, browser: Client, store: Store) -> None:
        received = Balance.objects.get()
        assert browser.get(reverse("kit-unpack", args=[received.pk])).status_code == 404

    def test_kits_that_expired_can_be_unpacked_for_what_is_still_good(
        self, coordinator: User, packed: Balance, potatoes: Item, the_day: Any
    ) -> None:
        the_day(TODAY + 3 * DAY)
        reader(coordinator).post(reverse("kit-unpack", args=[packed.pk]), {"key": KEY, "kits": 12})
        assert left(potatoes) == 100

    def test_in_the_store_to_which_they_were_carried(
        self, browser: Client, packed: Balance, home: Area, coordinator: User, cabbage: Item
    ) -> None:
        there = Store.objects.create(area=home, name="接收点")
        stock.transfer(
            from_store=packed.store,
            to_store=there,
            lot=packed.lot,
            quantity=Decimal(4),
            key="t",
            by=coordinator,
            at=AT,
        )
        carried = Balance.objects.get(store=there)
        browser.post(reverse("kit-unpack", args=[carried.pk]), {"key": KEY, "kits": 4})
        assert Balance.objects.get(store=there, lot__item=cabbage).quantity == 4


class TestWhatIsInOne:
    def test_a_supervisor_says_it_and_the_item_shows_it(
        self, carol: User, vegetables: Item, cabbage: Item, potatoes: Item, browser: Client
    ) -> None:
        address = reverse("kit-recipe", args=[vegetables.pk])
        sent = {
            "key": KEY,
            "part_0": cabbage.pk,
            "quantity_0": "1",
            "part_1": potatoes.pk,
            "quantity_1": "2.5",
        }
        reader(carol).post(address, sent)
        assert "in one: 青菜 1 斤, 土豆 2.5 斤" in text(
            browser.get(reverse("stock-item", args=[vegetables.pk]))
        )
        reader(carol).post(address, sent | {"quantity_1": "0"})
        assert list(vegetables.recipe.values_list("item__name", "quantity")) == [("青菜", 1)]  # type: ignore[attr-defined]
        assert browser.get(address).status_code == 403
