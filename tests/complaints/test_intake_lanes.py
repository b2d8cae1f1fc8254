"""Against floods: a proof of work, a lane without scripts, limits by address, and a form that stays open."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from complaints import flood
from complaints.models import Attachment, Complaint
from policy import clock
from tests.complaints import hostile
from tests.complaints.cast import TODAY, Cast
from tests.complaints.forms import FORM, county_field, opened, page_value, receipt_on, send, solved
from tests.complaints.test_intake import upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]


@pytest.fixture(autouse=True)
def _quick_proof(settings: Any) -> None:
    settings.COMPLAINT_PROOF = 50


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def form(cast: Cast, client: Client) -> dict[str, Any]:
    """A form with its proof of work."""
    return opened(client) | county_field(cast.home)


@pytest.fixture
def plain(cast: Cast, client: Client) -> dict[str, Any]:
    """A form from a browser that runs no script."""
    return opened(client, proved=False) | county_field(cast.home)


def confirmed(client: Client, form: dict[str, Any]) -> dict[str, str]:
    """The fields of the confirmation page that the form is answered with."""
    page = send(client, form).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


@pytest.fixture
def a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody looked at the confirmation page long enough."""
    monkeypatch.setattr("complaints.views.intake.SHORTEST_LOOK", 0)


# ── with a proof ─────────────────────────────────────────────────────────────────────────────────


def test_a_proof_is_good_for_one_form(cast: Cast, client: Client, form: dict[str, Any]) -> None:
    assert receipt_on(send(client, form))
    other = opened(client) | county_field(cast.home) | {"altcha": form["altcha"]}
    answer = send(client, other)
    assert answer.status_code == 422
    assert "已用于另一份表单" in answer.content.decode()
    assert Complaint.objects.count() == 1
    other["altcha"] = solved(answer.content.decode())
    assert receipt_on(send(client, other))


def test_the_same_form_sent_twice_at_once_may_bring_its_proof_twice(
    client: Client, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "complaints.views.intake.receipt_of", lambda token: None
    )  # neither knows of the other
    assert receipt_on(send(client, form)) == receipt_on(send(client, form))
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize(
    "proof",
    [
        "x",
        "e30=",
        "bnVsbA==",
        "eyJhIjogMX0=",
        "W10=",
        "A" * 5000,
        "Ω",
        "eyJudW1iZXIiOiAxLCAiYWxnb3JpdGhtIjogW119",
    ],
)
def test_what_is_no_proof_is_a_sentence_and_another_challenge(
    client: Client, form: dict[str, Any], proof: str
) -> None:
    answer = send(client, form, altcha=proof)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请再提交一次" in page
    assert form["what_happened"] in page
    assert receipt_on(send(client, form, altcha=solved(page)))


def test_a_proof_of_another_installation_is_none(
    cast: Cast, client: Client, form: dict[str, Any], settings: Any
) -> None:
    settings.ALTCHA_HMAC_KEY = "another"
    assert send(client, form).status_code == 422


def test_an_old_proof_has_expired(client: Client, form: dict[str, Any], the_day: Any) -> None:
    the_day(TODAY + dt.timedelta(days=1))
    answer = send(client, form)
    assert answer.status_code == 422
    assert "已过期" in answer.content.decode()


def test_a_proof_survives_an_error_elsewhere(client: Client, form: dict[str, Any]) -> None:
    page = send(client, form, phone="1").content.decode()
    assert page_value(page, "altcha") == form["altcha"]
    assert receipt_on(send(client, form))


# ── without a script ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("a_look")
def test_without_a_script_a_second_page_takes_its_place(client: Client, plain: dict[str, Any]) -> None:
    first = send(client, plain, name="陈晓琳", files=[upload(hostile.image())])
    page = first.content.decode()
    assert first.status_code == 200
    assert not Complaint.objects.exists()
    assert plain["what_happened"] in page
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = client.post(FORM, fields)
    assert receipt_on(answer)
    complaint = Complaint.objects.get()
    assert complaint.complainant.name == "陈晓琳"
    assert complaint.attachments.count() == 1
    assert receipt_on(client.post(FORM, fields)) == receipt_on(answer)


def test_the_second_page_shows_everything_that_was_written(client: Client, plain: dict[str, Any]) -> None:
    words = {"respondent_text": "锦绣街道王主任", "ordered_by": "指挥部", "phone": "13877665544"}
    page = send(client, plain, **words, files=[upload(hostile.image())]).content.decode()
    shown = page[page.index("<dl") : page.index("</dl>")]
    for said in (*words.values(), plain["what_happened"], "街道、乡镇", "口头通知", "2022年11月1日", "1 个"):
        assert said in shown, said


def test_nobody_confirms_faster_than_they_can_read(
    client: Client, plain: dict[str, Any], the_day: Any
) -> None:
    fields = confirmed(client, plain)
    answer = client.post(FORM, fields)
    assert "按得太快了" in answer.content.decode()
    assert not Complaint.objects.exists()


