"""Telling offices and residents what happens to needs and mutual supply, in the transaction of it.

Staff are told number, kind and place, never a name; what was written stands on the page alone.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from accounts.models import Area
from notices.actions import Draft, drafts_for, enqueue, staff_drafts
from notices.models import ChannelAddress
from notices.rules import Channel, MessageKind
from supplies.models import MedicalNeed, MutualSupply, Need
from supplies.rules.delivery import MutualVerb
from supplies.rules.stock import plain

TELL_WITHIN = dt.timedelta(days=1)
ASKED_AGAIN = "asked_again"
"""What a message says whose need is asked about once more; no state of the need."""


def need_context(need: Need, **values: Any) -> dict[str, Any]:
    """What a message about a need may say."""
    return {
        "need": need.pk,
        "number": need.number,
        "kind": need.kind,
        "place": str(need.unit) if need.unit else need.community.name,
        "due_at": need.due_at.isoformat() if need.due_at else "",
        **values,
    }


def _tell(need: Need, area: Area, kind: MessageKind, *, at: dt.datetime, **values: Any) -> None:
    enqueue(_drafts(need, area, kind, at=at, **values), at=at)


def _drafts(need: Need, area: Area, kind: MessageKind, *, at: dt.datetime, **values: Any) -> list[Draft]:
    return staff_drafts(
        key=f"{kind}:{need.pk}:{area.pk}:{at:%Y%m%d%H%M%S}",
        kind=kind,
        community=area,
        context=need_context(need, **values),
        subject=f"need:{need.pk}",
        not_after=at + TELL_WITHIN,
    )


def tell_of_emergency(need: Need, *, at: dt.datetime) -> None:
    """The community, its street and its county hear of an emergency at once."""
    for area in (need.community, need.street, need.county):
        if area:
            _tell(need, area, MessageKind.NEED_EMERGENCY, at=at)


def tell_late(need: Need, *, at: dt.datetime) -> None:
    """A need is past its limit: the community hears it, and the office above."""
    tell_many_late([need], at=at)


def tell_many_late(needs: Iterable[Need], *, at: dt.datetime) -> None:
    """The same for many at once, written together."""
    drafts = []
    for need in needs:
        for area in (need.community, need.community.parent):
            if area:
                drafts += _drafts(need, area, MessageKind.NEED_LATE, at=at)
    enqueue(drafts, at=at)


def tell_of_refusal(medical: MedicalNeed, site: str, *, at: dt.datetime) -> None:
    """A hospital refused: the offices above the community hear it at once; no reason is good enough."""
    need = medical.need
    for area in (need.street, need.county):
        if area:
            _tell(need, area, MessageKind.CARE_REFUSED, at=at, site=site)


def tell_resident(need: Need, *, at: dt.datetime) -> None:
    """The resident hears by SMS that it is at the door, or that it can't be met."""
    enqueue(_resident_drafts(need, need.state, at), at=at)


def ask_residents_again(needs: Iterable[Need], *, at: dt.datetime) -> None:
    """Each resident is asked by SMS whether it is still wanted now that the zone is open."""
    enqueue([draft for need in needs for draft in _resident_drafts(need, ASKED_AGAIN, at)], at=at)


def _resident_drafts(need: Need, state: str, at: dt.datetime) -> list[Draft]:
    phone = need.telephone
    if not phone:
        return []
    draft = Draft(
        key=f"need-told:{need.pk}:{state}:{at:%Y%m%d%H%M%S}",
        kind=MessageKind.NEED_UPDATE,
        channel=Channel.SMS,
        community_id=need.community_id,
        subject=f"need:{need.pk}",
        recipient=phone,
        context={
            "number": need.number,
            "state": state,
            "notice_phone": need.community.duty_phone,
        },
        not_after=at + TELL_WITHIN,
    )
    return [draft]


TOLD_TO_ASKING = frozenset({MutualVerb.OFFER, MutualVerb.TAKE_BACK, MutualVerb.SHIP})
"""What the end that offers does; everything else is done by the end that asks."""


def tell_of_mutual(
    mutual: MutualSupply, verb: MutualVerb | None, *, offering: Area | None, at: dt.datetime
) -> None:
    """The other end hears of a step; of the asking itself (`verb` None) the neighbours and the area above.

    `offering` is the end that offers, also where the step has just taken its offer away.
    """
    if verb is None:
        areas = list(Area.objects.filter(parent=mutual.asking.parent_id).exclude(pk=mutual.asking_id))
        areas += [mutual.asking.parent] if mutual.asking.parent else []
    elif verb in TOLD_TO_ASKING:
        areas = [mutual.asking]
    else:
        areas = [offering] if offering else []
    quantity = mutual.received_quantity if verb is MutualVerb.RECEIVE else mutual.offered_quantity
    step = str(verb) if verb else "ask"
    context = {
        "step": step,
        "item": mutual.item.name,
        "quantity": f"{plain(mutual.quantity if quantity is None else quantity)} {mutual.item.unit}",
        "asking": mutual.asking.name,
        "offering": offering.name if offering else "",
        "wanted_on": mutual.wanted_on.isoformat(),
    }
    drafts: list[Draft] = []
    for area, addresses in ChannelAddress.objects.for_communities(areas).items():
        drafts += drafts_for(
            addresses,
            key=f"mutual:{mutual.pk}:{step}:{area.pk}:{at:%Y%m%d%H%M%S}",
            kind=MessageKind.MUTUAL_SUPPLY,
            community=area,
            context=context,
            subject=f"mutual:{mutual.pk}",
            not_after=at + TELL_WITHIN,
        )
    enqueue(drafts, at=at)
