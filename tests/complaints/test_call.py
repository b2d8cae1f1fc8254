"""Filing for a caller: number and secret are read out once, the secret leaves by SMS only when asked for."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from complaints.actions.filing import ComplainantFacts
from complaints.actions.word import complaint_of
from complaints.models import Complainant, Complaint
from complaints.rules.words import Source
from notices.channels import Carrier
from notices.models import Message
from notices.tasks import deliver_due
from notices.wording import compose
from tests.complaints.cast import TODAY, WHO, Cast, filed, office, officer
from zones.models import Compound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

TOKEN = "abcdefghijklmnopqrstuvwxyz012345"


@pytest.fixture
def sms_on(settings: Any) -> None:
    settings.SMS_URL = "https://sms.invalid/"


@pytest.fixture
def operator(as_user: Callable[[User], Client], cast: Cast) -> Client:
    """The operator's browser, in English."""
    client = as_user(cast.operator)
    client.cookies["django_language"] = "en"
    return client


def call(client: Client, **changes: Any) -> HttpResponse:
    form = {
        "token": TOKEN,
        "behaviour": "not_unsealed",
        "place": "锦绣花园4号楼",
        "whom": "street",
        "what_happened": "铁皮还没拆",
        "ordered": "unknown",
        "name": "欧阳特殊",
        "phone": "138 7766 5544",
    }
    return client.post(reverse("complaint-call"), form | changes)  # type: ignore[return-value]


def read_out(answer: HttpResponse) -> tuple[str, str]:
    """Number and secret as they stand on the page."""
    text = answer.content.decode()
    numbers = re.findall(r"<b>([\d -]+)</b>", text)
    assert len(numbers) == 2, text
    return numbers[0], numbers[1]


def test_what_a_caller_says_is_filed_and_number_and_secret_are_read_out(operator: Client, cast: Cast) -> None:
    answer = call(operator, street=cast.home.line["street"].pk)
    number, secret = read_out(answer)
    complaint = complaint_of(number, secret)
    assert complaint is not None
    assert (complaint.source, complaint.filed_by) == (Source.PHONE, cast.operator)
    assert complaint.respondent is not None
    assert complaint.respondent.area == cast.home.line["street"]
    who = Complainant.objects.get()
    assert (who.name, who.phone) == ("欧阳特殊", "13877665544")
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_compound_of_the_register_is_recognised(operator: Client, cast: Cast) -> None:
    Compound.objects.create(name="锦绣花园", community=cast.home)
    call(operator)
    complaint = Complaint.objects.get()
    assert complaint.compound is not None
    assert (complaint.compound.name, complaint.area) == ("锦绣花园", cast.home)


def test_nobody_has_to_say_who_they_are(operator: Client) -> None:
    assert call(operator, name="", phone="").status_code == 200
    assert not Complainant.objects.exists()
    assert not Message.objects.filter(channel="sms").exists()


def test_the_form_sent_twice_is_filed_once_and_reads_out_the_same(operator: Client) -> None:
    first = read_out(call(operator))
    again = call(operator)
    if "Not filed yet" in again.content.decode():
        seen = re.search(r'name="seen" value="([^"]*)"', again.content.decode())
        assert seen
        again = call(operator, seen=seen[1])
    assert read_out(again) == first
    assert Complaint.objects.count() == 1


def test_what_is_missing_is_said_at_the_field_and_nothing_is_lost(operator: Client) -> None:
    answer = call(operator, behaviour="", phone="1387766")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Please choose what happened." in text
    assert "mobile numbers have 11" in text
    assert "铁皮还没拆" in text
    assert not Complaint.objects.exists()


def test_danger_to_life_goes_on_top(operator: Client) -> None:
    call(operator, urgent="on")
    assert Complaint.objects.get().urgent


