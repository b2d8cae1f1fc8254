"""What is said to a counsellor is read by counsellors alone: on no page, list, export, answer of the API."""

import io
import zipfile

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.rules import Role
from tests.builders import staff
from tests.scope import supplied
from tests.scope.conftest import World
from tests.scope.doors import ADMIN, DOORS
from tests.scope.test_matrix import address_of, admin_address, browser

READERS = ("alice", "carol", "operator", "officer")


def text_of(answer: HttpResponse) -> str:
    """What is in it, a workbook unpacked."""
    parts = answer.streaming_content if answer.streaming else [answer.content]  # type: ignore[attr-defined]
    content = b"".join(parts)
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return content.decode(errors="replace")


def test_no_address_tells_what_was_said_to_a_counsellor(world: World) -> None:
    assert world.records.counsel.notes == supplied.SAID
    seen = 0
    for who in READERS:
        client = browser(world.people[who])
        for name, door in DOORS.items():
            if door.get:
                answer = client.get(address_of(name, world, door))
                seen += answer.status_code == 200
                assert supplied.SAID not in text_of(answer), (who, name)  # type: ignore[arg-type]
    assert seen > 200


def test_nor_does_the_admin_site(world: World) -> None:
    client = browser(world.people["carol"])
    for model in ADMIN:
        for page in ("changelist", "change", "history"):
            answer = client.get(admin_address(model, page, world))
            assert supplied.SAID not in text_of(answer), (model, page)  # type: ignore[arg-type]


def test_a_counsellor_reads_it_on_the_page_of_the_person(world: World) -> None:
    person = world.records.person
    counsellor = staff("counsellor", person.community, Role.COUNSELLOR)
    client = Client()
    client.force_login(counsellor)
    assert supplied.SAID in client.get(reverse("counsel", args=[person.pk])).content.decode()
