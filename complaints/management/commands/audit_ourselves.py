"""manage.py audit_ourselves [--dry-run]: what the task `complaints.tasks.audit_ourselves` does once a day."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, ngettext

from complaints.actions import auditing
from complaints.rules.auditing import FINDINGS, FindingKind
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Compares everything that restricts with the rule; whatever goes beyond is filed as a complaint."""

    help = "File whatever restricts longer, wider or more than its rule as a lead against ourselves."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        done = auditing.audit_ourselves(at=at, dry_run=dry_run)
        for kind, number in sorted(done.found.items()):
            yield gettext("%(finding)s: %(n)d") % {"finding": FINDINGS[FindingKind(kind)], "n": number}
        if dry_run:
            yield ngettext("%(n)d lead would be filed.", "%(n)d leads would be filed.", done.filed) % {
                "n": done.filed
            }
        else:
            yield ngettext("%(n)d lead filed.", "%(n)d leads filed.", done.filed) % {"n": done.filed}
