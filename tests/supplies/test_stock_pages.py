"""The pages of stock: what lies where, what is short, and every verb that moves it."""

import datetime as dt
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Role
from cases.models import Person
from notices.models import Message
from notices.rules import MessageKind
from supplies.actions import stock
from supplies.actions.asking import Wanted
from supplies.actions.stock_alerts import tell_of_stock
from supplies.models import Balance, Item, Lot, MinimumLevel, Movement, Need, StockCount, Store, Supplier
from supplies.rules.needs import NeedState
from tests.builders import noon, staff
from tests.cases.pages import reader
from tests.supplies.world import TODAY, need_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
AT = noon(TODAY)
KEY = "0123456789abcdef0123456789abcdef"
FRAME = 5
"""Session, user, the roles, and the two of the page's frame."""


@pytest.fixture
def browser(coordinator: User) -> Client:
    return reader(coordinator)


@pytest.fixture
def neighbour(next_door: Area) -> Client:
    """Coordinates supplies next door."""
    return reader(staff("next", next_door, Role.SUPPLY_COORDINATOR))


@pytest.fixture
def second(home: Area) -> Store:
    return Store.objects.create(area=home, name="接收点")


@pytest.fixture
def pills(db: None) -> Item:
    return Item.objects.create(name="降压药", unit="盒", category="drug", keeps_expiry=True)


def lot_in(store: Store, item: Item, quantity: int, days: int | None, by: User, code: str = "") -> Lot:
    """A lot that expires so many days after TODAY."""
    expires_on = TODAY + dt.timedelta(days=days) if days is not None else None
    lot = stock.ensure_lot(item, code=code, expires_on=expires_on)
    key = f"{store.pk}-{item.pk}-{days}-{code}"
    stock.receive(store=store, lot=lot, quantity=Decimal(quantity), key=key, by=by, at=AT)
    return lot


