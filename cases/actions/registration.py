"""Registering people: the good entries of a list, or of a form, in one transaction.

One verb serves the form, the import, the API and the demo town. `register` judges again inside its own
transaction and writes sets of rows, so that a list of a thousand costs a few dozen queries.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.scoped import area_columns
from cases.actions.contact_rows import write_contacts
from cases.actions.editions import follow_edition
from cases.actions.judging import (
    WRITTEN,
    Judgement,
    PersonFacts,
    Registration,
    Verdict,
    judge,
    look_up,
)
from cases.actions.planning import event_values, headline, note, plan_with, replan, stage_rows, test_rows
from cases.actions.sweeps import release_due
from cases.models import (
    Episode,
    EpisodeEvent,
    EpisodeStage,
    Ground,
    Infection,
    KeyMark,
    NameGram,
    NucleicAcidTest,
    Person,
)
from cases.rules import EventKind, HomeCheck, IdKind, birth_date_in, name_grams, tidy_number, tidy_person_name
from notices.actions import Draft, enqueue
from notices.rules import Channel, MessageKind
from policy.refusals import RuleViolation
from policy.types import Category, Plan
from zones.actions import Staircase, ensure_units
from zones.models import Unit

_ATTEMPTS = 3


class _ChangedMeanwhile(Exception):
    """An episode ended between the judgement and the lock on its row."""


def register(registrations: Sequence[Registration], *, by: User, at: dt.datetime) -> list[Judgement]:
    """Register every entry that can be, all in one transaction; the others are returned with their reason.

    The judgements come in the order of the entries; those written carry person and episode. When somebody
    else registers or frees one of these people at the same moment, we judge anew.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _register(registrations, by=by, at=at)
        except (IntegrityError, _ChangedMeanwhile):
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def register_person(registration: Registration, *, by: User, at: dt.datetime) -> Judgement:
    """Register one entry. Raises RuleViolation when a rule forbids it; other obstacles are in the verdict."""
    judgement = register([registration], by=by, at=at)[0]
    if judgement.verdict is Verdict.REFUSED:
        raise RuleViolation(judgement.code, judgement.clause, judgement.sentence, field=judgement.field)
    return judgement


def list_person(facts: PersonFacts, *, by: User, at: dt.datetime) -> Person:
    """Enter somebody without any restriction, such as a member of the household.

    Whoever is known already (same ID, or same name and phone) keeps the existing file.
    """
    with transaction.atomic():
        today = timezone.localdate(at)
        probe = Registration(facts, Category.CLOSE_CONTACT, anchor_on=today, registered_on=today)
        known = look_up([probe], by=by).person(facts)
        if known:
            return known
        units = ensure_units([facts.stairs] if facts.stairs else [])
        person = _person_row(None, facts, units, by=by, at=at)
        person.save()
        _index_people([(person, facts)])
        _mark_people([(person, facts)])
        return person


def _register(registrations: Sequence[Registration], *, by: User, at: dt.datetime) -> list[Judgement]:
    judgements = judge(registrations, by=by, at=at)
    fresh = [each for each in judgements if each.verdict is Verdict.NEW]
    release_due(
        people=[each.person.pk for each in fresh if each.person], at=at
    )  # an episode past its end and not yet swept would stand in the way
    _write_people(fresh, by=by, at=at)
    # Only for what is written: a refused entry must not make a case of the contact that it names.
    exposed = [each for each in judgements if each.verdict in WRITTEN or each.verdict is Verdict.UNCHANGED]
    infections = _ensure_infections([each.registration for each in exposed], by=by, at=at)
    _write_episodes(fresh, infections, by=by, at=at)
    for judgement in judgements:
        if judgement.verdict in (Verdict.NEW_GROUND, Verdict.EARLIER_EXPOSURE):
            _add_to_running(judgement, judgements, infections, by=by, at=at)
    named = {place: _infection_of(each.registration, infections) for place, each in enumerate(judgements)}
    write_contacts(judgements, named, by=by, at=at)
    for judgement in fresh:
        _follow_later_editions(judgement, at=at)
    return judgements


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def _write_people(judgements: Sequence[Judgement], *, by: User, at: dt.datetime) -> None:
    facts = [each.registration.facts for each in judgements]
    units = ensure_units([each.stairs for each in facts if each.stairs])
    new: list[tuple[Person, PersonFacts]] = []
    changed: list[tuple[Person, PersonFacts]] = []
    for judgement in judgements:
        known = judgement.person
        row = _person_row(known, judgement.registration.facts, units, by=by, at=at)
        judgement.person = row
        (changed if known else new).append((row, judgement.registration.facts))
    Person.objects.bulk_create([row for row, _ in new], batch_size=500)
    for row, _ in changed:
        row.save()
    _index_people(new)
    _mark_people(new + changed)


