"""Offices, routing, limits, roster and the records of complaints in the admin site."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Area, Office, User
from accounts.rules import Department, Level, Role
from complaints.actions.events import note_look
from complaints.actions.handling import accept
from complaints.models import (
    Clock,
    Complaint,
    DutyShift,
    Publication,
    RoutingRule,
    StepLimit,
    SupervisionOrder,
)
from complaints.rules.words import LookedAt
from tests.builders import area, noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, cast_of, filed, office, officer
from tests.scope.conftest import admitted

Login = Callable[[User], Client]


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, the_day: Callable[[dt.date], None]) -> Cast:
    """The offices of the county and of the next one, on the day of the complaints."""
    the_day(TODAY)
    assert county.parent is not None
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


@pytest.fixture
def dora(cast: Cast) -> User:
    """The supervisor of the county, at its task force."""
    return admitted(officer("dora", office(cast.county, Department.TASK_FORCE), Role.SUPERVISOR))


@pytest.fixture
def steve(cast: Cast) -> User:
    """The supervisor of the street, which is complained about."""
    return admitted(officer("steve", office(cast.home.line[Level.STREET]), Role.SUPERVISOR))


@pytest.fixture
def boss(cast: Cast) -> User:
    """The supervisor of the whole province: nobody works outside."""
    return admitted(officer("boss", office(cast.home.line[Level.PROVINCE]), Role.SUPERVISOR))


def english(browser: Client) -> Client:
    browser.cookies["django_language"] = "en"
    return browser


def post(browser: Client, name: str, fields: dict[str, Any], *args: object) -> Any:
    """Post a form of the admin site; the fields' mistakes, or None when it was saved."""
    answer = english(browser).post(reverse(f"admin:{name}", args=args), fields)
    if answer.status_code == 200:
        return dict(answer.context["adminform"].form.errors)
    assert answer.status_code == 302, answer.status_code
    return None


def told(browser: Client, name: str) -> str:
    """What the next page tells."""
    answer = browser.get(reverse(f"admin:{name}"))
    return " | ".join(str(each) for each in get_messages(answer.wsgi_request)) or answer.content.decode()


def page(browser: Client, name: str, *args: object, **query: str) -> str:
    answer = english(browser).get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# ── offices ──────────────────────────────────────────────────────────────────────────────────────


def test_an_office_is_placed_in_the_tree_and_what_lies_below_moves_along(
    dora: User, cast: Cast, as_user: Login
) -> None:
    street, community = office(cast.home.line[Level.STREET]), office(cast.home)
    health = office(cast.county, Department.HEALTH)
    fields = {"name": street.name, "parent": health.pk, "duty_phone": "010-1234"}
    assert post(as_user(dora), "accounts_office_change", fields, street.pk) is None
    for each in (street, community):
        each.refresh_from_db()
        assert each.is_at_or_below(health)
    assert LogEntry.objects.filter(user=dora).exists()


def test_an_office_can_not_lie_below_itself_nor_stand_alone(dora: User, cast: Cast, as_user: Login) -> None:
    street, community = office(cast.home.line[Level.STREET]), office(cast.home)
    before = street.path
    for parent in (community.pk, street.pk, ""):
        fields = {"name": street.name, "parent": parent}
        assert "parent" in post(as_user(dora), "accounts_office_change", fields, street.pk)
    street.refresh_from_db()
    assert street.path == before


def test_what_an_office_hangs_on_above_is_not_the_own_supervisors_to_change(
    dora: User, cast: Cast, as_user: Login
) -> None:
    top = office(cast.county)
    fields = {"name": "朝阳区人民政府", "parent": "", "area": cast.home.pk, "department": "outside"}
    assert post(as_user(dora), "accounts_office_change", fields, top.pk) is None
    found = Office.objects.get(pk=top.pk)
    assert (found.name, found.parent_id, found.path) == ("朝阳区人民政府", top.parent_id, top.path)
    assert (found.area, found.department) == (cast.county, "government")


def test_offices_of_the_next_county_are_not_there(dora: User, cast: Cast, as_user: Login) -> None:
    theirs = office(Area.objects.get(code="110108"))
    browser = as_user(dora)
    assert browser.get(reverse("admin:accounts_office_change", args=[theirs.pk])).status_code == 404
    assert theirs.name not in page(browser, "accounts_office_changelist")
    fields = {"name": "新设办", "area": cast.county.pk, "department": "health", "parent": theirs.pk}
    assert "parent" in post(browser, "accounts_office_add", fields)
    fields |= {"area": theirs.area_id, "parent": office(cast.county).pk}
    assert "area" in post(browser, "accounts_office_add", fields)


def test_an_outside_desk_is_set_up_by_whoever_supervises_everything(
    dora: User, boss: User, cast: Cast, as_user: Login
) -> None:
    fields = {"name": "外部受理台", "area": cast.county.pk, "department": "outside", "parent": ""}
    assert "department" in post(as_user(dora), "accounts_office_add", fields)
    assert post(as_user(boss), "accounts_office_add", fields) is None
    assert Office.objects.get(department="outside").parent is None


