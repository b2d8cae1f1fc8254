"""The demo town's outbreak: what a visitor finds on the first day, whatever that day is."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from cases.models import Contact, DoorService, Episode, Infection, SpreadAssessment
from desk import demo
from policy.clock import midnight
from tests.builders import noon
from zones.models import UnitSeal, Zone, ZoneEvent, ZoneProposal
from zones.rules import SealState, ZoneEventKind

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
D15 = dt.date(2022, 11, 15)


@pytest.fixture
def town(the_day: Callable[[dt.date], None]) -> dt.date:
    """The demo town on 15 November 2022, at noon."""
    the_day(D15)
    demo.build(at=noon(D15), on=D15)
    return D15


def test_zones_of_every_kind_are_there(town: dt.date) -> None:
    dates = sorted(Zone.objects.values_list("release_on", flat=True))

    assert [(on - town).days for on in dates] == [-1, 1, 5]
    states = {seal.release_on - town: seal.state(noon(town)) for seal in UnitSeal.objects.all()}
    day = dt.timedelta(days=1)
    assert states == {
        -day: SealState.OPEN,
        day: SealState.SEALED,
        3 * day: SealState.SEALED,
        5 * day: SealState.SEALED,
    }
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.RESTARTED).count() == 1
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.OPENED).get().due_at == midnight(D15 - day)


def test_a_wider_zone_waits_for_the_county(town: dt.date, as_user: Login) -> None:
    (proposal,) = ZoneProposal.objects.undecided()
    link = f"/zones/proposals/{proposal.pk}/"

    for name, waits in (("chenyan", True), ("wangjianping", False)):
        html = as_user(User.objects.get(username=name)).get("/today/").content.decode()
        assert (link in html) is waits


def test_infections_have_their_contacts_and_their_people(town: dt.date) -> None:
    own = Infection.objects.exclude(person=None)

    assert set(own.values_list("found_where", flat=True)) == {"community", "central", "home"}
    assert SpreadAssessment.objects.filter(closed_at=None).count() == 1
    assert own.filter(contacts_judged_at=None).count() == 3
    assert Contact.objects.exclude(ground=None).count() > 10
    assert Episode.objects.filter(category="spill_over", anchor_on=town - dt.timedelta(days=6)).exists()
    assert DoorService.objects.open().count() == 3


@pytest.mark.parametrize("on", [dt.date(2022, 11, 3), dt.date(2022, 11, 11), dt.date(2026, 3, 1)])
def test_the_town_stands_on_any_date_also_before_zones_could_be_sealed(
    on: dt.date, the_day: Callable[[dt.date], None]
) -> None:
    the_day(on)

    assert demo.build(at=midnight(on) + dt.timedelta(minutes=20), on=on) > 40
    assert Zone.objects.exists() is (on > dt.date(2022, 11, 10))
    assert not Infection.objects.filter(reported_at__gt=midnight(on) + dt.timedelta(minutes=20)).exists()


def test_every_page_of_the_outbreak_opens(town: dt.date, as_user: Login) -> None:
    client = as_user(User.objects.get(username="wangjianping"))
    pages = ["/today/", "/statistics/", "/zones/", "/infections/"]
    pages += [zone.get_absolute_url() for zone in Zone.objects.all()]
    pages += [infection.get_absolute_url() for infection in Infection.objects.all()]

    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
