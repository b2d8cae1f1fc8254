"""Lists of people are searched by name, and what was typed stands in no address."""

import datetime as dt
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from django.test import Client

from accounts.models import Area, User
from cases.models import Person
from supplies.actions.caring import set_care_plan
from supplies.actions.prescribing import enter_prescription
from supplies.models import CareSite
from supplies.rules.needs import NeedKind
from tests.builders import noon
from tests.supplies.pages import neighbour
from tests.supplies.world import TODAY, need_of
from zones.models import Site
from zones.rules import SiteKind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
AsUser = Callable[[User], Client]
LISTS = ["/key-persons/", "/prescriptions/", "/medical/"]


@pytest.fixture
def both(resident: Person, home: Area, coordinator: User, alice: User) -> None:
    """林小满 and 王芳 next door, each with a plan, a medicine and a treatment."""
    for person in (resident, neighbour(home, alice)):
        set_care_plan(person=person, marks=[], by=coordinator, at=noon(TODAY), every_days=1)
        enter_prescription(
            person=person,
            medicine="叶酸",
            lasts_until=TODAY + dt.timedelta(days=1),
            by=coordinator,
            at=noon(TODAY),
        )
        need_of(person, NeedKind.DOCTOR, by=coordinator)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("words", ["王芳", "13822220000", "0000"])
def test_the_one_who_is_searched_for_is_found_and_the_address_does_not_name_her(
    address: str, words: str, coordinator: User, as_user: AsUser
) -> None:
    client = as_user(coordinator)
    everybody = client.get(f"{address}?tab=all").content.decode()
    assert "林小满" in everybody
    assert "王芳" in everybody
    answer = client.post(address, {"q": words, "tab": "all"})
    assert answer.status_code == 303
    assert words not in unquote(answer["Location"])
    page = client.get(answer["Location"]).content.decode()
    assert "王芳" in page
    assert ("林小满" in page) == (words == "0000")


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("address", LISTS)
def test_who_is_not_there_is_said_and_the_neighbour_finds_nobody(
    address: str, coordinator: User, bob: User, as_user: AsUser
) -> None:
    client = as_user(coordinator)
    nobody = client.post(address, {"q": "欧阳"}, follow=True).content.decode()
    assert "没有找到。" in nobody
    assert "王芳" not in nobody
    assert "1204" not in as_user(bob).post(address, {"q": "王芳"}, follow=True).content.decode()


def test_a_hospital_is_found_by_name_or_department(home: Area, coordinator: User, as_user: AsUser) -> None:
    for name, departments in (("一院", "血透中心"), ("二院", "产科")):
        site = Site.objects.create(community=home, kind=SiteKind.GENERAL_HOSPITAL, name=name)
        CareSite.objects.create(
            site=site, direct_line="01012345678", departments=departments, status_since=noon(TODAY)
        )
    client = as_user(coordinator)
    for words in ("二院", "产科"):
        page = client.get("/hospitals/", {"q": words}).content.decode()
        assert "二院" in page
        assert "一院" not in page
