"""The self-audit of tests and orders: what no rule asks for, and nobody above approved."""

from typing import Any

import pytest

from accounts.models import User
from cases.actions.testing import record_negatives, record_outside_result, record_result
from cases.models import Episode, NucleicAcidTest
from cases.rules import Result, TestOrigin
from complaints.actions.auditing import audit_ourselves
from complaints.audit_facts import sentence_of
from complaints.rules.auditing import Approval, approved_units
from tests.builders import episode, noon
from tests.cases import zone_places as places
from tests.cases.zone_places import infection, unit, wider, zone
from tests.complaints.auditing import found, leads
from tests.complaints.cast import Cast
from zones.actions import approve, end_early, record_round
from zones.models import UnitRound, UnitSeal, Zone, ZoneProposal

pytestmark = pytest.mark.django_db

november = places.november


# ── two a day, and of whoever is free ────────────────────────────────────────────────────────────


def test_two_samples_of_one_person_on_a_date_are_a_lead_and_a_linked_recheck_is_none(
    worker: User, cast: Cast
) -> None:
    held = episode(worker)
    first = held.tests.get(planned_on=november(15))
    record_negatives(tests=[first], by=worker, at=noon(november(15)))
    second = NucleicAcidTest.objects.create(
        person=held.person,
        episode=held,
        planned_on=november(15),
        scheduled=False,
        origin=TestOrigin.RECHECK,
        follows=first,
        sampled_at=noon(november(15)),
    )
    assert found(noon(november(16))) == {}
    NucleicAcidTest.objects.filter(pk=second.pk).update(follows=None)
    audit_ourselves(at=noon(november(16)))
    (lead,) = leads()
    assert (lead.behaviour, lead.facts[0]["count"]) == ("extra_tests", 2)
    assert lead.since_on == november(15)


def test_one_result_from_elsewhere_beside_ours_is_let_pass_and_two_are_a_lead(
    worker: User, cast: Cast
) -> None:
    held = episode(worker)
    on = november(15)
    record_negatives(tests=held.tests.filter(planned_on=on), by=worker, at=noon(on))
    stored: dict[str, Any] = {
        "episode": held,
        "on": on,
        "result": Result.NEGATIVE,
        "by": worker,
        "at": noon(on),
    }
    record_outside_result(**stored, external_id="L-1")
    assert found(noon(november(16))) == {}
    record_outside_result(**stored, external_id="L-2")
    assert found(noon(november(16))) == {"tests": 1}


def test_a_test_planned_after_the_release_is_a_lead(worker: User, cast: Cast) -> None:
    held = episode(worker)
    NucleicAcidTest.objects.create(person=held.person, episode=held, planned_on=november(23))
    assert found(noon(november(15))) == {"late_test": 1}
    audit_ourselves(at=noon(november(15)))
    assert leads()[0].since_on is None


def test_whoever_comes_too_late_has_one_test_and_that_is_no_finding(worker: User, cast: Cast) -> None:
    episode(worker, registered_on=november(24))
    assert found(noon(november(24))) == {}


# ── what no rule asks for ────────────────────────────────────────────────────────────────────────


def one_more(held: Episode, day: int, **changes: Any) -> NucleicAcidTest:
    """A test more than the plan, still to be taken."""
    return NucleicAcidTest.objects.create(
        person=held.person, episode=held, planned_on=november(day), **changes
    )


def test_a_test_on_a_date_that_the_plan_leaves_free_is_a_lead_until_it_is_dropped(
    worker: User, cast: Cast
) -> None:
    held = episode(worker)  # tests on 15, 16, 17, 19, 20 and 22
    assert found(noon(november(15))) == {}
    extra = one_more(held, 18)
    assert found(noon(november(15))) == {"beyond_test": 1}
    audit_ourselves(at=noon(november(15)))
    (lead,) = leads()
    assert (lead.behaviour, lead.clause) == ("extra_tests", "二(六)")
    assert lead.facts[0]["rows"] == [extra.pk]
    assert "11月18日" in sentence_of(lead.facts[0])
    NucleicAcidTest.objects.filter(pk=extra.pk).update(dropped_at=noon(november(15)))
    assert found(noon(november(15))) == {}


def test_a_second_test_asked_for_on_a_date_is_a_lead_before_anybody_has_to_take_it(
    worker: User, cast: Cast
) -> None:
    one_more(episode(worker), 16, scheduled=False)
    assert found(noon(november(15))) == {"beyond_test": 1}


def test_whoever_is_not_restricted_is_asked_for_the_one_test_and_no_more(worker: User, cast: Cast) -> None:
    held = episode(worker, registered_on=november(24))
    assert found(noon(november(24))) == {}
    one_more(held, 26)
    assert found(noon(november(24))) == {"beyond_test": 1}


