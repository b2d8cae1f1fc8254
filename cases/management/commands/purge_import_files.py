"""manage.py purge_import_files [--dry-run]: what `cases.tasks.purge_import_files` does every night."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions import purging
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Delete what was kept only for a few days."""

    help = "Delete the content of old uploads, and the answers kept for repeated API calls."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        purged = purging.purge_import_files(at=at, dry_run=dry_run)
        lists, answers = {"n": purged.lists}, {"n": purged.answers}
        if dry_run:
            yield (
                ngettext(
                    "%(n)d uploaded list is to be emptied.",
                    "%(n)d uploaded lists are to be emptied.",
                    purged.lists,
                )
                % lists
            )
            yield (
                ngettext(
                    "%(n)d stored answer is to be deleted.",
                    "%(n)d stored answers are to be deleted.",
                    purged.answers,
                )
                % answers
            )
            return
        yield ngettext("%(n)d uploaded list emptied.", "%(n)d uploaded lists emptied.", purged.lists) % lists
        yield (
            ngettext("%(n)d stored answer deleted.", "%(n)d stored answers deleted.", purged.answers)
            % answers
        )
