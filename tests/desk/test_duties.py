"""A complaint officer's day: the own clocks and the roster; nobody's file, name or message about a person."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Level, Role
from complaints.models import DutyShift
from complaints.rules.words import Source
from notices.actions import enqueue, staff_drafts
from notices.models import Message
from notices.rules import MessageKind
from policy import clock
from tests.builders import area, episode, noon, staff
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


def html(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def late_in_frame(page: str) -> str:
    """The number beside Today in the navigation, "" for none."""
    entry = re.search(r'<a href="/today/".*?</a>', page, re.DOTALL)
    assert entry
    number = re.search(r">(\d+)<", entry[0])
    return number[1] if number else ""


def test_an_officer_finds_clocks_and_nobody_under_a_rule(as_user: Login, alice: User, cast: Cast) -> None:
    held = episode(alice, name="司马在管")
    late = filed(cast.home, at=NOON - 30 * HOUR).number
    client = as_user(cast.task_force)
    page = html(client, "/today/")
    assert late in page
    assert "司马在管" not in page
    assert 'class="find"' not in page  # the search of the register
    for address in ("/register/", f"/episodes/{held.pk}/", "/infections/", "/zones/", "/compounds/"):
        assert client.get(address).status_code == 403, address
        assert f'href="{address}"' not in page
    assert client.get("/").headers["Location"] == "/today/"


def test_the_frame_counts_the_officers_own_late_clocks_and_a_workers_people(
    as_user: Login, alice: User, cast: Cast
) -> None:
    for _each in range(2):
        filed(cast.home, at=NOON - 30 * HOUR)
    filed(cast.home, at=NOON - HOUR)
    assert late_in_frame(html(as_user(cast.task_force), "/complaint-desk/figures/")) == "2"
    assert late_in_frame(html(as_user(alice), "/inbox/")) == ""


def test_the_roster_says_who_is_on_duty_now_and_when_it_is_ones_own_turn(as_user: Login, cast: Cast) -> None:
    client, desk = as_user(cast.task_force), cast.task_force.office
    assert "今后一天没有排班" in html(client, "/today/")
    other = staff("nightowl", cast.county, Role.COMPLAINT_OFFICER)
    shifts = ((other, NOON - HOUR, NOON + 8 * HOUR), (cast.task_force, NOON + 8 * HOUR, NOON + 20 * HOUR))
    for user, starts_at, ends_at in shifts:
        DutyShift.objects.create(office=desk, user=user, starts_at=starts_at, ends_at=ends_at)
    DutyShift.objects.create(
        office=office(cast.home.line["street"]),
        user=cast.street,
        starts_at=NOON - HOUR,
        ends_at=NOON + HOUR,
    )
    page = html(client, "/today/").partition('id="duty"')[2]
    assert page.count("<li") == 2
    assert page.index("至 20:00") < page.index("11-16 20:00–08:00")
    assert cast.task_force.display_name + " （您）" in page


def test_the_inbox_leads_an_officer_to_the_case_and_hides_what_speaks_of_people(
    as_user: Login, cast: Cast
) -> None:
    urgent = filed(cast.home, urgent=True).complaint
    enqueue(
        staff_drafts(
            key="r", kind=MessageKind.RELEASES, community=cast.county, context={"count": 3},
            subject="", not_after=NOON + HOUR,
        ),
        at=clock.now(),
    )  # fmt: skip
    client = as_user(cast.task_force)
    page = html(client, "/inbox/")
    assert f'href="/complaint-desk/{urgent.pk}/"' in page
    about_people = Message.objects.get(kind=MessageKind.RELEASES)
    assert f"message-{about_people.pk}" not in page
    assert client.post(f"/inbox/{about_people.pk}/read/").status_code == 404
    worker = as_user(staff("countyworker", cast.county, Role.COMMUNITY_WORKER))
    assert f"message-{about_people.pk}" in html(worker, "/inbox/")


def test_evidence_of_a_lead_is_read_in_the_case_and_its_file_is_opened_only_by_who_reads_files(
    as_user: Login, alice: User, cast: Cast
) -> None:
    held = episode(alice)
    facts = [
        {"code": "audit_late_end", "clause": "二(一)", "episode": held.pk, "release_on": "2022-11-30",
         "allowed_on": "2022-11-23", "seen_on": "2022-11-16"},
        {"code": "audit_no_cause", "clause": "二(四)", "zone": 7, "count": 1, "release_on": "2022-11-30",
         "seen_on": "2022-11-16"},
    ]  # fmt: skip
    lead = filed(cast.home, source=Source.SELF_AUDIT, lead_key="late_end:1", facts=facts).complaint
    address = lead.get_absolute_url()
    read_by_officer = html(as_user(cast.task_force), address)
    assert "11月30日" in read_by_officer
    assert "11月23日" in read_by_officer
    assert f"/episodes/{held.pk}/" not in read_by_officer
    assert "/risk/zones/7/" in read_by_officer
    assert f"/episodes/{held.pk}/" in html(as_user(cast.city), address)
