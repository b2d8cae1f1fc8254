"""Every way that somebody might try to make a restriction longer or wider than its rule."""

import datetime as dt
from typing import Any

import pytest

from accounts.models import Area, User
from accounts.rules import Role
from cases.actions import correcting, ending, handover, placing, testing
from cases.actions.editions import follow_editions
from cases.actions.judging import Judgement, Verdict
from cases.actions.registration import register
from cases.actions.sweeps import sweep_releases
from cases.models import Episode, Ground
from cases.rules import Ending, HomeCheck, Place, Result
from policy.clock import midnight
from policy.models import EditionActivation, PolicyEdition
from policy.refusals import RuleViolation
from policy.types import Category
from tests.builders import entry, episode, noon, resident_id, staff
from zones.actions import ensure_room


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def again(by: User, *, on: int = 15, **changes: Any) -> Judgement:
    """Register the same person once more, at noon of that day of November."""
    assert by.area is not None
    changes = {"registered_on": november(on)} | changes
    return register([entry(by.area, **changes)], by=by, at=noon(november(on)))[0]


def back_to_the_ninth(on: int) -> None:
    """The older, longer edition is put in force again from that day."""
    EditionActivation.objects.create(
        edition=PolicyEdition.objects.get(code="ninth"),
        from_on=november(on),
        activated_at=midnight(november(on)),
    )


class TestEditions:
    def test_a_ground_dated_back_before_the_edition_does_not_bring_the_old_rule_back(
        self, alice: User
    ) -> None:
        saved = episode(alice, anchor_on=november(11), registered_on=november(11))
        assert saved.release_on == november(20)
        judged = again(
            alice, category=Category.SPILL_OVER, anchor_on=november(9), registered_on=november(10), on=12
        )
        assert judged.verdict is Verdict.NEW_GROUND
        saved.refresh_from_db()
        assert (saved.edition, saved.release_on) == ("twenty", november(20))

    def test_a_correction_to_an_earlier_date_keeps_the_shorter_edition_that_was_promised(
        self, alice: User
    ) -> None:
        saved = episode(alice)
        back_to_the_ninth(15)
        ground = saved.grounds.get()
        follow_editions(at=noon(november(15)))
        saved.refresh_from_db()
        assert saved.release_on == november(23)
        correcting.correct_anchor(ground=ground, anchor_on=november(13), by=alice, at=noon(november(15)))
        saved.refresh_from_db()
        assert saved.release_on <= november(23)

    def test_a_second_ground_that_ends_sooner_moves_no_end_under_a_longer_edition(self, alice: User) -> None:
        saved = episode(alice)
        back_to_the_ninth(15)
        judged = again(alice, category=Category.SPILL_OVER, anchor_on=november(14))
        assert judged.verdict is Verdict.NEW_GROUND
        saved.refresh_from_db()
        assert saved.release_on == november(23)


class TestEndingEarly:
    def test_an_earlier_exposure_does_not_restrict_again_whoever_was_let_go_early(self, alice: User) -> None:
        saved = episode(alice)
        ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(16)))
        judged = again(alice, on=17, anchor_on=november(13))
        assert (judged.verdict, judged.code) == (Verdict.REFUSED, "same_exposure_again")

    def test_a_withdrawn_entry_may_be_entered_anew_with_its_right_earlier_date(self, alice: User) -> None:
        saved = episode(alice)
        ending.withdraw(episode=saved, reason="日期写错", by=alice, at=noon(november(15)))
        assert again(alice, anchor_on=november(13)).verdict is Verdict.NEW

    def test_a_correction_that_was_begun_before_the_early_end_does_not_undo_it(
        self, alice: User, carol: User
    ) -> None:
        saved = episode(alice)
        ground = Ground.objects.select_related("episode").get(episode=saved)  # as the page had read it
        ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(16)))
        with pytest.raises(RuleViolation) as refused:
            correcting.correct_anchor(
                ground=ground, anchor_on=november(13), by=alice, at=noon(november(16)), document=""
            )
        assert refused.value.code == "not_running"
        saved.refresh_from_db()
        assert (saved.ending, saved.release_on) == (Ending.EARLY, november(16))

    def test_a_home_check_that_was_begun_before_the_early_end_keeps_the_planned_end_on_record(
        self, alice: User
    ) -> None:
        saved = episode(alice)
        stale = Episode.objects.get(pk=saved.pk)
        ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(16)))
        with pytest.raises(RuleViolation):
            placing.record_home_check(
                episode=stale, check=HomeCheck.UNSUITABLE, by=alice, at=noon(november(16))
            )
        saved.refresh_from_db()
        assert saved.planned_release_on == november(23)


class TestWhereabouts:
    def test_nobody_who_is_free_is_put_into_an_isolation_room(self, alice: User, home: Area) -> None:
        saved = episode(alice)
        room = ensure_room(community=home, site="锦绣酒店", number="301")
        for day in (23, 30):
            with pytest.raises(RuleViolation) as refused:
                placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(day)))
            assert refused.value.code == "not_running"
        assert placing.place(episode=saved, place=Place.HOSPITAL, by=alice, at=noon(november(23)))

    def test_a_positive_person_who_waits_for_the_transfer_may_stay_at_the_site(
        self, alice: User, home: Area
    ) -> None:
        saved = episode(alice)
        test = saved.tests.get(planned_on=november(15))
        testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(november(15)))
        saved.refresh_from_db()
        room = ensure_room(community=home, site="锦绣酒店", number="301")
        assert placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(15)))


