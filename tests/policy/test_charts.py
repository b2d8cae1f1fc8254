"""Charts: what is drawn stands for its numbers, and everything that a reader can't see is said as well."""

import re
import xml.etree.ElementTree as ET  # our own markup

import pytest

from policy import charts
from policy.charts import Bar, Line, Series, bars, columns, lines, ticks


def parsed(svg: str) -> ET.Element:
    """The markup as a browser reads it."""
    return ET.fromstring(svg)


def rects(svg: str, look: str) -> list[dict[str, float]]:
    return [
        {key: float(rect.attrib[key]) for key in ("x", "y", "width", "height")}
        for rect in parsed(svg).iter("rect")
        if rect.attrib["class"] == f"fill {look}"
    ]


@pytest.mark.parametrize(
    ("most", "axis"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (7, [0, 2, 4, 6, 8]),
        (41, [0, 20, 40, 60]),
        (900, [0, 500, 1000]),
    ],
)
def test_the_axis_has_few_round_numbers_and_reaches_the_highest(most: int, axis: list[int]) -> None:
    assert ticks(most) == axis
    assert ticks(most)[-1] >= most


def test_a_column_is_as_high_as_its_number_and_stands_on_the_one_below() -> None:
    svg = columns("k", "T", "D", ["a", "b"], [Series("a", "x", [2, 4]), Series("c", "y", [1, 0])], "例")

    first, second = rects(svg, "a")
    (top,) = rects(svg, "c")
    assert second["height"] == pytest.approx(2 * first["height"], abs=0.2)
    assert top["y"] + top["height"] == pytest.approx(first["y"], abs=0.2)
    assert top["height"] == pytest.approx(first["height"] / 2, abs=0.2)


def test_nothing_leaves_the_drawing() -> None:
    days = [f"11-{n:02d}" for n in range(1, 31)]
    svg = columns("k", "T", "D", days, [Series("a", "x", list(range(30)))], "例")

    for rect in rects(svg, "a"):
        assert rect["x"] >= 0
        assert rect["x"] + rect["width"] <= charts.WIDTH
        assert rect["y"] >= 0
        assert rect["y"] + rect["height"] <= charts.HEIGHT


def test_thirty_dates_have_few_labels_and_the_last_is_one_of_them() -> None:
    days = [f"11-{n:02d}" for n in range(1, 31)]
    svg = columns("k", "T", "D", days, [Series("a", "x", [1] * 30)], "例")
    below = [text.text for text in parsed(svg).iter("text") if text.text in days]

    assert len(below) <= 7
    assert below[-1] == "11-30"


def test_without_numbers_there_is_an_axis_and_no_mark() -> None:
    svg = columns("k", "T", "D", [], [Series("a", "x", [])], "例")

    assert rects(svg, "a") == []
    assert parsed(svg).attrib["role"] == "img"


def test_title_and_description_are_said_and_every_word_is_escaped() -> None:
    svg = columns("k", "A & <b>", 'D "d"', ["<i>"], [Series("a", "<u>", [1])], "例")
    root = parsed(svg)

    assert root.attrib["aria-labelledby"] == "k-t k-d"
    assert root.find("title").text == "A & <b>"
    assert root.find("desc").text == 'D "d"'
    assert "<i>: 1" not in svg
    assert [each.text for each in root.iter("title")][1] == "<i> <u>: 1 例"


def test_a_line_rises_with_its_shares_and_marks_each_point() -> None:
    svg = lines("k", "T", "D", 10, [Line("p1", "x", [(3, 81.4), (5, 94.5)], "diamond")], [(5, "5")])
    dots = [path.attrib["d"] for path in parsed(svg).iter("path") if path.attrib["class"] == "dot p1"]
    (first, second) = [tuple(map(float, re.match(r"M([\d.]+) ([\d.]+)", d).groups())) for d in dots]

    assert first[0] < second[0]
    assert first[1] > second[1]
    assert "x · 3: 81.4 %" in svg


def test_bars_stand_in_the_relation_of_their_numbers() -> None:
    svg = bars("k", "T", "D", [Bar("c", "own", 5), Bar("e", "other", 7)], "天")

    assert rects(svg, "c")[0]["width"] / rects(svg, "e")[0]["width"] == pytest.approx(5 / 7, abs=0.01)
    assert "5 天" in svg


def test_no_chart_needs_an_inline_style_or_colour_alone() -> None:
    drawn = [
        columns("a", "T", "D", ["x"], [Series(look, look, [1]) for look in "abcde"], "例"),
        lines("b", "T", "D", 8, [Line("ours", "x", [(0, 0), (8, 100)])]),
        bars("c", "T", "D", [Bar("d", "x", 1)], "天"),
        charts.PATTERNS,
        charts.swatch("b"),
    ]

    assert not any("style=" in svg or "<script" in svg for svg in drawn)
    assert 'fill="url(#hatch-b)"' in drawn[0]
    assert 'id="hatch-b"' in charts.PATTERNS
