"""manage.py sweep_late_needs [--dry-run]: what the task of that name does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from supplies.actions import sweeps


class Command(SweepCommand):
    """Event and message for each need whose limit has passed; the limit made it late before."""

    help = "Note the needs that are past their limit, and tell their office and the one above."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = sweeps.sweep_late_needs(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d need is past its limit.", "%(n)d needs are past their limit.", number) % {
                "n": number
            }
        else:
            yield ngettext("%(n)d need noted as late.", "%(n)d needs noted as late.", number) % {"n": number}
