"""Contacts of an infected person, and the judgement of what it spread: the hour after a positive result.

Whoever is traced is registered by the same verb as everybody else, so that every refusal of the rules
holds here too.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.actions.assessing import close_assessment, open_assessment, take_assessment
from cases.actions.judging import Judgement, PersonFacts, Registration, Verdict, not_infected
from cases.actions.registration import register
from cases.models import Contact, Infection, Person
from cases.rules import ContactKind, HomeCheck, IdKind
from policy.refusals import BadInput, RuleViolation
from policy.types import Category

__all__ = [
    "ContactEntry",
    "TracedContact",
    "close_assessment",
    "judge_contacts",
    "open_assessment",
    "take_assessment",
    "trace",
]


@dataclass(frozen=True, slots=True)
class ContactEntry:
    """One contact as it is entered: a person of the register, or the facts of one; exposed last on a date."""

    person: Person | None = None
    facts: PersonFacts | None = None
    last_exposure_on: dt.date = dt.date.min
    kind: ContactKind | None = None
    """None: not said. Who lives behind the same door is household then."""
    home_check: HomeCheck = HomeCheck.UNCHECKED
    document: str = ""
    id_confirmed: bool = False


@dataclass(slots=True)
class TracedContact:
    """What became of one entry. `sentence` is to be shown where it was not written, or changed nothing."""

    entry: ContactEntry
    outcome: Verdict
    judgement: Judgement | None = None
    contact: Contact | None = None
    sentence: str | Promise = ""

    @property
    def written(self) -> bool:
        """Whether the person is on record as a contact of this infection."""
        return self.contact is not None


def trace(
    *, infection: Infection, entries: Sequence[ContactEntry], by: User, at: dt.datetime
) -> list[TracedContact]:
    """Register contacts of an infection as of today; the good ones are written, in one transaction.

    In the order of the entries. A later exposure of somebody under control is a further ground, and the
    only way by which an end moves out; an earlier one, or the same, is on record as a contact and moves
    nothing. The infected person, people held elsewhere, repeats of served exposures and doubtful IDs come
    back with their sentence. Raises RuleViolation `not_infected` (N二(二)) once the result is retracted.
    """
    with transaction.atomic():
        locked = Infection.objects.select_for_update(no_key=True).get(pk=infection.pk)
        if locked.retracted_at is not None:
            raise RuleViolation("not_infected", "二(二)", not_infected(locked.label))
        picked = Person.objects.select_related("community").in_bulk(
            [entry.person.pk for entry in entries if entry.person]
        )
        today = timezone.localdate(at)
        listed = [_registration(locked, entry, picked, today) for entry in entries]
        judgements = register(listed, by=by, at=at)
        contacts = {contact.person_id: contact for contact in locked.contacts.select_related("person")}
    return [_traced(entry, judgement, contacts) for entry, judgement in zip(entries, judgements, strict=True)]


def _registration(
    infection: Infection, entry: ContactEntry, picked: dict[int, Person], today: dt.date
) -> Registration:
    """The entry as the register takes it. A person who was picked keeps every fact of the file."""
    person = picked.get(entry.person.pk) if entry.person else None
    if person is not None:
        facts = PersonFacts(name=person.name, community=person.community, id_kind=IdKind(person.id_kind))
    elif entry.facts is not None:
        facts = replace(entry.facts)
    else:
        raise BadInput("person", _("Please pick a person, or enter one."))
    return Registration(
        facts,
        Category.CLOSE_CONTACT,
        anchor_on=entry.last_exposure_on,
        registered_on=today,
        home_check=entry.home_check,
        exposed_to=infection.label,
        document=entry.document,
        id_confirmed=entry.id_confirmed,
        person=person,
        infection=infection,
        contact_kind=entry.kind,
    )


def _traced(entry: ContactEntry, judgement: Judgement, contacts: dict[int, Contact]) -> TracedContact:
    known = judgement.verdict in (
        Verdict.NEW,
        Verdict.NEW_GROUND,
        Verdict.EARLIER_EXPOSURE,
        Verdict.UNCHANGED,
    )
    contact = contacts.get(judgement.person.pk) if known and judgement.person else None
    return TracedContact(entry, judgement.verdict, judgement, contact, judgement.sentence)


def judge_contacts(*, infection: Infection, by: User, at: dt.datetime) -> bool:
    """Record that all contacts of the infection are judged (N二(二)); returns whether that was still open."""
    open_still = Infection.objects.standing().filter(pk=infection.pk, contacts_judged_at=None)
    return bool(open_still.update(contacts_judged_at=at, contacts_judged_by=by))
