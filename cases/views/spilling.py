"""Spill-over persons: who is registered in the sealed units and left before they were sealed (N二(三))."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.actions import inside as actions
from cases.actions.judging import VERDICTS, WRITTEN, Judgement, Verdict
from cases.forms.inside import SpillOverForm
from cases.rules import Whereabouts
from cases.views.inside import inside_of, zone_of
from policy import clock
from policy.models import NoEditionInForce, edition_in_force
from policy.refusals import RuleViolation
from policy.types import Category, CategoryRule
from zones.models import Zone


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def zone_spill_over(request: StaffRequest, pk: int) -> HttpResponse:
    """The candidates, each with the date on which they left; those with a date are registered."""
    zone, at, today = zone_of(request, pk), clock.now(), clock.today()
    inside = inside_of(request, zone, at)
    is_open = Zone.objects.open(at).filter(pk=zone.pk).exists()
    posted = request.method == "POST"
    form = SpillOverForm(
        request.POST if posted else None, candidates=inside.candidates if is_open else [], today=today
    )
    if posted and form.is_valid():
        answered = _register(request, zone, form)
        if answered is not None:
            return answered
        # Those that could be registered are: they stand below by now, what was refused keeps its date.
        inside = inside_of(request, zone, at)
    still = {one.person.pk for one in inside.candidates}
    rows = [row for row in form.rows() if row[0].person.pk in still]
    left = [row for row in rows if row[0].whereabouts == Whereabouts.AWAY]
    unasked = [row for row in rows if row[0].whereabouts != Whereabouts.AWAY]
    context = {
        "zone": zone,
        "form": form,
        "left": left,
        "unasked": unasked,
        "open_unasked": not left or any(field.errors for _one, field in unasked),
        "spilled": [one for one in inside.residents if one.spilled],
        "is_open": is_open,
        "rule": _rule(today),
        "may_call": request.user.may(Ability.REVEAL_NUMBERS),
        "today": today,
    }
    return render(request, "inside/spill_over.html", context, status=422 if posted else 200)


def _rule(today: dt.date) -> CategoryRule | None:
    """What the edition in force says of spill-over persons."""
    try:
        return edition_in_force(today).rule_for(Category.SPILL_OVER)
    except NoEditionInForce:
        return None


def _register(request: StaffRequest, zone: Zone, form: SpillOverForm) -> HttpResponse | None:
    """Register those with a date; None when somebody was refused, with the sentence at their date."""
    dates = form.dates()
    if not dates:
        form.add_error(None, _("Nobody has a date yet: when did they leave?"))
        return None
    try:
        judged = actions.spill_over(zone=zone, people=dates, by=request.user, at=clock.now())
    except RuleViolation as refusal:
        form.add_error(None, str(refusal))
        return None
    told = False
    for person, judgement in zip(dates, judged, strict=True):
        if judgement.verdict in WRITTEN or judgement.verdict is Verdict.UNCHANGED:
            told = True
            continue
        form.refuse(person, _refused_words(judgement))
    _say(request, judged)
    return redirect("zone-spill-over", zone.pk) if told and form.is_valid() else None


def _refused_words(judgement: Judgement) -> str:
    sentence = str(judgement.sentence or VERDICTS[judgement.verdict])
    return f"{sentence}〔{judgement.clause}〕" if judgement.clause else sentence


def _say(request: StaffRequest, judged: list[Judgement]) -> None:
    written = [one for one in judged if one.verdict in WRITTEN]
    there = sum(one.verdict is Verdict.UNCHANGED for one in judged)
    refused = len(judged) - len(written) - there
    if len(written) == 1 and written[0].episode is not None and written[0].person is not None:
        words = {
            "name": written[0].person.name,
            "day": date_format(written[0].episode.release_on, "m-d"),
        }
        messages.success(request, _("%(name)s: registered, free from %(day)s") % words)
    elif written:
        n = len(written)
        text = ngettext("%(n)d spill-over person registered", "%(n)d spill-over persons registered", n)
        messages.success(request, text % {"n": n})
    if there:
        text = ngettext("%(n)d was registered already", "%(n)d were registered already", there)
        messages.info(request, text % {"n": there})
    if refused:
        text = ngettext("%(n)d not registered: see there", "%(n)d not registered: see there", refused)
        messages.error(request, text % {"n": refused})
