"""Designating a high-risk zone, from an infection's page or the drawing of a compound (N二(四), N三(二)).

Three steps on one address: choose, look at what would come of it, do it. The look runs the verb itself and
takes it back, so that it shows the same dates, units and refusals as the deed.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.actions import zoning
from cases.forms.zoning import DesignateForm, blame
from cases.models import Infection
from cases.views.answers import key_in
from cases.views.zone_proposals import deciders, tell_taken
from cases.zone_offer import Offer, offer_of, recent_infections
from cases.zone_rows import in_house_order, names_of, residents_of
from policy import clock
from policy.models import NoEditionInForce, edition_in_force
from policy.refusals import BadInput, RuleViolation
from policy.strip import Strip
from policy.types import ZoneRule
from zones.actions import Designation
from zones.models import Compound, Unit, UnitSeal, Zone, ZoneProposal
from zones.rules import PURPOSES, Purpose
from zones.strip import draw_seal

LOOK, DO, CHANGE = "look", "do", "change"
TWICE = dt.timedelta(minutes=10)
"""Within this time the same units by the same person are the same wish, sent twice."""


@dataclass(slots=True)
class Asked:
    """What the request is about."""

    infections: list[Infection]
    """Those that are chosen."""
    offered: list[Infection]
    """Those that can be chosen; from an infection's page only that one."""
    compound: Compound | None
    ticked: set[int] | None
    """None: whatever is proposed."""

    @property
    def infection(self) -> Infection | None:
        """The infection from whose page somebody came."""
        return self.infections[0] if self.compound is None and self.infections else None

    @property
    def shown(self) -> list[Infection]:
        """Those whose buildings stand on top: before any is chosen all that stayed in the compound."""
        return self.infections or [each for each in self.offered if getattr(each, "stayed_here", False)]

    @property
    def explained(self) -> bool:
        """Whether sealing because of one of the chosen infections has to be explained."""
        return any(each.cause.needs_reason for each in self.infections)


@requires(Ability.SUPERVISE)
@require_http_methods(["GET", "POST"])
def zone_designate(request: StaffRequest) -> HttpResponse:
    """Choose units, look at what comes of it, seal them."""
    at, today, user = clock.now(), clock.today(), request.user
    rule = _rule(today)
    asked = _asked(request, today, rule)
    posted = request.method == "POST"
    if rule is None or (asked.infection is None and asked.compound is None):
        return _start(request, asked, rule)
    data = request.POST if posted else None
    purposes = _purposes(data or QueryDict())
    offer = offer_of(
        asked.shown, compound=asked.compound, ticked=asked.ticked, purposes=purposes, user=user, at=at
    )
    form = DesignateForm(
        data,
        infections=[each.pk for each in asked.offered],
        units=offer.units,
        explained=asked.explained,
    )
    step = request.POST.get("step", LOOK)
    if posted and step != CHANGE and form.is_valid():
        answer = _tried(request, form, asked, offer, do=step == DO, at=at)
        if answer is not None:
            return answer
    if posted and step == CHANGE:
        form.is_valid()
        form.errors.clear()
    return _form(request, form, asked, offer, rule, status=422 if posted and step != CHANGE else 200)


def _rule(today: dt.date) -> ZoneRule | None:
    try:
        return edition_in_force(today).zones
    except NoEditionInForce:
        return None


def _purposes(values: QueryDict) -> dict[int, str]:
    """What somebody chose for each building."""
    found = {}
    for name, value in values.items():
        key = name.removeprefix("purpose-")
        if key != name and key.isdecimal() and len(key) < 19:
            found[int(key)] = str(value)
    return found


