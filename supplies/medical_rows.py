"""What pages show of a medical need: which hospital answers and why, its clock, the way there and back."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from supplies.models import Consult, MedicalNeed, Trip
from supplies.need_rows import NeedRow, span
from supplies.rules.medical import STANDINGS, Asked, ConsultAnswer, Standing, standing_of


def asked_of(consults: Iterable[Consult]) -> list[Asked]:
    """What the rules know of these, which stand in the order of asking."""
    return [Asked(each.site_id, ConsultAnswer(each.answer)) for each in consults]


@dataclass(frozen=True, slots=True)
class Patient:
    """One medical need at an instant: who answers and why, what is due, where the person is."""

    medical: MedicalNeed
    row: NeedRow
    standing: Standing
    trip: Trip | None
    """The one that is under way."""
    refused_by: list[str]

    @property
    def why(self) -> str:
        """Why that hospital is the one that answers."""
        return str(STANDINGS[self.standing])

    @property
    def is_safe(self) -> bool:
        """Whether a hospital has them, or has said that it takes them."""
        return self.standing is Standing.ACCEPTED


def patient_of(medical: MedicalNeed, at: dt.datetime) -> Patient:
    """What pages show of it; consults and trips have been fetched with their hospitals."""
    consults = sorted(medical.consults.all(), key=lambda each: (each.asked_at, each.pk))
    under_way = [each for each in medical.trips.all() if each.is_under_way]
    refused = [each.site.name for each in consults if each.answer == ConsultAnswer.REFUSED]
    return Patient(
        medical,
        NeedRow(medical.need, at),
        standing_of(asked_of(consults)),
        under_way[0] if under_way else None,
        list(dict.fromkeys(refused)),
    )


SPAN = dt.timedelta(days=30)
MOST = 5000


@dataclass(frozen=True, slots=True)
class CareTimes:
    """How long it took of late, as the middle one of all; "" where nobody got so far."""

    people: int
    accepted: str
    """From asking us until a hospital had said yes."""
    arrived: str
    """From asking us until the person was there."""
    home: str
    """From leaving until the person was back home."""
    late: int
    """Needs of which a step was late."""


def care_times(needs: QuerySet[MedicalNeed], at: dt.datetime) -> CareTimes:
    """The times of those of the last thirty days; one query."""
    yes = Q(consults__answer=ConsultAnswer.ACCEPTED)
    rows = list(
        needs.filter(need__asked_at__gte=at - SPAN)
        .order_by()
        .annotate(
            accepted=Min("consults__answered_at", filter=yes),
            left=Min("trips__left_at"),
            arrived=Min("trips__arrived_at"),
            home=Max("trips__home_at"),
        )
        .values_list("need__asked_at", "accepted", "left", "arrived", "home", "need__late_by_minutes")[:MOST]
    )
    return CareTimes(
        len(rows),
        _middle((asked, accepted) for asked, accepted, *_rest in rows),
        _middle((asked, arrived) for asked, _accepted, _left, arrived, *_rest in rows),
        _middle((left, home) for _asked, _accepted, left, _arrived, home, _late in rows),
        sum(1 for row in rows if row[-1]),
    )


def _middle(pairs: Iterable[tuple[dt.datetime | None, dt.datetime | None]]) -> str:
    lengths = [(end - start).total_seconds() for start, end in pairs if start and end]
    return span(dt.timedelta(seconds=median(lengths))) if lengths else ""


def lengths_of(trip: Trip) -> list[tuple[str, str]]:
    """How long each part of the way took, as far as it has been gone, in words."""
    instants = [
        (_("on the road"), trip.left_at, trip.arrived_at or trip.refused_at),
        (_("at the hospital"), trip.arrived_at, trip.treated_at or trip.admitted_at or trip.refused_at),
        (_("way home"), trip.treated_at, trip.home_at),
        (_("from door to door"), trip.left_at, trip.home_at),
    ]
    return [(label, span(end - start)) for label, start, end in instants if start and end]
