"""Taking over the export of another hotline (12345): upload, preview, choose, commit, give back.

The list is read once and kept encrypted. A row is filed under a token made of the sender's own number, so
the same file twice, a double click or a killed process file nothing twice, also after the purge.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.encryption import keyed_digest
from accounts.models import Area, User
from cases.importing import reading
from cases.importing.report import GiveBack
from cases.importing.rows import Finding
from cases.importing.sheets import Column, LineList, pack, unpack
from complaints.actions.filing import file_complaint, token_digest
from complaints.importing.columns import Meaning, find_list
from complaints.importing.places import Gazetteer
from complaints.importing.preview import ListedRow, Preview, Verdict, give_back, judged
from complaints.importing.rows import ReadRow, RowReader
from complaints.models import Complaint, ComplaintList
from complaints.own_facts import own_facts
from complaints.rules.behaviours import BY_CODE
from policy.refusals import BadInput, RuleViolation
from zones.finding import find

CHUNK = 20
"""So many rows are filed in one transaction: others who file meanwhile wait no longer than for these."""
ASKED_AT_ONCE = 500
CLAIM_HOLDS = dt.timedelta(minutes=10)


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

    Rows that were shown and not chosen are guesses again. After the commit nothing changes any more.
    """
    with transaction.atomic():
        fresh = ComplaintList.objects.select_for_update().get(pk=batch.pk)
        kept = {key: code for key, code in fresh.chosen.items() if int(key) not in set(shown)}
        batch.chosen = kept | {str(row): code for row, code in chosen.items() if code in BY_CODE}
        ComplaintList.objects.filter(pk=batch.pk, committed_at=None).update(chosen=batch.chosen)


def commit(batch: ComplaintList, *, by: User, at: dt.datetime) -> bool:
    """File the good rows, chunk by chunk; one that is refused never stops the rest.

    False: somebody is at it, or it was taken over before. Whoever was killed at it leaves the rest to the
    next click ten minutes later. Raises BadInput at "file" when the list is not kept any more.
    """
    free = ComplaintList.objects.filter(pk=batch.pk, committed_at=None).exclude(
        claimed_at__gt=at - CLAIM_HOLDS
    )
    if not free.update(claimed_at=at):
        return False
    batch.refresh_from_db()
    whole = preview(batch, by=by, at=at)
    good = [row for row in whole.rows if row.is_taken]
    filed = 0
    for start in range(0, len(good), CHUNK):
        with transaction.atomic():
            filed += sum(_file(row, whole.lines, by=by, at=at) for row in good[start : start + CHUNK])
    batch.committed_at, batch.content, batch.chosen = at, "", {}
    batch.counts = _counts(whole.rows, filed)
    batch.left_over = give_back(whole.lines, whole.rows).to_json()
    batch.save(update_fields=["committed_at", "content", "chosen", "counts", "left_over"])
    return True


def _file(row: ListedRow, lines: LineList, *, by: User, at: dt.datetime) -> bool:
    """File one row, in a savepoint of its own; what is refused gets its reason. Whether we filed it."""
    filing = row.read.filing
    assert filing is not None  # noqa: S101 - only rows with a filing are good
    filing = replace(filing, behaviour=row.behaviour)
    if filing.compound:
        answer = find(filing.place, at, compound=filing.compound.pk)
        facts = own_facts(
            behaviour=filing.behaviour,
            answer=answer,
            since_on=filing.since_on,
            on=timezone.localdate(at),
        )
        filing = replace(filing, facts=facts)
    try:
        with transaction.atomic():
            receipt = file_complaint(filing, token=row_token(by, filing.external_id), by=by, at=at)
    except (BadInput, RuleViolation) as refusal:
        is_known = isinstance(refusal, RuleViolation) and refusal.code == "known_already"
        row.verdict = Verdict.KNOWN if is_known else Verdict.WRONG
        row.findings = [Finding(str(refusal), _column_of(refusal.field, lines))]
        return False
    except (DataError, IntegrityError):
        row.verdict = Verdict.WRONG
        row.findings = [Finding(_("This row can't be stored as it is. Shorten its texts and try again."))]
        return False
    if not receipt.is_new:
        row.verdict = Verdict.KNOWN
    return receipt.is_new


def _column_of(field: str | None, lines: LineList) -> Column | None:
    meanings = {"since_on": Meaning.SINCE, "behaviour": Meaning.KIND, "what_happened": Meaning.TEXT}
    return lines.column(meanings[field]) if field in meanings else None


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


def _counts(rows: Sequence[ListedRow], filed: int) -> dict[str, int]:
    counts = Counter(str(row.verdict) for row in rows)
    return {"rows": len(rows), "filed": filed, **counts}
