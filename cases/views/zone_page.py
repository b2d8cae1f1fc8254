"""The page of one zone, and what is done from it: opening units early, counting a round of tests."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.forms.zoning import EarlyEndForm, RoundForm, blame
from cases.models import Infection, InfectionStay
from cases.timeline import edition_names
from cases.zone_rows import Clock, SealLine, clocks_named, names_of, residents_of, seals_of
from cases.zone_timeline import zone_happenings
from policy import clock
from policy.refusals import BadInput, RuleViolation
from zones import actions
from zones.models import UnitSeal, Zone
from zones.rules import FOUND_WHERE, WIDER_REASONS, FoundWhere, WiderReason

NEWER = 5
"""So many infections that are not noted in the zone yet are offered to restart its days."""


@dataclass(slots=True)
class BehindIt:
    """An infection that units of the zone rest on."""

    found_on: dt.date
    infection: Infection | None
    """None: it was found outside of the reader's area."""
    withdrawn: bool
    last: bool
    """Whether the days of a unit count from it."""

    @property
    def where(self) -> str:
        """Where the person was found, in words."""
        return str(FOUND_WHERE[FoundWhere(self.infection.found_where)]) if self.infection else ""


@requires(Ability.SEE_CASES)
@require_safe
def zone(request: StaffRequest, pk: int) -> HttpResponse:
    """The zone: how long still, what it rests on, its units with their own clocks, what happened."""
    return zone_page(request, zone_of(request, pk))


def zone_of(request: StaffRequest, pk: int) -> Zone:
    """A zone of the user's area; a neighbour's is a 404 like one that does not exist."""
    zones = Zone.objects.visible_to(request.user).select_related(
        "compound", "community", "street", "county", "designated_by", "approved_by"
    )
    return get_object_or_404(zones, pk=pk)


def zone_page(
    request: StaffRequest, zone: Zone, *, bound: tuple[int, RoundForm] | None = None, status: int = 200
) -> HttpResponse:
    """The page; `bound` is the round of one seal that was refused."""
    today, user = clock.today(), request.user
    seals = seals_of(zone)
    clocks = clocks_named(seals, today)
    lines = _lines(seals, clocks, today)
    behind = _behind(user, seals)
    labels = {each.infection.pk: each.infection.label for each in behind if each.infection}
    may_work, may_supervise = user.may(Ability.WORK_CASES), user.may(Ability.SUPERVISE)
    holding = [line for line in lines if line.clock.holds]
    context: dict[str, Any] = {
        "zone": zone,
        "today": today,
        "lead": clocks[0],
        "strip": clocks[0].strip(),
        "clocks": [(each, each.strip()) for each in clocks[1:]],
        "lines": lines,
        "holding": holding,
        "people": sum(line.people for line in holding),
        "overdue": [each for each in clocks if each.overdue],
        "behind": behind,
        "newer": _newer(user, seals, today) if may_supervise and holding else [],
        "rounds": _rounds(lines, bound, today) if any(seal.round_day for seal in seals) else [],
        "happenings": zone_happenings(zone, labels),
        "edition": edition_names().get(zone.edition, zone.edition),
        "wider": WIDER_REASONS.get(WiderReason(zone.wider_reason)) if zone.wider_reason else "",
        "may_work": may_work,
        "may_supervise": may_supervise,
    }
    return render(request, "zones/staff/zone.html", context, status=status)


def _lines(seals: list[UnitSeal], clocks: list[Clock], today: dt.date) -> list[SealLine]:
    people = residents_of([seal.unit_id for seal in seals])
    return [SealLine(seal, clocks_named([seal], today)[0], people.get(seal.unit_id, 0)) for seal in seals]


def _behind(user: User, seals: list[UnitSeal]) -> list[BehindIt]:
    """The infections behind the seals, each once, newest first. One query."""
    causes = {cause.infection: cause for seal in seals for cause in seal.causes.all()}
    counting = {
        cause.infection
        for seal in seals
        for cause in seal.causes.all()
        if cause.withdrawn_at is None and cause.found_on == seal.last_infection_on
    }
    seen = Infection.objects.visible_to(user).in_bulk(list(causes))
    return sorted(
        (
            BehindIt(cause.found_on, seen.get(key), cause.withdrawn_at is not None, key in counting)
            for key, cause in causes.items()
        ),
        key=lambda each: each.found_on,
        reverse=True,
    )


