"""Contacts of an infection, entered quickly: ticked in the building, pasted from a phone, or by a list."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability
from cases.actions.judging import VERDICTS, Verdict
from cases.actions.tracing import ContactEntry, TracedContact, trace
from cases.forms.contacts import LineForm, PickForm, SharedForm, lines_in
from cases.models import Episode, EpisodeEvent, Infection, Person
from cases.pasting import MOST_LINES, lines_of, read_lines
from cases.rules import EventKind
from cases.views.infections import infection_of
from cases.views.references import reference_to
from policy import clock
from policy.refusals import BadInput, RuleViolation
from policy.strip import short_date

NEAR = 300
"""So many people of the same units are offered to be ticked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry, as the page says it."""

    name: str
    verdict: str
    written: bool
    sentence: str
    episode: Episode | None
    until: dt.date | None


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: StaffRequest, pk: int) -> HttpResponse:
    """Offer people and take lines; `act` is `read` (show what the lines say) or `write`."""
    infection = infection_of(request, pk)
    today = clock.today()
    posted = request.POST if request.method == "POST" else None
    shared = SharedForm(posted, today=today, found_on=infection.found_on)
    picks = [
        PickForm(posted, person=person, same_door=_same_door(person, infection), today=today)
        for person in _near(infection, request)
    ]
    lines = lines_in(posted, today) if posted else []
    if posted is None:
        return _page(request, infection, shared, picks, lines)
    if pasted := str(posted.get("lines", "")).strip():
        # What was pasted is shown to be looked at, and never written unseen.
        start = max((line.number for line in lines), default=-1) + 1
        room = max(MOST_LINES - len(lines), 0)
        written = lines_of(pasted)
        rows = read_lines("\n".join(written[:room]), today)
        fresh = [LineForm(number=start + n, today=today, line=row) for n, row in enumerate(rows)]
        # What goes beyond one page stays where it was pasted, for the next round.
        keep = SharedForm(
            {
                **{key: posted.get(key, "") for key in ("last_exposure_on", "kind")},
                "lines": "\n".join(written[room:]),
            },
            today=today,
            found_on=infection.found_on,
        )
        return _page(request, infection, keep, picks, [*lines, *fresh])
    return _write(request, infection, shared, picks, lines)


def _near(infection: Infection, request: StaffRequest) -> list[Person]:
    """Whoever is registered in the units where the infected person stayed; those of the same door first."""
    units = set(infection.stays.exclude(unit=None).values_list("unit", flat=True))
    if infection.person and infection.person.unit_id:
        units.add(infection.person.unit_id)
    known = infection.contacts.values("person")
    people: QuerySet[Person] = Person.objects.visible_to(request.user).filter(unit__in=units)
    found = list(
        people.exclude(pk=infection.person_id or 0)
        .exclude(pk__in=known)
        .select_related("unit__building__compound")
        .order_by("unit__building__name", "unit__name", "door", "pk")[:NEAR]
    )
    return sorted(found, key=lambda person: not _same_door(person, infection))


def _same_door(person: Person, infection: Infection) -> bool:
    home = infection.person
    return bool(
        home and home.unit_id and home.door and (person.unit_id, person.door) == (home.unit_id, home.door)
    )


def _write(
    request: StaffRequest,
    infection: Infection,
    shared: SharedForm,
    picks: list[PickForm],
    lines: list[LineForm],
) -> HttpResponse:
    """Write the good entries; the others stay on the page with their sentence."""
    valid = shared.is_valid()
    chosen: list[PickForm | LineForm] = [
        pick for pick in picks if pick.is_valid() and pick.cleaned_data["ticked"]
    ]
    chosen += [line for line in lines if line.is_valid()]
    if valid and not chosen and not any(form.errors for form in (*picks, *lines)):
        shared.add_error(None, _("Please tick somebody, or paste some lines."))
    if not valid or not chosen:
        return _page(request, infection, shared, picks, lines, status=422)
    community, compound = _place(infection, request)
    chosen = [form for form in chosen if not (isinstance(form, LineForm) and _lacks_compound(form, compound))]
    if not chosen:
        return _page(request, infection, shared, picks, lines, status=422)
    entries: list[ContactEntry] = [
        form.entry(shared, community, compound) if isinstance(form, LineForm) else form.entry(shared)
        for form in chosen
    ]
    try:
        traced = trace(infection=infection, entries=entries, by=request.user, at=clock.now())
    except (RuleViolation, BadInput) as refusal:
        shared.add_error(None, str(refusal))
        return _page(request, infection, shared, picks, lines, status=422)
    outcomes, done = [], set()
    before = _ends_before(traced)
    for form, each in zip(chosen, traced, strict=True):
        outcomes.append(_outcome(form, each, before))
        if each.written:
            done.add(id(form))
        else:
            _blame(form, each, request)
    left = [pick for pick in picks if id(pick) not in done]
    lines_left = [line for line in lines if id(line) not in done]
    bad = any(not each.written for each in traced) or any(line.errors for line in lines_left)
    if not bad:
        shared = SharedForm(today=clock.today(), found_on=infection.found_on)
        left = [PickForm(person=pick.person, same_door=False, today=clock.today()) for pick in left]
    return _page(request, infection, shared, left, lines_left, outcomes=outcomes, status=422 if bad else 200)


def _lacks_compound(form: LineForm, compound: str) -> bool:
    """Whether a building stands in no compound that anybody named; says so at the row."""
    values = form.cleaned_data
    lacks = bool(values["building"].strip()) and not (values["compound"].strip() or compound)
    if lacks:
        form.add_error("compound", _("Which compound or village?"))
    return lacks


def _place(infection: Infection, request: StaffRequest) -> tuple[Area, str]:
    """The community in which new people are registered, and the compound of the infected person's home."""
    person = infection.person
    compound = person.unit.building.compound.name if person and person.unit else ""
    if not compound:
        stay = infection.stays.exclude(unit=None).select_related("unit__building__compound").first()
        compound = stay.unit.building.compound.name if stay and stay.unit else ""
    return infection.community, compound


