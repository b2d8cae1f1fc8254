"""manage.py propose_namings [--dry-run]: what the task `complaints.tasks.propose_namings` does every hour."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions import proposing
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Proposes drafts; two people approve them before anything is published."""

    help = "Propose offices for public naming: the same again, many in a short time, orders not answered."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = proposing.propose_namings(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d naming would be proposed.", "%(n)d namings would be proposed.", number) % {
                "n": number
            }
        else:
            yield ngettext("%(n)d naming proposed.", "%(n)d namings proposed.", number) % {"n": number}
