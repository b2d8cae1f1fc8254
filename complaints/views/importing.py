"""The export of another hotline: choose the file, look row by row, file the good ones, get the rest back."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.importing.report import GiveBack, GivenRow, write_give_back
from cases.views.answers import blame
from cases.views.listed import ShownFinding, numbers_in, page_of, shown_findings, workbook_answer
from complaints.actions import importing
from complaints.forms.importing import ListForm
from complaints.importing.columns import HEADINGS, NEEDED, Meaning, meaning_of
from complaints.importing.preview import VERDICTS, ListedRow, Preview, Verdict
from complaints.models import ComplaintList
from complaints.rules.behaviours import BY_CODE, TOPICS, by_topic
from policy import clock
from policy.refusals import BadInput

RECENT = 8


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
    """What would become of each row; after the commit, what became of the list."""
    batch = _batch(request.user, pk)
    if batch.committed_at:
        return _result(request, batch)
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
    """File the good rows, once."""
    batch = _batch(request.user, pk)
    if request.method == "POST":
        _record_choices(request, batch)
        try:
            if not batch.committed_at and not importing.preview(batch, by=request.user, at=clock.now()).taken:
                messages.warning(request, _("No row can be taken over yet."))
            elif importing.commit(batch, by=request.user, at=clock.now()):
                messages.success(request, _filed(batch.counts["filed"]))
            elif not batch.committed_at:
                messages.warning(request, _("This list is being taken over already. Look again in a minute."))
        except BadInput as gone:
            return _gone(request, gone)
    return redirect("complaint-import-preview", pk)


@never_cache
@require_GET
@requires(Ability.FILE_COMPLAINTS)
def left_over(request: StaffRequest, pk: int) -> HttpResponse:
    """The rows that were not filed, as a workbook that says what to mend in each."""
    batch = _batch(request.user, pk)
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


def _filed(count: int) -> str:
    return ngettext("%(n)d complaint filed.", "%(n)d complaints filed.", count) % {"n": count}


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
