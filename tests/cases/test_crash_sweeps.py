"""kill -9 in the middle of sweeps and reminders, again and again: no row is lost, none is there twice.

Real commands and a real Celery worker, on SQLite and on PostgreSQL. The commands work in chunks so small
that a kill falls between two of them as well as into one.
"""

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from script.processes import kill_group, start
from tests.config.conftest import clean_environment

pytestmark = pytest.mark.processes

PEOPLE = 2000
KILLS = 5
PATIENCE = 180

FILL = """
import sys, django; django.setup()
from django.core.management import call_command
from benchmarks.city import Size, fill
from policy import clock
call_command("migrate", verbosity=0)
people = int(sys.argv[1])
fill(Size(due=people, running=people, streets=1, communities=3), today=clock.today())
"""
COMMAND = """
import sys, django; django.setup()
from django.core.management import call_command
from cases.actions import reminders, sweeps
sweeps.CHUNK = reminders.CHUNK = 50
call_command(*sys.argv[1:])
"""
WORKER = """
import sys, django; django.setup()
from cases.actions import sweeps
from config.celery import app
sweeps.CHUNK = 50
app.worker_main(["worker", "-c", "1", "-l", "ERROR", "--without-gossip", "--without-mingle"])
"""
SEND = """
import sys, django; django.setup()
from config.celery import app
app.send_task(sys.argv[1])
"""


@dataclass
class Installation:
    """A folder, or a database, filled with people who are due today and people who are not."""

    env: dict[str, str]
    ask: Callable[[str], tuple[int, ...]]
    """One row of numbers, read beside whatever runs."""

    def run(self, code: str, *arguments: object, **pipes: object) -> subprocess.Popen[str]:
        """Python in a process group of its own."""
        return start([sys.executable, "-c", code, *map(str, arguments)], self.env, **pipes)

    def finish(self, code: str, *arguments: object) -> str:
        """The same, to its end; what it printed."""
        process = self.run(code, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        printed, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, printed
        return printed

    def number(self, sql: str) -> int:
        """The one number that the query gives."""
        return self.ask(sql)[0]


def environment(var: Path, **settings: str) -> dict[str, str]:
    return clean_environment(
        JIEFENG_VAR=str(var),
        DJANGO_SETTINGS_MODULE="config.settings",
        LOG_LEVEL="ERROR",
        SMS_URL="http://sms.invalid/",
        HEALTH_CODE_URL="http://code.invalid/",
        HEALTH_CODE_SECRET="only-for-this-test",
        **settings,
    )


@pytest.fixture(scope="module")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to copy for each test."""
    var = tmp_path_factory.mktemp("filled") / "var"
    Installation(environment(var), lambda _sql: ()).finish(FILL, PEOPLE)
    return var


@pytest.fixture(scope="module")
def filled_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database to copy for each test, and the folder with its keys."""
    url = os.environ.get("TEST_DATABASE_URL")
    if url is None:
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail("TEST_DATABASE_URL names no server")
        pytest.skip("TEST_DATABASE_URL names no server; script/test starts one")
    var, name = tmp_path_factory.mktemp("filled") / "var", f"crash_{os.getpid()}"
    with _database(url, name) as here:
        Installation(environment(var, DATABASE_URL=here), lambda _sql: ()).finish(FILL, PEOPLE)
        yield here, var


@contextlib.contextmanager
def _database(url: str, name: str, template: str = "template1") -> Iterator[str]:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    """On each database in turn, everybody still to be released and reminded."""
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            var = shutil.copytree(request.getfixturevalue("filled_sqlite"), tmp_path / "var")
            file = sqlite3.connect(var / "db.sqlite3", timeout=20, isolation_level=None)
            reader = stack.enter_context(contextlib.closing(file))
            yield Installation(environment(var), lambda sql: reader.execute(sql).fetchone())
        else:
            filled, keys = request.getfixturevalue("filled_postgresql")
            var = shutil.copytree(keys, tmp_path / "var")
            name = urlsplit(filled).path[1:]
            url = stack.enter_context(
                _database(os.environ["TEST_DATABASE_URL"], f"{name}_{os.urandom(3).hex()}", name)
            )
            there = stack.enter_context(psycopg.connect(url, autocommit=True))
            yield Installation(
                environment(var, DATABASE_URL=url), lambda sql: there.execute(sql).fetchone() or ()
            )


def kill_in_the_middle(process: subprocess.Popen[str], progress: Callable[[], int]) -> bool:
    """Wait until the process has begun to write, and a random while, then kill -9; whether it ran still."""
    before, until = progress(), time.monotonic() + PATIENCE
    while process.poll() is None and progress() == before and time.monotonic() < until:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.15))
    alive = process.poll() is None
    kill_group(process.pid)
    process.wait(PATIENCE)
    return alive


