"""What the rules allow, date by date. Numbers here are the rulebook's and the notice's own."""

import datetime as dt
from dataclasses import replace

import pytest

from policy.loading import packaged_edition
from policy.refusals import BadInput, RuleViolation
from policy.rules import capped, plan, still_ruled
from policy.types import (
    Anchor,
    Category,
    Edition,
    Ground,
    IsolationFinished,
    Mode,
    Plan,
    PlannedTest,
    TestReason,
)

TWENTY = packaged_edition("twenty")
NINTH = packaged_edition("ninth")


def nov(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def ground(
    category: Category, anchor_on: dt.date, registered_on: dt.date | None = None, finished: str = "none"
) -> Ground:
    return Ground(category, anchor_on, registered_on or anchor_on, IsolationFinished(finished))


def plan_for(
    category: Category,
    anchor_on: dt.date,
    registered_on: dt.date | None = None,
    *,
    edition: Edition = TWENTY,
    home_suitable: bool = True,
    finished: str = "none",
) -> Plan:
    return plan(edition, [ground(category, anchor_on, registered_on, finished)], home_suitable=home_suitable)


def stages(made: Plan) -> list[tuple[str, dt.date, dt.date]]:
    return [(stage.mode.value, stage.starts_on, stage.last_on) for stage in made.stages]


def test_days(made: Plan) -> list[dt.date]:
    return [test.on for test in made.tests]


test_days.__test__ = False  # type: ignore[attr-defined]


class TestTheRulebooksExample:
    def test_a_close_contact_last_exposed_on_14_november_is_free_from_23_november(self) -> None:
        made = plan_for(Category.CLOSE_CONTACT, nov(14))

        assert stages(made) == [("central", nov(15), nov(19)), ("home", nov(20), nov(22))]
        assert test_days(made) == [nov(15), nov(16), nov(17), nov(19), nov(20), nov(22)]
        assert made.release_on == nov(23)
        assert (made.clause, made.anchor, made.day_one_on) == ("二(一)", Anchor.LAST_EXPOSURE, nov(15))
        assert made.restricted
        assert made.dropped_tests == ()

    def test_test_days_count_inside_their_stage(self) -> None:
        made = plan_for(Category.CLOSE_CONTACT, nov(14))

        assert [(test.mode, test.day) for test in made.tests] == [
            (Mode.CENTRAL, 1),
            (Mode.CENTRAL, 2),
            (Mode.CENTRAL, 3),
            (Mode.CENTRAL, 5),
            (Mode.HOME, 1),
            (Mode.HOME, 3),
        ]

    def test_both_isolation_stages_are_coded_and_nobody_goes_out(self) -> None:
        assert all(
            stage.coded and not stage.may_go_out for stage in plan_for(Category.CLOSE_CONTACT, nov(14)).stages
        )


class TestEveryCategory:
    def test_a_spill_over_person_stays_at_home_for_seven_days(self) -> None:
        made = plan_for(Category.SPILL_OVER, nov(14))

        assert stages(made) == [("home", nov(15), nov(21))]
        assert test_days(made) == [nov(15), nov(17), nov(19), nov(21)]
        assert (made.release_on, made.clause, made.anchor) == (nov(22), "二(三)", Anchor.LEFT_ZONE)

    def test_after_closed_loop_work_monitoring_is_advice_and_allows_going_out(self) -> None:
        made = plan_for(Category.POST_CLOSED_LOOP, nov(14))

        assert stages(made) == [("monitoring", nov(15), nov(19))]
        assert test_days(made) == [nov(15), nov(17), nov(19)]
        assert made.stages[0].may_go_out
        assert made.stages[0].coded
        assert (made.release_on, made.clause, made.anchor) == (nov(20), "二(五)", Anchor.LOOP_ENDED)

    def test_an_entrant_follows_five_and_three(self) -> None:
        made = plan_for(Category.ENTRANT, nov(14))

        assert stages(made) == [("central", nov(15), nov(19)), ("home", nov(20), nov(22))]
        assert test_days(made) == [nov(15), nov(16), nov(17), nov(19), nov(20), nov(22)]
        assert (made.release_on, made.clause, made.anchor) == (nov(23), "二(十)", Anchor.ENTERED)

    def test_the_plan_crosses_the_year_and_a_leap_day(self) -> None:
        assert plan_for(Category.CLOSE_CONTACT, dt.date(2022, 12, 28)).release_on == dt.date(2023, 1, 6)
        assert plan_for(Category.CLOSE_CONTACT, dt.date(2024, 2, 25)).release_on == dt.date(2024, 3, 5)

    def test_the_ninth_edition_held_contacts_two_days_longer(self) -> None:
        made = plan_for(Category.CLOSE_CONTACT, nov(1), edition=NINTH)

        assert stages(made) == [("central", nov(2), nov(8)), ("monitoring", nov(9), nov(11))]
        assert test_days(made) == [nov(2), nov(3), nov(4), nov(6), nov(8), nov(11)]
        assert made.release_on == nov(12)

    def test_the_ninth_edition_still_knew_secondary_contacts(self) -> None:
        made = plan_for(Category.SECONDARY_CONTACT, nov(1), edition=NINTH)

        assert stages(made) == [("home", nov(2), nov(8))]
        assert test_days(made) == [nov(2), nov(5), nov(8)]


class TestRefusals:
    def test_a_contact_of_a_contact_is_refused_with_the_clause(self) -> None:
        with pytest.raises(RuleViolation) as refusal:
            plan_for(Category.SECONDARY_CONTACT, nov(14))

        assert (refusal.value.code, refusal.value.clause) == ("secondary_contact", "二(二)")
        assert refusal.value.field == "category"

    def test_whoever_finished_isolation_on_entry_is_not_isolated_again(self) -> None:
        with pytest.raises(RuleViolation) as refusal:
            plan_for(Category.ENTRANT, nov(14), nov(23), finished="all")

        assert (refusal.value.code, refusal.value.clause) == ("repeat_isolation", "二(十)")

    def test_no_edition_isolates_twice_even_where_it_names_no_clause(self) -> None:
        with pytest.raises(RuleViolation) as refusal:
            plan_for(Category.ENTRANT, nov(1), edition=NINTH, finished="all")

        assert (refusal.value.code, refusal.value.clause) == ("repeat_isolation", "")

    def test_a_category_without_a_complete_rule_is_refused_rather_than_guessed(self) -> None:
        with pytest.raises(RuleViolation) as refusal:
            plan_for(Category.POST_CLOSED_LOOP, nov(1), edition=NINTH)

        assert (refusal.value.code, refusal.value.clause) == ("not_in_edition", "")

    def test_registration_before_the_event_is_bad_input(self) -> None:
        with pytest.raises(BadInput) as bad:
            plan_for(Category.CLOSE_CONTACT, nov(14), nov(13))

        assert bad.value.field == "registered_on"

    @pytest.mark.parametrize(
        ("anchor_on", "registered_on", "field"),
        [
            (dt.date(2019, 11, 30), nov(14), "anchor_on"),
            (dt.date.min, nov(14), "anchor_on"),
            (dt.date.max, dt.date.max, "anchor_on"),
            (nov(14), dt.date(2100, 1, 1), "registered_on"),
        ],
    )
    def test_dates_that_cannot_be_meant_are_bad_input(
        self, anchor_on: dt.date, registered_on: dt.date, field: str
    ) -> None:
        with pytest.raises(BadInput) as bad:
            plan_for(Category.CLOSE_CONTACT, anchor_on, registered_on)

        assert bad.value.field == field

    def test_the_first_and_the_last_possible_date_make_a_plan(self) -> None:
        assert plan_for(Category.CLOSE_CONTACT, dt.date(2019, 12, 1)).release_on == dt.date(2019, 12, 10)
        assert plan_for(Category.CLOSE_CONTACT, dt.date(2099, 12, 31)).release_on == dt.date(2100, 1, 9)

    def test_only_entrants_can_have_finished_isolation_elsewhere(self) -> None:
        with pytest.raises(BadInput) as bad:
            plan_for(Category.CLOSE_CONTACT, nov(14), finished="central")

        assert bad.value.field == "isolation_finished"


class TestTracedLate:
    def test_days_already_past_are_gone_and_not_added(self) -> None:
        on_time = plan_for(Category.CLOSE_CONTACT, nov(14))
        late = plan_for(Category.CLOSE_CONTACT, nov(14), nov(18))

        assert late.release_on == on_time.release_on
        assert late.stages == on_time.stages

    def test_dropped_tests_are_replaced_by_one_on_the_day_of_registration(self) -> None:
        late = plan_for(Category.CLOSE_CONTACT, nov(14), nov(18))

        assert test_days(late) == [nov(18), nov(19), nov(20), nov(22)]
        assert late.tests[0].reason is TestReason.REGISTERED_LATE
        assert (late.tests[0].mode, late.tests[0].day) == (Mode.CENTRAL, 4)
        assert late.dropped_tests == (nov(15), nov(16), nov(17))

    def test_no_extra_test_where_one_is_due_that_day_anyway(self) -> None:
        late = plan_for(Category.CLOSE_CONTACT, nov(14), nov(17))

        assert test_days(late) == [nov(17), nov(19), nov(20), nov(22)]
        assert all(test.reason is None for test in late.tests)

    def test_registered_on_day_one_nothing_is_late(self) -> None:
        assert test_days(plan_for(Category.CLOSE_CONTACT, nov(14), nov(15)))[0] == nov(15)
        assert plan_for(Category.CLOSE_CONTACT, nov(14), nov(15)).dropped_tests == ()

    def test_between_two_home_tests_the_extra_test_belongs_to_the_home_stage(self) -> None:
        late = plan_for(Category.CLOSE_CONTACT, nov(14), nov(21))

        assert [(test.on, test.mode, test.day) for test in late.tests] == [
            (nov(21), Mode.HOME, 2),
            (nov(22), Mode.HOME, 3),
        ]

    def test_on_the_last_day_the_person_is_still_restricted(self) -> None:
        late = plan_for(Category.CLOSE_CONTACT, nov(14), nov(22))

        assert late.restricted
        assert test_days(late) == [nov(22)]
        assert late.tests[0].reason is None

    @pytest.mark.parametrize("registered_on", [nov(23), nov(24), dt.date(2026, 11, 22)])
    def test_on_or_after_the_release_date_there_is_one_test_and_no_restriction(
        self, registered_on: dt.date
    ) -> None:
        late = plan_for(Category.CLOSE_CONTACT, nov(14), registered_on)

        assert not late.restricted
        assert late.stages == ()
        assert late.release_on == nov(23)
        assert late.day_one_on == nov(15)
        assert late.tests == (PlannedTest(registered_on, None, None, TestReason.REGISTERED_LATE, "二(一)"),)


class TestWithoutASuitableHome:
    def test_home_stages_become_central_on_the_same_dates_with_the_same_tests(self) -> None:
        at_home = plan_for(Category.CLOSE_CONTACT, nov(14))
        kept = plan_for(Category.CLOSE_CONTACT, nov(14), home_suitable=False)

        assert stages(kept) == [("central", nov(15), nov(19)), ("central", nov(20), nov(22))]
        assert [stage.clause for stage in kept.stages] == ["二(一)", "三(一)"]
        assert test_days(kept) == test_days(at_home)
        assert [test.day for test in kept.tests] == [test.day for test in at_home.tests]
        assert {test.mode for test in kept.tests} == {Mode.CENTRAL}
        assert kept.release_on == at_home.release_on

    def test_monitoring_needs_no_suitable_home(self) -> None:
        assert plan_for(Category.POST_CLOSED_LOOP, nov(14), home_suitable=False) == plan_for(
            Category.POST_CLOSED_LOOP, nov(14)
        )


class TestEntrantsWhoFinishedTheCentralPart:
    def test_only_the_home_days_are_left_on_their_own_dates(self) -> None:
        made = plan_for(Category.ENTRANT, nov(14), nov(20), finished="central")

        assert stages(made) == [("home", nov(20), nov(22))]
        assert test_days(made) == [nov(20), nov(22)]
        assert (made.day_one_on, made.release_on) == (nov(15), nov(23))

    def test_the_central_tests_were_taken_elsewhere_and_are_not_dropped(self) -> None:
        made = plan_for(Category.ENTRANT, nov(14), nov(20), finished="central")

        assert made.dropped_tests == ()
        assert all(test.reason is None for test in made.tests)

    def test_arriving_after_the_first_home_test_asks_for_one_test_on_arrival(self) -> None:
        made = plan_for(Category.ENTRANT, nov(14), nov(21), finished="central")

        assert [(test.on, test.reason) for test in made.tests] == [
            (nov(21), TestReason.REGISTERED_LATE),
            (nov(22), None),
        ]


class TestSeveralGrounds:
    def test_a_later_exposure_moves_the_end_and_joins_the_stages(self) -> None:
        made = plan(
            TWENTY,
            [
                ground(Category.CLOSE_CONTACT, nov(14)),
                ground(Category.CLOSE_CONTACT, nov(16), nov(17)),
            ],
        )

        assert stages(made) == [("central", nov(15), nov(21)), ("home", nov(22), nov(24))]
        assert made.release_on == nov(25)
        assert (made.anchor_on, made.registered_on) == (nov(16), nov(14))

    def test_the_strictest_mode_of_a_date_holds(self) -> None:
        """A spill-over neighbour who turns out to be a contact."""
        made = plan(
            TWENTY,
            [ground(Category.SPILL_OVER, nov(14)), ground(Category.CLOSE_CONTACT, nov(15), nov(17))],
        )

        assert stages(made) == [
            ("home", nov(15), nov(15)),
            ("central", nov(16), nov(20)),
            ("home", nov(21), nov(23)),
        ]
        assert (made.category, made.clause) == (Category.CLOSE_CONTACT, "二(一)")

    def test_a_ground_that_ends_earlier_is_not_the_headline(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.CLOSE_CONTACT, nov(10)), ground(Category.SPILL_OVER, nov(14), nov(14))],
        )

        assert (made.category, made.clause, made.release_on) == (Category.SPILL_OVER, "二(三)", nov(22))

    def test_tests_are_united_one_a_date_and_the_strictest_mode_gives_the_test(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.SPILL_OVER, nov(14)), ground(Category.CLOSE_CONTACT, nov(14), nov(14))],
        )

        assert test_days(made) == [nov(15), nov(16), nov(17), nov(19), nov(20), nov(21), nov(22)]
        on_15 = made.tests[0]
        assert (on_15.mode, on_15.clause) == (Mode.CENTRAL, "二(一)")

    def test_a_late_ground_asks_for_no_extra_test_on_a_day_that_has_one(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.CLOSE_CONTACT, nov(14)), ground(Category.SPILL_OVER, nov(13), nov(16))],
        )

        assert all(test.reason is None for test in made.tests)
        assert test_days(made).count(nov(16)) == 1

    def test_a_scheduled_test_goes_before_the_extra_one_of_a_stricter_ground(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.SPILL_OVER, nov(14)), ground(Category.CLOSE_CONTACT, nov(13), nov(17))],
        )

        on_17 = [test for test in made.tests if test.on == nov(17)]
        assert [(test.reason, test.clause) for test in on_17] == [(None, "二(三)")]

    def test_a_late_ground_asks_for_one_test_where_none_is_due_that_day(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.CLOSE_CONTACT, nov(14)), ground(Category.SPILL_OVER, nov(14), nov(18))],
        )

        on_18 = [test for test in made.tests if test.on == nov(18)]
        assert [test.reason for test in on_18] == [TestReason.REGISTERED_LATE]

    def test_a_ground_that_was_over_at_its_registration_adds_one_test_and_no_day(self) -> None:
        alone = plan(TWENTY, [ground(Category.CLOSE_CONTACT, nov(14))])
        both = plan(
            TWENTY,
            [ground(Category.CLOSE_CONTACT, nov(14)), ground(Category.POST_CLOSED_LOOP, nov(10), nov(18))],
        )

        assert both.stages == alone.stages
        assert both.release_on == alone.release_on
        assert set(test_days(both)) - set(test_days(alone)) == {nov(18)}

    def test_nobody_is_restricted_when_every_ground_came_too_late(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.CLOSE_CONTACT, nov(1), nov(14)), ground(Category.SPILL_OVER, nov(2), nov(14))],
        )

        assert not made.restricted
        assert made.stages == ()
        assert test_days(made) == [nov(14)]

    def test_a_date_under_two_rules_allows_going_out_only_if_both_do(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.POST_CLOSED_LOOP, nov(18)), ground(Category.CLOSE_CONTACT, nov(14), nov(18))],
        )

        assert [(stage.mode, stage.may_go_out, stage.last_on) for stage in made.stages] == [
            (Mode.CENTRAL, False, nov(19)),
            (Mode.HOME, False, nov(22)),
            (Mode.MONITORING, True, nov(23)),
        ]

    def test_a_date_is_coded_if_one_of_its_rules_says_so(self) -> None:
        contact = TWENTY.rules[Category.CLOSE_CONTACT]
        uncoded = replace(contact, stages=tuple(replace(stage, coded=False) for stage in contact.stages))
        edition = replace(TWENTY, rules={**TWENTY.rules, Category.CLOSE_CONTACT: uncoded})
        made = plan(
            edition, [ground(Category.CLOSE_CONTACT, nov(14)), ground(Category.POST_CLOSED_LOOP, nov(14))]
        )

        assert [(stage.mode, stage.coded) for stage in made.stages] == [
            (Mode.CENTRAL, True),
            (Mode.HOME, False),
        ]

    def test_without_a_suitable_home_the_home_days_between_become_central(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.SPILL_OVER, nov(14)), ground(Category.CLOSE_CONTACT, nov(15), nov(17))],
            home_suitable=False,
        )

        assert [(stage.mode, stage.clause) for stage in made.stages] == [
            (Mode.CENTRAL, "三(一)"),
            (Mode.CENTRAL, "二(一)"),
            (Mode.CENTRAL, "三(一)"),
        ]

    def test_grounds_parted_by_a_correction_leave_the_dates_between_free(self) -> None:
        made = plan(
            TWENTY,
            [ground(Category.SPILL_OVER, nov(1)), ground(Category.SPILL_OVER, nov(11), nov(12))],
        )

        assert stages(made) == [("home", nov(2), nov(8)), ("home", nov(12), nov(18))]
        assert made.stage_on(nov(10)) is None


