"""Verbs of the desk that belong to no single person's page: codes lifted by hand."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.actions.catching_up import lift_codes
from cases.models import Episode
from cases.views.answers import back
from policy import clock


@requires(Ability.WORK_CASES)
@require_POST
def codes_lifted(request: StaffRequest) -> HttpResponse:
    """Do the side effects of the releases that `episode` names, repeated, because no worker did."""
    keys = [int(key) for key in request.POST.getlist("episode") if key.isdecimal() and len(key) < 19]
    found = list(Episode.objects.visible_to(request.user).filter(pk__in=keys))
    if not found:
        raise Http404
    count = lift_codes(episodes=found, by=request.user, at=clock.now())
    text = ngettext("Health code of %(n)d person lifted", "Health codes of %(n)d people lifted", count)
    messages.success(request, text % {"n": count})
    return back(request, reverse("register"))
