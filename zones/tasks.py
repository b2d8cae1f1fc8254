"""What runs by itself for zones: each task asks the clock once and does a sweep, as in cases/tasks.py."""

import structlog
from celery import shared_task

from policy import clock
from zones import actions

log = structlog.get_logger("jiefeng.zones")


@shared_task
def sweep_openings() -> None:
    """Write down the units that opened; every minute."""
    at = clock.now()
    if followed := actions.follow_editions(at=at):
        log.info("units planned anew", units=followed)
    if opened := actions.sweep_openings(at=at):
        log.info("opened", units=opened)


@shared_task
def sweep_overdue_rounds() -> None:
    """Name the units that their gate keeps sealed past their date; every few minutes."""
    if overdue := actions.sweep_overdue_rounds(at=clock.now()):
        log.info("overdue", units=overdue)
