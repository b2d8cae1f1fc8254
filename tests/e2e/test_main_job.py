"""The main job as its users do it: from a list or a call to release on the day, in a real browser."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Page, expect

from accounts.models import Area, User
from cases.actions import sweeps
from cases.models import Episode
from policy.clock import midnight
from tests.builders import episode, resident_id
from tests.e2e.conftest import Open, fits

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


Today = Callable[[dt.date], None]


@pytest.fixture
def line_list(tmp_path: Path) -> Path:
    """A list as it comes by mail: a title above the header, one good row, four that need a decision."""
    book = Workbook()
    sheet = book.active
    sheet.append(["管控人员台账（2022年11月15日）"])
    sheet.append(["姓名", "证件号码", "联系电话", "小区", "楼栋", "单元", "房号", "人员类别", "末次暴露日期"])
    home = ["锦绣花园", "4号楼", "1单元", "1203"]
    wrong = resident_id(9)[:-1] + ("0" if resident_id(9)[-1] != "0" else "1")
    sheet.append(["陈 晓琳", resident_id(1), "138 0000 1234", *home, "密切接触者", "2022年11月14日"])
    sheet.append(["刘洋", resident_id(2), "13800002222", *home, "密接的密接", "2022-11-14"])
    sheet.append(["周建国", resident_id(3), "13800003333", *home, "密切接触者", "昨天"])
    sheet.append(["许文静", wrong, "13800004444", *home, "密切接触者", dt.datetime(2022, 11, 13)])
    sheet.append(["陈晓琳", resident_id(1), "13800001234", *home, "密切接触者", "2022/11/14"])
    path = tmp_path / "line-list.xlsx"
    book.save(path)
    return path


def test_import_preview_commit_and_the_rest_given_back(
    alice: User, open_as: Open, today: Today, line_list: Path, tmp_path: Path
) -> None:
    today(november(15))
    page = open_as(alice, path="/import/")
    page.set_input_files("input[type=file]", line_list)
    page.get_by_role("button", name="逐行预览").click()
    expect(page.locator("main")).to_contain_text("5 行")
    assert Episode.objects.count() == 0

    page.get_by_role("button", name=re.compile("导入 1 行")).click()
    expect(page.locator("main")).to_contain_text("已导入 1 行")
    saved = Episode.objects.get()
    assert (saved.person.name, saved.release_on) == ("陈晓琳", november(23))

    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("下载 3 行")).click()
    given_back = tmp_path / "rest.xlsx"
    download.value.save_as(given_back)
    text = str(list(load_workbook(given_back).active.iter_rows(values_only=True)))
    assert "需要修改" in text
    for name in ("刘洋", "周建国", "许文静"):
        assert name in text

    page.goto("/import/")
    page.set_input_files("input[type=file]", line_list)
    page.get_by_role("button", name="逐行预览").click()
    expect(page.locator("main")).to_contain_text("已在册")
    assert Episode.objects.count() == 1


def register_by_hand(page: Page) -> None:
    page.goto("/register/new/?category=close_contact")
    page.get_by_label("末次暴露日期").fill("2022-11-14")
    expect(page.locator("main")).to_contain_text("11月23日")
    page.get_by_label("姓名").fill("陈晓琳")
    page.get_by_label("手机").fill("13800001234")
    page.get_by_label("小区").fill("锦绣花园")
    page.get_by_label("楼栋").fill("4号楼")
    page.get_by_label("单元").fill("1单元")
    page.get_by_label("房号").fill("1203")
    page.get_by_label("具备条件", exact=True).check()
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("陈晓琳")


def test_register_sample_result_and_released_when_the_clock_moves(
    alice: User, open_as: Open, today: Today
) -> None:
    today(november(14))
    page = open_as(alice)
    register_by_hand(page)
    saved = Episode.objects.get()

    today(november(15))
    page.goto("/today/")
    samples = page.locator("#samples")
    expect(samples).to_contain_text("锦绣花园 4号楼")
    samples.get_by_role("button", name="已采样").click()
    expect(page.get_by_role("status").first).to_contain_text("陈晓琳")
    page.reload()
    page.locator("#results").get_by_role("button", name="阴性").click()
    expect(page.get_by_role("status").first).to_contain_text("陈晓琳")
    test = saved.tests.get(planned_on=november(15))
    assert (test.result, test.sampled_by) == ("negative", alice)

    # The day before: one day left. At the date: free, although no task has run.
    today(november(22))
    page.goto(f"/episodes/{saved.pk}/")
    expect(page.locator(".count")).to_contain_text("1")
    today(november(23))
    page.reload()
    expect(page.locator("main")).to_contain_text("已解除")
    page.goto("/register/")
    expect(page.locator("main")).not_to_contain_text("陈晓琳")
    page.goto("/register/?tab=ended")
    expect(page.locator("main")).to_contain_text("陈晓琳")
    saved.refresh_from_db()
    assert saved.swept_at is None

    sweeps.sweep_releases(at=midnight(november(23)))
    page.goto("/today/")
    released = page.locator("#released")
    expect(released).to_contain_text("陈晓琳")
    released.get_by_role("button", name="已告知").click()
    expect(page.get_by_role("status").first).to_contain_text("陈晓琳")
    saved.refresh_from_db()
    assert saved.told_at is not None
    assert saved.events.filter(kind="released").count() == 1


def test_a_mis_tap_is_taken_back_from_the_toast(alice: User, open_as: Open, today: Today) -> None:
    saved = episode(alice)
    today(november(15))
    page = open_as(alice, path="/today/", width=390)
    assert fits(page)
    page.locator("#samples").get_by_role("button", name="已采样").click()
    page.get_by_role("button", name="撤销").first.click()
    expect(page.locator("#samples").get_by_role("button", name="已采样")).to_be_visible()
    assert saved.tests.get(planned_on=november(15)).sampled_at is None


def test_a_positive_is_confirmed_in_a_second_step_and_closes_the_plan(
    alice: User, open_as: Open, today: Today
) -> None:
    saved = episode(alice)
    today(november(15))
    page = open_as(alice, path=f"/episodes/{saved.pk}/")
    test = saved.tests.get(planned_on=november(15))
    page.goto(f"/tests/{test.pk}/?do=result")
    page.get_by_label("阳性", exact=True).first.check()
    page.get_by_role("button", name="登记结果").click()
    saved.refresh_from_db()
    assert saved.ending == ""
    page.get_by_role("button", name="确认阳性").click()
    expect(page.locator("main")).to_contain_text("待转运")
    saved.refresh_from_db()
    assert saved.ending == "transferred"


@pytest.mark.parametrize("width", [1280, 390])
def test_a_neighbour_and_a_stranger_see_nothing(
    alice: User, bob: User, stranger: User, open_as: Open, today: Today, width: int
) -> None:
    saved = episode(alice)
    today(november(15))
    neighbour = open_as(bob, width=width, path="/register/?tab=all")
    expect(neighbour.locator("main")).not_to_contain_text("陈晓琳")
    neighbour.goto("/today/")
    expect(neighbour.locator("main")).not_to_contain_text("陈晓琳")
    answer = neighbour.goto(f"/episodes/{saved.pk}/")
    assert answer is not None
    assert answer.status == 404
    expect(neighbour.locator("body")).not_to_contain_text("陈晓琳")
    assert fits(neighbour)

    nobody = open_as(None, width=width, path=f"/episodes/{saved.pk}/")
    expect(nobody).to_have_url(re.compile("/login/"))
    lost = open_as(stranger, width=width, path="/register/")
    expect(lost.locator("body")).to_contain_text("没有所属区域")
    expect(lost.locator("body")).not_to_contain_text("陈晓琳")


def test_a_person_held_next_door_shows_the_offices_name_and_a_handover_brings_them_over(
    alice: User, bob: User, next_door: Area, home: Area, open_as: Open, today: Today
) -> None:
    saved = episode(alice, id_number=resident_id(5))
    today(november(15))
    page = open_as(bob)
    page.goto("/register/new/?category=close_contact")
    page.get_by_label("末次暴露日期").fill("2022-11-14")
    page.get_by_label("姓名").fill("陈晓琳")
    page.get_by_label("证件号码").fill(resident_id(5))
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("main")).to_contain_text("已在其他社区管控")
    expect(page.locator("main")).to_contain_text(home.name)
    expect(page.locator("main")).not_to_contain_text("锦绣花园")
    page.get_by_role("link", name=re.compile("移交")).last.click()
    page.get_by_role("button", name=re.compile("移交|提出")).last.click()

    holder = open_as(alice, path="/handovers/")
    holder.get_by_role("button", name=re.compile("接收|同意|移交")).first.click()
    saved.refresh_from_db()
    assert saved.community == next_door
    assert saved.release_on == november(23)


PAGES = [
    "/",
    "/calculator/",
    "/policy/",
    "/login/",
    "/today/",
    "/register/",
    "/register/?tab=ended",
    "/register/new/",
    "/register/new/?category=entrant",
    "/register/family/",
    "/import/",
    "/handovers/",
    "/inbox/",
    "/figures/",
    "/sampling-list/",
]


@pytest.mark.parametrize("filled", [True, False], ids=["with data", "empty"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_stands_out_of_the_window_or_answers_in_english(
    alice: User, open_as: Open, today: Today, width: int, filled: bool
) -> None:
    paths = list(PAGES)
    if filled:
        for number in range(3):
            saved = episode(alice, name=f"欧阳娜娜{number}", phone=str(13_800_000_000 + number))
        paths += [f"/episodes/{saved.pk}/", f"/episodes/{saved.pk}/notice/start/"]
    today(november(16))
    page = open_as(alice, width=width)
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert fits(page), path
        words = re.findall(r"[A-Za-z]{4,}", page.inner_text("body"))
        strange = {word for word in words if word not in ALLOWED}
        assert not strange, (path, strange)


ALLOWED = {
    "Excel",
    "xlsx",
    "English",
    "Jiefeng",
    "alice",
    "HTTP",
    "JSON",
    "TOML",
    "XLSX",
    "LICENSE",
    "Apache",
}
