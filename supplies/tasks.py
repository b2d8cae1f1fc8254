"""What runs by itself for supplies: each task asks the clock once and does a sweep."""

import structlog
from celery import shared_task

from cases.actions.telling import morning_has_come
from policy import clock
from supplies.actions import caring, medical_clocks, stock_alerts, sweeps

log = structlog.get_logger("jiefeng.supplies")


@shared_task
def plan_care_calls() -> None:
    """Plan the calls of today to key persons: behind a door, or whose day has come."""
    if planned := caring.plan_care_calls(at=clock.now()):
        log.info("care calls planned", calls=planned)


@shared_task
def sweep_late_needs() -> None:
    """Note the needs that are past their limit, and tell; every minute."""
    if late := sweeps.sweep_late_needs(at=clock.now()):
        log.info("needs late", needs=late)


@shared_task
def ask_again_after_opening() -> None:
    """Ask whether it is still wanted where a zone has opened; every minute."""
    if asked := sweeps.ask_again_after_opening(at=clock.now()):
        log.info("asked again after the opening", needs=asked)


@shared_task
def watch_medical_clocks() -> None:
    """Tell of medical needs whose next step is overdue; every minute."""
    if told := medical_clocks.watch_medical_clocks(at=clock.now()):
        log.info("medical steps overdue", needs=told)


@shared_task
def tell_of_stock() -> None:
    """Tell offices what is short or expires; every hour, but each hears it once a day, not at night."""
    at = clock.now()
    if morning_has_come(at) and (told := stock_alerts.tell_of_stock(at=at)):
        log.info("told of stock", offices=told)
