"""Inside a zone: who of a sealed unit is there, who left before, and what is brought to the door.

足不出户、上门服务: whoever may not go out is asked, and what they need is written down until it is done.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.actions.judging import WRITTEN, Judgement, PersonFacts, Registration, Verdict, portions
from cases.actions.registration import register
from cases.models import DoorService, Person, ZoneResident
from cases.rules import DoorServiceKind, Ending, Whereabouts
from policy.refusals import BadInput, RuleViolation
from policy.types import Category
from zones.models import UnitSeal, Zone

SPILL_OVER_CLAUSE = "二(三)"


def ask_whereabouts(
    *,
    zone: Zone,
    person: Person,
    whereabouts: Whereabouts,
    left_on: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> bool:
    """Record whether somebody is inside, left before the sealing, or has to be asked again.

    `left_on` is a civil date, for whoever left. Returns whether the answer changed. Raises RuleViolation
    `outside_area`, `zone_over`, `not_registered_here`, `left_after_sealing` (二(三)), `spill_over_running`,
    BadInput at `left_on`.
    """
    return bool(ask_many(zone=zone, people=[person], whereabouts=whereabouts, left_on=left_on, by=by, at=at))


def ask_many(
    *,
    zone: Zone,
    people: Collection[Person],
    whereabouts: Whereabouts,
    left_on: dt.date | None = None,
    by: User,
    at: dt.datetime,
) -> int:
    """The same for everybody behind a door, all or nobody; returns how many answers changed."""
    with transaction.atomic():
        _check_zone(zone, by=by, at=at)
        sealed = _sealed_on(UnitSeal.objects.filter(zone=zone))
        for person in people:
            if person.unit_id not in sealed:
                raise _not_registered_here(person)
            if whereabouts == Whereabouts.AWAY and left_on is not None:
                _check_left_on(left_on, sealed[person.unit_id], today=timezone.localdate(at))
        date = left_on if whereabouts == Whereabouts.AWAY else None
        return _write_answers(zone, dict.fromkeys(people, date), whereabouts, by=by, at=at)


def spill_over(*, zone: Zone, people: Mapping[Person, dt.date], by: User, at: dt.datetime) -> list[Judgement]:
    """Register those who left before the sealing as spill-over persons, each from the date they left.

    Returns one judgement for each, in their order: written, already there, or refused with its clause. A
    date in the future, or after the sealing, is refused (二(三): they left *before* it), and so is whoever
    was found inside, or whose unit is open again. Twice is once. Raises RuleViolation `outside_area`,
    `zone_over`.
    """
    today = timezone.localdate(at)
    with transaction.atomic():
        _check_zone(zone, by=by, at=at)
        sealed = _sealed_on(UnitSeal.objects.filter(zone=zone).holding(at))
        answers = _answers(zone, people)
        judged: dict[Person, Judgement] = {}
        for person, left_on in people.items():
            entry = _entry(person, left_on, today)
            try:
                _check_candidate(person, left_on, sealed, answers.get(person.pk), today=today)
            except RuleViolation as refusal:
                judged[person] = Judgement(
                    entry,
                    Verdict.REFUSED,
                    person=person,
                    sentence=refusal.sentence,
                    code=refusal.code,
                    clause=refusal.clause,
                    field="left_on",
                )
            except BadInput as mistake:
                judged[person] = Judgement(
                    entry, Verdict.WRONG, person=person, sentence=mistake.sentence, field=mistake.field
                )
        good = {person: left_on for person, left_on in people.items() if person not in judged}
        _write_answers(zone, good, Whereabouts.AWAY, by=by, at=at)
        entries = [_entry(person, left_on, today) for person, left_on in good.items()]
        judged |= dict(zip(good, register(entries, by=by, at=at), strict=True))
        _link_episodes(zone, judged)
    return [judged[person] for person in people]


def _entry(person: Person, left_on: dt.date, today: dt.date) -> Registration:
    """The registration of somebody known: what it leaves out of the file stays as it is."""
    return Registration(
        facts=PersonFacts(name=person.name, community=person.community),
        category=Category.SPILL_OVER,
        anchor_on=left_on,
        registered_on=today,
        person=person,
    )


def _check_candidate(
    person: Person,
    left_on: dt.date,
    sealed: Mapping[int | None, dt.date],
    answer: ZoneResident | None,
    *,
    today: dt.date,
) -> None:
    if person.unit_id not in sealed:
        raise RuleViolation(
            "unit_open",
            SPILL_OVER_CLAUSE,
            format_lazy(
                _("{name} is not registered in a unit of this zone that is sealed now."), name=person.name
            ),
        )
    if answer is not None and answer.whereabouts == Whereabouts.INSIDE:
        raise RuleViolation(
            "inside",
            SPILL_OVER_CLAUSE,
            format_lazy(_("{name} was found inside: not a spill-over person."), name=person.name),
        )
    _check_left_on(left_on, sealed[person.unit_id], today=today)
    if answer is not None and _rests_on(answer) and answer.left_on != left_on:
        raise RuleViolation(
            "registered_already",
            "",
            format_lazy(
                _("Registered already with {date}; the date is corrected on the person's page."),
                date=answer.left_on,
            ),
        )


def _check_left_on(left_on: dt.date, sealed_on: dt.date, *, today: dt.date) -> None:
    """They left before the unit was sealed, at the latest on that date, and not in the future."""
    if left_on > today:
        raise BadInput("left_on", _("The date on which they left lies in the future."))
    if left_on > sealed_on:
        raise RuleViolation(
            "left_after_sealing",
            SPILL_OVER_CLAUSE,
            format_lazy(
                _("The unit was sealed on {date}: only who left before that is a spill-over person."),
                date=sealed_on,
            ),
            field="left_on",
        )


def _link_episodes(zone: Zone, judged: Mapping[Person, Judgement]) -> None:
    """Note at each answer which episode came of it, also when it was there already."""
    meant = {
        person.pk: judgement.episode.pk
        for person, judgement in judged.items()
        if judgement.episode is not None
        and (judgement.verdict in WRITTEN or judgement.verdict is Verdict.UNCHANGED)
    }
    rows = [row for row in _answers(zone, judged).values() if row.person_id in meant]
    for row in rows:
        row.episode_id = meant[row.person_id]
    ZoneResident.objects.bulk_update(rows, ["episode"], batch_size=500)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def _answers(zone: Zone, people: Collection[Person]) -> dict[int, ZoneResident]:
    return {
        row.person_id: row
        for some in portions(person.pk for person in people)
        for row in ZoneResident.objects.filter(zone=zone, person__in=some).select_related("episode")
    }


def _write_answers(
    zone: Zone,
    people: Mapping[Person, dt.date | None],
    whereabouts: Whereabouts,
    *,
    by: User,
    at: dt.datetime,
) -> int:
    """Write the answers that differ from what was known; returns how many."""
    known = _answers(zone, people)
    rows = []
    for person, left_on in people.items():
        before = known.get(person.pk)
        if before is not None and (before.whereabouts, before.left_on) == (whereabouts, left_on):
            continue
        if before is None and whereabouts == Whereabouts.UNKNOWN:
            continue
        if before is not None and left_on is None and before.whereabouts == whereabouts:
            continue  # "left" said once more without a date: the date that is known stays
        if before is not None and _rests_on(before) and before.left_on != left_on:
            raise RuleViolation(
                "spill_over_running",
                "",
                format_lazy(
                    _("{name}: a spill-over episode rests on this answer; withdraw that one first."),
                    name=person.name,
                ),
            )
        rows.append(
            ZoneResident(
                zone=zone,
                person=person,
                whereabouts=whereabouts,
                left_on=left_on,
                asked_at=at,
                asked_by=by,
            )
        )
    ZoneResident.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["zone", "person"],
        update_fields=["whereabouts", "left_on", "asked_at", "asked_by"],
        batch_size=500,
    )
    return len(rows)


def _rests_on(answer: ZoneResident) -> bool:
    """Whether an episode that somebody has not taken back rests on this answer."""
    return answer.episode is not None and answer.episode.ending != Ending.WITHDRAWN


# ── services at the door ─────────────────────────────────────────────────────────────────────────


def want_service(
    *, zone: Zone, person: Person, kind: DoorServiceKind, note: str = "", by: User, at: dt.datetime
) -> DoorService:
    """Write down what somebody inside needs at the door; the same wish twice is one.

    Raises RuleViolation `outside_area`, `zone_over`, `not_registered_here`, `away`.
    """
    with transaction.atomic():
        _check_zone(zone, by=by, at=at)
        Zone.objects.select_for_update(no_key=True).get(pk=zone.pk)
        if not UnitSeal.objects.filter(zone=zone, unit=person.unit_id).exists():
            raise _not_registered_here(person)
        answer = _answers(zone, [person]).get(person.pk)
        if answer is not None and answer.whereabouts == Whereabouts.AWAY:
            raise RuleViolation(
                "away",
                "",
                format_lazy(
                    _("{name} left before the sealing: nobody is at the door. Are they back? Ask anew."),
                    name=person.name,
                ),
            )
        same = DoorService.objects.open().filter(zone=zone, person=person, kind=kind, note=note.strip())
        return same.first() or DoorService.objects.create(
            zone=zone, person=person, kind=kind, note=note.strip(), wanted_at=at, wanted_by=by
        )


def service_done(*, service: DoorService, by: User, at: dt.datetime) -> bool:
    """Note that a service was brought, also when the zone is over; returns whether we did it."""
    done = DoorService.objects.open().filter(pk=service.pk).update(done_at=at, done_by=by)
    service.refresh_from_db()
    return bool(done)


def service_not_done(*, service: DoorService, by: User, at: dt.datetime) -> bool:
    """Take a slip back: the service is open again; returns whether it was done."""
    undone = DoorService.objects.filter(pk=service.pk, done_at__isnull=False)
    opened = undone.update(done_at=None, done_by=None)
    service.refresh_from_db()
    return bool(opened)


# ── what all of them ask first ───────────────────────────────────────────────────────────────────


def _check_zone(zone: Zone, *, by: User, at: dt.datetime) -> None:
    if by.area is None or not by.area.covers(zone.community):
        raise RuleViolation("outside_area", "", _("This zone lies outside your area."))
    if not Zone.objects.open(at).filter(pk=zone.pk).exists():
        raise RuleViolation(
            "zone_over", "", _("This zone is over: its units are low risk again, nobody is asked any more.")
        )


def _sealed_on(seals: Iterable[UnitSeal]) -> dict[int | None, dt.date]:
    """The date on which each of these units was sealed."""
    return {seal.unit_id: timezone.localdate(seal.starts_at) for seal in seals}


def _not_registered_here(person: Person) -> RuleViolation:
    sentence: str | Promise = format_lazy(
        _("{name} is not registered in a unit of this zone."), name=person.name
    )
    return RuleViolation("not_registered_here", "", sentence)
