"""Statistics: each number against what was done, its denominator, whom it is shown to, and what it costs."""

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from accounts.models import Area, User
from accounts.rules import Level, Role
from cases.actions import placing, testing
from cases.actions.infections import InfectionFacts, report_infection
from cases.actions.tracing import judge_contacts
from cases.models import Episode, Infection
from cases.rules import Place, Result
from desk import statistics_queries as queries
from desk.statistics import read_statistics, table
from desk.statistics_rooms import central_days
from desk.statistics_zones import too_late
from policy.clock import midnight
from policy.models import PolicyEdition
from policy.statistics import Figure, Period
from tests.builders import area, episode, noon, staff
from zones.actions import designate, end_early, ensure_room, ensure_units, restart, staircase, sweep_openings
from zones.models import Unit, UnitSeal, Zone, ZoneEvent
from zones.rules import Cause, FoundWhere, Purpose

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
D12, D13, D14, D15, D16, D17, D18, D20, D25 = (
    dt.date(2022, 11, day) for day in (12, 13, 14, 15, 16, 17, 18, 20, 25)
)
PERIOD = Period(D12, D25)


def unit(community: Area, number: int = 1) -> Unit:
    stairs = staircase(community=community, compound="锦绣花园", building="3号楼", unit=f"{number}单元")
    return ensure_units([stairs])[stairs]


def infection(
    by: User, found_on: dt.date, where: FoundWhere = FoundWhere.COMMUNITY, label: str = "", **facts: Any
) -> Infection:
    assert by.area is not None
    found = InfectionFacts(label, found_on, where, **facts)
    return report_infection(community=by.area, facts=found, by=by, at=noon(found_on))


def seal(by: User, *units: Unit, found_on: dt.date = D12) -> Zone:
    made = designate(
        compound=units[0].building.compound,
        units=dict.fromkeys(units, Purpose.HOME),
        causes=[Cause(1, found_on)],
        stayed=[units[0].building_id],
        by=by,
        at=noon(found_on),
    )
    assert made.zone is not None
    return made.zone


def figure(user: User, key: str, period: Period = PERIOD, today: dt.date = D25) -> Figure:
    assert user.area is not None
    found = read_statistics(user.area, period, at=noon(today), today=today)
    return next(each for each in found.figures if each.key == key)


def by_first(found: Figure) -> dict[Any, list[Any]]:
    return {row[0]: list(row[1:]) for row in found.rows}


# ── infections ───────────────────────────────────────────────────────────────────────────────────


def test_infections_are_counted_by_date_and_by_where_they_were_found(alice: User) -> None:
    infection(alice, D13)
    infection(alice, D13, FoundWhere.ENTRY)
    infection(alice, D15, FoundWhere.CENTRAL)
    infection(alice, dt.date(2022, 11, 11))

    rows = by_first(figure(alice, "infections"))

    assert rows["11-13"] == [1, 0, 0, 0, 1, 2]
    assert rows["11-15"] == [0, 0, 1, 0, 0, 1]
    assert sum(row[-1] for row in rows.values()) == 3  # the 11th lies before the period


def test_contacts_of_each_infection_are_counted_and_so_are_those_without(alice: User) -> None:
    infection(alice, D14, label="病例1")
    infection(alice, D14, label="病例2")
    for n in range(3):
        episode(alice, name=f"密接{'甲乙丙'[n]}", phone=f"1380000000{n}", exposed_to="病例1")

    assert queries.contacts_per_infection(alice.area, PERIOD) == {3: 1, 0: 1}
    rows = by_first(figure(alice, "contacts"))
    assert (rows["0"], rows["3–5"]) == ([1, "50.0%"], [1, "50.0%"])


def test_positives_are_counted_by_days_since_their_last_exposure(alice: User) -> None:
    for n, on in enumerate((D15, D16, D16)):
        found = episode(alice, name=f"密接{'甲乙丙'[n]}", phone=f"1380000000{n}")
        test = found.tests.get(planned_on=on)
        testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(on))
    infection(alice, D16)  # nobody's contact

    assert queries.found_by_day(alice.area, PERIOD) == {1: 1, 2: 2}
    rows = by_first(figure(alice, "by-day"))
    assert rows[1][:2] == [1, "33.3%"]
    assert rows[5] == [0, "100.0%", "94.5 %", "89.1 %"]


def test_the_published_lines_are_drawn_even_when_nothing_was_found_here(alice: User) -> None:
    shown = figure(alice, "by-day")

    assert shown.is_empty
    assert "81.4 %" in str(shown.chart)


def test_the_time_to_judged_contacts_is_measured_and_what_is_open_counts_once_late(alice: User) -> None:
    hour = dt.timedelta(hours=1)
    for n in (1, 3):
        found = infection(alice, D14, resulted_at=noon(D14) - hour)
        judge_contacts(infection=found, by=alice, at=noon(D14) + n * hour)
    infection(alice, D14)

    row = figure(alice, "speed").rows[2]

    assert list(row[1:]) == [2, 3, "2.0", "3.0", 1, "4"]