SWEPT = "SELECT count(*) FROM cases_episode WHERE swept_at IS NOT NULL"


def check_releases(here: Installation) -> int:
    """Whoever was swept has all that belongs to it, once, and nobody else has any of it; returns how many."""
    swept = here.number(SWEPT)
    released = "FROM cases_episodeevent WHERE kind = 'released'"
    assert here.ask(f"SELECT count(*), count(DISTINCT episode_id) {released}") == (swept, swept)
    for kind in ("released", "code_lifted"):
        about = f"FROM notices_message WHERE kind = '{kind}'"
        assert here.ask(f"SELECT count(*), count(DISTINCT subject) {about}") == (swept, swept), kind
    without = f"swept_at IS NOT NULL AND id NOT IN (SELECT episode_id {released})"
    assert here.number(f"SELECT count(*) FROM cases_episode WHERE {without}") == 0
    return swept


def test_a_sweep_that_is_killed_again_and_again_releases_each_person_once(
    installation: Installation,
) -> None:
    kills = 0
    for _ in range(KILLS):
        process = installation.run(COMMAND, "sweep_releases")
        kills += kill_in_the_middle(process, lambda: installation.number(SWEPT))
        swept = check_releases(installation)
        if swept == PEOPLE:
            break
    assert kills > 0
    installation.finish(COMMAND, "sweep_releases")
    assert check_releases(installation) == PEOPLE


def test_two_processes_at_once_release_each_person_once(installation: Installation) -> None:
    both = [installation.run(COMMAND, "sweep_releases") for _ in range(2)]
    for process in both:
        assert process.wait(PATIENCE) == 0
    assert check_releases(installation) == PEOPLE


def test_of_two_at_once_one_is_killed_and_the_other_finishes(installation: Installation) -> None:
    victim, other = (installation.run(COMMAND, "sweep_releases") for _ in range(2))
    kill_in_the_middle(victim, lambda: installation.number(SWEPT))
    assert other.wait(PATIENCE) == 0
    check_releases(installation)
    installation.finish(COMMAND, "sweep_releases")
    assert check_releases(installation) == PEOPLE


REMINDED = "SELECT count(*), count(DISTINCT subject) FROM notices_message WHERE kind = 'test_tomorrow'"
EXPECTED = """
    SELECT count(*) FROM cases_nucleicacidtest t JOIN cases_episode e ON e.id = t.episode_id
    WHERE t.result = '' AND t.sampled_at IS NULL AND e.release_on > t.planned_on
        AND t.planned_on = (SELECT min(planned_on) FROM cases_nucleicacidtest WHERE planned_on >
            (SELECT min(release_on) FROM cases_episode))
"""
"""Due episodes end today, so the first test date after that is tomorrow."""
TOLD = "SELECT count(*), count(DISTINCT community_id) FROM notices_message WHERE kind = 'tests_tomorrow'"


def test_reminders_that_are_killed_again_and_again_reach_each_resident_once(
    installation: Installation,
) -> None:
    expected = installation.number(EXPECTED)
    assert expected > PEOPLE / 10
    kills = 0
    for _ in range(KILLS):
        process = installation.run(COMMAND, "send_reminders", "evening")
        kills += kill_in_the_middle(process, lambda: installation.number(REMINDED))
        written, people = installation.ask(REMINDED)
        assert written == people
        if written == expected:
            break
    assert kills > 0
    installation.finish(COMMAND, "send_reminders", "evening")
    assert installation.ask(REMINDED) == (expected, expected)
    assert installation.ask(TOLD) == (3, 3)


def test_a_worker_that_is_killed_over_its_task_leaves_nothing_half_done(installation: Installation) -> None:
    """The broker may lose the task with the worker; the next beat brings another."""
    kills = 0
    for _ in range(3):
        installation.finish(SEND, "cases.tasks.sweep_releases")
        kills += kill_in_the_middle(installation.run(WORKER), lambda: installation.number(SWEPT))
        if check_releases(installation) == PEOPLE:
            break
    assert kills > 0
    worker = installation.run(WORKER)
    try:
        installation.finish(SEND, "cases.tasks.sweep_releases")
        until = time.monotonic() + PATIENCE
        while installation.number(SWEPT) < PEOPLE and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        kill_group(worker.pid)
        worker.wait(PATIENCE)
    assert check_releases(installation) == PEOPLE
