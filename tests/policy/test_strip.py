"""The strip: which cells, which marks, where the gate stands, and what a screen reader hears."""

import datetime as dt
import re
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from policy.strip import (
    Cell,
    Strip,
    StripTest,
    TestState,
    axis_ahead,
    axis_around,
    draw,
    draw_plan,
)
from policy.types import Anchor, Category, Mode, Plan, PlannedTest, Stage


def on(day: int, month: int = 11) -> dt.date:
    return dt.date(2022, month, day)


def stage(mode: Mode, first: dt.date, last: dt.date) -> Stage:
    return Stage(mode, first, last, True, False, "二(一)", Category.CLOSE_CONTACT)


FIVE_PLUS_THREE = (stage(Mode.CENTRAL, on(15), on(19)), stage(Mode.HOME, on(20), on(22)))
SIX_TESTS = [StripTest(on(day), TestState.DUE) for day in (15, 16, 17, 19, 20, 22)]


def strip(**changes: Any) -> Strip:
    """The rulebook's close contact: last exposed and registered on 14 November, seen on the 16th."""
    facts: dict[str, Any] = {
        "stages": FIVE_PLUS_THREE,
        "tests": [],
        "registered_on": on(14),
        "release_on": on(23),
        "today": on(16),
    }
    with translation.override(changes.pop("language", "en")):
        return draw(**(facts | changes))


def spoken(cell: Cell, language: str = "en") -> str:
    """What a screen reader says; made when it is asked for."""
    with translation.override(language):
        return cell.spoken


def looks(drawn: Strip) -> list[str]:
    return [cell.classes.split()[0] for cell in drawn.cells]


def render(source: str, language: str = "en", **context: object) -> str:
    with translation.override(language):
        return Template("{% load strip %}" + source).render(Context(context))


# -- cells -------------------------------------------------------------------------------------------------


def test_five_days_full_three_days_half_and_then_the_gate() -> None:
    drawn = strip(registered_on=on(15))

    assert looks(drawn) == ["full"] * 5 + ["half"] * 3
    assert [cell.on for cell in drawn.cells] == [on(day) for day in range(15, 23)]
    assert drawn.gate is not None
    assert (drawn.gate.on, drawn.gate.is_open) == (on(23), True)


def test_monitoring_is_an_outline() -> None:
    drawn = strip(stages=[stage(Mode.MONITORING, on(15), on(19))], release_on=on(20), registered_on=on(15))

    assert looks(drawn) == ["line"] * 5


def test_the_day_of_registration_before_day_one_has_its_own_look() -> None:
    first = strip(registered_on=on(14)).cells[0]

    assert (first.on, first.classes, first.stage_index) == (on(14), "zero past", None)
    assert "day 0" in spoken(first)


def test_days_before_a_late_registration_are_gone_and_not_lost() -> None:
    drawn = strip(registered_on=on(17), today=on(17))

    assert [cell.on for cell in drawn.cells if "gone" in cell.classes] == [on(15), on(16)]
    assert drawn.gate is not None
    assert drawn.gate.on == on(23)
    assert "2 days before registration" in drawn.label


def test_yesterday_is_past_and_today_is_framed() -> None:
    drawn = strip(registered_on=on(15))

    assert [cell.on for cell in drawn.cells if "past" in cell.classes] == [on(15)]
    assert [cell.on for cell in drawn.cells if "now" in cell.classes] == [on(16)]
    assert [cell.on for cell in drawn.cells if cell.is_today] == [on(16)]


def test_outside_of_time_nothing_is_past_and_nothing_is_today() -> None:
    drawn = strip(today=None)

    assert not [cell for cell in drawn.cells if {"past", "now"} & set(cell.classes.split())]
    assert "left" not in drawn.label
    assert drawn.days_left == 0


