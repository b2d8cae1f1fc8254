"""The public pages of the rules: the calculator, the policy page, the text of a clause. No login."""

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from . import clock
from .calculator import calculate, public_editions
from .clauses import clause_at, clause_named, clauses
from .forms import PlanForm
from .measures import measures
from .models import EditionActivation, NoEditionInForce, edition_in_force
from .refusals import BadInput, RuleViolation
from .types import Category


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def calculator(request: HttpRequest) -> HttpResponse:
    """Anyone enters a category and a date and sees days, tests, end and clauses (N四(一))."""
    today = clock.today()
    asked = {**PlanForm.defaults(today), **request.GET.dict()}
    category = next((each for each in Category if each.value == asked["category"]), Category.CLOSE_CONTACT)
    form = PlanForm(
        asked if asked.get("anchor_on") else None,
        initial=asked,
        category=category,
        editions=public_editions(),
    )
    template = _calculator_template(request)
    context = {
        "form": form,
        "today": today,
        "live": template == "policy/_calculation.html",
        **_answer(form, today),
    }
    return render(request, template, context)


def _answer(form: PlanForm, today: dt.date) -> dict[str, object]:
    """The plan or the refusal; input that cannot be answered becomes errors of the form."""
    if not form.is_valid():
        return {}
    try:
        made, edition = calculate(form.question(), today=today)
    except BadInput as bad:
        form.add_error(bad.field if bad.field in form.fields else None, str(bad.sentence))
        return {}
    except RuleViolation as refusal:
        return {"refusal": refusal, "refusal_clause": clause_named(refusal.clause)}
    return {"plan": made, "edition": edition}


def _calculator_template(request: HttpRequest) -> str:
    """A fragment for htmx: only the answer while somebody types, so that the field keeps the cursor."""
    if request.headers.get("HX-Request") != "true" or "HX-History-Restore-Request" in request.headers:
        return "policy/calculator.html"
    whole = request.headers.get("HX-Target") == "calculator"
    return "policy/_calculator.html" if whole else "policy/_calculation.html"


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """政策与系统: every row of the rulebook, what the software does for it and where; editions; texts."""
    today = clock.today()
    try:
        in_force = edition_in_force(today)
    except NoEditionInForce:
        in_force = None
    context = {
        "today": today,
        "in_force": in_force,
        "editions": list(reversed(public_editions())),
        "activations": EditionActivation.objects.select_related("edition"),
        "groups": measures(in_force),
        "clauses": clauses().values(),
    }
    return render(request, "policy/policy.html", context)


@require_safe
@vary_on_headers("HX-Request")
def clause(request: HttpRequest, slug: str) -> HttpResponse:
    """The text of one clause: alone for opening in place, as a page otherwise."""
    found = clause_at(slug)
    if found is None:
        raise Http404
    alone = request.headers.get("HX-Request") == "true"
    return render(request, "policy/_clause.html" if alone else "policy/clause.html", {"clause": found})
