"""A delivery list from Excel: each row is judged, the good ones go on, and nothing is received twice."""

import datetime as dt
import io
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from accounts.models import Area, User
from accounts.rules import Role
from supplies.models import Balance, Item, Lot, Movement, Store, Supplier
from tests.builders import staff
from tests.cases.pages import reader

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

HEADER = ("物资名称", "单位", "类别", "数量", "批号", "有效期至", "供应商")


@pytest.fixture
def browser(coordinator: User) -> Client:
    return reader(coordinator)


def book(rows: Sequence[Sequence[Any]], header: Sequence[Any] = HEADER) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["11月16日到货清单"])
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def send(client: Client, store: Store, content: bytes, name: str = "到货.xlsx") -> Any:
    return client.post(
        reverse("stock-import"), {"store": store.pk, "file": SimpleUploadedFile(name, content)}
    )


def packed(answer: Any) -> str:
    found = re.search(r'name="packed" value="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


def text(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_good_rows_go_on_once_and_the_others_say_why(
    browser: Client, store: Store, vegetables: Item, home: Area
) -> None:
    Supplier.objects.create(area=home, name="惠民超市")
    rows = [
        ("蔬菜包", "份", "生活物资", 40, "", None, "惠民超市"),
        ("连花清瘟", "盒", "中医药", 12, "B7", dt.date(2023, 11, 1), "康源药业"),
        ("蔬菜包", "箱", "", 3, "", None, ""),
        ("面罩", "", "防护物资", "若干", "", "明年", ""),
        ("过期药", "盒", "治疗药品", 5, "", dt.date(2022, 11, 1), ""),
    ]
    page = send(browser, store, book(rows))
    shown = text(page)
    assert "2 rows can be taken over" in shown
    assert "The unit of this item is 份, not 箱." in shown
    assert "“若干” is no quantity." in shown
    assert "“明年” is no date that can be read." in shown
    assert "It has expired already." in shown
    assert "the name is kept as a note" in shown
    assert Movement.objects.count() == 1
    for _twice in range(2):
        answer = browser.post(reverse("stock-import-take"), {"packed": packed(page)}, follow=True)
    assert "Left out: rows 5, 6, 7" in text(answer)
    assert Balance.objects.get(lot__item=vegetables).quantity == 50
    lot = Lot.objects.get(code="B7")
    assert (lot.item.category, lot.item.unit, lot.expires_on) == ("tcm", "盒", dt.date(2023, 11, 1))
    assert Movement.objects.get(lot=lot).note == "康源药业"
    assert Movement.objects.count() == 3
    assert not Item.objects.filter(name__in=["面罩", "过期药"]).exists()


def test_the_rows_to_mend_come_back_as_a_workbook_that_can_be_sent_again(
    browser: Client, store: Store
) -> None:
    page = send(
        browser, store, book([("口罩", "个", "什么", 5, "", None, ""), ("", "", "", 1, "", None, "")])
    )
    answer = browser.post(reverse("stock-import-take"), {"packed": packed(page), "step": "mend"})
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    found = list(sheet.iter_rows(values_only=True))
    assert found[1][0] == "口罩"
    assert "is no category" in str(found[1][-1])
    assert "The item is missing." in str(found[2][-1])
    again = send(browser, store, answer.content)
    assert "“什么” is no category" in text(again)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04 nothing", "damaged"),
        (book([], header=("姓名", "电话")), "No header was found"),
        (book([]), "Nothing stands below the header"),
        ("品名,数量\n蔬菜包,-3\n".encode(), "The quantity is more than nothing."),
        ("品名,数量\n蔬菜包,1.234\n".encode(), "At most two places behind the point."),
    ],
)
def test_whatever_is_uploaded_is_answered_with_a_sentence(
    browser: Client, store: Store, content: bytes, sentence: str
) -> None:
    assert sentence in text(send(browser, store, content))


@pytest.mark.parametrize(
    ("quantity", "taken"),
    [("300份", 300), ("３００", 300), ("1,200", 1200), (" 12 份 ", 12), ("三百", None), ("300斤", None)],
)
def test_a_quantity_with_its_own_unit_is_one(
    browser: Client, store: Store, vegetables: Item, quantity: str, taken: int | None
) -> None:
    page = send(browser, store, book([("蔬菜包", "", "", quantity, "", None, "")]))
    assert ("1 row can be taken over" in text(page)) == (taken is not None)
    browser.post(reverse("stock-import-take"), {"packed": packed(page)})
    assert Balance.objects.get(lot__item=vegetables).quantity == 10 + (taken or 0)


def test_a_row_without_a_quantity_says_so(browser: Client, store: Store) -> None:
    assert "The quantity is missing." in text(send(browser, store, book([("蔬菜包", "", "", None)])))


