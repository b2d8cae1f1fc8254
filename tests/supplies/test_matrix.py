"""Who sees what of supplies: every address × everybody by role, and the resident's link in every state.

The roles are written out here, apart from the table of abilities, so that a role that gains one shows.
"""

import datetime as dt
import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

from accounts.models import Area, User
from accounts.rules import Level, Role
from cases.actions.registration import list_person
from supplies.actions import links
from supplies.models import ResidentLink
from supplies.urls import urlpatterns
from tests.builders import area, entry, episode, noon, staff
from tests.scope import supplied
from tests.scope.conftest import NAME, PHONE
from tests.scope.doors import supplies as doors
from tests.scope.doors.shapes import Door

pytestmark = pytest.mark.django_db

Go = Callable[[dt.date], None]
TODAY = supplied.TODAY
OPEN = frozenset({200, 301, 302, 303, 400, 409, 422})

WORKING = {"worker", "coordinator", "supervisor"}
ANSWERING = WORKING | {"operator"}
KEEPING = {"coordinator", "supervisor"}
CALLING = ANSWERING | {"counsellor"}
"""Whoever may see a number in full, which is written down each time."""
EVERYBODY = CALLING | {"analyst", "stranger", "anonymous", "neighbour"}
WHO: dict[str, set[str]] = {
    "resident-link resident-link-print resident-link-make": WORKING,
    "resident-link-renew resident-link-withdraw": WORKING,
    "needs needs-search need-new need need-note": ANSWERING,
    "needs-bulk need-owner need-move": WORKING,
    "need-call round-phones round-call call-number": CALLING,
    "need-issue need-give-back": KEEPING,
    "calls call-new call-log call-returned": ANSWERING,
    "key-persons care-plan care-end care-call care-call-now": WORKING,
    "medical-needs medical-need medical-ask medical-answer medical-set-out medical-stage": WORKING,
    "medical-turned-away medical-120 medical-end hospitals hospital": WORKING,
    "prescriptions prescription prescription-new prescription-refill prescription-end": WORKING,
    "counsels counsel": {"counsellor"},
    "rounds round-new round round-assign round-act round-tick carrying": WORKING,
    "carrying-new carrying-edit": KEEPING,
    "stock stock-item demand stores suppliers supply-plans supply-plan mutual mutual-detail": WORKING,
    "stock-export movements-export": WORKING,
    "stock-minimum stock-receive stock-transfer stock-expired stock-count store-new store-edit": KEEPING,
    "stock-import stock-import-template stock-import-take mutual-new mutual-act": KEEPING,
    "supply-plan-new supply-plan-edit supply-plan-confirm": KEEPING,
    "kit-pack kit-unpack": KEEPING,
    "stock-item-edit kit-recipe supplier-new supplier-edit": {"supervisor"},
    "hotlines my-page my-look my-ask my-emergency my-need my-word my-release": EVERYBODY,
}
BY_NAME = {name: people for names, people in WHO.items() for name in names.split()}
TABLE = doors.PUBLIC | doors.PAGES


@pytest.fixture
def records(home: Area, street: Area, alice: User, the_day: Go) -> SimpleNamespace:
    """One record of each kind in Alice's community, on 15 November 2022."""
    the_day(TODAY)
    area("柳荫社区", Level.COMMUNITY, "110105001003", street)
    held = episode(alice, name=NAME, phone=PHONE)
    ended = episode(
        alice,
        name="司马已释",
        phone="13877665500",
        anchor_on=dt.date(2022, 11, 3),
        registered_on=dt.date(2022, 11, 3),
    )
    assert held.person.unit is not None
    known = SimpleNamespace(
        person=held.person, ended=ended, compound=held.person.unit.building.compound, unit=held.person.unit
    )
    return supplied.complete(known, home=home, alice=alice)


@pytest.fixture
def people(
    alice: User,
    bob: User,
    carol: User,
    stranger: User,
    coordinator: User,
    operator: User,
    counsellor: User,
    home: Area,
) -> dict[str, User | None]:
    """Everybody who may come to a door; the neighbour works next door."""
    return {
        "worker": alice,
        "neighbour": bob,
        "supervisor": carol,
        "stranger": stranger,
        "coordinator": coordinator,
        "operator": operator,
        "counsellor": counsellor,
        "analyst": staff("analyst", home, Role.ANALYST),
        "anonymous": None,
    }


def test_every_address_of_supplies_has_a_line_here_and_in_the_table() -> None:
    names = {each.name for each in urlpatterns}
    assert set(BY_NAME) == names, names ^ set(BY_NAME)
    assert set(TABLE) == names, names ^ set(TABLE)
    root = {each.name for each in get_resolver().url_patterns if isinstance(each, URLPattern)}
    assert names <= root | names


