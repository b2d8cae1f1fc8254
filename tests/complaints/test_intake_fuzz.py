"""Ten thousand forms that nobody would fill in so: no 500, no script that comes back alive, no lying file."""

import html
import io
import json
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.client import BOUNDARY, encode_multipart
from django.urls import reverse
from PIL import Image

from accounts.models import User
from complaints import own_facts
from complaints.actions.attaching import content_of
from complaints.forms.intake import new_challenge
from complaints.models import Attachment, Complaint
from complaints.rules.behaviours import BEHAVIOURS
from complaints.views import intake
from policy import clock
from tests.complaints import hostile
from tests.complaints.cast import Cast
from tests.complaints.forms import FORM, solved
from tests.zones.risk_world import units

FORMS = 2_500
"""Four times: the four runs share the cores of a machine."""
SHOWN = 40
"""So many of the stored complaints are opened on the pages that show them."""

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

MARK = "zq9x"
SCRIPTS = [
    f"<script>{MARK}(1)</script>",
    f'"><img src=x onerror={MARK}(1)>',
    f"</textarea><svg onload={MARK}(1)>",
    f"' onfocus={MARK}(1) autofocus '",
    f"{{{{ {MARK} }}}}{{% debug %}}",
    f"javascript:{MARK}(1)",
    f"=cmd|'/c {MARK}'!A1",
]
ODD = [
    "",
    " ",
    "\0",
    "\r\n\r\n",
    "0",
    "-1",
    "9" * 400,
    "१२३",
    "٣",
    "½",
    "😷" * 30,
    "\u202e反",
    "\ufeff",
    "\ud7ff",
    "a" * 5000,
    "锦绣花园4号楼",
    "锦绣花园",
    "朝阳区锦绣社区" * 9,
    "'; DROP TABLE complaints_complaint; --",
    "%s%n%(x)s",
    "2022-11-16",
    "2022-02-30",
    "0001-01-01",
    "13800001234",
    "+8613800001234",
    "a@b.cn",
    "None",
    "null",
    "[]",
    "../../etc/passwd",
    "compound-1",
    "site-1",
    "none",
    *SCRIPTS,
]
FIELDS = (
    "behaviour", "county", "place", "chosen", "what_happened", "since_on", "whom", "respondent_text",
    "ordered", "ordered_by", "name", "phone", "email", "token", "altcha", "ticket", "website", "remove",
    "facts", "change", "csrfmiddlewaretoken", "submission", "number", "facts[]", "state",
)  # fmt: skip
FILES = list(hostile.SMALL.values())


def odd(chance: random.Random) -> str:
    """A value that is none, or one made of two."""
    return chance.choice(ODD) + (chance.choice(ODD) if chance.random() < 0.2 else "")


def honest(chance: random.Random, county: int) -> dict[str, Any]:
    """A form that would be filed, with texts that bite."""
    return {
        "behaviour": chance.choice(BEHAVIOURS).code,
        "county": str(county),
        "place": chance.choice(["锦绣花园4号楼", "机场高速出口", *SCRIPTS]),
        "what_happened": chance.choice(SCRIPTS) + odd(chance)[:200].replace("\0", ""),
        "respondent_text": chance.choice(["", *SCRIPTS]),
        "ordered_by": chance.choice(["", *SCRIPTS]),
        "name": chance.choice(["", *SCRIPTS])[:60],
        "token": f"{chance.getrandbits(190):032x}"[:32],
        "altcha": proof() if chance.random() < 0.25 else "",
    }


def a_form(chance: random.Random, county: int) -> dict[str, Any]:
    """A form with some of its fields gone wrong, and sometimes a file or two."""
    form = honest(chance, county)
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        form[chance.choice(FIELDS)] = odd(chance)
    for _ in range(chance.choice((0, 0, 0, 1))):
        form.pop(chance.choice(FIELDS), None)
    if chance.random() < 0.05:
        names = ["x.jpg", "x.svg", "../x.html", f"{SCRIPTS[0]}.png", ""]
        form["files"] = [
            SimpleUploadedFile(chance.choice(names) or "x", chance.choice(FILES), content_type="text/html")
            for _ in range(chance.choice((1, 1, 2)))
        ]
    return form


def proof() -> str:
    """What a browser would bring along."""
    return solved(f'data-challenge="{html.escape(json.dumps(new_challenge(clock.now())))}"')


def broken(chance: random.Random, body: bytes) -> bytes:
    """The request cut off, or with some bytes changed."""
    position = chance.randrange(len(body))
    return body[:position] if chance.random() < 0.5 else body[:position] + b"\xff\0\r\n" + body[position:]


