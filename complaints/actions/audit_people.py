"""What the self-audit asks of episodes: later than the plan, without a rule, released but not let go.

Reads only, in chunks by key. The plan is made anew by the code that made it (`cases.actions.planning`).
"""

import datetime as dt
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from cases.actions.planning import plan_grounds
from cases.models import Episode, EpisodeStage, Ground
from cases.rules import Ending, HomeCheck, Overdue, OverdueReason
from complaints.actions.audit_zones import DAY, Editions, by_community
from complaints.rules.auditing import Finding, FindingKind
from policy import rules
from policy.clock import midnight
from policy.loading import EditionError
from policy.models import NoEditionInForce, activation_in_force
from policy.refusals import BadInput, RuleViolation
from policy.types import Category, Edition, IsolationFinished, Mode, Plan
from policy.types import Ground as PlanGround

EPISODES_AT_ONCE = 1000


@dataclass(slots=True)
class Allowed:
    """What the rules give for sets of grounds; many episodes share one, and it is planned once."""

    known: dict[Hashable, Plan | FindingKind] = field(default_factory=dict)

    def by(self, edition: Edition, grounds: Sequence[PlanGround], *, suitable: bool) -> Plan | FindingKind:
        """The plan, or as what kind of finding it is refused."""
        key = (edition.code, tuple(grounds), suitable)
        if key not in self.known:
            self.known[key] = self._plan(edition, grounds, suitable)
        return self.known[key]

    def of(self, episode: Episode, edition: Edition) -> Plan | FindingKind:
        """The plan of an episode that was read with its grounds; without any there is no rule for it."""
        grounds = plan_grounds(list(episode.grounds.all()))
        if not grounds:
            return FindingKind.NO_RULE
        return self.by(edition, grounds, suitable=episode.home_check != HomeCheck.UNSUITABLE)

    def _plan(self, edition: Edition, grounds: Sequence[PlanGround], suitable: bool) -> Plan | FindingKind:
        holding = rules.still_ruled(edition, grounds) or list(grounds)
        try:
            return rules.plan(edition, holding, home_suitable=suitable)
        except RuleViolation as refusal:
            if refusal.code == "repeat_isolation":
                return FindingKind.AGAIN
            secondary = refusal.code == Category.SECONDARY_CONTACT
            return FindingKind.NO_SOURCE if secondary else FindingKind.NO_RULE
        except BadInput:
            return FindingKind.NO_RULE


def episode_findings(at: dt.datetime) -> Iterator[Finding]:
    """Episodes that restrict on that date for longer or with less ground than their edition gives."""
    today = timezone.localdate(at)
    editions, allowed = Editions(), Allowed()
    restricting = Episode.objects.restricting(today).order_by("pk").prefetch_related("grounds__infection")
    last = 0
    while episodes := list(restricting.filter(pk__gt=last)[:EPISODES_AT_ONCE]):
        last = episodes[-1].pk
        for episode in episodes:
            edition = editions.of(episode.edition)
            if edition and (finding := _of_episode(episode, edition, allowed)):
                yield finding
        yield from repeated([episode.pk for episode in episodes], today)


def _of_episode(episode: Episode, edition: Edition, allowed: Allowed) -> Finding | None:
    suitable = episode.home_check != HomeCheck.UNSUITABLE
    grounds = list(episode.grounds.all())
    standing = [each for each in grounds if each.infection is None or each.infection.retracted_at is None]
    if not grounds:
        return _finding(episode, FindingKind.NO_RULE)
    plan = allowed.by(edition, plan_grounds(grounds), suitable=suitable)
    if isinstance(plan, FindingKind):
        return _finding(episode, plan)
    if not plan.restricted or episode.release_on > plan.release_on:
        return _finding(episode, FindingKind.LATE_END, plan.release_on)
    if len(standing) == len(grounds):
        return None
    rest = allowed.by(edition, plan_grounds(standing), suitable=suitable) if standing else None
    if not isinstance(rest, Plan) or not rest.restricted:
        return _finding(episode, FindingKind.NO_SOURCE)
    if episode.release_on > rest.release_on:
        return _finding(episode, FindingKind.NO_SOURCE, rest.release_on)
    return None


def _finding(episode: Episode, kind: FindingKind, allowed_on: dt.date | None = None) -> Finding:
    dates = {"allowed_on": allowed_on} if allowed_on else {}
    return Finding(
        kind=kind,
        about=f"episode:{episode.pk}",
        on=episode.release_on,
        community=episode.community_id,
        since_on=allowed_on,
        facts={
            "episode": episode.pk,
            "category": episode.category,
            "edition": episode.edition,
            "release_on": episode.release_on,
            **dates,
        },
    )


