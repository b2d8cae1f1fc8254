"""The verbs of needs, stock and first consult, before any page stands in front of them."""

import datetime as dt
from decimal import Decimal

import pytest

from accounts.models import User
from cases.models import Person
from policy.refusals import RuleViolation
from supplies.actions import links, medical, serving, stock
from supplies.models import Balance, Consult, Item, MedicalNeed, Movement, Need, Store, Trip
from supplies.rules.medical import ConsultAnswer, TripStage
from supplies.rules.needs import Asker, NeedKind, NeedState, NeedVerb
from tests.builders import noon
from tests.supplies.world import TODAY, need_of
from zones.models import Site
from zones.rules import SiteKind

pytestmark = pytest.mark.django_db
AT = noon(TODAY)


def test_a_need_goes_to_the_door_and_is_confirmed(resident: Person, coordinator: User) -> None:
    need = need_of(resident)
    for verb in (NeedVerb.TAKE, NeedVerb.PACK, NeedVerb.DELIVER):
        serving.move(need=need, verb=verb, asker=Asker.STAFF, by=coordinator, at=AT)
    serving.move(need=need, verb=NeedVerb.CONFIRM, asker=Asker.RESIDENT, at=AT)
    assert Need.objects.get().state == NeedState.CONFIRMED
    with pytest.raises(RuleViolation):
        serving.move(need=need, verb=NeedVerb.CANCEL, asker=Asker.STAFF, by=coordinator, at=AT, reason="x")


def test_lateness_is_frozen_when_it_reaches_the_door(resident: Person, coordinator: User) -> None:
    need = need_of(resident)
    late = AT + dt.timedelta(hours=25)
    serving.move(need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=late)
    serving.move(
        need=need,
        verb=NeedVerb.NOT_RIGHT,
        asker=Asker.RESIDENT,
        at=late + dt.timedelta(hours=1),
        reason="少一份",
    )
    serving.move(
        need=need, verb=NeedVerb.DELIVER, asker=Asker.STAFF, by=coordinator, at=late + dt.timedelta(hours=9)
    )
    assert Need.objects.get().late_by_minutes == 60


def test_stock_never_becomes_negative_and_always_equals_its_movements(
    store: Store, vegetables: Item, coordinator: User, resident: Person
) -> None:
    need = need_of(resident)
    for _twice in range(2):
        stock.issue(store=store, wanted={vegetables: Decimal(4)}, need=need, key="i", by=coordinator, at=AT)
    with pytest.raises(RuleViolation) as refusal:
        stock.issue(store=store, wanted={vegetables: Decimal(7)}, need=need, key="j", by=coordinator, at=AT)
    assert refusal.value.code == "short_of_stock"
    assert Balance.objects.get().quantity == sum(Movement.objects.values_list("quantity", flat=True)) == 6


def test_the_first_hospital_owns_until_another_accepts_and_a_refusal_ends_nothing(
    resident: Person, coordinator: User
) -> None:
    need = need_of(resident, NeedKind.DOCTOR, by=coordinator)
    first, second = (
        Site.objects.create(community=need.community, kind=SiteKind.GENERAL_HOSPITAL, name=name)
        for name in ("一院", "二院")
    )
    asked = medical.ask_hospital(medical=need.medical, site=first, by=coordinator, at=AT)
    with pytest.raises(RuleViolation):
        medical.note_answer(consult=asked, answer=ConsultAnswer.REFUSED, by=coordinator, at=AT)
    medical.note_answer(consult=asked, answer=ConsultAnswer.REFUSED, reason="没床位", by=coordinator, at=AT)
    found = MedicalNeed.objects.get()
    assert found.owner == first
    assert found.act_by is not None
    assert found.ended_at is None
    other = medical.ask_hospital(medical=found, site=second, by=coordinator, at=AT)
    assert MedicalNeed.objects.get().owner == first
    medical.note_answer(consult=other, answer=ConsultAnswer.ACCEPTED, by=coordinator, at=AT)
    assert MedicalNeed.objects.get().owner == second
    trip = medical.set_out(medical=found, site=second, by=coordinator, at=AT)
    for stage in (TripStage.ARRIVED, TripStage.TREATED, TripStage.BACK_HOME):
        medical.note_stage(trip=Trip.objects.get(pk=trip.pk), stage=stage, by=coordinator, at=AT)
    assert Need.objects.get().state == NeedState.CONFIRMED
    assert Consult.objects.get(answer=ConsultAnswer.REFUSED).reason == "没床位"


def test_no_word_ends_a_medical_need(resident: Person, coordinator: User) -> None:
    need = need_of(resident, NeedKind.EMERGENCY)
    for verb in (NeedVerb.CANCEL, NeedVerb.REFUSE, NeedVerb.CONFIRM):
        with pytest.raises(RuleViolation):
            serving.move(need=need, verb=verb, asker=Asker.STAFF, by=coordinator, at=AT, reason="x")
    assert Need.objects.get().is_live


def test_a_link_opens_until_it_is_renewed_withdrawn_or_its_people_are_gone(
    resident: Person, coordinator: User
) -> None:
    link = links.ensure_link(person=resident, by=coordinator, at=AT)
    token = links.token_of(link)
    assert links.link_of(token, AT) == link
    assert links.link_of(token[:-1] + ("A" if token[-1] != "A" else "B"), AT) is None
    assert links.link_of(token, AT + dt.timedelta(days=61)) is None
    links.renew(link=link, by=coordinator, at=AT)
    assert links.link_of(token, AT) is None
    token = links.token_of(link)
    assert links.withdraw(link=link, by=coordinator, at=AT)
    assert not links.withdraw(link=link, by=coordinator, at=AT)
    assert links.link_of(token, AT) is None
    links.renew(link=link, by=coordinator, at=AT)
    resident.delete()
    assert links.link_of(links.token_of(link), AT) is None
