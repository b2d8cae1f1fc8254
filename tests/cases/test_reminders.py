"""Reminders: each resident with a test, the staff with numbers by place, nobody twice, nothing too late."""

import datetime as dt
from typing import Any

import pytest

from accounts.encryption import decrypt
from accounts.models import Area, User
from cases.actions import ending, placing, reminders, testing
from cases.actions.reminders import Reminded, Reminder
from cases.models import Episode
from cases.rules import Place
from notices.models import Message
from notices.rules import Channel, MessageKind, MessageState
from notices.wording import compose
from policy.clock import midnight
from tests.builders import episode
from zones.actions import ensure_room, staircase


def november(day: int, hour: int = 0) -> dt.datetime:
    return midnight(dt.date(2022, 11, day)) + dt.timedelta(hours=hour)


def evening(day: int) -> Reminded:
    return reminders.send_evening_reminders(at=november(day, 19))


def morning(day: int) -> Reminded:
    return reminders.send_morning_reminders(at=november(day, 8))


def sent_to_residents() -> list[str]:
    return sorted(Message.objects.filter(channel=Channel.SMS).values_list("key", flat=True))


def told(kind: MessageKind, community: Area) -> list[dict[str, Any]]:
    inbox = Message.objects.in_inbox().filter(kind=kind, community=community)
    return list(inbox.order_by("pk").values_list("context", flat=True))


@pytest.fixture(autouse=True)
def _sms(settings: Any) -> None:
    settings.SMS_URL = "https://sms.invalid/"


class TestResidents:
    def test_the_evening_before_a_test_a_message_is_written(self, alice: User, home: Area) -> None:
        Area.objects.filter(pk=home.pk).update(duty_phone="010-64040404")
        saved = episode(alice)
        assert evening(14).residents == 1
        message = Message.objects.with_sealed_recipient().get(kind=MessageKind.TEST_TOMORROW)
        assert message.key == f"test_tomorrow:2022-11-15:{saved.person_id}"
        assert message.subject == f"episode:{saved.pk}"
        assert decrypt(message.sealed_recipient) == "13800001234"
        assert message.context == {"on": "2022-11-15", "notice_phone": "010-64040404"}
        assert message.state == MessageState.PENDING

    def test_on_an_evening_before_no_test_there_is_none(self, alice: User) -> None:
        episode(alice)
        assert evening(17).residents == 0  # 18 November has no test

    def test_nothing_of_it_is_sent_after_midnight(self, alice: User) -> None:
        episode(alice)
        evening(14)
        assert Message.objects.get(kind=MessageKind.TEST_TOMORROW).not_after == november(15)

    def test_in_the_morning_only_those_whose_test_is_not_taken_yet(self, alice: User) -> None:
        taken = episode(alice, name="王小甲", phone="13800000001")
        waiting = episode(alice, name="王小乙", phone="13800000002")
        testing.record_sampling(
            test=taken.tests.get(planned_on=dt.date(2022, 11, 15)), by=alice, at=november(15, 7)
        )
        assert morning(15).residents == 1
        assert sent_to_residents() == [f"test_today:2022-11-15:{waiting.person_id}"]
        assert Message.objects.get(channel=Channel.SMS).not_after == november(16)

    def test_nobody_is_written_the_same_twice(self, alice: User) -> None:
        episode(alice)
        assert [evening(14).residents, evening(14).residents] == [1, 0]
        assert [morning(15).residents, morning(15).residents] == [1, 0]

    def test_not_even_when_the_test_was_dropped_and_planned_anew(self, alice: User) -> None:
        saved = episode(alice)
        evening(14)
        test = saved.tests.get(planned_on=dt.date(2022, 11, 15))
        saved.tests.filter(pk=test.pk).update(dropped_at=november(14, 20))
        test.pk, test.dropped_at = None, None
        test.save()
        assert evening(14).residents == 0

    def test_without_a_telephone_there_is_no_message(self, alice: User) -> None:
        episode(alice, phone="")
        assert evening(14).residents == 0

    def test_whose_plan_has_ended_in_whatever_way_hears_nothing(self, alice: User) -> None:
        def person(name: str) -> Episode:
            return episode(alice, name=name, phone=f"1380000000{len(name)}")

        ending.end_early(episode=person("王甲"), reason="a mistake", by=alice, at=november(15, 12))
        ending.withdraw(episode=person("王小乙"), reason="a mistake", by=alice, at=november(15, 12))
        sick = person("欧阳小丙")
        testing.record_result(
            test=sick.tests.get(planned_on=dt.date(2022, 11, 15)),
            result="positive",
            by=alice,
            at=november(15, 12),
        )
        assert evening(15).residents == 0
        assert morning(16).residents == 0

    def test_whoever_came_too_late_for_a_restriction_hears_nothing(self, alice: User) -> None:
        saved = episode(alice, registered_on=dt.date(2022, 11, 24))
        assert saved.tests.get().planned_on == dt.date(2022, 11, 24)
        assert morning(24).residents == 0

    def test_a_dry_run_counts_and_writes_nothing(self, alice: User) -> None:
        episode(alice)
        before = Message.objects.count()
        assert reminders.send_evening_reminders(at=november(14, 19), dry_run=True).residents == 1
        assert reminders.send_morning_reminders(at=november(15, 8), dry_run=True).residents == 1
        assert Message.objects.count() == before

    def test_several_chunks_reach_everybody(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reminders, "CHUNK", 2)
        for number in range(5):
            episode(alice, name=f"王小{'甲乙丙丁戊'[number]}", phone=f"1380000000{number}")
        assert evening(14).residents == 5
        assert len(sent_to_residents()) == 5


