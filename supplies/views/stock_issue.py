"""Issuing against a need: choose the store, the lines are there already; what came back is given back."""

from decimal import Decimal

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import back, blame
from policy import clock
from policy.refusals import RuleViolation
from supplies.actions import stock as actions
from supplies.actions.issuing import issue_for_need, issued
from supplies.forms.stock import GiveBackForm, IssueForm, stores_of
from supplies.models import Balance, Movement, Need
from supplies.rules.needs import NeedState
from supplies.rules.stock import MovementKind
from supplies.stock_rows import usable


def _need(request: StaffRequest, pk: int) -> Need:
    needs = Need.objects.visible_to(request.user).select_related(
        "person", "community", "unit__building__compound"
    )
    return get_object_or_404(needs, pk=pk)


def page_of_need(need: Need) -> str:
    """Where to go back to."""
    return reverse("need", args=[need.pk])


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def need_issue(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the items of a need out of a store; with that it is packed."""
    need = _need(request, pk)
    lines = list(need.lines.select_related("item"))
    out = issued(need)
    left = {
        line.pk: max(line.quantity - out.get(line.item_id, Decimal(0)), Decimal(0))
        for line in lines
        if line.item_id
    }
    form = IssueForm(request.POST or None, user=request.user, need=need, lines=lines, left=left)
    if request.method == "POST" and form.is_valid():
        try:
            issue_for_need(
                need=need,
                store=form.cleaned_data["store"],
                wanted=form.wanted(),
                key=form.cleaned_data["key"],
                by=request.user,
                at=clock.now(),
            )
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("%(number)s: issued") % {"number": need.number})
            return back(request, page_of_need(need))
    context = {
        "need": need,
        "form": form,
        "out": _out(request, need),
        "there": _there(request, [line.item_id for line in lines if line.item_id]),
        "has_stores": stores_of(request.user).exists(),
        "may_issue": need.is_live and need.state != NeedState.AT_DOOR,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/stock/issue.html", context, status=status)


def _there(request: StaffRequest, items: list[int]) -> list[Balance]:
    """Where the wanted items lie; what expires first stands first."""
    if not items:
        return []
    lying = Balance.objects.filter(
        usable(clock.today()), lot__item__in=items, store__in=stores_of(request.user)
    )
    return list(
        lying.select_related("store", "lot__item").order_by("lot__item", "store__name", "lot__expires_on")[
            :60
        ]
    )


def _out(request: StaffRequest, need: Need) -> list[tuple[Movement, Decimal, GiveBackForm]]:
    """What is out for a need, by store and lot, with a form for what comes back."""
    moved: dict[tuple[int, int], Decimal] = {}
    first: dict[tuple[int, int], Movement] = {}
    rows = Movement.objects.filter(need=need, kind__in=[MovementKind.ISSUE, MovementKind.RETURN])
    for row in rows.select_related("store", "lot__item").order_by("pk"):
        place = (row.store_id, row.lot_id)
        moved[place] = moved.get(place, Decimal(0)) - row.quantity
        first.setdefault(place, row)
    found = []
    for place, quantity in moved.items():
        if quantity > 0:
            initial = {"store": place[0], "lot": place[1], "quantity": quantity}
            form = GiveBackForm(user=request.user, initial=initial, auto_id=f"back_{place[0]}_{place[1]}_%s")
            found.append((first[place], quantity, form))
    return found


@requires(Ability.KEEP_STOCK)
@require_POST
def need_give_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Put back into the store what was issued for a need and came back."""
    need = _need(request, pk)
    form = GiveBackForm(request.POST, user=request.user)
    here = reverse("need-issue", args=[need.pk])
    if not form.is_valid():
        if "store" in form.errors or "lot" in form.errors:
            raise Http404
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return back(request, here)
    values = form.cleaned_data
    try:
        actions.give_back(
            store=values["store"],
            lot=values["lot"],
            quantity=values["quantity"],
            need=need,
            key=values["key"],
            by=request.user,
            at=clock.now(),
        )
    except RuleViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(item)s: back in the store") % {"item": values["lot"].item.name})
    return back(request, here)
