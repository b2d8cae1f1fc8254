"""Closing a need because it is not needed any more, and asking again when its zone opened.

No request disappears when its zone opens: it stays with whoever answers for it, its person is asked whether
it is still wanted, and only their word closes it.
"""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from supplies.actions import medical
from supplies.actions.need_events import write_need_event
from supplies.actions.serving import move, refused
from supplies.models import Need
from supplies.rules.needs import ENDED, MEDICAL, Asker, NeedEventKind, NeedVerb

STILL_WANTED = "still_wanted"
"""In the details of the resident's answer: what they said."""


def end_by_word(*, need: Need, reason: str, at: dt.datetime, by: User | None = None) -> None:
    """It is not needed any more, by the word of the resident (`by` None) or of staff, with the reason.

    Raises RuleViolation `needs_reason`, `wrong_state`, and for a medical one `on_the_way`.
    """
    if need.kind in MEDICAL:
        medical.end_without_trip(medical=need.medical, reason=reason, by=by, by_resident=by is None, at=at)
        need.refresh_from_db()
        return
    asker = Asker.RESIDENT if by is None else Asker.STAFF
    move(need=need, verb=NeedVerb.CANCEL, asker=asker, by=by, reason=reason, at=at)


@transaction.atomic
def say_still_wanted(*, need: Need, at: dt.datetime) -> None:
    """The resident says after the opening that it is still wanted: it goes on as it was."""
    _check_asked(need)
    write_need_event(need, NeedEventKind.NOTED, at=at, by_resident=True, answer=STILL_WANTED)


def say_not_wanted(*, need: Need, at: dt.datetime) -> None:
    """The resident says after the opening that it is not wanted any more: it is closed by that word."""
    _check_asked(need)
    end_by_word(need=need, reason=_("The zone is open; not wanted any more."), at=at)


def _check_asked(need: Need) -> None:
    if need.asked_again_at is None or need.state in ENDED:
        raise refused("wrong_state")
