"""What a reader may narrow the lists of messages down to, and the lists in pages without OFFSET."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notices.models import Message, MessageQuerySet
from notices.rules import CHANNELS, MESSAGE_KINDS, Channel

PAGE = 30


class InboxFilter(forms.Form):
    """Kind of message, and only what nobody has read. What makes no sense is left out of account."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All kinds")), *MESSAGE_KINDS.items()]
    )
    unread = forms.BooleanField(label=_("Unread only"), required=False)

    def narrow(self, messages: MessageQuerySet) -> MessageQuerySet:
        """Those of the messages that the reader asked for."""
        self.full_clean()
        if kind := self.cleaned_data.get("kind"):
            messages = messages.filter(kind=kind)
        if self.cleaned_data.get("unread"):
            messages = messages.unread()
        return messages


class DeliveryFilter(forms.Form):
    """How far the message got, and by which channel."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Failed and waiting")),
            ("failed", _("Failed, tried again")),
            ("expired", _("Expired unsent")),
        ],
    )
    channel = forms.ChoiceField(
        label=_("Channel"),
        required=False,
        choices=[("", _("All channels"))]
        + [(channel, name) for channel, name in CHANNELS.items() if channel != Channel.INBOX],
    )

    def narrow(self, messages: MessageQuerySet) -> MessageQuerySet:
        """Those of the messages that the reader asked for."""
        self.full_clean()
        wanted = self.cleaned_data.get("state")
        if wanted == "expired":
            messages = messages.expired()
        else:
            messages = messages.failing() if wanted == "failed" else messages.waiting()
        if channel := self.cleaned_data.get("channel"):
            messages = messages.filter(channel=channel)
        return messages


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages, newest first, and the cursors of the pages beside it ("" where there is none)."""

    messages: list[Message]
    older: str
    newer: str


def page_of(messages: MessageQuerySet, parameters: Any, size: int = PAGE) -> Page:
    """The page that `?older=` or `?newer=` asks for; without either, or with nonsense, the newest."""
    newest_first = messages.order_by("-created_at", "-pk")
    if (cursor := _read(parameters.get("newer", ""))) is not None:
        at, pk = cursor
        after = messages.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gt=pk))
        found = list(after.order_by("created_at", "pk")[: size + 1])
        if len(found) > size:
            found = found[size - 1 :: -1]
            return Page(found, _cursor(found[-1]), _cursor(found[0]))
    if (cursor := _read(parameters.get("older", ""))) is not None:
        at, pk = cursor
        found = list(newest_first.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk))[: size + 1])
        shown = found[:size]
        return Page(shown, _older(found, size), _cursor(shown[0]) if shown else "")
    found = list(newest_first[: size + 1])
    return Page(found[:size], _older(found, size), "")


def _older(found: list[Message], size: int) -> str:
    return _cursor(found[size - 1]) if len(found) > size else ""


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _cursor(message: Message) -> str:
    return f"{(message.created_at - _EPOCH) // dt.timedelta(microseconds=1)}-{message.pk}"


def _read(cursor: str) -> tuple[dt.datetime, int] | None:
    microseconds, _dash, pk = cursor.partition("-")
    if not (microseconds.isdecimal() and pk.isdecimal() and len(microseconds) < 18 and len(pk) < 19):
        return None
    return _EPOCH + dt.timedelta(microseconds=int(microseconds)), int(pk)
