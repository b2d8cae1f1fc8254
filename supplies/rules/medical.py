"""First-consult responsibility 首诊负责制: the hospital asked first owns the patient until another accepts.

A medical need has an owner and a clock at every moment until the person is treated and back home, or
admitted. "Refused" ends nothing: it is written down, the next is asked at once, and the supervisor is told
(N二(十七), P4).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TreatmentKind(StrEnum):
    """What for."""

    DIALYSIS = "dialysis"
    CHEMOTHERAPY = "chemotherapy"
    PREGNANCY = "pregnancy"
    OTHER = "other"
    EMERGENCY = "emergency"


TREATMENT_KINDS = {
    TreatmentKind.DIALYSIS: pgettext_lazy("treatment", "dialysis"),
    TreatmentKind.CHEMOTHERAPY: pgettext_lazy("treatment", "chemotherapy, radiotherapy"),
    TreatmentKind.PREGNANCY: pgettext_lazy("treatment", "pregnancy, birth"),
    TreatmentKind.OTHER: pgettext_lazy("treatment", "other regular treatment"),
    TreatmentKind.EMERGENCY: pgettext_lazy("treatment", "emergency"),
}


class ConsultAnswer(StrEnum):
    """What a hospital said."""

    WAITING = ""
    ACCEPTED = "accepted"
    REFUSED = "refused"


CONSULT_ANSWERS = {
    ConsultAnswer.WAITING: pgettext_lazy("hospital", "no answer yet"),
    ConsultAnswer.ACCEPTED: pgettext_lazy("hospital", "accepted"),
    ConsultAnswer.REFUSED: pgettext_lazy("hospital", "refused"),
}


class CareStatus(StrEnum):
    """Whether a hospital or pharmacy takes people now."""

    OPEN = "open"
    FULL = "full"
    CLOSED = "closed"


CARE_STATUSES = {
    CareStatus.OPEN: pgettext_lazy("hospital", "open"),
    CareStatus.FULL: pgettext_lazy("hospital", "full"),
    CareStatus.CLOSED: pgettext_lazy("hospital", "closed"),
}


class TripStage(StrEnum):
    """The way of a patient: *left → arrived → treated → back home*, or admitted.

    Whoever is turned away at the door goes on to the next hospital, by a trip of its own.
    """

    LEFT = "left"
    ARRIVED = "arrived"
    TREATED = "treated"
    BACK_HOME = "back_home"
    ADMITTED = "admitted"
    REFUSED = "refused"


TRIP_STAGES = {
    TripStage.LEFT: pgettext_lazy("trip", "left, closed loop"),
    TripStage.ARRIVED: pgettext_lazy("trip", "arrived"),
    TripStage.TREATED: pgettext_lazy("trip", "treated"),
    TripStage.BACK_HOME: pgettext_lazy("trip", "back home"),
    TripStage.ADMITTED: pgettext_lazy("trip", "admitted"),
    TripStage.REFUSED: pgettext_lazy("trip", "turned away"),
}
TRIP_ROAD = (TripStage.LEFT, TripStage.ARRIVED, TripStage.TREATED, TripStage.BACK_HOME)
TRIP_ENDS = frozenset({TripStage.BACK_HOME, TripStage.ADMITTED})
"""With these the medical need has ended; whoever is turned away needs the next hospital at once."""
MAY_BE_TURNED_AWAY = frozenset({TripStage.LEFT, TripStage.ARRIVED})


@dataclass(frozen=True, slots=True)
class Asked:
    """One hospital that was asked, in the order of asking."""

    site: int
    answer: ConsultAnswer


def owner_of(asked: Sequence[Asked]) -> int | None:
    """The hospital that answers for the patient; None: none was asked yet, the community answers itself.

    Of those that accepted the one asked last; while none has, the one asked first, whatever it said.
    """
    accepted = [each.site for each in asked if each.answer is ConsultAnswer.ACCEPTED]
    if accepted:
        return accepted[-1]
    return asked[0].site if asked else None


class Standing(StrEnum):
    """What the hospital that answers for the patient has said of late."""

    NOBODY = ""
    ASKED = "asked"
    REFUSED = "refused"
    ACCEPTED = "accepted"


STANDINGS = {
    Standing.NOBODY: _("No hospital asked yet: the community answers."),
    Standing.ASKED: _("It was asked first and has not answered yet."),
    Standing.REFUSED: _("It refused, and answers all the same until another has accepted."),
    Standing.ACCEPTED: _("It has accepted the patient."),
}


def standing_of(asked: Sequence[Asked]) -> Standing:
    """The last word of the hospital of `owner_of`, which answers whatever that word is."""
    owner = owner_of(asked)
    said = [each.answer for each in asked if each.site == owner]
    if not said:
        return Standing.NOBODY
    return Standing.ASKED if said[-1] is ConsultAnswer.WAITING else Standing(said[-1].value)


ANSWER_WITHIN = {True: dt.timedelta(minutes=5), False: dt.timedelta(minutes=30)}
"""How long a hospital has to answer before the next is asked, by emergency: local practice."""

RUNS_OUT_WITHIN_DAYS = 3
"""A prescription that ends so soon stands on the list of who runs out."""


def next_stages(stage: TripStage | None) -> list[TripStage]:
    """What can come next on the way, but for being turned away; after the end nothing."""
    if stage is None:
        return [TripStage.LEFT]
    if stage in TRIP_ENDS or stage is TripStage.REFUSED:
        return []
    following = TRIP_ROAD[TRIP_ROAD.index(stage) + 1]
    return [following, TripStage.ADMITTED] if stage is not TripStage.LEFT else [following]