# ── zones ────────────────────────────────────────────────────────────────────────────────────────


def test_units_count_on_every_date_from_the_sealing_up_to_the_one_before_the_opening(
    carol: User, home: Area
) -> None:
    seal(carol, unit(home), unit(home, 2))

    rows = by_first(figure(carol, "sealed"))  # no sweep ran

    assert [day for day, row in rows.items() if row == [2, 1]] == [f"11-{n}" for n in range(12, 18)]
    assert rows["11-18"] == [0, 0]


def test_dates_under_seal_are_counted_of_what_opened_early_ends_and_restarts_besides(
    carol: User, home: Area
) -> None:
    seal(carol, unit(home), unit(home, 2), unit(home, 3))
    restart(units=[unit(home, 2)], cause=Cause(2, D14), by=carol, at=noon(D14))
    end_early(seals=list(UnitSeal.objects.filter(unit=unit(home, 3))), reason="无关", by=carol, at=noon(D15))

    shown = figure(carol, "to-release")

    assert {row[0]: row[1] for row in shown.rows if row[1]} == {3: 1, 6: 1, 8: 1}
    assert by_first(figure(carol, "to-release", today=D18, period=Period(D12, D18))).keys() == {3, 4, 5, 6}


def test_no_unit_opens_later_than_its_last_infection_allows(carol: User, home: Area) -> None:
    seal(carol, unit(home), unit(home, 2))
    restart(units=[unit(home, 2)], cause=Cause(2, D14), by=carol, at=noon(D14))
    sealed = queries.sealed_units(carol.area, PERIOD, D25)
    assert too_late(sealed) == 0

    # A date that no infection supports shows, whatever the seal says of itself.
    UnitSeal.objects.filter(unit=unit(home)).update(
        last_infection_on=D13, release_on=D20, planned_release_on=D20
    )
    assert too_late(queries.sealed_units(carol.area, PERIOD, D25)) == 1
    assert figure(carol, "lateness").rows[0][1] == 1


def test_nothing_is_shown_as_sealed_after_its_date_even_before_a_sweep(carol: User, home: Area) -> None:
    seal(carol, unit(home))

    assert queries.past_their_date(carol.area, midnight(D18), D18) == queries.Now(0, 0)


def test_the_lateness_of_what_is_written_down_is_counted_from_midnight(carol: User, home: Area) -> None:
    seal(carol, unit(home))
    seal(carol, unit(home, 2), found_on=D13)
    sweep_openings(at=midnight(D18) + dt.timedelta(minutes=1))
    sweep_openings(at=midnight(dt.date(2022, 11, 19)) + dt.timedelta(minutes=11))

    found = queries.openings(carol.area, PERIOD)

    assert (found.number, found.late) == (2, 1)
    assert (found.mean, found.longest) == (dt.timedelta(minutes=6), dt.timedelta(minutes=11))
    assert ZoneEvent.objects.filter(kind="opened").count() == 2


# ── central isolation and yield ──────────────────────────────────────────────────────────────────


def test_five_and_three_saves_two_of_seven_days(alice: User) -> None:
    episode(alice)  # exposed on the 14th: central 15–19; under 7+3 until the 21st
    editions = {each.code: each.resolved() for each in PolicyEdition.objects.with_parents()}
    plans = queries.contact_plans(alice.area, PERIOD)

    assert central_days(plans, PERIOD, editions) == 5
    assert central_days(plans, PERIOD, editions, under=editions["ninth"]) == 7
    assert by_first(figure(alice, "central"))
    assert "28.6%" in str(figure(alice, "central").rows)


def test_whoever_turned_positive_uses_no_further_day(alice: User) -> None:
    found = episode(alice)
    test = found.tests.get(planned_on=D16)
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(D16))
    editions = {each.code: each.resolved() for each in PolicyEdition.objects.with_parents()}
    plans = queries.contact_plans(alice.area, PERIOD)

    assert central_days(plans, PERIOD, editions) == 1
    assert central_days(plans, PERIOD, editions, under=editions["ninth"]) == 1


def test_a_household_in_one_room_is_one_room_and_two_people(alice: User, home: Area) -> None:
    room = ensure_room(community=home, site="云栖酒店", number="601")
    for n in range(2):
        held: Episode = episode(alice, name=f"同住{'甲乙'[n]}", phone=f"1380000000{n}")
        placing.place(episode=held, place=Place.SITE, room=room, by=alice, at=noon(D15))
        placing.place(episode=held, place=Place.HOME, by=alice, at=noon(D18))

    assert queries.sites_used(alice.area, PERIOD, D25) == queries.Used(room_days=3, person_days=6)


def test_yield_is_counted_of_those_who_were_registered_in_the_period(alice: User) -> None:
    found = episode(alice)
    episode(alice, name="密接乙", phone="13800000002")
    test = found.tests.get(planned_on=D16)
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(D16))

    assert queries.yields(alice.area, PERIOD) == {"close_contact": (2, 1)}
    assert queries.yields(alice.area, Period(D15, D25)) == {}


