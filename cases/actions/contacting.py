"""Attempts to reach a person, with a clock for the next one."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from cases.actions.planning import note
from cases.models import ContactAttempt, Episode
from cases.rules import TRY_AGAIN_AFTER, ContactOutcome, EventKind


def record_attempt(
    *, episode: Episode, outcome: ContactOutcome | str, by: User, at: dt.datetime, remark: str = ""
) -> ContactAttempt:
    """Record what came of an attempt; a failed one sets the clock of the next, success stops it."""
    outcome = ContactOutcome(outcome)
    pause = TRY_AGAIN_AFTER.get(outcome)
    again_at = at + pause if pause else None
    with transaction.atomic():
        attempt = ContactAttempt.objects.create(
            episode=episode, outcome=outcome, at=at, by=by, note=remark.strip(), try_again_at=again_at
        )
        Episode.objects.filter(pk=episode.pk).update(contact_again_at=again_at)
        note(episode, EventKind.CONTACT_ATTEMPTED, at=at, by=by, outcome=str(outcome))
    episode.refresh_from_db()
    return attempt
