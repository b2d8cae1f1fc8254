"""Private links of households: made, opened, renewed, withdrawn. The link itself is stored nowhere.

A link is the row's key, its generation and a signature by the installation's own key: whoever has it opens
the household's page, nobody can guess one, and staff can print it again at any time.
"""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.models import User
from accounts.scoped import area_columns
from cases.models import Person
from supplies.models import ResidentLink

SIGNATURE_LENGTH = 22
"""Characters of base64: 132 bits, not to be guessed."""


def token_of(link: ResidentLink) -> str:
    """What stands in the address of the household's page."""
    return f"{link.pk:x}-{_signature(link.pk, link.generation)}"


def _signature(key: int, generation: int) -> str:
    message = f"resident-link\0{key}\0{generation}".encode()
    mac = hmac.new(settings.INDEX_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode()[:SIGNATURE_LENGTH]


def link_of(token: str, at: dt.datetime) -> ResidentLink | None:
    """The link that this token opens; None: guessed, renewed, withdrawn, run out, or its people purged."""
    key, dash, signature = token.partition("-")
    if not dash or len(token) > 60 or not _is_hexadecimal(key):
        return None
    link = ResidentLink.objects.usable(at).filter(pk=int(key, 16)).first()
    if link is None or not hmac.compare_digest(signature, _signature(link.pk, link.generation)):
        return None
    return link


def _is_hexadecimal(text: str) -> bool:
    return 0 < len(text) <= 15 and all(character in "0123456789abcdef" for character in text)


@transaction.atomic
def ensure_link(*, person: Person, by: User | None, at: dt.datetime) -> ResidentLink:
    """The household's link: of everybody behind the same door, one for all; else of the person alone.

    One that is usable is kept, with whoever has moved in since. Whoever has moved away does not take the
    link of the old home along.
    """
    household = _household(person)
    known = _known(person, household, at)
    if known is None:
        known = ResidentLink.objects.create(
            **area_columns(person.community),
            unit=person.unit,
            door=person.door,
            made_at=at,
            made_by=by,
            ends_at=at + dt.timedelta(days=settings.RESIDENT_LINK_DAYS),
        )
    known.people.add(*household)
    return known


def _known(person: Person, household: Sequence[Person], at: dt.datetime) -> ResidentLink | None:
    """The usable link of that door; or one of nobody but this household, which is moved to the door."""
    here = {each.pk for each in household}
    links = ResidentLink.objects.usable(at).filter(people__in=here).prefetch_related("people").order_by("-pk")
    for link in links:
        if {each.pk for each in link.people.all()} <= here:
            if (link.unit_id, link.door) != (person.unit_id, person.door):
                link.unit, link.door = person.unit, person.door
                link.save(update_fields=["unit", "door"])
            return link
        if link.unit_id and link.door and (link.unit_id, link.door) == (person.unit_id, person.door):
            return link
    return None


def _household(person: Person) -> Sequence[Person]:
    if person.unit_id is None or not person.door:
        return [person]
    return list(Person.objects.filter(unit=person.unit_id, door=person.door, community=person.community_id))


def renew(*, link: ResidentLink, by: User, at: dt.datetime) -> ResidentLink:
    """Close the link that is out there and make a new one for the same household."""
    ResidentLink.objects.filter(pk=link.pk).update(
        generation=F("generation") + 1,
        ends_at=at + dt.timedelta(days=settings.RESIDENT_LINK_DAYS),
        withdrawn_at=None,
        withdrawn_by=None,
        made_by=by,
    )
    link.refresh_from_db()
    return link


def withdraw(*, link: ResidentLink, by: User, at: dt.datetime) -> bool:
    """Close the link; returns whether we did it."""
    return bool(
        ResidentLink.objects.filter(pk=link.pk, withdrawn_at=None).update(withdrawn_at=at, withdrawn_by=by)
    )