def text(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def left(item: Item) -> Decimal:
    return sum(Balance.objects.filter(lot__item=item).values_list("quantity", flat=True), Decimal(0))


class TestTheList:
    def test_shows_what_lies_there_and_alerts_on_top(
        self, browser: Client, store: Store, pills: Item, coordinator: User
    ) -> None:
        lot_in(store, pills, 3, 10, coordinator, "A1")
        lot_in(store, pills, 5, -1, coordinator, "OLD")
        MinimumLevel.objects.create(store=store, item=pills, quantity=20)
        page = text(browser.get(reverse("stock")))
        assert "蔬菜包" in page
        assert "10 份" in page
        assert "17 盒 missing" in page  # what has expired does not count
        assert page.index("Expired") < page.index("Below its minimum level") < page.index("Expires soon")

    def test_costs_four_queries_whatever_lies_there(
        self,
        browser: Client,
        store: Store,
        second: Store,
        coordinator: User,
        django_assert_max_num_queries: Any,
    ) -> None:
        for number in range(12):
            item = Item.objects.create(name=f"药{number}", unit="盒", category="drug")
            lot_in(store, item, 3, 10 + number, coordinator)
            lot_in(second, item, 3, -1, coordinator)
            MinimumLevel.objects.create(store=store, item=item, quantity=20)
        with django_assert_max_num_queries(FRAME + 4):
            assert browser.get(reverse("stock")).status_code == 200

    def test_can_be_narrowed_to_a_store_a_category_and_a_name(
        self, browser: Client, store: Store, second: Store, pills: Item, coordinator: User
    ) -> None:
        lot_in(second, pills, 3, 100, coordinator)
        assert "降压药" not in text(browser.get(reverse("stock"), {"store": store.pk})).split("Lots")[-1]
        assert "蔬菜包" not in text(browser.get(reverse("stock"), {"category": "drug"})).split("Lots")[-1]
        assert "蔬菜包" in text(browser.get(reverse("stock"), {"q": "蔬菜"}))
        assert "No item matches." in text(browser.get(reverse("stock"), {"q": "没有"}))

    def test_goes_on_behind_the_last_row_of_a_page(
        self, browser: Client, store: Store, coordinator: User
    ) -> None:
        items = [Item.objects.create(name=f"物{n:03}", unit="件", category="daily") for n in range(60)]
        for item in items:
            MinimumLevel.objects.create(store=store, item=item, quantity=0)
        first = browser.get(reverse("stock"))
        older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
        assert older
        assert items[-1].name not in text(first)
        assert items[-1].name in text(browser.get(reverse("stock") + older[1].replace("&amp;", "&")))

    def test_a_neighbour_sees_none_of_it(self, neighbour: Client, store: Store, vegetables: Item) -> None:
        assert "蔬菜包" not in text(neighbour.get(reverse("stock")))
        assert "社区仓库" not in text(neighbour.get(reverse("stores")))
        assert "None of it lies in your stores." in text(
            neighbour.get(reverse("stock-item", args=[vegetables.pk]))
        )

    def test_an_operator_may_not_read_it_and_a_worker_only_reads(
        self, operator: User, alice: User, store: Store
    ) -> None:
        assert reader(operator).get(reverse("stock")).status_code == 403
        worker = reader(alice)
        assert "蔬菜包" in text(worker.get(reverse("stock")))
        for name in ("stock-receive", "stock-expired", "stock-import", "mutual-new"):
            assert worker.get(reverse(name)).status_code == 403

    def test_says_where_to_begin_when_there_is_no_store(self, browser: Client) -> None:
        assert "No store yet." in text(browser.get(reverse("stock")))


class TestOneItem:
    def test_shows_lots_levels_and_movements_in_four_queries_and_one_more_for_a_kit(
        self,
        browser: Client,
        store: Store,
        second: Store,
        vegetables: Item,
        coordinator: User,
        django_assert_max_num_queries: Any,
    ) -> None:
        lot = vegetables.lots.get()
        stock.transfer(
            from_store=store, to_store=second, lot=lot, quantity=Decimal(4), key="t", by=coordinator, at=AT
        )
        with django_assert_max_num_queries(FRAME + 5):
            page = text(browser.get(reverse("stock-item", args=[vegetables.pk])))
        assert "社区仓库" in page
        assert "接收点" in page
        assert "+4" in page
        assert "-4" in page

    def test_older_movements_stand_on_the_next_page(
        self, browser: Client, store: Store, vegetables: Item, coordinator: User
    ) -> None:
        lot = vegetables.lots.get()
        for number in range(60):
            at = AT + dt.timedelta(minutes=number // 2)  # two at the same instant each time
            stock.receive(
                store=store, lot=lot, quantity=Decimal(100 + number), key=f"m{number}", by=coordinator, at=at
            )
        address = reverse("stock-item", args=[vegetables.pk])
        first = browser.get(address)
        older = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
        assert older
        second = browser.get(address + older[1].replace("&amp;", "&"))
        shown = [re.findall(r"\+(1\d\d) ", text(page)) for page in (first, second)]
        assert shown[0] == [str(100 + n) for n in range(59, 9, -1)]
        assert shown[1] == [str(100 + n) for n in range(9, -1, -1)]

    def test_edit_is_for_supervisors(self, browser: Client, carol: User, vegetables: Item) -> None:
        address = reverse("stock-item-edit", args=[vegetables.pk])
        assert browser.get(address).status_code == 403
        facts = {
            "name": "蔬菜包",
            "unit": "份",
            "category": "daily",
            "per_head_per_day": "0.5",
            "enabled": "on",
        }
        assert reader(carol).post(address, facts).status_code == 302
        assert Item.objects.get().per_head_per_day == Decimal("0.5")


class TestReceiving:
    def facts(self, store: Store, **changes: Any) -> dict[str, Any]:
        return {"key": KEY, "store": store.pk, "quantity": "5", **changes}

    def test_receives_once_although_sent_twice(self, browser: Client, store: Store, vegetables: Item) -> None:
        for _twice in range(2):
            answer = browser.post(reverse("stock-receive"), self.facts(store, item=vegetables.pk))
            assert answer.status_code == 302
        assert left(vegetables) == 15

    def test_makes_a_new_item_with_its_lot(self, browser: Client, store: Store) -> None:
        facts = self.facts(
            store, new_name="连花清瘟", unit="盒", category="tcm", code="B7", expires_on="2023-11-01"
        )
        browser.post(reverse("stock-receive"), facts)
        lot = Lot.objects.get(code="B7")
        assert (lot.item.name, lot.item.keeps_expiry, left(lot.item)) == ("连花清瘟", True, 5)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({}, "Choose an item, or write a new one."),
            ({"new_name": "口罩"}, "A new item needs its unit and its category."),
            ({"new_name": "蔬菜包", "unit": "份", "category": "daily"}, "in the list already"),
            ({"quantity": "0"}, "greater than or equal to 0.01"),
        ],
    )
    def test_keeps_what_was_typed_when_it_refuses(
        self, browser: Client, store: Store, changes: dict[str, str], sentence: str
    ) -> None:
        answer = browser.post(reverse("stock-receive"), self.facts(store, note="晨送") | changes)
        assert answer.status_code == 422
        assert sentence in text(answer)
        assert "晨送" in answer.content.decode()
        assert Movement.objects.count() == 1

    def test_a_date_is_asked_for_where_the_item_has_one(
        self, browser: Client, store: Store, pills: Item
    ) -> None:
        answer = browser.post(reverse("stock-receive"), self.facts(store, item=pills.pk))
        assert "This item has an expiry date" in text(answer)

    def test_not_into_the_store_of_a_neighbour(
        self, neighbour: Client, store: Store, vegetables: Item
    ) -> None:
        answer = neighbour.post(reverse("stock-receive"), self.facts(store, item=vegetables.pk))
        assert answer.status_code in (200, 422)
        assert left(vegetables) == 10


