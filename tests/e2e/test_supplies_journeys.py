"""From the household's phone through every desk and back: medicine, an emergency, a refused dialysis."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Area, User
from accounts.rules import Level, Role
from accounts.scoped import area_columns
from cases.models import Person
from complaints.actions.refusals import pull_refusals
from complaints.models import Complaint
from policy import clock
from supplies.actions import stock
from supplies.models import (
    Balance,
    CareSite,
    DeliveryRound,
    Item,
    MedicalNeed,
    Movement,
    Need,
    Prescription,
    Store,
)
from supplies.rules.needs import NeedState
from tests.builders import area, episode, noon, staff
from tests.complaints.cast import Cast, cast_of
from tests.e2e.conftest import PHONE, Open, fits
from tests.supplies.world import TODAY
from zones.models import Site
from zones.rules import SiteKind

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
AT = noon(TODAY)


@pytest.fixture
def coordinator(home: Area) -> User:
    return staff("coordinator", home, Role.SUPPLY_COORDINATOR, last_name="周", first_name="敏")


@pytest.fixture
def lin(alice: User, today: Callable[[dt.date], None]) -> Person:
    """林小满, the third day under a rule, whose folic acid runs out the day after tomorrow."""
    today(TODAY)
    person = episode(alice, name="林小满", door="1203").person
    Prescription.objects.create(
        **area_columns(person.community),
        person=person,
        medicine="叶酸",
        lasts_until=dt.date(2022, 11, 18),
        entered_at=clock.now(),
    )
    return person


@pytest.fixture
def hospitals(lin: Person) -> tuple[Site, Site]:
    """一院 and 二院, both of them open."""
    made = [
        Site.objects.create(community=lin.community, kind=SiteKind.GENERAL_HOSPITAL, name=name)
        for name in ("一院", "二院")
    ]
    for site in made:
        CareSite.objects.create(site=site, direct_line="01012345678", status_since=AT)
    return made[0], made[1]


def press(page: Page, name: str, **where: Any) -> None:
    """Press the button of that name, on a page that fits the phone before and after."""
    assert fits(page), page.url
    page.get_by_role("button", name=name, exact=True, **where).first.click()
    page.wait_for_load_state()
    assert fits(page), page.url


def main(page: Page) -> Any:
    return expect(page.locator("main"))


def test_medicine_from_the_residents_phone_over_desk_stock_and_round_to_the_door(
    door: Page, alice: User, coordinator: User, home: Area, open_as: Open
) -> None:
    pills = Item.objects.create(name="叶酸片", unit="盒", category="treatment")
    store = Store.objects.create(area=home, name="社区仓库")
    lot = stock.ensure_lot(pills, code="A1", expires_on=dt.date(2023, 6, 1))
    stock.receive(store=store, lot=lot, quantity=Decimal(5), key="first", by=coordinator, at=AT)
    mine = door.url

    door.get_by_role("link", name="药品").click()
    door.get_by_text("叶酸").first.click()
    press(door, "提交")
    main(door).to_contain_text("待接单")
    need = Need.objects.get()

    desk = open_as(coordinator, width=PHONE, path="/needs/?tab=open")
    main(desk).to_contain_text("叶酸")
    desk.get_by_role("link", name="查看并接单").click()
    press(desk, "接单")
    main(desk).to_contain_text("已接单")
    desk.get_by_role("link", name="出库").click()
    assert fits(desk)
    desk.locator("select[name^=item_]").first.select_option(value=str(pills.pk))
    desk.locator("input[name^=quantity_]").first.fill("2")
    desk.locator("main form.card button.main").first.click()
    expect(desk).not_to_have_url(re.compile("/issue/"))
    assert Balance.objects.get().quantity == 3
    assert Movement.objects.get(kind="issue").need == need

    desk.goto("/rounds/")
    desk.get_by_role("link", name="排一趟配送").click()
    press(desk, "生成配送单")
    made = DeliveryRound.objects.get()
    phone = open_as(alice, width=PHONE, path=f"/rounds/{made.pk}/")
    main(phone).to_contain_text("1203")
    phone.get_by_role("button", name="出发").first.click()
    door.goto(mine)
    main(door).to_contain_text("配送中")
    press(phone, "已送到门口")
    expect(phone.locator("[data-stop]").first.locator("[data-tick]")).to_have_count(0)

    door.goto(mine)
    main(door).to_contain_text("已到门口")
    press(door, "收到了")
    main(door).to_contain_text("谢谢，已记下您收到了。")
    need.refresh_from_db()
    assert need.state == NeedState.CONFIRMED
    assert need.late_by_minutes == 0
    desk.goto(f"/needs/{need.pk}/")
    main(desk).to_contain_text("居民确认收到")


def test_an_emergency_stands_on_top_120_is_noted_and_a_hospital_asked(
    door: Page, coordinator: User, hospitals: tuple[Site, Site], open_as: Open
) -> None:
    mine = door.url
    door.get_by_role("link", name="宠物").click()
    door.get_by_label("什么宠物").fill("猫粮")
    press(door, "提交")
    door.goto(mine)
    expect(door.get_by_role("link", name="有生命危险")).to_have_attribute("href", "tel:120")
    door.get_by_role("link", name="马上告诉社区").click()
    press(door, "现在就告诉社区")
    main(door).to_contain_text("社区已于")

    desk = open_as(coordinator, width=PHONE, path="/needs/?tab=all")
    desk.goto("/needs/")  # what burns comes first by itself
    first = desk.locator("main .rows li").first
    expect(first).to_contain_text("急")
    assert fits(desk)
    desk.goto(f"/needs/{Need.objects.get(kind='emergency').pk}/")
    press(desk, "接单")
    desk.get_by_role("link", name="医院与接送").click()
    press(desk, "已拨打120")
    main(desk).to_contain_text("已拨打120")
    desk.locator("#ask-site").select_option(index=1)
    press(desk, "联系这家医院")
    medical = MedicalNeed.objects.get()
    assert medical.told_120_at is not None
    assert medical.owner == hospitals[0]
    assert medical.act_by is not None
    main(desk).to_contain_text("由一院对该患者负责")
    door.goto(mine)
    main(door).to_contain_text("紧急情况")


def test_a_refused_dialysis_patient_ends_up_treated_and_back_home_and_the_refusal_is_a_lead(
    door: Page,
    coordinator: User,
    hospitals: tuple[Site, Site],
    next_door: Area,
    county: Area,
    home: Area,
    open_as: Open,
) -> None:
    cast: Cast = cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))
    mine = door.url
    door.get_by_role("link", name="看病").click()
    door.get_by_label("透析").check()
    press(door, "提交")
    need = Need.objects.get()

    desk = open_as(coordinator, width=PHONE, path="/medical/")
    desk.get_by_role("link", name="林小满").click()

    def ask(site: Site) -> None:
        desk.locator("#ask-site").select_option(value=str(site.pk))
        desk.locator("form[action$='/ask/'] button").click()
        main(desk).to_contain_text(f"{site.name}怎么答复")
        assert fits(desk)

    ask(hospitals[0])
    desk.locator("form[action$='/answer/']").get_by_label("拒绝").check()
    desk.get_by_label("给出的理由").fill("要48小时核酸")
    press(desk, "记录答复")
    main(desk).to_contain_text("要48小时核酸")
    main(desk).to_contain_text("由一院对该患者负责")
    ask(hospitals[1])
    desk.locator("form[action$='/answer/']").get_by_label("已接收").check()
    press(desk, "记录答复")
    main(desk).to_contain_text("由二院对该患者负责")
    desk.locator("form[action$='/set-out/'] button").click()
    for _stage in ("arrived", "treated", "back home"):
        desk.locator("form[action$='/stage/'] button.main").click()
        assert fits(desk)
    expect(desk.locator("form[action$='/stage/']")).to_have_count(0)

    trip = MedicalNeed.objects.get().trips.get()
    times = [trip.left_at, trip.arrived_at, trip.treated_at, trip.home_at]
    known = [each for each in times if each is not None]
    assert len(known) == 4
    assert known == sorted(known)
    assert MedicalNeed.objects.get().ended_at is not None
    need.refresh_from_db()
    assert need.state == NeedState.CONFIRMED
    door.goto(f"{mine}needs/{need.number}/")
    main(door).to_contain_text("已返回家中")
    door.locator("a[href*='/complaints/new/']").click()
    expect(door.locator("[name=behaviour]").first).to_be_attached()
    assert "behaviour=care_refused" in door.url
    assert need.number not in door.url

    assert pull_refusals(at=clock.now()) == 1
    officer = open_as(cast.health, width=PHONE, path="/complaint-desk/")
    main(officer).to_contain_text("一院")
    main(officer).not_to_contain_text("林小满")
    assert fits(officer)
    assert Complaint.objects.get().handler == cast.health.office
