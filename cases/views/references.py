"""A signed reference to an episode that the holder of the reference may not see.

Whoever registers a person that another community holds gets one, to ask for a handover: it says nothing
of the person, can't be guessed from a number, and serves only the user to whom it was given, for a day.
"""

import datetime as dt
from dataclasses import dataclass

from django.core import signing

from accounts.models import Area, User
from cases.models import Episode

_SALT = "cases.handover"
VALID_FOR = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a reference stands for."""

    episode: Episode
    to_community: Area


def reference_to(episode: Episode, *, user: User, to_community: Area) -> str:
    """The reference by which this user may ask for this episode, for that community."""
    return signing.dumps([episode.pk, user.pk, to_community.pk], salt=_SALT, compress=False)


def read_reference(reference: str, *, user: User) -> Reference | None:
    """What it stands for; None when it is forged, somebody else's, too old, or the episode is gone."""
    try:
        episode, holder, community = signing.loads(reference, salt=_SALT, max_age=VALID_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if holder != user.pk:
        return None
    found = Episode.objects.select_related("community", "person").filter(pk=episode).first()
    to_community = Area.objects.filter(pk=community).first()
    return Reference(found, to_community) if found and to_community else None
