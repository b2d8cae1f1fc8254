"""manage.py plan_care_calls [--dry-run]: what `supplies.tasks.plan_care_calls` does every few minutes."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from supplies.actions import caring


class Command(SweepCommand):
    """Plan today's calls to key persons; one a person and date."""

    help = "Plan the calls of today to key persons."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = caring.plan_care_calls(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d call is to be planned.", "%(n)d calls are to be planned.", number) % {
                "n": number
            }
        else:
            yield ngettext("%(n)d call planned.", "%(n)d calls planned.", number) % {"n": number}
