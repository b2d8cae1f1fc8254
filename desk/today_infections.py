"""Infections on Today: whose contacts or spread nobody has judged, and which early step runs late."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.functional import Promise

from accounts.models import User
from cases.earlies import EARLIES, Early
from cases.earlies_query import earlies_of, late_infections
from cases.models import Infection, SpreadAssessment


@dataclass(frozen=True, slots=True)
class LateStep:
    """One step that runs past its limit: from what to what, and for how many hours by now."""

    begins: str | Promise
    ends: str | Promise
    hours: float | None
    limit_hours: float
    key: Early


@dataclass(frozen=True, slots=True)
class InfectionLine:
    """One infection with what is left to do about it."""

    infection: Infection
    contacts: int
    assessment: SpreadAssessment | None
    """The judgement of spread while it is open."""
    assessment_late: bool
    late: list[LateStep]

    @property
    def is_late(self) -> bool:
        """Whether anything of it runs past its limit."""
        return self.assessment_late or bool(self.late)


def infection_lines(user: User, *, at: dt.datetime, limit: int) -> list[InfectionLine]:
    """What the user's area has to do about infections, the longest reported first: one query."""
    visible = Infection.objects.visible_to(user)
    wanted = Q(pk__in=visible.to_trace().values("pk")) | Q(
        pk__in=late_infections(user, at).order_by().values("pk")
    )
    found = (
        visible.filter(wanted)
        .select_related("community", "assessment__owner")
        .annotate(contact_count=Count("contacts"))
        .order_by("reported_at", "pk")[:limit]
    )
    return [_line(infection, at) for infection in found]


def _line(infection: Infection, at: dt.datetime) -> InfectionLine:
    assessment: SpreadAssessment | None = getattr(infection, "assessment", None)
    if assessment is not None and assessment.closed_at is not None:
        assessment = None
    late = [
        LateStep(EARLIES[step.begins], EARLIES[step.ends], step.hours, step.limit_hours, step.ends)
        for step in earlies_of(infection, at)
        if step.running and step.late
    ]
    count: int = infection.contact_count  # type: ignore[attr-defined]
    return InfectionLine(infection, count, assessment, assessment is not None and assessment.late(at), late)
