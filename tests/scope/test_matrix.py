"""Every address × everybody: who passes, who logs in first, who may not, and for whom it does not exist."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from accounts.models import User
from accounts.rules import Ability
from cases.models import Episode
from tests.scope.conftest import NAME, PHONE, World
from tests.scope.doors import (
    ADMIN,
    ADMIN_FRAME,
    ADMIN_PASSWORD,
    ADMIN_TOOLS,
    ADMIN_VERBS,
    API,
    BY_OFFICE,
    DOORS,
    PAGES,
    PUBLIC,
    Door,
)

ELSEWHERE = ("bob", "far")
LISTS = sorted(name for name, door in (PAGES | API).items() if door.get and not door.names)
CLAUSE = "2-1"
COUNTY = "110105"
MASKED = "138****5544"
OPEN = frozenset({200, 201, 204, 301, 302, 303, 400, 409, 422})
ADMIN_PAGES = ("changelist", "add", "change", "delete", "history")


def patterns(found: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Name and route of every address of the project, admin site and catch-alls included."""
    for each in get_resolver().url_patterns if found is None else found:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            space = f"{each.namespace}:" if each.namespace else ""
            for name, path in patterns(each.url_patterns, route):
                yield space + name, path
        elif isinstance(each, URLPattern):
            yield each.name or "", route


def admin_names() -> set[str]:
    """The pages of every model that the table names."""
    return {f"admin:{model}_{page}" for model in ADMIN for page in ADMIN_PAGES}


def test_every_address_stands_in_the_table() -> None:
    known = set(DOORS) | BY_OFFICE | admin_names() | ADMIN_FRAME | {ADMIN_PASSWORD}
    known |= set(ADMIN_VERBS) | set(ADMIN_TOOLS)
    nameless = {route for name, route in patterns() if not name}
    missing = {name for name, _route in patterns() if name} - known
    assert not missing, f"write a line in tests/scope/doors.py for {sorted(missing)}"
    assert nameless <= {"api/v1/<path:rest>", "admin/r/<path:rest>"}, nameless
    gone = known - {name for name, _route in patterns()}
    assert not gone, f"no such address any more: {sorted(gone)}"


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


def browser(user: User | None, **options: Any) -> Client:
    client = Client(raise_request_exception=False, **options)
    if user is not None:
        client.force_login(user)
    return client


def address_of(name: str, world: World, door: Door) -> str:
    named = {"clause": {"slug": CLAUSE}, "risk-county": {"code": COUNTY}}
    if door.path:
        numbered = "number" in door.path  # the record stands in the address by its number
        record = {"pk": world.key(door.names)} if door.names and not numbered else {}
        path = reverse(name, kwargs=record | world.filled(door.path))  # type: ignore[arg-type]
    else:
        try:
            path = reverse(name)
        except NoReverseMatch:
            path = reverse(name, kwargs=named.get(name) or {"pk": world.key(door.names)})
    query = "&".join(f"{key}={value}" for key, value in world.filled(door.query).items())  # type: ignore[arg-type]
    return f"{path}?{query.replace('+', '%2B')}" if query else path


def ask(world: World, name: str, door: Door, who: str, method: str) -> HttpResponse:
    """One request, whose effects are taken back."""
    path = address_of(name, world, door)
    client = browser(world.people[who])
    with transaction.atomic():
        if method == "GET":
            answer = client.get(path)
        elif door.api:
            answer = client.post(path, world.filled(door.form), content_type="application/json")  # type: ignore[arg-type]
        else:
            answer = client.post(path, world.filled(door.form))  # type: ignore[arg-type]
        transaction.set_rollback(True)
    return answer  # type: ignore[return-value]


def outcome(answer: HttpResponse) -> str:
    target = answer.headers.get("Location", "")
    if answer.status_code == 302 and target.startswith(("/login/", "/admin/login/")):
        return "login"
    return "ok" if answer.status_code in OPEN else str(answer.status_code)


def door_says(door: Door, who: str, user: User | None, method: str) -> str:
    """What somebody meets at the door, before the record is looked for."""
    needs = door.needs
    if method == "POST" and door.api and needs is not None:
        needs = door.post_needs or Ability.WORK_CASES
    if needs is None:
        return "ok"
    if user is None:
        return "401" if door.api else "login"
    if needs == "login":
        return "ok"
    abilities = needs if isinstance(needs, tuple) else (Ability(needs),)
    return "ok" if any(user.may(ability) for ability in abilities) else "403"


