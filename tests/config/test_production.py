"""Production as deploy/README.md starts it: PostgreSQL, Redis, granian, a worker with its own processes."""

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from script.processes import ROOT, kill_group, start
from tests.config.conftest import clean_environment, free_port

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.redis]

HOST = "jiefeng.example"


def named_server(variable: str) -> str:
    """The server that script/test has started; without one the test fails where it must not skip."""
    url = os.environ.get(variable)
    if url is None:
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail(f"{variable} names no server")
        pytest.skip(f"{variable} names no server; script/test starts one")
    return url


@pytest.fixture
def environment(production: dict[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """A production installation with a migrated database of its own and its static files gathered."""
    server = urlsplit(named_server("TEST_DATABASE_URL"))
    name = f"production_{os.getpid()}"
    with psycopg.connect(server.geturl(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        production |= {
            "DATABASE_URL": urlunsplit(server._replace(path=f"/{name}")),
            "REDIS_URL": named_server("TEST_REDIS_URL"),
            "JIEFENG_VAR": str(tmp_path / "var"),
            "STATIC_ROOT": str(tmp_path / "static"),
        }
        env = clean_environment(**production)
        for command in (["migrate", "-v", "0"], ["collectstatic", "--no-input", "-v", "0"]):
            subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True)
        yield env
    finally:
        with psycopg.connect(server.geturl(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., None]]:
    """`running(sys.executable, "-m", …)`: a process that ends with the test."""
    started = []

    def run(*command: str) -> None:
        with (tmp_path / f"{len(started)}.log").open("w") as log:
            started.append(start([sys.executable, "-m", *command], environment, stdout=log, stderr=log))

    yield run
    for process in started:
        kill_group(process.pid)
        process.wait()


def ask(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request as the proxy would pass it on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={"Host": HOST, **named})
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait a minute for something to hold."""
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.2)


def is_healthy(port: int) -> bool:
    try:
        return ask(port, "/health/")[0] == 200
    except OSError:
        return False


def test_pages_and_their_static_files_are_served_behind_the_proxy(running: Callable[..., None]) -> None:
    port = free_port()
    running("granian", "config.wsgi:application", "--interface", "wsgi", "--port", str(port), "--no-ws")
    wait_until(lambda: is_healthy(port))

    status, headers, _ = ask(port, "/calculator/")
    assert (status, headers["location"]) == (301, f"https://{HOST}/calculator/")

    status, headers, body = ask(port, "/calculator/", X_Forwarded_Proto="https")
    assert status == 200
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    (style,) = re.findall(r'href="(/static/css/base\.[0-9a-f]{12}\.css)"', body.decode())
    status, headers, _ = ask(port, style, X_Forwarded_Proto="https", Accept_Encoding="gzip")
    assert status == 200
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]


def test_the_worker_takes_what_was_sent_through_redis(
    environment: dict[str, str], running: Callable[..., None]
) -> None:
    def sessions() -> int:
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT count(*) FROM django_session").fetchone()
            return int(row[0]) if row else -1

    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        connection.execute("INSERT INTO django_session VALUES ('old', '', '2022-11-11')")
    assert sessions() == 1
    send = "import config.tasks; config.tasks.forget_logins.delay()"
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", send], cwd=ROOT, env=environment, check=True
    )
    running("celery", "-A", "config", "worker", "--concurrency", "2")
    wait_until(lambda: sessions() == 0)
