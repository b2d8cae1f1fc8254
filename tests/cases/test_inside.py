"""Inside a zone: whereabouts, spill-over persons, services at the door."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Area, User
from cases.actions import ending, inside
from cases.actions.judging import Verdict
from cases.actions.registration import list_person
from cases.models import DoorService, Episode, Ground, Person, ZoneResident
from cases.rules import DoorServiceKind, Whereabouts
from policy.clock import midnight
from policy.refusals import BadInput, RuleViolation
from policy.types import Category, Mode
from tests import builders
from tests.builders import entry, noon
from tests.zones.seals import FOUND_ON, zone_of
from zones.actions import end_early, ensure_units, staircase
from zones.models import Unit, UnitSeal, Zone

pytestmark = pytest.mark.django_db
TheDay = Callable[[dt.date], None]
TODAY = dt.date(2022, 11, 14)
AT = noon(TODAY)
BEFORE = dt.date(2022, 11, 11)


def unit_named(community: Area, building: str = "3号楼", unit: str = "1单元") -> Unit:
    stairs = staircase(community=community, compound="锦绣花园", building=building, unit=unit)
    return ensure_units([stairs])[stairs]


def listed(by: User, name: str, *, door: str = "301", phone: str = "", unit: str = "1单元") -> Person:
    assert by.area is not None
    stairs = staircase(community=by.area, compound="锦绣花园", building="3号楼", unit=unit)
    facts = entry(by.area, name=name, door=door, phone=phone, stairs=stairs).facts
    return list_person(facts, by=by, at=AT)


@pytest.fixture
def unit(home: Area) -> Unit:
    return unit_named(home)


@pytest.fixture
def zone(unit: Unit, carol: User) -> Zone:
    return zone_of([unit], carol)


@pytest.fixture
def wang(alice: User, unit: Unit) -> Person:
    """Registered in the sealed unit, without any number: found by the file alone."""
    return listed(alice, "王芳")


def ask(zone: Zone, person: Person, where: Whereabouts, by: User, **more: Any) -> bool:
    return inside.ask_whereabouts(zone=zone, person=person, whereabouts=where, by=by, **({"at": AT} | more))


# ── whereabouts ──────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_kept_and_twice_is_once(zone: Zone, wang: Person, alice: User) -> None:
    assert ask(zone, wang, Whereabouts.INSIDE, alice)
    assert not ask(zone, wang, Whereabouts.INSIDE, alice, at=AT + dt.timedelta(hours=1))
    answer = ZoneResident.objects.get()
    assert (answer.whereabouts, answer.asked_at, answer.asked_by) == ("inside", AT, alice)


def test_who_left_keeps_the_date_until_another_answer(zone: Zone, wang: Person, alice: User) -> None:
    assert ask(zone, wang, Whereabouts.AWAY, alice, left_on=BEFORE)
    assert not ask(zone, wang, Whereabouts.AWAY, alice)
    assert ZoneResident.objects.get().left_on == BEFORE
    assert ask(zone, wang, Whereabouts.INSIDE, alice)
    assert ZoneResident.objects.get().left_on is None
    assert ask(zone, wang, Whereabouts.UNKNOWN, alice)
    assert ZoneResident.objects.get().whereabouts == ""


def test_a_door_is_asked_at_once(zone: Zone, wang: Person, alice: User) -> None:
    other = listed(alice, "王刚")
    asked = {"zone": zone, "people": [wang, other], "whereabouts": Whereabouts.INSIDE, "by": alice, "at": AT}
    assert inside.ask_many(**asked) == 2
    assert inside.ask_many(**asked) == 0


def test_only_who_is_registered_in_the_zone_is_asked(zone: Zone, alice: User) -> None:
    stranger = listed(alice, "外人", unit="2单元")
    with pytest.raises(RuleViolation) as refused:
        ask(zone, stranger, Whereabouts.INSIDE, alice)
    assert refused.value.code == "not_registered_here"
    with pytest.raises(RuleViolation) as refused:
        inside.want_service(zone=zone, person=stranger, kind=DoorServiceKind.FOOD, by=alice, at=AT)
    assert refused.value.code == "not_registered_here"


def test_the_neighbour_asks_nobody(zone: Zone, wang: Person, bob: User) -> None:
    with pytest.raises(RuleViolation) as refused:
        ask(zone, wang, Whereabouts.INSIDE, bob)
    assert refused.value.code == "outside_area"
    with pytest.raises(RuleViolation):
        inside.spill_over(zone=zone, people={wang: BEFORE}, by=bob, at=AT)


def test_nobody_is_asked_any_more_from_the_midnight_on_which_it_opens(
    zone: Zone, wang: Person, alice: User
) -> None:
    opens = midnight(FOUND_ON + dt.timedelta(days=6))
    assert ask(zone, wang, Whereabouts.INSIDE, alice, at=opens - dt.timedelta(minutes=1))
    for act in (
        lambda: ask(zone, wang, Whereabouts.AWAY, alice, at=opens),
        lambda: inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=opens),
        lambda: inside.want_service(zone=zone, person=wang, kind=DoorServiceKind.FOOD, by=alice, at=opens),
    ):
        with pytest.raises(RuleViolation) as refused:
            act()
        assert refused.value.code == "zone_over"


def test_who_left_after_the_sealing_is_refused_with_the_clause(zone: Zone, wang: Person, alice: User) -> None:
    with pytest.raises(RuleViolation) as refused:
        ask(zone, wang, Whereabouts.AWAY, alice, left_on=FOUND_ON + dt.timedelta(days=1))
    assert (refused.value.code, refused.value.clause) == ("left_after_sealing", "二(三)")
    with pytest.raises(BadInput):
        ask(zone, wang, Whereabouts.AWAY, alice, left_on=TODAY + dt.timedelta(days=1))
    assert ask(zone, wang, Whereabouts.AWAY, alice, left_on=FOUND_ON)


# ── spill-over persons ───────────────────────────────────────────────────────────────────────────


def test_who_left_before_is_seven_days_at_home_from_the_date_they_left(
    zone: Zone, wang: Person, alice: User
) -> None:
    judged = inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=AT)
    assert [one.verdict for one in judged] == [Verdict.NEW]
    episode = Episode.objects.get()
    assert (episode.person, episode.category, episode.anchor_on) == (wang, Category.SPILL_OVER, BEFORE)
    assert episode.release_on == dt.date(2022, 11, 19)
    assert {stage.mode for stage in episode.stages.all()} == {Mode.HOME}
    answer = ZoneResident.objects.get()
    assert (answer.whereabouts, answer.left_on, answer.episode) == ("away", BEFORE, episode)
    assert Person.objects.count() == 1


def test_registering_twice_is_once(zone: Zone, wang: Person, alice: User) -> None:
    inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=AT)
    again = inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=AT)
    assert [one.verdict for one in again] == [Verdict.UNCHANGED]
    assert Ground.objects.count() == 1
    later = inside.spill_over(zone=zone, people={wang: FOUND_ON}, by=alice, at=AT)
    assert (later[0].verdict, later[0].code) == (Verdict.REFUSED, "registered_already")
    assert Episode.objects.get().release_on == dt.date(2022, 11, 19)


@pytest.mark.parametrize(
    ("left_on", "verdict", "code"),
    [
        (FOUND_ON, Verdict.NEW, ""),
        (FOUND_ON + dt.timedelta(days=1), Verdict.REFUSED, "left_after_sealing"),
        (TODAY + dt.timedelta(days=1), Verdict.WRONG, ""),
    ],
)
def test_they_left_at_the_latest_on_the_date_of_the_sealing(
    zone: Zone, wang: Person, alice: User, left_on: dt.date, verdict: Verdict, code: str
) -> None:
    judged = inside.spill_over(zone=zone, people={wang: left_on}, by=alice, at=AT)[0]
    assert (judged.verdict, judged.code) == (verdict, code)
    assert judged.clause == ("二(三)" if code else "")
    assert Episode.objects.exists() is (verdict is Verdict.NEW)
    assert ZoneResident.objects.exists() is (verdict is Verdict.NEW)


def test_one_wrong_date_stops_nobody_else(zone: Zone, wang: Person, alice: User) -> None:
    other = listed(alice, "王刚", door="302")
    judged = inside.spill_over(zone=zone, people={wang: TODAY, other: BEFORE}, by=alice, at=AT)
    assert [one.verdict for one in judged] == [Verdict.REFUSED, Verdict.NEW]
    assert Episode.objects.get().person == other


def test_who_was_found_inside_is_no_candidate(zone: Zone, wang: Person, alice: User) -> None:
    ask(zone, wang, Whereabouts.INSIDE, alice)
    judged = inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=AT)[0]
    assert (judged.code, judged.clause) == ("inside", "二(三)")
    assert not Episode.objects.exists()


def test_a_unit_that_is_open_again_makes_nobody_a_spill_over_person(
    home: Area, unit: Unit, alice: User, carol: User, wang: Person
) -> None:
    zone = zone_of([unit, unit_named(home, unit="2单元")], carol)
    end_early(seals=UnitSeal.objects.filter(unit=unit), reason="无关", by=carol, at=AT)
    judged = inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=AT)[0]
    assert judged.code == "unit_open"


def test_somebody_under_a_rule_already_gets_a_second_ground_and_no_second_episode(
    zone: Zone, unit: Unit, alice: User
) -> None:
    running = builders.episode(
        alice,
        stairs=staircase(
            community=unit.building.compound.community, compound="锦绣花园", building="3号楼", unit="1单元"
        ),
        anchor_on=dt.date(2022, 11, 10),
        registered_on=dt.date(2022, 11, 13),
    )
    judged = inside.spill_over(zone=zone, people={running.person: BEFORE}, by=alice, at=AT)[0]
    assert judged.verdict is Verdict.NEW_GROUND
    assert Episode.objects.count() == 1
    assert ZoneResident.objects.get().episode == running


def test_whoever_another_community_holds_is_named_and_not_registered(
    zone: Zone, alice: User, bob: User, next_door: Area
) -> None:
    wang = listed(alice, "王芳", phone="13900001111")
    held = builders.episode(bob, name="王芳", phone="13900001111", registered_on=dt.date(2022, 11, 14))
    person = held.person
    Person.objects.filter(pk=person.pk).update(unit=wang.unit_id)
    person.refresh_from_db()
    judged = inside.spill_over(zone=zone, people={person: BEFORE}, by=alice, at=AT)[0]
    assert judged.verdict in (Verdict.HELD_ELSEWHERE, Verdict.WRONG)
    assert Ground.objects.filter(category=Category.SPILL_OVER).count() == 0


def test_an_answer_on_which_an_episode_rests_stands_until_that_is_withdrawn(
    zone: Zone, wang: Person, alice: User
) -> None:
    inside.spill_over(zone=zone, people={wang: BEFORE}, by=alice, at=AT)
    with pytest.raises(RuleViolation) as refused:
        ask(zone, wang, Whereabouts.INSIDE, alice)
    assert refused.value.code == "spill_over_running"
    ending.withdraw(episode=Episode.objects.get(), reason="在家", by=alice, at=AT)
    assert ask(zone, wang, Whereabouts.INSIDE, alice)


# ── services at the door ─────────────────────────────────────────────────────────────────────────


def test_a_wish_is_written_once_and_done_once(zone: Zone, wang: Person, alice: User) -> None:
    wish = {"zone": zone, "person": wang, "kind": DoorServiceKind.MEDICINE, "note": "降压药", "by": alice}
    service = inside.want_service(**wish, at=AT)
    assert inside.want_service(**wish, at=AT) == service
    assert inside.want_service(**(wish | {"note": "胰岛素"}), at=AT) != service
    assert inside.service_done(service=service, by=alice, at=AT)
    assert not inside.service_done(service=service, by=alice, at=AT + dt.timedelta(hours=1))
    assert (service.done_at, service.done_by) == (AT, alice)
    assert inside.want_service(**wish, at=AT) != service


def test_a_slip_is_taken_back(zone: Zone, wang: Person, alice: User) -> None:
    service = inside.want_service(zone=zone, person=wang, kind=DoorServiceKind.FOOD, by=alice, at=AT)
    assert not inside.service_not_done(service=service, by=alice, at=AT)
    inside.service_done(service=service, by=alice, at=AT)
    assert inside.service_not_done(service=service, by=alice, at=AT)
    assert DoorService.objects.open().get() == service


def test_what_is_open_when_the_zone_ends_can_still_be_closed(zone: Zone, wang: Person, alice: User) -> None:
    service = inside.want_service(zone=zone, person=wang, kind=DoorServiceKind.FOOD, by=alice, at=AT)
    assert inside.service_done(service=service, by=alice, at=noon(dt.date(2022, 11, 30)))


def test_nothing_is_brought_to_who_left(zone: Zone, wang: Person, alice: User) -> None:
    ask(zone, wang, Whereabouts.AWAY, alice)
    with pytest.raises(RuleViolation) as refused:
        inside.want_service(zone=zone, person=wang, kind=DoorServiceKind.FOOD, by=alice, at=AT)
    assert refused.value.code == "away"
