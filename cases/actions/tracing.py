"""Contacts of an infected person, and the judgement of what it spread: the hour after a positive result."""

import datetime as dt

from accounts.models import User
from cases.models import Infection


def judge_contacts(*, infection: Infection, by: User, at: dt.datetime) -> bool:
    """Record that all contacts of the infection are judged (N二(二)); returns whether that was still open."""
    open_still = Infection.objects.filter(pk=infection.pk, contacts_judged_at=None)
    return bool(open_still.update(contacts_judged_at=at, contacts_judged_by=by))
