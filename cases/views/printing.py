"""Notices on paper: that a restriction begins (告知书), and that it is over (解除隔离通知单).

Numbers and clauses come from the episode's own plan. A notice of release exists for whoever is released,
by the clock or early; never for a withdrawn or a transferred episode.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area
from accounts.rules import Ability
from cases.beside import beside_notices
from cases.models import Episode
from cases.models.episode import EpisodeQuerySet
from cases.rows import EpisodeRow, TestCell, episode_rows
from cases.rules import Ending
from policy import clock
from policy.clauses import Clause, clause_named
from policy.strip import Strip, StripTest, TestState, draw
from policy.types import Anchor, Category, Mode

MOST_SHEETS = 100
"""So many notices at most are printed in one go."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One notice: an episode with what its text names."""

    episode: Episode
    row: EpisodeRow
    today: dt.date
    beside: Sequence[SafeString] = ()
    """What apps of higher floors put beside it."""

    @property
    def office(self) -> Area:
        """Whose notice it is: the home community's."""
        return self.episode.community

    @property
    def above(self) -> Area | None:
        """Who answers for that office: its street."""
        return self.episode.street

    @property
    def anchor(self) -> Anchor:
        """The event from which the days count."""
        return Anchor(self.episode.anchor)

    @property
    def category(self) -> Category:
        """Why."""
        return Category(self.episode.category)

    @property
    def clause(self) -> Clause | None:
        """The clause with its document, None where its text is not kept here."""
        return clause_named(self.episode.clause)

    @property
    def days(self) -> int:
        """Whole days of all stages together."""
        return sum(stage.days for stage in self.row.stages)

    @property
    def tests(self) -> Sequence[TestCell]:
        """The tests that stand, past ones included."""
        return [test for test in self.row.tests if not test.dropped]

    @property
    def negatives(self) -> Sequence[TestCell]:
        """Those that came back negative."""
        return [test for test in self.tests if test.state is TestState.NEGATIVE]

    @property
    def only_monitoring(self) -> bool:
        """Health monitoring throughout: advice, not confinement."""
        return all(stage.mode is Mode.MONITORING for stage in self.row.stages)

    @property
    def strip(self) -> Strip:
        """The plan outside of time, as it is handed over on paper."""
        return draw(
            stages=self.row.stages,
            tests=[StripTest(test.on, TestState.DUE) for test in self.tests],
            registered_on=self.episode.registered_on,
            release_on=self.episode.planned_release_on,
            today=None,
        )


def no_start(episode: Episode, today: dt.date) -> str | Promise:
    """Why no notice of a restriction can be printed, "" when one can."""
    if episode.ending == Ending.WITHDRAWN:
        return _("This episode was entered by mistake and withdrawn: it never restricted.")
    if not episode.restricted:
        return _("This person was registered after the end: there is no restriction to give notice of.")
    return ""


def no_release(episode: Episode, today: dt.date) -> str | Promise:
    """Why no notice of release can be printed, "" when one can."""
    if episode.ending == Ending.TRANSFERRED:
        return _("This person tested positive: the plan was closed by a transfer, not by a release.")
    refused = no_start(episode, today)
    if refused:
        return refused
    if episode.release_on > today:
        return _("This person is not released yet. The notice can be printed from the release date on.")
    return ""


@requires(Ability.SEE_CASES)
@require_safe
def notice_start(request: StaffRequest, pk: int) -> HttpResponse:
    """告知书 for one person."""
    return _one(request, pk, "cases/notice_start.html", no_start)


@requires(Ability.SEE_CASES)
@require_safe
def notice_release(request: StaffRequest, pk: int) -> HttpResponse:
    """解除隔离通知单 for one person."""
    return _one(request, pk, "cases/notice_release.html", no_release)


@requires(Ability.SEE_CASES)
@require_safe
def notices_start(request: StaffRequest) -> HttpResponse:
    """告知书 for the episodes that `ids` names."""
    return _many(request, "cases/notice_start.html", no_start)


@requires(Ability.SEE_CASES)
@require_safe
def notices_release(request: StaffRequest) -> HttpResponse:
    """解除隔离通知单 for the episodes that `ids` names."""
    return _many(request, "cases/notice_release.html", no_release)


Why = Callable[[Episode, dt.date], str | Promise]


def _one(request: StaffRequest, pk: int, template: str, why: Why) -> HttpResponse:
    episode = get_object_or_404(_episodes(request), pk=pk)
    today = clock.today()
    refusal = why(episode, today)
    if refusal:
        context = {"episode": episode, "refusal": refusal}
        return render(request, "cases/notice_refused.html", context, status=409)
    return render(request, template, {"sheets": _sheets(request, [episode], today), "episode": episode})


def _many(request: StaffRequest, template: str, why: Why) -> HttpResponse:
    """Those of the named that a notice exists for, and who was left out."""
    keys = [int(key) for key in request.GET.get("ids", "").split(",") if key.isdecimal() and len(key) < 19]
    found = list(_episodes(request).filter(pk__in=keys[:MOST_SHEETS]).order_by("pk"))
    if not found:
        raise Http404
    today = clock.today()
    printed = [episode for episode in found if not why(episode, today)]
    left_out = [(episode, why(episode, today)) for episode in found if why(episode, today)]
    return render(request, template, {"sheets": _sheets(request, printed, today), "left_out": left_out})


def _episodes(request: StaffRequest) -> EpisodeQuerySet:
    return Episode.objects.visible_to(request.user).select_related("person", "community", "street")


def _sheets(request: StaffRequest, episodes: Sequence[Episode], today: dt.date) -> list[Sheet]:
    rows = {row.pk: row for row in episode_rows([episode.pk for episode in episodes], today)}
    beside = beside_notices(request, [episode.person for episode in episodes])
    return [Sheet(episode, rows[episode.pk], today, beside[episode.person_id]) for episode in episodes]
