"""The QR code of the resident's page on paper: on its own sheet, and beside the notices of a restriction."""

from collections.abc import Sequence

import segno
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from accounts.rules import Ability
from cases.models import Person
from policy import clock
from supplies.actions.links import token_of
from supplies.models import ResidentLink

HANDS_OUT = (Ability.WORK_CASES, Ability.WORK_SUPPLIES)
"""Who makes a link and hands it out."""


def address_of(request: HttpRequest, link: ResidentLink) -> str:
    """The whole address that the link opens."""
    return request.build_absolute_uri(reverse("my-page", args=[token_of(link)]))


def qr_of(address: str) -> SafeString:
    """The address as a QR code, drawn here: no other service learns it."""
    return mark_safe(segno.make(address, error="m").svg_inline(omitsize=True, border=2, dark="#000"))


def beside_notices(request: HttpRequest, people: Sequence[Person]) -> dict[int, SafeString]:
    """The QR code for each of these people who has a link, for whoever may hand it out; one query."""
    user = request.user
    if not isinstance(user, User) or not any(user.may(ability) for ability in HANDS_OUT):
        return {}
    links = ResidentLink.objects.visible_to(user).usable(clock.now()).filter(people__in=people)
    found: dict[int, SafeString] = {}
    for link in links.prefetch_related("people").order_by("pk"):
        qr = qr_of(address_of(request, link))
        piece = render_to_string("supplies/resident/_qr_beside.html", {"qr": qr})
        found |= {person.pk: piece for person in people if _opens_for(link, person)}
    return found


def _opens_for(link: ResidentLink, person: Person) -> bool:
    """Whether the person is in the link and has not moved away from its door."""
    if person not in link.people.all():
        return False
    return not (link.unit_id and link.door) or (link.unit_id, link.door) == (person.unit_id, person.door)
