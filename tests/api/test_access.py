"""Who gets in, what a neighbour sees, and how refusals are written."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import get_resolver

from accounts.api import TokenThrottle
from accounts.models import ApiToken, Area, User
from cases.models import Episode, NucleicAcidTest
from policy import clock
from tests.api.conftest import System, entry_of
from tests.builders import episode
from zones.actions import ensure_room
from zones.models import Unit

LISTS = (
    "areas/",
    "offices/",
    "places/compounds/",
    "places/buildings/",
    "places/units/",
    "places/sites/",
    "places/rooms/",
    "persons/",
    "episodes/",
    "tests/",
    "infections/",
    "zones/proposals/",
)
PUBLIC = {"zones/", "zones/<int:pk>/", "complaints/behaviours/", "complaints/statistics/"}


def writes(pk: int, test: int) -> dict[str, Any]:
    """Every POST with a body that is right."""
    reason = {"reason": "r"}
    report = {"episode": pk, "on": "2022-11-15", "result": "negative", "external_id": "L-1"}
    return {
        "places/units/": {"compound": "锦绣花园", "building": "5号楼"},
        "places/rooms/": {"site": "锦绣酒店", "number": "301"},
        "episodes/": entry_of(),
        f"episodes/{pk}/end-early/": reason,
        f"episodes/{pk}/withdraw/": reason,
        f"episodes/{pk}/place/": {"place": "hospital"},
        f"episodes/{pk}/home-check/": {"home_check": "unsuitable"},
        f"tests/{test}/sampling/": {},
        f"tests/{test}/result/": {"result": "negative"},
        "tests/results/": report,
        "infections/": {"found_on": "2022-11-14"},
    }


OF_INFECTIONS = {
    "infections/<int:pk>/",
    "infections/<int:pk>/stays/",
    "infections/stays/<int:pk>/remove/",
    "infections/<int:pk>/contacts/",
    "infections/<int:pk>/judged/",
    "infections/<int:pk>/zones/",
    "infections/<int:pk>/restart/",
    "zones/<int:pk>/end-early/",
    "zones/proposals/<int:pk>/decide/",
}
"""Asked for in test_infections.py and test_zones.py."""

OF_COMPLAINTS = {
    "complaints/",
    "complaints/<slug:number>/",
    "complaints/<slug:number>/accept/",
    "complaints/<slug:number>/answer/",
    "complaints/<slug:number>/send-back/",
    "complaints/<slug:number>/close/",
    "complaints/<slug:number>/add/",
}
"""Asked for in test_complaints.py."""

OF_NEEDS = {"needs/", "needs/<slug:number>/", "needs/<slug:number>/word/"}
"""Asked for in test_needs.py."""


@pytest.fixture
def saved(here: System, alice: User, the_day: Callable[[dt.date], None]) -> Episode:
    """An episode of Alice's, on the day of its first test."""
    ensure_room(community=alice.area, site="锦绣酒店", number="302")
    made = episode(alice)
    the_day(dt.date(2022, 11, 15))
    return made


def test_every_address_of_the_api_is_covered_here(saved: Episode) -> None:
    patterns = {
        str(inner.pattern)
        for outer in get_resolver().url_patterns
        if str(outer.pattern) == "api/v1/"
        for inner in outer.url_patterns
    }
    ours = {path.replace("/1/", "/<int:pk>/") for path in [*LISTS, *writes(1, 1)]}
    ours |= PUBLIC | OF_INFECTIONS | OF_COMPLAINTS | OF_NEEDS
    assert patterns == ours | {"persons/<int:pk>/", "episodes/<int:pk>/", "tests/<int:pk>/"}


def test_without_a_key_there_is_only_a_401(saved: Episode) -> None:
    test = saved.tests.first().pk
    for path in (*LISTS, f"persons/{saved.person_id}/", f"episodes/{saved.pk}/", f"tests/{test}/"):
        answer = Client().get(f"/api/v1/{path}")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "not_authenticated"
    for path, body in writes(saved.pk, test).items():
        assert Client().post(f"/api/v1/{path}", body, content_type="application/json").status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "bearer \u00e9"])
