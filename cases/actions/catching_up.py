"""What a person at the desk does because the clock's own worker did not."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from cases.actions.planning import note
from cases.actions.sweeps import release_due
from cases.models import Episode
from cases.rules import EventKind


def lift_codes(*, episodes: Sequence[Episode], by: User, at: dt.datetime) -> int:
    """Do the side effects of these releases now: the health code is lifted, and who saw to it is noted.

    Only for whoever is free by the dates already; the sweep finds nothing left to do for them. Returns how
    many codes were still to be lifted.
    """
    with transaction.atomic():
        asked = [episode.pk for episode in episodes]
        due = Episode.objects.due_for_release(timezone.localdate(at)).filter(pk__in=asked)
        waiting = list(due.filter(code_lifted_at=None))
        release_due(people=[episode.person_id for episode in waiting], at=at)
        lifted = Episode.objects.filter(pk__in=[each.pk for each in waiting], code_lifted_at=at)
        for episode in lifted:
            note(episode, EventKind.CODE_LIFTED, at=at, by=by)
        return len(lifted)
