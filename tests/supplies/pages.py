"""What the tests of the resident's page and of the needs desk share: a household and its link."""

import datetime as dt
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import Area, User
from cases.actions.registration import list_person
from cases.models import Person
from supplies.actions.links import ensure_link, token_of
from supplies.models import ResidentLink
from tests.builders import entry, episode, noon, resident_id
from tests.cases.zone_places import infection, zone
from tests.supplies.world import TODAY
from zones.models import Zone

AT = noon(TODAY)


def neighbour(home: Area, by: User) -> Person:
    """王芳, who lives next door at 1204."""
    return list_person(entry(home, name="王芳", phone="13822220000", door="1204").facts, by=by, at=AT)


def isolated(by: User, **changes: Any) -> Person:
    """林小满 under a rule since 14 November, free on the 23rd; at 1203."""
    facts = {"name": "林小满", "phone": "13811110000", "door": "1203", "id_number": resident_id(1)}
    return episode(by, **(facts | changes)).person


def link_for(person: Person, by: User, at: dt.datetime = AT) -> tuple[ResidentLink, str]:
    """The household's link and its token."""
    link = ensure_link(person=person, by=by, at=at)
    return link, token_of(link)


def seal(person: Person, by: User, on: int = 16) -> Zone:
    """A high-risk zone of the person's unit, because of an infection found on that day of November."""
    assert person.unit is not None
    return zone(by, infection(by, person.unit, on=on), person.unit, on=on)


def reading(token: str, name: str = "my-page", *args: Any) -> str:
    """The page behind the link, in English; fails unless it opens."""
    client = phone()
    answer = client.get(reverse(name, args=[token, *args]))
    assert answer.status_code == 200, answer.status_code
    return str(answer.content.decode())


def phone() -> Client:
    """A resident's browser: no account, strict about forged forms, reads English."""
    client = Client(enforce_csrf_checks=True)
    client.cookies["django_language"] = "en"
    return client