class TestTakenBack:
    """Between the reminder and its sending the test can become void: nothing is sent after the end."""

    def test_a_reminder_of_a_test_that_was_taken(self, alice: User) -> None:
        saved = episode(alice)
        morning(15)
        testing.record_sampling(
            test=saved.tests.get(planned_on=dt.date(2022, 11, 15)), by=alice, at=november(15, 9)
        )
        assert reminders.retract_outdated(at=november(15, 9)) == 1
        message = Message.objects.get(kind=MessageKind.TEST_TODAY)
        assert (message.state, message.recipient) == (MessageState.EXPIRED, "")

    def test_a_reminder_to_somebody_who_was_let_go(self, alice: User) -> None:
        saved = episode(alice)
        evening(14)
        ending.end_early(episode=saved, reason="a mistake", by=alice, at=november(14, 20))
        assert reminders.retract_outdated(at=november(14, 20)) == 1
        assert not Message.objects.to_send(november(14, 20)).exists()

    def test_the_others_stay(self, alice: User) -> None:
        gone = episode(alice, name="王小甲", phone="13800000001")
        stays = episode(alice, name="王小乙", phone="13800000002")
        evening(14)
        ending.withdraw(episode=gone, reason="a mistake", by=alice, at=november(14, 20))
        assert reminders.retract_outdated(at=november(14, 20)) == 1
        waiting = Message.objects.to_send(november(14, 20))
        assert [message.subject for message in waiting] == [f"episode:{stays.pk}"]

    def test_what_a_delivery_has_in_its_hands_is_left_alone(self, alice: User) -> None:
        saved = episode(alice)
        evening(14)
        Message.objects.claim_some(Channel.SMS, token="a delivery", at=november(14, 19), limit=5)
        ending.withdraw(episode=saved, reason="a mistake", by=alice, at=november(14, 20))
        assert reminders.retract_outdated(at=november(14, 20)) == 0


class TestStaff:
    def test_the_office_gets_one_message_with_numbers_by_place(
        self, alice: User, home: Area, next_door: Area
    ) -> None:
        for number in range(3):
            stairs = staircase(community=home, compound="锦绣花园", building=f"{4 + number // 2}号楼")
            episode(alice, name=f"王小{'甲乙丙'[number]}", phone="", stairs=stairs)
        away = episode(alice, name="王小丁", phone="", stairs=None)
        room = ensure_room(community=next_door, site="湖滨酒店", number="301")
        placing.place(episode=away, place=Place.SITE, room=room, by=alice, at=november(14, 13))
        assert [evening(14).offices, evening(14).offices] == [2, 0]
        assert told(MessageKind.TESTS_TOMORROW, home) == [
            {
                "on": "2022-11-15",
                "count": 4,
                "by_place": [["锦绣花园 4号楼", 2], ["锦绣花园 5号楼", 1], ["湖滨酒店", 1]],
            }
        ]
        assert told(MessageKind.TESTS_TOMORROW, next_door) == [
            {"on": "2022-11-15", "count": 1, "by_place": [["湖滨酒店", 1]]}
        ]

    def test_no_name_and_no_number_of_anybody_is_in_it(self, alice: User) -> None:
        episode(alice, id_number="110105199003071234", id_confirmed=True)
        evening(14)
        morning(15)
        for message in Message.objects.all():
            written = f"{message.key} {message.subject} {message.context}"
            assert "陈晓琳" not in written
            assert "13800001234" not in written
            assert "110105199003071234" not in written

    def test_the_morning_brings_tests_releases_and_who_goes_home(self, alice: User, home: Area) -> None:
        episode(alice, name="王小甲", phone="")  # free on the 23rd
        episode(
            alice,
            name="王小乙",
            phone="",
            anchor_on=dt.date(2022, 11, 17),
            registered_on=dt.date(2022, 11, 17),
        )  # goes home on the 23rd, with a test
        assert morning(23).offices == 3
        assert told(MessageKind.RELEASES, home) == [{"on": "2022-11-23", "count": 1}]
        assert [each["count"] for each in told(MessageKind.STAGE_CHANGES, home)] == [1]
        assert [each["count"] for each in told(MessageKind.TESTS_TODAY, home)] == [1]

    def test_a_day_without_anything_is_silent(self, alice: User) -> None:
        episode(alice)
        assert morning(18) == Reminded(residents=0, offices=0)

    def test_the_words_can_be_made_from_what_is_stored(self, alice: User) -> None:
        episode(alice)
        evening(14)
        morning(15)
        morning(20)
        for message in Message.objects.exclude(channel=Channel.HEALTH_CODE):
            for language in ("zh-hans", "en"):
                wording = compose(message.kind, message.context, language)
                assert wording.title
                assert wording.body


class TestHours:
    @pytest.mark.parametrize(
        ("hour", "minute", "due"),
        [
            (0, 0, None),
            (7, 59, None),
            (8, 0, Reminder.MORNING),
            (18, 59, Reminder.MORNING),
            (19, 0, Reminder.EVENING),
            (21, 59, Reminder.EVENING),
            (22, 0, None),
        ],
    )
    def test_residents_are_reminded_from_the_hour_of_the_settings_on_and_not_at_night(
        self, hour: int, minute: int, due: Reminder | None
    ) -> None:
        at = november(15) + dt.timedelta(hours=hour, minutes=minute)
        assert [each for each in Reminder if reminders.is_time_for(each, at)] == ([due] if due else [])

    def test_whoever_set_a_late_hour_is_obeyed(self, settings: Any) -> None:
        settings.REMINDER_EVENING = dt.time(22, 30)
        assert not reminders.is_time_for(Reminder.EVENING, november(15, 22))
        assert reminders.is_time_for(Reminder.EVENING, november(15, 23))
