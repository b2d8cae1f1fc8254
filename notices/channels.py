"""The ways out of the house: one function per channel, which returns when the receiver has the message.

Each raises `NotTaken` with a reason that carries no personal data, no secret and no address. Nothing here
touches the database. Any channel may deliver twice after a crash, so the message's stable id goes along:
`id` in SMS and webhook, Message-ID in mail, a short mark at the end of what a group bot says.
"""

import hashlib
import json
import logging
import smtplib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import apprise
import requests
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.lark import NotifyLark
from apprise.plugins.wecombot import NotifyWeComBot
from django.conf import settings
from django.core.mail import EmailMessage

from notices.phrases import Wording
from notices.rules import Channel, Failure, MessageKind, failure_code, signature

# Both write addresses with the secret inside, and what was sent, into the log.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
logging.getLogger("apprise").propagate = False
logging.getLogger("urllib3").setLevel(logging.ERROR)

WECOM_BYTES = 2048
_ASSET = apprise.AppriseAsset(app_id="Jiefeng", http_redirects=False)
_NOT_UP = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, ready to go: its stable id, where to, and the words."""

    id: str
    kind: MessageKind
    channel: Channel
    recipient: str
    wording: Wording
    context: Mapping[str, Any]


class NotTaken(Exception):
    """The channel did not take the message; `code` is what is stored and shown.

    `is_down` says that it would not have taken any other message either.
    """

    def __init__(self, failure: Failure, detail: str = "", *, is_down: bool = False) -> None:
        self.code = failure_code(failure, detail)
        self.is_down = is_down
        super().__init__(self.code)


class Carrier:
    """Sends parcels over connections that stay open from one to the next; use it in one thread."""

    def __init__(self) -> None:
        self._http = requests.Session()
        self._http.headers["User-Agent"] = "jiefeng"

    def __enter__(self) -> "Carrier":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._http.close()

    def send(self, parcel: Parcel, *, at: datetime) -> None:
        """Hand the parcel over. Raises NotTaken; ValueError for a channel that leads nowhere."""
        ways: dict[Channel, Callable[[Parcel, datetime], None]] = {
            Channel.SMS: self._sms,
            Channel.EMAIL: self._email,
            Channel.GROUP_BOT: self._group_bot,
            Channel.HEALTH_CODE: self._health_code,
        }
        if parcel.channel not in ways:
            raise ValueError(f"{parcel.channel} needs no carrier")
        ways[parcel.channel](parcel, at)

    # ── SMS ──────────────────────────────────────────────────────────────────────────────────────

    def _sms(self, parcel: Parcel, at: datetime) -> None:
        """POST {"id", "to", "text"}, with the approved template where one is set for the kind."""
        if not parcel.recipient:
            raise NotTaken(Failure.ADDRESS)
        body: dict[str, Any] = {"id": parcel.id, "to": parcel.recipient, "text": parcel.wording.body}
        if template := settings.SMS_TEMPLATES.get(str(parcel.kind)):
            params = {name: str(value) for name, value in parcel.context.items()}
            body |= {"template": template, "params": params}
        headers = {"Idempotency-Key": quote(parcel.id, safe=":/-_.")}
        if settings.SMS_TOKEN:
            headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"
        self._post(settings.SMS_URL, body, headers)

    # ── health code ──────────────────────────────────────────────────────────────────────────────

    def _health_code(self, parcel: Parcel, at: datetime) -> None:
        """POST {"id", "event", …context} with a signature over the instant of sending and the body."""
        body = _as_json({**parcel.context, "id": parcel.id, "event": str(parcel.kind)})
        timestamp = str(int(at.timestamp()))
        mac = signature(settings.HEALTH_CODE_SECRET, timestamp, body)
        headers = {
            "X-Jiefeng-Id": quote(parcel.id, safe=":/-_."),
            "X-Jiefeng-Timestamp": timestamp,
            "X-Jiefeng-Signature": f"sha256={mac}",
        }
        self._post(settings.HEALTH_CODE_URL, body, headers)

    # ── e-mail ───────────────────────────────────────────────────────────────────────────────────

    def _email(self, parcel: Parcel, at: datetime) -> None:
        domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
        mail = EmailMessage(
            subject=_signed_title(parcel),
            body=parcel.wording.body,
            to=[parcel.recipient],
            headers={"Message-ID": f"<{_mark(parcel, 32)}@{domain}>", "Auto-Submitted": "auto-generated"},
        )
        with _mail_failures():
            mail.send()

    # ── group bots ───────────────────────────────────────────────────────────────────────────────

    def _group_bot(self, parcel: Parcel, at: datetime) -> None:
        """Say it in the group. apprise knows the bots and their addresses; it takes any 200 for success,
        though the platforms refuse with 200 and a code, so those we ask ourselves and read the answer.
        """
        bot = _bot(parcel.recipient)
        text = f"{_signed_title(parcel)}\n{parcel.wording.body}\n#{_mark(parcel, 8)}"
        if isinstance(bot, NotifyWeComBot):
            content = text.encode()[:WECOM_BYTES].decode(errors="ignore")
            answer = self._post(bot.api_url, {"msgtype": "text", "text": {"content": content}})
        elif isinstance(bot, NotifyDingTalk):
            answer = self._post(_dingtalk_url(bot), {"msgtype": "text", "text": {"content": text}})
        elif isinstance(bot, NotifyFeishu):
            url = bot.notify_url.format(token=bot.token).rstrip("/")
            answer = self._post(url, {"msg_type": "text", "content": {"text": text}})
        elif isinstance(bot, NotifyLark):
            answer = self._post(bot.webhook_url, {"msg_type": "text", "content": {"text": text}})
        elif bot.notify(title=_signed_title(parcel), body=f"{parcel.wording.body}\n#{_mark(parcel, 8)}"):
            return
        else:
            raise NotTaken(Failure.UNREACHABLE)  # apprise tells the reason to its log only
        _demand_consent(answer)

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────

    def _post(
        self, url: str, body: bytes | dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """The answer to a POST of JSON. 409 means that the receiver knows this id already, so has it."""
        try:
            answer = self._http.post(
                url,
                data=body if isinstance(body, bytes) else _as_json(body),
                headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
                timeout=(settings.CHANNEL_CONNECT_TIMEOUT, settings.CHANNEL_READ_TIMEOUT),
                allow_redirects=False,  # numbers of people go where the settings say, nowhere else
            )
        except requests.Timeout as error:
            raise NotTaken(Failure.TIMEOUT, is_down=True) from error
        except requests.ConnectionError as error:
            raise NotTaken(Failure.UNREACHABLE, is_down=True) from error
        except requests.RequestException as error:
            raise NotTaken(Failure.ADDRESS) from error
        if answer.status_code != 409 and not 200 <= answer.status_code < 300:
            raise NotTaken(Failure.HTTP, str(answer.status_code), is_down=answer.status_code in _NOT_UP)
        return answer


def _as_json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _mark(parcel: Parcel, length: int) -> str:
    """The stable id, short and without anything to read out of it."""
    return hashlib.sha256(parcel.id.encode()).hexdigest()[:length]


def _signed_title(parcel: Parcel) -> str:
    """The title behind our name, which is also the keyword that the bots' security settings ask for."""
    return f"【解封】{parcel.wording.title}"


