"""manage.py sweep_supervision_orders [--dry-run]: what the task of that name does every few minutes."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions import sweeps
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Orders whose date passed without a report are noted as late and told upward."""

    help = "Note the supervision orders whose date passed without a report, and tell both offices."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        late = sweeps.sweep_orders(at=at, dry_run=dry_run)
        yield ngettext(
            "%(n)d supervision order past its date.", "%(n)d supervision orders past their date.", late
        ) % {"n": late}
