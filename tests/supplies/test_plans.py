"""Supply plans: written for the own area and below, read above and below, looked through in time."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Role
from policy.refusals import RuleViolation
from supplies.actions.planning import PlanText, confirm_plan, write_plan
from supplies.models import SupplyPlan, SupplyPlanReview
from supplies.rules.plans import REVIEWED_WITHIN_DAYS, is_due
from tests.builders import noon, staff
from tests.supplies.world import TODAY

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
AT, DAY = noon(TODAY), dt.timedelta(days=1)
FACTS = {
    "in_charge": "老王",
    "phone": "010-66550100",
    "market": "批发市场每天200份",
    "delivery": "东门接收点",
    "mutual": "与湖滨社区互助",
    "reserve_days": "7",
}
TEXT = PlanText(**{**FACTS, "reserve_days": 7})  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def noon_of_today(the_day: Callable[..., Any]) -> None:
    the_day(TODAY)


@pytest.fixture
def browser(coordinator: User, as_user: Login) -> Client:
    """The coordinator of Alice's community, in English."""
    return english(as_user(coordinator))


@pytest.fixture
def chief(county: Area, as_user: Login) -> Client:
    """The supervisor of the county, in English."""
    return english(as_user(staff("chief", county, Role.SUPERVISOR)))


def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def written(area: Area, by: User, at: dt.datetime = AT) -> SupplyPlan:
    return write_plan(area=area, text=TEXT, by=by, at=at)


def test_a_plan_is_written_read_and_corrected_and_each_look_is_kept(browser: Client, home: Area) -> None:
    assert "No supply plan is written yet." in text(browser.get(reverse("supply-plans")))
    answer = browser.post(reverse("supply-plan-new"), {**FACTS, "area": home.pk}, follow=True)
    page = text(answer)
    assert "The plan of 锦绣社区 is saved." in page
    for said in ("批发市场每天200份", "东门接收点", "与湖滨社区互助", "7 days", "老王"):
        assert said in page
    plan = SupplyPlan.objects.get()
    browser.post(reverse("supply-plan-edit", args=[plan.pk]), FACTS | {"reserve_days": "9"})
    plan.refresh_from_db()
    assert plan.reserve_days == 9
    assert list(plan.reviews.values_list("changed", flat=True)) == [True, True]
    assert "9 days in reserve" in text(browser.get(reverse("supply-plans")))


def test_what_is_missing_or_odd_is_said_at_its_field_and_nothing_is_lost(browser: Client, home: Area) -> None:
    for name, value, sentence in (
        ("in_charge", "", "This field is required."),
        ("reserve_days", "400", "less than or equal to 90"),
        ("market", "长" * 2001, "at most 2000 characters"),
        ("area", "999999", "Select a valid choice"),
    ):
        facts = {**FACTS, "area": str(home.pk), name: value}
        page = text(browser.post(reverse("supply-plan-new"), facts), 422)
        assert sentence in page, name
        assert "东门接收点" in page
    assert not SupplyPlan.objects.exists()


def test_one_area_has_one_plan(browser: Client, home: Area) -> None:
    facts = {**FACTS, "area": home.pk}
    browser.post(reverse("supply-plan-new"), facts)
    assert "Select a valid choice" in text(browser.post(reverse("supply-plan-new"), facts), 422)
    assert SupplyPlanReview.objects.count() == 1


def test_looking_through_twice_a_day_is_one_look(browser: Client, coordinator: User, home: Area) -> None:
    plan = written(home, coordinator, AT - 40 * DAY)
    page = text(browser.get(reverse("supply-plan", args=[plan.pk])))
    assert "More than 30 days ago: to be looked through again." in page
    assert "More than 30 days ago" in text(browser.get(reverse("supply-plans")))
    confirm = reverse("supply-plan-confirm", args=[plan.pk])
    assert "still right" in text(browser.post(confirm, follow=True))
    assert "already" in text(browser.post(confirm, follow=True))
    assert plan.reviews.count() == 2
    assert "More than 30 days ago" not in text(browser.get(reverse("supply-plans")))