@pytest.mark.parametrize("said_nothing", [Result.INCONCLUSIVE, Result.REFUSED])
def test_a_sample_that_said_nothing_is_made_anew_and_a_clear_one_is_not(
    worker: User, cast: Cast, said_nothing: Result
) -> None:
    held = episode(worker)
    first = held.tests.get(planned_on=november(17))
    record_result(test=first, result=said_nothing, by=worker, at=noon(november(17)))
    again = held.tests.get(origin=TestOrigin.REPEAT)
    assert again.planned_on == november(18)
    assert found(noon(november(17))) == {}
    NucleicAcidTest.objects.filter(pk=first.pk).update(result=Result.NEGATIVE)
    assert found(noon(november(17))) == {"beyond_test": 1}
    NucleicAcidTest.objects.filter(pk=again.pk).update(follows=None)
    assert found(noon(november(17))) == {"beyond_test": 1}


def test_an_abnormal_pool_asks_for_one_more_and_nothing_else_does(worker: User, cast: Cast) -> None:
    held = episode(worker)
    first = held.tests.get(planned_on=november(17))
    record_result(test=first, result=Result.ABNORMAL_POOL, by=worker, at=noon(november(17)))
    assert held.tests.get(origin=TestOrigin.RECHECK).sampled_at is None
    assert found(noon(november(17))) == {}
    NucleicAcidTest.objects.filter(pk=first.pk).update(result=Result.INCONCLUSIVE)
    assert found(noon(november(17))) == {"beyond_test": 1}


# ── rounds at the door ───────────────────────────────────────────────────────────────────────────


def counted(worker: User, seal: UnitSeal, day: int) -> UnitRound:
    """A round of everybody inside the unit."""
    return record_round(seal=seal, people=4, sampled=4, negative=4, by=worker, at=noon(november(day)))


def test_a_round_a_day_in_a_sealed_unit_is_no_finding(worker: User, cast: Cast) -> None:
    here = unit(cast.home)
    zone(worker, infection(worker, here), here)
    seal = UnitSeal.objects.get()
    for day in (13, 14, 15):
        counted(worker, seal, day)
        counted(worker, seal, day)  # counted anew: the same round
    assert found(noon(november(15))) == {}


def test_a_round_in_a_unit_that_is_open_is_a_lead_and_one_that_the_gate_asks_for_is_none(
    worker: User, cast: Cast
) -> None:
    here = unit(cast.home)
    zone(worker, infection(worker, here), here)
    made = counted(worker, UnitSeal.objects.get(), 15)
    UnitRound.objects.filter(pk=made.pk).update(on=november(18))  # it opens on the 18th at 00:00
    assert found(noon(november(18))) == {"rounds": 1}
    UnitSeal.objects.update(round_day=5)
    assert "rounds" not in found(noon(november(18)))
    UnitSeal.objects.update(round_met_at=noon(november(18)))
    assert "rounds" not in found(noon(november(18)))
    UnitRound.objects.filter(pk=made.pk).update(on=november(19))
    assert found(noon(november(19)))["rounds"] == 1


def test_a_second_round_of_a_unit_on_one_date_is_a_lead_also_across_two_sealings(
    worker: User, cast: Cast
) -> None:
    here = unit(cast.home)
    zone(worker, infection(worker, here), here)
    first = UnitSeal.objects.get()
    counted(worker, first, 14)
    end_early(seals=[first], reason="查明", by=worker, at=noon(november(14)))
    zone(worker, infection(worker, here, on=14), here)
    second = UnitSeal.objects.exclude(pk=first.pk).get()
    assert "rounds" not in found(noon(november(14)))
    counted(worker, second, 14)
    assert found(noon(november(14)))["rounds"] == 1
    audit_ourselves(at=noon(november(14)))
    assert {lead.behaviour for lead in leads() if "rounds" in lead.lead_key} == {"extra_tests"}


# ── the approval of a wider zone ─────────────────────────────────────────────────────────────────


def test_only_what_somebody_else_approved_and_only_those_units_may_be_sealed_beyond(
    worker: User, boss: User, cast: Cast
) -> None:
    here, beside, third = unit(cast.home), unit(cast.home, "9号楼"), unit(cast.home, "10号楼")
    found_one = infection(worker, here)
    approve(proposal=wider(worker, found_one, beside, third), by=boss, at=noon(november(13)))
    assert found(noon(november(14))) == {}
    proposal = ZoneProposal.objects.get()
    proposal.units.remove(third)
    assert found(noon(november(14))) == {"wider": 1}
    audit_ourselves(at=noon(november(14)))
    assert leads()[0].facts[0]["units"] == [third.pk]
    proposal.units.add(third)
    assert found(noon(november(14))) == {}
    ZoneProposal.objects.update(decided_by=worker)
    Zone.objects.update(approved_by=worker)
    assert found(noon(november(14))) == {"wider": 1}


def test_an_approval_covers_its_own_units_and_nobody_approves_for_themselves() -> None:
    mine, theirs = Approval(1, 1, frozenset({7})), Approval(1, 2, frozenset({8}))
    assert approved_units([mine, theirs], 2) == {8}
    assert approved_units([mine, theirs], 1) == frozenset()
    assert approved_units([theirs], None) == frozenset()
    assert approved_units([Approval(1, None, frozenset({9}))], None) == frozenset()
