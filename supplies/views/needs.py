"""The needs desk: what a sealed area asks for, emergencies first, then by the limit that runs out next."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.encryption import decrypt, encrypt
from accounts.models import User
from accounts.rules import Ability
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.views.answers import back
from policy import clock
from policy.refusals import RuleViolation
from supplies.actions.serving import move
from supplies.forms.needs import NeedFilter
from supplies.models import Need, NeedLine
from supplies.models.need import NeedQuerySet, is_late
from supplies.need_rows import NeedRow, rows_of
from supplies.rules.needs import (
    ASK_AFTER,
    DELIVERED,
    LIVE,
    MEDICAL,
    Asker,
    NeedState,
    NeedVerb,
    Urgency,
)

SEES = (Ability.WORK_SUPPLIES, Ability.TAKE_CALLS)
"""Who sees the desk; who may act on a need is `WORKS`."""
WORKS = Ability.WORK_SUPPLIES
PAGE = 50
MOST_AT_ONCE = 100
BY_LIMIT = KeysetOrder(("rank", "due_at", "id"))
NEWEST = KeysetOrder(("asked_at", "id"), descending=True)
ON_THE_WAY = (NeedState.PACKED, NeedState.UNDER_WAY, NeedState.AT_POINT)


@dataclass(frozen=True, slots=True)
class Tab:
    """One list of the desk: what stands in it, and in which order."""

    key: str
    label: str | Promise
    rows: Callable[[User, Any], Q]
    order: KeysetOrder = BY_LIMIT
    late: bool = False


TABS = (
    Tab(
        "now",
        gettext_lazy("Emergencies and late"),
        lambda user, at: (Q(urgency=Urgency.EMERGENCY) & Q(state__in=LIVE)) | is_late(at),
        late=True,
    ),
    Tab("open", pgettext_lazy("needs", "Open"), lambda user, at: Q(state=NeedState.OPEN)),
    Tab("mine", gettext_lazy("Taken by me"), lambda user, at: Q(owner=user, state__in=LIVE)),
    Tab(
        "pack",
        gettext_lazy("To pack"),
        lambda user, at: Q(state=NeedState.TAKEN, kind__in=sorted(DELIVERED)),
    ),
    Tab("way", gettext_lazy("Under way"), lambda user, at: Q(state__in=ON_THE_WAY)),
    Tab("door", gettext_lazy("At the door"), lambda user, at: Q(state=NeedState.AT_DOOR)),
    Tab("all", gettext_lazy("All"), lambda user, at: Q(), NEWEST),
)
LINES = Prefetch("lines", NeedLine.objects.select_related("item"))
BY_KEY = {tab.key: tab for tab in TABS}


@requires(*SEES)
@require_POST
def needs_search(request: StaffRequest) -> HttpResponse:
    """Turn a search into the address of its answer: names stand in no address but sealed."""
    asked = {
        name: request.POST.get(name, "").strip() for name in ("tab", "kind", "compound", "building", "words")
    }
    if asked["words"]:
        asked["words"] = encrypt(asked["words"])
    kept = {name: value for name, value in asked.items() if value}
    return HttpResponseRedirect(f"{reverse('needs')}?{urlencode(kept)}", status=303)


def _asked(request: HttpRequest) -> QueryDict:
    """The filters of the address, with the words that were searched for unsealed."""
    asked = request.GET.copy()
    sealed = asked.pop("words", [""])[-1]
    if sealed:
        with suppress(ValueError):  # an address of another installation, or cut short: no words then
            asked["words"] = decrypt(sealed)
    return asked


@requires(*SEES)
@require_safe
def needs(request: StaffRequest) -> HttpResponse:
    """One keyset page of a tab; without one named, what burns comes first when there is something."""
    at = clock.now()
    counts = _counts(request.user, at)
    tab = BY_KEY.get(request.GET.get("tab", "")) or BY_KEY["now" if counts["now"] else "open"]
    narrowing = NeedFilter(_asked(request), user=request.user)
    found = narrowing.narrow(Need.objects.visible_to(request.user).filter(tab.rows(request.user, at)))
    rows, older, newer = _page(request, found, tab, at)
    area = request.user.area
    context = {
        "at": at,
        "rows": rows,
        "tab": tab,
        "tabs": [{"tab": each, "count": counts.get(each.key)} for each in TABS],
        "to_ask": counts["to_ask"],
        "filter": narrowing,
        "narrows": narrowing.narrows,
        "older": older,
        "newer": newer,
        "query": _query(request),
        "may_work": request.user.may(WORKS),
        "show_community": area is not None and area.level != "community",
    }
    return render(request, "supplies/desk/needs.html", context)


def _counts(user: User, at: Any) -> dict[str, int]:
    """How many stand in each tab, in one query over what somebody answers for."""
    counted = {tab.key: Count("pk", filter=tab.rows(user, at)) for tab in TABS if tab.key != "all"}
    reached = Q(state=NeedState.AT_DOOR, at_door_at__lte=at - ASK_AFTER)
    return Need.objects.visible_to(user).live().aggregate(**counted, to_ask=Count("pk", filter=reached))


def _page(request: HttpRequest, found: NeedQuerySet, tab: Tab, at: Any) -> tuple[list[NeedRow], str, str]:
    """The rows that the cursors in the address ask for, and the cursors of the pages before and after."""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    related = found.select_related(
        "medical", "person", "owner", "community", "unit__building__compound"
    ).prefetch_related(LINES)
    queryset, backwards = keyset_page(related, tab.order, after=after, before=before, size=PAGE)
    page = list(queryset)
    more = len(page) > PAGE
    page = page[:PAGE]
    if backwards:
        page.reverse()
    if not page:
        return [], "", ""
    first, last = (_cursor(need, tab.order) for need in (page[0], page[-1]))
    has_older = more if not backwards else True
    has_newer = more if backwards else bool(after)
    return rows_of(page, at), last if has_older else "", first if has_newer else ""


def _cursor(need: Need, order: KeysetOrder) -> str:
    return cursor_of({column: getattr(need, column) for column in order.columns}, order)


def _query(request: HttpRequest) -> str:
    """The address's filters without tab and cursor, for links that keep them."""
    kept = request.GET.copy()
    for name in ("after", "before", "tab"):
        kept.pop(name, None)
    return kept.urlencode()


