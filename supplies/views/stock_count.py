"""Counting a store: a sheet with every lot, the differences before anything is written, the movements."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import blame
from policy import clock
from policy.refusals import RuleViolation
from supplies.actions import stock as actions
from supplies.forms.stock import CountForm
from supplies.models import Balance, Store

LINES = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One lot of the sheet."""

    balance: Balance
    field: Any
    was: Any
    difference: Decimal | None
    moved: bool
    """The stock has changed since the sheet was drawn."""


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def stock_count(request: StaffRequest, pk: int) -> HttpResponse:
    """The sheet (`?print=1` on paper); POST shows the differences, and with `step=save` takes them over.

    With `?all=1` also the lots of which nothing should be there: somebody may have found one of them.
    """
    stores = Store.objects.visible_to(request.user).select_related("area")
    store = get_object_or_404(stores, pk=pk)
    everything = bool(request.GET.get("all"))
    balances = list(_lying(store, _on_the_sheet(request), everything=everything))
    if request.method != "POST" and request.GET.get("print"):
        context = {"store": store, "balances": balances, "today": clock.today(), "printed_at": clock.now()}
        return render(request, "supplies/stock/count_sheet.html", context)
    form = CountForm(request.POST or None, balances=balances)
    looked = False
    if request.method == "POST" and form.is_valid():
        counted = form.counted()
        if not counted:
            form.add_error(None, _("Nothing was counted: write at least one quantity."))
        elif request.POST.get("step") != "save":
            looked = True
        elif _saved(request, store, form):
            return redirect("stock")
    lines = _lines(form, balances)
    context = {
        "store": store,
        "form": form,
        "lines": lines,
        "looked": looked,
        "everything": everything,
        "differences": sum(1 for line in lines if line.difference),
        "counted": sum(1 for line in lines if line.difference is not None),
    }
    refused = request.method == "POST" and not looked
    return render(request, "supplies/stock/count.html", context, status=422 if refused else 200)


def _on_the_sheet(request: StaffRequest) -> list[int]:
    """The lots that somebody wrote a quantity for: also what was issued to the last since is looked at."""
    written = [name.removeprefix("lot_") for name, value in request.POST.items() if str(value).strip()]
    return [int(key) for key in written if key.isascii() and key.isdecimal() and len(key) < 19][:LINES]


def _lying(store: Store, counted: list[int], *, everything: bool) -> Any:
    lying = Balance.objects.filter(store=store).select_related("lot__item")
    if not everything:
        lying = lying.filter(Q(quantity__gt=0) | Q(lot__in=counted))
    return lying.order_by(
        "lot__item__category", "lot__item__name", F("lot__expires_on").asc(nulls_last=True), "lot"
    )[:LINES]


def _lines(form: CountForm, balances: list[Balance]) -> list[Line]:
    checked = form.is_bound and hasattr(form, "cleaned_data")
    counted = form.counted() if checked else {}
    lines = []
    for balance in balances:
        expected = form.expected(balance) if checked else balance.quantity
        value = counted.get(balance)
        lines.append(
            Line(
                balance,
                form[f"lot_{balance.lot_id}"],
                # The sheet of the next try says what lies there now.
                balance.quantity,
                None if value is None else value - balance.quantity,
                value is not None and expected != balance.quantity,
            )
        )
    return lines


def _saved(request: StaffRequest, store: Store, form: CountForm) -> bool:
    counted = form.counted()
    try:
        written = actions.count_stock(
            store=store,
            counted={balance.lot: value for balance, value in counted.items()},
            expected={balance.lot: form.expected(balance) for balance in counted},
            key=form.cleaned_data["key"],
            by=request.user,
            at=clock.now(),
        )
    except RuleViolation as refusal:
        blame(form, refusal)
        return False
    words = {"n": written.lines, "store": store.name, "m": written.differences}
    sentence = ngettext("%(store)s: %(n)d line counted", "%(store)s: %(n)d lines counted", written.lines)
    rest = ngettext("%(m)d difference", "%(m)d differences", written.differences)
    messages.success(request, f"{sentence % words} · {rest % words}")
    return True
