"""Complaints, orders and publications in the admin site: to read, and changed by nobody."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Department, Level, Role
from complaints.actions.events import note_look
from complaints.actions.handling import accept
from complaints.models import (
    Complaint,
    DutyShift,
    Publication,
    RoutingRule,
    SupervisionOrder,
)
from complaints.rules.words import LookedAt
from tests.admin.supervising import Login, page
from tests.builders import area, noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, filed, office, officer
from tests.scope.conftest import admitted


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
