"""One measurement: what ours takes, beside the least that the database must do for the same rows."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

Work = Callable[[], object]
RUNS = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of the best run of each; `goal` is the greatest ratio that is good enough, if one is set."""

    name: str
    ours: float
    floor: float
    queries: int
    goal: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the floor ours takes."""
        return self.ours / self.floor

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached; also when none is set."""
        return self.goal is None or self.ratio <= self.goal

    def __str__(self) -> str:
        goal = "" if self.goal is None else f"  goal ≤ {self.goal:g}: {'met' if self.is_met else 'MISSED'}"
        return (
            f"{self.name:<58}{self.ours * 1000:>10.1f} ms{self.floor * 1000:>10.1f} ms"
            f"{self.ratio:>8.2f} ×{self.queries:>6} queries{goal}"
        )


def compare(
    name: str,
    ours: Work,
    floor: Work,
    *,
    goal: float | None = None,
    before: Work | None = None,
    same: Callable[[object, object], None] | None = None,
    runs: int = RUNS,
) -> Comparison:
    """Run both by turns, so often, and take the best of each: what the machine did besides only adds.

    `before` brings the database into the same state for every single run (`databases.fresh`), and is not
    counted. `same` is called with the results of the first two runs, and raises AssertionError when they did
    not do the same work. The queries of ours are counted in a run of their own.
    """
    seconds: dict[Work, list[float]] = {ours: [], floor: []}
    results: dict[Work, object] = {}
    for turn in range(runs):
        for work in (ours, floor) if turn % 2 else (floor, ours):
            taken, result = _timed(work, before)
            seconds[work].append(taken)
            results.setdefault(work, result)
    if same:
        same(results[ours], results[floor])
    return Comparison(name, min(seconds[ours]), min(seconds[floor]), _queries(ours, before), goal)


def _timed(work: Work, before: Work | None) -> tuple[float, object]:
    if before:
        before()
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _queries(work: Work, before: Work | None) -> int:
    if before:
        before()
    reset_queries()
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)
