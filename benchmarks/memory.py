"""How much memory the embedded default takes: `python -m benchmarks.memory`.

Starts script/run's supervisor on a folder of its own with the demo town, asks for pages, lets the sweeps
run once, and prints what each process holds. The goal is 400 MB for web, worker and beat together.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from script.processes import ROOT

GOAL = 400
PAGES = ("/login/", "/calculator/", "/policy/", "/admin/login/", "/api/v1/schema/", "/health/")
SECONDS_FOR_SWEEPS = 70
KINDS = {"granian": "web", "worker": "worker", "config.beat": "beat"}


def main() -> int:
    """Print a line per process and the sum; 1 when the sum is over the goal."""
    with tempfile.TemporaryDirectory(prefix="jiefeng-memory-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        env = {**os.environ, "JIEFENG_VAR": f"{folder}/var", "PORT": str(port), "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            [sys.executable, "-m", "script.supervise"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL
        ) as supervisor:
            try:
                _use(port)
                return _report(supervisor.pid)
            finally:
                supervisor.send_signal(signal.SIGTERM)


def _use(port: int) -> None:
    until = time.monotonic() + 120
    while not _ask(port, "/health/"):
        if time.monotonic() > until:
            raise SystemExit("the web did not start")
        time.sleep(0.5)
    for _ in range(20):
        for page in PAGES:
            _ask(port, page)
    time.sleep(SECONDS_FOR_SWEEPS)


def _ask(port: int, page: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=20) as answer:
            return bool(answer.read())
    except OSError:
        return False


def _report(supervisor: int) -> int:
    total = 0.0
    print(f"{'process':<22}{'resident':>10}{'shared out':>12}")
    for pid, name in _below(supervisor):
        resident, proportional = _megabytes(pid)
        total += resident
        print(f"{name:<22}{resident:>7.0f} MB{proportional:>9.0f} MB")
    resident, _ = _megabytes(supervisor)
    print(f"{'the three together':<22}{total:>7.0f} MB   of {GOAL} MB = {total / GOAL:.2f}")
    print(f"{'(supervisor)':<22}{resident:>7.0f} MB")
    return 0 if total <= GOAL else 1


def _below(parent: int) -> list[tuple[int, str]]:
    found = []
    for task in Path(f"/proc/{parent}/task").iterdir():
        for child in (task / "children").read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            kind = next((name for word, name in KINDS.items() if word in words), words[0])
            found += [(int(child), kind), *((pid, f"{kind}, its child") for pid, _ in _below(int(child)))]
    return found


def _megabytes(pid: int) -> tuple[float, float]:
    """Resident memory, and what is the process's own when shared pages are divided among their users."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    sizes = {row.split(":")[0]: int(row.split()[1]) / 1024 for row in rows[1:]}
    return sizes["Rss"], sizes["Pss"]


if __name__ == "__main__":
    sys.exit(main())
