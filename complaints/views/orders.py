"""Supervision orders: what has to be put right here, and what this office ordered.

The addressee reads the order and its own reports; the complaint behind it, its number and its complainant
never stand on its page.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.forms.episode import VerbForm
from cases.views.answers import blame
from complaints.actions import supervising
from complaints.forms.desk import AgainForm, ReportForm, VerifyOrderForm, tomorrow_evening
from complaints.models import Complaint, SupervisionOrder
from complaints.rules.supervision import (
    HIDDEN_FROM_ADDRESSEE,
    OPEN_ORDERS,
    ORDER_STATES,
    ORDER_STEPS,
    OrderState,
    OrderStepKind,
)
from policy import clock
from policy.refusals import BadInput, RuleViolation

PAGE = 50
TABS = {
    "to": pgettext_lazy("orders", "To our office"),
    "from": pgettext_lazy("orders", "From us"),
}
NAMES = ("to_office", "issued_by_office", "issued_by")


@requires(Ability.ANSWER_ORDERS)
@require_safe
def orders(request: StaffRequest) -> HttpResponse:
    """The orders to the own office, or those that it and the offices below it issued; open ones first."""
    user, at = request.user, clock.now()
    may_issue = user.may(Ability.HANDLE_COMPLAINTS)
    wanted = request.GET.get("tab", "")
    lists: dict[str, QuerySet[SupervisionOrder]] = {"to": SupervisionOrder.objects.addressed_to(user)}
    if may_issue:
        lists["from"] = SupervisionOrder.objects.issued_within(user)
    counts = {key: rows.open().count() for key, rows in lists.items()}  # type: ignore[attr-defined]
    if wanted not in lists:
        wanted = "from" if may_issue and not counts["to"] else "to"
    past = request.GET.get("state") == "verified"
    words = request.GET.get("q", "").strip()[:80]
    rows, older = _page(_named(lists[wanted], words), past=past, after=request.GET.get("after", ""))
    kept = {"tab": wanted} | ({"state": "verified"} if past else {}) | ({"q": words} if words else {})
    context = {
        "words": words,
        "query": urlencode(kept),
        "tab": wanted,
        "tabs": [{"key": key, "label": TABS[key], "count": counts[key]} for key in lists],
        "past": past,
        "lines": [(order, order.is_late(at), ORDER_STATES[OrderState(order.state)]) for order in rows],
        "older": older,
        "at": at,
        "own": user.own_office,
    }
    return render(request, "complaints/desk/orders.html", context)


def _named(found: QuerySet[SupervisionOrder], words: str) -> QuerySet[SupervisionOrder]:
    """Those whose number, addressee or issuer holds these words; all without any."""
    if not words:
        return found
    names = Q(to_office__name__icontains=words) | Q(issued_by_office__name__icontains=words)
    return found.filter(names | Q(number__icontains=words))


def _page(found: QuerySet[SupervisionOrder], *, past: bool, after: str) -> tuple[list[SupervisionOrder], str]:
    """Open ones by their date; verified ones by number of the row, the newest first. One query."""
    found = found.select_related(*NAMES).distinct()
    if past:
        found = found.filter(state=OrderState.VERIFIED)
        if after.isdecimal() and len(after) < 19:
            found = found.filter(pk__lt=int(after))
        rows = list(found.order_by("-pk")[: PAGE + 1])
        return rows[:PAGE], str(rows[PAGE - 1].pk) if len(rows) > PAGE else ""
    found = found.filter(state__in=OPEN_ORDERS)
    moment, _sep, key = after.partition("_")
    try:
        begin = dt.datetime.fromisoformat(moment) if moment else None
    except ValueError:
        begin = None
    if begin and begin.tzinfo and key.isdecimal() and len(key) < 19:
        found = found.filter(Q(due_at__gt=begin) | Q(due_at=begin, pk__gt=int(key)))
    rows = list(found.order_by("due_at", "pk")[: PAGE + 1])
    if len(rows) <= PAGE:
        return rows, ""
    last = rows[PAGE - 1]
    return rows[:PAGE], f"{last.due_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{last.pk}"


# ── one order ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One step as the reader may see it."""

    at: dt.datetime
    what: Any
    text: str
    due_at: dt.datetime | None
    who: str
    look: str


def order_of(user: User, pk: int) -> tuple[SupervisionOrder, bool]:
    """An order of one's own side, and whether the reader is on the issuing one; else a 404."""
    issued = SupervisionOrder.objects.issued_within(user).filter(pk=pk).select_related(*NAMES).first()
    if issued is not None:
        return issued, True
    to_us = SupervisionOrder.objects.addressed_to(user).select_related(*NAMES)
    return get_object_or_404(to_us, pk=pk), False


@requires(Ability.ANSWER_ORDERS)
@require_safe
def order(request: StaffRequest, pk: int) -> HttpResponse:
    """The page of an order, for either side."""
    found, is_issuer = order_of(request.user, pk)
    return order_page(request, found, is_issuer=is_issuer)


