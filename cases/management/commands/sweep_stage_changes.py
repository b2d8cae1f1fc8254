"""manage.py sweep_stage_changes [--dry-run]: what `cases.tasks.sweep_stage_changes` does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions import sweeps
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Write down each stage that began, and tell the staff in the morning who goes home."""

    help = "Write down the stages that began, and tell the staff who goes home today."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = sweeps.sweep_stage_changes(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext(
                "%(n)d stage has begun and is not written down yet.",
                "%(n)d stages have begun and are not written down yet.",
                number,
            ) % {"n": number}
        else:
            yield ngettext("%(n)d stage written down.", "%(n)d stages written down.", number) % {"n": number}
