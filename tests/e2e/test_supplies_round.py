"""From a need to its door on a phone: issued from stock, put on a round, ticked without a connection."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page, Route, expect

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.registration import list_person
from supplies.actions import stock
from supplies.actions.asking import Wanted
from supplies.models import (
    Balance,
    DeliveryRound,
    Item,
    Movement,
    Need,
    NeedEvent,
    ReceivingPoint,
    Stop,
    Store,
)
from supplies.rules.delivery import RoundState, StopOutcome
from supplies.rules.needs import NeedEventKind, NeedState
from tests.builders import entry, noon, staff
from tests.e2e.conftest import Open, fits
from tests.supplies.world import TODAY, need_of

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
Today = Callable[[dt.date], None]
AT = noon(TODAY)


@pytest.fixture
def coordinator(home: Area) -> User:
    return staff("coordinator", home, Role.SUPPLY_COORDINATOR, last_name="周", first_name="敏")


@pytest.fixture
def needs(alice: User, coordinator: User, home: Area) -> list[Need]:
    """Three doors of one staircase want a parcel each; ten lie in the store."""
    parcel = Item.objects.create(name="蔬菜包", unit="份", category="daily")
    store = Store.objects.create(area=home, name="社区仓库")
    lot = stock.ensure_lot(parcel)
    stock.receive(store=store, lot=lot, quantity=Decimal(10), key="first", by=coordinator, at=AT)
    found = []
    for number, (name, door) in enumerate([("林小满", "1203"), ("陈大山", "301"), ("赵桂兰", "502")]):
        facts = entry(home, name=name, phone=f"1381111000{number}", door=door).facts
        person = list_person(facts, by=alice, at=AT)
        found.append(need_of(person, lines=[Wanted(parcel)]))
    unit = found[0].unit
    assert unit is not None
    ReceivingPoint.objects.create(compound=unit.building.compound, name="南门岗亭", hours="8—20点")
    return found


def tick(page: Page, door: str, what: str) -> None:
    row = page.locator("[data-stop]").filter(has_text=door)
    row.get_by_role("button", name=what).click()


def issue(page: Page, need: Need) -> None:
    page.goto(f"/needs/{need.pk}/issue/")
    assert fits(page)
    page.locator("main form.card button.main").click()
    expect(page).not_to_have_url(re.compile("/issue/"))


def test_issued_put_on_a_round_ticked_offline_and_at_the_door(
    needs: list[Need], coordinator: User, alice: User, open_as: Open, today: Today
) -> None:
    today(TODAY)
    office = open_as(coordinator, width=390, path="/stock/")
    assert fits(office)
    for need in needs:
        issue(office, need)
    assert Balance.objects.get().quantity == 7
    assert set(Need.objects.values_list("state", flat=True)) == {NeedState.PACKED}

    office.goto("/rounds/")
    office.get_by_role("link", name="排一趟配送").click()
    assert fits(office)
    office.get_by_role("button", name="生成配送单").click()
    made = DeliveryRound.objects.get()
    expect(office).to_have_url(re.compile(rf"/rounds/{made.pk}/"))

    phone = open_as(alice, width=390, path=f"/rounds/{made.pk}/")
    doors = phone.locator("[data-stop] .who > b").all_inner_texts()
    assert doors == ["301", "502", "1203"]
    expect(phone.locator("main")).not_to_contain_text("林小满")
    phone.get_by_role("button", name="出发", exact=False).first.click()
    expect(phone.locator("[data-tick]")).to_have_count(3)
    assert fits(phone)

    phone.context.set_offline(True)
    tick(phone, "301", "已送到门口")
    tick(phone, "502", "无人应答")
    queue = phone.locator(".queue")
    expect(queue).to_contain_text("2")
    expect(queue).to_be_visible()
    expect(phone.locator("[data-stop]").filter(has_text="301")).to_contain_text("还没发出")
    assert fits(phone)
    assert not Stop.objects.exclude(outcome="").exists()

    phone.context.set_offline(False)  # the browser says "online" by itself
    expect(queue).to_be_hidden()
    expect(phone.locator("[data-stop]").filter(has_text="301")).to_contain_text("已送到门口")
    assert Stop.objects.get(need=needs[1]).outcome == StopOutcome.DELIVERED
    assert Need.objects.get(pk=needs[1].pk).state == NeedState.AT_DOOR
    assert Stop.objects.get(need=needs[2]).outcome == StopOutcome.NOBODY
    assert Need.objects.get(pk=needs[2].pk).state == NeedState.PACKED

    tick(phone, "1203", "已退回")
    expect(phone.locator("[data-stop]").filter(has_text="1203").locator("[data-tick]")).to_have_count(0)
    assert Balance.objects.get().quantity == 8
    assert Movement.objects.filter(kind="return").count() == 1

    phone.get_by_role("button", name="配送结束").click()
    expect(phone.locator("main")).to_contain_text("配送结束")
    assert DeliveryRound.objects.get().state == RoundState.DONE


def test_a_tick_made_offline_survives_a_reload_and_the_end_of_the_round(
    needs: list[Need], coordinator: User, alice: User, open_as: Open, today: Today
) -> None:
    today(TODAY)
    office = open_as(coordinator, width=1280, path="/rounds/")
    for need in needs:
        issue(office, need)
    office.goto("/rounds/")
    office.get_by_role("link", name="排一趟配送").click()
    office.get_by_role("button", name="生成配送单").click()
    made = DeliveryRound.objects.get()
    phone = open_as(alice, width=390, path=f"/rounds/{made.pk}/")
    phone.get_by_role("button", name="出发", exact=False).first.click()
    expect(phone.locator("[data-tick]")).to_have_count(3)

    # The answer is lost on its way: the server has the tick, the phone does not know it.
    lost: list[str] = []

    def swallow(route: Route) -> None:
        route.fetch()
        route.abort()
        lost.append(route.request.url)

    phone.route("**/tick/", swallow)
    tick(phone, "301", "已送到门口")
    expect(phone.locator(".queue")).to_be_visible()
    while not lost:
        phone.wait_for_timeout(50)
    phone.unroute("**/tick/")
    phone.context.set_offline(True)
    tick(phone, "502", "已送到门口")
    expect(phone.locator(".queue")).to_contain_text("2")

    office.goto(f"/rounds/{made.pk}/")
    office.get_by_role("button", name="配送结束").click()
    expect(office.locator("main")).to_contain_text("配送结束")
    assert Need.objects.get(pk=needs[2].pk).state == NeedState.PACKED

    phone.goto("about:blank", wait_until="commit")  # the browser was closed
    phone.context.set_offline(False)
    phone.goto(f"/rounds/{made.pk}/")
    expect(phone.locator(".queue")).to_be_hidden()
    assert Need.objects.get(pk=needs[2].pk).state == NeedState.AT_DOOR
    for need in needs[1:]:
        assert NeedEvent.objects.filter(need=need, kind=NeedEventKind.AT_DOOR).count() == 1
    assert Stop.objects.get(need=needs[0]).outcome == StopOutcome.UNDONE


PAGES = [
    "/stock/",
    "/stock/receive/",
    "/stock/import/",
    "/stock/expired/",
    "/stock/demand/",
    "/stock/mutual/",
    "/stock/mutual/new/",
    "/stock/stores/",
    "/stock/stores/new/",
    "/stock/suppliers/",
    "/rounds/",
    "/carrying/",
    "/carrying/points/new/",
]


def test_every_page_of_stock_fits_a_phone_and_a_desk(
    needs: list[Need], coordinator: User, open_as: Open, today: Today
) -> None:
    today(TODAY)
    store, item = Store.objects.get(), Item.objects.get()
    more = [f"/stock/items/{item.pk}/", f"/stock/stores/{store.pk}/count/", f"/needs/{needs[0].pk}/issue/"]
    for width in (390, 1280):
        page = open_as(coordinator, width=width)
        for path in [*PAGES, *more]:
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert fits(page), (path, width)
