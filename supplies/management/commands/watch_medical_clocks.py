"""manage.py watch_medical_clocks [--dry-run]: what the task of that name does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from policy.management.sweeping import SweepCommand
from supplies.actions.medical_clocks import watch_medical_clocks


class Command(SweepCommand):
    """Tell of the medical needs whose next step is overdue."""

    help = "Tell the offices of medical needs whose next step is overdue."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = watch_medical_clocks(at=at, dry_run=dry_run)
        yield ngettext(
            "%(n)d medical need is past its clock.", "%(n)d medical needs are past their clocks.", number
        ) % {"n": number}
