"""What would become of each entry of a form, a list or an API call, without writing anything.

Works on sets: a list of a thousand entries costs a handful of queries, not a thousand.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import Ability
from cases.models import Episode, Ground, Infection, Person
from cases.models.person import id_digest, phone_digest
from cases.rules import (
    ID_DOUBTS,
    ContactKind,
    Ending,
    HomeCheck,
    IdDoubt,
    IdKind,
    KeyMarkKind,
    Sex,
    resident_id_doubt,
    tidy_number,
    tidy_person_name,
)
from policy import rules as policy_rules
from policy.models import NoEditionInForce, UnknownEdition, edition_in_force
from policy.refusals import BadInput, RuleViolation
from policy.types import Category, Edition, IsolationFinished, Plan
from policy.types import Ground as PlanGround
from zones.actions import Staircase

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What an entry says of the person. Names and numbers may be untidy; empty means "not said"."""

    name: str
    community: Area
    sex: Sex = Sex.UNKNOWN
    born_on: dt.date | None = None
    id_kind: IdKind = IdKind.RESIDENT_ID
    id_number: str = ""
    phone: str = ""
    stairs: Staircase | None = None
    door: str = ""
    key_marks: frozenset[KeyMarkKind] = frozenset()
    remarks: str = ""

    @property
    def tidy_name(self) -> str:
        """The name as it is stored and compared."""
        return tidy_person_name(self.name)


@dataclass(frozen=True, slots=True)
class Registration:
    """One entry: who, why, since when. `registered_on` is a civil date, today or earlier."""

    facts: PersonFacts
    category: Category
    anchor_on: dt.date
    registered_on: dt.date
    isolation_finished: IsolationFinished = IsolationFinished.NONE
    home_check: HomeCheck = HomeCheck.UNCHECKED
    exposed_to: str = ""
    """The label of the infection, or empty."""
    document: str = ""
    """The paper on which registering the same exposure again rests (supervisors only)."""
    id_confirmed: bool = False
    """The worker has compared a doubtful ID with the card."""
    person: Person | None = None
    """The file that was picked; None: it is found by the ID, or by name and phone."""
    infection: Infection | None = None
    """The record, where the entry was made from it; None: it is found by `exposed_to`."""
    contact_kind: ContactKind | None = None
    """In which way they met the infected person; None: not said."""

    @property
    def ground(self) -> PlanGround:
        """The ground as the rules read it."""
        return PlanGround(self.category, self.anchor_on, self.registered_on, self.isolation_finished)


class Verdict(StrEnum):
    """What would become of an entry."""

    NEW = "new"
    NEW_GROUND = "new_ground"
    UNCHANGED = "unchanged"
    EARLIER_EXPOSURE = "earlier_exposure"
    DOUBTFUL = "doubtful"
    REFUSED = "refused"
    WRONG = "wrong"
    HELD_ELSEWHERE = "held_elsewhere"


VERDICTS = {
    Verdict.NEW: _("new"),
    Verdict.NEW_GROUND: _("new ground"),
    Verdict.UNCHANGED: _("already there"),
    Verdict.EARLIER_EXPOSURE: _("earlier exposure, nothing changes"),
    Verdict.DOUBTFUL: _("doubtful, please confirm"),
    Verdict.REFUSED: _("refused by a rule"),
    Verdict.WRONG: _("to be mended"),
    Verdict.HELD_ELSEWHERE: _("held by another community"),
}

WRITTEN = frozenset({Verdict.NEW, Verdict.NEW_GROUND, Verdict.EARLIER_EXPOSURE})


@dataclass(slots=True)
class Judgement:
    """What would become (or has become) of one entry, with the sentence to show and the clause."""

    registration: Registration
    verdict: Verdict
    plan: Plan | None = None
    person: Person | None = None
    episode: Episode | None = None
    sentence: str | Promise = ""
    code: str = ""
    clause: str = ""
    field: str | None = None
    """The name of the input that is to blame."""
    duplicate_of: int | None = None
    """The place (from 0) of the earlier entry of the same list that says the same."""


