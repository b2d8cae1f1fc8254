"""First consult, refusals, the way to the hospital and back home; till then there is an owner and a clock."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from policy.refusals import RuleViolation
from supplies.actions.need_events import write_need_event
from supplies.actions.serving import refused
from supplies.actions.telling import tell_of_refusal
from supplies.medical_rows import asked_of
from supplies.models import Car, Consult, MedicalNeed, Need, Trip
from supplies.rules.medical import (
    ANSWER_WITHIN,
    MAY_BE_TURNED_AWAY,
    TRIP_ENDS,
    Asked,
    ConsultAnswer,
    TreatmentKind,
    TripStage,
    next_stages,
    owner_of,
)
from supplies.rules.needs import LIVE, NeedEventKind, NeedState
from zones.models import Site

STEP_WITHIN = {
    TripStage.LEFT: dt.timedelta(hours=1),
    TripStage.ARRIVED: dt.timedelta(hours=8),
    TripStage.TREATED: dt.timedelta(hours=2),
}
"""After each stage, how soon the next one has to be noted: local practice."""
NEXT_WITHIN = {True: dt.timedelta(minutes=5), False: dt.timedelta(minutes=30)}
"""After a refusal the next hospital has to be asked at once; by emergency."""
STAGE_EVENTS = {
    TripStage.LEFT: NeedEventKind.LEFT,
    TripStage.ARRIVED: NeedEventKind.ARRIVED,
    TripStage.TREATED: NeedEventKind.TREATED,
    TripStage.BACK_HOME: NeedEventKind.BACK_HOME,
    TripStage.ADMITTED: NeedEventKind.ADMITTED,
}
STAGE_COLUMNS = {
    TripStage.ARRIVED: "arrived_at",
    TripStage.TREATED: "treated_at",
    TripStage.BACK_HOME: "home_at",
    TripStage.ADMITTED: "admitted_at",
}


def _open(medical: MedicalNeed) -> MedicalNeed:
    found = MedicalNeed.objects.select_for_update(of=("self",)).select_related("need").get(pk=medical.pk)
    if found.ended_at is not None:
        raise refused("wrong_state")
    return found


def _is_emergency(medical: MedicalNeed) -> bool:
    return medical.treatment == TreatmentKind.EMERGENCY


def _asked(medical: MedicalNeed) -> list[Asked]:
    return asked_of(medical.consults.order_by("asked_at", "pk"))


def _set(medical: MedicalNeed, **values: Any) -> None:
    MedicalNeed.objects.filter(pk=medical.pk).update(**values)
    for name, value in values.items():
        setattr(medical, name, value)


def _act_by(medical: MedicalNeed, at: dt.datetime, within: dt.timedelta) -> None:
    """A step was done and the next one is due: the lateness of the one that was done is kept for good."""
    _keep_lateness(medical, at)
    _set(medical, act_by=at + within)


def _keep_lateness(medical: MedicalNeed, at: dt.datetime) -> None:
    if medical.act_by is None or at <= medical.act_by:
        return
    minutes = int((at - medical.act_by).total_seconds() // 60)
    so_far = Coalesce(F("late_by_minutes"), 0)
    Need.objects.filter(pk=medical.need_id).update(late_by_minutes=so_far + minutes)


def ask_hospital(*, medical: MedicalNeed, site: Site, by: User, at: dt.datetime) -> Consult:
    """Ask a hospital: the first one asked owns the patient from now on, until another has accepted.

    Raises RuleViolation `asked_already` while it has not answered, `wrong_state` once it has ended.
    """
    try:
        with transaction.atomic():
            medical = _open(medical)
            consult = Consult.objects.create(medical=medical, site=site, asked_at=at, asked_by=by)
            _set(medical, owner_id=owner_of(_asked(medical)))
            if not medical.trips.under_way().exists():
                _act_by(medical, at, ANSWER_WITHIN[_is_emergency(medical)])
            Need.objects.filter(pk=medical.need_id, state=NeedState.OPEN).update(
                state=NeedState.TAKEN, owner=by
            )
            write_need_event(medical.need, NeedEventKind.HOSPITAL_ASKED, at=at, by=by, site=site.pk)
            return consult
    except IntegrityError as error:
        raise RuleViolation(
            "asked_already", "", _("This hospital has been asked and has not answered yet."), field="site"
        ) from error


@transaction.atomic
def note_answer(
    *,
    consult: Consult,
    answer: ConsultAnswer,
    who: str = "",
    reason: str = "",
    by: User,
    at: dt.datetime,
) -> None:
    """Note what the hospital said. A refusal needs its stated reason, and ends nothing: the next is due.

    Raises RuleViolation `needs_reason`, `wrong_state` when it has answered already.
    """
    medical = _open(consult.medical)
    if answer is ConsultAnswer.REFUSED and not reason.strip():
        raise refused("needs_reason", field="reason")
    waiting = Consult.objects.filter(pk=consult.pk, answer=ConsultAnswer.WAITING)
    if not waiting.update(answer=answer, answered_at=at, answered_by=who[:80], reason=reason[:300]):
        raise refused("wrong_state")
    refusal = answer is ConsultAnswer.REFUSED
    asked = _asked(medical)
    _set(medical, owner_id=owner_of(asked))
    _next_clock(medical, asked, refusal=refusal, at=at)
    kind = NeedEventKind.HOSPITAL_REFUSED if refusal else NeedEventKind.HOSPITAL_ACCEPTED
    write_need_event(medical.need, kind, at=at, by=by, reason=reason, site=consult.site_id)
    if refusal:
        tell_of_refusal(medical, consult.site.name, at=at)


@transaction.atomic
def note_120(*, medical: MedicalNeed, by: User, at: dt.datetime) -> bool:
    """Note that 120 was called, and who noted it; returns whether it was new."""
    uncalled = MedicalNeed.objects.open().filter(pk=medical.pk, told_120_at=None)
    if not uncalled.update(told_120_at=at):
        return False
    write_need_event(medical.need, NeedEventKind.NOTED, at=at, by=by, reason=gettext("120 was called"))
    return True


def _next_clock(medical: MedicalNeed, asked: list[Asked], *, refusal: bool, at: dt.datetime) -> None:
    """The limit after an answer; on the way, or refused by one while another has accepted, it stays."""
    taken = refusal and any(each.answer is ConsultAnswer.ACCEPTED for each in asked)
    if not taken and not medical.trips.under_way().exists():
        _act_by(medical, at, NEXT_WITHIN[_is_emergency(medical)] if refusal else STEP_WITHIN[TripStage.LEFT])


@transaction.atomic
def set_out(
    *,
    medical: MedicalNeed,
    site: Site,
    car: Car | None = None,
    ambulance: bool = False,
    by: User,
    at: dt.datetime,
) -> Trip:
    """The person leaves for the hospital in a closed loop, by the compound's car or an ambulance.

    A hospital that nobody had asked, or that has refused, is asked by that. Raises RuleViolation
    `on_the_way` when a trip is under way.
    """
    medical = _open(medical)
    if medical.trips.under_way().exists():
        raise RuleViolation("on_the_way", "", _("The person is on the way already."))
    if not medical.consults.filter(site=site).exclude(answer=ConsultAnswer.REFUSED).exists():
        Consult.objects.create(medical=medical, site=site, asked_at=at, asked_by=by)
        _set(medical, owner_id=owner_of(_asked(medical)))
        write_need_event(medical.need, NeedEventKind.HOSPITAL_ASKED, at=at, by=by, site=site.pk)
    trip = Trip.objects.create(
        medical=medical,
        site=site,
        car=car,
        ambulance=ambulance,
        stage=TripStage.LEFT,
        left_at=at,
        noted_by=by,
    )
    _act_by(medical, at, STEP_WITHIN[TripStage.LEFT])
    Need.objects.filter(pk=medical.need_id, state__in=LIVE).update(state=NeedState.UNDER_WAY)
    write_need_event(medical.need, NeedEventKind.LEFT, at=at, by=by, site=site.pk)
    return trip


@transaction.atomic
def note_stage(*, trip: Trip, stage: TripStage, by: User, at: dt.datetime) -> None:
    """Note arrival, treatment, the return home or the admission. Home or admitted ends the medical need.

    Where the person has arrived, that hospital has them and answers for them, whatever was said before.
    Raises RuleViolation `wrong_state` for a stage that can't come next.
    """
    medical = _open(trip.medical)
    if stage not in next_stages(TripStage(trip.stage)):
        raise refused("wrong_state")
    same = Trip.objects.filter(pk=trip.pk, stage=trip.stage)
    if not same.update(stage=stage, **{STAGE_COLUMNS[stage]: at}):
        raise refused("wrong_state")
    write_need_event(medical.need, STAGE_EVENTS[stage], at=at, by=by, site=trip.site_id)
    if stage is TripStage.ARRIVED:
        _taken_in(medical, trip.site_id, by=by, at=at)
    if stage not in TRIP_ENDS:
        _act_by(medical, at, STEP_WITHIN[stage])
        return
    _keep_lateness(medical, at)
    _set(medical, ended_at=at, act_by=None)
    Need.objects.filter(pk=medical.need_id, state__in=LIVE).update(state=NeedState.CONFIRMED, ended_at=at)


def _taken_in(medical: MedicalNeed, site: int, *, by: User, at: dt.datetime) -> None:
    """The person is at that hospital: it answers for them from now on."""
    waiting = medical.consults.filter(site=site, answer=ConsultAnswer.WAITING)
    answered = waiting.update(answer=ConsultAnswer.ACCEPTED, answered_at=at)
    if owner_of(_asked(medical)) != site:  # another one accepted that was asked later
        Consult.objects.create(
            medical=medical,
            site_id=site,
            asked_at=at,
            asked_by=by,
            answer=ConsultAnswer.ACCEPTED,
            answered_at=at,
        )
    _set(medical, owner_id=owner_of(_asked(medical)))
    if answered:
        write_need_event(medical.need, NeedEventKind.HOSPITAL_ACCEPTED, at=at, by=by, site=site)


@transaction.atomic
def turn_away(*, trip: Trip, reason: str, who: str = "", by: User, at: dt.datetime) -> None:
    """The hospital sends the person away at its door, or calls the car back: a refusal like any other.

    It stands on record with its reason, the offices above are told, and the next hospital is due at once.
    Raises RuleViolation `needs_reason`, and `wrong_state` once the person was treated.
    """
    medical = _open(trip.medical)
    if not reason.strip():
        raise refused("needs_reason", field="reason")
    same = Trip.objects.under_way().filter(pk=trip.pk, stage=trip.stage, stage__in=MAY_BE_TURNED_AWAY)
    if not same.update(stage=TripStage.REFUSED, refused_at=at):
        raise refused("wrong_state")
    said = {
        "answer": ConsultAnswer.REFUSED,
        "answered_at": at,
        "answered_by": who[:80],
        "reason": reason[:300],
    }
    if not medical.consults.filter(site=trip.site_id, answer=ConsultAnswer.WAITING).update(**said):
        Consult.objects.create(medical=medical, site_id=trip.site_id, asked_at=at, asked_by=by, **said)
    _set(medical, owner_id=owner_of(_asked(medical)))
    _act_by(medical, at, NEXT_WITHIN[_is_emergency(medical)])
    Need.objects.filter(pk=medical.need_id, state__in=LIVE).update(state=NeedState.TAKEN)
    write_need_event(
        medical.need, NeedEventKind.HOSPITAL_REFUSED, at=at, by=by, reason=reason, site=trip.site_id
    )
    tell_of_refusal(medical, trip.site.name, at=at)


@transaction.atomic
def end_without_trip(
    *, medical: MedicalNeed, reason: str, by: User | None, by_resident: bool = False, at: dt.datetime
) -> None:
    """The person does not need the hospital any more, by their own word or a doctor's; with the reason.

    Raises RuleViolation `needs_reason`, and `on_the_way` while a trip is under way.
    """
    medical = _open(medical)
    if not reason.strip():
        raise refused("needs_reason", field="reason")
    if medical.trips.under_way().exists():
        raise RuleViolation("on_the_way", "", _("The person is on the way already."))
    _keep_lateness(medical, at)
    _set(medical, ended_at=at, act_by=None)
    Need.objects.filter(pk=medical.need_id, state__in=LIVE).update(
        state=NeedState.CANCELLED, ended_at=at, reason=reason[:300]
    )
    write_need_event(
        medical.need, NeedEventKind.CANCELLED, at=at, by=by, by_resident=by_resident, reason=reason
    )
