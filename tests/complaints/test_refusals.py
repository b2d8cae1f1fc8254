"""A hospital that refuses somebody behind a closed door is a lead in minutes, without any complaint."""

import datetime as dt

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.rules import Role
from cases.actions.registration import list_person
from cases.models import Person
from complaints.actions import refusals
from complaints.actions.refusals import pull_refusals
from complaints.audit_facts import sentence_of
from complaints.models import Complaint
from complaints.rules.words import Source
from supplies.actions import medical
from supplies.models import Consult
from supplies.rules.medical import ConsultAnswer
from supplies.rules.needs import NeedKind
from tests.builders import entry, noon, staff
from tests.complaints.cast import TODAY, Cast
from tests.supplies.world import need_of
from zones.models import Site
from zones.rules import SiteKind

pytestmark = pytest.mark.django_db

AT = noon(TODAY) + dt.timedelta(hours=1)


@pytest.fixture
def patient(cast: Cast, alice: User) -> Person:
    """林小满, who needs dialysis."""
    return list_person(entry(cast.home, name="林小满", phone="13811110000").facts, by=alice, at=noon(TODAY))


def refusal(patient: Person, answer: ConsultAnswer = ConsultAnswer.REFUSED) -> Consult:
    by = staff("coordinator", patient.community, Role.SUPPLY_COORDINATOR)
    need = need_of(patient, NeedKind.DOCTOR, by=by, text="透析")
    site = Site.objects.create(community=patient.community, kind=SiteKind.GENERAL_HOSPITAL, name="一院")
    consult = medical.ask_hospital(medical=need.medical, site=site, by=by, at=noon(TODAY))
    medical.note_answer(consult=consult, answer=answer, reason="要48小时核酸", by=by, at=AT)
    return consult


def test_a_refusal_is_one_urgent_lead_at_the_health_office_and_names_nobody(
    cast: Cast, patient: Person
) -> None:
    refusal(patient)
    assert pull_refusals(at=AT, dry_run=True) == 1
    assert [pull_refusals(at=AT) for _twice in range(2)] == [1, 0]
    lead = Complaint.objects.get()
    assert (lead.source, lead.behaviour, lead.urgent) == (Source.SELF_AUDIT, "care_refused", True)
    assert lead.handler == cast.health.office
    assert lead.site is not None
    assert "要48小时核酸" in sentence_of(lead.facts[0])
    assert "林小满" not in str(Complaint.objects.values().get())


def test_the_latest_is_pulled_however_many_came_before(
    cast: Cast, patient: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "CHUNK", 2)
    first = refusal(patient)
    for number in range(5):
        site = Site.objects.create(
            community=patient.community, kind=SiteKind.GENERAL_HOSPITAL, name=f"医院{number}"
        )
        asked = {"medical": first.medical, "site": site, "by": first.asked_by, "at": AT}
        consult = medical.ask_hospital(**asked)
        medical.note_answer(
            consult=consult, answer=ConsultAnswer.REFUSED, reason="不收", by=first.asked_by, at=AT
        )
        pull_refusals(at=AT)
    assert Complaint.objects.count() == 6


def test_who_was_accepted_is_no_lead(cast: Cast, patient: Person) -> None:
    refusal(patient, ConsultAnswer.ACCEPTED)
    assert pull_refusals(at=AT) == 0


def test_the_command_counts_first_and_files_then(
    cast: Cast, patient: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal(patient)
    Consult.objects.update(answered_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5))
    call_command("pull_refusals", "--dry-run")
    assert not Complaint.objects.exists()
    call_command("pull_refusals")
    assert Complaint.objects.count() == 1
    assert "1次" in capsys.readouterr().out
