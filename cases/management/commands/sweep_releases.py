"""manage.py sweep_releases [--dry-run]: what the task `cases.tasks.sweep_releases` does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions import sweeps
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Log entry, health code and message of each release that is due; the dates freed the people before."""

    help = "Do what belongs to the releases that are due: log entry, health code, message."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = sweeps.sweep_releases(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d release is due.", "%(n)d releases are due.", number) % {"n": number}
        else:
            yield ngettext("%(n)d person released.", "%(n)d people released.", number) % {"n": number}
