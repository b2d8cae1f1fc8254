"""Lines pasted from a phone: whatever the order and the marks, nothing invented."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.pasting import PastedLine, read_lines
from cases.rules import ContactKind

TODAY = dt.date(2022, 11, 15)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("王小明 13800001234", PastedLine("王小明", "13800001234")),
        (
            "1、王小明，138-0000-1234，3号楼1单元502，11月12日，同住",
            PastedLine(
                "王小明",
                "13800001234",
                "",
                dt.date(2022, 11, 12),
                ContactKind.HOUSEHOLD,
                "3号楼",
                "1单元",
                "502",
            ),
        ),
        (
            "姓名：李四 身份证：11010519900307001x 2022-11-13 同事",
            PastedLine("李四", "", "11010519900307001X", dt.date(2022, 11, 13), ContactKind.WORK),
        ),
        ("赵六 12月30日", PastedLine("赵六", on=dt.date(2021, 12, 30))),
        ("１３８００００１２３４　王五", PastedLine("王五", "13800001234")),
    ],
)
def test_a_line_is_read(text: str, line: PastedLine) -> None:
    assert read_lines(text, TODAY) == [line]


def test_empty_lines_count_for_nothing() -> None:
    assert [line.name for line in read_lines("\n王小明\n\n  \n李四\n", TODAY)] == ["王小明", "李四"]


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_no_date_lies_in_the_future(text: str) -> None:
    for line in read_lines(text, TODAY):
        assert line.on is None or line.on.year <= TODAY.year
