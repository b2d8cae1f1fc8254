"""What the people behind closed doors will ask for, beside what lies in the stores."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.registration import list_person
from policy.types import Category
from supplies.actions import stock
from supplies.demand import demand_of, people_by_day
from supplies.models import Item, Store, Supplier
from supplies.rules.stock import shortages
from tests.builders import entry, episode, noon, staff
from tests.cases.pages import reader
from tests.supplies.world import TODAY
from zones.actions import designate, end_early, ensure_units, staircase
from zones.models import UnitSeal
from zones.rules import Cause, FoundWhere, Purpose

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
AT = noon(TODAY)
DAY = dt.timedelta(days=1)


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def lives(by: User, home: Area, name: str, building: str = "4号楼", number: int = 1) -> None:
    where = staircase(community=home, compound="锦绣花园", building=building, unit="1单元")
    facts = entry(home, name=name, phone=f"1380000{number:04d}", door=str(number), stairs=where).facts
    list_person(facts, by=by, at=AT)


def seal(home: Area, by: User, building: str, found: dt.date) -> UnitSeal:
    """The first unit of that building is sealed because of an infection found on that date."""
    where = staircase(community=home, compound="锦绣花园", building=building, unit="1单元")
    unit = ensure_units([where])[where]
    designate(
        compound=unit.building.compound,
        units={unit: Purpose.HOME},
        causes=[Cause(int(building[0]), found, FoundWhere.COMMUNITY)],
        stayed={unit.building_id},
        by=by,
        at=AT,
    )
    return UnitSeal.objects.get(unit=unit)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


class TestPeople:
    def test_of_sealed_units_until_they_open(self, alice: User, carol: User, home: Area) -> None:
        for number, name in enumerate(("林一", "王二", "赵三"), start=1):
            lives(alice, home, name, number=number)
        lives(alice, home, "别楼", building="5号楼", number=9)
        sealed = seal(home, carol, "4号楼", november(15))
        assert sealed.release_on == november(21)
        assert people_by_day(home, at=AT) == {november(day): 3 for day in range(16, 21)}

    def test_in_home_isolation_by_the_dates_of_the_stage(self, alice: User, home: Area) -> None:
        """A close contact last exposed on the 14th: central until the 19th, then three dates at home."""
        made = episode(alice, name="密接")
        assert made.release_on == november(23)
        assert people_by_day(home, at=AT) == {november(20): 1, november(21): 1, november(22): 1}

    def test_who_may_go_out_needs_nothing_brought(self, alice: User, home: Area) -> None:
        episode(alice, name="闭环", category=Category.POST_CLOSED_LOOP)
        assert people_by_day(home, at=AT) == {}

    def test_whoever_is_both_is_counted_once(self, alice: User, carol: User, home: Area) -> None:
        episode(
            alice,
            name="外溢",
            category=Category.SPILL_OVER,
            anchor_on=november(15),
            registered_on=november(15),
        )
        sealed = seal(home, carol, "4号楼", november(15))
        days = people_by_day(home, at=AT)
        assert set(days.values()) == {1}
        assert min(days) == TODAY
        assert max(days) == november(22)
        assert sealed.release_on < november(22)

    def test_opened_early_and_gone_by_are_not_counted(self, alice: User, carol: User, home: Area) -> None:
        lives(alice, home, "林一")
        sealed = seal(home, carol, "4号楼", november(15))
        end_early(seals=[sealed], reason="核查无误", by=carol, at=AT)
        assert people_by_day(home, at=AT) == {}
        assert people_by_day(home, at=AT + 60 * DAY) == {}

    def test_not_those_of_another_area(
        self, alice: User, carol: User, home: Area, next_door: Area, street: Area
    ) -> None:
        lives(alice, home, "林一")
        seal(home, carol, "4号楼", november(15))
        assert people_by_day(next_door, at=AT) == {}
        assert people_by_day(street, at=AT)[TODAY] == 1


class TestShortage:
    @pytest.fixture
    def sealed(self, alice: User, carol: User, home: Area) -> None:
        """Two people for five dates, the 16th to the 20th."""
        lives(alice, home, "林一", number=1)
        lives(alice, home, "王二", number=2)
        seal(home, carol, "4号楼", november(15))

    def test_says_what_is_short_from_when_and_by_how_much(
        self, sealed: None, store: Store, vegetables: Item, home: Area
    ) -> None:
        Item.objects.update(per_head_per_day=Decimal("1.5"))
        found = demand_of(home, at=AT).short
        assert [each.item for each in found] == [vegetables]
        short = found[0].shortage
        assert short is not None
        assert (short.wanted, short.there, short.short_by) == (15, 10, 5)
        assert found[0].short_from == november(19)

    def test_not_even_for_today(self, sealed: None, home: Area, vegetables: Item) -> None:
        Item.objects.update(per_head_per_day=1)
        assert demand_of(home, at=AT).short[0].short_from is None

    def test_what_has_expired_and_what_lies_elsewhere_is_not_there(
        self, sealed: None, home: Area, next_door: Area, coordinator: User
    ) -> None:
        pills = Item.objects.create(name="药", unit="盒", category="drug", per_head_per_day=1)
        old = stock.ensure_lot(pills, expires_on=TODAY)
        fresh = stock.ensure_lot(pills, expires_on=TODAY + 90 * DAY)
        here = Store.objects.create(area=home, name="这里")
        there = Store.objects.create(area=next_door, name="那里")
        for number, (where, lot) in enumerate([(here, old), (here, fresh), (there, fresh)]):
            quantity = Decimal(4 + number)
            stock.receive(store=where, lot=lot, quantity=quantity, key=f"k{number}", by=coordinator, at=AT)
        short = demand_of(home, at=AT).short[0].shortage
        assert short is not None
        assert short.there == 5

    def test_the_page_suggests_whom_to_ask_in_four_queries(
        self,
        sealed: None,
        store: Store,
        vegetables: Item,
        county: Area,
        coordinator: User,
        django_assert_max_num_queries: Any,
    ) -> None:
        Item.objects.update(per_head_per_day=2)
        Supplier.objects.create(area=county, name="普通商行")
        Supplier.objects.create(area=county, name="惠民超市", white_listed=True, phone="010-1")
        browser = reader(coordinator)
        with django_assert_max_num_queries(5 + 4):
            page = browser.get(reverse("demand")).content.decode()
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
        assert "short from 11-18" in text
        assert "local setting" in text or "20 份 wanted to the end" in text
        assert text.index("惠民超市") < text.index("普通商行")
        assert f"item={vegetables.pk}&amp;quantity=10" in page
        assert "wanted_on=2022-11-18" in page

    def test_each_area_below_stands_by_itself_in_four_queries(
        self,
        sealed: None,
        store: Store,
        vegetables: Item,
        street: Area,
        next_door: Area,
        coordinator: User,
        django_assert_max_num_queries: Any,
    ) -> None:
        Item.objects.update(per_head_per_day=Decimal("1.5"))
        next_store = Store.objects.create(area=next_door, name="邻居库")
        streets = Store.objects.create(area=street, name="街道库")
        for number, where in enumerate((next_store, streets)):
            lot = stock.ensure_lot(vegetables)
            stock.receive(
                store=where, lot=lot, quantity=Decimal(500), key=f"n{number}", by=coordinator, at=AT
            )
        browser = reader(staff("boss", street, Role.SUPERVISOR))
        assert "Everything lasts until the last door opens." in text_of(browser.get(reverse("demand")))
        with django_assert_max_num_queries(5 + 4):
            page = text_of(browser.get(reverse("demand"), {"by": "parts"}))
        home_row, next_row = page.split(next_door.name)
        assert "蔬菜包 5 份 missing · short from 11-19" in home_row
        assert "2 people today until 11-20" in home_row
        assert "Nobody is behind a closed door here." in next_row

    def test_one_area_below_can_be_looked_at_and_a_neighbours_not(
        self,
        sealed: None,
        store: Store,
        vegetables: Item,
        home: Area,
        street: Area,
        next_door: Area,
        coordinator: User,
        django_assert_max_num_queries: Any,
    ) -> None:
        Item.objects.update(per_head_per_day=Decimal("1.5"))
        browser = reader(staff("boss", street, Role.SUPERVISOR))
        with django_assert_max_num_queries(5 + 4):
            page = text_of(browser.get(reverse("demand"), {"area": home.pk}))
        assert "short from 11-19" in page
        for area in (next_door, street):
            assert reader(coordinator).get(reverse("demand"), {"area": area.pk}).status_code == 404
        assert reader(coordinator).get(reverse("demand"), {"area": "x" * 30}).status_code == 200

    def test_an_empty_area_needs_nothing(self, coordinator: User) -> None:
        page = reader(coordinator).get(reverse("demand")).content.decode()
        assert "Nobody is behind a closed door here." in page

    def test_not_for_operators(self, home: Area) -> None:
        operator = staff("op", home, Role.HOTLINE_OPERATOR)
        assert reader(operator).get(reverse("demand")).status_code == 403


def test_people_times_days_times_rate_is_what_is_wanted() -> None:
    people = {TODAY + n * DAY: 3 for n in range(4)}
    (short,) = shortages(people, {1: Decimal("0.5"), 2: Decimal(1)}, {1: Decimal(5), 2: Decimal(12)})
    assert (short.item, short.wanted, short.short_by, short.lasts_until) == (1, 6, 1, TODAY + 2 * DAY)
