"""Filing on a phone: with a photograph and a proof of work, and once without JavaScript; both anonymous."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import Area, User
from complaints.actions.word import complaint_of
from complaints.models import Complaint
from tests.complaints import hostile
from tests.e2e.conftest import Open, fits
from tests.zones.risk_world import november, seal, units

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TEXT = "楼门口的铁皮还没拆，保安说要等街道电话。"


@pytest.fixture
def opened_late(home: Area, carol: User, today: Callable[[dt.date], None]) -> None:
    """A building that should have been opened yesterday."""
    seal(units(home, "4号楼/1单元"), by=carol, found=november(13))
    today(november(20))


def receipt_of(page: Page) -> Complaint:
    number = page.locator("#receipt-number").inner_text()
    secret = page.locator("#receipt-secret").inner_text()
    complaint = complaint_of(number, secret)
    assert complaint is not None
    assert number not in page.url
    return complaint


@pytest.mark.usefixtures("opened_late")
def test_a_complaint_with_a_photograph_from_a_phone(open_as: Open) -> None:
    page = open_as(None, width=390)
    page.get_by_role("link", name="投诉", exact=True).first.click()
    assert fits(page)
    page.get_by_role("link", name="长时间不解封").click()
    page.wait_for_load_state()  # nobody types before the scripts of the page are there
    page.get_by_label("在哪里").fill("锦绣花园4号楼1单元")
    expect(page.locator("#facts")).to_contain_text("今天已是第 7 天，不应再封")
    page.get_by_label("经过是怎样的").fill(TEXT)
    page.get_by_text("口头通知").click()
    page.locator("#id_files").set_input_files(
        [{"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": hostile.located()}]
    )
    page.get_by_label("联系电话").fill("139 0000 12")
    expect(page.locator("#proof")).to_contain_text("验证完成")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_text("少 2 位")).to_be_visible()
    expect(page.get_by_text("图片 1")).to_be_visible()
    assert fits(page)
    page.get_by_label("联系电话").fill("")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", name="已提交")).to_be_visible()
    assert fits(page)
    complaint = receipt_of(page)
    assert complaint.what_happened == TEXT
    assert complaint.attachments.count() == 1
    assert not hasattr(complaint, "complainant")
    assert complaint.facts[0]["code"] == "opened"
    with page.expect_download() as saved:
        page.get_by_role("button", name="存成文件").click()
    assert saved.value.suggested_filename == f"receipt-{complaint.number}.txt"
    expect(page.locator(".qr svg")).to_be_visible()


@pytest.mark.usefixtures("opened_late")
def test_a_tap_before_the_proof_is_there_waits_for_it(open_as: Open, settings: Any) -> None:
    settings.COMPLAINT_PROOF = 3_000_000
    page = open_as(None, width=390, path="/complaints/new/?behaviour=extra_tests")
    page.get_by_label("在哪里").fill("锦绣社区")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", name="已提交")).to_be_visible(timeout=60_000)
    receipt_of(page)


@pytest.mark.usefixtures("opened_late")
def test_the_same_without_javascript(chromium: Browser, live_server: Any) -> None:
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 860}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/complaints/new/?behaviour=not_unsealed")
    page.get_by_label("在哪里").fill("锦绣花园4号楼1单元")
    page.get_by_label("经过是怎样的").fill(TEXT)
    page.get_by_role("button", name="看看系统掌握这里的什么情况").click()
    expect(page.locator("#facts")).to_contain_text("不应再封")
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", name="请再看一遍")).to_be_visible()
    expect(page.get_by_text(TEXT)).to_be_visible()
    page.wait_for_timeout(2100)
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_role("heading", name="已提交")).to_be_visible()
    assert receipt_of(page).what_happened == TEXT
    context.close()