class TestIssuing:
    @pytest.fixture
    def need(self, resident: Person, vegetables: Item) -> Need:
        return need_of(resident, lines=[Wanted(vegetables, quantity=Decimal(2)), Wanted(text="酱油")])

    def facts(self, store: Store, item: Item, quantity: str = "2") -> dict[str, Any]:
        return {"key": KEY, "store": store.pk, "item_0": item.pk, "quantity_0": quantity}

    def test_the_lines_are_there_and_the_need_is_packed(
        self, browser: Client, store: Store, need: Need, vegetables: Item
    ) -> None:
        address = reverse("need-issue", args=[need.pk])
        page = browser.get(address)
        assert f'value="{vegetables.pk}" selected' in page.content.decode()
        assert "Asked for: “酱油” × 1" in text(page)
        for _twice in range(2):
            assert browser.post(address, self.facts(store, vegetables)).status_code == 303
        assert left(vegetables) == 8
        assert Need.objects.get().state == NeedState.PACKED

    def test_says_what_is_there_when_it_is_short(
        self, browser: Client, store: Store, need: Need, vegetables: Item
    ) -> None:
        answer = browser.post(reverse("need-issue", args=[need.pk]), self.facts(store, vegetables, "11"))
        assert answer.status_code == 422
        assert "蔬菜包: 11 份 wanted, 10 份 there." in text(answer)
        assert Need.objects.get().state == NeedState.OPEN

    def test_what_expires_first_goes_first_and_what_has_expired_never(
        self, browser: Client, store: Store, pills: Item, coordinator: User, resident: Person
    ) -> None:
        lot_in(store, pills, 5, -1, coordinator, "OLD")
        late = lot_in(store, pills, 5, 90, coordinator, "LATE")
        soon = lot_in(store, pills, 5, 9, coordinator, "SOON")
        need = need_of(resident, lines=[Wanted(pills, quantity=Decimal(6))])
        browser.post(reverse("need-issue", args=[need.pk]), self.facts(store, pills, "6"))
        moved = {each.lot.code: each.quantity for each in Movement.objects.filter(need=need)}
        assert moved == {soon.code: -5, late.code: -1}

    def test_what_came_back_lies_there_again_and_no_more_than_was_issued(
        self, browser: Client, store: Store, need: Need, vegetables: Item
    ) -> None:
        browser.post(reverse("need-issue", args=[need.pk]), self.facts(store, vegetables))
        lot = vegetables.lots.get()
        facts = {"key": KEY, "store": store.pk, "lot": lot.pk, "quantity": "2"}
        back = reverse("need-give-back", args=[need.pk])
        for key in (KEY, KEY, KEY[::-1]):  # the same act twice, and another one
            assert browser.post(back, facts | {"key": key}).status_code == 303
        assert left(vegetables) == 10

    def test_nothing_for_a_need_that_has_ended(
        self, browser: Client, store: Store, need: Need, vegetables: Item
    ) -> None:
        Need.objects.update(state=NeedState.CONFIRMED)
        assert "Nothing more is issued" in text(browser.get(reverse("need-issue", args=[need.pk])))
        browser.post(reverse("need-issue", args=[need.pk]), self.facts(store, vegetables))
        assert left(vegetables) == 10

    def test_a_neighbour_does_not_find_the_need(self, neighbour: Client, need: Need) -> None:
        assert neighbour.get(reverse("need-issue", args=[need.pk])).status_code == 404
        assert neighbour.post(reverse("need-give-back", args=[need.pk])).status_code == 404


