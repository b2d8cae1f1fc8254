"""The page of one complaint: everything that is known of it, and the verbs that its state allows."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.views.answers import client_address
from complaints.actions.events import note_look
from complaints.actions.routing import officers_of
from complaints.actions.standing import standing_of
from complaints.case_lines import event_lines
from complaints.explained import because
from complaints.faces import face_of, road_of
from complaints.forms.desk import CoordinatorForm, DeskForm, RecuseForm
from complaints.models import Complainant, Complaint, ComplaintLink
from complaints.own_facts import page_of, sentences_of
from complaints.queue import NEXT
from complaints.rules.handling import Actor, State, Verb, may, verbs_for
from complaints.rules.words import LOOKED_AT, LookedAt
from complaints.views.deeds import DEEDS, offers
from complaints.views.downloads import as_download
from policy import clock

NAMES = (
    "area",
    "county",
    "compound",
    "site",
    "handler__area",
    "respondent__area",
    "referred_by",
    "coordinator",
    "filed_by",
)


def complaint_of(request: StaffRequest, pk: int) -> Complaint:
    """A complaint that the user may see; any other is a 404 like one that does not exist."""
    return get_object_or_404(Complaint.objects.visible_to(request.user).select_related(*NAMES), pk=pk)


@requires(Ability.HANDLE_COMPLAINTS)
@require_safe
def complaint(request: StaffRequest, pk: int) -> HttpResponse:
    """The page; each opening is written down before anything is shown."""
    return case_page(request, complaint_of(request, pk))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who complained, in this one answer; nothing where it was not asked for."""

    name: str = ""
    phone: str = ""
    email: str = ""


