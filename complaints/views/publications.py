"""Public naming and good practice at the desk: from the draft to what stays published."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import User
from accounts.rules import Ability
from cases.forms.episode import VerbForm
from cases.paging import PAGE_SIZE, KeysetOrder, cursor_of, keyset_page
from cases.views.answers import blame
from complaints.actions import publishing
from complaints.actions.matters import behind, rests_on
from complaints.forms.publications import (
    ApproveForm,
    CorrectForm,
    DropForm,
    EditForm,
    NewForm,
    RefuseForm,
    SubmitForm,
)
from complaints.models import Complaint, Publication, PublicationStep
from complaints.naming_texts import counted, not_verified, sentences, verified
from complaints.rules.behaviours import BY_CODE
from complaints.rules.supervision import (
    GROUNDS,
    PUBLICATION_STEPS,
    Ground,
    PublicationKind,
    PublicationState,
    PublicationStepKind,
)
from policy import clock
from policy.refusals import BadInput, RuleViolation

MOST_CASES = 10
"""So many of the complaints behind a naming are listed beside it, verified ones first."""
ORDER = KeysetOrder(("pk",), descending=True)

NAMING, GOOD = Q(kind=PublicationKind.NAMING), Q(kind=PublicationKind.GOOD_PRACTICE)
TABS: dict[str, tuple[Promise, Q]] = {
    "proposals": (
        pgettext_lazy("publications", "Proposals"),
        NAMING & Q(state=PublicationState.DRAFT),
    ),
    "waiting": (pgettext_lazy("publications", "Waiting for approval"), Q(state=PublicationState.SUBMITTED)),
    "published": (
        pgettext_lazy("publications", "Published"),
        NAMING & Q(state=PublicationState.PUBLISHED),
    ),
    "good": (
        pgettext_lazy("publications", "Good practice"),
        GOOD & Q(state__in=[PublicationState.DRAFT, PublicationState.PUBLISHED]),
    ),
    "dropped": (pgettext_lazy("publications", "Dropped"), Q(state=PublicationState.DROPPED)),
}
COUNTED = ("proposals", "waiting")
"""Tabs that show how many wait in them."""


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.HANDLE_COMPLAINTS)
@require_safe
def publications(request: StaffRequest) -> HttpResponse:
    """Drafts and publications of the area, never about the own office or one above. Three queries."""
    tab = request.GET.get("tab", "")
    seen = Publication.objects.visible_to(request.user)
    counts = seen.aggregate(**{key: Count("pk", filter=TABS[key][1]) for key in COUNTED})
    if tab not in TABS:
        tab = next((key for key in reversed(COUNTED) if counts[key]), COUNTED[0])
    rows, back = keyset_page(
        _with_rows(seen.filter(TABS[tab][1])),
        ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    found = list(rows)
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if back:
        found.reverse()
    context = {
        "tab": tab,
        "tabs": [(key, label, counts.get(key, 0)) for key, (label, _which) in TABS.items()],
        "rows": [_row(each) for each in found],
        "pager": _pager(
            tab, found, older=more or back, newer=more if back else bool(request.GET.get("after"))
        ),
    }
    return render(request, "complaints/desk/publications.html", context)


def _with_rows(found: QuerySet[Publication]) -> QuerySet[Publication]:
    return found.select_related("office", "author").prefetch_related("steps")


def _pager(tab: str, rows: list[Publication], *, older: bool, newer: bool) -> dict[str, str]:
    if not rows:
        return {}
    pages = {"older": ("after", rows[-1], older), "newer": ("before", rows[0], newer)}
    return {
        name: f"?tab={tab}&{way}={cursor_of({'pk': row.pk}, ORDER)}"
        for name, (way, row, there) in pages.items()
        if there
    }


def _row(publication: Publication) -> dict[str, Any]:
    steps = list(publication.steps.all())
    return {
        "publication": publication,
        "approved": len(_of_kind(steps, PublicationStepKind.APPROVED, _round(steps))),
        "behaviour": BY_CODE.get(publication.behaviour),
        "ground": GROUNDS.get(Ground(publication.ground)) if publication.ground else "",
    }


# ── a new draft ──────────────────────────────────────────────────────────────────────────────────


@requires(Ability.HANDLE_COMPLAINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def publication_new(request: StaffRequest) -> HttpResponse:
    """Write a draft by hand: a naming, or good practice."""
    form = NewForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method != "POST" and request.GET.get("kind") in list(PublicationKind):
        form.initial["kind"] = request.GET["kind"]
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            made = publishing.propose(
                kind=values["kind"],
                office=values["office"],
                behaviour=values["behaviour"],
                title=values["title"],
                text=values["text"],
                token=values["token"],
                by=request.user,
                at=clock.now(),
            )
        except (RuleViolation, BadInput) as refusal:
            refusal.field = "named" if refusal.field == "office" else refusal.field
            blame(form, refusal)
        else:
            messages.success(request, _("The draft is kept. Nobody outside the desk sees it."))
            return redirect(made)
    context = {"form": form, "offices": publishing.offices_to_name(request.user, PublicationKind.NAMING)}
    return render(
        request, "complaints/desk/publication_new.html", context, status=422 if form.is_bound else 200
    )


# ── one publication ──────────────────────────────────────────────────────────────────────────────


@requires(Ability.ANSWER_ORDERS)
@require_safe
def publication(request: StaffRequest, pk: int) -> HttpResponse:
    """The text, how far it is, and what the reader may do; the office named is led to its reply."""
    found = Publication.objects.visible_to(request.user).filter(pk=pk).exists()
    if not found and Publication.objects.about(request.user).filter(pk=pk).exists():
        return redirect("publication-reply", pk)
    return _page(request, _publication_of(request, pk))


def _publication_of(request: StaffRequest, pk: int) -> Publication:
    seen = Publication.objects.visible_to(request.user).select_related("office__area", "author")
    return get_object_or_404(seen, pk=pk)


def _page(
    request: StaffRequest, found: Publication, *, bound: VerbForm | None = None, status: int = 200
) -> HttpResponse:
    steps = list(found.steps.select_related("by", "office"))
    forms = _offered(request.user, found, steps)
    if bound is not None and bound.verb in forms:
        forms[bound.verb] = bound
    in_round = _round(steps)
    context = {
        "publication": found,
        "kind": BY_CODE.get(found.behaviour),
        "facts": sentences(found.ground, found.facts),
        "ground": GROUNDS.get(Ground(found.ground)) if found.ground else "",
        "forms": forms,
        "lost": bound if bound is not None and bound.verb not in forms else None,
        "approvals": _of_kind(steps, PublicationStepKind.APPROVED, in_round),
        "corrections": _of_kind(steps, PublicationStepKind.CORRECTED),
        "replies": _of_kind(steps, PublicationStepKind.REPLIED),
        "wrote": request.user.pk in _writers(found, steps),
        "may_decide": request.user.may(Ability.SUPERVISE),
        **_resting(found, request.user),
        "steps": [(step, PUBLICATION_STEPS[PublicationStepKind(step.kind)]) for step in reversed(steps)],
    }
    return render(request, "complaints/desk/publication.html", context, status=status)


def _resting(found: Publication, user: User) -> dict[str, Any]:
    """What a naming rests on now: how much is verified, what is missing, the cases that the reader opens."""
    at = clock.now()
    waits = found.state in (PublicationState.DRAFT, PublicationState.SUBMITTED)
    rests = rests_on(found, at) if waits else None
    if rests is None:
        return {}
    cases: list[Complaint] = []
    if found.ground != Ground.LATE_SUPERVISION:
        mine = Complaint.objects.visible_to(user).filter(pk__in=behind(found, at).values("pk"))
        cases = list(mine.order_by(F("verified_at").desc(nulls_last=True), "-pk")[:MOST_CASES])
    return {
        "facts": counted(found.ground, found.facts),
        "verified": verified(rests, found.ground),
        "not_verified": "" if rests.is_enough else not_verified(rests),
        "cases": cases,
    }


def _of_kind(
    steps: list[PublicationStep], kind: PublicationStepKind, in_round: int | None = None
) -> list[PublicationStep]:
    return [step for step in steps if step.kind == kind and in_round in (None, step.round)]


def _round(steps: list[PublicationStep]) -> int:
    return len(_of_kind(steps, PublicationStepKind.REFUSED)) + 1


def _writers(found: Publication, steps: list[PublicationStep]) -> set[int | None]:
    return {found.author_id, *(step.by_id for step in steps if step.kind in publishing.WROTE)} - {None}


def _offered(user: User, found: Publication, steps: list[PublicationStep]) -> dict[str, VerbForm]:
    """The forms of what the reader may do now, by verb; the verbs themselves check it again."""
    decides, wrote = user.may(Ability.SUPERVISE), user.pk in _writers(found, steps)
    mine = found.author_id == user.pk and found.ground in ("", Ground.BY_HAND)
    approved = user.pk in {
        step.by_id for step in _of_kind(steps, PublicationStepKind.APPROVED, _round(steps))
    }
    forms: dict[str, VerbForm] = {}
    if found.state == PublicationState.DRAFT:
        forms |= {"edit": EditForm(publication=found), "submit": SubmitForm()}
    if found.state == PublicationState.SUBMITTED:
        if decides and not wrote and not approved:
            forms["approve"] = ApproveForm(initial={"in_round": _round(steps)})
        if decides or wrote:
            forms["refuse"] = RefuseForm()
    if found.state in (PublicationState.DRAFT, PublicationState.SUBMITTED) and (decides or mine):
        forms["drop"] = DropForm()
    if found.state == PublicationState.PUBLISHED and decides:
        forms["correct"] = CorrectForm()
    return forms


# ── the verbs ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Deed:
    """A verb of the page: its form, what it does, and what is said when it was done or was done already."""

    form: Callable[..., VerbForm]
    act: Callable[[Publication, Mapping[str, Any], User, dt.datetime], bool | None]
    done: Promise


def _edit(found: Publication, values: Mapping[str, Any], by: User, at: dt.datetime) -> bool:
    written = {name: values[name] for name in ("title", "text", "seen")}
    return publishing.edit(publication=found, **written, by=by, at=at)


def _submit(found: Publication, values: Mapping[str, Any], by: User, at: dt.datetime) -> bool:
    return publishing.submit(publication=found, by=by, at=at)


def _approve(found: Publication, values: Mapping[str, Any], by: User, at: dt.datetime) -> bool:
    return publishing.approve(publication=found, in_round=values["in_round"], by=by, at=at)


def _refuse(found: Publication, values: Mapping[str, Any], by: User, at: dt.datetime) -> None:
    publishing.refuse(publication=found, reason=values["reason"], by=by, at=at)


def _drop(found: Publication, values: Mapping[str, Any], by: User, at: dt.datetime) -> None:
    publishing.drop(publication=found, reason=values["reason"], by=by, at=at)


def _correct(found: Publication, values: Mapping[str, Any], by: User, at: dt.datetime) -> bool:
    return publishing.correct(publication=found, text=values["text"], by=by, at=at)


DEEDS = {
    "edit": _Deed(EditForm, _edit, gettext_lazy("The text is kept.")),
    "submit": _Deed(
        SubmitForm, _submit, gettext_lazy("Handed in. Two people who did not write it have to approve it.")
    ),
    "approve": _Deed(ApproveForm, _approve, gettext_lazy("Approved.")),
    "refuse": _Deed(RefuseForm, _refuse, gettext_lazy("Sent back to the author with your reason.")),
    "drop": _Deed(DropForm, _drop, gettext_lazy("Dropped. It stays on record with your reason.")),
    "correct": _Deed(CorrectForm, _correct, gettext_lazy("The correction is published beneath the text.")),
}


@requires(Ability.HANDLE_COMPLAINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def publication_do(request: StaffRequest, pk: int, verb: str) -> HttpResponse:
    """One verb of one publication. The address alone, such as after a login, leads to its page."""
    deed = DEEDS.get(verb)
    if deed is None:
        raise Http404
    found = _publication_of(request, pk)
    if request.method != "POST":
        return redirect(found)
    form = deed.form(request.POST, **({"publication": found} if verb == "edit" else {}))
    if form.is_valid():
        try:
            done = deed.act(found, form.cleaned_data, request.user, clock.now())
        except (RuleViolation, BadInput) as refusal:
            found = _publication_of(request, pk)  # as it stands now, whoever was first
            blame(form, refusal)
        else:
            _tell(request, found, deed, done)
            return redirect(found)
    return _page(request, found, bound=form, status=422)


def _tell(request: StaffRequest, found: Publication, deed: _Deed, done: bool | None) -> None:
    if done is False:
        messages.info(request, _("Nothing changed: it was done already."))
    elif deed is DEEDS["approve"] and found.state == PublicationState.PUBLISHED:
        messages.success(request, _("Approved by two: it is published, and stays."))
    else:
        messages.success(request, str(deed.done))
