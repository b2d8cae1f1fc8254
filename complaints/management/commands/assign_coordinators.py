"""manage.py assign_coordinators [--dry-run]: what `complaints.tasks.assign_coordinators` does."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions import sweeps
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Urgent complaints that nobody coordinates go to whoever is on duty at their office."""

    help = "Give urgent complaints without a coordinator to whoever is on duty at their office."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = sweeps.assign_coordinators(at=at, dry_run=dry_run)
        yield ngettext(
            "%(n)d urgent complaint without a coordinator while somebody is on duty.",
            "%(n)d urgent complaints without a coordinator while somebody is on duty.",
            number,
        ) % {"n": number}
