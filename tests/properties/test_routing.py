"""For any tree of offices, any routing table and any office complained about: nobody handles their own.

What stands above what is asked of the parents here, never of the paths that routing itself goes by.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import place_office
from accounts.models import Area, Office, User
from accounts.rules import BRANCHES, Department, Level, Role, office_path
from complaints.actions.filing import Filing, file_complaint
from complaints.actions.routing import higher_desk
from complaints.models import Complaint, RoutingRule
from complaints.rules.behaviours import BEHAVIOURS, BY_CODE
from complaints.rules.routing import Because, Matter, OfficeNode, Rule, next_higher, route
from tests.builders import area, noon, staff

CODES = (
    "11",
    "1101",
    "110105",
    "110108",
    "110105001",
    "110105002",
    "110108001",
    "110105001001",
    "110105001002",
    "110108001001",
)
INSIDE = (Department.GOVERNMENT, Department.TASK_FORCE, *BRANCHES)
MANY = settings(max_examples=400, deadline=None, database=None)


@dataclass(frozen=True)
class World:
    """Offices of one tree, key 1 at its top; and which stands directly above which."""

    offices: tuple[OfficeNode, ...]
    parents: dict[int, int | None]
    matter: Matter
    rules: tuple[Rule, ...]

    def above(self, key: int) -> list[int]:
        """The offices above that one, from the nearest, by their parents."""
        found = []
        parent = self.parents[key]
        while parent is not None:
            found.append(parent)
            parent = self.parents[parent]
        return found

    def is_out(self, key: int, respondent: int) -> bool:
        """Whether it is the office complained about, or lies under it."""
        return key == respondent or respondent in self.above(key)

    def node(self, key: int) -> OfficeNode:
        return next(each for each in self.offices if each.key == key)

    @property
    def respondent(self) -> int:
        assert self.matter.respondent is not None
        return self.matter.respondent.key


def rules() -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        key=st.integers(1, 99),
        department=st.sampled_from(INSIDE),
        topic=st.sampled_from(["", *sorted({str(kind.topic) for kind in BEHAVIOURS})]),
        behaviour=st.sampled_from(["", *BY_CODE]),
        area_code=st.sampled_from(["", *CODES]),
        place_kind=st.sampled_from(["", "hospital"]),
    )


@st.composite
def worlds(draw: st.DrawFn, departments: tuple[Department, ...] = INSIDE, about: str = "any") -> World:
    """Random parents, areas and departments; the areas need not fit the tree at all."""
    size = draw(st.integers(1, 12))
    parents: dict[int, int | None] = {1: None}
    paths = {1: office_path("", 1)}
    for key in range(2, size + 1):
        parents[key] = draw(st.integers(1, key - 1))
        paths[key] = office_path(paths[parents[key] or 1], key)
    offices = tuple(
        OfficeNode(key, paths[key], draw(st.sampled_from(CODES)), draw(st.sampled_from(departments)))
        for key in parents
    )
    chosen = 1 if about == "root" else draw(st.integers(1, size))
    respondent = None if about == "nobody" else offices[chosen - 1]
    kind = draw(st.sampled_from(BEHAVIOURS))
    matter = Matter(
        behaviour=kind.code,
        topic=kind.topic,
        area_code=draw(st.sampled_from(CODES)),
        place_kind=draw(st.sampled_from(["", "hospital", "village"])),
        respondent=respondent,
    )
    return World(offices, parents, matter, tuple(draw(st.lists(rules(), max_size=8))))


@MANY
@given(world=worlds((*INSIDE, Department.OUTSIDE)))
def test_the_handler_is_never_the_office_complained_about_nor_under_it(world: World) -> None:
    found = route(world.matter, world.rules, world.offices).office
    assert found is None or not world.is_out(found, world.respondent)


@MANY
@given(world=worlds((*INSIDE, Department.OUTSIDE)), data=st.data())
def test_the_higher_desk_is_never_the_office_complained_about_nor_under_it(world: World, data: Any) -> None:
    current = data.draw(st.sampled_from(world.offices))
    found = next_higher(current, world.matter.respondent, world.offices)
    if found is None:
        return
    assert not world.is_out(found.key, world.respondent)
    assert found.key != current.key
    assert found.key in world.above(current.key) or found.department == Department.OUTSIDE


@MANY
@given(world=worlds())
def test_the_higher_desk_is_the_nearest_one_that_may(world: World) -> None:
    for current in world.offices:
        found = next_higher(current, world.matter.respondent, world.offices)
        line = world.above(current.key)
        between = line[: line.index(found.key)] if found else line
        above = world.above(world.respondent)
        assert not set(between) & set(above), "an office above the respondent was passed over"


@MANY
@given(world=worlds(about="root"), outside=st.sampled_from(CODES))
def test_where_the_root_is_complained_about_a_configured_outside_desk_handles_it(
    world: World, outside: str
) -> None:
    matter, root = world.matter, world.node(1)
    assert route(matter, world.rules, world.offices).office is None
    desk = OfficeNode(50, office_path("", 50), outside, Department.OUTSIDE)
    routed = route(matter, world.rules, [*world.offices, desk])
    assert (routed.office, routed.steps[-1].because) == (desk.key, Because.OUTSIDE)
    for current in world.offices:
        found = next_higher(current, root, [*world.offices, desk])
        assert found == desk


@MANY
@given(world=worlds((*INSIDE, Department.OUTSIDE)))
def test_the_chosen_office_covers_the_place_or_stands_above_the_office_complained_about(
    world: World,
) -> None:
    found = route(world.matter, world.rules, world.offices).office
    if found is None:
        return
    office = world.node(found)
    covers = world.matter.area_code.startswith(office.area_code)
    stands_above = found in world.above(world.respondent)
    assert covers or stands_above or office.department == Department.OUTSIDE


@MANY
@given(world=worlds((*INSIDE, Department.OUTSIDE)))
def test_nobody_beside_the_office_complained_about_handles_it(world: World) -> None:
    found = route(world.matter, world.rules, world.offices).office
    if found is None:
        return
    office, respondent = world.node(found), world.node(world.respondent)
    wider = respondent.area_code.startswith(office.area_code) and office.area_code != respondent.area_code
    assert found in world.above(world.respondent) or wider or office.department == Department.OUTSIDE


@MANY
@given(world=worlds(about="nobody"))
def test_about_nobody_in_particular_the_first_rule_with_an_office_decides(world: World) -> None:
    routed = route(world.matter, world.rules, world.offices)
    fitting = [
        rule
        for rule in world.rules
        if rule.topic in ("", world.matter.topic)
        and rule.behaviour in ("", world.matter.behaviour)
        and rule.place_kind in ("", world.matter.place_kind)
        and world.matter.area_code.startswith(rule.area_code)
        and any(
            office.department == rule.department and world.matter.area_code.startswith(office.area_code)
            for office in world.offices
        )
    ]
    if fitting:
        assert routed.office is not None
        assert world.node(routed.office).department == fitting[0].department
        assert routed.steps[-1].because == Because.RULE


# ── through the database ─────────────────────────────────────────────────────────────────────────

LEVELS = {2: Level.PROVINCE, 4: Level.CITY, 6: Level.COUNTY, 9: Level.STREET, 12: Level.COMMUNITY}


@pytest.fixture
def areas(db: None) -> dict[str, Area]:
    """An area for each code."""
    made: dict[str, Area] = {}
    for code in CODES:
        above = max((each for each in made if code.startswith(each)), key=len, default=None)
        made[code] = area(f"区域{code}", LEVELS[len(code)], code, made[above] if above else None)
    return made


def stored(areas: dict[str, Area], world: World) -> dict[int, Office]:
    """The offices of the world, each with an officer."""
    found: dict[int, Office] = {}
    for node in world.offices:
        parent = world.parents[node.key]
        office = Office(
            name=f"办{node.key}",
            area=areas[node.area_code],
            department=node.department,
            parent=found[parent] if parent else None,
        )
        found[node.key] = place_office(office)
        officer = staff(f"u{node.key}-{uuid.uuid4().hex[:6]}", office.area, Role.COMPLAINT_OFFICER)
        User.objects.filter(pk=officer.pk).update(office=office)
    RoutingRule.objects.all().delete()
    for position, rule in enumerate(world.rules):
        RoutingRule.objects.create(
            position=position,
            topic=rule.topic,
            behaviour=rule.behaviour,
            area=areas.get(rule.area_code),
            place_kind=rule.place_kind,
            department=rule.department,
        )
    return found


def true_line(office: Office) -> list[int]:
    """The keys from the top, by the parents in the database."""
    line = [office.pk]
    parents = dict(Office.objects.values_list("pk", "parent"))
    while parents[line[0]]:
        line.insert(0, parents[line[0]])
    return line


@settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=worlds(), data=st.data())
def test_through_the_database_nobody_below_sees_or_handles_it(
    areas: dict[str, Area], world: World, data: Any
) -> None:
    with transaction.atomic():
        offices = stored(areas, world)
        _move_some(offices, data)
        for office in Office.objects.all():
            assert office.line == true_line(office)
        respondent = Office.objects.get(pk=offices[world.respondent].pk)
        filing = Filing(
            behaviour=world.matter.behaviour, area=areas[world.matter.area_code], respondent=respondent
        )
        complaint = file_complaint(filing, token=uuid.uuid4().hex, at=noon(dt.date(2022, 11, 16))).complaint
        for desk in (complaint.handler, higher_desk(complaint)):
            assert desk is None or respondent.pk not in true_line(desk)
        assert not _seeing_below(respondent)
        handler = complaint.handler
        if handler:
            assert any(line[-1] == handler.pk for line in _seeing())
            if handler.pk not in true_line(respondent):  # and the tree is changed afterwards
                handler.parent = respondent
                place_office(handler)
                assert not _seeing_below(respondent)
        transaction.set_rollback(True)


def _seeing() -> list[list[int]]:
    """The lines of the offices whose officers see a complaint."""
    users = User.objects.select_related("office").exclude(office=None)
    return [true_line(user.office) for user in users if Complaint.objects.visible_to(user).exists()]  # type: ignore[arg-type]


def _seeing_below(respondent: Office) -> list[list[int]]:
    return [line for line in _seeing() if respondent.pk in line]


def _move_some(offices: dict[int, Office], data: Any) -> None:
    """Hang up to three offices elsewhere, wherever that is no circle; refused where it is one."""
    for _each in range(data.draw(st.integers(0, 3))):
        moved = Office.objects.get(pk=offices[data.draw(st.sampled_from(sorted(offices)))].pk)
        under = Office.objects.get(pk=offices[data.draw(st.sampled_from(sorted(offices)))].pk)
        moved.parent = under
        if moved.pk in true_line(under):
            with pytest.raises(ValueError, match="below itself"):
                place_office(moved)
        else:
            place_office(moved)
