"""Zones for programs: the feed of what happened, and what is sealed now as JSON."""

import datetime as dt
import json
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Level
from policy.clock import midnight
from tests.builders import area, noon
from tests.zones.risk_world import november, restart, seal, units
from zones.actions import sweep_openings

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"

Ask = Callable[..., list[dict[str, str]]]


def get(name: str, at: dt.datetime, query: str = "", **headers: str):
    client = Client()
    client.cookies["django_language"] = "en"
    with time_machine.travel(at, tick=False):
        return client.get(reverse(name) + query, headers=headers)


def entries(at: dt.datetime, query: str = "") -> list[dict[str, str]]:
    answer = get("risk-feed", at, query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    assert feed.tag == f"{ATOM}feed"
    return [
        {child.tag.removeprefix(ATOM): child.text or child.get("href", "") for child in entry}
        for entry in feed.findall(f"{ATOM}entry")
    ]


def test_every_act_is_an_entry_with_a_name_for_good(home: Area, carol: User) -> None:
    both = units(home, "3号楼/1单元", "3号楼/2单元", "3号楼/3单元")[:2]
    zone = seal(both, by=carol)
    assert [each["title"] for each in entries(noon(november(12)))] == [
        "Notice: 锦绣花园3号楼1单元、3号楼2单元 is a high-risk zone"
    ]
    restart(both[1:], by=carol, found=november(14))
    early = entries(noon(november(15)))
    assert early[0]["title"] == "Notice: the days of 锦绣花园3号楼2单元 start anew"
    assert early[0]["updated"].startswith("2022-11-14T12:00:00")
    assert early[0]["link"].endswith(f"/risk/zones/{zone.pk}/")
    assert "20 November 2022, 00:00" in early[0]["summary"]
    late = entries(midnight(november(20)))
    assert [each["title"] for each in late[:2]] == [
        "Notice: 锦绣花园3号楼2单元 is low risk again",
        "Notice: 锦绣花园3号楼1单元 is low risk again",
    ]
    assert late[0]["updated"].startswith("2022-11-20T00:00:00")
    assert [each["id"] for each in late[2:]] == [each["id"] for each in early]
    assert len({each["id"] for each in late}) == 4


def test_openings_stand_in_the_feed_from_midnight_and_a_sweep_adds_nothing(home: Area, carol: User) -> None:
    seal(units(home, "3号楼/1单元"), by=carol)
    assert len(entries(midnight(november(18)) - dt.timedelta(seconds=1))) == 1
    before = entries(midnight(november(18)))
    assert len(before) == 2
    sweep_openings(at=midnight(november(18)) + dt.timedelta(hours=5))
    assert entries(midnight(november(18)) + dt.timedelta(hours=6)) == before


def test_the_feed_is_narrowed_to_an_area(home: Area, county: Area, carol: User) -> None:
    assert county.parent is not None
    area("海淀区", Level.COUNTY, "110108", county.parent)
    seal(units(home, "3号楼/1单元"), by=carol)
    assert len(entries(noon(november(12)), "?area=110105")) == 1
    assert not entries(noon(november(12)), "?area=110108")
    for name in ("risk-feed", "risk-json"):
        for wrong in ("999999", "x", "9" * 30):
            assert get(name, noon(november(12)), f"?area={wrong}").status_code == 404


def test_the_json_says_what_is_sealed_now(home: Area, carol: User) -> None:
    both = units(home, "3号楼/1单元", "3号楼/2单元", "3号楼/3单元")[:2]
    zone = seal(both, by=carol)
    restart(both[1:], by=carol, found=november(14))
    answer = get("risk-json", noon(november(15)))
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(answer.content) == {
        "date": "2022-11-15",
        "rest": "low_risk",
        "zones": [
            {
                "id": zone.pk,
                "url": f"/risk/zones/{zone.pk}/",
                "county": {"code": "110105", "name": "朝阳区"},
                "street": {"code": "110105001", "name": "锦绣街道"},
                "community": {"code": "110105001001", "name": "锦绣社区"},
                "compound": "锦绣花园",
                "address": "",
                "boundary": "3号楼1单元、3号楼2单元",
                "designated_at": "2022-11-12T12:00:00+08:00",
                "clause": "二(四)",
                "edition": "twenty",
                "wider": None,
                "opens_on": "2022-11-20",
                "sealed": [
                    {
                        "boundary": "3号楼1单元",
                        "units": 1,
                        "last_infection_on": "2022-11-12",
                        "clean_days": 5,
                        "day": 3,
                        "opens_on": "2022-11-18",
                        "overdue": False,
                    },
                    {
                        "boundary": "3号楼2单元",
                        "units": 1,
                        "last_infection_on": "2022-11-14",
                        "clean_days": 5,
                        "day": 1,
                        "opens_on": "2022-11-20",
                        "overdue": False,
                    },
                ],
            }
        ],
    }
    assert json.loads(get("risk-json", midnight(november(20))).content)["zones"] == []


@pytest.mark.parametrize("name", ["risk-feed", "risk-json"])
def test_who_has_it_already_is_told_so(home: Area, carol: User, name: str) -> None:
    seal(units(home, "3号楼/1单元"), by=carol)
    first = get(name, noon(november(15)))
    same = get(name, noon(november(15)), **{"if-none-match": first.headers["ETag"]})
    assert same.status_code == 304
    assert not same.content
    again = get(name, midnight(november(18)), **{"if-none-match": first.headers["ETag"]})
    assert again.status_code == 200


def test_nothing_is_kept_beyond_midnight(home: Area, carol: User) -> None:
    seal(units(home, "3号楼/1单元"), by=carol)
    at = midnight(november(18)) - dt.timedelta(seconds=7)
    assert get("risk-json", at).headers["Cache-Control"] == "public, max-age=7"
    assert get("risk-json", noon(november(15))).headers["Cache-Control"] == "public, max-age=30"


def test_the_feed_costs_the_same_however_many_zones_there_are(home: Area, carol: User) -> None:
    def queries(at: dt.datetime) -> int:
        with CaptureQueriesContext(connection) as asked:
            get("risk-feed", at)
        return len(asked)

    seal(units(home, "3号楼/1单元"), by=carol)
    few = queries(noon(november(18)))
    for n in range(4, 9):
        seal(units(home, f"{n}号楼/1单元"), by=carol)
    assert queries(noon(november(19))) == few <= 6