class TestOtherMoves:
    def test_transfer_conserves_and_happens_once(
        self, browser: Client, store: Store, second: Store, vegetables: Item
    ) -> None:
        balance = Balance.objects.get()
        address = reverse("stock-transfer", args=[balance.pk])
        for _twice in range(2):
            browser.post(address, {"key": KEY, "to_store": second.pk, "quantity": "4"})
        assert Balance.objects.get(store=second).quantity == 4
        assert left(vegetables) == 10
        answer = browser.post(address, {"key": KEY[::-1], "to_store": second.pk, "quantity": "7"})
        assert "There is not so much of it in this store." in text(answer)

    def test_a_neighbour_can_not_move_it(self, neighbour: Client, store: Store) -> None:
        balance = Balance.objects.get()
        assert neighbour.get(reverse("stock-transfer", args=[balance.pk])).status_code == 404
        assert neighbour.get(reverse("stock-count", args=[store.pk])).status_code == 404
        assert neighbour.get(reverse("store-edit", args=[store.pk])).status_code == 404

    def test_only_what_has_expired_is_thrown_away(
        self, browser: Client, store: Store, pills: Item, coordinator: User
    ) -> None:
        lot_in(store, pills, 5, 0, coordinator, "OLD")
        lot_in(store, pills, 5, 1, coordinator, "NEW")
        assert "OLD" in text(browser.get(reverse("stock-expired")))
        every = list(Balance.objects.values_list("pk", flat=True))
        browser.post(reverse("stock-expired"), {"key": KEY, "balance": every})
        assert left(pills) == 5
        assert Movement.objects.get(kind="expired").lot.code == "OLD"

    def test_a_minimum_is_set_and_taken_away(self, browser: Client, store: Store, vegetables: Item) -> None:
        address = reverse("stock-minimum", args=[vegetables.pk])
        browser.post(address, {"store": store.pk, "quantity": "30"})
        assert "below the minimum" in text(browser.get(reverse("stock-item", args=[vegetables.pk])))
        browser.post(address, {"store": store.pk, "quantity": "0"})
        assert not MinimumLevel.objects.exists()


class TestCounting:
    def sheet(self, lot: Lot, was: str, counted: str, **more: str) -> dict[str, str]:
        return {"key": KEY, f"was_{lot.pk}": was, f"lot_{lot.pk}": counted, **more}

    def test_the_difference_is_shown_before_anything_is_written(
        self, browser: Client, store: Store, vegetables: Item
    ) -> None:
        address, lot = reverse("stock-count", args=[store.pk]), vegetables.lots.get()
        page = text(browser.post(address, self.sheet(lot, "10.00", "7")))
        assert "-3" in page
        assert left(vegetables) == 10
        for _twice in range(2):
            browser.post(address, self.sheet(lot, "10.00", "7", step="save"))
        assert left(vegetables) == 7
        assert StockCount.objects.get().differences == 1
        assert Movement.objects.get(kind="count").quantity == -3

    def test_what_moved_while_it_was_counted_is_looked_at_again(
        self, browser: Client, store: Store, second: Store, vegetables: Item, coordinator: User
    ) -> None:
        lot = vegetables.lots.get()
        stock.transfer(
            from_store=store, to_store=second, lot=lot, quantity=Decimal(4), key="t", by=coordinator, at=AT
        )
        address = reverse("stock-count", args=[store.pk])
        answer = browser.post(address, self.sheet(lot, "10.00", "9", step="save"))
        assert answer.status_code == 422
        assert "moved meanwhile" in text(answer)
        assert Balance.objects.get(store=store).quantity == 6
        assert 'value="6.00"' in answer.content.decode()

    def test_what_was_issued_to_the_last_while_it_was_counted_is_not_lost(
        self, browser: Client, store: Store, vegetables: Item, coordinator: User
    ) -> None:
        wanted = {vegetables: Decimal(10)}
        stock.issue(store=store, wanted=wanted, need=None, key="i", by=coordinator, at=AT)
        sheet = self.sheet(vegetables.lots.get(), "10.00", "8", step="save")
        answer = browser.post(reverse("stock-count", args=[store.pk]), sheet)
        assert answer.status_code == 422
        assert "moved meanwhile" in text(answer)

    def test_what_stands_at_nothing_and_was_found_can_be_counted(
        self, browser: Client, store: Store, vegetables: Item, coordinator: User
    ) -> None:
        wanted = {vegetables: Decimal(10)}
        stock.issue(store=store, wanted=wanted, need=None, key="i", by=coordinator, at=AT)
        address = reverse("stock-count", args=[store.pk])
        assert "蔬菜包" not in text(browser.get(address))
        assert "蔬菜包" in text(browser.get(address, {"all": "1"}))
        sheet = self.sheet(vegetables.lots.get(), "0.00", "3", step="save")
        browser.post(f"{address}?all=1", sheet)
        assert left(vegetables) == 3

    def test_the_sheet_on_paper_names_every_lot(self, browser: Client, store: Store) -> None:
        page = text(browser.get(reverse("stock-count", args=[store.pk]), {"print": "1"}))
        assert "Count sheet" in page
        assert "10 份" in page

    def test_an_empty_sheet_is_no_count(self, browser: Client, store: Store, vegetables: Item) -> None:
        answer = browser.post(reverse("stock-count", args=[store.pk]), {"key": KEY, "step": "save"})
        assert "Nothing was counted" in text(answer)
        assert left(vegetables) == 10