@contextmanager
def _mail_failures() -> Iterator[None]:
    """Mail errors as NotTaken: with the server's code, without its words, which repeat the address."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        codes = {str(code) for code, _words in error.recipients.values()}
        raise NotTaken(Failure.MAIL, ", ".join(sorted(codes))) from error
    except (smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError) as error:
        raise NotTaken(Failure.MAIL, str(error.smtp_code), is_down=True) from error
    except smtplib.SMTPResponseException as error:
        raise NotTaken(Failure.MAIL, str(error.smtp_code)) from error
    except smtplib.SMTPException as error:
        raise NotTaken(Failure.MAIL, type(error).__name__) from error
    except TimeoutError as error:
        raise NotTaken(Failure.TIMEOUT, is_down=True) from error
    except OSError as error:
        raise NotTaken(Failure.UNREACHABLE, is_down=True) from error


def _bot(address: str) -> apprise.NotifyBase:
    """The bot behind an address. Raises NotTaken for one that is unknown or not allowed here."""
    if address.partition("://")[0] not in settings.GROUP_BOT_SCHEMES:
        raise NotTaken(Failure.ADDRESS)
    bot = apprise.Apprise.instantiate(address, asset=_ASSET)
    if bot is None:
        raise NotTaken(Failure.ADDRESS)
    return bot


def _dingtalk_url(bot: NotifyDingTalk) -> str:
    url: str = bot.notify_url.format(token=bot.token)
    if bot.secret:
        timestamp, sign = bot.get_signature()
        url += f"&timestamp={timestamp}&sign={sign}"
    return url


def _demand_consent(answer: requests.Response) -> None:
    """Raise NotTaken unless the platform's answer says 0: `errcode` (WeCom, DingTalk) or `code` (Feishu)."""
    try:
        said = answer.json()
        code = next(said[name] for name in ("errcode", "code", "StatusCode") if name in said)
    except (requests.JSONDecodeError, TypeError, StopIteration) as error:
        raise NotTaken(Failure.PLATFORM, "?") from error
    if code != 0:
        words = str(said.get("errmsg") or said.get("msg") or "")
        raise NotTaken(Failure.PLATFORM, f"{code} {words[:120]}")
