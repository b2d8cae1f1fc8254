"""The pure rules of zones: the sixth date, the state by dates alone, the order and names of units."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zones.rules import (
    Cause,
    FoundWhere,
    SealEnding,
    SealState,
    boundary_of,
    day_of,
    in_order,
    opens_on,
    seal_state_on,
)

D12 = dt.date(2022, 11, 12)


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def test_found_on_the_12th_a_unit_opens_on_the_18th() -> None:
    assert opens_on(D12, 5) == november(18)


@given(st.dates(max_value=dt.date(9000, 1, 1)), st.integers(1, 60))
def test_exactly_that_many_whole_dates_lie_between(found_on: dt.date, days: int) -> None:
    opens = opens_on(found_on, days)
    between = [found_on + dt.timedelta(days=n) for n in range(1, (opens - found_on).days)]
    assert len(between) == days
    assert day_of(opens - dt.timedelta(days=1), found_on) == days


@pytest.mark.parametrize(("on", "day"), [(november(10), 0), (D12, 0), (november(13), 1), (november(17), 5)])
def test_the_date_of_the_infection_is_day_0(on: dt.date, day: int) -> None:
    assert day_of(on, D12) == day


@pytest.mark.parametrize(
    ("on", "ending", "gate_open", "state"),
    [
        (november(17), "", True, SealState.SEALED),
        (november(18), "", True, SealState.OPEN),
        (november(17), "", False, SealState.SEALED),
        (november(18), "", False, SealState.OVERDUE),
        (november(18), SealEnding.EARLY, False, SealState.OPENED_EARLY),
        (november(18), SealEnding.NO_GROUND, False, SealState.OPENED_EARLY),
    ],
)
def test_the_state_of_a_seal_follows_from_its_dates(
    on: dt.date, ending: str, gate_open: bool, state: SealState
) -> None:
    assert seal_state_on(on, ending=ending, release_on=november(18), gate_open=gate_open) is state


@pytest.mark.parametrize(
    ("where", "spread", "to_seal", "to_restart"),
    [
        (FoundWhere.COMMUNITY, False, False, False),
        (FoundWhere.CENTRAL, False, True, True),
        (FoundWhere.CLOSED_LOOP, False, True, True),
        (FoundWhere.ENTRY, True, True, True),
        (FoundWhere.HOME, False, True, False),
        (FoundWhere.HOME, True, False, False),
    ],
)
def test_which_infections_ask_for_a_reason(
    where: FoundWhere, spread: bool, to_seal: bool, to_restart: bool
) -> None:
    cause = Cause(1, D12, where, spread)
    assert (cause.needs_reason, cause.needs_reason_to_restart) == (to_seal, to_restart)


def test_buildings_stand_by_their_number() -> None:
    names = ["10号楼", "2号楼", "A座", "1号楼", "2号楼甲"]
    assert sorted(names, key=in_order) == ["1号楼", "2号楼", "2号楼甲", "10号楼", "A座"]


def test_a_whole_building_is_published_by_its_own_name() -> None:
    units = [("5号楼", "2单元"), ("3号楼", ""), ("5号楼", "1单元"), ("10号楼", "1单元")]
    assert boundary_of(units) == "3号楼、5号楼1单元、5号楼2单元、10号楼1单元"
    assert boundary_of(units, whole={"5号楼"}) == "3号楼、5号楼、10号楼1单元"
