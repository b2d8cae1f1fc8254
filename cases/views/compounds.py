"""Compounds: the list, the drawing 楼栋图 with the page of each unit, and entering and mending both."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.compound_drawing import FRESH_DAYS, compound_lines, draw_compound
from cases.forms.compound import (
    BuildingForm,
    CompoundFilterForm,
    CompoundForm,
    GridForm,
    OddForm,
    UnitForm,
)
from cases.inside import residents_of_unit
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.views.access import people_at_hand
from cases.views.answers import blame, htmx
from policy import clock
from policy.refusals import BadInput, RuleViolation
from policy.strip import Strip
from zones.actions import places
from zones.models import Building, Compound, Unit, UnitSeal
from zones.rules import SEAL_STATES, PlaceKind, in_order
from zones.strip import strip_of

PAGE = 50
ORDER = KeysetOrder(("community_id", "id"))


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.SEE_CASES)
@require_safe
def compounds(request: StaffRequest) -> HttpResponse:
    """One keyset page of the compounds of the user's area, with what is sealed there and who is at home."""
    at = clock.now()
    form = CompoundFilterForm(request.GET)
    found = _narrowed(Compound.objects.visible_to(request.user), form)
    rows, back = keyset_page(
        found.select_related("community"),
        ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
        size=PAGE,
    )
    page = list(rows)
    more, page = len(page) > PAGE, page[:PAGE]
    if back:
        page.reverse()
    context = {
        "lines": compound_lines(page, user=request.user, at=at),
        "form": form,
        "narrowed": any(form.cleaned_data.values()) if form.is_valid() else True,
        "next": _cursor(page[-1]) if page and (more or back) else "",
        "previous": _cursor(page[0]) if page and (more if back else bool(request.GET.get("after"))) else "",
        "query": urlencode(
            {key: request.GET[key] for key in ("q", "kind", "sealed") if request.GET.get(key)}
        ),
        "may_work": request.user.may(Ability.WORK_CASES),
    }
    return render(request, "compounds/compounds.html", context)


def _cursor(compound: Compound) -> str:
    return cursor_of({"community_id": compound.community_id, "id": compound.pk}, ORDER)


def _narrowed(found: QuerySet[Compound], form: CompoundFilterForm) -> QuerySet[Compound]:
    if not form.is_valid():
        return found
    cleaned = form.cleaned_data
    if cleaned["q"].strip():
        words = cleaned["q"].strip()
        found = found.filter(Q(name__icontains=words) | Q(address__icontains=words))
    if cleaned["kind"]:
        found = found.filter(kind=cleaned["kind"])
    if cleaned["sealed"]:
        sealed = UnitSeal.objects.holding(clock.now()).values("unit__building__compound")
        found = found.filter(pk__in=sealed)
    return found


# ── the drawing ──────────────────────────────────────────────────────────────────────────────────


def compound_of(request: StaffRequest, pk: int) -> Compound:
    """A compound of the user's area; a neighbour's is a 404 like one that does not exist."""
    found = Compound.objects.visible_to(request.user).select_related("community")
    return get_object_or_404(found, pk=pk)


@requires(Ability.SEE_CASES)
@require_safe
def compound(request: StaffRequest, pk: int) -> HttpResponse:
    """楼栋图: buildings × units, sealed ones hatched; supervisors tick units and designate them."""
    found = compound_of(request, pk)
    drawing = draw_compound(found, user=request.user, at=clock.now())
    designate = _address("zone-designate") if request.user.may(Ability.SUPERVISE) else ""
    context = {
        "compound": found,
        "drawing": drawing,
        "today": clock.today(),
        "fresh_days": FRESH_DAYS,
        "designate_url": designate,
        "tickable": bool(designate) and len(drawing.sealed) < len(drawing.units),
        "may_work": request.user.may(Ability.WORK_CASES),
    }
    return render(request, "compounds/compound.html", context)


