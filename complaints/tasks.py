"""What runs by itself for complaints: each task asks the clock once and does a sweep."""

import structlog
from celery import shared_task

from complaints.actions import (
    attaching,
    auditing,
    filing_lists,
    proposing,
    purging,
    refusals,
    stranded,
    sweeps,
)
from policy import clock

log = structlog.get_logger("jiefeng.complaints")


@shared_task
def delete_unclaimed_files() -> None:
    """Delete the files of forms that nobody filed within a day; every hour."""
    if deleted := attaching.delete_unclaimed_files(at=clock.now()):
        log.info("unfiled files deleted", files=deleted)


@shared_task
def sweep_complaint_clocks() -> None:
    """Note what ran past a limit, and hand to the desk what no complainant spoke about; every minute."""
    at = clock.now()
    if routed := stranded.route_stranded(at=at):
        log.info("stranded ones routed", complaints=routed)
    if over := sweeps.sweep_words_over(at=at):
        log.info("words over", complaints=over)
    if late := sweeps.sweep_late(at=at):
        log.info("past the limit", clocks=late)
    if gross := sweeps.sweep_grossly_late(at=at):
        log.info("past the second limit", clocks=gross)


@shared_task
def sweep_supervision_orders() -> None:
    """Note the supervision orders whose date passed without a report; every few minutes."""
    if late := sweeps.sweep_orders(at=clock.now()):
        log.info("orders past their date", orders=late)


@shared_task
def assign_coordinators() -> None:
    """Give urgent complaints without a coordinator to whoever is on duty; every minute."""
    if given := sweeps.assign_coordinators(at=clock.now()):
        log.info("coordinators named", complaints=given)


@shared_task
def audit_ourselves() -> None:
    """File whatever restricts beyond its rule; every half hour, and it acts once a day from AUDIT_AT on."""
    at = clock.now()
    if auditing.is_due(at):
        done = auditing.audit_ourselves(at=at)
        log.info("audited ourselves", found=done.found.total(), filed=done.filed)


@shared_task
def propose_namings() -> None:
    """Propose offices for public naming where it keeps happening; every hour."""
    if proposed := proposing.propose_namings(at=clock.now()):
        log.info("public namings proposed", proposals=proposed)


@shared_task
def purge_complaints() -> None:
    """Announce, then destroy personal data of complaints long ended; empty old lists; every night."""
    at = clock.now()
    announced = purging.announce(at=at)
    destroyed = purging.purge_complaints(at=at)
    log.info(
        "complaints purged",
        announced=announced,
        complaints=destroyed.complaints,
        files=destroyed.files,
        lists=purging.empty_lists(at=at),
    )


@shared_task
def pull_refusals() -> None:
    """File as urgent leads that hospitals refused people behind a closed door; every few minutes."""
    if filed := refusals.pull_refusals(at=clock.now()):
        log.info("refusals filed", leads=filed)


@shared_task
def file_asked_lists() -> None:
    """File the lists of other hotlines that somebody looked at and asked for; every fifteen seconds."""
    done = filing_lists.file_asked_lists()
    if done.filed or done.finished:
        log.info("lists filed", complaints=done.filed, lists=done.finished)
