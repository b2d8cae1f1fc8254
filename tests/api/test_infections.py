"""Infections and their contacts over the API: reported, changed, traced, and what a neighbour meets."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Area, User
from accounts.rules import Level
from cases.actions.infections import retract_infection
from cases.models import Contact, Episode, Infection, InfectionStay
from tests.api.conftest import System, entry_of
from tests.builders import area, episode, noon
from zones.actions import ensure_room, ensure_units, staircase
from zones.models import Unit

Go = Callable[[dt.date], None]
JSON = "application/json"


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def reported(system: System, **changes: Any) -> dict[str, Any]:
    """An infection found on 14 November, as the county reports it."""
    status, body = system.post("infections/", {"label": "病例7", "found_on": "2022-11-14"} | changes)
    assert (status, body["changed"]) == (201, True)
    made: dict[str, Any] = body["infection"]
    return made


def patch(system: System, path: str, body: object, key: str = "") -> tuple[int, Any]:
    from django.test import Client

    headers = system.headers | ({"Idempotency-Key": key} if key else {})
    answer = Client().patch(f"/api/v1/{path}", body, content_type=JSON, headers=headers)
    return answer.status_code, answer.json()


@pytest.fixture
def unit(home: Area) -> Unit:
    """4号楼1单元 of 锦绣花园."""
    stairs = staircase(community=home, compound="锦绣花园", building="4号楼", unit="1单元")
    return ensure_units([stairs])[stairs]


# ── the record ───────────────────────────────────────────────────────────────────────────────────


def test_a_person_who_is_named_is_found_and_not_mistaken_for_a_number(here: System, alice: User) -> None:
    held = episode(alice)
    status, refused = here.post("infections/", {"found_on": "2022-11-14", "person": held.person_id})
    assert (status, refused["code"]) == (409, "under_control")


def test_an_infection_from_outside_is_recorded_with_what_is_known(here: System) -> None:
    made = reported(
        here,
        manifestation="confirmed",
        ct="27.5",
        sampled_at="2022-11-13T20:00:00+08:00",
        resulted_at="2022-11-14T09:30:00",
    )
    assert (made["label"], made["found_where"], made["manifestation"]) == ("病例7", "community", "confirmed")
    assert (made["ct"], made["person"], made["test"]) == (27.5, None, None)
    assert made["resulted_at"] == "2022-11-14T01:30:00Z"
    assert made["sampled_at"] == "2022-11-13T12:00:00Z"
    assert (made["isolated_at"], made["contacts_judged_at"]) == (None, None)
    assert made["counts"] == {"contacts": 0, "units_sealed": 0}
    assert here.get(f"infections/{made['id']}/") == (200, made)
    assert [row["label"] for row in here.get("infections/")[1]["results"]] == ["病例7"]


def test_without_a_label_the_countys_next_free_one_is_taken(here: System) -> None:
    assert reported(here, label="")["label"] == "20221114-1"
    assert here.post("infections/", {"found_on": "2022-11-14"})[1]["infection"]["label"] == "20221114-2"


def test_a_label_that_is_taken_is_refused_at_its_field(here: System) -> None:
    reported(here)
    status, body = here.post("infections/", {"label": "病例7", "found_on": "2022-11-14"})
    assert (status, body["code"], body["field"]) == (409, "label_taken", "label")
    assert Infection.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"found_on": "2022-11-15"}, "found_on"),
        ({"found_on": "0001-01-01"}, "found_on"),
        ({"found_on": 20221114}, "found_on"),
        ({"found_where": "moon"}, "found_where"),
        ({"manifestation": ""}, "manifestation"),
        ({"ct": "0"}, "ct"),
        ({"ct": 100}, "ct"),
        ({"sampled_at": "2022-11-14T23:00:00+08:00"}, "sampled_at"),
        ({"sampled_at": "9999-12-31T23:59:59-23:00"}, "sampled_at"),
        ({"sampled_at": "0001-01-01T00:00:00+14:00"}, "sampled_at"),
        ({"sampled_at": "2022-11-14"}, "sampled_at"),
        ({"sampled_at": 1668420000}, "sampled_at"),
        ({"person": 999}, "person"),
        ({"person": True}, "person"),
        ({"community": "110105001002"}, "community"),
        ({"label": "x" * 61}, "label"),
        ({"reported_by": 1}, "reported_by"),
    ],
)
def test_each_mistake_stands_at_its_field(
    here: System, next_door: Area, changes: dict[str, Any], field: str
) -> None:
    status, body = here.post("infections/", {"label": "病例7", "found_on": "2022-11-14"} | changes)
    assert (status, set(body)) == (400, {field}), body
    assert not Infection.objects.exists()


def test_what_is_left_out_of_a_change_stays_and_null_empties_it(here: System) -> None:
    made = reported(here, ct=30, admitted_to="地坛医院", resulted_at="2022-11-14T09:00:00+08:00")
    path = f"infections/{made['id']}/"
    status, body = patch(here, path, {"ct": None, "isolated_at": "2022-11-14T11:00:00+08:00"})
    assert (status, body["changed"]) == (200, True)
    now = body["infection"]
    assert (now["ct"], now["admitted_to"], now["label"]) == (None, "地坛医院", "病例7")
    assert now["resulted_at"] == "2022-11-14T01:00:00Z"
    assert now["isolated_at"] == "2022-11-14T03:00:00Z"
    assert patch(here, path, {"admitted_to": "地坛医院"})[1]["changed"] is False
    assert patch(here, path, {"community": "110105001001"})[0] == 400


def test_a_change_under_one_key_takes_effect_once(here: System) -> None:
    path = f"infections/{reported(here)['id']}/"
    first = patch(here, path, {"ct": 30}, key="c-1")
    patch(here, path, {"ct": 31})
    assert patch(here, path, {"ct": 30}, key="c-1") == first
    assert here.get(path)[1]["ct"] == 31.0


def test_the_same_report_under_one_key_is_one_infection(here: System) -> None:
    body = {"found_on": "2022-11-14"}
    assert here.post("infections/", body, key="i-1") == here.post("infections/", body, key="i-1")
    assert Infection.objects.count() == 1


def test_infections_are_found_by_date_place_and_label(here: System, the_day: Go) -> None:
    the_day(november(16))
    for day, where in ((13, "community"), (14, "central"), (15, "community")):
        reported(here, label=f"病例{day}", found_on=f"2022-11-{day}", found_where=where)

    def labels(**query: Any) -> list[str]:
        status, body = here.get("infections/", **query)
        assert status == 200
        return [row["label"] for row in body["results"]]

    assert labels() == ["病例13", "病例14", "病例15"]
    assert labels(since="2022-11-14", until="2022-11-14") == ["病例14"]
    assert labels(found_where="community") == ["病例13", "病例15"]
    assert labels(community="110105001002") == []
    assert labels(label="病例15", community="110105") == ["病例15"]
    retract_infection(infection=Infection.objects.get(label="病例13"), by=here.user, at=noon(november(16)))
    assert labels(retracted="true") == ["病例13"]
    assert labels(retracted="false") == ["病例14", "病例15"]
    for mistake in ({"since": "soon"}, {"found_where": "moon"}, {"person": "x"}):
        assert here.get("infections/", **mistake)[0] == 400


def test_a_page_costs_the_same_at_one_and_at_fifty_infections(
    here: System, django_assert_max_num_queries: Any
) -> None:
    for n in range(51):
        reported(here, label=f"病例{n}")
    here.get("infections/")
    with django_assert_max_num_queries(4):  # key, roles, rows, names
        assert len(here.get("infections/")[1]["results"]) == 50


# ── who ──────────────────────────────────────────────────────────────────────────────────────────


def addresses(pk: int, stay: int, unit: int) -> dict[str, Any]:
    """Every address of one infection with a body that is right; None: it is read."""
    contact = {"name": "何玉珍", "community": "110105001002", "last_exposure_on": "2022-11-14"}
    place = {"purpose": "work", "unit": unit, "from_on": "2022-11-13", "to_on": "2022-11-14"}
    return {
        f"infections/{pk}/stays/": place,
        f"infections/stays/{stay}/remove/": {},
        f"infections/{pk}/contacts/": {"contacts": [contact]},
        f"infections/{pk}/judged/": {},
        f"infections/{pk}/zones/": {"units": [{"unit": unit, "purpose": "home"}]},
        f"infections/{pk}/restart/": {"units": [unit]},
    }


@pytest.fixture
def stay(here: System, unit: Unit) -> InfectionStay:
    made = reported(here)
    body = {"purpose": "home", "unit": unit.pk, "from_on": "2022-11-13", "to_on": "2022-11-14"}
    status, answer = here.post(f"infections/{made['id']}/stays/", body)
    assert (status, answer["stay"]["name"]) == (201, str(unit))
    return InfectionStay.objects.get()


def test_the_neighbour_meets_a_404_and_the_analyst_a_403_and_nobody_else_gets_in(
    stay: InfectionStay, here: System, bob: User, reader: System, unit: Unit, stranger: User
) -> None:
    from accounts.models import Post
    from accounts.rules import Role

    Post.objects.create(user=bob, role=Role.SUPERVISOR)
    neighbour, nobody = System(bob), System(stranger)
    own = f"infections/{stay.infection_id}/"
    assert (neighbour.get(own)[0], reader.get(own)[0], nobody.get(own)[0]) == (404, 200, 403)
    assert neighbour.get("infections/")[1]["results"] == []
    assert (patch(neighbour, own, {"ct": 20})[0], patch(reader, own, {"ct": 20})[0]) == (404, 403)
    for path, body in addresses(stay.infection_id, stay.pk, unit.pk).items():
        assert neighbour.post(path, body)[0] == 404, path
        status, answer = reader.post(path, body)
        assert (status, answer["code"]) == (403, "role"), path
        assert nobody.post(path, body)[0] == 403, path
    for path in ("stays/", "contacts/", "zones/"):
        assert (neighbour.get(own + path)[0], reader.get(own + path)[0]) == (404, 200), path
    found = Infection.objects.get()
    assert (found.ct, found.contacts_judged_at, found.stays.count()) == (None, None, 1)
    assert not Contact.objects.exists()


def test_a_worker_records_and_does_not_seal(stay: InfectionStay, here: System, unit: Unit) -> None:
    for path in ("zones/", "restart/"):
        body = addresses(stay.infection_id, stay.pk, unit.pk)[f"infections/{stay.infection_id}/{path}"]
        status, answer = here.post(f"infections/{stay.infection_id}/{path}", body)
        assert (status, answer["code"]) == (403, "role")


def test_somebody_who_is_out_of_sight_is_not_named(here: System, bob: User) -> None:
    theirs = episode(bob, name="欧阳特殊", phone="13900000000").person
    made = reported(here)
    Infection.objects.filter(pk=made["id"]).update(person=theirs)
    Contact.objects.create(
        infection_id=made["id"],
        person=theirs,
        last_exposure_on=november(14),
        kind="other",
        judged_at=noon(november(14)),
    )
    for path in ("infections/", f"infections/{made['id']}/", f"infections/{made['id']}/contacts/"):
        here.get(path)
        assert "欧阳特殊" not in here.last.content.decode()
    assert here.get(f"infections/{made['id']}/")[1]["person"] is None


# ── stays ────────────────────────────────────────────────────────────────────────────────────────


def test_a_stay_is_added_once_and_taken_back(stay: InfectionStay, here: System, unit: Unit) -> None:
    path = f"infections/{stay.infection_id}/stays/"
    again = {"purpose": "home", "unit": unit.pk, "from_on": "2022-11-12", "to_on": "2022-11-13"}
    assert here.post(path, again)[0] == 201
    rows = here.get(path)[1]
    assert [(row["from_on"], row["to_on"], row["unit"]) for row in rows] == [
        ("2022-11-12", "2022-11-14", unit.pk)
    ]
    site = ensure_room(community=here.user.area, site="锦绣酒店", number="1").site
    activity = {"purpose": "activity", "site": site.pk, "from_on": "2022-11-12", "to_on": "2022-11-12"}
    assert here.post(path, activity)[1]["stay"]["name"] == "锦绣酒店"
    status, body = here.post(f"infections/stays/{stay.pk}/remove/")
    assert (status, body["changed"], len(body["infection"]["stays"])) == (200, True, 1)
    assert here.post(f"infections/stays/{stay.pk}/remove/")[0] == 404


def test_a_workplace_in_another_community_of_the_county_is_a_stay_and_one_beyond_is_not(
    stay: InfectionStay, here: System, next_door: Area, county: Area
) -> None:
    far_county = area("海淀区", Level.COUNTY, "110108", county.parent)
    far_street = area("学院路街道", Level.STREET, "110108001", far_county)
    far = area("五道口社区", Level.COMMUNITY, "110108001001", far_street)
    path = f"infections/{stay.infection_id}/stays/"
    for place, expected in ((next_door, 201), (far, 400)):
        stairs = staircase(community=place, compound="工厂", building="1号楼")
        there = ensure_units([stairs])[stairs]
        body = {"purpose": "work", "unit": there.pk, "from_on": "2022-11-14", "to_on": "2022-11-14"}
        assert here.post(path, body)[0] == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"unit": None}, "unit"),
        ({"unit": 10**40}, "unit"),
        ({"unit": 999999}, "unit"),
        ({"site": 1}, "unit"),
        ({"purpose": "holiday"}, "purpose"),
        ({"to_on": "2022-11-12"}, "to_on"),
        ({"to_on": "2022-11-15"}, "to_on"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_each_mistake_in_a_stay_stands_at_its_field(
    stay: InfectionStay, here: System, unit: Unit, changes: dict[str, Any], field: str
) -> None:
    body = {"purpose": "work", "unit": unit.pk, "from_on": "2022-11-13", "to_on": "2022-11-14"}
    status, answer = here.post(f"infections/{stay.infection_id}/stays/", body | changes)
    assert (status, set(answer)) == (400, {field}), answer


# ── contacts ─────────────────────────────────────────────────────────────────────────────────────


def contact(**changes: Any) -> dict[str, Any]:
    """Somebody of the same staircase, exposed on 14 November."""
    home = {"compound": "锦绣花园", "building": "4号楼", "unit": "1单元", "door": "1203"}
    return {"name": "何玉珍", "phone": "13800005678", "last_exposure_on": "2022-11-14"} | home | changes


def trace(system: System, pk: int, *entries: dict[str, Any], key: str = "") -> list[dict[str, Any]]:
    status, body = system.post(f"infections/{pk}/contacts/", {"contacts": list(entries)}, key=key)
    assert status == 200, body
    results: list[dict[str, Any]] = body["results"]
    return results


def test_contacts_are_judged_one_by_one_and_the_good_ones_are_under_control(here: System) -> None:
    pk = reported(here)["id"]
    doubtful = contact(name="钱进", phone="13800006789", id_number="110105199003070010")
    first, second = trace(here, pk, contact(kind="household"), doubtful)
    assert (first["verdict"], first["contact"]["kind"], first["clause"]) == ("new", "household", "")
    assert first["plan"]["release_on"] == "2022-11-23"
    assert first["contact"]["person"]["name"] == "何玉珍"
    assert (second["verdict"], second["field"], second["contact"]) == ("doubtful", "id_number", None)
    assert second["code"].startswith("id_")
    held = Episode.objects.get()
    assert first["contact"]["episode"] == held.pk
    assert held.grounds.get().infection_id == pk
    rows = here.get(f"infections/{pk}/contacts/")[1]["results"]
    assert rows == [first["contact"]]
    assert here.get(f"infections/{pk}/")[1]["counts"]["contacts"] == 1
    assert trace(here, pk, doubtful | {"id_confirmed": True})[0]["verdict"] == "new"


def test_the_same_call_under_one_key_is_one_exposure(here: System) -> None:
    pk = reported(here)["id"]
    first = trace(here, pk, contact(), key="t-1")
    assert trace(here, pk, contact(), key="t-1") == first
    assert Contact.objects.count() == Episode.objects.count() == 1
    assert trace(here, pk, contact())[0]["verdict"] == "unchanged"


def test_only_a_later_exposure_moves_an_end(here: System, the_day: Go) -> None:
    the_day(november(16))
    person = here.post("episodes/", entry_of(registered_on="2022-11-14"))[1]["episode"]["person"]["id"]
    earlier = reported(here, label="病例8")["id"]
    later = reported(here, label="病例9")["id"]
    one = trace(here, earlier, {"person": person, "last_exposure_on": "2022-11-12"})[0]
    assert (one["verdict"], one["contact"]["episode"]) == ("earlier_exposure", None)
    assert Episode.objects.get().release_on == november(23)
    two = trace(here, later, {"person": person, "last_exposure_on": "2022-11-15"})[0]
    assert (two["verdict"], two["plan"]["release_on"]) == ("new_ground", "2022-11-24")
    assert Episode.objects.get().release_on == november(24)
    assert Episode.objects.get().events.filter(details__infection=later).exists()


def test_a_contact_of_a_contact_is_refused_with_its_clause(here: System) -> None:
    pk = reported(here)["id"]
    trace(here, pk, contact())
    status, body = here.post("episodes/", entry_of(name="孙力", phone="13800007890", exposed_to="何玉珍"))
    assert (status, body["code"], body["clause"]) == (409, "secondary_contact", "二(二)")
    status, body = here.post("episodes/", entry_of(category="secondary_contact"))
    assert (status, body["clause"]) == (409, "二(二)")
    retract_infection(infection=Infection.objects.get(), by=here.user, at=noon(november(14)))
    more = {"contacts": [contact(name="孙力", phone="13800007890")]}
    status, body = here.post(f"infections/{pk}/contacts/", more)
    assert (status, body["code"], body["clause"]) == (409, "not_infected", "二(二)")
    assert Episode.objects.count() == 1


def test_the_infected_person_is_nobodys_contact_and_people_held_elsewhere_stay_there(
    here: System, bob: User
) -> None:
    theirs = episode(bob, name="赵敏", phone="13900000000")
    pk = reported(here)["id"]
    trace(here, pk, contact())
    infected = Contact.objects.get().person
    Infection.objects.filter(pk=pk).update(person=infected)
    mine, elsewhere = trace(
        here,
        pk,
        {"person": infected.pk, "last_exposure_on": "2022-11-14"},
        contact(name="赵敏", phone="13900000000"),
    )
    assert (mine["verdict"], mine["contact"]) == ("refused", None)
    assert mine["code"] in ("own_contact", "infected")
    assert (elsewhere["verdict"], elsewhere["office"]) == ("held_elsewhere", theirs.community.name)
    assert (elsewhere["contact"], elsewhere["plan"]) == (None, None)


@pytest.mark.parametrize(
    ("entries", "fields"),
    [
        ([], {"contacts"}),
        ("x", {"contacts"}),
        (None, {"contacts"}),
        ([contact()] * 201, {"contacts"}),
        (["x"], {"contacts.0"}),
        ([contact(), contact(kind="lover")], {"contacts.1.kind"}),
        ([contact(name="")], {"contacts.0.name"}),
        ([{"last_exposure_on": "2022-11-14"}], {"contacts.0.name"}),
        ([contact(last_exposure_on="2022-11-15")], {"contacts.0.last_exposure_on"}),
        ([contact(key_marks=["x"])], {"contacts.0.key_marks.0"}),
        ([contact(person=1)], {"contacts.0.person"}),
        ([{"person": 999999, "last_exposure_on": "2022-11-14"}], {"contacts.0.person"}),
        ([contact(compound="锦绣花园", building="")], {"contacts.0.building"}),
        ([contact(category="entrant")], {"contacts.0.category"}),
        ([contact(community="110105001002")], {"contacts.0.community"}),
    ],
)
def test_malformed_contacts_stand_at_their_place_and_write_nothing(
    here: System, next_door: Area, entries: Any, fields: set[str]
) -> None:
    pk = reported(here)["id"]
    status, body = here.post(f"infections/{pk}/contacts/", {"contacts": entries})
    assert (status, set(body)) == (400, fields), body
    assert all(isinstance(each, list) and isinstance(each[0], str) for each in body.values())
    assert not Episode.objects.exists()


def test_a_long_list_of_contacts_is_taken_in_one_call(here: System) -> None:
    pk = reported(here)["id"]
    neighbours = (
        contact(name=f"邻居{n:03d}", phone=f"1370000{n:04d}", remarks="备" * 60) for n in range(120)
    )
    results = trace(here, pk, *neighbours)
    assert [each["verdict"] for each in results] == ["new"] * 120


def test_contacts_are_judged_once_and_the_instant_is_kept(here: System) -> None:
    path = f"infections/{reported(here)['id']}/judged/"
    status, body = here.post(path)
    assert (status, body["changed"]) == (200, True)
    kept = body["infection"]["contacts_judged_at"]
    assert kept is not None
    status, body = here.post(path)
    assert (status, body["changed"], body["infection"]["contacts_judged_at"]) == (200, False, kept)