def _person_row(
    known: Person | None, facts: PersonFacts, units: dict[Staircase, Unit], *, by: User, at: dt.datetime
) -> Person:
    """A new person, or the known one with what the entry adds: what it leaves empty stays as it was."""
    row = known or Person(name=facts.tidy_name, created_at=at, created_by=by)
    for column, area in area_columns(facts.community).items():
        setattr(row, column, area)
    number = tidy_number(facts.id_number)
    row.set_numbers(
        id_kind=facts.id_kind if number or not known else row.id_kind,
        id_number=number or row.id_number,
        phone=facts.phone or row.phone,
    )
    if facts.id_kind == IdKind.RESIDENT_ID and len(number) == 18:
        row.born_on = birth_date_in(number) or row.born_on
    row.born_on = facts.born_on or row.born_on
    row.sex = facts.sex or row.sex
    row.unit = units[facts.stairs] if facts.stairs else row.unit
    row.door = facts.door or row.door
    row.remarks = facts.remarks or row.remarks
    return row


def _index_people(rows: Sequence[tuple[Person, PersonFacts]]) -> None:
    NameGram.objects.bulk_create(
        [
            NameGram(person=person, gram=gram)
            for person, _ in rows
            for gram in sorted(name_grams(person.name))
        ],
        batch_size=2000,
    )


def _mark_people(rows: Sequence[tuple[Person, PersonFacts]]) -> None:
    KeyMark.objects.bulk_create(
        [KeyMark(person=person, kind=kind) for person, facts in rows for kind in sorted(facts.key_marks)],
        ignore_conflicts=True,
    )


# ── episodes ─────────────────────────────────────────────────────────────────────────────────────


def _ensure_infections(
    registrations: Sequence[Registration], *, by: User, at: dt.datetime
) -> dict[tuple[str, str], Infection]:
    """The infections that the entries name, by county code and label; missing ones are recorded."""
    named = {
        (each.facts.community.code[:6], tidy_person_name(each.exposed_to)): each.facts.community
        for each in registrations
        if each.exposed_to.strip() and each.infection is None
    }
    Infection.objects.bulk_create(
        [
            Infection(
                **area_columns(community),
                label=label,
                found_on=timezone.localdate(at),
                reported_at=at,
                reported_by=by,
            )
            for (_, label), community in sorted(named.items(), key=lambda item: item[0])
        ],
        ignore_conflicts=True,
    )
    counties = {county for county, _ in named}
    found = Infection.objects.filter(
        county__code__in=counties, label__in={label for _, label in named}
    ).select_related("county", "person")
    return {(infection.county.code, infection.label): infection for infection in found if infection.county}


def _infection_of(
    registration: Registration, infections: dict[tuple[str, str], Infection]
) -> Infection | None:
    key = (registration.facts.community.code[:6], tidy_person_name(registration.exposed_to))
    return registration.infection or infections.get(key)


@dataclass(frozen=True, slots=True)
class _Written:
    judgement: Judgement
    episode: Episode


def _write_episodes(
    judgements: Sequence[Judgement],
    infections: dict[tuple[str, str], Infection],
    *,
    by: User,
    at: dt.datetime,
) -> None:
    rows = [_Written(each, _episode_row(each, by=by, at=at)) for each in judgements]
    Episode.objects.bulk_create([row.episode for row in rows], batch_size=500)
    for row in rows:
        row.judgement.episode = row.episode
    Ground.objects.bulk_create(
        [_ground_row(row.episode, row.judgement, infections, by=by, at=at) for row in rows], batch_size=500
    )
    EpisodeStage.objects.bulk_create(
        [stage for row in rows for stage in stage_rows(row.episode, _plan(row.judgement))], batch_size=500
    )
    NucleicAcidTest.objects.bulk_create(_test_rows(rows), batch_size=500)
    EpisodeEvent.objects.bulk_create(
        [EpisodeEvent(**values) for row in rows for values in _event_rows(row, by=by, at=at)], batch_size=500
    )
    enqueue([_code_draft(row.episode, at) for row in rows if row.episode.restricted], at=at)


def _plan(judgement: Judgement) -> Plan:
    if judgement.plan is None:
        raise ValueError("only judged entries with a plan are written")
    return judgement.plan


def _episode_row(judgement: Judgement, *, by: User, at: dt.datetime) -> Episode:
    """The episode of an entry. Registered after its end: saved already ended, its one test stands alone."""
    registration, plan = judgement.registration, _plan(judgement)
    if judgement.person is None:
        raise ValueError("people are written before their episodes")
    episode = Episode(
        **area_columns(registration.facts.community),
        person=judgement.person,
        registered_on=registration.registered_on,
        registered_at=at,
        registered_by=by,
        home_check=registration.home_check,
        **headline(plan),
    )
    if plan.restricted:
        episode.code_assigned_at = at
    else:
        episode.swept_at = at
    return episode