def _asked(request: StaffRequest, today: dt.date, rule: ZoneRule | None) -> Asked:
    """What the address or the form names; what is not in the user's area is a 404."""
    values = request.POST if request.method == "POST" else request.GET
    key = key_in(values, "compound")
    compound = None
    if key is not None:
        compounds = Compound.objects.visible_to(request.user).select_related("community")
        compound = get_object_or_404(compounds, pk=key)
    keys = _keys(values, "infection")
    chosen = _infections(request.user, keys)
    units = _keys(values, "unit")
    if compound is None:
        first = chosen[:1]
        return Asked(first, first, None, set(units) if request.method == "POST" else None)
    since = today - dt.timedelta(days=rule.clean_days if rule else 0)
    offered = list(recent_infections(request.user, since, today, compound))
    if request.method == "GET" and not keys:
        chosen = [each for each in offered if {stay.unit_id for stay in each.stays.all()} & set(units)]
    offered += [each for each in chosen if each not in offered]
    return Asked(chosen, offered, compound, set(units))


def _keys(values: QueryDict, name: str) -> list[int]:
    return [int(key) for key in values.getlist(name) if key.isdecimal() and key.isascii() and len(key) < 19]


def _infections(user: User, keys: Sequence[int]) -> list[Infection]:
    found = (
        Infection.objects.visible_to(user)
        .select_related("assessment", "community")
        .prefetch_related("stays__unit")
        .in_bulk(list(keys))
    )
    if len(found) < len(set(keys)):
        raise Http404
    return list(found.values())


def _start(request: StaffRequest, asked: Asked, rule: ZoneRule | None) -> HttpResponse:
    """Without an infection or a compound: where a designation begins, or that there is no rule for one."""
    days = rule.clean_days if rule else 0
    today = clock.today()
    recent = recent_infections(request.user, today - dt.timedelta(days=days), today)
    context = {"rule": rule, "recent": recent if rule else [], "days": days}
    status = 422 if request.method == "POST" else 200
    return render(request, "zones/staff/designate_start.html", context, status=status)


def _form(
    request: StaffRequest,
    form: DesignateForm,
    asked: Asked,
    offer: Offer,
    rule: ZoneRule,
    *,
    status: int,
) -> HttpResponse:
    wider_open = offer.beyond or bool(form.errors.get("wider") or form.errors.get("wider_note"))
    if form.is_bound:
        wider_open = wider_open or bool(form["wider"].value() or form["wider_note"].value())
    context = {
        "form": form,
        "asked": asked,
        "offer": offer,
        "rule": rule,
        "chosen": {each.pk for each in asked.infections},
        "purposes": [(purpose.value, label) for purpose, label in PURPOSES.items()],
        "wider_open": wider_open,
        "deciders": deciders(request.user.area),
        "today": clock.today(),
    }
    return render(request, "zones/staff/designate.html", context, status=status)


# ── looking and doing ────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class ForeseenUnits:
    """Units that would share a clock."""

    names: str
    units: int
    people: int
    release_on: dt.date
    strip: Strip


@dataclass(slots=True)
class Foreseen:
    """What would come of the designation in one compound."""

    compound: Compound
    boundary: str = ""
    """As it would be published, "" where nothing is sealed at once."""
    clocks: list[ForeseenUnits] = field(default_factory=list)
    people: int = 0
    taken: str = ""
    proposed: str = ""
    """The boundary that would wait for somebody above, "" without."""
    proposed_people: int = 0
    lapses_on: dt.date | None = None


def _tried(
    request: StaffRequest, form: DesignateForm, asked: Asked, offer: Offer, *, do: bool, at: dt.datetime
) -> HttpResponse | None:
    """Do it, or show what would come of it; None when it was refused, with the sentence at its field."""
    units = form.chosen(offer.stays)
    values: dict[str, Any] = {
        "infections": asked.infections,
        "units": units,
        "reason": form.cleaned_data["reason"],
        "wider": form.cleaned_data["wider"] or None,
        "wider_note": form.cleaned_data["wider_note"],
        "by": request.user,
        "at": at,
    }
    if do and (done := _sent_twice(request, units, at)):
        return done
    try:
        if do:
            return _done(request, zoning.seal_because_of(**values))
        with transaction.atomic():
            foreseen = [_foreseen(made, at) for made in zoning.seal_because_of(**values)]
            transaction.set_rollback(True)
    except (RuleViolation, BadInput) as refusal:
        blame(form, refusal)
        return None
    context = {
        "form": form,
        "asked": asked,
        "foreseen": foreseen,
        "seals": sum(len(each.clocks) for each in foreseen),
        "proposes": any(each.proposed for each in foreseen),
        "units": units,
        "kept_purposes": _purposes(request.POST),
        "deciders": deciders(request.user.area),
        "today": clock.today(),
    }
    return render(request, "zones/staff/designate_look.html", context)


