"""manage.py file_asked_lists [--dry-run]: what the task of that name in `complaints.tasks` does."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions import filing_lists
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """File the lists that somebody previewed and asked for."""

    help = (
        "File the lists of complaints that somebody looked at and asked for; goes on for 45 seconds at most."
    )

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        done = filing_lists.file_asked_lists(dry_run=dry_run)
        if dry_run:
            yield (
                ngettext("%(n)d list is to be filed.", "%(n)d lists are to be filed.", done.finished)
                % {"n": done.finished}
            )
            return
        yield ngettext("%(n)d complaint filed.", "%(n)d complaints filed.", done.filed) % {"n": done.filed}