# ── page and file ────────────────────────────────────────────────────────────────────────────────


def test_the_page_counts_the_own_area_and_one_below_it_and_no_other(
    as_user: Login, alice: User, bob: User, carol: User, home: Area, the_day: Travel
) -> None:
    the_day(D25)
    infection(alice, D14)
    infection(bob, D14)

    def found(user: User, query: str = "") -> str:
        html = as_user(user).get(f"/statistics/?from=2022-11-12&to=2022-11-25{query}").content.decode()
        return re.search(r'<div class="tile"><b>(\d+)<', html).group(1)

    assert (found(alice), found(bob), found(carol)) == ("1", "1", "2")
    assert found(carol, f"&area={home.pk}") == "1"
    assert as_user(alice).get(f"/statistics/?area={bob.area.pk}").status_code == 404
    assert as_user(alice).get("/statistics/?area=99999999999999999999").status_code == 404


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("", "2022-11-12", "2022-11-25"),
        ("?days=7", "2022-11-19", "2022-11-25"),
        ("?days=9", "2022-11-12", "2022-11-25"),
        ("?from=2022-11-20&to=2022-11-22", "2022-11-20", "2022-11-22"),
        ("?from=2022-11-22&to=2022-11-20", "2022-11-20", "2022-11-20"),
        ("?from=2022-11-20&to=2030-01-01", "2022-11-20", "2022-11-25"),
        ("?from=1999-01-01", "2022-08-26", "2022-11-25"),
        ("?from=x&to=2022-99-99", "2022-11-12", "2022-11-25"),
    ],
)
def test_a_period_is_brought_into_bounds(
    as_user: Login, alice: User, the_day: Travel, query: str, first: str, last: str
) -> None:
    the_day(D25)

    html = as_user(alice).get(f"/statistics/{query}").content.decode()

    assert f'name="from" value="{first}"' in html
    assert f'name="to" value="{last}"' in html


def test_an_empty_area_reads_so_and_draws_nothing(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D25)

    html = as_user(alice).get("/statistics/").content.decode()

    assert 'class="empty"' in html
    assert 'class="chart"' not in html


def test_every_chart_has_its_numbers_as_a_table_and_a_name(
    as_user: Login, alice: User, carol: User, home: Area, the_day: Travel
) -> None:
    the_day(D25)
    infection(alice, D14)
    seal(carol, unit(home))
    episode(alice)

    html = as_user(carol).get("/statistics/?days=14").content.decode()

    for card in re.findall(r'<section class="card" id="[\w-]+".*?</section>', html, re.DOTALL):
        if 'class="chart"' in card:
            assert "<desc" in card
            assert 'class="numbers"' in card
    assert "style=" not in html
    assert "陈晓琳" not in html


def test_the_excel_file_holds_the_tables_of_the_page(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D25)
    infection(alice, D14)

    answer = as_user(alice).get("/statistics/xlsx/?days=14")

    rows = list(load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True))
    found = read_statistics(alice.area, PERIOD, at=noon(D25), today=D25)
    assert len(rows) == len(table(found)[1]) + 1
    assert [row[3] for row in rows if row[1] == "11-14"][:1] == [1]


@pytest.mark.parametrize("path", ["/statistics/", "/statistics/xlsx/"])
def test_statistics_are_for_those_who_may_see_figures(as_user: Login, home: Area, path: str) -> None:
    assert as_user(staff("dora", home, Role.ANALYST)).get(path).status_code == 200
    assert as_user(staff("erik", home, Role.HOTLINE_OPERATOR)).get(path).status_code == 403
    assert Client().get(path).status_code == 302


def test_the_number_of_queries_does_not_grow_with_the_records(
    as_user: Login, alice: User, carol: User, home: Area, the_day: Travel
) -> None:
    the_day(D25)
    client = as_user(carol)

    def price() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/statistics/").status_code == 200
        return len(captured)

    infection(alice, D14)
    seal(carol, unit(home))
    episode(alice)
    few = price()
    for n in range(2, 9):
        infection(alice, D14)
        seal(carol, unit(home, n))
        episode(alice, name=f"密接{n}号", phone=f"1380000000{n}")

    assert price() == few
    # Session, user, roles, area; late and edition, inbox; the areas to choose from;
    # twelve subjects and the editions.
    assert few <= 22


def test_a_county_reads_all_its_streets(county: Area, alice: User) -> None:
    other = area("东直门街道", Level.STREET, "110105002", county)
    there = area("海运仓社区", Level.COMMUNITY, "110105002001", other)
    boss, eve = staff("boss", county, Role.SUPERVISOR), staff("eve", there, Role.COMMUNITY_WORKER)
    infection(alice, D14)
    infection(eve, D14)

    assert queries.infections_by_day(boss.area, PERIOD).total() == 2
    assert queries.infections_by_day(other, PERIOD).total() == 1
