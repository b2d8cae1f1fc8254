"""Handover 移交: offered by one end, answered by the other, and nothing moves before the answer."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Area, User
from accounts.rules import Level
from accounts.scoped import area_columns
from cases.actions.planning import note
from cases.models import Episode, Handover
from cases.rules import EventKind, HandoverState
from notices.actions import enqueue, staff_drafts
from notices.rules import MessageKind
from policy.refusals import RuleViolation


def offer(*, episode: Episode, to_community: Area, by: User, at: dt.datetime, reason: str = "") -> Handover:
    """Offer to move an episode to a community, from the holder's side or from the side that asks for it.

    The other end answers. An offer that is already open is returned as it is.
    Raises RuleViolation `same_community`, `not_a_community`, `not_your_end`, `closed`.
    """
    holder = episode.community
    if to_community.level != Level.COMMUNITY:
        raise RuleViolation(
            "not_a_community", "", _("A person is handed over to a community."), field="to_community"
        )
    if to_community == holder:
        raise RuleViolation(
            "same_community", "", _("This community holds the person already."), field="to_community"
        )
    _check_open(episode, at)
    if by.area is None or not (by.area.covers(holder) or by.area.covers(to_community)):
        raise RuleViolation("not_your_end", "", _("Only one of the two communities can offer a handover."))
    asking = not by.area.covers(holder)
    try:
        with transaction.atomic():
            made = Handover.objects.create(
                episode=episode,
                from_community=holder,
                to_community=to_community,
                answering_community=holder if asking else to_community,
                reason=reason.strip(),
                offered_at=at,
                offered_by=by,
            )
            note(
                episode, EventKind.HANDOVER_OFFERED, at=at, by=by, reason=reason.strip(), to=to_community.code
            )
            _tell(made, made.answering_community, at)
            return made
    except IntegrityError:
        return Handover.objects.get(episode=episode, state=HandoverState.OFFERED)


def accept(*, handover: Handover, by: User, at: dt.datetime, reason: str = "") -> bool:
    """Move the episode, and the person's file with it, to the other community; returns whether we did it.

    Dates, tests and code stay as they are. Raises RuleViolation `not_your_answer`, and `closed` when the
    episode has ended in the meantime: whoever is free is handed to nobody.
    """
    _check_answer(handover, by)
    with transaction.atomic():
        if handover.state == HandoverState.OFFERED:
            _check_open(Episode.objects.select_for_update(no_key=True).get(pk=handover.episode_id), at)
        if not _answer(handover, HandoverState.ACCEPTED, by=by, at=at, reason=reason):
            return False
        columns = area_columns(handover.to_community)
        episode = handover.episode
        Episode.objects.filter(pk=episode.pk).update(**columns)
        type(episode.person).objects.filter(pk=episode.person_id).update(**columns)
        episode.refresh_from_db()
        note(
            episode,
            EventKind.HANDOVER_ACCEPTED,
            at=at,
            by=by,
            reason=reason.strip(),
            before=handover.from_community.code,
            to=handover.to_community.code,
        )
        _tell(handover, _other_end(handover), at)
    return True


def give_back(*, handover: Handover, by: User, at: dt.datetime, reason: str) -> bool:
    """Answer an offer with no, with a reason; the person stays where they are. Returns whether we did it.

    Raises RuleViolation `not_your_answer`, `reason_needed`.
    """
    _check_answer(handover, by)
    if not reason.strip():
        raise RuleViolation("reason_needed", "", _("Please say why it is given back."), field="reason")
    with transaction.atomic():
        if not _answer(handover, HandoverState.GIVEN_BACK, by=by, at=at, reason=reason):
            return False
        note(handover.episode, EventKind.HANDOVER_GIVEN_BACK, at=at, by=by, reason=reason.strip())
        _tell(handover, _other_end(handover), at)
    return True


def _check_open(episode: Episode, at: dt.datetime) -> None:
    """By the dates, whether or not a sweep came by."""
    if not Episode.objects.open(timezone.localdate(at)).filter(pk=episode.pk).exists():
        raise RuleViolation("closed", "", _("This episode is closed; there is nothing to hand over."))


def _check_answer(handover: Handover, by: User) -> None:
    if by.area is None or not by.area.covers(handover.answering_community):
        raise RuleViolation("not_your_answer", "", _("The other community answers this offer."))


def _answer(handover: Handover, state: HandoverState, *, by: User, at: dt.datetime, reason: str) -> bool:
    done = Handover.objects.filter(pk=handover.pk, state=HandoverState.OFFERED).update(
        state=state, answered_at=at, answered_by=by, answer_reason=reason.strip()
    )
    handover.refresh_from_db()
    return bool(done)


def _other_end(handover: Handover) -> Area:
    asked = handover.answering_community_id == handover.from_community_id
    return handover.to_community if asked else handover.from_community


def _tell(handover: Handover, community: Area, at: dt.datetime) -> None:
    drafts = staff_drafts(
        key=f"handover:{handover.pk}:{handover.state}",
        kind=MessageKind.HANDOVER,
        community=community,
        subject=f"handover:{handover.pk}",
        context={"episode": handover.episode_id, "state": handover.state},
    )
    enqueue(drafts, at=at)
