"""Open311 GeoReport v2: services, submitting, following; in both formats, and without anything private."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Area
from accounts.rules import Level
from complaints.actions.filing import secret_digest
from complaints.actions.handling import decline
from complaints.models import Complainant, Complaint
from complaints.open311.views import _AddressThrottle
from complaints.rules.behaviours import BEHAVIOURS
from policy import clock
from tests.api.conftest import System
from tests.builders import area, noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, cast_of, filed, office
from zones.models import Compound

PRIVATE = (TEXT, "锦绣花园", "锦绣社区", WHO.name, WHO.phone, "a@example.org", "39.9219", "116.4430")


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, the_day: Callable[[dt.date], None]) -> Cast:
    """The offices of the county and of the next one, on the day of the complaints."""
    the_day(TODAY)
    assert county.parent is not None
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


@pytest.fixture
def key(cast: Cast) -> str:
    """The key of the county's hotline."""
    return System(cast.operator).headers["Authorization"].removeprefix("Bearer ")


def english() -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def get(path: str, **query: str) -> Any:
    return english().get(f"/open311/{path}", query)


def post(fields: dict[str, Any], form: str = "json", **headers: str) -> Any:
    return english().post(
        f"/open311/v2/requests.{form}",
        urlencode(fields, doseq=True),
        content_type="application/x-www-form-urlencoded; charset=utf-8",
        headers=headers,
    )


