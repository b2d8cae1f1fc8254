"""The outbox at work: messages that are due go out, those whose time is over do not go out any more.

A delivery claims a handful of rows by compare-and-set, sends them, and writes down what came of each. Any
number of deliveries may run at once, late, twice, or be killed at any point: a claim without a sign of
life is taken over after `STALE_AFTER`. No transaction is open while a channel is being waited for.
"""

import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import structlog
from celery import shared_task
from django.conf import settings
from django.db.models import Count

from notices.actions import channel_is_on
from notices.channels import Carrier, NotTaken, Parcel
from notices.models import Message
from notices.rules import Channel, Failure, MessageKind, MessageState, failure_code
from notices.wording import compose
from policy.clock import now as clock_now

log = structlog.get_logger("jiefeng.notices")

Now = Callable[[], dt.datetime]

AT_ONCE = 50
"""How many messages one claim takes."""

SECONDS_A_RUN = 45.0
"""How long one run goes on; the next one, a minute later, takes up the rest."""

SECONDS_KEPT = 3.0
"""What is kept of it for each channel that comes after: a slow one must not use up the others' time."""

GIVE_UP_AFTER = 3
"""A channel that is down so often in a row is left alone until the next run."""

# What is urgent and little goes before what is much.
_OUTSIDE = (Channel.HEALTH_CODE, Channel.GROUP_BOT, Channel.EMAIL, Channel.SMS)


class Outcome(StrEnum):
    """What came of one message in one run."""

    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    SWITCHED_OFF = "switched_off"
    LEFT = "left"


@dataclass(slots=True)
class Delivery:
    """What one run did, by channel and outcome; on a dry run, how many would go out by channel."""

    tally: Counter[tuple[Channel, Outcome]] = field(default_factory=Counter)

    def count(self, outcome: Outcome) -> int:
        """How many messages had that outcome, over all channels."""
        return sum(number for (_, each), number in self.tally.items() if each == outcome)


def deliver_due(*, now: Now = clock_now, dry_run: bool = False) -> Delivery:
    """Send what is due at this instant; `now` is asked again before each message is sent.

    With `dry_run` nothing is claimed, sent or written.
    """
    delivery = Delivery()
    if dry_run:
        return _would_deliver(now())
    _settle_inbox(delivery, now())
    ends = time.monotonic() + SECONDS_A_RUN
    with Carrier() as carrier:
        for behind, channel in zip(reversed(range(len(_OUTSIDE))), _OUTSIDE, strict=True):
            if channel_is_on(channel):
                _deliver_channel(channel, carrier, delivery, now, until=ends - behind * SECONDS_KEPT)
            else:
                _switch_off(channel, delivery, now())
    if delivery.tally:
        log.info(
            "delivered", **{f"{channel}_{outcome}": n for (channel, outcome), n in delivery.tally.items()}
        )
    return delivery


def _would_deliver(at: dt.datetime) -> Delivery:
    due = Message.objects.to_send(at).order_by().values_list("channel").annotate(n=Count("pk"))
    outcomes = {
        channel: Outcome.SENT if channel_is_on(channel) else Outcome.SWITCHED_OFF for channel in Channel
    }
    return Delivery(
        Counter({(Channel(channel), outcomes[Channel(channel)]): number for channel, number in due})
    )


def _settle_inbox(delivery: Delivery, at: dt.datetime) -> None:
    """A row in the inbox has arrived by being there, also one that was written as waiting."""
    due = Message.objects.to_send(at).in_inbox()
    if settled := due.update(state=MessageState.SENT, sent_at=at):
        delivery.tally[Channel.INBOX, Outcome.SENT] += settled


def _switch_off(channel: Channel, delivery: Delivery, at: dt.datetime) -> None:
    due = Message.objects.to_send(at).filter(channel=channel)
    if stopped := due.update(state=MessageState.OFF, recipient="", claim=""):
        delivery.tally[channel, Outcome.SWITCHED_OFF] += stopped


def _deliver_channel(
    channel: Channel, carrier: Carrier, delivery: Delivery, now: Now, *, until: float
) -> None:
    """Claim and send, handful by handful, until nothing is due, the time is up or the channel is down."""
    down_in_a_row = 0
    while time.monotonic() < until and down_in_a_row < GIVE_UP_AFTER:
        token = uuid.uuid4().hex
        batch = list(Message.objects.claim_some(channel, token=token, at=now(), limit=AT_ONCE))
        if not batch:
            return
        for message in batch:
            if time.monotonic() >= until or down_in_a_row >= GIVE_UP_AFTER:
                break
            outcome, is_down = _deliver(message, token, carrier, now)
            delivery.tally[channel, outcome] += 1
            down_in_a_row = down_in_a_row + 1 if is_down else 0
        # What was not tried, or may not be sent any more, is free for whoever comes next.
        Message.objects.filter(pk__in=[message.pk for message in batch]).give_back(token)


def _deliver(message: Message, token: str, carrier: Carrier, now: Now) -> tuple[Outcome, bool]:
    """Send one claimed message; returns what came of it, and whether its channel seems to be down."""
    if not message.sign_of_life(token=token, at=now()):
        return _leave(message, token, now()), False
    try:
        carrier.send(_parcel(message), at=now())
    except NotTaken as refusal:
        message.mark_failed(token=token, at=now(), failure=refusal.code)
        return Outcome.FAILED, refusal.is_down
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # One message that cannot be made must not hold up the others, nor be tried every minute.
        log.error("message cannot be made", message=message.pk, kind=message.kind, error=type(error).__name__)
        failure = failure_code(Failure.BROKEN, type(error).__name__)
        message.mark_failed(token=token, at=now(), failure=failure)
        return Outcome.FAILED, False
    message.mark_sent(token=token, at=now())
    return Outcome.SENT, False


def _leave(message: Message, token: str, at: dt.datetime) -> Outcome:
    """What becomes of a claimed message that is not to be sent now."""
    if not message.has_an_order:
        return Outcome.LEFT
    if message.later_changes().exists():
        # A code that was lifted must not be assigned again by an older message that is tried once more.
        return Outcome.SUPERSEDED if message.mark_superseded(token=token) else Outcome.LEFT
    message.let_wait(token=token, at=at)
    return Outcome.LEFT


def _parcel(message: Message) -> Parcel:
    """What goes out for that row. Raises NotTaken when the address can't be read."""
    try:
        recipient, context = message.unsealed_recipient(), message.opened_context()
    except ValueError as error:
        raise NotTaken(Failure.UNREADABLE) from error
    kind = MessageKind(message.kind)
    return Parcel(
        id=message.key,
        kind=kind,
        channel=Channel(message.channel),
        recipient=recipient,
        wording=compose(kind, context, settings.LANGUAGE_CODE),
        context=context,
    )


def expire_unsent(*, at: dt.datetime, dry_run: bool = False) -> int:
    """Close what nobody sent in time, and remove the address; returns how many there were."""
    late = Message.objects.past_their_time(at)
    if dry_run:
        return late.count()
    expired = late.update(state=MessageState.EXPIRED, recipient="", claim="")
    if expired:
        log.info("expired", messages=expired)
    return expired


@shared_task
def deliver() -> None:
    """Send what is due; every minute."""
    deliver_due()


@shared_task
def expire() -> None:
    """Close what may not be sent any more; every ten minutes."""
    expire_unsent(at=clock_now())
