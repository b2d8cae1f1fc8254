"""Everything that somebody can fetch, followed link by link: who complained stands in none of it."""

import html
import io
import logging
import re
from collections import deque
from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.urls.exceptions import NoReverseMatch
from openpyxl import load_workbook

from accounts.models import ApiToken
from complaints.actions.events import write_event
from complaints.models import Complaint
from complaints.rules.words import EventKind
from notices.models import Message
from notices.tasks import deliver_due
from tests.complaints.cast import Cast
from tests.complaints.matrix_world import NOON, Case, World, world_of
from tests.scope.doors.complaints import ADMIN, DESK
from tests.scope.test_matrix import patterns

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

LINK = re.compile(r"""(?:href|src|hx-get)="([^"#]+)["#]|"(/[^"\s]*/)\"""")
NOT_FOLLOWED = re.compile(r"^/(static|i18n|logout|policy/clauses|admin/(logout|jsi18n|zones|cases|policy))/")
"""What leads out, and pages of floors below, whose code may know nothing of complaints."""
SORTING = {"o", "all", "_changelist_filters", "_facets", "p", "e"}
"""What an admin list adds to its address without showing anything else."""
VARIANTS = 3
"""So many sets of parameters of one address are looked at."""
MOST_SEARCHES = 12
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def world(cast: Cast, settings: object) -> World:
    """With a channel for SMS, so that complainants are written to."""
    settings.SMS_URL = "http://127.0.0.1:9/sms"  # type: ignore[attr-defined]
    return world_of(cast)


# ── fetching ─────────────────────────────────────────────────────────────────────────────────────


def starts(world: World) -> list[str]:
    """Every address that needs no record, those of the three complaints, and every search for them."""
    found = []
    for name, _route in patterns():
        try:
            found.append(reverse(name))
        except NoReverseMatch:
            continue
    found += [world.address(name, line) for name, line in DESK.items() if line.get]
    for case in world.cases.values():
        complaint = case.complaint
        found += [complaint.get_absolute_url(), reverse("api-complaint", args=[complaint.number])]
        for words in (case.who.name, complaint.number):
            found += [f"{address}?q={quote(words)}" for address in searchable()]
    for kind, field in (("supervisionorder", "complaint"), ("complaint", "respondent"), ("look", "by")):
        asked = f"?app_label=complaints&model_name={kind}&field_name={field}"
        found.append(reverse("admin:autocomplete") + asked)
    return [address for address in found if not NOT_FOLLOWED.match(address)]


def searchable() -> list[str]:
    """Lists that take words."""
    models = [*ADMIN, "accounts_reveal", "accounts_user", "notices_message"]
    return [reverse(f"admin:{model}_changelist") for model in models] + [reverse("admin:search")]


def everything(world: World, who: str) -> Iterator[tuple[str, str]]:
    """Each address that can be reached, and what it answers in words."""
    client = world.browser(who)
    waiting, known = deque(starts(world)), set()
    seen: dict[str, int] = {}
    while waiting:
        address = waiting.popleft()
        path = urlsplit(address).path
        if address in known or seen.get(path, 0) >= (MOST_SEARCHES if path in searchable() else VARIANTS):
            continue
        seen[path] = seen.get(path, 0) + 1
        answer = client.get(address)
        assert answer.status_code < 500, address
        known.add(address)
        text = words_of(answer)
        yield address, text
        if answer.status_code < 400:
            waiting.extend(links_of(address, text))


def words_of(answer: HttpResponse) -> str:
    """What a reader finds in it; of a workbook its cells."""
    if answer.headers.get("Content-Type") == XLSX:
        book = load_workbook(io.BytesIO(answer.content))
        rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
        return "\n".join(str(cell) for row in rows for cell in row if cell is not None)
    body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[arg-type]
    return html.unescape(body.decode(errors="replace")) + answer.headers.get("Location", "")


def links_of(address: str, text: str) -> Iterator[str]:
    """Addresses on that page that lead on inside the app."""
    for found in LINK.findall(text):
        link = urljoin(address, html.unescape(found[0] or found[1]))
        parts = urlsplit(link)
        parameters = {name for name, _value in parse_qsl(parts.query)}
        if not parts.netloc and not NOT_FOLLOWED.match(parts.path) and not parameters & SORTING:
            yield f"{parts.path}?{parts.query}" if parts.query else parts.path


# ── what may stand where ─────────────────────────────────────────────────────────────────────────

AT_THE_DESK = {"operator", "analyst", "recused"}
"""They work at the task force as well, and handle no complaint, or not this one."""
PEOPLE = (
    "anonymous",
    "complainant",
    "other",
    "operator",
    "analyst",
    "handler_boss",
    "recused",
    "respondent",
    "street_boss",
    "community",
    "community_boss",
    "branch_boss",
    "county_boss",
    "above",
    "neighbour_boss",
    "root",
)


@pytest.mark.parametrize("who", PEOPLE)
def test_nothing_that_anybody_can_fetch_says_more_than_it_may(world: World, who: str) -> None:
    found, fetched = [], 0
    for address, text in everything(world, who):
        fetched += 1
        for key, case in world.cases.items():
            found += [f"{address}: {key} {what}" for what in too_much(address, key, case, who, text)]
    assert not found, found
    assert fetched > 60


