"""Tests as lines of a work list: each with the row of its episode, ready to be drawn."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from accounts.models import User
from cases.models import NucleicAcidTest
from cases.models.testing import RUNNING
from cases.rows import EpisodeRow, TestCell, episode_rows
from cases.rules import Place
from policy.strip import axis_ahead


@dataclass(frozen=True, slots=True)
class TestLine:
    """One test of one person on a date."""

    __test__ = False  # pytest: not a test class

    row: EpisodeRow
    test: TestCell

    @property
    def pk(self) -> int:
        """Key of the test."""
        return self.test.pk

    @property
    def spot(self) -> str:
        """Where to knock once one stands in the building: unit and door, or the room of the site."""
        values = self.row.values
        if values["place"] == Place.SITE:
            return str(values["room__number"] or "")
        return f"{values['person__unit__name'] or ''} {values['person__door'] or ''}".strip()


def line_of_test(test: NucleicAcidTest, today: dt.date) -> TestLine:
    """The line of one test, its strip on the work list's calendar."""
    row = episode_rows([test.episode_id], today, axis=axis_ahead(today))[0]
    return TestLine(row, next(cell for cell in row.tests if cell.pk == test.pk))


def lines_of_tests(keys: Sequence[tuple[int, int]], rows: Mapping[int, EpisodeRow]) -> list[TestLine]:
    """The lines of (test, episode) keys, in their order, from rows that were read before."""
    cells = {cell.pk: cell for _test, episode in keys for cell in rows[episode].tests}
    return [TestLine(rows[episode], cells[test]) for test, episode in keys]


def counts_of_tests(user: User, today: dt.date) -> dict[str, int]:
    """How many tests wait for a hand: to take today, without result, missed by us. One query.

    Only unanswered tests are read, which a partial index keeps small whatever the history.
    """
    unanswered = NucleicAcidTest.objects.visible_to(user).standing().filter(result="", **RUNNING)
    return unanswered.aggregate(
        samples=Count("pk", filter=Q(planned_on=today, sampled_at=None)),
        results=Count("pk", filter=Q(sampled_at__isnull=False)),
        missed=Count("pk", filter=Q(planned_on__lt=today, sampled_at=None, episode__settled_at=None)),
    )