@pytest.mark.usefixtures("a_look")
def test_a_confirmation_is_good_for_its_own_form_only(
    cast: Cast, client: Client, plain: dict[str, Any], the_day: Any
) -> None:
    ticket = confirmed(client, plain)["ticket"]
    other = opened(client, proved=False) | county_field(cast.home)
    for wrong in (ticket, ticket[:-3] + "abc", "x", "a:b:c"):
        assert "ticket" in send(client, other, ticket=wrong).content.decode()
    the_day(TODAY + dt.timedelta(days=1))
    send(client, plain, ticket=ticket)
    assert not Complaint.objects.exists()


def test_from_the_confirmation_one_goes_back_without_loss(client: Client, plain: dict[str, Any]) -> None:
    fields = confirmed(client, plain)
    page = client.post(FORM, fields | {"change": "1"}).content.decode()
    assert plain["what_happened"] in page
    assert page_value(page, "place") == plain["place"]
    assert page_value(page, "token") == plain["token"]


@pytest.mark.usefixtures("a_look")
def test_a_flood_without_scripts_closes_its_own_lane_only(cast: Cast, client: Client, settings: Any) -> None:
    settings.COMPLAINTS_WITHOUT_SCRIPT = 2
    answers = []
    for n in range(4):
        browser = Client(REMOTE_ADDR=f"10.0.0.{n}")
        fields = confirmed(browser, opened(browser, proved=False) | county_field(cast.home))
        answers.append(browser.post(FORM, fields))
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    late = answers[-1].content.decode()
    assert "12345" in late
    assert "铁皮" in late
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert receipt_on(send(client, opened(client) | county_field(cast.home)))


@pytest.mark.usefixtures("a_look")
def test_one_address_does_not_use_up_what_is_left_for_all(cast: Cast, settings: Any) -> None:
    settings.COMPLAINTS_WITHOUT_SCRIPT = 3
    settings.COMPLAINTS_WITHOUT_SCRIPT_FROM_ADDRESS = 1
    codes = []
    for address in ["10.0.0.1"] * 6 + ["10.0.0.2"]:
        browser = Client(REMOTE_ADDR=address)
        fields = confirmed(browser, opened(browser, proved=False) | county_field(cast.home))
        codes.append(browser.post(FORM, fields).status_code)
    assert codes == [200, 429, 429, 429, 429, 429, 200]


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_an_address_beyond_its_limit_waits_and_loses_nothing_while_others_file(
    cast: Cast, client: Client, settings: Any
) -> None:
    settings.COMPLAINTS_FROM_ADDRESS = 2
    forms = [opened(client) | county_field(cast.home) for _ in range(3)]
    answers = [send(client, form, files=[upload(hostile.image())]) for form in forms]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    page = answers[-1].content.decode()
    assert "12345" in page
    assert forms[-1]["what_happened"] in page
    assert 'name="remove"' in page
    assert "分钟后" in page
    neighbour = Client(REMOTE_ADDR="10.1.1.1")
    assert receipt_on(send(neighbour, opened(neighbour) | county_field(cast.home)))
    settings.COMPLAINTS_FROM_ADDRESS = 100
    assert receipt_on(send(client, forms[-1]))


def test_many_complaints_make_the_proof_harder_and_close_nothing(cast: Cast, settings: Any) -> None:
    settings.COMPLAINTS_CALM = 2
    hard = []
    for n in range(8):
        browser = Client(REMOTE_ADDR=f"10.0.0.{n}")
        hard.append(flood.hardness(clock.now()))
        assert receipt_on(send(browser, opened(browser) | county_field(cast.home)))
    assert hard == sorted(hard)
    assert hard[0] == 50
    assert hard[-1] == 200
    for _ in range(500):
        flood.note_filed(clock.now())
    assert flood.hardness(clock.now()) == 50 * flood.HARDEST


def test_files_have_a_limit_of_their_own(client: Client, form: dict[str, Any], settings: Any) -> None:
    settings.COMPLAINT_FILES_FROM_ADDRESS = 1
    answer = send(client, form, files=[upload(hostile.image()), upload(hostile.SMALL["png"])])
    assert answer.status_code == 422
    assert "上传的文件太多" in answer.content.decode()
    assert not Attachment.objects.exists()
    assert receipt_on(send(client, form))


@pytest.mark.parametrize("error", [RedisAway("away"), OSError("full")])
def test_a_cache_that_is_away_refuses_nobody(
    client: Client,
    form: dict[str, Any],
    plain: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def away(*arguments: Any, **named: Any) -> Any:
        raise error

    monkeypatch.setattr("complaints.views.intake.SHORTEST_LOOK", 0)
    for name in ("get", "set", "add", "incr"):
        monkeypatch.setattr(type(caches["default"]), name, away)
    assert receipt_on(send(client, form, files=[upload(hostile.image())]))
    assert receipt_on(client.post(FORM, confirmed(client, plain)))
    assert Client().get(FORM).status_code == 200
