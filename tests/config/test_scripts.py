"""The shell around it all: what script/run says on a machine that does not fit, and how script/test ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from script import servers, verify
from script.processes import ROOT
from tests.config.conftest import clean_environment

TOOLS = (
    "bash",
    "dirname",
    "cat",
    "cut",
    "sha256sum",
    "head",
    "id",
    "env",
    "mkdir",
    "flock",
    "find",
    "rm",
    "sed",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with nothing but the scripts and the requirements, as a fresh clone has them."""
    for name in ("script", "requirements.txt", "requirements-dev.txt", "constraints.txt"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def path_with(folder: Path, python: str | None) -> str:
    """A PATH on which there are the usual tools and, as python3, a program that says it is that version."""
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    if python is not None:
        fake = folder / "python3"
        fake.write_text(f'#!/bin/bash\n[ "$1" = --version ] && echo "Python {python}" && exit 0\nexit 1\n')
        fake.chmod(0o755)
    return str(folder)


def run_script(checkout: Path, *, path: str | None = None, prefix: tuple[str, ...] = ()) -> tuple[int, str]:
    """Exit code and everything that script/run says."""
    env = clean_environment(**({"PATH": path} if path else {}))
    done = subprocess.run(
        [*prefix, str(checkout / "script" / "run")],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, (done.stdout + done.stderr).strip()


def test_an_old_python_is_one_line_that_names_it(checkout: Path) -> None:
    code, said = run_script(checkout, path=path_with(checkout / "bin", "3.9.2"))
    assert code == 1
    assert said.startswith("jiefeng: Python 3.11 or newer is needed; found python3, Python 3.9.2 (Debian 12")
    assert len(said.splitlines()) == 1


def test_no_python_is_one_line(checkout: Path) -> None:
    code, said = run_script(checkout, path=path_with(checkout / "bin", None))
    assert code == 1
    assert "none was found" in said
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which only root can")
def test_a_folder_of_somebody_else_is_one_line(checkout: Path) -> None:
    for folder in (checkout, *checkout.parents[:-1]):
        if folder.owner() == "root" and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    code, said = run_script(checkout, prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    assert code == 1
    assert said.startswith("jiefeng: the folder")
    assert "cannot be written" in said
    assert len(said.splitlines()) == 1


def test_production_is_not_run_by_the_embedded_script(checkout: Path) -> None:
    done = subprocess.run(
        [str(checkout / "script" / "run")],
        env=clean_environment(JIEFENG_MODE="production"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "deploy/README.md" in done.stderr


# -- script/test --------------------------------------------------------------------------------


def outcome_of(tmp_path: Path, body: str) -> verify.Outcome:
    """Run pytest on a file with that text as a step."""
    (tmp_path / "test_it.py").write_text(body)
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:django",
        "-c",
        os.devnull,
        str(tmp_path / "test_it.py"),
    )
    return verify.run(verify.Step("it", command, tests=True), None, tmp_path)


def test_a_step_counts_its_tests(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "def test_a(): pass\ndef test_b(): assert 0\n")
    assert (outcome.ok, outcome.passed, outcome.failed) == (False, 1, 1)


def test_a_step_in_which_no_test_ran_has_failed(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "import pytest\n@pytest.mark.skip\ndef test_a(): pass\n")
    assert (outcome.ok, outcome.passed, outcome.skipped) == (False, 0, 1)


def test_the_last_line_is_the_totals_alone() -> None:
    step = verify.Step("sqlite", ("true",), tests=True)
    outcomes = [
        verify.Outcome(verify.Step("lint", ("true",)), True, 1.0),
        verify.Outcome(step, True, 2.0, passed=3),
        verify.Outcome(step, False, 2.0, passed=4, failed=2),
    ]
    lines = verify.summary(outcomes).splitlines()
    assert lines[-1] == "7 passed, 2 failed"
    assert lines[-2] == "Failed: sqlite"


def test_a_step_that_fails_without_a_test_counts_as_one_failure() -> None:
    outcomes = [
        verify.Outcome(verify.Step("lint", ("true",)), False, 1.0),
        verify.Outcome(verify.Step("sqlite", ("true",), tests=True), True, 2.0, passed=3),
    ]
    assert verify.summary(outcomes).splitlines()[-2:] == ["Failed: lint", "3 passed, 1 failed"]


def test_the_checks_do_not_see_the_callers_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://the-real-one/")
    monkeypatch.setenv("JIEFENG_MODE", "production")
    env = verify.environment_for(verify.Step("sqlite", ("true",), tests=True), None, tmp_path)
    assert "DATABASE_URL" not in env
    assert "JIEFENG_MODE" not in env


def test_a_missing_server_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    monkeypatch.setattr(servers, "redis_binary", lambda: None)
    monkeypatch.setattr(servers.os, "geteuid", lambda: 1000)
    with pytest.raises(servers.Missing, match=r"apt-get install .*redis-server"):
        servers.require(browser=False)


def test_servers_that_are_named_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgres://there/")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://there/")
    with servers.running() as found:
        assert found == servers.Servers("postgres://there/", "redis://there/")


@pytest.mark.processes
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
def test_servers_that_were_started_go_with_whoever_started_them(tmp_path: Path, by: signal.Signals) -> None:
    program = (
        "import os, pathlib, sys, time;"
        "pathlib.Path(sys.argv[1]).write_text(os.environ['TEST_REDIS_URL']); time.sleep(60)"
    )
    env = clean_environment(MARK=str(tmp_path))
    env.pop("TEST_DATABASE_URL", None)
    env.pop("TEST_REDIS_URL", None)
    starter = subprocess.Popen(
        [sys.executable, "-m", "script.servers", sys.executable, "-c", program, str(tmp_path / "url")],
        cwd=ROOT,
        env=env,
    )
    wait_until(lambda: (tmp_path / "url").exists() and (tmp_path / "url").read_text())
    redis = urlsplit((tmp_path / "url").read_text()).port
    assert redis is not None
    folder = folder_of_postgres(tmp_path)
    assert folder is not None
    assert is_open(redis)
    starter.send_signal(by)
    starter.wait(30)
    wait_until(lambda: folder_of_postgres(tmp_path) is None and not is_open(redis))
    if by == signal.SIGKILL:  # nobody was left to remove it
        shutil.rmtree(folder)
    assert not folder.exists()


def folder_of_postgres(tmp_path: Path) -> Path | None:
    """The folder of a running PostgreSQL that has our mark in its environment."""
    mark = f"MARK={tmp_path}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = mark in (process / "environ").read_bytes().split(b"\0")
            words = (process / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if is_ours and words[0].endswith("/postgres"):
            return Path(words[words.index("-D") + 1]).parent
    return None


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(holds: object) -> None:
    """Wait half a minute for something to hold."""
    assert callable(holds)
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)