def test_each_stage_is_named_once_on_its_first_cell() -> None:
    drawn = strip()

    assert [(cell.on, cell.stage_title) for cell in drawn.cells if cell.stage_title] == [
        (on(15), "central 5 d"),
        (on(20), "home 3 d"),
    ]
    assert [cell.stage_index for cell in drawn.cells] == [None, 0, 0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("state", list(TestState))
def test_a_test_hangs_below_its_day_with_its_word(state: TestState) -> None:
    drawn = strip(tests=[StripTest(on(16), state)])
    [cell] = [cell for cell in drawn.cells if cell.test]

    assert cell.on == on(16)
    assert cell.classes == f"full now {state.value}"
    with translation.override("en"):
        assert cell.word == state.short
        assert state.label in spoken(cell)
        assert state.label in drawn.label


def test_the_first_of_a_month_names_its_month() -> None:
    stages = [stage(Mode.HOME, on(28), on(4, 12))]
    drawn = strip(stages=stages, registered_on=on(28), release_on=on(5, 12), today=on(28))

    assert [cell.day for cell in drawn.cells] == ["28", "29", "30", "12/1", "2", "3", "4"]


# -- the end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("today", "left"), [(on(16), 7), (on(22), 1), (on(23), 0), (on(30), 0), (on(14), 9)])
def test_days_left_count_down_to_the_release_date(today: dt.date, left: int) -> None:
    assert strip(today=today).days_left == left


def test_on_the_release_date_the_strip_says_that_it_has_ended() -> None:
    drawn = strip(today=on(23))

    assert "ended on 23 Nov" in drawn.label
    assert "left" not in drawn.label
    assert drawn.end.is_today
    assert drawn.gate is not None
    assert drawn.gate.is_open


def test_an_overdue_gate_is_shut_and_each_day_beyond_is_drawn() -> None:
    drawn = strip(today=on(25), overdue=True)

    assert drawn.gate is not None
    assert not drawn.gate.is_open
    assert [(cell.on, cell.classes) for cell in drawn.after] == [(on(24), "over"), (on(25), "over now")]
    assert "was to end on 23 Nov, 2 days overdue" in drawn.label


def test_a_long_delay_is_folded_and_still_ends_today() -> None:
    drawn = strip(today=on(23, 12), overdue=True)

    assert len(drawn.after) == 5
    assert drawn.after[2].classes == "gap"
    assert drawn.after[-1].is_today
    assert "30 days overdue" in drawn.label


def test_without_a_reason_to_be_overdue_nothing_is_drawn_beyond_the_gate() -> None:
    assert strip(today=on(30)).after == ()


def test_after_an_early_end_the_gate_stands_there_and_the_rest_is_given_back() -> None:
    drawn = strip(ended_early_on=on(18), tests=SIX_TESTS)

    assert [cell.on for cell in drawn.cells][-1] == on(17)
    assert drawn.gate is not None
    assert drawn.gate.on == on(18)
    assert [(cell.on, cell.classes) for cell in drawn.after] == [(on(day), "cut") for day in range(19, 23)]
    assert drawn.days_left == 2
    assert "22 Nov" not in drawn.label


def test_an_early_end_never_moves_the_gate_later() -> None:
    drawn = strip(ended_early_on=on(30))

    assert drawn.gate is not None
    assert drawn.gate.on == on(23)


def test_whoever_was_transferred_has_a_red_day_and_no_gate() -> None:
    drawn = strip(
        tests=[StripTest(on(15), TestState.NEGATIVE), StripTest(on(17), TestState.POSITIVE)],
        transferred_on=on(17),
        today=on(18),
    )

    assert drawn.gate is None
    assert drawn.cells[-1].on == on(17)
    assert drawn.cells[-1].classes.split()[0] == "hit"
    assert drawn.end.classes == "away"
    assert drawn.days_left == 0
    assert "positive, transferred on 17 Nov" in drawn.label
    assert "ends on" not in drawn.label


def test_a_person_without_restriction_has_an_open_gate_and_one_lone_test() -> None:
    drawn = strip(stages=[], tests=[StripTest(on(25), TestState.DUE)], registered_on=on(25), today=on(25))

    assert drawn.cells == ()
    assert drawn.gate is not None
    assert drawn.gate.is_open
    assert [(cell.on, cell.classes) for cell in drawn.after] == [(on(25), "bare now due")]
    assert drawn.days_left == 0
    assert drawn.note == "no restriction"
    assert drawn.label.startswith("no restriction, the period ended on 23 Nov; tests: 25 Nov")


# -- words -------------------------------------------------------------------------------------------------


def test_the_label_is_one_chinese_sentence() -> None:
    tests = [StripTest(on(15), TestState.NEGATIVE), StripTest(on(16), TestState.DUE)]

    assert strip(tests=tests, language="zh-hans").label == (
        "集中隔离5天，居家隔离3天，11-15起，今天第2天，11-23 0时解除，还有7天；核酸：11-15阴性、11-16待采样"
    )


def test_each_day_can_be_heard() -> None:
    drawn = strip(tests=SIX_TESTS, language="zh-hans")

    assert spoken(drawn.cells[2], "zh-hans") == "11月16日 星期三，今天，集中隔离第2天，核酸待采样"
    assert drawn.end.spoken == "11月23日 星期三 0时解除"


def test_a_plan_is_drawn_with_all_its_tests_due() -> None:
    plan = Plan(
        edition="twenty",
        category=Category.CLOSE_CONTACT,
        clause="二(一)",
        anchor=Anchor.LAST_EXPOSURE,
        anchor_on=on(14),
        day_one_on=on(15),
        registered_on=on(14),
        restricted=True,
        stages=FIVE_PLUS_THREE,
        tests=(
            PlannedTest(on(15), Mode.CENTRAL, 1, None, "二(一)"),
            PlannedTest(on(20), Mode.HOME, 1, None, "二(一)"),
        ),
        release_on=on(23),
    )
    drawn = draw_plan(plan, today=None)

    assert [(cell.on, cell.test) for cell in drawn.cells if cell.test] == [
        (on(15), TestState.DUE),
        (on(20), TestState.DUE),
    ]
    assert drawn.end.on == on(23)


# -- the shared calendar -----------------------------------------------------------------------------------


def test_today_is_the_eleventh_of_twenty_one_dates() -> None:
    first, last = axis_around(on(16))

    assert (first, last) == (on(6), on(26))


def columns(html: str) -> dict[int, str]:
    """Which mark stands in which column of the calendar."""
    placed: dict[int, str] = {}
    column = 0
    for classes in re.findall(r'<i class="([^"]*)">', html):
        if pad := re.fullmatch(r"pad p(\d+)", classes):
            column += int(pad[1])
        else:
            placed[column] = classes
            column += 1
    return placed


@pytest.mark.parametrize("registered", [14, 15, 17])
def test_on_the_register_every_strip_has_today_in_the_same_column(registered: int) -> None:
    drawn = strip(registered_on=on(registered), today=on(18), axis=axis_around(on(18)))
    placed = columns(render("{% strip s %}", s=drawn))

    assert placed[10].split()[:2] == ["full", "now"]
    assert placed[15] == "gate"


def test_a_lone_test_after_the_end_keeps_its_own_column() -> None:
    drawn = strip(
        stages=[],
        tests=[StripTest(on(28), TestState.DUE)],
        registered_on=on(28),
        today=on(28),
        axis=axis_around(on(28)),
    )

    assert columns(render("{% strip s %}", s=drawn)) == {5: "gate", 10: "bare now due"}


def test_what_the_calendar_does_not_reach_is_left_out_and_the_gate_stands_at_its_edge() -> None:
    long_ago = strip(today=on(15, 12), axis=axis_around(on(15, 12)))
    ahead = strip(
        stages=[stage(Mode.HOME, on(16), on(10, 12))],
        registered_on=on(16),
        release_on=on(11, 12),
        axis=axis_around(on(16)),
    )

    assert long_ago.cells == ()
    assert long_ago.end.classes == "gate far since"
    assert ahead.end.classes == "gate far"
    assert ahead.end.text == "11 Dec"
    assert max(columns(render("{% strip s %}", s=ahead))) == 21


def test_a_delay_that_began_before_the_calendar_still_has_today_in_its_column() -> None:
    drawn = strip(today=on(15, 12), overdue=True, axis=axis_around(on(15, 12)))
    placed = columns(render("{% strip s %}", s=drawn))

    assert placed[0] == "gate shut far since"
    assert placed[10] == "over now"
    assert len(placed) == 11


def test_the_work_list_has_a_shorter_calendar_and_marks_what_it_cuts() -> None:
    drawn = strip(today=on(20), axis=axis_ahead(on(20)))

    assert drawn.calendar == "cal near"
    assert (drawn.cells[0].on, drawn.cells[0].classes) == (on(17), "full past from")
    assert columns(render("{% strip s %}", s=drawn))[3].split()[:2] == ["half", "now"]


# -- template tags -----------------------------------------------------------------------------------------


def test_the_small_strip_is_one_image_with_the_sentence_as_its_name() -> None:
    drawn = strip(registered_on=on(15))
    html = render("{% strip s %}", s=drawn)

    assert html.startswith(f'<span class="strip" role="img" aria-label="{drawn.label}">')
    assert html.count("<i ") == 9
    assert "style" not in html


def test_the_large_strip_is_a_list_of_dates_that_is_heard_day_by_day() -> None:
    html = render("{% strip_big s %}", language="zh-hans", s=strip(tests=SIX_TESTS, language="zh-hans"))

    assert re.findall(r'<time datetime="([^"]*)"', html) == [f"2022-11-{day}" for day in range(14, 24)]
    assert '<span class="vh">11月16日 星期三，今天，集中隔离第2天，核酸待采样</span>' in html
    assert "集中隔离5天" in html
    assert "style=" not in html


def test_the_legend_names_what_it_is_asked_for() -> None:
    html = render('{% strip_legend "full, due, gate" %}', language="zh-hans")

    assert re.sub(r"<[^>]+>", " ", html).split() == ["集中隔离", "待采样", "解除日"]


def test_the_axis_shows_every_second_date_and_today() -> None:
    first, last = axis_around(on(16))
    html = render(
        "{% strip_axis first last today %}", language="zh-hans", first=first, last=last, today=on(16)
    )

    assert len(re.findall(r"<(?:b|span)[^>]*>(?:\d+|今)</", html)) == 21
    assert html.count('class="odd"') == 10
    assert "<b>今</b>" in html
    assert "2022-11-06至2022-11-26逐日计划" in html


def test_a_clause_is_a_link_to_its_text() -> None:
    html = render('{% clause "二(一)" %}')

    assert 'href="/policy/#c-2-1"' in html.replace("&#x27;", "'")
    assert ">二(一)</a>" in html


def test_a_clause_without_a_kept_text_is_named_all_the_same() -> None:
    assert render('{% clause "本地" %}') == '<span class="clause">本地</span>'
    assert render('{% clause "" %}') == ""


def test_a_clause_inside_a_refusal_becomes_a_link_and_the_rest_is_escaped() -> None:
    html = render("{{ text|clauses }}", text="<b>不再判定</b>密接的密接〔二(二)〕")

    assert html.startswith("&lt;b&gt;不再判定&lt;/b&gt;密接的密接<a ")
    assert html.endswith(">二(二)</a>")