def repeated(episodes: Sequence[int], today: dt.date) -> Iterator[Finding]:
    """Entrants isolated again: central once that was served, or the same entry after its end (N二(十))."""
    served = Ground.objects.filter(
        category=Category.ENTRANT,
        anchor_on=OuterRef("anchor_on"),
        episode__person=OuterRef("episode__person"),
        episode__restricted=True,
        episode__ending=Ending.BY_THE_CLOCK,
        episode__release_on__lte=OuterRef("registered_on"),
    ).exclude(episode=OuterRef("episode"))
    central = EpisodeStage.objects.filter(
        episode=OuterRef("episode"), category=Category.ENTRANT, mode=Mode.CENTRAL, last_on__gte=today
    )
    done_there = Q(isolation_finished=IsolationFinished.CENTRAL) & ~Q(
        episode__home_check=HomeCheck.UNSUITABLE
    )
    grounds = Ground.objects.filter(episode__in=episodes, category=Category.ENTRANT)
    again = grounds.filter(Exists(served) | (done_there & Exists(central)))
    for ground in again.select_related("episode").order_by("pk"):
        if _is_alone(ground):
            yield _finding(ground.episode, FindingKind.AGAIN)


def _is_alone(ground: Ground) -> bool:
    """Whether nothing but this entry holds the person; another ground may isolate on its own."""
    return not Ground.objects.filter(episode=ground.episode_id).exclude(category=Category.ENTRANT).exists()


# ── released, and not let go ─────────────────────────────────────────────────────────────────────


def overdue_findings(at: dt.datetime) -> Iterator[Finding]:
    """What we owe people whom the rule has freed, for longer than the grace of the settings.

    Where the release itself was not carried out, code and notice wait for that (`unswept_people`); a
    journey home that nobody made is a matter of its own.
    """
    today = timezone.localdate(at)
    grace = dt.timedelta(hours=settings.AUDIT_GRACE_HOURS)
    overdue = Episode.objects.overdue(today).order_by("pk")
    last = 0
    while episodes := list(overdue.filter(pk__gt=last)[:EPISODES_AT_ONCE]):
        last = episodes[-1].pk
        for episode in episodes:
            if owed := _owed(episode, today, at - grace):
                yield _overdue(episode, owed)


def _owed(episode: Episode, today: dt.date, before: dt.datetime) -> list[Overdue]:
    late = [each for each in episode.overdue(today) if midnight(each.since) <= before]
    if episode.swept_at is None:
        return [each for each in late if each.reason is OverdueReason.JOURNEY]
    return late


def _overdue(episode: Episode, owed: Sequence[Overdue]) -> Finding:
    since = min(each.since for each in owed)
    return Finding(
        kind=FindingKind.OVERDUE,
        about=f"episode:{episode.pk}",
        on=episode.release_on,
        community=episode.community_id,
        since_on=since,
        facts={
            "episode": episode.pk,
            "category": episode.category,
            "edition": episode.edition,
            "release_on": episode.release_on,
            "due_on": since,
            "owed": [str(each.reason) for each in owed],
        },
    )


def unswept_people(at: dt.datetime) -> Iterator[Finding]:
    """Releases that the clock made and nobody carried out for a day, by community and date."""
    before = at - DAY
    due = Episode.objects.due_for_release(timezone.localdate(before)).filter(
        restricted=True, registered_at__lte=before
    )
    rows = due.order_by("pk").values_list("community_id", "release_on", "pk")
    late = [row for row in rows.iterator() if midnight(row[1]) <= before]
    yield from by_community(FindingKind.PEOPLE_UNSWEPT, late)


def old_editions(at: dt.datetime) -> Iterator[Finding]:
    """Episodes that a day after a change of edition still stand under another one, by community."""
    today = timezone.localdate(at)
    try:
        act = activation_in_force(today)
        code = act.edition.resolved().code
    except (NoEditionInForce, EditionError):
        return
    changed_at = midnight(act.from_on)
    if act.activated_by_id is not None:
        changed_at = max(changed_at, act.activated_at)
    if changed_at > at - DAY:
        return
    behind = Episode.objects.restricting(today).exclude(edition=code).filter(registered_at__lte=at - DAY)
    changed_on = timezone.localdate(changed_at)
    rows = behind.order_by("pk").filter(swept_at=None).values_list("community_id", "pk")
    late = [(community, changed_on, pk) for community, pk in rows.iterator()]
    yield from by_community(FindingKind.OLD_EDITION, late)
