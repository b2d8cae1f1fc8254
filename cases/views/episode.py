"""The page of one episode, and the verbs that stand on it.

Every verb takes POST, and a hidden `next` (a path of ours) to go back to; without it the page of the
episode is shown again. What a form or a rule refuses is shown on that page, at its field, with status 422;
a button of htmx on some other page gets a toast instead and keeps its row.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability, Level
from cases.actions import contacting, correcting, ending, placing, testing
from cases.actions.judging import Registration, Verdict, judge
from cases.actions.registration import register_person
from cases.forms import episode as forms
from cases.forms.person import facts_of
from cases.models import Episode
from cases.rules import Ending, Place
from cases.views.access import episode_of, episode_to_read
from cases.views.answers import back, blame, htmx, refused_in_place
from cases.views.episode_page import is_open, is_untold, page_context, panel_context, positive_test
from cases.views.registration import NOT_RECOGNISED
from policy import clock
from policy.refusals import BadInput, RuleViolation
from policy.types import Category, IsolationFinished
from zones.actions import ensure_room
from zones.models import Room, Site
from zones.rules import tidy_name

Act = Callable[[dict[str, Any]], str]
"""Does what a valid form asks for; returns the sentence for the toast, "" when it had been done already."""


@requires(Ability.SEE_CASES)
@require_safe
def episode(request: StaffRequest, pk: int) -> HttpResponse:
    """The page of one episode; `?do=end-early` shows it with that form open."""
    return episode_page(request, episode_to_read(request, pk), opened=request.GET.get("do", ""))


def episode_page(
    request: StaffRequest,
    episode: Episode,
    *,
    bound: forms.VerbForm | None = None,
    opened: str = "",
    revealed: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page, or for the dialog of htmx the form that is opened.

    `bound` is a form that was refused; `revealed` shows the numbers in full, in this one answer.
    """
    if htmx(request) and htmx(request).target == "dialog":
        context = panel_context(request, episode, opened=opened, bound=bound)
        return render(request, "cases/_panel_dialog.html", context, status=status)
    context = page_context(request, episode, opened=opened, bound=bound, revealed=revealed)
    answer = render(request, "cases/episode.html", context, status=status)
    if revealed:
        answer["Cache-Control"] = "no-store"
    return answer


def perform(request: StaffRequest, episode: Episode, form: forms.VerbForm, act: Act) -> HttpResponse:
    """Let a verb act on a valid form and go back; else show what is wrong with it at its field."""
    if form.is_valid():
        try:
            done = act(form.cleaned_data)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, done or _("That was recorded already; nothing changed."))
            return back(request, episode.get_absolute_url())
    details = htmx(request)
    if details and not details.boosted and details.target != "dialog":
        return refused_in_place(request, form)
    return episode_page(request, episode, bound=form, opened=form.verb, status=422)


# ── verbs ────────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_POST
def told(request: StaffRequest, pk: int) -> HttpResponse:
    """The person was told of the release."""
    found = episode_of(request, pk)

    def act(_cleaned: dict[str, Any]) -> str:
        if not found.told_at and not is_untold(found, clock.today()):
            raise RuleViolation("not_released", "", _("This person has not been released yet."))
        done = ending.mark_told(episode=found, by=request.user, at=clock.now())
        return _("%(name)s: told of the release") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.ToldForm(request.POST), act)


@requires(Ability.WORK_CASES)
@require_POST
def place(request: StaffRequest, pk: int) -> HttpResponse:
    """Where the person is now; a room that is new here is made."""
    found = episode_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        _check_open(found)
        where = Place(cleaned["place"])
        room = _room(request, found, cleaned) if where is Place.SITE else None
        done = placing.place(episode=found, place=where, room=room, by=request.user, at=clock.now())
        return _("%(name)s: whereabouts recorded") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.PlaceForm(request.POST), act)


def _check_open(episode: Episode) -> None:
    """With a closed episode the office is done: whereabouts and attempts belong to it no more."""
    if not is_open(episode, clock.today()):
        raise RuleViolation("episode_closed", "", _("This episode is closed."))


def _room(request: StaffRequest, episode: Episode, cleaned: dict[str, Any]) -> Room:
    """The named room. A site of that name in the user's area or, failing that, in the county is meant.

    What is missing is made inside the user's area only: in another office's site the room has to exist.
    """
    number, name = cleaned["room"], tidy_name(cleaned["site"])
    same_name = Site.objects.filter(name=name).select_related("community").order_by("pk")
    own = same_name.visible_to(request.user).first()
    if own is None and episode.county is not None:
        other = same_name.within(episode.county).first()
        if other is not None:
            return _existing_room(other, number)
    area = request.user.area
    here = area if area is not None and area.level == Level.COMMUNITY else episode.community
    return ensure_room(community=own.community if own else here, site=name, number=number)


def _existing_room(site: Site, number: str) -> Room:
    room = site.rooms.filter(number=tidy_name(number)).select_related("site__community").first()
    if room is None:
        raise BadInput(
            "room",
            _("%(site)s belongs to %(community)s; no room of that number is entered there, ask that office.")
            % {"site": site.name, "community": site.community.name},
        )
    return room


@requires(Ability.WORK_CASES)
@require_POST
def home_check(request: StaffRequest, pk: int) -> HttpResponse:
    """Whether the home is suitable: an unsuitable one means staying in central isolation (N三(一))."""
    found = episode_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        done = placing.record_home_check(
            episode=found, check=cleaned["home_check"], by=request.user, at=clock.now()
        )
        return _("%(name)s: home conditions recorded") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.HomeCheckForm(request.POST), act)


