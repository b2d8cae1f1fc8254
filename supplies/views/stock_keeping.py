"""What stock stands on: stores, items, suppliers with the mark of the white list."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability
from supplies.forms.stock import ItemForm, StoreForm, SupplierForm
from supplies.models import Item, Store, Supplier
from supplies.views.stock_moves import form_page, item_crumb, stock_crumb


@requires(Ability.WORK_SUPPLIES)
@require_safe
def stores(request: StaffRequest) -> HttpResponse:
    """The stores of the area, each with its count sheet."""
    found = Store.objects.visible_to(request.user).select_related("area", "site")
    context = {
        "stores": found.annotate(lots=Count("balances", filter=Q(balances__quantity__gt=0)))[:500],
        "may_keep": request.user.may(Ability.KEEP_STOCK),
    }
    return render(request, "supplies/stock/stores.html", context)


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def store_edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A new store, or one that is corrected."""
    store = get_object_or_404(Store.objects.visible_to(request.user), pk=pk) if pk is not None else None
    form = StoreForm(request.POST or None, user=request.user, instance=store)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("%(name)s: saved") % {"name": saved.name})
        return redirect("stores")
    return form_page(
        request,
        form,
        title=store.name if store else _("New store"),
        crumbs=[stock_crumb(), (reverse("stores"), _("Stores"))],
        button=_("Save"),
    )


@requires(Ability.SUPERVISE)
@require_http_methods(["GET", "POST"])
def item_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct an item of the list that all areas share; also how much a head and day is."""
    item = get_object_or_404(Item, pk=pk)
    form = ItemForm(request.POST or None, instance=item)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("%(name)s: saved") % {"name": item.name})
        return redirect("stock-item", item.pk)
    return form_page(
        request,
        form,
        title=_("Edit %(name)s") % {"name": Item.objects.get(pk=pk).name},
        crumbs=[stock_crumb(), item_crumb(item)],
        button=_("Save"),
    )


@requires(Ability.WORK_SUPPLIES)
@require_safe
def suppliers(request: StaffRequest) -> HttpResponse:
    """Who delivers here, the white-listed first."""
    found = (
        Supplier.objects.visible_to(request.user)
        .select_related("area")
        .order_by("-enabled", "-white_listed", "name")
    )
    area = request.user.area
    context = {
        "suppliers": [(each, area is not None and area.covers(each.area)) for each in found[:500]],
        "may_edit": request.user.may(Ability.SUPERVISE),
    }
    return render(request, "supplies/stock/suppliers.html", context)


@requires(Ability.SUPERVISE)
@require_http_methods(["GET", "POST"])
def supplier_edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A new supplier of the supervisor's area, or one of it or below that is corrected."""
    area = request.user.area
    if pk is None:
        supplier = Supplier(area=area)
    else:
        below = Supplier.objects.filter(area__in=Area.objects.visible_to(request.user))
        supplier = get_object_or_404(below.select_related("area"), pk=pk)
    form = SupplierForm(request.POST or None, area=supplier.area, instance=supplier)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("%(name)s: saved") % {"name": saved.name})
        return redirect("suppliers")
    return form_page(
        request,
        form,
        title=supplier.name if pk is not None else _("New supplier"),
        crumbs=[stock_crumb(), (reverse("suppliers"), _("Suppliers"))],
        button=_("Save"),
        lead=_("A supplier on the white list may not be told to stop 〔二(十九)〕."),
    )
