"""Complaints that no office could handle when they came: routed again as soon as one can.

That is so where the office complained about is the top of the tree and no outside desk was set up yet, and
where the area had no offices at all: then whom the complainant meant is found now, too.
"""

import datetime as dt

from django.db import transaction

from accounts.models import Office
from complaints.actions.events import write_event
from complaints.actions.routing import coordinator_for, respondent_for, route_complaint, steps_as_json
from complaints.actions.telling import tell_referred
from complaints.models import Clock, Complaint
from complaints.rules.words import EventKind

CHUNK = 500


def route_stranded(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Give each open complaint without a desk to the one that may handle it by now; returns how many.

    The clocks go on from where they were: the complainant has waited since the receipt.
    """
    stranded = (
        Complaint.objects.open()
        .filter(handler=None)
        .select_related("area", "compound", "site", "respondent__area")
        .order_by("received_at", "pk")[:CHUNK]
    )
    return sum(_route(complaint, at, dry_run=dry_run) for complaint in stranded)


@transaction.atomic
def _route(complaint: Complaint, at: dt.datetime, *, dry_run: bool) -> bool:
    meant = complaint.respondent or respondent_for(complaint.whom, complaint.area, complaint.behaviour)
    complaint.respondent = meant
    routed = route_complaint(complaint)
    if routed.office is None or dry_run:
        return routed.office is not None
    complaint.handler = Office.objects.select_related("area").get(pk=routed.office)
    complaint.routed = steps_as_json(routed.steps)
    if complaint.urgent:
        complaint.coordinator = coordinator_for(complaint.handler, at, of=complaint)
    ours = Complaint.objects.filter(pk=complaint.pk, handler=None).update(
        handler=complaint.handler,
        respondent=meant,
        routed=complaint.routed,
        coordinator=complaint.coordinator,
    )
    if not ours:
        return False
    Clock.objects.running().filter(complaint=complaint).update(office=complaint.handler)
    write_event(complaint, EventKind.MOVED_UP, at=at, to_office=complaint.handler)
    tell_referred(complaint, at=at)
    return True
