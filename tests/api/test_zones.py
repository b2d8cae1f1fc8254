"""Zones over the API: read by anybody, sealed and opened by supervisors, by the clock and by no task."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Level, Role
from tests.api.conftest import System
from tests.api.test_infections import november
from tests.builders import area, episode, noon, staff
from zones.actions import ensure_units, staircase
from zones.models import Unit, UnitSeal, Zone, ZoneProposal

Go = Callable[[dt.date], None]


class Places:
    """Units of 锦绣花园 by building and unit name."""

    def __init__(self, community: Area, compound: str = "锦绣花园") -> None:
        self.community, self.compound = community, compound

    def unit(self, building: str, unit: str = "1单元") -> Unit:
        stairs = staircase(community=self.community, compound=self.compound, building=building, unit=unit)
        return ensure_units([stairs])[stairs]


@pytest.fixture
def places(home: Area) -> Places:
    return Places(home)


@pytest.fixture
def street_desk(here: System, carol: User) -> System:
    """The key of the street's supervisor, on 14 November."""
    return System(carol)


@pytest.fixture
def local(here: System, home: Area) -> System:
    """The key of a supervisor of this community only."""
    return System(staff("erin", home, Role.SUPERVISOR))


def infected(system: System, unit: Unit, **changes: Any) -> int:
    """An infection found on 14 November, at home in that unit."""
    body = {"found_on": "2022-11-14", "community": "110105001001"} | changes
    pk: int = system.post("infections/", body)[1]["infection"]["id"]
    stay = {"purpose": "home", "unit": unit.pk, "from_on": "2022-11-13", "to_on": "2022-11-14"}
    assert system.post(f"infections/{pk}/stays/", stay)[0] == 201
    return pk


def seal(system: System, infection: int, *units: Unit, key: str = "", **more: Any) -> tuple[int, Any]:
    body = {"units": [{"unit": unit.pk, "purpose": "home"} for unit in units]} | more
    answer: tuple[int, Any] = system.post(f"infections/{infection}/zones/", body, key=key)
    return answer


def anybody(path: str, **query: Any) -> Any:
    """Without a key, without an account."""
    answer = Client().get(f"/api/v1/{path}", query)
    return answer.status_code, answer.json()


# ── sealing ──────────────────────────────────────────────────────────────────────────────────────


def test_from_an_infection_to_a_zone_that_anybody_reads(street_desk: System, places: Places) -> None:
    unit, beside = places.unit("4号楼"), places.unit("4号楼", "2单元")
    pk = infected(street_desk, unit)
    proposed = street_desk.get(f"infections/{pk}/zones/")[1]
    assert [each["unit"] for each in proposed["units"]] == [unit.pk]
    assert [each["unit"] for each in proposed["others"]] == [beside.pk]
    assert proposed["silent_because"] == ""
    status, body = seal(street_desk, pk, unit, beside)
    assert (status, body["changed"]) == (201, True)
    made = body["results"][0]
    assert (sorted(made["sealed"]), made["taken"], made["proposal"]) == ([unit.pk, beside.pk], [], None)
    status, zone = anybody(f"zones/{made['zone']['id']}/")
    assert (status, zone) == (200, made["zone"])
    assert (zone["high_risk"], zone["units_sealed"], zone["unit_count"]) == (True, 2, 2)
    assert (zone["release_on"], zone["clause"], zone["wider_reason"]) == ("2022-11-20", "二(四)", None)
    clock = zone["units"][0]
    assert (clock["building"], clock["name"], clock["state"]) == ("4号楼", "1单元", "sealed")
    assert (clock["last_infection_on"], clock["clean_days"]) == ("2022-11-14", 5)
    assert (clock["day"], clock["days_left"], clock["release_on"]) == (0, 6, "2022-11-20")
    counted = street_desk.get(f"infections/{pk}/")[1]
    assert counted["counts"]["units_sealed"] == 2
    assert {each["unit"] for each in counted["seals"]} == {unit.pk, beside.pk}