def fields_of(key: str, **changes: Any) -> dict[str, Any]:
    """A request as an app on a phone sends it."""
    fields = {
        "api_key": key,
        "service_code": "not_unsealed",
        "lat": "39.9219",
        "long": "116.4430",
        "address_string": "锦绣花园4号楼",
        "last_name": "欧阳",
        "first_name": "特殊",
        "phone": WHO.phone,
        "email": "a@example.org",
        "device_id": "tt222111",
        "description": TEXT,
        "media_url": "http://example.org/1.jpg",
        "attribute[area]": "110105001001",
        "attribute[whom]": "street",
        "attribute[ordered]": "oral",
        "attribute[since]": "2022-11-09T00:00:00+08:00",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def element(answer: Any) -> ElementTree.Element:
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    return ElementTree.fromstring(answer.content)


def errors(answer: Any) -> list[str]:
    """The sentences of an answer that says what is wrong; each carries the status as its code."""
    body = answer.json()
    assert body
    assert {each["code"] for each in body} == {answer.status_code}
    return [each["description"] for each in body]


# ── what can be asked for ────────────────────────────────────────────────────────────────────────


def test_discovery_leads_to_the_endpoint_in_both_formats(cast: Cast) -> None:
    found = get("discovery.json").json()
    endpoint = found["endpoints"][0]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    assert get(endpoint["url"].partition("/open311/")[2] + "/services.json").status_code == 200
    xml = element(get("discovery.xml"))
    assert xml.tag == "discovery"
    assert xml.findtext("endpoints/endpoint/url") == endpoint["url"]
    assert [each.text for each in xml.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]


def test_every_behaviour_is_a_service_in_both_formats(cast: Cast) -> None:
    listed = get("v2/services.json").json()
    assert [each["service_code"] for each in listed] == [kind.code for kind in BEHAVIOURS]
    assert {(each["metadata"], each["type"]) for each in listed} == {(True, "realtime")}
    assert "二(十六)" in listed[0]["description"]
    xml = element(get("v2/services.xml"))
    assert [each.findtext("service_code") for each in xml.findall("service")] == [
        kind.code for kind in BEHAVIOURS
    ]
    assert xml.findtext("service/metadata") == "true"


def test_a_service_says_what_it_asks_for(cast: Cast) -> None:
    found = get("v2/services/care_refused.json").json()
    assert found["service_code"] == "care_refused"
    assert [each["code"] for each in found["attributes"]] == [
        "since",
        "whom",
        "ordered",
        "ordered_by",
        "area",
    ]
    assert [each["order"] for each in found["attributes"]] == [1, 2, 3, 4, 5]
    assert not any(each["required"] for each in found["attributes"])
    xml = element(get("v2/services/care_refused.xml"))
    assert xml.tag == "service_definition"
    keys = [each.text for each in xml.findall("attributes/attribute/values/value/key")]
    assert {"street", "oral"} <= set(keys)


# ── submitting ───────────────────────────────────────────────────────────────────────────────────


def test_a_request_is_filed_and_its_secret_stands_in_the_notice_alone(key: str, cast: Cast) -> None:
    answer = post(fields_of(key))
    assert answer.status_code == 201
    (body,) = answer.json()
    assert set(body) == {"service_request_id", "service_notice", "account_id"}
    complaint = Complaint.objects.get()
    assert body["service_request_id"] == complaint.number
    secret = body["service_notice"].split(": ")[1].split(".")[0]
    assert secret_digest(secret) == complaint.secret_digest
    assert (complaint.source, complaint.filed_by, complaint.area) == ("open311", cast.operator, cast.home)
    assert (complaint.whom, complaint.ordered, complaint.since_on) == ("street", "oral", dt.date(2022, 11, 9))
    assert (complaint.place, complaint.what_happened) == ("锦绣花园4号楼", TEXT)
    assert complaint.respondent == office(cast.home.line[Level.STREET])
    who = Complainant.objects.get()
    assert (who.name, who.phone, who.email) == (WHO.name, WHO.phone, "a@example.org")


def test_coordinates_devices_and_pictures_are_not_kept(key: str, cast: Cast) -> None:
    post(fields_of(key))
    kept = json.dumps(Complaint.objects.values().get(), default=str, ensure_ascii=False)
    for word in ("39.92", "116.44", "tt222111", "example.org/1.jpg"):
        assert word not in kept


def test_xml_answers_carry_the_same(key: str, cast: Cast) -> None:
    answer = post(fields_of(key), "xml")
    assert answer.status_code == 201
    xml = element(answer)
    assert xml.tag == "service_requests"
    number = Complaint.objects.get().number
    assert xml.findtext("request/service_request_id") == number
    assert "Secret: " in (xml.findtext("request/service_notice") or "")


def test_the_same_call_under_one_key_is_filed_once_and_other_words_are_not_swallowed(
    key: str, cast: Cast
) -> None:
    first = post(fields_of(key), **{"Idempotency-Key": "7"})
    again = post(fields_of(key), **{"Idempotency-Key": "7"})
    assert first.content == again.content
    other = post(fields_of(key, description="还没拆"), **{"Idempotency-Key": "7"})
    assert other.json()[0]["service_request_id"] != first.json()[0]["service_request_id"]
    assert Complaint.objects.count() == 2


def test_the_area_is_the_narrowest_one_that_is_named(key: str, cast: Cast) -> None:
    compound = Compound.objects.create(community=cast.home, name="光华里")
    street = cast.home.line[Level.STREET]
    for changes, expected in (
        ({"attribute[area]": None}, cast.county),
        ({"attribute[area]": None, "jurisdiction_id": street.code}, street),
        ({"attribute[area]": None, "jurisdiction_id": street.code, "address_string": None}, street),
        ({"attribute[area]": cast.home.code, "address_string": None}, cast.home),
        ({"attribute[area]": None, "address_string": None, "address_id": compound.pk}, cast.home),
    ):
        answer = post(fields_of(key, **changes))
        assert answer.status_code == 201, answer.content
        number = answer.json()[0]["service_request_id"]
        assert Complaint.objects.get(number=number).area == expected


def test_coordinates_alone_tell_no_place(key: str, cast: Cast) -> None:
    answer = post(fields_of(key, **{"address_string": None, "attribute[area]": None}))
    assert answer.status_code == 400
    assert "coordinates are not kept" in errors(answer)[0]
    assert not Complaint.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(key: str, cast: Cast) -> None:
    wrong = {
        "attribute[whom]": "me",
        "attribute[ordered]": "loudly",
        "attribute[since]": "yesterday",
        "attribute[area]": "110108",
        "attribute[odd]": "1",
        "email": "nobody",
        "description": "长" * 4001,
        "address_id": "99",
    }
    answer = post(fields_of(key, **wrong))
    assert (answer.status_code, len(errors(answer))) == (400, len(wrong))
    future = post(fields_of(key, **{"attribute[since]": "2022-11-17"}))
    assert (future.status_code, errors(future)) == (400, ["This date lies in the future."])
    assert not Complaint.objects.exists()


@pytest.mark.parametrize("form", ["json", "xml"])
def test_without_a_key_that_may_file_there_is_only_a_403(form: str, key: str, cast: Cast) -> None:
    worker = System(cast.community).headers["Authorization"].removeprefix("Bearer ")
    for changes in ({"api_key": None}, {"api_key": "wrong"}, {"api_key": worker}):
        answer = post(fields_of(key, **changes), form)
        assert answer.status_code == 403
        if form == "json":
            assert errors(answer)
        else:
            assert element(answer).findtext("error/code") == "403"
    assert not Complaint.objects.exists()


def test_a_key_in_the_address_is_no_key(key: str, cast: Cast) -> None:
    body = urlencode(fields_of(key, api_key=None))
    form = "application/x-www-form-urlencoded"
    answer = Client().post(f"/open311/v2/requests.json?api_key={key}", body, content_type=form)
    assert answer.status_code == 403


def test_what_does_not_exist_is_a_404_and_what_is_left_out_a_400(key: str, cast: Cast) -> None:
    for changes, status in (
        ({"service_code": None}, 400),
        ({"service_code": "potholes"}, 404),
        ({"jurisdiction_id": "110108"}, 404),
        ({"jurisdiction_id": "x"}, 404),
        ({"service_code": "other", "description": ""}, 400),
    ):
        answer = post(fields_of(key, **changes))
        assert (answer.status_code, bool(errors(answer))) == (status, True), changes
    for path, query in (
        ("v2/services/potholes.json", {}),
        ("v2/services.json", {"jurisdiction_id": "999999"}),
        ("v2/requests/221116-00000000.json", {}),
        ("v2/requests/x.json", {}),
        ("v2/tokens/221116-00000000.json", {}),
        ("v2/odd.json", {}),
    ):
        answer = get(path, **query)
        assert (answer.status_code, bool(errors(answer))) == (404, True), path
    assert element(get("v2/odd.xml")).findtext("error/code") == "404"
    assert element(get("v2/odd")).findtext("error/code") == "404"


def test_only_forms_are_read(key: str, cast: Cast) -> None:
    for body, kind in (
        (json.dumps(fields_of(key)), "application/json"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (urlencode({"description": "x" * 70_000}), "application/x-www-form-urlencoded"),
        (urlencode({str(n): "" for n in range(12_000)}), "application/x-www-form-urlencoded"),
        (urlencode({"description": "x" * 3_000_000}), "application/x-www-form-urlencoded"),
    ):
        answer = Client().post("/open311/v2/requests.json", body, content_type=kind)
        assert answer.status_code == 400
        assert errors(answer)
    refused = Client().put("/open311/v2/requests.json")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, HEAD, POST")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(
    said=st.dictionaries(
        st.sampled_from(
            [
                "description",
                "address_string",
                "attribute[area]",
                "attribute[since]",
                "attribute[whom]",
                "email",
                "phone",
                "lat",
                "jurisdiction_id",
                "address_id",
                "service_code",
                "first_name",
            ]
        ),
        st.text(max_size=60) | st.sampled_from(["\x00", "\ud800", "9" * 30, "0001-01-01", "<b>&amp;"]),
    )
)
def test_whatever_is_sent_is_answered_in_the_form_of_the_specification(
    key: str, cast: Cast, said: dict[str, str]
) -> None:
    fields = {name: value.encode("utf-8", "surrogatepass") for name, value in said.items()}
    for form in ("json", "xml"):
        answer = post(fields_of(key, **fields), form)
        assert answer.status_code in (201, 400, 404)
        if form == "xml":
            element(answer)
        else:
            assert answer.json()


# ── following ────────────────────────────────────────────────────────────────────────────────────


def test_anybody_follows_a_request_and_reads_nothing_private(key: str, cast: Cast) -> None:
    number = post(fields_of(key)).json()[0]["service_request_id"]
    (found,) = get(f"v2/requests/{number}.json").json()
    assert found["service_request_id"] == number
    assert (found["status"], found["service_code"], found["address"]) == ("open", "not_unsealed", "朝阳区")
    assert found["requested_datetime"] == "2022-11-16T00:00:00+08:00"
    assert [found[name] for name in ("description", "lat", "long", "media_url", "address_id")] == [None] * 5
    for path in (f"v2/requests/{number}.json", f"v2/requests/{number}.xml", "v2/requests.json"):
        told = get(path).content.decode()
        assert number in told
        assert not [word for word in PRIVATE if word in told], path
    assert element(get(f"v2/requests/{number}.xml")).findtext("request/status") == "open"
    assert get(f"v2/tokens/{number}.json").json() == [{"service_request_id": number, "token": number}]


def test_what_is_at_its_end_is_closed_and_says_how(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    decline(complaint=complaint, reason="不属于投诉范围", by=cast.task_force, at=clock.now())
    (found,) = get(f"v2/requests/{complaint.number}.json").json()
    assert (found["status"], found["status_notes"]) == ("closed", "not accepted")
    assert found["updated_datetime"] == "2022-11-16T00:00:00+08:00"
    assert "不属于" not in str(found)


def test_lists_are_narrowed_down_as_the_specification_says(cast: Cast) -> None:
    old = filed(cast.home, at=noon(TODAY) - dt.timedelta(days=100)).number
    early = filed(cast.home, at=noon(TODAY) - dt.timedelta(days=40)).number
    tests = filed(cast.home, behaviour="extra_tests").number
    closed = filed(cast.home, behaviour="care_refused").complaint
    decline(complaint=closed, reason="x", by=cast.health, at=clock.now())

    def found(**query: str) -> list[str]:
        answer = get("v2/requests.json", **query)
        assert answer.status_code == 200, answer.content
        return [each["service_request_id"] for each in answer.json()]

    assert found() == [closed.number, tests, early]
    assert found(status="open") == [tests, early]
    assert found(status="closed") == [closed.number]
    assert found(status="open,closed") == found()
    assert found(service_code="extra_tests,care_refused") == [closed.number, tests]
    assert found(service_request_id=f"{old},{tests},odd", status="closed") == [tests, old]
    assert found(start_date="2022-08-01T00:00:00Z") == [early, old]
    assert found(end_date="2022-10-31T00:00:00+08:00") == [early, old]
    assert found(start_date="2022-11-01", end_date="2022-11-30") == [closed.number, tests]
    assert found(jurisdiction_id="110105") == found()
    assert found(jurisdiction_id="110108") == []
    for query, status in (
        ({"status": "late"}, 400),
        ({"service_code": "potholes"}, 404),
        ({"start_date": "yesterday"}, 400),
        ({"start_date": "9999-12-31T00:00:00Z"}, 400),
        ({"end_date": "2022-13-01"}, 400),
        ({"start_date": "2022-01-01T00:00:00Z", "end_date": "2022-11-01T00:00:00Z"}, 400),
        ({"start_date": "2022-11-02", "end_date": "2022-11-01"}, 400),
        ({"jurisdiction_id": cast.home.code}, 404),
    ):
        assert get("v2/requests.json", **query).status_code == status, query


def test_a_list_is_one_query_and_at_most_a_thousand(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for _each in range(4):
        filed(cast.home)
    with CaptureQueriesContext(connection) as asked:
        assert len(get("v2/requests.xml").content) > 100
    assert len(asked) == 1
    monkeypatch.setattr("complaints.open311.reading.MOST_REQUESTS", 3)
    assert len(get("v2/requests.json").json()) == 3


def test_whoever_asks_too_often_waits(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_AddressThrottle, "THROTTLE_RATES", {"public": "2/min"})
    answers = [get("v2/requests.json") for _each in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"]
    assert errors(answers[-1])
