"""Numbers in full: shown in one answer, or handed to the telephone, and written down each time."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.access import StaffRequest, requires
from accounts.actions import reveal
from accounts.rules import Ability
from cases.models import Episode, Person
from cases.views.access import person_at_hand
from cases.views.answers import back, client_address, htmx, key_in
from cases.views.episode import episode_page
from cases.views.person import person_page
from policy import clock


@requires(Ability.REVEAL_NUMBERS)
@require_POST
def person_reveal(request: StaffRequest, pk: int) -> HttpResponse:
    """Show the numbers in full in this one answer, after writing down who saw them."""
    found = person_at_hand(request, pk)
    key = key_in(request.POST, "episode")
    episodes = Episode.objects.visible_to(request.user).filter(person=found)
    episode = get_object_or_404(episodes, pk=key) if key is not None else None
    _write_reveal(request, found, [name for name in ("id_number", "phone") if getattr(found, name)])
    if episode is not None:
        return episode_page(request, episode, revealed=True)
    return person_page(request, found, revealed=True)


@requires(Ability.REVEAL_NUMBERS)
@require_POST
def person_call(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand the number to the telephone, after writing down who called."""
    found = person_at_hand(request, pk)
    if not found.phone:
        messages.error(request, _("%(name)s: no telephone is on file") % {"name": found.name})
        return back(request, reverse("person", args=[found.pk]))
    _write_reveal(request, found, ["phone"])
    return to_telephone(request, found.phone)


def to_telephone(request: StaffRequest, number: str) -> HttpResponse:
    """The answer that lets the device call a number, without a page that shows it."""
    address = f"tel:{number}"
    answer = _ClientCall(address) if htmx(request) else _Call(address, status=303)
    answer["Cache-Control"] = "no-store"
    return answer


class _Call(HttpResponseRedirect):
    """A redirect to the telephone."""

    allowed_schemes = ["tel"]


class _ClientCall(HttpResponseClientRedirect):
    """The same for htmx: a page's own navigation."""

    allowed_schemes = ["tel"]


def _write_reveal(request: StaffRequest, person: Person, fields: list[str]) -> None:
    reveal(
        subject=f"person:{person.pk}",
        fields_shown=fields,
        community=person.community,
        by=request.user,
        at=clock.now(),
        address=client_address(request),
    )
