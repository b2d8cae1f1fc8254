"""Filing in public: anonymous, sent twice, nothing typed is lost, and nothing personal in address or log."""

import base64
import datetime as dt
import gzip
import html
import logging
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from complaints.actions.attaching import content_of, delete_unclaimed_files
from complaints.actions.word import complaint_of
from complaints.models import Attachment, Complaint
from complaints.tasks import delete_unclaimed_files as task
from complaints.views.downloads import as_download
from policy import clock
from tests.builders import noon
from tests.complaints import hostile
from tests.complaints.cast import TODAY, Cast
from tests.complaints.forms import FORM, county_field, opened, page_value, receipt_on, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

PHONE = "13877665544"
TEXT = "楼门口的铁皮还没拆，保安说要等街道电话。"


@pytest.fixture(autouse=True)
def _quick_proof(settings: Any) -> None:
    settings.COMPLAINT_PROOF = 50


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def form(cast: Cast, client: Client) -> dict[str, Any]:
    """The form as a browser opened it and somebody filled it in, without a name."""
    return opened(client) | county_field(cast.home)


def upload(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


# ── the pages ────────────────────────────────────────────────────────────────────────────────────


def test_every_behaviour_stands_on_the_first_page_with_its_clause(cast: Cast, client: Client) -> None:
    page = client.get(reverse("complain")).content.decode()
    for code in ("not_unsealed", "care_refused", "lorry_test_wait", "campus_sealed", "listed_firm_stopped"):
        assert f"?behaviour={code}" in page
    assert 'href="tel:120"' in page
    assert 'href="tel:01065292831"' in page
    assert page.count("data-clause") >= 25


def test_the_home_page_and_every_public_page_lead_there(cast: Cast, client: Client) -> None:
    for address in ("/", reverse("risk"), reverse("calculator")):
        assert f'href="{reverse("complain")}"' in client.get(address).content.decode()


def test_a_behaviour_of_the_address_is_chosen_and_an_unknown_one_is_none(cast: Cast, client: Client) -> None:
    chosen = client.get(FORM, {"behaviour": "care_refused"}).content.decode()
    assert '<option value="care_refused" selected>' in chosen
    assert client.get(FORM, {"behaviour": "<script>"}).status_code == 200


@pytest.mark.parametrize("address", ["complain", "complain-new"])
def test_the_pages_are_light_and_bring_nothing_from_outside(cast: Cast, client: Client, address: str) -> None:
    response = client.get(reverse(address))
    page = response.content.decode()
    assert len(gzip.compress(response.content)) < 12_000
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=", page)
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_the_page_says_before_filing_who_sees_the_name_and_what_a_lost_secret_means(
    cast: Cast, client: Client
) -> None:
    page = client.get(FORM).content.decode()
    before = page[: page.rindex("提交投诉")]
    assert "被投诉的单位、个人和他们的下属" in before
    assert "每看一次都记下姓名和时间" in before
    assert "丢了谁也找不回来" in before


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def test_anybody_files_without_account_and_name_and_follows_with_number_and_secret(
    cast: Cast, client: Client, form: dict[str, Any]
) -> None:
    page = send(client, form)
    assert page.status_code == 200
    complaint = Complaint.objects.get()
    assert complaint_of(*receipt_on(page)) == complaint
    assert not hasattr(complaint, "complainant")
    assert complaint.what_happened == form["what_happened"]
    assert complaint.ordered == "oral"
    assert complaint.county == cast.county
    assert "sessionid" not in client.cookies


def test_who_leaves_a_name_is_stored_apart_and_encrypted(client: Client, form: dict[str, Any]) -> None:
    send(client, form, name="欧阳特殊", phone="+86 138-7766 5544", email="a@example.org")
    who = Complaint.objects.get().complainant
    assert (who.name, who.phone, who.email) == ("欧阳特殊", PHONE, "a@example.org")
    assert PHONE not in str(Complaint.objects.values().get())


def test_a_reload_and_a_second_tap_give_the_same_receipt(client: Client, form: dict[str, Any]) -> None:
    first, second = send(client, form), send(client, form, what_happened="etwas anderes")
    assert receipt_on(first) == receipt_on(second)
    assert Complaint.objects.count() == 1
    assert "没有重复提交" in second.content.decode()
    assert "没有重复提交" not in first.content.decode()


def test_a_new_form_is_a_new_complaint(cast: Cast, client: Client, form: dict[str, Any]) -> None:
    first = send(client, form)
    second = send(client, opened(client) | county_field(cast.home))
    assert receipt_on(first) != receipt_on(second)


def test_the_receipt_is_kept_by_nobody_and_the_code_carries_the_secret_behind_the_hash(
    client: Client, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    real = __import__("segno").make
    monkeypatch.setattr("segno.make", lambda text, **options: drawn.append(text) or real(text, **options))
    page = send(client, form)
    number, secret = receipt_on(page)
    (address,) = drawn
    path, _, fragment = address.partition("#")
    assert path == f"http://testserver{reverse('complain-track')}"
    assert number in fragment
    assert secret.replace(" ", "") in fragment
    assert "no-store" in page.headers["Cache-Control"]
    assert "<svg" in page.content.decode()


def test_the_receipt_tells_the_local_limits(client: Client, form: dict[str, Any]) -> None:
    page = send(client, form).content.decode()
    assert "本地时限" in page
    assert "24 小时内" in page
    assert "7 天内" in page


def test_the_receipt_is_saved_as_a_file_and_nothing_is_looked_up(
    client: Client, form: dict[str, Any], django_assert_num_queries: Any
) -> None:
    number, secret = receipt_on(send(client, form))
    with django_assert_num_queries(0):
        saved = client.post(reverse("complain-receipt"), {"number": number, "secret": secret})
    text = saved.content.decode("utf-8-sig")
    assert number in text
    assert secret in text
    assert saved.headers["Content-Disposition"].startswith("attachment")
    assert saved.headers["Content-Type"].startswith("text/plain")
    client.cookies["django_language"] = "en"
    saved = client.post(reverse("complain-receipt"), {"number": number, "secret": secret})
    assert "Receipt of a complaint" in saved.content.decode("utf-8-sig")


@pytest.mark.parametrize("number", ["", "<script>alert(1)</script>", "221116-1234567\r\nX: y"])
def test_what_is_no_receipt_is_not_saved(cast: Cast, client: Client, number: str) -> None:
    answer = client.post(reverse("complain-receipt"), {"number": number, "secret": "1234 1234 1234 1234"})
    assert answer.status_code == 303


def test_a_form_without_the_cookie_of_its_page_is_refused_and_nothing_typed_is_lost(
    form: dict[str, Any],
) -> None:
    stranger = Client(enforce_csrf_checks=True)
    refused = send(stranger, form)
    assert refused.status_code == 403
    assert not Complaint.objects.exists()
    page = refused.content.decode()
    assert "还没有提交" in page
    assert form["what_happened"] in page
    form["csrfmiddlewaretoken"] = page_value(page, "csrfmiddlewaretoken")
    assert send(stranger, form).status_code == 200
    assert Complaint.objects.count() == 1


def test_the_forms_own_cookie_is_enough(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get(FORM).content.decode()
    form = opened(browser) | county_field(cast.home)
    form["csrfmiddlewaretoken"] = page_value(page, "csrfmiddlewaretoken")
    assert send(browser, form).status_code == 200
    assert Complaint.objects.count() == 1


def test_a_token_that_somebody_made_up_short_is_replaced(client: Client, form: dict[str, Any]) -> None:
    answer = send(client, form, token="1")
    new = page_value(answer.content.decode(), "token") if answer.status_code != 200 else ""
    assert new != "1"
    assert not Complaint.objects.filter(submission__startswith="6b86b273").exists()


def test_neither_secret_nor_telephone_nor_text_stands_in_a_log_or_an_address(
    client: Client, form: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = send(client, form, phone="1387766", files=[upload(b"rubbish")])
    page = send(client, form, phone=PHONE)
    number, secret = receipt_on(page)
    logged = " ".join(
        str(record.msg) + record.getMessage()
        for record in caplog.records
        if record.name != "django.db.backends"
    )
    for value in (secret, secret.replace(" ", ""), number, PHONE, "铁皮", form["token"]):
        assert value not in logged
    assert "jiefeng.request" in {record.name for record in caplog.records}
    for answer in (wrong, page):
        addresses = re.findall(r'(?:href|action|hx-\w+)="([^"]*)"', answer.content.decode())
        assert not [each for each in addresses if PHONE in each or secret.replace(" ", "") in each]


# ── nothing typed is lost ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("1390000123", "少 1 位"),
        ("139000", "少 5 位"),
        ("12345678901", "不是 11 位手机号"),
        ("打我电话", "不是 11 位手机号"),
        ("139000012345", "不是 11 位手机号"),
    ],
)
def test_a_wrong_telephone_keeps_text_and_files(
    client: Client, form: dict[str, Any], written: str, sentence: str
) -> None:
    answer = send(client, form, phone=written, files=[upload(hostile.image())])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert form["what_happened"] in page
    assert html.escape(written) in page
    assert page_value(page, "token") == form["token"]
    assert 'name="remove" value="1"' in page
    again = send(client, form, phone="")
    assert again.status_code == 200
    assert Complaint.objects.get().attachments.count() == 1


@pytest.mark.parametrize(
    "number", ["13800001234", "138 0000 1234", "010-65292831", "0755 2345678", "+8613800001234"]
)
def test_mobile_and_landline_numbers_are_taken(client: Client, form: dict[str, Any], number: str) -> None:
    assert send(client, form, phone=number).status_code == 200
    assert Complaint.objects.get().complainant.phone.isdecimal()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"since_on": "2022-11-17"}, "在今天之后"),
        ({"since_on": "1990-01-01"}, "早于疫情"),
        ({"email": "nonsense"}, "邮箱格式不对"),
        ({"behaviour": ""}, "请选择发生了什么"),
        ({"place": " "}, "请写明发生在哪里"),
        ({"behaviour": "other", "what_happened": " "}, "请简单说说"),
        ({"county": ""}, "请选择区县"),
        ({"website": "https://spam.example"}, "应当留空的框"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_and_the_rest_is_kept(
    client: Client, form: dict[str, Any], changes: dict[str, str], sentence: str
) -> None:
    answer = send(client, form, ordered_by="一位穿制服的人", **changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "一位穿制服的人" in page
    assert 'value="https://spam.example"' not in page
    assert not Complaint.objects.exists()


def test_one_county_is_not_asked_for(home: Any, client: Client) -> None:
    form = opened(client)
    assert 'name="county"' not in client.get(FORM).content.decode()
    assert send(client, form).status_code == 200
    assert Complaint.objects.get().county == home.line["county"]


def test_without_any_area_the_telephone_is_named(db: None, client: Client) -> None:
    answer = send(client, opened(client))
    assert answer.status_code == 422
    assert "12345" in answer.content.decode()


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_lies_is_named_by_its_position_and_the_others_stay(
    client: Client, form: dict[str, Any]
) -> None:
    sent = [upload(hostile.image()), upload(hostile.SMALL["page"]), upload(hostile.SMALL["png"])]
    answer = send(client, form, files=sent)
    assert answer.status_code == 422
    assert "第 2 个文件不是图片" in answer.content.decode()
    assert Attachment.objects.filter(complaint=None).count() == 2
    assert send(client, form).status_code == 200
    kept = list(Complaint.objects.get().attachments.all())
    assert [each.number for each in kept] == [1, 2]
    assert all(content_of(each).startswith(b"\xff\xd8\xff") for each in kept)


def test_files_are_encrypted_and_keep_no_name(client: Client, form: dict[str, Any]) -> None:
    from django.db import connection

    send(client, form, files=[upload(hostile.image(), "张三的病历.jpg")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM complaints_attachment")
        (stored,) = cursor.fetchone()
    assert base64.b64encode(b"\xff\xd8\xff").decode() not in stored
    assert "张三" not in str(Attachment.objects.values().get())


def test_a_kept_file_can_be_removed_again(client: Client, form: dict[str, Any]) -> None:
    send(client, form, phone="1", files=[upload(hostile.image()), upload(hostile.SMALL["png"])])
    page = send(client, form, remove="1")
    assert page.status_code == 200
    assert form["what_happened"] in page.content.decode()
    assert [each.number for each in Attachment.objects.all()] == [2]
    assert send(client, form, remove="९९").status_code == 200


def test_a_file_that_is_too_large_is_cut_off_and_the_text_arrives(
    client: Client, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.views.uploading.MOST_BYTES", 5000)
    big = b"\xff\xd8\xff" + b"\0" * 200_000
    answer = send(
        client, form, files=[upload(hostile.image((8, 8))), upload(big), upload(hostile.SMALL["png"])]
    )
    assert "第 2 个文件超过 10 MB" in answer.content.decode()
    assert form["what_happened"] in answer.content.decode()
    assert Attachment.objects.count() == 2


def test_more_than_six_files_are_not_kept(client: Client, form: dict[str, Any]) -> None:
    answer = send(client, form, files=[upload(hostile.image((20 + n, 20))) for n in range(8)])
    assert "最多附 6 个文件" in answer.content.decode()
    assert Attachment.objects.count() == 6


def test_the_same_picture_twice_is_kept_once(client: Client, form: dict[str, Any]) -> None:
    send(client, form, files=[upload(hostile.image()), upload(hostile.image())])
    assert Attachment.objects.count() == 1


def test_a_request_that_is_too_large_as_a_whole_is_a_page(client: Client, form: dict[str, Any]) -> None:
    answer = client.post(
        FORM, b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="99999999"
    )
    assert answer.status_code == 413
    assert "12345" in answer.content.decode()


def test_a_file_in_another_field_is_not_read(client: Client, form: dict[str, Any]) -> None:
    assert send(client, form, place_photo=upload(hostile.image())).status_code == 200
    assert not Attachment.objects.exists()


def test_another_forms_files_do_not_come_along(cast: Cast, client: Client, form: dict[str, Any]) -> None:
    send(client, form, phone="1", files=[upload(hostile.image())])
    other = opened(client) | county_field(cast.home)
    send(client, other)
    assert not Complaint.objects.get().attachments.exists()


def test_a_file_is_given_out_as_a_download_and_never_shown(client: Client, form: dict[str, Any]) -> None:
    send(client, form, files=[upload(hostile.image())])
    response = as_download(Attachment.objects.get())
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert response.headers["Content-Type"] == "image/jpeg"


def test_files_that_nobody_filed_go_after_a_day_and_filed_ones_stay(
    cast: Cast, client: Client, form: dict[str, Any]
) -> None:
    send(client, form, files=[upload(hostile.image())])
    other = opened(client) | county_field(cast.home)
    send(client, other, phone="1", files=[upload(hostile.image())])
    later = clock.now() + dt.timedelta(hours=23)
    assert delete_unclaimed_files(at=later) == 0
    later += dt.timedelta(hours=2)
    assert delete_unclaimed_files(at=later, dry_run=True) == 1
    assert delete_unclaimed_files(at=later) == 1
    assert delete_unclaimed_files(at=later) == 0
    assert Complaint.objects.get().attachments.count() == 1


def test_the_task_and_the_command_do_the_same(
    form: dict[str, Any], client: Client, the_day: Any, capsys: Any
) -> None:
    send(client, form, phone="1", files=[upload(hostile.image())])
    the_day(TODAY + dt.timedelta(days=2))
    call_command("delete_unclaimed_files", "--dry-run", "--language", "en")
    assert "1 unfiled file is to be deleted." in capsys.readouterr().out
    task()
    assert not Attachment.objects.exists()
    assert noon(TODAY) < clock.now()
