"""Correcting what was written wrongly: the anchor of a ground, and the facts of a file."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rules import Ability
from cases.actions.judging import PersonFacts
from cases.actions.planning import drop_coming_tests, note, plan_of, plan_with, replan
from cases.actions.sweeps import release_due
from cases.models import Contact, Episode, Ground, KeyMark, NameGram, Person
from cases.rules import EventKind, birth_date_in, name_grams, tidy_number
from policy.models import edition_by_code
from policy.refusals import BadInput, RuleViolation
from policy.rules import capped
from policy.types import Plan
from zones.actions import ensure_units


def correct_anchor(
    *, ground: Ground, anchor_on: dt.date, by: User, at: dt.datetime, document: str = ""
) -> bool:
    """Correct the date of an anchoring event; returns whether it changed.

    To an earlier date it is free; to a later one, which moves the end out, it takes a supervisor and a
    document (promise 4). When the end lies in the past by then, the person is free at once.
    Raises RuleViolation `later_anchor`, `not_running`, BadInput at `anchor_on`.
    """
    with transaction.atomic():
        # What the page had read may have changed since: an early end must not be undone by a correction.
        episode = Episode.objects.select_for_update(no_key=True).get(pk=ground.episode_id)
        found = episode.grounds.get(pk=ground.pk)
        if anchor_on == found.anchor_on:
            return False
        _check_move(episode, found, anchor_on, document, by=by, today=timezone.localdate(at))
        _move(episode, found, anchor_on, document, by=by, at=at)
    ground.refresh_from_db()
    ground.episode.refresh_from_db()
    return True


def _check_move(
    episode: Episode, ground: Ground, anchor_on: dt.date, document: str, *, by: User, today: dt.date
) -> None:
    if anchor_on > ground.registered_on:
        raise BadInput("anchor_on", _("The event lies after the registration; check both dates."))
    if not episode.restricts(max(today, episode.registered_on)):
        raise RuleViolation("not_running", "", _("This episode has ended already."))
    if anchor_on > ground.anchor_on and not (by.may(Ability.SUPERVISE) and document.strip()):
        raise RuleViolation(
            "later_anchor",
            "",
            _("A later date makes the restriction longer: it takes a supervisor and a document."),
            field="document" if by.may(Ability.SUPERVISE) else "anchor_on",
        )
    if Ground.objects.filter(episode=episode, category=ground.category, anchor_on=anchor_on).exists():
        raise BadInput("anchor_on", _("This exposure already stands in the episode."))


def _plan_after(episode: Episode, ground: Ground, *, later: bool) -> Plan:
    """An earlier date never moves the end out, whatever edition the episode stands under by now."""
    if later:
        return plan_with(episode, ground)
    plan = plan_of(edition_by_code(episode.edition), episode.grounds.all(), episode.home_check)
    return capped(plan, episode.release_on)


def _move(
    episode: Episode, ground: Ground, anchor_on: dt.date, document: str, *, by: User, at: dt.datetime
) -> None:
    today = timezone.localdate(at)
    before = {"anchor_before": ground.anchor_on, "release_before": episode.release_on}
    later = anchor_on > ground.anchor_on
    ground.anchor_on, ground.document = anchor_on, document or ground.document
    ground.save(update_fields=["anchor_on", "document"])
    Contact.objects.filter(ground=ground).update(last_exposure_on=anchor_on)
    plan = _plan_after(episode, ground, later=later)
    if plan.restricted:
        replan(episode, plan, on=today, at=at)
    else:  # with the right date the period was over before the registration
        Episode.objects.filter(pk=episode.pk).update(
            release_on=min(plan.release_on, today), anchor_on=anchor_on
        )
        episode.refresh_from_db()
        drop_coming_tests(episode, at=at)
    note(
        episode,
        EventKind.ANCHOR_CORRECTED,
        at=at,
        by=by,
        clause=plan.clause,
        reason=document,
        anchor_on=anchor_on,
        release_on=episode.release_on,
        **before,
    )
    release_due(people=[episode.person_id], at=at)


def change_person(*, person: Person, facts: PersonFacts, by: User, at: dt.datetime) -> bool:
    """Correct a person's file: what is empty in `facts` becomes empty. Key marks are replaced.

    The running episode gets an event that names the columns, not the values. Returns whether anything
    changed. Raises BadInput at `name` or `id_number` (a number that another person has).
    """
    if not facts.tidy_name:
        raise BadInput("name", _("The name is missing."))
    before = {column: getattr(person, column) for column in _FACT_COLUMNS}
    marks_before = set(person.key_marks.values_list("kind", flat=True))
    number = tidy_number(facts.id_number)
    digest_of_other = Person.objects.exclude(pk=person.pk).exclude(id_digest="")
    with transaction.atomic():
        units = ensure_units([facts.stairs] if facts.stairs else [])
        person.name = facts.tidy_name
        person.set_numbers(id_kind=facts.id_kind, id_number=number, phone=facts.phone)
        if digest_of_other.filter(id_digest=person.id_digest).exists():
            raise BadInput("id_number", _("This ID number already stands in the register."))
        person.sex, person.door, person.remarks = facts.sex, facts.door, facts.remarks
        person.unit = units[facts.stairs] if facts.stairs else None
        person.born_on = facts.born_on or (birth_date_in(number) if len(number) == 18 else None)
        changed = sorted(column for column in _FACT_COLUMNS if getattr(person, column) != before[column])
        if marks_before != set(facts.key_marks):
            changed.append("key_marks")
        if not changed:
            return False
        person.save()
        _rewrite_index(person, facts)
        for episode in person.episodes.filter(settled_at=None):
            note(episode, EventKind.FACTS_CHANGED, at=at, by=by, columns=changed)
    return True


_FACT_COLUMNS = ("name", "sex", "born_on", "id_kind", "id_number", "phone", "unit_id", "door", "remarks")


def _rewrite_index(person: Person, facts: PersonFacts) -> None:
    person.name_grams.all().delete()
    NameGram.objects.bulk_create([NameGram(person=person, gram=gram) for gram in name_grams(person.name)])
    person.key_marks.all().delete()
    KeyMark.objects.bulk_create([KeyMark(person=person, kind=kind) for kind in sorted(facts.key_marks)])
