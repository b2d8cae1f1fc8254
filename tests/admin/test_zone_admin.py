"""Infections and zones in the admin site: read by supervisors of the area, decided by the pages' verbs."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Role
from accounts.scoped import area_columns
from cases.actions.infections import InfectionFacts, add_stay, report_infection
from cases.models import Contact, Infection
from tests.builders import episode, noon, staff
from tests.scope.conftest import admitted
from zones.actions import Designation, designate, ensure_units, staircase
from zones.models import Compound, Unit, UnitSeal, Zone, ZoneEvent, ZoneProposal
from zones.rules import FoundWhere, Purpose, WiderReason

Login = Callable[[User], Client]
Go = Callable[[dt.date], None]
REASON = {"_form_submitted": "1", "reason": "核查"}


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


@pytest.fixture
def supervisor(home: Area) -> User:
    """The supervisor of Alice's community only."""
    return admitted(staff("dora", home, Role.SUPERVISOR))


@pytest.fixture
def eve(next_door: Area) -> User:
    """The supervisor of the next community: must see nothing of Alice's."""
    return admitted(staff("eve", next_door, Role.SUPERVISOR))


def unit_of(community: Area, building: str, unit: str = "1单元", compound: str = "锦绣花园") -> Unit:
    stairs = staircase(community=community, compound=compound, building=building, unit=unit)
    return ensure_units([stairs])[stairs]


@pytest.fixture
def infection(supervisor: User, home: Area) -> Infection:
    """Found on 14 November, at home in 4号楼1单元."""
    facts = InfectionFacts(label="病例7", found_on=november(14), found_where=FoundWhere.COMMUNITY)
    at = noon(november(14))
    found = report_infection(community=home, facts=facts, by=supervisor, at=at)
    add_stay(
        infection=found,
        purpose=Purpose.HOME,
        unit=unit_of(home, "4号楼"),
        from_on=november(13),
        to_on=november(14),
        by=supervisor,
        at=at,
    )
    return found


@pytest.fixture
def sealed(infection: Infection, supervisor: User, home: Area, the_day: Go) -> Designation:
    """Its unit sealed, and 6号楼 proposed to the street, on 14 November."""
    the_day(november(14))
    inner, outer = unit_of(home, "4号楼"), unit_of(home, "6号楼")
    made = designate(
        compound=inner.building.compound,
        units={inner: Purpose.HOME, outer: Purpose.HOME},
        causes=[infection.cause],
        stayed={inner.building_id},
        wider=WiderReason.RISK_UNCLEAR,
        wider_note="传播链不清",
        by=supervisor,
        at=noon(november(14)),
    )
    assert made.zone is not None
    assert made.proposal is not None
    return made


def page_of(browser: Client, name: str, *args: object, **query: str) -> str:
    answer = browser.get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def records(made: Designation) -> dict[str, Any]:
    """One row of each model of zones."""
    return {
        "zones_zone": made.zone,
        "zones_unitseal": made.sealed[0],
        "zones_zoneproposal": made.proposal,
        "zones_zoneevent": ZoneEvent.objects.first(),
    }


def test_zones_are_read_by_the_own_supervisor_and_not_by_the_neighbours(
    sealed: Designation, supervisor: User, eve: User, as_user: Login
) -> None:
    mine, theirs = as_user(supervisor), as_user(eve)
    for model, row in records(sealed).items():
        assert mine.get(reverse(f"admin:{model}_change", args=[row.pk])).status_code == 200, model
        assert theirs.get(reverse(f"admin:{model}_change", args=[row.pk])).status_code == 404, model
        assert "锦绣花园" in page_of(mine, f"{model}_changelist"), model
        assert "锦绣花园" not in page_of(theirs, f"{model}_changelist"), model


def test_nothing_of_a_zone_is_edited_or_deleted(
    sealed: Designation, supervisor: User, as_user: Login
) -> None:
    browser = as_user(supervisor)
    for model, row in records(sealed).items():
        before = type(row).objects.filter(pk=row.pk).values().get()
        delete = browser.post(reverse(f"admin:{model}_delete", args=[row.pk]), {"post": "yes"})
        change = browser.post(
            reverse(f"admin:{model}_change", args=[row.pk]), {"release_on": "2022-12-31", "reason": "x"}
        )
        assert (delete.status_code, change.status_code) == (403, 403), model
        assert browser.get(reverse(f"admin:{model}_add")).status_code == 403
        assert type(row).objects.filter(pk=row.pk).values().get() == before


