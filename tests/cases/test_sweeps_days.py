"""What else a day brings: stages that begin, tests that nobody came to take."""

import datetime as dt
from typing import Any

from accounts.models import Area, User
from cases.actions import ending, placing, sweeps, testing
from cases.models import EpisodeEvent, NucleicAcidTest
from cases.rules import EventKind, HomeCheck, Place
from notices.models import ChannelAddress, Message
from notices.rules import Channel, MessageKind
from policy.clock import midnight
from policy.types import Category
from tests.builders import episode, noon
from zones.actions import ensure_room


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def stage_events() -> list[EpisodeEvent]:
    return list(EpisodeEvent.objects.filter(kind=EventKind.STAGE_BEGAN).order_by("pk"))


def told(kind: MessageKind, community: Area) -> list[dict[str, Any]]:
    """What the inbox of that office says, oldest first."""
    inbox = Message.objects.in_inbox().filter(kind=kind, community=community)
    return list(inbox.order_by("pk").values_list("context", flat=True))


class TestStages:
    def test_home_isolation_begins_with_one_event(self, alice: User) -> None:
        saved = episode(alice)
        assert sweeps.sweep_stage_changes(at=midnight(november(20)) - dt.timedelta(seconds=1)) == 0
        assert sweeps.sweep_stage_changes(at=midnight(november(20))) == 1
        assert sweeps.sweep_stage_changes(at=noon(november(20))) == 0
        (event,) = stage_events()
        assert (event.episode, event.due_at, event.at) == (saved, *[midnight(november(20))] * 2)
        assert event.details == {"mode": "home", "starts_on": "2022-11-20"}
        assert (event.clause, event.edition, event.by) == ("二(一)", "twenty", None)

    def test_days_late_it_is_still_stamped_with_its_own_date(self, alice: User) -> None:
        episode(alice)
        assert sweeps.sweep_stage_changes(at=noon(november(22))) == 1
        (event,) = stage_events()
        assert (event.due_at, event.at) == (midnight(november(20)), noon(november(22)))

    def test_the_first_stage_needs_no_event_beside_the_registration(self, alice: User) -> None:
        episode(alice, category=Category.SPILL_OVER)
        assert sweeps.sweep_stage_changes(at=noon(november(18))) == 0

    def test_nor_does_a_stage_that_had_begun_when_the_person_was_registered(self, alice: User) -> None:
        episode(alice, registered_on=november(20))
        assert sweeps.sweep_stage_changes(at=noon(november(21))) == 0

    def test_whose_plan_ended_before_has_no_further_stage(self, alice: User) -> None:
        early = episode(alice, name="王小甲", phone="")
        ending.end_early(episode=early, reason="an office's mistake", by=alice, at=noon(november(18)))
        wrong = episode(alice, name="王小乙", phone="")
        ending.withdraw(episode=wrong, reason="entered by mistake", by=alice, at=noon(november(18)))
        sick = episode(alice, name="王小丙", phone="")
        test = sick.tests.get(planned_on=november(17))
        testing.record_result(test=test, result="positive", by=alice, at=noon(november(18)))
        assert sweeps.sweep_stage_changes(at=noon(november(20))) == 0

    def test_a_dry_run_counts_and_writes_nothing(self, alice: User) -> None:
        episode(alice)
        assert sweeps.sweep_stage_changes(at=noon(november(20)), dry_run=True) == 1
        assert not stage_events()
        assert not Message.objects.in_inbox().exists()

    def test_a_plan_made_anew_does_not_repeat_a_stage_that_began(self, alice: User) -> None:
        saved = episode(alice)
        sweeps.sweep_stage_changes(at=noon(november(20)))
        placing.record_home_check(episode=saved, check=HomeCheck.UNCHECKED, by=alice, at=noon(november(21)))
        assert sweeps.sweep_stage_changes(at=noon(november(21))) == 0


