"""The judgement of spread that a positive in home isolation or monitoring opens (N三(一))."""

import datetime as dt

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases.models import Infection, SpreadAssessment
from cases.rules import Spread
from notices.actions import enqueue, staff_drafts
from notices.rules import MessageKind
from policy.refusals import BadInput


def open_assessment(*, infection: Infection, owner: User | None = None, at: dt.datetime) -> SpreadAssessment:
    """Open the judgement of spread of an infection and tell the office; the one that is open stays.

    Due `SPREAD_JUDGED_WITHIN` after its opening: our own clock, no clause names hours. Without an owner
    somebody of the office takes it.
    """
    with transaction.atomic():
        assessment, made = SpreadAssessment.objects.get_or_create(
            infection=infection,
            defaults={"opened_at": at, "due_at": at + settings.SPREAD_JUDGED_WITHIN, "owner": owner},
        )
        if made:
            enqueue(
                staff_drafts(
                    key=f"spread:{infection.pk}",
                    kind=MessageKind.SPREAD_TO_JUDGE,
                    community=infection.community,
                    subject=f"infection:{infection.pk}",
                    context={
                        "infection": infection.pk,
                        "clause": "三(一)",
                        "due": assessment.due_at.isoformat(),
                    },
                ),
                at=at,
            )
    return assessment


def take_assessment(*, assessment: SpreadAssessment, by: User, at: dt.datetime) -> bool:
    """Become the owner of an open judgement; returns whether that changed anything."""
    open_still = SpreadAssessment.objects.filter(pk=assessment.pk, closed_at=None)
    taken = open_still.exclude(owner=by).update(owner=by)
    assessment.refresh_from_db()
    return bool(taken)


def close_assessment(
    *,
    assessment: SpreadAssessment,
    shared_home: str,
    left_home: str,
    conclusion: Spread | str,
    by: User,
    at: dt.datetime,
) -> bool:
    """Record who shared the home, what was left, and whether it spread; returns whether it was open still.

    Raises BadInput at `shared_home`, `left_home` or `conclusion` when one is not answered.
    """
    answers = {"shared_home": shared_home.strip(), "left_home": left_home.strip()}
    for name, answer in answers.items():
        if not answer:
            raise BadInput(
                name, _("Please answer this; write \u201cnobody\u201d or \u201cnever\u201d where that is so.")
            )
    if conclusion not in (Spread.NO_SPREAD, Spread.SPREAD):
        raise BadInput("conclusion", _("Please say whether spread is possible."))
    closed = SpreadAssessment.objects.filter(pk=assessment.pk, closed_at=None).update(
        **answers, conclusion=conclusion, closed_at=at, closed_by=by
    )
    assessment.refresh_from_db()
    return bool(closed)
