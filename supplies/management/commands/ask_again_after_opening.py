"""manage.py ask_again_after_opening [--dry-run]: what the task of that name does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from supplies.actions import sweeps


class Command(SweepCommand):
    """Ask whoever lives behind an opened door whether what they asked for is still wanted."""

    help = "Ask the people of opened units whether what they asked for is still wanted; nothing is closed."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = sweeps.ask_again_after_opening(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d need to ask about.", "%(n)d needs to ask about.", number) % {"n": number}
        else:
            yield ngettext("%(n)d need asked about.", "%(n)d needs asked about.", number) % {"n": number}