def expected(door: Door, who: str, user: User | None, method: str) -> set[str]:
    answered = door.get if method == "GET" else door.post
    at_the_door = door_says(door, who, user, method)
    if not answered:
        return {"405"} if at_the_door == "ok" else {"405", at_the_door}
    hidden = who in (ELSEWHERE if not door.near else ("far",)) or (
        door.names == "batch" and who != "alice"
    )  # an upload is its author's
    if door.names == "message" and user is not None and not user.may(Ability.SEE_CASES):
        hidden = True  # it speaks of somebody under a rule
    hidden = hidden and door.needs is not None  # what is public is public next door as well
    return {"404"} if at_the_door == "ok" and door.names and hidden else {at_the_door}


@pytest.mark.parametrize("name", sorted(DOORS))
def test_everybody_meets_the_door_that_the_table_names(world: World, name: str) -> None:
    door = DOORS[name]
    wrong = []
    for who, user in world.people.items():
        for method in ("GET", "POST"):
            met, wanted = outcome(ask(world, name, door, who, method)), expected(door, who, user, method)
            if met not in wanted:
                wrong.append(f"{method} as {who}: {met}, not {' or '.join(sorted(wanted))}")
    assert not wrong, wrong
    if door.post and door.csrf and name != "api-policy-plan":  # open to everybody, and changes nothing
        assert meets_no_csrf_token(world, name, door).status_code == 403


def meets_no_csrf_token(world: World, name: str, door: Door) -> HttpResponse:
    client = browser(world.people["carol" if door.names != "batch" else "alice"], enforce_csrf_checks=True)
    options = {"content_type": "application/json"} if door.api else {}
    return client.post(address_of(name, world, door), world.filled(door.form), **options)  # type: ignore[arg-type,return-value]


def test_no_public_page_names_a_person(world: World) -> None:
    for name, door in PUBLIC.items():
        for who in ("anonymous", "stranger") if door.get else ():
            page = ask(world, name, door, who, "GET").content.decode()
            for word in (NAME, PHONE, MASKED, "司马已释"):
                assert word not in page, name


def test_what_a_neighbour_sends_to_a_list_changes_nothing_next_door(world: World) -> None:
    held = world.records.episode
    before = (held.events.count(), Episode.objects.filter(pk=held.pk).values().get())
    neighbour = browser(world.people["bob"])
    for act in ("sampled", "negative", "told"):
        neighbour.post(reverse("register-bulk"), {"act": act, "episode": [held.pk]})
    neighbour.post(reverse("codes-lifted"), {"episode": [held.pk]})
    neighbour.post(reverse("tests-bulk-sampled"), {"tests": [world.records.test.pk]})
    assert (held.events.count(), Episode.objects.filter(pk=held.pk).values().get()) == before


@pytest.mark.parametrize("name", LISTS)
def test_no_list_or_export_names_a_person_of_next_door(world: World, name: str) -> None:
    for who in ELSEWHERE:
        for query in ("", f"?q={NAME}", f"?q={PHONE[-4:]}&tab=all&state=all", "?on=2022-11-15&tab=ended"):
            page = address_of(name, world, replace(DOORS[name], query=None))
            answer = browser(world.people[who]).get(page + query)
            shown = answer.content.replace(
                f'value="{NAME}"'.encode(), b""
            )  # the search says what was searched
            for word in (NAME, PHONE, MASKED, "司马已释"):
                assert word.encode() not in shown, (who, query)


# ── the admin site ───────────────────────────────────────────────────────────────────────────────


def admin_expected(model: str, page: str, who: str) -> str:
    records = ADMIN[model]
    if who not in ("carol", "far", "root"):
        return "login"
    if who == "root" and not records.installer:
        return "403"
    hidden = who == "far" and bool(records.names) and not records.shared
    if records.above_all and who == "far" and page in ("add", "delete"):
        return "403"
    if page == "add":
        return "ok" if records.add or (records.governed and who == "root") else "403"
    if page == "changelist":
        return "ok"
    if page == "delete" and not records.delete:
        return "404" if hidden else "403"
    return "404" if hidden else "ok"


def admin_address(model: str, page: str, world: World) -> str:
    name = f"admin:{model}_{page}"
    if page in ("add", "changelist"):
        return reverse(name)
    names = ADMIN[model].names
    if names:
        return reverse(name, args=[world.key(names)])
    rows = apps.get_model(*model.split("_", 1))._default_manager
    return reverse(name, args=[rows.values_list("pk", flat=True)[0]])


