"""Today: emergencies and late steps on top, then calls, medicines and rounds, each with its list."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from desk.today_supplies import FEW, supplies_today
from supplies.actions import caring, medical, prescribing, rounds, serving
from supplies.actions.calls import take_call
from supplies.models import Need
from supplies.rules.delivery import StopOutcome
from supplies.rules.medical import TripStage
from supplies.rules.needs import Asker, NeedKind, NeedVerb, Urgency
from tests.builders import entry, noon, staff
from tests.supplies.world import TODAY, need_of
from zones.models import Site
from zones.rules import SiteKind

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
NOON = noon(TODAY)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def person(alice: User, the_day: Travel) -> Person:
    """林小满, who lives in Alice's community; it is noon of TODAY."""
    the_day(TODAY)
    assert alice.area is not None
    return list_person(entry(alice.area, name="林小满", phone="13811110000").facts, by=alice, at=NOON)


def page(client: Client) -> str:
    client.cookies["django_language"] = "en"
    answer = client.get("/today/")
    assert answer.status_code == 200
    return answer.content.decode()


def section(html: str, key: str) -> str:
    found = re.search(rf'<section class="card[^"]*" id="{key}".*?</section>', html, re.DOTALL)
    return found.group(0) if found else ""


def counts(user: User, at: dt.datetime = NOON, today: dt.date = TODAY) -> dict[str, int]:
    found = supplies_today(user, at=at, today=today)
    names = ("emergencies", "steps_late", "late", "open", "call_back", "to_call", "not_reached", "runs_out")
    return {name: getattr(found, name) for name in (*names, "rounds", "doors") if getattr(found, name)}


def test_what_burns_stands_on_top_emergencies_first(person: Person, alice: User, as_user: Login) -> None:
    late = need_of(person, NeedKind.FOOD)
    step = need_of(person, NeedKind.DOCTOR)
    emergency = need_of(person, NeedKind.EMERGENCY, text="胸口痛")
    Need.objects.filter(pk=late.pk).update(due_at=NOON - 5 * HOUR)
    type(step.medical).objects.filter(need=step).update(act_by=NOON - HOUR)

    html = page(as_user(alice))
    burning = section(html, "needs-now")
    order = [burning.index(need.number) for need in (emergency, step, late)]
    assert order == sorted(order)
    assert f'href="/medical/{emergency.pk}/"' in burning
    assert f'href="/needs/{late.pk}/"' in burning
    assert html.index('id="needs-now"') < html.index('id="samples"' if 'id="samples"' in html else "</main>")
    assert counts(alice) == {"emergencies": 1, "steps_late": 1, "late": 1}


def test_an_emergency_stands_there_until_the_person_is_admitted(person: Person, alice: User) -> None:
    side = need_of(person, NeedKind.EMERGENCY).medical
    site = Site.objects.create(community=person.community, kind=SiteKind.GENERAL_HOSPITAL, name="友谊医院")
    trip = medical.set_out(medical=side, site=site, ambulance=True, by=alice, at=NOON)
    assert counts(alice) == {"emergencies": 1}
    for stage in (TripStage.ARRIVED, TripStage.ADMITTED):
        medical.note_stage(trip=trip, stage=stage, by=alice, at=NOON)
        trip.refresh_from_db()
    assert counts(alice) == {}


def test_a_need_is_open_then_late_then_gone(person: Person, alice: User) -> None:
    need = need_of(person, NeedKind.FOOD)
    assert counts(alice) == {"open": 1}
    assert need.due_at is not None
    assert counts(alice, at=need.due_at) == {"late": 1}
    serving.move(need=need, verb=NeedVerb.TAKE, asker=Asker.STAFF, by=alice, at=NOON)
    assert counts(alice) == {}
    serving.move(need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=alice, at=need.due_at)
    assert counts(alice, at=need.due_at + DAY) == {}


def test_only_the_first_few_are_shown_and_the_rest_is_one_tap_away(
    person: Person, alice: User, as_user: Login
) -> None:
    for _number in range(FEW + 2):
        need_of(person, NeedKind.FOOD, urgency=Urgency.EMERGENCY)
    burning = section(page(as_user(alice)), "needs-now")
    assert burning.count("<li") == FEW
    assert "?tab=now" in burning
    assert "2 more" in burning