BULK = {"take": NeedVerb.TAKE, "pack": NeedVerb.PACK, "deliver": NeedVerb.DELIVER}


@requires(WORKS)
@require_POST
def needs_bulk(request: StaffRequest) -> HttpResponse:
    """Take, pack or note at the door all that are ticked; those that can't are left alone and counted."""
    verb = BULK.get(request.POST.get("act", ""))
    keys = [int(key) for key in request.POST.getlist("need") if key.isdecimal() and len(key) < 19]
    keys = keys[:MOST_AT_ONCE]
    at, done = clock.now(), 0
    chosen = Need.objects.visible_to(request.user).filter(pk__in=keys).select_related("community", "person")
    for need in chosen.order_by("rank", "due_at", "pk"):
        if verb is None or (need.kind in MEDICAL and verb is not NeedVerb.TAKE):
            continue
        with suppress(RuleViolation):  # somebody was first, or it has moved on: it stays as it is
            move(need=need, verb=verb, asker=Asker.STAFF, by=request.user, at=at)
            done += 1
    said = ngettext("Recorded for %(n)d need.", "Recorded for %(n)d needs.", done) % {"n": done}
    if left := len(keys) - done:
        said += " " + ngettext(
            "%(n)d could not: it has moved on.", "%(n)d could not: they have moved on.", left
        ) % {"n": left}
    messages.success(request, said)
    return back(request, reverse("needs"))
