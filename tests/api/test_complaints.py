"""Complaints for other systems: filed with a receipt, followed by the sender, handled by an office."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, IdempotencyKey, Office
from accounts.rules import Department, Level, Role
from complaints.actions.filing import secret_digest
from complaints.actions.handling import refer
from complaints.actions.word import say_satisfied
from complaints.models import Complainant, Complaint, Look
from complaints.rules.behaviours import BEHAVIOURS
from policy import clock
from policy.refusals import RuleViolation
from tests.api.conftest import System
from tests.builders import area, noon
from tests.complaints.cast import TEXT, TODAY, WHO, Cast, cast_of, filed, office, officer
from zones.models import Compound

NEVER = (WHO.name, WHO.phone)


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, the_day: Callable[[dt.date], None]) -> Cast:
    """The offices of the county and of the next one, on the day of the complaints."""
    the_day(TODAY)
    assert county.parent is not None
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


@pytest.fixture
def hotline(cast: Cast) -> System:
    """The platform of the county's hotline: it files, and handles nothing."""
    return System(cast.operator)


@pytest.fixture
def desk(cast: Cast) -> System:
    """The platform of the county's task force."""
    return System(cast.task_force)


def call(home: Area, **changes: Any) -> dict[str, Any]:
    """A complaint about the street office, as a hotline's platform sends it."""
    body = {
        "behaviour": "not_unsealed",
        "area": home.code,
        "place": "锦绣花园4号楼",
        "whom": "street",
        "text": TEXT,
        "since_on": "2022-11-09",
        "ordered": "oral",
        "external_id": "12345-20221116-0007",
        "complainant": {"name": WHO.name, "phone": f"+86 {WHO.phone}"},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def test_a_system_files_a_complaint_and_hands_the_receipt_over(hotline: System, cast: Cast) -> None:
    status, receipt = hotline.post("complaints/", call(cast.home))
    assert status == 201
    complaint = Complaint.objects.get()
    assert receipt["number"] == complaint.number
    assert secret_digest(receipt["secret"]) == complaint.secret_digest
    assert (receipt["state"], receipt["clause"], receipt["area"]) == ("received", "二(十六)", cast.home.code)
    assert receipt["handler"] == office(cast.county, Department.TASK_FORCE).name
    assert receipt["due_at"].startswith("2022-11-17T04:00:")
    assert (complaint.source, complaint.filed_by, complaint.since_on) == (
        "system",
        cast.operator,
        dt.date(2022, 11, 9),
    )
    assert complaint.respondent == office(cast.home.line[Level.STREET])
    who = Complainant.objects.get()
    assert (who.name, who.phone) == (WHO.name, WHO.phone)


def test_a_repeated_call_gets_the_same_receipt_and_files_nothing_more(hotline: System, cast: Cast) -> None:
    first = hotline.post("complaints/", call(cast.home), key="call-7")
    again = hotline.post("complaints/", call(cast.home), key="call-7")
    assert first == again
    assert hotline.last["Idempotent-Replay"] == "true"
    assert Complaint.objects.count() == 1
    kept = str(IdempotencyKey.objects.get().answer)
    assert first[1]["secret"] not in kept
    assert WHO.phone not in kept


def test_a_number_of_the_sender_is_filed_once_and_only_for_that_sender(
    hotline: System, desk: System, cast: Cast
) -> None:
    number = hotline.post("complaints/", call(cast.home))[1]["number"]
    for key in ("", "other-key"):
        status, refused = hotline.post("complaints/", call(cast.home, text="再报一次"), key=key)
        assert (status, refused["code"], refused["number"]) == (409, "known_already", number)
        assert "secret" not in refused
    assert desk.post("complaints/", call(cast.home))[0] == 201
    assert Complaint.objects.count() == 2


def test_an_anonymous_complaint_of_a_behaviour_alone_is_a_whole_one(hotline: System, cast: Cast) -> None:
    body = {"behaviour": "lorry_test_wait", "area": cast.county.code}
    status, receipt = hotline.post("complaints/", body)
    assert (status, receipt["urgent"]) == (201, True)
    assert receipt["handler"] == office(cast.county, Department.TRANSPORT).name
    assert not Complainant.objects.exists()


def test_a_compound_names_its_community(hotline: System, cast: Cast) -> None:
    compound = Compound.objects.create(community=cast.home, name="锦绣花园")
    status, receipt = hotline.post("complaints/", call(cast.home, area=None, compound=compound.pk))
    assert (status, receipt["area"]) == (201, cast.home.code)
    assert Complaint.objects.get().compound == compound


def test_the_place_is_understood_as_on_the_form_and_comes_with_our_own_facts(
    hotline: System, cast: Cast
) -> None:
    compound = Compound.objects.create(community=cast.home, name="锦绣花园")
    status, receipt = hotline.post("complaints/", call(cast.home, area=cast.county.code))
    complaint = Complaint.objects.get()
    assert (status, receipt["area"], complaint.compound) == (201, cast.home.code, compound)
    assert complaint.respondent == office(cast.home.line[Level.STREET])
    assert "no_zone" in {fact["code"] for fact in complaint.facts}
    elsewhere = call(cast.home, area="110105001002", external_id="2")
    assert hotline.post("complaints/", elsewhere)[1]["area"] == "110105001002"
    assert Complaint.objects.get(external_id="2").compound is None


def test_what_is_wrong_is_said_by_field(hotline: System, cast: Cast) -> None:
    elsewhere = Compound.objects.create(community=Area.objects.get(code="110105001002"), name="湖滨里")
    for field, changes in {
        "behaviour": {"behaviour": "weather"},
        "area": {"area": "110108"},
        "compound": {"compound": elsewhere.pk},
        "site": {"site": 99},
        "respondent": {"respondent": office(Area.objects.get(code="110108")).pk},
        "text": {"behaviour": "other", "text": ""},
        "since_on": {"since_on": "2022-11-17"},
        "whom": {"whom": "me"},
        "ordered": {"ordered": 1},
        "external_id": {"external_id": "x" * 81},
        "complainant.email": {"complainant": {"email": "nobody"}},
        "complainant": {"complainant": "x"},
        "secret": {"secret": "1234"},
    }.items():
        status, answer = hotline.post("complaints/", call(cast.home, **changes))
        assert (status, list(answer)) == (400, [field]), answer
    assert not Complaint.objects.exists()


def test_whoever_may_not_file_is_told_so(cast: Cast) -> None:
    status, refused = System(cast.community).post("complaints/", call(cast.home))
    assert (status, refused["code"]) == (403, "role")
    assert Client().post("/api/v1/complaints/", call(cast.home), "application/json").status_code == 401


# ── following ────────────────────────────────────────────────────────────────────────────────────


def test_the_sender_follows_what_it_sent_and_nothing_else(hotline: System, cast: Cast) -> None:
    others = filed(cast.home)
    number = hotline.post("complaints/", call(cast.home))[1]["number"]
    assert [row["number"] for row in hotline.get("complaints/")[1]["results"]] == [number]
    status, found = hotline.get(f"complaints/{number}/")
    assert status == 200
    assert (found["state"], found["late"], found["text"], found["place"]) == ("received", False, None, None)
    assert [step["kind"] for step in found["steps"]] == ["received"]
    assert found["respondent"] == office(cast.home.line[Level.STREET]).name
    assert hotline.get(f"complaints/{others.number}/")[0] == 404
    assert not Look.objects.exists()


def test_nobody_reads_through_the_api_who_complained(hotline: System, desk: System, cast: Cast) -> None:
    number = hotline.post("complaints/", call(cast.home))[1]["number"]
    for system in (hotline, desk, System(cast.city)):
        for path in ("complaints/", f"complaints/{number}/"):
            system.get(path)
            told = system.last.content.decode()
            assert number in told
            assert not [word for word in NEVER if word in told]


def test_the_desk_reads_the_case_and_its_look_is_written_down(desk: System, cast: Cast) -> None:
    number = filed(cast.home).number
    status, found = desk.get(f"complaints/{number}/")
    assert (status, found["text"], found["place"]) == (200, TEXT, "锦绣花园4号楼")
    assert list(Look.objects.values_list("by", "what")) == [(cast.task_force.pk, "case")]


def test_the_office_complained_about_and_the_neighbour_see_nothing(cast: Cast) -> None:
    number = filed(cast.home).number
    for user in (cast.street, cast.neighbour, cast.health):
        system = System(user)
        assert system.get("complaints/")[1]["results"] == []
        assert system.get(f"complaints/{number}/")[0] == 404
        for verb, body in VERBS.items():
            assert system.post(f"complaints/{number}/{verb}/", body)[0] == 404, (user, verb)
    assert Complaint.objects.get().state == "received"


def test_lists_are_narrowed_down(desk: System, cast: Cast, the_day: Callable[[dt.date], None]) -> None:
    early = filed(cast.home, at=noon(TODAY) - dt.timedelta(days=2)).number
    late = filed(cast.home, behaviour="extra_tests").number
    mine = desk.post("complaints/", call(cast.home, whom="unknown"))[1]["number"]

    def found(**query: str) -> set[str]:
        status, body = desk.get("complaints/", **query)
        assert status == 200, body
        return {row["number"] for row in body["results"]}

    assert found() == {early, late, mine} == found(state="open")
    assert found(state="closed") == set()
    assert found(behaviour="extra_tests") == {late}
    assert found(late="true") == {early}
    assert found(late="false") == {late, mine}
    assert found(since="2022-11-15") == {late, mine}
    assert found(until="2022-11-14") == {early}
    assert found(external_id="12345-20221116-0007") == {mine} == found(sent="true")
    assert found(area="110105001002") == set()
    assert desk.get("complaints/", state="odd")[0] == 400


def test_a_page_costs_four_queries_whatever_its_length(desk: System, cast: Cast) -> None:
    desk.get("complaints/")
    for _each in range(2):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            desk.get("complaints/")
        assert len(asked) <= 2 + 4  # key and roles, then office and rows
        for _more in range(8):
            filed(cast.home)


# ── handling ─────────────────────────────────────────────────────────────────────────────────────

VERBS: dict[str, dict[str, Any]] = {
    "accept": {},
    "answer": {"text": "已责成街道当日拆除。"},
    "send-back": {"reason": "非本部门职责"},
    "close": {},
    "add": {"text": "今天还没拆"},
}


def test_the_desk_accepts_answers_and_closes(desk: System, cast: Cast) -> None:
    number = filed(cast.home).number
    status, done = desk.post(f"complaints/{number}/accept/", {"complex": True})
    assert (status, done["complaint"]["state"]) == (200, "accepted")
    assert done["complaint"]["due_at"].startswith("2022-12-01T04:00:")
    done = desk.post(f"complaints/{number}/answer/", VERBS["answer"])[1]
    assert done["complaint"]["state"] == "answered"
    assert [each["text"] for each in done["complaint"]["answers"]] == [VERBS["answer"]["text"]]
    status, refused = desk.post(f"complaints/{number}/close/")
    assert (status, refused["code"]) == (409, "wrong_state")
    say_satisfied(complaint=Complaint.objects.get(), at=clock.now())
    done = desk.post(f"complaints/{number}/close/")[1]
    assert (done["complaint"]["state"], done["complaint"]["outcome"]) == ("closed", "solved")
    kinds = [step["kind"] for step in done["complaint"]["steps"]]
    assert kinds == ["received", "accepted", "answered", "satisfied", "closed"]


def test_the_case_that_comes_back_from_a_verb_was_looked_at(desk: System, cast: Cast) -> None:
    receipt = filed(cast.home)
    answer = desk.post(f"complaints/{receipt.number}/accept/", {"complex": False})[1]
    assert answer["complaint"]["text"]
    assert list(Look.objects.values_list("by", "what")) == [(cast.task_force.pk, "case")]


def test_the_same_call_twice_acts_once(desk: System, cast: Cast) -> None:
    number = filed(cast.home).number
    first = desk.post(f"complaints/{number}/accept/", key="a")
    assert desk.post(f"complaints/{number}/accept/", key="a") == first
    status, refused = desk.post(f"complaints/{number}/accept/", key="b")
    assert (status, refused["code"]) == (409, "wrong_state")
    assert Complaint.objects.get().events.filter(kind="accepted").count() == 1


def test_a_branch_sends_back_what_is_not_its_business(cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    refer(
        complaint=complaint,
        to=office(cast.county, Department.HEALTH),
        by=cast.task_force,
        at=noon(TODAY),
    )
    branch = System(cast.health)
    path = f"complaints/{complaint.number}/send-back/"
    assert branch.post(path, {"reason": ""})[0] == 400
    status, done = branch.post(path, VERBS["send-back"])
    assert (status, done["complaint"]["handler"]) == (200, office(cast.county, Department.TASK_FORCE).name)
    assert done["complaint"]["text"] is None  # it lies elsewhere now
    assert branch.get(f"complaints/{complaint.number}/")[0] == 404


def test_the_sender_adds_what_the_caller_said_since_and_nobody_else_does(
    hotline: System, desk: System, cast: Cast
) -> None:
    number = hotline.post("complaints/", call(cast.home))[1]["number"]
    assert desk.post(f"complaints/{number}/add/", VERBS["add"])[0] == 404
    status, done = hotline.post(f"complaints/{number}/add/", VERBS["add"])
    assert (status, [step["kind"] for step in done["complaint"]["steps"]]) == (200, ["received", "added"])
    entry = Complaint.objects.get().entries.get()
    assert (entry.kind, entry.text, entry.by) == ("addition", VERBS["add"]["text"], None)
    for verb in ("accept", "answer", "send-back", "close"):
        status, refused = hotline.post(f"complaints/{number}/{verb}/", VERBS[verb])
        assert (status, refused["code"]) == (403, "role")


def test_whoever_is_recused_sees_nothing_any_more(desk: System, cast: Cast) -> None:
    complaint = filed(cast.home).complaint
    complaint.recusals.create(user=cast.task_force, reason="亲属", at=noon(TODAY), by=cast.task_force)
    assert desk.get(f"complaints/{complaint.number}/")[0] == 404
    with pytest.raises(RuleViolation):
        refer(
            complaint=complaint,
            to=office(cast.county, Department.HEALTH),
            by=cast.task_force,
            at=noon(TODAY),
        )


# ── what may be asked ────────────────────────────────────────────────────────────────────────────


def test_anybody_reads_what_can_be_complained_about(cast: Cast) -> None:
    answer = Client().get("/api/v1/complaints/behaviours/")
    assert answer.status_code == 200
    rows = answer.json()
    assert [row["code"] for row in rows] == [kind.code for kind in BEHAVIOURS]
    care = next(row for row in rows if row["code"] == "care_refused")
    assert (care["clause"], care["urgent"], care["label"]["en"]) == (
        "二(十七)",
        True,
        "A hospital refused or delayed care",
    )


def test_offices_are_listed_inside_the_own_area(cast: Cast) -> None:
    street = cast.home.line[Level.STREET]
    system = System(officer("clerk", office(street), Role.ANALYST))
    rows = system.get("offices/")[1]["results"]
    assert {row["area"] for row in rows} == {street.code, cast.home.code, "110105001002"}
    own = next(row for row in rows if row["area"] == street.code)
    assert own["department"] == "government"
    above = Office.objects.get(pk=own["above"])
    assert above == office(cast.county, Department.TASK_FORCE)
    assert system.get("offices/", department="health")[1]["results"] == []
    below = system.get("offices/", under=cast.home.code)[1]["results"]
    assert [row["area"] for row in below] == [cast.home.code]


def test_the_figures_are_public_and_every_share_has_its_whole(desk: System, cast: Cast) -> None:
    number = filed(cast.home).number
    filed(cast.home, behaviour="extra_tests")
    desk.post(f"complaints/{number}/accept/")
    desk.post(f"complaints/{number}/answer/", VERBS["answer"])
    answer = Client().get("/api/v1/complaints/statistics/", {"days": "7", "county": "110105"})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["first"], found["last"], found["county"]) == ("2022-11-10", "2022-11-16", "110105")
    assert (found["total"]["received"], found["total"]["answered"], found["total"]["open"]) == (2, 1, 2)
    share = next(each for each in found["shares"] if each["part"] == "answered")
    assert share == {"part": "answered", "whole": "received", "of_part": 1, "of_whole": 2, "percent": 50.0}
    assert {row["behaviour"] for row in found["by_behaviour"]} == {"not_unsealed", "extra_tests"}
    for query in ({"days": "8"}, {"county": "999999"}, {"county": "x"}, {"odd": "1"}):
        assert list(Client().get("/api/v1/complaints/statistics/", query).json()) == list(query)
