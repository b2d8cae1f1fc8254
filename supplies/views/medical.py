"""Medical access: who needs a hospital, who answers for them, who refused, and who is back home (P4)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q, prefetch_related_objects
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import blame, key_in
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions import medical as verbs
from supplies.forms.medical import AnswerForm, AskHospitalForm, ReasonForm, TripForm, TurnedAwayForm
from supplies.medical_rows import care_times, lengths_of, patient_of
from supplies.models import Consult, MedicalNeed, Need, Trip
from supplies.rules.medical import (
    MAY_BE_TURNED_AWAY,
    TRIP_STAGES,
    ConsultAnswer,
    TripStage,
    next_stages,
)
from supplies.views.searching import people_found, sealed_search, words_of

MOST = 200
"""Few are open at a time; of those that ended the latest are shown."""
REFUSAL_TOLD = gettext_lazy(
    "The refusal is on record and told to the supervisor. Please ask the next hospital now."
)
TABS = {
    "open": pgettext_lazy("needs", "Open"),
    "way": gettext_lazy("On the way"),
    "refused": gettext_lazy("Refused by a hospital"),
    "ended": gettext_lazy("Ended"),
}


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "HEAD", "POST"])
def medical_needs(request: StaffRequest) -> HttpResponse:
    """Who needs a hospital: emergencies, then the next step due; searched by name; four queries at most."""
    if request.method == "POST":
        return sealed_search(request)
    words, at = words_of(request), clock.now()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    mine = MedicalNeed.objects.filter(need__in=Need.objects.visible_to(request.user))
    if words:
        named = Q(need__person__in=people_found(request.user, words))
        mine = mine.filter(named | Q(need__number__iexact=words))
    chosen = {
        "open": mine.open(),
        "way": mine.open().filter(Exists(Trip.objects.under_way().filter(medical=OuterRef("pk")))),
        "refused": mine.filter(consults__answer=ConsultAnswer.REFUSED).distinct(),
        "ended": mine.filter(ended_at__isnull=False),
    }[tab]
    order = ("-ended_at", "-pk") if tab == "ended" else ("ended_at", "need__rank", "act_by", "pk")
    rows = list(
        chosen.order_by(*order)
        .select_related("need__person", "need__unit__building__compound", "need__community", "owner")
        .prefetch_related(
            Prefetch("consults", Consult.objects.select_related("site")),
            Prefetch("trips", Trip.objects.select_related("site")),
        )[: MOST + 1]
    )
    context = {
        "rows": [patient_of(row, at) for row in rows[:MOST]],
        "more": len(rows) > MOST,
        "times": care_times(mine, at) if tab == "ended" and not words else None,
        "tab": tab,
        "tabs": TABS.items(),
        "words": words,
        "sealed": request.GET.get("words", "") if words else "",
    }
    return render(request, "supplies/medical/list.html", context)


def _medical(request: StaffRequest, pk: int) -> MedicalNeed:
    """The medical side of a need of the user's area; 404 for any other."""
    found = MedicalNeed.objects.filter(need__in=Need.objects.visible_to(request.user)).select_related(
        "need__person", "need__unit__building__compound", "need__community", "owner__care"
    )
    return get_object_or_404(found, need=pk)


@requires(Ability.WORK_SUPPLIES)
@require_safe
def medical_need(request: StaffRequest, pk: int) -> HttpResponse:
    """One medical need: its owner and clock, the hospitals asked, the way there and back."""
    return _page(request, _medical(request, pk))


def _page(request: StaffRequest, medical: MedicalNeed, **forms_shown: forms.Form) -> HttpResponse:
    need, at = medical.need, clock.now()
    consults = medical.consults.select_related("site__care", "asked_by")
    prefetch_related_objects(
        [medical],
        Prefetch("consults", consults),
        Prefetch("trips", Trip.objects.select_related("site", "car")),
    )
    patient = patient_of(medical, at)
    trip = patient.trip
    waiting = [each for each in medical.consults.all() if not each.answer]
    goes_to = waiting[-1].site_id if waiting and not patient.is_safe else medical.owner_id
    stages = next_stages(TripStage(trip.stage)) if trip else []
    context: dict[str, Any] = {
        "medical": medical,
        "need": need,
        "patient": patient,
        "row": patient.row,
        "consults": medical.consults.all(),
        "trips": [(each, lengths_of(each)) for each in medical.trips.all()],
        "trip": trip,
        "waiting": waiting,
        "answered": request.POST.get("consult", ""),
        "stages": [(str(stage), TRIP_STAGES[stage]) for stage in stages],
        "at": at,
        "ask_form": AskHospitalForm(need=need),
        "answer_form": AnswerForm(),
        "trip_form": TripForm(need=need, initial={"site": goes_to}),
        "may_be_turned_away": trip is not None and trip.stage in MAY_BE_TURNED_AWAY,
        "away_form": TurnedAwayForm(),
        "end_form": ReasonForm(),
        **forms_shown,
    }
    status = 422 if forms_shown else 200
    return render(request, "supplies/medical/need.html", context, status=status)


