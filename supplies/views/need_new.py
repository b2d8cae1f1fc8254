"""A need that staff write down: at the door, for those without a phone; or for somebody on the telephone."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from cases.models import Person
from cases.models.person import PersonQuerySet
from cases.views.access import people_at_hand
from cases.views.answers import blame, key_in
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions.asking import Ask
from supplies.actions.household_asking import ask_with_prescriptions
from supplies.forms.needs import DoorForm, WrittenForm
from supplies.rules.needs import NEED_KINDS, NeedKind, Urgency
from supplies.views.needs import SEES
from zones.addresses import Door, stairs_of_unit
from zones.models import Unit
from zones.rules import tidy_name

MOST_FOUND = 20
MOST_IN_STAIRCASE = 80


@requires(*SEES)
@require_http_methods(["GET", "HEAD", "POST"])
def need_new(request: StaffRequest) -> HttpResponse:
    """For whom (`?person=`, or `?unit=` and `door`), then what (`?kind=`); without either, who it is for."""
    # The form of the door has a field "unit" as well: there it is what somebody typed, such as 1.
    unit = None if "compound" in request.GET else _unit(request, "unit")
    person = _person(request)
    if person is None and unit is None:
        return _whom(request)
    return _what(request, person, unit, request.GET.get("door", "")[:20])


def _person(request: StaffRequest) -> Person | None:
    key = key_in(request.GET, "person")
    if key is None:
        return None
    people = people_at_hand(request.user).select_related("unit__building__compound", "community")
    return get_object_or_404(people, pk=key)


def _unit(request: StaffRequest, name: str) -> Unit | None:
    key = key_in(request.GET, name)
    if key is None:
        return None
    units = Unit.objects.visible_to(request.user).select_related("building__compound__community")
    return get_object_or_404(units, pk=key)


# ── for whom ─────────────────────────────────────────────────────────────────────────────────────


def _whom(request: StaffRequest) -> HttpResponse:
    """Find the person by name, number or address (posted: no name stands in an address), or the door.

    `?near=` is the staircase in which one stands: its people are listed, and only the door is to be typed.
    """
    words, near = request.POST.get("words", "").replace("\0", "").strip(), _unit(request, "near")
    people = people_at_hand(request.user).select_related("unit__building__compound", "community")
    found = _found(people, words) if words else []
    if near and not words:
        found = list(people.filter(unit=near).order_by("door", "pk")[:MOST_IN_STAIRCASE])
    asked = request.GET if "compound" in request.GET else None
    form = DoorForm(asked, user=request.user, near=near)
    unit = None
    if form.is_bound and form.is_valid():
        unit = _unit_behind(form.cleaned_data)
        if unit is None:
            form.add_error("building", _("There is no such building or unit in this compound."))
        else:
            door = form.cleaned_data["door"].strip()
            found = list(people.filter(unit=unit, door=door).order_by("pk")[:MOST_FOUND])
            if not found:
                return _to_form(unit=unit.pk, door=door)
    context = {
        "words": words,
        "found": found,
        "form": form,
        "unit": unit,
        "near": near,
        "door": form.cleaned_data.get("door", "") if unit else "",
        "wanted_kind": request.GET.get("kind", ""),
    }
    return render(request, "supplies/desk/need_whom.html", context, status=422 if form.errors else 200)


def _found(people: PersonQuerySet, words: str) -> list[Person]:
    for matching in (people.matching(words), people.living_at(words)):
        if found := list(matching.order_by("unit", "door", "pk")[:MOST_FOUND]):
            return found
    return []


def _unit_behind(cleaned: dict[str, Any]) -> Unit | None:
    """The unit of those very names; else the only one of those numbers: 5 and 1 are 5号楼 and 1单元."""
    building, name = tidy_name(cleaned["building"]), tidy_name(cleaned["unit"])
    inside = Unit.objects.filter(building__compound=cleaned["compound"])
    if exact := inside.filter(building__name=building, name=name).first():
        return exact
    alike = list(inside.named_by(Door(stairs=stairs_of_unit(building, name)))[:2])
    return alike[0] if len(alike) == 1 else None


def _to_form(**query: Any) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('need-new')}?{urlencode(query)}")


# ── what ─────────────────────────────────────────────────────────────────────────────────────────


def _what(request: StaffRequest, person: Person | None, unit: Unit | None, door: str) -> HttpResponse:
    chosen = request.GET.get("kind", "")
    kind = NeedKind(chosen) if chosen in set(NeedKind) else NeedKind.FOOD
    at = clock.now()
    form = WrittenForm(request.POST or None, kind=kind, person=person, at=at)
    if request.method == "POST" and form.is_valid():
        try:
            return _write(request, form, person, unit, door)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
    whom: dict[str, Any] = (
        {"person": person.pk} if person else {"unit": unit.pk if unit else "", "door": door}
    )
    context = {
        "form": form,
        "person": person,
        "unit": unit,
        "door": door,
        "kind": kind,
        "kinds": [
            (each, label, f"?{urlencode(whom | {'kind': each})}")
            for each, label in sorted(NEED_KINDS.items(), key=lambda each: each[0] is not NeedKind.EMERGENCY)
        ],
        "in_staircase": bool(unit or (person and person.unit_id)),
    }
    return render(request, "supplies/desk/need_new.html", context, status=422 if form.errors else 200)


def _write(
    request: StaffRequest, form: WrittenForm, person: Person | None, unit: Unit | None, door: str
) -> HttpResponse:
    values = form.cleaned_data
    community = person.community if person else unit.building.compound.community if unit else None
    assert community is not None  # noqa: S101 - one of both is there
    asked = Ask(
        kind=form.kind,
        community=community,
        source=values["source"],
        text=values["text"],
        person=person,
        unit=unit,
        door=door,
        urgency=Urgency(values["urgency"]) if values["urgency"] else None,
        lines=form.lines(),
        call_phone=values["call_phone"],
        treatment=values.get("treatment") or None,
        wanted_at=form.wanted_at,
    )
    token = f"staff:{request.user.pk}:{values['token']}"
    prescriptions = list(values.get("prescriptions") or ())
    needs = ask_with_prescriptions(asked, prescriptions, token=token, at=clock.now(), by=request.user)
    messages.success(request, _("Written down as no. %(number)s.") % {"number": needs[0].number})
    if needs[0].unit_id and request.POST.get("then") == "next":
        return _to_form(near=needs[0].unit_id)
    return HttpResponseRedirect(needs[0].get_absolute_url(), status=303)
