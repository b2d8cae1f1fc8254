"""Infections: reported from outside, corrected, retracted, and where they stayed (found here: positives)."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.scoped import area_columns
from cases.actions.assessing import open_assessment
from cases.models import (
    Episode,
    Infection,
    InfectionStay,
    NucleicAcidTest,
    Person,
    SpreadAssessment,
)
from cases.models.episode import is_open
from cases.rules import Result, tidy_person_name
from policy.refusals import BadInput, RuleViolation
from zones.actions import ensure_units, staircase, withdraw_cause
from zones.models import SealCause, Site, Unit
from zones.rules import FOUND_WHERE, PURPOSES, FoundWhere, Purpose

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class InfectionFacts:
    """What is known of an infection; an empty label asks for the county's next free one."""

    label: str
    found_on: dt.date
    found_where: FoundWhere | str
    person: Person | None = None
    manifestation: str = ""
    ct: Decimal | None = None
    sampled_at: dt.datetime | None = None
    resulted_at: dt.datetime | None = None
    isolated_at: dt.datetime | None = None
    admitted_at: dt.datetime | None = None
    admitted_to: str = ""
    remarks: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """What is written as it stands here; label and person are matters of their own."""
        return {
            "found_on": self.found_on,
            "found_where": FoundWhere(self.found_where),
            "manifestation": self.manifestation,
            "ct": self.ct,
            "sampled_at": self.sampled_at,
            "resulted_at": self.resulted_at,
            "isolated_at": self.isolated_at,
            "admitted_at": self.admitted_at,
            "admitted_to": self.admitted_to.strip(),
            "remarks": self.remarks.strip(),
        }


# ── reported and corrected ───────────────────────────────────────────────────────────────────────


def report_infection(*, community: Area, facts: InfectionFacts, by: User, at: dt.datetime) -> Infection:
    """Record an infection that was reported from outside. Found at home: opens the judgement of spread.

    The unit where the person is registered becomes a home stay of the date on which they were found.
    Raises BadInput at the field to blame; RuleViolation `label_taken`, `infected_already`, and
    `under_control` for a person whose plan runs here: their positive result is recorded in their file,
    where it closes the plan as well.
    """
    if by.area is None or not by.area.covers(community):
        raise BadInput("community", _("This community lies outside your area."))
    _check(facts, at=at)
    if facts.person is not None:
        _check_person(facts.person, facts.found_on, at=at)
    columns = {**area_columns(community), **facts.columns, "person": facts.person}
    columns |= {"reported_at": at, "reported_by": by}
    with transaction.atomic():
        infection = create_infection(facts.found_on, facts.label, columns)
        if facts.person is not None and facts.person.unit_id is not None:
            keep_home(infection, facts.person, facts.found_on, facts.found_on, by=by, at=at)
        follow_place(infection, by=by, at=at)
    return infection


def update_infection(*, infection: Infection, facts: InfectionFacts, by: User, at: dt.datetime) -> Infection:
    """Correct an infection with all its facts; what is empty becomes empty, an empty label stays as it is.

    Whose test it was stays the person. The date on which it was found does not move while a unit is sealed
    because of it. Raises BadInput at the field to blame; RuleViolation `label_taken`, `seals_rest_on_it`,
    `not_standing`, and those of `report_infection` for another person.
    """
    _check(facts, at=at)
    with transaction.atomic():
        locked = Infection.objects.select_for_update(no_key=True).get(pk=infection.pk)
        if locked.retracted_at is not None:
            raise _not_standing(locked)
        if locked.found_on != facts.found_on:
            _check_no_seal(locked)
        for column, value in facts.columns.items():
            setattr(locked, column, value)
        if locked.test_id is None and facts.person != locked.person:
            if facts.person is not None:
                _check_person(facts.person, facts.found_on, at=at)
            locked.person = facts.person
        locked.label = tidy_person_name(facts.label) or locked.label
        try:
            with transaction.atomic():
                locked.save()
        except IntegrityError as error:
            raise _label_taken(locked.label) from error
        follow_place(locked, by=by, at=at)
    infection.refresh_from_db()
    return infection


