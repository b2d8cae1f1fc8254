"""Entering a compound by rows and columns, and mending what was entered wrongly."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Area, User
from policy.refusals import BadInput, RuleViolation
from tests import builders
from tests.builders import noon
from tests.zones.seals import seal
from zones.actions import places
from zones.models import Building, Compound, Unit
from zones.rules import PlaceKind

pytestmark = pytest.mark.django_db
TODAY = dt.date(2022, 11, 15)
AT = noon(TODAY)


@pytest.fixture
def garden(home: Area, alice: User) -> Compound:
    return places.make_compound(community=home, name="锦绣 花园", kind=PlaceKind.RESIDENTIAL, by=alice, at=AT)


def lay(compound: Compound, by: User, names: list[str], units: int = 0, **more: Any) -> places.Grid:
    return places.lay_grid(
        compound=compound,
        buildings=names,
        units_per_building=units,
        by=by,
        at=AT,
        **({"floors": None} | more),
    )


def drawn(compound: Compound) -> dict[str, list[str]]:
    return {
        building.name: sorted(building.units.values_list("name", flat=True))
        for building in compound.buildings.all()
    }


def test_rows_times_columns_are_made(garden: Compound, alice: User) -> None:
    grid = lay(garden, alice, ["1号楼", "２ 号楼"], 2, floors=18)
    assert garden.name == "锦绣花园"
    assert drawn(garden) == {"1号楼": ["1单元", "2单元"], "2号楼": ["1单元", "2单元"]}
    assert (grid.buildings, grid.kept, len(grid.units)) == (("1号楼", "2号楼"), (), 4)
    assert set(garden.buildings.values_list("floors", flat=True)) == {18}


def test_a_building_without_units_has_one_implicit_unit(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["王家院"])
    assert drawn(garden) == {"王家院": [""]}


def test_laying_twice_is_once(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼"], 2)
    keys = set(Unit.objects.values_list("pk", flat=True))
    again = lay(garden, alice, ["1号楼"], 2)
    assert (again.buildings, again.kept, again.units) == ((), ("1号楼",), ())
    assert set(Unit.objects.values_list("pk", flat=True)) == keys


def test_what_stands_there_is_kept_with_its_people(garden: Compound, alice: User, home: Area) -> None:
    unit = builders.episode(alice).person.unit
    assert unit is not None
    assert unit.building.compound == garden
    grid = lay(garden, alice, ["4号楼", "5号楼"], 2, floors=6)
    unit.building.refresh_from_db()
    assert grid.units == (("4号楼", "2单元"), ("5号楼", "1单元"), ("5号楼", "2单元"))
    assert unit.residents.count() == 1
    assert unit.building.floors == 6


def test_floors_that_somebody_said_are_not_overwritten(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼"], 1, floors=6)
    lay(garden, alice, ["1号楼"], 1, floors=30)
    assert garden.buildings.get().floors == 6


def test_no_implicit_unit_beside_named_ones(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼"], 2)
    assert lay(garden, alice, ["1号楼"], 0).units == ()
    assert drawn(garden) == {"1号楼": ["1单元", "2单元"]}


def test_an_empty_implicit_unit_gives_way_to_named_ones(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼", "2号楼"])
    seal(Unit.objects.get(building__name="2号楼"), alice)
    grid = lay(garden, alice, ["1号楼", "2号楼"], 1)
    assert drawn(garden) == {"1号楼": ["1单元"], "2号楼": ["", "1单元"]}
    assert grid.replaced == ("1号楼",)


def test_the_preview_is_what_is_made_and_writes_nothing(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼"], 1)
    names = ["1号楼", "2号楼"]
    foreseen = places.grid_of(compound=garden, buildings=names, units_per_building=2)
    assert Unit.objects.count() == 1
    assert lay(garden, alice, names, 2) == foreseen


@pytest.mark.parametrize(
    ("names", "units", "pattern", "field"),
    [
        ([" "], 1, "{n}单元", "buildings"),
        ([f"{n}号楼" for n in range(301)], 1, "{n}单元", "buildings"),
        (["楼" * 41], 1, "{n}单元", "buildings"),
        (["1号楼"], 41, "{n}单元", "units_per_building"),
        (["1号楼"], -1, "{n}单元", "units_per_building"),
        (["1号楼"], 2, "单元", "unit_pattern"),
    ],
)
def test_a_slip_is_told_at_its_field(
    garden: Compound, alice: User, names: list[str], units: int, pattern: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        lay(garden, alice, names, units, unit_pattern=pattern)
    assert refused.value.field == field
    assert not Building.objects.exists()


def test_nobody_builds_in_the_next_community(garden: Compound, bob: User, home: Area) -> None:
    for act in (
        lambda: lay(garden, bob, ["1号楼"]),
        lambda: places.make_compound(community=home, name="新村", kind=PlaceKind.VILLAGE, by=bob, at=AT),
        lambda: places.change_compound(
            compound=garden, name="改名", kind=PlaceKind.VILLAGE, address="", by=bob, at=AT
        ),
    ):
        with pytest.raises(BadInput) as refused:
            act()
        assert refused.value.field == "community"


def test_one_compound_a_name(garden: Compound, home: Area, alice: User) -> None:
    with pytest.raises(BadInput) as refused:
        places.make_compound(community=home, name="锦绣花园", kind=PlaceKind.RESIDENTIAL, by=alice, at=AT)
    assert refused.value.field == "name"


# ── mending ──────────────────────────────────────────────────────────────────────────────────────


def test_a_name_is_mended_once(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼", "2号楼"], 1)
    building = garden.buildings.get(name="2号楼")
    change = {"building": building, "name": " 3 号楼", "floors": 4, "by": alice, "at": AT}
    assert places.change_building(**change)
    assert not places.change_building(**change)
    assert drawn(garden) == {"1号楼": ["1单元"], "3号楼": ["1单元"]}
    with pytest.raises(BadInput):
        places.change_building(**(change | {"name": "1号楼"}))
    unit = building.units.get()
    assert places.change_unit(unit=unit, name="东单元", by=alice, at=AT)
    assert drawn(garden)["3号楼"] == ["东单元"]


def test_a_published_name_stands_until_the_unit_is_open(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼"], 2)
    unit = Unit.objects.get(name="1单元")
    seal(unit, alice)
    acts: list[Callable[[dt.datetime], bool]] = [
        lambda at: places.change_unit(unit=unit, name="3单元", by=alice, at=at),
        lambda at: places.change_building(building=unit.building, name="9号楼", floors=None, by=alice, at=at),
        lambda at: places.change_compound(
            compound=garden, name="新名", kind=PlaceKind.RESIDENTIAL, address="", by=alice, at=at
        ),
    ]
    last_minute = noon(dt.date(2022, 11, 17)) + dt.timedelta(hours=11, minutes=59)
    for act in acts:
        with pytest.raises(RuleViolation) as refused:
            act(last_minute)
        assert (refused.value.code, refused.value.clause) == ("sealed", "三(二)")
    for act in acts:
        assert act(last_minute + dt.timedelta(minutes=1))


def test_a_slip_may_be_removed_and_what_is_in_use_stays(garden: Compound, alice: User) -> None:
    lay(garden, alice, ["1号楼", "2号楼"], 2)
    lived_in = builders.episode(alice).person.unit
    assert lived_in is not None
    sealed = Unit.objects.get(building__name="1号楼", name="2单元")
    seal(sealed, alice)
    for unit in (lived_in, sealed):
        with pytest.raises(RuleViolation) as refused:
            places.remove_unit(unit=unit, by=alice, at=AT)
        assert refused.value.code == "in_use"
    with pytest.raises(RuleViolation):
        places.remove_building(building=sealed.building, by=alice, at=AT)
    assert drawn(garden)["1号楼"] == ["1单元", "2单元"]
    free = Building.objects.get(name="2号楼")
    assert places.remove_building(building=free, by=alice, at=AT)
    assert not places.remove_building(building=free, by=alice, at=AT)
    other = Unit.objects.get(building__name="1号楼", name="1单元")
    assert places.remove_unit(unit=other, by=alice, at=AT)
    assert drawn(garden) == {"1号楼": ["2单元"], "4号楼": ["1单元"]}
