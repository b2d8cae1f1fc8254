"""One working day with somebody whose name and numbers can't be mistaken: where they must not turn up."""

import datetime as dt
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Area, IdempotencyKey, Reveal, User
from cases.actions import handover, reminders, sweeps
from cases.models import Episode, EpisodeEvent, ImportBatch
from notices.models import Message
from notices.tasks import deliver_due, expire_unsent
from tests.builders import noon, resident_id
from tests.cases import lists

NAME, LISTED, CALLED = "欧阳特殊", "司马名单", "上官接口"
PHONES = ("13877665544", "13877665533", "13877665522")
NUMBERS = tuple(resident_id(serial, born="19870605") for serial in (701, 702, 703))
NAMES = (NAME, LISTED, CALLED)
PRIVATE = (*NAMES, *PHONES, *NUMBERS)


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


class Day:
    """What a worker, a laboratory and the clock do, and every page and line that comes of it."""

    def __init__(self, alice: User, bob: User, next_door: Area, go: Callable[[dt.date], None]) -> None:
        self.alice, self.bob, self.next_door, self.go = alice, bob, next_door, go
        self.browser = Client()
        self.browser.force_login(alice)
        self.pages: list[str] = []
        self.targets: list[str] = []

    def get(self, name: str, *args: object, query: str = "") -> str:
        answer = self.browser.get(reverse(name, args=args) + query)
        assert answer.status_code == 200, (name, answer.status_code)
        page = answer.content.decode(errors="replace")
        self.pages.append(page)
        return page

    def post(self, page: str, /, *args: object, **facts: object) -> Any:
        answer = self.browser.post(reverse(page, args=args), facts)
        assert answer.status_code in (200, 302, 303, 409, 422), (page, answer.status_code)
        self.targets.append(answer.headers.get("Location", ""))
        self.pages.append(answer.content.decode(errors="replace"))
        return answer

    def live(self) -> None:
        """From the registration to the release message."""
        self.go(november(14))
        held = self.register()
        self.take_a_list_over()
        called = self.let_a_system_register()
        self.go(november(15))
        self.post("person-reveal", held.person_id)
        first = held.tests.get(planned_on=november(15))
        self.post("test-sampled", first.pk)
        self.post("test-result", first.pk, result="negative")
        self.post("episode-contact", held.pk, outcome="no_answer", remark="")
        listed = Episode.objects.get(person__name=LISTED)
        ill = listed.tests.get(planned_on=november(15))
        self.post("test-result", ill.pk, result="positive", confirm="1", confirmed="1", ct="30")
        offer = handover.offer(
            episode=called, to_community=self.next_door, by=self.alice, at=noon(november(15))
        )
        handover.accept(handover=offer, by=self.bob, at=noon(november(15)))
        reminders.send_evening_reminders(at=noon(november(15)) + dt.timedelta(hours=7))
        self.look_around(held)
        self.go(november(23))
        sweeps.sweep_releases(at=noon(november(23)))
        sweeps.sweep_overdue_tests(at=noon(november(23)))
        deliver_due()
        expire_unsent(at=noon(november(30)))
        self.post("episode-told", held.pk)
        self.look_around(held)

    def register(self) -> Episode:
        facts = {
            "category": "close_contact",
            "name": NAME,
            "id_kind": "resident_id",
            "id_number": NUMBERS[0],
            "phone": PHONES[0],
            "anchor_on": "2022-11-14",
            "registered_on": "2022-11-14",
            "isolation_finished": "none",
            "home_check": "suitable",
            "compound": "锦绣花园",
            "building": "4号楼",
            "unit": "1单元",
            "door": "1203",
            "exposed_to": "病例1",
        }
        assert self.alice.area is not None
        answer = self.post("register-new", **facts | {"community": self.alice.area.pk})
        assert answer.status_code == 302, self.pages[-1]
        return Episode.objects.get(person__name=NAME)

    def take_a_list_over(self) -> None:
        row = lists.person(1, 姓名=LISTED, 证件号码=NUMBERS[1], 联系电话=PHONES[1], 性别=None)
        wrong = lists.person(2, 姓名=LISTED, 证件号码=NUMBERS[1][:-2], 末次暴露日期="昨天")
        file = lists.uploaded(lists.workbook(lists.table([row, wrong])))
        self.post("import", file=file, registered_on="2022-11-14")
        batch = ImportBatch.objects.get()
        self.get("import-preview", batch.pk)
        self.post("import-commit", batch.pk)
        self.get("import-preview", batch.pk)

    def let_a_system_register(self) -> Episode:
        _token, key = ApiToken.issue(self.alice, "12345")
        body = {
            "name": CALLED,
            "id_number": NUMBERS[2],
            "phone": PHONES[2],
            "category": "close_contact",
            "anchor_on": "2022-11-14",
        }
        answer = Client().post(
            reverse("api-episodes"),
            body,
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "eins"},
        )
        assert answer.status_code == 201, answer.content.decode()
        return Episode.objects.get(person__name=CALLED)

    def look_around(self, held: Episode) -> None:
        for name in ("today", "register", "handovers", "inbox", "sampling-list", "figures", "import"):
            self.get(name)
        self.get("register", query="?tab=all")
        self.get("episode", held.pk)
        self.get("person", held.person_id)
        self.get("person-edit", held.person_id)
        self.get("notice-start", held.pk)


