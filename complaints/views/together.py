"""Many at once: accept what is ticked, or one answer to many about the same thing."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import back
from complaints.actions.handling import accept, answer_many
from complaints.actions.standing import check_staff
from complaints.forms.desk import TogetherForm
from complaints.models import Complaint
from complaints.rules.handling import Actor, State, Verb, may
from policy import clock
from policy.refusals import RuleViolation

MOST = 200


def _ticked(request: StaffRequest) -> QuerySet[Complaint]:
    """The ticked ones among those that the user may see."""
    keys = [int(key) for key in request.POST.getlist("pk")[:MOST] if key.isdecimal() and len(key) < 19]
    found = Complaint.objects.visible_to(request.user).filter(pk__in=keys)
    return found.select_related("handler", "area", "compound", "site").order_by("pk")


@requires(Ability.HANDLE_COMPLAINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_together(request: StaffRequest) -> HttpResponse:
    """First the text for what is ticked, then what became of each."""
    found = list(_ticked(request)) if request.method == "POST" else []
    if not found:
        messages.info(request, _("Tick the complaints that one answer is for."))
        return redirect("complaints")
    fresh = [each for each in found if each.state == State.RECEIVED]
    form = TogetherForm(request.POST if "text" in request.POST else None, unaccepted=bool(fresh))
    if form.is_valid():
        return _answered(request, found, form)
    context = {
        "form": form,
        "complaints": found,
        "ready": [each for each in found if may(Verb.ANSWER, each.state, Actor.HANDLER)],
        "fresh": fresh,
    }
    return render(request, "complaints/desk/together.html", context, status=422 if form.is_bound else 200)


def _answered(request: StaffRequest, found: list[Complaint], form: TogetherForm) -> HttpResponse:
    """How many were answered, which were left, and why."""
    at = clock.now()
    done, left = answer_many(
        complaints=found,
        text=form.cleaned_data["text"],
        accept_first=form.cleaned_data.get("accept_first", False),
        by=request.user,
        at=at,
    )
    context = {"done": done, "left": [(each, _why(each, request)) for each in left], "form": form}
    return render(request, "complaints/desk/answered.html", context)


def _why(complaint: Complaint, request: StaffRequest) -> str:
    """Why that one was left, as it stands now."""
    complaint.refresh_from_db(fields=["state", "handler"])
    if complaint.state == State.RECEIVED:
        return _("Nobody has accepted it yet: accept it first, then answer.")
    try:
        check_staff(request.user, complaint, Verb.ANSWER, "answer")
    except RuleViolation as refusal:
        return str(refusal)
    return _("Somebody worked on it at the same moment; please try again.")


@requires(Ability.HANDLE_COMPLAINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def accept_together(request: StaffRequest) -> HttpResponse:
    """Accept all that are ticked and wait for it."""
    found = list(_ticked(request)) if request.method == "POST" else []
    done = 0
    for complaint in found:
        try:
            accept(complaint=complaint, by=request.user, at=clock.now())
        except RuleViolation:
            continue
        done += 1
    left = len(found) - done
    said = ngettext("%(n)d complaint accepted", "%(n)d complaints accepted", done) % {"n": done}
    if left:
        more = ngettext(
            "%(n)d was accepted before or has moved on", "%(n)d were accepted before or have moved on", left
        )
        said = f"{said}{_('; ')}{more % {'n': left}}"
    if found:
        messages.success(request, said)
    return back(request, "/complaint-desk/")
