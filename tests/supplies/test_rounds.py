"""Rounds: from what is packed to the door, with ticks that come twice, late or after the end."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area, Reveal, User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from policy.refusals import RuleViolation
from supplies.actions import rounds, serving, stock
from supplies.actions.asking import Wanted
from supplies.actions.links import ensure_link
from supplies.models import (
    Balance,
    Car,
    Carrier,
    DeliveryRound,
    Item,
    Movement,
    Need,
    NeedEvent,
    ReceivingPoint,
    Stop,
    Store,
)
from supplies.rules.delivery import RoundState, StopOutcome
from supplies.rules.needs import Asker, NeedEventKind, NeedKind, NeedSource, NeedState, NeedVerb
from tests.builders import entry, noon, staff
from tests.cases.pages import reader
from tests.supplies.world import TODAY, need_of
from zones.actions import staircase
from zones.models import Compound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
AT = noon(TODAY)
ID = "a" * 32


@pytest.fixture
def browser(coordinator: User) -> Client:
    return reader(coordinator)


@pytest.fixture
def compound(resident: Person) -> Compound:
    assert resident.unit is not None
    return resident.unit.building.compound


def lives_at(alice: User, home: Area, name: str, stairs: tuple[str, str], door: str) -> Person:
    building, unit = stairs
    where = staircase(community=home, compound="锦绣花园", building=building, unit=unit)
    phone = f"1390000{int(door):04d}"
    facts = entry(home, name=name, phone=phone, door=door, stairs=where).facts
    return list_person(facts, by=alice, at=AT)


def packed(person: Person, by: User, /, **changes: Any) -> Need:
    need = need_of(person, **changes)
    serving.move(need=need, verb=NeedVerb.PACK, asker=Asker.STAFF, by=by, at=AT)
    return need


def a_round(needs: list[Need], by: User, *, started: bool = True) -> DeliveryRound:
    unit = needs[0].unit
    assert unit is not None
    made = rounds.make_round(
        compound=unit.building.compound, on=TODAY, needs=needs, carrier=None, car=None, by=by, at=AT
    )
    if started:
        rounds.start(delivery=made, by=by, at=AT)
    return made


def text(answer: Any) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def tick(browser: Client, stop: Stop, outcome: str, *, tick_id: str = ID, **more: Any) -> Any:
    address = reverse("round-tick", args=[stop.round_id, stop.pk])
    facts = {"outcome": outcome, "tick_id": tick_id, **more}
    return browser.post(address, facts, headers={"accept": "application/json"})


class TestMaking:
    def test_goes_by_building_unit_and_door_and_takes_what_is_ticked(
        self,
        browser: Client,
        alice: User,
        home: Area,
        resident: Person,
        coordinator: User,
        compound: Compound,
    ) -> None:
        tenth = lives_at(alice, home, "王十", ("10号楼", "1单元"), "101")
        second = lives_at(alice, home, "李二", ("2号楼", "2单元"), "903")
        low = lives_at(alice, home, "赵低", ("4号楼", "1单元"), "203")
        needs = [packed(person, coordinator) for person in (tenth, resident, second, low)]
        unticked = packed(resident, coordinator, kind=NeedKind.PET)
        page = text(browser.get(reverse("round-new"), {"compound": compound.pk}))
        assert "林*满" in page
        assert "林小满" not in page
        address = f"{reverse('round-new')}?compound={compound.pk}"
        answer = browser.post(address, {"on": "2022-11-16", "need": [need.pk for need in needs]})
        made = DeliveryRound.objects.get()
        assert answer.headers["Location"] == reverse("round", args=[made.pk])
        order = [stop.need.person.name for stop in made.stops.order_by("position") if stop.need.person]
        assert order == ["李二", "赵低", "林小满", "王十"]
        assert not unticked.stops.exists()

    def test_nothing_ticked_is_no_round(
        self, browser: Client, resident: Person, coordinator: User, compound: Compound
    ) -> None:
        packed(resident, coordinator)
        answer = browser.post(f"{reverse('round-new')}?compound={compound.pk}", {"on": "2022-11-16"})
        assert "Tick at least one need." in text(answer)
        assert not DeliveryRound.objects.exists()

    def test_a_need_stands_on_one_round_at_a_time(self, resident: Person, coordinator: User) -> None:
        need = packed(resident, coordinator)
        a_round([need], coordinator, started=False)
        with pytest.raises(RuleViolation) as refusal:
            a_round([need], coordinator)
        assert refusal.value.code == "nothing_to_carry"
        assert DeliveryRound.objects.count() == 1

    def test_what_is_not_packed_is_not_carried(
        self, browser: Client, resident: Person, compound: Compound
    ) -> None:
        need_of(resident)
        assert "Nothing waits to be carried here." in text(
            browser.get(reverse("round-new"), {"compound": compound.pk})
        )

    def test_the_list_costs_four_queries(
        self, browser: Client, resident: Person, coordinator: User, django_assert_max_num_queries: Any
    ) -> None:
        for _number in range(5):
            a_round([packed(resident, coordinator)], coordinator, started=False)
        packed(resident, coordinator)
        with django_assert_max_num_queries(5 + 4):
            assert "Make a round" in text(browser.get(reverse("rounds")))

    def test_a_planned_one_can_be_dropped(self, browser: Client, resident: Person, coordinator: User) -> None:
        made = a_round([packed(resident, coordinator)], coordinator, started=False)
        browser.post(reverse("round-act", args=[made.pk, "drop"]))
        assert not DeliveryRound.objects.exists()
        assert rounds.to_carry(Need.objects.all()).count() == 1


class TestWalking:
    @pytest.fixture
    def stop(self, resident: Person, coordinator: User) -> Stop:
        return a_round([packed(resident, coordinator)], coordinator).stops.get()

    def test_setting_out_brings_the_needs_under_way_once(
        self, browser: Client, resident: Person, coordinator: User
    ) -> None:
        need = packed(resident, coordinator)
        made = a_round([need], coordinator, started=False)
        for _twice in range(2):
            browser.post(reverse("round-act", args=[made.pk, "start"]))
        assert Need.objects.get().state == NeedState.UNDER_WAY
        assert NeedEvent.objects.filter(kind=NeedEventKind.UNDER_WAY).count() == 1

    def test_a_tick_without_javascript(self, browser: Client, stop: Stop) -> None:
        page = browser.get(reverse("round", args=[stop.round_id])).content.decode()
        found = re.search(r'name="tick_id" value="([0-9a-f]{32})"', page)
        assert found
        address = reverse("round-tick", args=[stop.round_id, stop.pk])
        answer = browser.post(address, {"outcome": "delivered", "tick_id": found[1]})
        assert answer.headers["Location"].endswith(f"#s{stop.pk}")
        assert Need.objects.get().state == NeedState.AT_DOOR

    def test_a_tick_sent_again_counts_once(self, browser: Client, stop: Stop) -> None:
        answers = [tick(browser, stop, "delivered").json() for _twice in range(3)]
        assert answers[0] == answers[2]
        assert answers[0]["outcome"] == "delivered"
        assert NeedEvent.objects.filter(kind=NeedEventKind.AT_DOOR).count() == 1

    def test_a_late_tick_counts_from_when_it_was_made_but_not_before_the_round(
        self, browser: Client, stop: Stop
    ) -> None:
        DeliveryRound.objects.update(started_at=AT - dt.timedelta(hours=1))
        tick(browser, stop, "delivered", seconds_ago="600")
        stop.refresh_from_db()
        assert stop.ticked_at is not None
        assert abs(AT - dt.timedelta(minutes=10) - stop.ticked_at) < dt.timedelta(minutes=2)
        assert Need.objects.get().at_door_at == stop.ticked_at

    def test_no_clock_of_a_phone_puts_it_before_the_round_or_into_the_future(
        self, stop: Stop, coordinator: User
    ) -> None:
        for hours, tick_id in ((-9, ID), (9, "b" * 32)):
            Stop.objects.update(outcome="", ticked_at=None, tick_id="")
            ticked = rounds.tick(
                stop=stop,
                outcome=StopOutcome.NOBODY,
                tick_id=tick_id,
                ticked_at=AT + dt.timedelta(hours=hours),
                by=coordinator,
                at=AT + dt.timedelta(hours=1),
            )
            assert ticked.ticked_at is not None
            assert AT <= ticked.ticked_at <= AT + dt.timedelta(hours=1)

    def test_nobody_answered_waits_for_the_next_round(
        self, browser: Client, stop: Stop, coordinator: User
    ) -> None:
        tick(browser, stop, "nobody")
        need = Need.objects.get()
        assert need.state == NeedState.PACKED
        assert NeedEvent.objects.filter(kind=NeedEventKind.NOBODY).count() == 1
        ticked_at = Stop.objects.get().ticked_at
        second = a_round([need], coordinator)
        tick(browser, stop, "nobody")  # sent once more, when the next round is on its way
        assert Stop.objects.get(pk=stop.pk).ticked_at == ticked_at
        assert Need.objects.get().state == NeedState.UNDER_WAY
        tick(browser, second.stops.get(), "delivered", tick_id="c" * 32)
        assert Need.objects.get().state == NeedState.AT_DOOR

    def test_nobody_and_then_somebody_on_the_same_walk(self, browser: Client, stop: Stop) -> None:
        tick(browser, stop, "nobody")
        assert tick(browser, stop, "delivered", tick_id="d" * 32).json()["outcome"] == "delivered"
        assert tick(browser, stop, "nobody").json()["outcome"] == "delivered"  # the old one, sent again
        assert Need.objects.get().state == NeedState.AT_DOOR

    def test_what_came_back_lies_in_the_store_again(
        self, browser: Client, resident: Person, coordinator: User, store: Store, vegetables: Item
    ) -> None:
        need = packed(resident, coordinator, lines=[Wanted(vegetables)])
        wanted = {vegetables: need.lines.get().quantity}
        stock.issue(store=store, wanted=wanted, need=need, key="i", by=coordinator, at=AT)
        stop = a_round([need], coordinator).stops.get()
        for tick_id in (ID, ID, "e" * 32):
            tick(browser, stop, "returned", tick_id=tick_id)
        assert Balance.objects.get().quantity == 10
        assert Movement.objects.filter(kind="return").count() == 1
        assert Need.objects.get().state == NeedState.TAKEN

    def test_no_tick_before_the_round_has_started(
        self, browser: Client, resident: Person, coordinator: User
    ) -> None:
        stop = a_round([packed(resident, coordinator)], coordinator, started=False).stops.get()
        answer = tick(browser, stop, "delivered")
        assert answer.status_code == 409
        assert "has not started" in answer.json()["refused"]
        assert Need.objects.get().state == NeedState.PACKED

    def test_the_end_puts_back_what_was_not_ticked_and_a_late_tick_still_counts(
        self, browser: Client, stop: Stop, coordinator: User
    ) -> None:
        for _twice in range(2):
            browser.post(reverse("round-act", args=[stop.round_id, "done"]))
        need = Need.objects.get()
        assert need.state == NeedState.PACKED
        assert DeliveryRound.objects.get().state == RoundState.DONE
        second = a_round([need], coordinator)
        assert tick(browser, stop, "delivered", seconds_ago="60").json()["outcome"] == "delivered"
        assert Need.objects.get().state == NeedState.AT_DOOR
        assert second.stops.get().outcome == StopOutcome.UNDONE

    def test_a_tick_on_a_need_that_was_cancelled_is_kept_with_the_door(
        self, browser: Client, stop: Stop
    ) -> None:
        Need.objects.update(state=NeedState.CANCELLED)
        assert tick(browser, stop, "delivered").status_code == 200
        assert Need.objects.get().state == NeedState.CANCELLED

    def test_no_id_and_an_id_of_another_door_are_refused(
        self, browser: Client, stop: Stop, resident: Person, coordinator: User
    ) -> None:
        other = a_round([packed(resident, coordinator)], coordinator).stops.get()
        tick(browser, stop, "delivered")
        assert tick(browser, other, "delivered").status_code == 409
        assert tick(browser, other, "delivered", tick_id="").status_code == 409
        assert tick(browser, other, "lost", tick_id="f" * 32).status_code == 404

    def test_shows_each_door_with_its_ticks_and_no_name_or_number_in_full(
        self, browser: Client, stop: Stop
    ) -> None:
        page = browser.get(reverse("round", args=[stop.round_id]))
        assert "林*满" in text(page)
        assert "林小满" not in page.content.decode()
        assert "13811110000" not in page.content.decode()
        paper = browser.get(reverse("round", args=[stop.round_id]), {"print": "1"})
        assert "4号楼1单元" in text(paper)
        assert "13811110000" not in paper.content.decode()

    def test_a_round_of_many_doors_costs_four_queries(
        self, browser: Client, resident: Person, coordinator: User, django_assert_max_num_queries: Any
    ) -> None:
        made = a_round([packed(resident, coordinator) for _number in range(6)], coordinator)
        with django_assert_max_num_queries(5 + 6):  # with the choices of who carries, and the points
            assert browser.get(reverse("round", args=[made.pk])).status_code == 200


class TestTelephones:
    @pytest.fixture
    def stop(self, resident: Person, coordinator: User) -> Stop:
        return a_round([packed(resident, coordinator)], coordinator).stops.get()

    def test_a_call_is_written_down(self, browser: Client, stop: Stop, resident: Person) -> None:
        answer = browser.post(reverse("round-call", args=[stop.round_id, stop.pk]))
        assert answer.headers["Location"] == "tel:13811110000"
        assert Reveal.objects.get().subject == f"person:{resident.pk}"

    def test_the_telephone_list_writes_each_number_down(self, browser: Client, stop: Stop) -> None:
        page = browser.post(reverse("round-phones", args=[stop.round_id]))
        assert "13811110000" in text(page)
        assert page.headers["Cache-Control"] == "no-store"
        assert Reveal.objects.count() == 1
        assert browser.get(reverse("round-phones", args=[stop.round_id])).status_code == 405


class TestCarrying:
    def test_points_people_and_cars_of_a_compound(
        self, browser: Client, compound: Compound, resident: Person, coordinator: User
    ) -> None:
        own = {"compound": compound.pk, "enabled": "on"}
        new = {
            "points": {"name": "南门", "hours": "8—20点", **own},
            "people": {"name": "孙志愿", "phone": "13600001111", "volunteer": "on", **own},
            "cars": {"plate": "京A12345", "driver": "周师傅", "phone": "13700002222", **own},
        }
        for kind, facts in new.items():
            assert browser.post(reverse("carrying-new", args=[kind]), facts).status_code == 302
        page = text(browser.get(reverse("carrying")))
        assert "南门" in page
        assert "孙志愿" in page
        assert "13600001111" not in page
        assert "京A12345" in page
        made = a_round([packed(resident, coordinator)], coordinator)
        carrier, car = Carrier.objects.get(), Car.objects.get()
        browser.post(reverse("round-assign", args=[made.pk]), {"carrier": carrier.pk, "car": car.pk})
        assert "周师傅" in text(browser.get(reverse("round", args=[made.pk])))

    def test_not_for_the_compound_of_a_neighbour_nor_by_a_worker(
        self, compound: Compound, next_door: Area, alice: User
    ) -> None:
        neighbour = reader(staff("next", next_door, Role.SUPPLY_COORDINATOR))
        facts = {"compound": compound.pk, "name": "南门", "hours": "全天"}
        assert neighbour.post(reverse("carrying-new", args=["points"]), facts).status_code == 422
        point = ReceivingPoint.objects.create(compound=compound, name="南门", hours="全天")
        assert neighbour.get(reverse("carrying-edit", args=["points", point.pk])).status_code == 404
        assert "南门" not in text(neighbour.get(reverse("carrying")))
        assert reader(alice).get(reverse("carrying-new", args=["points"])).status_code == 403
        assert reader(alice).get(reverse("carrying-new", args=["nothing"])).status_code in (403, 404)


class TestWho:
    def test_a_neighbour_finds_no_round(
        self, resident: Person, coordinator: User, next_door: Area, compound: Compound
    ) -> None:
        stop = a_round([packed(resident, coordinator)], coordinator).stops.get()
        neighbour = reader(staff("next", next_door, Role.SUPPLY_COORDINATOR))
        assert neighbour.get(reverse("round", args=[stop.round_id])).status_code == 404
        assert tick(neighbour, stop, "delivered").status_code == 404
        for name in ("round-phones", "round-assign"):
            assert neighbour.post(reverse(name, args=[stop.round_id])).status_code == 404
        assert neighbour.post(reverse("round-call", args=[stop.round_id, stop.pk])).status_code == 404
        assert neighbour.post(reverse("round-act", args=[stop.round_id, "done"])).status_code == 404
        assert neighbour.get(reverse("round-new"), {"compound": compound.pk}).status_code == 404
        assert "锦绣花园" not in text(neighbour.get(reverse("rounds")))

    def test_a_worker_walks_an_operator_does_not(
        self, alice: User, operator: User, resident: Person, coordinator: User
    ) -> None:
        stop = a_round([packed(resident, coordinator)], coordinator).stops.get()
        assert reader(operator).get(reverse("rounds")).status_code == 403
        assert tick(reader(operator), stop, "delivered").status_code == 403
        assert tick(reader(alice), stop, "delivered").status_code == 200


# ── one phone for a household ────────────────────────────────────────────────────────────────────


def test_a_household_that_asked_for_everybody_has_a_name_and_its_phone(
    resident: Person, alice: User, coordinator: User, home: Area, browser: Client
) -> None:
    """The grandmother has no phone, the need names nobody: it is her son's that rings."""
    link = ensure_link(person=resident, by=alice, at=AT)
    grandmother = lives_here(alice, home, "林奶奶")
    ensure_link(person=grandmother, by=alice, at=AT)
    facts = {"source": NeedSource.RESIDENT, "link": link, "unit": resident.unit, "door": resident.door}
    for_all = packed(resident, coordinator, person=None, **facts)
    hers = packed(grandmother, coordinator, **facts)
    delivery = a_round([for_all, hers], coordinator)

    page = browser.get(reverse("round", args=[delivery.pk])).content.decode()
    assert "the whole household" in page
    assert page.count("138****0000") == 2
    for stop in delivery.stops.all():
        answer = browser.post(reverse("round-call", args=[delivery.pk, stop.pk]))
        assert answer.headers["Location"] == "tel:13811110000"
    assert set(Reveal.objects.values_list("subject", flat=True)) == {f"need:{for_all.pk}", f"need:{hers.pk}"}
    paper = browser.post(reverse("round-phones", args=[delivery.pk])).content.decode()
    assert paper.count("13811110000") == 2

    desk = browser.get(for_all.get_absolute_url()).content.decode()
    assert "林小满" in desk
    assert "林奶奶" in desk
    assert browser.post(reverse("need-call", args=[for_all.pk])).headers["Location"] == "tel:13811110000"


def test_whoever_has_moved_away_is_not_called_for_the_household(
    resident: Person, alice: User, coordinator: User, home: Area
) -> None:
    link = ensure_link(person=resident, by=alice, at=AT)
    need = packed(resident, coordinator, person=None, link=link, unit=resident.unit, door=resident.door)
    Person.objects.filter(pk=resident.pk).update(door="0101")
    assert Need.objects.get(pk=need.pk).telephone == ""


def lives_here(alice: User, home: Area, name: str) -> Person:
    """Somebody without a phone behind the resident's door."""
    return list_person(entry(home, name=name, phone="", door="1203").facts, by=alice, at=AT)
