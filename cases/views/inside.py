"""Inside a zone: people by unit and door, where they are, and what is brought to them.

Each verb takes POST. A row is the element `p<person>`: a request of htmx that targets it gets the row anew
with the counts beside it; any other goes back to the page, to where that person stands.
"""

import datetime as dt
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.actions import inside as actions
from cases.forms.inside import ServiceForm
from cases.inside import Door, Inside, Resident, UnitInside, people_inside
from cases.models import DoorService, Person
from cases.rules import DOOR_SERVICES, WHEREABOUTS, DoorServiceKind, Whereabouts
from cases.views.access import people_at_hand
from cases.views.answers import back, blame, htmx
from policy import clock
from policy.refusals import BadInput, RuleViolation
from zones.models import Zone

SHOWN: dict[str, str | Promise] = {
    "": gettext_lazy("Everybody"),
    "unasked": gettext_lazy("Not asked yet"),
    "services": gettext_lazy("Services to do"),
    "key": gettext_lazy("Key persons"),
    "away": gettext_lazy("Left before"),
}
"""Which people the page shows."""


def zone_of(request: StaffRequest, pk: int) -> Zone:
    """A zone of the user's area; a neighbour's is a 404 like one that does not exist."""
    zones = Zone.objects.visible_to(request.user).select_related("compound", "community", "street", "county")
    return get_object_or_404(zones, pk=pk)


def inside_of(request: StaffRequest, zone: Zone, at: dt.datetime) -> Inside:
    """Everybody of the zone whose file is this office's business."""
    return people_inside(zone, people=people_at_hand(request.user), user=request.user, at=at)


@requires(Ability.SEE_CASES)
@require_safe
def zone_inside(request: StaffRequest, pk: int) -> HttpResponse:
    """People by unit and door; `?print=1` is the round list on paper."""
    zone, at = zone_of(request, pk), clock.now()
    everybody = inside_of(request, zone, at)
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else ""
    context = {
        **_frame(request, zone, everybody, at),
        "units": _narrowed(everybody, shown),
        "shown": shown,
        "tabs": [(key, label, _count(everybody, key)) for key, label in SHOWN.items()],
        "printed_at": at,
    }
    on_paper = bool(request.GET.get("print"))
    return render(request, "inside/round_list.html" if on_paper else "inside/inside.html", context)


def _frame(request: StaffRequest, zone: Zone, everybody: Inside, at: dt.datetime) -> dict[str, object]:
    """What the page and a single row of it both need."""
    is_open = Zone.objects.open(at).filter(pk=zone.pk).exists()
    may_work = request.user.may(Ability.WORK_CASES)
    return {
        "zone": zone,
        "inside": everybody,
        "is_open": is_open,
        "may_work": may_work,
        "may_ask": may_work and is_open,
        "may_call": request.user.may(Ability.REVEAL_NUMBERS),
        "today": clock.today(),
    }


def _belongs(one: Resident, shown: str) -> bool:
    return {
        "unasked": one.whereabouts == Whereabouts.UNKNOWN,
        "services": bool(one.open_services),
        "key": bool(one.marks),
        "away": one.whereabouts == Whereabouts.AWAY,
    }.get(shown, True)


def _count(everybody: Inside, shown: str) -> int:
    return sum(_belongs(one, shown) for one in everybody.residents)


def _narrowed(everybody: Inside, shown: str) -> list[UnitInside]:
    """Units and doors with the people who are shown; units without any only when everybody is."""
    if not shown:
        return everybody.units
    units = []
    for unit in everybody.units:
        doors = [
            Door(door.number, people)
            for door in unit.doors
            if (people := [one for one in door.residents if _belongs(one, shown)])
        ]
        if doors:
            units.append(UnitInside(unit.label, unit.seal, unit.state, doors))
    return units


# ── where they are ───────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_POST
def zone_whereabouts(request: StaffRequest, pk: int) -> HttpResponse:
    """Record one answer for `person`, who may be named several times: a whole door says the same.

    The values may stand in the address: so the way back out of a toast needs no form of its own.
    """
    zone, at = zone_of(request, pk), clock.now()
    people = _people_named(request)
    where = _whereabouts_in(request)
    undo = _way_back(zone, people, inside_of(request, zone, at))
    try:
        changed = actions.ask_many(zone=zone, people=people, whereabouts=where, by=request.user, at=at)
    except (RuleViolation, BadInput) as refusal:
        return _answer(request, zone, people, refused=str(refusal))
    if changed == 0:
        text, undo = _("Recorded already, nothing changed"), ""
    elif len(people) == 1:
        text = _("%(name)s: %(where)s") % {"name": people[0].name, "where": WHEREABOUTS[where]}
    else:
        words = {"n": changed, "where": WHEREABOUTS[where]}
        text = ngettext("%(n)d person: %(where)s", "%(n)d people: %(where)s", changed) % words
    return _answer(request, zone, people, text=text, undo=undo)


