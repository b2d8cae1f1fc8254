"""Whatever file comes in, the answer is the list in it or a sentence that says what to do."""

import datetime as dt
import io
import random
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from cases.importing import columns, reading
from cases.importing.columns import Meaning
from cases.importing.sheets import LineList, pack, unpack
from policy.refusals import BadInput
from tests.cases import lists

pytestmark = pytest.mark.usefixtures("_in_english")
ROWS = [lists.person(1), lists.person(2, 备注="第二人")]


@pytest.fixture
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def read(content: bytes) -> LineList:
    return columns.find_list(reading.read(content))


def refusal(content: bytes) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(BadInput) as refused:
        read(content)
    assert refused.value.field == "file"
    return str(refused.value.sentence)


def texts(lines: LineList, meaning: Meaning) -> list[Any]:
    column = lines.column(meaning)
    assert column is not None
    return [row.cell(column.place) for row in lines.rows]


def patched(content: bytes, part: str, old: str, new: str) -> bytes:
    """A workbook with something replaced inside one of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == part:
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode())
            target.writestr(name, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class TestWorkbooks:
    def test_rows_keep_the_numbers_that_excel_shows(self) -> None:
        lines = read(lists.workbook(lists.table(ROWS, titles=["管控人员台账", ""])))
        assert [row.number for row in lines.rows] == [4, 5]
        assert texts(lines, Meaning.NAME) == [ROWS[0]["姓名"], ROWS[1]["姓名"]]

    def test_the_list_may_stand_on_a_later_sheet(self) -> None:
        lines = read(lists.workbook(lists.table(ROWS), before=["封面", "填表说明"]))
        assert len(lines.rows) == 2

    def test_a_hidden_sheet_is_not_read(self) -> None:
        book = Workbook()
        book.worksheets[0].append(["姓名", "证件号码"])
        book.worksheets[0].append(["不该读", "1"])
        book.worksheets[0].sheet_state = "hidden"
        shown = book.create_sheet()
        for line in lists.table(ROWS):
            shown.append(line)
        assert len(read(lists.saved(book)).rows) == 2

    def test_blank_rows_between_people_are_passed_over(self) -> None:
        table = lists.table(ROWS)
        table.insert(2, [None] * 5)
        table.insert(3, ["", "  "])
        assert [row.number for row in read(lists.workbook(table)).rows] == [2, 5]

    def test_rows_that_only_carry_a_printed_number_are_no_people(self) -> None:
        empty = [dict.fromkeys(lists.HEADER) | {"序号": number} for number in range(3, 50)]
        assert len(read(lists.workbook(lists.table(ROWS + empty))).rows) == 2

    def test_a_header_repeated_on_each_printed_page_is_no_person(self) -> None:
        table = lists.table(ROWS)
        table.insert(2, list(lists.HEADER))
        assert len(read(lists.workbook(table)).rows) == 2

    def test_a_formula_counts_with_the_value_it_had_when_saved(self) -> None:
        content = lists.workbook(lists.table([lists.person(1, 备注="FORMULA")]))
        content = patched(
            content,
            "xl/worksheets/sheet1.xml",
            't="inlineStr"><is><t>FORMULA</t></is>',
            't="str"><f>CONCATENATE("已","核")</f><v>已核</v>',
        )
        assert texts(read(content), Meaning.REMARKS) == ["已核"]

    def test_rows_beyond_a_wrong_extent_are_not_lost(self) -> None:
        content = lists.workbook(lists.table(ROWS))
        lines = read(patched(content, "xl/worksheets/sheet1.xml", 'ref="A1:U3"', 'ref="A1:C2"'))
        assert len(lines.rows) == 2
        assert texts(lines, Meaning.REMARKS) == [None, "第二人"]

    def test_a_cell_at_the_very_end_of_the_sheet_costs_no_minute(self) -> None:
        content = lists.workbook(lists.table(ROWS))
        lines = read(
            patched(
                content,
                "xl/worksheets/sheet1.xml",
                "</sheetData>",
                '<row r="2000000000"><c r="A2000000000"><v>1</v></c></row></sheetData>',
            )
        )
        assert len(lines.rows) == 2

    def test_a_bare_day_count_is_certain_only_where_days_count_from_1900(self) -> None:
        assert read(lists.workbook(lists.table(ROWS))).serial_dates
        assert not read(lists.text(lists.table(ROWS)).encode()).serial_dates
        book = Workbook()
        book.epoch = CALENDAR_MAC_1904
        for line in lists.table(ROWS):
            book.worksheets[0].append(line)
        assert not read(lists.saved(book)).serial_dates

    def test_control_characters_do_not_reach_the_register(self) -> None:
        lines = read(lists.text([["姓名", "电话", "备注"], ["张\x08三", "1", "x_x000D_y"]]).encode())
        assert texts(lines, Meaning.NAME) == ["张三"]
        assert texts(lines, Meaning.REMARKS) == ["xy"]

    def test_what_is_kept_is_what_was_read(self) -> None:
        row = lists.person(
            1, 末次暴露日期=dt.datetime(2022, 11, 14, 8, 30), 房号=1203, 单元=1.5, 备注=dt.time(8), 性别=True
        )
        lines = read(lists.workbook(lists.table([row])))
        assert unpack(pack(lines)) == lines
        assert texts(unpack(pack(lines)), Meaning.LAST_EXPOSURE) == [dt.datetime(2022, 11, 14, 8, 30)]


class TestTexts:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
    )
    def test_every_usual_encoding_and_separator_gives_the_same_list(
        self, encoding: str, separator: str
    ) -> None:
        row = lists.person(1, 备注="同住人：王，李；另有\n一人 \t。")
        content = lists.text(lists.table([row]), separator=separator).encode(encoding)
        lines = read(content)
        assert texts(lines, Meaning.NAME) == [row["姓名"]]
        assert texts(lines, Meaning.REMARKS) == [row["备注"]]
        assert texts(lines, Meaning.ID_NUMBER) == [row["证件号码"]]

    def test_a_rare_character_of_gb18030_is_kept(self) -> None:
        content = lists.text(lists.table([lists.person(1, 姓名="𬍛䶮")])).encode("gb18030")
        assert texts(read(content), Meaning.NAME) == ["𬍛䶮"]

    def test_row_numbers_count_records_as_excel_does(self) -> None:
        content = lists.text(lists.table([lists.person(1, 备注="两\n行"), lists.person(2)], titles=["标题"]))
        assert [row.number for row in read(content.encode()).rows] == [3, 4]

    def test_the_apostrophe_that_keeps_a_text_a_text_is_none_of_it(self) -> None:
        assert texts(read("姓名,电话\n张三,'+8613800001234\n".encode()), Meaning.PHONE) == ["+8613800001234"]


class TestRefusals:
    @pytest.mark.parametrize("content", [b"", b" \r\n\t ", b"\x00\x00"])
    def test_an_empty_file(self, content: bytes) -> None:
        assert refusal(content) == "The file is empty."

    def test_the_content_decides_and_not_the_name(self) -> None:
        picture = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 20
        assert "neither an Excel workbook" in refusal(picture)
        assert "neither an Excel workbook" in refusal(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\x00")
        assert "neither an Excel workbook" in refusal(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(200))

    def test_an_old_workbook_says_how_to_save_it(self) -> None:
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
        assert "Save as" in refusal(ole + "Workbook".encode("utf-16-le"))

    def test_a_password_is_named(self) -> None:
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
        assert "password" in refusal(ole + "EncryptedPackage".encode("utf-16-le") + bytes(500))

    @pytest.mark.parametrize(
        "start", ["<html><table>", "  <!DOCTYPE html>", '<?xml version="1.0"?><Workbook>', "<table><tr>"]
    )
    def test_a_web_page_that_calls_itself_xls(self, start: str) -> None:
        assert "web page" in refusal(f"{start}<td>姓名</td><td>电话</td>".encode())

    @pytest.mark.parametrize(
        ("part", "word"),
        [("xl/workbook.bin", ".xlsb"), ("content.xml", ".ods"), ("word/document.xml", "no table")],
    )
    def test_other_archives_are_told_apart(self, part: str, word: str) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr(part, "<x/>")
        assert word in refusal(out.getvalue())

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
    def test_a_truncated_workbook_is_damaged(self, share: float) -> None:
        content = lists.workbook(lists.table(ROWS))
        assert "damaged" in refusal(content[: int(len(content) * share)])

    def test_a_missing_or_broken_part_is_damage_too(self) -> None:
        content = lists.workbook(lists.table(ROWS))
        assert "damaged" in refusal(patched(content, "xl/worksheets/sheet1.xml", "</sheetData>", ""))
        assert "damaged" in refusal(patched(content, "xl/workbook.xml", "<sheets>", "<sheets><nothing>"))

    def test_a_zip_bomb_is_not_unpacked(self) -> None:
        content = lists.workbook(lists.table(ROWS))
        out = io.BytesIO(content)
        with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/worksheets/sheet2.xml", b"<a>" + b" " * (130 * 1024 * 1024) + b"</a>")
        assert len(out.getvalue()) < 1024 * 1024
        assert "Unpacked" in refusal(out.getvalue())

    @pytest.mark.parametrize("part", ["xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/workbook.xml"])
    def test_no_entity_is_ever_resolved(self, part: str) -> None:
        content = lists.workbook(lists.table(ROWS))
        dtd = '<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            root = archive.read(part).decode()
        root = root[root.index("?>") + 2 :].lstrip() if root.startswith("<?xml") else root
        start = root[: root.index(">")]
        assert "damaged" in refusal(patched(content, part, start, dtd + start))

    def test_a_list_without_a_header_names_what_a_header_is(self) -> None:
        sentence = refusal(lists.workbook([["张三", "13800001234"], ["李四", "13900001234"]]))
        assert "No header was found" in sentence
        assert "“Name”" in sentence

    def test_a_header_without_people(self) -> None:
        assert "Nobody stands" in refusal(lists.workbook(lists.table([])))
        assert "Nobody stands" in refusal(lists.workbook(lists.table([{"序号": 1}, {"序号": 2}])))

    def test_two_columns_of_one_meaning_are_named(self) -> None:
        sentence = refusal("姓名,手机,联系电话\n张三,1,2\n".encode())
        assert "column B “手机”" in sentence
        assert "column C “联系电话”" in sentence

    def test_more_rows_than_can_be_looked_at(self) -> None:
        lines = "\n".join(f"张三,{n}" for n in range(reading.MAX_ROWS + 1))
        assert "20000" in refusal(f"姓名,电话\n{lines}".encode())
        lines = "\n".join(f"张三,{n}" for n in range(reading.MAX_ROWS))
        assert len(read(f"姓名,电话\n{lines}".encode()).rows) == reading.MAX_ROWS

    def test_a_file_that_is_too_large(self) -> None:
        assert "10 MB" in refusal(b"a" * (reading.MAX_BYTES + 1))


class TestHarmlessWhatever:
    """No bytes at all end in anything but a list or a sentence."""

    @given(st.binary(max_size=400))
    @settings(max_examples=150, deadline=None)
    def test_random_bytes(self, content: bytes) -> None:
        self.read_or_refuse(content)

    @given(st.text(max_size=200), st.sampled_from(["utf-8", "gb18030", "utf-16"]))
    @settings(max_examples=150, deadline=None)
    def test_random_texts_below_a_header(self, written: str, encoding: str) -> None:
        clean = written.encode(encoding, "ignore")
        self.read_or_refuse("姓名,电话\n".encode(encoding) + clean)

    @given(st.integers(0, 2**32))
    @settings(max_examples=60, deadline=None)
    def test_workbooks_with_broken_bytes(self, seed: int) -> None:
        rng = random.Random(seed)
        content = bytearray(self.workbook)
        for _ in range(rng.randrange(1, 30)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        self.read_or_refuse(bytes(content))

    @given(st.integers(0, 2**32))
    @settings(max_examples=60, deadline=None)
    def test_workbooks_with_broken_xml(self, seed: int) -> None:
        rng = random.Random(seed)
        with zipfile.ZipFile(io.BytesIO(self.workbook)) as source:
            parts = {name: bytearray(source.read(name)) for name in source.namelist()}
        victim = parts[rng.choice(sorted(parts))]
        for _ in range(rng.randrange(1, 8)):
            start = rng.randrange(len(victim))
            victim[start : start + rng.randrange(4)] = rng.choice(
                [b"", b"9", b"<", b'"', b"-1", b"\xff", b"&x;"]
            )
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as target:
            for name, data in parts.items():
                target.writestr(name, bytes(data))
        self.read_or_refuse(out.getvalue())

    workbook = lists.workbook(lists.table(ROWS))

    @staticmethod
    def read_or_refuse(content: bytes) -> None:
        try:
            lines: LineList | str = read(content)
        except BadInput as refused:
            lines = str(refused.sentence)
        assert unpack(pack(lines)) == lines if isinstance(lines, LineList) else lines


def test_the_reader_is_fed_what_openpyxl_writes() -> None:
    """A guard of these tests: the patched workbooks above are still workbooks."""
    assert load_workbook(io.BytesIO(TestHarmlessWhatever.workbook)).worksheets[0].max_row == 3
