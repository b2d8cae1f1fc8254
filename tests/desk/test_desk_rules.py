"""The order of a walk, and the outlook down to an open gate."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.rules import LONGEST_OUTLOOK, natural_key, outlook

TODAY = dt.date(2022, 11, 16)


def day(n: int) -> dt.date:
    return TODAY + dt.timedelta(days=n)


@pytest.mark.parametrize(
    "doors",
    [
        ["302", "1201"],
        ["2号楼", "10号楼"],
        ["1单元 901", "2单元 302", "2单元 1201"],
        ["", "1"],
        ["A2", "A10", "B1"],
        ["２号楼", "10号楼"],
    ],
)
def test_doors_stand_in_the_order_in_which_people_count(doors: list[str]) -> None:
    turned = doors[::-1]

    assert sorted(turned, key=natural_key) == doors


@given(st.lists(st.text(max_size=12)))
def test_any_names_at_all_can_be_put_in_order(names: list[str]) -> None:
    assert len(sorted(names, key=natural_key)) == len(names)


def test_the_outlook_counts_down_and_ends_at_a_gate() -> None:
    days = outlook({day(1): 3, day(3): 5}, TODAY)

    assert [(each.on, each.count, each.is_last) for each in days] == [
        (day(0), 8, False),
        (day(1), 5, False),
        (day(2), 5, False),
        (day(3), 0, True),
    ]
    assert [each.share for each in days] == [100, 62, 62, 0]


def test_nobody_restricted_needs_no_outlook() -> None:
    assert outlook({}, TODAY) == []
    assert outlook({TODAY: 4}, TODAY) == []  # free since 00:00


@given(st.dictionaries(st.integers(1, 40), st.integers(1, 50), min_size=1))
def test_the_outlook_never_rises_and_always_opens(releases: dict[int, int]) -> None:
    days = outlook({day(n): count for n, count in releases.items()}, TODAY)

    counts = [each.count for each in days]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == sum(releases.values())
    assert (counts[-1], days[-1].on, days[-1].is_last) == (0, day(max(releases)), True)
    assert len(days) <= LONGEST_OUTLOOK + 1
