"""Keeps web, worker and beat running on one machine: starts, watches, restarts and stops the three.

Only the standard library, because this process stays in memory beside them. Nothing is left behind:

- A stop (Ctrl-C, SIGTERM, the terminal closed) asks each to finish, and kills what has not after a while.
- The kernel kills each of them when this process dies, even by `kill -9` (PR_SET_PDEATHSIG).
- Each leads a process group of its own; when one dies, what it had started is killed with its group.
"""

import contextlib
import fcntl
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from script.processes import ROOT, has_ended, kill_group, start

STOPS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
WATCHED = STOPS | {signal.SIGCHLD}
SECONDS_TO_FINISH = 10
SECONDS_TO_GET_READY = 90
LONGEST_PAUSE = 60
STEADY_AFTER = 60
"""A process that ran this long has recovered: its next pause is short again."""
LARGEST_LOG = 20 * 1024 * 1024


class Refused(Exception):
    """A reason not to start, in one line for whoever typed the command."""


class Stopped(Exception):
    """Somebody asked us to stop."""


def say(line: str) -> None:
    """A line to the terminal, if it is still there."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


# -- Before anything starts --------------------------------------------------------------------------------


def prepare_var() -> Path:
    """The data folder, writable; raises Refused where it is not."""
    var = Path(os.environ.get("JIEFENG_VAR") or ROOT / "var").resolve()
    try:
        for folder in (var, var / "log", var / "tmp"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (var / "run.lock").open("a"):
            pass
    except OSError as refusal:
        raise Refused(f"the folder {var} cannot be written: {refusal.strerror}.") from refusal
    return var


def take_lock(var: Path) -> IO[str]:
    """Hold this folder until the process ends; raises Refused when another Jiefeng runs from it."""
    lock = (var / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Refused(f"already running from {var} ({lock.read().strip() or 'starting'}).") from None
    lock.truncate(0)
    return lock


def chosen_port() -> int:
    """`PORT`, or 8000; raises Refused where it is no port."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise Refused(f"PORT={text} is not a port; choose a number from 1 to 65535.")
    return int(text)


def require_free(bind: str, port: int) -> None:
    """Raises Refused when the address cannot be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except PermissionError:
            raise Refused(f"port {port} is reserved for root; choose another: PORT=8001 script/run") from None
        except OSError as taken:
            if taken.errno == 98:
                raise Refused(f"port {port} is taken; choose another: PORT=8001 script/run") from None
            raise Refused(f"{bind} is not an address of this machine (BIND).") from None


# -- Processes ---------------------------------------------------------------------------------------------


def wait_for_signal(seconds: float) -> None:
    """Sleep until a child ends or the time is over; raises Stopped when somebody asks us to stop."""
    info = signal.sigtimedwait(WATCHED, max(seconds, 0))
    if info is not None and info.si_signo in STOPS:
        raise Stopped(signal.Signals(info.si_signo).name)


def run_to_end(command: list[str], env: dict[str, str], **pipes: object) -> subprocess.Popen[str]:
    """Run one step, and stop it when we are stopped."""
    process = start(command, env, **pipes)
    try:
        while not has_ended(process):
            wait_for_signal(1)
    except Stopped:
        kill_group(process.pid)
        process.wait()
        raise
    return process


@dataclass(slots=True)
class Service:
    """One of the three, with its log and what became of it."""

    name: str
    command: list[str]
    log: Path
    env: dict[str, str]
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    pause: float = field(default=1.0)

    def start_if_due(self) -> None:
        """Start it unless it runs or its pause is not over."""
        if self.process is not None or time.monotonic() < self.due_at:
            return
        with self.log.open("ab") as log:
            self.process = start(self.command, self.env, stdout=log, stderr=log)
        self.started_at = time.monotonic()

    def notice_end(self) -> None:
        """When it died, say so and when it will be back; the pauses grow until it stays up."""
        if self.process is None or not has_ended(self.process):
            return
        if time.monotonic() - self.started_at > STEADY_AFTER:
            self.pause = 1.0
        say(
            f"{self.name} stopped ({_how_it_ended(self.process.returncode)}); "
            f"starting it again in {self.pause:.0f} s. Its log: {self.log}"
        )
        self.due_at = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        self.process = None

    def keep_log_small(self) -> None:
        """Move a large log aside; the process goes on writing at the end of the emptied file."""
        with contextlib.suppress(OSError):
            if self.log.stat().st_size > LARGEST_LOG:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)


def _how_it_ended(code: int) -> str:
    if code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


# -- The three ---------------------------------------------------------------------------------------------


def services(bind: str, port: int, var: Path, env: dict[str, str]) -> list[Service]:
    """Web, worker and beat, as the embedded default runs them."""
    python = sys.executable
    commands = {
        "web": [
            *(python, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
            *("--host", bind, "--port", str(port), "--workers", "1", "--blocking-threads", "4"),
            *("--no-ws", "--workers-kill-timeout", "5", "--log-level", "warning"),
        ],
        "worker": [
            *(python, "-m", "celery", "-A", "config", "worker", "--pool", "threads", "--concurrency", "2"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"),
        ],
        "beat": [
            *(python, "-m", "celery", "-A", "config.beat", "beat", "--loglevel", "INFO"),
            *("--pidfile", ""),  # the lock on the var folder guards against a second one
        ],
    }
    return [Service(name, command, var / "log" / f"{name}.log", env) for name, command in commands.items()]


def environment_of_children(var: Path) -> dict[str, str]:
    """Our own environment, with everything temporary inside the data folder."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "JIEFENG_VAR": str(var),
        "JIEFENG_SUPERVISED": "1",
        "TMPDIR": str(var / "tmp"),
        "PYTHONUNBUFFERED": "1",
        # Threads would otherwise each take an arena of memory; the three are to fit on an old office PC.
        "MALLOC_ARENA_MAX": "2",
    }


