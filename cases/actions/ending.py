"""How an episode ends other than by the clock: early, as a mistake, or by a positive result."""

import datetime as dt

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.actions.infections import retract_infection
from cases.actions.planning import drop_coming_tests, note
from cases.actions.positives import note_positive
from cases.models import Contact, Episode, Infection, NucleicAcidTest
from cases.rules import Ending, EventKind
from notices.actions import Draft, enqueue, staff_drafts
from notices.rules import Channel, MessageKind
from policy.refusals import RuleViolation


def end_early(*, episode: Episode, reason: str, by: User, at: dt.datetime) -> bool:
    """End a running plan from now on, with a reason; the planned end is kept beside the real one.

    Always possible, for anybody who works on cases. Returns whether we did it.
    Raises RuleViolation `reason_needed`, `not_running`.
    """
    _need(reason)
    today = timezone.localdate(at)
    if not episode.restricts(today):
        raise _not_running()
    with transaction.atomic():
        done = (
            Episode.objects.restricting(today)
            .filter(pk=episode.pk, ending=Ending.BY_THE_CLOCK)
            .update(
                ending=Ending.EARLY,
                release_on=today,
                ended_at=at,
                ended_by=by,
                ended_reason=reason.strip(),
                swept_at=at,
                code_lifted_at=at,
            )
        )
        episode.refresh_from_db()
        if done:
            _close(episode, EventKind.ENDED_EARLY, reason=reason, by=by, at=at)
    return bool(done)


def withdraw(*, episode: Episode, reason: str, by: User, at: dt.datetime) -> bool:
    """Take back an episode that was entered by mistake: it never restricted. Returns whether we did it.

    Raises RuleViolation `reason_needed`, `not_running` when it has ended in another way.
    """
    _need(reason)
    if episode.ending or (episode.restricted and not episode.restricts(timezone.localdate(at))):
        raise _not_running()
    with transaction.atomic():
        done = Episode.objects.filter(pk=episode.pk, ending=Ending.BY_THE_CLOCK).update(
            ending=Ending.WITHDRAWN,
            ended_at=at,
            ended_by=by,
            ended_reason=reason.strip(),
            swept_at=at,
            code_lifted_at=at,
        )
        episode.refresh_from_db()
        if done:
            Contact.objects.filter(ground__episode=episode).delete()  # entered by mistake: it never was one
            _close(episode, EventKind.WITHDRAWN, reason=reason, by=by, at=at)
    return bool(done)


def _need(reason: str) -> None:
    if not reason.strip():
        raise RuleViolation(
            "reason_needed", "", _("Please give the reason; it is kept with the episode."), field="reason"
        )


def _not_running() -> RuleViolation:
    return RuleViolation("not_running", "", _("This episode has ended already."))


def _close(episode: Episode, kind: EventKind, *, reason: str, by: User, at: dt.datetime) -> None:
    drop_coming_tests(episode, at=at)
    note(
        episode,
        kind,
        at=at,
        by=by,
        clause=episode.clause,
        reason=reason.strip(),
        planned_release_on=episode.planned_release_on,
    )
    if episode.code_assigned_at:
        enqueue([code_lifted_draft(episode, at)], at=at)
    Episode.objects.filter(pk=episode.pk).settle(at)
    episode.refresh_from_db()


def code_lifted_draft(episode: Episode, at: dt.datetime) -> Draft:
    """The outbox row that tells the health-code system; the key is the one that the release sweep uses."""
    return Draft(
        key=f"code-lifted:{episode.pk}",
        kind=MessageKind.CODE_LIFTED,
        channel=Channel.HEALTH_CODE,
        community_id=episode.community_id,
        subject=f"episode:{episode.pk}",
        context={"episode": episode.pk, "code": "lifted", "at": at.isoformat()},
    )


def mark_told(*, episode: Episode, by: User, at: dt.datetime) -> bool:
    """Record that the person was told of the release; returns whether nobody had been before."""
    with transaction.atomic():
        today = timezone.localdate(at)
        done = Episode.objects.filter(pk=episode.pk, told_at=None, release_on__lte=today).update(told_at=at)
        if done:
            note(episode, EventKind.TOLD, at=at, by=by)
            Episode.objects.filter(pk=episode.pk).settle(at)
    episode.refresh_from_db()
    return bool(done)


# ── a positive result ────────────────────────────────────────────────────────────────────────────


