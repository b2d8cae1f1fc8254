"""The ways out of the house, against a real server on this machine."""

import base64
import hashlib
import hmac
import logging
import smtplib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.wecombot import NotifyWeComBot
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from pytest_django import Settings

from accounts.models import Area
from notices.actions import staff_drafts
from notices.channels import Carrier, NotTaken, Parcel
from notices.models import ChannelAddress, Message
from notices.phrases import Wording
from notices.rules import (
    Channel,
    MessageKind,
    MessageState,
    masked_recipient,
    signature,
    tidy_bot_address,
)
from notices.tasks import Outcome, deliver_due
from tests.notices.conftest import NOON, PHONE, Receiver, message


def parcel(channel: Channel, recipient: str = "", **changes: Any) -> Parcel:
    values: dict[str, Any] = {
        "id": "test-tomorrow:1:2022-11-17",
        "kind": MessageKind.TEST_TOMORROW,
        "channel": channel,
        "recipient": recipient,
        "wording": Wording("明日核酸检测", "您明天需要做一次核酸检测。"),
        "context": {"on": "2022-11-17"},
    }
    return Parcel(**(values | changes))


def send(made: Parcel) -> None:
    with Carrier() as carrier:
        carrier.send(made, at=NOON)


def refusal(made: Parcel) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        send(made)
    return caught.value


# ── SMS ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_sms_is_posted_with_its_stable_id_and_nothing_but_number_and_text(sms: Receiver) -> None:
    send(parcel(Channel.SMS, PHONE))
    got = sms.received[0]
    assert got.path == "/sms"
    assert got.json == {
        "id": "test-tomorrow:1:2022-11-17",
        "to": PHONE,
        "text": "您明天需要做一次核酸检测。",
    }
    assert got.headers["Authorization"] == "Bearer sms-token-of-the-house"


def test_an_sms_carries_the_template_that_the_provider_approved(sms: Receiver, settings: Settings) -> None:
    settings.SMS_TEMPLATES = {"test_tomorrow": "SMS_1001"}
    send(parcel(Channel.SMS, PHONE))
    send(parcel(Channel.SMS, PHONE, kind=MessageKind.RELEASED))
    first, second = (got.json for got in sms.received)
    assert (first["template"], first["params"]) == ("SMS_1001", {"on": "2022-11-17"})
    assert "template" not in second


def test_a_gateway_that_knows_the_id_already_has_the_message(sms: Receiver) -> None:
    sms.answers = [(409, {})]
    send(parcel(Channel.SMS, PHONE))
    assert len(sms.received) == 1


@pytest.mark.parametrize(
    ("status", "is_down"), [(302, False), (400, False), (401, False), (429, True), (500, True), (503, True)]
)
def test_any_other_answer_is_a_refusal_named_by_its_status(sms: Receiver, status: int, is_down: bool) -> None:
    sms.answers = [(status, {"error": f"number {PHONE} is wrong"})]
    refused = refusal(parcel(Channel.SMS, PHONE))
    assert (refused.code, refused.is_down) == (f"http:{status}", is_down)
    assert len(sms.received) == 1  # no redirect was followed


def test_a_gateway_that_does_not_answer_is_given_up_in_time(sms: Receiver, settings: Settings) -> None:
    import threading

    settings.CHANNEL_READ_TIMEOUT = 0.1
    go_on = threading.Event()
    sms.before_answer = lambda _got: (go_on.wait(5), None)[1]
    refused = refusal(parcel(Channel.SMS, PHONE))
    go_on.set()
    assert (refused.code, refused.is_down) == ("timeout", True)


def test_a_gateway_that_is_not_there_is_unreachable(settings: Settings) -> None:
    settings.SMS_URL = "http://127.0.0.1:9/sms"
    refused = refusal(parcel(Channel.SMS, PHONE))
    assert (refused.code, refused.is_down) == ("unreachable", True)


# ── health code ──────────────────────────────────────────────────────────────────────────────────


