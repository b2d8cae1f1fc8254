"""The outbox: a message is a row before it is anything else, so that losing a broker loses no message."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Exists, F, Q, Subquery
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.encryption import EncryptedTextField, decrypt
from accounts.models import Area, Office, User
from accounts.rules import CODE_LENGTH, Ability, codes_below
from notices.rules import (
    CHANNELS,
    MESSAGE_KINDS,
    MESSAGE_STATES,
    STALE_AFTER,
    Channel,
    Failure,
    MessageKind,
    MessageState,
    failure_code,
    failure_text,
    masked_recipient,
    pause_after,
    tidy_bot_address,
)

SEALED = "sealed"
"""The name under which a context holds a secret, encrypted, until it is sent."""


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> Self:
        """Messages that concern the area of the user.

        One that is for an office is for whoever works there or at an office above it: the others of that
        area do not see it, for it may be about them. One to a complainant needs such an office. What is for
        everybody in an area speaks of the people under a rule there: only for whoever reads their files.
        """
        if not user.area:
            return self.none()
        first, after = codes_below(user.area.code)
        inside = self.filter(community__code__gte=first, community__code__lt=after)
        own = Subquery(user.own_offices().values("path")[:1])
        to_offices = Q(office__path__startswith=own)
        if not user.may(Ability.SEE_CASES):
            return inside.filter(to_offices)
        for_all = Q(office=None) & ~Q(kind=MessageKind.COMPLAINT_UPDATE)
        return inside.filter(for_all | to_offices)

    def addressed_to(self, user: User) -> Self:
        """Messages to the user's own office, not to those below it: whoever is told reads."""
        if not user.area_id:
            return self.none()
        own = Subquery(user.own_offices().values("pk")[:1])
        to_us = Q(office=own)
        if user.may(Ability.SEE_CASES):
            to_us |= Q(office=None)
        return self.filter(to_us, community=user.area_id)

    def in_inbox(self) -> Self:
        """What staff read on the page."""
        return self.filter(channel=Channel.INBOX)

    def outside(self) -> Self:
        """What has to leave the house to arrive."""
        return self.exclude(channel=Channel.INBOX)

    def unread(self) -> Self:
        """Inbox messages that nobody of the office has read."""
        return self.in_inbox().filter(read_at=None)

    def waiting(self) -> Self:
        """Not sent yet, whether or not an attempt is due."""
        return self.filter(state=MessageState.PENDING)

    def failing(self) -> Self:
        """Not sent yet, and refused at least once."""
        return self.waiting().filter(attempts__gt=0)

    def expired(self) -> Self:
        """Never sent, and not to be sent any more."""
        return self.filter(state=MessageState.EXPIRED)

    def in_time(self, at: dt.datetime) -> Self:
        """Those that may still be sent at that instant."""
        return self.filter(Q(not_after=None) | Q(not_after__gt=at))

    def unclaimed(self, at: dt.datetime) -> Self:
        """Those that nobody is sending: not claimed, or by somebody who gave no sign of life for too long."""
        return self.filter(Q(claim="") | Q(claimed_at__lte=at - STALE_AFTER))

    def to_send(self, at: dt.datetime) -> Self:
        """Waiting, due for an attempt, in nobody's hands, and not past the time to be sent."""
        return self.waiting().filter(next_attempt_at__lte=at).in_time(at).unclaimed(at)

    def past_their_time(self, at: dt.datetime) -> Self:
        """Still waiting, and in nobody's hands, although nothing may be sent any more."""
        return self.waiting().filter(not_after__lte=at).unclaimed(at)

    def claim_some(self, channel: Channel, *, token: str, at: dt.datetime, limit: int) -> Self:
        """Take up to `limit` messages of that channel that are due; returns those that are now ours.

        The UPDATE repeats the condition: of two who choose the same rows at once, one gets each. What was
        claimed comes oldest first, with `sealed_recipient` for the deferred `recipient`.
        """
        due = self.to_send(at).filter(channel=channel).order_by("next_attempt_at", "pk")
        chosen = list(due.values_list("pk", flat=True)[:limit])
        self.to_send(at).filter(pk__in=chosen).update(claim=token, claimed_at=at)
        ours = self.filter(pk__in=chosen, claim=token)
        return ours.order_by("created_at", "pk").with_sealed_recipient()

    def retry_now(self, at: dt.datetime) -> int:
        """End the pauses of those that wait after a failure; returns how many will be tried at once."""
        return self.failing().in_time(at).unclaimed(at).update(next_attempt_at=at)

    def give_back(self, token: str) -> int:
        """Leave what that claim still holds to whoever comes next; returns how many there were."""
        return self.filter(claim=token).update(claim="")

    def with_sealed_recipient(self) -> Self:
        """Rows whose address stays as it is stored, so that one unreadable address spoils no list."""
        return self.defer("recipient").annotate(sealed_recipient=Cast("recipient", models.TextField()))


