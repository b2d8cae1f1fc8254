"""Doing a verb of the desk: checked by the table, refused at its field, told by a toast."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import back, blame
from complaints.models import Complaint
from complaints.views.case import case_page, complaint_of
from complaints.views.deeds import DEEDS_BY_NAME
from policy import clock
from policy.refusals import BadInput, RuleViolation


@requires(Ability.HANDLE_COMPLAINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: StaffRequest, pk: int, verb: str) -> HttpResponse:
    """One verb of one complaint. The address alone, such as after a login, leads to the page of the case."""
    deed = DEEDS_BY_NAME.get(verb)
    if deed is None:
        raise Http404
    found = complaint_of(request, pk)
    if request.method != "POST":
        return redirect(found)
    at = clock.now()
    form = deed.form(request.POST, complaint=found, user=request.user, at=at)
    if form.is_valid():
        try:
            said = deed.act(found, form.cleaned_data, request.user, at)
        except (RuleViolation, BadInput) as refusal:
            found = complaint_of(request, pk)  # as it stands now, whoever was first
            blame(form, refusal)
        else:
            messages.success(request, said)
            return to_case(request, found)
    return case_page(request, found, bound=form, status=422)


def to_case(request: StaffRequest, found: Complaint) -> HttpResponse:
    """Back to the page it was called from, else to the case; to the queue once it is out of sight."""
    if Complaint.objects.visible_to(request.user).filter(pk=found.pk).exists():
        return back(request, found.get_absolute_url())
    messages.info(request, _("It lies at another office now and is out of your sight."))
    return redirect("complaints")
