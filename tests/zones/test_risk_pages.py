"""The public pages about high-risk zones: what they say, until when, and what they never say."""

import datetime as dt
import gzip
import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Area, User
from accounts.rules import Level, Role
from accounts.scoped import area_columns
from cases.models import Infection
from policy.clock import midnight
from policy.models import PolicyEdition
from tests.builders import area, episode, noon, staff
from tests.zones.risk_world import end_early, november, restart, seal, units
from zones.actions import approve, designate, record_round, sweep_openings
from zones.models import Compound, Unit, UnitSeal, Zone
from zones.rules import Cause, Purpose, WiderReason

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)
OPENS = november(18)


@pytest.fixture
def at() -> Iterator[Callable[[dt.datetime], None]]:
    """Stop the clock at an instant."""
    running: list[time_machine.travel] = []

    def go(instant: dt.datetime) -> None:
        while running:
            running.pop().stop()
        traveller = time_machine.travel(instant, tick=False)
        traveller.start()
        running.append(traveller)

    yield go
    while running:
        running.pop().stop()


At = Callable[[dt.datetime], None]


@pytest.fixture
def visitor() -> Client:
    """Somebody without an account, who reads English."""
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def text(client: Client, name: str, *args: object, query: str = "", status: int = 200) -> str:
    """What the page says, without its marks."""
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == status
    page = answer.content.decode()
    main = page[page.index("<main") :]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


# ── what is sealed now ───────────────────────────────────────────────────────────────────────────


def test_without_a_zone_everything_is_low_risk(visitor: Client, county: Area, at: At) -> None:
    at(noon(november(15)))
    page = text(visitor, "risk")
    assert "No high-risk zone is open" in page
    assert county.name in page
    assert "No high-risk zone is open" in text(visitor, "risk-county", county.code)