def transfer(*, episode: Episode, test: NucleicAcidTest, by: User, at: dt.datetime) -> Infection | None:
    """Close the plan because of a positive result: transferred, never released; the code stays.

    Makes the infection record that contacts will be traced from, and tells the office. A result that comes
    late, of an episode that is over, closes the one that runs now. Returns the infection, or None when the
    plan was closed before.
    """
    running = Episode.objects.filter(person_id=episode.person_id, swept_at=None).exclude(pk=episode.pk)
    episode = running.first() or episode
    done = Episode.objects.filter(pk=episode.pk).exclude(ending__in=[Ending.WITHDRAWN, Ending.TRANSFERRED])
    if not done.update(ending=Ending.TRANSFERRED, ended_at=at, ended_by=by, swept_at=None, settled_at=None):
        return None
    episode.refresh_from_db()
    drop_coming_tests(episode, at=at)
    infection = note_positive(episode=episode, test=test, by=by, at=at)
    note(episode, EventKind.TRANSFERRED, at=at, by=by, test=test.pk, infection=infection.pk)
    enqueue(
        staff_drafts(
            key=f"positive:{infection.pk}",
            kind=MessageKind.POSITIVE,
            community=episode.community,
            subject=f"episode:{episode.pk}",
            context={"episode": episode.pk, "on": str(test.planned_on)},
        ),
        at=at,
    )
    return infection


def hand_over_to_treatment(*, episode: Episode, to: str, by: User, at: dt.datetime) -> bool:
    """Record that a positive person has been taken over by a hospital; returns whether we did it.

    Their infection is admitted at that instant, unless another one is on record already.

    Raises RuleViolation `not_awaiting_transfer`.
    """
    if episode.ending != Ending.TRANSFERRED:
        raise RuleViolation("not_awaiting_transfer", "", _("This person is not waiting for a transfer."))
    with transaction.atomic():
        done = (
            Episode.objects.awaiting_transfer().filter(pk=episode.pk).update(handed_over_at=at, swept_at=at)
        )
        if done:
            note(episode, EventKind.HANDED_OVER, at=at, by=by, reason=to.strip())
            _admit(episode, to.strip(), at=at)
            Episode.objects.filter(pk=episode.pk).settle(at)
    episode.refresh_from_db()
    return bool(done)


def _admit(episode: Episode, to: str, *, at: dt.datetime) -> None:
    """Whoever is in hospital is isolated, too."""
    infections = Infection.objects.standing().filter(person_id=episode.person_id)
    newest = infections.order_by("-found_on", "-pk").values("pk")[:1]
    Infection.objects.filter(pk__in=list(newest.values_list("pk", flat=True)), admitted_at=None).update(
        admitted_at=at, admitted_to=to[:120], isolated_at=Coalesce("isolated_at", Value(at))
    )


def restore_after_mistaken_positive(
    *, episode: Episode, test: NucleicAcidTest, by: User, at: dt.datetime, reason: str
) -> None:
    """Bring the plan back with its dates after a positive result turned out to be a mistake.

    Coming tests come back; when the end has passed in the meantime, the person is free by the clock. The
    infection is retracted, and with it what was sealed because of it alone; contacts keep their episodes.
    Belongs in the caller's transaction. Raises RuleViolation `other_episode` when a newer one is open.
    """
    episode = _closed_by(test) or episode
    newer = Episode.objects.filter(person_id=episode.person_id, swept_at=None).exclude(pk=episode.pk)
    if newer.exists():
        raise RuleViolation("other_episode", "", _("This person has another open episode by now."))
    closed_at = episode.ended_at
    ended_early = episode.events.filter(kind=EventKind.ENDED_EARLY).exists()  # before the late result came
    restored = Episode.objects.filter(pk=episode.pk, ending=Ending.TRANSFERRED).update(
        ending=Ending.EARLY if ended_early else Ending.BY_THE_CLOCK,
        ended_at=None,
        ended_by=None,
        handed_over_at=None,
        swept_at=at if ended_early else None,
        settled_at=None,
    )
    if not restored:
        return
    episode.refresh_from_db()
    coming = episode.tests.filter(dropped_at=closed_at, planned_on__gte=timezone.localdate(at))
    coming.exclude(planned_on__in=_dates_of_tests(episode)).update(dropped_at=None)
    for infection in Infection.objects.standing().filter(test=test):
        retract_infection(infection=infection, by=by, at=at)
    note(
        episode,
        EventKind.POSITIVE_CORRECTED,
        at=at,
        by=by,
        reason=reason.strip(),
        test=test.pk,
        release_on=episode.release_on,
    )


def _closed_by(test: NucleicAcidTest) -> Episode | None:
    """The episode that this positive result closed; not always the one that the test belongs to."""
    closed = Episode.objects.filter(person_id=test.person_id, ending=Ending.TRANSFERRED)
    return closed.filter(events__kind=EventKind.TRANSFERRED, events__details__test=test.pk).first()


def _dates_of_tests(episode: Episode) -> list[dt.date]:
    """Dates on which the person has a scheduled test: a second one is not planned (N二(六))."""
    standing = NucleicAcidTest.objects.standing().filter(person_id=episode.person_id, scheduled=True)
    return list(standing.values_list("planned_on", flat=True))