def test_a_change_of_the_health_code_is_signed_over_instant_and_body(
    health_code: Receiver, settings: Settings
) -> None:
    context = {"episode": 7, "code": "lifted", "at": "2022-11-23T00:00:00+08:00"}
    send(parcel(Channel.HEALTH_CODE, id="code-lifted:7", kind=MessageKind.CODE_LIFTED, context=context))
    got = health_code.received[0]
    assert got.json == {**context, "id": "code-lifted:7", "event": "code_lifted"}
    assert got.headers["X-Jiefeng-Timestamp"] == str(int(NOON.timestamp()))
    expected = hmac.new(
        settings.HEALTH_CODE_SECRET.encode(),
        got.headers["X-Jiefeng-Timestamp"].encode() + b"." + got.body,
        hashlib.sha256,
    ).hexdigest()
    assert got.headers["X-Jiefeng-Signature"] == f"sha256={expected}"


def test_the_signature_differs_for_another_body_instant_or_secret() -> None:
    ours = signature("secret", "1668571200", b"{}")
    assert ours != signature("secret", "1668571201", b"{}")
    assert ours != signature("secret", "1668571200", b"[]")
    assert ours != signature("Secret", "1668571200", b"{}")


# ── group bots ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def platforms(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The four platforms, moved to this machine."""
    monkeypatch.setattr(NotifyWeComBot, "notify_url", f"{receiver.url}/wecom?key={{key}}")
    monkeypatch.setattr(NotifyDingTalk, "notify_url", f"{receiver.url}/ding?access_token={{token}}")
    monkeypatch.setattr(NotifyFeishu, "notify_url", f"{receiver.url}/feishu/{{token}}/")
    monkeypatch.setattr(NotifyLark, "notify_url", f"{receiver.url}/lark/")
    return receiver


BOTS = {
    "wecombot://abc-123-key": ("/wecom?key=abc-123-key", ("text", "content")),
    "dingtalk://abc123token": ("/ding?access_token=abc123token", ("text", "content")),
    "feishu://abc-123-token": ("/feishu/abc-123-token", ("content", "text")),
    "lark://abc-123-token": ("/lark/abc-123-token", ("content", "text")),
}


@pytest.mark.parametrize("address", BOTS)
def test_a_group_bot_says_title_body_and_a_short_mark(platforms: Receiver, address: str) -> None:
    send(parcel(Channel.GROUP_BOT, address))
    send(parcel(Channel.GROUP_BOT, address))
    path, (outer, inner) = BOTS[address]
    first, again = platforms.received
    assert first.path == path
    title, body, mark = first.json[outer][inner].split("\n")
    assert (title, body) == ("【解封】明日核酸检测", "您明天需要做一次核酸检测。")
    assert mark.startswith("#")
    assert again.body == first.body  # a repeat can be recognised


@pytest.mark.parametrize("address", BOTS)
@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1668571200] from ip: 10.1.2.3"},
        {"code": 19024, "msg": "Key Words Not Found"},
        {},
        "<html>please log in</html>",
    ],
)
def test_a_platform_that_refuses_with_status_200_has_not_taken_it(
    platforms: Receiver, address: str, answer: Any
) -> None:
    platforms.answers = [(200, answer)]
    assert refusal(parcel(Channel.GROUP_BOT, address)).code.startswith("platform:")


def test_a_refusal_says_why_in_the_words_of_the_platform(platforms: Receiver) -> None:
    platforms.answers = [(200, {"errcode": 310000, "errmsg": "keywords not in content"})]
    assert refusal(parcel(Channel.GROUP_BOT, "dingtalk://abc123token")).code == (
        "platform:310000 keywords not in content"
    )


def test_a_dingtalk_bot_with_a_secret_gets_a_signature_that_fits(platforms: Receiver) -> None:
    send(parcel(Channel.GROUP_BOT, "dingtalk://SECabc123@abc123token"))
    asked = parse_qs(urlsplit(platforms.received[0].path).query)
    text = f"{asked['timestamp'][0]}\nSECabc123".encode()
    expected = base64.b64encode(hmac.new(b"SECabc123", text, hashlib.sha256).digest()).decode()
    assert asked["sign"] == [expected]


def test_wecom_takes_2048_bytes_and_gets_no_more_and_no_broken_character(platforms: Receiver) -> None:
    send(parcel(Channel.GROUP_BOT, "wecombot://abc", wording=Wording("长", "核" * 2000)))
    content = platforms.received[0].json["text"]["content"]
    assert 2040 < len(content.encode()) <= 2048


