"""A change of edition on 11 November 2022: open plans follow it, nobody's end moves later."""

import datetime as dt
from collections.abc import Callable
from itertools import product

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from cases.actions import editions, sweeps, testing
from cases.actions.planning import plan_of, replan
from cases.models import Episode, EpisodeEvent, EpisodeStage, NucleicAcidTest
from cases.rules import EventKind, HomeCheck, TestOrigin
from policy.clock import midnight
from policy.models import PolicyEdition, edition_by_code
from policy.rules import capped
from policy.types import Category
from tests.builders import episode, noon


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


THE_DAY = november(11)
BEFORE = noon(november(10))
AT_NOON = noon(THE_DAY)


def traced(by: User, anchor: int, *, registered: int | None = None, **facts: object) -> Episode:
    """An episode of the ninth edition, of early November."""
    return episode(
        by, anchor_on=november(anchor), registered_on=november(registered or anchor), at=BEFORE, **facts
    )


def changes(saved: Episode) -> list[EpisodeEvent]:
    return list(saved.events.filter(kind=EventKind.EDITION_CHANGED))


def stages(saved: Episode) -> list[tuple[str, int, int]]:
    return [(each.mode, each.starts_on.day, each.last_on.day) for each in saved.stages.order_by("number")]


def coming_tests(saved: Episode) -> list[int]:
    standing = saved.tests.filter(dropped_at=None, planned_on__gte=THE_DAY).order_by("planned_on")
    return [test.planned_on.day for test in standing]