@dataclass(slots=True)
class Known:
    """What the register already knows about the people of a list, read in a handful of queries."""

    by_id: dict[str, Person] = field(default_factory=dict)
    by_phone: dict[str, list[Person]] = field(default_factory=dict)
    episodes: dict[int, list[Episode]] = field(default_factory=dict)
    infected: dict[int | None, dt.date] = field(default_factory=dict)
    """People who were found infected, and the last date on which they were."""
    infection_labels: dict[str, Infection] = field(default_factory=dict)
    infections: dict[tuple[str, str], Infection] = field(default_factory=dict)
    """Those that the entries name, retracted ones too, by county code and label."""
    contact_names: set[str] = field(default_factory=set)
    """Names, among those given as the infected person, of people who are under control as contacts."""

    def person(self, facts: PersonFacts) -> Person | None:
        """The person meant: by ID; or by name and phone, unless two IDs speak against it."""
        digest = id_digest(facts.id_number)
        if digest and digest in self.by_id:
            return self.by_id[digest]
        phone = phone_digest(facts.phone)
        for candidate in self.by_phone.get(phone, []) if phone else []:
            if candidate.name == facts.tidy_name and not (digest and candidate.id_digest):
                return candidate
        return None


def judge(registrations: Sequence[Registration], *, by: User, at: dt.datetime) -> list[Judgement]:
    """Say for each entry, in order, what registering it would do; writes nothing."""
    known = look_up(registrations, by=by)
    editions = Editions()
    seen: dict[tuple[str, ...], list[int]] = {}
    judgements: list[Judgement] = []
    for place, registration in enumerate(registrations):
        judgement = _judge_one(registration, known, editions, by=by, at=at)
        key = _identity(judgement)
        for earlier in seen.get(key, []):
            _compare_with_earlier(judgement, judgements[earlier], earlier)
        if judgement.verdict in WRITTEN:
            seen.setdefault(key, []).append(place)
        judgements.append(judgement)
    return judgements


class Editions:
    """The edition in force on each date that a list names, read once a date."""

    def __init__(self) -> None:
        self._on: dict[dt.date, Edition] = {}

    def on(self, date: dt.date) -> Edition:
        """The edition in force on that date. Raises BadInput where none is."""
        if date not in self._on:
            try:
                self._on[date] = edition_in_force(date)
            except (NoEditionInForce, UnknownEdition) as error:
                raise BadInput("registered_on", error.sentence) from error
        return self._on[date]


def look_up(registrations: Sequence[Registration], *, by: User) -> Known:
    """Read what the register knows about the people and infections that these entries name."""
    facts = [registration.facts for registration in registrations]
    ids = {digest for each in facts if (digest := id_digest(each.id_number))}
    phones = {digest for each in facts if (digest := phone_digest(each.phone))}
    everyone = Person.objects.select_related("community")
    people = [person for some in portions(ids) for person in everyone.filter(id_digest__in=some)]
    people += [person for some in portions(phones) for person in everyone.filter(phone_digest__in=some)]
    known = Known()
    for person in people:
        if person.id_digest:
            known.by_id[person.id_digest] = person
        same_phone = known.by_phone.setdefault(person.phone_digest, [])
        if person.pk not in {other.pk for other in same_phone}:
            same_phone.append(person)
    picked = {each.person.pk for each in registrations if each.person}
    _look_up_episodes(known, {person.pk for person in people} | picked)
    _look_up_infections(known, registrations, by=by)
    return known