class TestAnEditionChanges:
    """Nobody's end moves later because an edition changed."""

    def test_the_new_edition_ends_it_earlier(self) -> None:
        old = plan_for(Category.CLOSE_CONTACT, nov(8), edition=NINTH)
        new = plan_for(Category.CLOSE_CONTACT, nov(8))

        assert capped(new, old.release_on) == new
        assert (old.release_on, new.release_on) == (nov(19), nov(17))

    def test_a_longer_new_plan_is_cut_to_the_old_end(self) -> None:
        old = plan_for(Category.CLOSE_CONTACT, nov(8))
        new = plan_for(Category.CLOSE_CONTACT, nov(8), edition=NINTH)
        kept = capped(new, old.release_on)

        assert kept.release_on == old.release_on == nov(17)
        assert stages(kept) == [("central", nov(9), nov(15)), ("monitoring", nov(16), nov(16))]
        assert test_days(kept) == [nov(9), nov(10), nov(11), nov(13), nov(15)]

    def test_no_test_is_left_on_the_day_of_the_old_end(self) -> None:
        new = plan_for(Category.CLOSE_CONTACT, nov(8), edition=NINTH)

        assert nov(15) in test_days(new)
        assert test_days(capped(new, nov(15))) == [nov(9), nov(10), nov(11), nov(13)]

    def test_whoever_was_free_stays_free(self) -> None:
        old = plan_for(Category.CLOSE_CONTACT, nov(1), nov(10))
        kept = capped(plan_for(Category.CLOSE_CONTACT, nov(1), nov(10), edition=NINTH), old.release_on)

        assert not kept.restricted
        assert kept.stages == ()
        assert kept.release_on == old.release_on == nov(10)
        assert [(test.on, test.reason) for test in kept.tests] == [(nov(10), TestReason.REGISTERED_LATE)]

    def test_a_ground_that_the_new_edition_has_no_rule_for_does_not_free_from_the_others(self) -> None:
        grounds = [ground(Category.CLOSE_CONTACT, nov(8)), ground(Category.SECONDARY_CONTACT, nov(9))]

        left = still_ruled(TWENTY, grounds)

        assert [each.category for each in left] == [Category.CLOSE_CONTACT]
        assert plan(TWENTY, left).release_on == nov(17)