def test_it_opens_at_midnight_whether_or_not_a_task_has_run(
    street_desk: System, places: Places, the_day: Go
) -> None:
    unit = places.unit("4号楼")
    zone = seal(street_desk, infected(street_desk, unit), unit)[1]["results"][0]["zone"]["id"]
    for day, high_risk, nth, left in ((19, True, 5, 1), (20, False, 5, 0)):
        the_day(november(day))
        body = anybody(f"zones/{zone}/")[1]
        clock = body["units"][0]
        assert (body["high_risk"], clock["day"], clock["days_left"]) == (high_risk, nth, left)
        assert clock["state"] == ("sealed" if high_risk else "open")
        now, past = (
            [row["id"] for row in anybody("zones/", **query)[1]["results"]]
            for query in ({}, {"state": "past"})
        )
        assert (now, past) == (([zone], []) if high_risk else ([], [zone]))
    assert UnitSeal.objects.get().swept_at is None


def test_sealing_twice_is_one_seal_and_the_second_is_told(street_desk: System, places: Places) -> None:
    unit = places.unit("4号楼")
    pk = infected(street_desk, unit)
    first = seal(street_desk, pk, unit, key="s-1")
    assert seal(street_desk, pk, unit, key="s-1") == first
    status, body = seal(street_desk, pk, unit)
    assert (status, body["code"]) == (409, "all_taken")
    assert Zone.objects.count() == UnitSeal.objects.count() == 1


def test_an_infection_found_in_central_isolation_seals_nothing_without_a_reason(
    street_desk: System, places: Places
) -> None:
    unit = places.unit("4号楼")
    pk = infected(street_desk, unit, found_where="central")
    proposed = street_desk.get(f"infections/{pk}/zones/")[1]
    assert proposed["units"] == []
    assert proposed["silent_because"]
    status, body = seal(street_desk, pk, unit)
    assert (status, body["code"], body["clause"], body["field"]) == (
        409,
        "reason_needed",
        "二(四)",
        "reason",
    )
    assert seal(street_desk, pk, unit, reason="隔离前在楼内活动")[0] == 201


def test_what_is_over_is_not_sealed(street_desk: System, places: Places, the_day: Go) -> None:
    unit = places.unit("4号楼")
    pk = infected(street_desk, unit)
    the_day(november(20))
    status, body = seal(street_desk, pk, unit)
    assert (status, body["code"]) == (409, "nothing_left")


def test_units_of_another_area_are_not_there(local: System, next_door: Area, places: Places) -> None:
    pk = infected(local, places.unit("4号楼"))
    theirs = Places(next_door, "湖滨里").unit("1号楼")
    status, body = seal(local, pk, theirs)
    assert (status, set(body)) == (400, {"units"})
    status, body = seal(local, pk, places.unit("4号楼"), infections=[999999])
    assert (status, set(body)) == (400, {"infections"})
    assert local.post(f"infections/{pk}/restart/", {"units": [theirs.pk]})[0] == 400


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"units"}),
        ({"units": []}, {"units"}),
        ({"units": [1]}, {"units.0"}),
        ({"units": [{"unit": 1}]}, {"units.0.purpose"}),
        ({"units": [{"unit": 10**40, "purpose": "home"}]}, {"units.0.unit"}),
        ({"units": [{"unit": 1, "purpose": "home"}], "wider": "because"}, {"wider"}),
        ({"units": [{"unit": 1, "purpose": "home"}], "infections": ["x"]}, {"infections"}),
        ({"units": [{"unit": 1, "purpose": "home"}], "days": 9}, {"days"}),
    ],
)
def test_a_malformed_designation_is_told_field_by_field(
    street_desk: System, places: Places, body: Any, fields: set[str]
) -> None:
    pk = infected(street_desk, places.unit("4号楼"))
    status, answer = street_desk.post(f"infections/{pk}/zones/", body)
    assert (status, set(answer)) == (400, fields), answer
    assert not Zone.objects.exists()


