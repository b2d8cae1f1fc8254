"""The self-audit: what goes beyond the rule is filed once, above whoever holds it; what is lawful never."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.rules import Department, Role
from cases.actions.editions import follow_editions
from cases.actions.ending import end_early, mark_told
from cases.actions.infections import InfectionFacts, add_stay, report_infection, retract_infection
from cases.actions.registration import register
from cases.actions.sweeps import sweep_releases, sweep_stage_changes
from cases.actions.testing import record_negatives
from cases.actions.zoning import restart_because_of, seal_because_of
from cases.models import Episode, Ground, Infection, NucleicAcidTest
from cases.rules import HomeCheck, Place, Result, TestOrigin
from complaints import tasks
from complaints.actions import handling
from complaints.actions.auditing import audit_ourselves
from complaints.audit_facts import kind_of, sentence_of
from complaints.models import AuditRun, Complaint
from complaints.rules.auditing import FindingKind
from complaints.rules.handling import State
from complaints.rules.words import Outcome
from policy.clock import midnight
from policy.types import Category, IsolationFinished
from tests.builders import entry, episode, noon, staff
from tests.cases import zone_places as places
from tests.cases.zone_places import infection, unit, wider, zone
from tests.complaints.auditing import found, leads
from tests.complaints.cast import Cast, office
from zones.actions import approve, sweep_openings
from zones.actions import follow_editions as follow_zones
from zones.models import SealCause, UnitSeal, Zone
from zones.rules import FoundWhere, Purpose

pytestmark = pytest.mark.django_db

november = places.november
HOUR = dt.timedelta(hours=1)


# ── zones ────────────────────────────────────────────────────────────────────────────────────────


def test_a_lawful_zone_is_no_finding_on_any_of_its_days(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    zone(worker, infection(worker, here), here)
    for day in range(12, 22):
        assert found(noon(november(day))) == {} or day > 19  # unswept for a day from the 19th on
        if day == 18:
            sweep_openings(at=noon(november(day)))
    assert not leads()


def test_a_unit_that_its_gate_keeps_sealed_is_a_lead_above_the_community(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    made = zone(worker, infection(worker, here), here)
    UnitSeal.objects.update(round_day=5)
    Zone.objects.update(gated=True)
    assert found(noon(november(17))) == {}
    assert audit_ourselves(at=noon(november(18))).filed == 1
    (lead,) = leads()
    assert (lead.behaviour, lead.clause) == ("zone_overdue", "二(四)")
    assert lead.respondent == office(cast.home)
    assert lead.handler == office(cast.county, Department.DISEASE_CONTROL)
    assert lead.compound == made.compound
    (fact,) = lead.facts
    assert (fact["zone"], fact["count"], fact["release_on"]) == (made.pk, 1, "2022-11-18")
    assert not lead.what_happened
    assert lead.filed_by is None


def test_a_unit_sealed_for_longer_than_its_clean_days_is_a_lead(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    zone(worker, infection(worker, here), here)
    UnitSeal.objects.update(planned_release_on=november(20), release_on=november(20))
    Zone.objects.update(release_on=november(20))
    assert found(noon(november(14))) == {"seal_long": 1}
    audit_ourselves(at=noon(november(19)))
    (lead,) = leads()
    assert lead.since_on == november(18)
    assert "November 18" in sentence_of(lead.facts[0]) or "11月18日" in sentence_of(lead.facts[0])


def test_a_unit_without_an_infection_that_stands_is_a_lead(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    found_one = infection(worker, here)
    zone(worker, found_one, here)
    Infection.objects.filter(pk=found_one.pk).update(retracted_at=noon(november(13)))
    assert found(noon(november(13))) == {"no_cause": 1}
    SealCause.objects.all().delete()
    assert found(noon(november(13))) == {"no_cause": 1}


def test_an_infection_taken_back_by_the_verb_opens_the_unit_and_is_no_finding(
    worker: User, cast: Cast
) -> None:
    here = unit(cast.home)
    found_one = infection(worker, here)
    zone(worker, found_one, here)
    retract_infection(infection=found_one, by=worker, at=noon(november(13)))
    assert found(noon(november(13)) + HOUR) == {}


def test_a_wider_zone_that_somebody_above_approved_is_lawful_and_without_it_a_lead(
    worker: User, boss: User, cast: Cast
) -> None:
    here, beside = unit(cast.home), unit(cast.home, "9号楼")
    found_one = infection(worker, here)
    zone(worker, found_one, here)
    approve(proposal=wider(worker, found_one, beside), by=boss, at=noon(november(13)))
    assert UnitSeal.objects.count() == 2
    assert found(noon(november(14))) == {}
    Zone.objects.exclude(wider_reason="").update(approved_by=None)
    assert found(noon(november(14))) == {"wider": 1}
    Zone.objects.exclude(wider_reason="").update(approved_by=boss, wider_reason="")
    assert audit_ourselves(at=noon(november(14))).filed == 1
    assert (leads()[0].behaviour, leads()[0].clause) == ("zone_oversized", "三(二)")


def test_a_zone_of_many_units_with_one_fault_is_one_lead(worker: User, cast: Cast) -> None:
    units = [unit(cast.home, name=f"{n}单元") for n in range(1, 5)]
    zone(worker, infection(worker, units[0]), *units)
    UnitSeal.objects.update(planned_release_on=november(25), release_on=november(25))
    Zone.objects.update(release_on=november(25))
    assert audit_ourselves(at=noon(november(14))).filed == 1
    assert leads()[0].facts[0]["count"] == 4


def test_an_opening_that_nobody_wrote_down_for_a_day_is_a_lead(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    zone(worker, infection(worker, here), here)
    assert found(midnight(november(19)) - HOUR) == {}
    assert found(midnight(november(19)) + HOUR) == {"units_unswept": 1}
    sweep_openings(at=midnight(november(19)) + HOUR)
    assert found(midnight(november(19)) + HOUR) == {}


# ── episodes ─────────────────────────────────────────────────────────────────────────────────────


def test_an_end_later_than_the_plan_is_a_lead(worker: User, cast: Cast) -> None:
    held = episode(worker)
    assert found(noon(november(15))) == {}
    Episode.objects.filter(pk=held.pk).update(planned_release_on=november(26), release_on=november(26))
    audit_ourselves(at=noon(november(24)))
    (lead,) = leads()
    assert (lead.behaviour, lead.since_on) == ("held_too_long", november(23))
    assert lead.facts[0]["episode"] == held.pk
    assert "陈晓琳" not in str(Complaint.objects.values())


def test_an_end_before_the_plan_is_none(worker: User, cast: Cast) -> None:
    held = episode(worker)
    end_early(episode=held, reason="街道复核", by=worker, at=noon(november(16)))
    assert found(noon(november(16)) + HOUR) == {}


def test_a_ground_that_the_edition_has_no_rule_for_is_a_lead(worker: User, cast: Cast) -> None:
    episode(worker)
    Ground.objects.update(category=Category.SECONDARY_CONTACT)
    assert found(noon(november(15))) == {"no_source": 1}
    audit_ourselves(at=noon(november(15)))
    assert (leads()[0].behaviour, leads()[0].clause) == ("secondary_contact", "二(二)")


def test_a_contact_of_somebody_who_is_not_infected_is_a_lead(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    source = infection(worker, here, on=14)
    held = episode(worker, infection=source)
    assert held.grounds.get().infection == source
    assert found(noon(november(15))) == {}
    retract_infection(infection=source, by=worker, at=noon(november(15)))
    assert found(noon(november(15)) + HOUR) == {"no_source": 1}


def test_an_entrant_who_is_isolated_again_is_a_lead(worker: User, cast: Cast) -> None:
    entered: dict[str, Any] = {"category": Category.ENTRANT, "anchor_on": november(13)}
    held = episode(worker, **entered, registered_on=november(14))
    assert found(noon(november(15))) == {}
    Ground.objects.filter(episode=held).update(isolation_finished=IsolationFinished.CENTRAL)
    assert found(noon(november(15))) == {"again": 1}
    Ground.objects.filter(episode=held).update(isolation_finished=IsolationFinished.ALL)
    assert found(noon(november(15))) == {"again": 1}
    audit_ourselves(at=noon(november(15)))
    assert (leads()[0].behaviour, leads()[0].clause) == ("isolated_again", "二(十)")


def test_an_entrant_who_served_it_all_and_is_registered_for_the_same_entry_is_a_lead(
    worker: User, cast: Cast
) -> None:
    entered: dict[str, Any] = {"category": Category.ENTRANT, "anchor_on": november(10)}
    served = episode(worker, **entered, registered_on=november(10))
    sweep_releases(at=midnight(november(19)))
    Episode.objects.filter(pk=served.pk).update(told_at=noon(november(19)))
    later = episode(worker, category=Category.ENTRANT, anchor_on=november(18), registered_on=november(19))
    assert found(noon(november(19))) == {}  # another entry
    Ground.objects.filter(episode=later).update(anchor_on=november(10))
    assert found(noon(november(18))).get("again") is None
    assert "again" in found(noon(november(19)))


def test_an_entrant_with_only_the_home_days_left_is_lawful(worker: User, cast: Cast) -> None:
    episode(
        worker,
        category=Category.ENTRANT,
        anchor_on=november(13),
        registered_on=november(18),
        isolation_finished=IsolationFinished.CENTRAL,
    )
    for day in range(18, 22):
        assert found(noon(november(day))) == {}, day


def test_whoever_is_released_and_not_let_go_is_a_lead_after_the_grace(worker: User, cast: Cast) -> None:
    held = episode(worker, phone="")
    sweep_releases(at=midnight(november(23)))
    Episode.objects.filter(pk=held.pk).update(place=Place.SITE, told_at=None)
    assert found(midnight(november(23)) - HOUR) == {
        "overdue": 1
    }  # the journey home has been due since the 20th
    Episode.objects.filter(pk=held.pk).update(place=Place.HOME, settled_at=None)
    assert found(midnight(november(24)) - HOUR) == {}
    assert found(midnight(november(24)) + HOUR) == {"overdue": 1}
    Episode.objects.filter(pk=held.pk).update(told_at=noon(november(24)))
    assert found(midnight(november(25))) == {}


def test_a_release_that_nobody_carried_out_for_a_day_is_one_lead_a_community(
    worker: User, cast: Cast
) -> None:
    for name in ("陈晓琳", "王小明", "李大山"):
        episode(worker, name=name, phone="")
    assert found(midnight(november(24)) - HOUR) == {}
    done = audit_ourselves(at=midnight(november(24)) + HOUR)
    assert dict(done.found) == {"people_unswept": 1}
    assert leads()[0].facts[0]["count"] == 3


def test_episodes_left_under_an_earlier_edition_are_a_lead_a_day_later(worker: User, cast: Cast) -> None:
    episode(worker, anchor_on=november(5), registered_on=november(5))
    assert found(midnight(november(12)) - HOUR) == {}
    assert "old_edition" in found(midnight(november(12)) + HOUR)
    follow_editions(at=midnight(november(12)) + HOUR)
    assert found(midnight(november(12)) + HOUR) == {}


# ── once, and again ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def late_end(worker: User) -> Episode:
    held = episode(worker)
    Episode.objects.filter(pk=held.pk).update(planned_release_on=november(30), release_on=november(30))
    return held


def closed(lead: Complaint, officer: User, boss: User, outcome: Outcome, day: int) -> None:
    at = noon(november(day))
    handling.accept(complaint=lead, by=officer, at=at)
    handling.answer(complaint=lead, text="已核。", by=officer, at=at)
    handling.verify(complaint=lead, outcome=outcome, how="现场查看", by=boss, at=at)
    handling.close(complaint=lead, by=officer, at=at)


def test_a_finding_that_persists_stays_one_complaint(late_end: Episode, cast: Cast) -> None:
    assert audit_ourselves(at=noon(november(24))).filed == 1
    for day in (24, 25, 26):
        assert audit_ourselves(at=noon(november(day)) + HOUR).filed == 0
    assert len(leads()) == 1


def test_one_that_is_there_after_closing_is_a_new_lead_with_its_date(
    late_end: Episode, cast: Cast, boss: User
) -> None:
    audit_ourselves(at=noon(november(24)))
    (lead,) = leads()
    closed(lead, cast.city, boss_of(cast), Outcome.SOLVED, 24)
    assert audit_ourselves(at=noon(november(25))).filed == 1
    assert audit_ourselves(at=noon(november(26))).filed == 0
    again = leads()[1]
    assert again.lead_key == f"{lead.lead_key}@2022-11-25"
    assert again.rebound_of == lead


def test_one_that_was_found_within_the_rules_stays_closed_until_something_changes(
    late_end: Episode, cast: Cast
) -> None:
    audit_ourselves(at=noon(november(24)))
    closed(leads()[0], cast.city, boss_of(cast), Outcome.UNFOUNDED, 24)
    assert audit_ourselves(at=noon(november(25))).filed == 0
    Ground.objects.filter(episode=late_end).update(anchor_on=november(12))
    assert audit_ourselves(at=noon(november(25))).filed == 1


def test_one_that_was_merged_follows_the_complaint_that_took_it_in(late_end: Episode, cast: Cast) -> None:
    audit_ourselves(at=noon(november(24)))
    (lead,) = leads()
    other = Complaint.objects.get(pk=lead.pk)
    other.pk, other.number, other.submission, other.lead_key = None, "1", "1", ""
    other.save()
    Complaint.objects.filter(pk=lead.pk).update(state=State.MERGED, merged_into=other)
    assert audit_ourselves(at=noon(november(25))).filed == 0
    Complaint.objects.filter(pk=other.pk).update(state=State.CLOSED, outcome=Outcome.SOLVED)
    assert audit_ourselves(at=noon(november(25))).filed == 1


def test_two_samples_of_the_past_are_filed_once_for_good(worker: User, cast: Cast) -> None:
    held = episode(worker)
    for number in (1, 2):
        NucleicAcidTest.objects.create(
            person=held.person, episode=held, planned_on=november(15), scheduled=False,
            origin=TestOrigin.OUTSIDE, result=Result.NEGATIVE, external_id=str(number),
        )  # fmt: skip
    audit_ourselves(at=noon(november(16)))
    closed(leads()[0], cast.city, boss_of(cast), Outcome.SOLVED, 16)
    assert audit_ourselves(at=noon(november(17))).filed == 0


def boss_of(cast: Cast) -> User:
    """A second supervisor beside the city's."""
    assert cast.city.office is not None
    second = staff("second", cast.city.office.area, Role.SUPERVISOR)
    second.office = cast.city.office
    second.save()
    return second


