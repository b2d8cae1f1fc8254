"""The front door: staff go to their day, everybody else reads what this is."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.rules import Ability
from policy import clock
from policy.models import NoEditionInForce, edition_in_force
from policy.refusals import RuleViolation
from policy.rules import plan
from policy.strip import Strip, draw_plan
from policy.types import Category, Ground

HAVE_A_DAY = (Ability.SEE_CASES, Ability.HANDLE_COMPLAINTS)
"""Whoever has one of these has something to do here: Today shows it."""


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The public home; a member of staff who works here is led to Today."""
    user = request.user
    if user.is_authenticated and user.area_id and any(map(user.may, HAVE_A_DAY)):
        return HttpResponseRedirect(reverse("today"))
    return render(request, "desk/home.html", {"example": _example(), "lost": user.is_authenticated})


def _example() -> Strip | None:
    """The days of a close contact who is registered today: the product in one picture."""
    today = clock.today()
    ground = Ground(Category.CLOSE_CONTACT, anchor_on=today, registered_on=today)
    try:
        return draw_plan(plan(edition_in_force(today), [ground]), today=today)
    except (NoEditionInForce, RuleViolation):
        return None
