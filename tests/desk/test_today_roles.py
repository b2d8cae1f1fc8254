"""Today of whoever does not record cases: their own work first, the cases of the area as numbers."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from desk.today_supplies import supplies_today
from supplies.actions import mutual, stock
from supplies.actions.counselling import note_talk
from supplies.models import Item, MinimumLevel, MutualSupply, Store
from supplies.rules.delivery import MutualState
from supplies.rules.needs import NeedKind
from tests.builders import entry, episode, noon, staff
from tests.supplies.world import TODAY, need_of

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
NOON, DAY = noon(TODAY), dt.timedelta(days=1)


@pytest.fixture
def person(alice: User, home: Area, the_day: Travel) -> Person:
    """林小满, who lives in Alice's community; it is noon of TODAY."""
    the_day(TODAY)
    return list_person(entry(home, name="林小满", phone="13811110000").facts, by=alice, at=NOON)


@pytest.fixture
def store(home: Area, person: Person) -> Store:
    """A store of Alice's community."""
    return Store.objects.create(area=home, name="社区仓库")


def page(client: Client) -> str:
    """Today in English, without its tags."""
    client.cookies["django_language"] = "en"
    answer = client.get("/today/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def linked(client: Client) -> set[str]:
    """The addresses in the body of Today."""
    html = client.get("/today/").content.decode()
    return set(re.findall(r'href="(/[^"#]*)', html.partition("<main")[2].partition("</main>")[0]))


@pytest.mark.parametrize(
    "role", [Role.ANALYST, Role.HOTLINE_OPERATOR, Role.SUPPLY_COORDINATOR, Role.COUNSELLOR]
)
def test_cases_are_numbers_with_a_way_to_the_register_and_nobody_is_named(
    alice: User, home: Area, as_user: Login, the_day: Travel, role: Role
) -> None:
    the_day(TODAY)
    episode(alice, name="王小满", phone="13811110001", registered_on=TODAY)
    client = as_user(staff("dora", home, role))

    html = page(client)
    assert "Cases in the area" in html
    assert re.search(r"Samples 1 person", html)
    assert "王小满" not in html
    assert "/register/?tests=today" in linked(client)
    for address in linked(client):
        assert client.get(address).status_code == 200, address
    assert "王小满" in page(as_user(alice))


def test_a_neighbour_reads_no_number_of_ours(
    alice: User, home: Area, next_door: Area, as_user: Login, the_day: Travel
) -> None:
    the_day(TODAY)
    episode(alice, name="王小满", phone="13811110001", registered_on=TODAY)

    assert "Cases in the area" not in page(as_user(staff("dora", next_door, Role.ANALYST)))


def test_a_counsellor_reads_who_wants_to_talk_and_whom_to_call_again(
    person: Person, home: Area, as_user: Login, the_day: Travel
) -> None:
    counsellor = staff("xu", home, Role.COUNSELLOR)
    need = need_of(person, NeedKind.TALK)
    need_of(person, NeedKind.EMERGENCY, text="胸口痛")
    assert supplies_today(counsellor, at=NOON, today=TODAY).talk_wanted == 1
    assert "People who want to talk 1" in page(as_user(counsellor))
    assert "胸口痛" not in page(as_user(counsellor))

    note_talk(person=person, notes="睡不着", need=need, follow_up_on=TODAY + DAY, by=counsellor, at=NOON)
    seen = supplies_today(counsellor, at=NOON, today=TODAY)
    assert (seen.talk_wanted, seen.talk_again) == (0, 0)
    the_day(TODAY + DAY)
    html = page(as_user(counsellor))
    assert "To talk with again 1" in html
    assert "before today" not in html
    the_day(TODAY + 2 * DAY)
    assert "1 should have been called before today" in page(as_user(counsellor))
    assert "睡不着" not in html
    note_talk(person=person, notes="好些了", need=need, by=counsellor, at=NOON + 2 * DAY)
    assert not supplies_today(counsellor, at=NOON + 2 * DAY, today=TODAY + 2 * DAY).is_shown


def test_only_counsellors_read_of_talks(person: Person, alice: User, carol: User) -> None:
    need_of(person, NeedKind.TALK)
    for user in (alice, carol):
        assert supplies_today(user, at=NOON, today=TODAY).talk_wanted == 0


def test_whoever_keeps_stock_reads_what_is_short_and_what_expires(
    store: Store, home: Area, alice: User, bob: User, as_user: Login
) -> None:
    keeper = staff("lin", home, Role.SUPPLY_COORDINATOR)
    pills = Item.objects.create(name="布洛芬", unit="盒", category="treatment")
    MinimumLevel.objects.create(store=store, item=pills, quantity=9)
    for number, days in enumerate((-1, 0, 3, 400)):
        lot = stock.ensure_lot(pills, code=str(number), expires_on=TODAY + days * DAY)
        stock.receive(store=store, lot=lot, quantity=Decimal(2), key=str(number), by=keeper, at=NOON)

    seen = supplies_today(keeper, at=NOON, today=TODAY)
    assert (seen.short, seen.expired, seen.expires_soon) == (1, 2, 1)
    html = page(as_user(keeper))
    assert "Stock to see to 4 2 lots have expired · 1 item below its minimum · 1 lot expires soon" in html
    for user in (alice, bob):
        assert supplies_today(user, at=NOON, today=TODAY).stock == 0


def test_mutual_supply_waits_for_the_end_that_owes_the_next_step(
    store: Store, home: Area, next_door: Area, as_user: Login
) -> None:
    asker, giver = (
        staff(name, place, Role.SUPPLY_COORDINATOR) for name, place in (("a", home), ("b", next_door))
    )
    vegetables = Item.objects.create(name="蔬菜包", unit="份", category="daily")
    theirs = Store.objects.create(area=next_door, name="湖滨仓库")
    lot = stock.ensure_lot(vegetables)
    stock.receive(store=theirs, lot=lot, quantity=Decimal(30), key="n", by=giver, at=NOON)
    facts = {"item": vegetables, "quantity": Decimal(20), "wanted_on": TODAY, "note": ""}
    record = mutual.ask(area=home, by=asker, at=NOON, **facts)  # type: ignore[arg-type]

    for state, waits in (
        (MutualState.ASKED, (0, 0)),
        (MutualState.OFFERED, (1, 0)),
        (MutualState.AGREED, (0, 1)),
        (MutualState.SHIPPED, (1, 0)),
        (MutualState.RECEIVED, (0, 0)),
    ):
        MutualSupply.objects.filter(pk=record.pk).update(state=state, offering=next_door)
        seen = tuple(supplies_today(user, at=NOON, today=TODAY).mutual for user in (asker, giver))
        assert seen == waits, state
    MutualSupply.objects.filter(pk=record.pk).update(state=MutualState.SHIPPED)
    assert "Mutual supply that waits for us 1" in page(as_user(asker))
