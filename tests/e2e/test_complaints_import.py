"""The export of another hotline in a real browser: looked at, asked for, filed by a task, given back."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from accounts.models import Area
from accounts.rules import Level
from complaints.models import Complaint
from complaints.tasks import file_asked_lists
from tests.builders import area
from tests.complaints.cast import Cast, cast_of
from tests.complaints.tickets import ticket, workbook
from tests.e2e.conftest import Open, fits

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, today: Callable[[dt.date], None]) -> Cast:
    """The offices of a county and their officers, on the day."""
    today(dt.date(2022, 11, 16))
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


def test_the_page_that_waits_shows_by_itself_what_became_of_the_list(
    cast: Cast, open_as: Open, tmp_path: Path
) -> None:
    export = tmp_path / "工单导出.xlsx"
    export.write_bytes(workbook([ticket(1), ticket(2), ticket(3, 社区="没有这个社区")]))
    page = open_as(cast.operator, width=390, path="/complaint-desk/call/import/")
    page.locator("input[type=file]").set_input_files(export)
    page.get_by_role("button", name="逐行预览").click()
    page.get_by_role("button", name="登记 2 行").click()
    expect(page.locator("#progress")).to_contain_text("已登记 0 行，共 2 行")
    assert fits(page)
    assert not Complaint.objects.exists()
    file_asked_lists()
    expect(page.locator("main")).to_contain_text("已登记 2 件投诉")
    expect(page.locator("main")).to_contain_text("没有叫“没有这个社区”的地方")
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 1 行").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert Complaint.objects.count() == 2
