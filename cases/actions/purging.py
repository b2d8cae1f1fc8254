"""Deleting what was kept only for a few days: uploaded lists, and answers given to outside systems."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from accounts.models import IdempotencyKey
from cases.models import ImportBatch

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Purged:
    """How many lists were emptied, and how many answers deleted."""

    lists: int
    answers: int


def purge_import_files(*, at: dt.datetime, dry_run: bool = False) -> Purged:
    """Delete the content of lists uploaded more than `IMPORT_FILE_DAYS` days ago, with the rows given back.

    Who uploaded what when, and its counts, stay. The answers kept for repeated API calls go with them: they
    carry people's data too, and no system repeats a call after days.
    """
    before = at - dt.timedelta(days=settings.IMPORT_FILE_DAYS)
    lists = ImportBatch.objects.filter(uploaded_at__lt=before).exclude(content="", left_over="")
    answers = IdempotencyKey.objects.filter(created_at__lt=before)
    if dry_run:
        return Purged(lists.count(), answers.count())
    emptied = lists.update(content="", left_over="")
    deleted = 0
    while ids := list(answers.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        deleted += IdempotencyKey.objects.filter(pk__in=ids).delete()[0]
    return Purged(emptied, deleted)
