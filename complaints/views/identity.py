"""Who complained: shown once in one answer, or handed to the telephone, and written down each time."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import StaffRequest, requires
from accounts.actions import reveal as write_reveal
from accounts.rules import Ability
from cases.views.answers import client_address
from cases.views.numbers import to_telephone
from complaints.actions.events import note_look
from complaints.models import Complainant, Complaint
from complaints.rules.words import LookedAt
from complaints.views.case import Identity, case_page, complainant_of, complaint_of
from policy import clock

FIELDS = ("name", "phone", "email")


@requires(Ability.REVEAL_COMPLAINANTS)
@require_POST
def reveal(request: StaffRequest, pk: int) -> HttpResponse:
    """Show who complained in this one answer, after writing down who asked for it."""
    found = complaint_of(request, pk)
    who = complainant_of(found)
    if who is None:
        messages.info(request, _("No. %(number)s is anonymous.") % {"number": found.number})
        return redirect(found)
    _write_down(request, found, who, FIELDS)
    return case_page(request, found, revealed=Identity(name=who.name, phone=who.phone, email=who.email))


@requires(Ability.REVEAL_COMPLAINANTS)
@require_POST
def call(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand the number to the telephone without showing it, after writing down who called."""
    found = complaint_of(request, pk)
    who = complainant_of(found)
    if who is None or not who.phone:
        messages.error(request, _("No. %(number)s: no telephone is on file") % {"number": found.number})
        return redirect(found)
    _write_down(request, found, who, ("phone",))
    return to_telephone(request, who.phone)


def _write_down(request: StaffRequest, found: Complaint, who: Complainant, fields: tuple[str, ...]) -> None:
    """Before anything is shown: who asked, for what, from where; never what was shown."""
    at, address = clock.now(), client_address(request)
    note_look(found, by=request.user, at=at, what=LookedAt.IDENTITY, address=address)
    write_reveal(
        subject=f"complaint:{found.pk}",
        fields_shown=[name for name in fields if getattr(who, name)],
        community=found.area,
        by=request.user,
        at=at,
        address=address,
    )
