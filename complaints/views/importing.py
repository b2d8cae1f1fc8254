"""The export of another hotline: choose it, look row by row, have the good ones filed, get the rest back."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.importing.report import GiveBack, GivenRow, write_give_back
from cases.views.answers import blame, htmx
from cases.views.listed import ShownFinding, numbers_in, page_of, shown_findings, workbook_answer
from complaints.actions import importing
from complaints.forms.importing import ListForm
from complaints.importing.columns import HEADINGS, NEEDED, Meaning, meaning_of
from complaints.importing.preview import VERDICTS, ListedRow, Preview, Verdict
from complaints.models import ComplaintList
from complaints.models.importing import CLAIM_HOLDS
from complaints.rules.behaviours import BY_CODE, TOPICS, by_topic
from policy import clock
from policy.refusals import BadInput

RECENT = 8
WAITS_LONG = dt.timedelta(minutes=1)
"""A worker looks every fifteen seconds: after so long without one something is the matter."""


@require_http_methods(["GET", "POST"])
@requires(Ability.FILE_COMPLAINTS)
def upload(request: StaffRequest) -> HttpResponse:
    """Choose the file; below it the last ones."""
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            batch = importing.upload(
                content=file.read(), file_name=file.name, by=request.user, at=clock.now()
            )
        except BadInput as mistake:
            blame(form, mistake)
        else:
            return redirect("complaint-import-preview", batch.pk)
    recent = ComplaintList.objects.visible_to(request.user).defer("content", "left_over")
    columns = [(heading, meaning in NEEDED) for meaning, heading in HEADINGS.items()]
    context = {"form": form, "recent": recent[:RECENT], "columns": columns}
    return render(request, "complaints/desk/import.html", context, status=422 if form.errors else 200)


@never_cache
@require_GET
@requires(Ability.FILE_COMPLAINTS)
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    """What would become of each row; while it is filed, how far it is; after that, what became of it."""
    batch = _batch(request.user, pk)
    if batch.committed_at:
        return _finished(request) if htmx(request) else _result(request, batch)
    if batch.is_being_filed:
        return _progress(request, batch)
    try:
        whole = importing.preview(batch, by=request.user, at=clock.now())
    except BadInput as gone:
        return _gone(request, gone)
    return render(request, "complaints/desk/import_preview.html", _preview_context(request, whole))


@require_http_methods(["GET", "POST"])
@requires(Ability.FILE_COMPLAINTS)
def choose(request: StaffRequest, pk: int) -> HttpResponse:
    """Record the behaviours that were chosen on a page of guesses."""
    batch = _batch(request.user, pk)
    if batch.asked_at:
        return redirect("complaint-import-preview", pk)
    if request.method == "POST":
        _record_choices(request, batch)
        if "all" in request.POST:
            try:
                _accept_all_guesses(request, batch)
            except BadInput as gone:
                return _gone(request, gone)
    return redirect(f"{reverse('complaint-import-preview', args=[pk])}?group={Verdict.DOUBTFUL}")


@require_http_methods(["GET", "POST"])
@requires(Ability.FILE_COMPLAINTS)
def commit(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask that the good rows be filed, once; a worker does it, and the list's page says how far it is."""
    batch = _batch(request.user, pk)
    if request.method == "POST" and not batch.asked_at:
        _record_choices(request, batch)
        try:
            taken = importing.ask(batch, by=request.user, at=clock.now(), language=get_language() or "")
        except BadInput as gone:
            return _gone(request, gone)
        if not taken and not _batch(request.user, pk).asked_at:
            messages.warning(request, _("No row can be taken over yet."))
    return redirect("complaint-import-preview", pk)


@never_cache
@require_GET
@requires(Ability.FILE_COMPLAINTS)
def left_over(request: StaffRequest, pk: int) -> HttpResponse:
    """The rows that were not filed, as a workbook that says what to mend in each."""
    batch = _batch(request.user, pk)
    if batch.is_being_filed:
        return redirect("complaint-import-preview", pk)
    try:
        given = importing.left_over(batch, by=request.user, at=clock.now())
    except BadInput as gone:
        return _gone(request, gone)
    name = _("%(name)s - to be mended.xlsx") % {"name": batch.file_name.rsplit(".", 1)[0]}
    return workbook_answer(write_give_back(given), name)


def _batch(user: User, pk: int) -> ComplaintList:
    """The user's own upload; anybody else's does not exist."""
    return get_object_or_404(ComplaintList.objects.visible_to(user), pk=pk)


def _gone(request: HttpRequest, gone: BadInput) -> HttpResponse:
    messages.warning(request, str(gone))
    return redirect("complaint-import")


