"""The rows of close contacts, made wherever an exposure is registered, so that each counts once."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from accounts.models import User
from cases.actions.judging import WRITTEN, Judgement, Verdict, portions
from cases.models import Contact, Ground, Infection, Person
from cases.rules import ContactKind
from policy.types import Category


@dataclass(slots=True)
class _Exposure:
    """The latest exposure of one person to one infection that a list names."""

    infection: Infection
    person: Person
    on: dt.date
    kind: ContactKind | None
    ground: int | None


def write_contacts(
    judgements: Sequence[Judgement], named: Mapping[int, Infection | None], *, by: User, at: dt.datetime
) -> None:
    """Write who is a contact of which infection, from entries that are registered or were there already.

    `named` gives the infection of each place in the list. A pair has one row: a later exposure moves it,
    an earlier one changes nothing; the ground is that of the episode, None where the exposure moved
    nothing. Set-based; belongs in the caller's transaction.
    """
    exposures = _latest(_exposures(judgements, named))
    if not exposures:
        return
    grounds = [each.ground for each in exposures.values() if each.ground]
    known = {
        (contact.infection_id, contact.person_id): contact
        for some in portions({person for _, person in exposures})
        for contact in Contact.objects.filter(
            person__in=some, infection__in={infection for infection, _ in exposures}
        )
    }
    fresh = [_row(each, by=by, at=at) for key, each in exposures.items() if key not in known]
    Contact.objects.bulk_create(fresh, batch_size=500)
    changed = [
        contact for key, contact in known.items() if key in exposures and _move(contact, exposures[key])
    ]
    Contact.objects.bulk_update(changed, ["last_exposure_on", "kind", "ground"], batch_size=500)
    _name_infections(exposures.values(), grounds)


def _exposures(
    judgements: Sequence[Judgement], named: Mapping[int, Infection | None]
) -> list[tuple[Judgement, Infection, Person]]:
    found = []
    for place, judgement in enumerate(judgements):
        infection = named.get(place)
        if infection is None or judgement.registration.category is not Category.CLOSE_CONTACT:
            continue
        if judgement.verdict not in WRITTEN and judgement.verdict is not Verdict.UNCHANGED:
            continue
        if judgement.duplicate_of is not None and judgement.person is None:
            first = judgements[judgement.duplicate_of]
            judgement.person, judgement.episode = first.person, first.episode
        if judgement.person is not None:
            found.append((judgement, infection, judgement.person))
    return found


def _latest(
    exposures: Iterable[tuple[Judgement, Infection, Person]],
) -> dict[tuple[int, int], _Exposure]:
    """One exposure a pair of infection and person, the latest; with the ground that stands for its date."""
    rows = list(exposures)
    episodes = {judgement.episode.pk for judgement, _, _ in rows if judgement.episode}
    grounds = {
        (episode, on): pk
        for some in portions(episodes)
        for episode, on, pk in Ground.objects.filter(
            episode__in=some, category=Category.CLOSE_CONTACT
        ).values_list("episode", "anchor_on", "pk")
    }
    latest: dict[tuple[int, int], _Exposure] = {}
    for judgement, infection, person in rows:
        on = judgement.registration.anchor_on
        ground = grounds.get((judgement.episode.pk, on)) if judgement.episode else None
        before = latest.get((infection.pk, person.pk))
        if before is None or on > before.on:
            kind = judgement.registration.contact_kind or (before.kind if before else None)
            latest[infection.pk, person.pk] = _Exposure(infection, person, on, kind, ground)
    return latest


def _row(exposure: _Exposure, *, by: User, at: dt.datetime) -> Contact:
    return Contact(
        infection=exposure.infection,
        person=exposure.person,
        last_exposure_on=exposure.on,
        kind=exposure.kind or _kind_of_home(exposure),
        ground_id=exposure.ground,
        judged_at=at,
        judged_by=by,
    )


def _kind_of_home(exposure: _Exposure) -> ContactKind:
    """The same household when both live behind the same door; otherwise nobody said."""
    infected, person = exposure.infection.person, exposure.person
    if infected is None or infected.unit_id is None or not infected.door:
        return ContactKind.OTHER
    same = (infected.unit_id, infected.door) == (person.unit_id, person.door)
    return ContactKind.HOUSEHOLD if same else ContactKind.OTHER


def _move(contact: Contact, exposure: _Exposure) -> bool:
    """Take a later exposure over, or what was not known; returns whether the row changed."""
    before = (contact.last_exposure_on, contact.kind, contact.ground_id)
    if exposure.on >= contact.last_exposure_on:
        contact.last_exposure_on = exposure.on
        contact.kind = exposure.kind or contact.kind
        contact.ground_id = exposure.ground or contact.ground_id
    return before != (contact.last_exposure_on, contact.kind, contact.ground_id)


def _name_infections(exposures: Iterable[_Exposure], grounds: Sequence[int]) -> None:
    """Grounds that were entered without the case get the one that is named now; no date changes."""
    nameless = {
        pk
        for some in portions(grounds)
        for pk in Ground.objects.filter(pk__in=some, infection=None).values_list("pk", flat=True)
    }
    for exposure in exposures:
        if exposure.ground in nameless:
            Ground.objects.filter(pk=exposure.ground, infection=None).update(infection=exposure.infection)
