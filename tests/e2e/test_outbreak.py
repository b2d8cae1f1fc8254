"""From an infection to the day its building opens, in a real browser; and every new page at both widths."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from accounts.models import Area, User
from cases.actions.infections import InfectionFacts, report_infection
from cases.actions.registration import list_person
from cases.actions.zoning import seal_because_of
from cases.models import Contact, Episode, Infection
from policy.clock import midnight
from tests.builders import entry, noon
from tests.e2e.conftest import Open, fits
from tests.e2e.test_main_job import ALLOWED
from zones.actions import sweep_openings
from zones.models import UnitSeal, Zone, ZoneEvent
from zones.rules import FoundWhere, Purpose, ZoneEventKind

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Today = Callable[[dt.date], None]


def november(day: int) -> dt.date:
    return dt.date(2022, 11, day)


def a_family(alice: User, home: Area) -> None:
    """Two behind one door, one next to them."""
    for number, (name, door) in enumerate([("林小满", "1203"), ("何同住", "1203"), ("吴邻居", "1204")]):
        facts = entry(home, name=name, phone=f"1381111000{number}", door=door).facts
        list_person(facts, by=alice, at=noon(november(14)))


def test_an_infection_its_contacts_the_zone_a_restart_and_the_opening(
    alice: User, carol: User, home: Area, open_as: Open, today: Today
) -> None:
    today(november(15))
    a_family(alice, home)

    worker = open_as(alice, width=390, path="/infections/new/")
    worker.get_by_label("人员").first.fill("林小满")
    worker.get_by_role("button", name="查找").click()
    worker.get_by_text(re.compile("林小满 · ")).click()
    worker.get_by_role("button", name="记录感染者").click()
    expect(worker.locator("h1")).to_contain_text("20221115-1")
    assert fits(worker)
    infection = Infection.objects.get()

    worker.get_by_role("link", name="录入密切接触者").first.click()
    worker.get_by_role("checkbox", name=re.compile("吴邻居")).check()
    worker.get_by_role("button", name="登记密切接触者").click()
    expect(worker.locator("main")).to_contain_text("已登记密切接触者2人")
    assert fits(worker)
    assert Contact.objects.filter(infection=infection).count() == Episode.objects.count() == 2
    worker.get_by_role("link", name="返回感染者").click()
    worker.get_by_role("button", name="密接判定完成").click()
    expect(worker.locator("main")).to_contain_text("判定完成")

    chief = open_as(carol, path=f"/infections/{infection.pk}/")
    chief.get_by_role("link", name=re.compile("划定高风险区")).click()
    chief.get_by_role("button", name=re.compile("查看|预览|看看")).click()
    expect(chief.locator("main")).to_contain_text("11月21日")
    chief.locator('button[name="step"][value="do"]').click()
    zone = Zone.objects.get()
    expect(chief).to_have_url(re.compile(rf"/zones/{zone.pk}/"))
    assert UnitSeal.objects.get().release_on == november(21)

    anybody = open_as(None, width=390, path=f"/risk/zones/{zone.pk}/")
    expect(anybody.locator("main")).to_contain_text("4号楼1单元")
    expect(anybody.locator("main")).to_contain_text("11月21日")
    expect(anybody.locator("body")).not_to_contain_text("林小满")
    assert fits(anybody)

    today(november(17))
    second = report_infection(
        community=home,
        facts=InfectionFacts("病例8", november(17), FoundWhere.COMMUNITY),
        by=alice,
        at=noon(november(17)),
    )
    worker.goto(f"/infections/{second.pk}/")
    worker.get_by_label("小区、单位或村").fill("锦绣花园")
    worker.get_by_label("楼栋", exact=False).first.fill("4号楼")
    worker.get_by_label("单元", exact=False).first.fill("1单元")
    worker.get_by_role("button", name="添加地点").click()
    expect(worker.locator("#stays")).to_contain_text("4号楼1单元")
    chief.goto(f"/zones/restart/{second.pk}/")
    chief.locator("main button.stop").click()
    expect(chief.locator("main")).to_contain_text("11-23")
    assert UnitSeal.objects.get().release_on == november(23)

    today(november(22))
    anybody.reload()
    expect(anybody.locator("main")).to_contain_text("11月23日")
    today(november(23))
    anybody.goto(f"/risk/zones/{zone.pk}/")
    expect(anybody.locator("main")).to_contain_text("低风险")
    chief.goto("/zones/")
    expect(chief.locator("main")).to_contain_text("全域为低风险区")
    assert sweep_openings(at=midnight(november(23))) == 1
    assert ZoneEvent.objects.filter(kind=ZoneEventKind.OPENED).count() == 1


PAGES = [
    "/infections/",
    "/infections/?tab=all",
    "/infections/new/",
    "/zones/",
    "/zones/?tab=near",
    "/zones/?tab=past",
    "/zones/designate/",
    "/zones/proposals/",
    "/compounds/",
    "/statistics/",
    "/risk/",
    "/risk/110105/",
    "/risk/search/",
    "/risk/history/",
]


@pytest.mark.parametrize("filled", [True, False], ids=["with data", "empty"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_stands_out_of_the_window_or_answers_in_english(
    alice: User, carol: User, home: Area, open_as: Open, today: Today, width: int, filled: bool
) -> None:
    today(november(15))
    paths = list(PAGES)
    if filled:
        paths += _filled(alice, carol, home)
    page = open_as(carol, width=width)
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        assert fits(page), path
        text = re.sub(r"https?://\S+", "", page.inner_text("body"))  # a notice prints its own address
        words = re.findall(r"[A-Za-z]{4,}", text)
        strange = {word for word in words if word not in ALLOWED | {"carol", "Atom"}}
        assert not strange, (path, strange)


def _filled(alice: User, carol: User, home: Area) -> list[str]:
    """An infection with a zone, and the pages of both."""
    a_family(alice, home)
    person = entry(home, name="林小满", phone="13811110000", door="1203").facts
    sick = list_person(person, by=alice, at=noon(november(15)))
    found = report_infection(
        community=home,
        facts=InfectionFacts("", november(15), FoundWhere.COMMUNITY, person=sick),
        by=alice,
        at=noon(november(15)),
    )
    assert sick.unit is not None
    done = seal_because_of(
        infections=[found], units={sick.unit: Purpose.HOME}, by=carol, at=noon(november(15))
    )[0]
    assert done.zone is not None
    zone, compound = done.zone.pk, sick.unit.building.compound_id
    return [
        f"/infections/{found.pk}/",
        f"/infections/{found.pk}/edit/",
        f"/infections/{found.pk}/contacts/",
        f"/zones/restart/{found.pk}/",
        f"/zones/{zone}/",
        f"/zones/{zone}/inside/",
        f"/zones/{zone}/spill-over/",
        f"/zones/{zone}/end-early/",
        f"/zones/designate/?infection={found.pk}",
        f"/compounds/{compound}/",
        f"/compounds/{compound}/grid/",
        f"/risk/zones/{zone}/",
        f"/risk/zones/{zone}/notice/",
    ]
