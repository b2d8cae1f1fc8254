"""Figures: each number against what was done, each share with its whole, nobody small pointed at."""

import datetime as dt
import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, User
from accounts.rules import Department, Level, Role
from complaints.actions import correcting, handling, word
from complaints.figures import counting, drawing
from complaints.figures.reading import NoSuchCounty, office_figures, public_figures
from complaints.models import Complaint
from complaints.rules.figures import (
    ROAD_SHARES,
    Counts,
    masked,
    month_of,
    months,
    places,
    times_of,
    trend_starts,
)
from complaints.rules.handling import State
from complaints.rules.words import Outcome, Source
from policy.statistics import Period, share
from tests.builders import area, noon, staff
from tests.complaints.cast import TODAY, Cast, filed, office, officer

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
MONTH = Period(dt.date(2022, 11, 1), dt.date(2022, 11, 30))
AT = noon(TODAY) + 3 * DAY
BOARD = {"received": 13_916, "answered": 13_862, "closed": 11_609}
"""The national board of 2022, as the rulebook gives it; 2,253 open, 83.4 % or 83.7 %."""


def fresh(complaint: Complaint) -> Complaint:
    return Complaint.objects.select_related("handler__area", "respondent__area").get(pk=complaint.pk)


def answered(cast: Cast, *, after: dt.timedelta = 3 * HOUR, **changes: Any) -> Complaint:
    """A complaint of noon that was accepted and answered so much later."""
    complaint = filed(cast.home, **changes).complaint
    at = complaint.received_at + after
    handling.accept(complaint=complaint, by=cast.task_force, at=at)
    handling.answer(complaint=complaint, text="已拆除。", by=cast.task_force, at=at)
    return fresh(complaint)


def closed(cast: Cast, outcome: Outcome = Outcome.SOLVED, **changes: Any) -> Complaint:
    """The same, verified by the city and closed the next day."""
    complaint = answered(cast, **changes)
    at = complaint.received_at + DAY
    handling.verify(complaint=complaint, outcome=outcome, how="电话核实", by=cast.city, at=at)
    handling.close(complaint=complaint, by=cast.task_force, at=at)
    return fresh(complaint)


def total(at: dt.datetime = AT) -> Counts:
    return public_figures(MONTH, at).total


# ── the national board ───────────────────────────────────────────────────────────────────────────


def shares(counts: Counts) -> dict[tuple[str, str], str]:
    return {(each.part, each.whole): share(*each.numbers(counts)) for each in ROAD_SHARES}


def test_the_boards_two_rates_are_of_received_and_of_answered_and_its_open_is_answered_minus_closed() -> None:
    board = Counts(**BOARD, open=BOARD["received"] - BOARD["closed"])

    assert shares(board)["closed", "received"] == "83.4%"
    assert shares(board)["closed", "answered"] == "83.7%"
    assert board.answered_open == 2_253
    assert (board.open, board.unanswered) == (2_307, 54)


def test_the_database_counts_the_boards_figures_and_the_page_names_both_denominators(
    cast: Cast, client: Client, on_the_day: None
) -> None:
    at = noon(TODAY)
    model = filed(cast.home, at=at).complaint
    rows = []
    for n in range(BOARD["received"] - 1):
        ahead = n < BOARD["answered"]
        rows.append(
            Complaint(
                number=f"board-{n}",
                submission=f"board-{n}",
                behaviour="not_unsealed",
                topic="door",
                area=cast.home,
                county=cast.county,
                handler=model.handler,
                received_at=at,
                round_began_at=at,
                first_answered_at=at if ahead else None,
                state=State.CLOSED if n < BOARD["closed"] else State.ANSWERED if ahead else State.ACCEPTED,
                closed_at=at if n < BOARD["closed"] else None,
            )
        )
    Complaint.objects.bulk_create(rows, batch_size=500)

    found = total(at)
    assert (found.received, found.answered, found.closed) == tuple(BOARD.values())
    assert (found.answered_open, found.unanswered) == (2_253, 54)
    html = client.get("/complaints/figures/").content.decode()
    assert "<td>11609</td><td>占收到</td><td>13916</td><td>83.4%</td>" in html
    assert "<td>11609</td><td>占已答复</td><td>13862</td><td>83.7%</td>" in html


# ── what counts as what ──────────────────────────────────────────────────────────────────────────


