"""The monthly bulletin: for anybody, to print and as Excel, with what was published in the month."""

import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from complaints.actions import word
from complaints.models import Publication
from complaints.rules.supervision import PublicationKind, PublicationState
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed, office

pytestmark = pytest.mark.django_db

D = dt.date


@pytest.fixture
def november(cast: Cast, on_the_day: None) -> Cast:
    """One complaint of October, two of November, one of them taken back."""
    filed(cast.home, at=noon(D(2022, 10, 31)))
    filed(cast.home, at=noon(D(2022, 11, 1)))
    word.withdraw(complaint=filed(cast.home, place="别处").complaint, at=noon(TODAY))
    return cast


def published(cast: Cast, title: str, on: D | None) -> Publication:
    return Publication.objects.create(
        kind=PublicationKind.NAMING,
        state=PublicationState.PUBLISHED if on else PublicationState.DRAFT,
        area=cast.county,
        office=office(cast.home.line["street"]),
        title=title,
        text="……",
        proposed_at=noon(TODAY),
        published_at=noon(on) if on else None,
    )


def test_the_months_since_the_first_complaint_are_listed(november: Cast, client: Client) -> None:
    html = client.get("/complaints/bulletin/").content.decode()

    assert html.index("/complaints/bulletin/2022-11/") < html.index("/complaints/bulletin/2022-10/")
    assert "2022-09" not in html
    assert "2022-12" not in html
    assert html.count("本月未完") == 1


def test_without_a_complaint_there_is_no_bulletin_yet(client: Client) -> None:
    assert "还没有月报。" in client.get("/complaints/bulletin/").content.decode()


def test_a_bulletin_counts_what_was_received_in_its_month(november: Cast, client: Client) -> None:
    html = client.get("/complaints/bulletin/2022-10/").content.decode()
    assert "本期收到 1 件" in html
    assert "本月尚未结束。" not in html

    html = client.get("/complaints/bulletin/2022-11/").content.decode()
    assert "本期收到 1 件" in html
    assert "本月尚未结束。" in html
    assert "欧阳特殊" not in html


@pytest.mark.parametrize("month", ["2022-12", "2023-01", "2019-12", "2022-13", "2022", "latest"])
def test_a_month_that_has_not_come_or_is_none_is_not_found(
    november: Cast, client: Client, month: str
) -> None:
    for address in (f"/complaints/bulletin/{month}/", f"/complaints/bulletin/{month}/xlsx/"):
        assert client.get(address).status_code == 404


def test_it_names_what_was_published_in_the_month_and_no_draft(november: Cast, client: Client) -> None:
    published(november, "通报一", D(2022, 11, 2))
    published(november, "通报二", D(2022, 10, 2))
    published(november, "草稿", None)

    html = client.get("/complaints/bulletin/2022-11/").content.decode()
    assert "通报一" in html
    assert "通报二" not in html
    assert "草稿" not in html


def test_the_excel_file_has_a_sheet_for_each_section(
    november: Cast, client: Client, the_day: Callable[..., None]
) -> None:
    published(november, "=HYPERLINK(1)", D(2022, 11, 2))
    answer = client.get("/complaints/bulletin/2022-11/xlsx/")

    assert answer["Content-Disposition"] == 'attachment; filename="complaints-2022-11.xlsx"'
    book = load_workbook(io.BytesIO(answer.content))
    assert len(book.sheetnames) == 9
    overview = {row[0]: row[1] for row in book["总览"].iter_rows(min_row=2, values_only=True)}
    assert (overview["月份"], overview["收到"], overview["未办结"]) == ("2022-11", 1, 1)
    assert overview["投诉人撤回（不计入以上）"] == 1
    rows = list(book["按加码行为"].iter_rows(min_row=2, values_only=True))
    assert rows[0][:2] == ("长时间不解封 〔二(十六)〕", 1)
    assert [row[3] for row in book["通报与示范"].iter_rows(min_row=2, values_only=True)] == ["'=HYPERLINK(1)"]


def test_a_bulletin_costs_four_queries_and_is_kept_for_seconds(november: Cast, client: Client) -> None:
    for address in ("/complaints/bulletin/2022-11/", "/complaints/bulletin/2022-11/xlsx/"):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) <= 4
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        assert len(queries) == 0