def test_key_persons_to_call_and_not_reached(person: Person, alice: User, as_user: Login) -> None:
    caring.set_care_plan(person=person, marks=[], by=alice, at=NOON - DAY, every_days=1)
    caring.plan_care_calls(at=NOON - DAY)
    caring.plan_care_calls(at=NOON)
    assert counts(alice) == {"to_call": 1, "not_reached": 1}
    html = section(page(as_user(alice)), "supplies")
    assert 'href="/key-persons/"' in html
    assert 'href="/key-persons/?tab=late"' in html


def test_medicines_that_run_out_until_the_next_pack_is_asked_for(person: Person, alice: User) -> None:
    for days, medicine in ((3, "硝苯地平"), (4, "二甲双胍")):
        prescribing.enter_prescription(
            person=person, medicine=medicine, lasts_until=TODAY + days * DAY, by=alice, at=NOON
        )
    assert counts(alice) == {"runs_out": 1}
    soon = person.prescriptions.get(medicine="硝苯地平")
    prescribing.ask_for_refill(prescription=soon, by=alice, at=NOON)
    assert counts(alice) == {"open": 1}


def test_rounds_of_today_with_the_doors_that_wait(person: Person, alice: User) -> None:
    needs = [need_of(person, NeedKind.FOOD) for _number in range(2)]
    for need in needs:
        serving.move(need=need, verb=NeedVerb.PACK, asker=Asker.STAFF, by=alice, at=NOON)
    assert person.unit is not None
    made = rounds.make_round(
        compound=person.unit.building.compound,
        on=TODAY,
        needs=needs,
        carrier=None,
        car=None,
        by=alice,
        at=NOON,
    )
    assert counts(alice) == {"rounds": 1, "doors": 2}
    rounds.start(delivery=made, by=alice, at=NOON)
    stop = made.stops.order_by("pk").first()
    assert stop is not None
    rounds.tick(stop=stop, outcome=StopOutcome.DELIVERED, tick_id="1", ticked_at=NOON, by=alice, at=NOON)
    assert counts(alice) == {"rounds": 1, "doors": 1}
    rounds.finish(delivery=made, by=alice, at=NOON)
    assert "rounds" not in counts(alice)


def test_an_operator_sees_needs_and_calls_to_return_and_nothing_that_is_not_theirs(
    person: Person, alice: User, as_user: Login
) -> None:
    caring.set_care_plan(person=person, marks=[], by=alice, at=NOON, every_days=1)
    caring.plan_care_calls(at=NOON)
    need_of(person, NeedKind.EMERGENCY)
    assert alice.area is not None
    operator = staff("operator", alice.area, Role.HOTLINE_OPERATOR)
    take_call(area=alice.area, by=operator, at=NOON, token="1", person=person, call_back_at=NOON)

    assert counts(operator) == {"emergencies": 1, "call_back": 1}
    html = page(as_user(operator))
    for address in re.findall(r'href="(/(?:needs|calls|medical|key-persons)[^"]*)"', html):
        assert as_user(operator).get(address).status_code == 200, address


def test_whoever_has_nothing_to_do_with_it_sees_and_pays_nothing(
    person: Person, alice: User, bob: User, as_user: Login, django_assert_num_queries: Any
) -> None:
    need_of(person, NeedKind.EMERGENCY, text="胸口痛")
    assert counts(bob) == {}
    for role in (Role.ANALYST, Role.COMPLAINT_OFFICER):
        user = staff(str(role), alice.area, role)
        assert user.abilities
        with django_assert_num_queries(0):
            assert not supplies_today(user, at=NOON, today=TODAY).is_shown
        html = page(as_user(user))
        assert not section(html, "needs-now")
        assert not section(html, "supplies")


def test_the_number_of_needs_costs_no_query(person: Person, alice: User) -> None:
    assert alice.may("work_supplies")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            supplies_today(alice, at=NOON, today=TODAY)
        return len(queries)

    assert cost() == 2
    need_of(person, NeedKind.EMERGENCY)
    assert cost() == 3
    for kind in (NeedKind.EMERGENCY, NeedKind.DOCTOR, NeedKind.FOOD) * 3:
        need_of(person, kind)
    Need.objects.update(due_at=NOON - HOUR)
    assert cost() == 3