class TestGoingHome:
    def test_staff_are_told_once_in_the_morning_with_the_homes_to_check(
        self, alice: User, home: Area
    ) -> None:
        episode(alice, name="王小甲", phone="")
        episode(alice, name="王小乙", phone="", home_check=HomeCheck.UNCHECKED)
        sweeps.sweep_stage_changes(at=midnight(november(20)))
        assert told(MessageKind.STAGE_CHANGES, home) == []
        for hour in (8, 9, 20):
            sweeps.sweep_stage_changes(at=midnight(november(20)) + dt.timedelta(hours=hour))
        assert told(MessageKind.STAGE_CHANGES, home) == [
            {"on": "2022-11-20", "count": 2, "unchecked": 1, "clause": "三(一)"}
        ]

    def test_whoever_stays_central_goes_nowhere(self, alice: User, home: Area) -> None:
        episode(alice, home_check=HomeCheck.UNSUITABLE)
        sweeps.sweep_stage_changes(at=noon(november(20)))
        assert told(MessageKind.STAGE_CHANGES, home) == []

    def test_whoever_was_at_home_from_the_start_does_not_go_home(self, alice: User, home: Area) -> None:
        episode(alice, category=Category.SPILL_OVER)
        sweeps.sweep_stage_changes(at=noon(november(15)))
        assert told(MessageKind.STAGE_CHANGES, home) == []

    def test_yesterdays_news_is_not_told_today(self, alice: User, home: Area) -> None:
        episode(alice)
        sweeps.sweep_stage_changes(at=noon(november(21)))
        assert told(MessageKind.STAGE_CHANGES, home) == []

    def test_the_community_of_the_site_hears_of_it_too(
        self, alice: User, home: Area, next_door: Area
    ) -> None:
        saved = episode(alice)
        room = ensure_room(community=next_door, site="湖滨酒店", number="301")
        placing.place(episode=saved, place=Place.SITE, room=room, by=alice, at=noon(november(14)))
        sweeps.sweep_stage_changes(at=noon(november(20)))
        assert [each["count"] for each in told(MessageKind.STAGE_CHANGES, home)] == [1]
        assert [each["count"] for each in told(MessageKind.STAGE_CHANGES, next_door)] == [1]

    def test_group_and_mail_hear_what_the_inbox_says(self, alice: User, home: Area, street: Area) -> None:
        for area in (home, street):
            ChannelAddress.objects.create(
                area=area, channel=Channel.GROUP_BOT, address="wecombot://0123456789"
            )
        episode(alice)
        for hour in (8, 9):
            sweeps.sweep_stage_changes(at=midnight(november(20)) + dt.timedelta(hours=hour))
        bots = Message.objects.filter(kind=MessageKind.STAGE_CHANGES, channel=Channel.GROUP_BOT)
        assert bots.count() == 2
        assert {message.not_after for message in bots} == {midnight(november(21))}


class TestMissedTests:
    def test_a_test_nobody_took_is_noted_once_the_day_after(self, alice: User) -> None:
        saved = episode(alice)
        assert sweeps.sweep_overdue_tests(at=noon(november(15))) == 0
        assert sweeps.sweep_overdue_tests(at=noon(november(16))) == 1
        assert sweeps.sweep_overdue_tests(at=noon(november(16))) == 0
        test = saved.tests.get(planned_on=november(15))
        assert test.missed_noted_at == noon(november(16))

    def test_it_delays_no_release_and_moves_no_date(self, alice: User) -> None:
        saved = episode(alice)
        before = list(saved.stages.values())
        sweeps.sweep_overdue_tests(at=noon(november(23)))
        saved.refresh_from_db()
        assert saved.release_on == november(23)
        assert list(saved.stages.values()) == before
        assert sweeps.sweep_releases(at=midnight(november(23))) == 1

    def test_what_was_taken_answered_or_dropped_was_not_missed(self, alice: User) -> None:
        saved = episode(alice)
        taken = saved.tests.get(planned_on=november(15))
        testing.record_sampling(test=taken, by=alice, at=noon(november(15)))
        saved.tests.filter(planned_on=november(16)).update(dropped_at=noon(november(15)))
        assert sweeps.sweep_overdue_tests(at=noon(november(17))) == 0

    def test_a_closed_plan_asks_for_no_tests(self, alice: User) -> None:
        saved = episode(alice)
        ending.withdraw(episode=saved, reason="entered by mistake", by=alice, at=noon(november(14)))
        assert sweeps.sweep_overdue_tests(at=noon(november(17))) == 0

    def test_the_last_day_counts_although_the_person_is_free_by_then(self, alice: User) -> None:
        saved = episode(alice)
        NucleicAcidTest.objects.filter(planned_on__lt=november(22)).update(result="negative")
        sweeps.sweep_releases(at=midnight(november(23)))
        assert sweeps.sweep_overdue_tests(at=noon(november(23))) == 1
        saved.refresh_from_db()
        assert saved.release_on == november(23)

    def test_each_office_hears_once_of_each_day(self, alice: User, bob: User, home: Area) -> None:
        episode(alice, name="王小甲", phone="")
        episode(alice, name="王小乙", phone="")
        episode(bob, name="王小丙", phone="")
        for hour in (8, 12, 20):
            sweeps.sweep_overdue_tests(at=midnight(november(17)) + dt.timedelta(hours=hour))
        assert told(MessageKind.TESTS_OVERDUE, home) == [
            {"on": "2022-11-15", "count": 2, "oldest_on": "2022-11-15"},
            {"on": "2022-11-16", "count": 2, "oldest_on": "2022-11-16"},
        ]
        assert [each["count"] for each in told(MessageKind.TESTS_OVERDUE, bob.area)] == [1, 1]

    def test_a_dry_run_counts_and_writes_nothing(self, alice: User) -> None:
        episode(alice)
        assert sweeps.sweep_overdue_tests(at=noon(november(17)), dry_run=True) == 2
        assert not NucleicAcidTest.objects.exclude(missed_noted_at=None).exists()
        assert not Message.objects.in_inbox().exists()