def _ground_row(
    episode: Episode,
    judgement: Judgement,
    infections: dict[tuple[str, str], Infection],
    *,
    by: User,
    at: dt.datetime,
) -> Ground:
    registration = judgement.registration
    return Ground(
        episode=episode,
        category=registration.category,
        anchor_on=registration.anchor_on,
        clause=_plan(judgement).clause,
        registered_on=registration.registered_on,
        registered_at=at,
        registered_by=by,
        isolation_finished=registration.isolation_finished,
        infection=_infection_of(registration, infections),
        document=registration.document,
    )


def _test_rows(rows: Sequence[_Written]) -> list[NucleicAcidTest]:
    """The tests of the plans, without dates on which the person already has one (N二(六))."""
    known = [row.episode.person_id for row in rows]
    first = min((row.episode.registered_on for row in rows), default=dt.date.max)
    taken = set()
    for start in range(0, len(known), 500):
        taken |= set(
            NucleicAcidTest.objects.filter(
                person__in=known[start : start + 500],
                scheduled=True,
                dropped_at=None,
                planned_on__gte=first,
            ).values_list("person_id", "planned_on")
        )
    return [
        test
        for row in rows
        for test in test_rows(row.episode, _plan(row.judgement).tests)
        if (test.person_id, test.planned_on) not in taken
    ]


def _event_rows(row: _Written, *, by: User, at: dt.datetime) -> list[dict[str, object]]:
    episode, plan = row.episode, _plan(row.judgement)
    events = [
        event_values(
            episode,
            EventKind.REGISTERED,
            at=at,
            by=by,
            clause=plan.clause,
            category=str(plan.category),
            anchor_on=plan.anchor_on,
            release_on=plan.release_on,
            restricted=plan.restricted,
            dropped_tests=[str(on) for on in plan.dropped_tests],
        )
    ]
    if episode.restricted:
        events.append(event_values(episode, EventKind.CODE_ASSIGNED, at=at, by=by, clause=plan.clause))
    return events


def _code_draft(episode: Episode, at: dt.datetime) -> Draft:
    return Draft(
        key=f"code-assigned:{episode.pk}:{at:%Y%m%d%H%M%S}",
        kind=MessageKind.CODE_ASSIGNED,
        channel=Channel.HEALTH_CODE,
        community_id=episode.community_id,
        subject=f"episode:{episode.pk}",
        context={"episode": episode.pk, "code": "assigned", "at": at.isoformat()},
    )


# ── a further ground ─────────────────────────────────────────────────────────────────────────────


def _add_to_running(
    judgement: Judgement,
    judgements: Sequence[Judgement],
    infections: dict[tuple[str, str], Infection],
    *,
    by: User,
    at: dt.datetime,
) -> None:
    """Add the exposure to the running episode: a later one moves the end, an earlier one is only noted."""
    if judgement.duplicate_of is not None and judgement.episode is None:
        first = judgements[judgement.duplicate_of]
        judgement.person, judgement.episode = first.person, first.episode
    if judgement.episode is None or judgement.person is None:
        return
    episode = Episode.objects.select_for_update(no_key=True).get(pk=judgement.episode.pk)
    if episode.swept_at is not None or episode.ending:
        raise _ChangedMeanwhile
    judgement.episode = episode
    registration = judgement.registration
    if judgement.verdict is Verdict.EARLIER_EXPOSURE:
        note(
            episode,
            EventKind.EXPOSURE_UNCHANGED,
            at=at,
            by=by,
            clause=_plan(judgement).clause,
            anchor_on=registration.anchor_on,
            infection=infection.pk if (infection := _infection_of(registration, infections)) else None,
        )
        return
    before = episode.release_on
    follow_edition(episode, at=at)
    ground = _ground_row(episode, judgement, infections, by=by, at=at)
    ground.save()
    episode.home_check = _home_check(episode, registration)
    episode.save(update_fields=["home_check"])
    plan = plan_with(episode, ground)
    replan(episode, plan, on=timezone.localdate(at), at=at)
    judgement.plan = plan
    note(
        episode,
        EventKind.GROUND_ADDED,
        at=at,
        by=by,
        clause=plan.clause,
        category=str(registration.category),
        anchor_on=registration.anchor_on,
        infection=infection.pk if (infection := _infection_of(registration, infections)) else None,
        release_before=before,
        release_on=plan.release_on,
    )


def _home_check(episode: Episode, registration: Registration) -> HomeCheck:
    """What the entry says of the home, else what was known."""
    if registration.home_check != HomeCheck.UNCHECKED:
        return registration.home_check
    return HomeCheck(episode.home_check)


def _follow_later_editions(judgement: Judgement, *, at: dt.datetime) -> None:
    """A registration dated back before a change of edition is planned anew under the one in force now."""
    if judgement.registration.registered_on == timezone.localdate(at) or judgement.episode is None:
        return
    follow_edition(judgement.episode, at=at)
