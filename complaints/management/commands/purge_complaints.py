"""manage.py purge_complaints [--dry-run]: what `complaints.tasks.purge_complaints` does every night."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext, ngettext

from complaints.actions import purging
from policy.management.sweeping import SweepCommand


class Command(SweepCommand):
    """Destroy the personal data of complaints that ended long ago."""

    help = "Tell counties a week before, then destroy the personal data of complaints that ended long ago."

    def sweep(self, *, at: dt.datetime, dry_run: bool, **options: Any) -> Iterator[str]:
        announced = purging.announce(at=at, dry_run=dry_run)
        destroyed = purging.purge_complaints(at=at, dry_run=dry_run)
        lists = purging.empty_lists(at=at, dry_run=dry_run)
        for due, done, count in (
            (_announce_due(announced), _announced(announced), announced),
            (_purge_due(destroyed.complaints), _purged(destroyed.complaints), destroyed.complaints),
            (_lists_due(lists), _lists_emptied(lists), lists),
        ):
            yield (due if dry_run else done) % {"n": count}
        if destroyed.complaints and not dry_run:
            yield _destroyed() % asdict(destroyed)


def _destroyed() -> str:
    return gettext(
        "Destroyed: %(complainants)d identities, %(texts)d texts, %(files)d files and %(messages)d messages."
    )


def _announce_due(n: int) -> str:
    return ngettext(
        "The end of the data of %(n)d complaint is to be announced.",
        "The end of the data of %(n)d complaints is to be announced.",
        n,
    )


def _announced(n: int) -> str:
    return ngettext(
        "The end of the data of %(n)d complaint was announced.",
        "The end of the data of %(n)d complaints was announced.",
        n,
    )


def _purge_due(n: int) -> str:
    return ngettext(
        "%(n)d complaint is to be reduced to its figures.",
        "%(n)d complaints are to be reduced to their figures.",
        n,
    )


def _purged(n: int) -> str:
    return ngettext(
        "%(n)d complaint was reduced to its figures.", "%(n)d complaints were reduced to their figures.", n
    )


def _lists_due(n: int) -> str:
    return ngettext("%(n)d uploaded list is to be emptied.", "%(n)d uploaded lists are to be emptied.", n)


def _lists_emptied(n: int) -> str:
    return ngettext("%(n)d uploaded list emptied.", "%(n)d uploaded lists emptied.", n)