def order_page(
    request: StaffRequest,
    found: SupervisionOrder,
    *,
    is_issuer: bool,
    bound: VerbForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `bound` is the form that was refused."""
    at = clock.now()
    behind = None
    if is_issuer and found.complaint_id:
        behind = Complaint.objects.visible_to(request.user).filter(pk=found.complaint_id).first()
    context = {
        "order": found,
        "state": ORDER_STATES[OrderState(found.state)],
        "is_issuer": is_issuer,
        "is_late": found.is_late(at),
        "is_open": found.state in OPEN_ORDERS,
        "complaint": behind,
        "steps": _steps(found, is_issuer=is_issuer),
        "at": at,
        "forms": _forms(found, at, is_issuer=is_issuer, bound=bound),
    }
    return render(request, "complaints/desk/order.html", context, status=status)


def _forms(
    found: SupervisionOrder, at: dt.datetime, *, is_issuer: bool, bound: VerbForm | None
) -> dict[str, VerbForm]:
    """What this side can do with the order now; the refused form is always among them."""
    shown: dict[str, VerbForm] = {}
    if is_issuer and found.state in OPEN_ORDERS:
        if found.state == OrderState.REPORTED or found.is_late(at):
            shown["again"] = AgainForm(initial={"due_at": tomorrow_evening(at)})
        shown["verified"] = VerifyOrderForm()
    elif not is_issuer and found.state in supervising.UNREPORTED:
        shown["report"] = ReportForm()
    if bound is not None:
        shown[bound.verb] = bound
    return shown


def _steps(found: SupervisionOrder, *, is_issuer: bool) -> list[OrderLine]:
    """What happened to it, the newest first; to the addressee offices act, not people."""
    rows = found.steps.select_related("by", "office").order_by(F("at").desc(), "-pk")
    looks = {OrderStepKind.LATE: "late", OrderStepKind.AGAIN: "bad", OrderStepKind.VERIFIED: "lift"}
    lines = []
    for step in rows:
        kind = OrderStepKind(step.kind)
        hidden = not is_issuer and kind in HIDDEN_FROM_ADDRESSEE
        name = step.by.display_name if step.by else ""
        ours = is_issuer or step.office_id == found.to_office_id
        office = step.office.name if step.office else ""
        lines.append(
            OrderLine(
                at=step.at,
                what=ORDER_STEPS[kind],
                text="" if hidden else step.text,
                due_at=step.due_at if kind == OrderStepKind.AGAIN else None,
                who=" · ".join(word for word in (office, name if ours else "") if word),
                look=looks.get(kind, "key" if kind == OrderStepKind.ORDERED else ""),
            )
        )
    return lines


# ── its verbs ────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.ANSWER_ORDERS)
@require_POST
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """The addressee reports what was put right."""
    found, is_issuer = order_of(request.user, pk)
    if is_issuer:
        raise Http404
    form = ReportForm(request.POST)

    def act(values: dict[str, Any]) -> str:
        supervising.report(order=found, text=values["text"], by=request.user, at=clock.now())
        return _("Order %(number)s: reported") % {"number": found.number}

    return _do(request, found, form, act, is_issuer=False)


@requires(Ability.HANDLE_COMPLAINTS)
@require_POST
def verified(request: StaffRequest, pk: int) -> HttpResponse:
    """The issuing side saw that it is put right."""
    found = _issued(request, pk)
    form = VerifyOrderForm(request.POST)

    def act(values: dict[str, Any]) -> str:
        supervising.verify_order(order=found, text=values["text"], by=request.user, at=clock.now())
        return _("Order %(number)s: verified") % {"number": found.number}

    return _do(request, found, form, act, is_issuer=True)


@requires(Ability.HANDLE_COMPLAINTS)
@require_POST
def again(request: StaffRequest, pk: int) -> HttpResponse:
    """It is not put right yet: once more, until a new date."""
    found = _issued(request, pk)
    form = AgainForm(request.POST)

    def act(values: dict[str, Any]) -> str:
        supervising.order_again(
            order=found, text=values["text"], due_at=values["due_at"], by=request.user, at=clock.now()
        )
        return _("Order %(number)s: to be put right again") % {"number": found.number}

    return _do(request, found, form, act, is_issuer=True)


def _issued(request: StaffRequest, pk: int) -> SupervisionOrder:
    found, is_issuer = order_of(request.user, pk)
    if not is_issuer:
        raise Http404
    return found


def _do(
    request: StaffRequest,
    found: SupervisionOrder,
    form: VerbForm,
    act: Callable[[dict[str, Any]], str],
    *,
    is_issuer: bool,
) -> HttpResponse:
    if form.is_valid():
        try:
            said = act(form.cleaned_data)
        except (RuleViolation, BadInput) as refusal:
            found.refresh_from_db()
            blame(form, refusal)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(found.get_absolute_url(), status=303)
    return order_page(request, found, is_issuer=is_issuer, bound=form, status=422)