@requires(Ability.WORK_CASES)
@require_POST
def hand_over(request: StaffRequest, pk: int) -> HttpResponse:
    """A hospital took the positive person over."""
    found = episode_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        done = ending.hand_over_to_treatment(episode=found, to=cleaned["to"], by=request.user, at=clock.now())
        return _("%(name)s: handed over to treatment") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.HandOverForm(request.POST), act)


@requires(Ability.WORK_CASES)
@require_POST
def contact(request: StaffRequest, pk: int) -> HttpResponse:
    """What came of an attempt to reach the person. The same answer twice within a minute is one attempt."""
    found, at = episode_of(request, pk), clock.now()

    def act(cleaned: dict[str, Any]) -> str:
        _check_open(found)
        again = found.contact_attempts.filter(
            by=request.user, outcome=cleaned["outcome"], at__gt=at - _SAME_TAP, at__lte=at
        )
        if again.exists():
            return ""
        contacting.record_attempt(
            episode=found,
            outcome=cleaned["outcome"],
            remark=cleaned["remark"],
            by=request.user,
            at=at,
        )
        return _("%(name)s: attempt recorded") % {"name": found.person.name}

    return perform(request, found, forms.ContactForm(request.POST), act)


_SAME_TAP = dt.timedelta(minutes=1)
"""A tap that is sent again over a bad network, not another attempt."""


@requires(Ability.WORK_CASES)
@require_POST
def end_early(request: StaffRequest, pk: int) -> HttpResponse:
    """End the restriction now, with a reason: always possible."""
    found = episode_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        done = ending.end_early(episode=found, reason=cleaned["reason"], by=request.user, at=clock.now())
        return _("%(name)s is free from now on") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.EndEarlyForm(request.POST), act)


@requires(Ability.WORK_CASES)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back an episode that was entered by mistake."""
    found = episode_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        done = ending.withdraw(episode=found, reason=cleaned["reason"], by=request.user, at=clock.now())
        return _("%(name)s: withdrawn, it never restricted") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.WithdrawForm(request.POST), act)


@requires(Ability.WORK_CASES)
@require_POST
def mistaken_positive(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a mistaken positive result back: the plan returns with its dates."""
    found = episode_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        test = positive_test(found)
        if found.ending != Ending.TRANSFERRED or test is None:
            raise RuleViolation("no_positive", "", _("No positive result stands in this episode."))
        done = testing.undo_result(test=test, reason=cleaned["reason"], by=request.user, at=clock.now())
        return _("%(name)s: the plan is back with its dates") % {"name": found.person.name} if done else ""

    return perform(request, found, forms.MistakenPositiveForm(request.POST), act)


@requires(Ability.WORK_CASES)
@require_POST
def correct_anchor(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct the date of an anchoring event: earlier is free, later takes a supervisor and a document."""
    found = episode_of(request, pk)
    form = forms.AnchorForm(
        request.POST, grounds=found.grounds.all(), supervisor=request.user.may(Ability.SUPERVISE)
    )

    def act(cleaned: dict[str, Any]) -> str:
        done = correcting.correct_anchor(
            ground=cleaned["ground"],
            anchor_on=cleaned["anchor_on"],
            document=cleaned.get("document", ""),
            by=request.user,
            at=clock.now(),
        )
        found.refresh_from_db()
        words = {"name": found.person.name, "day": found.release_on}
        return _("%(name)s: date corrected, free from %(day)s") % words if done else ""

    return perform(request, found, form, act)


@requires(Ability.WORK_CASES)
@require_POST
def exposure(request: StaffRequest, pk: int) -> HttpResponse:
    """Record a further exposure: the one fact, beside a positive result, that can move the end."""
    found, at = episode_of(request, pk), clock.now()
    form = forms.ExposureForm(request.POST, categories=list(Category))

    def act(cleaned: dict[str, Any]) -> str:
        entry = Registration(
            facts=facts_of(found.person),
            category=Category(cleaned["category"]),
            anchor_on=cleaned["anchor_on"],
            registered_on=timezone.localdate(at),
            isolation_finished=IsolationFinished(cleaned["isolation_finished"] or IsolationFinished.NONE),
            exposed_to=cleaned["exposed_to"],
            id_confirmed=True,
        )
        return _add_exposure(found, entry, by=request.user, at=at)

    return perform(request, found, form, act)


def _add_exposure(episode: Episode, entry: Registration, *, by: User, at: dt.datetime) -> str:
    """Register the person once more and say what became of it; only this very episode may be meant."""
    foreseen = judge([entry], by=by, at=at)[0]
    meant = foreseen.episode is not None and foreseen.episode.pk == episode.pk
    if not meant and foreseen.verdict not in (Verdict.REFUSED, Verdict.WRONG):
        raise BadInput("", NOT_RECOGNISED)
    judgement = register_person(entry, by=by, at=at)
    if judgement.verdict is Verdict.NEW_GROUND:
        episode.refresh_from_db()
        words = {"name": episode.person.name, "day": episode.release_on}
        return _("%(name)s: new ground, free from %(day)s") % words
    if judgement.verdict is Verdict.EARLIER_EXPOSURE:
        return _("%(name)s: earlier exposure noted, the end does not move") % {"name": episode.person.name}
    if judgement.verdict is Verdict.UNCHANGED:
        return ""
    raise BadInput(judgement.field or "", judgement.sentence)
