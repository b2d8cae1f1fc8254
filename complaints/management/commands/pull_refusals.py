"""manage.py pull_refusals [--dry-run]: what `complaints.tasks.pull_refusals` does every few minutes."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions.refusals import pull_refusals
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Files the refusals of hospitals as leads; each once."""

    help = "File as leads that hospitals refused people behind a closed door."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = pull_refusals(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d refusal is no lead yet.", "%(n)d refusals are no leads yet.", number) % {
                "n": number
            }
        else:
            yield ngettext("%(n)d refusal filed as a lead.", "%(n)d refusals filed as leads.", number) % {
                "n": number
            }
