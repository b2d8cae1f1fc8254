"""Prescriptions: who runs out within three days, and the next pack asked for in one tap."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import StaffRequest, requires
from accounts.rules import Ability, Level
from cases.models import Person
from cases.views.answers import back
from policy import clock
from supplies.actions.prescribing import (
    ask_for_refill,
    change_prescription,
    end_prescription,
    enter_prescription,
)
from supplies.forms.medical import PrescriptionForm
from supplies.models import Prescription
from supplies.rules.medical import RUNS_OUT_WITHIN_DAYS
from supplies.views.searching import people_found, sealed_search, words_of

MOST = 200
"""So many are listed; who is further down lasts longer."""


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "HEAD", "POST"])
def prescriptions(request: StaffRequest) -> HttpResponse:
    """Who runs out within three days, or all of them, searched by name; three queries."""
    if request.method == "POST":
        return sealed_search(request)
    today, words = clock.today(), words_of(request)
    everything = request.GET.get("tab") == "all"
    rows = Prescription.objects.visible_to(request.user).filter(ended_at=None)
    if not everything:
        rows = rows.running_out(today + dt.timedelta(days=RUNS_OUT_WITHIN_DAYS))
    if words:
        rows = rows.filter(person__in=people_found(request.user, words))
    chosen = rows.select_related("person__unit__building__compound", "community", "hospital", "need")
    shown = list(chosen.order_by("lasts_until", "pk")[: MOST + 1])
    area = request.user.area
    context = {
        "prescriptions": shown[:MOST],
        "more": len(shown) > MOST,
        "tab": "all" if everything else "",
        "words": words,
        "sealed": request.GET.get("words", "") if words else "",
        "everything": everything,
        "today": today,
        "days": RUNS_OUT_WITHIN_DAYS,
        "show_community": area is not None and area.level != Level.COMMUNITY,
    }
    return render(request, "supplies/medical/prescriptions.html", context)


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "POST"])
def prescription_new(request: StaffRequest, pk: int) -> HttpResponse:
    """A medicine that this person takes regularly."""
    people = Person.objects.visible_to(request.user).select_related("community", "unit__building__compound")
    person = get_object_or_404(people, pk=pk)
    return _edit(request, person, None)


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "POST"])
def prescription(request: StaffRequest, pk: int) -> HttpResponse:
    """Put it right, or say until when the next pack lasts."""
    rows = Prescription.objects.visible_to(request.user).select_related(
        "person__community", "person__unit__building__compound"
    )
    found = get_object_or_404(rows, pk=pk)
    return _edit(request, found.person, found)


def _edit(request: StaffRequest, person: Person, found: Prescription | None) -> HttpResponse:
    form = PrescriptionForm(request.POST or None, person=person, instance=found)
    if request.method == "POST" and form.is_valid():
        if found is None:
            enter_prescription(person=person, by=request.user, at=clock.now(), **form.cleaned_data)
        else:
            change_prescription(prescription=found, **form.cleaned_data)
        messages.success(request, _("%(name)s: medicine saved") % {"name": person.name})
        return HttpResponseRedirect(reverse("prescriptions"), status=303)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "person": person, "prescription": found}
    return render(request, "supplies/medical/prescription.html", context, status=status)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def prescription_refill(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask for the next pack."""
    found = get_object_or_404(Prescription.objects.visible_to(request.user), pk=pk)
    need = ask_for_refill(prescription=found, by=request.user, at=clock.now())
    messages.success(request, _("Asked for, as no. %(number)s.") % {"number": need.number})
    return back(request, reverse("prescriptions"))


@requires(Ability.WORK_SUPPLIES)
@require_POST
def prescription_end(request: StaffRequest, pk: int) -> HttpResponse:
    """It is not taken any more."""
    found = get_object_or_404(Prescription.objects.visible_to(request.user), pk=pk)
    if end_prescription(prescription=found, at=clock.now()):
        messages.success(request, _("%(medicine)s: ended") % {"medicine": found.medicine})
    return back(request, reverse("prescriptions"))
