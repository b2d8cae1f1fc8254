"""Rounds: what is packed becomes a day's walk through a compound, carried and closed."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.actions import reveal
from accounts.rules import Ability
from cases.rules import masked_phone
from cases.views.answers import blame, client_address, key_in
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions import rounds as actions
from supplies.forms.rounds import CarrierForm, RoundForm
from supplies.models import DeliveryRound, Need, NeedLine, ReceivingPoint
from supplies.round_rows import StopRow, by_unit, stop_rows, whom
from supplies.rules.delivery import ROUND_STATES, Door, RoundState, StopOutcome, route
from supplies.rules.needs import NEED_KINDS, NeedKind
from supplies.rules.stock import plain
from supplies.views.paged import NEWEST, page_of
from zones.models import Compound

CHOICES = 500
"""So many needs are offered for one round."""
BADGES = {RoundState.PLANNED: "due", RoundState.UNDER_WAY: "wait", RoundState.DONE: "open"}
TALLY = {
    "stops_count": Count("stops"),
    "delivered": Count("stops", filter=Q(stops__outcome=StopOutcome.DELIVERED)),
    "waiting": Count("stops", filter=Q(stops__outcome=StopOutcome.WAITING)),
}


@requires(Ability.WORK_SUPPLIES)
@require_safe
def rounds(request: StaffRequest) -> HttpResponse:
    """Rounds that run or are planned, those done, and the compounds where something waits to be carried."""
    tab = "done" if request.GET.get("tab") == "done" else ""
    seen = DeliveryRound.objects.visible_to(request.user)
    seen = seen.filter(state=RoundState.DONE) if tab else seen.exclude(state=RoundState.DONE)
    values = seen.values(
        "pk", "on", "state", "compound__name", "community__name", "carrier__name", "car__plate"
    ).annotate(**TALLY)
    page = page_of(request, values, NEWEST)
    for row in page.rows:
        row["label"] = ROUND_STATES[RoundState(row["state"])]
        row["badge"] = BADGES[RoundState(row["state"])]
    context = {
        "rows": page.rows,
        "pager": page,
        "tab": tab,
        "compounds": _waiting_by_compound(request) if not tab else [],
        "today": clock.today(),
    }
    return render(request, "supplies/rounds/rounds.html", context)


def _waiting_by_compound(request: StaffRequest) -> list[dict[str, Any]]:
    waiting = actions.to_carry(Need.objects.visible_to(request.user)).order_by()
    grouped = waiting.values("unit__building__compound", "unit__building__compound__name")
    return [
        {
            "pk": each["unit__building__compound"],
            "name": each["unit__building__compound__name"],
            "n": each["n"],
        }
        for each in grouped.annotate(n=Count("pk")).order_by("-n")[:50]
    ]


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "POST"])
def round_new(request: StaffRequest) -> HttpResponse:
    """Make a round of what is packed in one compound (`?compound=`); everything is ticked already."""
    key = key_in(request.GET, "compound")
    if key is None:
        return redirect("rounds")
    compound = get_object_or_404(
        Compound.objects.visible_to(request.user).select_related("community"), pk=key
    )
    waiting = actions.to_carry(Need.objects.visible_to(request.user)).filter(
        unit__building__compound=compound
    )
    needs = list(
        waiting.select_related("person", "unit__building").order_by("rank", "due_at", "pk")[:CHOICES]
    )
    form = RoundForm(request.POST or None, compound=compound, initial={"on": clock.today()})
    ticked = set(request.POST.getlist("need"))
    if request.method == "POST" and form.is_valid():
        chosen = [need for need in needs if str(need.pk) in ticked]
        try:
            if not chosen:
                raise BadInput("need", _("Tick at least one need."))
            made = actions.make_round(
                compound=compound, needs=chosen, **form.cleaned_data, by=request.user, at=clock.now()
            )
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            return redirect("round", made.pk)
    context = {
        "compound": compound,
        "form": form,
        "choices": _choices(needs, ticked, all_ticked=request.method != "POST"),
        "points": ReceivingPoint.objects.filter(compound=compound, enabled=True),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/rounds/new.html", context, status=status)


def _choices(needs: list[Need], ticked: set[str], *, all_ticked: bool) -> list[dict[str, Any]]:
    """The needs in the order of the walk, with what is carried; one query."""
    lines: dict[int, list[str]] = {}
    for line in NeedLine.objects.filter(need__in=needs).select_related("item").order_by("pk"):
        what = f"{line.item.name} {plain(line.quantity)} {line.item.unit}" if line.item else line.text
        lines.setdefault(line.need_id, []).append(what)
    by_key = {need.pk: need for need in needs}
    walk = route(
        Door(need.pk, need.unit.building.name, need.unit.name, need.door) for need in needs if need.unit
    )
    return [
        {
            "need": by_key[door.need],
            "place": f"{door.building}{door.unit} {door.door}".strip(),
            "name": whom(by_key[door.need]),
            "lines": lines.get(door.need)
            or [by_key[door.need].text or str(NEED_KINDS[NeedKind(by_key[door.need].kind)])],
            "ticked": all_ticked or str(door.need) in ticked,
        }
        for door in walk
    ]


def round_of(request: StaffRequest, pk: int) -> DeliveryRound:
    """A round of the user's area; a neighbour's is a 404 like one that does not exist."""
    seen = DeliveryRound.objects.visible_to(request.user).select_related(
        "compound", "community", "carrier", "car", "made_by"
    )
    return get_object_or_404(seen, pk=pk)


@requires(Ability.WORK_SUPPLIES)
@require_safe
def round_page(request: StaffRequest, pk: int) -> HttpResponse:
    """By building and unit: doors, what is carried there, and a tick for each; `?print=1` on paper."""
    found = round_of(request, pk)
    if request.GET.get("print"):
        return render(request, "supplies/rounds/round_list.html", _on_paper(found))
    return render(request, "supplies/rounds/round.html", _context(request, found))


def _context(request: StaffRequest, found: DeliveryRound, form: CarrierForm | None = None) -> dict[str, Any]:
    rows = stop_rows(found)
    return {
        "round": found,
        "state": RoundState(found.state),
        "state_label": ROUND_STATES[RoundState(found.state)],
        "badge": BADGES[RoundState(found.state)],
        "units": by_unit(rows),
        "stops": len(rows),
        "left": sum(row.is_open for row in rows),
        "done": sum(row.is_final for row in rows),
        "carrier_phone": masked_phone(found.carrier.phone) if found.carrier else "",
        "points": ReceivingPoint.objects.filter(compound=found.compound_id, enabled=True),
        "form": form
        or CarrierForm(compound=found.compound, initial={"carrier": found.carrier_id, "car": found.car_id}),
        "may_call": request.user.may(Ability.REVEAL_NUMBERS),
        "running": found.state == RoundState.UNDER_WAY,
        "planned": found.state == RoundState.PLANNED,
        "now": clock.now(),
    }


def _on_paper(found: DeliveryRound, phones: dict[int, str] | None = None) -> dict[str, Any]:
    rows: list[tuple[StopRow, str]] = [
        (row, phones.get(row.stop.pk, "") if phones is not None else row.phone) for row in stop_rows(found)
    ]
    return {"round": found, "rows": rows, "printed_at": clock.now(), "phones": phones is not None}


@requires(Ability.REVEAL_NUMBERS)
@require_POST
def round_phones(request: StaffRequest, pk: int) -> HttpResponse:
    """The list on paper with the numbers in full, each one written down as shown."""
    found = round_of(request, pk)
    at, address = clock.now(), client_address(request)
    phones = {}
    stops = found.stops.select_related("need__person", "need__link", "need__community")
    for stop in stops.prefetch_related("need__link__people"):
        need = stop.need
        phone = need.telephone
        if phone:
            phones[stop.pk] = phone
            reveal(
                subject=subject_of(need, phone),
                fields_shown=["phone"],
                community=need.community,
                by=request.user,
                at=at,
                address=address,
            )
    answer = render(request, "supplies/rounds/round_list.html", _on_paper(found, phones))
    answer["Cache-Control"] = "no-store"
    return answer


def subject_of(need: Need, phone: str) -> str:
    """Of whom a number is shown: the person whose it is, else the need with which it was given."""
    theirs = need.person is not None and not need.call_phone and phone == need.person.phone
    return f"person:{need.person_id}" if theirs else f"need:{need.pk}"


@requires(Ability.WORK_SUPPLIES)
@require_POST
def round_assign(request: StaffRequest, pk: int) -> HttpResponse:
    """Say who carries, and by which car."""
    found = round_of(request, pk)
    form = CarrierForm(request.POST, compound=found.compound)
    if form.is_valid():
        try:
            actions.assign(delivery=found, **form.cleaned_data)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, _("Saved"))
            return redirect("round", found.pk)
    return render(request, "supplies/rounds/round.html", _context(request, found, form), status=422)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def round_act(request: StaffRequest, pk: int, act: str) -> HttpResponse:
    """Set out, close, or drop a round that has not started."""
    found = round_of(request, pk)
    at = clock.now()
    if act == "start":
        if actions.start(delivery=found, by=request.user, at=at):
            messages.success(request, _("Under way: tick each door off as you go."))
        else:
            messages.info(request, _("The round has started already."))
    elif act == "done":
        _finish(request, found)
    elif act == "drop":
        if actions.drop(delivery=found):
            messages.success(request, _("Dropped: its needs wait for another round."))
            return redirect("rounds")
        messages.error(request, _("The round has moved on meanwhile."))
    else:
        raise Http404
    return redirect("round", found.pk)


def _finish(request: StaffRequest, found: DeliveryRound) -> None:
    waiting = found.stops.filter(outcome=StopOutcome.WAITING).count()
    if not actions.finish(delivery=found, by=request.user, at=clock.now()):
        messages.info(request, _("The round is done already."))
        return
    sentence = _("The round is done.")
    if waiting:
        rest = ngettext(
            "%(n)d door was not reached: it waits for the next round.",
            "%(n)d doors were not reached: they wait for the next round.",
            waiting,
        )
        sentence = f"{sentence} {rest % {'n': waiting}}"
    messages.success(request, sentence)


def round_address(found: DeliveryRound, stop: int) -> str:
    """The page of the round, where that door stands."""
    return f"{reverse('round', args=[found.pk])}#s{stop}"
