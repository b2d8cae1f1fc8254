"""The servers that the tests need, started in temporary folders and stopped with whoever asked for them.

In this order: `TEST_DATABASE_URL` / `TEST_REDIS_URL`; binaries on disk; as root Debian's packages; else a
sentence that says what to install. Also for a command of your own, such as a benchmark:

    .venv/bin/python -m script.servers .venv/bin/python benchmarks/release.py
"""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from script.processes import ROOT, has_ended, kill_group, start

ATTEMPTS = 3
SECONDS_TO_START = 60
SECONDS_TO_STOP = 20
PACKAGES = {
    "PostgreSQL": "postgresql",
    "Redis": "redis-server",
    "Chromium": "chromium",
    "a Chinese font": "fonts-noto-cjk",
}


class Missing(Exception):
    """A server that is neither named, nor installed, nor ours to install; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the tests find their servers."""

    database_url: str
    redis_url: str


# -- What is on this machine ---------------------------------------------------------------------------------


def postgres_binaries() -> Path | None:
    """The folder of the newest PostgreSQL server on this machine."""

    def version(folder: Path) -> list[int]:
        return [int(part) for part in folder.parent.name.split(".") if part.isdecimal()]

    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=version, reverse=True)
    on_path = shutil.which("postgres")
    folders += [Path(on_path).resolve().parent] if on_path else []
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


def redis_binary() -> str | None:
    """The Redis (or Valkey) server on this machine."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


def chromium_binary() -> str | None:
    """The browser: `CHROMIUM`, or Chromium on this machine."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


def has_chinese_font() -> bool:
    """Whether a page in Chinese shows characters and not boxes."""
    lister = shutil.which("fc-list")
    if lister is None:
        return any(Path("/usr/share/fonts").rglob("*CJK*"))
    return bool(subprocess.run([lister, ":lang=zh"], capture_output=True, check=False).stdout.strip())


def require(*, browser: bool) -> None:
    """Have everything at hand; installs Debian's packages as root. Raises Missing otherwise."""
    lacking = _lacking(browser=browser)
    if not lacking:
        return
    packages = " ".join(PACKAGES[name] for name in lacking)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {packages}", flush=True)
        command = f". script/environment && apt_install {packages}"
        subprocess.run(["bash", "-c", command], cwd=ROOT, check=False)
        lacking = _lacking(browser=browser)
    if lacking:
        raise Missing(
            f"The tests need {', '.join(lacking)}. As root: apt-get install {packages} "
            "(or name running servers in TEST_DATABASE_URL and TEST_REDIS_URL)."
        )


def _lacking(*, browser: bool) -> list[str]:
    there: dict[str, Callable[[], object]] = {
        "PostgreSQL": lambda: os.environ.get("TEST_DATABASE_URL") or postgres_binaries(),
        "Redis": lambda: os.environ.get("TEST_REDIS_URL") or redis_binary(),
    }
    if browser:
        there |= {"Chromium": chromium_binary, "a Chinese font": has_chinese_font}
    return [name for name, find in there.items() if not find()]


# -- Starting and stopping -----------------------------------------------------------------------------------


@contextlib.contextmanager
def running() -> Iterator[Servers]:
    """PostgreSQL and Redis, named or started; what was started is stopped and its folder removed.

    Raises Missing when one is not on this machine, RuntimeError when one does not start.
    """
    with contextlib.ExitStack() as stack:
        database = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(_postgres())
        redis = os.environ.get("TEST_REDIS_URL") or stack.enter_context(_redis())
        yield Servers(database, redis)


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    binaries = postgres_binaries()
    if binaries is None:
        raise Missing("PostgreSQL is not installed: apt-get install postgresql")
    user = _unprivileged_user()
    with _folder(user) as folder:
        password = secrets.token_hex(16)
        _make_cluster(binaries, folder, password, user)
        process, port = _on_a_free_port(
            lambda port: [*_as(user), str(binaries / "postgres"), *_postgres_arguments(folder, port)],
            folder / "postgres.log",
            lambda port: _postgres_answers(binaries, port),
        )
        try:
            yield f"postgres://jiefeng:{password}@127.0.0.1:{port}/postgres"
        finally:
            _stop(process, signal.SIGINT)  # "fast": it does not wait for those who are connected


def _unprivileged_user() -> str | None:
    """Who PostgreSQL runs as when we are root, which it refuses to be."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Missing("PostgreSQL does not run as root, and there is no user postgres or nobody.")


def _as(user: str | None) -> list[str]:
    if user is None:
        return []
    group = str(pwd.getpwnam(user).pw_gid)
    # The kernel forgets the death signal when the user changes, so setpriv sets it anew.
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", "--pdeathsig", "QUIT"]


@contextlib.contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    # /tmp and not $TMPDIR when another user has to get in.
    folder = Path(tempfile.mkdtemp(prefix="jiefeng-pg-", dir="/tmp" if user else None))  # noqa: S108
    try:
        if user:
            shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_cluster(binaries: Path, folder: Path, password: str, user: str | None) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if user:
        shutil.chown(secret, user)
    done = subprocess.run(
        [
            *(*_as(user), str(binaries / "initdb"), "--pgdata", str(folder / "data")),
            *("--username", "jiefeng", "--pwfile", str(secret), "--auth", "password"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")


def _postgres_arguments(folder: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        # A test database need not survive a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "128MB",
        "max_connections": 100,
        "timezone": "UTC",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ["-D", str(folder / "data"), *options]


def _postgres_answers(binaries: Path, port: int) -> bool:
    ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(ready, check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def _redis() -> Iterator[str]:
    binary = redis_binary()
    if binary is None:
        raise Missing("Redis is not installed: apt-get install redis-server")
    with _folder(None) as folder:
        process, port = _on_a_free_port(
            lambda port: [
                *(binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no"),
            ],
            folder / "redis.log",
            _redis_answers,
        )
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            _stop(process, signal.SIGTERM)


def _redis_answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as there:
        there.sendall(b"PING\r\n")
        return there.recv(16).startswith(b"+PONG")
    return False


def _on_a_free_port(
    command: Callable[[int], list[str]], log: Path, answers: Callable[[int], bool]
) -> tuple[subprocess.Popen[str], int]:
    """Start a server; somebody else may take the port between the look and the start, so try again."""
    for _ in range(ATTEMPTS):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with log.open("ab") as out:
            process = start(command(port), dict(os.environ), stdout=out, stderr=out)
        until = time.monotonic() + SECONDS_TO_START
        while not has_ended(process) and time.monotonic() < until:
            if answers(port):
                return process, port
            time.sleep(0.05)
        _stop(process, signal.SIGTERM)
    raise RuntimeError(f"The server did not start: {log.read_text(errors='replace').strip()[-2000:]}")


def _stop(process: subprocess.Popen[str], politely: signal.Signals) -> None:
    if has_ended(process):
        return
    process.send_signal(politely)
    until = time.monotonic() + SECONDS_TO_STOP
    while not has_ended(process) and time.monotonic() < until:
        time.sleep(0.05)
    if not has_ended(process):
        kill_group(process.pid)
        process.wait()


def main() -> int:
    """Run the command that the arguments are, with the servers named in its environment."""
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        require(browser=False)
        with running() as servers:
            env = {
                **os.environ,
                "TEST_DATABASE_URL": servers.database_url,
                "TEST_REDIS_URL": servers.redis_url,
            }
            return subprocess.run(sys.argv[1:], env=env, check=False).returncode
    except (Missing, RuntimeError) as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