# ── who passes ───────────────────────────────────────────────────────────────────────────────────


def filled(records: SimpleNamespace, values: dict[str, object] | dict[str, str] | None) -> dict[str, object]:
    """With the keys of records in the place of their kinds."""
    found: dict[str, object] = {}
    for name, value in (values or {}).items():
        if isinstance(value, str) and value.startswith("{"):
            record = getattr(records, value[1:-1])
            found[name] = record if isinstance(record, str) else record.pk
        else:
            found[name] = value
    return found


def address(records: SimpleNamespace, name: str, door: Door) -> str:
    path = {"pk": getattr(records, door.names).pk} if door.names and not door.query else {}
    query = "&".join(f"{key}={value}" for key, value in filled(records, door.query).items())
    return f"{reverse(name, kwargs=path | filled(records, door.path))}?{query}"


def outcome(user: User | None, path: str, form: dict[str, object] | None) -> str:
    """What somebody meets there; effects are taken back. `form` None: a GET."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    with transaction.atomic():
        answer: HttpResponse = client.get(path) if form is None else client.post(path, form)  # type: ignore[assignment]
        transaction.set_rollback(True)
    if answer.status_code == 302 and answer.headers["Location"].startswith("/login/"):
        return "login"
    return "ok" if answer.status_code in OPEN else str(answer.status_code)


def expected(name: str, door: Door, who: str) -> str:
    """In words of roles: the neighbour is a worker to whom the record does not exist."""
    if name in doors.PUBLIC:
        return "ok"
    if who == "anonymous":
        return "login"
    if (who if who != "neighbour" else "worker") not in BY_NAME[name]:
        return "403"
    return "404" if who == "neighbour" and door.names and not door.near else "ok"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_everybody_meets_what_their_role_says(
    records: SimpleNamespace, people: dict[str, User | None], name: str
) -> None:
    door = TABLE[name]
    path = address(records, name, door)
    wrong = []
    for who, user in people.items():
        for method, answered in (("GET", door.get), ("POST", door.post)):
            form = filled(records, door.form) if method == "POST" else None
            met, wanted = outcome(user, path, form), expected(name, door, who)
            if not answered:
                wanted = "405" if wanted in ("ok", "404") else wanted
            if met != wanted:
                wrong.append(f"{method} as {who}: {met}, not {wanted}")
    assert not wrong, wrong


# ── the resident's link ──────────────────────────────────────────────────────────────────────────

PAGES = ("my-page", "my-ask", "my-emergency", "my-need", "my-release", "my-look", "my-word")


def behind(records: SimpleNamespace, token: str) -> dict[str, str]:
    """What a phone without an account meets behind that link, page by page."""
    found = {}
    for name in PAGES:
        door = TABLE[name]
        path = reverse(name, kwargs=filled(records, door.path) | {"token": token})
        for method, answered in (("GET", door.get), ("POST", door.post)):
            if answered:
                found[f"{method} {name}"] = outcome(None, path, {} if method == "POST" else None)
    return found


def every(answer: str) -> dict[str, str]:
    methods = (("GET", "get"), ("POST", "post"))
    return {
        f"{word} {name}": answer for name in PAGES for word, each in methods if getattr(TABLE[name], each)
    }


def test_the_own_link_opens_every_page(records: SimpleNamespace) -> None:
    assert behind(records, records.link_token) == every("ok")


def test_somebody_elses_link_opens_their_own_page_and_nothing_of_ours(
    records: SimpleNamespace, alice: User, home: Area
) -> None:
    neighbour = list_person(
        entry(home, name="王芳", phone="13822220000", door="1204").facts, by=alice, at=noon(TODAY)
    )
    other = links.ensure_link(person=neighbour, by=alice, at=noon(TODAY))
    assert other != records.link
    theirs = behind(records, links.token_of(other))
    assert {page for page, answer in theirs.items() if answer == "404"} == {
        "GET my-need",
        "GET my-release",
        "POST my-word",
    }
    page = Client().get(reverse("my-page", args=[links.token_of(other)])).content.decode()
    for word in (records.need_number, NAME, "欧", PHONE[-4:]):
        assert word not in page, word


@pytest.mark.parametrize(
    "change", ["first", "last", "key", "no signature", "other generation", "long", "empty"]
)
def test_a_guessed_link_opens_nothing(records: SimpleNamespace, change: str) -> None:
    token: str = records.link_token
    key, _dash, signature = token.partition("-")
    ahead = ResidentLink(pk=records.link.pk, generation=2)
    guesses = {
        "first": f"{key}-{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
        "last": f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}",
        "key": f"{records.link.pk + 1:x}-{signature}",
        "no signature": f"{key}-",
        "other generation": links.token_of(ahead),
        "long": f"{token}{token}",
        "empty": "-",
    }
    assert behind(records, guesses[change]) == every("404")


def test_a_link_that_ran_out_was_withdrawn_or_renewed_opens_nothing(
    records: SimpleNamespace, alice: User
) -> None:
    at = noon(TODAY)
    token, rows = records.link_token, ResidentLink.objects.filter(pk=records.link.pk)
    ends_at = rows.get().ends_at

    rows.update(ends_at=at)
    assert behind(records, token) == every("404"), "run out"
    rows.update(ends_at=ends_at)
    assert behind(records, token)["GET my-page"] == "ok"
    links.withdraw(link=records.link, by=alice, at=at)
    Client().get("/")  # the guesses above are counted by address: the next state starts anew
    assert set(behind(records, token).values()) <= {"404", "429"}, "withdrawn"
    renewed = links.renew(link=records.link, by=alice, at=at)
    assert set(behind(records, token).values()) <= {"404", "429"}, "renewed"
    assert behind(records, links.token_of(renewed)) == every("ok"), "the new one"


def test_with_the_last_of_its_people_the_link_dies(records: SimpleNamespace, alice: User, home: Area) -> None:
    """A file that is purged takes its place in every link along, and what was asked for with it."""
    files = [
        list_person(entry(home, name=name, phone="13822220000", door="1204").facts, by=alice, at=noon(TODAY))
        for name in ("王芳", "王大明")
    ]
    link = links.ensure_link(person=files[0], by=alice, at=noon(TODAY))
    page, token = reverse("my-page", args=[links.token_of(link)]), links.token_of(link)
    files[0].delete()
    assert Client().get(page).status_code == 200
    files[1].delete()
    assert behind(records, token) == every("404")


def test_no_account_is_of_any_use_behind_the_link_of_another_area(
    records: SimpleNamespace, people: dict[str, User | None]
) -> None:
    """The link is the key: whoever holds it sees the masked page, staff or not, and no more than that."""
    path = reverse("my-page", args=[records.link_token])
    for who, user in people.items():
        client = Client()
        if user is not None:
            client.force_login(user)
        page = client.get(path)
        assert page.status_code == 200, who
        assert NAME not in page.content.decode()
        assert PHONE[-4:] not in page.content.decode()


def test_only_who_may_hand_it_out_reads_the_link(
    records: SimpleNamespace, people: dict[str, User | None]
) -> None:
    signature = records.link_token.partition("-")[2]
    paths = [
        reverse("resident-link", args=[records.person.pk]),
        reverse("person", args=[records.person.pk]),
        reverse("need", args=[records.need.pk]),
        reverse("today"),
    ]
    for who in ("worker", "coordinator", "operator", "counsellor", "analyst"):
        client, user = Client(), people[who]
        assert user is not None
        client.force_login(user)
        told = any(signature in client.get(path).content.decode() for path in paths)
        assert told is (who in WORKING), who


OURS = ("needs", "calls", "key-persons", "care-calls", "medical", "stock", "rounds", "counsel", "hospitals")
START = ("today", "needs", "calls", "key-persons", "medical-needs", "stock", "rounds", "counsels", "carrying")


@pytest.mark.parametrize("who", ["worker", "coordinator", "operator", "counsellor", "analyst", "supervisor"])
def test_no_page_offers_a_door_that_is_closed_to_its_reader(
    records: SimpleNamespace, people: dict[str, User | None], who: str
) -> None:
    """Links between the pages of supplies lead somewhere for whoever sees them."""
    client, user = Client(raise_request_exception=False), people[who]
    assert user is not None
    client.force_login(user)
    waiting, seen = [reverse(name) for name in START], set()
    offered: dict[str, str] = {}
    while waiting and len(seen) < 150:
        path = waiting.pop(0)
        seen.add(path)
        answer = client.get(path)
        if path in offered:
            assert answer.status_code in (200, 302), (path, answer.status_code, "offered by", offered[path])
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        for link in re.findall(r'href="(/[^"#]*)"', answer.content.decode()):
            found = link.replace("&amp;", "&")
            if found.split("/")[1] in OURS and found not in seen and found not in offered:
                offered[found] = path
                waiting.append(found)
    assert offered or who in ("analyst", "counsellor")
