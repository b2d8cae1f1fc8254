"""The operator's desk: a call comes in, the person is found in seconds, the needs go to the desk."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Count, Prefetch, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import StaffRequest, requires
from accounts.actions import reveal
from accounts.encryption import encrypt
from accounts.rules import Ability
from cases.actions.registration import list_person
from cases.models import Person
from cases.models.person import PersonQuerySet
from cases.rules import tidy_phone
from cases.views.answers import back, blame, client_address, key_in
from cases.views.numbers import to_telephone
from cases.views.registration import suggestions
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions.calls import called_back, take_call
from supplies.forms.calls import CallForm, NewCallerForm
from supplies.models import Call, Need
from supplies.models.calls import CallQuerySet
from supplies.need_rows import NeedRow, rows_of
from supplies.rules.needs import LIVE, NeedKind, NeedSource
from supplies.views.searching import words_of
from zones.addresses import door_of, read
from zones.models import Compound

FOUND = 20
RECENT = 20
EARLIER = 3
SUGGESTED = 300
SHORTEST_PHONE = 7


@requires(Ability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def call_desk(request: StaffRequest) -> HttpResponse:
    """Search for the caller; calls to return; what came in last. Words that were typed stand sealed."""
    if request.method == "POST":
        words = request.POST.get("q", "").strip()[:80]
        query = f"?{urlencode({'words': encrypt(words)})}" if words else ""
        return HttpResponseRedirect(f"{reverse('calls')}{query}", status=303)
    words, calls = words_of(request), with_what_came(Call.objects.visible_to(request.user))
    context = {
        "words": words,
        "sealed": request.GET.get("words", "") if words else "",
        "found": _found(request, words) if words else [],
        "to_call_back": calls.to_call_back().order_by("call_back_at", "pk")[:RECENT],
        "recent": calls.order_by("-pk")[:RECENT],
        "may_dial": request.user.may(Ability.REVEAL_NUMBERS),
        "at": clock.now(),
    }
    return render(request, "supplies/calls/desk.html", context)


def _found(request: StaffRequest, words: str) -> Sequence[Person]:
    """People by name, telephone or last four digits; else by the address, in one go or word by word."""
    people = _people(request)
    for matching in (people.matching(words), people.living_at(words), people.filter(_at_address(words))):
        # The few that are shown first, and only then what they wait for: a compound's name finds thousands.
        keys = list(matching.order_by("unit", "door", "name", "pk").values_list("pk", flat=True)[:FOUND])
        if keys:
            waiting = Count("needs", filter=Q(needs__state__in=LIVE), distinct=True)
            shown = people.filter(pk__in=keys).annotate(waiting=waiting)
            return list(shown.order_by("unit", "door", "name", "pk"))
    return []


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


def with_what_came(calls: CallQuerySet) -> CallQuerySet:
    """With what a line of calls shows; one query more for the needs of all."""
    related = calls.select_related(
        "person__unit__building__compound", "taken_by", "called_back_by", "hotline"
    )
    return related.prefetch_related(Prefetch("needs", Need.objects.order_by("rank", "pk")))


@requires(Ability.TAKE_CALLS)
@require_http_methods(["GET", "POST"])
def call_new(request: StaffRequest) -> HttpResponse:
    """Write down a call; `?person=` names who calls, without it a file is made of name and door."""
    at = clock.now()
    key = key_in(request.GET, "person")
    person = get_object_or_404(_people(request), pk=key) if key is not None else None
    kind = CallForm if person else NewCallerForm
    initial = {"token": uuid.uuid4().hex} | ({} if person else _typed(words_of(request)))
    form = kind(request.POST or None, user=request.user, now=at, initial=initial)
    if request.method == "POST" and form.is_valid() and (answer := _taken(request, form, person)):
        return answer
    context: dict[str, Any] = {"form": form, "person": person, **_names(request)}
    if person:
        context |= {"waiting": _waiting(person, at), "earlier": _earlier(request, person)}
    status = 422 if request.method == "POST" else 200
    return render(request, "supplies/calls/call.html", context, status=status)


def _typed(words: str) -> dict[str, str]:
    """What was searched for, at the fields of the file that is made: nobody types it twice."""
    if not words:
        return {}
    said = door_of(read(words))
    if len(tidy_phone(words)) >= SHORTEST_PHONE:
        return {"phone": words}
    if not said.stairs:
        return {"door": words} if words.isdecimal() else {"name": words}
    stairs = said.stairs
    return {
        "compound": said.compound,
        "building": f"{stairs.building}号楼" if stairs.building else "",
        "unit": f"{stairs.unit}单元" if stairs.unit else "",
        "door": said.door,
    }


def _names(request: StaffRequest) -> dict[str, list[str]]:
    """Names to choose from while typing; the compounds of a whole street as well."""
    area = request.user.area
    found = suggestions(request.user, area)
    if area is not None and not found["compounds"]:
        names = Compound.objects.within(area).order_by("name").values_list("name", flat=True)
        found["compounds"] = list(names[:SUGGESTED])
    return found


def _waiting(person: Person, at: dt.datetime) -> list[NeedRow]:
    """What this household waits for: the caller asks where it is."""
    theirs = Q(person=person)
    if person.unit_id and person.door:
        theirs |= Q(unit=person.unit_id, door=person.door)
    live = Need.objects.live().filter(theirs, community=person.community_id)
    related = live.select_related("medical", "person", "owner").prefetch_related("lines__item")
    return rows_of(list(related.order_by("rank", "due_at", "pk")[:FOUND]), at)


def _earlier(request: StaffRequest, person: Person) -> CallQuerySet:
    calls = with_what_came(Call.objects.visible_to(request.user))
    return calls.filter(person=person).order_by("-at", "-pk")[:EARLIER]


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
    if call.needs.filter(kind=NeedKind.EMERGENCY).exists():
        messages.warning(request, _("An emergency: the offices have been told. Call 120 as well, now."))
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


@requires(Ability.REVEAL_NUMBERS)
@require_POST
def call_number(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand the number that called to the telephone, else the person's, after writing down who calls."""
    call = get_object_or_404(Call.objects.visible_to(request.user).select_related("area", "person"), pk=pk)
    phone = call.phone or (call.person.phone if call.person else "")
    if not phone:
        messages.error(request, _("No telephone was written down with this call."))
        return back(request, reverse("calls"))
    reveal(
        subject=f"call:{call.pk}",
        fields_shown=["phone"],
        community=call.area,
        by=request.user,
        at=clock.now(),
        address=client_address(request),
    )
    return to_telephone(request, phone)