def test_the_usual_offices_are_made_once_where_there_are_none(dora: User, cast: Cast, as_user: Login) -> None:
    street = cast.home.line[Level.STREET]
    made = area("柳荫社区", Level.COMMUNITY, "110105001003", street)
    elsewhere = area("中关村街道", Level.STREET, "110108001", Area.objects.get(code="110108"))
    count = Office.objects.count()
    for _each in range(2):
        answer = as_user(dora).post(reverse("admin:accounts_office_make_usual"), {"_form_submitted": "1"})
        assert answer.status_code == 204
    assert Office.objects.count() == count + 1
    assert office(made).parent == office(street)
    assert not Office.objects.filter(area=elsewhere).exists()


def test_the_account_of_the_installation_makes_offices_too(cast: Cast, as_user: Login) -> None:
    root = User.objects.create_superuser("root", password="a-long-passphrase-7")
    area("中关村街道", Level.STREET, "110108001", Area.objects.get(code="110108"))
    browser = as_user(root)
    assert "锦绣街道" in page(browser, "accounts_office_changelist")
    browser.post(reverse("admin:accounts_office_make_usual"), {"_form_submitted": "1"})
    assert Office.objects.filter(area__code="110108001").count() == 1
    assert browser.get(reverse("admin:complaints_complaint_changelist")).status_code == 403


def test_an_account_works_in_an_office_of_its_own_area(dora: User, cast: Cast, as_user: Login) -> None:
    fields = {
        "username": cast.health.username,
        "area": cast.county.pk,
        "office": office(cast.home).pk,
        "is_active": "on",
        "posts-TOTAL_FORMS": "0",
        "posts-INITIAL_FORMS": "0",
    }
    browser = as_user(dora)
    assert "office" in post(browser, "accounts_user_change", fields, cast.health.pk)
    education = office(cast.county, Department.EDUCATION)
    fields["office"] = education.pk
    assert post(browser, "accounts_user_change", fields, cast.health.pk) is None
    assert User.objects.get(pk=cast.health.pk).office == education


# ── the routing table ────────────────────────────────────────────────────────────────────────────


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


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


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


# ── records ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    """About the street, with an event, a look and somebody recused."""
    found = filed(
        cast.home, respondent_text="那个穿黑衣服的保安", ordered_by="王主任", behaviour="sealed_arbitrarily"
    ).complaint
    accept(complaint=found, by=cast.task_force, at=noon(TODAY))
    note_look(found, by=cast.task_force, at=noon(TODAY), what=LookedAt.CASE, address="10.0.0.7")
    found.recusals.create(user=cast.operator, reason="邻居", at=noon(TODAY), by=cast.task_force)
    return found


PRIVATE = (WHO.name, WHO.phone, TEXT, "锦绣花园4号楼", "那个穿黑衣服的保安", "王主任")


def records(complaint: Complaint, cast: Cast) -> dict[str, Any]:
    """One row of each kind that hangs on a complaint about the street."""
    order = SupervisionOrder.objects.create(
        number="D221116-1",
        complaint=complaint,
        issued_by_office=office(cast.county, Department.TASK_FORCE),
        issued_by=cast.task_force,
        to_office=office(cast.home.line[Level.STREET]),
        text="请于两日内开放楼门",
        issued_at=noon(TODAY),
        due_at=noon(TODAY) + dt.timedelta(days=2),
    )
    order.steps.create(kind="ordered", text="请于两日内开放楼门", at=noon(TODAY), by=cast.task_force)
    publication = Publication.objects.create(
        kind="naming",
        area=cast.county,
        office=office(cast.home.line[Level.STREET]),
        title="锦绣街道久封不解",
        text="……",
        proposed_at=noon(TODAY),
        author=cast.task_force,
    )
    publication.steps.create(kind="proposed", at=noon(TODAY), by=cast.task_force)
    return {
        "complaint": complaint,
        "look": complaint.looks.get(),
        "recusal": complaint.recusals.get(),
        "supervisionorder": order,
        "publication": publication,
    }


def test_records_are_read_and_neither_edited_nor_deleted(
    complaint: Complaint, dora: User, cast: Cast, as_user: Login
) -> None:
    browser = as_user(dora)
    for model, row in records(complaint, cast).items():
        before = type(row).objects.filter(pk=row.pk).values().get()
        change = reverse(f"admin:complaints_{model}_change", args=[row.pk])
        assert browser.get(change).status_code == 200, model
        assert browser.post(change, {"reason": "x", "state": "closed"}).status_code == 403, model
        delete = reverse(f"admin:complaints_{model}_delete", args=[row.pk])
        assert browser.post(delete, {"post": "yes"}).status_code == 403, model
        assert browser.get(reverse(f"admin:complaints_{model}_add")).status_code == 403, model
        assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_neither_who_complained_nor_what_they_wrote_is_in_the_admin_site(
    complaint: Complaint, dora: User, cast: Cast, as_user: Login
) -> None:
    browser = as_user(dora)
    for model, row in records(complaint, cast).items():
        for text in (
            page(browser, f"complaints_{model}_changelist"),
            page(browser, f"complaints_{model}_change", row.pk),
        ):
            assert not [word for word in PRIVATE if word in text], model
    found = page(browser, "complaints_complaint_change", complaint.pk)
    for word in (complaint.number, "accepted", "10.0.0.7", "邻居", "sends it to"):
        assert word in found, word


