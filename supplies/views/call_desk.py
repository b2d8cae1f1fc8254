"""The operator's desk: a call comes in, the person is found in seconds, the needs go to the desk."""

import uuid
from collections.abc import Sequence
from contextlib import suppress

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.encryption import decrypt, encrypt
from accounts.rules import Ability
from cases.actions.registration import list_person
from cases.models import Person
from cases.models.person import PersonQuerySet
from cases.views.answers import back, blame, key_in
from cases.views.registration import suggestions
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions.calls import called_back, take_call
from supplies.forms.calls import CallForm, NewCallerForm
from supplies.models import Call
from supplies.models.calls import CallQuerySet
from supplies.rules.needs import LIVE, NeedSource

FOUND = 20
RECENT = 20


@requires(Ability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def call_desk(request: StaffRequest) -> HttpResponse:
    """Search for the caller; calls to return; what came in last. Words that were typed stand sealed."""
    if request.method == "POST":
        words = request.POST.get("q", "").strip()[:80]
        query = f"?{urlencode({'words': encrypt(words)})}" if words else ""
        return HttpResponseRedirect(f"{reverse('calls')}{query}", status=303)
    words = ""
    with suppress(ValueError):
        words = decrypt(request.GET.get("words", "")) if request.GET.get("words") else ""
    context = {
        "words": words,
        "found": _found(request, words) if words else [],
        "to_call_back": _calls(request).to_call_back().order_by("call_back_at", "pk")[:RECENT],
        "recent": _calls(request).order_by("-at", "-pk")[:RECENT],
        "at": clock.now(),
    }
    return render(request, "supplies/calls/desk.html", context)


def _found(request: StaffRequest, words: str) -> Sequence[Person]:
    """People by name, telephone or last four digits; else by compound, building and door."""
    counted = _people(request).annotate(
        waiting=Count("needs", filter=Q(needs__state__in=LIVE), distinct=True)
    )
    found = list(counted.matching(words).order_by("name", "pk")[:FOUND])
    return found or list(counted.filter(_at_address(words)).order_by("unit", "door", "pk")[:FOUND])


def _at_address(words: str) -> Q:
    """Every word stands in the compound, the building, the unit or the door."""
    condition = Q()
    for word in words.split():
        condition &= (
            Q(unit__building__compound__name__icontains=word)
            | Q(unit__building__name__icontains=word)
            | Q(unit__name__icontains=word)
            | Q(door=word)
        )
    return condition


def _calls(request: StaffRequest) -> CallQuerySet:
    return Call.objects.visible_to(request.user).select_related(
        "person__unit__building__compound", "taken_by", "hotline"
    )


@requires(Ability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def call_new(request: StaffRequest) -> HttpResponse:
    """Write down a call; `?person=` names who calls, without it a file is made of name and door."""
    at = clock.now()
    key = key_in(request.GET, "person")
    person = get_object_or_404(_people(request), pk=key) if key is not None else None
    kind = CallForm if person else NewCallerForm
    form = kind(request.POST or None, user=request.user, now=at, initial={"token": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid() and (answer := _taken(request, form, person)):
        return answer
    context = {"form": form, "person": person, **suggestions(request.user, request.user.area)}
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/calls/call.html", context, status=status)


def _people(request: StaffRequest) -> PersonQuerySet:
    return Person.objects.visible_to(request.user).select_related("unit__building__compound", "community")


def _taken(request: StaffRequest, form: CallForm, person: Person | None) -> HttpResponse | None:
    """Let the verb write the call; None when it refused, with the sentence at its field."""
    at = clock.now()
    cleaned = form.cleaned_data
    try:
        if person is None and isinstance(form, NewCallerForm):
            community = form.community_meant
            if community is None:
                return None
            person = list_person(form.facts(community), by=request.user, at=at)
        assert person is not None  # noqa: S101
        call = take_call(
            area=person.community,
            person=person,
            phone=cleaned["phone"] or person.phone,
            hotline=cleaned["hotline"],
            note=cleaned["note"],
            asks=form.asks(person, NeedSource.PHONE, cleaned["phone"]),
            call_back_at=cleaned["call_back_at"],
            token=cleaned["token"],
            by=request.user,
            at=at,
        )
    except (RuleViolation, BadInput) as refusal:
        blame(form, refusal)
        return None
    count = call.needs.count()
    told = ngettext("%(n)d need goes to the desk", "%(n)d needs go to the desk", count) % {"n": count}
    messages.success(request, _("The call is written down. %(told)s.") % {"told": told})
    return HttpResponseRedirect(reverse("calls"), status=303)


@requires(Ability.TAKE_CALLS)
@require_POST
def call_returned(request: StaffRequest, pk: int) -> HttpResponse:
    """The caller was called back."""
    call = get_object_or_404(Call.objects.visible_to(request.user), pk=pk)
    if called_back(call=call, by=request.user, at=clock.now()):
        messages.success(request, _("Called back."))
    else:
        messages.info(request, _("Somebody has called back already."))
    return back(request, reverse("calls"))


@requires(Ability.TAKE_CALLS)
@require_safe
def call_log(request: StaffRequest) -> HttpResponse:
    """Every call of the area, the latest first, in keyset pages."""
    calls = _calls(request).annotate(asked_for=Count("needs"))
    before = key_in(request.GET, "before")
    if before is not None:
        calls = calls.filter(pk__lt=before)
    rows = list(calls.order_by("-pk")[: RECENT * 2 + 1])
    older = rows[RECENT * 2 - 1].pk if len(rows) > RECENT * 2 else None
    return render(request, "supplies/calls/log.html", {"calls": rows[: RECENT * 2], "older": older})
