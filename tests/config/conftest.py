"""An installation of its own for each test: a var folder, and Django or the supervisor run against it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from script.processes import ROOT
from script.verify import FOREIGN_SETTINGS, PRODUCTION

PATIENCE = 60


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment without what the test run itself has set."""
    inherited = {name: value for name, value in os.environ.items() if name not in FOREIGN_SETTINGS}
    return {**inherited, "PYTHONPATH": str(ROOT), **settings}


@pytest.fixture
def django(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`django("check", DEBUG="1")`: a management command in a process of its own."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        settings.setdefault("JIEFENG_VAR", str(tmp_path / "var"))
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=clean_environment(**settings),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def production() -> dict[str, str]:
    """Everything that a production installation must name."""
    return dict(PRODUCTION)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """A supervisor running on a folder of its own, and everything that it started."""

    var: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    def start(self) -> "Installation":
        """Start and wait until the web answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "script.supervise"],
            cwd=ROOT,
            env=clean_environment(JIEFENG_VAR=str(self.var), PORT=str(self.port), JIEFENG_DEMO="0"),
            stdout=(self.var.parent / "terminal").open("a"),
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.wait_until(lambda: "is running" in self.terminal() or self.process.poll() is not None)
        assert self.process.poll() is None, self.terminal()
        return self

    def terminal(self) -> str:
        """What the user has seen so far."""
        seen = self.var.parent / "terminal"
        return seen.read_text() if seen.exists() else ""

    def answers(self) -> bool:
        """Whether the web says that it can work."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def pid(self) -> int:
        """The supervisor's number."""
        assert self.process is not None
        return self.process.pid

    def child(self, name: str) -> int:
        """The number of web, worker or beat."""
        words = {"web": "granian", "worker": "worker", "beat": "config.beat"}
        found = [
            pid for pid in self.processes() if parent_of(pid) == self.pid() and words[name] in words_of(pid)
        ]
        assert len(found) == 1, f"{name}: {found}"
        return found[0]

    def processes(self) -> list[int]:
        """Every process that has this installation's folder in its environment."""
        mark = f"JIEFENG_VAR={self.var}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to hold; fails with the terminal's text when it never does."""
        until = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < until, self.terminal()
            time.sleep(0.1)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait; the exit code."""
        assert self.process is not None
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


def parent_of(pid: int) -> int:
    """Who started that process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def words_of(pid: int) -> list[str]:
    """Its command line."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database, to be copied: migrating takes longer than starting."""
    var = tmp_path_factory.mktemp("migrated") / "var"
    env = clean_environment(JIEFENG_VAR=str(var))
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    return var


@pytest.fixture
def installation(tmp_path: Path, migrated: Path) -> Iterator[Installation]:
    """A folder to run from; whatever still runs from it afterwards is killed."""
    here = Installation(shutil.copytree(migrated, tmp_path / "var"))
    yield here
    for pid in here.processes():
        os.kill(pid, signal.SIGKILL)
    if here.process is not None:
        here.process.wait(PATIENCE)
