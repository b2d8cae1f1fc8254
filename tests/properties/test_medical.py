"""Whoever needs a hospital has somebody who answers and a clock, whatever is done, until it has ended."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from accounts.models import User
from cases.models import Person
from policy.refusals import BadInput, RuleViolation
from supplies.actions import closing, medical, serving, sweeps
from supplies.actions.asking import Ask, ask_for
from supplies.actions.medical_clocks import watch_medical_clocks
from supplies.actions.owning import hand_to
from supplies.models import Consult, MedicalNeed, Need, Trip
from supplies.rules.medical import ConsultAnswer, TripStage
from supplies.rules.needs import LIVE, Asker, NeedKind, NeedSource, NeedState, NeedVerb
from tests.builders import noon
from tests.supplies.conftest import coordinator, resident  # noqa: F401 - fixtures of the cast
from tests.supplies.pages import seal
from tests.supplies.world import TODAY
from zones.models import Site
from zones.rules import SiteKind

AT = noon(TODAY)


@dataclass(slots=True)
class Patient:
    """One medical need, the hospitals around it, and who refused so far, as the test saw it."""

    pk: int
    by: User
    sites: list[Site]
    at: dt.datetime = AT
    refused: dict[int, str] = field(default_factory=dict)
    late: int = 0

    @property
    def need(self) -> Need:
        """Read anew, as each request reads it."""
        return Need.objects.get(pk=self.pk)

    @property
    def row(self) -> MedicalNeed:
        return MedicalNeed.objects.get(need=self.pk)


def ask(patient: Patient, n: int) -> None:
    site = patient.sites[n % len(patient.sites)]
    medical.ask_hospital(medical=patient.row, site=site, by=patient.by, at=patient.at)


def answer(patient: Patient, n: int) -> None:
    consults = list(Consult.objects.filter(medical=patient.row).order_by("pk"))
    if consults:
        consult, said = consults[n % len(consults)], (ConsultAnswer.ACCEPTED, ConsultAnswer.REFUSED)[n % 2]
        reason = ("没有床位", "")[n % 5 == 0]
        medical.note_answer(consult=consult, answer=said, reason=reason, by=patient.by, at=patient.at)


def set_out(patient: Patient, n: int) -> None:
    site = patient.sites[n % len(patient.sites)]
    medical.set_out(medical=patient.row, site=site, ambulance=bool(n % 2), by=patient.by, at=patient.at)


def stage(patient: Patient, n: int) -> None:
    trip = Trip.objects.filter(medical=patient.row).order_by("pk").last()
    if trip:
        medical.note_stage(trip=trip, stage=list(TripStage)[n % 6], by=patient.by, at=patient.at)


def turn_away(patient: Patient, n: int) -> None:
    trip = Trip.objects.filter(medical=patient.row).order_by("pk").last()
    if trip:
        medical.turn_away(trip=trip, reason=("没有床位", " ")[n % 4 == 0], by=patient.by, at=patient.at)


def next_stage(patient: Patient, n: int) -> None:
    trip = Trip.objects.filter(medical=patient.row).order_by("pk").last()
    if trip:
        following = list(TripStage)[min(list(TripStage).index(TripStage(trip.stage)) + 1, 4)]
        medical.note_stage(trip=trip, stage=following, by=patient.by, at=patient.at)


def end(patient: Patient, n: int) -> None:
    reason = ("医生说不用去了", " ")[n % 2]
    medical.end_without_trip(medical=patient.row, reason=reason, by=patient.by, at=patient.at)


def take_back(patient: Patient, n: int) -> None:
    closing.end_by_word(need=patient.need, reason=("好些了", "")[n % 2], at=patient.at)


def no_thanks(patient: Patient, n: int) -> None:
    closing.say_not_wanted(need=patient.need, at=patient.at)


def still_wanted(patient: Patient, n: int) -> None:
    closing.say_still_wanted(need=patient.need, at=patient.at)


def move(patient: Patient, n: int) -> None:
    verb, asker = list(NeedVerb)[n % len(NeedVerb)], list(Asker)[n % len(Asker)]
    by = None if asker in (Asker.RESIDENT, Asker.CLOCK) else patient.by
    serving.move(need=patient.need, verb=verb, asker=asker, by=by, reason="原因", at=patient.at)


def hand(patient: Patient, n: int) -> None:
    hand_to(need=patient.need, to=patient.by, by=patient.by, at=patient.at)


def wait(patient: Patient, n: int) -> None:
    """Hours or days pass, till the zone has opened by itself; every sweep runs."""
    patient.at += dt.timedelta(hours=(1, 9, 24 * 9)[n % 3])
    watch_medical_clocks(at=patient.at)
    sweeps.sweep_late_needs(at=patient.at)
    sweeps.ask_again_after_opening(at=patient.at)


Act = Callable[[Patient, int], None]
TOWARDS: list[Act] = [ask, answer, set_out, next_stage, turn_away]
OTHERS: list[Act] = [stage, end, take_back, no_thanks, still_wanted, move, hand, wait]
ACTS = st.lists(
    st.tuples(st.sampled_from([*TOWARDS, *TOWARDS, *OTHERS]), st.integers(0, 119)), min_size=3, max_size=16
)


def check_owner_and_clock(patient: Patient) -> None:
    row, need = patient.row, patient.need
    came_to_an_end = row.trips.exclude(home_at=None, admitted_at=None).exists()
    said_why = need.state == NeedState.CANCELLED and bool(need.reason.strip())
    assert (row.ended_at is not None) == (came_to_an_end or said_why)
    assert (need.state in LIVE) == (row.ended_at is None) == (need.ended_at is None)
    if row.ended_at is None:
        assert row.act_by is not None
    else:
        assert row.act_by is None
    check_hospital(patient, row)


def check_hospital(patient: Patient, row: MedicalNeed) -> None:
    """Who has the person in the house answers; else who accepted last, else who was asked first."""
    there = row.trips.filter(stage__in=["arrived", "treated"]).first()
    consults = list(row.consults.order_by("asked_at", "pk"))
    accepted = [each.site_id for each in consults if each.answer == "accepted"]
    answers = [there.site_id] if there else accepted[-1:] or [each.site_id for each in consults[:1]]
    assert row.owner_id == (answers[0] if answers else None)
    gone_to = set(row.trips.values_list("site", flat=True))
    assert gone_to <= {each.site_id for each in consults}, "driven to a hospital that nobody asked"
    refused = {each.pk: each.reason for each in consults if each.answer == "refused"}
    assert all(refused.values())
    assert patient.refused.items() <= refused.items(), "a refusal does not stand any more"
    sent_away = row.trips.filter(stage="refused").count()
    assert sent_away <= len(refused)
    late = patient.need.late_by_minutes or 0
    assert late >= patient.late
    patient.refused, patient.late = refused, late


@pytest.mark.django_db
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from([NeedKind.DOCTOR, NeedKind.EMERGENCY]), sealed=st.booleans(), acts=ACTS)
def test_no_path_leaves_a_medical_need_without_an_owner_or_a_clock(
    resident: Person,  # noqa: F811
    coordinator: User,  # noqa: F811
    alice: User,
    kind: NeedKind,
    sealed: bool,
    acts: list[tuple[Act, int]],
) -> None:
    sites = [
        Site.objects.get_or_create(
            community=resident.community,
            name=name,
            defaults={"kind": SiteKind.GENERAL_HOSPITAL},
        )[0]
        for name in ("一院", "二院", "三院")
    ]
    if sealed and not resident.unit.seals.exists():  # type: ignore[union-attr]
        seal(resident, alice)
    asked = Ask(kind=kind, community=resident.community, source=NeedSource.DOOR, person=resident)
    pk = ask_for(asked, token=uuid.uuid4().hex, at=AT, by=coordinator).pk
    patient = Patient(pk, coordinator, sites)
    check_owner_and_clock(patient)
    for act, n in acts:
        patient.at += dt.timedelta(minutes=1)
        before = (patient.row.ended_at, patient.row.owner_id)
        try:
            act(patient, n)
        except (RuleViolation, BadInput):
            event("refused")
        check_owner_and_clock(patient)
        if before[0] is not None:
            assert (patient.row.ended_at, patient.row.owner_id) == before
    event("ended" if patient.row.ended_at else "open")