def test_zones_are_counted_by_county_and_the_rest_is_low_risk(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    assert county.parent is not None
    other = area("海淀区", Level.COUNTY, "110108", county.parent)
    seal(units(home, "3号楼/1单元", "3号楼/2单元"), by=carol)
    seal(units(home, "5号楼/1单元"), by=carol)
    at(noon(november(15)))
    page = text(visitor, "risk")
    assert re.search(f"{county.name} 2 zones 3 units · next opening 18 November", page)
    low = page[page.index("Low risk as a whole") :]
    assert other.name in low
    assert county.name not in low
    assert "5号楼" not in text(visitor, "risk-county", other.code)


def test_a_county_lists_each_zone_with_boundary_day_and_opening(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    zone = seal(units(home, "3号楼/1单元", "8号楼"), by=carol)
    at(noon(november(15)))
    page = text(visitor, "risk-county", county.code)
    assert f"锦绣花园 {zone.boundary}" in page
    assert "day 3 of 5 opens 18 November since 12 November" in page
    assert "The rest of 朝阳区 is low risk." in page
    assert zone.boundary in text(visitor, "risk-county", home.code)


def test_a_code_without_an_area_is_a_page_that_does_not_exist(visitor: Client, county: Area) -> None:
    assert visitor.get("/risk/999999/").status_code == 404
    assert visitor.get("/risk/zones/999999/").status_code == 404
    assert visitor.get("/risk/zones/99999999999999999999999/").status_code == 404
    assert visitor.get("/risk/zones/999999/notice/").status_code == 404


def test_a_restart_moves_only_the_units_that_it_concerns(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    both = units(home, "3号楼/1单元", "3号楼/2单元")
    zone = seal(both, by=carol)
    restart(both[1:], by=carol, found=november(14))
    at(noon(november(15)))
    listed = text(visitor, "risk-county", county.code)
    assert re.search("3号楼1单元 .*?opens 18 November .*?3号楼2单元 .*?opens 20 November", listed)
    page = text(visitor, "risk-zone", zone.pk)
    assert "3号楼2单元: a new infection found on 14 November" in page
    assert "to open on 20 November" in page
    at(noon(november(18)))
    listed = text(visitor, "risk-county", county.code)
    assert re.search("锦绣花园 3号楼 3号楼2单元 .*?opens 20 November", listed)
    assert "18 November" not in listed.replace("as of 18 November 2022", "")


def test_the_five_days_are_those_of_the_edition(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    three_days("clean_days = 3")
    zone = seal(units(home, "3号楼/1单元"), by=carol)
    at(noon(november(13)))
    assert "day 1 of 3 opens 16 November" in text(visitor, "risk-county", county.code)
    notice = text(visitor, "risk-zone-notice", zone.pk)
    assert "3 days without a new infection 13 November to 15 November" in notice
    assert "16 November 2022, 00:00" in notice


def three_days(zones: str) -> None:
    """Activate an edition whose zones differ."""
    source = PolicyEdition.objects.get(code="twenty").source
    source = re.sub(r"clean_days = \d+", zones, source).replace('"twenty"', '"other"', 1)
    changed = PolicyEdition(source=source.replace("二十条", "他条"))
    changed.store()
    changed.activate(from_on=changed.effective_on, at=changed.created_at, by=None)


# ── by the clock ─────────────────────────────────────────────────────────────────────────────────


def test_at_midnight_it_is_open_on_every_page_although_nobody_swept(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    zone = seal(units(home, "3号楼/1单元"), by=carol)
    at(midnight(OPENS) - SECOND)
    assert "3号楼1单元" in text(visitor, "risk-county", county.code)
    assert "1 zone" in text(visitor, "risk")
    assert "opens on 18 November at 00:00" in text(visitor, "risk-zone", zone.pk)
    assert "3号楼1单元" not in text(visitor, "risk-history")
    at(midnight(OPENS))  # what was drawn a second ago is still kept
    assert "3号楼1单元" not in text(visitor, "risk-county", county.code)
    assert "No high-risk zone is open" in text(visitor, "risk")
    page = text(visitor, "risk-zone", zone.pk)
    assert "Low risk since 18 November 2022" in page
    assert "3号楼1单元 is low risk again 5 days without an infection, by the clock" in page
    assert "3号楼1单元" in text(visitor, "risk-history")
    assert UnitSeal.objects.get().swept_at is None
    sweep_openings(at=midnight(OPENS) + 90 * SECOND)
    cache.clear()
    assert text(visitor, "risk-zone", zone.pk) == page


def test_a_designation_is_seen_within_the_minute(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    at(noon(november(12)))
    assert "No high-risk zone" in text(visitor, "risk-county", county.code)
    seal(units(home, "3号楼/1单元"), by=carol)
    at(noon(november(12)) + 60 * SECOND)
    assert "3号楼1单元" in text(visitor, "risk-county", county.code)


def test_what_was_drawn_is_kept_for_the_next_reader_in_each_language(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    seal(units(home, "3号楼/1单元"), by=carol)
    at(noon(november(15)))
    chinese = Client()
    for client in (visitor, chinese):
        client.get(reverse("risk-county", args=[county.code]))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        english_page = visitor.get(reverse("risk-county", args=[county.code])).content
        chinese_page = chinese.get(reverse("risk-county", args=[county.code])).content
    assert len(asked) == 0
    assert b"18 November" in english_page
    assert "11月18日".encode() in chinese_page
    assert b"18 November" not in chinese_page


def test_a_zone_ended_early_is_low_risk_at_once(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    zone = seal(units(home, "3号楼/1单元"), by=carol)
    end_early(zone, by=carol, at=noon(november(14)))
    at(noon(november(14)) + SECOND)
    assert "No high-risk zone" in text(visitor, "risk-county", county.code)
    page = text(visitor, "risk-zone", zone.pk)
    assert "Low risk since 14 November 2022" in page
    assert "opened before its date" in page
    assert "检测有误" not in page  # what staff wrote about it is not for everybody


def test_behind_a_gate_that_is_not_met_it_is_shown_as_overdue(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    three_days("clean_days = 5\nround_day = 5")
    zone = seal(units(home, "3号楼/1单元"), by=carol)
    at(noon(november(19)))
    assert "should have opened on 18 November" in text(visitor, "risk-county", county.code)
    page = text(visitor, "risk-zone", zone.pk)
    assert "should have opened on 18 November at 00:00" in page
    assert "the delay is ours" in page
    assert "On day 5 everybody inside is tested" in text(visitor, "risk-zone-notice", zone.pk)
    record_round(seal=zone.seals.get(), people=3, sampled=3, negative=3, by=carol, at=noon(november(19)))
    cache.clear()
    page = text(visitor, "risk-zone", zone.pk)
    assert "Low risk since 19 November 2022" in page
    assert "3号楼1单元 overdue" in page


# ── wider zones ──────────────────────────────────────────────────────────────────────────────────


def test_a_wider_zone_says_which_of_the_two_reasons_and_why(
    visitor: Client, home: Area, county: Area, carol: User, at: At
) -> None:
    where = units(home, "1号楼/1单元", "2号楼/1单元")
    proposed = designate(
        compound=where[0].building.compound,
        units=dict.fromkeys(where, Purpose.HOME),
        causes=[Cause(1, november(12))],
        stayed=set(),
        wider=WiderReason.RISK_UNCLEAR,
        wider_note="传播链尚不清楚",
        by=carol,
        at=noon(november(12)),
    ).proposal
    at(noon(november(13)))
    assert "No high-risk zone" in text(visitor, "risk-county", county.code)
    assert proposed is not None
    above = staff("above", county, Role.SUPERVISOR)
    zone = approve(proposal=proposed, by=above, at=noon(november(13))).zone
    assert zone is not None
    cache.clear()
    for page in (
        text(visitor, "risk-county", county.code),
        text(visitor, "risk-zone", zone.pk),
        text(visitor, "risk-zone-notice", zone.pk),
    ):
        assert "the risk of transmission is unclear" in page
        assert "传播链尚不清楚" in page
        assert "三(二)" in page
    assert "An office above has approved it." in page


# ── notices ──────────────────────────────────────────────────────────────────────────────────────


def test_the_notice_of_a_designation_keeps_its_dates_whatever_comes_later(
    visitor: Client, home: Area, carol: User, at: At
) -> None:
    Area.objects.filter(pk=home.pk).update(duty_phone="010-66551001")
    both = units(home, "3号楼/1单元", "3号楼/2单元")
    zone = seal(both, by=carol)
    restart(both[1:], by=carol, found=november(14))
    at(noon(november(15)))
    first = text(visitor, "risk-zone-notice", zone.pk, query="?of=designation")
    assert "Notice: 锦绣花园3号楼 is a high-risk zone" in first
    assert "18 November 2022, 00:00" in first
    assert "20 November" not in first
    assert "Something has happened since" in first
    assert "010-66551001" in first
    assert "〔2022〕101号 二(四)" in first
    latest = text(visitor, "risk-zone-notice", zone.pk)
    assert "Notice: the days of 锦绣花园3号楼2单元 start anew" in latest
    assert "20 November 2022, 00:00" in latest
    assert "the others keep their dates" in latest
    assert "Something has happened since" not in latest


def test_the_notice_of_the_opening_exists_from_midnight_on(
    visitor: Client, home: Area, carol: User, at: At
) -> None:
    both = units(home, "3号楼/1单元", "5号楼/1单元")
    zone = seal(both, by=carol)
    restart(both[1:], by=carol, found=november(14))
    at(midnight(OPENS) - SECOND)
    text(visitor, "risk-zone-notice", zone.pk, query="?of=opening", status=404)
    at(midnight(OPENS))
    notice = text(visitor, "risk-zone-notice", zone.pk)
    assert "锦绣花园3号楼1单元 is low risk from 18 November 2022 at 00:00 on" in notice
    assert "5号楼1单元 is still sealed and opens on 20 November 2022 at 00:00" in notice
    at(midnight(november(20)))
    notice = text(visitor, "risk-zone-notice", zone.pk)
    assert "锦绣花园5号楼1单元 is low risk from 20 November 2022" in notice
    assert "still sealed" not in notice


def test_each_restart_has_a_notice_of_its_own(visitor: Client, home: Area, carol: User, at: At) -> None:
    one = units(home, "3号楼/1单元")
    zone = seal(one, by=carol)
    restart(one, by=carol, found=november(14))
    restart(one, by=carol, found=november(16))
    at(noon(november(16)))
    page = visitor.get(reverse("risk-zone", args=[zone.pk])).content.decode()
    events = re.findall(r"of=restart&amp;event=(\d+)", page)
    told = [text(visitor, "risk-zone-notice", zone.pk, query=f"?of=restart&event={key}") for key in events]
    assert ["22 November 2022, 00:00" in each for each in told] == [True, False]
    assert ["20 November 2022, 00:00" in each for each in told] == [False, True]
    text(visitor, "risk-zone-notice", zone.pk, query="?of=restart&event=999999", status=404)


def test_the_code_on_the_notice_leads_to_the_page_of_its_zone(visitor: Client) -> None:
    first = visitor.get(reverse("risk-zone-qr", args=[1]))
    assert first.headers["Content-Type"] == "image/svg+xml"
    assert first.content.startswith(b"<svg")
    assert first.content != visitor.get(reverse("risk-zone-qr", args=[2])).content
    assert (
        first.content != visitor.get(reverse("risk-zone-qr", args=[1]), headers={"host": "localhost"}).content
    )


# ── history ──────────────────────────────────────────────────────────────────────────────────────


def test_the_history_is_narrowed_by_month_county_and_name(
    visitor: Client, home: Area, next_door: Area, county: Area, carol: User, at: At
) -> None:
    assert county.parent is not None
    area("海淀区", Level.COUNTY, "110108", county.parent)
    seal(units(home, "3号楼/1单元"), by=carol)
    seal(units(next_door, "9号楼/1单元", compound="湖滨里"), by=carol, found=november(26))
    at(noon(dt.date(2022, 12, 20)))
    assert "湖滨里" in text(visitor, "risk-history")
    november_only = text(visitor, "risk-history", query="?month=2022-11")
    assert "锦绣花园" in november_only
    assert "湖滨里" not in november_only
    assert "No zone fits" in text(visitor, "risk-history", query="?area=110108")
    answer = visitor.post(reverse("risk-history"), {"q": "湖滨里", "month": "2022-12", "area": county.code})
    assert "湖滨里" not in answer.headers["Location"]
    page = visitor.get(answer.headers["Location"]).content.decode()
    assert "9号楼1单元" in page
    assert "3号楼1单元" not in page
    for nonsense in ("?month=2022-99", "?after=x_y", "?area=abc", "?words=xyz", "?area=999999999999999999"):
        text(visitor, "risk-history", query=nonsense)


def test_a_long_history_is_paged_without_losing_a_zone(
    visitor: Client, home: Area, carol: User, at: At
) -> None:
    many(home, carol, 120, opened=november(10))
    at(noon(november(17)))
    seen: list[str] = []
    address = reverse("risk-history")
    while address:
        page = visitor.get(address).content.decode()
        seen += re.findall(r'href="/risk/zones/(\d+)/"', page)
        later = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
        address = reverse("risk-history") + later[1].replace("&amp;", "&") if later else ""
    assert len(seen) == len(set(seen)) == 120


# ── never a person ───────────────────────────────────────────────────────────────────────────────


def test_no_page_names_anybody_who_lives_or_was_found_there(
    visitor: Client, home: Area, county: Area, alice: User, carol: User, at: At
) -> None:
    held = episode(alice, name="欧阳特殊", phone="13877665544")
    unit = held.person.unit
    assert unit is not None
    infection = Infection.objects.create(
        label="病例特一", person=held.person, found_on=november(14), reported_at=noon(november(14)),
        **area_columns(home),
    )  # fmt: skip
    zone = seal([unit], by=carol, found=november(14), causes=[infection.cause])
    restart([unit], by=carol, found=november(15))
    at(noon(november(16)))
    pages = [
        reverse("risk"),
        reverse("risk-county", args=[county.code]),
        reverse("risk-zone", args=[zone.pk]),
        *(reverse("risk-zone-notice", args=[zone.pk]) + f"?of={of}" for of in ("designation", "restart")),
        reverse("risk-history"),
        reverse("risk-feed"),
        reverse("risk-json"),
        visitor.post(reverse("risk-search"), {"q": "锦绣花园4号楼1单元"}).headers["Location"],
    ]
    for address in pages:
        page = visitor.get(address).content.decode()
        assert unit.building.name in page or address in (reverse("risk"), reverse("risk-history"))
        for word in ("欧阳", "1387766", "5544", "病例", "王建平", "carol", "居住地"):
            assert word not in page, (word, address)


# ── many ─────────────────────────────────────────────────────────────────────────────────────────


def many(community: Area, by: User, number: int, *, opened: dt.date = OPENS) -> None:
    """That many zones, written straight into the tables: a quarter with two clocks."""
    compounds = Compound.objects.bulk_create(
        Compound(community=community, name=f"{'锦湖云柳福和'[n % 6]}{'绣滨杉岸'[n % 4]}花园{n}区")
        for n in range(number // 3 + 1)
    )
    columns = area_columns(community)
    for n, compound in enumerate(compounds):
        for each in range(3):
            if n * 3 + each >= number:
                return
            building = compound.buildings.create(name=f"{each * 3 + n % 9 + 1}号楼")
            here = Unit.objects.bulk_create(Unit(building=building, name=f"{u}单元") for u in (1, 2))
            opens = [opened + dt.timedelta(days=n % 6), opened + dt.timedelta(days=n % 6 + (each == 0))]
            zone = Zone.objects.create(
                **columns, compound=compound, boundary=building.name, unit_count=2, edition="twenty",
                clause="二(四)", designated_at=noon(opens[0]) - dt.timedelta(days=5 + n % 2),
                designated_by=by, release_on=max(opens),
            )  # fmt: skip
            UnitSeal.objects.bulk_create(
                UnitSeal(
                    **columns, zone=zone, unit=unit, edition="twenty", clause="二(四)",
                    starts_at=zone.designated_at, last_infection_on=on - dt.timedelta(days=6), clean_days=5,
                    release_on=on, planned_release_on=on,
                )
                for unit, on in zip(here, opens, strict=True)
            )  # fmt: skip


def test_two_thousand_zones_take_three_queries_and_less_than_sixty_kilobytes(
    home: Area, county: Area, carol: User, at: At
) -> None:
    many(home, carol, 2000)
    at(noon(november(17)))
    client = Client(headers={"accept-encoding": "gzip"})
    for address, most in (
        (reverse("risk"), 10_000),
        (reverse("risk-county", args=[county.code]), 60_000),
    ):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        assert len(asked) <= 3, [query["sql"][:200] for query in asked]
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.content) < most
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        assert len(asked) == 0
    page = gzip.decompress(client.get(address).content).decode()
    assert len(set(re.findall(r'id="z(\d+)"', page))) == 2000


def test_one_zone_takes_three_queries(visitor: Client, home: Area, carol: User, at: At) -> None:
    both = units(home, "3号楼/1单元", "3号楼/2单元")
    zone = seal(both, by=carol)
    restart(both[1:], by=carol, found=november(14))
    at(noon(november(15)))
    for name in ("risk-zone", "risk-zone-notice"):
        with CaptureQueriesContext(connection) as asked:
            visitor.get(reverse(name, args=[zone.pk]))
        assert len(asked) == 3, name
