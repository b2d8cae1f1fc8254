"""What the page of one episode shows, and the form that is open on it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access import StaffRequest
from accounts.models import User
from accounts.rules import Ability
from cases.forms import episode as forms
from cases.household import members_of_home
from cases.models import Episode, Ground, Handover, Infection, NucleicAcidTest
from cases.rows import EpisodeRow, episode_row
from cases.rules import (
    CONTACT_OUTCOMES,
    OVERDUE_REASONS,
    RESULTS,
    TEST_ORIGINS,
    Ending,
    HandoverState,
    OverdueReason,
    Result,
    TestOrigin,
)
from cases.timeline import anchor_label, happenings
from cases.views.access import permissions
from cases.views.answers import following
from policy import clock
from policy.strip import TestState
from policy.types import Category
from zones.models import Site


@dataclass(frozen=True, slots=True)
class Panel:
    """One verb with a form: the words above it, on its button, and when it is offered."""

    verb: str
    url_name: str
    title: str | Promise
    button: str | Promise
    look: str
    offered: Callable[[Episode, dt.date], bool]
    note: str | Promise = ""


def _runs(episode: Episode, today: dt.date) -> bool:
    return episode.restricts(today) and episode.ending == Ending.BY_THE_CLOCK


def is_open(episode: Episode, today: dt.date) -> bool:
    """Whether the office is not done with the person yet."""
    return episode.settled_at is None and episode.ending != Ending.WITHDRAWN


def _awaits_transfer(episode: Episode, today: dt.date) -> bool:
    return episode.ending == Ending.TRANSFERRED and episode.handed_over_at is None


PANELS = {
    panel.verb: panel
    for panel in (
        Panel(
            "place",
            "episode-place",
            _("Where is the person now?"),
            _("Record"),
            "main",
            is_open,
            _("Being somewhere never changes what the rule allows, nor the end."),
        ),
        Panel(
            "home-check",
            "episode-home-check",
            _("Is the home suitable?"),
            _("Record"),
            "main",
            _runs,
            _("Not suitable: the person stays in central isolation, and all dates stay the same. 〔三(一)〕"),
        ),
        Panel(
            "hand-over",
            "episode-hand-over",
            _("Handed over to treatment"),
            _("Record"),
            "main",
            _awaits_transfer,
        ),
        Panel("contact", "episode-contact", _("Attempt to reach"), _("Record"), "main", is_open),
        Panel(
            "end-early",
            "episode-end-early",
            _("End early"),
            _("End the restriction now"),
            "free",
            _runs,
            _("The person is free from this moment. The planned date stays on record beside it."),
        ),
        Panel(
            "withdraw",
            "episode-withdraw",
            _("Withdraw: entered by mistake"),
            _("Withdraw"),
            "stop",
            lambda episode, today: not episode.ending and (not episode.restricted or _runs(episode, today)),
            _("It never restricted. The same exposure again takes a supervisor and a document."),
        ),
        Panel(
            "correct-anchor",
            "episode-correct-anchor",
            _("Correct the date of an event"),
            _("Correct"),
            "main",
            _runs,
            _("To an earlier date it is free; a later date takes a supervisor and a document."),
        ),
        Panel(
            "exposure",
            "episode-exposure",
            _("Record a later exposure"),
            _("Record the exposure"),
            "stop",
            _runs,
            _("A further ground: the end becomes that of the latest ground."),
        ),
        Panel(
            "mistaken-positive",
            "episode-mistaken-positive",
            _("The positive result was a mistake"),
            _("Take the result back"),
            "free",
            lambda episode, today: episode.ending == Ending.TRANSFERRED,
            _("The plan comes back with its dates; if its end has passed meanwhile, the person is free."),
        ),
    )
}


def positive_test(episode: Episode) -> NucleicAcidTest | None:
    """The result that closed the plan, None when there is none."""
    return episode.tests.filter(result=Result.POSITIVE).order_by("resulted_at").last()


def new_form(verb: str, request: StaffRequest, episode: Episode) -> forms.VerbForm:
    """The empty form of a verb."""
    if verb == forms.AnchorForm.verb:
        return forms.AnchorForm(grounds=episode.grounds.all(), supervisor=request.user.may(Ability.SUPERVISE))
    if verb == forms.ExposureForm.verb:
        return forms.ExposureForm(categories=list(Category))
    plain = (
        forms.PlaceForm,
        forms.HomeCheckForm,
        forms.HandOverForm,
        forms.ContactForm,
        forms.EndEarlyForm,
        forms.WithdrawForm,
        forms.MistakenPositiveForm,
    )
    return {form.verb: form for form in plain}[verb]()


def panel_context(
    request: StaffRequest, episode: Episode, *, opened: str, bound: forms.VerbForm | None
) -> dict[str, Any]:
    """The form that is open: the refused one, or an empty one where the verb is offered at present."""
    panel = PANELS.get(opened)
    context = {"episode": episode, "panel": panel, "form": bound, "following": following(request)}
    if panel is None or bound is not None:
        return context | suggestions_for(request, episode, opened)
    offered = request.user.may(Ability.WORK_CASES) and panel.offered(episode, clock.today())
    if not offered or not in_sight(episode, request.user):
        return context | {"panel": None}
    return context | {"form": new_form(opened, request, episode)} | suggestions_for(request, episode, opened)


def suggestions_for(request: StaffRequest, episode: Episode, opened: str) -> dict[str, Any]:
    """The names that the open form suggests: sites of the county, infections in sight."""
    if opened == forms.PlaceForm.verb and episode.county is not None:
        sites = Site.objects.within(episode.county).taking_in()
        return {"sites": sites.values_list("name", flat=True).distinct()}
    if opened == forms.ExposureForm.verb:
        infections = Infection.objects.visible_to(request.user).standing()
        return {"infections": infections.values_list("label", flat=True)}
    return {}


def in_sight(episode: Episode, user: User) -> bool:
    """Whether the episode stands in the user's area, not only given away by it."""
    area, host = user.area, episode.host_community
    return area is not None and (area.covers(episode.community) or (host is not None and area.covers(host)))


