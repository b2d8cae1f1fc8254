"""manage.py tell_residents [--dry-run]: what `cases.tasks.tell_residents` does every minute."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import ngettext

from cases.actions.telling_residents import tell_residents
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Write the messages to the people inside of units that were sealed or opened."""

    help = "Tell the people inside when their unit is sealed, sealed for longer, or open again."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        number = tell_residents(at=at, dry_run=dry_run)
        if dry_run:
            yield ngettext(
                "%(n)d unit was sealed or opened and its residents have not been told.",
                "%(n)d units were sealed or opened and their residents have not been told.",
                number,
            ) % {"n": number}
        else:
            yield ngettext("%(n)d message to a resident.", "%(n)d messages to residents.", number) % {
                "n": number
            }
