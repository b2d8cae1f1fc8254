"""What runs by itself: each task asks the clock once and does a sweep. The schedule is in config/celery.py.

Every sweep is safe twice, late, in parallel and after a crash, so a task that a broker delivers again, or
loses, costs no more than the time to the next. Each is a management command as well.
"""

import structlog
from celery import shared_task

from cases.actions import editions, purging, reminders, sweeps, telling_residents
from cases.actions.reminders import Reminded, Reminder
from cases.actions.telling import morning_has_come
from policy import clock

log = structlog.get_logger("jiefeng.cases")


@shared_task
def sweep_releases() -> None:
    """Do what belongs to the releases that are due; every minute."""
    if released := sweeps.sweep_releases(at=clock.now()):
        log.info("released", episodes=released)


@shared_task
def sweep_stage_changes() -> None:
    """Write down the stages that began; every minute."""
    if began := sweeps.sweep_stage_changes(at=clock.now()):
        log.info("stages began", stages=began)


@shared_task
def sweep_overdue_tests() -> None:
    """Note the tests that nobody came to take; every few minutes, but nobody is told at night."""
    at = clock.now()
    if morning_has_come(at) and (missed := sweeps.sweep_overdue_tests(at=at)):
        log.info("tests missed", tests=missed)


@shared_task
def send_evening_reminders() -> None:
    """Remind of tomorrow's tests; every few minutes, and it acts from the evening's hour on."""
    at = clock.now()
    if reminders.is_time_for(Reminder.EVENING, at):
        _log_reminded(Reminder.EVENING, reminders.send_evening_reminders(at=at))


@shared_task
def send_morning_reminders() -> None:
    """Remind of today's tests; every few minutes, and it acts from the morning's hour on."""
    at = clock.now()
    if reminders.is_time_for(Reminder.MORNING, at):
        _log_reminded(Reminder.MORNING, reminders.send_morning_reminders(at=at))


def _log_reminded(reminder: Reminder, reminded: Reminded) -> None:
    if reminded.residents or reminded.offices:
        log.info("reminded", when=str(reminder), residents=reminded.residents, offices=reminded.offices)


@shared_task
def tell_residents() -> None:
    """Tell the people inside when their unit is sealed, sealed for longer, or open again; every minute."""
    if written := telling_residents.tell_residents(at=clock.now()):
        log.info("residents told", messages=written)


@shared_task
def follow_editions() -> None:
    """Plan open episodes anew under the edition in force; every minute."""
    if followed := editions.follow_editions(at=clock.now()):
        log.info("planned anew", episodes=followed)


@shared_task
def purge_import_files() -> None:
    """Delete the content of old uploads and old answers to repeated calls; every night."""
    purged = purging.purge_import_files(at=clock.now())
    log.info("purged", lists=purged.lists, answers=purged.answers)
