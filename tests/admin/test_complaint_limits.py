"""Limits of steps and the duty roster in the admin site: local settings of whoever supervises."""

import datetime as dt
from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from accounts.models import Area, Office, User
from accounts.rules import Department
from complaints.models import (
    Clock,
    DutyShift,
    StepLimit,
)
from tests.admin.supervising import Login, page, post, told
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed, office, officer


def limit(**changes: Any) -> dict[str, Any]:
    fields = {"step": "accept", "amount": 12, "unit": "hours", "gross": 24, "enabled": "on"}
    both = {"urgent": "unknown", "complex": "unknown"}
    return {name: value for name, value in (fields | both | changes).items() if value is not None}


def test_limits_are_local_settings_and_running_clocks_keep_theirs(
    boss: User, cast: Cast, as_user: Login
) -> None:
    complaint = filed(cast.home).complaint
    general = StepLimit.objects.get(step="accept", urgent=None)
    browser = as_user(boss)
    assert "Local settings" in page(browser, "complaints_steplimit_changelist")
    assert post(browser, "complaints_steplimit_change", limit(), general.pk) is None
    general.refresh_from_db()
    assert general.amount == 12
    clock = Clock.objects.get(complaint=complaint)
    assert (clock.amount, clock.due_at) == (24, noon(TODAY) + dt.timedelta(hours=24))
    assert filed(cast.home).complaint.due_at == noon(TODAY) + dt.timedelta(hours=12)
    assert LogEntry.objects.filter(user=boss, object_id=str(general.pk)).exists()


def test_a_step_without_a_limit_for_all_is_warned_of(boss: User, cast: Cast, as_user: Login) -> None:
    general = StepLimit.objects.get(step="accept", urgent=None)
    browser = as_user(boss)
    assert "some have no clock" not in page(browser, "complaints_steplimit_changelist")
    assert post(browser, "complaints_steplimit_change", limit(enabled=None), general.pk) is None
    assert "some have no clock" in told(browser, "complaints_steplimit_changelist")
    assert "some have no clock" in page(browser, "complaints_steplimit_changelist")
    for changes in ({"gross": 1}, {"amount": 0}, {"topic": "road", "behaviour": "extra_tests"}):
        assert post(browser, "complaints_steplimit_add", limit(**changes))


def test_limits_of_everybody_are_not_one_countys_to_set(dora: User, cast: Cast, as_user: Login) -> None:
    browser = as_user(dora)
    general = StepLimit.objects.get(step="accept", urgent=None)
    change = reverse("admin:complaints_steplimit_change", args=[general.pk])
    assert browser.get(change).status_code == 200
    assert browser.post(change, limit()).status_code == 403
    assert browser.get(reverse("admin:complaints_steplimit_add")).status_code == 403


# ── the roster ───────────────────────────────────────────────────────────────────────────────────


def duty(user: User, begins: dt.datetime, hours: int = 12, of: Office | None = None) -> dict[str, Any]:
    ends = timezone.localtime(begins) + dt.timedelta(hours=hours)
    begins = timezone.localtime(begins)
    return {
        "office": (of or user.office).pk,  # type: ignore[union-attr]
        "user": user.pk,
        "starts_at_0": f"{begins:%Y-%m-%d}",
        "starts_at_1": f"{begins:%H:%M:%S}",
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": f"{ends:%H:%M:%S}",
    }


def test_a_duty_is_for_whoever_handles_complaints_there_and_one_at_a_time(
    dora: User, cast: Cast, as_user: Login
) -> None:
    browser, at, add = as_user(dora), noon(TODAY), "complaints_dutyshift_add"
    assert post(browser, add, duty(cast.task_force, at)) is None
    overlapping = duty(cast.task_force, at + dt.timedelta(hours=11))
    assert list(post(browser, add, overlapping)) == ["starts_at"]
    assert post(browser, add, duty(cast.task_force, at + dt.timedelta(hours=12))) is None
    later = at + dt.timedelta(days=3)
    assert list(post(browser, add, duty(cast.task_force, later, hours=25))) == ["ends_at"]
    assert list(post(browser, add, duty(cast.operator, later))) == ["user"]
    wrong = duty(cast.health, later, of=office(cast.county, Department.TASK_FORCE))
    assert list(post(browser, add, wrong)) == ["user"]
    assert set(post(browser, add, duty(cast.neighbour, later))) == {"office", "user"}
    assert DutyShift.objects.count() == 2
    assert filed(cast.home, behaviour="other", urgent=True).complaint.coordinator == cast.task_force


