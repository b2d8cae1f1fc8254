"""Key persons 重点人员清单: who is to be called today, who was not reached in time, each with a plan."""

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import StaffRequest, requires
from accounts.rules import Ability, Level
from cases.models import Person
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.views.answers import back, blame
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions.caring import end_care_plan, note_care_call, set_care_plan
from supplies.forms.care import CareCallForm, CarePlanForm
from supplies.models import CareCall, CarePlan
from supplies.models.calls import CarePlanQuerySet
from supplies.rules.calls import CareCallOutcome
from supplies.rules.needs import NeedSource
from supplies.views.searching import people_found, sealed_search, words_of

ORDER = KeysetOrder(("next_call_on", "id"))
PAGE = 50
UNREACHED = Q(outcome__in=[CareCallOutcome.WAITING, CareCallOutcome.NOT_REACHED])
TABS = {
    "today": gettext_lazy("To call today"),
    "late": gettext_lazy("Not reached in time"),
    "all": gettext_lazy("All key persons"),
}


def _plans(request: StaffRequest, tab: str, today: dt.date) -> CarePlanQuerySet:
    plans = CarePlan.objects.visible_to(request.user).filter(ended_at=None)
    waiting = CareCall.objects.filter(UNREACHED, plan=OuterRef("pk"))
    if tab == "today":
        return plans.filter(Exists(waiting.filter(planned_on__lte=today)))
    if tab == "late":
        return plans.filter(Exists(waiting.filter(planned_on__lt=today)))
    return plans


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "HEAD", "POST"])
def key_persons(request: StaffRequest) -> HttpResponse:
    """The list, by the date of the next call, searched by name; four queries whatever its length."""
    if request.method == "POST":
        return sealed_search(request)
    today, words = clock.today(), words_of(request)
    tab = request.GET.get("tab", "today")
    tab = tab if tab in TABS else "today"
    plans = _plans(request, tab, today)
    if words:
        plans = plans.filter(person__in=people_found(request.user, words))
    waiting = CareCall.objects.filter(UNREACHED, planned_on__lte=today).order_by("-planned_on")
    chosen = plans.select_related("person__unit__building__compound", "community", "hospital")
    rows, _backwards = keyset_page(
        chosen.prefetch_related(Prefetch("calls", waiting, to_attr="waiting"), "person__key_marks"),
        ORDER,
        after=request.GET.get("after", ""),
        size=PAGE,
    )
    shown = list(rows)
    older = ""
    if len(shown) > PAGE:
        shown = shown[:PAGE]
        older = cursor_of({"next_call_on": shown[-1].next_call_on, "id": shown[-1].pk}, ORDER)
    area = request.user.area
    context = {
        "plans": shown,
        "older": older,
        "tab": tab,
        "tabs": TABS.items(),
        "words": words,
        "sealed": request.GET.get("words", "") if words else "",
        "today": today,
        "show_community": area is not None and area.level != Level.COMMUNITY,
    }
    return render(request, "supplies/care/list.html", context)


def _person(request: StaffRequest, pk: int) -> Person:
    people = Person.objects.visible_to(request.user).select_related(
        "unit__building__compound", "community", "county"
    )
    return get_object_or_404(people.prefetch_related("key_marks"), pk=pk)


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "POST"])
def care_plan(request: StaffRequest, pk: int) -> HttpResponse:
    """The plan of one person: shown, written, corrected; with the calls so far."""
    person = _person(request, pk)
    plan = CarePlan.objects.filter(person=person).first()
    form = CarePlanForm(request.POST or None, person=person, user=request.user, instance=plan)
    if request.method == "POST" and form.is_valid():
        set_care_plan(
            person=person, marks=form.marks_meant(), by=request.user, at=clock.now(), **form.values()
        )
        messages.success(request, _("%(name)s: care plan saved") % {"name": person.name})
        return HttpResponseRedirect(reverse("care-plan", args=[person.pk]), status=303)
    context = {
        "person": person,
        "plan": plan,
        "form": form,
        "calls": plan.calls.select_related("by").order_by("-planned_on", "-pk")[:30] if plan else [],
        "prescriptions": person.prescriptions.filter(ended_at=None).order_by("lasts_until"),
        "today": clock.today(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/care/plan.html", context, status=status)


@requires(Ability.WORK_SUPPLIES)
@require_POST
def care_end(request: StaffRequest, pk: int) -> HttpResponse:
    """Nobody needs to call any more."""
    plan = get_object_or_404(CarePlan.objects.visible_to(request.user), person=pk)
    if end_care_plan(plan=plan, at=clock.now()):
        messages.success(request, _("The care plan has ended."))
    return back(request, reverse("key-persons"))


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "POST"])
def care_call(request: StaffRequest, pk: int) -> HttpResponse:
    """Note how a call went; what the person needs goes to the desk."""
    calls = CareCall.objects.filter(plan__in=CarePlan.objects.visible_to(request.user))
    call = get_object_or_404(
        calls.select_related("plan__person__unit__building__compound", "plan__person__community"), pk=pk
    )
    form = CareCallForm(request.POST or None, initial={"token": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid() and _noted(request, call, form):
        messages.success(request, _("%(name)s: call written down") % {"name": call.plan.person.name})
        return HttpResponseRedirect(reverse("key-persons"), status=303)
    context: dict[str, Any] = {"call": call, "person": call.plan.person, "plan": call.plan, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/care/call.html", context, status=status)


def _noted(request: StaffRequest, call: CareCall, form: CareCallForm) -> bool:
    """Let the verb write it; False when it refused, with the sentence above the form."""
    cleaned = form.cleaned_data
    try:
        note_care_call(
            call=call,
            outcome=CareCallOutcome(cleaned["outcome"]),
            note=cleaned["note"],
            asks=form.asks(call.plan.person, NeedSource.ROUND_CALL),
            token=cleaned["token"],
            by=request.user,
            at=clock.now(),
        )
    except (RuleViolation, BadInput) as refusal:
        blame(form, refusal)
        return False
    return True
