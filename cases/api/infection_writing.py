"""From infections, stays and contacts to the dictionaries of the answers."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from cases.actions.judging import VERDICTS
from cases.actions.tracing import TracedContact
from cases.api.writing import plan_json
from cases.models import Contact, Episode, Infection, InfectionStay, NucleicAcidTest, Person, SpreadAssessment
from cases.rows import episode_rows
from zones.models import SealCause, UnitSeal

Json = dict[str, Any]

_COPIED = (
    "label",
    "found_on",
    "found_where",
    "sampled_at",
    "resulted_at",
    "reported_at",
    "contacts_judged_at",
    "isolated_at",
    "admitted_at",
    "admitted_to",
    "retracted_at",
)


def names_in_sight(people: Iterable[int | None], to: User) -> dict[int, str]:
    """The names of those of these people whom the reader sees: one query."""
    keys = {key for key in people if key is not None}
    if not keys:
        return {}
    return dict(Person.objects.visible_to(to).filter(pk__in=keys).values_list("pk", "name"))


def _person(key: int | None, names: Mapping[int, str]) -> Json | None:
    return {"id": key, "name": names[key]} if key is not None and key in names else None


def infection_line(infection: Infection, names: Mapping[int, str]) -> Json:
    """One infection of a list; its community was read with it."""
    return {
        "id": infection.pk,
        "community": {"code": infection.community.code, "name": infection.community.name},
        "person": _person(infection.person_id, names),
        "manifestation": infection.manifestation or None,
        "ct": float(infection.ct) if infection.ct is not None else None,
        **{column: getattr(infection, column) for column in _COPIED},
    }


def infection_json(pk: int, *, to: User, at: dt.datetime) -> Json:
    """One infection with its stays, its assessment, what hangs on it and what is sealed because of it."""
    infection = Infection.objects.select_related("community", "assessment").get(pk=pk)
    seals = list(SealCause.objects.filter(infection=pk, withdrawn_at=None).select_related("seal"))
    held = UnitSeal.objects.holding(at).filter(pk__in=[each.seal_id for each in seals])
    assessment = getattr(infection, "assessment", None)
    return infection_line(infection, names_in_sight([infection.person_id], to)) | {
        "remarks": infection.remarks,
        "test": infection.test_id,
        "stays": [stay_json(stay) for stay in stays_of(infection)],
        "assessment": _assessment_json(assessment, at) if assessment else None,
        "counts": {"contacts": infection.contacts.count(), "units_sealed": held.count()},
        "seals": [
            {
                "zone": each.seal.zone_id,
                "unit": each.seal.unit_id,
                "found_on": each.found_on,
                "release_on": each.seal.release_on,
            }
            for each in seals
        ],
    }


def stays_of(infection: Infection) -> QuerySet[InfectionStay]:
    """The places where it stayed, with what names them."""
    return infection.stays.select_related("unit__building__compound", "site")


def stay_json(stay: InfectionStay) -> Json:
    """One place."""
    return {
        "id": stay.pk,
        "purpose": stay.purpose,
        "unit": stay.unit_id,
        "site": stay.site_id,
        "name": str(stay.unit or stay.site),
        "from_on": stay.from_on,
        "to_on": stay.to_on,
        "note": stay.note,
    }


def _assessment_json(assessment: SpreadAssessment, at: dt.datetime) -> Json:
    return {
        "opened_at": assessment.opened_at,
        "due_at": assessment.due_at,
        "late": assessment.late(at),
        "conclusion": assessment.conclusion or None,
        "closed_at": assessment.closed_at,
    }


# ── contacts ─────────────────────────────────────────────────────────────────────────────────────


def contact_json(contact: Contact, names: Mapping[int, str]) -> Json:
    """One contact; the ground was read with it. A person out of sight stays without name and episode."""
    seen = contact.person_id in names
    return {
        "id": contact.pk,
        "person": _person(contact.person_id, names),
        "last_exposure_on": contact.last_exposure_on,
        "kind": contact.kind,
        "episode": contact.ground.episode_id if seen and contact.ground else None,
        "judged_at": contact.judged_at,
    }


def traced_json(traced: list[TracedContact], *, to: User, today: dt.date) -> list[Json]:
    """What became of each entry, in the order of the call; set-based."""
    keys = [each.contact.pk for each in traced if each.contact]
    contacts = Contact.objects.select_related("ground").in_bulk(keys)
    names = names_in_sight([contact.person_id for contact in contacts.values()], to)
    plans = _plans_of(traced, to=to, today=today)
    written = []
    for each in traced:
        judgement, contact = each.judgement, contacts.get(each.contact.pk) if each.contact else None
        episode = judgement.episode if judgement else None
        elsewhere = each.outcome == "held_elsewhere"
        written.append(
            {
                "verdict": each.outcome,
                "detail": str(each.sentence or VERDICTS[each.outcome]),
                "code": judgement.code if judgement else "",
                "clause": judgement.clause if judgement else "",
                "field": judgement.field if judgement else None,
                "office": episode.community.name if elsewhere and episode else None,
                "contact": contact_json(contact, names) if contact else None,
                "plan": plans.get(episode.pk) if episode and not elsewhere else None,
            }
        )
    return written


def _plans_of(traced: list[TracedContact], *, to: User, today: dt.date) -> dict[int, Json]:
    """The plans of the episodes that the entries led to, as far as the reader sees them."""
    keys = {each.judgement.episode.pk for each in traced if each.judgement and each.judgement.episode}
    episodes = Episode.objects.visible_to(to).filter(pk__in=keys)
    seen = {episode.pk: episode for episode in episodes.prefetch_related("stages")}
    if not seen:
        return {}
    tests: dict[int, list[NucleicAcidTest]] = {key: [] for key in seen}
    for test in NucleicAcidTest.objects.filter(episode__in=seen).order_by("planned_on", "pk"):
        tests[test.episode_id].append(test)
    rows = episode_rows(list(seen), today)
    return {row.pk: plan_json(seen[row.pk], row, tests[row.pk]) for row in rows}