# ── a town in which everybody keeps to the rules ─────────────────────────────────────────────────

DAY = dt.timedelta(days=1)
FIRST = dt.date(2022, 11, 1)
"""The edition changes on 11 November, in the middle of many of these plans."""
CATEGORIES = [Category.CLOSE_CONTACT, Category.SPILL_OVER, Category.ENTRANT, Category.SECONDARY_CONTACT]
a_registration = st.tuples(
    st.sampled_from(
        [Category.CLOSE_CONTACT, Category.SPILL_OVER, Category.ENTRANT, Category.SECONDARY_CONTACT]
    ),
    st.integers(0, 16),
    st.integers(0, 9),
    st.sampled_from([HomeCheck.SUITABLE, HomeCheck.UNSUITABLE, HomeCheck.UNCHECKED]),
)
an_infection = st.tuples(
    st.integers(10, 16),
    st.integers(1, 3),
    st.sampled_from([FoundWhere.COMMUNITY, FoundWhere.HOME]),
    st.booleans(),
)


@given(st.lists(a_registration, max_size=6), st.lists(an_infection, max_size=4), st.sampled_from([4, 12, 23]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_town_that_keeps_to_the_rules_gives_no_lead(
    worker: User, cast: Cast, people: list[Any], infections: list[Any], hour: int
) -> None:
    with transaction.atomic():
        for day in range(26):
            on = FIRST + day * DAY
            _lawful_day(worker, on, people, infections)
            assert found(midnight(on) + hour * HOUR) == {}, on
        transaction.set_rollback(True)


def _lawful_day(worker: User, on: dt.date, people: list[Any], infections: list[Any]) -> None:
    """The sweeps run at midnight, whoever is free is told, and at one the new cases come in."""
    at = midnight(on)
    for sweep in (follow_zones, follow_editions, sweep_openings, sweep_releases, sweep_stage_changes):
        sweep(at=at)
    for free in Episode.objects.filter(release_on__lte=on, told_at=None).exclude(code_lifted_at=None):
        mark_told(episode=free, by=worker, at=at)
    record_negatives(tests=NucleicAcidTest.objects.to_take(on), by=worker, at=at)
    assert worker.area is not None
    for number, (category, anchor, late, check) in enumerate(people):
        if FIRST + (anchor + late) * DAY == on:
            entered = entry(
                worker.area, name="王小" + chr(0x4E00 + number), phone=f"138{number:08d}", category=category,
                anchor_on=FIRST + anchor * DAY, registered_on=on, home_check=check,
            )  # fmt: skip
            register([entered], by=worker, at=at + HOUR)
    for found_day, number, where, taken_back in infections:
        if FIRST + found_day * DAY == on:
            _lawful_zone(worker, unit(worker.area, name=f"{number}单元"), where, taken_back, at + HOUR)


def _lawful_zone(worker: User, here: Any, where: FoundWhere, taken_back: bool, at: dt.datetime) -> None:
    facts = InfectionFacts(label="", found_on=timezone.localdate(at), found_where=where)
    case = report_infection(community=worker.area, facts=facts, by=worker, at=at)  # type: ignore[arg-type]
    on = timezone.localdate(at)
    add_stay(infection=case, purpose=Purpose.HOME, unit=here, from_on=on, to_on=on, by=worker, at=at)
    sealed = UnitSeal.objects.holding(at).filter(unit=here).exists()
    if sealed:
        restart_because_of(infection=case, units=[here], by=worker, at=at)
    else:
        seal_because_of(infections=[case], units={here: Purpose.HOME}, reason="查明", by=worker, at=at)
    if taken_back:
        retract_infection(infection=case, by=worker, at=at)


# ── by itself, by hand, and on the page ──────────────────────────────────────────────────────────


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("audit_ourselves", "--language=en", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_files_and_its_dry_run_only_counts(late_end: Episode, cast: Cast) -> None:
    with time_machine.travel(noon(november(24)), tick=False):
        assert "1 lead would be filed." in said("--dry-run")
        assert not leads()
        assert not AuditRun.objects.exists()
        assert "1 lead filed." in said()
        assert "0 leads filed." in said()
    run = AuditRun.objects.get()
    assert (run.on, run.found, run.ended_at) == (november(24), {"late_end": 1}, noon(november(24)))


def test_the_task_acts_once_a_date_from_its_hour_on_and_makes_up_for_a_crash(
    late_end: Episode, cast: Cast
) -> None:
    def beat(hour: float) -> None:
        with time_machine.travel(midnight(november(24)) + hour * HOUR, tick=False):
            tasks.audit_ourselves()

    beat(4)
    assert not leads()
    beat(9)  # the worker was away at the hour
    assert len(leads()) == 1
    Complaint.objects.all().delete()
    beat(10)
    assert not leads()
    AuditRun.objects.update(ended_at=None)  # killed in the middle
    beat(10.5)
    assert not leads()
    beat(12)
    assert len(leads()) == 1


def test_the_page_lists_what_lies_at_the_readers_office_and_below(
    late_end: Episode, cast: Cast, as_user: Callable[[User], Client]
) -> None:
    audit_ourselves(at=noon(november(24)))
    (lead,) = leads()
    page = reverse("audit")
    with time_machine.travel(noon(november(24)), tick=False):
        shown = as_user(cast.city).get(page).content.decode()
        assert lead.number in shown
        assert "陈晓琳" not in shown
        for other in (cast.neighbour, cast.street):
            assert lead.number not in as_user(other).get(page).content.decode()
        assert as_user(cast.community).get(page).status_code == 403
        assert lead.number not in as_user(cast.city).get(page, {"kind": "gate"}).content.decode()
        assert lead.number in as_user(cast.city).get(page, {"kind": "late_end"}).content.decode()


def test_the_page_costs_the_same_for_many(
    late_end: Episode, worker: User, cast: Cast, as_user: Callable[[User], Client],
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for number in range(6):
        episode(worker, name=f"测试{number}", phone=f"1380000000{number}", door=str(number))
    Episode.objects.update(planned_release_on=november(30), release_on=november(30))
    audit_ourselves(at=noon(november(24)))
    assert len(leads()) == 7
    client = as_user(cast.city)
    with time_machine.travel(noon(november(24)), tick=False), django_assert_max_num_queries(9):
        client.get(reverse("audit"))


def test_each_kind_of_finding_has_a_sentence_of_its_own() -> None:
    fact = {"count": 2, "zone": 1, "episode": 1, "owed": ["code"], "site": "一院", "reason": "没床位"}
    dates = dict.fromkeys(("release_on", "allowed_on", "due_on"), "2022-11-16")
    said = [sentence_of({"code": f"audit_{kind}", **fact, **dates}) for kind in FindingKind]
    assert all(said)
    assert len(set(said)) == len(FindingKind)
    assert sentence_of({"code": "audit_gate"}) == ""
    assert kind_of({"code": "no_zone"}) is None
