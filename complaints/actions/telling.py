"""Telling offices and complainants what happens, in the transaction in which it happens.

Staff are told number, behaviour and limit in their inbox, never who complained nor what was written. Group
bots and e-mail of an area are read by all its offices, also by the one complained about: they hear that
something waits, and until when. The complainant is told by SMS, where a number was given, that something
waits under the receipt number.
"""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils import translation

from accounts.models import Office
from complaints.models import Complainant, Complaint, Publication, SupervisionOrder
from complaints.rules.behaviours import BY_CODE
from notices.actions import Draft, enqueue, staff_drafts
from notices.rules import Channel, MessageKind

TELL_WITHIN = dt.timedelta(days=2)


def label_in_both(behaviour: str) -> dict[str, str]:
    """The words for a behaviour in each language: a message is made in that of its reader."""
    words = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            words[language] = str(BY_CODE[behaviour].label) if behaviour in BY_CODE else ""
    return words


def complaint_context(complaint: Complaint, **values: Any) -> dict[str, Any]:
    """What a message about a complaint may say."""
    return {
        "complaint": complaint.pk,
        "number": complaint.number,
        "behaviour": label_in_both(complaint.behaviour),
        "clause": complaint.clause,
        "due_at": complaint.due_at.isoformat() if complaint.due_at else "",
        **values,
    }


def outside_context(context: dict[str, Any], office: Office) -> dict[str, Any]:
    """What of it may leave the house: for which office something waits, and until when."""
    return {"office": office.name, "due_at": context.get("due_at", "")}


def tell_office(
    office: Office,
    kind: MessageKind,
    *,
    key: str,
    context: dict[str, Any],
    subject: str,
    at: dt.datetime,
    for_all: bool = False,
) -> None:
    """One message to the inbox and the channels of the office; its neighbours in the area do not see it.

    `for_all`: what the channels of its area may say in full.
    """
    drafts = staff_drafts(
        key=key,
        kind=kind,
        community=office.area,
        context={**context, "office": office.name},
        subject=subject,
        not_after=at + TELL_WITHIN,
        office_id=office.pk,
        outside=None if for_all else outside_context(context, office),
    )
    enqueue(drafts, at=at)


def tell_handler(complaint: Complaint, *, at: dt.datetime) -> None:
    """Tell the office that holds an urgent complaint; the others wait in its queue."""
    if complaint.urgent and complaint.handler:
        _tell(complaint, complaint.handler, MessageKind.COMPLAINT_URGENT, at)


def tell_referred(complaint: Complaint, *, at: dt.datetime) -> None:
    """Tell the office to which a complaint now goes."""
    if complaint.handler:
        _tell(complaint, complaint.handler, MessageKind.COMPLAINT_REFERRED, at)


def tell_late(complaint: Complaint, office: Office, *, grossly: bool, at: dt.datetime) -> None:
    """Tell an office that a limit was passed: the first one the handler, the second one the office above."""
    _tell(complaint, office, MessageKind.COMPLAINT_GROSS if grossly else MessageKind.COMPLAINT_LATE, at)


def _tell(complaint: Complaint, office: Office, kind: MessageKind, at: dt.datetime) -> None:
    tell_office(
        office,
        kind,
        key=f"{kind}:{complaint.pk}:{office.pk}:{at:%Y%m%d%H%M%S}",
        context=complaint_context(complaint),
        subject=f"complaint:{complaint.pk}",
        at=at,
    )


def tell_complainant(complaint: Complaint, *, what: str, at: dt.datetime) -> None:
    """Tell by SMS that something waits: "asked", "answered", "closed", "declined".

    Whoever's complaint was merged into this one hears it too, save of a question, which is not theirs. The
    number told is that of the receipt: of a part that was split off, the first one's.
    """
    concerned = Q(complaint=complaint)
    if what != "asked":
        concerned |= Q(complaint__merged_into=complaint)
    people = Complainant.objects.filter(concerned).exclude(phone="").select_related("complaint__split_from")
    drafts = []
    for who in people:
        receipt = who.complaint.split_from or who.complaint
        drafts.append(
            Draft(
                key=f"complaint-update:{who.complaint_id}:{what}:{at:%Y%m%d%H%M%S}",
                kind=MessageKind.COMPLAINT_UPDATE,
                channel=Channel.SMS,
                community_id=complaint.area_id,
                subject=f"complaint:{who.complaint_id}",
                recipient=who.phone,
                context={"number": receipt.number, "what": what},
                not_after=at + TELL_WITHIN,
                office_id=who.complaint.handler_id,
            )
        )
    enqueue(drafts, at=at)


def order_context(order: SupervisionOrder) -> dict[str, Any]:
    """What a message about an order may say: nothing of the complaint behind it."""
    return {
        "order": order.pk,
        "number": order.number,
        "clause": order.clause,
        "due_at": order.due_at.isoformat(),
    }


def tell_of_order(order: SupervisionOrder, office: Office, kind: MessageKind, *, at: dt.datetime) -> None:
    """Tell an office of a supervision order: issued, reported, late."""
    tell_office(
        office,
        kind,
        key=f"{kind}:{order.pk}:{office.pk}:{at:%Y%m%d%H%M%S}",
        context=order_context(order),
        subject=f"order:{order.pk}",
        at=at,
        for_all=True,
    )


def tell_of_publication(
    publication: Publication, office: Office, kind: MessageKind, *, at: dt.datetime
) -> None:
    """Tell an office of a naming: proposed to whoever decides, published to the office named."""
    tell_office(
        office,
        kind,
        key=f"{kind}:{publication.pk}:{office.pk}",
        context={
            "publication": publication.pk,
            "named": publication.office.name,
            "behaviour": label_in_both(publication.behaviour),
        },
        subject=f"publication:{publication.pk}",
        at=at,
        for_all=kind == MessageKind.NAMING_PUBLISHED,
    )
