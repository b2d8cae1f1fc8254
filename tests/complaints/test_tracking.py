"""The complainant's side after filing: number and secret open it, and nothing else does."""

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import User
from complaints.actions import correcting, events, handling, word
from complaints.actions.filing import ComplainantFacts, Receipt
from complaints.models import Attachment, Complaint, Entry
from complaints.rules.handling import State
from complaints.rules.words import EntryKind, LookedAt, Outcome
from policy import clock
from tests.complaints.cast import TEXT, TODAY, Cast, filed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

WRONG = "0000 0000 0000 0000"


@pytest.fixture
def phone() -> Client:
    """A phone in English that belongs to nobody."""
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def give(client: Client, number: str, secret: str, **extra: Any) -> HttpResponse:
    return client.post(  # type: ignore[return-value]
        reverse("complain-track"), {"number": number, "secret": secret}, **extra
    )


def opened(client: Client, receipt: Receipt) -> str:
    """The page of the complaint, after number and secret were given."""
    answer = give(client, receipt.number, receipt.secret)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/complaints/mine/")
    return page(client)


def page(client: Client) -> str:
    answer = client.get(reverse("complain-mine"))
    assert answer.status_code == 200
    return answer.content.decode()


def say(client: Client, name: str, complaint: Complaint, **fields: Any) -> HttpResponse:
    form = {"complaint": complaint.pk, "token": "a-token-of-the-form", **fields}
    return client.post(reverse(f"complain-{name}"), form)  # type: ignore[return-value]


def accepted(receipt: Receipt, cast: Cast) -> Complaint:
    handling.accept(complaint=receipt.complaint, by=cast.task_force, at=clock.now())
    return receipt.complaint


def answered(receipt: Receipt, cast: Cast, text: str = "铁皮已拆除。") -> Complaint:
    if receipt.complaint.state == State.RECEIVED:
        accepted(receipt, cast)
    handling.answer(complaint=receipt.complaint, text=text, by=cast.task_force, at=clock.now())
    return receipt.complaint


def picture() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return SimpleUploadedFile("欧阳特殊.png", out.getvalue(), content_type="image/png")


class TestNumberAndSecret:
    def test_both_open_it_and_no_address_carries_them(self, phone: Client, receipt: Receipt) -> None:
        text = opened(phone, receipt)
        assert receipt.number in text
        assert TEXT in text
        addresses = " ".join(re.findall(r'(?:href|action|src)="([^"]*)"', text))
        assert receipt.number not in addresses
        assert f"/{receipt.complaint.pk}/" not in addresses
        assert receipt.secret not in text
        assert receipt.secret.replace(" ", "") not in text

    @pytest.mark.parametrize("typed", ["{digits}", " {number} ", "{wide}"])
    def test_blanks_hyphens_and_wide_digits_are_understood(
        self, phone: Client, receipt: Receipt, typed: str
    ) -> None:
        wide = receipt.number.translate({48 + n: 0xFF10 + n for n in range(10)})
        number = typed.format(number=receipt.number, digits=receipt.number.replace("-", ""), wide=wide)
        assert give(phone, number, receipt.secret.replace(" ", "-")).status_code == 303

    def test_a_wrong_pair_is_not_told_apart(self, phone: Client, receipt: Receipt) -> None:
        wrong_secret = give(phone, receipt.number, WRONG)
        wrong_number = give(phone, "221116-00000000", receipt.secret)
        assert wrong_secret.status_code == wrong_number.status_code == 422
        for answer in (wrong_secret, wrong_number):
            assert "do not belong together" in answer.content.decode()
        assert phone.get(reverse("complain-mine")).status_code == 302

    def test_a_stranger_sees_nothing_and_changes_nothing(self, phone: Client, receipt: Receipt) -> None:
        assert phone.get(reverse("complain-mine")).headers["Location"] == reverse("complain-track")
        answer = say(phone, "add", receipt.complaint, text="von einem Fremden")
        assert "number and secret again" in answer.content.decode()
        assert not Entry.objects.exists()
        assert phone.post(reverse("complain-choose"), {"complaint": receipt.complaint.pk}).status_code == 404

    def test_the_session_holds_neither_number_nor_secret(self, phone: Client, receipt: Receipt) -> None:
        opened(phone, receipt)
        held = str([session.get_decoded() for session in Session.objects.all()])
        assert receipt.number not in held
        assert receipt.secret.replace(" ", "") not in held

    def test_nothing_of_it_is_kept_by_the_browser(self, phone: Client, receipt: Receipt) -> None:
        opened(phone, receipt)
        assert "no-store" in phone.get(reverse("complain-mine")).headers["Cache-Control"]

    def test_after_an_hour_it_is_forgotten_and_what_was_typed_is_not(
        self, phone: Client, receipt: Receipt, the_day: Callable[[dt.date], Any]
    ) -> None:
        opened(phone, receipt)
        the_day(TODAY + dt.timedelta(days=1))
        assert phone.get(reverse("complain-mine")).status_code == 302
        answer = say(phone, "add", receipt.complaint, text="昨天又来贴了封条")
        assert "昨天又来贴了封条" in answer.content.decode()
        assert not Entry.objects.exists()

    def test_leaving_forgets_it(self, phone: Client, receipt: Receipt) -> None:
        opened(phone, receipt)
        assert phone.post(reverse("complain-leave")).status_code == 303
        assert phone.get(reverse("complain-mine")).status_code == 302

    def test_several_are_listed_by_number_and_chosen(self, phone: Client, cast: Cast) -> None:
        first, second = filed(cast.home), filed(cast.home, place="别处", what_happened="第二件")
        opened(phone, first)
        text = opened(phone, second)
        assert first.number in text
        assert TEXT not in text
        phone.post(reverse("complain-choose"), {"complaint": first.complaint.pk})
        assert TEXT in page(phone)


