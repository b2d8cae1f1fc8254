"""A public naming in a real browser: draft, two approvals, the public page on a phone, correction, reply."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Area
from accounts.rules import Level
from complaints.models import Publication
from complaints.rules.supervision import PublicationState
from tests.builders import area
from tests.complaints.cast import TODAY, cast_of
from tests.complaints.naming_cast import TEXT, TITLE, Desk, desk_of, verified
from tests.e2e.conftest import Open, fits

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(home: Area, county: Area) -> Desk:
    assert county.parent is not None
    cast = cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))
    verified(cast)
    return desk_of(cast)


def write(page: Page, desk: Desk) -> None:
    """The writer's draft, with a telephone number in it that has to come out again."""
    page.get_by_label("单位").fill(desk.street.name)
    page.get_by_label("行为").select_option("not_unsealed")
    page.get_by_label("标题").fill(TITLE)
    page.get_by_label("正文").fill(f"{TEXT}请电13877665544")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.locator("h1")).to_contain_text(TITLE)
    page.get_by_role("button", name="送审").click()
    expect(page.locator("main")).to_contain_text("文字中有电话号码")
    page.get_by_label("正文").fill(TEXT)
    page.get_by_role("button", name="保存文字").click()
    page.get_by_role("button", name="送审").click()
    expect(page.locator("main")).to_contain_text("须由另外两人审签")
    assert fits(page)


def test_from_the_draft_to_the_reply(desk: Desk, open_as: Open, today: Callable[[dt.date], None]) -> None:
    today(TODAY)
    writer = open_as(desk.writer, width=390, path="/complaint-desk/publications/new/")
    assert fits(writer)
    write(writer, desk)
    made = Publication.objects.get()
    address, public = made.get_absolute_url(), made.get_public_url()

    first = open_as(desk.first, width=390, path="/complaint-desk/publications/")
    first.get_by_role("link", name=TITLE).click()
    first.get_by_role("button", name="同意").click()
    expect(first.locator("main")).to_contain_text("您已审签")
    anybody = open_as(None, width=390, path=public)
    expect(anybody.locator("body")).not_to_contain_text(TITLE)

    second = open_as(desk.second, path=address)
    second.get_by_role("button", name="同意并公布").click()
    expect(second.locator("main")).to_contain_text("已公布")
    assert Publication.objects.get().state == PublicationState.PUBLISHED
    second.get_by_label("更正").fill("应为两天。")
    second.get_by_role("button", name="公布更正").click()
    expect(second.locator("main")).to_contain_text("应为两天。")
    assert fits(second)

    named = open_as(desk.named, width=390, path="/complaint-desk/publications/about-us/")
    named.get_by_role("link", name=TITLE).click()
    named.get_by_label("本单位回应").fill("铁皮已拆除，已道歉。")
    named.get_by_role("button", name="公布回应").click()
    expect(named.locator("main")).to_contain_text("再次回应")
    assert fits(named)

    anybody.goto("/complaints/published/")
    anybody.get_by_role("link", name=TITLE).click()
    expect(anybody.locator("article")).to_contain_text("楼门口的铁皮仍未拆除")
    expect(anybody.locator("#appended")).to_contain_text("应为两天。")
    expect(anybody.locator("#appended")).to_contain_text("铁皮已拆除，已道歉。")
    expect(anybody.locator("main")).to_contain_text("朝阳区整治层层加码专班")
    assert fits(anybody)