def _done(medical: MedicalNeed) -> HttpResponse:
    return HttpResponseRedirect(reverse("medical-need", args=[medical.need_id]), status=303)


def _try(form: forms.Form, act: Callable[[], object]) -> bool:
    """Do it; False when a rule says no, with the sentence at its field."""
    try:
        act()
    except (RuleViolation, BadInput) as refusal:
        blame(form, refusal)
        return False
    return True


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_ask(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask the next hospital; the first one asked owns the patient until another has accepted."""
    medical = _medical(request, pk)
    form = AskHospitalForm(request.POST, need=medical.need)
    if form.is_valid() and _try(
        form,
        lambda: verbs.ask_hospital(
            medical=medical, site=form.cleaned_data["site"], by=request.user, at=clock.now()
        ),
    ):
        messages.success(
            request, _("%(site)s is asked; please call.") % {"site": form.cleaned_data["site"].name}
        )
        return _done(medical)
    return _page(request, medical, ask_form=form)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Note what the hospital said; a refusal ends nothing."""
    medical = _medical(request, pk)
    consult = get_object_or_404(Consult.objects.filter(medical=medical), pk=key_in(request.POST, "consult"))
    form = AnswerForm(request.POST)
    if form.is_valid():
        cleaned = form.cleaned_data
        answer = ConsultAnswer(cleaned["answer"])
        if _try(
            form,
            lambda: verbs.note_answer(
                consult=consult,
                answer=answer,
                who=cleaned["who"],
                reason=cleaned["reason"],
                by=request.user,
                at=clock.now(),
            ),
        ):
            told = _("Accepted.") if answer is ConsultAnswer.ACCEPTED else REFUSAL_TOLD
            messages.success(request, told)
            return _done(medical)
    return _page(request, medical, answer_form=form)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_set_out(request: StaffRequest, pk: int) -> HttpResponse:
    """The person leaves for the hospital."""
    medical = _medical(request, pk)
    form = TripForm(request.POST, need=medical.need)
    if form.is_valid() and _try(
        form, lambda: verbs.set_out(medical=medical, by=request.user, at=clock.now(), **form.cleaned_data)
    ):
        messages.success(request, _("On the way. Please note the arrival."))
        return _done(medical)
    return _page(request, medical, trip_form=form)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_stage(request: StaffRequest, pk: int) -> HttpResponse:
    """Arrived, treated, back home, admitted."""
    medical = _medical(request, pk)
    trip = get_object_or_404(Trip.objects.filter(medical=medical), pk=key_in(request.POST, "trip"))
    wanted = request.POST.get("stage", "")
    try:
        verbs.note_stage(trip=trip, stage=TripStage(wanted), by=request.user, at=clock.now())
    except ValueError:
        messages.error(request, _("Please choose the next stage."))
    except RuleViolation as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, TRIP_STAGES[TripStage(wanted)])
    return _done(medical)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_turned_away(request: StaffRequest, pk: int) -> HttpResponse:
    """The hospital sent the person away: a refusal on record, and the next hospital at once."""
    medical = _medical(request, pk)
    trip = get_object_or_404(Trip.objects.filter(medical=medical), pk=key_in(request.POST, "trip"))
    form = TurnedAwayForm(request.POST)
    if form.is_valid() and _try(
        form, lambda: verbs.turn_away(trip=trip, by=request.user, at=clock.now(), **form.cleaned_data)
    ):
        messages.success(request, REFUSAL_TOLD)
        return _done(medical)
    return _page(request, medical, away_form=form)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_120(request: StaffRequest, pk: int) -> HttpResponse:
    """120 was called."""
    medical = _medical(request, pk)
    if verbs.note_120(medical=medical, by=request.user, at=clock.now()):
        messages.success(request, _("Noted: 120 was called."))
    return _done(medical)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def medical_end(request: StaffRequest, pk: int) -> HttpResponse:
    """The hospital is not needed any more, with the reason."""
    medical = _medical(request, pk)
    form = ReasonForm(request.POST)
    if form.is_valid() and _try(
        form,
        lambda: verbs.end_without_trip(
            medical=medical, reason=form.cleaned_data["reason"], by=request.user, at=clock.now()
        ),
    ):
        messages.success(request, _("Ended, with the reason on record."))
        return _done(medical)
    return _page(request, medical, end_form=form)