class TestGuessing:
    def test_the_eleventh_wrong_attempt_at_a_number_has_to_wait(
        self, receipt: Receipt, phone: Client, cast: Cast
    ) -> None:
        other = filed(cast.home, place="别处")
        for turn in range(10):
            assert give(phone, receipt.number, WRONG, REMOTE_ADDR=f"10.0.0.{turn}").status_code == 422
        closed = give(phone, receipt.number, receipt.secret, REMOTE_ADDR="10.0.0.99")
        assert closed.status_code == 429
        assert int(closed.headers["Retry-After"]) > 800
        assert "15 minutes" in closed.content.decode()
        assert give(phone, other.number, other.secret, REMOTE_ADDR="10.0.0.99").status_code == 303

    def test_an_address_that_guesses_has_to_wait_and_no_other_one(
        self, receipt: Receipt, phone: Client
    ) -> None:
        for turn in range(10):
            assert give(phone, f"221116-0000000{turn}", WRONG).status_code == 422
        assert give(phone, receipt.number, receipt.secret).status_code == 429
        assert give(phone, receipt.number, receipt.secret, REMOTE_ADDR="10.9.9.9").status_code == 303

    def test_the_wait_ends(self, receipt: Receipt, phone: Client, the_day: Callable[[dt.date], Any]) -> None:
        for _turn in range(10):
            give(phone, receipt.number, WRONG)
        the_day(TODAY + dt.timedelta(days=1))
        assert give(phone, receipt.number, receipt.secret).status_code == 303

    def test_without_a_cache_nobody_is_shut_out(
        self, receipt: Receipt, phone: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_args: object, **_more: object) -> None:
            raise OSError

        monkeypatch.setattr("complaints.views.attempts.cache.get", away)
        monkeypatch.setattr("complaints.views.attempts.cache.set", away)
        assert give(phone, receipt.number, WRONG).status_code == 422
        assert give(phone, receipt.number, receipt.secret).status_code == 303

    def test_right_pairs_are_never_counted(self, receipt: Receipt, phone: Client) -> None:
        for _turn in range(12):
            assert give(phone, receipt.number, receipt.secret).status_code == 303