def test_the_same_text_saved_again_is_a_look_and_no_change(coordinator: User, home: Area) -> None:
    plan = written(home, coordinator)
    written(home, coordinator)
    assert plan.reviews.count() == 1
    written(home, coordinator, AT + DAY)
    assert list(plan.reviews.values_list("changed", flat=True)) == [False, True]
    plan.refresh_from_db()
    assert plan.reviewed_at == AT + DAY


def test_it_is_due_on_the_date_and_not_by_the_hour() -> None:
    assert not is_due(TODAY - REVIEWED_WITHIN_DAYS * DAY, TODAY)
    assert is_due(TODAY - (REVIEWED_WITHIN_DAYS + 1) * DAY, TODAY)


def test_the_day_of_a_look_is_the_civil_day_here(coordinator: User, home: Area) -> None:
    """Half past midnight in Shanghai is still yesterday in the database's UTC."""
    at = dt.datetime.combine(TODAY, dt.time(0, 30), tzinfo=AT.tzinfo)
    plan = written(home, coordinator, at)
    assert not confirm_plan(plan=plan, by=coordinator, at=at + dt.timedelta(hours=20))
    assert confirm_plan(plan=plan, by=coordinator, at=at + dt.timedelta(hours=24))


def test_who_reads_and_who_writes(
    browser: Client, chief: Client, alice: User, bob: User, county: Area, home: Area, as_user: Login
) -> None:
    above = written(county, staff("head", county, Role.SUPERVISOR))
    ours = written(home, alice)
    readers = [browser, chief, english(as_user(alice))]
    for client in readers:
        page = text(client.get(reverse("supply-plans")))
        assert "锦绣社区" in page
        assert client.get(reverse("supply-plan", args=[above.pk])).status_code == 200
    assert browser.get(reverse("supply-plan-edit", args=[above.pk])).status_code == 404
    assert browser.post(reverse("supply-plan-confirm", args=[above.pk])).status_code == 404
    page = browser.get(reverse("supply-plan", args=[above.pk])).content.decode()
    assert reverse("supply-plan-edit", args=[above.pk]) not in page
    assert chief.get(reverse("supply-plan-edit", args=[ours.pk])).status_code == 200
    neighbour = as_user(bob)
    assert neighbour.get(reverse("supply-plan", args=[ours.pk])).status_code == 404
    assert neighbour.get(reverse("supply-plan", args=[above.pk])).status_code == 200
    assert english(as_user(alice)).get(reverse("supply-plan-new")).status_code == 403


def test_no_verb_writes_for_an_area_of_somebody_else(
    coordinator: User, next_door: Area, county: Area
) -> None:
    for area in (next_door, county):
        with pytest.raises(RuleViolation) as refusal:
            written(area, coordinator)
        assert refusal.value.clause == "二(十七)"
    assert not SupplyPlan.objects.exists()


def test_a_county_without_a_plan_is_named_to_whoever_could_write_it(
    browser: Client, chief: Client, county: Area
) -> None:
    page = text(chief.get(reverse("supply-plans")))
    assert f"Counties without a plan 1 {county.name} Write the plan" in page
    assert "Counties without a plan" not in text(browser.get(reverse("supply-plans")))
    answer = chief.get(reverse("supply-plan-new"), {"area": county.pk})
    assert f'value="{county.pk}" selected' in answer.content.decode()
    chief.post(reverse("supply-plan-new"), {**FACTS, "area": county.pk})
    assert "Counties without a plan" not in text(chief.get(reverse("supply-plans")))


def test_the_list_costs_the_same_for_one_plan_and_for_many(
    chief: Client, home: Area, next_door: Area, alice: User, bob: User, django_assert_max_num_queries: Any
) -> None:
    written(home, alice)
    written(next_door, bob)
    with django_assert_max_num_queries(8):  # session, user, frame, and two of the page
        chief.get(reverse("supply-plans"))