def too_much(address: str, key: str, case: Case, who: str, text: str) -> Iterator[str]:
    """What stands there and may not; the word that was searched for is said back to whoever typed it."""
    patterns = list(case.identity)
    if who not in case.sees and not (who == "complainant" and key == "street"):
        patterns += case.said
        if not told_the_number(address, key, who):
            patterns.append(case.number)
    asked = dict(parse_qsl(urlsplit(address).query)).get("q", "")
    for pattern in patterns:
        if pattern.search(text) and not (asked and pattern.search(asked)):
            yield pattern.pattern


def told_the_number(address: str, key: str, who: str) -> bool:
    """Open311 lists requests by number to anybody; the inbox of an office is read by all who work there."""
    inbox = address.startswith("/inbox/") and who in AT_THE_DESK and key != "county"
    return inbox or address.startswith("/open311/")


def test_the_way_through_the_links_reaches_what_may_be_read(world: World) -> None:
    """Were nothing fetched, nothing above could fail."""
    case = world.cases["street"]
    read = dict(everything(world, "handler_boss"))
    page = read[case.complaint.get_absolute_url()]
    assert all(word in page for word in case.words)
    assert case.receipt.number in read[reverse("complaints")]
    assert case.receipt.number in read[reverse("inbox")]
    assert case.receipt.number in read[reverse("admin:complaints_complaint_changelist")]
    assert reverse("admin:complaints_complaint_change", args=[case.complaint.pk]) in read
    assert "inbox" in "".join(read)


def test_who_complained_stands_nowhere_in_clear(world: World) -> None:
    """Not in any column of the database either: rows, messages, sessions, log entries."""
    words = [
        word for case in world.cases.values() for word in (case.who.name, case.who.phone, case.who.email)
    ]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            text = str(cursor.fetchall())
            assert not any(word in text for word in words), table


def test_a_case_tells_no_number_of_another_that_its_reader_may_not_see(world: World) -> None:
    """It was merged into one, split from one, and follows one that is about the reader's own office."""
    hidden, shown = world.cases["county"].complaint, world.cases["street"].complaint
    by = world.people["above"]
    assert by is not None
    kin = {"merged_into": hidden, "split_from": hidden, "rebound_of": hidden}
    Complaint.objects.filter(pk=shown.pk).update(**kin)
    for kind, name in (("merged", "into"), ("took_in", "taken"), ("split", "part")):
        write_event(shown, EventKind(kind), at=NOON, by=by, **{name: hidden.number})
    write_event(shown, EventKind.LINKED, at=NOON, by=by, other=hidden.number, state="same")
    for who, found in (("above", 7), ("handler", 0), ("county_boss", 0)):
        page = world.browser(who).get(shown.get_absolute_url()).content.decode()
        assert page.count(hidden.number) == found, who


@pytest.mark.django_db(transaction=True)
def test_no_line_of_the_log_and_no_address_says_who_complained(
    cast: Cast, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Filed by hotline, system and Open311, searched for, revealed, and written to by an SMS that fails."""
    settings.SMS_URL = "http://127.0.0.1:9/sms"  # type: ignore[attr-defined]
    caplog.set_level(logging.DEBUG)
    world = world_of(cast)
    who, key = world.cases["street"].who, ApiToken.issue(cast.operator, "12345")[1]
    person = {"name": who.name, "phone": who.phone, "email": who.email}
    handler, operator = world.browser("handler"), world.browser("operator")
    answers = [
        operator.post(reverse("complaint-call"), {"behaviour": "not_unsealed", "place": "某处"} | person),
        operator.post(reverse("complaint-call-beside"), {"behaviour": "not_unsealed"} | person),
        Client().post(
            reverse("api-complaints"),
            {"behaviour": "not_unsealed", "text": "没解封", "complainant": person},
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "one"},
        ),
        Client().post(
            reverse("open311-requests", args=["json"]),
            urlencode(
                {"api_key": key, "service_code": "not_unsealed", "address_string": "某处"}
                | {"last_name": who.name, "phone": who.phone, "email": who.email}
            ),
            content_type="application/x-www-form-urlencoded",
        ),
        *(handler.post(reverse("complaints"), {"q": word}) for word in person.values()),
        handler.post(reverse("complaint-reveal", args=[world.records.complaint.pk])),
        handler.post(
            reverse("complain-track"), {"number": who.phone, "secret": world.cases["street"].receipt.secret}
        ),
    ]
    deliver_due()
    assert [answer.status_code for answer in answers[2:4]] == [201, 201]
    words = (*person.values(), world.cases["street"].receipt.secret.replace(" ", ""))
    logged = "\n".join(
        f"{record.getMessage()} {record.__dict__}"
        for record in caplog.records
        if record.name != "django.db.backends"  # SQL, which no installation switches on
    )
    assert "complaint" in logged
    assert not [word for word in words if word in logged]
    for answer in answers:
        assert not [word for word in words if word in answer.headers.get("Location", "")]
    for row in Message.objects.values_list("key", "subject", "context", "last_error"):
        assert not [word for word in words if word in str(row)]
