"""The list that somebody carries from door to door."""

import datetime as dt
import re
from collections.abc import Callable
from zlib import crc32

import pytest
from django.test import Client

from accounts.models import User
from cases.actions import placing, testing
from cases.models import Episode
from cases.rules import Place
from tests.builders import episode, noon, resident_id
from zones.actions import ensure_room, staircase
from zones.models import Building, Site

pytestmark = pytest.mark.django_db

Login = Callable[[User], Client]
Travel = Callable[[dt.date], object]
D15, D16 = dt.date(2022, 11, 15), dt.date(2022, 11, 16)


@pytest.fixture(autouse=True)
def _today(the_day: Travel) -> None:
    the_day(D15)


def contact(alice: User, name: str, building: str, door: str, **changes: object) -> Episode:
    stairs = staircase(community=alice.area, compound="锦绣花园", building=building, unit="1单元")
    phone = f"138{crc32(name.encode()) % 10**8:08d}"
    return episode(alice, name=name, phone=changes.pop("phone", phone), stairs=stairs, door=door, **changes)


def sheets(html: str) -> list[str]:
    return re.findall(r'<article class="sheet-a4">.*?</article>', html, re.DOTALL)


def test_each_place_can_have_a_sheet_of_its_own_and_the_last_one_adds_up(as_user: Login, alice: User) -> None:
    contact(alice, "王桂香", "10号楼", "402")
    contact(alice, "许文静", "2号楼", "1101")
    contact(alice, "陈晓琳", "2号楼", "302")
    room = ensure_room(community=alice.area, site="云栖酒店", number="812")
    placing.place(
        episode=contact(alice, "黄志明", "3号楼", "101"), place=Place.SITE, room=room, by=alice, at=noon(D15)
    )

    client = as_user(alice)
    pages = sheets(client.get("/sampling-list/?each=1").content.decode())
    together = sheets(client.get("/sampling-list/").content.decode())

    assert len(together) == 2  # three small places share one, then the sum
    headings = [re.search(r"<h1>(.*?)</h1>", page).group(1) for page in pages]
    assert headings[:3] == ["锦绣花园 2号楼", "锦绣花园 10号楼", "云栖酒店"]
    assert pages[0].index("陈晓琳") < pages[0].index("许文静")  # 302 before 1101
    assert "<b>4</b>" in pages[3]


def test_numbers_are_masked_and_no_id_is_on_paper(as_user: Login, alice: User) -> None:
    contact(alice, "王桂香", "10号楼", "402", phone="13812345678", id_number=resident_id(3))

    html = as_user(alice).get("/sampling-list/").content.decode()

    assert "138****5678" in html
    assert "13812345678" not in html
    assert resident_id(3) not in html
    assert resident_id(3)[:6] not in html


def test_one_building_or_one_site_alone(as_user: Login, alice: User) -> None:
    contact(alice, "王桂香", "10号楼", "402")
    contact(alice, "许文静", "2号楼", "1101")
    room = ensure_room(community=alice.area, site="云栖酒店", number="812")
    placing.place(
        episode=contact(alice, "黄志明", "2号楼", "101"), place=Place.SITE, room=room, by=alice, at=noon(D15)
    )
    client = as_user(alice)

    building = client.get(
        "/sampling-list/", {"building": Building.objects.get(name="2号楼").pk}
    ).content.decode()
    site = client.get("/sampling-list/", {"site": Site.objects.get().pk}).content.decode()
    nothing = client.get("/sampling-list/", {"building": "x"}).content.decode()

    assert [name in building for name in ("许文静", "王桂香", "黄志明")] == [True, False, False]
    assert [name in site for name in ("许文静", "王桂香", "黄志明")] == [False, False, True]
    assert "王桂香" not in nothing


def test_tomorrow_s_list_can_be_printed_in_the_evening(as_user: Login, alice: User) -> None:
    found = contact(alice, "王桂香", "10号楼", "402")
    testing.record_sampling(test=found.tests.get(planned_on=D15), by=alice, at=noon(D15))
    client = as_user(alice)

    assert "王桂香" not in client.get("/sampling-list/").content.decode()
    assert "王桂香" in client.get("/sampling-list/?on=2022-11-16").content.decode()


def test_the_neighbour_s_list_is_empty(as_user: Login, alice: User, bob: User) -> None:
    contact(alice, "王桂香", "10号楼", "402")

    html = as_user(bob).get("/sampling-list/").content.decode()

    assert "王桂香" not in html
    assert len(sheets(html)) == 1


def test_the_list_costs_the_same_for_one_and_for_twelve(
    as_user: Login, alice: User, django_assert_max_num_queries: Callable[..., object]
) -> None:
    client = as_user(alice)
    for n in range(12):
        contact(alice, f"王{n}号", f"{n}号楼", "402")
    with django_assert_max_num_queries(7):  # session, user, roles; keys, rows, phones, how many are done
        client.get("/sampling-list/")
