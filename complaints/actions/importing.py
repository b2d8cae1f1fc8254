"""Taking over the export of another hotline (12345): upload, preview, choose, ask, give back.

The list is read once and kept encrypted; a worker files it (`filing_lists`). A row is filed under a token
made of the sender's own number, so that the same file twice files nothing twice, also after the purge.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.encryption import keyed_digest
from accounts.models import Area, User
from cases.importing import reading
from cases.importing.report import GiveBack
from cases.importing.sheets import LineList, pack, unpack
from complaints.actions.filing import token_digest
from complaints.importing.columns import find_list
from complaints.importing.places import Gazetteer
from complaints.importing.preview import Preview, give_back, judged
from complaints.importing.rows import ReadRow, RowReader
from complaints.models import Complaint, ComplaintList
from complaints.rules.behaviours import BY_CODE
from policy.refusals import BadInput, RuleViolation

ASKED_AT_ONCE = 500


def upload(*, content: bytes, file_name: str, by: User, at: dt.datetime) -> ComplaintList:
    """Read a list and keep it, encrypted, for its preview. Raises BadInput at "file"."""
    lines = find_list(reading.read(content))
    return ComplaintList.objects.create(
        uploaded_by=by,
        uploaded_at=at,
        area=_area_of(by),
        file_name=file_name[-200:],
        file_digest=hashlib.sha256(content).hexdigest(),
        content=pack(lines),
        counts={"rows": len(lines.rows)},
    )


def preview(batch: ComplaintList, *, by: User, at: dt.datetime) -> Preview:
    """What a commit at that instant would do with each row; writes nothing.

    Raises BadInput at "file" when the list was taken over already or is not kept any more.
    """
    lines, rows = _read(batch, by=by, at=at)
    return Preview(batch, lines, judged(rows, known=_known(rows, by), chosen=batch.chosen))


def choose(batch: ComplaintList, *, shown: Iterable[int], chosen: Mapping[int, str]) -> None:
    """Record the behaviours that somebody chose for rows whose behaviour was guessed.

    Rows that were shown and not chosen are guesses again. Once it was asked for nothing changes any more.
    """
    with transaction.atomic():
        fresh = ComplaintList.objects.select_for_update().get(pk=batch.pk)
        kept = {key: code for key, code in fresh.chosen.items() if int(key) not in set(shown)}
        batch.chosen = kept | {str(row): code for row, code in chosen.items() if code in BY_CODE}
        ComplaintList.objects.filter(pk=batch.pk).previewed().update(chosen=batch.chosen)


def ask(batch: ComplaintList, *, by: User, at: dt.datetime, language: str) -> int:
    """Ask that the good rows be filed by a worker (`filing_lists`); returns how many there are.

    0: none is good yet, or it was asked for before, by this click's twin; then nothing changes. `language`:
    in which the rows that come back say what to mend. Raises BadInput at "file" when the list is not kept
    any more.
    """
    taken = preview(batch, by=by, at=at).taken
    if not taken:
        return 0
    counts = {**batch.counts, "to_file": taken, "filed": 0}
    mine = ComplaintList.objects.filter(pk=batch.pk).previewed()
    return taken if mine.update(asked_at=at, language=language, counts=counts) else 0


def left_over(batch: ComplaintList, *, by: User, at: dt.datetime) -> GiveBack:
    """The rows that were not filed; before the commit those that would not be.

    Raises BadInput at "file" when they are not kept any more.
    """
    if batch.left_over:
        return GiveBack.from_json(batch.left_over)
    whole = preview(batch, by=by, at=at)
    return give_back(whole.lines, whole.rows)


def row_token(by: User, external_id: str) -> str:
    """The token under which a sender's ticket is filed: the same each time, and nobody can guess it."""
    return keyed_digest("complaint-ticket", f"{by.pk}\0{external_id}")


def _known(rows: Sequence[ReadRow], by: User) -> dict[str, str]:
    """The receipt numbers of the tickets that this sender has filed: two queries for five hundred rows."""
    tickets = sorted({row.external_id for row in rows if row.external_id})
    known: dict[str, str] = {}
    for start in range(0, len(tickets), ASKED_AT_ONCE):
        some = tickets[start : start + ASKED_AT_ONCE]
        filed = Complaint.objects.filter(filed_by=by, external_id__in=some)
        known |= dict(filed.values_list("external_id", "number"))
        by_digest = {token_digest(row_token(by, ticket)): ticket for ticket in some}
        earlier = Complaint.objects.filter(submission__in=by_digest).values_list("submission", "number")
        known |= {by_digest[digest]: number for digest, number in earlier}
    return known


def _read(batch: ComplaintList, *, by: User, at: dt.datetime) -> tuple[LineList, list[ReadRow]]:
    if not batch.content:
        raise BadInput("file", _("This list is not kept any more. Please choose the file again."))
    lines = unpack(batch.content)
    reader = RowReader(lines, gazetteer=Gazetteer(_area_of(by)), today=timezone.localdate(at))
    return lines, [reader.read(row) for row in lines.rows]


def _area_of(by: User) -> Area:
    if by.area is None:
        raise RuleViolation("no_area", "", _("Your account belongs to no area yet."))
    return by.area
