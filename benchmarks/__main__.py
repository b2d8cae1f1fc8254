"""`python -m benchmarks`: every measurement, as a ratio to the least that the database must do.

PostgreSQL comes from `TEST_DATABASE_URL`, else it is started in a temporary folder and stopped again.
"""

import argparse
import datetime as dt
import importlib
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from script.servers import Missing, require, running

SUITES = ("sweeps", "openings", "imports", "lists", "public", "complaints", "supplies")
SMALL = 20


def main() -> int:
    """Fill the city, run the suites, print a line for each; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: all")
    parser.add_argument(
        "--small", action="store_true", help="a twentieth of the rows, no goals: does it run?"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.suites) - set(SUITES):
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    try:
        require(browser=False)
        with running() as servers, tempfile.TemporaryDirectory(prefix="jiefeng-benchmark-") as var:
            _set_up(servers.database_url, Path(var))
            return _run(arguments.suites or SUITES, SMALL if arguments.small else 1)
    except (Missing, RuntimeError) as trouble:
        print(trouble, file=sys.stderr)
        return 2


def _set_up(database_url: str, var: Path) -> None:
    """Django on that server, with the channels on, so that their rows are written in full."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "JIEFENG_MODE": "embedded",
        "JIEFENG_VAR": str(var),
        "SMS_URL": "http://sms.invalid/",
        "HEALTH_CODE_URL": "http://code.invalid/",
        "HEALTH_CODE_SECRET": "only-for-the-benchmark",
        "LOG_LEVEL": "WARNING",
    }
    importlib.import_module("django").setup()


def _run(suites: list[str], divisor: int) -> int:
    from benchmarks import databases
    from benchmarks.city import Size, fill

    size = Size(running=50_000 // divisor, due=20_000 // divisor, over=30_000 // divisor)
    today = dt.datetime.now(tz=dt.timezone(dt.timedelta(hours=8))).date()
    missed = 0
    with databases.base():
        began = time.perf_counter()
        city = fill(size, today=today)
        people = size.running + size.due + size.over
        print(f"a city of {people} episodes, filled in {time.perf_counter() - began:.0f} s", flush=True)
        for name in suites:
            for measured in importlib.import_module(f"benchmarks.{name}").run(city):
                comparison = measured if divisor == 1 else replace(measured, goal=None)
                print(comparison, flush=True)
                missed += not comparison.is_met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
