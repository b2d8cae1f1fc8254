"""What an operator may be told of earlier complaints while somebody is on the line: number and state.

Never of one about the operator's own office or one above it: whether a telephone has complained about that
office can't be found out by pretending to file for it.
"""

import datetime as dt

from django.db.models import Q, QuerySet

from accounts.encryption import keyed_digest
from accounts.models import User
from accounts.rules import Level
from complaints.models import Complaint
from complaints.places import Where

WITHIN = dt.timedelta(days=7)
MOST = 6


def told_to(user: User) -> QuerySet[Complaint]:
    """The complaints of which number and state may be told to whoever files for callers."""
    office = user.own_office
    if office is None:
        return Complaint.objects.none()
    held = Complaint.objects.held_within(office)
    return held.exclude(respondent__in=office.line).exclude(recusals__user=user)


def alike(*, user: User, behaviour: str, where: Where | None, phone: str, at: dt.datetime) -> list[Complaint]:
    """Complaints of the last seven days of the same telephone, or of the same behaviour at the same place.

    At most six, the newest first; one query besides those for the office and the county.
    """
    same_phone = Q(complainant__phone_digest=keyed_digest("phone", phone)) if phone else Q(pk=None)
    found = (
        told_to(user)
        .filter(same_phone | _same_place(behaviour, where), received_at__gt=at - WITHIN)
        .select_related("compound", "site")
        .order_by("-received_at", "-pk")
        .distinct()
    )
    return list(found[:MOST])


def _same_place(behaviour: str, where: Where | None) -> Q:
    if where is None or not behaviour:
        return Q(pk=None)
    if where.compound:
        return Q(behaviour=behaviour, compound=where.compound)
    if where.site:
        return Q(behaviour=behaviour, site=where.site)
    if where.written.strip() and where.area:
        county = where.area.line.get(Level.COUNTY)
        around = Q(county=county) if county else Q(area=where.area)
        return around & Q(behaviour=behaviour, place=where.written.strip())
    return Q(pk=None)
