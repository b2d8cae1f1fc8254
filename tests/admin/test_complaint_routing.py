"""The routing table in the admin site: tried out, told what it does, refused where it can never match."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import Area, Office, User
from accounts.rules import Department, Level
from complaints.models import (
    Complaint,
    RoutingRule,
)
from tests.admin.supervising import Login, page, post, told
from tests.complaints.cast import Cast, office


def rule(**changes: Any) -> dict[str, Any]:
    fields = {"position": 1, "department": "education", "enabled": "on"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def test_a_saved_rule_shows_where_a_complaint_would_go_and_why(
    dora: User, cast: Cast, as_user: Login
) -> None:
    browser = as_user(dora)
    fields = rule(behaviour="extra_tests", area=cast.county.pk, place_kind="residential")
    assert post(browser, "complaints_routingrule_add", fields) is None
    said = told(browser, "complaints_routingrule_changelist")
    assert "Two or three tests a day" in said
    assert office(cast.county, Department.EDUCATION).name in said
    assert "rule 1 sends it to education" in said
    assert LogEntry.objects.filter(user=dora).exists()


def test_a_rule_that_can_never_match_is_refused(boss: User, cast: Cast, as_user: Login) -> None:
    browser = as_user(boss)
    catch_all = RoutingRule.objects.order_by("-position").first()
    assert catch_all is not None
    last = catch_all.position
    for changes in (
        {"position": last + 1},
        {"position": last, "behaviour": "extra_tests"},
        {"position": last + 5, "area": cast.home.pk},
        {"position": last - 10, "behaviour": "work_stopped"},  # behind "work"
    ):
        assert list(post(browser, "complaints_routingrule_add", rule(**changes))) == ["position"], changes
    assert list(
        post(browser, "complaints_routingrule_add", rule(topic="road", behaviour="work_stopped"))
    ) == ["topic"]
    fields = rule(position=last + 1, enabled=None)
    assert post(browser, "complaints_routingrule_add", fields) is None  # switched off it catches nothing
    catch_all.enabled = False
    catch_all.save()
    assert post(browser, "complaints_routingrule_add", rule(position=last + 1)) is None


def test_a_rule_that_leaves_nothing_to_others_says_so(
    dora: User, boss: User, cast: Cast, as_user: Login
) -> None:
    browser = as_user(boss)
    assert post(browser, "complaints_routingrule_add", rule(topic="care", department="health")) is None
    said = told(browser, "complaints_routingrule_changelist")
    dead = RoutingRule.objects.get(topic="care", position__gt=1)
    assert f"leaves nothing to these rules behind it: {dead.position}." in said
    browser = as_user(dora)
    assert post(browser, "complaints_routingrule_add", rule(area=cast.home.pk)) is None
    assert "leaves nothing" not in told(browser, "complaints_routingrule_changelist")


def test_a_department_without_any_office_is_refused(steve: User, cast: Cast, as_user: Login) -> None:
    street = cast.home.line[Level.STREET]
    browser = as_user(steve)
    assert post(browser, "complaints_routingrule_add", rule(area=street.pk)) is None  # the county's covers it
    Office.objects.filter(department="education", area__level__in=["county", "city", "province"]).delete()
    refused = post(browser, "complaints_routingrule_add", rule(position=0, area=street.pk, behaviour="other"))
    assert list(refused) == ["department"]


def test_rules_of_everywhere_and_of_others_are_not_the_countys_to_set(
    dora: User, cast: Cast, as_user: Login
) -> None:
    browser = as_user(dora)
    everywhere = RoutingRule.objects.order_by("position").first()
    assert everywhere is not None
    elsewhere = RoutingRule.objects.create(
        position=3, area=Area.objects.get(code="110108"), department="health"
    )
    change = reverse("admin:complaints_routingrule_change", args=[everywhere.pk])
    assert browser.get(change).status_code == 200
    assert browser.post(change, rule(department="health")).status_code == 403
    hidden = reverse("admin:complaints_routingrule_change", args=[elsewhere.pk])
    assert browser.get(hidden).status_code == 404
    assert "area" in post(browser, "complaints_routingrule_add", rule())
    assert "area" in post(browser, "complaints_routingrule_add", rule(area=elsewhere.area_id))
    everywhere.refresh_from_db()
    assert everywhere.department != "health"


def test_a_rule_is_tried_out_before_anybody_relies_on_it(dora: User, cast: Cast, as_user: Login) -> None:
    browser = as_user(dora)
    found = page(
        browser,
        "complaints_routingrule_try_it",
        behaviour="care_refused",
        area=str(cast.home.pk),
        respondent=str(office(cast.county, Department.HEALTH).pk),
    )
    health, task_force = (
        office(cast.county, department).name for department in (Department.HEALTH, Department.TASK_FORCE)
    )
    assert f"It would go to: {office(cast.county.line[Level.CITY], Department.HEALTH).name}" in found
    assert health in found
    assert task_force not in found.partition("It would go to")[2]
    theirs = page(
        browser,
        "complaints_routingrule_try_it",
        behaviour="care_refused",
        area=str(Area.objects.get(code="110108").pk),
    )
    assert "It would go to" not in theirs
    assert not Complaint.objects.exists()
