"""The documentation of the API in a real browser, under our content policy and without the internet."""

from typing import Any

import pytest
from playwright.sync_api import Browser


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_the_documentation_is_drawn_from_our_own_files_alone(live_server: Any, chromium: Browser) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page = chromium.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.locator("#operations-episodes-episode_register").click()
    page.get_by_text("Register one entry").wait_for()
    assert page.locator(".opblock").count() > 20
    page.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