class TestTheDay:
    def test_the_day_before_nothing_happens(self, alice: User) -> None:
        saved = traced(alice, 8)
        assert saved.edition == "ninth"
        assert editions.follow_editions(at=BEFORE) == 0

    def test_a_close_contact_is_planned_anew_from_the_same_anchor(self, alice: User) -> None:
        saved = traced(alice, 8)
        assert (saved.release_on, stages(saved)) == (
            november(19),
            [("central", 9, 15), ("monitoring", 16, 18)],
        )
        assert editions.follow_editions(at=AT_NOON) == 1
        saved.refresh_from_db()
        assert (saved.edition, saved.clause, saved.release_on) == ("twenty", "二(一)", november(17))
        assert saved.home_from == november(14)
        assert stages(saved) == [("central", 9, 13), ("home", 14, 16)]
        assert coming_tests(saved) == [11, 13, 14, 16]

    def test_the_event_names_both_editions_and_both_ends(self, alice: User) -> None:
        saved = traced(alice, 8)
        editions.follow_editions(at=AT_NOON)
        (event,) = changes(saved)
        assert event.edition == "twenty"
        assert event.details == {
            "edition_before": "ninth",
            "edition_after": "twenty",
            "release_before": "2022-11-19",
            "release_on": "2022-11-17",
        }
        assert (event.at, event.due_at, event.clause) == (AT_NOON, midnight(THE_DAY), "二(一)")

    def test_twice_is_as_good_as_once(self, alice: User) -> None:
        saved = traced(alice, 8)
        assert [editions.follow_editions(at=AT_NOON) for _ in range(2)] == [1, 0]
        assert len(changes(saved)) == 1

    def test_nobodys_end_moves_later(self, alice: User) -> None:
        """Spill-over persons: seven days central became seven days at home, no day more."""
        saved = traced(alice, 8, category=Category.SPILL_OVER)
        editions.follow_editions(at=AT_NOON)
        saved.refresh_from_db()
        assert (saved.edition, saved.release_on, stages(saved)) == (
            "twenty",
            november(16),
            [("home", 9, 15)],
        )

    def test_contacts_of_contacts_are_free_from_the_first_day(self, alice: User) -> None:
        saved = traced(alice, 8, category=Category.SECONDARY_CONTACT)
        assert saved.release_on == november(16)
        editions.follow_editions(at=AT_NOON)
        saved.refresh_from_db()
        assert (saved.release_on, saved.planned_release_on) == (THE_DAY, november(16))
        assert saved.restricts(november(10)) is True
        assert saved.restricts(THE_DAY) is False
        assert stages(saved) == [("home", 9, 10)]
        assert coming_tests(saved) == []
        assert [event.clause for event in changes(saved)] == ["二(二)"]
        assert sweeps.sweep_releases(at=AT_NOON) == 1

    def test_whoever_would_have_been_free_before_is_free_from_the_first_day(self, alice: User) -> None:
        """Last exposed on 1 November: 5+3 were over on the 10th, the edition frees on the 11th."""
        saved = traced(alice, 1, registered=5)
        assert saved.release_on == november(12)
        editions.follow_editions(at=AT_NOON)
        saved.refresh_from_db()
        assert (saved.release_on, saved.restricted) == (THE_DAY, True)
        assert stages(saved) == [("central", 2, 8), ("monitoring", 9, 10)]

    def test_so_is_whoever_was_registered_after_the_new_end(self, alice: User) -> None:
        saved = traced(alice, 1, registered=10)
        editions.follow_editions(at=AT_NOON)
        saved.refresh_from_db()
        assert (saved.release_on, saved.restricted) == (THE_DAY, True)
        assert sweeps.sweep_releases(at=AT_NOON) == 1
        assert saved.events.filter(kind=EventKind.RELEASED).count() == 1

    def test_an_unsuitable_home_still_means_central_isolation(self, alice: User) -> None:
        saved = traced(alice, 8, home_check=HomeCheck.UNSUITABLE)
        editions.follow_editions(at=AT_NOON)
        assert stages(saved) == [("central", 9, 13), ("central", 14, 16)]

    def test_what_was_sampled_or_planned_again_stays(self, alice: User) -> None:
        saved = traced(alice, 8)
        today = saved.tests.get(planned_on=THE_DAY)
        testing.record_sampling(test=today, by=alice, at=AT_NOON)
        spoiled = saved.tests.get(planned_on=november(10))
        NucleicAcidTest.objects.create(
            person=saved.person,
            episode=saved,
            planned_on=november(12),
            origin=TestOrigin.REPEAT,
            follows=spoiled,
        )
        editions.follow_editions(at=AT_NOON)
        assert coming_tests(saved) == [11, 12, 13, 14, 16]
        today.refresh_from_db()
        assert today.sampled_at == AT_NOON

    def test_positive_ended_and_free_people_are_left_alone(self, alice: User) -> None:
        sick = traced(alice, 8, name="王小甲", phone="")
        test = sick.tests.get(planned_on=november(9))
        testing.record_result(test=test, result="positive", by=alice, at=BEFORE)
        late = episode(
            alice,
            name="王小乙",
            phone="",
            category=Category.SECONDARY_CONTACT,
            anchor_on=november(1),
            registered_on=november(9),
        )
        assert late.restricted is False
        assert editions.follow_editions(at=AT_NOON) == 0

    def test_after_a_corrected_mistake_the_plan_follows_belatedly(self, alice: User) -> None:
        saved = traced(alice, 8)
        test = saved.tests.get(planned_on=november(9))
        testing.record_result(test=test, result="positive", by=alice, at=BEFORE)
        editions.follow_editions(at=AT_NOON)
        testing.undo_result(test=test, by=alice, at=noon(november(12)), reason="wrong tube")
        assert editions.follow_editions(at=noon(november(12))) == 1
        saved.refresh_from_db()
        assert saved.release_on == november(17)

    def test_a_dry_run_counts_and_writes_nothing(self, alice: User) -> None:
        saved = traced(alice, 8)
        assert editions.follow_editions(at=AT_NOON, dry_run=True) == 1
        saved.refresh_from_db()
        assert saved.edition == "ninth"
        assert not changes(saved)


class TestWithoutAWorker:
    """Nothing ran on the day of the change: the ends are those that follow from it all the same."""

    def test_contacts_of_contacts_were_free_from_the_first_day(self, alice: User) -> None:
        saved = traced(alice, 8, category=Category.SECONDARY_CONTACT)
        assert sweeps.sweep_releases(at=noon(november(14))) == 1
        saved.refresh_from_db()
        assert saved.release_on == THE_DAY
        assert saved.events.get(kind=EventKind.RELEASED).due_at == midnight(THE_DAY)

    def test_a_release_goes_by_the_new_end_although_the_old_one_has_passed_too(self, alice: User) -> None:
        saved = traced(alice, 8)
        assert sweeps.sweep_releases(at=noon(november(25))) == 1
        saved.refresh_from_db()
        assert saved.release_on == november(17)
        assert saved.events.get(kind=EventKind.RELEASED).due_at == midnight(november(17))
        assert [event.due_at for event in saved.events.filter(kind=EventKind.STAGE_BEGAN)] == [
            midnight(november(14))
        ]

    def test_tests_after_the_new_end_are_nobodys_failure(self, alice: User) -> None:
        saved = traced(alice, 8)  # ninth: a test on the 18th; twenty: free from the 17th
        sweeps.sweep_releases(at=noon(november(20)))
        assert saved.tests.get(planned_on=november(18)).dropped_at is not None


