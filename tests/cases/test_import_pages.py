"""The pages of the import: choose, look, confirm, take over, get the rest back."""

import datetime as dt
import gzip
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import importing
from cases.forms.importing import ListFileField
from cases.importing.columns import HEADINGS, Meaning
from cases.importing.report import guides
from cases.models import Episode, ImportBatch
from policy import clock
from tests.builders import episode, resident_id, staff
from tests.cases import lists

TODAY = dt.date(2022, 11, 15)
DOUBTFUL = resident_id(5)[:17] + ("1" if resident_id(5)[17] != "1" else "2")


@pytest.fixture(autouse=True)
def _on_the_15th(the_day: Callable[[dt.date], object]) -> None:
    the_day(TODAY)


@pytest.fixture
def browser(as_user: Callable[[User], Client], alice: User) -> Client:
    """Alice's browser, in English."""
    client = as_user(alice)
    client.cookies["django_language"] = "en"
    return client


def send(client: Client, content: bytes, file_name: str = "名单.xlsx", **fields: Any) -> HttpResponse:
    form = {"file": lists.uploaded(content, file_name), "registered_on": "2022-11-15"} | fields
    return client.post(reverse("import"), form)  # type: ignore[return-value]


def sent(client: Client, rows: Sequence[Mapping[str, Any]]) -> ImportBatch:
    """The batch of an upload that went well."""
    answer = send(client, lists.workbook(lists.table(rows)))
    batch = ImportBatch.objects.latest("pk")
    assert answer.headers["Location"] == reverse("import-preview", args=[batch.pk])
    return batch