class Message(models.Model):
    """One message to one receiver by one channel. The key makes it unique: nobody is told twice.

    `context` holds dates, codes and counts, never a name; the receiver's number is encrypted, and removed
    as soon as nothing is to be sent any more. The key is also the stable id that goes out with the
    message, so that a receiver can drop a repeat.
    """

    key = models.CharField(max_length=120, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=list(MESSAGE_KINDS.items()))
    channel = models.CharField(_("channel"), max_length=12, choices=list(CHANNELS.items()))
    community = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("community")
    )
    office = models.ForeignKey(
        Office,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Only for whoever works there or above; empty: for all staff of the community.",
    )
    subject = models.CharField(
        max_length=40, blank=True, editable=False, help_text="Kind and number of the record it is about."
    )
    recipient = EncryptedTextField(_("receiver"), blank=True, editable=False)
    context = models.JSONField(default=dict, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=list(MESSAGE_STATES.items()), default=MessageState.PENDING
    )
    created_at = models.DateTimeField(_("created at"))
    next_attempt_at = models.DateTimeField(_("next attempt at"))
    not_after = models.DateTimeField(_("not after"), null=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts"), default=0)
    last_error = models.CharField(_("last failure"), max_length=300, blank=True)
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    read_at = models.DateTimeField(_("read at"), null=True)
    read_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-created_at", "-pk"]
        indexes = [
            # The delivery, channel by channel; few rows are waiting at any time.
            models.Index(
                fields=["channel", "next_attempt_at"],
                condition=Q(state=MessageState.PENDING),
                name="message_to_send",
            ),
            # Two serve the inbox: one office's, and that of an area with many of them.
            models.Index(
                fields=["community", "-created_at", "-id"],
                condition=Q(channel=Channel.INBOX),
                name="inbox_by_community",
            ),
            models.Index(
                fields=["-created_at", "-id"], condition=Q(channel=Channel.INBOX), name="inbox_by_time"
            ),
            # The badge in the navigation, on every page.
            models.Index(
                fields=["community"],
                condition=Q(channel=Channel.INBOX, read_at=None),
                name="unread_by_community",
            ),
            # What a supervisor sees under "expired".
            models.Index(
                fields=["-created_at", "-id"],
                condition=Q(state=MessageState.EXPIRED),
                name="message_expired",
            ),
            models.Index(fields=["subject"], name="message_by_subject"),  # what was sent about an episode
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def failure(self) -> str:
        """Why the last attempt failed, as a sentence."""
        return failure_text(self.last_error)

    @property
    def masked_recipient(self) -> str:
        """To whom it goes, as supervisors see it; needs rows `with_sealed_recipient`.

        Of a complainant nothing: four digits are enough for whoever knows who lives there.
        """
        if self.kind == MessageKind.COMPLAINT_UPDATE:
            return ""
        try:
            return masked_recipient(self.channel, self.unsealed_recipient())
        except ValueError:
            return "?"

    def unsealed_recipient(self) -> str:
        """The address in clear, of a row `with_sealed_recipient`. Raises ValueError when no key opens it."""
        sealed: str = getattr(self, "sealed_recipient", "")
        return decrypt(sealed) if sealed else ""

    def opened_context(self) -> dict[str, Any]:
        """The context as it is sent: a `sealed` value (a secret that the receiver asked for) stands in clear.

        For sending alone; no page reads it. Raises ValueError when no key opens it.
        """
        sealed = self.context.get(SEALED)
        return {**self._context_to_keep(), "secret": decrypt(sealed)} if sealed else self.context

    def _context_to_keep(self) -> dict[str, Any]:
        """The context without what was sealed in it: once it is sent, nobody needs it any more."""
        return {name: value for name, value in self.context.items() if name != SEALED}

    def sign_of_life(self, *, token: str, at: dt.datetime) -> bool:
        """Hold the claim for the attempt that now begins.

        False when the claim is lost, when nothing may be sent any more, or when another change of the same
        health code forbids it: a later one says what holds now, an earlier one may be on its way.
        """
        mine = self._ours(token).waiting().in_time(at)
        if self.has_an_order:
            mine = mine.filter(~Exists(self.later_changes()), ~Exists(self._earlier_in_hand(at)))
        return bool(mine.update(claimed_at=at))

    @property
    def has_an_order(self) -> bool:
        """Whether messages about this record must arrive in the order in which they were written."""
        return self.channel == Channel.HEALTH_CODE and bool(self.subject)

    def later_changes(self) -> MessageQuerySet:
        """What was written after this one about the same record, for the same receiver."""
        later = Q(created_at__gt=self.created_at) | Q(created_at=self.created_at, pk__gt=self.pk)
        return Message.objects.filter(later, subject=self.subject, channel=self.channel)

    def _earlier_in_hand(self, at: dt.datetime) -> MessageQuerySet:
        earlier = Q(created_at__lt=self.created_at) | Q(created_at=self.created_at, pk__lt=self.pk)
        on_its_way = Message.objects.filter(earlier, subject=self.subject, channel=self.channel).waiting()
        return on_its_way.exclude(claim="").filter(claimed_at__gt=at - STALE_AFTER)

    def mark_sent(self, *, token: str, at: dt.datetime) -> bool:
        """Note that the receiver has it; returns whether it was still ours to say so."""
        return bool(
            self._ours(token).update(
                state=MessageState.SENT,
                sent_at=at,
                claim="",
                last_error="",
                recipient="",
                context=self._context_to_keep(),
            )
        )

    def mark_failed(self, *, token: str, at: dt.datetime, failure: str) -> bool:
        """Note why the attempt failed and pause, longer each time; returns whether it was ours."""
        return bool(
            self._ours(token).update(
                attempts=F("attempts") + 1,
                last_error=failure,
                next_attempt_at=at + pause_after(self.attempts + 1),
                claim="",
            )
        )

    def let_wait(self, *, token: str, at: dt.datetime) -> bool:
        """Put it back for a minute, without counting a failure; returns whether it was ours."""
        return bool(self._ours(token).update(next_attempt_at=at + pause_after(1), claim=""))

    def mark_superseded(self, *, token: str) -> bool:
        """Give it up because a later message about the same record says what holds now."""
        return bool(
            self._ours(token).update(
                state=MessageState.EXPIRED,
                last_error=failure_code(Failure.SUPERSEDED),
                claim="",
                recipient="",
            )
        )

    def _ours(self, token: str) -> MessageQuerySet:
        return Message.objects.filter(pk=self.pk, claim=token)


def unread_count(user: User) -> int:
    """How many messages to the user's own office nobody there has read; one query, for the navigation."""
    return Message.objects.addressed_to(user).unread().count()


class ChannelAddressQuerySet(models.QuerySet["ChannelAddress"]):
    def for_community(self, community: Area) -> Self:
        """Where news of that community goes: its own addresses and those above it that want to hear of it."""
        line = [community.code[:length] for length in CODE_LENGTH.values() if length < len(community.code)]
        above = Q(area__code__in=line, from_below=True)
        return self.filter(Q(area=community) | above, enabled=True).order_by("pk")

    def for_communities(self, communities: Iterable[Area]) -> "dict[Area, list[ChannelAddress]]":
        """The same for each of many; one query."""
        wanted = list(communities)
        codes = {area.code[:length] for area in wanted for length in CODE_LENGTH.values()}
        found = self.filter(area__code__in=codes, enabled=True).select_related("area").order_by("pk")
        addresses = list(found)
        return {
            area: [
                each
                for each in addresses
                if each.area == area or (each.from_below and each.area.covers(area))
            ]
            for area in wanted
        }


class ChannelAddress(models.Model):
    """Where the staff of an area are told: a group bot or an e-mail address."""

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="channels", verbose_name=_("area"))
    channel = models.CharField(
        _("channel"),
        max_length=12,
        choices=[(kind, CHANNELS[kind]) for kind in (Channel.EMAIL, Channel.GROUP_BOT)],
    )
    address = EncryptedTextField(
        _("address of the channel"),
        help_text=_(
            "An e-mail address, or the web address that the group bot shows (or wecombot://…, dingtalk://…, "
            "feishu://…). If the bot asks for a keyword, it is 解封."
        ),
    )
    from_below = models.BooleanField(
        _("also from the areas below"),
        default=True,
        help_text=_("Whether this address is told what concerns each community below the area, too."),
    )
    enabled = models.BooleanField(_("switched on"), default=True)

    objects = ChannelAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel of an area")
        verbose_name_plural = _("channels of areas")

    def __str__(self) -> str:
        return f"{self.area} {self.get_channel_display()}"

    def clean(self) -> None:
        """Bring a bot's address into its short form; refuse what no message could be sent to."""
        self.address = (self.address or "").strip()
        if self.channel == Channel.EMAIL:
            try:
                validate_email(self.address)
            except ValidationError as refusal:
                raise ValidationError({"address": refusal.messages}) from refusal
        if self.channel == Channel.GROUP_BOT:
            self.address = tidy_bot_address(self.address)
            scheme, slashes, rest = self.address.partition("://")
            if not (slashes and rest) or scheme not in settings.GROUP_BOT_SCHEMES:
                raise ValidationError(
                    {
                        "address": _("This is no address of a group bot. Possible are: %(schemes)s.")
                        % {"schemes": ", ".join(f"{name}://…" for name in settings.GROUP_BOT_SCHEMES)}
                    }
                )
