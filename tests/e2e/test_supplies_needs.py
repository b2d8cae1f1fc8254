"""A resident behind a closed door, on a phone: opens the link, asks, sees it come, and confirms."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.scoped import area_columns
from cases.models import Person
from policy import clock
from supplies.actions import serving
from supplies.models import Item, Need, Prescription
from supplies.rules.needs import Asker, NeedState, NeedVerb
from tests.builders import episode
from tests.e2e.conftest import PHONE, Open, fits, type_size

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lin(alice: User, today: Callable[[dt.date], None]) -> Person:
    """林小满, the second day under a rule, with a prescription; vegetables are offered."""
    today(dt.date(2022, 11, 16))
    person = episode(alice, name="林小满", door="1203").person
    Item.objects.create(name="蔬菜包", unit="份", category="daily", is_kit=True)
    Prescription.objects.create(
        **area_columns(person.community),
        person=person,
        medicine="叶酸",
        lasts_until=dt.date(2022, 11, 18),
        entered_at=clock.now(),
    )
    return person


def test_food_and_medicine_from_asking_to_confirming(door: Page, alice: User) -> None:
    expect(door.locator("main")).to_contain_text("11月23日 星期三零点解除")
    assert fits(door)
    door.get_by_role("link", name="食品和生活用品").click()
    door.get_by_label("蔬菜包").fill("2")
    assert fits(door)
    door.get_by_role("button", name="提交").click()
    expect(door.locator("main")).to_contain_text("待接单")

    door.get_by_role("link", name="返回我的页面").click()
    door.get_by_role("link", name="药品").click()
    door.get_by_text("叶酸").click()
    door.get_by_role("button", name="提交").click()
    expect(door.locator("main")).to_contain_text("叶酸")
    assert Need.objects.count() == 2

    food = Need.objects.get(kind="food")
    for verb in (NeedVerb.TAKE, NeedVerb.DELIVER):
        serving.move(need=food, verb=verb, asker=Asker.STAFF, by=alice, at=clock.now())
    door.get_by_role("link", name="返回我的页面").click()
    expect(door.locator("main")).to_contain_text("已到门口")
    assert fits(door)
    door.get_by_role("button", name="收到了").click()
    expect(door.locator("main")).to_contain_text("谢谢，已记下您收到了。")
    food.refresh_from_db()
    assert food.state == NeedState.CONFIRMED


def test_an_emergency_in_two_taps(door: Page) -> None:
    expect(door.get_by_role("link", name="有生命危险")).to_have_attribute("href", "tel:120")
    door.get_by_role("link", name="马上告诉社区").click()
    door.get_by_role("button", name="现在就告诉社区").first.click()
    expect(door.locator("main")).to_contain_text("社区已于")
    assert Need.objects.get().kind == "emergency"
    assert fits(door)


def test_large_type_and_english_stay(door: Page) -> None:
    usual = type_size(door)
    door.get_by_role("button", name="大字版").click()
    expect(door.get_by_role("button", name="普通字号")).to_be_visible()
    assert type_size(door) > usual * 1.3
    assert fits(door)
    door.get_by_role("button", name="English").click()
    expect(door.locator("main")).to_contain_text("Free on Wed 23 Nov, 00:00")
    door.get_by_role("link", name="Medicine").click()
    expect(door.locator("h1")).to_have_text("Medicine")
    assert type_size(door) > usual * 1.3


def test_a_worker_takes_it_on_a_phone_and_finds_it_again(door: Page, alice: User, open_as: Open) -> None:
    door.get_by_role("link", name="宠物").click()
    door.get_by_label("什么宠物").fill("猫粮")
    door.get_by_role("button", name="提交").click()
    desk = open_as(alice, width=PHONE, path="/needs/?tab=open")
    expect(desk.locator("main")).to_contain_text("猫粮")
    assert fits(desk)
    desk.get_by_role("link", name="查看并接单").click()
    desk.get_by_role("button", name="接单").click()
    expect(desk.locator("main")).to_contain_text("已接单")
    assert fits(desk)
    desk.goto("/needs/?tab=mine")
    expect(desk.locator("main")).to_contain_text("猫粮")
