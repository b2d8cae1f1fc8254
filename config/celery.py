"""The Celery app, and the whole beat schedule in one table."""

import os
from dataclasses import dataclass
from typing import Any

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("jiefeng")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

MINUTE = 60
HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Beat:
    """One row of the schedule: a task, when it is due, and when a copy nobody took is worthless.

    `every` is the distance between two runs in seconds; `daily_at` a setting with the time of day, for
    what runs once a day. `expires` is below that distance, so that a worker that was away comes back to
    one copy of each task and not to a pile of them.
    """

    task: str
    every: int
    expires: int
    daily_at: str | None = None

    def entry(self) -> dict[str, Any]:
        """The row as Celery wants it."""
        return {"task": self.task, "schedule": self._schedule(), "options": {"expires": self.expires}}

    def _schedule(self) -> Any:
        if self.daily_at is None:
            return float(self.every)
        from django.conf import settings

        at = getattr(settings, self.daily_at)
        return crontab(hour=at.hour, minute=at.minute)


DAY = 24 * HOUR

SCHEDULE = (
    Beat("zones.tasks.sweep_openings", every=MINUTE, expires=50),
    Beat("zones.tasks.sweep_overdue_rounds", every=5 * MINUTE, expires=4 * MINUTE),
    Beat("cases.tasks.follow_editions", every=MINUTE, expires=50),
    Beat("cases.tasks.sweep_releases", every=MINUTE, expires=50),
    Beat("cases.tasks.sweep_stage_changes", every=MINUTE, expires=50),
    Beat("cases.tasks.tell_residents", every=MINUTE, expires=50),
    Beat("cases.tasks.sweep_overdue_tests", every=5 * MINUTE, expires=4 * MINUTE),
    # These look at the clock themselves (REMINDER_EVENING, REMINDER_MORNING): a beat that was away at the
    # hour makes up for it, and nobody is reminded twice.
    Beat("cases.tasks.send_evening_reminders", every=5 * MINUTE, expires=4 * MINUTE),
    Beat("cases.tasks.send_morning_reminders", every=5 * MINUTE, expires=4 * MINUTE),
    Beat("complaints.tasks.sweep_complaint_clocks", every=MINUTE, expires=50),
    Beat("complaints.tasks.sweep_supervision_orders", every=5 * MINUTE, expires=4 * MINUTE),
    Beat("complaints.tasks.assign_coordinators", every=MINUTE, expires=50),
    Beat("supplies.tasks.sweep_late_needs", every=MINUTE, expires=50),
    Beat("supplies.tasks.ask_again_after_opening", every=MINUTE, expires=50),
    Beat("supplies.tasks.watch_medical_clocks", every=MINUTE, expires=50),
    Beat("supplies.tasks.plan_care_calls", every=5 * MINUTE, expires=4 * MINUTE),
    # Once a day for each office; hourly, so that a beat that was away in the morning makes up for it.
    Beat("supplies.tasks.tell_of_stock", every=HOUR, expires=50 * MINUTE),
    Beat("notices.tasks.deliver", every=MINUTE, expires=50),
    Beat("notices.tasks.expire", every=10 * MINUTE, expires=9 * MINUTE),
    Beat("cases.tasks.purge_import_files", every=DAY, expires=20 * HOUR, daily_at="PURGE_AT"),
    # Somebody waits for it in front of the page.
    Beat("complaints.tasks.file_asked_lists", every=15, expires=12),
    Beat("complaints.tasks.delete_unclaimed_files", every=HOUR, expires=50 * MINUTE),
    # It looks at the clock itself (AUDIT_AT), once a date.
    Beat("complaints.tasks.audit_ourselves", every=30 * MINUTE, expires=25 * MINUTE),
    Beat("complaints.tasks.pull_refusals", every=5 * MINUTE, expires=4 * MINUTE),
    Beat("complaints.tasks.propose_namings", every=HOUR, expires=50 * MINUTE),
    Beat("complaints.tasks.purge_complaints", every=DAY, expires=20 * HOUR, daily_at="PURGE_AT"),
    Beat("config.tasks.forget_logins", every=DAY, expires=20 * HOUR, daily_at="PURGE_AT"),
)
"""Every sweep that runs by itself. Each is also a management command, and safe twice, late or in parallel."""


def fill_schedule(sender: Celery, **_: Any) -> None:
    """Give an app the table once its settings are read."""
    sender.conf.beat_schedule = {row.task: row.entry() for row in SCHEDULE}


app.on_after_configure.connect(fill_schedule)
