"""Following a complaint on a phone, anonymous all the way to its closing; and taking a call."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import RequestFactory
from PIL import Image
from playwright.sync_api import Page, expect

from accounts.models import Area
from complaints.actions import handling
from complaints.actions.filing import ComplainantFacts
from complaints.models import Complainant, Complaint
from complaints.rules.handling import State
from complaints.rules.words import Outcome
from complaints.views.receiving import track_address
from policy import clock
from tests.builders import area
from tests.complaints.cast import Cast, cast_of, filed
from tests.e2e.conftest import Open, fits
from tests.e2e.test_main_job import ALLOWED

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ENGLISH = re.compile(r"[A-Za-z]{3,}")


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area) -> Cast:
    assert county.parent is not None
    return cast_of(home, area("海淀区", "county", "110108", county.parent))  # type: ignore[arg-type]


def looks_right(page: Page) -> None:
    """It fits the window, and nothing on it is left in English."""
    assert fits(page)
    words = page.evaluate("document.body.innerText")
    left = {word for word in ENGLISH.findall(words) if word not in ALLOWED}
    assert left <= {
        "English",
        "JPEG",
        "PNG",
        "WebP",
        "HEIC",
        "PDF",
        "hotline",
        "http",
        "localhost",
        "complaints",
        "track",
    }, left


def test_an_anonymous_complaint_from_the_receipt_to_its_closing(
    cast: Cast, open_as: Open, today: Callable[[dt.date], None], tmp_path: Path
) -> None:
    today(dt.date(2022, 11, 16))
    receipt = filed(cast.home, at=clock.now(), complainant=ComplainantFacts())
    complaint = receipt.complaint

    page = open_as(None, width=390, path="/complaints/track/")
    page.get_by_label("回执编号").fill(receipt.number)
    page.get_by_label("查询码").fill("1111 2222 3333 4444")
    page.get_by_role("button", name="查看我的投诉").click()
    expect(page.locator("main")).to_contain_text("编号与查询码不匹配")
    looks_right(page)

    secret = receipt.secret.replace(" ", "")
    code = track_address(RequestFactory().get("/"), receipt.number, receipt.secret)  # what the QR code holds
    page.goto(code.removeprefix("http://testserver"))
    expect(page.get_by_label("查询码")).to_have_value(secret)
    assert secret not in page.url
    page.get_by_role("button", name="查看我的投诉").click()
    expect(page).to_have_url(re.compile(r"/complaints/mine/$"))
    expect(page.locator("main")).to_contain_text("楼门口的铁皮还没拆")
    expect(page.locator(".road [aria-current]")).to_have_text("受理")
    expect(page.locator("main")).to_contain_text("没有留姓名和电话")
    looks_right(page)

    handling.accept(complaint=complaint, by=cast.task_force, at=clock.now())
    handling.ask(complaint=complaint, text="请问是哪个门？", by=cast.task_force, at=clock.now())
    photo = tmp_path / "门.png"
    Image.new("RGB", (60, 40), "red").save(photo)
    page.reload()
    expect(page.locator("main")).to_contain_text("请问是哪个门？")
    page.get_by_label("您的回复").fill("南门，照片在此")
    page.locator(".talk input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="提交回复").click()
    expect(page.locator("main")).to_contain_text("南门，照片在此")
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("图片")).click()
    assert download.value.suggested_filename == f"{receipt.number}-1.jpg"
    looks_right(page)

    handling.answer(complaint=complaint, text="围挡已拆除。", by=cast.task_force, at=clock.now())
    page.reload()
    expect(page.locator("main")).to_contain_text("围挡已拆除。")
    expect(page.locator(".road [aria-current]")).to_have_text("您确认")
    page.get_by_text("没解决，不满意").click()
    page.get_by_label("哪里还没有解决？").fill("只拆了一半")
    looks_right(page)
    page.get_by_role("button", name="要求重新办理").click()
    expect(page.locator("main")).to_contain_text("只拆了一半")
    complaint.refresh_from_db()
    assert (complaint.state, complaint.times_reopened) == (State.ACCEPTED, 1)

    handling.answer(complaint=complaint, text="另一半也已拆除。", by=cast.task_force, at=clock.now())
    page.reload()
    page.get_by_role("button", name="解决了，满意").click()
    expect(page.locator("main")).to_contain_text("您的评价已记录")
    complaint.refresh_from_db()
    handling.close(complaint=complaint, outcome=Outcome.SOLVED, by=cast.task_force, at=clock.now())
    page.reload()
    expect(page.locator("main")).to_contain_text("已办结")
    looks_right(page)
    assert not Complainant.objects.exists()

    page.get_by_role("button", name="退出").click()
    expect(page).to_have_url(re.compile(r"/complaints/track/$"))
    page.goto("/complaints/mine/")
    expect(page).to_have_url(re.compile(r"/complaints/track/$"))


def test_it_works_without_a_script(cast: Cast, chromium, live_server) -> None:  # type: ignore[no-untyped-def]
    receipt = filed(cast.home, at=clock.now())
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 860}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto("/complaints/track/")
    page.locator("input[name=number]").fill(receipt.number)
    page.locator("input[name=secret]").fill(receipt.secret)
    page.locator("[data-track] button").click()
    page.locator("summary", has_text="补充情况").click()
    page.get_by_label("补充内容").fill("又贴了新封条")
    page.get_by_role("button", name="提交补充").click()
    expect(page.locator("main")).to_contain_text("又贴了新封条")
    context.close()


def test_an_operator_takes_a_call_and_reads_number_and_secret_out(
    cast: Cast, open_as: Open, today: Callable[[dt.date], None]
) -> None:
    today(dt.date(2022, 11, 16))
    earlier = filed(cast.home, at=clock.now())
    page = open_as(cast.operator, path="/complaint-desk/call/")
    page.get_by_label("发生了什么").select_option("not_unsealed")
    page.get_by_label("在哪里").fill("锦绣花园4号楼")
    page.get_by_label("来电人电话").fill("13877665544")
    page.get_by_label("来电人姓名").click()
    expect(page.locator("#beside")).to_contain_text(earlier.number)
    looks_right(page)
    page.locator("#call footer button").click()
    numbers = page.locator(".read-out b")
    expect(numbers).to_have_count(2)
    filed_one = Complaint.objects.get(filed_by=cast.operator)
    expect(numbers.first).to_have_text(filed_one.number)
    looks_right(page)
    page.get_by_role("link", name="已念完，接下一个").click()
    page.get_by_role("link", name="我登记的").click()
    expect(page.locator("main")).to_contain_text(filed_one.number)
    expect(page.locator("main")).not_to_contain_text(earlier.number)
    looks_right(page)
