"""What script/test does once the environment stands: every check in turn, then one table and the totals.

A failed step does not stop the others. The exit code is 0 only when every step passed, and a step of tests
in which no test ran has failed. Servers that were started are stopped however this ends.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from script.processes import has_ended, kill_group, start
from script.servers import Missing, Servers, chromium_binary, require, running

PYTHON = sys.executable
BIN = Path(sys.executable).parent
APPS = ("config", "desk", "complaints", "supplies", "cases", "zones", "notices", "accounts", "policy")
CODE = (*APPS, "script", "tests", "benchmarks", "manage.py")
FOREIGN_SETTINGS = (
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "INDEX_KEY", "ALLOWED_HOSTS", "EMAIL_URL"),
    *("CSRF_TRUSTED_ORIGINS", "TRUSTED_PROXIES", "DEBUG", "LOG_LEVEL", "LOG_JSON", "PORT", "BIND"),
    *("JIEFENG_MODE", "JIEFENG_VAR", "JIEFENG_DEMO", "DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS"),
    *("REMINDER_EVENING", "REMINDER_MORNING"),
)
"""What the caller may have set for an installation of theirs: the checks run without it."""

PRODUCTION = {
    "JIEFENG_MODE": "production",
    "DATABASE_URL": "postgres://jiefeng@localhost/jiefeng",
    "REDIS_URL": "redis://localhost/0",
    "SECRET_KEY": "a-secret-key-for-the-check-alone-0123456789-ABCDEFGHIJ-abcdefghij",
    "FIELD_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "INDEX_KEY": "an-index-key-for-the-check-alone-0123456789",
    "ALLOWED_HOSTS": "jiefeng.example",
}
SECONDS_TO_STOP = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command, what it adds to the environment, and whether it is pytest."""

    name: str
    command: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    tests: bool = False
    needs_servers: bool = False


@dataclass(slots=True)
class Outcome:
    """How a step ended."""

    step: Step
    ok: bool
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


class Stopped(BaseException):
    """A signal asked us to stop; a BaseException so that nothing on the way takes it for a failure."""


def _pytest(*arguments: str) -> tuple[str, ...]:
    return (PYTHON, "-m", "pytest", "-q", *arguments)


