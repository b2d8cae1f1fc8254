"""The cast that every test shares: two communities of one street, and who works or lives there."""

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.apps import apps
from django.conf import settings as django_settings
from django.core.cache import cache, caches
from django.test import Client
from django.utils import translation
from playwright.sync_api import Browser, sync_playwright

from accounts.models import Area, User
from accounts.rules import Level, Role
from policy.models import PolicyEdition
from tests.builders import area, noon, staff


@pytest.fixture
def county(db: None) -> Area:
    """朝阳区, below its city and province."""
    province = area("北京市", Level.PROVINCE, "11")
    city = area("北京市", Level.CITY, "1101", province)
    return area("朝阳区", Level.COUNTY, "110105", city)


@pytest.fixture
def street(county: Area) -> Area:
    """锦绣街道: the street above both communities."""
    return area("锦绣街道", Level.STREET, "110105001", county)


@pytest.fixture
def home(street: Area) -> Area:
    """锦绣社区: Alice's community."""
    return area("锦绣社区", Level.COMMUNITY, "110105001001", street)


@pytest.fixture
def next_door(street: Area) -> Area:
    """湖滨社区: the neighbouring community, Bob's."""
    return area("湖滨社区", Level.COMMUNITY, "110105001002", street)


@pytest.fixture
def alice(home: Area) -> User:
    """The worker of this community."""
    return staff("alice", home, Role.COMMUNITY_WORKER, last_name="李", first_name="雯")


@pytest.fixture
def bob(next_door: Area) -> User:
    """The worker of the next community: must see nothing of Alice's."""
    return staff("bob", next_door, Role.COMMUNITY_WORKER, last_name="赵", first_name="强")


@pytest.fixture
def carol(street: Area) -> User:
    """The supervisor of both, at the street."""
    return staff("carol", street, Role.SUPERVISOR, last_name="王", first_name="建平")


@pytest.fixture
def stranger(db: None) -> User:
    """An account without any area or role."""
    return staff("stranger", None)


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """A browser that is logged in as that user."""

    def login(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return login


@pytest.fixture
def the_day() -> Iterator[Callable[[dt.date], time_machine.Traveller]]:
    """Set the real clock to noon of a date in Asia/Shanghai, as often as the test likes."""
    travellers: list[time_machine.travel] = []

    def go(on: dt.date) -> None:
        while travellers:
            travellers.pop().stop()
        traveller = time_machine.travel(noon(on), tick=True)
        traveller.start()
        travellers.append(traveller)

    yield go  # type: ignore[misc]
    while travellers:
        travellers.pop().stop()


@pytest.fixture(autouse=True)
def _no_demo_clock(settings: Any, tmp_path: Path) -> None:
    settings.DEMO_CLOCK_FILE = tmp_path / "demo-clock"


@pytest.fixture(autouse=True, scope="session")
def _own_cache() -> None:
    """Each process of a run its own cache: what one draws, or clears, is no matter of the other."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        return
    ours = django_settings.CACHES["default"]
    if "redis" in ours["BACKEND"]:
        server = urlsplit(ours["LOCATION"])
        ours["LOCATION"] = server._replace(path=f"/{int(worker.removeprefix('gw')) + 1}").geturl()
    else:
        ours["LOCATION"] = f"{ours['LOCATION']}-{worker}"
    del caches["default"]


@pytest.fixture(autouse=True)
def _nothing_kept(_own_cache: None) -> None:
    """Public pages keep what they drew for seconds; tests move the clock and empty the tables."""
    cache.clear()


@pytest.fixture(autouse=True)
def _chinese_first() -> None:
    """A page that one test read in English leaves its language behind in the process."""
    translation.activate(django_settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _settings_after_a_flush(request: pytest.FixtureRequest) -> None:
    """Tests with real transactions empty the tables; the next starts with editions, routing and limits."""
    marker = request.node.get_closest_marker("django_db")
    real = marker is not None and marker.kwargs.get("transaction")
    if not (real or {"transactional_db", "live_server"} & set(request.fixturenames)):
        return
    request.getfixturevalue("transactional_db")
    if not PolicyEdition.objects.exists():
        import_module("policy.migrations.0002_activate_ninth_and_twenty").install(apps, None)
    import_module("complaints.migrations.0002_usual_settings").install(apps, None)  # leaves what is there


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One real browser for the whole run: Playwright starts once a process. Missing is a failure."""
    # Playwright's loop looks like an async caller to Django, which then refuses the fixtures' database work.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "Chromium is not installed"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
