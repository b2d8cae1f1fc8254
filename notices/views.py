"""The inbox of an office, and for supervisors what became of the messages that leave the house."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages as toasts
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from notices import actions
from notices.filters import DeliveryFilter, InboxFilter, page_of
from notices.models import Message, MessageQuerySet
from notices.phrases import Wording
from notices.rules import CHANNELS, Channel, MessageKind
from notices.wording import wording_of
from policy import clock

# Which page shows what a message is about; the pages themselves belong to the floors above, and each asks
# anew whether its reader may see that very record: what lies elsewhere by now answers 404.
_PAGE_OF_SUBJECT = {
    "episode": "episode",
    "infection": "infection",
    "complaint": "complaint",
    "order": "order",
    "publication": "publication",
    "need": "need",
    "zone": "zone",
    "mutual": "mutual-detail",
}
# Whoever has none of these would only be refused there; what is not listed is for every reader of the inbox.
_OPENED_WITH = {
    "episode": (Ability.SEE_CASES,),
    "infection": (Ability.SEE_CASES,),
    "zone": (Ability.SEE_CASES,),
    "handovers": (Ability.SEE_CASES,),
    "stock": (Ability.WORK_SUPPLIES,),
    "mutual-detail": (Ability.WORK_SUPPLIES,),
    "complaint": (Ability.HANDLE_COMPLAINTS,),
    "order": (Ability.ANSWER_ORDERS,),
    "publication": (Ability.ANSWER_ORDERS,),
    "need": (Ability.WORK_SUPPLIES, Ability.TAKE_CALLS),
}
_PAGE_OF_KIND = {
    MessageKind.TESTS_TODAY: "today",
    MessageKind.TESTS_OVERDUE: "today",
    MessageKind.STAGE_CHANGES: "today",
    MessageKind.RELEASES: "today",
    MessageKind.HANDOVER: "handovers",
    MessageKind.STOCK_ALERTS: "stock",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One message as a list shows it."""

    message: Message
    wording: Wording
    url: str
    is_mine: bool


def url_of(message: Message, user: User) -> str:
    """The page of what the message is about, "" where there is none for that reader."""
    kind, _colon, number = message.subject.partition(":")
    if kind in _PAGE_OF_SUBJECT and number.isdecimal():
        return _url(user, _PAGE_OF_SUBJECT[kind], int(number))
    if message.kind in _PAGE_OF_KIND:
        return _url(user, _PAGE_OF_KIND[MessageKind(message.kind)])
    return ""


def _url(user: User, name: str, *arguments: int) -> str:
    abilities = _OPENED_WITH.get(name)
    if abilities is not None and not any(user.may(each) for each in abilities):
        return ""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def _row(message: Message, request: StaffRequest) -> Row:
    language = get_language() or "en"
    return Row(
        message=message,
        wording=wording_of(message.kind, message.context, language),
        url=url_of(message, request.user),
        is_mine=_is_mine(message, request.user),
    )


def _is_mine(message: Message, user: User) -> bool:
    """Whether it is addressed to the user's own office."""
    if message.community_id != user.area_id:
        return False
    return message.office_id is None or (
        user.own_office is not None and message.office_id == user.own_office.pk
    )


# ── inbox ────────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.SEE_CASES, Ability.HANDLE_COMPLAINTS)
@require_safe
def inbox(request: StaffRequest) -> HttpResponse:
    """The messages of the user's area, newest first."""
    wanted = InboxFilter(request.GET)
    messages = wanted.narrow(Message.objects.visible_to(request.user).in_inbox())
    page = page_of(messages.select_related("community", "read_by"), request.GET)
    return render(
        request,
        "notices/inbox.html",
        {
            "filter": wanted,
            "rows": [_row(message, request) for message in page.messages],
            "pager": _links(request.GET, page.older, page.newer),
            "sees_cases": request.user.may(Ability.SEE_CASES),
            **_unread(request, wanted.cleaned_data.get("kind", "")),
        },
    )


