"""The words of the outbox: what is told, by which channel, and how a failed attempt pauses."""

import datetime as dt
import hashlib
import hmac
import re
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MessageKind(StrEnum):
    """What a message says; the words are made from this and the context when it is sent."""

    TEST_TOMORROW = "test_tomorrow"
    TEST_TODAY = "test_today"
    TESTS_TOMORROW = "tests_tomorrow"
    TESTS_TODAY = "tests_today"
    TESTS_OVERDUE = "tests_overdue"
    STAGE_CHANGES = "stage_changes"
    RELEASED = "released"
    RELEASES = "releases"
    CODE_ASSIGNED = "code_assigned"
    CODE_LIFTED = "code_lifted"
    POSITIVE = "positive"
    HANDOVER = "handover"
    ZONE_DESIGNATED = "zone_designated"
    ZONE_RESTARTED = "zone_restarted"
    ZONE_OPENED = "zone_opened"
    ZONE_OPENED_EARLY = "zone_opened_early"
    ZONE_PROPOSED = "zone_proposed"
    ZONE_DECIDED = "zone_decided"
    ZONE_OVERDUE = "zone_overdue"
    UNIT_SEALED = "unit_sealed"
    UNIT_RESTARTED = "unit_restarted"
    UNIT_OPENED = "unit_opened"
    SPREAD_TO_JUDGE = "spread_to_judge"
    COMPLAINT_URGENT = "complaint_urgent"
    COMPLAINT_REFERRED = "complaint_referred"
    COMPLAINT_LATE = "complaint_late"
    COMPLAINT_GROSS = "complaint_gross"
    COMPLAINT_UPDATE = "complaint_update"
    COMPLAINTS_TO_PURGE = "complaints_to_purge"
    ORDER_ISSUED = "order_issued"
    ORDER_REPORTED = "order_reported"
    ORDER_LATE = "order_late"
    NAMING_PROPOSED = "naming_proposed"
    NAMING_PUBLISHED = "naming_published"
    NEED_EMERGENCY = "need_emergency"
    NEED_LATE = "need_late"
    NEED_UPDATE = "need_update"
    CARE_REFUSED = "care_refused"
    CARE_CALLS = "care_calls"
    STOCK_ALERTS = "stock_alerts"
    MUTUAL_SUPPLY = "mutual_supply"


MESSAGE_KINDS = {
    MessageKind.TEST_TOMORROW: _("test tomorrow (to the resident)"),
    MessageKind.TEST_TODAY: _("test today (to the resident)"),
    MessageKind.TESTS_TOMORROW: _("tests tomorrow"),
    MessageKind.TESTS_TODAY: _("tests today"),
    MessageKind.TESTS_OVERDUE: _("tests that nobody came to take"),
    MessageKind.STAGE_CHANGES: _("going home today"),
    MessageKind.RELEASED: _("released (to the resident)"),
    MessageKind.RELEASES: _("releases today"),
    MessageKind.CODE_ASSIGNED: _("assignment of the health code"),
    MessageKind.CODE_LIFTED: _("lifting of the health code"),
    MessageKind.POSITIVE: _("positive result"),
    MessageKind.HANDOVER: _("handover"),
    MessageKind.ZONE_DESIGNATED: _("high-risk zone designated"),
    MessageKind.ZONE_RESTARTED: _("high-risk zone: the days start anew"),
    MessageKind.ZONE_OPENED: _("high-risk zone opens"),
    MessageKind.ZONE_OPENED_EARLY: _("high-risk zone opened early"),
    MessageKind.ZONE_PROPOSED: _("wider zone to be decided"),
    MessageKind.ZONE_DECIDED: _("wider zone decided"),
    MessageKind.ZONE_OVERDUE: _("high-risk zone overdue"),
    MessageKind.UNIT_SEALED: _("unit sealed (to the resident)"),
    MessageKind.UNIT_RESTARTED: _("unit sealed for longer (to the resident)"),
    MessageKind.UNIT_OPENED: _("unit open again (to the resident)"),
    MessageKind.SPREAD_TO_JUDGE: _("spread to be judged"),
    MessageKind.COMPLAINT_URGENT: _("urgent complaint"),
    MessageKind.COMPLAINT_REFERRED: _("complaint referred"),
    MessageKind.COMPLAINT_LATE: _("complaint past its limit"),
    MessageKind.COMPLAINT_GROSS: _("complaint grossly past its limit"),
    MessageKind.COMPLAINT_UPDATE: _("news of a complaint (to the complainant)"),
    MessageKind.COMPLAINTS_TO_PURGE: _("personal data of complaints to be deleted"),
    MessageKind.ORDER_ISSUED: _("supervision order"),
    MessageKind.ORDER_REPORTED: _("supervision order reported"),
    MessageKind.ORDER_LATE: _("supervision order past its date"),
    MessageKind.NAMING_PROPOSED: _("public naming proposed"),
    MessageKind.NAMING_PUBLISHED: _("public naming published"),
    MessageKind.NEED_EMERGENCY: _("emergency behind a closed door"),
    MessageKind.NEED_LATE: _("need past its limit"),
    MessageKind.NEED_UPDATE: _("news of a need (to the resident)"),
    MessageKind.CARE_REFUSED: _("hospital refused"),
    MessageKind.CARE_CALLS: _("key persons to be called"),
    MessageKind.STOCK_ALERTS: _("stock: short or expiring"),
    MessageKind.MUTUAL_SUPPLY: _("mutual supply between areas"),
}