def test_a_json_hook_works_where_the_installation_allows_it(receiver: Receiver, settings: Settings) -> None:
    address = f"json://127.0.0.1:{receiver.port}/hook"
    assert refusal(parcel(Channel.GROUP_BOT, address)).code == "address"
    assert not receiver.received
    settings.GROUP_BOT_SCHEMES = ["wecombot", "json"]
    send(parcel(Channel.GROUP_BOT, address))
    assert receiver.received[0].path == "/hook"
    assert receiver.received[0].json["title"] == "【解封】明日核酸检测"
    assert receiver.received[0].json["message"].startswith("您明天需要做一次核酸检测。")
    receiver.answers = [(500, {})]
    assert refusal(parcel(Channel.GROUP_BOT, address)).code == "unreachable"


@pytest.mark.parametrize(
    "address", ["", "nonsense", "wecombot://", "dingtalk://no%20such%20token", "dbus://"]
)
def test_an_address_that_is_none_is_said_to_be_none(address: str) -> None:
    assert refusal(parcel(Channel.GROUP_BOT, address)).code == "address"


@pytest.mark.parametrize(
    ("shown", "stored"),
    [
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a-91f6", "wecombot://693a-91f6"),
        ("https://oapi.dingtalk.com/robot/send?access_token=66ab", "dingtalk://66ab"),
        (" https://open.feishu.cn/open-apis/bot/v2/hook/c0ff-ee ", "feishu://c0ff-ee"),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/c0ff-ee", "lark://c0ff-ee"),
        ("wecombot://693a-91f6", "wecombot://693a-91f6"),
    ],
)
def test_the_web_address_that_a_platform_shows_becomes_the_short_one(shown: str, stored: str) -> None:
    assert tidy_bot_address(shown) == stored


def test_the_address_is_checked_when_it_is_entered(home: Area) -> None:
    from django.core.exceptions import ValidationError

    good = ChannelAddress(
        area=home, channel=Channel.GROUP_BOT, address="https://oapi.dingtalk.com/robot/send?access_token=66ab"
    )
    good.full_clean()
    assert good.address == "dingtalk://66ab"
    for channel, address in (
        (Channel.GROUP_BOT, "http://169.254.169.254/latest"),
        (Channel.GROUP_BOT, "json://10.0.0.1/hook"),
        (Channel.EMAIL, "nobody"),
    ):
        with pytest.raises(ValidationError) as caught:
            ChannelAddress(area=home, channel=channel, address=address).full_clean()
        assert "address" in caught.value.message_dict


def test_a_supervisor_recognises_an_address_without_reading_a_secret_or_a_number() -> None:
    assert masked_recipient(Channel.SMS, PHONE) == "139****5678"
    assert masked_recipient(Channel.GROUP_BOT, "wecombot://693a-91f6-aaaa") == "wecombot://…aaaa"
    assert masked_recipient(Channel.EMAIL, "duty@jinxiu.example") == "duty@jinxiu.example"


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────


def test_a_mail_keeps_its_message_id_when_it_is_sent_again(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "解封 <jiefeng@chaoyang.example>"
    send(parcel(Channel.EMAIL, "duty@jinxiu.example"))
    send(parcel(Channel.EMAIL, "duty@jinxiu.example"))
    first, again = mail.outbox
    assert (first.subject, first.to) == ("【解封】明日核酸检测", ["duty@jinxiu.example"])
    assert first.body == "您明天需要做一次核酸检测。"
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]
    assert first.extra_headers["Message-ID"].endswith("@chaoyang.example>")


