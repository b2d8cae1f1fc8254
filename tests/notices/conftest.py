"""A real receiver on the loopback interface, messages as the floors above write them, Chinese words."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings as django_settings
from django.utils.translation import trans_real
from pytest_django import Settings

from accounts.models import Area
from notices.actions import Draft, enqueue
from notices.models import Message
from notices.rules import Channel, MessageKind
from tests.builders import noon

PHONE = "13912345678"
NOON = noon(dt.date(2022, 11, 16))


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the receiver saw it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What a gateway or a bot's platform is for us: it keeps what it got and answers as told."""

    url: str = ""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, Any]] = field(default_factory=list)
    usual: tuple[int, Any] = (200, {"errcode": 0, "code": 0})
    before_answer: Callable[[Received], None] | None = None

    def answer(self, got: Received) -> tuple[int, Any]:
        self.received.append(got)
        if self.before_answer:
            self.before_answer(got)
        return self.answers.pop(0) if self.answers else self.usual


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real HTTP server on a free port of this machine."""
    listener = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = listener.answer(Received(self.path, dict(self.headers), body))
            said = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{listener.url}/elsewhere")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed, or gave up waiting, is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    listener.port = server.server_address[1]
    listener.url = f"http://127.0.0.1:{listener.port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield listener
    server.shutdown()
    server.server_close()


@pytest.fixture
def sms(settings: Settings, receiver: Receiver) -> Receiver:
    """SMS is switched on, and the gateway is ours."""
    settings.SMS_URL = f"{receiver.url}/sms"
    settings.SMS_TOKEN = "sms-token-of-the-house"
    return receiver


@pytest.fixture
def health_code(settings: Settings, receiver: Receiver) -> Receiver:
    """The health-code webhook is switched on, and the receiver is ours."""
    settings.HEALTH_CODE_URL = f"{receiver.url}/code"
    settings.HEALTH_CODE_SECRET = "a secret of more than sixteen letters"
    return receiver


@pytest.fixture(scope="session")
def chinese_words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our Chinese words, compiled once from the catalogue and the parts as they stand in the source."""
    root = django_settings.BASE_DIR / "locale"
    catalogue = polib.POFile()
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    known: set[tuple[str, str]] = set()
    for file in [*sorted((root / "parts").glob("*.po")), root / "zh_Hans/LC_MESSAGES/django.po"]:
        for entry in polib.pofile(str(file)) if file.exists() else ():
            if entry.translated() and (entry.msgctxt or "", entry.msgid) not in known:
                known.add((entry.msgctxt or "", entry.msgid))
                catalogue.append(entry)
    folder = tmp_path_factory.mktemp("words") / "locale/zh_Hans/LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue.save_as_mofile(str(folder / "django.mo"))
    return folder.parent.parent


@pytest.fixture
def chinese(settings: Settings, chinese_words: Path) -> Iterator[None]:
    """Messages in our Chinese, whether or not it has been compiled for the app."""
    settings.LOCALE_PATHS = [chinese_words]
    trans_real._translations.clear()
    yield
    trans_real._translations.clear()


def draft(community: Area, **changes: Any) -> Draft:
    """A reminder to a resident by SMS, unless the changes say otherwise."""
    values: dict[str, Any] = {
        "key": "test-tomorrow:1:2022-11-17",
        "kind": MessageKind.TEST_TOMORROW,
        "channel": Channel.SMS,
        "community_id": community.pk,
        "subject": "episode:1",
        "recipient": PHONE,
        "context": {"on": "2022-11-17"},
    }
    return Draft(**(values | changes))


def message(community: Area, *, at: dt.datetime = NOON, **changes: Any) -> Message:
    """The same, written into the outbox at that instant."""
    made = draft(community, **changes)
    enqueue([made], at=at)
    return Message.objects.get(key=made.key)


def inbox_message(community: Area, number: int = 1, *, at: dt.datetime = NOON, **changes: Any) -> Message:
    """News in the inbox of an office."""
    values: dict[str, Any] = {
        "key": f"tests-today:{community.pk}:{number}",
        "kind": MessageKind.TESTS_TODAY,
        "channel": Channel.INBOX,
        "recipient": "",
        "subject": "",
        "context": {"on": "2022-11-16", "count": number, "by_place": [["锦绣花园", number]]},
    }
    return message(community, at=at, **(values | changes))
