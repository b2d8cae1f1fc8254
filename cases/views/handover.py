"""Handover 移交: the offers to answer, those sent, and what became of the earlier ones.

Whoever asks for a person that another community holds sees of that person nothing but the fact and the
office, before the answer and after a refusal. Whoever is offered a person reads what is needed to answer.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area, User
from accounts.rules import Ability
from cases.actions import handover as actions
from cases.forms.handover import Answer, AnswerForm, OfferForm
from cases.models import Episode, Handover
from cases.rows import EpisodeRow, episode_rows
from cases.rules import HANDOVER_STATES, HandoverState
from cases.views.access import episode_of, episodes_handed_over
from cases.views.answers import back, blame, htmx, key_in
from cases.views.references import Reference, read_reference
from policy import clock
from policy.refusals import RuleViolation

HISTORY = 50
"""So many answered handovers are shown."""
COMMUNITIES = 40
"""So many communities are offered to choose from; more have to be searched by name."""


@dataclass(slots=True)
class HandoverLine:
    """One handover as the reader's office may see it."""

    handover: Handover
    row: EpisodeRow | None
    """The person's row; None where the office sees that there is a person, and no more."""
    mine_to_answer: bool
    asked_for: bool
    """Whether the receiving end asked for the person; otherwise the holder gives them on."""
    linked: bool
    """Whether the episode's page is open to the reader."""
    form: AnswerForm | None = None

    @property
    def state_label(self) -> str:
        """Where it stands, in words."""
        return str(HANDOVER_STATES[HandoverState(self.handover.state)])


@requires(Ability.SEE_CASES)
@require_safe
def handovers(request: StaffRequest) -> HttpResponse:
    """Offers to answer, offers sent, and the answered ones."""
    return handovers_page(request)


def handovers_page(
    request: StaffRequest, *, bound: tuple[int, AnswerForm] | None = None, status: int = 200
) -> HttpResponse:
    """The page; `bound` is the answer to an offer that was refused."""
    user = request.user
    offered = list(_with_ends(Handover.objects.visible_to(user).filter(state=HandoverState.OFFERED)))
    answered = list(
        _with_ends(Handover.objects.visible_to(user).exclude(state=HandoverState.OFFERED)).order_by(
            "-answered_at"
        )[:HISTORY]
    )
    lines = _lines([*offered, *answered], user)
    for line in lines:
        if line.mine_to_answer:
            number = line.handover.pk
            line.form = bound[1] if bound and bound[0] == number else AnswerForm(number=number)
    context = {
        "to_answer": [line for line in lines if line.mine_to_answer],
        "sent": [line for line in lines if _is_open(line.handover) and not line.mine_to_answer],
        "answered": [line for line in lines if not _is_open(line.handover)],
        "may_work": user.may(Ability.WORK_CASES),
        "today": clock.today(),
    }
    return render(request, "cases/handovers.html", context, status=status)


def _is_open(handover: Handover) -> bool:
    return handover.state == HandoverState.OFFERED


def _with_ends(handovers: QuerySet[Handover]) -> QuerySet[Handover]:
    return handovers.select_related("from_community", "to_community", "answering_community", "offered_by")


def _lines(handovers: list[Handover], user: User) -> list[HandoverLine]:
    """Each with its person's row where the office may read it. Six queries."""
    episodes = {handover.episode_id for handover in handovers}
    visible = set(Episode.objects.visible_to(user).filter(pk__in=episodes).values_list("pk", flat=True))
    visible |= set(episodes_handed_over(user).filter(pk__in=episodes).values_list("pk", flat=True))
    offered = {each.episode_id for each in handovers if _is_offered_to(each, user)}
    rows = {row.pk: row for row in episode_rows(sorted(visible | offered), clock.today())}
    return [
        HandoverLine(
            handover=each,
            row=rows.get(each.episode_id),
            mine_to_answer=_is_open(each) and _covers(user, each.answering_community),
            asked_for=each.answering_community_id == each.from_community_id,
            linked=each.episode_id in visible,
        )
        for each in handovers
    ]


def _is_offered_to(handover: Handover, user: User) -> bool:
    """Whether the holder offers this person to the user's office: then it reads who it is."""
    given_on = handover.answering_community_id == handover.to_community_id
    return _is_open(handover) and given_on and _covers(user, handover.to_community)


def _covers(user: User, community: Area) -> bool:
    return user.area is not None and user.area.covers(community)


# ── offering ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_http_methods(["GET", "POST"])
def handover_offer(request: StaffRequest) -> HttpResponse:
    """Give a person on (`episode`), or ask for one whom another community holds (`reference`)."""
    reference = _reference(request)
    if reference is not None:
        return _ask(request, reference)
    key = key_in(request.POST if request.method == "POST" else request.GET, "episode")
    if key is None:
        raise Http404
    return _give(request, episode_of(request, key))