def page(client: Client, batch: ImportBatch, **query: Any) -> str:
    answer = client.get(reverse("import-preview", args=[batch.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def workbook_of(answer: HttpResponse) -> list[tuple[Any, ...]]:
    assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")
    assert "no-store" in answer.headers["Cache-Control"]
    return list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))


class TestTheWayThrough:
    def test_from_the_file_to_the_register(self, browser: Client) -> None:
        rows = [lists.person(1), lists.person(2, 末次暴露日期="昨天"), lists.person(3, 人员类别="次密接")]
        batch = sent(browser, rows)
        text = page(browser, batch)
        assert "1 row can be taken over" in text
        assert "11-23" in text
        assert lists.name(1) in text
        assert "depends on the day" in page(browser, batch, group="wrong")
        assert 'data-clause="' in page(browser, batch, group="refused")
        answer = browser.post(reverse("import-commit", args=[batch.pk]))
        assert answer.headers["Location"] == reverse("import-preview", args=[batch.pk])
        assert Episode.objects.get().person.name == lists.name(1)
        result = page(browser, batch)
        assert "given back" in result
        assert lists.name(2) in result
        left = workbook_of(browser.get(reverse("import-left-over", args=[batch.pk])))  # type: ignore[arg-type]
        assert [row[1] for row in left] == ["姓名", lists.name(2), lists.name(3)]
        assert left[0][-1] == "To be mended"

    def test_the_date_of_registration_is_today_unless_somebody_says_otherwise(self, browser: Client) -> None:
        assert 'value="2022-11-15"' in browser.get(reverse("import")).content.decode()
        content = lists.workbook(lists.table([lists.person(1)]))
        send(browser, content, registered_on="2022-11-14")
        assert ImportBatch.objects.get().registered_on == dt.date(2022, 11, 14)
        answer = send(browser, content, registered_on="2022-11-16")
        assert "lies in the future" in answer.content.decode()
        assert ImportBatch.objects.count() == 1

    def test_a_double_click_takes_the_list_over_once(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1)])
        for _ in range(2):
            answer = browser.post(reverse("import-commit", args=[batch.pk]))
            assert answer.status_code == 302
        assert Episode.objects.count() == 1

    def test_the_same_file_again_is_recognised(self, browser: Client) -> None:
        content = lists.workbook(lists.table([lists.person(1)]))
        send(browser, content)
        browser.post(reverse("import-commit", args=[ImportBatch.objects.get().pk]))
        send(browser, content)
        text = page(browser, ImportBatch.objects.latest("pk"))
        assert "very file over" in text
        assert "No row can be taken over" in text
        assert "Already there" in text

    def test_a_list_without_a_good_row_stays_open(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1, 证件号码=DOUBTFUL), lists.person(2, 性别="？")])
        browser.post(reverse("import-commit", args=[batch.pk]))
        text = page(browser, batch)
        assert "No row can be taken over yet." in text
        assert "doubtful: compare" in text
        assert " disabled>" in page(browser, batch, group="wrong")

    def test_numbers_are_masked_on_the_page(self, browser: Client) -> None:
        row = lists.person(1)
        text = page(browser, sent(browser, [row]))
        assert row["证件号码"] not in text
        assert row["联系电话"] not in text
        assert f"{row['证件号码'][:6]}********{row['证件号码'][14:]}" in text

    def test_names_in_a_list_are_no_markup(self, browser: Client) -> None:
        batch = sent(
            browser,
            [
                lists.person(1, 姓名="<b>x</b>"),
                lists.person(2, 末次暴露日期="<script>alert(1)</script>", 姓名="〔二(二)〕<i>"),
            ],
        )
        for group in ("new", "wrong"):
            text = page(browser, batch, group=group)
            assert "<script>alert" not in text
            assert "<b>x</b>" not in text

    def test_columns_that_are_left_out_are_listed(self, browser: Client) -> None:
        table = lists.table([lists.person(1) | {"体温": "36.5"}], header=(*lists.HEADER, "体温"))
        send(browser, lists.workbook(table))
        assert re.search(r"not imported:\s+V 体温", page(browser, ImportBatch.objects.get()))

    def test_whom_another_community_holds_can_be_asked_for(
        self, browser: Client, bob: User, next_door: Area
    ) -> None:
        row = lists.person(1)
        episode(bob, name=row["姓名"], id_number=row["证件号码"])
        text = page(browser, sent(browser, [row]))
        assert "湖滨社区" in text
        link = re.search(r'href="([^"]*offer[^"]*)"', text)
        assert link
        answer = browser.get(link[1].replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "湖滨社区" in answer.content.decode()


class TestDoubts:
    def test_ticking_one_takes_effect_in_place(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1), lists.person(2, 证件号码=DOUBTFUL)])
        assert 'name="ticked" value="3"' in page(browser, batch, group="doubtful")
        answer = browser.post(
            reverse("import-confirm", args=[batch.pk]),
            {"shown": [3], "ticked": [3]},
            headers={"HX-Request": "true"},
        )
        assert "2 rows can be taken over" in answer.content.decode()
        assert 'hx-swap-oob="true"' in answer.content.decode()
        assert re.search(r'value="3" checked', page(browser, batch, group="doubtful"))

    def test_all_or_none_at_once(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1, 证件号码=DOUBTFUL), lists.person(2)])
        confirm = reverse("import-confirm", args=[batch.pk])
        assert browser.post(confirm, {"all": "1"}).headers["Location"].endswith("?group=doubtful")
        assert "2 rows can be taken over" in page(browser, batch)
        browser.post(confirm, {"all": "0"})
        assert "1 row can be taken over" in page(browser, batch)

    def test_ticks_come_with_the_take_over_button_without_javascript(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1, 证件号码=DOUBTFUL)])
        browser.post(reverse("import-commit", args=[batch.pk]), {"shown": [2], "ticked": [2]})
        assert Episode.objects.count() == 1

    def test_nonsense_in_the_form_is_no_error(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1)])
        for junk in ({"shown": ["x", "-1", "9" * 30, "²"]}, {"all": "maybe"}, {}):
            assert browser.post(reverse("import-confirm", args=[batch.pk]), junk).status_code == 302


