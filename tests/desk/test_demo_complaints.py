"""The demo town's complaints: every state and source, late ones, a rebound, an order, none ahead of time."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from accounts.models import User
from complaints.actions.word import complaint_of
from complaints.models import Attachment, Complaint, ComplaintEvent, DutyShift, Publication, SupervisionOrder
from complaints.rules.handling import State
from complaints.rules.supervision import (
    APPROVALS_NEEDED,
    PublicationKind,
    PublicationState,
    PublicationStepKind,
)
from complaints.rules.words import Outcome, Source
from desk import demo
from desk.demo_complaints import receipt_to_try
from desk.demo_stories import STORIES
from policy.clock import midnight
from tests.builders import noon

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
D25 = dt.date(2022, 11, 25)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo town on 25 November 2022, at noon: built once, for it takes seconds, and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        demo.build(at=noon(D25), on=D25)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def town(built: None, the_day: Callable[[dt.date], None]) -> dt.date:
    """That town, and it is that noon."""
    the_day(D25)
    return D25


def test_nothing_happens_ahead_of_time_also_before_the_twenty_measures(
    the_day: Callable[[dt.date], None],
) -> None:
    on = dt.date(2022, 11, 3)
    the_day(on)
    at = midnight(on) + dt.timedelta(minutes=20)
    demo.build(at=at, on=on)

    assert Complaint.objects.count() >= len(STORIES)
    assert not Complaint.objects.filter(received_at__gt=at).exists()
    assert not ComplaintEvent.objects.filter(at__gt=at).exists()


def test_there_is_one_of_every_state_source_and_outcome(town: dt.date) -> None:
    people = Complaint.objects.exclude(source=Source.SELF_AUDIT)

    assert people.count() == len(STORIES) >= 40
    assert set(people.values_list("state", flat=True)) == {str(state) for state in State}
    assert set(Complaint.objects.values_list("source", flat=True)) == {str(source) for source in Source}
    wanted = {Outcome.SOLVED, Outcome.PARTLY, Outcome.NOT_SOLVED, Outcome.UNFOUNDED}
    assert set(people.filter(state=State.CLOSED).values_list("outcome", flat=True)) == {*map(str, wanted)}
    assert set(people.values_list("satisfied", flat=True)) == {True, False, None}
    assert len(set(people.values_list("behaviour", flat=True))) >= 24


def test_some_are_late_some_came_back_and_an_order_was_not_answered(town: dt.date) -> None:
    assert Complaint.objects.late(noon(town)).exists()
    assert Complaint.objects.filter(was_grossly_late=True).exists()
    assert Complaint.objects.filter(times_reopened__gt=0).exists()
    again = Complaint.objects.filter(place="锦绣花园4号楼").exclude(rebound_of=None)
    assert again.exists()
    assert {(order.state, order.was_late) for order in SupervisionOrder.objects.all()} == {
        ("verified", False),
        ("ordered", True),
    }


def test_somebody_is_on_duty_and_photos_and_own_facts_are_attached(town: dt.date) -> None:
    assert DutyShift.objects.on_duty(noon(town)).count() == 2
    for shift in DutyShift.objects.all():
        shift.clean()  # a roster that a supervisor could have written
    assert Complaint.objects.filter(urgent=True).exclude(coordinator=None).exists()
    left = Complaint.objects.filter(urgent=True, coordinator=None).open()
    assert not left.filter(handler__area__code__startswith="110105").exists()  # the city has no roster
    assert Attachment.objects.exclude(complaint=None).count() >= 5
    codes = {fact["code"] for facts in Complaint.objects.values_list("facts", flat=True) for fact in facts}
    assert {"no_zone", "opened", "rule"} <= codes


def test_an_office_was_named_and_replied_good_practice_is_shared_and_drafts_wait(town: dt.date) -> None:
    published = Publication.objects.published()
    assert sorted(published.values_list("kind", flat=True)) == [
        PublicationKind.GOOD_PRACTICE,
        PublicationKind.NAMING,
    ]
    naming = published.get(kind=PublicationKind.NAMING)
    assert naming.steps.filter(kind=PublicationStepKind.APPROVED).count() == APPROVALS_NEEDED
    assert naming.steps.filter(kind=PublicationStepKind.REPLIED).exists()
    assert Publication.objects.filter(state=PublicationState.DRAFT).exists()


def test_nobody_handles_a_complaint_about_themselves(town: dt.date) -> None:
    for complaint in Complaint.objects.exclude(respondent=None).select_related("handler", "respondent"):
        assert complaint.handler is not None
        assert complaint.respondent is not None
        assert not complaint.handler.is_at_or_below(complaint.respondent)


def test_the_receipt_that_is_printed_opens_the_complaint(
    town: dt.date, capsys: pytest.CaptureFixture[str]
) -> None:
    receipt = receipt_to_try()
    assert receipt is not None
    assert complaint_of(receipt.number, receipt.secret) == receipt.complaint

    call_command("demo_town", "--accounts")
    printed = capsys.readouterr().out
    assert receipt.number in printed
    assert receipt.secret in printed
    assert all(account.username in printed for account in demo.ACCOUNTS)


def test_every_page_of_figures_opens(town: dt.date, as_user: Login, client: Client) -> None:
    pages = ["/complaints/figures/", "/complaints/figures/?county=110105", "/complaints/bulletin/2022-11/"]
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
    for name in ("zhoumin", "fengyan", "tanglei", "gaoyuan", "chenyan", "hejing"):
        assert as_user(User.objects.get(username=name)).get("/complaint-desk/figures/").status_code == 200