def test_closed_is_not_solved_and_received_is_open_closed_and_not_accepted(cast: Cast) -> None:
    closed(cast, place="一号楼")
    closed(cast, Outcome.PARTLY, place="二号楼")
    closed(cast, Outcome.NOT_SOLVED, place="三号楼")
    closed(cast, Outcome.UNFOUNDED, place="四号楼")
    answered(cast, place="五号楼")
    filed(cast.home, place="六号楼")
    refused = filed(cast.home, place="七号楼").complaint
    handling.decline(complaint=refused, reason="不属于受理范围", by=cast.task_force, at=noon(TODAY))

    found = total()
    assert (found.received, found.open, found.closed, found.declined) == (7, 2, 4, 1)
    assert (found.solved, found.partly) == (2, 1)
    assert (found.answered, found.answered_open, found.unanswered) == (5, 1, 1)


def test_a_merged_one_counts_once_and_a_withdrawn_one_and_a_lead_stand_apart(cast: Cast) -> None:
    first, second = filed(cast.home).complaint, filed(cast.home).complaint
    correcting.merge(complaint=second, into=first, by=cast.task_force, at=noon(TODAY))
    gone = filed(cast.home, place="别处").complaint
    word.withdraw(complaint=gone, at=noon(TODAY))
    filed(cast.home, source=Source.SELF_AUDIT, lead_key="seal:1:overdue")

    found = public_figures(MONTH, AT)
    assert (found.total.received, found.total.open, found.total.withdrawn) == (1, 1, 1)
    assert found.leads.received == 1
    assert found.by(lambda line: line.source)[Source.WEB].received == 1


def test_satisfied_is_of_those_who_said_something_and_their_last_word_counts(cast: Cast) -> None:
    glad = answered(cast, place="一号楼")
    word.say_satisfied(complaint=glad, at=noon(TODAY) + 5 * HOUR)
    angry = answered(cast, place="二号楼")
    word.say_dissatisfied(complaint=angry, text="没拆", at=noon(TODAY) + 5 * HOUR)
    answered(cast, place="三号楼")

    found = total()
    assert (found.satisfied, found.judged, found.answered, found.reopened) == (1, 2, 3, 1)


def test_lateness_follows_from_the_limit_without_a_sweep_and_stays_when_it_is_made_up_for(
    cast: Cast,
) -> None:
    filed(cast.home, place="一号楼")
    late = filed(cast.home, place="二号楼").complaint
    handling.accept(complaint=late, by=cast.task_force, at=noon(TODAY) + 25 * HOUR)

    assert (total(noon(TODAY) + 23 * HOUR).late, total(noon(TODAY) + 25 * HOUR).late) == (1, 2)
    assert total(noon(TODAY) + 25 * HOUR).grossly_late == 0
    assert total(noon(TODAY) + 49 * HOUR).grossly_late == 1


def test_a_complainant_who_takes_their_time_makes_nobody_late(cast: Cast) -> None:
    answered(cast)

    assert total(noon(TODAY) + 20 * DAY).late == 0


def test_a_rebound_is_a_share_of_those_that_name_an_office(cast: Cast) -> None:
    closed(cast)
    filed(cast.home, at=noon(TODAY) + 2 * DAY)
    filed(cast.home, whom="unknown")

    found = total()
    assert (found.rebound, found.named, found.received) == (1, 2, 3)


def test_only_what_was_received_in_the_period_counts_by_the_dates_of_shanghai(cast: Cast) -> None:
    edge = dt.datetime(2022, 11, 1, tzinfo=dt.timezone(8 * HOUR))
    filed(cast.home, at=edge - dt.timedelta(seconds=1))
    filed(cast.home, at=edge)

    assert total().received == 1
    found = public_figures(MONTH, AT).by(lambda line: line.start)
    assert {start: counts.received for start, counts in found.items()} == {dt.date(2022, 11, 1): 1}


def test_a_long_period_is_counted_by_weeks_from_monday(cast: Cast) -> None:
    filed(cast.home, at=noon(dt.date(2022, 11, 13)))
    filed(cast.home, at=noon(dt.date(2022, 11, 14)))
    period = Period(dt.date(2022, 10, 5), dt.date(2022, 11, 30))

    found = public_figures(period, AT).by(lambda line: line.start)
    assert {start: counts.received for start, counts in found.items()} == {
        dt.date(2022, 11, 7): 1,
        dt.date(2022, 11, 14): 1,
    }
    assert set(found) <= set(trend_starts(period))
    assert trend_starts(period)[0] == dt.date(2022, 10, 3)


# ── how long it took ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("took", "median", "ninetieth"),
    [([5], 5, 5), ([1, 3], 2, 3), ([1, 2, 30], 2, 30), ([*range(1, 11)], 5.5, 9), ([*range(1, 12)], 6, 10)],
)
def test_median_and_90th_percentile_by_hand(took: list[int], median: float, ninetieth: int) -> None:
    by_place = {place: took[place - 1] * HOUR for place in places(len(took))}
    found = times_of(len(took), by_place)

    assert found is not None
    assert (found.median / HOUR, found.ninetieth / HOUR) == (median, ninetieth)