def prepare_database(env: dict[str, str]) -> str:
    """Migrate and load the demo; returns the accounts to print. Raises Refused when it fails."""
    demo = [] if os.environ.get("JIEFENG_DEMO") != "0" else ["--no-demo"]
    accounts = Path(env["TMPDIR"]) / "accounts.txt"
    with accounts.open("w") as out:
        process = run_to_end([sys.executable, "manage.py", "prepare", *demo], env, stdout=out)
    text = accounts.read_text().rstrip().strip("\n")
    accounts.unlink()
    if process.returncode != 0:
        raise Refused("the database could not be prepared; the lines above say why.")
    return text


def is_ready(bind: str, port: int) -> bool:
    """Whether the web answers that it can work."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(bind, bind)  # noqa: S104  (an address to ask, not to bind)
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/health/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def watch(three: list[Service], on_ready: Callable[[], None], ready: Callable[[], bool]) -> None:
    """Keep the three running until we are stopped; raises Stopped then."""
    began = time.monotonic()
    announced = warned = False
    while True:
        for service in three:
            service.notice_end()
            service.start_if_due()
            service.keep_log_small()
        if not announced and ready():
            announced = True
            on_ready()
        elif not announced and not warned and time.monotonic() - began > SECONDS_TO_GET_READY:
            warned = True
            say(f"The web does not answer yet; its log: {three[0].log}")
        soonest = min((s.due_at for s in three if s.process is None), default=began + 1e9)
        pause = 0.2 if not announced else 30
        wait_for_signal(min(pause, max(soonest - time.monotonic(), 0.05)))


def stop(three: list[Service]) -> None:
    """Ask each to finish, wait, and kill what is left; a second Ctrl-C cuts the wait short."""
    running = [service.process for service in three if service.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + SECONDS_TO_FINISH
    with contextlib.suppress(Stopped):
        while time.monotonic() < until and not all(has_ended(process) for process in running):
            wait_for_signal(0.5)
    for process in running:
        if process.returncode is None:
            kill_group(process.pid)
            process.wait()


def banner(bind: str, port: int, accounts: str, var: Path) -> str:
    """What the terminal shows once the web answers."""
    host = "localhost" if bind in ("127.0.0.1", "0.0.0.0", "::", "::1") else bind  # noqa: S104
    hint = (
        f"Demo accounts 演示账号 (name, password):\n{accounts}"
        if accounts
        else "No accounts yet: .venv/bin/python manage.py createsuperuser"
    )
    return (
        f"\nJiefeng 解封 is running: http://{host}:{port}/\n\n{hint}\n\n"
        f"Data: {var}   Logs: {var / 'log'}   Stop: Ctrl-C\n"
    )


def main() -> int:
    """Run until stopped; 0 after an orderly stop, 1 when there was a reason not to start."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    three: list[Service] = []
    try:
        bind, port = os.environ.get("BIND") or "127.0.0.1", chosen_port()
        var = prepare_var()
        lock = take_lock(var)
        require_free(bind, port)
        lock.write(f"process {os.getpid()}, port {port}")
        lock.flush()
        env = environment_of_children(var)
        accounts = prepare_database(env)
        three = services(bind, port, var, env)
        watch(three, lambda: say(banner(bind, port, accounts, var)), lambda: is_ready(bind, port))
    except Refused as refusal:
        print(f"jiefeng: {refusal}", file=sys.stderr)
        return 1
    except Stopped as reason:
        say(f"Stopping ({reason}) …")
        stop(three)
        say("Stopped; nothing is left running.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
