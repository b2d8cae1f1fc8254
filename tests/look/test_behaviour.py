"""What app.js does in a real browser, under the real content policy; and that its absence costs nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.look import pages

pytestmark = [pytest.mark.e2e, pytest.mark.urls("tests.look.pages"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def context(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    pages.answers.clear()
    pages.posts.clear()
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}])
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Security Policy" in message.text else None,
    )
    page.goto("/list/")
    yield page
    assert complaints == []


def test_a_result_is_saved_in_place_and_announced(page: Page) -> None:
    page.get_by_label("Ct").fill("36")
    page.get_by_role("button", name="Negative").click()

    expect(page.locator("#row")).to_contain_text("A negative 36")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    expect(page.get_by_role("status").get_by_role("button", name="Undo")).to_be_visible()


@pytest.mark.parametrize("status", [500, 403])
def test_a_failed_save_keeps_what_was_typed_and_offers_again(page: Page, status: int) -> None:
    pages.answers.append(status)
    page.get_by_label("Ct").fill("33.6")
    page.get_by_role("button", name="Negative").click()

    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    assert page.get_by_label("Ct").input_value() == "33.6"
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#row")).to_contain_text("A negative 33.6")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_a_network_the_row_says_so(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    page.get_by_role("button", name="Negative").click()
    expect(page.get_by_role("alert")).to_contain_text("no connection")

    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#row")).to_contain_text("A negative")


def test_a_refusal_is_shown_in_place(page: Page) -> None:
    pages.answers.append(409)
    page.get_by_role("button", name="Negative").click()

    expect(page.locator("#row")).to_have_text("refused 409")


def test_after_the_session_ended_the_login_is_a_page_and_not_a_row(page: Page) -> None:
    pages.answers.append(302)
    page.get_by_role("button", name="Negative").click()

    page.wait_for_url("**/login/?next=/list/")
    expect(page.get_by_role("heading", name="Staff login")).to_be_visible()


def test_ticking_all_counts_and_clears(page: Page) -> None:
    bulk = page.locator(".bulk")
    expect(bulk).to_be_hidden()
    page.get_by_label("all").check()

    expect(bulk).to_contain_text("3 ticked")
    page.locator("tbody .tickbox input").first.uncheck()
    expect(bulk).to_contain_text("2 ticked")
    assert page.get_by_label("all").evaluate("box => box.indeterminate")
    page.get_by_role("button", name="Clear").click()
    expect(bulk).to_be_hidden()


def test_a_clause_opens_in_place_and_closes_again(page: Page) -> None:
    page.get_by_role("link", name="二(一)").click()
    dialog = page.locator("#dialog")

    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("5天集中隔离+3天居家隔离")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/list/")


def test_a_dialog_of_the_page_opens_and_closes(page: Page) -> None:
    page.get_by_role("button", name="Why").click()
    expect(page.locator("#why")).to_be_visible()
    page.locator("#why").get_by_role("button", name="Close").click()
    expect(page.locator("#why")).to_be_hidden()


def test_the_figures_can_be_copied(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()

    expect(page.get_by_role("status")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "five released"


def test_a_second_tap_does_not_send_a_form_twice(page: Page) -> None:
    page.locator("#once").dblclick()
    page.wait_for_timeout(500)

    assert pages.posts == ["POST"]


def test_without_javascript_the_page_is_whole(chromium: Browser, live_server: Any) -> None:
    with chromium.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/list/")
        page.locator("tbody .tickbox input").first.check()

        expect(page.locator(".bulk")).to_be_visible()
        expect(page.get_by_role("link", name="二(一)")).to_have_attribute("href", "/policy/#c-2-1")


@pytest.mark.parametrize("path", ["/list/", "/login/"])
def test_everything_that_is_tapped_on_a_phone_is_44_pixels_high(
    chromium: Browser, live_server: Any, path: str
) -> None:
    phone = {"width": 390, "height": 844}
    with chromium.new_context(
        base_url=live_server.url, viewport=phone, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        page.goto(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll(
                '.btn, button, select, summary, input:not([type=hidden]), .nav a, .tickbox label')]
            .filter(e => e.offsetParent && !e.matches('.tickbox input, .skip'))
            .filter(e => e.getBoundingClientRect().height < 43.5)
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert small == []
    assert not wide