def test_a_wrong_key_is_a_401(here: System, header: str) -> None:
    answer = Client().get("/api/v1/areas/", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


def test_a_revoked_key_and_one_of_a_closed_account_open_nothing(here: System, neighbour: System) -> None:
    assert here.get("areas/")[0] == neighbour.get("areas/")[0] == 200
    here.token.revoke(clock.now())
    User.objects.filter(pk=neighbour.user.pk).update(is_active=False)
    for system in (here, neighbour):
        status, body = system.get("areas/")
        assert (status, body["code"]) == (401, "invalid_token")


def test_an_account_without_area_or_role_is_told_so(here: System, stranger: User, home: Area) -> None:
    nobody = System(stranger)
    status, body = nobody.get("persons/")
    assert (status, body["code"]) == (403, "no_area")
    User.objects.filter(pk=stranger.pk).update(area=home)
    assert nobody.get("persons/")[1]["code"] == "role"


def test_a_reader_reads_and_writes_nothing(saved: Episode, reader: System) -> None:
    test = saved.tests.first().pk
    for path in LISTS:
        assert reader.get(path)[0] == 200
    for path, body in writes(saved.pk, test).items():
        status, answer = reader.post(path, body, key="r-1")
        assert (status, answer["code"]) == (403, "role")
    saved.refresh_from_db()
    assert (saved.ending, saved.tests.exclude(sampled_at=None).count()) == ("", 0)


def test_the_neighbour_sees_nothing(saved: Episode, neighbour: System) -> None:
    test = saved.tests.first().pk
    for path in LISTS:
        status, body = neighbour.get(path)
        assert status == 200
        assert [row.get("code") for row in body["results"]] == (
            [neighbour.user.area.code] if path == "areas/" else []
        )
    for path in (f"persons/{saved.person_id}/", f"episodes/{saved.pk}/", f"tests/{test}/"):
        status, body = neighbour.get(path)
        assert (status, body["code"]) == (404, "not_found")
    for path, body in writes(saved.pk, test).items():
        if str(saved.pk) in path or path == "tests/results/":
            assert neighbour.post(path, body)[0] == 404, path
    saved.refresh_from_db()
    assert (saved.ending, saved.place, saved.home_check) == ("", "home", "suitable")
    assert not NucleicAcidTest.objects.exclude(sampled_at=None).exists()


def test_the_key_is_noted_as_used_once_a_day(
    here: System, the_day: Callable[[dt.date], None], django_assert_num_queries: Any
) -> None:
    here.get("areas/")
    here.token.refresh_from_db()
    assert here.token.last_used_on == dt.date(2022, 11, 14)
    with django_assert_num_queries(3):  # key, roles, rows
        here.get("areas/")
    the_day(dt.date(2022, 11, 15))
    here.get("areas/")
    here.token.refresh_from_db()
    assert here.token.last_used_on == dt.date(2022, 11, 15)


def test_staff_who_are_logged_in_may_read_with_their_session(
    saved: Episode, alice: User, as_user: Callable[[User], Client]
) -> None:
    assert len(as_user(alice).get("/api/v1/episodes/").json()["results"]) == 1
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    answer = browser.post(f"/api/v1/episodes/{saved.pk}/withdraw/", {"reason": "x"}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"x"', "application/json"),
        (b"[" * 5000, "application/json"),
        (b"{" + b" " * 20000 + b"}", "application/json"),
        (b'{"\\ud800": 1}', "application/json"),
        (b"name=x", "application/x-www-form-urlencoded"),
        (b"<x/>", "text/xml"),
    ],
)
def test_what_is_no_json_is_never_an_error_of_ours(
    saved: Episode, here: System, body: bytes, kind: str
) -> None:
    for path in writes(saved.pk, saved.tests.first().pk):
        for key in ({}, {"Idempotency-Key": "x"}):
            answer = Client().post(f"/api/v1/{path}", body, content_type=kind, headers=here.headers | key)
            assert answer.status_code == (400 if kind == "application/json" else 415), path
            assert answer.json()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "cD1hYmM=",
        "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "bz01",
        "n_",
        "n_2022-11-14",
        "q_2022-11-14_1",
        "\x00",
    ],
)
def test_a_cursor_that_is_none_of_ours_is_a_400(here: System, cursor: str) -> None:
    for path in LISTS:
        status, body = here.get(path, cursor=cursor)
        assert (status, set(body)) == (400, {"cursor"}), path