@dataclass(frozen=True, slots=True)
class TestLine:
    """One test of the table, and what can be recorded of it today."""

    __test__ = False

    test: NucleicAcidTest
    state: TestState
    today: bool
    step: str
    """`sample`, `belated`, `result`, `correct`, or "" for nothing."""

    @property
    def result_label(self) -> str:
        """The result in words."""
        return str(RESULTS[Result(self.test.result)])

    @property
    def origin_label(self) -> str:
        """Why the test exists, where no row of the edition's table names its day."""
        return str(TEST_ORIGINS[TestOrigin(self.test.origin)]) if self.test.origin else ""


def test_lines(episode: Episode, today: dt.date) -> list[TestLine]:
    """The tests that stand, in order, with whoever took and answered them. One query."""
    tests = episode.tests.standing().select_related("sampled_by", "resulted_by")
    running = episode.ending in (Ending.BY_THE_CLOCK, Ending.EARLY)
    return [_test_line(test, today, running=running) for test in tests]


def _test_line(test: NucleicAcidTest, today: dt.date, *, running: bool) -> TestLine:
    state = test.state(today)
    steps = {TestState.WAITING: "result", TestState.MISSED: "belated"}
    if test.result:
        step = "correct"
    elif not running or test.planned_on > today:
        step = ""
    else:
        step = steps.get(state, "sample")
    return TestLine(test, state, test.planned_on == today, step)


@dataclass(frozen=True, slots=True)
class Owed:
    """Something overdue, and the step that settles it."""

    reason: OverdueReason
    label: str | Promise
    since: dt.date
    days: int


def owed(row: EpisodeRow) -> list[Owed]:
    """What we owe the person today, with the days since when."""
    return [
        Owed(late.reason, OVERDUE_REASONS[late.reason], late.since, late.days(row.today))
        for late in row.overdue
    ]


def page_context(
    request: StaffRequest,
    episode: Episode,
    *,
    opened: str,
    bound: forms.VerbForm | None,
    revealed: bool,
) -> dict[str, Any]:
    """Everything that the page shows."""
    user, today = request.user, clock.today()
    row = episode_row(episode, today)
    here = in_sight(episode, user)
    may_work = here and user.may(Ability.WORK_CASES)
    offered = {verb for verb, panel in PANELS.items() if may_work and panel.offered(episode, today)}
    return {
        **panel_context(request, episode, opened=opened, bound=bound),
        **permissions(request, episode.person),
        "person": episode.person,
        "row": row,
        "today": today,
        "at": clock.now(),
        "revealed": revealed,
        "here": here,
        "may_work": may_work,
        "offered": offered,
        "owed": owed(row),
        "owner": episode.street or episode.county,
        "untold": is_untold(episode, today),
        "registered": here and "registered" in request.GET,
        "tests": test_lines(episode, today),
        "dropped": sum(test.dropped for test in row.tests),
        "grounds": ground_lines(episode),
        "attempts": episode.contact_attempts.select_related("by"),
        "outcomes": CONTACT_OUTCOMES,
        "happenings": happenings(list(episode.events.select_related("by"))),
        "members": members_of_home(episode.person, user=user, on=today) if here else [],
        "others": other_episodes(episode, user),
        "handover": open_handover(episode),
        "may_offer": may_work
        and episode.swept_at is None
        and user.area is not None
        and user.area.covers(episode.community),
        "notices": notices_of(episode, today) if here else {},
        "edition": row.values["edition"],
    }


def ground_lines(episode: Episode) -> list[tuple[Ground, str]]:
    """The grounds, each with what its date is called. One query."""
    grounds = episode.grounds.select_related("infection", "registered_by")
    return [(ground, anchor_label(ground.category)) for ground in grounds]


def is_untold(episode: Episode, today: dt.date) -> bool:
    """Whether the person is free and nobody has recorded that they were told."""
    freed = episode.ending in (Ending.BY_THE_CLOCK, Ending.EARLY) and episode.release_on <= today
    return freed and episode.restricted and episode.told_at is None


def other_episodes(episode: Episode, user: User) -> list[Episode]:
    """The person's other episodes that the user may see, the newest first."""
    others = Episode.objects.visible_to(user).filter(person=episode.person_id).exclude(pk=episode.pk)
    return list(others.order_by("-registered_at", "-pk"))


def open_handover(episode: Episode) -> Handover | None:
    """The offer that waits for an answer."""
    offers = episode.handovers.filter(state=HandoverState.OFFERED)
    return offers.select_related("from_community", "to_community", "answering_community").first()


def notices_of(episode: Episode, today: dt.date) -> dict[str, bool]:
    """Which notices can be printed at present."""
    begun = episode.restricted and episode.ending != Ending.WITHDRAWN
    ended = episode.ending in (Ending.BY_THE_CLOCK, Ending.EARLY) and episode.release_on <= today
    return {"start": begun, "release": begun and ended}