class TestActivation:
    def activate(self, code: str, from_on: dt.date, at: dt.datetime, by: User | None) -> None:
        PolicyEdition.objects.get(code=code).activate(from_on=from_on, at=at, by=by)

    def test_an_undo_moves_nobodys_end_later_either(self, alice: User, carol: User) -> None:
        saved = traced(alice, 8)
        editions.follow_editions(at=AT_NOON)
        self.activate("ninth", november(12), noon(november(12)), carol)
        editions.follow_editions(at=noon(november(12)))
        saved.refresh_from_db()
        assert (saved.edition, saved.release_on) == ("ninth", november(17))
        assert [event.edition for event in reversed(changes(saved))] == ["twenty", "ninth"]

    def test_it_frees_nobody_before_somebody_decided_it(self, alice: User, carol: User) -> None:
        """Dated back by days, it takes effect on the day of the act: the days before were served."""
        saved = episode(
            alice,
            category=Category.POST_CLOSED_LOOP,
            anchor_on=november(12),
            registered_on=november(12),
        )
        self.activate("ninth", november(11), noon(november(15)), carol)
        editions.follow_editions(at=noon(november(15)))
        saved.refresh_from_db()
        assert saved.release_on == november(15)


class TestInSets:
    def test_ten_cost_as_many_queries_as_one(self, alice: User) -> None:
        def queries(number: int) -> int:
            for each in range(number):
                traced(alice, 8, name="王小" + chr(0x4E00 + 1000 * number + each), phone="")
            with CaptureQueriesContext(connection) as captured:
                assert editions.follow_editions(at=AT_NOON) == number
            return len(captured)

        assert queries(1) == queries(10)

    def test_several_chunks_reach_everybody(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(editions, "CHUNK", 2)
        for number in range(5):
            traced(alice, 8, name=f"王小{'甲乙丙丁戊'[number]}", phone="")
        assert editions.follow_editions(at=AT_NOON) == 5
        assert not Episode.objects.filter(edition="ninth").exists()

    def test_the_rows_are_those_that_planning_one_by_one_writes(self, alice: User) -> None:
        """`planning.replan` for each person, and the sets of a sweep: the same headline, stages and tests."""
        cases = list(product((6, 7, 8, 9), (0, 1), (Category.CLOSE_CONTACT, Category.SPILL_OVER)))
        saved = [
            traced(
                alice,
                anchor,
                registered=anchor + late,
                category=category,
                home_check=HomeCheck.UNSUITABLE if anchor % 2 else HomeCheck.SUITABLE,
                name="王小" + chr(0x4E00 + number),
                phone="",
            )
            for number, (anchor, late, category) in enumerate(cases)
        ]
        expected = _rolled_back(lambda: [_one_by_one(each) for each in saved])
        editions.follow_editions(at=AT_NOON)
        assert [_rows(each) for each in saved] == expected


def _one_by_one(saved: Episode) -> object:
    plan = plan_of(edition_by_code("twenty"), saved.grounds.all(), saved.home_check)
    replan(saved, capped(plan, saved.release_on), on=THE_DAY, at=AT_NOON)
    return _rows(saved)


def _rows(saved: Episode) -> object:
    head = Episode.objects.filter(pk=saved.pk).values(
        "edition", "category", "clause", "anchor_on", "home_from", "release_on", "planned_release_on"
    )
    stage = EpisodeStage.objects.filter(episode=saved).order_by("number")
    tests = NucleicAcidTest.objects.filter(episode=saved).order_by("planned_on", "pk")
    return (
        list(head),
        list(stage.values_list("number", "mode", "starts_on", "last_on", "clause")),
        list(tests.values_list("planned_on", "mode", "stage_day", "clause", "dropped_at")),
    )


def _rolled_back(work: Callable[[], list[object]]) -> list[object]:
    """What the work returns, as if it had not been done."""
    with transaction.atomic():
        result = work()
        transaction.set_rollback(True)
    return result