class RefusingBackend(BaseEmailBackend):
    error: Exception = smtplib.SMTPServerDisconnected()

    def send_messages(self, email_messages: Any) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "is_down"),
    [
        (
            smtplib.SMTPRecipientsRefused({"duty@jinxiu.example": (550, b"duty@jinxiu.example unknown")}),
            "mail:550",
            False,
        ),
        (smtplib.SMTPDataError(552, b"too much"), "mail:552", False),
        (smtplib.SMTPAuthenticationError(535, b"no"), "mail:535", True),
        (smtplib.SMTPServerDisconnected("gone"), "mail:SMTPServerDisconnected", False),
        (TimeoutError(), "timeout", True),
        (ConnectionRefusedError(), "unreachable", True),
    ],
)
def test_a_mail_that_is_refused_says_the_code_and_not_the_address(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, is_down: bool
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    monkeypatch.setattr(RefusingBackend, "error", error)
    refused = refusal(parcel(Channel.EMAIL, "duty@jinxiu.example"))
    assert (refused.code, refused.is_down) == (code, is_down)


# ── to whom, and what the log says ───────────────────────────────────────────────────────────────


def address(area: Area, where: str, **changes: Any) -> ChannelAddress:
    return ChannelAddress.objects.create(area=area, channel=Channel.GROUP_BOT, address=where, **changes)


def test_an_office_is_told_in_its_inbox_and_at_its_addresses_and_those_above_that_want_it(
    home: Area, next_door: Area, street: Area, county: Area
) -> None:
    own = address(home, "wecombot://own", from_below=False)
    above = address(street, "wecombot://street")
    address(county, "wecombot://county", from_below=False)
    address(next_door, "wecombot://neighbour")
    address(home, "wecombot://closed", enabled=False)
    drafts = staff_drafts(
        key="releases:1", kind=MessageKind.RELEASES, community=home, context={"count": 2}, not_after=NOON
    )
    assert [(draft.channel, draft.recipient) for draft in drafts] == [
        (Channel.INBOX, ""),
        (Channel.GROUP_BOT, "wecombot://own"),
        (Channel.GROUP_BOT, "wecombot://street"),
    ]
    assert [draft.key for draft in drafts] == [
        "releases:1:inbox",
        f"releases:1:{own.pk}",
        f"releases:1:{above.pk}",
    ]
    assert [draft.context.get("area") for draft in drafts] == [None, "锦绣社区", "锦绣社区"]
    assert all(draft.community_id == home.pk for draft in drafts)


def test_telling_an_office_costs_one_query(home: Area, street: Area, django_assert_num_queries: Any) -> None:
    for n in range(5):
        address(street, f"wecombot://street{n}")
    with django_assert_num_queries(1):
        staff_drafts(key="releases:1", kind=MessageKind.RELEASES, community=home, context={"count": 2})


def test_no_log_line_carries_a_number_an_address_or_a_secret(
    home: Area,
    sms: Receiver,
    platforms: Receiver,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.GROUP_BOT_SCHEMES = ["wecombot", "json", "dingtalk", "lark"]
    settings.EMAIL_ON = True
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    refused = smtplib.SMTPRecipientsRefused({"duty@secret.example": (550, b"duty@secret.example unknown")})
    monkeypatch.setattr(RefusingBackend, "error", refused)
    platforms.answers = [(200, {"errcode": 1, "errmsg": PHONE}), (500, {"number": PHONE})]
    message(home, key="a")
    message(home, key="b")
    for key, where in enumerate(
        [
            "wecombot://secret-key",
            "wecombot://secret key",
            f"json://127.0.0.1:{platforms.port}/secret-hook",
            "json://127.0.0.1:9/secret-hook",
            "lark://secret-token",
            "dingtalk://secret/token",
        ]
    ):
        message(home, key=f"bot{key}", channel=Channel.GROUP_BOT, recipient=where)
    message(home, key="mail", channel=Channel.EMAIL, recipient="duty@secret.example")
    delivery = deliver_due(now=lambda: NOON)
    assert delivery.count(Outcome.FAILED) >= 5
    assert delivery.count(Outcome.SENT) >= 3
    assert "delivered" in caplog.text
    for secret in (PHONE, "secret", settings.SMS_TOKEN):
        assert secret not in caplog.text
        assert not any(secret in found.last_error for found in Message.objects.all())


def test_a_channel_that_is_not_set_up_sends_nothing_and_keeps_no_address(
    home: Area, settings: Settings
) -> None:
    settings.SMS_URL = settings.HEALTH_CODE_URL = ""
    settings.EMAIL_ON = False
    for channel in (Channel.SMS, Channel.HEALTH_CODE, Channel.EMAIL):
        off = message(home, key=str(channel), channel=channel)
        assert (off.state, off.recipient) == (MessageState.OFF, "")
    deliver_due(now=lambda: NOON)
    assert not mail.outbox
