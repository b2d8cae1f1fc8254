"""What a cell says is read, or handed back with a way to write it; nothing is guessed."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import translation

from cases.importing import cells, columns, words
from cases.importing.cells import Unreadable
from cases.importing.columns import HEADINGS, Meaning, meaning_of
from cases.importing.rows import ANCHOR_OF
from cases.importing.sheets import Value
from cases.rules import ID_KINDS, KEY_MARKS, IdKind, KeyMarkKind, Sex
from policy.types import Category, IsolationFinished

pytestmark = pytest.mark.usefixtures("_in_english")
THE_14TH = dt.date(2022, 11, 14)


@pytest.fixture
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


class TestDates:
    @pytest.mark.parametrize(
        "written",
        [
            dt.datetime(2022, 11, 14),
            dt.datetime(2022, 11, 14, 23, 59),
            THE_14TH,
            "2022年11月14日",
            "2022年 11月 14日",
            "2022年11月14号",
            "2022/11/14",
            "2022-11-14",
            "2022.11.14",
            "20221114",
            20221114,
            20221114.0,
            "２０２２－１１－１４",
            "２０２２／１１／１４",
            "2022—11—14",
            " 2022-11-14 ",
            "2022-11-14 08:30",
            "2022-11-14 08:30:59",
            "2022-11-14T08:30",
            "2022/11/14 8:05",
            "2022年11月14日8时",
            "2022年11月14日 下午3时20分",
            "2022年11月14日（星期一）",
            "2022-11-14 周一",
        ],
    )
    def test_each_certain_way_to_write_a_date_is_read(self, written: Value) -> None:
        assert cells.date_in(written) == THE_14TH

    def test_single_digits_are_as_good(self) -> None:
        assert cells.date_in("2022年1月4日") == cells.date_in("2022-1-4") == dt.date(2022, 1, 4)

    @pytest.mark.parametrize("written", [None, "", "  ", "/", "-", "——", "无", "N/A"])
    def test_nothing_is_no_date(self, written: Value) -> None:
        assert cells.date_in(written) is None

    @pytest.mark.parametrize("written", ["昨天", "今天", "前天晚上", "11月14日前天", "上周五"])
    def test_a_day_relative_to_the_writing_is_handed_back(self, written: str) -> None:
        with pytest.raises(Unreadable, match="depends on the day"):
            cells.date_in(written)

    @pytest.mark.parametrize("written", ["11月14日", "11-14", "11/14", "11.14", 11.14])
    def test_a_date_without_a_year_is_handed_back(self, written: Value) -> None:
        with pytest.raises(Unreadable, match="no year"):
            cells.date_in(written)

    @pytest.mark.parametrize("written", ["14/11/22", "22-11-14", "14/11/2022", "3/4/2022", "22年11月14日"])
    def test_a_date_with_two_readings_is_handed_back(self, written: str) -> None:
        with pytest.raises(Unreadable, match="several ways"):
            cells.date_in(written)

    @pytest.mark.parametrize("written", ["2022-02-30", "20221345", "2022年13月1日", "2022/11/31", 20220230])
    def test_a_day_that_does_not_exist_is_handed_back(self, written: Value) -> None:
        with pytest.raises(Unreadable, match="no such day"):
            cells.date_in(written)

    @pytest.mark.parametrize(
        "written",
        [
            "2022-11-14至2022-11-16",
            "2022-11-141",
            "2022-11",
            "2022年11月",
            "待查",
            "2022-11-14 24:00",
            "2022-11-14T23:30:00Z",
            44879,
            "44879",
            dt.time(8, 30),
            True,
        ],
    )
    def test_everything_else_is_handed_back_too(self, written: Value) -> None:
        with pytest.raises(Unreadable, match="2022-11-14"):
            cells.date_in(written)

    def test_in_a_workbook_a_bare_number_can_only_be_a_day_count(self) -> None:
        assert cells.date_in(44879, serial_dates=True) == THE_14TH
        assert cells.date_in(44879.75, serial_dates=True) == THE_14TH

    @pytest.mark.parametrize("number", [1, 12, 2022, 43_799, 73_051, 1e12, -44879])
    def test_a_number_that_is_no_day_of_these_years_is_handed_back(self, number: float) -> None:
        with pytest.raises(Unreadable):
            cells.date_in(number, serial_dates=True)

    def test_a_text_of_five_digits_is_no_day_count(self) -> None:
        with pytest.raises(Unreadable):
            cells.date_in("44879", serial_dates=True)

    def test_the_error_of_a_formula_is_no_value(self) -> None:
        with pytest.raises(Unreadable, match="error of Excel"):
            cells.date_in("#N/A")


class TestCategories:
    @pytest.mark.parametrize(
        ("written", "category"),
        [
            ("密切接触者", Category.CLOSE_CONTACT),
            ("密接", Category.CLOSE_CONTACT),
            (" 密 接 ", Category.CLOSE_CONTACT),
            ("密切接触者（密接）", Category.CLOSE_CONTACT),
            ("高风险区外溢人员", Category.SPILL_OVER),
            ("外溢人员", Category.SPILL_OVER),
            ("闭环作业结束人员", Category.POST_CLOSED_LOOP),
            ("结束闭环作业人员", Category.POST_CLOSED_LOOP),
            ("入境人员", Category.ENTRANT),
            ("密接的密接", Category.SECONDARY_CONTACT),
            ("次密接", Category.SECONDARY_CONTACT),
            ("二次密接", Category.SECONDARY_CONTACT),
            ("Close contact", Category.CLOSE_CONTACT),
        ],
    )
    def test_the_usual_words(self, written: str, category: Category) -> None:
        assert cells.category_in(written) is category

    @pytest.mark.parametrize(
        "written", ["密切接触者（密接的密接）", "一般接触者", "密接/入境", "接触者", "1"]
    )
    def test_an_unknown_word_is_handed_back_with_the_known_ones(self, written: str) -> None:
        with pytest.raises(Unreadable, match="close contact, spill-over person"):
            cells.category_in(written)

    def test_no_category_is_handed_back(self) -> None:
        with pytest.raises(Unreadable, match="category is missing"):
            cells.category_in(None)

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_the_words_of_our_own_pages_are_understood(self, language: str) -> None:
        with translation.override(language):
            assert all(cells.category_in(each.label) is each for each in Category)
            for each in ID_KINDS:
                assert cells.id_kind_in(str(ID_KINDS[each]), "") is each
            for mark in KEY_MARKS:
                assert cells.key_marks_in(str(KEY_MARKS[mark])) == (frozenset({mark}), [])

    def test_every_category_has_its_anchor_column(self) -> None:
        assert set(ANCHOR_OF) == set(Category)


class TestNumbers:
    @pytest.mark.parametrize(
        "written",
        ["110105 19491231 002x", "11010519491231002Ｘ", "'11010519491231002x", "\t11010519491231002X"],
    )
    def test_an_id_is_tidied(self, written: str) -> None:
        assert cells.id_number_in(written) == "11010519491231002X"

    @pytest.mark.parametrize(
        "written", [1.10105194912310e17, 110105194912310000, "1.10105E+17", "1.10105194912310E17"]
    )
    def test_an_id_that_excel_has_shortened_is_handed_back(self, written: Value) -> None:
        with pytest.raises(Unreadable, match="lost its last digits"):
            cells.id_number_in(written)

    def test_a_number_that_is_exact_stays_a_number(self) -> None:
        assert cells.id_number_in(110105194912310021) == "110105194912310021"
        assert cells.id_number_in(12345678.0) == "12345678"

    @pytest.mark.parametrize(
        ("written", "phone"),
        [
            ("138 0000 1234", "13800001234"),
            ("138-0000-1234", "13800001234"),
            ("+86 138 0000 1234", "13800001234"),
            (13800001234, "13800001234"),
            (13800001234.0, "13800001234"),
            ("010-12345678", "01012345678"),
            ("１３８００００１２３４", "13800001234"),
            ("13800001234（本人）", "13800001234"),
            ("无", ""),
            (None, ""),
        ],
    )
    def test_a_phone_is_tidied(self, written: Value, phone: str) -> None:
        assert cells.phone_in(written) == phone

    @pytest.mark.parametrize(
        "written", ["13800001234/13900001234", "13800001234 13900001234", "1380000123413900001234"]
    )
    def test_two_phones_in_one_cell_are_handed_back(self, written: str) -> None:
        with pytest.raises(Unreadable, match="More than one"):
            cells.phone_in(written)

    @pytest.mark.parametrize("written", ["1.38E+10", "同上", "12"])
    def test_what_is_no_phone_is_handed_back(self, written: str) -> None:
        with pytest.raises(Unreadable):
            cells.phone_in(written)

    @pytest.mark.parametrize(
        ("kind", "number", "read"),
        [
            ("护照", "E12345678", IdKind.PASSPORT),
            ("台胞证", "01234567", IdKind.PERMIT),
            (None, "11010519491231002X", IdKind.RESIDENT_ID),
            (None, "110105", IdKind.RESIDENT_ID),
            (None, "E12345678", IdKind.OTHER),
            (None, "", IdKind.RESIDENT_ID),
            ("无证件", "", IdKind.NONE),
        ],
    )
    def test_the_kind_of_paper(self, kind: str | None, number: str, read: IdKind) -> None:
        assert cells.id_kind_in(kind, number) is read

    def test_no_paper_with_a_number_contradicts_itself(self) -> None:
        with pytest.raises(Unreadable, match="No paper"):
            cells.id_kind_in("无证件", "E1")


class TestOtherCells:
    @pytest.mark.parametrize(
        ("written", "answer"),
        [
            ("是", True),
            ("具备", True),
            ("√", True),
            ("否", False),
            ("不具备", False),
            ("", None),
            ("/", None),
        ],
    )
    def test_yes_and_no(self, written: str, answer: bool | None) -> None:
        assert cells.yes_or_no(written) is answer

    def test_neither_yes_nor_no_is_handed_back(self) -> None:
        with pytest.raises(Unreadable, match="yes, no"):
            cells.yes_or_no("可能")

    @pytest.mark.parametrize(
        ("written", "finished"),
        [
            ("是", IsolationFinished.ALL),
            ("否", IsolationFinished.NONE),
            (None, IsolationFinished.NONE),
            ("仅集中", IsolationFinished.CENTRAL),
        ],
    )
    def test_what_was_finished_elsewhere(self, written: Value, finished: IsolationFinished) -> None:
        assert cells.finished_in(written) is finished

    def test_sexes(self) -> None:
        assert [cells.sex_in(word) for word in ("男", "女", "F", "1", "未知", None)] == [
            Sex.MALE,
            Sex.FEMALE,
            Sex.FEMALE,
            Sex.MALE,
            Sex.UNKNOWN,
            Sex.UNKNOWN,
        ]
        with pytest.raises(Unreadable):
            cells.sex_in("男女")

    def test_key_marks_may_be_several_and_unknown_ones_are_told(self) -> None:
        assert cells.key_marks_in("孕产妇、基础病患者 / 低保户") == (
            frozenset({KeyMarkKind.PREGNANT, KeyMarkKind.UNDERLYING_DISEASE}),
            ["低保户"],
        )
        assert cells.key_marks_in("孕产妇 血液透析")[0] == {KeyMarkKind.PREGNANT, KeyMarkKind.DIALYSIS}
        assert cells.key_marks_in("否") == (frozenset(), [])
        assert cells.key_marks_in("是") == (frozenset(), ["是"])

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (dt.datetime(2022, 11, 14), "2022-11-14"),
            (dt.datetime(2022, 11, 14, 8, 30), "2022-11-14 08:30"),
            (4.0, "4"),
            (4.5, "4.5"),
            (13800001234, "13800001234"),
            (True, "TRUE"),
            (None, ""),
            (" 原样 ", " 原样 "),
        ],
    )
    def test_cells_are_given_back_as_they_look(self, value: Value, text: str) -> None:
        assert cells.text_of(value) == text


class TestHeadings:
    @pytest.mark.parametrize(
        ("heading", "meaning"),
        [
            ("姓名", Meaning.NAME),
            ("*姓 名：", Meaning.NAME),
            ("姓名\n（必填）", Meaning.NAME),
            ("身份证号/护照号", Meaning.ID_NUMBER),
            ("手机/电话", Meaning.PHONE),
            ("末次接触时间", Meaning.LAST_EXPOSURE),
            ("最后接触日期（年/月/日）", Meaning.LAST_EXPOSURE),
            ("是否具备居家隔离条件（是/否）", Meaning.HOME_SUITABLE),
            ("小区/村", Meaning.COMPOUND),
            ("门牌", Meaning.DOOR),
            ("ID Number", Meaning.ID_NUMBER),
            ("需要修改", Meaning.TO_MEND),
        ],
    )
    def test_the_usual_ways_to_head_a_column(self, heading: str, meaning: Meaning) -> None:
        assert meaning_of(heading) == meaning

    @pytest.mark.parametrize("heading", ["", "日期", "暴露日期", "填表人", "姓名/电话", "工作单位", "楼层"])
    def test_what_has_no_certain_meaning_has_none(self, heading: str) -> None:
        assert meaning_of(heading) == ""

    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_the_headings_of_our_own_template_are_understood(self, language: str) -> None:
        with translation.override(language):
            assert {meaning: meaning_of(str(heading)) for meaning, heading in HEADINGS.items()} == {
                meaning: meaning for meaning in Meaning
            }

    def test_no_word_has_two_meanings(self) -> None:
        headings = words.headings()
        by_word: dict[str, set[str]] = {}
        for heading, meaning in headings:
            by_word.setdefault(columns.bare(heading), set()).add(meaning)
        assert {word: found for word, found in by_word.items() if len(found) > 1} == {}
        assert {meaning for _, meaning in headings} == set(Meaning)
