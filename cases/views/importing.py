"""Importing a line list: choose the file, look at what would happen row by row, take over, give back."""

import datetime as dt
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.actions import importing
from cases.actions.judging import VERDICTS, Verdict
from cases.forms.importing import UploadForm
from cases.importing.columns import Meaning, meaning_of
from cases.importing.preview import GROUPS, LEFT_OVER, ListedRow, Preview
from cases.importing.report import GiveBack, GivenRow, guides, write_give_back, write_template
from cases.models import ImportBatch, Infection
from cases.views.answers import blame, htmx, key_in
from cases.views.listed import ShownFinding, numbers_in, page_of, shown_findings, workbook_answer
from cases.views.references import reference_to
from policy import clock
from policy.refusals import BadInput
from policy.strip import Strip, axis_around, draw_plan
from policy.types import Plan

RECENT = 8


@require_http_methods(["GET", "POST"])
@requires(Ability.WORK_CASES)
def upload(request: StaffRequest) -> HttpResponse:
    """Choose a list and its date of registration; `?infection=` names whom its close contacts met."""
    infection = None
    if (key := key_in(request.GET, "infection")) is not None:
        infection = get_object_or_404(Infection.objects.visible_to(request.user).standing(), pk=key)
    form = UploadForm(request.POST or None, request.FILES or None, today=clock.today())
    if request.method == "POST" and form.is_valid():
        try:
            batch = importing.upload(
                content=form.cleaned_data["file"].read(),
                file_name=form.cleaned_data["file"].name,
                registered_on=form.cleaned_data["registered_on"],
                exposed_to=infection.label if infection else "",
                by=request.user,
                at=clock.now(),
            )
        except BadInput as mistake:
            blame(form, mistake)
        else:
            return redirect("import-preview", batch.pk)
    recent = ImportBatch.objects.visible_to(request.user).defer("content", "left_over")
    context = {"form": form, "recent": recent[:RECENT], "guides": guides(), "infection": infection}
    return render(request, "cases/import.html", context)


@never_cache
@require_GET
@requires(Ability.WORK_CASES)
def preview(request: StaffRequest, pk: int) -> HttpResponse:
    """What would become of each row; after the commit, what became of the list."""
    batch = _batch(request.user, pk)
    if batch.committed_at:
        return _result(request, batch)
    try:
        whole = importing.preview(batch, by=request.user, at=clock.now())
    except BadInput as gone:
        messages.warning(request, str(gone))
        return redirect("import")
    return render(request, "cases/import_preview.html", _preview_context(request, whole))


@require_http_methods(["GET", "POST"])
@requires(Ability.WORK_CASES)
def confirm(request: StaffRequest, pk: int) -> HttpResponse:
    """Record which doubtful rows were compared with the card: those ticked on a page, or all of them."""
    batch = _batch(request.user, pk)
    if request.method == "POST":
        try:
            _record_ticks(request, batch)
            if htmx(request):
                whole = importing.preview(batch, by=request.user, at=clock.now())
                return render(request, "cases/_import_ticked.html", _summary(whole))
        except BadInput as gone:
            messages.warning(request, str(gone))
            return redirect("import")
    return redirect(f"{reverse('import-preview', args=[pk])}?group={Verdict.DOUBTFUL}")


@require_http_methods(["GET", "POST"])
@requires(Ability.WORK_CASES)
def commit(request: StaffRequest, pk: int) -> HttpResponse:
    """Take the good and the confirmed rows over, once."""
    batch = _batch(request.user, pk)
    if request.method == "POST":
        try:
            _record_ticks(request, batch)
            if _nothing_to_take(batch, request.user):
                messages.warning(request, _("No row can be taken over yet."))
            elif importing.commit(batch, by=request.user, at=clock.now()):
                messages.success(request, _taken_over(batch.counts["taken"]))
        except BadInput as gone:
            messages.warning(request, str(gone))
            return redirect("import")
    return redirect("import-preview", pk)


@never_cache
@require_GET
@requires(Ability.WORK_CASES)
def left_over(request: StaffRequest, pk: int) -> HttpResponse:
    """The rows that were not taken over, as a workbook that says what to mend in each."""
    batch = _batch(request.user, pk)
    try:
        given = importing.left_over(batch, by=request.user, at=clock.now())
    except BadInput as gone:
        messages.warning(request, str(gone))
        return redirect("import")
    stem = batch.file_name.rsplit(".", 1)[0]
    return workbook_answer(write_give_back(given), _("%(name)s - to be mended.xlsx") % {"name": stem})


@require_GET
@requires(Ability.WORK_CASES)
def template(request: HttpRequest) -> HttpResponse:
    """An empty list with its header, an example, and the words that are understood."""
    return workbook_answer(write_template(), _("Line list template.xlsx"))


def _batch(user: User, pk: int) -> ImportBatch:
    """The user's own upload; anybody else's does not exist."""
    return get_object_or_404(ImportBatch.objects.visible_to(user), pk=pk)


def _record_ticks(request: StaffRequest, batch: ImportBatch) -> None:
    """Take in the ticks that came with the form: a page's, or those of all doubtful rows at once."""
    if request.POST.get("all") in ("1", "0"):
        whole = importing.preview(batch, by=request.user, at=clock.now())
        doubtful = [row.number for row in whole.group(Verdict.DOUBTFUL)]
        importing.confirm(batch, shown=doubtful, ticked=doubtful if request.POST["all"] == "1" else [])
    elif shown := numbers_in(request.POST.getlist("shown")):
        importing.confirm(batch, shown=shown, ticked=numbers_in(request.POST.getlist("ticked")))


