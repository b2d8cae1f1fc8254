"""What runs by itself for supplies: each task asks the clock once and does a sweep."""

import structlog
from celery import shared_task

from policy import clock
from supplies.actions import caring

log = structlog.get_logger("jiefeng.supplies")


@shared_task
def plan_care_calls() -> None:
    """Plan the calls of today to key persons: behind a door, or whose day has come."""
    if planned := caring.plan_care_calls(at=clock.now()):
        log.info("care calls planned", calls=planned)