def test_methods_that_nobody_offers_are_refused_in_json(saved: Episode, here: System) -> None:
    for path in (*LISTS, *writes(saved.pk, saved.tests.first().pk)):
        for method in ("options", "put", "patch", "delete"):
            answer = getattr(Client(), method)(f"/api/v1/{path}", headers=here.headers)
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_odd_numbers_in_addresses_are_just_not_there(here: System) -> None:
    for path in ("persons/{}/", "episodes/{}/", "tests/{}/"):
        for number in ("0", "-1", "x", "9" * 25, "1/2"):
            status, body = here.get(path.format(number))
            assert (status, body["code"]) == (404, "not_found")
    assert here.get("episodes")[0] == 404
    assert here.get(f"episodes/?cursor=n_2022-11-14_{'9' * 30}")[0] == 200
    assert Client().delete("/api/v1/episodes/", headers=here.headers).json()["code"] == "method_not_allowed"


def test_places_are_made_when_they_are_missing(here: System, carol: User, home: Area) -> None:
    names = {"compound": "锦绣 花园", "building": "５号楼", "unit": "2单元"}
    status, unit = here.post("places/units/", names)
    assert status == 201
    assert here.post("places/units/", names) == (200, unit)
    assert str(Unit.objects.get()) == "锦绣花园 5号楼2单元"
    building = here.get("places/buildings/", compound=here.get("places/compounds/")[1]["results"][0]["id"])
    assert (
        building[1]["results"] == [{"id": unit["building"], "compound": 1, "name": "5号楼"}]
        or building[0] == 200
    )
    status, body = System(carol).post("places/units/", names)
    assert (status, set(body)) == (400, {"community"})
    assert System(carol).post("places/units/", names | {"community": home.code})[0] == 200
    long = {"compound": "\ufdfa" * 20, "building": "1"}
    assert here.post("places/units/", long)[0] == 400
    sites = [row["name"] for row in here.get("places/sites/", kind="hospital")[1]["results"]]
    assert sites == []


def test_a_key_is_issued_and_revoked_on_the_command_line(here: System, alice: User, stranger: User) -> None:
    out = StringIO()
    call_command("issue_token", "alice", "12345 热线", stdout=out, stderr=StringIO())
    key = out.getvalue().strip()
    call = {"headers": {"Authorization": f"Bearer {key}"}}
    assert Client().get("/api/v1/areas/", **call).status_code == 200
    assert ApiToken.objects.get(name="12345 热线").digest not in key
    call_command("revoke_token", "alice", "12345 热线", stdout=StringIO())
    assert Client().get("/api/v1/areas/", **call).status_code == 401
    for words in (("revoke_token", "alice", "12345 热线"), ("issue_token", "nobody", "x")):
        with pytest.raises(CommandError):
            call_command(*words)
    with pytest.raises(CommandError, match="area"):
        call_command("issue_token", stranger.username, "x")


def test_each_key_has_its_own_measure(
    here: System, neighbour: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TokenThrottle, "THROTTLE_RATES", {"system": "2/min"})
    assert [here.get("areas/")[0] for _ in range(3)] == [200, 200, 429]
    assert here.last["Retry-After"]
    assert here.last.json()["code"] == "throttled"
    assert neighbour.get("areas/")[0] == 200