def test_the_database_finds_the_same_times_over_all_by_topic_and_by_office(cast: Cast) -> None:
    hours = [1, 2, 3, 4, 5, 6, 7, 8, 9, 20]
    random.Random(1).shuffle(hours)
    for n, after in enumerate(hours):
        answered(cast, after=after * HOUR, place=f"{n}号楼")
    road = filed(cast.home, behaviour="other", place="路口").complaint
    handling.refer(complaint=road, to=office(cast.county, Department.HEALTH), by=cast.task_force, at=AT)
    handling.answer(complaint=fresh(road), text="已通行。", by=cast.health, at=noon(TODAY) + 40 * HOUR)
    filed(cast.home, place="没有答复")

    found = counting.times(counting.received_in(MONTH), "topic", "handler")
    assert found[""][""].number == 11
    assert found[""][""].median == 6 * HOUR
    assert found["topic"]["door"].median == 5.5 * HOUR
    assert found["topic"]["door"].ninetieth == 9 * HOUR
    assert found["topic"]["other"].median == 40 * HOUR
    assert found["handler"][cast.task_force.office_id].number == 10
    assert counting.times(counting.received_in(Period(TODAY + DAY, TODAY + DAY)))[""] == {}


# ── places, and small numbers ────────────────────────────────────────────────────────────────────


def test_a_county_is_counted_by_street_without_small_numbers(
    cast: Cast, client: Client, on_the_day: None
) -> None:
    for n in range(4):
        filed(cast.home, place=f"{n}号楼")
    filed(cast.home, behaviour="extra_tests")
    other = area("安静街道", Level.STREET, "110105009", cast.county)
    filed(other, behaviour="not_unsealed", whom="unknown")

    streets = public_figures(MONTH, AT, "110105").streets
    assert streets is not None
    by_name = {name: (list(numbers), together) for name, numbers, together in streets.rows}
    assert by_name["安静街道"][1] == "<3"
    assert by_name["锦绣街道"][1] == 5
    assert "1" not in {str(number) for numbers, _sum in by_name.values() for number in numbers}
    html = client.get("/complaints/figures/?county=110105").content.decode()
    assert "安静街道" in html
    assert "&lt;3" in html


def test_another_county_and_one_that_is_none(cast: Cast, client: Client, on_the_day: None) -> None:
    filed(cast.home)

    assert public_figures(MONTH, AT, "110108").total.received == 0
    with pytest.raises(NoSuchCounty):
        public_figures(MONTH, AT, "990000")
    for wrong in ("990000", "110105001", "1", "x" * 6, "110105'--"):
        assert client.get("/complaints/figures/", {"county": wrong}).status_code == 404


def _could_be(table: list[list[int]], shown: list[list[int | str]]) -> list[set[int]]:
    """For each hidden small number of one line with its sum: what it could be, as a reader works it out."""
    found = []
    lines = [*zip(table, shown, strict=True)]
    lines += [*zip(map(list, zip(*table, strict=True)), map(list, zip(*shown, strict=True)), strict=True)]
    for numbers, marks in lines:
        left = sum(n for n, mark in zip(numbers, marks, strict=True) if isinstance(mark, str))
        small, withheld = marks.count("<3"), marks.count("*")
        if not small or not left:
            continue
        fitting = [
            each
            for each in product(range(3), repeat=small)
            if (withheld and left - sum(each) >= 3 * withheld) or (not withheld and sum(each) == left)
        ]
        found += [{each[n] for each in fitting} for n in range(small)]
    return found


def test_no_small_number_follows_from_the_sums() -> None:
    rng = random.Random(20221111)
    for _n in range(300):
        table = [[rng.choice([0, 0, 1, 2, 2, 3, 5, 9]) for _c in range(4)] for _r in range(3)]
        shown = masked(table)
        assert not {0, 1, 2} & {mark for row in shown for mark in row}
        lines = [*shown, *zip(*shown, strict=True)]
        all_hidden = any(all(isinstance(mark, str) for mark in line) for line in lines)
        if not all_hidden:
            told = [possible for possible in _could_be(table, shown) if len(possible) == 1]
            assert told in ([], [{0}] * len(told)), (table, shown)  # that there is none points at nobody


def test_a_table_without_small_numbers_stays_as_it_is() -> None:
    assert masked([[3, 4], [5, 6]]) == [[3, 4], [5, 6]]


