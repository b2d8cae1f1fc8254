"""Importing line lists: upload, preview, confirm, commit, give back.

The list is read once, at the upload, and kept encrypted. Every preview judges it anew, and so does the
commit, which registers the good rows through `registration.register` in one transaction with its claim of
the batch: a double click, two tabs or a killed process lose no row and write none twice.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Area, User
from accounts.rules import Level
from cases.actions.judging import Verdict, judge, portions
from cases.actions.registration import register
from cases.importing import cells, columns, reading
from cases.importing.columns import Meaning
from cases.importing.naming import name_infection
from cases.importing.preview import ListedRow, Preview, check_people, listed
from cases.importing.report import GiveBack, give_back
from cases.importing.rows import Communities, ReadRow, RowReader, bare_community
from cases.importing.sheets import LineList, pack, unpack
from cases.models import ImportBatch
from policy.models import NoEditionInForce, UnknownEdition, edition_in_force
from policy.refusals import BadInput, RuleViolation
from policy.types import Edition


def upload(
    *,
    content: bytes,
    file_name: str,
    registered_on: dt.date,
    exposed_to: str = "",
    by: User,
    at: dt.datetime,
) -> ImportBatch:
    """Read a list and keep it, encrypted, for its preview.

    `exposed_to` is the label of the infection for close contacts whose row names none.
    Raises BadInput at "file" when it can't be read or lacks a column, at "registered_on" when that date
    lies in the future or before the first edition.
    """
    area = _area_of(by)
    if registered_on > timezone.localdate(at):
        raise BadInput("registered_on", _("The date of registration lies in the future."))
    _edition_on(registered_on)
    lines = columns.find_list(reading.read(content))
    if exposed_to:
        lines = name_infection(lines, exposed_to)
    columns.missing_columns(lines, community_needed=area.level != Level.COMMUNITY)
    return ImportBatch.objects.create(
        uploaded_by=by,
        uploaded_at=at,
        area=area,
        file_name=file_name[-200:],
        file_digest=hashlib.sha256(content).hexdigest(),
        content=pack(lines),
        registered_on=registered_on,
        counts={"rows": len(lines.rows)},
    )


def preview(batch: ImportBatch, *, by: User, at: dt.datetime) -> Preview:
    """What a commit at that instant would do with each row; writes nothing.

    Raises BadInput at "file" when the list was taken over already or is not kept any more.
    """
    lines, rows = _read(batch, by=by)
    edition = _edition_on(batch.registered_on)
    judgements = judge([row.registration for row in rows if row.registration], by=by, at=at)
    return Preview(batch, lines, listed(rows, judgements, lines, edition), edition)


def confirm(batch: ImportBatch, *, shown: Iterable[int], ticked: Iterable[int]) -> None:
    """Record which of the doubtful rows that were shown the worker has compared with the card.

    Rows are named by their number in the file. After the commit nothing changes any more.
    """
    with transaction.atomic():
        fresh = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        possible = range(1, reading.LAST_ROW + 1)
        seen = {number for number in shown if number in possible}
        batch.confirmed_rows = sorted((set(fresh.confirmed_rows) - seen) | (seen & set(ticked)))
        ImportBatch.objects.filter(pk=batch.pk, committed_at=None).update(confirmed_rows=batch.confirmed_rows)


def commit(batch: ImportBatch, *, by: User, at: dt.datetime) -> bool:
    """Take the good and the confirmed rows over, all in one transaction; returns whether we did it.

    Judged anew at that moment. The rest is kept as the give-back, and the file is forgotten. False: the
    list was taken over before, by this click's twin. Raises BadInput at "file" when it is not kept any more.
    """
    if ImportBatch.objects.filter(pk=batch.pk).exclude(committed_at=None).exists():
        return False
    lines, rows = _read(batch, by=by)  # before the transaction: reading and decrypting lock nobody out
    edition = _edition_on(batch.registered_on)
    with transaction.atomic():
        if not ImportBatch.objects.filter(pk=batch.pk, committed_at=None).update(committed_at=at):
            return False
        judgements = register([row.registration for row in rows if row.registration], by=by, at=at)
        settled = listed(rows, judgements, lines, edition)
        batch.counts = _counts(settled)
        batch.committed_at, batch.content, batch.confirmed_rows = at, "", []
        batch.left_over = give_back(lines, settled).to_json()
        batch.save(update_fields=["committed_at", "content", "confirmed_rows", "counts", "left_over"])
    return True


def left_over(batch: ImportBatch, *, by: User, at: dt.datetime) -> GiveBack:
    """The rows that were not taken over; before the commit those that would not be.

    Raises BadInput at "file" when they are not kept any more.
    """
    if batch.left_over:
        return GiveBack.from_json(batch.left_over)
    whole = preview(batch, by=by, at=at)
    return give_back(whole.lines, whole.rows)


def _area_of(by: User) -> Area:
    if by.area is None:
        raise RuleViolation("no_area", "", _("Your account belongs to no area yet."))
    return by.area


def _edition_on(registered_on: dt.date) -> Edition:
    try:
        return edition_in_force(registered_on)
    except (NoEditionInForce, UnknownEdition) as error:
        raise BadInput("registered_on", error.sentence) from error


def _read(batch: ImportBatch, *, by: User) -> tuple[LineList, list[ReadRow]]:
    """The list and what each of its rows says."""
    if not batch.content:
        raise BadInput("file", _("This list is not kept any more. Please choose the file again."))
    lines = unpack(batch.content)
    reader = RowReader(
        lines,
        registered_on=batch.registered_on,
        communities=_communities(lines, by=by),
        confirmed=frozenset(batch.confirmed_rows),
    )
    rows = [reader.read(row) for row in lines.rows]
    check_people(rows, lines)
    return lines, rows


def _communities(lines: LineList, *, by: User) -> Communities:
    """The communities inside the user's area, and those that the list names outside of it."""
    area = _area_of(by)
    inside = list(Area.objects.communities().within(area))
    column = lines.column(Meaning.COMMUNITY)
    named = {cells.text_of(row.cell(column.place)).strip() for row in lines.rows} if column else set()
    strange = (named | {bare_community(name) for name in named}) - {each.name for each in inside}
    outside = [
        name
        for some in portions(sorted(strange))
        for name in Area.objects.communities().filter(name__in=some).values_list("name", flat=True)
    ]
    return Communities(area, inside, outside)


def _counts(rows: list[ListedRow]) -> dict[str, int]:
    """What became of the rows, by verdict, for the page after the commit."""
    counts = Counter(str(row.verdict) for row in rows)
    free = sum(
        row.verdict is Verdict.NEW
        and row.judgement is not None
        and row.judgement.plan is not None
        and not row.judgement.plan.restricted
        for row in rows
    )
    return {"rows": len(rows), "taken": sum(row.written for row in rows), "unrestricted": free, **counts}