def _reference(request: StaffRequest) -> Reference | None:
    """What the signed reference stands for, None without one; a bad one is a 404."""
    values = request.POST if request.method == "POST" else request.GET
    text = values.get("reference", "")
    if not text:
        return None
    found = read_reference(text, user=request.user)
    if found is None or not _covers(request.user, found.to_community):
        raise Http404
    return found


def _ask(request: StaffRequest, reference: Reference) -> HttpResponse:
    """Ask for the person: to the own community, the holder answers."""
    form = OfferForm(request.POST if request.method == "POST" else None, communities=None)
    if request.method == "POST" and form.is_valid():
        made = _offered(request, form, reference.episode, reference.to_community)
        if made is not None:
            words = {"community": made.answering_community.name}
            messages.success(request, _("Asked: %(community)s will answer") % words)
            return redirect("handovers")
    context = {
        "form": form,
        "office": reference.episode.community.name,
        "to_community": reference.to_community,
        "reference": request.POST.get("reference") or request.GET.get("reference"),
    }
    refused = request.method == "POST"
    return render(request, "cases/handover_ask.html", context, status=422 if refused else 200)


def _give(request: StaffRequest, episode: Episode) -> HttpResponse:
    """Give the person on to a community of the county, found by a part of its name."""
    posted = request.method == "POST"
    words = (request.POST if posted else request.GET).get("q", "").strip()
    keys = list(_communities(episode, words).values_list("pk", flat=True)[: COMMUNITIES + 1])
    form = OfferForm(
        request.POST if posted else None,
        communities=Area.objects.filter(pk__in=keys[:COMMUNITIES]).select_related("parent"),
    )
    if posted and form.is_valid():
        made = _offered(request, form, episode, form.cleaned_data["to_community"])
        if made is not None:
            said = {"name": episode.person.name, "community": made.to_community.name}
            messages.success(request, _("%(name)s: offered to %(community)s") % said)
            return back(request, episode.get_absolute_url())
    context = {
        "form": form,
        "episode": episode,
        "q": words,
        "too_many": len(keys) > COMMUNITIES,
        "none": not keys,
    }
    template = "cases/_handover_communities.html" if _only_list(request) else "cases/handover_give.html"
    return render(request, template, context, status=422 if posted else 200)


def _only_list(request: StaffRequest) -> bool:
    return bool(htmx(request)) and htmx(request).target == "communities"


def _communities(episode: Episode, words: str) -> QuerySet[Area]:
    """The other communities of the county whose name, or whose street's name, has these words in it."""
    if episode.county is None:
        return Area.objects.none()
    others = Area.objects.communities().within(episode.county).exclude(pk=episode.community_id)
    if words:
        others = others.filter(Q(name__icontains=words) | Q(parent__name__icontains=words))
    return others.order_by("code")


def _offered(request: StaffRequest, form: OfferForm, episode: Episode, to_community: Area) -> Handover | None:
    """Make the offer; None when it was refused, with the sentence at its field.

    An offer of the same person that is open already, to somebody else, is not told of but stands in the way.
    """
    try:
        made = actions.offer(
            episode=episode,
            to_community=to_community,
            reason=form.cleaned_data["reason"],
            by=request.user,
            at=clock.now(),
        )
    except RuleViolation as refusal:
        blame(form, refusal)
        return None
    if made.to_community_id != to_community.pk:
        form.add_error(None, _("Another handover of this person is open; it has to be answered first."))
        return None
    return made


# ── answering ────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_POST
def handover_answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Accept the person, or give the offer back with a reason. Only the end that was asked answers."""
    found = get_object_or_404(
        _with_ends(Handover.objects.visible_to(request.user)).select_related("episode__person"), pk=pk
    )
    form = AnswerForm(request.POST, number=found.pk)
    if form.is_valid():
        try:
            done = _answer(request, found, form.cleaned_data)
        except RuleViolation as refusal:
            blame(form, refusal)
        else:
            messages.success(request, done or _("That was answered already; nothing changed."))
            return back(request, reverse("handovers"))
    return handovers_page(request, bound=(found.pk, form), status=422)


def _answer(request: StaffRequest, handover: Handover, cleaned: dict[str, Any]) -> str:
    values = {"handover": handover, "by": request.user, "at": clock.now(), "reason": cleaned["reason"]}
    if cleaned["answer"] == Answer.ACCEPT:
        done = actions.accept(**values)
        words = {"name": handover.episode.person.name, "community": handover.to_community.name}
        return _("%(name)s: now held by %(community)s") % words if done else ""
    return _("Given back: the person stays where they are held") if actions.give_back(**values) else ""