class Alive(HTMLParser):
    """Whatever of a page a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An attribute that runs, or an address that does."""
        self.in_script = tag == "script"
        for name, value in attrs:
            runs = name.startswith(("on", "hx-on")) or (value or "").strip().lower().startswith("javascript:")
            if runs and name not in ("value", "content"):
                self.found.append(f"{tag} {name}={value}")
        if tag in ("svg", "img") and MARK in str(attrs):
            self.found.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        """A script ends."""
        self.in_script = False

    def handle_data(self, data: str) -> None:
        """What stands between."""
        if self.in_script and MARK in data:
            self.found.append(data)


def no_script_lives(page: str) -> None:
    """What somebody wrote may stand on a page as text only."""
    reader = Alive()
    reader.feed(page)
    assert reader.found == []


@pytest.fixture
def county(cast: Cast, settings: Any) -> int:
    """A county with a compound; nobody is slowed down."""
    settings.COMPLAINT_PROOF = 3
    for name in ("COMPLAINTS_FROM_ADDRESS", "COMPLAINT_FILES_FROM_ADDRESS", "COMPLAINTS_WITHOUT_SCRIPT"):
        setattr(settings, name, 0)
    settings.COMPLAINTS_CALM = FORMS
    units(cast.home, "4号楼/1单元")
    return cast.county.pk


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place and edition is looked up once, and one page in eight is drawn: the forms are what counts."""
    monkeypatch.setattr(intake, "locate", remembering(intake.locate))
    monkeypatch.setattr(own_facts, "edition_in_force", cache(own_facts.edition_in_force))
    drawn = count()
    real = intake.render

    def render(request: HttpRequest, template: str, context: Any = None, **options: Any) -> HttpResponse:
        if template.endswith(("/form.html", "/confirm.html")) and next(drawn) % 8:
            return HttpResponse("", status=options.get("status"))
        return real(request, template, context, **options)

    monkeypatch.setattr(intake, "render", render)


def remembering(look: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, asked once for the same words."""
    known: dict[Any, Any] = {}

    def locate(written: str, *, at: Any, **asked: Any) -> Any:
        key = (written, *asked.values())
        if key not in known:
            known[key] = look(written, at=at, **asked)
        return known[key]

    return locate


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.once) for seed in (1, 2, 3))])
@pytest.mark.usefixtures("quick")
def test_ten_thousand_odd_forms(
    seed: int, county: int, cast: Cast, as_user: Callable[[User], Client]
) -> None:
    chance = random.Random(20221116 + seed)
    client = Client(raise_request_exception=False)
    answers: Counter[int] = Counter()
    for n in range(FORMS):
        form = a_form(chance, county)
        address = FORM if n % 25 else reverse(chance.choice(["complain-facts", "complain-receipt"]))
        if n % 40 == 3:
            body = broken(chance, encode_multipart(BOUNDARY, form))
            kind = f"multipart/form-data; boundary={BOUNDARY}"
            answer = client.generic("POST", address, body, content_type=kind)
        else:
            answer = client.post(address, form)
        answers[answer.status_code] += 1
        assert answer.status_code < 500, form
        if n % 10 == 0:
            no_script_lives(answer.content.decode())
    assert sum(answers.values()) == FORMS
    assert answers[422] > FORMS / 10
    assert Complaint.objects.count() > FORMS / 50
    _pages_show_no_script(cast, as_user)
    _no_stored_file_lies()


def _pages_show_no_script(cast: Cast, as_user: Callable[[User], Client]) -> None:
    """The pages of the desk and of the complainant, for some of what was stored."""
    officers = {user.own_office: as_user(user) for user in (cast.task_force, cast.health, cast.city)}
    for complaint in Complaint.objects.order_by("?")[:SHOWN]:
        reader = officers.get(complaint.handler)
        if reader:
            answer = reader.get(complaint.get_absolute_url())
            assert answer.status_code == 200
            no_script_lives(answer.content.decode())


def _no_stored_file_lies() -> None:
    """Each file is what its kind says, and nothing that was sent hides in it."""
    assert Attachment.objects.exists()
    for attachment in Attachment.objects.all():
        content = content_of(attachment)
        assert attachment.kind == "image"
        with Image.open(io.BytesIO(content)) as drawn:
            drawn.load()
            assert drawn.format == "JPEG"
        assert b"script" not in content
        assert html.escape(MARK).encode() not in content