@pytest.mark.parametrize("model", sorted(ADMIN))
def test_the_admin_site_is_for_supervisors_within_their_area(world: World, model: str) -> None:
    wrong = []
    for page in ADMIN_PAGES:
        for who, user in world.people.items():
            for method in ("get", "post"):
                with transaction.atomic():
                    answer = getattr(browser(user), method)(admin_address(model, page, world))
                    transaction.set_rollback(True)
                met, wanted = outcome(answer), {admin_expected(model, page, who)}
                if wanted == {"404"} or (wanted == {"403"} and page == "history"):
                    wanted = {"403", "404"}  # may not, whether it exists or not
                if method == "post" and page == "change" and wanted == {"ok"}:
                    wanted = {"ok", "403"}  # what is history is read, not written
                if met not in wanted:
                    wrong.append(f"{method} {page} as {who}: {met}, not {sorted(wanted)}")
    assert not wrong, wrong


@pytest.mark.parametrize("name", [*sorted(ADMIN_VERBS), ADMIN_PASSWORD])
def test_the_dialogs_of_the_admin_site_touch_no_record_of_another_county(world: World, name: str) -> None:
    kind = ADMIN_VERBS.get(name, "user")
    record = getattr(world.records, kind)
    before = type(record).objects.filter(pk=record.pk).values().get()
    facts = {
        "_form_submitted": "1",
        "reason": "x",
        "password1": "a-long-passphrase-9",
        "password2": "a-long-passphrase-9",
    }
    for who in ("anonymous", "stranger", "bob", "alice", "officer", "far"):
        answer = browser(world.people[who]).post(reverse(name, args=[record.pk]), facts)
        assert outcome(answer) in ("login", "404") or who == "far", (who, answer.status_code)
    assert type(record).objects.filter(pk=record.pk).values().get() == before


@pytest.mark.parametrize("name", sorted(ADMIN_TOOLS))
def test_the_tools_of_the_admin_site_are_for_supervisors(world: World, name: str) -> None:
    allowed = {"carol", "far", *(("root",) if ADMIN_TOOLS[name] else ())}
    for who, user in world.people.items():
        met = outcome(browser(user).get(reverse(name)))
        refused = "403" if who == "root" else "login"
        assert met == ("ok" if who in allowed else refused), who


def test_the_frame_of_the_admin_site_shows_nothing_of_another_county(world: World) -> None:
    far = browser(world.people["far"])
    seen = [
        far.get(reverse("admin:index")),
        far.get(reverse("admin:search"), {"s": NAME}),
        far.get(reverse("admin:app_list", args=["cases"])),
        *(
            far.get(f"{reverse(f'admin:{model}_changelist')}?q={word}")
            for model in ADMIN
            for word in (NAME, PHONE[-4:], "alice", "锦绣", "病例9")
        ),
    ]
    for answer in seen:
        assert answer.status_code == 200, answer.wsgi_request.path
        for line in answer.content.decode().splitlines():
            if 'name="q"' not in line and "?q=" not in line and 'value="' not in line:
                assert NAME not in line
                assert MASKED not in line
                assert "锦绣花园" not in line


@pytest.mark.parametrize(
    ("app", "model", "field", "word"),
    [
        ("zones", "building", "compound", "锦绣"),
        ("zones", "compound", "community", "锦绣"),
        ("accounts", "apitoken", "user", "alice"),
        ("accounts", "user", "area", "锦绣"),
        ("supplies", "receivingpoint", "compound", "锦绣"),
        ("supplies", "hotlineshift", "user", "alice"),
        ("supplies", "minimumlevel", "store", "社区"),
    ],
)
def test_choices_of_the_admin_site_offer_nothing_of_another_county(
    world: World, app: str, model: str, field: str, word: str
) -> None:
    asked = {"app_label": app, "model_name": model, "field_name": field, "term": word}
    mine = browser(world.people["carol"]).get(reverse("admin:autocomplete"), asked).json()["results"]
    theirs = browser(world.people["far"]).get(reverse("admin:autocomplete"), asked).json()["results"]
    assert mine
    assert not theirs


def test_the_admin_sites_own_link_to_a_page_tells_nobody_that_a_record_exists(world: World) -> None:
    from django.contrib.contenttypes.models import ContentType

    kind = ContentType.objects.get_for_model(Episode)
    for who in ("bob", "far", "anonymous"):
        there = browser(world.people[who]).get(f"/admin/r/{kind.pk}/{world.key('episode')}/")
        nowhere = browser(world.people[who]).get(f"/admin/r/{kind.pk}/999999/")
        assert there.status_code == nowhere.status_code == 404
