"""manage.py sweep_complaint_clocks [--dry-run]: what `complaints.tasks.sweep_complaint_clocks` does."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from complaints.actions import stranded, sweeps
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Limits that passed are noted and told; where no complainant spoke in time, the desk has to verify."""

    help = "Note the clocks of complaints that ran out: tell the offices, hand unverified ones to their desk."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        routed = stranded.route_stranded(at=at, dry_run=dry_run)
        over = sweeps.sweep_words_over(at=at, dry_run=dry_run)
        late = sweeps.sweep_late(at=at, dry_run=dry_run)
        gross = sweeps.sweep_grossly_late(at=at, dry_run=dry_run)
        yield ngettext(
            "%(n)d complaint without a desk can be routed now.",
            "%(n)d complaints without a desk can be routed now.",
            routed,
        ) % {"n": routed}
        yield ngettext(
            "%(n)d complaint to be verified by its desk.",
            "%(n)d complaints to be verified by their desks.",
            over,
        ) % {"n": over}
        yield ngettext("%(n)d clock past its limit.", "%(n)d clocks past their limit.", late) % {"n": late}
        yield ngettext(
            "%(n)d clock past its second limit.", "%(n)d clocks past their second limit.", gross
        ) % {"n": gross}
