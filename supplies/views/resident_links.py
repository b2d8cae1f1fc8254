"""The resident's link, as staff see it: make it, show and print its QR code, renew it, withdraw it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from cases.models import Person
from cases.views.access import person_at_hand
from policy import clock
from supplies.actions import links
from supplies.household import members_of
from supplies.models import ResidentLink
from supplies.paper import HANDS_OUT, address_of, qr_of


def _link_of(person: Person) -> ResidentLink | None:
    """The newest link of the household in which the person lives now, usable or not."""
    rows = ResidentLink.objects.filter(people=person).select_related("made_by", "withdrawn_by", "community")
    for link in rows.order_by("-pk"):
        if person in members_of(link):
            return link
    return None


def _context(request: StaffRequest, person: Person) -> dict[str, Any]:
    at = clock.now()
    link = _link_of(person)
    usable = link is not None and link.withdrawn_at is None and link.ends_at > at
    address = address_of(request, link) if link is not None and usable else ""
    return {
        "person": person,
        "link": link,
        "usable": usable,
        "people": members_of(link) if link is not None else [],
        "address": address,
        "qr": qr_of(address) if address else "",
        "at": at,
    }


@requires(*HANDS_OUT)
@require_safe
def resident_link(request: StaffRequest, pk: int) -> HttpResponse:
    """The link of the household of this person."""
    answer = render(request, "supplies/resident/link.html", _context(request, person_at_hand(request, pk)))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@requires(*HANDS_OUT)
@require_safe
def resident_link_print(request: StaffRequest, pk: int) -> HttpResponse:
    """The sheet that is handed out or put on the door: QR code and what it is for."""
    context = _context(request, person_at_hand(request, pk))
    if not context["usable"]:
        raise Http404
    answer = render(request, "supplies/resident/link_print.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _do(request: StaffRequest, pk: int, act: Callable[[Person, ResidentLink | None], str]) -> HttpResponse:
    person = person_at_hand(request, pk)
    said = act(person, _link_of(person))
    messages.success(request, said or _("That was recorded already; nothing changed."))
    return HttpResponseRedirect(reverse("resident-link", args=[person.pk]), status=303)


@requires(*HANDS_OUT)
@require_POST
def resident_link_make(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the household's link, or take whoever has moved in since into it."""

    def act(person: Person, _known: ResidentLink | None) -> str:
        links.ensure_link(person=person, by=request.user, at=clock.now())
        return _("The link is there. Print it, or let the household scan it.")

    return _do(request, pk, act)


@requires(*HANDS_OUT)
@require_POST
def resident_link_renew(request: StaffRequest, pk: int) -> HttpResponse:
    """Close what is out there and make a new one: when a phone or a sheet was lost."""

    def act(_person: Person, link: ResidentLink | None) -> str:
        if link is None:
            raise Http404
        links.renew(link=link, by=request.user, at=clock.now())
        return _("The old link opens nothing any more; please hand out the new one.")

    return _do(request, pk, act)


@requires(*HANDS_OUT)
@require_POST
def resident_link_withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Close the link."""

    def act(_person: Person, link: ResidentLink | None) -> str:
        if link is None:
            raise Http404
        done = links.withdraw(link=link, by=request.user, at=clock.now())
        return _("The link is withdrawn: it opens nothing any more.") if done else ""

    return _do(request, pk, act)