# ── restarting, opening early ────────────────────────────────────────────────────────────────────


def test_a_new_infection_restarts_its_own_unit_and_no_other(
    street_desk: System, places: Places, the_day: Go
) -> None:
    unit, beside = places.unit("4号楼"), places.unit("4号楼", "2单元")
    seal(street_desk, infected(street_desk, unit), unit, beside)
    the_day(november(16))
    second = infected(street_desk, unit, found_on="2022-11-16")
    open_unit, unconcerned = places.unit("4号楼", "3单元"), places.unit("5号楼")
    status, body = street_desk.post(f"infections/{second}/restart/", {"units": [unit.pk, unconcerned.pk]})
    assert (status, body["code"], body["clause"], body["field"]) == (409, "not_concerned", "二(四)", "units")
    status, body = street_desk.post(f"infections/{second}/restart/", {"units": [unit.pk, open_unit.pk]})
    assert (status, body["changed"], body["unsealed"]) == (200, True, [open_unit.pk])
    assert [(each["unit"], each["release_on"]) for each in body["restarted"]] == [(unit.pk, "2022-11-22")]
    zone = Zone.objects.get().pk
    dates = {each["unit"]: each["release_on"] for each in anybody(f"zones/{zone}/")[1]["units"]}
    assert dates == {unit.pk: "2022-11-22", beside.pk: "2022-11-20"}
    again = street_desk.post(f"infections/{second}/restart/", {"units": [unit.pk]})[1]
    assert (again["changed"], [each["unit"] for each in again["unchanged"]]) == (False, [unit.pk])


def test_found_in_central_isolation_it_restarts_nothing_without_a_reason(
    street_desk: System, places: Places, the_day: Go
) -> None:
    unit = places.unit("4号楼")
    seal(street_desk, infected(street_desk, unit), unit)
    the_day(november(16))
    second = infected(street_desk, unit, found_on="2022-11-16", found_where="central")
    path = f"infections/{second}/restart/"
    status, body = street_desk.post(path, {"units": [unit.pk]})
    assert (status, body["code"], body["field"]) == (409, "reason_needed", "reason")
    assert UnitSeal.objects.get().release_on == november(20)
    assert street_desk.post(path, {"units": [unit.pk], "reason": "隔离前回过家"})[1]["changed"] is True


def test_units_are_opened_early_with_a_reason_and_the_planned_date_stays(
    street_desk: System, places: Places, the_day: Go
) -> None:
    unit, beside = places.unit("4号楼"), places.unit("4号楼", "2单元")
    zone = seal(street_desk, infected(street_desk, unit), unit, beside)[1]["results"][0]["zone"]["id"]
    the_day(november(16))
    path = f"zones/{zone}/end-early/"
    for mistake in ({}, {"reason": ""}, {"reason": "r", "units": []}, {"reason": "r", "units": [999999]}):
        assert street_desk.post(path, mistake)[0] == 400
    status, body = street_desk.post(path, {"reason": "核查无风险", "units": [beside.pk]}, key="o-1")
    assert (status, body["opened"], body["zone"]["units_sealed"]) == (200, 1, 1)
    early = next(each for each in body["zone"]["units"] if each["unit"] == beside.pk)
    assert (early["state"], early["release_on"], early["planned_release_on"]) == (
        "opened_early",
        "2022-11-16",
        "2022-11-20",
    )
    street_desk.post(path, {"reason": "核查无风险", "units": [beside.pk]}, key="o-1")
    assert street_desk.last["Idempotent-Replay"] == "true"
    body = street_desk.post(path, {"reason": "核查无风险"})[1]
    assert (body["opened"], body["zone"]["high_risk"]) == (1, False)
    assert street_desk.post(path, {"reason": "核查无风险"})[1]["changed"] is False


# ── more than units and buildings ────────────────────────────────────────────────────────────────


