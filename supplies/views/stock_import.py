"""Importing a delivery list: choose the file, look at the rows and reasons, take over the good ones."""

import datetime as dt
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.spreadsheets import Cell, workbook
from cases.views.answers import blame
from policy import clock
from policy.refusals import BadInput
from supplies import delivery_list
from supplies.actions.delivering_in import take_over
from supplies.delivery_list import HEADINGS, Line
from supplies.forms.stock import DeliveryListForm, stores_of
from supplies.models import Store
from supplies.rules.stock import ITEM_CATEGORIES, ItemCategory
from supplies.views.stock import download

SHOWN = 300
"""So many good rows are drawn; rows to mend are all drawn, they are what somebody has to read."""


@never_cache
@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def stock_import(request: StaffRequest) -> HttpResponse:
    """Choose the list; the answer to it is the preview."""
    form = DeliveryListForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        store: Store = form.cleaned_data["store"]
        try:
            rows = delivery_list.read(form.cleaned_data["file"].read())
        except BadInput as mistake:
            blame(form, mistake)
        else:
            key = delivery_list.key_of(rows, store=store.pk)
            lines = delivery_list.judge(rows, user=request.user, on=clock.today())
            return _preview(request, store, lines, rows, key)
    context = {
        "form": form,
        "has_stores": stores_of(request.user).exists(),
        "headings": [str(each) for each in HEADINGS.values()],
        "categories": delivery_list.categories(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/stock/import.html", context, status=status)


def _preview(
    request: StaffRequest, store: Store, lines: Sequence[Line], rows: Sequence[delivery_list.Raw], key: str
) -> HttpResponse:
    good = [line for line in lines if line.is_good]
    context = {
        "store": store,
        "good": good[:SHOWN],
        "good_count": len(good),
        "more": max(len(good) - SHOWN, 0),
        "bad": [line for line in lines if not line.is_good],
        "new_items": len({line.name for line in good if line.is_new}),
        "packed": delivery_list.pack(rows, store=store.pk, key=key),
        "before": delivery_list.received_before(key),
    }
    return render(request, "supplies/stock/import_preview.html", context)


@requires(Ability.KEEP_STOCK)
@require_POST
def stock_import_take(request: StaffRequest) -> HttpResponse:
    """Take the good rows over, judged anew; with `step=mend` the others come back as a workbook."""
    try:
        rows, store_key, key = delivery_list.unpack(request.POST.get("packed", ""))
    except BadInput as gone:
        messages.warning(request, str(gone))
        return redirect("stock-import")
    store = get_object_or_404(Store.objects.visible_to(request.user), pk=store_key)
    lines = delivery_list.judge(rows, user=request.user, on=clock.today())
    if request.POST.get("step") == "mend":
        return _to_mend(rows, lines)
    taken = take_over(store=store, lines=lines, key=key, by=request.user, at=clock.now())
    if not taken:
        messages.warning(request, _("No row can be taken over yet."))
        return redirect("stock-import")
    messages.success(
        request, ngettext("%(n)d row taken over.", "%(n)d rows taken over.", taken) % {"n": taken}
    )
    if left := [str(line.number) for line in lines if not line.is_good]:
        numbers = ", ".join(left[:20]) + ("…" if len(left) > 20 else "")
        messages.warning(request, _("Left out: rows %(numbers)s") % {"numbers": numbers})
    return redirect(f"{reverse('stock')}?store={store.pk}")


def _to_mend(rows: Sequence[delivery_list.Raw], lines: Sequence[Line]) -> HttpResponse:
    bad = {line.number: line for line in lines if not line.is_good}
    headers = [*(str(each) for each in HEADINGS.values()), _("To be mended")]
    cells = [[*row[1:], "; ".join(bad[row[0]].reasons)] for row in rows if row[0] in bad]
    return download(workbook(_("To be mended"), headers, cells), _("Delivery list - to be mended.xlsx"))


@requires(Ability.KEEP_STOCK)
@require_safe
def stock_import_template(request: StaffRequest) -> HttpResponse:
    """An empty list with its header and one example."""
    headers = [str(each) for each in HEADINGS.values()]
    category = str(ITEM_CATEGORIES[ItemCategory.DAILY])
    next_year = clock.today() + dt.timedelta(days=365)
    example: list[Cell] = [_("vegetable parcel"), _("parcel"), category, 100, "L-1", next_year, ""]
    return download(workbook(_("Delivery list"), headers, [example]), _("Delivery list.xlsx"))
