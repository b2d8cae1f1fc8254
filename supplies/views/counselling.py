"""Psychological support: who wants to talk, whom to talk with again; notes are for counsellors alone."""

from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.models import Person
from cases.views.answers import key_in
from policy import clock
from supplies.actions.counselling import note_talk
from supplies.forms.medical import CounselForm
from supplies.models import Counsel, Need
from supplies.models.medical import wanting_to_talk
from supplies.rules.needs import LIVE, NeedKind

MOST = 100


@requires(Ability.COUNSEL)
@require_safe
def counsels(request: StaffRequest) -> HttpResponse:
    """Who wants to talk, whom to talk with again, and the last talks; four queries, five for a household."""
    today, at = clock.today(), clock.now()
    talks = Counsel.objects.visible_to(request.user).select_related("person", "community", "by")
    wanting = wanting_to_talk(Need.objects.visible_to(request.user))
    again = talks.to_follow_up().order_by("follow_up_on", "pk")
    # A household that did not say who: one of them is chosen when the talk is written down.
    household = Prefetch("link__people", Person.objects.visible_to(request.user))
    related = wanting.select_related("person", "community", "unit__building__compound", "link")
    waiting = related.prefetch_related(household).order_by("rank", "due_at", "pk")[:MOST]
    context = {
        "wanting": [(need, need.is_late(at)) for need in waiting],
        "at": at,
        "again": again[:MOST],
        "talks": talks.order_by("-at", "-pk")[:30],
        "today": today,
    }
    return render(request, "supplies/medical/counsels.html", context)


@requires(Ability.COUNSEL)
@require_http_methods(["GET", "POST"])
def counsel(request: StaffRequest, pk: int) -> HttpResponse:
    """The talks with one person, and the form for the next."""
    people = Person.objects.visible_to(request.user).select_related("community", "unit__building__compound")
    person = get_object_or_404(people, pk=pk)
    need = _need(request, person)
    form = CounselForm(request.POST or None, today=clock.today())
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        note_talk(
            person=person,
            notes=cleaned["notes"],
            follow_up_on=cleaned["follow_up_on"],
            need=need,
            by=request.user,
            at=clock.now(),
        )
        messages.success(request, _("The talk is written down."))
        return HttpResponseRedirect(reverse("counsels"), status=303)
    context = {
        "person": person,
        "need": need,
        "form": form,
        "talks": Counsel.objects.visible_to(request.user)
        .filter(person=person)
        .select_related("by")
        .order_by("-at", "-pk")[:MOST],
    }
    answer = render(
        request, "supplies/medical/counsel.html", context, status=422 if request.method == "POST" else 200
    )
    answer["Cache-Control"] = "no-store"
    return answer


def _need(request: StaffRequest, person: Person) -> Need | None:
    """The need to talk that this talk answers: the one named, else the oldest that waits."""
    key = key_in(request.GET, "need")
    theirs = Q(person=person)
    if key:
        theirs = Q(pk=key) & (theirs | Q(person=None, link__people=person))
    waiting = Need.objects.visible_to(request.user).filter(theirs, kind=NeedKind.TALK, state__in=LIVE)
    return waiting.order_by("asked_at", "pk").first()
