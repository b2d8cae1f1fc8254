"""Whoever left a number hears what becomes of it: of a part, too, and of one that it was merged into."""

import datetime as dt
from typing import Any

import pytest

from complaints.actions import correcting, handling
from complaints.actions.filing import ComplainantFacts
from notices.models import Message
from notices.rules import MessageKind
from tests.builders import noon
from tests.complaints.cast import TODAY, Cast, filed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sms_is_on(settings: Any) -> None:
    settings.SMS_URL = "http://sms.invalid/"


def told() -> set[tuple[str, str]]:
    """To which number of a receipt, and what."""
    rows = Message.objects.filter(kind=MessageKind.COMPLAINT_UPDATE).values_list("context", flat=True)
    return {(context["number"], context["what"]) for context in rows}


def test_an_answer_reaches_whoever_was_merged_into_it_under_their_own_number(cast: Cast) -> None:
    at = noon(TODAY) + dt.timedelta(hours=1)
    first, second = filed(cast.home), filed(cast.home, complainant=ComplainantFacts(phone="13911112222"))
    correcting.merge(complaint=second.complaint, into=first.complaint, by=cast.task_force, at=at)
    handling.accept(complaint=first.complaint, by=cast.task_force, at=at)
    handling.ask(complaint=first.complaint, text="几号楼？", by=cast.task_force, at=at)
    assert told() == {(first.number, "asked")}
    handling.answer(complaint=first.complaint, text="已拆除", by=cast.task_force, at=at)
    assert told() >= {(first.number, "answered"), (second.number, "answered")}


def test_a_part_is_told_under_the_receipt_of_the_first(cast: Cast) -> None:
    at = noon(TODAY) + dt.timedelta(hours=1)
    first = filed(cast.home)
    part = correcting.split(
        complaint=first.complaint,
        behaviour="extra_tests",
        what_happened="一天两检",
        by=cast.task_force,
        at=at,
    )
    part.complaint.refresh_from_db()
    handling.decline(complaint=part.complaint, reason="另有渠道", by=cast.city, at=at)
    assert told() == {(first.number, "declined")}
    assert part.complaint.complainant.phone == "13877665544"