@pytest.fixture
def proposal(local: System, places: Places) -> dict[str, Any]:
    """Units of the next building, proposed by the community's supervisor."""
    unit, beyond = places.unit("4号楼"), places.unit("6号楼")
    pk = infected(local, unit)
    status, body = seal(local, pk, unit, beyond)
    assert (status, body["code"], body["clause"], body["field"]) == (
        409,
        "wider_reason_needed",
        "三(二)",
        "wider",
    )
    assert not Zone.objects.exists()
    status, body = seal(local, pk, unit, beyond, wider="risk_unclear", wider_note="传播链不清")
    made = body["results"][0]
    assert (status, made["sealed"], made["proposal"]["units"]) == (201, [unit.pk], [beyond.pk])
    assert made["proposal"]["causes"] == [
        {"infection": pk, "found_on": "2022-11-14", "found_where": "community"}
    ]
    found: dict[str, Any] = made["proposal"]
    return found


def test_a_wider_zone_is_sealed_once_somebody_above_approves(
    proposal: dict[str, Any], local: System, street_desk: System
) -> None:
    path = f"zones/proposals/{proposal['id']}/decide/"
    status, body = local.post(path, {"decision": "approved"})
    assert (status, body["code"]) == (409, "not_above")
    assert [row["id"] for row in street_desk.get("zones/proposals/", state="undecided")[1]["results"]] == [
        proposal["id"]
    ]
    status, body = street_desk.post(path, {"decision": "approved"}, key="p-1")
    assert (status, body["changed"], body["proposal"]["state"]) == (200, True, "approved")
    zone = anybody(f"zones/{body['zone']['id']}/")[1]
    assert (zone["wider_reason"], zone["wider_note"], zone["high_risk"]) == (
        "risk_unclear",
        "传播链不清",
        True,
    )
    street_desk.post(path, {"decision": "approved"}, key="p-1")
    assert street_desk.last["Idempotent-Replay"] == "true"
    status, body = street_desk.post(path, {"decision": "refused", "reason": "r"})
    assert (status, body["code"]) == (409, "decided_already")
    assert Zone.objects.count() == 2


def test_a_refusal_says_why_and_seals_nothing(proposal: dict[str, Any], street_desk: System) -> None:
    path = f"zones/proposals/{proposal['id']}/decide/"
    for mistake in ({"decision": "refused"}, {"decision": "later"}, {}):
        assert street_desk.post(path, mistake)[0] == 400
    status, body = street_desk.post(path, {"decision": "refused", "reason": "范围过大"})
    assert (status, body["proposal"]["state"], body["zone"]) == (200, "refused", None)
    assert body["proposal"]["decided_reason"] == "范围过大"
    assert Zone.objects.count() == 1


def test_a_proposal_lapses_when_nothing_is_left_to_seal(
    proposal: dict[str, Any], street_desk: System, the_day: Go
) -> None:
    the_day(november(20))
    rows = street_desk.get("zones/proposals/", state="lapsed")[1]["results"]
    assert [row["state"] for row in rows] == ["lapsed"]
    assert street_desk.get("zones/proposals/", state="undecided")[1]["results"] == []
    status, body = street_desk.post(f"zones/proposals/{proposal['id']}/decide/", {"decision": "approved"})
    assert (status, body["code"]) == (409, "lapsed")


def test_neighbour_worker_analyst_and_stranger_decide_and_open_nothing(
    proposal: dict[str, Any], here: System, reader: System, next_door: Area, stranger: User
) -> None:
    neighbour = System(staff("frank", next_door, Role.SUPERVISOR))
    decide = f"zones/proposals/{proposal['id']}/decide/"
    early = f"zones/{Zone.objects.get().pk}/end-early/"
    bodies: dict[str, dict[str, Any]] = {
        decide: {"decision": "refused", "reason": "r"},
        early: {"reason": "r"},
    }
    for path, body in bodies.items():
        assert neighbour.post(path, body)[0] == 404
        for system in (here, reader, System(stranger)):
            assert system.post(path, body)[0] == 403
        assert Client().post(f"/api/v1/{path}", body, content_type="application/json").status_code == 401
    assert neighbour.get("zones/proposals/")[1]["results"] == []
    assert len(reader.get("zones/proposals/")[1]["results"]) == 1
    assert ZoneProposal.objects.get().decision == ""
    assert UnitSeal.objects.get().ending == ""


