"""manage.py sweep_openings [--dry-run]: what the task `zones.tasks.sweep_openings` does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from zones import actions


class Command(SweepCommand):
    """Log entry and message of each unit that opened; the dates opened it before."""

    help = "Write down the units of high-risk zones that opened, and tell their offices."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        if not dry_run:
            actions.follow_editions(at=at)
        number = actions.sweep_openings(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d unit is due to open.", "%(n)d units are due to open.", number) % {
                "n": number
            }
        else:
            yield ngettext("%(n)d unit opened.", "%(n)d units opened.", number) % {"n": number}