def _nothing_to_take(batch: ImportBatch, user: User) -> bool:
    """Whether a commit would only close the list."""
    if batch.committed_at:
        return False
    return not importing.preview(batch, by=user, at=clock.now()).taken


def _taken_over(count: int) -> str:
    return ngettext("%(n)d row taken over.", "%(n)d rows taken over.", count) % {"n": count}


# ── the preview ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One row of the list as the preview draws it."""

    row: ListedRow
    findings: list[ShownFinding]
    notes: list[ShownFinding]
    plan: Plan | None
    strip: Strip | None
    handover_url: str
    episode_url: str

    @property
    def ends_before(self) -> object:
        """The end of the running episode, where a new ground moves it."""
        episode = self.row.judgement.episode if self.row.judgement else None
        moved = episode and self.plan and episode.release_on != self.plan.release_on
        return episode.release_on if episode and moved and self.row.verdict is Verdict.NEW_GROUND else None


def _summary(whole: Preview) -> dict[str, object]:
    """What the head of the preview and its tabs say."""
    counts = whole.counts
    confirmed = sum(row.confirmed and row.written for row in whole.rows)
    return {
        "batch": whole.batch,
        "edition": whole.edition,
        "taken": whole.taken,
        "doubtful": counts[Verdict.DOUBTFUL] - confirmed,
        "confirmed": confirmed,
        "to_mend": counts[Verdict.WRONG],
        "refused": counts[Verdict.REFUSED],
        "elsewhere": counts[Verdict.HELD_ELSEWHERE],
        "unchanged": counts[Verdict.UNCHANGED],
        "left": len(whole.rows) - whole.taken - counts[Verdict.UNCHANGED],
    }


def _preview_context(request: StaffRequest, whole: Preview) -> dict[str, object]:
    counts = whole.counts
    present = [group for group in GROUPS if counts[group]]
    asked = request.GET.get("group", "")
    current = Verdict(asked) if asked in present else present[0]
    page, rows = page_of(request, whole.group(current))
    today = clock.today()
    axis = axis_around(today)
    tabs = [
        {
            "key": group.value,
            "label": VERDICTS[group],
            "count": counts[group],
            "current": group is current,
            "late": group is Verdict.DOUBTFUL and counts[group] > sum(row.confirmed for row in whole.rows),
        }
        for group in present
    ]
    same_file = (
        ImportBatch.objects.visible_to(request.user)
        .filter(file_digest=whole.batch.file_digest, committed_at__isnull=False)
        .defer("content", "left_over")
        .first()
    )
    return {
        **_summary(whole),
        "tabs": tabs,
        "group": current.value,
        "page": page,
        "rows": [_shown(whole, row, axis, request.user) for row in rows],
        "axis": axis,
        "today": today,
        "ignored": whole.lines.unknown,
        "same_file": same_file,
        "with_plans": current
        in (Verdict.NEW, Verdict.NEW_GROUND, Verdict.EARLIER_EXPOSURE, Verdict.DOUBTFUL),
    }


def _shown(whole: Preview, row: ListedRow, axis: tuple[dt.date, dt.date], user: User) -> ShownRow:
    plan = whole.plan_of(row)
    strip = draw_plan(plan, today=clock.today(), axis=axis) if plan else None
    episode = row.judgement.episode if row.judgement else None
    elsewhere = row.verdict is Verdict.HELD_ELSEWHERE
    return ShownRow(
        row=row,
        findings=shown_findings(row.number, row.findings),
        notes=shown_findings(row.number, row.read.notes),
        plan=plan,
        strip=strip,
        handover_url=_handover_url(row, user) if elsewhere else "",
        episode_url=episode.get_absolute_url() if episode and episode.pk and not elsewhere else "",
    )


def _handover_url(row: ListedRow, user: User) -> str:
    """Where to ask the other office for the person: nothing in the address says who it is."""
    if row.judgement is None or row.judgement.episode is None:
        return ""
    community = row.judgement.registration.facts.community
    reference = reference_to(row.judgement.episode, user=user, to_community=community)
    return f"{reverse('handover-offer')}?{urlencode({'reference': reference})}"


# ── after the commit ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class LeftOverRow:
    """One row that was given back, with its name and what to mend."""

    number: int
    name: str
    advice: list[str]


def _result(request: StaffRequest, batch: ImportBatch) -> HttpResponse:
    given = GiveBack.from_json(batch.left_over) if batch.left_over else GiveBack([], [])
    page, rows = page_of(request, given.rows)
    name_at = next((n for n, each in enumerate(given.headings) if meaning_of(each) == Meaning.NAME), None)
    counts = {verdict.value: batch.counts.get(verdict, 0) for verdict in Verdict}
    context = {
        "batch": batch,
        "counts": counts,
        "taken": batch.counts.get("taken", 0),
        "unrestricted": batch.counts.get("unrestricted", 0),
        "unchanged": counts[Verdict.UNCHANGED],
        "left": sum(counts[verdict] for verdict in LEFT_OVER),
        "labels": [(VERDICTS[group], counts[group]) for group in GROUPS if counts[group]],
        "page": page,
        "rows": [_left_over_row(row, name_at) for row in rows],
        "kept": bool(batch.left_over),
    }
    return render(request, "cases/import_result.html", context)


def _left_over_row(row: GivenRow, name_at: int | None) -> LeftOverRow:
    name = row.cells[name_at] if name_at is not None else ""
    return LeftOverRow(row.number, name, row.advice.split("\n"))