def _newer(user: User, seals: list[UnitSeal], today: dt.date) -> QuerySet[Infection]:
    """Infections whose person stayed in these buildings and which no unit of the zone knows of yet.

    Only those later than the first day 0 here: an earlier one moves nothing.
    """
    known = {cause.infection for seal in seals for cause in seal.causes.all()}
    since = min(seal.last_infection_on for seal in seals)
    buildings = {seal.unit.building_id for seal in seals}
    here = InfectionStay.objects.filter(infection=OuterRef("pk"), unit__building__in=buildings)
    return (
        Infection.objects.visible_to(user)
        .standing()
        .filter(Exists(here), found_on__gt=since, found_on__lte=today)
        .exclude(pk__in=known)
        .order_by("-found_on", "-pk")[:NEWER]
    )


# ── opening early ────────────────────────────────────────────────────────────────────────────────


@requires(Ability.SUPERVISE)
@require_http_methods(["GET", "POST"])
def zone_end_early(request: StaffRequest, pk: int) -> HttpResponse:
    """Open ticked units, or all of them, before their date: with a reason, at once."""
    zone = zone_of(request, pk)
    at, today = clock.now(), clock.today()
    lines = [line for line in _lines(seals_of(zone), [], today) if line.clock.holds]
    posted = request.method == "POST"
    form = EarlyEndForm(request.POST if posted else None, seals=[line.seal.pk for line in lines])
    if posted and form.is_valid():
        chosen = [line.seal for line in lines if line.seal.pk in form.cleaned_data["seal"]]
        try:
            done = actions.end_early(seals=chosen, reason=form.cleaned_data["reason"], by=request.user, at=at)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            _say_opened(request, done, names_of(seal.unit for seal in chosen))
            return redirect(zone)
    values = request.POST if posted else request.GET
    ticked = {line.seal.pk for line in lines if str(line.seal.pk) in values.getlist("seal")}
    if len(lines) == 1:
        ticked = {lines[0].seal.pk}
    if posted and not lines:
        messages.info(request, _("Every unit of this zone is open already; nothing changed."))
        return redirect(zone)
    context = {"zone": zone, "form": form, "lines": lines, "ticked": ticked, "today": today}
    return render(request, "zones/staff/end_early.html", context, status=422 if posted else 200)


def _say_opened(request: StaffRequest, done: int, names: str) -> None:
    if not done:
        messages.info(request, _("These units are open already; nothing changed."))
        return
    sentence = ngettext(
        "%(names)s: %(n)d unit is open from now on.", "%(names)s: %(n)d units are open from now on.", done
    )
    messages.success(request, sentence % {"names": names, "n": done})


# ── the round of an edition with a gate ──────────────────────────────────────────────────────────


@dataclass(slots=True)
class RoundLine:
    """The rounds of one unit, and the form for another where it is due."""

    line: SealLine
    form: RoundForm | None

    @property
    def due_on(self) -> dt.date:
        """The date on which everybody inside has to be negative."""
        return self.line.seal.last_infection_on + dt.timedelta(days=self.line.seal.round_day or 0)


def _rounds(lines: list[SealLine], bound: tuple[int, RoundForm] | None, today: dt.date) -> list[RoundLine]:
    found = []
    for line in lines:
        if line.seal.round_day is None:
            continue
        form = None
        if bound and bound[0] == line.seal.pk:
            form = bound[1]
        elif line.clock.holds and line.seal.round_met_at is None:
            form = RoundForm(seal=line.seal.pk, initial={"on": today, "people": line.people or None})
        found.append(RoundLine(line, form))
    return found


@requires(Ability.WORK_CASES)
@require_POST
def zone_round(request: StaffRequest, pk: int) -> HttpResponse:
    """Count a round of tests of everybody inside one unit."""
    seals = UnitSeal.objects.visible_to(request.user).select_related("zone", "unit__building")
    seal = get_object_or_404(seals, pk=pk)
    form = RoundForm(request.POST, seal=seal.pk)
    if form.is_valid():
        try:
            made = actions.record_round(seal=seal, by=request.user, at=clock.now(), **form.cleaned_data)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            words = {"unit": f"{seal.unit.building.name}{seal.unit.name}"}
            if made.complete:
                messages.success(request, _("%(unit)s: everybody inside is negative.") % words)
            else:
                missing = made.people - made.negative
                messages.warning(
                    request,
                    ngettext(
                        "%(unit)s: round recorded, %(n)d person inside is not negative yet.",
                        "%(unit)s: round recorded, %(n)d people inside are not negative yet.",
                        missing,
                    )
                    % (words | {"n": missing}),
                )
            return redirect(seal.zone)
    return zone_page(request, zone_of(request, seal.zone_id), bound=(seal.pk, form), status=422)