class TestKeeping:
    def test_a_store_is_made_in_the_own_area_only(self, browser: Client, home: Area, next_door: Area) -> None:
        browser.post(reverse("store-new"), {"area": next_door.pk, "name": "别人的", "enabled": "on"})
        assert not Store.objects.exists()
        browser.post(reverse("store-new"), {"area": home.pk, "name": "社区仓库", "enabled": "on"})
        assert "社区仓库" in text(browser.get(reverse("stores")))

    def test_suppliers_are_kept_by_supervisors_and_show_the_white_list(
        self, browser: Client, carol: User, neighbour: Client
    ) -> None:
        facts = {"name": "惠民超市", "white_listed": "on", "white_list_number": "B-17", "enabled": "on"}
        assert browser.post(reverse("supplier-new"), facts).status_code == 403
        chief = reader(carol)
        assert chief.post(reverse("supplier-new"), facts).status_code == 302
        assert "already" in text(chief.post(reverse("supplier-new"), facts))
        assert "white list B-17" in text(browser.get(reverse("suppliers")))
        supplier = Supplier.objects.get()
        assert browser.get(reverse("supplier-edit", args=[supplier.pk])).status_code == 403


class TestExcel:
    def rows(self, answer: Any) -> list[tuple[Any, ...]]:
        sheet = load_workbook(io.BytesIO(b"".join(answer) if answer.streaming else answer.content)).active
        return list(sheet.iter_rows(values_only=True))  # type: ignore[union-attr]

    def test_the_stock_and_its_movements_can_be_taken_along(
        self, browser: Client, neighbour: Client, store: Store
    ) -> None:
        stocked = self.rows(browser.get(reverse("stock-export")))
        assert stocked[1][:6] == ("锦绣社区", "社区仓库", "蔬菜包", "daily goods", 10, "份")
        moved = self.rows(browser.get(reverse("movements-export")))
        assert moved[1][3] == "蔬菜包"
        assert moved[1][7] == 10
        assert len(self.rows(neighbour.get(reverse("stock-export")))) == 1
        assert len(self.rows(neighbour.get(reverse("movements-export")))) == 1


class TestAlerts:
    def test_the_office_hears_once_a_day(
        self, store: Store, pills: Item, coordinator: User, browser: Client
    ) -> None:
        MinimumLevel.objects.create(store=store, item=pills, quantity=9)
        lot_in(store, pills, 5, -1, coordinator)
        assert tell_of_stock(at=AT, dry_run=True) == 1
        assert not Message.objects.filter(kind=MessageKind.STOCK_ALERTS).exists()
        for hours in (0, 3, 24):
            tell_of_stock(at=AT + dt.timedelta(hours=hours))
        assert Message.objects.filter(kind=MessageKind.STOCK_ALERTS).count() == 2
        page = text(browser.get(reverse("inbox")))
        assert "1 item below its minimum." in page
        assert "1 lot has expired." in page

    def test_nobody_hears_of_a_store_in_which_all_is_well(self, store: Store) -> None:
        assert tell_of_stock(at=AT) == 0


def test_every_page_is_there_for_a_supervisor_too(
    carol: User, store: Store, as_user: Callable[[User], Client]
) -> None:
    client = as_user(carol)
    for name in ("stock", "stores", "suppliers", "demand", "mutual", "rounds", "carrying", "stock-import"):
        assert client.get(reverse(name)).status_code == 200, name
