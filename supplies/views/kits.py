"""Kits: what goes into one, packing parts into kits, and unpacking them again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib import messages
from django.db import transaction
from django.db.models import Sum
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.views.answers import blame, key_in
from policy import clock
from policy.refusals import RuleViolation
from supplies.actions import kits as actions
from supplies.forms.kits import PackForm, PartsForm, UnpackForm
from supplies.forms.stock import stores_of
from supplies.models import Balance, Item, KitPart, Store
from supplies.rules.stock import enough_for
from supplies.stock_rows import usable
from supplies.views.stock_moves import balance_of, item_crumb, stock_crumb


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a store has of the parts of a kit."""

    store: Store
    lines: list[tuple[Item, Decimal]]
    enough_for: int
    """So many kits can be packed of it; 0 also while nobody has said what goes into one."""


def _kit(pk: int) -> Item:
    return get_object_or_404(Item, pk=pk, is_kit=True)


def _recipe(kit: Item) -> dict[Item, Decimal]:
    return {part.item: part.quantity for part in kit.recipe.select_related("item")}


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def kit_pack(request: StaffRequest, pk: int) -> HttpResponse:
    """Pack parts into kits; what usually goes in stands there already and may be changed for once."""
    kit = _kit(pk)
    recipe = _recipe(kit)
    form = PackForm(
        request.POST or None, user=request.user, parts=recipe, initial={"store": key_in(request.GET, "store")}
    )
    if request.method == "POST" and form.is_valid():
        store, number = form.cleaned_data["store"], form.cleaned_data["kits"]
        try:
            actions.pack(
                store=store,
                kit=kit,
                kits=number,
                parts=form.parts(),
                key=form.cleaned_data["key"],
                by=request.user,
                at=clock.now(),
            )
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            words = {"store": store.name, "item": kit.name, "quantity": f"{number} {kit.unit}"}
            messages.success(request, _("%(store)s: %(quantity)s of %(item)s packed") % words)
            return redirect("stock-item", kit.pk)
    context = {
        "kit": kit,
        "form": form,
        "has_stores": form.fields["store"].queryset.exists(),  # type: ignore[attr-defined]
        "shelves": _shelves(request.user, recipe),
        "recipe": recipe,
        "crumbs": [stock_crumb(), item_crumb(kit)],
        "may_edit": request.user.may(Ability.SUPERVISE),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/stock/pack.html", context, status=status)


def _shelves(user: User, recipe: Mapping[Item, Decimal]) -> list[Shelf]:
    """The user's stores in which a part of the kit lies; two queries."""
    lying = Balance.objects.filter(
        usable(clock.today()), store__in=stores_of(user).order_by(), lot__item__in=list(recipe)
    )
    there: defaultdict[int, dict[int, Decimal]] = defaultdict(dict)
    for store, item, quantity in lying.order_by().values_list("store", "lot__item").annotate(Sum("quantity")):
        there[store][item] = quantity
    rates = {item.pk: quantity for item, quantity in recipe.items()}
    stores: Iterable[Store] = stores_of(user).filter(pk__in=list(there)) if there else []
    return [
        Shelf(
            store,
            [(item, there[store.pk].get(item.pk, Decimal(0))) for item in recipe],
            enough_for(rates, there[store.pk]),
        )
        for store in stores
    ]


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def kit_unpack(request: StaffRequest, pk: int) -> HttpResponse:
    """Open kits of a lot that was packed here; their parts lie in the store again."""
    balance = balance_of(request, pk)
    kit, lot = balance.lot.item, balance.lot
    inside = actions.contents(lot)
    if not inside.packed:
        raise Http404
    form = UnpackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["kits"]
        try:
            actions.unpack(
                store=balance.store,
                lot=lot,
                kits=number,
                key=form.cleaned_data["key"],
                by=request.user,
                at=clock.now(),
            )
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            said = ngettext(
                "%(item)s: %(n)d kit unpacked, its parts lie in the store again",
                "%(item)s: %(n)d kits unpacked, their parts lie in the store again",
                number,
            )
            messages.success(request, said % {"item": kit.name, "n": number})
            return redirect("stock-item", kit.pk)
    context = {
        "balance": balance,
        "kit": kit,
        "form": form,
        "parts": inside.of_one.items(),
        "crumbs": [stock_crumb(), item_crumb(kit)],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/stock/unpack.html", context, status=status)


@requires(Ability.SUPERVISE)
@require_http_methods(["GET", "POST"])
def kit_recipe(request: StaffRequest, pk: int) -> HttpResponse:
    """What usually goes into one kit: it holds for every area, as the list of items does."""
    kit = _kit(pk)
    form = PartsForm(request.POST or None, parts=_recipe(kit))
    if request.method == "POST" and form.is_valid():
        _set_recipe(kit, form.parts())
        messages.success(request, _("%(name)s: saved") % {"name": kit.name})
        return redirect("stock-item", kit.pk)
    context = {"kit": kit, "form": form, "crumbs": [stock_crumb(), item_crumb(kit)]}
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/stock/recipe.html", context, status=status)


@transaction.atomic
def _set_recipe(kit: Item, parts: Mapping[Item, Decimal]) -> None:
    KitPart.objects.filter(kit=kit).exclude(item__in=list(parts)).delete()
    for item, quantity in parts.items():
        KitPart.objects.update_or_create(kit=kit, item=item, defaults={"quantity": quantity})
