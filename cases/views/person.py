"""A person's file: who is only listed has a page of their own, and every file can be corrected."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.actions import correcting
from cases.forms.person import PersonForm
from cases.household import members_of_home
from cases.models import Episode, Person
from cases.rows import episode_rows
from cases.views.access import permissions, person_at_hand, person_seen
from cases.views.answers import back, blame, following
from cases.views.registration import suggestions
from policy import clock
from policy.refusals import BadInput, RuleViolation


@requires(Ability.SEE_CASES)
@require_safe
def person(request: StaffRequest, pk: int) -> HttpResponse:
    """The page of a person who is only listed; the episodes of others stand on it as links."""
    return person_page(request, person_seen(request, pk))


def person_page(request: StaffRequest, person: Person, *, revealed: bool = False) -> HttpResponse:
    """The page; `revealed` shows the numbers in full, in this one answer."""
    today = clock.today()
    episodes = (
        Episode.objects.visible_to(request.user).filter(person=person).order_by("-registered_at", "-pk")
    )
    context = {
        "person": person,
        "age": person.age(today),
        "rows": episode_rows(episodes, today),
        "members": members_of_home(person, user=request.user, on=today),
        "revealed": revealed,
        "today": today,
        **permissions(request, person),
    }
    answer = render(request, "cases/person.html", context)
    if revealed:
        answer["Cache-Control"] = "no-store"
    return answer


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def person_edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct the file. Numbers are never filled in: left empty they stay."""
    found = person_at_hand(request, pk)
    form = PersonForm(request.POST or None, person=found)
    default = reverse("person", args=[found.pk])
    doubt = None
    if request.method == "POST" and form.is_valid():
        doubt = form.id_doubt(clock.today())
        if doubt is None and _changed(request, found, form):
            messages.success(request, _("%(name)s: file corrected") % {"name": found.name})
            return back(request, default)
    refused = request.method == "POST"
    context = {
        "form": form,
        "person": found,
        "person_url": default,
        "doubtful": doubt is not None,
        "doubt": doubt,
        "following": following(request),
        **suggestions(request.user, found.community),
    }
    return render(request, "cases/person_edit.html", context, status=422 if refused else 200)


def _changed(request: StaffRequest, person: Person, form: PersonForm) -> bool:
    """Let the verb write the form; False when it refused, with the sentence at its field."""
    try:
        correcting.change_person(
            person=person, facts=form.facts(person.community), by=request.user, at=clock.now()
        )
    except (BadInput, RuleViolation) as refusal:
        blame(form, refusal)
        person.refresh_from_db()
        return False
    return True
