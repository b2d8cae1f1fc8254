"""For the office that is named: what was published about it, and its reply beneath."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.views.answers import blame
from complaints.actions import publishing
from complaints.forms.publications import ReplyForm
from complaints.models import Publication
from complaints.rules.supervision import PublicationStepKind
from policy import clock
from policy.refusals import BadInput, RuleViolation

MOST = 100


@requires(Ability.ANSWER_ORDERS)
@require_safe
def publications_about_us(request: StaffRequest) -> HttpResponse:
    """The published namings of the reader's own office, the newest first; drafts never stand here."""
    found = Publication.objects.about(request.user).prefetch_related("steps")
    rows = [
        (each, any(step.kind == PublicationStepKind.REPLIED for step in each.steps.all()))
        for each in found.order_by("-published_at", "-pk")[:MOST]
    ]
    return render(request, "complaints/desk/about_us.html", {"rows": rows, "own": request.user.own_office})


@requires(Ability.ANSWER_ORDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def publication_reply(request: StaffRequest, pk: int) -> HttpResponse:
    """One naming of the own office, and the form of its reply."""
    found = get_object_or_404(Publication.objects.about(request.user).select_related("office"), pk=pk)
    form = ReplyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            done = publishing.reply(
                publication=found, text=form.cleaned_data["text"], by=request.user, at=clock.now()
            )
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            said = (
                _("Your reply is published beneath the text.")
                if done
                else _("This reply stands there already.")
            )
            messages.success(request, said)
            return redirect("publication-reply", found.pk)
    steps = found.steps.select_related("office")
    context = {
        "publication": found,
        "form": form,
        "corrections": steps.filter(kind=PublicationStepKind.CORRECTED),
        "replies": steps.filter(kind=PublicationStepKind.REPLIED),
    }
    return render(request, "complaints/desk/reply.html", context, status=422 if form.is_bound else 200)
