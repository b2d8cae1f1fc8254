"""Today: infections to trace and judge, zones that open, proposals for those above, wishes at doors."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions.infections import InfectionFacts, report_infection
from cases.actions.inside import want_service
from cases.actions.tracing import close_assessment, judge_contacts
from cases.models import Infection
from cases.rules import DoorServiceKind, Spread
from desk.today_infections import infection_lines
from desk.today_zones import zones_today
from policy.clock import midnight
from tests.builders import episode, noon, staff
from zones.actions import designate, ensure_units, staircase
from zones.models import Unit
from zones.rules import Cause, FoundWhere, Purpose, WiderReason

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
HOUR = dt.timedelta(hours=1)
D12, D15, D17, D18, D19 = (dt.date(2022, 11, day) for day in (12, 15, 17, 18, 19))


def section(html: str, key: str) -> str:
    found = re.search(rf'<section class="card[^"]*" id="{key}".*?</section>', html, re.DOTALL)
    return found.group(0) if found else ""


def page(client: Client) -> str:
    answer = client.get("/today/")
    assert answer.status_code == 200
    return answer.content.decode()


def unit(community: Area, number: int = 1, building: str = "3号楼") -> Unit:
    stairs = staircase(community=community, compound="锦绣花园", building=building, unit=f"{number}单元")
    return ensure_units([stairs])[stairs]


def infection(by: User, where: FoundWhere = FoundWhere.COMMUNITY, at: dt.datetime | None = None) -> Infection:
    person = episode(
        by, name="陈染", phone="13800000077", anchor_on=dt.date(2022, 11, 1), registered_on=D12
    ).person
    assert by.area is not None
    at = at or noon(D15)
    facts = InfectionFacts("病例1", D15, where, person=person, resulted_at=at - HOUR, isolated_at=at)
    return report_infection(community=by.area, facts=facts, by=by, at=at)


def seal(
    by: User, *units: Unit, found_on: dt.date = D12, at: dt.datetime | None = None, **more: object
) -> object:
    return designate(
        compound=units[0].building.compound,
        units=dict.fromkeys(units, Purpose.HOME),
        causes=[Cause(1, found_on)],
        stayed=[units[0].building_id],
        by=by,
        at=at or noon(found_on),
        **more,
    )


# ── infections ───────────────────────────────────────────────────────────────────────────────────


def test_an_infection_stands_there_with_its_page_until_its_contacts_are_judged(
    as_user: Login, alice: User, bob: User, the_day: Travel
) -> None:
    the_day(D15)
    found = infection(alice)

    assert f'href="/infections/{found.pk}/"' in section(page(as_user(alice)), "infections")
    assert section(page(as_user(bob)), "infections") == ""

    judge_contacts(infection=found, by=alice, at=noon(D15))
    assert section(page(as_user(alice)), "infections") == ""


def test_a_step_past_its_limit_is_named_with_its_hours(alice: User) -> None:
    found = infection(alice)
    (line,) = infection_lines(alice, at=noon(D15) + 4 * HOUR, limit=9)
    assert line.late == []

    (line,) = infection_lines(alice, at=noon(D15) + 5 * HOUR, limit=9)
    assert [(str(step.key), step.hours, step.limit_hours) for step in line.late] == [("judged", 5.0, 4.0)]

    judge_contacts(infection=found, by=alice, at=noon(D15) + 5 * HOUR)
    (line,) = infection_lines(alice, at=noon(D15) + 9 * HOUR, limit=9)
    assert [str(step.key) for step in line.late] == ["admitted"]


def test_an_open_judgement_of_spread_has_a_clock_and_goes_when_it_is_closed(alice: User) -> None:
    found = infection(alice, FoundWhere.HOME)
    judge_contacts(infection=found, by=alice, at=noon(D15))

    def lines(hours: int) -> list[bool]:
        return [each.assessment_late for each in infection_lines(alice, at=noon(D15) + hours * HOUR, limit=9)]

    assert (lines(4), lines(5)) == ([False], [True])

    close_assessment(
        assessment=found.assessment,
        shared_home="无",
        left_home="未外出",
        conclusion=Spread.NO_SPREAD,
        by=alice,
        at=noon(D15) + HOUR,
    )
    assert lines(2) == []


# ── zones ────────────────────────────────────────────────────────────────────────────────────────


def test_a_zone_stands_under_tomorrow_on_its_last_date_and_under_today_from_midnight(
    carol: User, home: Area
) -> None:
    seal(carol, unit(home), unit(home, 2))

    def near(at: dt.datetime, on: dt.date) -> tuple[int, int, int]:
        found = zones_today(carol, at=at, today=on, limit=9)
        return found.units, len(found.opens_tomorrow), len(found.opens_today)

    second = dt.timedelta(seconds=1)
    assert near(noon(D15), D15) == (2, 0, 0)
    assert near(midnight(D18) - second, D17) == (2, 1, 0)
    assert near(midnight(D18), D18) == (0, 0, 1)  # no worker process ran
    assert near(midnight(D19), D19) == (0, 0, 0)


def test_the_neighbour_sees_nothing_of_the_zone(carol: User, bob: User, home: Area) -> None:
    seal(carol, unit(home))

    assert not zones_today(bob, at=noon(D17), today=D17, limit=9).is_shown


def test_a_proposal_waits_only_for_whoever_stands_above_its_proposer(
    as_user: Login, carol: User, home: Area, county: Area, the_day: Travel
) -> None:
    the_day(D12)
    boss = staff("boss", county, Role.SUPERVISOR)
    reason = {"wider": WiderReason.RISK_UNCLEAR, "wider_note": "链条不清"}
    made = seal(carol, unit(home), unit(home, building="5号楼"), **reason)
    link = f'href="/zones/proposals/{made.proposal.pk}/"'

    assert link in section(page(as_user(boss)), "zones")
    assert link not in section(page(as_user(carol)), "zones")
    assert zones_today(boss, at=noon(D18), today=D18, limit=9).proposals == []  # lapsed


def test_what_is_wanted_at_a_door_is_counted_by_zone(carol: User, alice: User, home: Area) -> None:
    zone = seal(carol, unit(home)).zone
    stairs = staircase(community=home, compound="锦绣花园", building="3号楼", unit="1单元")
    person = episode(alice, name="何需", phone="13800000055", stairs=stairs, registered_on=D15).person
    want_service(zone=zone, person=person, kind=DoorServiceKind.MEDICINE, by=alice, at=noon(D15))

    (doors,) = zones_today(alice, at=noon(D15), today=D15, limit=9).doors

    assert (doors.zone, doors.services, doors.oldest_at) == (zone.pk, 1, noon(D15))


def test_the_number_of_zones_costs_no_query(
    carol: User, home: Area, django_assert_num_queries: Callable[..., object]
) -> None:
    for number in range(1, 7):
        seal(carol, unit(home, building=f"{number}号楼"))
    carol.may("supervise")
    with django_assert_num_queries(4):
        zones_today(carol, at=noon(D17), today=D17, limit=99)
