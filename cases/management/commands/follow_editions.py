"""manage.py follow_editions [--dry-run]: what the task `cases.tasks.follow_editions` does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions import editions
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Plan open episodes anew under the edition in force; nobody's end moves later."""

    help = "Plan the open episodes anew that stand under another edition than the one in force."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = editions.follow_editions(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext(
                "%(n)d episode stands under an earlier edition.",
                "%(n)d episodes stand under an earlier edition.",
                number,
            ) % {"n": number}
        else:
            yield ngettext("%(n)d episode planned anew.", "%(n)d episodes planned anew.", number) % {
                "n": number
            }