class TestTheirWord:
    def test_a_question_is_replied_to_with_a_picture_once(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        question = handling.ask(
            complaint=accepted(receipt, cast), text="哪个门？", by=cast.task_force, at=clock.now()
        )
        assert "哪个门？" in opened(phone, receipt)
        for _twice in range(2):
            answer = say(
                phone, "reply", receipt.complaint, question=question.pk, text="南门", files=picture()
            )
            assert answer.status_code == 303
        reply = Entry.objects.get(kind=EntryKind.REPLY)
        assert (reply.text, reply.replies_to) == ("南门", question)
        assert Attachment.objects.get().entry == reply
        text = page(phone)
        assert "南门" in text
        assert "Send the reply" not in text
        download = phone.get(reverse("complain-file", args=[Attachment.objects.get().number]))
        assert download.headers["Content-Disposition"].startswith("attachment")
        assert download.content.startswith(b"\xff\xd8\xff")

    def test_a_question_of_another_complaint_is_none_of_theirs(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        other = accepted(filed(cast.home, place="别处"), cast)
        question = handling.ask(complaint=other, text="?", by=cast.task_force, at=clock.now())
        accepted(receipt, cast)
        opened(phone, receipt)
        answer = say(phone, "reply", receipt.complaint, question=question.pk, text="南门")
        assert answer.status_code == 404
        assert not Entry.objects.filter(kind=EntryKind.REPLY).exists()

    def test_a_file_that_is_none_is_refused_and_the_text_stays(self, phone: Client, receipt: Receipt) -> None:
        opened(phone, receipt)
        lie = SimpleUploadedFile("photo.jpg", b"<script>", content_type="image/jpeg")
        answer = say(phone, "add", receipt.complaint, text="又贴了封条", files=lie)
        assert answer.status_code == 422
        assert "又贴了封条" in answer.content.decode()
        assert "neither a picture" in answer.content.decode()
        assert not Entry.objects.exists()

    def test_adding_twice_the_same_adds_once(self, phone: Client, receipt: Receipt) -> None:
        opened(phone, receipt)
        for _twice in range(2):
            assert say(phone, "add", receipt.complaint, text="又贴了封条").status_code == 303
        assert Entry.objects.get().text == "又贴了封条"

    def test_satisfied_verifies_it_once(self, phone: Client, receipt: Receipt, cast: Cast) -> None:
        complaint = answered(receipt, cast)
        text = opened(phone, receipt)
        assert "铁皮已拆除。" in text
        assert "taskforce" not in text
        for _twice in range(2):
            assert say(phone, "satisfied", complaint).status_code == 303
        complaint.refresh_from_db()
        assert (complaint.state, complaint.satisfied) == (State.VERIFIED, True)
        assert Entry.objects.filter(kind=EntryKind.SATISFIED).count() == 1

    def test_not_satisfied_needs_a_reason_and_opens_it_again(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        complaint = answered(receipt, cast)
        opened(phone, receipt)
        assert say(phone, "dissatisfied", complaint, text="  ").status_code == 422
        complaint.refresh_from_db()
        assert complaint.state == State.ANSWERED
        assert say(phone, "dissatisfied", complaint, text="只拆了一半").status_code == 303
        complaint.refresh_from_db()
        assert (complaint.state, complaint.times_reopened) == (State.ACCEPTED, 1)
        assert "只拆了一半" in page(phone)

    def test_before_an_answer_there_is_nothing_to_be_satisfied_with(
        self, phone: Client, receipt: Receipt
    ) -> None:
        text = opened(phone, receipt)
        assert "Yes, I am satisfied" not in text
        answer = say(phone, "satisfied", receipt.complaint)
        assert answer.status_code == 422
        assert "can&#x27;t be done any more" in answer.content.decode()
        receipt.complaint.refresh_from_db()
        assert receipt.complaint.state == State.RECEIVED

    def test_closed_it_can_be_opened_again_for_thirty_days(
        self, phone: Client, receipt: Receipt, cast: Cast, the_day: Callable[[dt.date], Any]
    ) -> None:
        complaint = answered(receipt, cast)
        handling.verify(
            complaint=complaint, outcome=Outcome.NOT_SOLVED, how="去看过", by=cast.city, at=clock.now()
        )
        handling.close(complaint=complaint, by=cast.city, at=clock.now())
        the_day(TODAY + dt.timedelta(days=31))
        assert "Open it again" not in opened(phone, receipt)
        assert say(phone, "dissatisfied", complaint, text="还是没拆").status_code == 422
        the_day(TODAY + dt.timedelta(days=29))
        assert "Open it again" in opened(phone, receipt)
        assert say(phone, "dissatisfied", complaint, text="还是没拆").status_code == 303
        complaint.refresh_from_db()
        assert complaint.state == State.ACCEPTED

    def test_declined_comes_with_its_reason_and_can_be_objected_to(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        handling.decline(
            complaint=receipt.complaint, reason="属于高风险区", by=cast.task_force, at=clock.now()
        )
        text = opened(phone, receipt)
        assert "Why it was not accepted" in text
        assert "属于高风险区" in text
        assert "I object" in text
        assert say(phone, "dissatisfied", receipt.complaint, text="早就降级了").status_code == 303
        receipt.complaint.refresh_from_db()
        assert receipt.complaint.state == State.ACCEPTED

    def test_taking_it_back_is_asked_first_and_done_once(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        opened(phone, receipt)
        assert "Yes, take it back" in phone.get(reverse("complain-withdraw")).content.decode()
        for _twice in range(2):
            done = phone.post(reverse("complain-withdraw"), {"complaint": receipt.complaint.pk})
            assert done.status_code == 303
        receipt.complaint.refresh_from_db()
        assert receipt.complaint.state == State.WITHDRAWN
        assert receipt.complaint.events.filter(kind="withdrawn").count() == 1
        assert "Take the complaint back" not in page(phone)

    def test_what_is_answered_can_not_be_taken_back(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        complaint = answered(receipt, cast)
        opened(phone, receipt)
        phone.post(reverse("complain-withdraw"), {"complaint": complaint.pk})
        complaint.refresh_from_db()
        assert complaint.state == State.ANSWERED


class TestWhatThePageSays:
    def test_what_is_owed_until_when_and_since_when_it_is_late(
        self, phone: Client, receipt: Receipt, the_day: Callable[[dt.date], Any]
    ) -> None:
        text = opened(phone, receipt)
        assert "Until 2022-11-17 12:00" in text
        assert "Local limit: 24 hours" in text
        the_day(TODAY + dt.timedelta(days=2))
        assert "We are late since 2022-11-17 12:00" in opened(phone, receipt)

    def test_lateness_stays_when_the_step_is_done(
        self, phone: Client, receipt: Receipt, cast: Cast, the_day: Callable[[dt.date], Any]
    ) -> None:
        the_day(TODAY + dt.timedelta(days=2))
        accepted(receipt, cast)
        text = opened(phone, receipt)
        assert "An earlier step was late" in text
        assert "We are late" not in text

    def test_internal_notes_and_names_of_staff_are_not_told(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        handling.write_note(complaint=receipt.complaint, text="内部备注", by=cast.task_force, at=clock.now())
        text = opened(phone, receipt)
        assert "内部备注" not in text
        assert cast.task_force.username not in text
        assert receipt.complaint.handler is not None
        assert receipt.complaint.handler.name in text

    def test_looks_at_the_identity_are_counted_by_level(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        assert "Nobody has looked" in opened(phone, receipt)
        for what in (LookedAt.IDENTITY, LookedAt.IDENTITY, LookedAt.CASE):
            events.note_look(
                receipt.complaint, by=cast.task_force, at=clock.now(), what=what, address="10.0.0.1"
            )
        text = page(phone)
        assert "looked at 2 times" in text
        assert "office of level county: 2 times" in text
        assert cast.task_force.username not in text

    def test_an_anonymous_complaint_has_nothing_to_look_at(self, phone: Client, cast: Cast) -> None:
        text = opened(phone, filed(cast.home, complainant=ComplainantFacts()))
        assert "neither name nor number" in text

    def test_merged_it_shows_state_and_answers_of_the_other_and_nothing_of_its_complainant(
        self, phone: Client, cast: Cast
    ) -> None:
        mine = filed(cast.home)
        other = filed(cast.home, place="5号楼", what_happened="别人的经过", ordered_by="别人的队长")
        accepted(other, cast)
        handling.ask(complaint=other.complaint, text="别人的问题", by=cast.task_force, at=clock.now())
        correcting.merge(complaint=mine.complaint, into=other.complaint, by=cast.task_force, at=clock.now())
        answered(other, cast, "两栋都已拆除")
        text = opened(phone, mine)
        assert "Handled together" in text
        assert "两栋都已拆除" in text
        for theirs in ("别人的经过", "别人的队长", "别人的问题", "5号楼", other.number):
            assert theirs not in text
        assert phone.post(reverse("complain-choose"), {"complaint": other.complaint.pk}).status_code == 404

    def test_whoever_was_merged_and_is_not_satisfied_goes_their_own_way_again(
        self, phone: Client, cast: Cast, the_day: Callable[[dt.date], Any]
    ) -> None:
        mine, other = filed(cast.home), filed(cast.home, place="5号楼")
        accepted(other, cast)
        correcting.merge(complaint=mine.complaint, into=other.complaint, by=cast.task_force, at=clock.now())
        answered(other, cast, "5号楼已拆除")
        word.say_satisfied(complaint=other.complaint, at=clock.now())
        handling.close(complaint=other.complaint, by=cast.task_force, at=clock.now())
        the_day(TODAY + dt.timedelta(days=29))
        assert "Handle mine on its own" in opened(phone, mine)
        say(phone, "dissatisfied", mine.complaint, text="4号楼还封着")
        complaint = Complaint.objects.get(pk=mine.complaint.pk)
        assert (complaint.state, complaint.merged_into) == (State.ACCEPTED, None)
        assert complaint.clocks.running().get().step == "answer"
        text = page(phone)
        assert "4号楼还封着" in text
        assert "Handled together" not in text

    def test_thirty_days_after_the_end_of_what_it_follows_it_is_too_late(
        self, phone: Client, cast: Cast, the_day: Callable[[dt.date], Any]
    ) -> None:
        mine, other = filed(cast.home), filed(cast.home, place="5号楼")
        correcting.merge(complaint=mine.complaint, into=other.complaint, by=cast.task_force, at=clock.now())
        handling.decline(complaint=other.complaint, reason="重复", by=cast.task_force, at=clock.now())
        the_day(TODAY + dt.timedelta(days=31))
        assert "Handle mine on its own" not in opened(phone, mine)
        say(phone, "dissatisfied", mine.complaint, text="4号楼还封着")
        assert Complaint.objects.get(pk=mine.complaint.pk).state == State.MERGED

    def test_what_somebody_else_takes_back_goes_on_for_whoever_was_merged_into_it(
        self, phone: Client, cast: Cast
    ) -> None:
        fake, first, second = filed(cast.home), filed(cast.home), filed(cast.home)
        for each in (first, second):
            correcting.merge(
                complaint=each.complaint, into=fake.complaint, by=cast.task_force, at=clock.now()
            )
        word.withdraw(complaint=fake.complaint, at=clock.now())
        heir = Complaint.objects.get(pk=first.complaint.pk)
        assert (heir.state, heir.merged_into, heir.closed_at) == (State.ACCEPTED, None, None)
        assert heir.times_reopened == 0
        assert heir.clocks.running().get().step == "answer"
        assert Complaint.objects.get(pk=second.complaint.pk).merged_into == heir
        assert "Handled together" not in opened(phone, first)

    def test_a_part_that_was_split_off_is_followed_with_the_same_receipt(
        self, phone: Client, receipt: Receipt, cast: Cast
    ) -> None:
        accepted(receipt, cast)
        part = correcting.split(
            complaint=receipt.complaint,
            behaviour="care_refused",
            what_happened="医院不收",
            by=cast.task_force,
            at=clock.now(),
        )
        assert part.number in opened(phone, receipt)
        phone.post(reverse("complain-choose"), {"complaint": part.complaint.pk})
        assert "医院不收" in page(phone)
        assert say(phone, "add", part.complaint, text="还在门口").status_code == 303
        assert Entry.objects.get().complaint == part.complaint

    def test_the_page_takes_a_fixed_number_of_queries(
        self,
        phone: Client,
        receipt: Receipt,
        cast: Cast,
        django_assert_max_num_queries: Callable[[int], Any],
    ) -> None:
        accepted(receipt, cast)
        opened(phone, receipt)
        for turn in range(12):
            handling.ask(complaint=receipt.complaint, text=f"问{turn}", by=cast.task_force, at=clock.now())
        with django_assert_max_num_queries(14):
            page(phone)


def test_staff_who_follow_their_own_complaint_stay_logged_in(
    as_user: Callable[[User], Client], receipt: Receipt, cast: Cast
) -> None:
    client = as_user(cast.operator)
    opened(client, receipt)
    client.post(reverse("complain-leave"))
    assert client.get(reverse("complain-mine")).status_code == 302
    assert "_auth_user_id" in client.session


def test_what_the_app_knew_of_the_place_stands_beside_it(phone: Client, cast: Cast) -> None:
    fact = {"code": "no_zone", "on": "2022-11-16", "place": "锦绣花园4号楼", "clause": "二(四)"}
    text = opened(phone, filed(cast.home, facts=[fact]))
    assert "锦绣花园4号楼 is in no high-risk zone" in text
