"""Putting messages into the outbox. Sending them is a matter of `notices.tasks`."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts.models import Area, User
from notices.models import ChannelAddress, Message
from notices.rules import KEEPS, Channel, MessageKind, MessageState


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as the floors above ask for it.

    `key` says what it is about and to whom; a second draft with the same key changes nothing. After
    `not_after` it is not sent any more. `context` carries no names and no numbers of people. With an
    `office_id` it is seen by whoever works there or above, and by nobody else of the community.
    """

    key: str
    kind: MessageKind
    channel: Channel
    community_id: int
    subject: str = ""
    recipient: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    not_after: dt.datetime | None = None
    office_id: int | None = None


def channel_is_on(channel: Channel) -> bool:
    """Whether this installation sends by that channel at all."""
    if channel == Channel.SMS:
        return bool(settings.SMS_URL)
    if channel == Channel.EMAIL:
        return bool(settings.EMAIL_ON)
    if channel == Channel.HEALTH_CODE:
        return bool(settings.HEALTH_CODE_URL)
    return True


def enqueue(drafts: Iterable[Draft], *, at: dt.datetime) -> int:
    """Write the drafts as rows, in the transaction of whatever they tell of; returns how many were asked.

    Inbox messages are delivered by being there. A channel that is switched off keeps the row, as `off`,
    without the receiver's address. A draft without `not_after` is tried for `KEEPS` of its channel.
    """
    rows = [_row(draft, at) for draft in drafts]
    Message.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


def _row(draft: Draft, at: dt.datetime) -> Message:
    state = MessageState.PENDING if channel_is_on(draft.channel) else MessageState.OFF
    if draft.channel == Channel.INBOX:
        state = MessageState.SENT
    keeps = KEEPS.get(draft.channel)
    return Message(
        key=draft.key,
        kind=draft.kind,
        channel=draft.channel,
        community_id=draft.community_id,
        office_id=draft.office_id,
        subject=draft.subject,
        recipient=draft.recipient if state == MessageState.PENDING else "",
        context=draft.context,
        state=state,
        created_at=at,
        next_attempt_at=at,
        sent_at=at if draft.channel == Channel.INBOX else None,
        not_after=draft.not_after or (at + keeps if keeps else None),
    )


def staff_drafts(
    *,
    key: str,
    kind: MessageKind,
    community: Area,
    context: dict[str, Any],
    subject: str = "",
    not_after: dt.datetime | None = None,
    office_id: int | None = None,
    outside: dict[str, Any] | None = None,
) -> list[Draft]:
    """Drafts that tell an office: its inbox, its group bots and e-mail, and those of the areas above it.

    The areas above hear of it where the owner of the address wants that (`ChannelAddress.from_below`).
    What leaves the house names the community, because one bot may hear of many. The key of each draft
    begins with `key` (at most 100 characters); one query. `outside` is the context of what leaves the house,
    where that says less: a group bot is read by every office of the area.
    """
    return drafts_for(
        ChannelAddress.objects.for_community(community),
        key=key,
        kind=kind,
        community=community,
        context=context,
        subject=subject,
        not_after=not_after,
        office_id=office_id,
        outside=outside,
    )


def drafts_for(
    addresses: Iterable[ChannelAddress],
    *,
    key: str,
    kind: MessageKind,
    community: Area,
    context: dict[str, Any],
    subject: str = "",
    not_after: dt.datetime | None = None,
    office_id: int | None = None,
    outside: dict[str, Any] | None = None,
) -> list[Draft]:
    """The drafts of `staff_drafts` to addresses that were read before: for whoever tells many at once."""
    inbox = Draft(
        key=f"{key}:inbox",
        kind=kind,
        channel=Channel.INBOX,
        community_id=community.pk,
        subject=subject,
        context=context,
        office_id=office_id,
    )
    return [inbox] + [
        Draft(
            key=f"{key}:{address.pk}",
            kind=kind,
            channel=Channel(address.channel),
            community_id=community.pk,
            subject=subject,
            recipient=address.address,
            context={**(context if outside is None else outside), "area": community.name},
            not_after=not_after,
            office_id=office_id,
        )
        for address in addresses
    ]


def mark_read(messages: Iterable[int], *, by: User, at: dt.datetime) -> int:
    """Mark messages to the user's own office as read; returns how many were unread until now.

    What was sent to an office below stays unread: a supervisor's glance must not hide it from that office.
    """
    unread = Message.objects.addressed_to(by).unread().filter(pk__in=list(messages))
    return unread.update(read_at=at, read_by=by)


def mark_all_read(*, by: User, at: dt.datetime, newest: int, kind: str = "") -> int:
    """Mark what the user's own office had up to message number `newest`, of one kind or of all, as read.

    Returns how many were unread until now. What arrived after the page was made stays unread.
    """
    unread = Message.objects.addressed_to(by).unread().filter(pk__lte=newest)
    if kind:
        unread = unread.filter(kind=kind)
    return unread.update(read_at=at, read_by=by)