def test_a_past_duty_stays_and_one_to_come_can_be_taken_back(dora: User, cast: Cast, as_user: Login) -> None:
    of = office(cast.county, Department.TASK_FORCE)
    spans = [(-24, -12), (-1, 1), (12, 24)]
    past, running, coming = (
        DutyShift.objects.create(
            office=of,
            user=cast.task_force,
            starts_at=noon(TODAY) + dt.timedelta(hours=begins),
            ends_at=noon(TODAY) + dt.timedelta(hours=ends),
        )
        for begins, ends in spans
    )
    browser = as_user(dora)
    for shift, change, delete in ((past, 403, 403), (running, 302, 403), (coming, 302, 302)):
        address = reverse("admin:complaints_dutyshift_change", args=[shift.pk])
        hours = int((shift.ends_at - shift.starts_at).total_seconds() // 3600)
        assert browser.post(address, duty(cast.task_force, shift.starts_at, hours)).status_code == change
        address = reverse("admin:complaints_dutyshift_delete", args=[shift.pk])
        assert browser.post(address, {"post": "yes"}).status_code == delete
    assert DutyShift.objects.count() == 2


def test_a_week_is_copied_once_without_those_who_left_or_are_taken(
    dora: User, cast: Cast, as_user: Login
) -> None:
    of = office(cast.county, Department.TASK_FORCE)
    gone = officer("gone", of)
    monday = noon(dt.date(2022, 11, 14))

    def shift(user: User, office: Office, starts_at: dt.datetime) -> DutyShift:
        ends_at = starts_at + dt.timedelta(hours=12)
        return DutyShift.objects.create(office=office, user=user, starts_at=starts_at, ends_at=ends_at)

    shift(cast.task_force, of, monday)
    shift(cast.task_force, of, monday + dt.timedelta(days=6))
    shift(cast.health, office(cast.county, Department.HEALTH), monday)
    shift(gone, of, monday + dt.timedelta(days=1))
    shift(cast.task_force, of, monday - dt.timedelta(days=7))
    shift(cast.neighbour, office(Area.objects.get(code="110108"), Department.TASK_FORCE), monday)
    shift(cast.health, office(cast.county, Department.HEALTH), monday + dt.timedelta(days=7, hours=6))
    User.objects.filter(pk=gone.pk).update(is_active=False)
    browser = as_user(dora)
    for _each in range(2):
        address = reverse("admin:complaints_dutyshift_copy_a_week")
        assert browser.post(address, {"_form_submitted": "1", "into": "next"}).status_code == 204
    after = DutyShift.objects.filter(starts_at__gte=monday + dt.timedelta(days=6, hours=12)).order_by(
        "starts_at"
    )
    assert [(each.user.username, each.starts_at) for each in after] == [
        ("taskforce", monday + dt.timedelta(days=7)),
        ("health", monday + dt.timedelta(days=7, hours=6)),
        ("taskforce", monday + dt.timedelta(days=13)),
    ]


def test_the_roster_of_the_next_county_is_not_there(dora: User, cast: Cast, as_user: Login) -> None:
    theirs = DutyShift.objects.create(
        office=office(Area.objects.get(code="110108"), Department.TASK_FORCE),
        user=cast.neighbour,
        starts_at=noon(TODAY),
        ends_at=noon(TODAY) + dt.timedelta(hours=8),
    )
    browser = as_user(dora)
    assert "neighbour" not in page(browser, "complaints_dutyshift_changelist")
    assert browser.get(reverse("admin:complaints_dutyshift_change", args=[theirs.pk])).status_code == 404
