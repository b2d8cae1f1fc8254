"""The four earlies of stored infections: the steps of one, and the late ones of an area."""

import datetime as dt

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import User
from cases.earlies import Early, Instants, Step, steps_of
from cases.models import Infection


def earlies_of(infection: Infection, at: dt.datetime) -> list[Step]:
    """The steps of one infection at that instant, by the limits of this installation."""
    known = Instants(
        sampled_at=infection.sampled_at,
        resulted_at=infection.resulted_at,
        reported_at=infection.reported_at,
        contacts_judged_at=infection.contacts_judged_at,
        isolated_at=infection.isolated_at,
        admitted_at=infection.admitted_at,
    )
    return steps_of(known, settings.EARLIES_WITHIN, at)


def late_infections(user: User, at: dt.datetime) -> QuerySet[Infection]:
    """Infections of the user's area of which a step runs past its limit; the longest reported first.

    The same answer as `earlies_of`, in one query. Only of people whom we know: a case that a list merely
    names is traced elsewhere.
    """
    within = settings.EARLIES_WITHIN
    late = (
        Q(contacts_judged_at=None, reported_at__lt=at - within[Early.JUDGED])
        | Q(isolated_at=None, admitted_at=None, answered_at__lt=at - within[Early.ISOLATED])
        | Q(admitted_at=None, answered_at__lt=at - within[Early.ADMITTED])
    )
    return (
        Infection.objects.visible_to(user)
        .standing()
        .exclude(person=None)
        .alias(answered_at=Coalesce("resulted_at", "reported_at"))
        .filter(late)
        .select_related("community")
        .order_by("reported_at", "pk")
    )
