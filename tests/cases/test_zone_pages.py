"""The pages by which staff designate, restart and open zones, through a browser of their own."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Area, User
from cases.models import Infection
from tests.builders import episode
from tests.cases.pages import reader
from tests.cases.zone_places import infection, november, unit, zone
from zones.models import Unit, UnitSeal, Zone, ZoneEvent, ZoneProposal
from zones.rules import FoundWhere, SealEnding, WiderReason, ZoneEventKind

TheDay = Callable[[dt.date], None]
pytestmark = pytest.mark.django_db
LIST, DESIGNATE = "/zones/", "/zones/designate/"


@pytest.fixture
def units(home: Area) -> dict[str, Unit]:
    """锦绣花园: two units in 3号楼, one in 5号楼, and a hall without units."""
    return {
        "3-1": unit(home),
        "3-2": unit(home, name="2单元"),
        "5-1": unit(home, "5号楼"),
        "hall": unit(home, "活动室", ""),
    }


@pytest.fixture
def found(units: dict[str, Unit], carol: User, the_day: TheDay) -> Infection:
    """病例1, found on 12 November in 3号楼1单元; today is the 13th."""
    the_day(november(13))
    return infection(carol, units["3-1"], label="病例1")


def wish(found: Infection, *chosen: Unit, step: str = "do", **more: str) -> dict[str, object]:
    """The form as the page sends it."""
    return {"infection": [found.pk], "unit": [each.pk for each in chosen], "step": step, **more}


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def test_without_a_zone_the_list_says_that_all_is_low_risk(alice: User, the_day: TheDay) -> None:
    the_day(november(13))
    text = reader(alice).get(LIST).content.decode()
    assert "No unit is sealed: all of 锦绣社区 is low risk." in text
    assert "Designate a zone" not in text  # a worker does not


def test_a_zone_stands_in_the_list_with_its_day_and_date(
    alice: User, bob: User, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    zone(carol, found, units["3-1"], units["3-2"])
    text = reader(alice).get(LIST).content.decode()
    for said in ("锦绣花园", "3号楼", "day 1 of 5", "11-18 00:00", "5 days", "2 units sealed"):
        assert said in text, said
    assert "锦绣花园" not in reader(bob).get(LIST).content.decode()


def test_it_is_sealed_before_midnight_and_history_after_without_any_sweep(
    alice: User, carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay
) -> None:
    zone(carol, found, units["3-1"])
    the_day(november(17))
    assert "锦绣花园" in reader(alice).get(LIST).content.decode()
    assert "锦绣花园" in reader(alice).get(LIST, {"tab": "near"}).content.decode()
    the_day(november(18))
    assert "锦绣花园" not in reader(alice).get(LIST).content.decode()
    assert "low risk since 00:00" in reader(alice).get(LIST, {"tab": "near"}).content.decode()
    assert "锦绣花园" in reader(alice).get(LIST, {"tab": "past"}).content.decode()
    the_day(november(19))
    assert "锦绣花园" not in reader(alice).get(LIST, {"tab": "near"}).content.decode()


@pytest.mark.parametrize(
    ("words", "seen"),
    [("锦绣", True), ("3号楼", True), ("锦绣花园3号楼2单元", True), ("锦绣 ２单元", True), ("7号楼", False)],
)
def test_a_building_is_found_however_it_was_sealed(
    alice: User, carol: User, found: Infection, units: dict[str, Unit], words: str, seen: bool
) -> None:
    zone(carol, found, units["3-1"], units["3-2"])
    text = reader(alice).get(LIST, {"q": words}).content.decode()
    assert ("day 1 of 5" in text) is seen


def test_the_list_asks_no_more_with_more_zones(
    alice: User, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    browser = reader(alice)

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get(path).status_code == 200
        return len(asked)

    zone(carol, found, units["3-1"])
    few = {tab: queries(f"{LIST}?tab={tab}") for tab in ("now", "near", "past")}
    zone(carol, found, units["3-2"])
    other = infection(carol, units["5-1"], units["hall"], label="病例2")
    zone(carol, other, units["5-1"])
    zone(carol, other, units["hall"])
    assert {tab: queries(f"{LIST}?tab={tab}") for tab in few} == few
    assert few["now"] <= 10  # session, user, roles, navigation twice; counts twice, zones, clocks


# ── designating from an infection ────────────────────────────────────────────────────────────────


def test_the_units_of_the_infection_are_proposed_with_why_and_ticked(
    carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    text = reader(carol).get(DESIGNATE, {"infection": found.pk}).content.decode()
    box = {key: re.search(rf'name="unit" value="{each.pk}"[^>]*>', text) for key, each in units.items()}
    assert all(box.values())
    assert "checked" in box["3-1"][0]  # type: ignore[index]
    assert not any("checked" in box[key][0] for key in ("3-2", "5-1", "hall"))  # type: ignore[index]
    assert "home, stayed 11-09 to 11-12" in text
    assert "2 other buildings of the compound" in text
    assert "the risk of transmission is unclear" in text


def test_looking_shows_the_date_the_people_and_the_boundary_and_seals_nothing(
    alice: User, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    episode(alice, stairs=_stairs(units["3-1"]))
    answer = reader(carol).post(DESIGNATE, wish(found, units["3-1"], units["3-2"], step="look"))
    text = answer.content.decode()
    assert answer.status_code == 200
    for said in ("1 person registered inside", "3号楼1单元、3号楼2单元", "Seal now", "2022-11-18"):
        assert said in text, said
    assert not Zone.objects.exists()
    assert not ZoneEvent.objects.exists()


def _stairs(where: Unit) -> object:
    from zones.actions import staircase

    building = where.building
    return staircase(
        community=building.compound.community,
        compound=building.compound.name,
        building=building.name,
        unit=where.name,
    )


def test_doing_seals_and_leads_to_the_zone(carol: User, found: Infection, units: dict[str, Unit]) -> None:
    browser = reader(carol)
    answer = browser.post(DESIGNATE, wish(found, units["3-1"], units["hall"], wider="", wider_note=""))
    assert answer.status_code == 422  # the hall is more than the building
    answer = browser.post(DESIGNATE, wish(found, units["3-1"]), follow=True)
    made = Zone.objects.get()
    assert answer.redirect_chain[-1][0] == f"/zones/{made.pk}/"
    assert "Sealed: 锦绣花园" in answer.content.decode()
    assert made.release_on == november(18)
    assert UnitSeal.objects.get().purpose == "home"


def test_sending_twice_seals_once(carol: User, found: Infection, units: dict[str, Unit]) -> None:
    browser = reader(carol)
    sent = wish(found, units["3-1"], units["5-1"], wider=WiderReason.RISK_UNCLEAR, wider_note="传播链不清")
    browser.post(DESIGNATE, sent)
    again = browser.post(DESIGNATE, sent, follow=True)
    assert "nothing changed" in again.content.decode()
    assert Zone.objects.count() == UnitSeal.objects.count() == ZoneProposal.objects.count() == 1


def test_what_another_zone_holds_is_told_by_name(
    carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay, county: Area
) -> None:
    zone(carol, found, units["3-2"], on=12)
    text = reader(carol).post(DESIGNATE, wish(found, units["3-1"], units["3-2"]), follow=True)
    assert "Sealed already, by another zone: 锦绣花园 3号楼2单元" in text.content.decode()
    assert UnitSeal.objects.count() == 2
    refused = reader(carol).post(DESIGNATE, wish(found, units["3-2"]))
    assert refused.status_code == 422
    assert 'class="error"' in refused.content.decode()


def test_more_than_the_building_needs_a_reason_and_waits_for_somebody_above(
    carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    browser = reader(carol)
    refused = browser.post(DESIGNATE, wish(found, units["3-1"], units["5-1"], wider_note="楼长反映"))
    text = refused.content.decode()
    assert refused.status_code == 422
    assert 'id="id_wider_error"' in text
    assert "三(二)" in text
    assert "楼长反映" in text  # everything typed is kept
    assert text.count("checked") >= 2
    assert not Zone.objects.exists()
    sent = wish(found, units["3-1"], units["5-1"], wider=WiderReason.RISK_UNCLEAR, wider_note="传播链不清")
    looked = browser.post(DESIGNATE, sent | {"step": "look"}).content.decode()
    assert "Seal now, and ask for approval" in looked
    assert not ZoneProposal.objects.exists()
    done = browser.post(DESIGNATE, sent, follow=True).content.decode()
    assert "Waits for approval, not sealed yet: 锦绣花园 5号楼" in done
    assert [seal.unit for seal in UnitSeal.objects.all()] == [units["3-1"]]


def test_nothing_is_proposed_for_one_found_in_isolation_and_a_reason_is_asked_for(
    carol: User, units: dict[str, Unit], the_day: TheDay
) -> None:
    the_day(november(13))
    apart = infection(carol, units["3-1"], label="病例7", found_where=FoundWhere.CENTRAL)
    browser = reader(carol)
    text = browser.get(DESIGNATE, {"infection": apart.pk}).content.decode()
    assert "Nothing is proposed:" in text
    assert not re.search(rf'name="unit" value="{units["3-1"].pk}"[^>]*checked', text)
    refused = browser.post(DESIGNATE, wish(apart, units["3-1"]))
    assert refused.status_code == 422
    assert 'id="id_reason_error"' in refused.content.decode()
    assert browser.post(DESIGNATE, wish(apart, units["3-1"], reason="隔离前曾回家")).status_code == 302
    assert Zone.objects.get().reason == "隔离前曾回家"


def test_changing_something_keeps_what_was_typed(
    carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    sent = wish(found, units["3-1"], units["5-1"], step="change", wider="wide_spread", wider_note="多点散发")
    answer = reader(carol).post(DESIGNATE, sent)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "多点散发" in text
    assert re.search(rf'name="unit" value="{units["5-1"].pk}"[^>]*checked', text)
    assert re.search(r'value="wide_spread"[^>]*checked', text)


def test_from_the_drawing_the_units_come_along_and_the_purpose_is_chosen(
    carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    compound = units["3-1"].building.compound
    browser = reader(carol)
    text = browser.get(DESIGNATE, {"compound": compound.pk, "unit": units["3-2"].pk}).content.decode()
    assert "病例1" in text
    assert re.search(rf'name="unit" value="{units["3-2"].pk}"[^>]*checked', text)
    none = browser.post(DESIGNATE, {"compound": compound.pk, "unit": units["3-2"].pk, "step": "do"})
    assert none.status_code == 422
    assert "Please tick the infection" in none.content.decode()
    sent = wish(found, units["3-2"]) | {
        "compound": compound.pk,
        f"purpose-{units['3-2'].building_id}": "activity",
    }
    assert browser.post(DESIGNATE, sent).status_code == 302
    assert UnitSeal.objects.get().purpose == "activity"


def test_what_is_not_in_the_area_does_not_exist(
    bob: User, carol: User, next_door: Area, found: Infection, units: dict[str, Unit]
) -> None:
    from accounts.rules import Role
    from tests.builders import staff

    neighbour = reader(staff("boss", next_door, Role.SUPERVISOR))
    assert neighbour.get(DESIGNATE, {"infection": found.pk}).status_code == 404
    assert neighbour.post(DESIGNATE, wish(found, units["3-1"])).status_code == 404
    compound = units["3-1"].building.compound_id
    assert neighbour.get(DESIGNATE, {"compound": compound}).status_code == 404
    theirs = unit(next_door, compound="湖滨家园")
    refused = reader(carol).post(DESIGNATE, wish(found, theirs))
    assert refused.status_code == 422  # not among the units of this infection's compounds
    assert not Zone.objects.exists()


def test_a_worker_does_not_designate(alice: User, found: Infection, units: dict[str, Unit]) -> None:
    browser = reader(alice)
    assert browser.get(DESIGNATE, {"infection": found.pk}).status_code == 403
    assert browser.post(DESIGNATE, wish(found, units["3-1"])).status_code == 403
    assert not Zone.objects.exists()


def test_without_anything_named_recent_infections_are_offered(
    carol: User, found: Infection, the_day: TheDay
) -> None:
    assert f"?infection={found.pk}" in reader(carol).get(DESIGNATE).content.decode()
    the_day(november(17))
    assert f"?infection={found.pk}" in reader(carol).get(DESIGNATE).content.decode()
    the_day(november(18))
    assert f"?infection={found.pk}" not in reader(carol).get(DESIGNATE).content.decode()


# ── the zone's page ──────────────────────────────────────────────────────────────────────────────


def test_the_page_says_how_long_still_and_what_it_rests_on(
    alice: User, bob: User, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    made = zone(carol, found, units["3-1"], units["3-2"])
    text = reader(alice).get(f"/zones/{made.pk}/").content.decode()
    for said in (
        "<b>5</b>",
        "day 1 of 5 without a new infection",
        "病例1",
        "3号楼2单元",
        "王建平",
        "designated",
    ):
        assert said in text, said
    assert "Open early" not in text  # a worker does not
    assert "Open early" in reader(carol).get(f"/zones/{made.pk}/").content.decode()
    assert reader(bob).get(f"/zones/{made.pk}/").status_code == 404


def test_an_event_of_many_units_is_told_once(
    alice: User, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    made = zone(carol, found, units["3-1"], units["3-2"])
    text = reader(alice).get(f"/zones/{made.pk}/").content.decode()
    assert text.count("designated as high-risk") == 1


# ── opening early ────────────────────────────────────────────────────────────────────────────────


def test_ticked_units_open_at_once_with_a_reason(
    carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay
) -> None:
    made = zone(carol, found, units["3-1"], units["3-2"])
    first = made.seals.get(unit=units["3-1"])
    path = f"/zones/{made.pk}/end-early/"
    browser = reader(carol)
    refused = browser.post(path, {"seal": first.pk, "reason": ""})
    assert refused.status_code == 422
    assert re.search(rf'value="{first.pk}"[^>]*checked', refused.content.decode())
    assert browser.post(path, {"reason": "核查"}).status_code == 422
    done = browser.post(path, {"seal": first.pk, "reason": "复核为既往感染"}, follow=True).content.decode()
    assert "3号楼1单元: 1 unit is open from now on." in done
    first.refresh_from_db()
    assert (first.ending, first.release_on) == (SealEnding.EARLY, november(13))
    assert first.planned_release_on == november(18)
    assert UnitSeal.objects.holding(first.ended_at).get().unit == units["3-2"]
    again = browser.post(path, {"seal": first.pk, "reason": "复核为既往感染"})
    assert again.status_code == 422
    assert "open already" in again.content.decode()


def test_a_neighbour_or_a_worker_opens_nothing(
    alice: User, bob: User, next_door: Area, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    from accounts.rules import Role
    from tests.builders import staff

    made = zone(carol, found, units["3-1"])
    path, sent = f"/zones/{made.pk}/end-early/", {"seal": made.seals.get().pk, "reason": "核查"}
    assert reader(alice).post(path, sent).status_code == 403
    assert reader(staff("boss", next_door, Role.SUPERVISOR)).post(path, sent).status_code == 404
    assert made.seals.get().ending == ""


# ── restarting ───────────────────────────────────────────────────────────────────────────────────


def test_a_new_infection_restarts_its_own_units_and_no_others(
    carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay
) -> None:
    made = zone(carol, found, units["3-1"], units["3-2"])
    zone(carol, infection(carol, units["5-1"], label="病例5"), units["5-1"])
    the_day(november(14))
    new = infection(carol, units["3-2"], on=14, label="病例2")
    path = f"/zones/restart/{new.pk}/"
    browser = reader(carol)
    text = browser.get(path).content.decode()
    assert f'name="unit" value="{units["3-2"].pk}" checked' in text
    assert f'name="unit" value="{units["3-1"].pk}" aria-label' in text
    assert f'name="unit" value="{units["5-1"].pk}"' not in text  # sealed too, in another building
    assert "11-20 00:00" in text
    assert browser.post(path, {}).status_code == 422
    done = browser.post(path, {"unit": units["3-2"].pk}, follow=True)
    assert done.redirect_chain[-1][0] == f"/zones/{made.pk}/"
    dates = {seal.unit: seal.release_on for seal in made.seals.all()}
    assert dates == {units["3-1"]: november(18), units["3-2"]: november(20)}
    page = done.content.decode()
    assert "new infection: the days start anew" in page
    assert "病例2" in page
    browser.post(path, {"unit": units["3-2"].pk})
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.RESTARTED).count() == 1


def test_one_found_in_isolation_restarts_only_with_a_reason(
    carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay
) -> None:
    made = zone(carol, found, units["3-1"])
    the_day(november(14))
    apart = infection(carol, units["3-1"], on=14, label="病例3", found_where=FoundWhere.CENTRAL)
    path = f"/zones/restart/{apart.pk}/"
    browser = reader(carol)
    assert not re.search(r'name="unit" value="\d+" checked', browser.get(path).content.decode())
    refused = browser.post(path, {"unit": units["3-1"].pk, "reason": ""})
    assert refused.status_code == 422
    assert made.seals.get().release_on == november(18)
    browser.post(path, {"unit": units["3-1"].pk, "reason": "转运前与邻居聚餐"})
    assert made.seals.get().release_on == november(20)


def test_what_is_open_again_does_not_restart_and_is_offered_anew(
    carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay
) -> None:
    zone(carol, found, units["3-1"])
    the_day(november(18))
    new = infection(carol, units["3-1"], on=18, label="病例4")
    text = reader(carol).get(f"/zones/restart/{new.pk}/").content.decode()
    assert "No sealed unit is concerned." in text
    assert f"{DESIGNATE}?infection={new.pk}" in text


def test_a_neighbour_restarts_nothing(
    alice: User, next_door: Area, carol: User, found: Infection, units: dict[str, Unit]
) -> None:
    from accounts.rules import Role
    from tests.builders import staff

    zone(carol, found, units["3-1"])
    path = f"/zones/restart/{found.pk}/"
    assert reader(staff("boss", next_door, Role.SUPERVISOR)).get(path).status_code == 404
    assert reader(alice).post(path, {"unit": units["3-1"].pk}).status_code == 403


# ── the round of an edition with a gate ──────────────────────────────────────────────────────────


@pytest.fixture
def gated(carol: User, found: Infection, units: dict[str, Unit]) -> Zone:
    """A zone as an edition with a gate on day 5 would seal it."""
    made = zone(carol, found, units["3-1"])
    made.seals.update(round_day=5)
    Zone.objects.filter(pk=made.pk).update(gated=True)
    return made


def test_a_zone_whose_round_is_missing_is_overdue_and_says_what_is_missing(
    alice: User, gated: Zone, the_day: TheDay
) -> None:
    the_day(november(17))
    assert "Overdue:" not in reader(alice).get(f"/zones/{gated.pk}/").content.decode()
    the_day(november(19))
    text = reader(alice).get(f"/zones/{gated.pk}/").content.decode()
    assert "a round of tests in which everybody inside is negative" in text
    assert "1 unit overdue" in reader(alice).get(LIST).content.decode()
    assert "1 day late" in reader(alice).get(LIST).content.decode()


def test_a_complete_round_is_counted_at_the_door(
    alice: User, bob: User, gated: Zone, the_day: TheDay
) -> None:
    the_day(november(17))
    path = f"/zones/seals/{gated.seals.get().pk}/round/"
    sent = {"on": "2022-11-17", "people": "3", "sampled": "4", "negative": "3"}
    refused = reader(alice).post(path, sent)
    assert refused.status_code == 422
    assert f'id="round-{gated.seals.get().pk}-sampled_error"' in refused.content.decode()
    assert reader(bob).post(path, sent | {"sampled": "3"}).status_code == 404
    part = reader(alice).post(path, sent | {"sampled": "3", "negative": "2"}, follow=True).content.decode()
    assert "1 person inside is not negative yet" in part
    assert gated.seals.get().round_met_at is None
    whole = reader(alice).post(path, sent | {"sampled": "3"}, follow=True).content.decode()
    assert "everybody inside is negative" in whole
    assert gated.seals.get().round_met_at is not None
    the_day(november(18))
    assert "Overdue:" not in reader(alice).get(f"/zones/{gated.pk}/").content.decode()


def test_only_whoever_stayed_in_these_buildings_is_offered_as_new(
    carol: User, found: Infection, units: dict[str, Unit], the_day: TheDay
) -> None:
    made = zone(carol, found, units["3-1"])
    the_day(november(14))
    here = infection(carol, units["3-2"], on=14, label="病例8")
    elsewhere = infection(carol, units["5-1"], on=14, label="病例9")
    text = reader(carol).get(f"/zones/{made.pk}/").content.decode()
    assert f"/zones/restart/{here.pk}/" in text
    assert f"/zones/restart/{elsewhere.pk}/" not in text
