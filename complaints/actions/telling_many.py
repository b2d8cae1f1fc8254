"""Telling many offices at once, as a sweep does: one query for all addresses, one for all messages."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Area, Office
from complaints.actions.telling import TELL_WITHIN, complaint_context, order_context, outside_context
from complaints.models import Complaint, SupervisionOrder
from notices.actions import Draft, drafts_for, enqueue
from notices.models import ChannelAddress
from notices.rules import MessageKind


@dataclass(frozen=True, slots=True)
class Telling:
    """What one office is told of; the office comes with its area."""

    about: Complaint | SupervisionOrder
    office: Office


def tell_many(told: Sequence[Telling], kind: MessageKind, *, at: dt.datetime) -> None:
    """The same words and keys as one by one, in the caller's transaction."""
    if not told:
        return
    addresses = ChannelAddress.objects.for_communities({each.office.area for each in told})
    drafts = [draft for each in told for draft in _drafts(each, kind, addresses, at)]
    enqueue(drafts, at=at)


def _drafts(
    each: Telling, kind: MessageKind, addresses: dict[Area, list[ChannelAddress]], at: dt.datetime
) -> list[Draft]:
    about, office = each.about, each.office
    is_order = isinstance(about, SupervisionOrder)
    context = order_context(about) if isinstance(about, SupervisionOrder) else complaint_context(about)
    return drafts_for(
        addresses[office.area],
        key=f"{kind}:{about.pk}:{office.pk}:{at:%Y%m%d%H%M%S}",
        kind=kind,
        community=office.area,
        context={**context, "office": office.name},
        subject=f"{'order' if is_order else 'complaint'}:{about.pk}",
        not_after=at + TELL_WITHIN,
        office_id=office.pk,
        outside=None if is_order else outside_context(context, office),
    )
