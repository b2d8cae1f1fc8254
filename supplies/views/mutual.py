"""Mutual supply 联保联供: what is asked for in the city, what we ask for and offer; one record for both."""

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.views.answers import blame, key_in
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions import mutual as actions
from supplies.forms.mutual import AgreeForm, ArrivedForm, AskForm, OfferForm
from supplies.models import MutualSupply
from supplies.rules.delivery import MUTUAL_ENDED, MUTUAL_STATES, MutualState, MutualVerb, Side
from supplies.views.paged import NEWEST, page_of
from supplies.views.stock_moves import form_page, stock_crumb

FORMS: dict[MutualVerb, Any] = {
    MutualVerb.OFFER: OfferForm,
    MutualVerb.AGREE: AgreeForm,
    MutualVerb.RECEIVE: ArrivedForm,
}
STEPPING_BACK = (MutualVerb.DECLINE, MutualVerb.TAKE_BACK, MutualVerb.WITHDRAW)
BADGES = {
    MutualState.ASKED: "due",
    MutualState.OFFERED: "wait",
    MutualState.AGREED: "wait",
    MutualState.SHIPPED: "wait",
    MutualState.RECEIVED: "open",
    MutualState.WITHDRAWN: "due",
}
TABS: dict[str, str | Promise] = {
    "": gettext_lazy("Running"),
    "asked": gettext_lazy("Asked for in the city"),
    "ended": gettext_lazy("Ended"),
}


@requires(Ability.WORK_SUPPLIES)
@require_safe
def mutual_list(request: StaffRequest) -> HttpResponse:
    """What runs between this area and others; what is asked for nearby; what has ended."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else ""
    found, words = _in_tab(request.user, tab), request.GET.get("q", "").strip()[:40]
    if words:
        named = Q(item__name__icontains=words) | Q(asking__name__icontains=words)
        found = found.filter(named | Q(offering__name__icontains=words))
    rows = found.values(
        "pk",
        "state",
        "quantity",
        "offered_quantity",
        "received_quantity",
        "wanted_on",
        "item__name",
        "item__unit",
        "asking__name",
        "offering__name",
        "asked_at",
    )
    page = page_of(request, rows, NEWEST)
    for row in page.rows:
        row["label"] = MUTUAL_STATES[MutualState(row["state"])]
        row["badge"] = BADGES[MutualState(row["state"])]
    context = {
        "rows": page.rows,
        "pager": page,
        "tab": tab,
        "tabs": TABS.items(),
        "words": words,
        "today": clock.today(),
        "may_keep": request.user.may(Ability.KEEP_STOCK),
    }
    return render(request, "supplies/mutual/list.html", context)


def _in_tab(user: User, tab: str) -> QuerySet[MutualSupply]:
    seen = MutualSupply.objects.visible_to(user)
    if tab == "ended":
        return seen.filter(state__in=MUTUAL_ENDED)
    if tab == "asked":
        return seen.filter(state=MutualState.ASKED)
    area = user.area
    ours = (
        Q(asking__code__startswith=area.code) | Q(offering__code__startswith=area.code)
        if area
        else Q(pk=None)
    )
    return seen.exclude(state__in=MUTUAL_ENDED).filter(ours)


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def mutual_new(request: StaffRequest) -> HttpResponse:
    """Ask the other areas of the city; the page of demand prefills it."""
    today = clock.today()
    form = AskForm(request.POST or None, today=today, initial=_prefilled(request))
    if request.method == "POST" and form.is_valid() and request.user.area:
        try:
            made = actions.ask(area=request.user.area, by=request.user, at=clock.now(), **form.cleaned_data)
        except BadInput as mistake:
            blame(form, mistake)
        else:
            messages.success(request, _("Asked: the other areas of the city see it."))
            return redirect("mutual-detail", made.pk)
    return form_page(
        request,
        form,
        title=_("Ask other areas"),
        crumbs=[stock_crumb(), (reverse("mutual"), _("Mutual supply"))],
        button=_("Ask"),
        lead=_("Every area of the city sees it and may offer 〔二(十七)〕."),
    )


def _prefilled(request: StaffRequest) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    if (item := key_in(request.GET, "item")) is not None:
        initial["item"] = item
    with suppress(InvalidOperation):
        initial["quantity"] = Decimal(request.GET.get("quantity", ""))
    with suppress(ValueError):
        wanted = dt.date.fromisoformat(request.GET.get("wanted_on", ""))
        initial["wanted_on"] = max(wanted, clock.today())
    return initial


# ── one record ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the road from asking to receiving."""

    label: str | Promise
    at: dt.datetime | None
    who: User | None
    facts: list[str]


@requires(Ability.WORK_SUPPLIES)
@require_safe
def mutual_detail(request: StaffRequest, pk: int) -> HttpResponse:
    """The record, as both ends see it, and what can be done from this one."""
    found = _mutual(request, pk)
    return _page(request, found)