class TestHandover:
    def test_an_offer_that_is_answered_after_the_end_moves_nobody(
        self, alice: User, bob: User, next_door: Area
    ) -> None:
        saved = episode(alice)
        offer = handover.offer(episode=saved, to_community=next_door, by=alice, at=noon(november(16)))
        sweep_releases(at=noon(november(23)))
        with pytest.raises(RuleViolation) as refused:
            handover.accept(handover=offer, by=bob, at=noon(november(24)))
        assert refused.value.code == "closed"
        saved.refresh_from_db()
        assert saved.community == alice.area

    def test_a_handover_moves_no_date(self, alice: User, bob: User, next_door: Area) -> None:
        saved = episode(alice)
        dates = (saved.release_on, list(saved.tests.values_list("planned_on", flat=True)))
        offer = handover.offer(episode=saved, to_community=next_door, by=alice, at=noon(november(16)))
        handover.accept(handover=offer, by=bob, at=noon(november(16)))
        saved.refresh_from_db()
        assert (saved.release_on, list(saved.tests.values_list("planned_on", flat=True))) == dates


class TestResults:
    def test_a_late_positive_of_an_old_episode_closes_the_plan_that_runs_now(self, alice: User) -> None:
        old = episode(alice, anchor_on=november(2), registered_on=november(2))
        sweep_releases(at=noon(november(15)))
        late = old.tests.filter(dropped_at=None).order_by("-planned_on").first()
        assert late is not None
        running = again(alice, anchor_on=november(14)).episode
        assert running is not None
        late.refresh_from_db()
        testing.record_result(test=late, result=Result.POSITIVE, by=alice, at=noon(november(15)))
        running.refresh_from_db()
        assert running.ending == Ending.TRANSFERRED
        testing.undo_result(test=late, by=alice, at=noon(november(15)), reason="实验室更正")
        running.refresh_from_db()
        assert (running.ending, running.release_on) == (Ending.BY_THE_CLOCK, november(23))

    def test_an_inconclusive_sample_can_be_corrected_and_be_inconclusive_again(self, alice: User) -> None:
        saved = episode(alice)
        test = saved.tests.get(planned_on=november(15))
        for _ in range(2):
            testing.record_result(test=test, result=Result.INCONCLUSIVE, by=alice, at=noon(november(15)))
            repeat = saved.tests.get(follows=test)
            testing.record_result(test=repeat, result=Result.NEGATIVE, by=alice, at=noon(repeat.planned_on))
            testing.undo_result(test=test, by=alice, at=noon(november(19)), reason="再核对")
        assert saved.tests.filter(follows=test).count() == 1

    def test_a_dropped_repeat_does_not_stand_in_the_way_of_a_new_one(self, alice: User) -> None:
        saved = episode(alice)
        test = saved.tests.get(planned_on=november(15))
        at = noon(november(15))
        testing.record_result(test=test, result=Result.INCONCLUSIVE, by=alice, at=at)
        saved.tests.filter(follows=test).update(dropped_at=at)
        testing.undo_result(test=test, by=alice, at=at)
        testing.record_result(test=test, result=Result.INCONCLUSIVE, by=alice, at=at)
        assert saved.tests.filter(follows=test, dropped_at=None).count() == 1

    def test_a_result_from_elsewhere_is_stored_whatever_became_of_the_episode(self, alice: User) -> None:
        saved = episode(alice)
        ending.withdraw(episode=saved, reason="误登", by=alice, at=noon(november(15)))
        kept = testing.record_outside_result(
            episode=saved,
            on=november(15),
            result=Result.NEGATIVE,
            external_id="L1",
            by=alice,
            at=noon(november(15)),
        )
        assert (kept.result, kept.scheduled) == (Result.NEGATIVE, False)

    def test_undoing_a_mistaken_positive_gives_back_the_early_end_not_a_new_release(
        self, alice: User
    ) -> None:
        saved = episode(alice)
        test = saved.tests.get(planned_on=november(15))
        testing.record_sampling(test=test, by=alice, at=noon(november(15)))
        ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(16)))
        test.refresh_from_db()
        testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(november(17)))
        testing.undo_result(test=test, by=alice, at=noon(november(17)), reason="实验室更正")
        saved.refresh_from_db()
        assert not saved.restricts(november(17))
        assert saved.release_on == november(16)


class TestLists:
    def test_a_known_person_who_stands_in_a_list_twice_is_registered_once(self, alice: User) -> None:
        number = resident_id(7)
        episode(alice, id_number=number, anchor_on=november(2), registered_on=november(2))
        sweep_releases(at=noon(november(15)))
        assert alice.area is not None
        rows = [
            entry(alice.area, id_number=number, registered_on=november(15)),
            entry(alice.area, registered_on=november(15)),
        ]
        verdicts = [each.verdict for each in register(rows, by=alice, at=noon(november(15)))]
        assert verdicts == [Verdict.NEW, Verdict.UNCHANGED]

    def test_a_supervisor_of_another_area_cannot_move_an_end_either(
        self, alice: User, next_door: Area
    ) -> None:
        saved = episode(alice)
        other = staff("eve", next_door, Role.SUPERVISOR)
        judged = again(other, anchor_on=november(15), document="文件")
        assert judged.verdict is Verdict.HELD_ELSEWHERE
        saved.refresh_from_db()
        assert saved.release_on == november(23)
