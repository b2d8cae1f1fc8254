"""From an infection to sealed units: what is proposed, what is sealed, what starts anew, what opens again."""

import datetime as dt
from typing import Any

import pytest

from accounts.models import Area, User
from cases.actions import testing
from cases.actions.infections import (
    InfectionFacts,
    add_stay,
    report_infection,
    retract_infection,
    update_infection,
)
from cases.actions.tracing import close_assessment
from cases.actions.zoning import proposed_units, restart_because_of, seal_because_of
from cases.models import Infection
from cases.rules import Result, Spread
from policy.clock import midnight
from policy.refusals import RuleViolation
from tests.builders import episode, noon
from zones.actions import ensure_units, staircase
from zones.models import SealCause, Unit, UnitSeal, Zone, ZoneProposal
from zones.rules import FoundWhere, Purpose, SealEnding, SealState, WiderReason

AT = noon(dt.date(2022, 11, 15))


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def unit(community: Area, building: str = "4号楼", name: str = "1单元", compound: str = "锦绣花园") -> Unit:
    stairs = staircase(community=community, compound=compound, building=building, unit=name)
    return ensure_units([stairs])[stairs]


def infection(by: User, *places: Unit, on: int = 14, label: str = "", **changes: Any) -> Infection:
    """Found on that November date, having lived in the first place and worked in the others."""
    facts = {"label": label, "found_on": november(on), "found_where": FoundWhere.COMMUNITY} | changes
    found = report_infection(
        community=places[0].building.compound.community,
        facts=InfectionFacts(**facts),
        by=by,
        at=noon(november(on)),
    )
    for number, place in enumerate(places):
        add_stay(
            infection=found,
            purpose=Purpose.WORK if number else Purpose.HOME,
            unit=place,
            from_on=november(on - 3),
            to_on=november(on),
            by=by,
            at=noon(november(on)),
        )
    return found


def seal(by: User, units: list[Unit], *because: Infection, at: dt.datetime = AT, **changes: Any) -> list[Any]:
    return seal_because_of(
        infections=because, units=dict.fromkeys(units, Purpose.HOME), by=by, at=at, **changes
    )


