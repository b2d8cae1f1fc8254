"""Nucleic acid tests over the API: samples, results, laboratories."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from cases.models import Episode, NucleicAcidTest
from tests.api.conftest import System, entry_of
from tests.builders import episode

Go = Callable[[dt.date], None]


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture
def first(here: System, the_day: Go) -> dict[str, Any]:
    """The test of 15 November, on that day."""
    body = here.post("episodes/", entry_of())[1]["episode"]
    the_day(november(15))
    test: dict[str, Any] = body["tests"][0]
    return test


def test_sampling_then_result(here: System, first: dict[str, Any]) -> None:
    assert [row["id"] for row in here.get("tests/", state="due")[1]["results"]] == [first["id"]]
    status, body = here.post(f"tests/{first['id']}/sampling/")
    assert (status, body["changed"], body["test"]["state"]) == (200, True, "waiting")
    assert [row["id"] for row in here.get("tests/", state="awaiting")[1]["results"]] == [first["id"]]
    assert here.post(f"tests/{first['id']}/sampling/")[1]["changed"] is False
    path = f"tests/{first['id']}/result/"
    status, body = here.post(path, {"result": "negative", "external_id": "L-1"})
    assert (status, body["changed"], body["test"]["state"], body["test"]["external_id"]) == (
        200,
        True,
        "negative",
        "L-1",
    )
    assert here.post(path, {"result": "negative"})[1]["changed"] is False
    status, body = here.post(path, {"result": "positive"})
    assert (status, body["code"]) == (409, "other_result")
    assert here.get(f"tests/{first['id']}/")[1]["result"] == "negative"


def test_a_test_of_tomorrow_can_not_be_taken_today(here: System, first: dict[str, Any]) -> None:
    pk = here.get("tests/", on="2022-11-16")[1]["results"][0]["id"]
    for path, body in ((f"tests/{pk}/sampling/", {}), (f"tests/{pk}/result/", {"result": "negative"})):
        status, answer = here.post(path, body)
        assert (status, answer["code"], answer["clause"]) == (409, "test_not_due", "二(六)")


def test_a_positive_closes_the_plan_as_transferred(here: System, first: dict[str, Any]) -> None:
    assert here.post(f"tests/{first['id']}/result/", {"result": "positive"})[0] == 200
    body = here.get(f"episodes/{first['episode']}/")[1]
    assert (body["state"], body["ending"], body["code_lifted_at"]) == (
        "awaiting_transfer",
        "transferred",
        None,
    )
    later = next(test for test in body["tests"] if test["on"] == "2022-11-16")
    status, answer = here.post(f"tests/{later['id']}/sampling/")
    assert (status, answer["code"]) == (409, "test_dropped")


def test_for_an_entrant_the_ct_value_decides(here: System, the_day: Go) -> None:
    body = here.post("episodes/", entry_of(category="entrant"))[1]["episode"]
    the_day(november(15))
    path = f"tests/{body['tests'][0]['id']}/result/"
    status, answer = here.post(path, {"result": "positive"})
    assert (status, set(answer)) == (400, {"ct"})
    status, answer = here.post(path, {"result": "positive", "ct": 35})
    assert (answer["test"]["result"], answer["test"]["ct"], answer["test"]["state"]) == (
        "not_positive_by_ct",
        35.0,
        "negative",
    )
    assert here.post(path, {"result": "positive", "ct": "35"})[1]["changed"] is False


def test_a_laboratory_report_counts_once(here: System, first: dict[str, Any]) -> None:
    report = {
        "episode": first["episode"],
        "on": "2022-11-15",
        "result": "negative",
        "external_id": "L-7",
    }
    status, body = here.post("tests/results/", report)
    assert (status, body["changed"], body["test"]["id"]) == (201, True, first["id"])
    status, body = here.post("tests/results/", report)
    assert (status, body["changed"], body["test"]["id"]) == (200, False, first["id"])
    status, body = here.post("tests/results/", report | {"result": "positive"})
    assert (status, body["code"]) == (409, "other_result")
    status, body = here.post("tests/results/", report | {"on": "2022-11-14"})
    assert (status, body["code"]) == (409, "external_id_used")
    status, body = here.post("tests/results/", report | {"external_id": "L-8"})
    assert (status, body["test"]["origin"], body["test"]["scheduled"]) == (201, "outside", False)
    assert NucleicAcidTest.objects.filter(external_id="L-7").count() == 1


def test_a_number_of_another_test_is_refused_without_telling_whose(
    here: System, first: dict[str, Any], bob: User
) -> None:
    theirs = episode(bob, name="赵强", phone="13900000000")
    NucleicAcidTest.objects.filter(pk=theirs.tests.first().pk).update(external_id="L-9")
    report = {"episode": first["episode"], "on": "2022-11-15", "result": "negative", "external_id": "L-9"}
    for path, body in (
        ("tests/results/", report),
        (f"tests/{first['id']}/result/", {"result": "negative", "external_id": "L-9"}),
    ):
        status, answer = here.post(path, body)
        assert (status, answer["code"]) == (409, "external_id_used")
        assert set(answer) == {"code", "clause", "detail", "field"}
    assert here.get(f"tests/{first['id']}/")[1]["result"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"result": "not_positive_by_ct"}, "result"),
        ({"result": None}, "result"),
        ({"result": ["negative"]}, "result"),
        ({"ct": "NaN"}, "ct"),
        ({"ct": -1}, "ct"),
        ({"ct": 100}, "ct"),
        ({"ct": True}, "ct"),
        ({"external_id": ""}, "external_id"),
        ({"external_id": "x" * 81}, "external_id"),
        ({"episode": 10**40}, "episode"),
        ({"episode": "x"}, "episode"),
        ({"on": 20221115}, "on"),
    ],
)
def test_each_mistake_in_a_report_stands_at_its_field(
    here: System, first: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    report = {"episode": first["episode"], "on": "2022-11-15", "result": "negative", "external_id": "L-1"}
    status, body = here.post("tests/results/", report | changes)
    assert (status, set(body)) == (400, {field})


def test_tests_are_found_by_date_and_by_what_they_wait_for(
    here: System, first: dict[str, Any], the_day: Go
) -> None:
    def days(**query: Any) -> list[str]:
        status, body = here.get("tests/", **query)
        assert status == 200
        return [row["on"][-2:] for row in body["results"]]

    assert days() == ["15", "16", "17", "19", "20", "22"]
    assert days(on="2022-11-16") == ["16"]
    assert days(since="2022-11-17", until="2022-11-20") == ["17", "19", "20"]
    assert days(person=first["person"], episode=first["episode"], state="due") == ["15"]
    the_day(november(17))
    assert days(state="missed") == ["15", "16"]
    for mistake in ({"on": "17.11."}, {"state": "late"}, {"episode": "-1"}):
        assert here.get("tests/", **mistake)[0] == 400


def test_a_result_for_a_withdrawn_episode_is_stored_and_changes_nothing_else(
    here: System, first: dict[str, Any]
) -> None:
    here.post(f"episodes/{first['episode']}/withdraw/", {"reason": "重名"})
    report = {"episode": first["episode"], "on": "2022-11-15", "result": "negative", "external_id": "L-1"}
    status, body = here.post("tests/results/", report)
    assert (status, body["test"]["origin"], body["test"]["result"]) == (201, "outside", "negative")
    assert Episode.objects.get().ending == "withdrawn"