def _ends_before(traced: Sequence[TracedContact]) -> dict[int, str]:
    """Where the end of an episode stood before the further ground that was added just now."""
    moved = [
        each.judgement.episode.pk
        for each in traced
        if each.outcome is Verdict.NEW_GROUND and each.judgement and each.judgement.episode
    ]
    events = EpisodeEvent.objects.filter(episode__in=moved, kind=EventKind.GROUND_ADDED).order_by("pk")
    return {event.episode_id: str(event.details.get("release_before", "")) for event in events}


def _outcome(form: forms.Form, each: TracedContact, before: Mapping[int, str]) -> Outcome:
    judgement = each.judgement
    episode = judgement.episode if judgement and each.written else None
    person = judgement.person if judgement else None
    name = person.name if person and each.written else ""
    if not name:
        name = form.person.name if isinstance(form, PickForm) else form.cleaned_data["name"]
    return Outcome(
        name=name,
        verdict=str(VERDICTS[each.outcome]),
        written=each.written,
        sentence=str(each.sentence) or _moved(episode, before),
        episode=episode,
        until=episode.release_on if episode else None,
    )


def _moved(episode: Episode | None, before: Mapping[int, str]) -> str:
    """From when to when the end moved, "" where it did not."""
    was = before.get(episode.pk, "") if episode else ""
    if episode is None or not was or was == str(episode.release_on):
        return ""
    words = {"before": short_date(dt.date.fromisoformat(was)), "after": short_date(episode.release_on)}
    return _("Under a rule already: a new ground, the end moves from %(before)s to %(after)s.") % words


def _blame(form: PickForm | LineForm, each: TracedContact, request: StaffRequest) -> None:
    """Put the sentence at the row, with the clause; ask for a handover where another office holds them."""
    judgement = each.judgement
    clause = f"〔{judgement.clause}〕" if judgement and judgement.clause else ""
    sentence = f"{each.sentence or VERDICTS[each.outcome]}{clause}"
    if isinstance(form, LineForm):
        field = judgement.field if judgement and judgement.field in form.fields else "name"
        form.doubtful = each.outcome is Verdict.DOUBTFUL
        form.add_error(field, sentence)
    else:
        form.sentence = sentence
    if each.outcome is Verdict.HELD_ELSEWHERE and judgement and judgement.episode:
        community = judgement.registration.facts.community
        form.reference = reference_to(judgement.episode, user=request.user, to_community=community)


def _page(
    request: StaffRequest,
    infection: Infection,
    shared: SharedForm,
    picks: Sequence[PickForm],
    lines: Sequence[LineForm],
    *,
    outcomes: Sequence[Outcome] = (),
    status: int = 200,
) -> HttpResponse:
    written = sum(each.written for each in outcomes)
    context = {
        "infection": infection,
        "form": shared,
        "picks": picks,
        "lines": lines,
        "line_count": max((line.number for line in lines), default=-1) + 1,
        "outcomes": outcomes,
        "said": ngettext("%(n)d contact on record", "%(n)d contacts on record", written) % {"n": written},
    }
    return render(request, "cases/infections/contacts.html", context, status=status)