class TestProposed:
    def test_the_places_where_it_stayed_with_why_and_the_rest_of_the_building_beside(
        self, carol: User, home: Area
    ) -> None:
        lived, beside, worked = unit(home), unit(home, name="2单元"), unit(home, "1号楼", "", "印刷厂")
        proposed = proposed_units(infection=infection(carol, lived, worked), at=AT)
        assert [(each.unit, each.purpose) for each in proposed.units] == [
            (lived, Purpose.HOME),
            (worked, Purpose.WORK),
        ]
        assert "11-11" in str(proposed.units[0].why)
        assert [(each.unit, each.purpose) for each in proposed.others] == [(beside, Purpose.HOME)]
        assert proposed.silent_because == ""

    def test_a_seal_that_holds_is_named(self, carol: User, home: Area) -> None:
        lived = unit(home)
        found = infection(carol, lived)
        seal(carol, [lived], found)
        proposed = proposed_units(infection=found, at=AT).units[0]
        assert (proposed.state, proposed.seal) == (SealState.SEALED, UnitSeal.objects.get())
        opened = midnight(november(20))
        again = infection(carol, lived, on=19)
        assert proposed_units(infection=again, at=opened - dt.timedelta(seconds=1)).units[0].seal
        assert proposed_units(infection=again, at=opened).units[0].seal is None

    @pytest.mark.parametrize(
        ("where", "proposes"),
        [
            (FoundWhere.COMMUNITY, True),
            (FoundWhere.CENTRAL, False),
            (FoundWhere.CLOSED_LOOP, False),
            (FoundWhere.ENTRY, False),
            (FoundWhere.HOME, False),  # waits for the judgement
        ],
    )
    def test_only_what_was_found_among_people_proposes(
        self, carol: User, home: Area, where: FoundWhere, proposes: bool
    ) -> None:
        lived = unit(home)
        proposed = proposed_units(infection=infection(carol, lived, found_where=where), at=AT)
        assert bool(proposed.units) is proposes
        assert bool(proposed.silent_because) is not proposes
        at_hand = proposed.units or proposed.others
        assert [each.unit for each in at_hand] == [lived]

    @pytest.mark.parametrize(("conclusion", "proposes"), [(Spread.SPREAD, True), (Spread.NO_SPREAD, False)])
    def test_at_home_the_judgement_decides(
        self, carol: User, home: Area, conclusion: Spread, proposes: bool
    ) -> None:
        found = infection(carol, unit(home), found_where=FoundWhere.HOME)
        close_assessment(
            assessment=found.assessment,
            shared_home="妻子",
            left_home="无",
            conclusion=conclusion,
            by=carol,
            at=AT,
        )
        found = Infection.objects.get(pk=found.pk)
        assert bool(proposed_units(infection=found, at=AT).units) is proposes

    @pytest.mark.parametrize(("minute", "proposes"), [(-1, True), (0, False)])
    def test_once_the_clean_dates_are_over_there_is_nothing_to_seal(
        self, carol: User, home: Area, minute: int, proposes: bool
    ) -> None:
        found = infection(carol, unit(home), on=12)
        at = midnight(november(18)) + dt.timedelta(minutes=minute)
        assert bool(proposed_units(infection=found, at=at).units) is proposes

    def test_an_edition_without_zones_and_a_mistake_propose_nothing(self, carol: User, home: Area) -> None:
        early = infection(carol, unit(home), on=9)
        ninth = proposed_units(infection=early, at=noon(november(9)))
        assert (ninth.units, bool(ninth.silent_because)) == ([], True)
        found = infection(carol, unit(home))
        retract_infection(infection=found, by=carol, at=AT)
        assert proposed_units(infection=found, at=AT).units == []

    def test_few_queries_whatever_the_places(
        self, carol: User, home: Area, django_assert_max_num_queries: Any
    ) -> None:
        found = infection(carol, *(unit(home, f"{n}号楼") for n in range(1, 9)))
        found = Infection.objects.select_related("assessment").get(pk=found.pk)
        with django_assert_max_num_queries(5):
            proposed = proposed_units(infection=found, at=AT)
            [str(each.unit) for each in proposed.units]
        assert len(proposed.units) == 8