def retract_infection(*, infection: Infection, by: User, at: dt.datetime) -> bool:
    """Record that the positive result was a mistake; returns whether the infection still stood.

    What is sealed rests on the other infections from then on, or opens. Nothing else is closed: whoever
    was judged a contact has an episode of their own, to be withdrawn by whoever is responsible for it.
    Raises RuleViolation `result_stands` while a test of ours says positive: correcting that result brings
    the plan of the person back as well.
    """
    if (
        infection.test
        and NucleicAcidTest.objects.filter(pk=infection.test.pk, result=Result.POSITIVE).exists()
    ):
        raise RuleViolation(
            "result_stands",
            "",
            _(
                "The positive result stands in the person’s file: correct it there, and the plan comes "
                "back too."
            ),
        )
    with transaction.atomic():
        done = Infection.objects.standing().filter(pk=infection.pk).update(retracted_at=at)
        if done:
            withdraw_cause(infection=infection.pk, by=by, at=at)
    infection.refresh_from_db()
    return bool(done)


def _check(facts: InfectionFacts, *, at: dt.datetime) -> None:
    if facts.found_where not in FOUND_WHERE:
        raise BadInput("found_where", _("Please say where the person was found."))
    if facts.found_on > timezone.localdate(at):
        raise BadInput("found_on", _("This date lies in the future."))
    for name in ("sampled_at", "resulted_at", "isolated_at", "admitted_at"):
        instant = getattr(facts, name)
        if instant is not None and instant > at:
            raise BadInput(name, _("This time lies in the future."))
    if facts.sampled_at and facts.resulted_at and facts.resulted_at < facts.sampled_at:
        raise BadInput("resulted_at", _("The result lies before the sampling; check both times."))
    if facts.ct is not None and not 0 < facts.ct < 100:
        raise BadInput("ct", _("A Ct value lies between 0 and 100."))


def _check_person(person: Person, found_on: dt.date, *, at: dt.datetime) -> None:
    """Nobody is infected twice at once, and who is under a plan here gets the result in their file."""
    if Episode.objects.filter(is_open(timezone.localdate(at)), person=person).exists():
        raise RuleViolation(
            "under_control",
            "",
            _("This person is under control here: record the positive result in their file."),
            field="person",
        )
    month = dt.timedelta(days=30)
    known = Infection.objects.standing().filter(
        person=person, found_on__gt=found_on - month, found_on__lt=found_on + month
    )
    if label := known.values_list("label", flat=True).first():
        raise RuleViolation(
            "infected_already",
            "",
            format_lazy(_("This person is recorded as infected already: {label}."), label=label),
            field="person",
        )


def _check_no_seal(infection: Infection) -> None:
    resting = SealCause.objects.filter(infection=infection.pk, withdrawn_at=None, seal__swept_at=None)
    if resting.exists():
        raise RuleViolation(
            "seals_rest_on_it",
            "",
            _(
                "Units are sealed because of this infection: its date does not move while they are. They "
                "can be opened early, with a reason."
            ),
            field="found_on",
        )


def create_infection(found_on: dt.date, label: str, columns: dict[str, Any]) -> Infection:
    """Save a new infection under its label, or under the next free one when two take one at once."""
    label = tidy_person_name(label)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return Infection.objects.create(
                    **columns, label=label or _next_label(columns["county"], found_on)
                )
        except IntegrityError:
            if label:
                raise _label_taken(label) from None
            if attempt == _ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def _next_label(county: Area | None, found_on: dt.date) -> str:
    first = f"{found_on:%Y%m%d}-"
    labels = Infection.objects.filter(county=county, label__startswith=first).values_list("label", flat=True)
    numbers = [int(tail) for label in labels if (tail := label.removeprefix(first)).isdecimal()]
    return f"{first}{max(numbers, default=0) + 1}"


def _label_taken(label: str) -> RuleViolation:
    return RuleViolation(
        "label_taken",
        "",
        format_lazy(_("The county already has a case of the label {label}."), label=label),
        field="label",
    )


def _not_standing(infection: Infection) -> RuleViolation:
    return RuleViolation(
        "not_standing",
        "",
        format_lazy(
            _("The positive result of {label} was a mistake; it stands no more."), label=infection.label
        ),
    )


