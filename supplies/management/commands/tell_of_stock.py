"""manage.py tell_of_stock [--dry-run]: what the task of that name does once a day for each office."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from supplies.actions import stock_alerts


class Command(SweepCommand):
    """A message to each office that keeps a store in which something is short, or expires."""

    help = "Tell each office, once a day, what is short in its stores and what expires."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = stock_alerts.tell_of_stock(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext("%(n)d office is to be told.", "%(n)d offices are to be told.", number) % {
                "n": number
            }
        else:
            yield ngettext("%(n)d office told.", "%(n)d offices told.", number) % {"n": number}
