"""Today: what is due for whom, in which order, at what price, on both sides of midnight."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import contacting, ending, handover, placing, sweeps, testing
from cases.actions.sweeps import sweep_releases
from cases.models import Episode, NucleicAcidTest
from cases.rules import ContactOutcome, HomeCheck, Place, Result
from desk.today import read_day
from policy.clock import midnight
from policy.types import Category
from tests.builders import episode, noon, resident_id, staff
from zones.actions import ensure_room, staircase

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
"""Exposed on the 14th: central 15–19 (tests 15 16 17 19), home 20–22 (tests 20 22), free from the 23rd."""
D14, D15, D16, D19, D20, D21, D22, D23, D24 = (
    dt.date(2022, 11, day) for day in (14, 15, 16, 19, 20, 21, 22, 23, 24)
)


def section(html: str, key: str) -> str:
    """The part of the page with that id; "" when it is not there."""
    found = re.search(rf'<section class="card[^"]*" id="{key}".*?</section>', html, re.DOTALL)
    return found.group(0) if found else ""


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/today/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def people(alice: User, count: int, building: str = "4号楼", **changes: object) -> list[Episode]:
    """So many contacts, one behind each door of a building."""
    stairs = staircase(community=alice.area, compound="锦绣花园", building=building, unit="1单元")
    return [
        episode(
            alice, name=f"王{n:03d}号", phone=f"1390000{n:04d}", door=str(n + 1), stairs=stairs, **changes
        )
        for n in range(count)
    ]


def at_the_site(found: Episode, community: Area, number: str = "601") -> Episode:
    room = ensure_room(community=community, site="云栖酒店", number=number)
    placing.place(episode=found, place=Place.SITE, room=room, by=found.registered_by, at=noon(D15))
    return found


# ── samples ──────────────────────────────────────────────────────────────────────────────────────


def test_who_is_to_be_sampled_today_stands_there_and_who_is_done_does_not(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    first, second = people(alice, 2)
    testing.record_sampling(test=first.tests.get(planned_on=D15), by=alice, at=noon(D15))

    html = page(as_user(alice))

    rows = re.findall(r'<li id="t(\d+)"', section(html, "samples"))
    assert rows == [str(second.tests.get(planned_on=D15).pk)]
    assert 'id="n-samples">1<' in html
    assert "王000号" in section(html, "samples").split("done-today")[1]


def test_tests_of_other_days_are_not_due(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(dt.date(2022, 11, 18))
    people(alice, 1, home_check=HomeCheck.SUITABLE)

    assert not re.findall(r'<li id="t', section(page(as_user(alice)), "samples"))


def test_one_walk_goes_by_building_unit_and_door_as_people_count(alice: User, the_day: Travel) -> None:
    the_day(D15)
    doors = [
        ("10号楼", "1单元", "101"),
        ("2号楼", "2单元", "302"),
        ("2号楼", "2单元", "1201"),
        ("2号楼", "1单元", "901"),
    ]
    for n, (building, unit, door) in enumerate(doors):
        stairs = staircase(community=alice.area, compound="锦绣花园", building=building, unit=unit)
        episode(alice, name=f"李{n}", phone=f"1380000{n:04d}", stairs=stairs, door=door)
    at_the_site(episode(alice, name="孙浩", phone="13811110000"), alice.area, "1002")
    at_the_site(episode(alice, name="周敏", phone="13811110001"), alice.area, "98")

    groups = read_day(alice, at=noon(D15), today=D15, late_count=0).sections["samples"].groups

    assert [(group.title, [line.spot for line in group.lines]) for group in groups] == [
        ("锦绣花园 2号楼", ["1单元 901", "2单元 302", "2单元 1201"]),
        ("锦绣花园 10号楼", ["1单元 101"]),
        ("云栖酒店", ["98", "1002"]),
    ]


def test_a_building_is_sampled_by_one_button(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    people(alice, 3)
    client = as_user(alice)
    keys = re.search(r'name="tests" value="([\d,]+)"', section(page(client), "samples")).group(1)

    client.post("/tests/bulk/sampled/", {"tests": keys, "next": "/today/"})

    assert NucleicAcidTest.objects.to_take(D15).count() == 0


def test_a_long_list_is_cut_off_with_its_number_and_shown_whole_on_demand(
    as_user: Login, alice: User, the_day: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    the_day(D15)
    monkeypatch.setattr("desk.today.LIMIT", 3)
    people(alice, 5)
    client = as_user(alice)

    cut, whole = page(client), page(client, "?whole=samples")

    assert len(re.findall(r'<li id="t', section(cut, "samples"))) == 3
    assert 'id="n-samples">5<' in cut
    assert "?whole=samples#samples" in section(cut, "samples")
    assert "tests=today" in section(cut, "samples")
    assert len(re.findall(r'<li id="t', section(whole, "samples"))) == 5


# ── results and missed tests ─────────────────────────────────────────────────────────────────────


def test_a_sample_waits_for_its_result_until_there_is_one(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    test = people(alice, 1)[0].tests.get(planned_on=D15)
    testing.record_sampling(test=test, by=alice, at=noon(D15) - dt.timedelta(hours=2, minutes=15))
    client = as_user(alice)

    waiting = section(page(client), "results")
    assert f'id="t{test.pk}"' in waiting
    assert "2 小时 15 分" in waiting or "2 h 15 min" in waiting

    testing.record_result(test=test, result=Result.NEGATIVE, by=alice, at=noon(D15))
    assert section(page(client), "results") == ""


def test_a_missed_test_is_shown_as_ours_and_not_as_due(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    the_day(dt.date(2022, 11, 18))

    html = page(as_user(alice))

    assert len(re.findall(r'<li id="t', section(html, "missed"))) == 3  # 15, 16, 17
    assert section(html, "late") == ""
    assert found.release_on == D23


# ── stages and places ────────────────────────────────────────────────────────────────────────────


def test_who_goes_home_tomorrow_and_today_is_listed_with_the_state_of_the_home(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    found = at_the_site(people(alice, 1, home_check=HomeCheck.UNCHECKED)[0], alice.area)
    the_day(D19)
    eve = section(page(as_user(alice)), "home")
    assert 'name="home_check" value="suitable"' in eve
    assert 'value="home"' not in eve

    placing.record_home_check(episode=found, check=HomeCheck.SUITABLE, by=alice, at=noon(D19))
    the_day(D20)
    morning = section(page(as_user(alice)), "home")
    assert 'name="place" value="home"' in morning
    assert section(page(as_user(alice)), "late") == ""  # due today stands in its section, not on top

    placing.place(episode=found, place=Place.HOME, by=alice, at=noon(D20))
    assert section(page(as_user(alice)), "home") == ""


def test_an_unsuitable_home_keeps_the_person_out_of_the_list_of_journeys(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    found = at_the_site(people(alice, 1)[0], alice.area)
    placing.record_home_check(episode=found, check=HomeCheck.UNSUITABLE, by=alice, at=noon(D16))
    the_day(D20)

    assert section(page(as_user(alice)), "home") == ""


def test_a_journey_of_yesterday_is_overdue_on_top_with_its_reason_and_its_owner(
    as_user: Login, alice: User, street: Area, the_day: Travel
) -> None:
    Area.objects.filter(pk=street.pk).update(duty_phone="010-66550001")
    the_day(D15)
    found = at_the_site(people(alice, 1)[0], alice.area)
    the_day(D21)

    late = section(page(as_user(alice)), "late")

    assert found.person.name in late
    assert "锦绣街道" in late
    assert "tel:010-66550001" in late
    assert f'action="/episodes/{found.pk}/place/"' in late


def test_who_belongs_in_central_isolation_and_is_at_home_is_to_be_brought(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D14)
    found = people(alice, 1)[0]
    assert found.person.name in section(page(as_user(alice)), "bring")  # day 0 already

    the_day(D15)
    assert found.person.name in section(page(as_user(alice)), "bring")

    at_the_site(found, alice.area)
    assert section(page(as_user(alice)), "bring") == ""


def test_home_isolation_needs_no_room(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    people(alice, 1, category=Category.SPILL_OVER, home_check=HomeCheck.UNCHECKED)

    html = page(as_user(alice))

    assert section(html, "bring") == ""
    assert 'name="home_check" value="unsuitable"' in section(html, "home")  # S1: recorded before it starts


def test_monitoring_asks_for_no_home_conditions(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    people(alice, 1, category=Category.POST_CLOSED_LOOP, home_check=HomeCheck.UNCHECKED)

    assert section(page(as_user(alice)), "home") == ""


def test_whom_nobody_reached_comes_back_with_a_clock(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    contacting.record_attempt(
        episode=found, outcome=ContactOutcome.NO_ANSWER, by=alice, at=noon(D15) - dt.timedelta(hours=3)
    )

    assert "badge late" in section(page(as_user(alice)), "again")

    contacting.record_attempt(episode=found, outcome=ContactOutcome.REACHED, by=alice, at=noon(D15))
    assert section(page(as_user(alice)), "again") == ""


# ── release ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("instant", "free"), [(midnight(D23) - dt.timedelta(seconds=1), False), (midnight(D23), True)]
)
def test_midnight_decides_and_no_worker_is_asked(
    alice: User, the_day: Travel, instant: dt.datetime, free: bool
) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    on = D23 if free else D22

    day = read_day(alice, at=instant, today=on, late_count=0)

    assert found.swept_at is None
    assert bool(day.sections["released"].total) is free
    assert bool(day.sections["tomorrow"].total) is not free
    assert sum(each.count for each in day.restricted[:1]) == (0 if free else 1)


def test_released_without_celery_the_code_is_overdue_on_top_and_the_person_free(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    the_day(D23)
    client = as_user(alice)

    html = page(client)
    assert f'name="episode" value="{found.pk}"' in section(html, "late")
    assert "badge open" in section(html, "released") or "badge late" in section(html, "released")

    client.post("/episodes/codes-lifted/", {"episode": found.pk, "next": "/today/"})
    assert section(page(client), "late") == ""


def test_after_the_sweep_only_the_telling_is_left_and_then_nothing(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    the_day(D23)
    sweep_releases(at=midnight(D23))
    client = as_user(alice)
    assert f'action="/episodes/{found.pk}/told/"' in section(page(client), "released")

    client.post(f"/episodes/{found.pk}/told/", {"next": "/today/#released"})

    html = section(page(client), "released")
    assert f'action="/episodes/{found.pk}/told/"' not in html
    assert found.person.name in html.split("<details")[1]  # folded away, done


def test_untold_the_next_day_is_overdue_on_top(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    the_day(D24)
    sweep_releases(at=midnight(D23))

    html = page(as_user(alice))

    assert f'action="/episodes/{found.pk}/told/"' in section(html, "late")
    assert section(html, "released") == ""


def test_all_released_today_are_told_by_one_button(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    people(alice, 3)
    the_day(D23)
    sweep_releases(at=midnight(D23))
    client = as_user(alice)
    keys = re.findall(r'name="episode" value="(\d+)"', section(page(client), "released"))

    client.post("/register/bulk/", {"episode": keys, "act": "told", "next": "/today/"})

    assert Episode.objects.filter(told_at=None).count() == 0


def test_a_journey_of_the_release_day_stands_in_its_section_and_on_top_the_next_day(
    as_user: Login, alice: User, the_day: Travel
) -> None:
    the_day(D15)
    found = at_the_site(people(alice, 1)[0], alice.area)
    placing.record_home_check(episode=found, check=HomeCheck.UNSUITABLE, by=alice, at=noon(D16))
    sweep_releases(at=midnight(D23))
    journey = f'action="/episodes/{found.pk}/place/"'

    the_day(D23)
    html = page(as_user(alice))
    assert section(html, "late") == ""
    assert journey in section(html, "released")

    the_day(D24)
    assert journey in section(page(as_user(alice)), "late")


def test_ended_early_today_has_to_be_told_too(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D16)
    found = people(alice, 1, registered_on=D15)[0]
    ending.end_early(episode=found, reason="not the person meant", by=alice, at=noon(D16))

    assert f'action="/episodes/{found.pk}/told/"' in section(page(as_user(alice)), "released")


# ── positive, handovers, infections ──────────────────────────────────────────────────────────────


def test_a_positive_person_waits_on_top_until_a_hospital_took_over(
    as_user: Login, alice: User, carol: User, the_day: Travel
) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    testing.record_result(
        test=found.tests.get(planned_on=D15), result=Result.POSITIVE, by=alice, at=noon(D15)
    )
    client = as_user(alice)
    html = page(client)
    assert f'action="/episodes/{found.pk}/hand-over/"' in section(html, "transfer")
    assert 'id="n-samples">0<' in html  # the plan asks for no more tests
    for user in (alice, carol):  # whoever works cases traces contacts, not only the supervisor
        assert "judged/" in section(page(as_user(user)), "infections")

    client.post(f"/episodes/{found.pk}/hand-over/", {"to": "地坛医院", "next": "/today/"})
    assert section(page(client), "transfer") == ""


def test_an_offered_handover_waits_at_the_other_end_without_a_name(
    as_user: Login, alice: User, bob: User, next_door: Area, the_day: Travel
) -> None:
    the_day(D15)
    found = people(alice, 1)[0]
    handover.offer(episode=found, to_community=next_door, by=alice, at=noon(D15), reason="moved")

    html = page(as_user(bob))

    assert "锦绣社区" in section(html, "handovers")
    assert found.person.name not in html
    assert section(page(as_user(alice)), "handovers") == ""


# ── who sees what ────────────────────────────────────────────────────────────────────────────────


def test_the_neighbour_sees_nothing_and_is_told_what_to_do_first(
    as_user: Login, alice: User, bob: User, the_day: Travel
) -> None:
    the_day(D15)
    people(alice, 2)

    html = page(as_user(bob))

    assert "王000号" not in html
    assert 'id="samples"' not in html
    assert "/calculator/" in html


def test_the_street_sees_both_communities_by_name(
    as_user: Login, alice: User, bob: User, carol: User, the_day: Travel
) -> None:
    the_day(D15)
    people(alice, 1)
    episode(bob, name="赵小波", phone="13700000000", stairs=None, door="")

    samples = section(page(as_user(carol)), "samples")

    assert "锦绣社区 · 锦绣花园 4号楼" in samples
    assert "湖滨社区" in samples


def test_the_office_of_the_isolation_site_sees_whom_it_hosts(
    as_user: Login, alice: User, bob: User, next_door: Area, the_day: Travel
) -> None:
    the_day(D15)
    at_the_site(people(alice, 1)[0], next_door)

    assert "王000号" in section(page(as_user(bob)), "samples")


@pytest.mark.parametrize("role", [Role.ANALYST, Role.HOTLINE_OPERATOR])
def test_whoever_only_reads_sees_no_button_that_records(
    as_user: Login, alice: User, home: Area, the_day: Travel, role: Role
) -> None:
    the_day(D15)
    people(alice, 2)
    at_the_site(episode(alice, name="孙浩", phone="13811110000"), home)
    the_day(D21)

    html = page(as_user(staff("dora", home, role)))

    posts = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', html))
    harmless = ("/i18n", "/logout", "/demo-clock", "/persons/", "/register/search/")
    assert {post for post in posts if not post.startswith(harmless)} == set()


def test_an_account_without_an_area_reads_why(as_user: Login, stranger: User) -> None:
    assert as_user(stranger).get("/today/").status_code == 403


def test_nobody_enters_without_a_login(client: Client) -> None:
    assert client.get("/today/")["Location"].startswith("/login/")


# ── the price ────────────────────────────────────────────────────────────────────────────────────


def busy(alice: User, count: int, first: int) -> None:
    """People in the sections of the 20th: due, sampled, missed, late, going home, to be brought, released."""
    ages = {"today": D14, "released": dt.date(2022, 11, 11), "fresh": dt.date(2022, 11, 19)}
    for n in range(first, first + count):
        for kind, (key, anchor_on) in enumerate(ages.items()):
            found = episode(
                alice,
                name=f"{key} {n}",
                phone=f"139{kind}{n:07d}",
                door=f"{kind}{n}",
                anchor_on=anchor_on,
                registered_on=max(anchor_on, D14),
                home_check=HomeCheck.UNCHECKED,
            )
            if key == "today":
                at_the_site(found, alice.area, f"6{n}")
                for test in found.tests.filter(planned_on__in=[D15, D20]):
                    testing.record_sampling(test=test, by=alice, at=noon(D20))
        late = episode(
            alice, name=f"late {n}", phone=f"1379{n:07d}", door=f"9{n}", anchor_on=dt.date(2022, 11, 10)
        )
        contacting.record_attempt(episode=late, outcome=ContactOutcome.NO_ANSWER, by=alice, at=noon(D19))


def queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as captured:
        page(client)
    return len(captured)


def test_thirty_six_people_cost_as_many_queries_as_four(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D20)
    client = as_user(alice)
    busy(alice, 1, first=0)
    few = queries(client)
    busy(alice, 8, first=1)

    assert queries(client) == few
    # Session, user with area, roles; late and edition, inbox; eleven lists; their rows; outlook, handovers,
    # owners of what is late; infections, and of zones those that hold, that open soon, and what is wanted at
    # doors; supervision orders; needs behind closed doors, and what else the day asks for there. A list that
    # is longer than its limit is counted once more, and what burns is read when something does.
    assert few <= 27


def test_a_fragment_pays_for_no_navigation(
    as_user: Login, alice: User, the_day: Travel, django_assert_max_num_queries: Callable[..., object]
) -> None:
    the_day(D15)
    test = people(alice, 1)[0].tests.get(planned_on=D15)
    client = as_user(alice)

    with CaptureQueriesContext(connection) as captured:
        client.post(f"/tests/{test.pk}/sampled/", headers={"HX-Request": "true", "HX-Target": f"t{test.pk}"})

    assert not [q for q in captured if "editionactivation" in q["sql"]]


# ── the clock at work ────────────────────────────────────────────────────────────────────────────


def test_the_page_is_the_same_whether_the_sweeps_ran_or_not_but_for_the_code(
    alice: User, the_day: Travel
) -> None:
    the_day(D15)
    people(alice, 1)
    before = read_day(alice, at=noon(D23), today=D23, late_count=0)
    sweeps.sweep_releases(at=noon(D23))
    after = read_day(alice, at=noon(D23), today=D23, late_count=0)

    assert before.sections["released"].total == after.sections["released"].total == 1
    assert (before.sections["late"].total, after.sections["late"].total) == (1, 0)


def test_resident_numbers_never_stand_on_the_page(as_user: Login, alice: User, the_day: Travel) -> None:
    the_day(D15)
    episode(alice, id_number=resident_id(7), phone="13812345678")

    html = page(as_user(alice))

    assert resident_id(7) not in html
    assert "13812345678" not in html