class Channel(StrEnum):
    """The way by which a message goes."""

    INBOX = "inbox"
    SMS = "sms"
    EMAIL = "email"
    GROUP_BOT = "group_bot"
    HEALTH_CODE = "health_code"


CHANNELS = {
    Channel.INBOX: _("inbox on the page"),
    Channel.SMS: _("SMS"),
    Channel.EMAIL: _("e-mail"),
    Channel.GROUP_BOT: _("group bot (WeCom, DingTalk, Feishu)"),
    Channel.HEALTH_CODE: _("health-code system"),
}


class MessageState(StrEnum):
    """How far a message got."""

    PENDING = "pending"
    SENT = "sent"
    EXPIRED = "expired"
    OFF = "off"


MESSAGE_STATES = {
    MessageState.PENDING: pgettext_lazy("message", "waiting"),
    MessageState.SENT: pgettext_lazy("message", "sent"),
    MessageState.EXPIRED: pgettext_lazy("message", "expired unsent"),
    MessageState.OFF: pgettext_lazy("message", "channel is off"),
}

_PAUSES = (dt.timedelta(minutes=1), dt.timedelta(minutes=5), dt.timedelta(minutes=30), dt.timedelta(hours=2))


def pause_after(attempts: int) -> dt.timedelta:
    """How long to wait after that many failed attempts: growing, at most six hours."""
    return _PAUSES[attempts - 1] if attempts <= len(_PAUSES) else dt.timedelta(hours=6)


KEEPS = {
    Channel.SMS: dt.timedelta(days=3),
    Channel.EMAIL: dt.timedelta(days=3),
    Channel.GROUP_BOT: dt.timedelta(days=3),
}
"""How long a message that names no end of its own is tried. A change of the health code never expires."""

STALE_AFTER = dt.timedelta(minutes=3)
"""How long a claim holds without a sign of life; whoever was killed while sending lost it after that."""


class Failure(StrEnum):
    """Why a channel did not take a message. Stored as "timeout" or with a detail, as "http:503"."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    HTTP = "http"
    PLATFORM = "platform"
    MAIL = "mail"
    ADDRESS = "address"
    UNREADABLE = "unreadable"
    BROKEN = "broken"
    SUPERSEDED = "superseded"


FAILURES = {
    Failure.TIMEOUT: _("no answer in time"),
    Failure.UNREACHABLE: _("not reachable"),
    Failure.HTTP: _("refused with status %(detail)s"),
    Failure.PLATFORM: _("refused by the platform: %(detail)s"),
    Failure.MAIL: _("refused by the mail server: %(detail)s"),
    Failure.ADDRESS: _("the address is not understood; please correct it"),
    Failure.UNREADABLE: _("the stored address cannot be decrypted; was FIELD_KEYS changed?"),
    Failure.BROKEN: _("the message could not be made (%(detail)s); please tell the maintainers"),
    Failure.SUPERSEDED: _("a later change took its place"),
}


def failure_code(failure: Failure, detail: str = "") -> str:
    """A failure as it is stored, without numbers long enough to be an ID or a phone."""
    harmless = re.sub(r"\d{7,}", "…", " ".join(detail.split()))
    return f"{failure}:{harmless}"[:300] if harmless else str(failure)


def failure_text(stored: str) -> str:
    """The sentence for a stored failure, in the language of the reader; "" for none."""
    code, _colon, detail = stored.partition(":")
    if code not in FAILURES:
        return stored
    return str(FAILURES[Failure(code)]) % {"detail": detail}


def masked_recipient(channel: Channel | str, recipient: str) -> str:
    """An address as supervisors see it: enough to know which one to correct, nothing to misuse."""
    if channel == Channel.GROUP_BOT:
        scheme, _slashes, secret = recipient.partition("://")
        return f"{scheme}://…{secret[-4:]}" if len(secret) > 8 else f"{scheme}://…"
    if channel == Channel.EMAIL:
        return recipient
    if len(recipient) == 11:
        return f"{recipient[:3]}****{recipient[7:]}"
    return f"{recipient[:3]}****" if recipient else ""


# What the platforms show to be copied, and the same bot in the short form in which it is stored.
_BOT_PAGES = (
    (re.compile(r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send/?\?key=([\w-]+)"), "wecombot"),
    (re.compile(r"https://oapi\.dingtalk\.com/robot/send/?\?access_token=(\w+)"), "dingtalk"),
    (re.compile(r"https://open\.feishu\.cn/open-apis/bot/v2/hook/([\w-]+)/?"), "feishu"),
    (re.compile(r"https://open\.larksuite\.com/open-apis/bot/v2/hook/([\w-]+)/?"), "lark"),
)


def tidy_bot_address(written: str) -> str:
    """The address of a group bot in its short form, also from the web address that the platform shows."""
    written = written.strip()
    for page, scheme in _BOT_PAGES:
        if found := page.fullmatch(written):
            return f"{scheme}://{found[1]}"
    return written


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hexadecimal over "<timestamp>.<body>": the receiver knows who sent it, and when."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