def _address(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class SealShown:
    """One time the unit was sealed."""

    seal: UnitSeal
    strip: Strip
    label: str
    holds: bool


@requires(Ability.SEE_CASES)
@require_safe
def unit(request: StaffRequest, pk: int) -> HttpResponse:
    """One unit: its people, its seal, and every time it was sealed; in the dialog or as a page."""
    at, today = clock.now(), clock.today()
    found = unit_of(request, pk)
    seals = UnitSeal.objects.filter(unit=found).select_related("zone").order_by("-starts_at", "-pk")
    holding = set(seals.holding(at).values_list("pk", flat=True))
    shown = [
        SealShown(
            seal=seal,
            strip=strip_of(seal, at, today=today),
            label=str(SEAL_STATES[seal.state(at)]),
            holds=seal.pk in holding,
        )
        for seal in seals
    ]
    context = {
        "unit": found,
        "compound": found.building.compound,
        "seals": shown,
        "now": next((each for each in shown if each.holds), None),
        "residents": residents_of_unit(
            found, people=people_at_hand(request.user), user=request.user, today=today
        ),
        "may_work": request.user.may(Ability.WORK_CASES),
        "zone_known": bool(_address("zone", 1)),
        "today": today,
    }
    in_dialog = htmx(request) and htmx(request).target == "dialog"
    return render(request, "compounds/_unit_dialog.html" if in_dialog else "compounds/unit.html", context)


def unit_of(request: StaffRequest, pk: int) -> Unit:
    """A unit of the user's area; a neighbour's is a 404."""
    found = Unit.objects.visible_to(request.user).select_related("building__compound__community")
    return get_object_or_404(found, pk=pk)


def building_of(request: StaffRequest, pk: int) -> Building:
    """A building of the user's area; a neighbour's is a 404."""
    found = Building.objects.visible_to(request.user).select_related("compound__community")
    return get_object_or_404(found, pk=pk)


# ── entering ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def compound_new(request: StaffRequest) -> HttpResponse:
    """A new compound; what comes next are its buildings."""
    form = CompoundForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = places.make_compound(
                community=form.community_meant, **_facts(form), by=request.user, at=clock.now()
            )
        except BadInput as mistake:
            blame(form, mistake)
        else:
            messages.success(request, _("%(name)s: entered. Now its buildings.") % {"name": made.name})
            return redirect("compound-grid", made.pk)
    return _form_page(request, form, title=_("New compound"), back=reverse("compounds"))


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def compound_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Mend name, kind and address."""
    found = compound_of(request, pk)
    form = CompoundForm(request.POST or None, user=request.user, compound=found)
    if request.method == "POST" and form.is_valid():
        try:
            places.change_compound(compound=found, **_facts(form), by=request.user, at=clock.now())
        except (BadInput, RuleViolation) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("Corrected"))
            return redirect("compound", found.pk)
    title = _("Edit %(name)s") % {"name": found.name}
    return _form_page(request, form, title=title, back=reverse("compound", args=[found.pk]))


def _facts(form: CompoundForm) -> dict[str, Any]:
    cleaned = form.cleaned_data
    return {"name": cleaned["name"], "kind": PlaceKind(cleaned["kind"]), "address": cleaned["address"]}


def _form_page(request: StaffRequest, form: forms.Form, *, title: str, back: str) -> HttpResponse:
    context = {"form": form, "title": title, "back": back}
    status = 422 if request.method == "POST" else 200
    return render(request, "compounds/form.html", context, status=status)


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def compound_grid(request: StaffRequest, pk: int) -> HttpResponse:
    """Rows × columns: first what would be made, then it is made; one odd building at once."""
    found = compound_of(request, pk)
    what = request.POST.get("what", "")
    grid = GridForm(request.POST if what in ("preview", "save", "change") else None, label_suffix="")
    odd = OddForm(request.POST if what == "odd" else None)
    foreseen = None
    if what in ("preview", "save") and grid.is_valid():
        if what == "save" and _laid(request, found, grid, floors=grid.cleaned_data["floors"]):
            return redirect("compound-grid", found.pk)
        foreseen = _foreseen(found, grid)
    elif what == "odd" and odd.is_valid() and _laid(request, found, odd, floors=odd.cleaned_data["floors"]):
        return redirect("compound-grid", found.pk)
    context = {
        "compound": found,
        "grid": grid,
        "odd": odd,
        "foreseen": foreseen,
        "houses": _houses(foreseen) if foreseen else [],
        "buildings": sorted(
            found.buildings.prefetch_related("units"), key=lambda building: in_order(building.name)
        ),
    }
    refused = (what in ("preview", "save") and foreseen is None) or what == "odd"
    return render(request, "compounds/grid.html", context, status=422 if refused else 200)


def _foreseen(compound: Compound, form: GridForm) -> places.Grid | None:
    """What would be made; None when the names are no names, with the sentence at its field."""
    try:
        return places.grid_of(compound=compound, **form.values())
    except BadInput as mistake:
        blame(form, mistake)
        return None


def _houses(grid: places.Grid) -> list[tuple[str, bool, list[str]]]:
    """Each building of the preview: name, whether it is there already, and its new units."""
    units: dict[str, list[str]] = {}
    for building, unit_name in grid.units:
        units.setdefault(building, []).append(unit_name)
    names = sorted([*grid.buildings, *grid.kept], key=in_order)
    kept = set(grid.kept)
    return [(name, name in kept, units.get(name, [])) for name in names]


def _laid(request: StaffRequest, compound: Compound, form: GridForm | OddForm, *, floors: int | None) -> bool:
    """Make it and say what was made; False when it was refused, with the sentence at its field."""
    try:
        grid = places.lay_grid(
            compound=compound, floors=floors, by=request.user, at=clock.now(), **form.values()
        )
    except BadInput as mistake:
        mistake.field = {"buildings": "name" if isinstance(form, OddForm) else "pattern"}.get(
            mistake.field, mistake.field
        )
        blame(form, mistake)
        return False
    messages.success(request, _made_words(grid))
    return True


def _made_words(grid: places.Grid) -> str:
    houses, stairs, kept = len(grid.buildings), len(grid.units), len(grid.kept)
    if not houses and not stairs:
        return _("Nothing new: all of it was there already.")
    words = [
        ngettext("%(n)d building made", "%(n)d buildings made", houses) % {"n": houses},
        ngettext("%(n)d unit made", "%(n)d units made", stairs) % {"n": stairs},
    ]
    if kept:
        words.append(
            ngettext("%(n)d building was there already", "%(n)d buildings were there already", kept)
            % {"n": kept}
        )
    return " · ".join(words)


# ── mending ──────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def building_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Mend the name and the floors of a building."""
    found = building_of(request, pk)
    form = BuildingForm(request.POST or None, building=found)
    back = reverse("compound-grid", args=[found.compound_id])
    if request.method == "POST" and form.is_valid():
        try:
            places.change_building(building=found, **form.cleaned_data, by=request.user, at=clock.now())
        except (BadInput, RuleViolation) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("Corrected"))
            return redirect(back)
    return _form_page(request, form, title=_("Edit %(name)s") % {"name": found.name}, back=back)


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def unit_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Mend the name of a unit."""
    found = unit_of(request, pk)
    form = UnitForm(request.POST or None, unit=found)
    back = reverse("compound-grid", args=[found.building.compound_id])
    if request.method == "POST" and form.is_valid():
        try:
            places.change_unit(unit=found, name=form.cleaned_data["name"], by=request.user, at=clock.now())
        except (BadInput, RuleViolation) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("Corrected"))
            return redirect(back)
    return _form_page(request, form, title=_("Edit %(name)s") % {"name": found}, back=back)


@requires(Ability.WORK_CASES)
@require_POST
def building_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a building on which nothing hangs."""
    found = building_of(request, pk)
    try:
        places.remove_building(building=found, by=request.user, at=clock.now())
    except RuleViolation as refusal:
        messages.error(request, f"{found.name}: {refusal}")
    else:
        messages.success(request, _("%(name)s: removed") % {"name": found.name})
    return redirect("compound-grid", found.compound_id)


@requires(Ability.WORK_CASES)
@require_POST
def unit_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back a unit on which nothing hangs."""
    found = unit_of(request, pk)
    name, compound_key = f"{found.building.name}{found.name}", found.building.compound_id
    try:
        places.remove_unit(unit=found, by=request.user, at=clock.now())
    except RuleViolation as refusal:
        messages.error(request, f"{name}: {refusal}")
    else:
        messages.success(request, _("%(name)s: removed") % {"name": name})
    return redirect("compound-grid", compound_key)
