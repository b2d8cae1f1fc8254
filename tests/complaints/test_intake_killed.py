"""A hundred people file at once while the web process is killed, with neither broker nor cache.

Each keeps sending the same form until it is answered with a receipt, as a person on a bad line does, and most
send it once more after that. What was shown exists, exactly once.
"""

import contextlib
import http.client
import http.cookiejar
import json
import random
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from script.processes import kill_group, start
from tests.complaints.forms import page_value, solved
from tests.config.conftest import clean_environment, free_port

PEOPLE = 100
KILLS = 6
PATIENCE = 300

FILL = """
import django; django.setup()
from django.core.management import call_command
from accounts.actions import ensure_offices
from accounts.models import Area
from accounts.rules import Level
from tests.builders import area
call_command("migrate", verbosity=0)
upper = None
for name, level, code in [("北京市", Level.PROVINCE, "11"), ("北京市", Level.CITY, "1101"),
                          ("朝阳区", Level.COUNTY, "110105"), ("锦绣街道", Level.STREET, "110105001")]:
    upper = area(name, level, code, upper)
ensure_offices(Area.objects.select_related("parent__parent__parent__parent"))
"""
COUNT = """
import json, sys, django; django.setup()
from complaints.actions.word import complaint_of
from complaints.models import Clock, Complaint, ComplaintEvent
shown = json.load(sys.stdin)
found = [complaint_of(*receipt) for receipt in shown]
print(json.dumps({
    "stored": Complaint.objects.count(),
    "found": len({each.pk for each in found if each}),
    "missing": sum(each is None for each in found),
    "events": ComplaintEvent.objects.filter(kind="received").count(),
    "clocks": Clock.objects.running().count(),
    "texts": len(set(Complaint.objects.values_list("what_happened", flat=True))),
}))
"""

pytestmark = pytest.mark.processes


@dataclass
class Web:
    """The web process alone, on a folder of its own; broker and cache are a server that is not there."""

    var: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The settings of all its processes."""
        return clean_environment(
            JIEFENG_VAR=str(self.var),
            DJANGO_SETTINGS_MODULE="config.settings",
            REDIS_URL=f"redis://127.0.0.1:{free_port()}/0",
            COMPLAINT_PROOF="30",
            COMPLAINTS_FROM_ADDRESS="0",
            LOG_LEVEL="ERROR",
        )

    @property
    def address(self) -> str:
        """Where the form is."""
        return f"http://127.0.0.1:{self.port}/complaints/new/"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"]
        options = [
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "1",
            "--blocking-threads",
            "4",
        ]
        with (self.var.parent / "web.log").open("a") as log:
            self.process = start([*command, *options, "--no-ws"], self.environment, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.address, timeout=5):
                return
            time.sleep(0.05)
        raise AssertionError((self.var.parent / "web.log").read_text()[-2000:])

    def kill(self) -> None:
        """Pull the plug."""
        assert self.process is not None
        kill_group(self.process.pid)
        self.process.wait()

    def python(self, code: str, given: str = "") -> str:
        """What a Python process on the same folder prints."""
        command = [sys.executable, "-c", code]
        done = subprocess.run(
            command, env=self.environment, input=given, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


@dataclass
class Person:
    """Somebody with a browser, a form filled in, and the patience to send it until it is answered."""

    number: int
    web: Web
    form: dict[str, str] = field(default_factory=dict)
    shown: list[tuple[str, str]] = field(default_factory=list)
    lost: int = 0

    def __post_init__(self) -> None:
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.browser = urllib.request.build_opener(cookies)

    def open(self) -> None:
        """Get the form."""
        page = self.browser.open(self.web.address, timeout=60).read().decode()
        self.form = {
            "csrfmiddlewaretoken": page_value(page, "csrfmiddlewaretoken"),
            "token": page_value(page, "token"),
            "altcha": solved(page),
            "behaviour": "not_unsealed",
            "place": f"{self.number}号楼",
            "what_happened": f"第{self.number}个人",
            "phone": f"138{self.number:08d}",
        }

    def file(self, over: threading.Event) -> None:
        """Send the form until a receipt is shown, and then perhaps once more."""
        chance = random.Random(self.number)
        time.sleep(chance.random() * 2)
        wanted = 1 + (chance.random() < 0.7)
        while len(self.shown) < wanted and not over.is_set():
            data = urllib.parse.urlencode(self.form).encode()
            try:
                page = self.browser.open(self.web.address, data, timeout=30).read().decode()
            except (OSError, http.client.HTTPException):
                self.lost += 1
                time.sleep(0.2 + chance.random() / 2)
                continue
            number = re.search(r'id="receipt-number">([^<]+)<', page)
            secret = re.search(r'id="receipt-secret">([^<]+)<', page)
            if number and secret:
                self.shown.append((number[1], secret[1]))


def test_every_receipt_that_was_shown_exists_exactly_once(tmp_path: Path) -> None:
    web = Web(tmp_path / "var")
    web.python(FILL)
    web.start()
    people = [Person(number, web) for number in range(PEOPLE)]
    over = threading.Event()
    threads = [threading.Thread(target=person.file, args=(over,), daemon=True) for person in people]
    try:
        for person in people:
            person.open()
        for thread in threads:
            thread.start()
        chance = random.Random(4)
        for _ in range(KILLS):
            time.sleep(0.1 + chance.random() * 0.5)
            web.kill()
            web.start()
        for thread in threads:
            thread.join(PATIENCE)
    finally:
        over.set()
        web.kill()
    shown = [receipt for person in people for receipt in person.shown]
    counted = json.loads(web.python(COUNT, json.dumps(shown)))
    assert all(person.shown for person in people)
    assert all(len(set(person.shown)) == 1 for person in people), "a form has one receipt"
    assert sum(person.lost for person in people) > KILLS, "the kills hit nobody: the test proves nothing"
    assert counted == {
        "stored": PEOPLE,
        "found": PEOPLE,
        "missing": 0,
        "events": PEOPLE,
        "clocks": PEOPLE,
        "texts": PEOPLE,
    }
