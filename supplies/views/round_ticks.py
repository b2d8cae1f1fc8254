"""Ticks at the doors: by a plain form, or sent by the page's own queue when there is a connection again."""

import datetime as dt

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest, requires
from accounts.actions import reveal
from accounts.rules import Ability
from cases.views.answers import client_address
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions import rounds as actions
from supplies.models import Stop
from supplies.rules.delivery import FINAL, STOP_OUTCOMES, TICKS, StopOutcome
from supplies.views.rounds import round_address, round_of, subject_of

LONGEST_AGO = 7 * 24 * 60 * 60
"""A tick is kept on a phone for days at most; an older one counts from the start of the round."""


@requires(Ability.WORK_SUPPLIES)
@require_POST
def round_tick(request: StaffRequest, pk: int, stop: int) -> HttpResponse:
    """Take in one tick: `outcome`, `tick_id`, and for a late one `seconds_ago` by the phone's own clock.

    Idempotent by `tick_id`. JSON for the page's queue: how the stop stands now; a redirect for a form.
    """
    found = round_of(request, pk)
    row = get_object_or_404(Stop.objects.filter(round=found), pk=stop)
    wants_json = "application/json" in request.headers.get("Accept", "")
    at = clock.now()
    try:
        outcome = StopOutcome(request.POST.get("outcome", ""))
        if outcome not in TICKS:
            raise ValueError(outcome)
    except ValueError as error:
        raise Http404 from error
    try:
        ticked = actions.tick(
            stop=row,
            outcome=outcome,
            tick_id=request.POST.get("tick_id", ""),
            ticked_at=at - _ago(request.POST.get("seconds_ago", "")),
            note=request.POST.get("note", ""),
            by=request.user,
            at=at,
        )
    except (RuleViolation, BadInput) as refusal:
        if wants_json:
            return JsonResponse({"stop": row.pk, "refused": str(refusal)}, status=409)
        messages.error(request, str(refusal))
        return HttpResponseRedirect(round_address(found, row.pk), status=303)
    if wants_json:
        return JsonResponse(_state(ticked))
    if ticked.outcome != outcome:
        words = {"what": STOP_OUTCOMES[StopOutcome(ticked.outcome)]}
        messages.info(request, _("It stands as “%(what)s” already.") % words)
    return HttpResponseRedirect(round_address(found, row.pk), status=303)


def _ago(text: str) -> dt.timedelta:
    """How long ago the phone took the tick; what is no number was just now."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return dt.timedelta(0)
    return dt.timedelta(seconds=min(int(text), LONGEST_AGO))


def _state(stop: Stop) -> dict[str, object]:
    at = timezone.localtime(stop.ticked_at) if stop.ticked_at else None
    return {
        "stop": stop.pk,
        "outcome": stop.outcome,
        "label": str(STOP_OUTCOMES[StopOutcome(stop.outcome)]),
        "at": at.strftime("%H:%M") if at else "",
        "final": stop.outcome in FINAL,
    }


@requires(Ability.REVEAL_NUMBERS)
@require_POST
def round_call(request: StaffRequest, pk: int, stop: int) -> HttpResponse:
    """Hand the number to the telephone, after writing down who called."""
    found = round_of(request, pk)
    rows = found.stops.select_related("need__person", "need__link", "need__community")
    row = get_object_or_404(rows, pk=stop)
    need = row.need
    phone = need.telephone
    if not phone:
        messages.error(request, _("No telephone is on file for this door."))
        return HttpResponseRedirect(round_address(found, row.pk), status=303)
    reveal(
        subject=subject_of(need, phone),
        fields_shown=["phone"],
        community=need.community,
        by=request.user,
        at=clock.now(),
        address=client_address(request),
    )
    answer = _Call(f"tel:{phone}", status=303)
    answer["Cache-Control"] = "no-store"
    return answer


class _Call(HttpResponseRedirect):
    """A redirect to the telephone."""

    allowed_schemes = ["tel"]