@pytest.fixture
def day(
    alice: User,
    bob: User,
    next_door: Area,
    the_day: Callable[[dt.date], None],
    caplog: pytest.LogCaptureFixture,
) -> Day:
    caplog.set_level(logging.DEBUG)
    return Day(alice, bob, next_door, the_day)


def found(text: str, words: tuple[str, ...] = PRIVATE) -> list[str]:
    return [word for word in words if word in text]


@pytest.mark.django_db(transaction=True)
def test_nothing_personal_stands_where_it_has_no_business(day: Day, caplog: pytest.LogCaptureFixture) -> None:
    published: list[str] = []

    def note(body: object = None, headers: object = None, **_more: object) -> None:
        published.append(f"{body} {headers}")

    before_task_publish.connect(note)
    try:
        day.live()
    finally:
        before_task_publish.disconnect(note)

    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in _ours(caplog))
    assert logged
    assert not found(logged)
    assert not found("\n".join(published))
    assert not found("\n".join(day.targets))
    for page in day.pages:
        links = re.findall(r"""(?:href|action|hx-[a-z]+|src)=["']([^"']*)""", page)
        ours = " ".join(link for link in links if not link.startswith("tel:"))
        assert not found(ours), found(ours)
    # In full a number is shown in the one answer to its reveal, and can be called from there.
    assert len([page for page in day.pages if found(page, PHONES + NUMBERS) and "tel:" in page]) == 1
    _no_row_says_more_than_it_should()
    _the_database_holds_no_number()


def _ours(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Without the SQL that Django writes at DEBUG level, which no installation switches on."""
    return [record for record in caplog.records if record.name != "django.db.backends"]


def _no_row_says_more_than_it_should() -> None:
    for model, columns in (
        (EpisodeEvent, ["details", "reason", "clause"]),
        (Message, ["key", "subject", "context", "last_error"]),
        (Reveal, ["subject", "fields_shown"]),
    ):
        rows = list(model.objects.values_list(*columns))
        assert rows, model
        assert not found(json.dumps(rows, ensure_ascii=False, default=str))
    stored = _table_as_text(IdempotencyKey._meta.db_table)
    assert stored
    assert not found(stored)


def _table_as_text(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
        return "\n".join(repr(row) for row in cursor.fetchall())


def _the_database_holds_no_number() -> None:
    """Neither in any column of any table, nor, on SQLite, anywhere in the file. Names are clear by design."""
    for model in apps.get_models():
        text = _table_as_text(model._meta.db_table)
        assert not found(text, PHONES + NUMBERS), model
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        name = str(settings.DATABASES["default"]["NAME"])
        content = b"".join(path.read_bytes() for path in Path(name).parent.glob(Path(name).name + "*"))
        assert NAME.encode() in content  # that is the right file
        for number in PHONES + NUMBERS:
            assert number.encode() not in content
