"""A real Chromium in front of the real app; the clock moves as a demo user moves it."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from accounts.models import User
from cases.models import Person
from policy import clock
from supplies.actions.links import ensure_link, token_of
from tests.builders import PASSWORD

Open = Callable[..., Page]
PHONE = 390
"""The width of a phone in CSS pixels."""


@pytest.fixture
def today() -> Callable[[dt.date], None]:
    """Move the demo clock, which web and tasks read alike."""
    return clock.set_today


@pytest.fixture
def open_as(chromium: Browser, live_server: Any) -> Iterator[Open]:
    """A page of its own browser, logged in through the login page; fails on a broken content policy."""
    contexts = []
    complaints: list[str] = []

    def open_page(user: User | None, *, width: int = 1280, path: str = "/") -> Page:
        context = chromium.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 860}, locale="zh-CN"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if "Security Policy" in message.text else None,
        )
        if user is not None:
            page.goto("/login/")
            page.get_by_label("用户名").fill(user.username)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def door(lin: Person, alice: User, open_as: Open) -> Page:
    """The page of `lin`, whom each file of tests makes for itself, on her phone."""
    link = ensure_link(person=lin, by=alice, at=clock.now())
    return open_as(None, width=PHONE, path=f"/my/{token_of(link)}/")


def fits(page: Page) -> bool:
    """Whether nothing stands out of the window at the side, once the style sheets are in."""
    page.wait_for_load_state("load")
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def type_size(page: Page) -> float:
    """The root font size in CSS pixels, once the style sheets are in: before, it is the browser's own."""
    page.wait_for_load_state("load")
    return float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))
