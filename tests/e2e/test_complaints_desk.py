"""The complaint desk in a real browser: from acceptance to closing, and a supervision order on both sides."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Area
from accounts.rules import Department, Level
from complaints.actions import handling, word
from complaints.actions.supervising import issue_order
from complaints.models import Complaint, SupervisionOrder
from complaints.rules.handling import State
from complaints.rules.supervision import OrderState
from tests.builders import area, noon
from tests.complaints.cast import Cast, cast_of, filed, office, officer
from tests.e2e.conftest import Open, fits
from tests.e2e.test_main_job import ALLOWED

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Today = Callable[[dt.date], None]
DAY = dt.date(2022, 11, 16)


@pytest.fixture
def cast(home: Area, next_door: Area, county: Area, today: Today) -> Cast:
    """The offices of a county and their officers, on the day."""
    today(DAY)
    return cast_of(home, area("海淀区", Level.COUNTY, "110108", county.parent))


def verb(page: Page, name: str) -> None:
    """Open the form of a verb, unless it is the one that stands open."""
    details = page.locator(f"#do-{name}")
    if details.get_attribute("open") is None:
        details.locator("summary").click()


def test_accepted_asked_referred_answered_by_the_branch_verified_and_closed(
    cast: Cast, open_as: Open
) -> None:
    complaint = filed(cast.home, at=noon(DAY)).complaint
    desk = open_as(cast.task_force, path="/complaint-desk/")
    expect(desk.locator("main")).to_contain_text(complaint.number)
    desk.get_by_role("button", name="受理", exact=True).first.click()
    expect(desk.locator("#toasts")).to_contain_text("已受理")
    desk.get_by_role("link", name="答复", exact=True).click()

    verb(desk, "ask")
    desk.locator("#do-ask textarea").fill("是哪个单元？")
    desk.locator("#do-ask button").click()
    expect(desk.locator("#exchange")).to_contain_text("是哪个单元？")
    verb(desk, "refer")
    health = office(cast.county, Department.HEALTH)
    desk.locator("#do-refer select").select_option(label=health.name)
    desk.locator("#do-refer button").click()
    expect(desk.locator(".case-head")).to_contain_text(health.name)
    assert fits(desk)

    branch = open_as(cast.health, width=390, path="/today/")
    branch.locator("#complaints a", has_text="打开").first.click()
    branch.locator("#do-answer textarea").fill("已责令拆除围挡，居民可以出入。")
    assert fits(branch)
    branch.locator("#do-answer button").click()
    expect(branch.locator("#exchange")).to_contain_text("已责令拆除围挡")
    complaint.refresh_from_db()
    assert complaint.state == State.ANSWERED

    desk.reload()
    verb(desk, "verify")
    desk.locator("#do-verify label", has_text="已解决").click()
    desk.locator("#do-verify textarea").fill("电话回访，铁皮已拆。")
    desk.locator("#do-verify button").click()
    desk.locator("#do-close button").click()
    expect(desk.locator("main")).to_contain_text("已办结")
    complaint.refresh_from_db()
    assert (complaint.state, complaint.outcome) == (State.CLOSED, "solved")
    expect(desk.locator("#looks summary")).to_contain_text("2")


def test_an_order_is_issued_reported_and_verified(cast: Cast, open_as: Open) -> None:
    complaint = filed(cast.home, at=noon(DAY)).complaint
    desk = open_as(cast.task_force, path=f"/complaint-desk/{complaint.pk}/")
    verb(desk, "supervise")
    desk.locator("#do-supervise textarea").fill("今天内拆除4号楼单元门口的铁皮。")
    desk.locator("#do-supervise button").click()
    expect(desk.locator("#orders")).to_contain_text("待反馈")
    order = SupervisionOrder.objects.get()

    street = open_as(cast.street, width=390, path="/today/")
    street.locator("#complaints a", has_text="反馈").first.click()
    expect(street.locator("main")).to_contain_text("今天内拆除4号楼单元门口的铁皮。")
    expect(street.locator("body")).not_to_contain_text(complaint.number)
    street.locator("#report textarea").fill("16日14时已拆除。")
    assert fits(street)
    street.locator("#report button").click()
    expect(street.locator("main")).to_contain_text("已反馈")

    desk.goto(order.get_absolute_url())
    desk.locator("#verified textarea").fill("现场看过，已拆。")
    desk.locator("#verified button").click()
    expect(desk.locator("main")).to_contain_text("已核实销号")
    order.refresh_from_db()
    assert order.state == OrderState.VERIFIED


def test_who_complained_is_shown_once_on_demand(cast: Cast, open_as: Open) -> None:
    complaint = filed(cast.home, at=noon(DAY)).complaint
    desk = open_as(cast.task_force, path=f"/complaint-desk/{complaint.pk}/")
    expect(desk.locator("body")).not_to_contain_text("欧阳特殊")
    desk.get_by_role("button", name="查看投诉人").click()
    expect(desk.locator("#who")).to_contain_text("欧阳特殊")
    desk.goto(f"/complaint-desk/{complaint.pk}/")
    expect(desk.locator("body")).not_to_contain_text("欧阳特殊")
    expect(desk.locator("#looks")).to_contain_text("投诉人身份")


# ── every page at both widths ────────────────────────────────────────────────────────────────────

PAGES = [
    *(
        f"/complaint-desk/?tab={tab}"
        for tab in ("todo", "mine", "waiting", "urgent", "late", "supervised", "closed", "all")
    ),
    "/complaint-desk/?tab=todo&kind=care",
    "/supervision-orders/?tab=to",
    "/supervision-orders/?tab=from",
    "/supervision-orders/?tab=from&state=verified",
    "/today/",
]


@pytest.mark.parametrize("filled", [True, False], ids=["with data", "empty"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_stands_out_of_the_window_or_answers_in_english(
    cast: Cast, open_as: Open, width: int, filled: bool
) -> None:
    paths = [*PAGES, *(_filled(cast) if filled else [])]
    page = open_as(cast.task_force, width=width)
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        page.evaluate(
            "document.querySelectorAll('details:not(.menu, .more-menu)').forEach(d => d.open = true)"
        )
        assert fits(page), path
        words = re.findall(r"[A-Za-z]{4,}", page.inner_text("body"))
        strange = {word for word in words if word not in ALLOWED | {"taskforce", "second", "Open"}}
        assert not strange, (path, strange)


def _filled(cast: Cast) -> list[str]:
    """A case in each state with all that hangs on it, and an order."""
    at, by = noon(DAY), cast.task_force
    second = officer("second", office(cast.county, Department.TASK_FORCE))
    busy = filed(cast.home, at=at - dt.timedelta(hours=30)).complaint
    handling.accept(complaint=busy, by=by, at=at)
    question = handling.ask(complaint=busy, text="是哪个单元？", by=by, at=at)
    word.reply(complaint=busy, question=question, text="1单元。", at=at)
    handling.write_note(complaint=busy, text="已电话街道。", by=second, at=at)
    filed(cast.home, at=at, urgent=True)
    busy.recusals.create(user=second, reason="亲属", at=at, by=by)
    answered = filed(cast.home, at=at, behaviour="silent_management").complaint
    handling.accept(complaint=answered, by=by, at=at)
    handling.answer(complaint=answered, text="已解除。", by=by, at=at)
    declined = filed(cast.home, at=at, place="别处").complaint
    handling.decline(complaint=declined, reason="不属于加码。", by=by, at=at)
    order = issue_order(
        complaint=busy,
        to=office(cast.home.line["street"]),
        text="今天内拆除。",
        due_at=at + dt.timedelta(hours=1),
        token="order",
        by=by,
        at=at,
    )
    cases = [each.get_absolute_url() for each in Complaint.objects.all()]
    return [*cases, order.get_absolute_url()]