class TestSealing:
    def test_each_compound_becomes_a_zone(self, carol: User, home: Area) -> None:
        lived, worked = unit(home), unit(home, "1号楼", "", "印刷厂")
        found = infection(carol, lived, worked)
        made = seal_because_of(
            infections=[found], units={lived: Purpose.HOME, worked: Purpose.WORK}, by=carol, at=AT
        )
        assert [each.zone.compound.name for each in made] == ["锦绣花园", "印刷厂"]
        assert set(UnitSeal.objects.values_list("release_on", flat=True)) == {november(20)}
        assert set(SealCause.objects.values_list("infection", flat=True)) == {found.pk}
        assert UnitSeal.objects.get(unit=worked).purpose == Purpose.WORK

    def test_each_unit_counts_from_the_infection_that_concerns_it(self, carol: User, home: Area) -> None:
        """One compound, two buildings, two cases: the older case's building opens at its own date."""
        fourth, fifth = unit(home), unit(home, "5号楼")
        older, newer = infection(carol, fourth, on=12), infection(carol, fifth, on=14)
        seal(carol, [fourth, fifth], older, newer)
        dates = dict(UnitSeal.objects.values_list("unit", "release_on"))
        assert dates == {fourth.pk: november(18), fifth.pk: november(20)}

    def test_where_both_stayed_the_later_counts(self, carol: User, home: Area) -> None:
        lived = unit(home)
        seal(carol, [lived], infection(carol, lived, on=12), infection(carol, lived, on=14))
        assert UnitSeal.objects.get().release_on == november(20)
        assert SealCause.objects.count() == 2

    def test_twice_counts_once(self, carol: User, home: Area) -> None:
        lived = unit(home)
        found = infection(carol, lived)
        seal(carol, [lived], found)
        with pytest.raises(RuleViolation) as refused:
            seal(carol, [lived], found)
        assert refused.value.code == "all_taken"
        assert (Zone.objects.count(), UnitSeal.objects.count()) == (1, 1)

    def test_a_compound_that_is_sealed_already_does_not_stop_the_other(self, carol: User, home: Area) -> None:
        lived, worked = unit(home), unit(home, "1号楼", "", "印刷厂")
        found = infection(carol, lived, worked)
        seal(carol, [lived], found)
        made = seal(carol, [lived, worked], found)
        assert [(each.zone is None, each.taken) for each in made] == [(True, [lived]), (False, [])]

    def test_another_building_needs_one_of_the_two_reasons_and_somebody_above(
        self, carol: User, home: Area
    ) -> None:
        lived, other = unit(home), unit(home, "9号楼")
        found = infection(carol, lived)
        with pytest.raises(RuleViolation) as refused:
            seal(carol, [lived, other], found)
        assert (refused.value.code, refused.value.clause) == ("wider_reason_needed", "三(二)")
        assert not UnitSeal.objects.exists()
        made = seal(carol, [lived, other], found, wider=WiderReason.RISK_UNCLEAR, wider_note="活动轨迹不清")
        assert list(UnitSeal.objects.values_list("unit", flat=True)) == [lived.pk]
        assert list(made[0].proposal.units.all()) == [other]
        assert ZoneProposal.objects.count() == 1

    def test_found_apart_it_takes_a_reason(self, carol: User, home: Area) -> None:
        lived = unit(home)
        found = infection(carol, lived, found_where=FoundWhere.CENTRAL)
        with pytest.raises(RuleViolation) as refused:
            seal(carol, [lived], found)
        assert (refused.value.code, refused.value.field) == ("reason_needed", "reason")
        assert seal(carol, [lived], found, reason="转运前曾在楼内活动")[0].zone

    def test_a_neighbours_or_a_mistaken_infection_seals_nothing(
        self, carol: User, bob: User, home: Area
    ) -> None:
        lived = unit(home)
        found = infection(carol, lived)
        with pytest.raises(RuleViolation) as refused:
            seal(bob, [lived], found)
        assert refused.value.code == "no_infection"
        retract_infection(infection=found, by=carol, at=AT)
        with pytest.raises(RuleViolation) as refused:
            seal(carol, [lived], found)
        assert refused.value.code == "no_infection"
        with pytest.raises(RuleViolation):
            seal(carol, [lived])
        assert not UnitSeal.objects.exists()

    def test_no_units_is_asked_back(self, carol: User, home: Area) -> None:
        with pytest.raises(RuleViolation) as refused:
            seal(carol, [], infection(carol, unit(home)))
        assert refused.value.code == "no_units"

    def test_under_the_ninth_edition_it_is_refused(self, carol: User, home: Area) -> None:
        lived = unit(home)
        with pytest.raises(RuleViolation) as refused:
            seal(carol, [lived], infection(carol, lived, on=9), at=noon(november(9)))
        assert refused.value.code == "not_in_edition"