def test_what_was_exported_can_be_imported_into_another_store(
    browser: Client, store: Store, vegetables: Item, home: Area, coordinator: User
) -> None:
    rows: list[tuple[Any, ...]] = [
        ("连花清瘟", "盒", "中医药", 12, "B7", dt.date(2023, 11, 1), "康源药业"),
        ("面粉", "公斤", "食品", 2.5, "", None, ""),
    ]
    browser.post(reverse("stock-import-take"), {"packed": packed(send(browser, store, book(rows)))})
    for language, unit in (("zh-hans", "单位"), ("en", "Unit")):
        other = Store.objects.create(area=home, name=f"接收点 {language}")
        browser.cookies["django_language"] = language
        exported = browser.get(reverse("stock-export"), {"store": store.pk})
        sheet = load_workbook(io.BytesIO(exported.content)).active
        assert sheet is not None
        assert unit in [cell.value for cell in sheet[1]]
        page = send(browser, other, exported.content)
        browser.post(reverse("stock-import-take"), {"packed": packed(page)})
        here, there = (
            sorted(
                Balance.objects.filter(store=each).values_list(
                    "lot__item__name", "lot__code", "lot__expires_on", "quantity"
                ),
                key=str,
            )
            for each in (store, other)
        )
        assert here == there


def test_a_list_that_came_before_is_recognised(
    browser: Client, store: Store, vegetables: Item, home: Area
) -> None:
    content = book([("蔬菜包", "份", "", 30, "", None, "")])
    first = send(browser, store, content)
    assert "came into this store before" not in text(first)
    browser.post(reverse("stock-import-take"), {"packed": packed(first)})
    again = send(browser, store, content)
    assert "Just this list came into this store before: 11-16 12:00" in text(again)
    browser.post(reverse("stock-import-take"), {"packed": packed(again)})
    assert Balance.objects.get(lot__item=vegetables).quantity == 70
    other = Store.objects.create(area=home, name="接收点")
    assert "came into this store before" not in text(send(browser, other, content))


def test_ten_thousand_rows_are_too_many_and_two_thousand_are_not(browser: Client, store: Store) -> None:
    rows = [(f"物{n}", "件", "食品", 1, "", None, "") for n in range(2001)]
    assert "There are more than 2,000 rows. Please split the list." in text(send(browser, store, book(rows)))
    page = send(browser, store, book([*rows[:1999], ("坏", "件", "食品", -1, "", None, "")]))
    assert "1999 rows can be taken over" in text(page)
    browser.post(reverse("stock-import-take"), {"packed": packed(page)})
    assert Movement.objects.filter(kind="receipt").count() == 1999 + 1


def test_rows_of_one_new_item_agree_on_its_unit(browser: Client, store: Store) -> None:
    rows = [("面粉", "袋", "食品", 5, "", None, ""), ("面粉", "公斤", "食品", 5, "", None, "")]
    assert "The unit of this item is 袋, not 公斤." in text(send(browser, store, book(rows)))


def test_our_own_empty_list_can_be_taken_over(browser: Client, store: Store) -> None:
    template = browser.get(reverse("stock-import-template"))
    page = send(browser, store, template.content)
    assert "1 row can be taken over" in text(page)
    browser.post(reverse("stock-import-take"), {"packed": packed(page)})
    assert Item.objects.filter(name="vegetable parcel").exists()


def test_what_is_not_signed_by_us_or_too_old_is_not_taken(
    browser: Client, store: Store, coordinator: User, the_day: Callable[[dt.date], Any]
) -> None:
    page = send(browser, store, book([("口罩", "个", "防护物资", 5, "", None, "")]))
    text_of = packed(page)
    browser.post(reverse("stock-import-take"), {"packed": text_of[:-2] + "xx"})
    the_day(dt.date(2022, 11, 18))
    answer = reader(coordinator).post(reverse("stock-import-take"), {"packed": text_of})
    assert answer.headers["Location"] == reverse("stock-import")
    assert Movement.objects.count() == 1


def test_not_into_the_store_of_a_neighbour(browser: Client, store: Store, next_door: Area) -> None:
    page = send(browser, store, book([("口罩", "个", "防护物资", 5, "", None, "")]))
    neighbour = reader(staff("next", next_door, Role.SUPPLY_COORDINATOR))
    assert neighbour.post(reverse("stock-import-take"), {"packed": packed(page)}).status_code == 404
    assert "Select a valid choice" in text(send(neighbour, store, book([("口罩", "个", "", 5)])))


cells = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.integers(-5, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(dt.date(1901, 1, 1), dt.date(2099, 1, 1)),
    st.sampled_from(["蔬菜包", "份", "生活物资", "2023-01-01", "3,000", "NaN", "Infinity", "1e9"]),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(st.lists(cells, min_size=7, max_size=7), min_size=1, max_size=4))
def test_no_row_whatever_it_holds_breaks_the_preview_or_moves_less_than_nothing(
    browser: Client, store: Store, rows: list[list[Any]]
) -> None:
    clean = [
        [re.sub(r"[\x00-\x08\x0b-\x1f]", "", c) if isinstance(c, str) else c for c in row] for row in rows
    ]
    page = send(browser, store, book(clean))
    assert page.status_code in (200, 422)
    if 'name="packed"' in page.content.decode():
        browser.post(reverse("stock-import-take"), {"packed": packed(page)})
    assert not Balance.objects.filter(quantity__lt=0).exists()
    assert all(each > Decimal(0) for each in Movement.objects.values_list("quantity", flat=True))