def test_a_zone_shows_its_units_with_their_dates_and_what_happened(
    sealed: Designation, supervisor: User, as_user: Login
) -> None:
    page = page_of(as_user(supervisor), "zones_zone_change", sealed.zone.pk)  # type: ignore[union-attr]
    for word in ("4号楼1单元", "2022年11月14日", "2022年11月20日", "二(四)", reverse("zone", args=[1])[:-2]):
        assert word in page, word
    listed = page_of(as_user(supervisor), "zones_zone_changelist")
    assert "2022年11月20日" in listed
    assert "1 / 1" in listed


def test_zones_are_told_apart_by_the_clock_alone(
    sealed: Designation, supervisor: User, as_user: Login, the_day: Go
) -> None:
    for day, now, past in ((19, 1, 0), (20, 0, 1)):
        the_day(november(day))
        browser = as_user(supervisor)  # a session is shorter than the days between
        for model, states in (
            ("zones_zone", ("open", "past")),
            ("zones_unitseal", ("holding", "open")),
        ):
            found = [
                browser.get(reverse(f"admin:{model}_changelist"), {"state": state}).context["cl"].result_count
                for state in states
            ]
            assert found == [now, past], (model, day)
    assert UnitSeal.objects.get().swept_at is None


def test_opening_a_zone_early_is_the_verb_of_the_pages_and_asks_why(
    sealed: Designation, supervisor: User, eve: User, as_user: Login, the_day: Go
) -> None:
    the_day(november(16))
    address = reverse("admin:zones_zone_end_early", args=[sealed.zone.pk])  # type: ignore[union-attr]
    as_user(eve).post(address, REASON)
    browser = as_user(supervisor)
    assert browser.post(address, REASON | {"reason": ""}).status_code == 200
    assert UnitSeal.objects.get().ending == ""
    assert browser.post(address, REASON).headers["HX-Redirect"]
    seal = UnitSeal.objects.get()
    assert (seal.ending, seal.ended_reason, seal.release_on, seal.planned_release_on) == (
        "early",
        "核查",
        november(16),
        november(20),
    )
    events = ZoneEvent.objects.count()
    browser.post(address, REASON)
    assert ZoneEvent.objects.count() == events


def test_a_wider_zone_is_approved_by_an_area_above_and_by_nobody_else(
    sealed: Designation, supervisor: User, eve: User, carol: User, as_user: Login
) -> None:
    proposal = sealed.proposal
    assert proposal is not None
    address = reverse("admin:zones_zoneproposal_approve", args=[proposal.pk])
    for user in (supervisor, eve):
        as_user(user).post(address, REASON)
        assert Zone.objects.count() == 1
    told = as_user(supervisor).post(address, REASON, follow=True)
    assert told.status_code == 204
    admitted(carol)
    as_user(carol).post(address, {"_form_submitted": "1"})
    proposal.refresh_from_db()
    assert (proposal.decision, proposal.decided_by, proposal.zone_id) == (
        "approved",
        carol,
        Zone.objects.exclude(pk=sealed.zone.pk).get().pk,  # type: ignore[union-attr]
    )
    as_user(carol).post(address, REASON)
    assert Zone.objects.count() == 2


def test_a_refusal_asks_why_and_seals_nothing(sealed: Designation, carol: User, as_user: Login) -> None:
    proposal = sealed.proposal
    assert proposal is not None
    address = reverse("admin:zones_zoneproposal_refuse", args=[proposal.pk])
    browser = as_user(admitted(carol))
    assert browser.post(address, REASON | {"reason": ""}).status_code == 200
    assert ZoneProposal.objects.get().decision == ""
    browser.post(address, REASON)
    assert (ZoneProposal.objects.get().decision, ZoneProposal.objects.get().decided_reason) == (
        "refused",
        "核查",
    )
    assert Zone.objects.count() == 1


def test_proposals_are_told_apart_by_what_became_of_them(
    sealed: Designation, carol: User, as_user: Login, the_day: Go
) -> None:
    admitted(carol)

    def found(state: str) -> int:
        answer = as_user(carol).get(reverse("admin:zones_zoneproposal_changelist"), {"state": state})
        return int(answer.context["cl"].result_count)

    assert [found(state) for state in ("undecided", "approved", "refused", "lapsed")] == [1, 0, 0, 0]
    the_day(november(20))
    assert [found(state) for state in ("undecided", "lapsed")] == [0, 1]
    address = reverse("admin:zones_zoneproposal_approve", args=[sealed.proposal.pk])  # type: ignore[union-attr]
    assert as_user(carol).post(address, REASON).status_code == 204
    assert Zone.objects.count() == 1


