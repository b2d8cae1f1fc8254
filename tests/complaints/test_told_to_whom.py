"""Messages about complaints reach the office that holds them, and nobody beside or below it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Department, Role
from complaints.actions import handling
from complaints.models import Complaint
from notices.models import ChannelAddress, Message, unread_count
from notices.rules import Channel, MessageKind
from notices.wording import wording_of
from tests.builders import noon
from tests.complaints.cast import TODAY, WHO, Cast, filed, office, officer
from tests.scope.conftest import admitted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
Login = Callable[[User], Client]
NOON = noon(TODAY)


def urgent(cast: Cast, **changes: Any) -> Complaint:
    """An urgent complaint about the health office of the county; the task force holds it."""
    respondent = office(cast.county, Department.HEALTH)
    return filed(cast.home, respondent=respondent, urgent=True, **changes).complaint


def boss(name: str, of: Any) -> User:
    return admitted(officer(name, of, Role.SUPERVISOR))


def test_an_urgent_complaint_stands_in_the_inbox_of_its_desk_and_above_not_beside_it(
    as_user: Login, cast: Cast
) -> None:
    number = urgent(cast).number
    above = officer("government", office(cast.county))
    for user in (cast.task_force, above, cast.city):
        assert number in as_user(user).get("/inbox/").content.decode()
    for user in (cast.health, cast.street, cast.community, cast.neighbour):
        assert number not in as_user(user).get("/inbox/").content.decode()


def test_what_is_for_the_desk_is_unread_at_the_desk_alone(as_user: Login, cast: Cast) -> None:
    urgent(cast)
    above = officer("government", office(cast.county))
    message = Message.objects.get(channel=Channel.INBOX)
    assert [unread_count(user) for user in (cast.task_force, cast.health, above)] == [1, 0, 0]
    assert as_user(cast.health).post(f"/inbox/{message.pk}/read/").status_code == 404
    as_user(above).post(f"/inbox/{message.pk}/read/")
    assert unread_count(cast.task_force) == 1
    as_user(cast.task_force).post(f"/inbox/{message.pk}/read/")
    assert unread_count(cast.task_force) == 0


def test_group_bots_and_mail_of_the_area_hear_that_something_waits_and_no_more(cast: Cast) -> None:
    for area in (cast.county, cast.home.line["city"]):
        ChannelAddress.objects.create(area=area, channel=Channel.EMAIL, address=f"{area.pk}@example.org")
    complaint = urgent(cast)
    told = Message.objects.filter(kind=MessageKind.COMPLAINT_URGENT, channel=Channel.EMAIL)
    assert told.count() == 2
    for message in told:
        assert complaint.number not in str(message.context)
        words = wording_of(message.kind, message.context, "zh-hans")
        assert "专班" in words.body
        assert "紧急" in words.title
        assert complaint.kind.clause not in words.body


def test_what_goes_to_the_complainant_shows_only_to_the_desk_and_without_the_number(
    as_user: Login, cast: Cast, settings: Any
) -> None:
    settings.SMS_URL = "http://127.0.0.1:9/sms"
    complaint = filed(cast.home).complaint
    handling.accept(complaint=complaint, by=cast.task_force, at=NOON)
    handling.ask(complaint=complaint, text="哪一天起？", by=cast.task_force, at=NOON)
    message = Message.objects.get(channel=Channel.SMS)
    row = f'id="message-{message.pk}"'
    for user in (boss("tf", cast.task_force.office), boss("government", office(cast.county)), cast.city):
        page = as_user(user).get("/inbox/delivery/").content.decode()
        assert row in page
        assert WHO.phone[-4:] not in page
    for user in (
        boss("streetboss", office(cast.home.line["street"])),
        boss("committee", office(cast.home)),
        boss("health2", office(cast.county, Department.HEALTH)),
    ):
        client = as_user(user)
        assert row not in client.get("/inbox/delivery/").content.decode()
        assert client.post(f"/inbox/{message.pk}/retry/").status_code == 404
        assert client.get(f"/admin/notices/message/{message.pk}/change/").status_code == 404


def test_a_message_to_a_complainant_that_no_office_holds_shows_to_nobody(cast: Cast, home: Area) -> None:
    Message.objects.create(
        key="x",
        kind=MessageKind.COMPLAINT_UPDATE,
        channel=Channel.SMS,
        community=home,
        created_at=NOON,
        next_attempt_at=NOON,
    )
    for user in (cast.city, boss("streetboss", office(cast.home.line["street"]))):
        assert not Message.objects.visible_to(user).filter(kind=MessageKind.COMPLAINT_UPDATE).exists()


def test_a_message_opens_its_case_in_one_tap_and_only_for_whoever_may_see_it(
    as_user: Login, cast: Cast
) -> None:
    complaint = urgent(cast)
    address = complaint.get_absolute_url()
    for user in (cast.task_force, cast.city):
        client = as_user(user)
        assert f'href="{address}"' in client.get("/inbox/").content.decode()
        assert client.get(address).status_code == 200
    analyst = admitted(officer("analyst", office(cast.county, Department.TASK_FORCE), Role.ANALYST))
    page = as_user(analyst).get("/inbox/").content.decode()
    assert complaint.number in page
    assert address not in page
    # The city has taken it: the message stays, the case is closed to the desk below as to any stranger.
    Complaint.objects.update(handler=cast.city.own_office)
    assert as_user(cast.task_force).get(address).status_code == 404
