"""manage.py sweep_overdue_tests [--dry-run]: what `cases.tasks.sweep_overdue_tests` does by itself."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions import sweeps
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Note the tests that nobody came to take; they delay nobody's release."""

    help = "Note the tests that nobody came to take on their day, and tell the staff."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = sweeps.sweep_overdue_tests(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext(
                "%(n)d test was missed and is not noted yet.",
                "%(n)d tests were missed and are not noted yet.",
                number,
            ) % {"n": number}
        else:
            yield ngettext("%(n)d missed test noted.", "%(n)d missed tests noted.", number) % {"n": number}