# ── for anybody ──────────────────────────────────────────────────────────────────────────────────


def test_what_anybody_reads_names_no_person_no_case_and_nobody_who_decided(
    proposal: dict[str, Any], street_desk: System, alice: User
) -> None:
    episode(alice, name="欧阳特殊")
    street_desk.post(f"zones/proposals/{proposal['id']}/decide/", {"decision": "approved", "reason": "同意"})
    pages = [Client().get("/api/v1/zones/?state=all")]
    pages += [Client().get(f"/api/v1/zones/{pk}/") for pk in Zone.objects.values_list("pk", flat=True)]
    assert len(pages) == 3
    for page in pages:
        text = page.content.decode()
        for word in ("欧阳特殊", "20221114-1", "王建平", "carol", "erin", "同意", '"infection"', '"purpose"'):
            assert word not in text, word


def test_zones_are_found_by_place(street_desk: System, home: Area, next_door: Area, places: Places) -> None:
    mine, theirs = places.unit("4号楼"), Places(next_door, "湖滨里").unit("1号楼")
    pk = infected(street_desk, mine)
    body = {"purpose": "work", "unit": theirs.pk, "from_on": "2022-11-14", "to_on": "2022-11-14"}
    assert street_desk.post(f"infections/{pk}/stays/", body)[0] == 201
    results = seal(street_desk, pk, mine, theirs)[1]["results"]
    assert len(results) == 2

    def compounds(**query: Any) -> list[str]:
        status, body = anybody("zones/", **query)
        assert status == 200
        return [row["compound"]["name"] for row in body["results"]]

    assert sorted(compounds()) == ["湖滨里", "锦绣花园"]
    assert sorted(compounds(county="110105")) == ["湖滨里", "锦绣花园"]
    assert compounds(county="110108") == compounds(county="x") == []
    assert compounds(community=home.code) == ["锦绣花园"]
    assert compounds(compound=theirs.building.compound_id) == ["湖滨里"]
    for mistake in ({"state": "closed"}, {"compound": "x"}, {"compound": "9" * 30}, {"cursor": "x"}):
        assert anybody("zones/", **mistake)[0] == 400
    for number in ("0", "-1", "x", "9" * 25):
        assert anybody(f"zones/{number}/")[0] == 404


def test_the_public_list_is_cheap_whatever_its_length(
    street_desk: System, street: Area, places: Places, django_assert_num_queries: Any
) -> None:
    for n in range(12):
        community = area(f"第{n}社区", Level.COMMUNITY, f"{street.code}{100 + n}", street)
        unit = Places(community, f"小区{n}").unit("1号楼")
        seal(street_desk, infected(street_desk, unit, community=community.code), unit)
    with django_assert_num_queries(1):
        first = anybody("zones/", page_size=5)[1]
    assert len(first["results"]) == 5
    seen, following = [row["id"] for row in first["results"]], first["next"]
    while following:
        page = Client().get(following).json()
        seen += [row["id"] for row in page["results"]]
        following = page["next"]
    assert len(seen) == len(set(seen)) == 12
    with django_assert_num_queries(2):
        anybody(f"zones/{seen[0]}/")


def test_what_anybody_reads_can_not_be_written(street_desk: System) -> None:
    for method in ("post", "put", "patch", "delete", "options"):
        for path in ("zones/", "zones/1/"):
            answer = getattr(Client(), method)(f"/api/v1/{path}", headers=street_desk.headers)
            assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_a_key_of_the_past_reads_no_more_than_none(street_desk: System) -> None:
    street_desk.token.revoke(noon(november(14)))
    assert street_desk.get("zones/")[0] == 200
    assert street_desk.get("zones/proposals/")[0] == 401