def static_steps() -> list[Step]:
    """The checks that run no test."""
    code = tuple(name for name in CODE if Path(name).exists())
    manage = (PYTHON, "manage.py")
    return [
        Step("lint", (str(BIN / "ruff"), "check", *code)),
        Step("format", (str(BIN / "ruff"), "format", "--check", *code)),
        Step("types", (str(BIN / "mypy"), *APPS, "script")),
        Step("floors", (str(BIN / "lint-imports"), "--no-cache")),
        Step("migrations", (*manage, "makemigrations", "--check", "--dry-run")),
        Step("translations", (PYTHON, "-m", "script.messages", "check")),
        Step("deployment", (*manage, "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION),
        Step("schema", (*manage, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)),
    ]


def test_steps() -> list[Step]:
    """The tests: the whole suite on each database, the processes and the browser once."""
    quick = "not e2e and not processes"
    on_sqlite = _pytest("-n", "2", "-m", f"{quick} and not postgres and not redis")
    return [
        Step("quick", (*on_sqlite, *(f"--ignore=tests/{path}" for path in SLOW)), tests=True),
        Step("sqlite", on_sqlite, tests=True),
        Step("postgresql", _pytest("-n", "2", "-m", f"{quick} and not once"), tests=True, needs_servers=True),
        Step("processes", _pytest("-m", "processes"), tests=True, needs_servers=True),
        Step("browser", _pytest("-m", "e2e"), tests=True, needs_servers=True),
    ]


FAST = ("lint", "format", "quick")
SLOW = (
    *("admin", "api", "complaints", "config", "desk", "properties", "scope", "supplies"),
    *("cases/test_compound_pages.py", "cases/test_import_pages.py", "zones/test_risk_pages.py"),
)
"""Tests that go through the whole product or draw large pages, and take most of the time: not in --fast."""


def environment_for(step: Step, servers: Servers | None, var: Path) -> dict[str, str]:
    """The caller's environment without installation settings, with the servers that the step uses."""
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN_SETTINGS}
    env |= {"PYTHONUNBUFFERED": "1", "PYTHONPATH": str(Path.cwd())}
    if not step.tests:
        env["JIEFENG_VAR"] = str(var)
    if servers is not None and step.needs_servers:
        env |= {"TEST_DATABASE_URL": servers.database_url, "TEST_REDIS_URL": servers.redis_url}
        env["REQUIRE_SERVERS"] = "1"
        if step.name in ("postgresql", "browser"):
            env |= {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
    if browser := chromium_binary():
        env["CHROMIUM"] = browser
    return env | step.env


def run(step: Step, servers: Servers | None, scratch: Path) -> Outcome:
    """Run one step to its end, its output going to ours."""
    print(f"\n── {step.name} ".ljust(78, "─"), flush=True)
    report = scratch / f"{step.name}.xml"
    command = [*step.command, *([f"--junitxml={report}"] if step.tests else [])]
    began = time.monotonic()
    process = start(command, environment_for(step, servers, scratch / "var"))
    try:
        process.wait()
    except Stopped:
        _stop(process)
        raise
    outcome = Outcome(step, process.returncode == 0, time.monotonic() - began)
    kill_group(process.pid)
    if step.tests:
        _count(outcome, report)
    return outcome


def _stop(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    until = time.monotonic() + SECONDS_TO_STOP
    while not has_ended(process) and time.monotonic() < until:
        time.sleep(0.1)
    kill_group(process.pid)


def _count(outcome: Outcome, report: Path) -> None:
    """Take the figures from pytest's report; without one, or without a test, the step has failed."""
    with contextlib.suppress(OSError, ET.ParseError):
        for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314  (pytest wrote it)
            total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            outcome.failed += failed
            outcome.skipped += skipped
            outcome.passed += total - failed - skipped
    outcome.ok = outcome.ok and outcome.passed > 0


def summary(outcomes: Sequence[Outcome]) -> str:
    """A line per step, then the totals alone on the last line."""
    lines = ["", "─" * 78]
    for outcome in outcomes:
        counts = f"{outcome.passed} passed, {outcome.failed} failed" if outcome.step.tests else ""
        counts += f", {outcome.skipped} skipped" if outcome.skipped else ""
        word = "ok" if outcome.ok else "FAILED"
        lines.append(f"{outcome.step.name:<14}{outcome.seconds:>7.1f} s  {word:<8}{counts}".rstrip())
    broken = [outcome.step.name for outcome in outcomes if not outcome.ok]
    lines.append("Failed: " + ", ".join(broken) if broken else "Every step passed.")
    # A failed step without a failed test (lint, a crash, no test at all) counts as one failure.
    failed = sum(outcome.failed or int(not outcome.ok) for outcome in outcomes)
    lines.append(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed")
    return "\n".join(lines)


def chosen_steps() -> list[Step]:
    """The steps that the arguments ask for; exits after `--list` and on an unknown name."""
    parser = argparse.ArgumentParser(prog="script/test", description=__doc__)
    parser.add_argument("--fast", action="store_true", help=f"only {', '.join(FAST)}: under a minute")
    parser.add_argument("--list", action="store_true", help="name the steps")
    parser.add_argument("steps", nargs="*", metavar="STEP", help="only these")
    arguments = parser.parse_args()
    steps = [*static_steps(), *test_steps()]
    names = [step.name for step in steps]
    if arguments.list:
        print("\n".join(names))
        sys.exit(0)
    if unknown := set(arguments.steps) - set(names):
        parser.error(f"no step {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    wanted = arguments.steps or (FAST if arguments.fast else [name for name in names if name != "quick"])
    return [step for step in steps if step.name in wanted]


def _raise_stopped(number: int, _frame: FrameType | None) -> None:
    raise Stopped(signal.Signals(number).name)


def run_all(steps: Sequence[Step]) -> list[Outcome]:
    """Every step in turn, with the servers up while one of them needs them."""
    with tempfile.TemporaryDirectory(prefix="jiefeng-verify-") as scratch, contextlib.ExitStack() as stack:
        servers = None
        if any(step.needs_servers for step in steps):
            require(browser=any(step.name == "browser" for step in steps))
            servers = stack.enter_context(running())
        return [run(step, servers, Path(scratch)) for step in steps]


def main() -> int:
    """0 when every step passed, 1 when one failed or a server is missing, 130 when stopped."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    steps = chosen_steps()
    try:
        outcomes = run_all(steps)
    except (Missing, RuntimeError) as trouble:
        print(f"{trouble}\n0 passed, 1 failed")
        return 1
    except Stopped as reason:
        print(f"Stopped ({reason}).", file=sys.stderr)
        return 130
    print(summary(outcomes), flush=True)
    return 0 if all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