# ── months ───────────────────────────────────────────────────────────────────────────────────────


def test_months_are_read_and_listed() -> None:
    assert month_of("2022-02") == Period(dt.date(2022, 2, 1), dt.date(2022, 2, 28))
    for wrong in ("2022-13", "2022-1", "0000-01", "x", "2022-02-03", "２０２２-02x"):
        assert month_of(wrong) is None
    found = months(dt.date(2021, 12, 31), dt.date(2022, 2, 1))
    assert [f"{month.first:%Y-%m}" for month in found] == ["2022-02", "2022-01", "2021-12"]


# ── the pages ────────────────────────────────────────────────────────────────────────────────────


def test_anybody_reads_the_figures_with_date_and_without_a_name(
    cast: Cast, client: Client, on_the_day: None
) -> None:
    closed(cast)
    answer = client.get("/complaints/figures/")
    html = answer.content.decode()

    assert answer.status_code == 200
    assert "欧阳特殊" not in html
    assert "13877665544" not in html
    assert "截至2022年11月16日" in html
    assert "83.4%" in html


def test_an_empty_installation_says_so(client: Client, db: None) -> None:
    html = client.get("/complaints/figures/").content.decode()
    assert "本期没有收到投诉。" in html


@pytest.mark.parametrize("address", ["/complaints/figures/?days=365", "/complaints/figures/?county=110105"])
def test_the_public_page_asks_the_database_four_times_and_is_kept_for_seconds(
    cast: Cast, client: Client, on_the_day: None, address: str
) -> None:
    for n in range(3):
        closed(cast, place=f"{n}号楼")
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) <= 4, [query["sql"] for query in queries]
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    assert len(queries) == 0


def test_the_staff_page_counts_what_lies_at_the_own_office_and_below(
    cast: Cast, as_user: Login, on_the_day: None
) -> None:
    late = filed(cast.home, behaviour="care_refused", whom="site", at=noon(TODAY) - DAY).complaint
    filed(cast.home)

    for user, held in ((cast.task_force, 2), (cast.health, 1), (cast.city, 2)):
        assert user.own_office is not None
        found = office_figures(user.own_office, MONTH, noon(TODAY))
        assert sum(line.held for line in found.offices) == held
        assert sum(line.late for line in found.offices) == 1
    assert late.handler == cast.health.office
    assert cast.neighbour.own_office is not None
    assert not office_figures(cast.neighbour.own_office, MONTH, noon(TODAY)).offices
    assert cast.street.own_office is not None
    assert not office_figures(cast.street.own_office, MONTH, noon(TODAY)).offices

    html = as_user(cast.task_force).get("/complaint-desk/figures/").content.decode()
    assert str(cast.health.office) in html
    assert "欧阳特殊" not in html


def test_who_may_read_the_staff_page(cast: Cast, as_user: Login, client: Client, stranger: User) -> None:
    analyst = officer("analyst", office(cast.county), Role.ANALYST)

    for user, status in (
        (cast.health, 200),
        (cast.city, 200),
        (analyst, 200),
        (cast.operator, 403),
        (stranger, 403),
    ):
        assert as_user(user).get("/complaint-desk/figures/").status_code == status, user
    assert client.get("/complaint-desk/figures/").status_code == 302


def test_the_staff_page_costs_four_queries_besides_the_frame(
    cast: Cast, as_user: Login, on_the_day: None
) -> None:
    client = as_user(cast.task_force)
    with CaptureQueriesContext(connection) as few:
        client.get("/complaint-desk/figures/")
    for n in range(3):
        closed(cast, place=f"{n}号楼")
    with CaptureQueriesContext(connection) as many:
        client.get("/complaint-desk/figures/")
    of_the_frame = "policy_editionactivation"  # one query, with the officer's own numbers in it
    own = [q["sql"] for q in many if "complaints_" in q["sql"] and of_the_frame not in q["sql"]]
    assert len(own) <= 4, own
    assert len(many) <= len(few)


def test_every_card_has_a_table_and_its_chart_the_same_numbers(cast: Cast) -> None:
    closed(cast)
    found = public_figures(MONTH, AT)
    for card in drawing.cards(found):
        assert not card.is_empty, card.key
        assert all(len(row) == len(card.headers) for row in card.rows), card.key


def test_whoever_belongs_to_no_office_reads_why_there_is_nothing(county: Area, as_user: Login) -> None:
    client = as_user(staff("lonely", county, Role.SUPERVISOR))
    html = client.get("/complaint-desk/figures/").content.decode()
    assert "您的账号还没有所属单位。" in html
