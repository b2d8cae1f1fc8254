"""The pages of compounds and of what is inside a zone, as somebody in front of a browser has them."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, Reveal, User
from accounts.rules import Role
from cases.actions import inside as inside_actions
from cases.actions.registration import list_person
from cases.models import DoorService, Episode, Person, ZoneResident
from cases.rules import DoorServiceKind, HomeCheck, KeyMarkKind, Whereabouts
from policy.types import Category
from tests import builders
from tests.builders import area, entry, noon, staff
from tests.cases.pages import reader
from tests.zones.seals import FOUND_ON, zone_of
from zones.actions import places, staircase
from zones.models import Compound, Unit, Zone
from zones.rules import PlaceKind

pytestmark = pytest.mark.django_db
TheDay = Callable[[dt.date], None]
TODAY = dt.date(2022, 11, 15)
AT = noon(TODAY)


@pytest.fixture(autouse=True)
def _today(the_day: TheDay) -> None:
    the_day(TODAY)


@pytest.fixture
def garden(home: Area, alice: User) -> Compound:
    """锦绣花园: 2, 3 and 10, two units each."""
    made = places.make_compound(community=home, name="锦绣花园", kind=PlaceKind.RESIDENTIAL, by=alice, at=AT)
    for number in (10, 2, 3):
        places.lay_grid(
            compound=made, buildings=[f"{number}号楼"], units_per_building=2, floors=6, by=alice, at=AT
        )
    return made


@pytest.fixture
def unit(garden: Compound) -> Unit:
    return Unit.objects.get(building__name="3号楼", name="1单元")


@pytest.fixture
def zone(unit: Unit, carol: User) -> Zone:
    return zone_of([unit], carol)


def listed(by: User, name: str, door: str = "301", phone: str = "13911112222", **facts: object) -> Person:
    assert by.area is not None
    stairs = staircase(community=by.area, compound="锦绣花园", building="3号楼", unit="1单元")
    return list_person(
        entry(by.area, name=name, door=door, phone=phone, stairs=stairs, **facts).facts, by=by, at=AT
    )


@pytest.fixture
def wang(alice: User, unit: Unit) -> Person:
    return listed(alice, "王芳", key_marks=frozenset({KeyMarkKind.DIALYSIS}))


# ── compounds ────────────────────────────────────────────────────────────────────────────────────


def test_the_list_counts_what_is_there(
    alice: User, bob: User, next_door: Area, garden: Compound, zone: Zone
) -> None:
    theirs = places.make_compound(community=next_door, name="湖滨里", kind=PlaceKind.VILLAGE, by=bob, at=AT)
    answer = reader(alice).get("/compounds/")
    (line,) = answer.context["lines"]
    assert (line.compound, line.buildings, line.units, line.sealed) == (garden, 3, 6, 1)
    assert line.opens_on == dt.date(2022, 11, 18)
    text = answer.content.decode()
    assert "1 unit sealed" in text
    assert theirs.name not in text


def test_the_list_is_narrowed_by_words_kind_and_seal(alice: User, home: Area, garden: Compound) -> None:
    places.make_compound(community=home, name="老王村", kind=PlaceKind.VILLAGE, by=alice, at=AT)
    browser = reader(alice)

    def names(query: str) -> list[str]:
        return [line.compound.name for line in browser.get(f"/compounds/?{query}").context["lines"]]

    assert names("q=花园") == ["锦绣花园"]
    assert names("kind=village") == ["老王村"]
    assert names("sealed=on") == []
    assert "No compound matches" in browser.get("/compounds/?q=没有").content.decode()


def test_fifty_a_page_and_no_one_twice(alice: User, home: Area) -> None:
    Compound.objects.bulk_create([Compound(community=home, name=f"小区{n}") for n in range(120)])
    browser, seen, query = reader(alice), [], ""
    for _page in range(3):
        context = browser.get(f"/compounds/?{query}").context
        seen += [line.compound.pk for line in context["lines"]]
        query = f"after={context['next']}"
    assert len(seen) == len(set(seen)) == 120
    assert context["next"] == ""
    back = browser.get(f"/compounds/?before={context['previous']}").context
    assert [line.compound.pk for line in back["lines"]] == seen[50:100]


def test_the_figures_of_the_list_cost_the_same_for_one_and_for_many(
    alice: User, home: Area, garden: Compound
) -> None:
    browser = reader(alice)
    browser.get("/compounds/")
    with CaptureQueriesContext(
        connection,
    ) as one:
        browser.get("/compounds/")
    Compound.objects.bulk_create([Compound(community=home, name=f"小区{n}") for n in range(30)])
    with CaptureQueriesContext(connection) as many:
        browser.get("/compounds/")
    assert len(many) == len(one)


# ── the drawing ──────────────────────────────────────────────────────────────────────────────────


def test_the_drawing_says_of_each_unit_what_it_is(
    alice: User, garden: Compound, zone: Zone, wang: Person, unit: Unit
) -> None:
    builders.episode(
        alice,
        category=Category.SPILL_OVER,
        anchor_on=dt.date(2022, 11, 13),
        stairs=staircase(community=garden.community, compound="锦绣花园", building="2号楼", unit="1单元"),
        home_check=HomeCheck.SUITABLE,
    )
    answer = reader(alice).get(f"/compounds/{garden.pk}/")
    drawing = answer.context["drawing"]
    assert [house.building.name for house in drawing.buildings] == ["2号楼", "3号楼", "10号楼"]
    (sealed,) = drawing.sealed
    assert (sealed.unit, sealed.days_left, sealed.key_people, sealed.residents) == (unit, 3, 1, 1)
    assert drawing.buildings[0].units[0].at_home == 1
    assert drawing.buildings[1].shut
    text = answer.content.decode()
    assert "opens 11-18" in text
    assert "home 1" in text
    assert "key 1" in text


@pytest.mark.parametrize(
    ("on", "held", "freed"),
    [
        (dt.date(2022, 11, 17), True, False),
        (dt.date(2022, 11, 18), False, True),
        (dt.date(2022, 11, 24), False, True),
        (dt.date(2022, 11, 25), False, False),
    ],
)
def test_a_unit_opens_in_the_drawing_at_midnight_without_any_sweep(
    alice: User, garden: Compound, zone: Zone, the_day: TheDay, on: dt.date, held: bool, freed: bool
) -> None:
    the_day(on)
    drawing = reader(alice).get(f"/compounds/{garden.pk}/").context["drawing"]
    assert (bool(drawing.sealed), bool(drawing.freed)) == (held, freed)


def test_a_gate_that_is_not_met_is_drawn_as_overdue(
    alice: User, garden: Compound, zone: Zone, the_day: TheDay
) -> None:
    zone.seals.update(round_day=5)
    the_day(dt.date(2022, 11, 20))
    answer = reader(alice).get(f"/compounds/{garden.pk}/")
    (sealed,) = answer.context["drawing"].sealed
    assert sealed.overdue
    assert sealed.days_over == 2
    assert "sealed over" in answer.content.decode()


def test_somebody_at_an_isolation_site_is_not_counted_at_home(alice: User, garden: Compound) -> None:
    held = builders.episode(
        alice,
        category=Category.SPILL_OVER,
        stairs=staircase(community=garden.community, compound="锦绣花园", building="2号楼", unit="1单元"),
    )
    page = f"/compounds/{garden.pk}/"
    assert reader(alice).get(page).context["drawing"].at_home == 1
    Episode.objects.filter(pk=held.pk).update(place="site")
    assert reader(alice).get(page).context["drawing"].at_home == 0


def test_only_a_supervisor_ticks_units(alice: User, carol: User, garden: Compound) -> None:
    page = f"/compounds/{garden.pk}/"
    assert not reader(alice).get(page).context["tickable"]
    answer = reader(carol).get(page)
    if answer.context["designate_url"]:
        assert answer.content.decode().count('name="unit"') == 6


def test_the_drawing_costs_six_queries(alice: User, garden: Compound, zone: Zone, wang: Person) -> None:
    browser = reader(alice)
    page = f"/compounds/{garden.pk}/"
    browser.get(page)
    with CaptureQueriesContext(connection) as few:
        browser.get(page)
    places.lay_grid(
        compound=garden,
        buildings=[f"{n}号楼" for n in range(20, 60)],
        units_per_building=4,
        floors=None,
        by=alice,
        at=AT,
    )
    with CaptureQueriesContext(connection) as many:
        browser.get(page)
    assert len(few) == len(many) <= 15


def test_a_unit_shows_its_people_and_every_seal(
    alice: User, carol: User, unit: Unit, wang: Person, the_day: TheDay
) -> None:
    zone_of([unit], carol)
    zone = zone_of([unit], carol, dt.date(2022, 11, 19))
    the_day(dt.date(2022, 11, 20))
    answer = reader(alice).get(f"/compounds/units/{unit.pk}/")
    assert answer.context["seals"][0].seal.zone_id == zone.pk
    assert [each.holds for each in answer.context["seals"]] == [True, False]
    text = answer.content.decode()
    assert "王芳" in text
    assert "dialysis" in text
    fragment = reader(alice).get(
        f"/compounds/units/{unit.pk}/", headers={"HX-Request": "true", "HX-Target": "dialog"}
    )
    assert "<html" not in fragment.content.decode()


# ── entering ─────────────────────────────────────────────────────────────────────────────────────


def test_a_new_compound_leads_to_its_buildings(alice: User, home: Area) -> None:
    browser = reader(alice)
    form = {"name": "云杉里", "kind": "residential", "address": "云杉路1号"}
    answer = browser.post("/compounds/new/", form)
    made = Compound.objects.get()
    assert (made.community, made.address) == (home, "云杉路1号")
    assert answer["Location"] == f"/compounds/{made.pk}/grid/"
    again = browser.post("/compounds/new/", form)
    assert again.status_code == 422
    assert again.context["form"].errors["name"]
    assert 'value="云杉路1号"' in again.content.decode()


def test_who_works_for_several_communities_says_which(carol: User, home: Area, county: Area) -> None:
    browser = reader(carol)
    form = {"name": "云杉里", "kind": "village"}
    assert browser.post("/compounds/new/", form).context["form"].errors["community"]
    far = area("远方街道", "street", "110105009", county)
    far_away = area("远方社区", "community", "110105009001", far)
    refused = browser.post("/compounds/new/", form | {"community": far_away.pk})
    assert refused.context["form"].errors["community"]
    assert browser.post("/compounds/new/", form | {"community": home.pk}).status_code == 302


GRID = {
    "first": "1",
    "last": "12",
    "pattern": "{n}号楼",
    "units_per_building": "3",
    "unit_pattern": "{n}单元",
    "floors": "18",
}


def test_first_the_preview_then_the_saving(alice: User, garden: Compound) -> None:
    browser, page = reader(alice), f"/compounds/{garden.pk}/grid/"
    looked = browser.post(page, GRID | {"what": "preview"})
    assert looked.status_code == 200
    foreseen = looked.context["foreseen"]
    assert (len(foreseen.buildings), len(foreseen.kept), len(foreseen.units)) == (9, 3, 30)
    assert Unit.objects.count() == 6
    saved = browser.post(page, GRID | {"what": "save"}, follow=True)
    assert Unit.objects.count() == 36
    assert "9 buildings made" in saved.content.decode()
    again = browser.post(page, GRID | {"what": "save"}, follow=True)
    assert "Nothing new" in again.content.decode()
    assert Unit.objects.count() == 36


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"last": "0"}, "last"),
        ({"last": "900"}, "last"),
        ({"pattern": "号楼"}, "pattern"),
        ({"unit_pattern": "单元"}, "unit_pattern"),
        ({"units_per_building": "-1"}, "units_per_building"),
        ({"floors": "0"}, "floors"),
        ({"pattern": "楼" * 38 + "{n}"}, "pattern"),
    ],
)
def test_what_was_typed_stays_with_the_sentence_at_its_field(
    alice: User, garden: Compound, change: dict[str, str], field: str
) -> None:
    sent = GRID | {"first": "1"} | change | {"what": "preview"}
    if field == "pattern" and "{n}" in sent["pattern"]:
        sent |= {"first": "1000", "last": "1001"}
    answer = reader(alice).post(f"/compounds/{garden.pk}/grid/", sent)
    assert answer.status_code == 422
    assert answer.context["grid"].errors[field]
    assert f'value="{sent[field]}"' in answer.content.decode()


def test_one_odd_building(alice: User, garden: Compound) -> None:
    page = f"/compounds/{garden.pk}/grid/"
    form = {"what": "odd", "odd-name": "门卫室", "odd-units_per_building": "0", "odd-floors": "1"}
    assert reader(alice).post(page, form).status_code == 302
    made = garden.buildings.get(name="门卫室")
    assert [unit.name for unit in made.units.all()] == [""]
    refused = reader(alice).post(page, form | {"odd-name": "　"})
    assert refused.status_code == 422
    assert refused.context["odd"].errors["name"]


def test_a_slip_is_renamed_or_removed(alice: User, garden: Compound, wang: Person, unit: Unit) -> None:
    browser = reader(alice)
    free = garden.buildings.get(name="10号楼")
    assert browser.post(f"/compounds/buildings/{free.pk}/edit/", {"name": "11号楼"}).status_code == 302
    taken = browser.post(f"/compounds/buildings/{free.pk}/edit/", {"name": "3号楼"})
    assert taken.context["form"].errors["name"]
    stair = free.units.get(name="2单元")
    browser.post(f"/compounds/units/{stair.pk}/edit/", {"name": "东单元"})
    stair.refresh_from_db()
    assert stair.name == "东单元"
    kept = browser.post(f"/compounds/units/{unit.pk}/remove/", follow=True)
    assert "it stays" in kept.content.decode()
    browser.post(f"/compounds/units/{stair.pk}/remove/")
    browser.post(f"/compounds/buildings/{free.pk}/remove/")
    assert not garden.buildings.filter(pk=free.pk).exists()
    assert Unit.objects.filter(pk=unit.pk).exists()


def test_a_published_name_is_refused_with_its_clause(alice: User, unit: Unit, zone: Zone) -> None:
    refused = reader(alice).post(f"/compounds/buildings/{unit.building_id}/edit/", {"name": "9号楼"})
    assert refused.status_code == 422
    assert "三(二)" in refused.context["form"].errors["name"][0]


# ── inside a zone ────────────────────────────────────────────────────────────────────────────────


def page_of(zone: Zone) -> str:
    return f"/zones/{zone.pk}/inside/"


def test_people_stand_by_unit_and_door_with_masked_phones(alice: User, zone: Zone, wang: Person) -> None:
    listed(alice, "张强", door="1001", phone="13911113333")
    listed(alice, "李梅", door="201", phone="13911114444")
    answer = reader(alice).get(page_of(zone))
    (unit,) = answer.context["units"]
    assert [door.number for door in unit.doors] == ["201", "301", "1001"]
    text = answer.content.decode()
    assert "139****2222" in text
    assert "13911112222" not in text
    assert "dialysis" in text
    assert answer.context["inside"].key_people == 1


def test_a_tap_answers_with_the_row_and_the_figures(alice: User, zone: Zone, wang: Person) -> None:
    headers = {"HX-Request": "true", "HX-Target": f"p{wang.pk}"}
    answer = reader(alice).post(
        f"{page_of(zone)}whereabouts/", {"person": wang.pk, "whereabouts": "inside"}, headers=headers
    )
    text = answer.content.decode()
    assert "<html" not in text
    assert f'id="p{wang.pk}"' in text
    assert 'hx-swap-oob="true"' in text
    assert ZoneResident.objects.get().whereabouts == "inside"


def test_the_way_back_restores_what_was_known(alice: User, zone: Zone, wang: Person) -> None:
    browser = reader(alice)
    there = f"{page_of(zone)}whereabouts/"
    answer = browser.post(there, {"person": wang.pk, "whereabouts": "away"})
    assert answer["Location"] == f"{page_of(zone)}#p{wang.pk}"
    assert "Undo" in browser.get(page_of(zone)).content.decode()
    browser.post(f"{there}?person={wang.pk}&whereabouts=")
    assert ZoneResident.objects.get().whereabouts == ""


def test_a_whole_door_answers_at_once_and_takes_it_back_at_once(
    alice: User, zone: Zone, wang: Person
) -> None:
    other = listed(alice, "王刚", phone="13911115555")
    browser, there = reader(alice), f"{page_of(zone)}whereabouts/"
    assert "all 2 inside" in browser.get(page_of(zone)).content.decode()
    text = browser.post(there, {"person": [wang.pk, other.pk], "whereabouts": "inside"}, follow=True)
    assert ZoneResident.objects.filter(whereabouts=Whereabouts.INSIDE).count() == 2
    undo = f"{there}?person={wang.pk}&person={other.pk}&whereabouts="
    assert undo.replace("&", "&amp;") in text.content.decode()
    browser.post(undo)
    assert not ZoneResident.objects.exclude(whereabouts="").exists()


def test_calling_is_written_down(alice: User, zone: Zone, wang: Person) -> None:
    assert f"/persons/{wang.pk}/call/" in reader(alice).get(page_of(zone)).content.decode()
    reader(alice).post(f"/persons/{wang.pk}/call/")
    assert Reveal.objects.get().subject == f"person:{wang.pk}"


def test_a_person_of_somewhere_else_is_a_404(
    alice: User, bob: User, zone: Zone, wang: Person, next_door: Area
) -> None:
    theirs = list_person(entry(next_door, name="外人", phone="13700001111", stairs=None).facts, by=bob, at=AT)
    for person in (theirs.pk, 999999):
        answer = reader(alice).post(
            f"{page_of(zone)}whereabouts/", {"person": person, "whereabouts": "inside"}
        )
        assert answer.status_code == 404
    for what in ("inside", "nonsense"):
        answer = reader(bob).post(f"{page_of(zone)}whereabouts/", {"person": wang.pk, "whereabouts": what})
        assert answer.status_code == 404
    assert reader(bob).get(page_of(zone)).status_code == 404
    assert reader(bob).get(f"/zones/{zone.pk}/spill-over/").status_code == 404


def test_services_are_written_down_done_and_taken_back(alice: User, zone: Zone, wang: Person) -> None:
    browser = reader(alice)
    there = f"{page_of(zone)}service/"
    assert browser.get(f"{there}?person={wang.pk}").status_code == 200
    missing = browser.post(there, {"person": wang.pk, "note": "降压药"})
    assert missing.status_code == 422
    assert 'value="降压药"' in missing.content.decode()
    browser.post(there, {"person": wang.pk, "kind": "medicine", "note": "降压药"})
    service = DoorService.objects.get()
    assert (service.kind, service.note, service.wanted_by) == ("medicine", "降压药", alice)
    assert reader(alice).get(page_of(zone)).context["inside"].open_services == 1
    browser.post(f"/zones/services/{service.pk}/done/")
    service.refresh_from_db()
    assert service.done_by == alice
    browser.post(f"/zones/services/{service.pk}/done/?undo=1")
    service.refresh_from_db()
    assert service.done_at is None


def test_an_ended_zone_asks_nobody_and_its_services_can_be_closed(
    alice: User, zone: Zone, wang: Person, the_day: TheDay
) -> None:
    service = inside_actions.want_service(zone=zone, person=wang, kind=DoorServiceKind.FOOD, by=alice, at=AT)
    the_day(dt.date(2022, 11, 18))
    browser = reader(alice)
    text = browser.get(page_of(zone)).content.decode()
    assert "/whereabouts/" not in text
    assert f"/zones/services/{service.pk}/done/" in text
    refused = browser.post(
        f"{page_of(zone)}whereabouts/", {"person": wang.pk, "whereabouts": "inside"}, follow=True
    )
    assert "This zone is over" in refused.content.decode()
    browser.post(f"/zones/services/{service.pk}/done/")
    service.refresh_from_db()
    assert service.done_at is not None


def test_a_service_stays_in_sight_when_the_person_moves_out(alice: User, zone: Zone, wang: Person) -> None:
    inside_actions.want_service(zone=zone, person=wang, kind=DoorServiceKind.FOOD, by=alice, at=AT)
    Person.objects.filter(pk=wang.pk).update(unit=None)
    text = reader(alice).get(page_of(zone)).content.decode()
    assert "Not registered here any more" in text
    assert "王芳" in text


def test_the_round_list_has_no_whole_number_on_it(alice: User, zone: Zone, wang: Person) -> None:
    inside_actions.want_service(
        zone=zone, person=wang, kind=DoorServiceKind.MEDICINE, note="降压药", by=alice, at=AT
    )
    text = reader(alice).get(f"{page_of(zone)}?print=1").content.decode()
    assert "降压药" in text
    assert "13911112222" not in text
    assert 'class="box"' in text


def test_the_page_costs_the_same_for_two_and_for_two_hundred(
    alice: User, zone: Zone, wang: Person, unit: Unit
) -> None:
    browser = reader(alice)
    browser.get(page_of(zone))
    with CaptureQueriesContext(connection) as few:
        browser.get(page_of(zone))
    Person.objects.bulk_create(
        [
            Person(
                name=f"人{n}",
                community=wang.community,
                street=wang.street,
                county=wang.county,
                unit=unit,
                door=str(n),
                created_at=AT,
            )
            for n in range(200)
        ]
    )
    with CaptureQueriesContext(connection) as many:
        answer = browser.get(page_of(zone))
    assert len(answer.context["inside"].residents) == 201
    assert len(many) == len(few) <= 18


def test_who_only_reads_sees_no_buttons(home: Area, zone: Zone, wang: Person) -> None:
    analyst = staff("hejing", home, Role.ANALYST)
    text = reader(analyst).get(page_of(zone)).content.decode()
    assert "王芳" in text
    for verb in ("/whereabouts/", "/service/", "/call/", "/spill-over/"):
        assert verb not in text


# ── spill-over persons ───────────────────────────────────────────────────────────────────────────


def test_candidates_are_those_away_and_those_not_asked(alice: User, zone: Zone, wang: Person) -> None:
    away = listed(alice, "张强", door="302", phone="13911113333")
    found_inside = listed(alice, "李梅", door="303", phone="13911114444")
    ask = inside_actions.ask_whereabouts
    ask(zone=zone, person=away, whereabouts=Whereabouts.AWAY, by=alice, at=AT)
    ask(zone=zone, person=found_inside, whereabouts=Whereabouts.INSIDE, by=alice, at=AT)
    context = reader(alice).get(f"/zones/{zone.pk}/spill-over/").context
    assert [one.person for one, _field in context["left"]] == [away]
    assert [one.person for one, _field in context["unasked"]] == [wang]
    assert all(field.value() is None for _one, field in [*context["left"], *context["unasked"]])


def test_those_with_a_date_are_registered_and_named(alice: User, zone: Zone, wang: Person) -> None:
    browser, page = reader(alice), f"/zones/{zone.pk}/spill-over/"
    answer = browser.post(page, {f"left-{wang.pk}": "2022-11-11"}, follow=True)
    assert Episode.objects.get().release_on == dt.date(2022, 11, 19)
    text = answer.content.decode()
    assert "王芳: registered, free from 11-19" in text
    assert answer.context["unasked"] == []
    again = browser.post(page, {f"left-{wang.pk}": "2022-11-11"})
    assert again.status_code == 422
    assert Episode.objects.count() == 1


def test_a_date_after_the_sealing_stands_with_its_clause_and_the_others_go_through(
    alice: User, zone: Zone, wang: Person
) -> None:
    good = listed(alice, "张强", door="302", phone="13911113333")
    answer = reader(alice).post(
        f"/zones/{zone.pk}/spill-over/",
        {f"left-{wang.pk}": str(FOUND_ON + dt.timedelta(days=1)), f"left-{good.pk}": "2022-11-11"},
    )
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "二(三)" in answer.context["form"].errors[f"left-{wang.pk}"][0]
    assert 'value="2022-11-13"' in text
    assert [one.person for one in answer.context["spilled"]] == [good]
    assert Episode.objects.get().person == good


def test_no_date_at_all_is_said(alice: User, zone: Zone, wang: Person) -> None:
    answer = reader(alice).post(f"/zones/{zone.pk}/spill-over/", {})
    assert answer.status_code == 422
    assert "Nobody has a date yet" in answer.content.decode()


def test_an_ended_zone_has_no_candidates(alice: User, zone: Zone, wang: Person, the_day: TheDay) -> None:
    the_day(dt.date(2022, 11, 18))
    page = f"/zones/{zone.pk}/spill-over/"
    assert "This zone is over" in reader(alice).get(page).content.decode()
    reader(alice).post(page, {f"left-{wang.pk}": "2022-11-11"})
    assert not Episode.objects.exists()
