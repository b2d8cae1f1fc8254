"""Complaints on Today: an officer's own clocks on top, and the orders that an office owes a report on."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, Office, User
from accounts.rules import Level
from complaints.actions import handling
from complaints.actions.supervising import issue_order, report
from complaints.models import Complaint
from tests.builders import area, noon
from tests.complaints.cast import TODAY, Cast, cast_of, filed, office

pytestmark = pytest.mark.django_db
Login = Callable[[User], Client]
HOUR = dt.timedelta(hours=1)
NOON = noon(TODAY)


@pytest.fixture
def cast(home: Area, county: Area, the_day: Callable[[dt.date], object]) -> Cast:
    """The offices and their officers, at noon of the day."""
    the_day(TODAY)
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


def today(client: Client) -> str:
    answer = client.get("/today/")
    assert answer.status_code == 200
    return answer.content.decode()


def shown(page: str) -> list[str]:
    return re.findall(r'<span class="num">(\d{6}-\d{8})</span>', page)


def test_an_officers_clocks_stand_on_top_urgent_first_then_late_then_what_is_due(
    as_user: Login, cast: Cast
) -> None:
    fresh = filed(cast.home, at=NOON - HOUR).number
    sooner = filed(cast.home, at=NOON - 5 * HOUR).number
    urgent = filed(cast.home, at=NOON - HOUR, urgent=True).number
    late = filed(cast.home, at=NOON - 30 * HOUR).number
    page = today(as_user(cast.task_force))
    assert shown(page) == [urgent, late, sooner, fresh]
    assert 'id="complaints"' in page


def test_more_than_fit_wait_in_the_queue_and_are_counted(as_user: Login, cast: Cast) -> None:
    for _each in range(23):
        filed(cast.home)
    client = as_user(cast.task_force)
    page = today(client)
    assert len(shown(page)) == 20
    footer = page[page.index('id="complaints"') :]
    assert re.search(r'<footer><a href="/complaint-desk/">[^<]*3', footer)


def test_what_another_coordinates_or_the_complainant_has_is_not_mine(as_user: Login, cast: Cast) -> None:
    others = filed(cast.home).complaint
    Complaint.objects.filter(pk=others.pk).update(coordinator=cast.city)
    answered = filed(cast.home).complaint
    handling.accept(complaint=answered, by=cast.task_force, at=NOON)
    handling.answer(complaint=answered, text="已拆除。", by=cast.task_force, at=NOON)
    assert 'id="complaints"' not in today(as_user(cast.task_force))


def test_respondent_and_neighbour_read_nothing_of_it(as_user: Login, cast: Cast) -> None:
    filed(cast.home)
    for user in (cast.street, cast.neighbour, cast.community):
        assert 'id="complaints"' not in today(as_user(user))


def test_an_office_finds_the_orders_it_owes_a_report_on_and_nothing_of_the_complaint(
    as_user: Login, cast: Cast
) -> None:
    complaint = filed(cast.home).complaint
    order = issue_order(
        complaint=complaint,
        to=office(cast.home),
        text="拆除单元门口的铁皮。",
        due_at=NOON + HOUR,
        token="order",
        by=cast.task_force,
        at=NOON,
    )
    page = today(as_user(cast.community))
    assert order.number in page
    assert order.get_absolute_url() in page
    assert complaint.number not in page
    report(order=order, text="已拆除。", by=cast.community, at=NOON)
    assert order.number not in today(as_user(cast.community))


def test_many_complaints_cost_as_many_queries_as_one(as_user: Login, cast: Cast) -> None:
    client = as_user(cast.task_force)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            today(client)
        return len([q for q in captured if "complaints_" in q["sql"]])

    filed(cast.home)
    one = queries()
    for _each in range(9):
        filed(cast.home)
    assert queries() == one == 4  # clocks, orders, roster, and how many are late in the frame


def test_the_desk_is_among_the_first_places_of_an_officer_and_in_the_sheet_of_a_supervisor(
    as_user: Login, cast: Cast
) -> None:
    front = re.compile(r'<a href="/complaint-desk/"(?: aria-current="page")?><i aria-hidden="true">诉')
    assert front.search(today(as_user(cast.task_force)))
    supervisor = today(as_user(cast.city))
    assert not front.search(supervisor.split('class="sheet"')[0])
    assert '<a href="/complaint-desk/" class="more' in supervisor
    worker = today(as_user(cast.community))
    assert "/complaint-desk/" not in worker
    assert '<a href="/supervision-orders/" class="more' in worker


def test_a_supervisor_is_told_how_many_no_office_may_handle_and_nothing_of_them(
    as_user: Login, cast: Cast
) -> None:
    top = Office.objects.get(parent=None)
    lost = filed(cast.home, respondent=top)
    page = today(as_user(cast.city))
    assert "1 件投诉没有单位可以办理" in page
    assert lost.number not in page
    assert "没有单位可以办理" not in today(as_user(cast.task_force))
    assert "没有单位可以办理" not in today(as_user(cast.neighbour))