class TestTheShortMessage:
    def test_the_number_goes_out_and_the_secret_does_not(self, operator: Client, sms_on: None) -> None:
        number, secret = read_out(call(operator))
        message = Message.objects.get(channel="sms")
        body = compose(message.kind, message.opened_context(), "zh-hans").body
        assert number in body
        assert "/complaints/track/" in body
        assert secret not in body
        assert secret.replace(" ", "") not in str(Message.objects.values())

    def test_the_secret_goes_along_when_the_caller_says_so_and_is_kept_nowhere(
        self, operator: Client, sms_on: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        posted: list[str] = []
        monkeypatch.setattr(Carrier, "_post", lambda _carrier, _url, body, _headers: posted.append(str(body)))
        _number, secret = read_out(call(operator, secret_by_sms="on"))
        message = Message.objects.get(channel="sms")
        assert secret not in str(Message.objects.values())
        assert secret not in compose(message.kind, message.context, "zh-hans").body
        assert secret in compose(message.kind, message.opened_context(), "zh-hans").body
        deliver_due()
        assert secret in posted[0]
        kept = Message.objects.get(channel="sms")
        assert (kept.state, "sealed" in kept.context) == ("sent", False)

    def test_without_an_sms_channel_nothing_is_asked_and_nothing_sent(self, operator: Client) -> None:
        assert "secret by SMS" not in operator.get(reverse("complaint-call")).content.decode()
        text = call(operator, secret_by_sms="on").content.decode()
        assert "by SMS now" not in text
        assert not Message.objects.filter(channel="sms", state="pending").exists()


class TestFiledAlready:
    def test_the_same_telephone_holds_it_up_once(self, operator: Client, cast: Cast) -> None:
        earlier = filed(cast.home, place="别处", behaviour="extra_tests")
        answer = call(operator)
        text = answer.content.decode()
        assert "Not filed yet" in text
        assert earlier.number in text
        assert Complaint.objects.count() == 1
        seen = re.search(r'name="seen" value="([^"]*)"', text)
        assert seen
        read_out(call(operator, seen=seen[1]))
        assert Complaint.objects.count() == 2

    def test_number_and_state_are_told_and_nothing_else(self, operator: Client, cast: Cast) -> None:
        filed(cast.home, place="别处", what_happened="只有她知道的事", ordered_by="某队长")
        text = call(operator, name="").content.decode()
        assert "Not filed yet" in text
        for theirs in ("只有她知道的事", "某队长", "欧阳特殊", "别处"):
            assert theirs not in text

    def test_the_same_place_and_behaviour_is_found_while_typing(self, operator: Client, cast: Cast) -> None:
        earlier = filed(cast.county, complainant=ComplainantFacts())
        form = {"behaviour": "not_unsealed", "place": "锦绣花园4号楼", "phone": ""}
        beside = operator.post(reverse("complaint-call-beside"), form)
        assert earlier.number in beside.content.decode()
        other = operator.post(reverse("complaint-call-beside"), form | {"behaviour": "extra_tests"})
        assert earlier.number not in other.content.decode()

    def test_the_callers_date_is_held_against_the_rule_while_typing(self, operator: Client) -> None:
        form = {"behaviour": "not_unsealed", "place": "锦绣花园", "since_on": "2022-11-01"}
        beside = operator.post(reverse("complaint-call-beside"), form).content.decode()
        assert "is day 15; the rule knows 5" in beside

    def test_after_seven_days_nothing_is_alike(
        self, cast: Cast, the_day: Callable[..., Any], as_user: Callable[[User], Client]
    ) -> None:
        filed(cast.home, place="别处")
        the_day(TODAY + dt.timedelta(days=8))
        read_out(call(as_user(cast.operator)))

    def test_whether_a_telephone_complained_about_the_own_office_can_not_be_found_out(
        self, as_user: Callable[[User], Client], cast: Cast
    ) -> None:
        earlier = filed(cast.home, place="别处")
        assert earlier.complaint.respondent == cast.street.own_office
        for user in (cast.street, cast.neighbour):
            client = as_user(user)
            answer = client.post(reverse("complaint-call-beside"), {"phone": WHO.phone})
            assert answer.status_code == 200
            assert earlier.number not in answer.content.decode()


class TestMyCalls:
    def test_an_operator_sees_what_they_filed_and_nothing_of_others(
        self, operator: Client, cast: Cast, as_user: Callable[[User], Client]
    ) -> None:
        number, _secret = read_out(call(operator))
        others = filed(cast.home, place="别处")
        text = operator.get(reverse("complaint-calls")).content.decode()
        assert number in text
        assert "Not unsealed" in text
        assert others.number not in text
        assert "欧阳特殊" not in text
        assert "铁皮还没拆" not in text
        colleague = as_user(officer("hotline2", cast.operator.own_office))  # type: ignore[arg-type]
        assert number not in colleague.get(reverse("complaint-calls")).content.decode()

    def test_one_is_found_by_its_number_with_or_without_the_hyphen(self, operator: Client) -> None:
        number, _secret = read_out(call(operator))
        for typed in (number, number.replace("-", ""), number[:8]):
            text = operator.get(reverse("complaint-calls"), {"number": typed}).content.decode()
            assert "Not unsealed" in text
        assert (
            "none of that number"
            in operator.get(reverse("complaint-calls"), {"number": "221116-00000000"}).content.decode()
        )

    def test_pages_follow_one_another_without_a_gap(
        self, operator: Client, cast: Cast, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        numbers = [filed(cast.home, source=Source.PHONE, place=f"{n}号").complaint for n in range(53)]
        Complaint.objects.update(filed_by=cast.operator)
        with django_assert_max_num_queries(7):
            first = operator.get(reverse("complaint-calls")).content.decode()
        found = set(re.findall(r"<b>(\d{6}-\d{8})</b>", first))
        assert len(found) == 50
        older = re.search(r'rel="next" href="([^"]*)"', first)
        assert older
        second = operator.get(reverse("complaint-calls") + older[1].replace("&amp;", "&")).content.decode()
        found |= set(re.findall(r"<b>(\d{6}-\d{8})</b>", second))
        assert found == {each.number for each in numbers}


@pytest.mark.parametrize("name", ["complaint-call", "complaint-calls", "complaint-import"])
def test_only_whoever_files_complaints_gets_in(
    as_user: Callable[[User], Client], cast: Cast, name: str
) -> None:
    assert Client().get(reverse(name)).status_code == 302
    assert as_user(cast.community).get(reverse(name)).status_code == 403
    assert as_user(cast.operator).get(reverse(name)).status_code == 200


def test_an_operator_of_the_office_complained_about_does_not_write_down_who_complains(
    operator: Client, cast: Cast
) -> None:
    refused = call(operator, whom="county")
    assert refused.status_code == 422
    assert "It is about your own office" in refused.content.decode()
    assert not Complaint.objects.exists()
    read_out(call(operator, whom="county", name="", phone=""))
    assert Complaint.objects.get().respondent == office(cast.county)
    assert not Complainant.objects.exists()