class TestWhoMaySee:
    ADDRESSES = ("import-preview", "import-confirm", "import-commit", "import-left-over")

    def test_a_neighbour_a_colleague_and_the_supervisor_see_no_list_of_mine(
        self,
        as_user: Callable[[User], Client],
        browser: Client,
        home: Area,
        bob: User,
        carol: User,
    ) -> None:
        colleague = staff("dora", home, Role.COMMUNITY_WORKER)
        batch = sent(browser, [lists.person(1)])
        for other in (bob, carol, colleague):
            for address in self.ADDRESSES:
                url = reverse(address, args=[batch.pk])
                assert as_user(other).get(url).status_code == 404
                assert as_user(other).post(url).status_code in (404, 405)
        assert not Episode.objects.exists()

    def test_whoever_only_reads_may_not_import(
        self, as_user: Callable[[User], Client], home: Area, stranger: User
    ) -> None:
        analyst = staff("erin", home, Role.ANALYST)
        for user in (analyst, stranger):
            for address in ("import", "import-template"):
                assert as_user(user).get(reverse(address)).status_code == 403

    def test_a_stranger_logs_in_first(self, client: Client, db: None) -> None:
        assert client.get(reverse("import")).headers["Location"].startswith(reverse("login"))

    def test_the_way_back_from_the_login_is_a_page(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1)])
        for address in ("import-confirm", "import-commit"):
            answer = browser.get(reverse(address, args=[batch.pk]))
            assert answer.headers["Location"].startswith(reverse("import-preview", args=[batch.pk]))
        assert not Episode.objects.exists()


class TestBadFiles:
    @pytest.mark.parametrize(
        ("content", "word"),
        [
            (b"", "empty"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)), "neither an Excel workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Save as"),
            (b"PK\x03\x04 this is no archive", "damaged"),
            ("没有,表头\n一,二\n".encode(), "No header"),
            ("姓名,电话\n".encode(), "Nobody stands"),
            ("姓名,电话\n张三,1\n".encode(), "columns are missing"),
        ],
    )
    def test_each_gets_a_sentence_at_the_field(self, browser: Client, content: bytes, word: str) -> None:
        answer = send(browser, content)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert re.search(rf'id="id_file_error".*{word}', text, re.DOTALL)
        assert not ImportBatch.objects.exists()

    def test_no_file_at_all(self, browser: Client) -> None:
        answer = browser.post(reverse("import"), {"registered_on": "2022-11-15"})
        assert 'id="id_file_error"' in answer.content.decode()

    def test_too_large_a_file_is_refused_before_it_is_read(self, browser: Client) -> None:
        large = SimpleUploadedFile("名单.xlsx", b"x" * (10 * 1024 * 1024 + 1))
        answer = send(browser, b"x" * (10 * 1024 * 1024 + 1))
        assert "larger than 10 MB" in answer.content.decode()
        with translation.override("en"), pytest.raises(ValidationError, match="larger than 10 MB"):
            ListFileField().clean(large)
        with translation.override("en"), pytest.raises(ValidationError, match="required"):
            ListFileField().clean(None)

    def test_a_very_long_file_name_is_no_obstacle(self, browser: Client) -> None:
        answer = send(browser, lists.workbook(lists.table([lists.person(1)])), "长" * 240 + ".xlsx")
        assert answer.status_code == 302

    @given(
        content=st.binary(max_size=300), prefix=st.sampled_from([b"", b"PK\x03\x04", "姓名,电话\n".encode()])
    )
    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_whatever_the_bytes_are_the_page_answers(
        self, browser: Client, content: bytes, prefix: bytes
    ) -> None:
        assert send(browser, prefix + content).status_code in (200, 302)

    def test_a_list_that_was_deleted_meanwhile_leads_back_to_the_upload(self, browser: Client) -> None:
        batch = sent(browser, [lists.person(1)])
        ImportBatch.objects.update(content="")
        for address in ("import-preview", "import-left-over"):
            assert browser.get(reverse(address, args=[batch.pk])).headers["Location"] == reverse("import")
        assert browser.post(reverse("import-commit", args=[batch.pk])).headers["Location"] == reverse(
            "import"
        )
        assert "not kept any more" in browser.get(reverse("import")).content.decode()


