"""What runs by itself for complaints: each task asks the clock once and does a sweep."""

import structlog
from celery import shared_task

from complaints.actions import attaching
from policy import clock

log = structlog.get_logger("jiefeng.complaints")


@shared_task
def delete_unclaimed_files() -> None:
    """Delete the files of forms that nobody filed within a day; every hour."""
    if deleted := attaching.delete_unclaimed_files(at=clock.now()):
        log.info("unfiled files deleted", files=deleted)