def portions(values: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """The values some hundreds at a time: SQLite limits the length of a list in a query."""
    keys = list(values)
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _look_up_episodes(known: Known, people: set[int]) -> None:
    for portion in portions(people):
        episodes = Episode.objects.filter(person__in=portion).select_related("community", "host_community")
        for episode in episodes.prefetch_related("grounds").order_by("-registered_at"):
            known.episodes.setdefault(episode.person_id, []).append(episode)
        infected = Infection.objects.standing().filter(person__in=portion).order_by("found_on")
        known.infected |= dict(infected.values_list("person_id", "found_on"))


def _look_up_infections(known: Known, registrations: Sequence[Registration], *, by: User) -> None:
    labels = {tidy_person_name(each.exposed_to) for each in registrations if each.exposed_to.strip()}
    if not labels:
        return
    county_ids = {each.facts.community.code[:6] for each in registrations}
    infections = Infection.objects.filter(county__code__in=county_ids, label__in=labels)
    for infection in infections.select_related("county"):
        known.infections[infection.county.code if infection.county else "", infection.label] = infection
    known.infection_labels = {
        infection.label: infection for infection in known.infections.values() if not infection.retracted_at
    }
    open_people = Person.objects.visible_to(by).filter(
        name__in=labels - set(known.infection_labels), episodes__swept_at=None
    )
    infected = Infection.objects.standing().exclude(person=None).values("person_id")
    known.contact_names = set(
        open_people.filter(episodes__isnull=False).exclude(pk__in=infected).values_list("name", flat=True)
    )
    known.contact_names |= labels & {
        each.facts.tidy_name for each in registrations if each.facts.tidy_name not in known.infection_labels
    }


def _identity(judgement: Judgement) -> tuple[str, ...]:
    """By what two entries of one list are the same person: file, ID, or name, phone and birth."""
    facts = judgement.registration.facts
    if judgement.person is not None:
        return (f"#{judgement.person.pk}",)
    number = tidy_number(facts.id_number)
    return (number,) if number else (facts.tidy_name, tidy_number(facts.phone), str(facts.born_on or ""))


def _compare_with_earlier(judgement: Judgement, earlier: Judgement, place: int) -> None:
    """An entry that repeats one higher up in the list is there already; another exposure is a new ground."""
    if judgement.verdict not in WRITTEN:
        return
    mine, theirs = judgement.registration, earlier.registration
    if mine.facts.tidy_name != theirs.facts.tidy_name:
        judgement.verdict, judgement.field = Verdict.WRONG, "id_number"
        judgement.sentence = _("The same ID number stands under another name higher up in this list.")
        return
    judgement.duplicate_of = place
    if (mine.category, mine.anchor_on) == (theirs.category, theirs.anchor_on):
        judgement.verdict = Verdict.UNCHANGED
        judgement.sentence = _("The same entry stands higher up in this list.")
    elif mine.category == theirs.category and mine.anchor_on < theirs.anchor_on:
        judgement.verdict = Verdict.EARLIER_EXPOSURE
    elif judgement.verdict is Verdict.NEW:
        judgement.verdict = Verdict.NEW_GROUND


def _judge_one(
    registration: Registration, known: Known, editions: Editions, *, by: User, at: dt.datetime
) -> Judgement:
    judgement = Judgement(registration, Verdict.NEW)
    try:
        _check_facts(registration, by=by, today=timezone.localdate(at))
        judgement.plan = policy_rules.plan(
            editions.on(registration.registered_on),
            [registration.ground],
            home_suitable=registration.home_check != HomeCheck.UNSUITABLE,
        )
        _check_exposure(registration, known)
        judgement.person = registration.person or known.person(registration.facts)
        _check_person(judgement, known, by=by, today=timezone.localdate(at))
    except RuleViolation as refusal:
        judgement.verdict = Verdict.REFUSED
        judgement.sentence, judgement.code = refusal.sentence, refusal.code
        judgement.clause, judgement.field = refusal.clause, refusal.field
    except BadInput as mistake:
        judgement.verdict = Verdict.WRONG
        judgement.sentence, judgement.field = mistake.sentence, mistake.field
    if judgement.verdict in WRITTEN:
        _doubt_id(judgement, today=timezone.localdate(at))
    return judgement


def _check_facts(registration: Registration, *, by: User, today: dt.date) -> None:
    facts = registration.facts
    if not facts.tidy_name:
        raise BadInput("name", _("The name is missing."))
    if not by.area or not by.area.covers(facts.community):
        raise BadInput("community", _("This community lies outside your area."))
    if registration.registered_on > today:
        raise BadInput("registered_on", _("The date of registration lies in the future."))
    if facts.born_on and facts.born_on > today:
        raise BadInput("born_on", _("The date of birth lies in the future."))


def _check_exposure(registration: Registration, known: Known) -> None:
    """Only an infected person has contacts: naming somebody who is a contact is refused (N二(二)).

    So is naming a case whose positive result turned out to be a mistake.
    """
    label = tidy_person_name(registration.exposed_to)
    infection = _infection_named(registration, known)
    if infection and infection.retracted_at:
        raise RuleViolation("not_infected", "二(二)", not_infected(infection.label), field="exposed_to")
    if not infection and label and label not in known.infection_labels and label in known.contact_names:
        raise RuleViolation(
            "secondary_contact",
            "二(二)",
            format_lazy(
                _(
                    "{name} is under control as a contact and not infected; "
                    "contacts of contacts are not judged."
                ),
                name=label,
            ),
            field="exposed_to",
        )


def _infection_named(registration: Registration, known: Known) -> Infection | None:
    key = (registration.facts.community.code[:6], tidy_person_name(registration.exposed_to))
    return registration.infection or known.infections.get(key)


def not_infected(label: str) -> Promise:
    """Why nobody is judged a contact of a case whose positive result turned out to be a mistake."""
    return format_lazy(
        _("The positive result of {label} was a mistake: only an infected person has contacts."), label=label
    )


def _check_person(judgement: Judgement, known: Known, *, by: User, today: dt.date) -> None:
    person, registration = judgement.person, judgement.registration
    if person is None:
        return
    infection = _infection_named(registration, known)
    if infection and infection.person_id == person.pk:
        raise RuleViolation(
            "own_contact", "", _("This is the infected person: nobody is their own contact."), field="name"
        )
    if person.name != registration.facts.tidy_name:
        raise BadInput(
            "id_number",
            _(
                "Under this ID number another name stands in the register: "
                "compare number and name with the card."
            ),
        )
    episodes = known.episodes.get(person.pk, [])
    running = next((episode for episode in episodes if _is_running(episode, today)), None)
    if running and not _in_sight(running, by):
        judgement.verdict, judgement.episode = Verdict.HELD_ELSEWHERE, running
        judgement.sentence = format_lazy(
            _("Already under control in another community: {community}."), community=running.community.name
        )
        judgement.field = "name"
        return
    if running and running.ending == Ending.TRANSFERRED:
        raise RuleViolation(
            "infected",
            "",
            _("This person tested positive and is being transferred: no longer a contact."),
            field="name",
        )
    _check_not_ill(person, registration, known)
    if running:
        judgement.episode = running
        judgement.verdict = _verdict_for_running(running, registration)
        return
    _check_repeat(judgement, episodes, by=by)


def _check_not_ill(person: Person, registration: Registration, known: Known) -> None:
    """Whoever was found infected within the month around the exposure is treated, and is no contact."""
    found_on = known.infected.get(person.pk)
    if registration.category is not Category.CLOSE_CONTACT or found_on is None:
        return
    if abs(found_on - registration.anchor_on) < dt.timedelta(days=30):
        raise RuleViolation(
            "infected",
            "",
            format_lazy(_("This person was found infected on {date}: no contact any more."), date=found_on),
            field="name",
        )


def _verdict_for_running(running: Episode, registration: Registration) -> Verdict:
    """Another category, or a later date of the same, is a new ground; the same is there already."""
    anchors = [
        ground.anchor_on for ground in running.grounds.all() if ground.category == registration.category
    ]
    if registration.anchor_on in anchors:
        return Verdict.UNCHANGED
    if anchors and registration.anchor_on < max(anchors):
        return Verdict.EARLIER_EXPOSURE
    return Verdict.NEW_GROUND


def _check_repeat(judgement: Judgement, episodes: Sequence[Episode], *, by: User) -> None:
    """The same exposure once more: served is served; after an early end it needs supervisor and paper."""
    registration = judgement.registration
    for episode in episodes:
        if not any(_same_event(ground, episode, registration) for ground in episode.grounds.all()):
            continue
        if episode.ending in (Ending.EARLY, Ending.WITHDRAWN):
            if by.may(Ability.SUPERVISE) and registration.document.strip():
                continue
            raise RuleViolation(
                "same_exposure_again",
                "",
                _(
                    "An episode for the same exposure was ended early or withdrawn. Registering it again "
                    "takes a supervisor and a document."
                ),
                field="document" if by.may(Ability.SUPERVISE) else "anchor_on",
            )
        judgement.verdict, judgement.episode = Verdict.UNCHANGED, episode
        judgement.sentence = format_lazy(
            _("An episode for this exposure is already over: free since {date}."), date=episode.release_on
        )
        return


def _same_event(ground: Ground, episode: Episode, registration: Registration) -> bool:
    """The same exposure; after an early end an earlier one, too, for only a later one is a new fact."""
    if ground.category != registration.category:
        return False
    earlier = episode.ending == Ending.EARLY and registration.anchor_on < ground.anchor_on
    return earlier or ground.anchor_on == registration.anchor_on


def _is_running(episode: Episode, today: dt.date) -> bool:
    """Whether the clock and the facts say that this episode still runs, swept or not."""
    if episode.swept_at is not None or episode.ending == Ending.WITHDRAWN:
        return False
    if episode.ending == Ending.TRANSFERRED:
        return episode.handed_over_at is None
    return today < episode.release_on


def _in_sight(episode: Episode, by: User) -> bool:
    area = by.area
    return area is not None and (
        area.covers(episode.community)
        or (episode.host_community is not None and area.covers(episode.host_community))
    )


def _doubt_id(judgement: Judgement, *, today: dt.date) -> None:
    """A resident ID whose shape, birth date or check digit is odd has to be confirmed, not mended."""
    registration = judgement.registration
    number = tidy_number(registration.facts.id_number)
    if registration.facts.id_kind != IdKind.RESIDENT_ID or not number or registration.id_confirmed:
        return
    if judgement.person and judgement.person.id_number == number:
        return  # confirmed when the person was first registered
    doubt: IdDoubt | None = resident_id_doubt(number, today)
    if doubt:
        judgement.verdict = Verdict.DOUBTFUL
        judgement.code, judgement.field = f"id_{doubt}", "id_number"
        judgement.sentence = ID_DOUBTS[doubt]
