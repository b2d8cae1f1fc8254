"""script/run's supervisor with the real three processes."""

import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from script.processes import ROOT
from tests.config.conftest import Installation, clean_environment, words_of

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's"),
]


def refusal(**settings: str) -> str:
    """What the supervisor says when it does not start, which must be one line and exit code 1."""
    done = subprocess.run(
        [sys.executable, "-m", "script.supervise"],
        cwd=ROOT,
        env=clean_environment(JIEFENG_DEMO="0", **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_starts_the_three_and_a_stop_leaves_no_process_behind(
    installation: Installation, by: signal.Signals
) -> None:
    installation.start()
    assert installation.answers()
    assert f"http://localhost:{installation.port}/" in installation.terminal()
    assert len({installation.child(name) for name in ("web", "worker", "beat")}) == 3
    assert installation.stop(by) == 0
    assert installation.processes() == []


def test_whichever_dies_is_started_again_and_the_terminal_says_so(installation: Installation) -> None:
    installation.start()
    for name in ("web", "worker", "beat"):
        killed = installation.child(name)
        os.kill(killed, signal.SIGKILL)
        installation.wait_until(lambda name=name: f"{name} stopped (SIGKILL)" in installation.terminal())
        installation.wait_until(
            lambda name=name, killed=killed: any(
                pid != killed
                and {"web": "granian", "worker": "worker", "beat": "config.beat"}[name] in words_of(pid)
                for pid in installation.processes()
            )
        )
    installation.wait_until(installation.answers)
    assert installation.stop() == 0
    assert installation.processes() == []


def test_granians_own_worker_can_die_too(installation: Installation) -> None:
    installation.start()
    web = installation.child("web")
    (serving,) = [int(pid) for pid in Path(f"/proc/{web}/task/{web}/children").read_text().split()]
    os.kill(serving, signal.SIGKILL)
    installation.wait_until(lambda: "web stopped" in installation.terminal())
    installation.wait_until(installation.answers)


def test_a_killed_supervisor_takes_everything_with_it(installation: Installation) -> None:
    installation.start()
    assert len(installation.processes()) >= 5
    os.kill(installation.pid(), signal.SIGKILL)
    assert installation.process is not None
    installation.process.wait()
    until = time.monotonic() + 5
    while installation.processes() and time.monotonic() < until:
        time.sleep(0.1)
    assert installation.processes() == []


def test_closing_the_terminal_leaves_no_process_behind(installation: Installation) -> None:
    supervisor, terminal = pty.fork()
    if supervisor == 0:
        env = clean_environment(
            JIEFENG_VAR=str(installation.var), PORT=str(installation.port), JIEFENG_DEMO="0"
        )
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, "-m", "script.supervise"], env)
    installation.wait_until(installation.answers)
    assert len(installation.processes()) >= 5
    os.close(terminal)
    os.waitpid(supervisor, 0)
    assert installation.processes() == []


def test_it_starts_again_on_what_it_left(installation: Installation) -> None:
    installation.start()
    keys = (installation.var / "keys.json").read_text()
    os.kill(installation.pid(), signal.SIGKILL)
    assert installation.process is not None
    installation.process.wait()
    (installation.var.parent / "terminal").write_text("")
    installation.start()
    assert installation.answers()
    assert (installation.var / "keys.json").read_text() == keys


def test_a_second_one_in_the_same_folder_is_refused_in_one_line(installation: Installation) -> None:
    installation.start()
    line = refusal(JIEFENG_VAR=str(installation.var))
    assert "already running" in line
    assert str(installation.port) in line
    assert installation.answers()


def test_a_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refusal(JIEFENG_VAR=str(tmp_path / "var"), PORT=str(port))
    assert f"port {port} is taken" in line
    assert "PORT=" in line


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_a_port_that_is_none_is_one_line(tmp_path: Path, port: str) -> None:
    assert f"PORT={port} is not a port" in refusal(JIEFENG_VAR=str(tmp_path / "var"), PORT=port)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refusal(JIEFENG_VAR=str(tmp_path / "file" / "var"))
    assert "cannot be written" in line