class TestRestart:
    @pytest.fixture
    def sealed(self, carol: User, home: Area) -> tuple[Unit, Unit]:
        fourth, fifth = unit(home), unit(home, "5号楼")
        seal(carol, [fourth, fifth], infection(carol, fourth, fifth, on=14))
        return fourth, fifth

    def test_the_units_it_concerns_start_anew_and_the_others_do_not(
        self, carol: User, sealed: tuple[Unit, Unit]
    ) -> None:
        fourth, fifth = sealed
        at = noon(november(17))
        done = restart_because_of(infection=infection(carol, fourth, on=17), units=[fourth], by=carol, at=at)
        assert [each.unit for each in done.restarted] == [fourth]
        dates = dict(UnitSeal.objects.values_list("unit", "release_on"))
        assert dates == {fourth.pk: november(23), fifth.pk: november(20)}

    def test_a_building_where_it_never_stayed_keeps_its_date(
        self, carol: User, sealed: tuple[Unit, Unit]
    ) -> None:
        fourth, fifth = sealed
        found = infection(carol, fourth, on=17)
        with pytest.raises(RuleViolation) as refused:
            restart_because_of(infection=found, units=[fourth, fifth], by=carol, at=noon(november(17)))
        assert (refused.value.code, refused.value.clause) == ("not_concerned", "二(四)")
        assert set(UnitSeal.objects.values_list("release_on", flat=True)) == {november(20)}

    def test_found_in_central_isolation_it_restarts_nothing_without_a_reason(
        self, carol: User, sealed: tuple[Unit, Unit]
    ) -> None:
        found = infection(carol, sealed[0], on=17, found_where=FoundWhere.CENTRAL)
        again = {"infection": found, "units": [sealed[0]], "by": carol, "at": noon(november(17))}
        with pytest.raises(RuleViolation) as refused:
            restart_because_of(**again)
        assert refused.value.code == "reason_needed"
        assert len(restart_because_of(reason="转运前曾在楼内活动", **again).restarted) == 1

    def test_twice_moves_once(self, carol: User, sealed: tuple[Unit, Unit]) -> None:
        found = infection(carol, sealed[0], on=17)
        again: dict[str, Any] = {
            "infection": found,
            "units": [sealed[0]],
            "by": carol,
            "at": noon(november(17)),
        }
        assert len(restart_because_of(**again).restarted) == 1
        assert len(restart_because_of(**again).unchanged) == 1
        assert UnitSeal.objects.get(unit=sealed[0]).release_on == november(23)

    @pytest.mark.parametrize(("minute", "restarted"), [(-1, 1), (0, 0)])
    def test_at_midnight_of_its_opening_nothing_is_left_to_restart(
        self, carol: User, sealed: tuple[Unit, Unit], minute: int, restarted: int
    ) -> None:
        found = infection(carol, sealed[0], on=19)
        at = midnight(november(20)) + dt.timedelta(minutes=minute)
        done = restart_because_of(infection=found, units=[sealed[0]], by=carol, at=at)
        assert len(done.restarted) == restarted
        assert len(done.unsealed) == 1 - restarted

    def test_a_neighbours_infection_restarts_nothing(
        self, carol: User, bob: User, sealed: tuple[Unit, Unit]
    ) -> None:
        found = infection(carol, sealed[0], on=17)
        with pytest.raises(RuleViolation):
            restart_because_of(infection=found, units=[sealed[0]], by=bob, at=noon(november(17)))


class TestMistakes:
    def test_a_mistaken_positive_opens_what_rested_on_it_alone(
        self, alice: User, carol: User, home: Area
    ) -> None:
        held = episode(alice)
        at = noon(november(14))
        test = testing.record_outside_result(
            episode=held, on=at.date(), result=Result.POSITIVE, external_id="LAB-1", by=alice, at=at
        )
        found = Infection.objects.get(test=test)
        other = unit(home, "5号楼")
        second = infection(carol, held.person.unit, other, on=13)
        seal(carol, [held.person.unit], found, at=at)
        seal(carol, [other], second, at=at)
        testing.undo_result(test=test, by=alice, at=noon(november(16)), reason="实验室更正")
        opened, kept = (UnitSeal.objects.get(unit=one) for one in (held.person.unit, other))
        assert (opened.ending, opened.release_on) == (SealEnding.NO_GROUND, november(16))
        assert (kept.ending, kept.release_on) == (SealEnding.BY_THE_CLOCK, november(19))

    def test_with_another_infection_behind_it_its_date_decides(self, carol: User, home: Area) -> None:
        lived = unit(home)
        older, newer = infection(carol, lived, on=12), infection(carol, lived, on=14)
        seal(carol, [lived], older, newer)
        retract_infection(infection=newer, by=carol, at=AT)
        assert UnitSeal.objects.get().release_on == november(18)
        assert UnitSeal.objects.holding(AT).exists()

    def test_the_date_of_an_infection_does_not_move_while_units_rest_on_it(
        self, carol: User, home: Area
    ) -> None:
        lived = unit(home)
        found = infection(carol, lived)
        seal(carol, [lived], found)
        for day in (13, 15):
            facts = InfectionFacts("", november(day), FoundWhere.COMMUNITY)
            with pytest.raises(RuleViolation) as refused:
                update_infection(infection=found, facts=facts, by=carol, at=AT)
            assert (refused.value.code, refused.value.field) == ("seals_rest_on_it", "found_on")
        assert UnitSeal.objects.get().release_on == november(20)
