"""A new infection starts the days of sealed units anew: of all that it concerns, or some (全部或部分)."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.actions import zoning
from cases.forms.zoning import RestartForm, blame
from cases.models import Infection
from cases.zone_rows import in_house_order, names_of
from policy import clock
from policy.refusals import BadInput, RuleViolation
from zones.models import Unit, UnitSeal, Zone
from zones.rules import opens_on


@dataclass(slots=True)
class RestartLine:
    """One sealed unit, and what the infection would do to its date."""

    seal: UnitSeal
    ticked: bool
    concerned: bool
    """Whether the infected person stayed in it."""
    becomes: dt.date | None
    """When it would open; None: not later than it does, so that nothing moves."""

    @property
    def name(self) -> str:
        """Building and unit."""
        return f"{self.seal.unit.building.name}{self.seal.unit.name}"


@dataclass(slots=True)
class RestartZone:
    """The units of one zone."""

    zone: Zone
    lines: list[RestartLine] = field(default_factory=list)


@requires(Ability.SUPERVISE)
@require_http_methods(["GET", "POST"])
def zone_restart(request: StaffRequest, pk: int) -> HttpResponse:
    """Which units' days an infection starts anew; `pk` is the infection."""
    infection = _infection_of(request, pk)
    at, user = clock.now(), request.user
    stays = {stay.unit_id for stay in infection.stays.all() if stay.unit_id}
    seals = _sealed(user, stays, at)
    apart = infection.cause.needs_reason_to_restart
    posted = request.method == "POST"
    form = RestartForm(request.POST if posted else None, units=[seal.unit_id for seal in seals], apart=apart)
    if posted and form.is_valid():
        done = _restarted(request, form, infection, seals, at)
        if done is not None:
            return done
    ticked = _ticked(request, stays, apart)
    zones = _zones(seals, infection, stays, ticked)
    context: dict[str, Any] = {
        "infection": infection,
        "form": form,
        "zones": zones,
        "open": _open_again(user, infection, stays - {seal.unit_id for seal in seals}),
        "apart": apart,
        "retracted": infection.retracted_at is not None,
        "today": clock.today(),
    }
    return render(request, "zones/staff/restart.html", context, status=422 if posted else 200)


def _infection_of(request: StaffRequest, pk: int) -> Infection:
    infections = Infection.objects.visible_to(request.user).select_related("assessment", "community")
    return get_object_or_404(infections.prefetch_related("stays__unit__building__compound"), pk=pk)


def _sealed(user: User, stays: Collection[int], at: dt.datetime) -> list[UnitSeal]:
    """Seals that hold now in the buildings where the person stayed: others it does not concern."""
    return list(
        UnitSeal.objects.visible_to(user)
        .holding(at)
        .filter(unit__building__in=Unit.objects.filter(pk__in=stays).values("building"))
        .select_related("zone__compound", "unit__building__compound")
        .order_by("zone_id")
    )


def _ticked(request: StaffRequest, stays: set[int], apart: bool) -> set[int]:
    """The units that are ticked: as they were sent; first those where the person stayed among the people."""
    if request.method == "POST":
        return {int(key) for key in request.POST.getlist("unit") if key.isdecimal() and len(key) < 19}
    return set() if apart else stays


def _zones(
    seals: Sequence[UnitSeal], infection: Infection, stays: set[int], ticked: set[int]
) -> list[RestartZone]:
    zones: dict[int, RestartZone] = {}
    for seal in seals:
        later = infection.found_on > seal.last_infection_on
        becomes = opens_on(infection.found_on, seal.clean_days) if later else None
        line = RestartLine(seal, seal.unit_id in ticked, seal.unit_id in stays, becomes)
        zones.setdefault(seal.zone_id, RestartZone(seal.zone)).lines.append(line)
    for zone in zones.values():
        zone.lines.sort(key=lambda line: in_house_order(line.seal.unit))
    return list(zones.values())


def _open_again(user: User, infection: Infection, units: set[int]) -> str:
    """Units where the person stayed that are not sealed: only a new designation can seal them."""
    inside = set(Unit.objects.visible_to(user).filter(pk__in=units).values_list("pk", flat=True))
    found = [stay.unit for stay in infection.stays.all() if stay.unit and stay.unit_id in inside]
    return _named(found)


def _named(units: Sequence[Unit]) -> str:
    """Units of any compounds, by name."""
    compounds: dict[str, list[Unit]] = {}
    for unit in units:
        compounds.setdefault(unit.building.compound.name, []).append(unit)
    return "；".join(f"{name} {names_of(inside)}" for name, inside in compounds.items())


def _restarted(
    request: StaffRequest,
    form: RestartForm,
    infection: Infection,
    seals: Sequence[UnitSeal],
    at: dt.datetime,
) -> HttpResponse | None:
    """Do it and say what came of it; None when it was refused, with the sentence at its field."""
    by_unit = {seal.unit_id: seal for seal in seals}
    chosen = [by_unit[key].unit for key in form.cleaned_data["unit"]]
    try:
        made = zoning.restart_because_of(
            infection=infection,
            units=chosen,
            reason=form.cleaned_data.get("reason", ""),
            by=request.user,
            at=at,
        )
    except (RuleViolation, BadInput) as refusal:
        blame(form, refusal)
        return None
    _say_restarted(request, made.restarted, made.unchanged)
    if made.unsealed:
        words = {"units": _named(made.unsealed)}
        messages.warning(request, _("Open again since, to be designated anew: %(units)s.") % words)
        return redirect(f"{reverse('zone-designate')}?infection={infection.pk}")
    zones = {seal.zone_id for seal in (*made.restarted, *made.unchanged)}
    return redirect("zone", zones.pop()) if len(zones) == 1 else redirect("zones")


def _say_restarted(
    request: StaffRequest, restarted: Sequence[UnitSeal], unchanged: Sequence[UnitSeal]
) -> None:
    if restarted:
        last = max(seal.release_on for seal in restarted)
        sentence = ngettext(
            "The days of %(n)d unit start anew: low risk from %(day)s 00:00.",
            "The days of %(n)d units start anew: low risk from %(day)s 00:00.",
            len(restarted),
        )
        messages.success(request, sentence % {"n": len(restarted), "day": f"{last:%m-%d}"})
    if unchanged:
        sentence = ngettext(
            "%(n)d unit keeps its date: the infection was noted there.",
            "%(n)d units keep their date: the infection was noted there.",
            len(unchanged),
        )
        messages.info(request, sentence % {"n": len(unchanged)})
