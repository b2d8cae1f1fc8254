"""Judging look-alikes, naming a coordinator, recusing somebody."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import blame
from complaints.actions import correcting
from complaints.forms.desk import CoordinatorForm, RecuseForm
from complaints.models import ComplaintLink
from complaints.rules.words import LINK_STATES, LinkState
from complaints.views.case import alike_of, case_page, complaint_of, people_of
from complaints.views.handling import to_case
from policy import clock
from policy.refusals import RuleViolation


@requires(Ability.HANDLE_COMPLAINTS)
@require_POST
def judge(request: StaffRequest, pk: int, link: int) -> HttpResponse:
    """Say whether two that look alike are the same matter."""
    found = complaint_of(request, pk)
    pair = next((each for each in alike_of(found, request.user) if each.link.pk == link), None)
    row = get_object_or_404(ComplaintLink.objects.select_related("later__handler"), pk=link if pair else 0)
    said = request.POST.get("state", "")
    if said not in (LinkState.SAME, LinkState.DIFFERENT):
        messages.warning(request, _("Please say whether it is the same matter."))
        return to_case(request, found)
    try:
        done = correcting.judge_link(link=row, state=LinkState(said), by=request.user, at=clock.now())
    except RuleViolation as refusal:
        messages.warning(request, str(refusal))
    else:
        if done:
            messages.success(request, str(LINK_STATES[LinkState(said)]))
    return to_case(request, found)


@requires(Ability.HANDLE_COMPLAINTS)
@require_POST
def coordinator(request: StaffRequest, pk: int) -> HttpResponse:
    """One person answers for it until it is closed."""
    found, user, at = complaint_of(request, pk), request.user, clock.now()
    people = [each for each in people_of(found, user) if each.own_office == found.handler]
    form = CoordinatorForm(request.POST, complaint=found, user=user, at=at, people=people)
    if form.is_valid():
        try:
            correcting.name_coordinator(complaint=found, user=form.chosen, by=user, at=at)
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            words = {"name": form.chosen.display_name, "number": found.number}
            messages.success(request, _("%(name)s coordinates no. %(number)s") % words)
            return to_case(request, found)
    return case_page(request, complaint_of(request, pk), bound=form, status=422)


@requires(Ability.HANDLE_COMPLAINTS)
@require_POST
def recuse(request: StaffRequest, pk: int) -> HttpResponse:
    """Shut somebody out of this complaint, oneself or another."""
    found, user, at = complaint_of(request, pk), request.user, clock.now()
    form = RecuseForm(request.POST, complaint=found, user=user, at=at, people=people_of(found, user))
    if form.is_valid():
        try:
            correcting.recuse(
                complaint=found, user=form.chosen, reason=form.cleaned_data["reason"], by=user, at=at
            )
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            words = {"name": form.chosen.display_name, "number": found.number}
            messages.success(request, _("%(name)s is recused from no. %(number)s") % words)
            return to_case(request, found)
    return case_page(request, complaint_of(request, pk), bound=form, status=422)