def _foreseen(made: Designation, at: dt.datetime) -> Foreseen:
    """What a designation says, read before it is taken back."""
    proposed = list(made.proposal.units.select_related("building")) if made.proposal else []
    people = residents_of([*(seal.unit_id for seal in made.sealed), *(unit.pk for unit in proposed)])
    return Foreseen(
        compound=_compound(made),
        boundary=made.zone.boundary if made.zone else "",
        clocks=_clocks(made.sealed, people, clock.today()),
        people=sum(people.get(seal.unit_id, 0) for seal in made.sealed),
        taken=names_of(sorted(made.taken, key=in_house_order)),
        proposed=made.proposal.boundary if made.proposal else "",
        proposed_people=sum(people.get(unit.pk, 0) for unit in proposed),
        lapses_on=made.proposal.lapses_on if made.proposal else None,
    )


def _compound(made: Designation) -> Compound:
    if made.zone:
        return made.zone.compound
    return made.proposal.compound if made.proposal else made.taken[0].building.compound


def _clocks(seals: Iterable[UnitSeal], people: dict[int, int], today: dt.date) -> list[ForeseenUnits]:
    groups: dict[tuple[dt.date, dt.date], list[UnitSeal]] = {}
    for seal in seals:
        groups.setdefault((seal.release_on, seal.last_infection_on), []).append(seal)
    return [
        ForeseenUnits(
            names=names_of(sorted((seal.unit for seal in group), key=in_house_order)),
            units=len(group),
            people=sum(people.get(seal.unit_id, 0) for seal in group),
            release_on=release_on,
            strip=draw_seal(
                last_infection_on=found_on,
                clean_days=group[0].clean_days,
                release_on=release_on,
                today=today,
                sealed_on=today,
            ),
        )
        for (release_on, found_on), group in sorted(groups.items(), key=lambda each: each[0])
    ]


def _done(request: StaffRequest, made: Sequence[Designation]) -> HttpResponse:
    """Say what came of it, and go to where it can be seen."""
    zones = [each.zone for each in made if each.zone]
    proposals = [each.proposal for each in made if each.proposal]
    for zone in zones:
        words = {"zone": zone, "day": f"{zone.release_on:%m-%d}"}
        messages.success(request, _("Sealed: %(zone)s. Low risk from %(day)s 00:00.") % words)
    for proposal in proposals:
        messages.warning(request, _("Waits for approval, not sealed yet: %(units)s.") % {"units": proposal})
    tell_taken(request, [unit for each in made for unit in each.taken])
    if len(zones) == 1:
        return redirect(zones[0])
    if proposals and not zones:
        return redirect("zone-proposal", proposals[0].pk)
    return redirect("zones")


def _sent_twice(request: StaffRequest, units: dict[Unit, Purpose], at: dt.datetime) -> HttpResponse | None:
    """The answer to a wish that the same person sent a moment ago already; None when it is another one."""
    mine, since = request.user, at - TWICE
    seals = list(
        UnitSeal.objects.holding(at)
        .filter(unit__in=units, zone__designated_by=mine, zone__designated_at__gte=since)
        .select_related("zone")
    )
    proposals = list(
        ZoneProposal.objects.undecided()
        .filter(units__in=units, proposed_by=mine, proposed_at__gte=since)
        .prefetch_related("units")
        .distinct()
    )
    done = {seal.unit_id for seal in seals} | {unit.pk for each in proposals for unit in each.units.all()}
    if not done >= {unit.pk for unit in units}:
        return None
    messages.info(request, _("That was sent already; nothing changed."))
    zones: set[Zone] = {seal.zone for seal in seals}
    if len(zones) == 1:
        return redirect(zones.pop())
    return redirect("zones") if zones else redirect("zone-proposal", proposals[0].pk)