def follow_place(infection: Infection, *, by: User, at: dt.datetime) -> None:
    """Found at home: spread is to be judged. Found elsewhere after all: an unanswered question goes away."""
    if infection.found_where == FoundWhere.HOME:
        open_assessment(infection=infection, owner=by, at=at)
    else:
        SpreadAssessment.objects.filter(infection=infection, closed_at=None).delete()


# ── places ───────────────────────────────────────────────────────────────────────────────────────


def keep_home(
    infection: Infection, person: Person, from_on: dt.date, to_on: dt.date, *, by: User, at: dt.datetime
) -> None:
    """The registered home as a stay, unless somebody recorded it already."""
    InfectionStay.objects.get_or_create(
        infection=infection,
        unit=person.unit,
        purpose=Purpose.HOME,
        defaults={"from_on": from_on, "to_on": to_on, "added_at": at, "added_by": by},
    )


def unit_of_stay(*, infection: Infection, compound: str, building: str, unit: str = "") -> Unit:
    """The unit of these names: in the community of the infection, else the one so called in its county.

    A workplace lies in another community as often as not. Where there is none, or several, it is made in
    the community of the infection; belongs in the caller's transaction.
    """
    stairs = staircase(community=infection.community, compound=compound, building=building, unit=unit)
    named = Unit.objects.filter(
        name=stairs.unit, building__name=stairs.building, building__compound__name=stairs.compound
    )
    if infection.county and not named.within(infection.community).exists():
        county = list(named.within(infection.county)[:2])
        if len(county) == 1:
            return county[0]
    return ensure_units([stairs])[stairs]


def add_stay(
    *,
    infection: Infection,
    purpose: Purpose | str,
    unit: Unit | None = None,
    site: Site | None = None,
    from_on: dt.date,
    to_on: dt.date,
    note: str = "",
    by: User,
    at: dt.datetime,
) -> InfectionStay:
    """Record a unit or a site where the infected person stayed, first and last date included.

    The same place for the same purpose is one stay: a second entry widens its dates. Raises BadInput at the
    field to blame, RuleViolation `not_standing`.
    """
    if infection.retracted_at is not None:
        raise _not_standing(infection)
    _check_stay(infection, purpose, unit, site, from_on, to_on, by=by, at=at)
    facts = {"from_on": from_on, "to_on": to_on, "note": note.strip(), "added_at": at, "added_by": by}
    with transaction.atomic():
        stay, made = InfectionStay.objects.select_for_update(no_key=True, of=("self",)).get_or_create(
            infection=infection, purpose=purpose, unit=unit, site=site, defaults=facts
        )
        if not made:
            stay.from_on, stay.to_on = min(stay.from_on, from_on), max(stay.to_on, to_on)
            stay.note = note.strip() or stay.note
            stay.save(update_fields=["from_on", "to_on", "note"])
    return stay


def _check_stay(
    infection: Infection,
    purpose: Purpose | str,
    unit: Unit | None,
    site: Site | None,
    from_on: dt.date,
    to_on: dt.date,
    *,
    by: User,
    at: dt.datetime,
) -> None:
    if purpose not in PURPOSES:
        raise BadInput("purpose", _("Please say what this place was to the infected person."))
    if (unit is None) == (site is None):
        raise BadInput("unit", _("Please name either a unit or a site."))
    community = unit.building.compound.community if unit else site.community if site else None
    county = infection.county.code if infection.county else infection.community.code
    mine = community is not None and by.area is not None and by.area.covers(community)
    if community is None or not (mine or community.code.startswith(county)):
        raise BadInput("unit" if unit else "site", _("This place lies outside your county."))
    if to_on < from_on:
        raise BadInput("to_on", _("The last date lies before the first."))
    if to_on > timezone.localdate(at):
        raise BadInput("to_on", _("This date lies in the future."))


def remove_stay(*, stay: InfectionStay, by: User, at: dt.datetime) -> bool:
    """Take back a stay that was entered by mistake; returns whether it was there. Seals stay as they are."""
    return bool(InfectionStay.objects.filter(pk=stay.pk).delete()[0])
