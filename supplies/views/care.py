"""Key persons 重点人员清单: who is to be called today, who was not reached in time, each with a plan."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import StaffRequest, requires
from accounts.models import in_area
from accounts.rules import Ability, Level
from cases.models import Person
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.views.answers import back, blame
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions.caring import (
    call_of_today,
    end_care_plan,
    key_persons_without_plan,
    note_care_call,
    set_care_plan,
)
from supplies.forms.care import CareCallForm, CarePlanForm
from supplies.models import CareCall, CarePlan
from supplies.models.calls import CarePlanQuerySet
from supplies.rules.calls import UNREACHED, CareCallOutcome
from supplies.rules.needs import NeedSource
from supplies.views.searching import people_found, sealed_search, words_of

ORDER = KeysetOrder(("next_call_on", "id"))
BY_KEY = KeysetOrder(("id",))
PAGE = 50
TABS = {
    "today": gettext_lazy("To call today"),
    "late": gettext_lazy("Not reached in time"),
    "all": gettext_lazy("With a plan"),
    "unplanned": gettext_lazy("Without a plan"),
}


def _plans(request: StaffRequest, tab: str, at: dt.datetime) -> CarePlanQuerySet:
    """The plans of a tab, each with the date since which its person is waited for too long, and its call."""
    today = timezone.localdate(at)
    plans = CarePlan.objects.visible_to(request.user)
    plans = {
        "today": lambda: plans.to_call(at),
        "late": lambda: plans.not_reached_in_time(today),
    }.get(tab, plans.running)()
    waiting = CareCall.objects.filter(outcome__in=UNREACHED, planned_on__lte=today).order_by("-planned_on")
    related = plans.with_late_since(today).select_related(
        "person__unit__building__compound", "community", "hospital"
    )
    return related.prefetch_related(Prefetch("calls", waiting, to_attr="waiting"), "person__key_marks")


@requires(Ability.WORK_SUPPLIES)
@require_http_methods(["GET", "HEAD", "POST"])
def key_persons(request: StaffRequest) -> HttpResponse:
    """The list, by the date of the next call, searched by name; four queries whatever its length."""
    if request.method == "POST":
        return sealed_search(request)
    at, words = clock.now(), words_of(request)
    today = timezone.localdate(at)
    tab = request.GET.get("tab", "today")
    tab = tab if tab in TABS else "today"
    after, area = request.GET.get("after", ""), request.user.area
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": TABS.items(),
        "words": words,
        "sealed": request.GET.get("words", "") if words else "",
        "today": today,
        "show_community": area is not None and area.level != Level.COMMUNITY,
    }
    if tab == "unplanned":
        context |= _unplanned(request, words, after)
    else:
        plans = _plans(request, tab, at)
        if words:
            plans = plans.filter(person__in=people_found(request.user, words))
        rows, older = _page(plans, ORDER, after)
        context |= {"rows": [CareRow(plan, today) for plan in rows], "older": older}
    return render(request, "supplies/care/list.html", context)


def _page(rows: QuerySet[Any], order: KeysetOrder, after: str) -> tuple[list[Any], str]:
    """The rows behind that cursor, and the cursor of the page behind them."""
    queryset, _backwards = keyset_page(rows, order, after=after, size=PAGE)
    found = list(queryset)
    if len(found) <= PAGE:
        return found, ""
    last = found[PAGE - 1]
    return found[:PAGE], cursor_of({name: getattr(last, name) for name in order.columns}, order)


def _unplanned(request: StaffRequest, words: str, after: str) -> dict[str, Any]:
    """People with a mark of key persons for whom nobody has written a plan."""
    area = request.user.area
    people = key_persons_without_plan().filter(in_area(area)) if area else Person.objects.none()
    if words:
        people = people.matching(words)
    related = people.select_related("unit__building__compound", "community").prefetch_related("key_marks")
    rows, older = _page(related, BY_KEY, after)
    return {"people": rows, "older": older}


@dataclass(frozen=True, slots=True)
class CareRow:
    """A plan in the list, or of a call: what is owed, and since when."""

    plan: CarePlan
    today: dt.date

    @property
    def call(self) -> CareCall | None:
        """The call that waits, the latest of several."""
        return next(iter(self.plan.waiting), None)  # type: ignore[attr-defined]

    @property
    def late_since(self) -> dt.date | None:
        """The first date on which the person was to be reached and was not."""
        since: dt.date | None = self.plan.late_since  # type: ignore[attr-defined]
        return since

    @property
    def days_late(self) -> int:
        """Dates since then; 0: in time."""
        return (self.today - self.late_since).days if self.late_since else 0


def _late(plan: CarePlan, today: dt.date) -> CareRow:
    """How late the calls of that plan are."""
    return CareRow(CarePlan.objects.with_late_since(today).get(pk=plan.pk), today)


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
        "late": _late(plan, clock.today()) if plan else None,
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
@require_POST
def care_call_now(request: StaffRequest, pk: int) -> HttpResponse:
    """The call that is owed to this person, or one that nobody has planned: to its page."""
    plan = get_object_or_404(CarePlan.objects.visible_to(request.user).running(), person=pk)
    call = call_of_today(plan=plan, at=clock.now())
    if call.outcome not in UNREACHED:
        messages.info(request, _("A call of today is written down already."))
        return HttpResponseRedirect(reverse("care-plan", args=[pk]), status=303)
    return HttpResponseRedirect(reverse("care-call", args=[call.pk]), status=303)


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
    context["late"] = _late(call.plan, clock.today())
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
