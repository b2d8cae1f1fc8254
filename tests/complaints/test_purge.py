"""The end of personal data: announced, then really destroyed; the figures stay."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from accounts.rules import Department
from complaints import tasks
from complaints.actions import correcting, events, handling, word
from complaints.actions.attaching import attach
from complaints.actions.filing import Receipt
from complaints.actions.purging import KEPT, emptied, purge_complaints
from complaints.files import CleanFile
from complaints.models import (
    Attachment,
    Complainant,
    Complaint,
    ComplaintEvent,
    ComplaintList,
    Entry,
    Publication,
    SupervisionOrder,
)
from complaints.rules.handling import State
from complaints.rules.supervision import OrderState, PublicationKind, PublicationState
from complaints.rules.words import EventKind, FileKind, LookedAt
from notices.models import Message
from tests.builders import noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, filed, office

pytestmark = pytest.mark.django_db

SECRETS = (TEXT, WHO.name, WHO.phone, "锦绣花园4号楼", "某队长", "王某某", "补充内容", "问题内容", "TS-0001")
CLOSED_AT = noon(TODAY)
KEEP = dt.timedelta(days=settings.COMPLAINT_KEEP_DAYS)
WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)


def sweep(at: dt.datetime, the_day: Callable[[dt.date], Any]) -> None:
    the_day(at.date())
    tasks.purge_complaints()


def ended(cast: Cast, **changes: Any) -> Receipt:
    """A complaint with everything in it, not accepted on TODAY."""
    receipt = filed(
        cast.home,
        at=CLOSED_AT - dt.timedelta(hours=2),
        respondent_text="王某某",
        ordered_by="某队长",
        external_id=changes.pop("external_id", "TS-0001"),
        **changes,
    )
    complaint = receipt.complaint
    word.add(complaint=complaint, text="补充内容", at=CLOSED_AT)
    attach(CleanFile(FileKind.IMAGE, b"picture of 4"), token=f"t{complaint.pk}", at=CLOSED_AT)
    Attachment.objects.filter(complaint=None).update(complaint=complaint)
    handling.write_note(complaint=complaint, text="问题内容", by=cast.task_force, at=CLOSED_AT)
    events.note_look(complaint, by=cast.task_force, at=CLOSED_AT, what=LookedAt.IDENTITY, address="10.0.0.1")
    handling.decline(complaint=complaint, reason="不属实：问题内容", by=cast.task_force, at=CLOSED_AT)
    return receipt


def everything_stored() -> str:
    """Every row of complaints and messages as the database holds it, decrypted where it is encrypted."""
    texts = []
    for model in (Complaint, Complainant, Entry, Attachment, ComplaintEvent, Message, ComplaintList):
        texts += [str(row) for row in model._default_manager.values()]
    return "\n".join(texts)


def test_after_its_time_nothing_personal_is_left_and_the_figures_are(
    cast: Cast, the_day: Callable[[dt.date], Any]
) -> None:
    receipt = ended(cast)
    before = Complaint.objects.values(*sorted(KEPT - {"purge_told_at", "purged_at"})).get()
    assert all(secret in everything_stored() for secret in SECRETS)

    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    sweep(CLOSED_AT + KEEP + 2 * DAY, the_day)

    left = everything_stored()
    assert [secret for secret in SECRETS if secret in left] == []
    assert not Complainant.objects.exists()
    assert not Attachment.objects.exists()
    assert not Message.objects.filter(subject=f"complaint:{receipt.complaint.pk}").exists()
    assert Complaint.objects.values(*before).get() == before
    assert Complaint.objects.get().purged_at is not None


def test_what_was_destroyed_stands_in_an_event(cast: Cast, the_day: Callable[[dt.date], Any]) -> None:
    ended(cast)
    told = Message.objects.filter(subject__startswith="complaint:").count()
    assert told
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    sweep(CLOSED_AT + KEEP + 2 * DAY, the_day)
    certificate = ComplaintEvent.objects.get(kind=EventKind.PURGED)
    assert certificate.details == {"complainants": 1, "texts": 4, "files": 1, "messages": told}


def test_it_can_not_be_followed_any_more(cast: Cast, the_day: Callable[[dt.date], Any]) -> None:
    receipt = ended(cast)
    client = Client()
    pair = {"number": receipt.number, "secret": receipt.secret}
    the_day(TODAY)
    assert client.post("/complaints/track/", pair).status_code == 303
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    assert client.post("/complaints/track/", pair).status_code == 303
    sweep(CLOSED_AT + KEEP + 2 * DAY, the_day)
    assert client.get("/complaints/mine/").status_code == 302
    assert client.post("/complaints/track/", pair).status_code == 422
    assert word.complaint_of(receipt.number, receipt.secret) is None


def test_the_county_is_told_a_week_before_and_once(
    cast: Cast, the_day: Callable[[dt.date], Any], as_user: Callable[[User], Client]
) -> None:
    ended(cast)
    ended(cast, external_id="TS-0002")
    notices = Message.objects.filter(kind="complaints_to_purge")
    sweep(CLOSED_AT + KEEP - WEEK - DAY, the_day)
    assert not notices.exists()
    for days in (1, 1, 2, 3):
        sweep(CLOSED_AT + KEEP - WEEK + days * DAY, the_day)
    notice = notices.get()
    assert (notice.community, notice.context["count"]) == (cast.county, 2)
    inbox = as_user(cast.operator).get("/inbox/").content.decode()
    assert "2" in inbox


def test_nothing_ends_without_a_week_of_notice(cast: Cast, the_day: Callable[[dt.date], Any]) -> None:
    ended(cast)
    late = CLOSED_AT + KEEP + dt.timedelta(days=300)
    sweep(late, the_day)
    assert Complainant.objects.exists()
    sweep(late + dt.timedelta(days=6), the_day)
    assert Complainant.objects.exists()
    sweep(late + dt.timedelta(days=8), the_day)
    assert not Complainant.objects.exists()


def test_twice_is_once(cast: Cast, the_day: Callable[[dt.date], Any]) -> None:
    ended(cast)
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    at = CLOSED_AT + KEEP + 2 * DAY
    assert purge_complaints(at=at).complaints == 1
    assert purge_complaints(at=at).complaints == 0
    assert ComplaintEvent.objects.filter(kind=EventKind.PURGED).count() == 1


def test_what_is_open_keeps_everything(cast: Cast, the_day: Callable[[dt.date], Any]) -> None:
    filed(cast.home, at=CLOSED_AT)
    for days in (-6, 1, 400):
        sweep(CLOSED_AT + KEEP + dt.timedelta(days=days), the_day)
    assert Complainant.objects.exists()


def test_opened_again_after_the_notice_it_keeps_everything(
    cast: Cast, the_day: Callable[[dt.date], Any], settings: Any
) -> None:
    settings.COMPLAINT_KEEP_DAYS = 1
    receipt = ended(cast)
    keep = dt.timedelta(days=30)
    sweep(CLOSED_AT + keep - WEEK + DAY, the_day)
    complaint = Complaint.objects.get()
    assert complaint.purge_told_at is not None
    word.say_dissatisfied(complaint=complaint, text="不服", at=CLOSED_AT + keep - dt.timedelta(days=1))
    handling.answer(complaint=complaint, text="已办", by=cast.task_force, at=CLOSED_AT + keep)
    sweep(CLOSED_AT + keep + dt.timedelta(days=2), the_day)
    assert Complainant.objects.exists()
    assert word.complaint_of(receipt.number, receipt.secret) is not None


@pytest.mark.parametrize("state", [OrderState.ORDERED, OrderState.VERIFIED])
def test_an_open_supervision_order_keeps_it(
    cast: Cast, the_day: Callable[[dt.date], Any], state: OrderState
) -> None:
    complaint = ended(cast).complaint
    SupervisionOrder.objects.create(
        number="DB-1",
        complaint=complaint,
        issued_by_office=office(cast.county, Department.TASK_FORCE),
        issued_by=cast.task_force,
        to_office=office(cast.home.line["street"]),
        text="拆除",
        issued_at=CLOSED_AT,
        due_at=CLOSED_AT,
        state=state,
    )
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    sweep(CLOSED_AT + KEEP + 2 * DAY, the_day)
    assert Complainant.objects.exists() == (state == OrderState.ORDERED)


@pytest.mark.parametrize("state", [PublicationState.SUBMITTED, PublicationState.DROPPED])
def test_a_naming_that_is_being_decided_keeps_it(
    cast: Cast, the_day: Callable[[dt.date], Any], state: PublicationState
) -> None:
    complaint = ended(cast).complaint
    assert complaint.respondent is not None
    Publication.objects.create(
        kind=PublicationKind.NAMING,
        state=state,
        area=cast.county,
        office=complaint.respondent,
        behaviour=complaint.behaviour,
        title="通报",
        text="…",
        proposed_at=CLOSED_AT,
    )
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    sweep(CLOSED_AT + KEEP + 2 * DAY, the_day)
    assert Complainant.objects.exists() == (state == PublicationState.SUBMITTED)


def test_a_merged_one_lives_as_long_as_the_one_it_was_merged_into(
    cast: Cast, the_day: Callable[[dt.date], Any]
) -> None:
    mine, other = filed(cast.home, at=CLOSED_AT), filed(cast.home, at=CLOSED_AT)
    correcting.merge(complaint=mine.complaint, into=other.complaint, by=cast.task_force, at=CLOSED_AT)
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    sweep(CLOSED_AT + KEEP + 2 * DAY, the_day)
    assert Complainant.objects.filter(complaint=mine.complaint).exists()
    later = CLOSED_AT + KEEP + dt.timedelta(days=2)
    handling.decline(complaint=other.complaint, reason="不属实", by=cast.task_force, at=later)
    sweep(later + KEEP - WEEK + DAY, the_day)
    sweep(later + KEEP + 2 * DAY, the_day)
    assert not Complainant.objects.exists()


def test_every_column_is_either_kept_or_emptied(cast: Cast) -> None:
    columns = {field.name for field in Complaint._meta.concrete_fields}
    assert columns >= KEPT
    assert set(emptied()) == columns - KEPT
    texts = {"what_happened", "respondent_text", "ordered_by", "place", "external_id", "secret_digest"}
    assert texts | {"facts", "compound"} == columns - KEPT


def test_the_command_counts_what_is_due_and_writes_nothing_when_dry(
    cast: Cast, the_day: Callable[[dt.date], Any]
) -> None:
    ended(cast)
    the_day((CLOSED_AT + KEEP - WEEK + DAY).date())
    said = io.StringIO()
    call_command("purge_complaints", "--dry-run", "--language", "en", stdout=said)
    assert "data of 1 complaint is to be announced" in said.getvalue()
    assert not Message.objects.filter(kind="complaints_to_purge").exists()
    call_command("purge_complaints", "--language", "en", stdout=said)
    the_day((CLOSED_AT + KEEP + dt.timedelta(days=3)).date())
    call_command("purge_complaints", "--dry-run", "--language", "en", stdout=said)
    assert "1 complaint is to be reduced" in said.getvalue()
    assert Complainant.objects.exists()
    call_command("purge_complaints", "--language", "en", stdout=said)
    assert "1 identities, 4 texts, 1 files" in said.getvalue()
    assert Complaint.objects.get().state == State.DECLINED


def test_old_lists_are_emptied(cast: Cast, the_day: Callable[[dt.date], Any]) -> None:
    ComplaintList.objects.create(
        uploaded_by=cast.operator,
        uploaded_at=noon(TODAY),
        area=cast.county,
        file_name="12345.xlsx",
        file_digest="0" * 64,
        content="欧阳特殊",
        left_over="[]",
    )
    sweep(noon(TODAY) + dt.timedelta(days=settings.IMPORT_FILE_DAYS), the_day)
    assert "欧阳特殊" in everything_stored()
    sweep(noon(TODAY) + dt.timedelta(days=settings.IMPORT_FILE_DAYS + 1), the_day)
    assert "欧阳特殊" not in everything_stored()


def test_a_chunk_takes_a_fixed_number_of_queries(
    cast: Cast,
    the_day: Callable[[dt.date], Any],
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(12):
        ended(cast, external_id=f"TS-1{number:03d}")
    sweep(CLOSED_AT + KEEP - WEEK + DAY, the_day)
    with django_assert_max_num_queries(24):
        assert purge_complaints(at=CLOSED_AT + KEEP + 2 * DAY).complaints == 12
