"""Samples, results, ends, places, handovers: each verb works, refuses the wrong state, and counts once."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Area, User
from cases.actions import contacting, correcting, ending, handover, placing, testing, tracing
from cases.models import Episode, Infection, NucleicAcidTest
from cases.rules import ContactOutcome, HomeCheck, OverdueReason, Place, Result, State
from policy.refusals import BadInput, RuleViolation
from policy.types import Category
from tests.builders import episode, noon
from zones.actions import ensure_room


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def test_on(saved: Episode, day: int) -> NucleicAcidTest:
    return saved.tests.get(planned_on=november(day), dropped_at=None)


test_on.__test__ = False  # type: ignore[attr-defined]


class TestSampling:
    def test_a_due_test_is_sampled_once(self, alice: User) -> None:
        test = test_on(episode(alice), 15)
        assert testing.record_sampling(test=test, by=alice, at=noon(november(15))) is True
        assert testing.record_sampling(test=test, by=alice, at=noon(november(15))) is False
        assert test.episode.events.filter(kind="sampled").count() == 1

    def test_tomorrows_test_is_not_taken_today(self, alice: User) -> None:
        with pytest.raises(RuleViolation) as refused:
            testing.record_sampling(test=test_on(episode(alice), 16), by=alice, at=noon(november(15)))
        assert refused.value.clause == "二(六)"

    def test_a_mis_tap_is_undone_and_the_test_is_due_again(self, alice: User) -> None:
        test = test_on(episode(alice), 15)
        testing.record_sampling(test=test, by=alice, at=noon(november(15)))
        assert testing.undo_sampling(test=test, by=alice, at=noon(november(15))) is True
        assert testing.undo_sampling(test=test, by=alice, at=noon(november(15))) is False
        assert test.sampled_at is None

    def test_after_a_day_it_is_no_mis_tap_any_more(self, alice: User) -> None:
        test = test_on(episode(alice), 15)
        testing.record_sampling(test=test, by=alice, at=noon(november(15)))
        with pytest.raises(RuleViolation):
            testing.undo_sampling(test=test, by=alice, at=noon(november(17)))


class TestResults:
    def test_a_missing_result_never_delays_the_release(self, alice: User) -> None:
        saved = episode(alice)
        assert saved.state(november(22)) is State.HOME
        assert saved.state(november(23)) is State.ENDED

    def test_an_inconclusive_sample_is_planned_again_for_the_next_free_date(self, alice: User) -> None:
        saved = episode(alice)
        testing.record_result(
            test=test_on(saved, 15), result=Result.INCONCLUSIVE, by=alice, at=noon(november(15))
        )
        assert saved.tests.get(origin="repeat").planned_on == november(18)

    def test_on_the_last_day_it_is_dropped_instead(self, alice: User) -> None:
        saved = episode(alice)
        testing.record_result(test=test_on(saved, 22), result=Result.REFUSED, by=alice, at=noon(november(22)))
        assert not saved.tests.filter(planned_on__gte=november(23)).exists()
        assert saved.events.filter(kind="test_dropped").count() == 1

    def test_an_abnormal_pool_allows_one_linked_recheck_the_same_day(self, alice: User) -> None:
        saved = episode(alice)
        at = noon(november(15))
        testing.record_result(test=test_on(saved, 15), result=Result.ABNORMAL_POOL, by=alice, at=at)
        recheck = saved.tests.get(origin="recheck")
        assert (recheck.planned_on, recheck.scheduled) == (november(15), False)
        testing.record_result(test=recheck, result=Result.ABNORMAL_POOL, by=alice, at=at)
        assert saved.tests.filter(origin="recheck").count() == 1

    def test_a_different_second_result_is_refused(self, alice: User) -> None:
        test = test_on(episode(alice), 15)
        at = noon(november(15))
        assert testing.record_result(test=test, result=Result.NEGATIVE, by=alice, at=at) is True
        assert testing.record_result(test=test, result=Result.NEGATIVE, by=alice, at=at) is False
        with pytest.raises(RuleViolation):
            testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=at)

    @pytest.mark.parametrize(("ct", "positive"), [("34.9", True), ("35", False), ("38.5", False)])
    def test_for_entrants_the_ct_value_decides(self, alice: User, ct: str, positive: bool) -> None:
        saved = episode(alice, category=Category.ENTRANT)
        test = test_on(saved, 15)
        testing.record_result(
            test=test, result=Result.POSITIVE, ct=Decimal(ct), by=alice, at=noon(november(15))
        )
        saved.refresh_from_db()
        assert (saved.state(november(16)) is State.AWAITING_TRANSFER) is positive
        assert (test.result == Result.POSITIVE) is positive

    def test_an_entrants_positive_without_ct_is_asked_back(self, alice: User) -> None:
        saved = episode(alice, category=Category.ENTRANT)
        with pytest.raises(BadInput) as asked:
            testing.record_result(
                test=test_on(saved, 15), result=Result.POSITIVE, by=alice, at=noon(november(15))
            )
        assert asked.value.field == "ct"

    def test_a_result_from_elsewhere_is_always_stored_and_counts_once(self, alice: User) -> None:
        saved = episode(alice)
        facts = {"episode": saved, "by": alice, "at": noon(november(18)), "external_id": "LAB-1"}
        first = testing.record_outside_result(on=november(18), result=Result.NEGATIVE, **facts)
        again = testing.record_outside_result(on=november(18), result=Result.NEGATIVE, **facts)
        assert first == again
        assert first.scheduled is False
        answered = testing.record_outside_result(
            on=november(17), result=Result.NEGATIVE, **(facts | {"external_id": "LAB-2"})
        )
        assert answered == saved.tests.get(planned_on=november(17))


class TestPositive:
    def positive(self, alice: User) -> Episode:
        saved = episode(alice)
        testing.record_result(
            test=test_on(saved, 16), result=Result.POSITIVE, by=alice, at=noon(november(16))
        )
        saved.refresh_from_db()
        return saved

    def test_it_closes_the_plan_as_transferred_and_never_as_released(self, alice: User) -> None:
        saved = self.positive(alice)
        assert saved.state(november(16)) is State.AWAITING_TRANSFER
        assert saved.state(november(30)) is State.AWAITING_TRANSFER
        assert saved.code_lifted_at is None
        assert not Episode.objects.due_for_release(november(30)).exists()
        assert not saved.tests.filter(planned_on__gt=november(16), dropped_at=None).exists()

    def test_it_makes_an_infection_for_the_supervisors_list(self, alice: User) -> None:
        saved = self.positive(alice)
        infection = Infection.objects.to_trace().get()
        assert infection.person == saved.person
        assert tracing.judge_contacts(infection=infection, by=alice, at=noon(november(16)))
        assert not Infection.objects.to_trace().exists()

    def test_a_mistaken_positive_restores_the_plan_with_its_dates(self, alice: User) -> None:
        saved = self.positive(alice)
        test = saved.tests.get(planned_on=november(16))
        with pytest.raises(RuleViolation):
            testing.undo_result(test=test, by=alice, at=noon(november(16)))
        testing.undo_result(test=test, by=alice, at=noon(november(16)), reason="实验室更正")
        saved.refresh_from_db()
        assert saved.release_on == november(23)
        assert saved.state(november(17)) is State.CENTRAL
        dates = saved.tests.filter(dropped_at=None).values_list("planned_on", flat=True)
        assert [on.day for on in dates] == [15, 16, 17, 19, 20, 22]
        assert not Infection.objects.standing().exclude(person=None).exists()

    def test_it_is_handed_over_once(self, alice: User) -> None:
        saved = self.positive(alice)
        facts = {"episode": saved, "to": "市传染病医院", "by": alice, "at": noon(november(16))}
        assert ending.hand_over_to_treatment(**facts) is True
        assert ending.hand_over_to_treatment(**facts) is False
        assert saved.state(november(17)) is State.TRANSFERRED


class TestEnding:
    def test_ending_early_frees_at_once_and_keeps_the_planned_date(self, alice: User) -> None:
        saved = episode(alice)
        assert ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(17)))
        assert saved.state(november(17)) is State.ENDED_EARLY
        assert (saved.release_on, saved.planned_release_on) == (november(17), november(23))
        assert saved.code_lifted_at is not None
        assert not saved.tests.filter(planned_on__gte=november(17), dropped_at=None).exists()

    def test_it_asks_for_a_reason_and_happens_once(self, alice: User) -> None:
        saved = episode(alice)
        with pytest.raises(RuleViolation) as refused:
            ending.end_early(episode=saved, reason=" ", by=alice, at=noon(november(17)))
        assert refused.value.field == "reason"
        ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(17)))
        with pytest.raises(RuleViolation):
            ending.end_early(episode=saved, reason="再次", by=alice, at=noon(november(17)))

    def test_a_withdrawn_episode_never_restricted(self, alice: User) -> None:
        saved = episode(alice)
        ending.withdraw(episode=saved, reason="录入错误", by=alice, at=noon(november(15)))
        assert saved.state(november(15)) is State.WITHDRAWN
        assert not Episode.objects.restricting(november(15)).exists()
        assert not saved.tests.filter(dropped_at=None).exists()
        assert saved.settled_at is not None

    def test_there_is_no_verb_that_extends(self, alice: User) -> None:
        saved = episode(alice)
        with pytest.raises(IntegrityError), transaction.atomic():
            Episode.objects.filter(pk=saved.pk).update(release_on=november(24))


class TestOverdue:
    def test_still_at_the_hotel_on_home_day_one_is_our_overdue_journey(self, alice: User, home: Area) -> None:
        saved = episode(alice)
        room = ensure_room(community=home, site="云栖酒店", number="812")
        placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(15)))
        assert not saved.overdue(november(19))
        assert [late.reason for late in saved.overdue(november(20))] == [OverdueReason.JOURNEY]
        assert saved.state(november(20)) is State.HOME
        assert list(Episode.objects.overdue(november(20))) == [saved]

    def test_unswept_after_midnight_is_free_and_overdue(self, alice: User) -> None:
        saved = episode(alice)
        assert saved.state(november(23)) is State.ENDED
        assert [late.reason for late in saved.overdue(november(23))] == [OverdueReason.CODE]
        assert not saved.overdue(november(22))

    @pytest.mark.parametrize("day", range(14, 30))
    def test_the_query_and_the_object_agree(self, alice: User, home: Area, day: int) -> None:
        saved = episode(alice)
        room = ensure_room(community=home, site="云栖酒店", number="812")
        placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(15)))
        assert Episode.objects.overdue(november(day)).exists() == bool(saved.overdue(november(day)))


class TestPlaces:
    def test_a_room_takes_one_household(self, alice: User, home: Area) -> None:
        room = ensure_room(community=home, site="云栖酒店", number="812")
        at = noon(november(15))
        first = episode(alice)
        same_home = episode(alice, name="陈小宝", phone="13800009999")
        other_home = episode(alice, name="刘洋", phone="13800008888", door="301")
        placing.place(episode=first, place=Place.SITE, room=room, by=alice, at=at)
        placing.place(episode=same_home, place=Place.SITE, room=room, by=alice, at=at)
        with pytest.raises(RuleViolation) as refused:
            placing.place(episode=other_home, place=Place.SITE, room=room, by=alice, at=at)
        assert refused.value.clause == "三(一)"

    def test_the_community_of_the_site_sees_the_episode_too(
        self, alice: User, bob: User, next_door: Area
    ) -> None:
        saved = episode(alice)
        assert not Episode.objects.visible_to(bob).exists()
        room = ensure_room(community=next_door, site="云栖酒店", number="812")
        placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(15)))
        assert list(Episode.objects.visible_to(bob)) == [saved]
        placing.place(episode=saved, place=Place.HOME, by=alice, at=noon(november(20)))
        assert not Episode.objects.visible_to(bob).exists()

    def test_an_unsuitable_home_found_later_keeps_all_dates(self, alice: User) -> None:
        saved = episode(alice, home_check=HomeCheck.UNCHECKED)
        placing.record_home_check(episode=saved, check=HomeCheck.UNSUITABLE, by=alice, at=noon(november(18)))
        assert saved.release_on == november(23)
        assert saved.state(november(21)) is State.CENTRAL
        test = test_on(saved, 20)
        assert (test.mode, test.stage_day) == ("central", 1)


class TestHandover:
    def test_it_moves_nothing_before_the_answer_and_keeps_all_dates(
        self, alice: User, bob: User, next_door: Area
    ) -> None:
        saved = episode(alice)
        offered = handover.offer(episode=saved, to_community=next_door, by=bob, at=noon(november(15)))
        assert not Episode.objects.visible_to(bob).exists()
        with pytest.raises(RuleViolation):
            handover.accept(handover=offered, by=bob, at=noon(november(15)))
        assert handover.accept(handover=offered, by=alice, at=noon(november(15))) is True
        assert handover.accept(handover=offered, by=alice, at=noon(november(15))) is False
        saved.refresh_from_db()
        assert saved.community == next_door
        assert saved.release_on == november(23)
        assert list(Episode.objects.visible_to(bob)) == [saved]

    def test_given_back_with_a_reason_the_person_stays(
        self, alice: User, bob: User, home: Area, next_door: Area
    ) -> None:
        saved = episode(alice)
        offered = handover.offer(episode=saved, to_community=next_door, by=alice, at=noon(november(15)))
        with pytest.raises(RuleViolation):
            handover.give_back(handover=offered, reason="", by=bob, at=noon(november(15)))
        assert handover.give_back(handover=offered, reason="不在本辖区", by=bob, at=noon(november(15)))
        saved.refresh_from_db()
        assert saved.community == home


class TestCorrecting:
    def test_an_earlier_anchor_is_free(self, alice: User) -> None:
        saved = episode(alice)
        ground = saved.grounds.get()
        assert correcting.correct_anchor(
            ground=ground, anchor_on=november(12), by=alice, at=noon(november(15))
        )
        saved.refresh_from_db()
        assert saved.release_on == november(21)

    def test_a_later_one_takes_a_supervisor_and_a_document(self, alice: User, carol: User) -> None:
        saved = episode(alice, anchor_on=november(12))
        ground = saved.grounds.get()
        later = {"ground": ground, "anchor_on": november(13), "at": noon(november(15))}
        for by, paper in ((alice, "流调报告"), (carol, "")):
            with pytest.raises(RuleViolation):
                correcting.correct_anchor(by=by, document=paper, **later)
        assert correcting.correct_anchor(by=carol, document="流调报告", **later)
        saved.refresh_from_db()
        assert saved.release_on == november(22)

    def test_a_correction_into_the_past_frees_at_once(self, alice: User) -> None:
        saved = episode(alice)
        correcting.correct_anchor(
            ground=saved.grounds.get(), anchor_on=november(5), by=alice, at=noon(november(18))
        )
        saved.refresh_from_db()
        assert saved.state(november(18)) is State.ENDED
        assert saved.events.filter(kind="released").count() == 1


def test_a_failed_attempt_sets_a_clock_and_reaching_stops_it(alice: User) -> None:
    saved = episode(alice)
    at = noon(november(15))
    contacting.record_attempt(episode=saved, outcome=ContactOutcome.NO_ANSWER, by=alice, at=at)
    assert saved.contact_again_at == at + dt.timedelta(hours=2)
    contacting.record_attempt(episode=saved, outcome=ContactOutcome.REACHED, by=alice, at=at)
    assert saved.contact_again_at is None


def test_a_mistaken_positive_after_an_early_end_does_not_announce_a_release(alice: User) -> None:
    saved = episode(alice)
    test = test_on(saved, 15)
    testing.record_sampling(test=test, by=alice, at=noon(november(15)))
    ending.end_early(episode=saved, reason="核查无暴露", by=alice, at=noon(november(16)))
    testing.record_result(test=test, result=Result.POSITIVE, by=alice, at=noon(november(16)))
    testing.undo_result(test=test, by=alice, at=noon(november(16)), reason="实验室更正")
    saved.refresh_from_db()
    assert saved.state(november(16)) is State.ENDED_EARLY
    assert not Episode.objects.due_for_release(november(24)).exists()


def test_a_corrected_result_can_be_sent_again_by_the_laboratory(alice: User) -> None:
    saved = episode(alice)
    facts = {
        "episode": saved,
        "on": november(15),
        "external_id": "LAB-9",
        "by": alice,
        "at": noon(november(15)),
    }
    first = testing.record_outside_result(result=Result.INCONCLUSIVE, **facts)
    testing.undo_result(test=first, by=alice, at=noon(november(15)))
    again = testing.record_outside_result(result=Result.NEGATIVE, **facts)
    assert (again, again.result) == (first, Result.NEGATIVE)
