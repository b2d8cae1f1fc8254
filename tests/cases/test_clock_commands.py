"""The tasks and commands around the sweeps: at their hour, with the clock read once, dry when asked."""

import datetime as dt
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from accounts.models import IdempotencyKey, User
from cases import tasks
from cases.models import Episode, EpisodeEvent, ImportBatch, NucleicAcidTest
from cases.rules import EventKind
from config.celery import SCHEDULE, app
from notices.models import Message
from policy import clock
from policy.clock import midnight
from tests.builders import episode

COMMANDS = (
    ("sweep_releases",),
    ("sweep_stage_changes",),
    ("sweep_overdue_tests",),
    ("send_reminders", "evening"),
    ("send_reminders", "morning"),
    ("follow_editions",),
    ("purge_import_files",),
)


def november(day: int, hour: int = 0) -> dt.datetime:
    return midnight(dt.date(2022, 11, day)) + dt.timedelta(hours=hour)


def said(*command: str, language: str = "en") -> str:
    out = StringIO()
    call_command(*command, f"--language={language}", stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def at_hour() -> Any:
    """`with at_hour(23, 8):` it is eight in the morning of the 23rd, for the app's own clock."""

    def travel(day: int, hour: int) -> time_machine.travel:
        return time_machine.travel(november(day, hour), tick=False)

    return travel


@pytest.fixture(autouse=True)
def _sms(settings: Any) -> None:
    settings.SMS_URL = "https://sms.invalid/"


class TestCommands:
    def test_releases(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        with at_hour(23, 0):
            assert said("sweep_releases", "--dry-run") == "1 release is due."
            assert said("sweep_releases") == "1 person released."
            assert said("sweep_releases") == "0 people released."

    def test_stage_changes(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        with at_hour(20, 0):
            assert said("sweep_stage_changes", "--dry-run").startswith("1 stage has begun")
            assert said("sweep_stage_changes") == "1 stage written down."

    def test_overdue_tests(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        with at_hour(17, 0):
            assert said("sweep_overdue_tests", "--dry-run").startswith("2 tests were missed")
            assert said("sweep_overdue_tests") == "2 missed tests noted."

    def test_reminders_at_any_hour_when_asked_for(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        with at_hour(14, 3):
            assert said("send_reminders", "evening", "--dry-run") == "1 resident is to be reminded."
            assert said("send_reminders", "evening").splitlines() == [
                "1 resident reminded.",
                "1 message to staff written.",
            ]
        with at_hour(15, 3):
            assert said("send_reminders", "morning").startswith("1 resident reminded.")

    def test_reminders_of_what_is_asked_for_must_be_said(self) -> None:
        with pytest.raises(CommandError):
            said("send_reminders")

    def test_editions(self, alice: User, at_hour: Any) -> None:
        on = dt.date(2022, 11, 8)
        episode(alice, anchor_on=on, registered_on=on)
        with at_hour(11, 0):
            assert said("follow_editions", "--dry-run") == "1 episode stands under an earlier edition."
            assert said("follow_editions") == "1 episode planned anew."

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_in_chinese_by_default(self, db: None, command: tuple[str, ...]) -> None:
        out = StringIO()
        call_command(*command, stdout=out)
        call_command(*command, "--dry-run", stdout=out)
        assert re.search("[一-鿿]", out.getvalue())
        assert not re.search("[A-Za-z]", out.getvalue())

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_a_dry_run_writes_nothing(self, alice: User, at_hour: Any, command: tuple[str, ...]) -> None:
        on = dt.date(2022, 11, 8)
        episode(alice, anchor_on=on, registered_on=on)
        before = [list(each.objects.order_by("pk").values()) for each in (Episode, EpisodeEvent, Message)]
        for day in (10, 13, 15, 17):
            with at_hour(day, 9):
                said(*command, "--dry-run")
        after = [list(each.objects.order_by("pk").values()) for each in (Episode, EpisodeEvent, Message)]
        assert after == before


class TestTasks:
    def test_every_row_of_the_schedule_is_a_task(self) -> None:
        app.loader.import_default_modules()
        assert {row.task for row in SCHEDULE if row.task.startswith("cases.")} <= set(app.tasks)

    def test_each_reads_the_clock_once(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        """A task that spans midnight does not release by one date and stamp by another."""
        asked: list[dt.datetime] = []

        def now() -> dt.datetime:
            asked.append(november(23) - dt.timedelta(microseconds=1))
            return asked[-1]

        monkeypatch.setattr(clock, "now", now)
        for task in (
            tasks.sweep_releases,
            tasks.sweep_stage_changes,
            tasks.sweep_overdue_tests,
            tasks.send_evening_reminders,
            tasks.send_morning_reminders,
            tasks.follow_editions,
            tasks.purge_import_files,
        ):
            asked.clear()
            task()
            assert len(asked) == 1, task.name

    def test_a_release_follows_the_demo_clock(self, alice: User, the_day: Callable[[dt.date], None]) -> None:
        the_day(dt.date(2022, 11, 20))
        saved = episode(alice)
        tasks.sweep_releases()
        assert not saved.events.filter(kind=EventKind.RELEASED).exists()
        clock.set_today(dt.date(2022, 11, 23))
        tasks.sweep_releases()
        assert saved.events.filter(kind=EventKind.RELEASED).exists()

    def test_stages_are_written_down_and_missed_tests_noted(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        with at_hour(20, 9):
            tasks.sweep_stage_changes()
            tasks.sweep_overdue_tests()
        assert EpisodeEvent.objects.filter(kind=EventKind.STAGE_BEGAN).count() == 1
        assert NucleicAcidTest.objects.exclude(missed_noted_at=None).count() == 4

    def test_missed_tests_wait_for_the_morning(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        for hour, noted in ((0, 0), (7, 0), (8, 1)):
            with at_hour(16, hour):
                tasks.sweep_overdue_tests()
            assert NucleicAcidTest.objects.exclude(missed_noted_at=None).count() == noted

    def test_reminders_wait_for_their_hour(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        written = []
        for day, hour in ((14, 18), (14, 19), (14, 23), (15, 7), (15, 8), (15, 19)):
            with at_hour(day, hour):
                tasks.send_evening_reminders()
                tasks.send_morning_reminders()
            written.append(Message.objects.filter(channel="sms").count())
        assert written == [0, 1, 1, 1, 2, 3]

    def test_a_worker_that_comes_back_at_ten_still_reminds(self, alice: User, at_hour: Any) -> None:
        episode(alice)
        with at_hour(15, 10):
            tasks.send_morning_reminders()
        assert Message.objects.filter(kind="test_today").count() == 1


class TestPurge:
    def upload(self, by: User, at: dt.datetime) -> ImportBatch:
        return ImportBatch.objects.create(
            uploaded_by=by,
            uploaded_at=at,
            area=by.area,
            file_name="list.xlsx",
            file_digest="0" * 64,
            content="5p2O6Zuv",
            left_over='[{"name": "陈晓琳"}]',
            registered_on=dt.date(2022, 11, 14),
            counts={"new": 3},
        )

    def test_after_seven_days_the_content_is_gone_and_the_record_stays(
        self, alice: User, at_hour: Any
    ) -> None:
        old, young = self.upload(alice, november(14, 12)), self.upload(alice, november(15, 12))
        with at_hour(22, 3):
            assert said("purge_import_files", "--dry-run").startswith("1 uploaded list is to be emptied.")
            tasks.purge_import_files()
            assert said("purge_import_files").startswith("0 uploaded lists emptied.")
        old.refresh_from_db()
        young.refresh_from_db()
        assert (old.content, old.left_over, old.counts) == ("", "", {"new": 3})
        assert (young.content, young.left_over) == ("5p2O6Zuv", '[{"name": "陈晓琳"}]')

    def test_the_number_of_days_is_a_setting(self, alice: User, at_hour: Any, settings: Any) -> None:
        settings.IMPORT_FILE_DAYS = 2
        self.upload(alice, november(14, 12))
        with at_hour(16, 13):
            assert said("purge_import_files").startswith("1 uploaded list emptied.")

    def test_answers_to_repeated_calls_go_with_them(self, alice: User, at_hour: Any) -> None:
        for day in (14, 15):
            with at_hour(day, 12):
                IdempotencyKey.objects.create(
                    user=alice, key=f"call {day}", answer={"name": "陈晓琳"}, status=201
                )
        with at_hour(22, 3):
            assert said("purge_import_files").endswith("1 stored answer deleted.")
        assert [each.key for each in IdempotencyKey.objects.all()] == ["call 15"]
