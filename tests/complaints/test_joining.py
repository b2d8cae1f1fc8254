"""Merging, correcting and closing: nobody gets at a complaint about themselves by any of these doors."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.rules import Department
from complaints.actions import correcting, handling, word
from complaints.actions.sweeps import assign_coordinators
from complaints.models import Complaint, ComplaintEvent, DutyShift
from complaints.rules.handling import State
from complaints.rules.words import EventKind, Outcome
from policy.refusals import RuleViolation
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed, office, officer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Login = Callable[[User], Client]
NOON = noon(TODAY)
DAY = dt.timedelta(days=1)


def about_health(cast: Cast) -> Complaint:
    """A complaint about the county's health office, which lies at the task force above it."""
    return filed(cast.home, whom="unknown", respondent=office(cast.county, Department.HEALTH)).complaint


def at_health(cast: Cast) -> Complaint:
    """A complaint about the street office that lies at the health office."""
    complaint = filed(cast.home).complaint
    handling.refer(
        complaint=complaint, to=office(cast.county, Department.HEALTH), by=cast.task_force, at=NOON
    )
    return complaint


def test_it_is_not_merged_into_one_that_lies_at_the_office_complained_about(
    as_user: Login, cast: Cast
) -> None:
    complaint, into = about_health(cast), at_health(cast)
    answer = as_user(cast.task_force).post(f"{complaint.get_absolute_url()}merge/", {"number": into.number})
    assert answer.status_code == 422
    assert "任何单位都不能办理对自己的投诉" in answer.content.decode()
    complaint.refresh_from_db()
    assert (complaint.state, complaint.merged_into) == (State.RECEIVED, None)


def test_what_took_in_another_is_not_referred_to_the_office_that_the_other_is_about(cast: Cast) -> None:
    complaint, into = about_health(cast), filed(cast.home).complaint
    correcting.merge(complaint=complaint, into=into, by=cast.task_force, at=NOON)
    with pytest.raises(RuleViolation) as refusal:
        handling.refer(complaint=into, to=office(cast.county, Department.HEALTH), by=cast.task_force, at=NOON)
    assert refusal.value.code == "about_itself"


def test_of_two_merged_into_each_other_at_once_one_goes_on(cast: Cast) -> None:
    first, second = filed(cast.home).complaint, filed(cast.home).complaint
    as_read = Complaint.objects.select_related("handler__area", "respondent__area")
    mine, theirs = as_read.get(pk=second.pk), as_read.get(pk=first.pk)  # somebody else's page, read before
    correcting.merge(complaint=first, into=second, by=cast.task_force, at=NOON)
    with pytest.raises(RuleViolation) as refusal:
        correcting.merge(complaint=mine, into=theirs, by=cast.task_force, at=NOON)
    assert refusal.value.code == "wrong_state"
    second.refresh_from_db()
    assert (second.state, second.merged_into) == (State.RECEIVED, None)


def test_whoever_coordinated_it_does_so_no_more_once_it_moved_up(cast: Cast) -> None:
    complaint = filed(cast.home, whom="unknown").complaint
    correcting.name_coordinator(complaint=complaint, user=cast.task_force, by=cast.task_force, at=NOON)
    correcting.correct(
        complaint=complaint,
        respondent=office(cast.county),
        reason="是区里定的。",
        by=cast.task_force,
        at=NOON,
    )
    complaint.refresh_from_db()
    assert (complaint.handler, complaint.coordinator) == (cast.city.office, None)


