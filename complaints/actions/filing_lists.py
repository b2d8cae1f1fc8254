"""Filing the lists of complaints that somebody previewed and asked for, outside of any web request.

A sweep: claim one list by compare-and-set, file its good rows chunk by chunk, write down what became of
them. Each chunk holds the claim anew in the transaction in which its rows are filed, so that a worker that
was thought dead files nothing more. Killed at any point, late or twice: whoever comes next goes on behind the
last chunk, and the rows' own tokens let none be filed twice. Without a broker the list waits; none is lost.
"""

import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from cases.importing.rows import Finding
from cases.importing.sheets import Column, LineList
from complaints.actions.filing import file_complaint
from complaints.actions.importing import preview, row_token
from complaints.importing.columns import Meaning
from complaints.importing.preview import ListedRow, Preview, Verdict, give_back
from complaints.models import ComplaintList
from complaints.models.importing import ComplaintListQuerySet
from complaints.own_facts import own_facts
from policy import clock
from policy.refusals import BadInput, RuleViolation
from zones.finding import find

log = structlog.get_logger("jiefeng.complaints")

Now = Callable[[], dt.datetime]

CHUNK = 20
"""So many rows are filed in one transaction: others who file meanwhile wait no longer than for these."""

SECONDS_A_RUN = 45.0
"""How long one run goes on; the next one, some seconds later, takes up the rest."""


@dataclass(slots=True)
class Done:
    """What one run did."""

    filed: int = 0
    finished: int = 0
    """Lists of which no row is left to be filed."""


def file_asked_lists(*, now: Now = clock.now, dry_run: bool = False) -> Done:
    """File what was asked for, one list after the other, until nothing is left or the time is up.

    While another worker is at a list this one does nothing: a pile of lists must not keep all workers from
    what the clock asks of them. `now` is asked before each chunk. With `dry_run` nothing is written, and
    `finished` says how many lists wait.
    """
    done = Done()
    if dry_run:
        return Done(finished=ComplaintList.objects.unclaimed(now()).count())
    ends = time.monotonic() + SECONDS_A_RUN
    while batch := _claim(now()):
        _work_on(batch, done, now, until=ends)
        if time.monotonic() >= ends:
            break
    return done


def _claim(at: dt.datetime) -> ComplaintList | None:
    """The list that was asked for first and is in nobody's hands, now in ours."""
    if ComplaintList.objects.in_hand(at).exists():
        return None
    # One that failed and was left goes behind the others, so that it does not keep them waiting.
    waiting = ComplaintList.objects.unclaimed(at).order_by("claim", "asked_at", "pk")
    for key in waiting.values_list("pk", flat=True):
        token = uuid.uuid4().hex
        if ComplaintList.objects.filter(pk=key).unclaimed(at).update(claim=token, claimed_at=at):
            return ComplaintList.objects.select_related("uploaded_by__area").get(pk=key)
    return None


def _work_on(batch: ComplaintList, done: Done, now: Now, *, until: float) -> None:
    """File the rows of a claimed list, one chunk at least; after that time the rest is left to the next."""
    assert batch.asked_at is not None  # noqa: S101 - only what was asked for is claimed
    by, at = batch.uploaded_by, batch.asked_at
    with translation.override(batch.language or None):
        try:
            whole = preview(batch, by=by, at=at)
        except (BadInput, RuleViolation) as gone:
            log.warning("list given back", list=batch.pk, reason=type(gone).__name__)
            _ours(batch).update(asked_at=None, claim="")
            return
        good = [row for row in whole.rows if row.is_taken]
        before = batch.counts.get("filed", 0)
        for start in range(0, len(good), CHUNK):
            if start and time.monotonic() >= until:
                _ours(batch).update(claim="")
                return
            filed = _file_chunk(batch, good[start : start + CHUNK], whole.lines, now())
            if filed is None:
                return
            done.filed += filed
        done.finished += _finish(batch, whole, before, now())


def _ours(batch: ComplaintList) -> ComplaintListQuerySet:
    """The list, as long as we hold it."""
    return ComplaintList.objects.filter(pk=batch.pk, claim=batch.claim, committed_at=None)


@transaction.atomic
def _file_chunk(
    batch: ComplaintList, rows: Sequence[ListedRow], lines: LineList, now: dt.datetime
) -> int | None:
    """File some rows and hold the claim in one transaction; how many. None: it is not ours any more."""
    if not _ours(batch).update(claimed_at=now):
        return None
    filed = sum(_file(row, batch, lines) for row in rows)
    batch.counts = {**batch.counts, "filed": batch.counts.get("filed", 0) + filed}
    _ours(batch).update(counts=batch.counts)
    return filed


def _finish(batch: ComplaintList, whole: Preview, before: int, now: dt.datetime) -> bool:
    """Write down what became of the rows, and forget them; `before`: filed by runs before this one."""
    verdicts = Counter(str(row.verdict) for row in whole.rows)
    # What an earlier run filed is known to this one.
    verdicts[Verdict.KNOWN] -= before
    counts = {**verdicts, "rows": len(whole.rows), "filed": batch.counts["filed"]}
    return bool(
        _ours(batch).update(
            committed_at=now,
            content="",
            chosen={},
            claim="",
            counts=counts,
            left_over=give_back(whole.lines, whole.rows).to_json(),
        )
    )


def _file(row: ListedRow, batch: ComplaintList, lines: LineList) -> bool:
    """File one row, in a savepoint of its own; what is refused gets its reason. Whether we filed it.

    It was received when somebody asked for it: the time that a worker was away is ours, and counts.
    """
    filing, by, at = row.read.filing, batch.uploaded_by, batch.asked_at
    assert filing is not None and at is not None  # noqa: S101, PT018 - only good rows that were asked for
    filing = replace(filing, behaviour=row.behaviour)
    if filing.compound:
        answer = find(filing.place, at, compound=filing.compound.pk)
        on = timezone.localdate(at)
        facts = own_facts(behaviour=filing.behaviour, answer=answer, since_on=filing.since_on, on=on)
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
