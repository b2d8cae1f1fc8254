"""Receiving points, delivery people and cars of the compounds (N二(十七): the last metre)."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.rules import masked_phone
from cases.views.answers import key_in
from supplies.forms.rounds import KINDS
from supplies.models import Car, Carrier, ReceivingPoint
from supplies.views.stock_moves import form_page
from zones.models import Compound

NEW: dict[str, str | Promise] = {
    "points": gettext_lazy("New receiving point"),
    "people": gettext_lazy("New delivery person"),
    "cars": gettext_lazy("New compound car"),
}
SHOWN = 1000


@dataclass(slots=True)
class OfCompound:
    """What a compound has for the last metre."""

    compound: Compound
    points: list[ReceivingPoint] = field(default_factory=list)
    people: list[tuple[Carrier, str]] = field(default_factory=list)
    """With the telephone, masked."""
    cars: list[Car] = field(default_factory=list)


@requires(Ability.WORK_SUPPLIES)
@require_safe
def carrying(request: StaffRequest) -> HttpResponse:
    """By compound: where deliveries arrive, who carries them, which car; three queries."""
    found: defaultdict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    compounds: dict[int, Compound] = {}
    models = (("points", ReceivingPoint), ("people", Carrier), ("cars", Car))
    for name, model in models:
        rows = model.objects.visible_to(request.user).select_related("compound__community")[:SHOWN]
        for row in rows:
            compounds[row.compound_id] = row.compound
            found[row.compound_id][name].append(row)
    groups = [
        OfCompound(
            compounds[key],
            rows["points"],
            [(person, masked_phone(person.phone)) for person in rows["people"]],
            rows["cars"],
        )
        for key, rows in sorted(found.items(), key=lambda each: compounds[each[0]].name)
    ]
    context = {"groups": groups, "may_keep": request.user.may(Ability.KEEP_STOCK), "new": NEW.items()}
    return render(request, "supplies/rounds/carrying.html", context)


@requires(Ability.KEEP_STOCK)
@require_http_methods(["GET", "POST"])
def carrying_edit(request: StaffRequest, kind: str, pk: int | None = None) -> HttpResponse:
    """A new receiving point, person or car, or one that is corrected."""
    if kind not in KINDS:
        raise Http404
    form_class = KINDS[kind]
    model = form_class._meta.model
    instance = get_object_or_404(model.objects.visible_to(request.user), pk=pk) if pk is not None else None
    compound = key_in(request.GET, "compound")
    initial = {"compound": compound} if compound is not None and instance is None else {}
    form = form_class(request.POST or None, user=request.user, instance=instance, initial=initial)
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, _("%(name)s: saved") % {"name": saved})
        return redirect("carrying")
    return form_page(
        request,
        form,
        title=str(instance) if instance else str(NEW[kind]),
        crumbs=[
            (reverse("rounds"), _("Rounds")),
            (reverse("carrying"), _("Receiving points, people and cars")),
        ],
        button=_("Save"),
    )