def _mutual(request: StaffRequest, pk: int) -> MutualSupply:
    seen = MutualSupply.objects.visible_to(request.user).select_related(
        "asking",
        "offering",
        "item",
        "from_store__area",
        "to_store__area",
        "asked_by",
        "offered_by",
        "agreed_by",
        "shipped_by",
        "received_by",
        "withdrawn_by",
    )
    return get_object_or_404(seen, pk=pk)


def _page(
    request: StaffRequest, found: MutualSupply, refused: tuple[MutualVerb, forms.Form] | None = None
) -> HttpResponse:
    may_keep = request.user.may(Ability.KEEP_STOCK)
    verbs = actions.verbs_for(found, request.user) if may_keep else []
    shown = []
    for verb in verbs:
        form = FORMS[verb](user=request.user, mutual=found) if verb in FORMS else None
        if refused and refused[0] is verb:
            form = refused[1]
        shown.append((verb, form))
    short = None
    if found.received_quantity is not None and found.offered_quantity is not None:
        short = found.offered_quantity - found.received_quantity
    context = {
        "mutual": found,
        "badge": BADGES[MutualState(found.state)],
        "steps": _steps(found),
        "verbs": shown,
        "stepping_back": [verb for verb in verbs if verb in STEPPING_BACK],
        "short": short,
        "ours": Side.ASKING in actions.sides(found, request.user),
        "today": clock.today(),
    }
    return render(request, "supplies/mutual/detail.html", context, status=422 if refused else 200)


def _steps(found: MutualSupply) -> list[Step]:
    label = MUTUAL_STATES
    steps = [
        Step(label[MutualState.ASKED], found.asked_at, found.asked_by, [found.note] if found.note else []),
        Step(label[MutualState.OFFERED], found.offered_at, found.offered_by, []),
        Step(label[MutualState.AGREED], found.agreed_at, found.agreed_by, []),
        Step(label[MutualState.SHIPPED], found.shipped_at, found.shipped_by, []),
        Step(
            label[MutualState.RECEIVED],
            found.received_at,
            found.received_by,
            [found.received_note] if found.received_note else [],
        ),
    ]
    if found.withdrawn_at:
        done = [step for step in steps if step.at]
        return [*done, Step(label[MutualState.WITHDRAWN], found.withdrawn_at, found.withdrawn_by, [])]
    return steps


DONE = {
    MutualVerb.OFFER: gettext_lazy("Offered: the other area has to agree."),
    MutualVerb.AGREE: gettext_lazy("Agreed: the other area ships it."),
    MutualVerb.DECLINE: gettext_lazy("Declined: other areas may offer."),
    MutualVerb.SHIP: gettext_lazy("Shipped: it has left the store."),
    MutualVerb.RECEIVE: gettext_lazy("Received: it lies in the store."),
    MutualVerb.TAKE_BACK: gettext_lazy("The offer is taken back."),
    MutualVerb.WITHDRAW: gettext_lazy("Withdrawn."),
}


@requires(Ability.KEEP_STOCK)
@require_POST
def mutual_act(request: StaffRequest, pk: int, verb: str) -> HttpResponse:
    """One step of the table, from the end that it belongs to."""
    found = _mutual(request, pk)
    try:
        act = MutualVerb(verb.replace("-", "_"))
    except ValueError as error:
        raise Http404 from error
    form = FORMS[act](request.POST, user=request.user, mutual=found) if act in FORMS else forms.Form({})
    if not form.is_valid():
        return _page(request, found, (act, form))
    try:
        _do(act, found, form.cleaned_data, request.user)
    except (RuleViolation, BadInput) as refusal:
        if act in FORMS:
            blame(form, refusal)
            found.refresh_from_db()
            if act in actions.verbs_for(found, request.user):
                return _page(request, found, (act, form))
        messages.error(request, str(refusal))
    else:
        messages.success(request, DONE[act])
    return redirect("mutual-detail", found.pk)


def _do(act: MutualVerb, found: MutualSupply, values: dict[str, Any], by: User) -> None:
    at = clock.now()
    if act is MutualVerb.OFFER:
        actions.offer(mutual=found, **values, by=by, at=at)
    elif act is MutualVerb.AGREE:
        actions.agree(mutual=found, **values, by=by, at=at)
    elif act is MutualVerb.RECEIVE:
        actions.receive(mutual=found, **values, by=by, at=at)
    else:
        simple = {
            MutualVerb.DECLINE: actions.decline,
            MutualVerb.SHIP: actions.ship,
            MutualVerb.TAKE_BACK: actions.take_back,
            MutualVerb.WITHDRAW: actions.withdraw,
        }
        simple[act](mutual=found, by=by, at=at)