def test_the_office_complained_about_and_the_neighbour_see_no_record_of_it(
    complaint: Complaint, steve: User, cast: Cast, as_user: Login
) -> None:
    neighbour = admitted(
        officer("nora", office(Area.objects.get(code="110108"), Department.TASK_FORCE), Role.SUPERVISOR)
    )
    rows = records(complaint, cast)
    for user in (steve, neighbour):
        browser = as_user(user)
        for model, row in rows.items():
            if (user, model) == (steve, "supervisionorder"):
                continue  # it is addressed to the street
            assert complaint.number not in page(browser, f"complaints_{model}_changelist"), (user, model)
            change = reverse(f"admin:complaints_{model}_change", args=[row.pk])
            assert browser.get(change).status_code == 404, (user, model)


def test_the_addressee_of_an_order_reads_it_without_the_complaint_behind_it(
    complaint: Complaint, steve: User, dora: User, cast: Cast, as_user: Login
) -> None:
    order = records(complaint, cast)["supervisionorder"]
    theirs = page(as_user(steve), "complaints_supervisionorder_change", order.pk)
    assert "请于两日内开放楼门" in theirs
    assert complaint.number not in theirs
    assert complaint.number in page(as_user(dora), "complaints_supervisionorder_change", order.pk)


def test_a_supervisor_who_is_recused_sees_nothing_of_it(
    complaint: Complaint, dora: User, cast: Cast, as_user: Login
) -> None:
    complaint.recusals.create(user=dora, reason="亲属", at=noon(TODAY), by=cast.task_force)
    browser = as_user(dora)
    for model, row in records_of(complaint).items():
        assert complaint.number not in page(browser, f"complaints_{model}_changelist")
        change = reverse(f"admin:complaints_{model}_change", args=[row.pk])
        assert browser.get(change).status_code == 404


def records_of(complaint: Complaint) -> dict[str, Any]:
    return {
        "complaint": complaint,
        "look": complaint.looks.get(),
        "recusal": complaint.recusals.first(),
    }


def test_late_complaints_are_told_apart_by_the_clock(
    dora: User, cast: Cast, as_user: Login, the_day: Callable[[dt.date], None]
) -> None:
    filed(cast.home)

    def count(state: str) -> int:
        answer = as_user(dora).get(reverse("admin:complaints_complaint_changelist"), {"today": state})
        return int(answer.context["cl"].result_count)

    assert [count(state) for state in ("late", "open", "ended")] == [0, 1, 0]
    the_day(TODAY + dt.timedelta(days=2))
    assert [count(state) for state in ("late", "open", "ended")] == [1, 1, 0]


@pytest.mark.parametrize(
    "name",
    [
        "accounts_office",
        "complaints_routingrule",
        "complaints_steplimit",
        "complaints_dutyshift",
        "complaints_complaint",
        "complaints_look",
        "complaints_recusal",
        "complaints_supervisionorder",
        "complaints_publication",
    ],
)
def test_a_list_costs_the_same_queries_however_long_it_is(
    dora: User, cast: Cast, as_user: Login, name: str
) -> None:
    def one_more(n: int) -> None:
        found = filed(cast.home).complaint
        note_look(found, by=cast.task_force, at=noon(TODAY), what=LookedAt.CASE, address=None)
        found.recusals.create(user=cast.operator, reason="x", at=noon(TODAY), by=cast.task_force)
        rows = records(found, cast) if n == 0 else {}
        del rows
        community = area(f"社区{n}", Level.COMMUNITY, f"11010500101{n}", cast.home.line[Level.STREET])
        RoutingRule.objects.create(position=1, area=community, department="health")
        starts_at = noon(TODAY) + dt.timedelta(days=n)
        of = office(cast.county, Department.TASK_FORCE)
        DutyShift.objects.create(
            office=of, user=cast.task_force, starts_at=starts_at, ends_at=starts_at + dt.timedelta(hours=1)
        )

    browser, counts = as_user(dora), []
    one_more(0)
    page(browser, f"{name}_changelist")
    for start in (1, 4):
        with CaptureQueriesContext(connection) as asked:
            page(browser, f"{name}_changelist")
        counts.append(len(asked))
        for n in range(start, start + 3):
            one_more(n)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("model", ["complaint", "look", "recusal"])
def test_the_columns_of_the_records_are_called_in_chinese(
    dora: User, complaint: Complaint, as_user: Login, model: str
) -> None:
    del complaint  # it has to be there: an empty list has no head
    text = as_user(dora).get(reverse(f"admin:complaints_{model}_changelist")).content.decode()
    heads = re.findall(r"<th\b.*?</th>", text, re.DOTALL)
    words = " ".join(re.sub(r"<[^>]*>", " ", head) for head in heads)
    assert heads
    assert not re.findall(r"[A-Z][a-z]{3,}", words)  # icons are words in small letters