class TestLongLists:
    def test_a_thousand_rows_come_in_pages_that_stay_small(self, browser: Client) -> None:
        rows = [lists.person(n, 重点人群="低保户") for n in range(1, 1001)]
        rows += [lists.person(n, 末次暴露日期="昨天", 性别="？") for n in range(1001, 1101)]
        batch = sent(browser, rows)
        first = page(browser, batch)
        assert len(first.encode()) < 100_000
        assert len(gzip.compress(first.encode())) < 15_000
        assert "1–50 of 1000" in first
        assert lists.name(1) in first
        last = page(browser, batch, page=20)
        assert "951–1000 of 1000" in last
        assert 'rel="next"' not in last
        assert len(page(browser, batch, group="wrong").encode()) < 100_000

    @pytest.mark.parametrize("query", [{"page": "0"}, {"page": "99"}, {"page": "x"}, {"group": "no-such"}])
    def test_an_address_that_names_no_page_shows_the_nearest(
        self, browser: Client, query: dict[str, str]
    ) -> None:
        assert lists.name(1) in page(browser, sent(browser, [lists.person(1)]), **query)


class TestTemplate:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_filled_in_by_its_own_guide_it_can_be_imported(
        self, as_user: Callable[[User], Client], alice: User, language: str
    ) -> None:
        client = as_user(alice)
        client.cookies["django_language"] = language
        answer = client.get(reverse("import-template"))
        book = load_workbook(io.BytesIO(answer.content))
        listed, guide = book.worksheets
        head, *explained = guide.iter_rows(values_only=True)
        assert len(head) == 5
        assert [row[0] for row in explained] == [cell.value for cell in listed[1]]
        for place, (_heading, _needed, example, _how, _words) in enumerate(explained, start=1):
            listed.cell(2, place).value = example
        community = Area.objects.get(pk=alice.area_id).name
        listed.cell(2, 7).value = community
        assert send(client, lists.saved(book)).status_code == 302
        client.post(reverse("import-commit", args=[ImportBatch.objects.get().pk]))
        assert Episode.objects.get().release_on == dt.date(2022, 11, 23)

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_every_word_that_it_offers_is_understood(self, alice: User, language: str) -> None:
        with translation.override(language):
            offered = [(guide, word) for guide in guides() for word in guide.choices]
            assert len(offered) > 15
            rows = [
                {each.heading: each.example for each in guides()}
                | {guide.heading: word}
                | {str(HEADINGS[Meaning.COMMUNITY]): None, str(HEADINGS[Meaning.ID_NUMBER]): None}
                for guide, word in offered
            ]
            content = lists.workbook(lists.table(rows, header=[guide.heading for guide in guides()]))
            at = clock.now()
            batch = importing.upload(
                content=content, file_name="a.xlsx", registered_on=TODAY, by=alice, at=at
            )
            preview = importing.preview(batch, by=alice, at=at)
        for (guide, word), row in zip(offered, preview.rows, strict=True):
            blamed = [fault.column.meaning for fault in row.read.faults if fault.column]
            assert guide.meaning not in blamed, (word, row.findings)

    def test_the_empty_template_imports_nobody(self, browser: Client) -> None:
        content = browser.get(reverse("import-template")).content
        assert "Nobody stands" in send(browser, content).content.decode()


def test_no_page_of_the_import_needs_an_inline_style_or_script(browser: Client) -> None:
    batch = sent(browser, [lists.person(1), lists.person(2, 证件号码=DOUBTFUL), lists.person(3, 性别="？")])
    pages = [browser.get(reverse("import")).content.decode()]
    pages += [page(browser, batch, group=group) for group in ("new", "doubtful", "wrong")]
    browser.post(reverse("import-commit", args=[batch.pk]))
    pages.append(page(browser, batch))
    for text in pages:
        assert not re.search(r"\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)", text)
