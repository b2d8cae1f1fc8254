"""Every address of complaints × everybody: who passes, who may not, for whom it does not exist."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.urls import URLPattern

from accounts.models import User
from complaints.api import urls as api_urls
from complaints.open311 import urls as open311_urls
from complaints.urls import urlpatterns
from tests.complaints.cast import Cast
from tests.complaints.matrix_world import Case, World, outcome, world_of
from tests.scope.doors.complaints import DESK, OVERSEERS, RESPONDENTS, Line

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]

REVEALING = {"complaint-reveal", "complaint-telephone"}
"""The answers in which a complainant is named, after the look was written down."""
TOLD_BY_NUMBER = {"open311-request", "open311-requests", "open311-token"}
"""Open311 lists requests by their number to anybody; no word beside it says whose or about whom."""
BESIDE_A_CALL = {"complaint-call", "complaint-call-beside"}
"""Where an operator is told number and state of what looks alike at the own office."""


@pytest.fixture
def world(cast: Cast, settings: object) -> World:
    """With a channel for SMS, so that complainants are written to."""
    settings.SMS_URL = "http://127.0.0.1:9/sms"  # type: ignore[attr-defined]
    return world_of(cast)


def names() -> Iterator[str]:
    """The names of all addresses of complaints."""
    patterns: list[URLPattern] = [*urlpatterns, *api_urls.urlpatterns, *open311_urls.urlpatterns]
    return (pattern.name or f"nameless: {pattern.pattern}" for pattern in patterns)


def test_every_address_of_complaints_has_its_line() -> None:
    assert set(names()) == set(DESK)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def ask(world: World, name: str, who: str, method: str, **options: object) -> HttpResponse:
    """One request, whose effects are taken back; `touched` says whether there were any on the complaint."""
    cache.clear()  # a hand that tries often is made to wait: no matter of this table
    before = world.traces()
    line = DESK[name]
    client, address = world.browser(who, **options), world.address(name, line)
    with transaction.atomic():
        if method == "GET":
            answer = client.get(address)
        elif line.api:
            answer = client.post(address, world.filled(line.form or {}), content_type="application/json")
        else:
            answer = client.post(address, world.filled(line.form or {}))
        answer.touched = world.traces() != before  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    return answer  # type: ignore[return-value]


def at_the_door(line: Line, user: User | None) -> str:
    """What somebody meets before the record is looked for."""
    if not line.needs:
        return "ok"
    if user is None:
        return "401" if line.api else "login"
    return "ok" if any(user.may(ability) for ability in line.needs) else "403"


def expected(line: Line, who: str, user: User | None, method: str) -> set[str]:
    door = at_the_door(line, user)
    if not (line.get if method == "GET" else line.post):
        return {"405", door} - {"ok"} | ({"403"} if line.api and user else set())
    if who == "other" and method == "GET" and line.other:
        return {line.other}
    if door == "ok" and line.sees is not None and who not in line.sees:
        return {line.otherwise}
    return {door}


@pytest.mark.parametrize("name", sorted(DESK))
def test_everybody_meets_what_the_table_says_and_reads_nothing_else(world: World, name: str) -> None:
    line, wrong = DESK[name], []
    for who, user in world.people.items():
        for method in ("GET", "POST"):
            answer = ask(world, name, who, method)
            met, wanted = outcome(answer), expected(line, who, user, method)
            if met not in wanted:
                wrong.append(f"{method} as {who}: {met}, not {' or '.join(sorted(wanted))}")
            wrong += [f"{method} as {who}: {what}" for what in given_away(world, name, who, answer)]
            if answer.touched and not (who in OVERSEERS | RESPONDENTS or who == "complainant"):  # type: ignore[attr-defined]
                wrong.append(f"{method} as {who} left a trace")
    assert not wrong, wrong


def given_away(world: World, name: str, who: str, answer: HttpResponse) -> Iterator[str]:
    """What of a complaint stands in an answer and is not for that person."""
    text = answer.content.decode(errors="replace") + str(answer.headers)
    for key, case in world.cases.items():
        may_read = who in case.sees or (who == "complainant" and key == "street")
        reveals = name in REVEALING and key == "street" and who in case.sees
        patterns = [] if reveals else case.identity
        if not may_read:
            patterns = patterns + case.said + ([] if told_the_number(name, who) else [case.number])
        yield from (f"{key}: {pattern.pattern}" for pattern in patterns if pattern.search(text))


def told_the_number(name: str, who: str) -> bool:
    return name in TOLD_BY_NUMBER or (name in BESIDE_A_CALL and who in ("operator", "recused"))


@pytest.mark.parametrize("name", sorted(name for name, line in DESK.items() if line.post))
def test_no_form_of_another_site_is_taken(world: World, name: str) -> None:
    line = DESK[name]
    who = sorted(line.sees)[0] if line.sees else "handler"
    refused = ask(world, name, who, "POST", enforce_csrf_checks=True).status_code == 403
    assert refused is not line.without_token


def test_the_words_of_the_test_are_found_where_they_may_stand(world: World) -> None:
    """Were a complaint not there at all, nothing above could fail."""
    case: Case = world.cases["street"]
    text = ask(world, "complaint", "handler", "GET").content.decode()
    assert all(word in text for word in (*case.words, case.receipt.number))
    text = ask(world, "complain-mine", "complainant", "GET").content.decode()
    assert all(word in text for word in (*case.words, case.receipt.number))
    text = ask(world, "complaint-reveal", "handler", "POST").content.decode()
    assert all(word in text for word in (case.who.name, case.who.phone, case.who.email))
