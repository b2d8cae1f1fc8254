"""Releases: the dates free people at 00:00; the sweep does what belongs to it, once, whenever it comes."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.encryption import decrypt
from accounts.models import Area, User
from cases.actions import ending, reminders, sweeps, testing
from cases.models import Episode, EpisodeEvent, NucleicAcidTest, Person
from cases.rules import EventKind, OverdueReason, Result, State
from notices.models import Message
from notices.rules import MessageState
from policy.clock import midnight
from policy.models import PolicyEdition
from policy.types import Category
from tests.builders import episode, noon

SECOND = dt.timedelta(seconds=1)


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def everything() -> dict[str, list[dict[str, object]]]:
    """All rows that a sweep could touch."""
    models = (Episode, EpisodeEvent, NucleicAcidTest, Message, Person)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def releases(saved: Episode) -> list[EpisodeEvent]:
    return list(saved.events.filter(kind=EventKind.RELEASED))


def positive(saved: Episode, day: int, by: User) -> NucleicAcidTest:
    """A positive result of the test of that day."""
    test = saved.tests.get(planned_on=november(day))
    testing.record_result(test=test, result=Result.POSITIVE, by=by, at=noon(november(day)))
    return test


@pytest.fixture
def sms(settings: pytest.FixtureRequest) -> None:
    """An installation that sends SMS and tells the health-code system."""
    settings.SMS_URL = "https://sms.invalid/"
    settings.HEALTH_CODE_URL = "https://code.invalid/"


class TestWithoutAWorker:
    def test_for_three_days_people_are_free_by_their_dates_alone(self, alice: User) -> None:
        saved = episode(alice)
        assert saved.release_on == november(23)
        for day, state in ((22, State.HOME), (23, State.ENDED), (24, State.ENDED), (25, State.ENDED)):
            assert saved.state(november(day)) is state
            assert Episode.objects.restricting(november(day)).exists() is (day < 23)
            assert Episode.objects.open(november(day)).exists() is (day < 23)
            assert saved.days_left(november(day)) == max(23 - day, 0)
        assert not releases(saved)

    def test_when_it_comes_back_each_has_one_event_with_the_due_and_the_done_instant(
        self, alice: User
    ) -> None:
        saved = episode(alice)
        back = noon(november(26))
        assert sweeps.sweep_releases(at=back) == 1
        (event,) = releases(saved)
        assert (event.due_at, event.at, event.by) == (midnight(november(23)), back, None)
        assert (event.clause, event.edition) == ("二(一)", "twenty")

    def test_the_stage_that_began_in_between_is_written_down_too(self, alice: User) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(26)))
        (event,) = saved.events.filter(kind=EventKind.STAGE_BEGAN)
        assert event.due_at == midnight(november(20))

    def test_what_is_undone_is_overdue_with_its_reason_until_then(self, alice: User) -> None:
        saved = episode(alice)
        assert {late.reason for late in saved.overdue(november(25))} == {
            OverdueReason.CODE,
            OverdueReason.NOTICE,
        }
        sweeps.sweep_releases(at=noon(november(25)))
        saved.refresh_from_db()
        assert {late.reason for late in saved.overdue(november(25))} == {OverdueReason.NOTICE}


class TestMidnight:
    def test_a_second_before_midnight_nobody_is_released(self, alice: User) -> None:
        saved = episode(alice)
        assert sweeps.sweep_releases(at=midnight(november(23)) - SECOND) == 0
        assert not releases(saved)

    def test_at_midnight_they_are(self, alice: User) -> None:
        saved = episode(alice)
        assert sweeps.sweep_releases(at=midnight(november(23))) == 1
        (event,) = releases(saved)
        assert event.due_at == event.at == midnight(november(23))

    def test_midnight_is_that_of_shanghai(self, alice: User) -> None:
        episode(alice)
        utc_midnight = dt.datetime(2022, 11, 23, tzinfo=dt.UTC)
        assert sweeps.sweep_releases(at=utc_midnight - dt.timedelta(hours=8)) == 1


class TestOnce:
    def test_twice_is_as_good_as_once(self, alice: User, sms: None) -> None:
        for number in range(3):
            episode(alice, name=f"王小{'甲乙丙'[number]}", phone=f"1380000000{number}")
        sweeps.sweep_releases(at=noon(november(23)))
        before = everything()
        assert sweeps.sweep_releases(at=noon(november(23)) + dt.timedelta(minutes=1)) == 0
        assert everything() == before

    def test_a_dry_run_counts_and_writes_nothing(self, alice: User, sms: None) -> None:
        episode(alice)
        before = everything()
        assert sweeps.sweep_releases(at=noon(november(24)), dry_run=True) == 1
        assert everything() == before

    def test_many_cost_as_many_queries_as_one(self, alice: User, sms: None) -> None:
        def queries(people: int, day: int) -> int:
            for number in range(people):
                episode(
                    alice,
                    name="王小" + chr(0x4E00 + 100 * day + number),
                    phone=f"138{day:04d}{number:04d}",
                    anchor_on=november(day),
                    registered_on=november(day),
                )
            with CaptureQueriesContext(connection) as captured:
                assert sweeps.sweep_releases(at=noon(november(day + 9))) == people
            return len(captured)

        assert queries(1, 13) == queries(20, 14)

    def test_several_chunks_release_everybody(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sweeps, "CHUNK", 2)
        for number in range(5):
            episode(alice, name=f"王小{'甲乙丙丁戊'[number]}", phone=f"1380000000{number}")
        assert sweeps.sweep_releases(at=noon(november(23))) == 5
        assert EpisodeEvent.objects.filter(kind=EventKind.RELEASED).count() == 5
        assert EpisodeEvent.objects.filter(kind=EventKind.STAGE_BEGAN).count() == 5

    def test_of_several_dates_each_is_stamped_with_its_own(self, alice: User) -> None:
        early = episode(alice, name="王小甲", phone="", anchor_on=november(12), registered_on=november(12))
        late = episode(alice, name="王小乙", phone="")
        assert sweeps.sweep_releases(at=noon(november(25))) == 2
        assert [event.due_at for event in releases(early)] == [midnight(november(21))]
        assert [event.due_at for event in releases(late)] == [midnight(november(23))]

    def test_whoever_is_registered_anew_is_released_first_without_a_sweep(self, alice: User) -> None:
        saved = episode(alice)
        again = episode(alice, anchor_on=november(25), registered_on=november(25))
        assert again.pk != saved.pk
        (event,) = releases(saved)
        assert event.due_at == midnight(november(23))
        assert saved.events.filter(kind=EventKind.STAGE_BEGAN).count() == 1
        assert sweeps.sweep_releases(at=noon(november(25))) == 0


class TestNotByTheClock:
    def test_a_positive_is_never_released_and_the_code_stays(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        positive(saved, 17, alice)
        for day in (17, 23, 30):
            assert sweeps.sweep_releases(at=noon(november(day))) == 0
        saved.refresh_from_db()
        assert not releases(saved)
        assert saved.code_lifted_at is None
        assert not Message.objects.filter(key__in=[f"released:{saved.pk}", f"code-lifted:{saved.pk}"])
        assert saved.state(november(30)) is State.AWAITING_TRANSFER

    def test_after_a_corrected_mistake_the_release_comes_on_its_date(self, alice: User) -> None:
        saved = episode(alice)
        test = positive(saved, 17, alice)
        testing.undo_result(test=test, by=alice, at=noon(november(18)), reason="wrong tube")
        assert sweeps.sweep_releases(at=noon(november(23))) == 1
        (event,) = releases(saved)
        assert event.due_at == midnight(november(23))

    def test_a_mistaken_positive_after_the_release_holds_up_nobody(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(23)))
        test = positive(saved, 22, alice)
        testing.undo_result(test=test, by=alice, at=noon(november(24)), reason="wrong tube")
        other = episode(alice, name="王小乙", phone="", anchor_on=november(15), registered_on=november(15))
        assert sweeps.sweep_releases(at=noon(november(24))) == 2
        assert len(releases(saved)) == len(releases(other)) == 1
        assert Message.objects.filter(key=f"released:{saved.pk}").count() == 1

    def test_whoever_came_too_late_for_a_restriction_has_no_release(self, alice: User, sms: None) -> None:
        saved = episode(alice, registered_on=november(24))
        assert saved.restricted is False
        sweeps.sweep_releases(at=noon(november(25)))
        assert not releases(saved)
        assert not Message.objects.filter(subject=f"episode:{saved.pk}")

    def test_an_early_end_is_not_ended_again(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        ending.end_early(episode=saved, reason="an office's mistake", by=alice, at=noon(november(18)))
        sweeps.sweep_releases(at=noon(november(23)))
        assert not releases(saved)
        assert Message.objects.filter(key=f"code-lifted:{saved.pk}").count() == 1

    def test_an_edition_that_cannot_be_read_delays_no_release(self, alice: User) -> None:
        saved = episode(alice)
        PolicyEdition.objects.filter(code="twenty").update(source="day_one_offset = 'broken'")
        assert sweeps.sweep_releases(at=noon(november(23))) == 1
        assert len(releases(saved)) == 1


class TestMessages:
    def test_the_resident_hears_of_it_with_days_and_clause(self, alice: User, home: Area, sms: None) -> None:
        Area.objects.filter(pk=home.pk).update(duty_phone='010-6404 "0404"')
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(23)))
        message = Message.objects.with_sealed_recipient().get(key=f"released:{saved.pk}")
        assert decrypt(message.sealed_recipient) == "13800001234"
        assert message.context == {
            "release_on": "2022-11-23",
            "days": 8,
            "clause": "二(一)",
            "notice_phone": '010-6404 "0404"',
        }
        assert message.state == MessageState.PENDING
        assert message.not_after == noon(november(25))

    def test_days_before_the_registration_are_not_counted_as_served(self, alice: User, sms: None) -> None:
        saved = episode(alice, registered_on=november(18))
        sweeps.sweep_releases(at=noon(november(23)))
        assert Message.objects.get(key=f"released:{saved.pk}").context["days"] == 5

    def test_a_late_sweep_still_tells_them(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(28)))
        assert Message.objects.to_send(noon(november(28))).filter(key=f"released:{saved.pk}").exists()

    def test_the_number_is_copied_encrypted(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(23)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT recipient FROM notices_message WHERE key = %s", [f"released:{saved.pk}"])
            assert "13800001234" not in cursor.fetchone()[0]

    def test_without_a_telephone_there_is_no_sms(self, alice: User, sms: None) -> None:
        saved = episode(alice, phone="")
        sweeps.sweep_releases(at=noon(november(23)))
        assert not Message.objects.filter(key=f"released:{saved.pk}").exists()

    def test_where_sms_is_off_the_row_stands_without_the_number(self, alice: User) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(23)))
        message = Message.objects.get(key=f"released:{saved.pk}")
        assert (message.state, message.recipient) == (MessageState.OFF, "")

    def test_the_health_code_system_hears_once_and_without_an_end(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(23)))
        message = Message.objects.get(key=f"code-lifted:{saved.pk}")
        assert message.context == {
            "episode": saved.pk,
            "code": "lifted",
            "at": noon(november(23)).isoformat(),
        }
        assert message.not_after is None
        saved.refresh_from_db()
        assert saved.code_lifted_at == noon(november(23))

    def test_a_release_message_of_somebody_who_turns_out_positive_is_taken_back(
        self, alice: User, sms: None
    ) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=midnight(november(23)))
        positive(saved, 22, alice)
        assert reminders.retract_outdated(at=noon(november(23))) == 1
        message = Message.objects.get(key=f"released:{saved.pk}")
        assert (message.state, message.recipient) == (MessageState.EXPIRED, "")


class TestTold:
    def send(self, saved: Episode, at: dt.datetime) -> None:
        Message.objects.filter(key=f"released:{saved.pk}").update(state=MessageState.SENT, sent_at=at)

    def test_whoever_got_the_message_was_told_when_it_went_out(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=midnight(november(23)))
        sent_at = midnight(november(23)) + 5 * SECOND
        self.send(saved, sent_at)
        sweeps.sweep_releases(at=noon(november(23)))
        sweeps.sweep_releases(at=noon(november(24)))
        saved.refresh_from_db()
        assert saved.told_at == sent_at
        assert saved.events.filter(kind=EventKind.TOLD).count() == 1
        assert saved.settled_at == noon(november(23))
        assert saved.overdue(november(25)) == []

    def test_a_message_that_waits_told_nobody(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=noon(november(23)))
        sweeps.sweep_releases(at=noon(november(24)))
        saved.refresh_from_db()
        assert saved.told_at is None
        assert [late.reason for late in saved.overdue(november(24))] == [OverdueReason.NOTICE]

    def test_whoever_was_told_by_staff_is_not_told_by_the_clock_again(self, alice: User, sms: None) -> None:
        saved = episode(alice)
        sweeps.sweep_releases(at=midnight(november(23)))
        ending.mark_told(episode=saved, by=alice, at=noon(november(23)))
        self.send(saved, noon(november(23)))
        sweeps.sweep_releases(at=noon(november(24)))
        assert saved.events.filter(kind=EventKind.TOLD).count() == 1


@pytest.mark.parametrize(
    "category", [Category.SPILL_OVER, Category.POST_CLOSED_LOOP, Category.ENTRANT], ids=str
)
def test_every_category_ends_by_the_clock(alice: User, category: Category) -> None:
    saved = episode(alice, category=category)
    assert sweeps.sweep_releases(at=midnight(saved.release_on) - SECOND) == 0
    assert sweeps.sweep_releases(at=midnight(saved.release_on)) == 1
    assert [event.due_at for event in releases(saved)] == [midnight(saved.release_on)]