def _way_back(zone: Zone, people: list[Person], everybody: Inside) -> str:
    """The address that restores what is known now; "" where that is not one and the same without a date."""
    named = {person.pk for person in people}
    known = {(one.whereabouts, one.left_on) for one in everybody.residents if one.person.pk in named}
    if len(known) != 1:
        return ""
    ((where, left_on),) = known
    if left_on is not None:
        return ""
    values = [*(("person", person.pk) for person in people), ("whereabouts", where.value)]
    return f"{reverse('zone-whereabouts', args=[zone.pk])}?{urlencode(values)}"


def _values(request: StaffRequest, name: str) -> list[str]:
    return request.POST.getlist(name) or request.GET.getlist(name)


def _people_named(request: StaffRequest) -> list[Person]:
    """The people that the request names; 404 when one of them is not this office's business."""
    keys = {int(text) for text in _values(request, "person") if text.isascii() and text.isdecimal()}
    people = people_at_hand(request.user).filter(pk__in=keys).select_related("community")
    found = list(people.order_by("pk"))
    if not found or len(found) != len(keys):
        raise Http404
    return found


def _whereabouts_in(request: StaffRequest) -> Whereabouts:
    try:
        return Whereabouts((_values(request, "whereabouts") or [""])[0])
    except ValueError as error:
        raise Http404 from error


def _answer(
    request: StaffRequest,
    zone: Zone,
    people: list[Person],
    *,
    text: str = "",
    undo: str = "",
    refused: str = "",
) -> HttpResponse:
    """The row of one person anew, or back to the page; with what was done, or why it was not."""
    if len(people) == 1 and htmx(request) and htmx(request).target == f"p{people[0].pk}":
        at = clock.now()
        everybody = inside_of(request, zone, at)
        mine = (one for one in everybody.residents if one.person.pk == people[0].pk)
        context = {
            **_frame(request, zone, everybody, at),
            "one": next(mine, None),
            "sentence": text,
            "undo": undo,
            "refused": refused,
            "here": reverse("zone-inside", args=[zone.pk]),
        }
        return render(request, "inside/_person_answer.html", context, status=409 if refused else 200)
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, text, extra_tags=undo)
    return back(request, f"{reverse('zone-inside', args=[zone.pk])}#p{people[0].pk}")


# ── services at the door ─────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def zone_service(request: StaffRequest, pk: int) -> HttpResponse:
    """Write down what one person needs at the door."""
    zone = zone_of(request, pk)
    people = _people_named(request)
    if len(people) != 1:
        raise Http404
    person = people[0]
    posted = request.method == "POST"
    form = ServiceForm(request.POST if posted else None)
    if posted and form.is_valid():
        try:
            actions.want_service(
                zone=zone,
                person=person,
                kind=DoorServiceKind(form.cleaned_data["kind"]),
                note=form.cleaned_data["note"],
                by=request.user,
                at=clock.now(),
            )
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            words = {"name": person.name, "what": DOOR_SERVICES[DoorServiceKind(form.cleaned_data["kind"])]}
            messages.success(request, _("%(name)s: %(what)s written down") % words)
            return back(request, f"{reverse('zone-inside', args=[zone.pk])}#p{person.pk}")
    context = {"zone": zone, "person": person, "form": form}
    in_dialog = htmx(request) and htmx(request).target == "dialog"
    template = "inside/_service_dialog.html" if in_dialog else "inside/service.html"
    return render(request, template, context, status=422 if posted else 200)


@requires(Ability.WORK_CASES)
@require_POST
def service_done(request: StaffRequest, pk: int) -> HttpResponse:
    """Tick a service off, or take that back (`undo`); the zone may be over by then."""
    found = get_object_or_404(
        DoorService.objects.visible_to(request.user).select_related("zone", "person__community"), pk=pk
    )
    undoing = bool(_values(request, "undo"))
    words = {"name": found.person.name, "what": found.get_kind_display()}
    if undoing:
        done = actions.service_not_done(service=found, by=request.user, at=clock.now())
        text = _("%(name)s: %(what)s is open again") % words
    else:
        done = actions.service_done(service=found, by=request.user, at=clock.now())
        text = _("%(name)s: %(what)s done") % words
    undo = "" if undoing or not done else f"{reverse('service-done', args=[found.pk])}?undo=1"
    text = text if done else _("Recorded already, nothing changed")
    return _answer(request, found.zone, [found.person], text=text, undo=undo)
