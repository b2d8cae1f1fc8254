"""The schema: valid, complete, and kept by the app whatever a caller sends."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.actions import ensure_offices
from accounts.models import Area, Post, User
from accounts.rules import Role
from accounts.scoped import area_columns
from cases.models import Infection
from complaints.actions.filing import Filing, file_complaint
from complaints.models import Complaint
from policy.clock import midnight
from supplies.rules.needs import NeedKind
from tests.api.conftest import System
from tests.builders import episode
from tests.scope import sealed
from tests.supplies.world import need_of
from zones.actions import ensure_room

CHECKS = (
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)

PUBLIC = {
    "/api/v1/zones/",
    "/api/v1/zones/{id}/",
    "/api/v1/complaints/behaviours/",
    "/api/v1/complaints/statistics/",
}


def the_schema() -> dict[str, Any]:
    answer = Client().get("/api/v1/schema/", {"format": "json"})
    assert answer.status_code == 200
    schema: dict[str, Any] = json.loads(answer.content)
    return schema


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in the_schema()["paths"].items()
        for method, operation in methods.items()
    ]


@pytest.mark.django_db
def test_the_schema_is_valid_and_says_everything() -> None:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert "bearer" in out.getvalue()


@pytest.mark.django_db
def test_every_operation_has_a_tag_its_errors_and_its_key() -> None:
    assert the_schema()["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for method, path, operation in operations():
        assert operation["tags"], path
        assert operation["summary" if "summary" in operation else "description"], path
        if path.startswith("/api/v1/policy/") or (method == "GET" and path in PUBLIC):
            continue
        assert {"key": []} in operation["security"], path
        assert {"400", "401", "403", "429"} <= operation["responses"].keys(), path
        headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
        writes = method in ("POST", "PATCH")
        assert headers == ({"Idempotency-Key"} if writes else set()), path
        assert ("409" in operation["responses"]) == writes, path
        assert ("404" in operation["responses"]) == ("{" in path or path.endswith("/results/")), path


@pytest.fixture
def one_transaction() -> Iterator[None]:
    """Requests inside the transaction of the test, which the end of a request must not close."""
    edges = (signals.request_started, signals.request_finished)
    for edge in edges:
        edge.disconnect(close_old_connections)
    yield
    for edge in edges:
        edge.connect(close_old_connections)


def a_complaint(alice: User) -> str:
    """The number of one that Alice's system has sent, and that lies at her office."""
    ensure_offices([alice.area])  # type: ignore[list-item]
    Post.objects.create(user=alice, role=Role.COMPLAINT_OFFICER)
    filing = Filing(behaviour="not_unsealed", area=alice.area)  # type: ignore[arg-type]
    receipt = file_complaint(filing, token="t", by=alice, at=midnight(dt.date(2022, 11, 15)))
    Complaint.objects.update(handler=alice.own_office)
    return receipt.number


def everything(alice: User) -> dict[str, int | str]:
    """A record of each kind; their numbers by the address that they stand at."""
    held = episode(alice)
    room = ensure_room(community=alice.area, site="锦绣酒店", number="301")
    records = SimpleNamespace(
        infection=an_infection(alice.area),
        unit=held.person.unit,
        compound=held.person.unit.building.compound,
        ended=held,
        person=held.person,
        site=room.site,
    )
    sealed.complete(records, home=alice.area, alice=alice)
    return {
        "persons/": held.person_id,
        "episodes/": held.pk,
        "tests/": held.tests.first().pk,
        "infections/stays/": records.stay.pk,
        "infections/": records.infection.pk,
        "zones/proposals/": records.proposal.pk,
        "zones/": records.zone.pk,
        "complaints/": a_complaint(alice),
        "needs/": need_of(held.person, NeedKind.TALK, by=alice).number,
    }


def key_for(path: str, keys: dict[str, int | str]) -> int | str:
    """The number of the record that an address is about."""
    return next(key for start, key in keys.items() if path.startswith(f"/api/v1/{start}"))


def an_infection(community: Area) -> Infection:
    """Found on 15 November in the community."""
    on = dt.date(2022, 11, 15)
    return Infection.objects.create(
        **area_columns(community), label="病例1", found_on=on, reported_at=midnight(on)
    )


@pytest.mark.processes
def test_whatever_is_sent_is_answered_as_the_schema_says(
    one_transaction: None, here: System, alice: User, the_day: Callable[[dt.date], None]
) -> None:
    keys = everything(alice)
    the_day(dt.date(2022, 11, 15))
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        tried.add(operation.label)

        @settings(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.headers = {**(case.headers or {}), **here.headers, "Accept-Encoding": "identity"}
            case.call_and_validate(checks=CHECKS)
            if case.path_parameters:  # a number of any kind is mostly nobody's: once more with one that is
                known = key_for(operation.path, keys)  # noqa: B023
                case.path_parameters = dict.fromkeys(case.path_parameters, known)
                case.call_and_validate(checks=CHECKS)

        ask()
    assert len(tried) == len(operations())