def _record_choices(request: StaffRequest, batch: ComplaintList) -> None:
    """Take in the ticked rows of a page with the behaviour beside each."""
    shown = numbers_in(request.POST.getlist("shown"))
    if shown:
        ticked = numbers_in(request.POST.getlist("ticked"))
        chosen = {row: request.POST.get(f"behaviour-{row}", "") for row in ticked}
        importing.choose(batch, shown=shown, chosen=chosen)


def _accept_all_guesses(request: StaffRequest, batch: ComplaintList) -> None:
    whole = importing.preview(batch, by=request.user, at=clock.now())
    guesses = {row.number: row.behaviour for row in whole.group(Verdict.DOUBTFUL)}
    importing.choose(batch, shown=[], chosen=guesses)


# ── while it is filed ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a list is that somebody asked to file."""

    filed: int
    to_file: int
    is_in_hand: bool
    is_behind: bool
    """A worker is at another list; they are filed one after the other."""
    is_waiting_long: bool
    """Nobody took it up, or whoever did was lost: the page says that nothing is lost, and who should look."""


def _progress(request: HttpRequest, batch: ComplaintList) -> HttpResponse:
    """The page that asks for itself again every few seconds, or with htmx the piece of it that moves."""
    at = clock.now()
    in_hand = bool(batch.claim and batch.claimed_at and batch.claimed_at > at - CLAIM_HOLDS)
    is_behind = not in_hand and ComplaintList.objects.in_hand(at).exists()
    since = max(filter(None, (batch.asked_at, batch.claimed_at)))
    progress = Progress(
        filed=batch.counts.get("filed", 0),
        to_file=batch.counts.get("to_file", 0),
        is_in_hand=in_hand,
        is_behind=is_behind,
        is_waiting_long=not in_hand and not is_behind and at - since > WAITS_LONG,
    )
    template = "_import_progress" if htmx(request) else "import_progress"
    return render(request, f"complaints/desk/{template}.html", {"batch": batch, "progress": progress})


def _finished(request: HttpRequest) -> HttpResponse:
    """What the page that waits is told when all is filed: load anew."""
    response = HttpResponse(status=204)
    response.headers["HX-Refresh"] = "true"
    return response


# ── the preview ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row as the preview draws it."""

    row: ListedRow
    findings: list[ShownFinding]
    label: str


def _preview_context(request: StaffRequest, whole: Preview) -> dict[str, object]:
    counts = whole.counts
    present = [group for group in Verdict if counts[group]]
    asked = request.GET.get("group", "")
    current = Verdict(asked) if asked in present else present[0]
    page, rows = page_of(request, whole.group(current))
    confirmed = sum(row.chosen and row.is_taken for row in whole.rows)
    return {
        "batch": whole.batch,
        "taken": whole.taken,
        "doubtful": counts[Verdict.DOUBTFUL] - confirmed,
        "confirmed": confirmed,
        "to_mend": counts[Verdict.WRONG],
        "known": counts[Verdict.KNOWN],
        "left": sum(row.verdict in (Verdict.DOUBTFUL, Verdict.WRONG) for row in whole.rows),
        "tabs": [
            {
                "key": group.value,
                "label": VERDICTS[group],
                "count": counts[group],
                "current": group is current,
            }
            for group in present
        ],
        "group": current.value,
        "page": page,
        "rows": [
            ShownRow(row, shown_findings(row.number, row.findings), _label(row.behaviour)) for row in rows
        ],
        "behaviours": [
            (TOPICS[topic], [(each.code, each.label) for each in those]) for topic, those in by_topic()
        ],
        "ignored": whole.lines.unknown,
    }


def _label(behaviour: str) -> str:
    return str(BY_CODE[behaviour].label) if behaviour in BY_CODE else ""


# ── after the commit ─────────────────────────────────────────────────────────────────────────────


def _result(request: StaffRequest, batch: ComplaintList) -> HttpResponse:
    given = GiveBack.from_json(batch.left_over) if batch.left_over else GiveBack([], [])
    page, rows = page_of(request, given.rows)
    ticket = next(
        (n for n, each in enumerate(given.headings) if meaning_of(each) == Meaning.EXTERNAL_ID), None
    )
    counts = {verdict.value: batch.counts.get(verdict, 0) for verdict in Verdict}
    context = {
        "batch": batch,
        "filed": batch.counts.get("filed", 0),
        "known": counts[Verdict.KNOWN],
        "left": counts[Verdict.DOUBTFUL] + counts[Verdict.WRONG],
        "page": page,
        "rows": [_left_over_row(row, ticket) for row in rows],
        "kept": bool(batch.left_over),
    }
    return render(request, "complaints/desk/import_result.html", context)


def _left_over_row(row: GivenRow, ticket: int | None) -> dict[str, object]:
    name = row.cells[ticket] if ticket is not None else ""
    return {"number": row.number, "ticket": name, "advice": row.advice.split("\n")}
