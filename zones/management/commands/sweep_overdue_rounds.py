"""manage.py sweep_overdue_rounds [--dry-run]: what the task of that name does every few minutes."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from zones import actions


class Command(SweepCommand):
    """Only editions with a gate know overdue units."""

    help = (
        "Name the units that their gate keeps sealed past their date, and tell the office and the one above."
    )

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = actions.sweep_overdue_rounds(at=at, dry_run=dry_run)
        yield ngettext("%(n)d unit is newly overdue.", "%(n)d units are newly overdue.", number) % {
            "n": number
        }
