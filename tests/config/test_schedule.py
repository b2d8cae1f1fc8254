"""The table of everything that runs by itself."""

import datetime as dt

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.test import override_settings

from config import beat, checks
from config.celery import SCHEDULE, Beat, app


@pytest.mark.parametrize("row", SCHEDULE, ids=lambda row: row.task)
def test_a_copy_that_nobody_took_expires_before_the_next_one_comes(row: Beat) -> None:
    assert 0 < row.expires < row.every


def test_every_task_of_the_table_exists() -> None:
    assert checks.every_scheduled_task_exists() == []


def test_a_task_that_nobody_wrote_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "SCHEDULE", (Beat("cases.tasks.sweep_realeases", every=60, expires=50),))
    (error,) = checks.every_scheduled_task_exists()
    assert error.id == "house.E004"
    assert "sweep_realeases" in error.msg


def test_beat_reads_the_table_without_djangos_apps() -> None:
    assert set(beat.app.conf.beat_schedule) == {row.task for row in SCHEDULE}
    assert beat.app.conf.beat_schedule == app.conf.beat_schedule


def test_what_runs_once_a_day_does_so_at_the_hour_that_the_settings_name() -> None:
    with override_settings(PURGE_AT=dt.time(18, 45)):
        row = next(row for row in SCHEDULE if row.daily_at == "PURGE_AT")
        assert row.entry()["schedule"] == crontab(hour="18", minute="45")


def test_hours_of_the_table_are_hours_of_shanghai() -> None:
    assert str(app.timezone) == settings.TIME_ZONE == "Asia/Shanghai"