@requires(Ability.SEE_CASES, Ability.HANDLE_COMPLAINTS)
@require_POST
def read(request: StaffRequest, pk: int) -> HttpResponse:
    """Mark one message to the own office as read."""
    message = get_object_or_404(_readable(request), pk=pk)
    actions.mark_read([message.pk], by=request.user, at=clock.now())
    if not request.htmx:
        return redirect(_back(request, "inbox"))
    message = _readable(request).get(pk=pk)
    return render(
        request, "notices/_read.html", {"row": _row(message, request), "swapped": True, **_unread(request)}
    )


@requires(Ability.SEE_CASES, Ability.HANDLE_COMPLAINTS)
@require_POST
def read_all(request: StaffRequest) -> HttpResponse:
    """Mark what the own office had when the page was made as read."""
    newest = request.POST.get("newest", "")
    wanted = InboxFilter(request.POST)
    kind = wanted.cleaned_data.get("kind", "") if wanted.is_valid() else ""
    marked = 0
    if newest.isdecimal() and len(newest) < 19:
        marked = actions.mark_all_read(by=request.user, at=clock.now(), newest=int(newest), kind=kind)
    told = ngettext("%(n)d message marked as read.", "%(n)d messages marked as read.", marked)
    toasts.success(request, told % {"n": marked})
    return redirect(_back(request, "inbox"))


def _readable(request: StaffRequest) -> QuerySet[Message]:
    mine = Message.objects.visible_to(request.user).in_inbox()
    return mine.select_related("community", "read_by")


def _unread(request: StaffRequest, kind: str = "") -> dict[str, Any]:
    """How many the own office has not read, of all kinds and of this one, and the newest; one query."""
    of_kind = Q(kind=kind) if kind else Q()
    counted = (
        Message.objects.addressed_to(request.user)
        .unread()
        .aggregate(unread_count=Count("pk"), to_mark=Count("pk", filter=of_kind), newest_unread=Max("pk"))
    )
    return {**counted, "may_supervise": request.user.may(Ability.SUPERVISE), "inbox_url": reverse("inbox")}


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.SUPERVISE)
@require_safe
def delivery(request: StaffRequest) -> HttpResponse:
    """What waits, fails or expired on its way out of the house, in the user's area."""
    at = clock.now()
    wanted = DeliveryFilter(request.GET)
    messages = wanted.narrow(Message.objects.visible_to(request.user).outside())
    page = page_of(messages.select_related("community").with_sealed_recipient(), request.GET)
    channels = [
        {"name": CHANNELS[channel], "is_on": actions.channel_is_on(channel)}
        for channel in Channel
        if channel != Channel.INBOX
    ]
    return render(
        request,
        "notices/delivery.html",
        {
            "filter": wanted,
            "rows": [_row(message, request) for message in page.messages],
            "pager": _links(request.GET, page.older, page.newer),
            "any_failed": any(message.attempts for message in page.messages),
            "channels": channels,
            "at": at,
            **_unread(request),
        },
    )


@requires(Ability.SUPERVISE)
@require_POST
def retry(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """End the pause of one message, or of all that failed in the user's area."""
    failing: MessageQuerySet = Message.objects.visible_to(request.user).outside()
    if pk is not None:
        failing = failing.filter(pk=get_object_or_404(failing, pk=pk).pk)
    tried = failing.retry_now(clock.now())
    if tried:
        told = ngettext(
            "%(n)d message will be sent again within a minute.",
            "%(n)d messages will be sent again within a minute.",
            tried,
        )
        toasts.success(request, told % {"n": tried})
    else:
        toasts.info(request, _("Nothing to send again: it was sent, is being sent, or its time is over."))
    return redirect(_back(request, "inbox-delivery"))


# ── links ────────────────────────────────────────────────────────────────────────────────────────


def _links(parameters: QueryDict, older: str, newer: str) -> dict[str, str]:
    """Query strings of the pages beside this one, with the filter kept."""

    def to(name: str, cursor: str) -> str:
        kept = parameters.copy()
        kept.pop("older", None)
        kept.pop("newer", None)
        kept[name] = cursor
        return f"?{kept.urlencode()}"

    return {"older": to("older", older) if older else "", "newer": to("newer", newer) if newer else ""}


def _back(request: HttpRequest, name: str) -> str:
    """The page from which the form came, when it is one of ours; else the list."""
    page = request.POST.get("next", "")
    ours = page.startswith("/") and url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    return page if ours else reverse(name)
