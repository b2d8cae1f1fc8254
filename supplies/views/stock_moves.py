"""What moves stock by hand: receive, transfer, throw away; and the minimum below which an item is short."""

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.views.answers import blame, key_in
from policy import clock
from policy.refusals import RuleViolation
from supplies.actions import stock as actions
from supplies.forms.stock import MinimumForm, ReceiveForm, TransferForm, new_key
from supplies.models import Balance, Item, MinimumLevel, Store
from supplies.rules.stock import plain


def form_page(
    request: StaffRequest,
    form: forms.Form | forms.ModelForm,
    *,
    title: str,
    crumbs: list[tuple[str, str]],
    button: str,
    lead: str = "",
    status: int | None = None,
) -> HttpResponse:
    """One form on a page of its own; `crumbs` are the pages above (address, name), the nearest last."""
    context = {"form": form, "title": title, "crumbs": crumbs, "button": button, "lead": lead}
    refused = request.method == "POST"
    return render(request, "supplies/stock/form.html", context, status=status or (422 if refused else 200))


def stock_crumb() -> tuple[str, str]:
    """The page of stock."""
    return reverse("stock"), _("Stock")


def item_crumb(item: Item) -> tuple[str, str]:
    """The page of an item."""
    return reverse("stock-item", args=[item.pk]), item.name


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def stock_receive(request: StaffRequest) -> HttpResponse:
    """Write down what came in; `?item=` and `?store=` are chosen already."""
    asked = {"item": key_in(request.GET, "item"), "store": key_in(request.GET, "store")}
    initial = {name: value for name, value in asked.items() if value is not None}
    form = ReceiveForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        item = _received(values, by=request.user, at=clock.now())
        words = {"item": item.name, "quantity": f"{plain(values['quantity'])} {item.unit}"}
        messages.success(request, _("%(item)s: %(quantity)s received") % words)
        if expires_on := values["expires_on"]:
            _warn_of_expiry(request, expires_on)
        return redirect("stock-item", item.pk)
    context = {"form": form, "has_stores": form.fields["store"].queryset.exists()}  # type: ignore[attr-defined]
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/stock/receive.html", context, status=status)


def _received(values: dict[str, Any], *, by: User, at: dt.datetime) -> Item:
    with transaction.atomic():
        item: Item = (
            values["item"]
            or Item.objects.get_or_create(
                name=values["new_name"].strip(),
                defaults={
                    "unit": values["unit"],
                    "category": values["category"],
                    "keeps_expiry": values["expires_on"] is not None,
                },
            )[0]
        )
        lot = actions.ensure_lot(
            item, code=values["code"].strip(), expires_on=values["expires_on"], supplier=values["supplier"]
        )
        actions.receive(
            store=values["store"],
            lot=lot,
            quantity=values["quantity"],
            note=values["note"],
            key=values["key"],
            by=by,
            at=at,
        )
    return item


def _warn_of_expiry(request: StaffRequest, expires_on: dt.date) -> None:
    if expires_on <= clock.today():
        messages.warning(request, _("This lot has expired already: it is never handed out."))


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def stock_transfer(request: StaffRequest, pk: int) -> HttpResponse:
    """Take part of a lot to another store."""
    balance = balance_of(request, pk)
    item = balance.lot.item
    form = TransferForm(request.POST or None, user=request.user, balance=balance)
    if request.method == "POST" and form.is_valid():
        try:
            actions.transfer(
                from_store=balance.store,
                to_store=form.cleaned_data["to_store"],
                lot=balance.lot,
                quantity=form.cleaned_data["quantity"],
                key=form.cleaned_data["key"],
                by=request.user,
                at=clock.now(),
            )
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            words = {"item": item.name, "store": form.cleaned_data["to_store"].name}
            messages.success(request, _("%(item)s: transferred to %(store)s") % words)
            return redirect("stock-item", item.pk)
    there = {"store": balance.store.name, "quantity": f"{plain(balance.quantity)} {item.unit}"}
    return form_page(
        request,
        form,
        title=_("Transfer %(item)s") % {"item": item.name},
        crumbs=[stock_crumb(), item_crumb(item)],
        button=_("Transfer"),
        lead=_("%(store)s: %(quantity)s there") % there,
    )


def balance_of(request: StaffRequest, pk: int) -> Balance:
    """A lot in a store of the user's area; a neighbour's is a 404 like one that does not exist."""
    stores = Store.objects.visible_to(request.user).order_by()
    balances = Balance.objects.filter(store__in=stores).select_related("store__area", "lot__item")
    return get_object_or_404(balances, pk=pk)


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def stock_minimum(request: StaffRequest, pk: int) -> HttpResponse:
    """Say below which quantity an item of a store is short; 0 takes the minimum away."""
    item = get_object_or_404(Item, pk=pk)
    store = key_in(request.GET, "store")
    initial: dict[str, Any] = {"store": store} if store is not None else {}
    least = MinimumLevel.objects.filter(item=item, store=store).values_list("quantity", flat=True).first()
    if least is not None:
        initial["quantity"] = least
    form = MinimumForm(request.POST or None, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        _set_minimum(item, **form.cleaned_data)
        messages.success(request, _("%(item)s: minimum set") % {"item": item.name})
        return redirect("stock-item", item.pk)
    return form_page(
        request,
        form,
        title=_("Minimum of %(item)s") % {"item": item.name},
        crumbs=[stock_crumb(), item_crumb(item)],
        button=_("Save"),
        lead=_("Below it the item stands among the alerts. A local setting."),
    )


def _set_minimum(item: Item, *, store: Store, quantity: Any) -> None:
    if quantity:
        MinimumLevel.objects.update_or_create(store=store, item=item, defaults={"quantity": quantity})
    else:
        MinimumLevel.objects.filter(store=store, item=item).delete()


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def stock_expired(request: StaffRequest) -> HttpResponse:
    """What has expired, store by store; what is ticked is thrown away."""
    today = clock.today()
    stores = Store.objects.visible_to(request.user).order_by()
    expired = (
        Balance.objects.filter(store__in=stores, quantity__gt=0, lot__expires_on__lte=today)
        .select_related("store__area", "lot__item")
        .order_by("store__area__code", "store__name", "lot__expires_on", "pk")
    )
    if request.method == "POST":
        keys = [int(key) for key in request.POST.getlist("balance") if key.isdecimal() and len(key) < 19]
        thrown = _throw_away(expired.filter(pk__in=keys), key=request.POST.get("key", ""), request=request)
        if thrown:
            words = ngettext("%(n)d lot thrown away", "%(n)d lots thrown away", thrown) % {"n": thrown}
            messages.success(request, words)
        else:
            messages.warning(request, _("Nothing was ticked that has expired."))
        return HttpResponseRedirect(reverse("stock-expired"), status=303)
    groups = [(store, list(rows)) for store, rows in groupby(expired[:500], key=lambda each: each.store)]
    context = {"groups": groups, "key": new_key(), "today": today}
    return render(request, "supplies/stock/expired.html", context)


def _throw_away(balances: Iterable[Balance], *, key: str, request: StaffRequest) -> int:
    thrown, at = 0, clock.now()
    act = key if len(key) == 32 and key.isalnum() else new_key()
    with transaction.atomic():
        for store, rows in groupby(balances, key=lambda each: each.store):
            thrown += actions.throw_away_expired(
                store=store, lots=[row.lot for row in rows], key=f"{act}-{store.pk}", by=request.user, at=at
            )
    return thrown
