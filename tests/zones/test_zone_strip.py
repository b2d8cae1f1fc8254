"""The strip of a sealed unit: which cells, where the gate stands, what a screen reader hears."""

import datetime as dt
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation

from policy.strip import Cell, Strip, axis_around
from zones.rules import SealEnding, SealState
from zones.strip import SealCell, draw_seal, foreseen


def on(day: int, month: int = 11) -> dt.date:
    return dt.date(2022, month, day)


def strip(**changes: Any) -> Strip:
    """An infection found on 12 November, five clean days, open on the 18th; seen on the 15th."""
    facts: dict[str, Any] = {
        "last_infection_on": on(12),
        "clean_days": 5,
        "release_on": on(18),
        "today": on(15),
    }
    with translation.override("en"):
        return draw_seal(**(facts | changes))


def looks(cells: tuple[Cell, ...]) -> list[str]:
    return [cell.classes for cell in cells]


def render(source: str, **context: object) -> str:
    with translation.override("en"):
        return Template("{% load zone_strip %}" + source).render(Context(context))


def test_day_0_five_clean_days_and_then_the_gate() -> None:
    drawn = strip()
    assert [cell.on for cell in drawn.cells] == [on(day) for day in range(12, 18)]
    assert looks(drawn.cells) == ["hit", "seal past", "seal past", "seal now", "seal", "seal"]
    assert (drawn.end.on, drawn.end.classes, drawn.end.is_open) == (on(18), "gate", True)
    assert drawn.days_left == 3
    assert not drawn.after
    assert drawn.label == (
        "infection found on 12 Nov, today is day 3 of 5, low risk from 18 Nov at 00:00, 3 days left"
    )


@pytest.mark.parametrize(("seen", "left", "word"), [(17, 1, "from"), (18, 0, "since"), (20, 0, "since")])
def test_it_is_open_on_the_sixth_date_and_not_before(seen: int, left: int, word: str) -> None:
    drawn = strip(today=on(seen), state=SealState.SEALED if seen < 18 else SealState.OPEN)
    assert drawn.days_left == left
    assert f"low risk {word} 18 Nov" in drawn.label
    assert ("now" in drawn.end.classes) is (seen == 18)


def test_on_the_day_of_the_infection_day_0_is_framed_and_no_clean_day_is_over() -> None:
    drawn = strip(today=on(12))
    assert looks(drawn.cells) == ["hit now", *["seal"] * 5]
    assert "today is day 0 of 5" in drawn.label
    assert drawn.days_left == 6


def test_a_restart_strikes_out_the_days_before_it() -> None:
    drawn = strip(last_infection_on=on(14), release_on=on(20), found_before=on(12), today=on(16))
    assert looks(drawn.cells)[:4] == ["hit", "seal void past", "hit", "seal past"]
    assert drawn.cells[0].on == on(12)
    assert [cell.above for cell in drawn.cells if isinstance(cell, SealCell) and cell.above] == [
        "infection",
        "anew",
    ]
    assert drawn.end.on == on(20)
    assert drawn.label.startswith("days anew since the infection of 14 Nov, today is day 2 of 5")


def test_an_infection_noted_without_effect_strikes_out_nothing() -> None:
    assert looks(strip(found_before=on(12)).cells) == looks(strip().cells)


def test_days_before_a_late_sealing_count_but_were_not_served() -> None:
    drawn = strip(sealed_on=on(14))
    assert looks(drawn.cells) == ["hit", "seal gone past", "seal past", "seal now", "seal", "seal"]
    with translation.override("en"):
        assert "before the sealing" in drawn.cells[1].spoken
        assert "before the sealing" not in drawn.cells[2].spoken


def test_what_was_opened_early_gives_the_other_days_back() -> None:
    drawn = strip(
        release_on=on(15),
        planned_release_on=on(18),
        ending=SealEnding.EARLY,
        state=SealState.OPENED_EARLY,
    )
    assert looks(drawn.cells) == ["hit", "seal past", "seal past"]
    assert looks(drawn.after) == ["cut", "cut"]
    assert [cell.on for cell in drawn.after] == [on(16), on(17)]
    assert "opened early on 15 Nov" in drawn.label


def test_the_date_of_an_early_opening_stays_beside_the_small_strip() -> None:
    ended = {"planned_release_on": on(18), "ending": SealEnding.EARLY, "state": SealState.OPENED_EARLY}
    for today in (15, 17, 19):
        text = render("{% zone_strip s %}", s=strip(release_on=on(15), today=on(today), **ended))
        assert '<i class="tail"><b>15 Nov</b></i>' in text


def test_a_mistaken_positive_says_so() -> None:
    drawn = strip(
        release_on=on(15),
        planned_release_on=on(18),
        ending=SealEnding.NO_GROUND,
        state=SealState.OPENED_EARLY,
    )
    assert "the infection was a mistake" in drawn.label


def test_overdue_shuts_the_gate_and_draws_the_days_beyond() -> None:
    drawn = strip(today=on(20), state=SealState.OVERDUE)
    assert drawn.end.classes == "gate shut"
    assert looks(drawn.after) == ["over", "over now"]
    assert drawn.days_over == 2
    assert drawn.label.endswith("was to open on 18 Nov, 2 days overdue")


def test_outside_of_time_nothing_is_past_and_nothing_is_left() -> None:
    drawn = strip(today=None)
    assert looks(drawn.cells) == ["hit", *["seal"] * 5]
    assert drawn.days_left == 0
    assert "left" not in drawn.label


def test_foreseen_is_what_the_clock_will_do() -> None:
    drawn = foreseen(on(12), 5, today=on(13))
    assert drawn.end.on == on(18)
    assert looks(drawn.cells)[:3] == ["hit", "seal now", "seal"]


def test_it_stands_on_the_calendar_of_the_lists() -> None:
    drawn = strip(axis=axis_around(on(15)))
    text = render("{% zone_strip s %}", s=drawn)
    assert 'class="strip cal"' in text
    assert '<i class="pad p7"></i><i class="hit">' in text


def test_the_large_one_is_a_list_that_speaks_day_by_day() -> None:
    text = render("{% zone_strip_big s %}", s=strip())
    assert text.count("<li") == 7
    assert 'datetime="2022-11-18"' in text
    assert "clean day 3 of 5" in text
    assert "today" in text
    assert "low risk" in text


def test_the_legend_names_each_mark() -> None:
    assert render("{% zone_strip_legend %}").count("<li>") == 6