def test_a_correction_says_from_what_to_what(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    community, street = office(cast.home), office(cast.home.line["street"])
    correcting.correct(
        complaint=complaint,
        behaviour="extra_tests",
        respondent=community,
        reason="听错了。",
        by=cast.task_force,
        at=NOON,
    )
    event = ComplaintEvent.objects.get(kind=EventKind.CORRECTED)
    assert event.details["before"] == {"behaviour": "not_unsealed", "respondent": street.pk}
    page = as_user(cast.task_force).get(complaint.get_absolute_url()).content.decode()
    assert f"{street.name} → {community.name}" in page
    assert "长时间不解封 → 一天两检" in page


def test_the_author_of_the_answer_does_not_better_what_somebody_else_verified(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    second = officer("second", office(cast.county, Department.TASK_FORCE))
    handling.accept(complaint=complaint, by=cast.task_force, at=NOON)
    handling.answer(complaint=complaint, text="已拆除。", by=cast.task_force, at=NOON)
    handling.verify(complaint=complaint, outcome=Outcome.NOT_SOLVED, how="还在", by=second, at=NOON)
    with pytest.raises(RuleViolation) as refusal:
        handling.close(complaint=complaint, outcome=Outcome.SOLVED, by=cast.task_force, at=NOON)
    assert refusal.value.code == "own_answer"
    handling.close(complaint=complaint, by=cast.task_force, at=NOON)
    assert complaint.outcome == Outcome.NOT_SOLVED


def test_who_is_on_the_roster_and_may_not_see_it_coordinates_nothing(cast: Cast) -> None:
    force = office(cast.county, Department.TASK_FORCE)
    DutyShift.objects.create(office=force, user=cast.health, starts_at=NOON, ends_at=NOON + DAY)
    complaint = filed(cast.home, urgent=True).complaint
    assert complaint.coordinator is None
    assert assign_coordinators(at=NOON) == 0
    DutyShift.objects.create(office=force, user=cast.task_force, starts_at=NOON, ends_at=NOON + DAY)
    assert assign_coordinators(at=NOON) == 1
    complaint.refresh_from_db()
    assert complaint.coordinator == cast.task_force


def test_not_satisfied_goes_up_without_a_coordinator_who_sees_it_no_more(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    correcting.name_coordinator(complaint=complaint, user=cast.task_force, by=cast.task_force, at=NOON)
    handling.accept(complaint=complaint, by=cast.task_force, at=NOON)
    for reason in ("没拆", "还是没拆"):
        handling.answer(complaint=complaint, text="已拆除。", by=cast.task_force, at=NOON)
        assert complaint.coordinator == cast.task_force
        word.say_dissatisfied(complaint=complaint, text=reason, at=NOON)
    assert (complaint.handler, complaint.coordinator) == (office(cast.county), None)


def test_offices_of_one_name_are_told_apart_in_the_list(as_user: Login, cast: Cast) -> None:
    """A municipality is called the same as province and as city."""
    name = office(cast.home.line["city"]).name
    assert name == office(cast.home.line["province"]).name
    page = as_user(cast.task_force).get(filed(cast.home).complaint.get_absolute_url()).content.decode()
    assert f"{name}（省级）" in page
    assert f"{name}（市级）" in page
    assert f"{office(cast.county).name}（" not in page


def test_an_office_is_asked_for_as_needed_and_a_typed_name_is_enough(as_user: Login, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    client = as_user(cast.task_force)
    address = f"{complaint.get_absolute_url()}refer/"
    assert "请选择单位" in client.post(address, {}).content.decode()
    health = office(cast.county, Department.HEALTH)
    assert client.post(address, {"named": health.name}).status_code == 303
    complaint.refresh_from_db()
    assert complaint.handler == health


def test_what_hangs_together_is_counted_and_one_tap_away(as_user: Login, cast: Cast) -> None:
    into, taken = filed(cast.home).complaint, filed(cast.home, place="别处").complaint
    correcting.merge(complaint=taken, into=into, by=cast.task_force, at=NOON)
    correcting.split(
        complaint=into, behaviour="extra_tests", what_happened="一天两检", by=cast.task_force, at=NOON
    )
    part = Complaint.objects.get(split_from=into)
    client = as_user(cast.task_force)
    page = client.get(into.get_absolute_url()).content.decode()
    assert '<span class="n">2</span>' in page[page.index('id="alike-title"') :][:200]
    assert f'href="{into.get_absolute_url()}"' in client.get(part.get_absolute_url()).content.decode()


def test_nobody_coordinates_what_has_moved_to_another_desk_meanwhile(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    as_read = Complaint.objects.select_related("handler").get(pk=complaint.pk)
    handling.refer(
        complaint=complaint, to=office(cast.county, Department.HEALTH), by=cast.task_force, at=NOON
    )
    with pytest.raises(RuleViolation) as refusal:
        correcting.name_coordinator(complaint=as_read, user=cast.task_force, by=cast.task_force, at=NOON)
    assert refusal.value.code == "wrong_state"
    complaint.refresh_from_db()
    assert complaint.coordinator is None


def test_the_sweep_asks_only_for_the_shifts_of_offices_where_something_waits(
    cast: Cast, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for n, department in enumerate((Department.TRANSPORT, Department.EDUCATION, Department.INDUSTRY)):
        of = office(cast.county, department)
        DutyShift.objects.create(
            office=of, user=officer(f"officer{n}", of), starts_at=NOON, ends_at=NOON + DAY
        )
    force = office(cast.county, Department.TASK_FORCE)
    filed(cast.home, urgent=True)
    DutyShift.objects.create(office=force, user=cast.task_force, starts_at=NOON, ends_at=NOON + DAY)
    with django_assert_max_num_queries(9):
        assert assign_coordinators(at=NOON) == 1
