"""The installation's own housekeeping."""

import datetime as dt

import structlog
from axes.models import AccessAttempt
from celery import shared_task
from django.core.management import call_command

from policy import clock

log = structlog.get_logger("jiefeng.house")

KEEP_ATTEMPTS = dt.timedelta(days=30)


def forget_old_attempts(*, at: dt.datetime) -> int:
    """Delete failed logins older than thirty days: they hold names and addresses. Returns how many."""
    deleted: int = AccessAttempt.objects.filter(attempt_time__lt=at - KEEP_ATTEMPTS).delete()[0]
    return deleted


@shared_task
def forget_logins() -> None:
    """Remove sessions that ran out and old failed logins; once a day."""
    call_command("clearsessions")
    log.info("forgot logins", attempts=forget_old_attempts(at=clock.now()))
