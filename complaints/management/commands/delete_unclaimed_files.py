"""manage.py delete_unclaimed_files [--dry-run]: what the task of that name in `complaints.tasks` does."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions import attaching
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Delete what was sent with forms that nobody filed."""

    help = "Delete files of complaint forms that nobody filed within a day."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        found = attaching.delete_unclaimed_files(at=at, dry_run=dry_run)
        if dry_run:
            yield (
                ngettext(
                    "%(n)d unfiled file is to be deleted.", "%(n)d unfiled files are to be deleted.", found
                )
                % {"n": found}
            )
            return
        yield ngettext("%(n)d unfiled file deleted.", "%(n)d unfiled files deleted.", found) % {"n": found}