def case_page(
    request: StaffRequest,
    found: Complaint,
    *,
    bound: DeskForm | None = None,
    revealed: Identity | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; `bound` is the form that was refused."""
    user, at = request.user, clock.now()
    note_look(found, by=user, at=at, what=LookedAt.CASE, address=client_address(request))
    actor = standing_of(user, found)
    if actor is None:
        raise Http404
    clocks = list(found.clocks.select_related("office"))
    running = next((each for each in clocks if each.stopped_at is None), None)
    said, sees_files = sentences_of(found.facts), user.may(Ability.SEE_CASES)
    context: dict[str, Any] = {
        "complaint": found,
        "at": at,
        "road": road_of(found),
        "face": face_of(running, at) if running else None,
        "clocks": [(each, face_of(each, at)) for each in clocks],
        "facts": [
            (sentence, clause, page_of(fact, sees_files=sees_files))
            for sentence, clause, fact in said
            if fact.get("code") != "rule"
        ],
        "rules": [each for each in said if each[2].get("code") == "rule"],
        "because": because(found.routed),
        "alike": alike_of(found, user),
        "parts": Complaint.objects.visible_to(user).filter(split_from=found),
        "taken": Complaint.objects.visible_to(user).filter(merged_into=found),
        "entries": found.entries.select_related("by", "office", "replies_to").prefetch_related("attachments"),
        "attachments": found.attachments.filter(entry=None),
        "events": event_lines(found, user),
        **kin_of(found, user),
        "looks": looks_at(found),
        "recusals": found.recusals.select_related("user", "by"),
        "orders": found.orders.select_related("to_office", "issued_by_office"),
        "is_known": complainant_of(found) is not None,
        "revealed": revealed,
        "may_reveal": user.may(Ability.REVEAL_COMPLAINANTS),
        "here": found.get_absolute_url(),
        **_verbs(found, user, actor, at, bound),
    }
    answer = render(request, "complaints/desk/case.html", context, status=status)
    answer["Cache-Control"] = "no-store" if revealed else "private, no-cache"
    return answer


def complainant_of(found: Complaint) -> Complainant | None:
    """Who complained; a part that was split off shares it with the first. Nothing of it is decrypted yet."""
    keys = [found.pk, *([found.split_from_id] if found.split_from_id else [])]
    return Complainant.objects.filter(complaint__in=keys).order_by("-complaint").first()


# ── what can be done ─────────────────────────────────────────────────────────────────────────────


def _verbs(
    found: Complaint, user: User, actor: Actor, at: dt.datetime, bound: DeskForm | None
) -> dict[str, Any]:
    """The forms of exactly those verbs that the table allows; what was refused stands first."""
    allowed = [verb for verb in verbs_for(found.state, actor) if verb in DEEDS]
    next_verb = None if found.has_word else NEXT.get(State(found.state))
    shown = offers(found, user, at, allowed, next_verb, bound)
    may_note = may(Verb.NOTE, found.state, actor)
    people = people_of(found, user) if may_note else []
    coordinators = [each for each in people if each.own_office == found.handler]
    coordinator = recusal = None
    if may_note:
        coordinator = _form(CoordinatorForm, bound, found, user, at, coordinators)
        recusal = _form(RecuseForm, bound, found, user, at, people)
    return {
        "offers": shown,
        "allowed": {str(verb) for verb in allowed},
        "actor": str(actor),
        "may_note": may_note,
        "coordinator_form": coordinator,
        "recuse_form": recusal,
    }


def _form(
    kind: type[CoordinatorForm] | type[RecuseForm],
    bound: DeskForm | None,
    found: Complaint,
    user: User,
    at: dt.datetime,
    people: list[User],
) -> DeskForm:
    if isinstance(bound, kind):
        return bound
    return kind(complaint=found, user=user, at=at, people=people)


def people_of(found: Complaint, user: User) -> list[User]:
    """Whom the page can name: the officers of the desk that holds it, and the user; nobody recused."""
    officers = officers_of(found.handler) if found.handler else []
    known = {each.pk: each for each in [user, *officers]}
    recused = set(found.recusals.values_list("user", flat=True))
    return [each for key, each in known.items() if key not in recused]


# ── what is known ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Alike:
    """Another complaint that looks like this one, with what was judged of the two."""

    link: ComplaintLink
    other: Complaint
    is_earlier: bool


def alike_of(found: Complaint, user: User) -> list[Alike]:
    """Look-alikes that the user may see; what lies out of sight is not named. Two queries."""
    links = ComplaintLink.objects.filter(later=found) | ComplaintLink.objects.filter(earlier=found)
    pairs = [(link, link.earlier_id == found.pk) for link in links]
    keys = [link.later_id if first else link.earlier_id for link, first in pairs]
    seen = Complaint.objects.visible_to(user).select_related("handler").in_bulk(keys)
    return [
        Alike(link, seen[key], not first)
        for (link, first), key in zip(pairs, keys, strict=True)
        if key in seen
    ]


def kin_of(found: Complaint, user: User) -> dict[str, Complaint | None]:
    """What it was merged into, split from or follows, where the user may see that one. One query at most."""
    names = ("merged_into", "split_from", "rebound_of")
    keys = {name: getattr(found, f"{name}_id") for name in names}
    wanted = [key for key in keys.values() if key]
    seen = Complaint.objects.visible_to(user).in_bulk(wanted) if wanted else {}
    return {name: seen.get(key) for name, key in keys.items()}


@dataclass(frozen=True, slots=True)
class LookLine:
    """Who looked at what, how often, and when last."""

    name: str
    office: str
    what: Any
    times: int
    first_at: dt.datetime
    last_at: dt.datetime


def looks_at(found: Complaint) -> list[LookLine]:
    """Who has looked, for everybody who sees the case; the last one on top. Two queries."""
    rows = (
        found.looks.order_by()
        .values_list("by", "office__name", "what")
        .annotate(times=Count("pk"), first_at=Min("at"), last_at=Max("at"))
        .order_by("-last_at")
    )
    told = list(rows)
    names = {user.pk: user.display_name for user in User.objects.filter(pk__in={row[0] for row in told})}
    return [
        LookLine(names.get(by, ""), office or "", LOOKED_AT[LookedAt(what)], times, first_at, last_at)
        for by, office, what, times, first_at, last_at in told
    ]


@requires(Ability.HANDLE_COMPLAINTS)
@require_safe
def attachment(request: StaffRequest, pk: int, number: int) -> HttpResponse:
    """One file of a complaint, as a download, after writing down who took it."""
    found = complaint_of(request, pk)
    wanted = get_object_or_404(found.attachments.select_related("complaint"), pk=number)
    note_look(
        found,
        by=request.user,
        at=clock.now(),
        what=LookedAt.ATTACHMENT,
        address=client_address(request),
    )
    return as_download(wanted)
