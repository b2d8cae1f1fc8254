"""The demo town behind closed doors: what a visitor finds on the first day, whatever that day is."""

import datetime as dt
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from accounts.models import User
from desk import demo
from desk.demo_supplies import FAMILY, link_to_try
from desk.today_supplies import supplies_today
from policy.clock import midnight
from supplies.models import (
    Balance,
    Call,
    CareCall,
    Consult,
    Counsel,
    DeliveryRound,
    MedicalNeed,
    Movement,
    MutualSupply,
    Need,
    NeedEvent,
    Prescription,
    Store,
    Trip,
)
from supplies.rules.needs import NeedKind, NeedState
from supplies.stock_rows import Alert, alerts
from tests.builders import noon

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
D15 = dt.date(2022, 11, 15)


@pytest.fixture
def town(the_day: Callable[[dt.date], None]) -> dt.date:
    """The demo town on 15 November 2022, at noon."""
    the_day(D15)
    demo.build(at=noon(D15), on=D15)
    return D15


def test_what_people_asked_for_is_on_its_way_in_every_state(
    town: dt.date, as_user: Login, client: Client
) -> None:
    assert set(Need.objects.values_list("state", flat=True)) == set(NeedState)
    assert set(Need.objects.values_list("kind", flat=True)) == set(NeedKind)
    assert not NeedEvent.objects.filter(at__gt=noon(town)).exists()
    assert Need.objects.filter(late_noted_at__isnull=False).exists()
    _medical_needs()
    _calls_medicines_and_rounds(town)
    _stock(town)
    _everybody_reads(as_user)
    _the_link(client)


def _medical_needs() -> None:
    """An emergency that nobody has taken; a refused dialysis that ended treated and back home."""
    emergency = Need.objects.get(kind=NeedKind.EMERGENCY)
    assert emergency.state == NeedState.OPEN
    assert emergency.medical.ended_at is None
    refused = Consult.objects.get(answer="refused")
    assert refused.reason
    side = refused.medical
    assert side.ended_at is not None
    assert side.owner != refused.site
    trip = Trip.objects.get(medical=side)
    assert trip.home_at is not None
    assert side.need.state == NeedState.CONFIRMED
    assert MedicalNeed.objects.open().filter(act_by__lte=noon(D15)).exists()


def _calls_medicines_and_rounds(today: dt.date) -> None:
    worker = User.objects.get(username="liwen")
    found = supplies_today(worker, at=noon(today), today=today)
    numbers = (found.emergencies, found.steps_late, found.rounds, found.doors)
    assert numbers == (1, 1, 1, 3)
    assert found.late >= 1
    assert found.to_call > found.not_reached > 0
    assert found.runs_out == 2
    assert found.call_back == 1
    assert DeliveryRound.objects.get().on == today
    assert CareCall.objects.filter(outcome="well").exists()
    assert Prescription.objects.filter(need__isnull=False).exists()
    assert Call.objects.count() == 2


def _stock(today: dt.date) -> None:
    """Every balance is the sum of its movements; something expires, something is short."""
    moved = {
        (row["store"], row["lot"]): row["sum"]
        for row in Movement.objects.order_by().values("store", "lot").annotate(sum=Sum("quantity"))
    }
    assert {(b.store_id, b.lot_id): b.quantity for b in Balance.objects.all()} == moved
    found = {row.alert for row in alerts(Store.objects.all(), today, limit=50)}
    assert found == {Alert.EXPIRED, Alert.BELOW_MINIMUM, Alert.EXPIRES_SOON}
    assert set(MutualSupply.objects.values_list("state", flat=True)) == {"asked", "shipped", "received"}


def _everybody_reads(as_user: Login) -> None:
    """The pages of supplies open for their people; a talk is read by the counsellor alone."""
    pages = {
        "linhong": ["today", "needs", "stock", "demand", "rounds", "mutual", "key-persons", "medical-needs"],
        "sunli": ["today", "needs", "calls", "call-log"],
        "xuyi": ["today", "counsels"],
        "wangjianping": [
            "today",
            "needs",
            "stock",
            "prescriptions",
            "hospitals",
            "admin:supplies_need_changelist",
        ],
    }
    notes = Counsel.objects.get().notes
    for username, names in pages.items():
        client = as_user(User.objects.get(username=username))
        for name in names:
            answer = client.get(reverse(name))
            assert answer.status_code == 200, (username, name)
            assert notes not in answer.content.decode(), (username, name)
    talk = Counsel.objects.get()
    counsellor = as_user(User.objects.get(username="xuyi"))
    assert notes in counsellor.get(reverse("counsel", args=[talk.person_id])).content.decode()
    for need in Need.objects.all():
        page = as_user(User.objects.get(username="wangjianping")).get(need.get_absolute_url())
        assert page.status_code == 200
        assert notes not in page.content.decode()


def _the_link(client: Client) -> None:
    """It is printed at the start, and opens the family's page, which names nobody in full."""
    out = StringIO()
    call_command("demo_town", "--accounts", stdout=out)
    address = reverse("my-page", args=[link_to_try()])
    assert address in out.getvalue()
    page = client.get(address)
    assert page.status_code == 200
    assert FAMILY not in page.content.decode()
    for number in Need.objects.filter(person__name=FAMILY).values_list("number", flat=True):
        assert number in page.content.decode()


@pytest.mark.parametrize("on", [dt.date(2022, 11, 3), dt.date(2026, 3, 1)])
def test_the_doors_are_there_on_any_date(on: dt.date, the_day: Callable[[dt.date], None]) -> None:
    the_day(on)
    at = midnight(on) + dt.timedelta(minutes=20)

    demo.build(at=at, on=on)

    assert set(Need.objects.values_list("state", flat=True)) == set(NeedState)
    for model, column in ((NeedEvent, "at"), (Movement, "at"), (Call, "at"), (Consult, "asked_at")):
        assert not model.objects.filter(**{f"{column}__gt": at}).exists(), model