def test_an_infection_shows_its_stays_and_names_nobody_who_is_out_of_sight(
    infection: Infection, supervisor: User, alice: User, bob: User, as_user: Login
) -> None:
    near = episode(alice, name="何玉珍").person
    far = episode(bob, name="欧阳特殊", phone="13900000000").person
    for person in (near, far):
        Contact.objects.create(
            infection=infection,
            person=person,
            last_exposure_on=november(14),
            kind="other",
            judged_at=noon(november(14)),
        )
    Infection.objects.filter(pk=infection.pk).update(person=far)
    browser = as_user(supervisor)
    pages = [
        page_of(browser, "cases_infection_change", infection.pk),
        page_of(browser, "cases_infection_changelist"),
        page_of(browser, "cases_contact_changelist"),
        *(page_of(browser, "cases_contact_change", row.pk) for row in Contact.objects.all()),
    ]
    assert "锦绣花园 4号楼1单元" in pages[0]
    assert "何玉珍" in pages[0]
    assert "何玉珍" in pages[2]
    for page in pages:
        assert "欧阳特殊" not in page


def test_a_list_of_zones_costs_the_same_at_one_and_at_thirty(
    sealed: Designation, supervisor: User, home: Area, as_user: Login
) -> None:
    browser, costs = as_user(supervisor), []
    for numbers in (range(0), range(10, 40)):
        for n in numbers:
            _another(home, supervisor, n)
        cost = {}
        for model in ("zones_zone", "zones_unitseal", "zones_zoneevent", "zones_zoneproposal"):
            browser.get(reverse(f"admin:{model}_changelist"))
            with CaptureQueriesContext(connection) as queries:
                page_of(browser, f"{model}_changelist")
            cost[model] = len(queries)
        costs.append(cost)
    assert costs[0] == costs[1]


def _another(home: Area, by: User, n: int) -> None:
    """One more zone with its seal, event and proposal."""
    unit, at = unit_of(home, f"{n}号楼", compound=f"小区{n}"), noon(november(14))
    rule = {"edition": "twenty", "clause": "二(四)"}
    compound = Compound.objects.get(name=f"小区{n}")
    zone = Zone.objects.create(
        **area_columns(home),
        **rule,
        compound=compound,
        boundary=f"{n}号楼",
        unit_count=1,
        designated_at=at,
        designated_by=by,
        release_on=november(20),
    )
    seal = UnitSeal.objects.create(
        **area_columns(home),
        **rule,
        zone=zone,
        unit=unit,
        starts_at=at,
        last_infection_on=november(14),
        clean_days=5,
        release_on=november(20),
        planned_release_on=november(20),
    )
    ZoneEvent.objects.create(zone=zone, seal=seal, kind="designated", at=at, by=by)
    ZoneProposal.objects.create(
        **area_columns(home),
        compound=compound,
        boundary="x",
        wider_reason="risk_unclear",
        wider_note="x",
        proposed_at=at,
        proposed_by=by,
        lapses_on=november(20),
    )


def test_places_show_their_kind_and_floors(supervisor: User, home: Area, as_user: Login) -> None:
    unit = unit_of(home, "4号楼")
    browser = as_user(supervisor)
    compound = unit.building.compound
    assert 'name="kind"' in page_of(browser, "zones_compound_change", compound.pk)
    assert 'name="floors"' in page_of(browser, "zones_building_change", unit.building_id)
    inlines = {
        "buildings-TOTAL_FORMS": "1",
        "buildings-INITIAL_FORMS": "1",
        "buildings-0-id": unit.building_id,
        "buildings-0-compound": compound.pk,
        "buildings-0-name": "4号楼",
        "buildings-0-floors": "18",
    }
    facts = {"community": home.pk, "name": "锦绣花园", "kind": "village", "address": ""}
    saved = browser.post(reverse("admin:zones_compound_change", args=[compound.pk]), facts | inlines)
    assert saved.status_code == 302
    compound.refresh_from_db()
    unit.building.refresh_from_db()
    assert (compound.kind, unit.building.floors) == ("village", 18)
