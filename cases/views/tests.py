"""Taking samples and recording results, one by one and for a whole building.

Each verb takes POST, and a hidden `next` (a path of ours) to go back to. A row of a work list is the
element `t<pk>`: a request of htmx that targets it gets the row anew, with the counts beside it and a toast
that offers to undo. What a rule refuses is said in that row with status 409, or on the page of the test.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.rules import Ability
from cases.actions import testing
from cases.forms.testing import ResultForm, keys_of_tests
from cases.lines import counts_of_tests, line_of_test
from cases.models import NucleicAcidTest
from cases.models.testing import TestQuerySet
from cases.rules import CONTACT_OUTCOMES, RESULTS, ContactOutcome, Ending, Result
from cases.views.answers import back, blame, following, htmx
from policy import clock
from policy.models import edition_by_code
from policy.refusals import BadInput, RuleViolation
from policy.types import Category

PARTS = ("not-taken", "result")
"""What the dialog of a work list asks for; the page of the test shows both."""


def test_of(request: StaffRequest, pk: int) -> NucleicAcidTest:
    """A test of the user's area; a neighbour's is a 404 like one that does not exist."""
    found = NucleicAcidTest.objects.visible_to(request.user).select_related("episode__person")
    return get_object_or_404(found, pk=pk)


@requires(Ability.SEE_CASES)
@require_safe
def test(request: StaffRequest, pk: int) -> HttpResponse:
    """The page of one test, or in a dialog the part that `?do=` names."""
    return page_of_test(request, test_of(request, pk))


def page_of_test(
    request: StaffRequest,
    test: NucleicAcidTest,
    *,
    form: ResultForm | None = None,
    refused: str = "",
    confirming: bool = False,
    status: int = 200,
) -> HttpResponse:
    """The page, or what stands in the dialog; `confirming` asks whether the result is really positive."""
    asked = request.GET.get("do", "") or request.POST.get("do", "")
    ended = test.episode.ending in (Ending.WITHDRAWN, Ending.TRANSFERRED)
    context = {
        "test": test,
        "line": line_of_test(test, clock.today()),
        "form": form or ResultForm(),
        "refused": refused,
        "confirming": confirming,
        "do": asked if asked in PARTS else "",
        "here": following(request),
        "may_work": request.user.may(Ability.WORK_CASES),
        "may_call": request.user.may(Ability.REVEAL_NUMBERS),
        "answerable": not test.result and not test.dropped_at and not ended,
        "due": test.planned_on <= clock.today(),
        "result_label": RESULTS[Result(test.result)],
        "outcomes": {
            outcome: label
            for outcome, label in CONTACT_OUTCOMES.items()
            if outcome is not ContactOutcome.REACHED
        },
        "by_ct": _positive_below(test),
        "at": clock.now(),
    }
    in_dialog = bool(htmx(request)) and htmx(request).target == "dialog"
    return render(
        request, "cases/_test_dialog.html" if in_dialog else "cases/test.html", context, status=status
    )


# ── one test ─────────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_POST
def sampled(request: StaffRequest, pk: int) -> HttpResponse:
    """The sample was taken."""
    found, at = test_of(request, pk), clock.now()
    return _perform(request, found, lambda: testing.record_sampling(test=found, by=request.user, at=at))


@requires(Ability.WORK_CASES)
@require_POST
def result(request: StaffRequest, pk: int) -> HttpResponse:
    """The result came in. A positive one is recorded at the second asking only."""
    found, at = test_of(request, pk), clock.now()
    form = ResultForm(request.POST)
    if not form.is_valid():
        return page_of_test(request, found, form=form, status=422)
    answer, ct = Result(form.cleaned_data["result"]), form.cleaned_data["ct"]
    if not found.result and answer is Result.POSITIVE and not form.confirmed and _counts(found, ct):
        return page_of_test(request, found, form=form, confirming=True)

    def act() -> bool:
        return testing.record_result(test=found, result=answer, ct=ct, by=request.user, at=at)

    return _perform(request, found, act, form=form)


def _positive_below(test: NucleicAcidTest) -> float | None:
    """The Ct value below which this person's result counts as positive; None: the laboratory's word does."""
    rule = edition_by_code(test.episode.edition).rule_for(Category(test.episode.category))
    return rule.positive_below_ct if rule else None


def _counts(test: NucleicAcidTest, ct: Decimal | None) -> bool:
    """Whether "positive" with that Ct value closes the plan; without a needed value the verb asks for it."""
    limit = _positive_below(test)
    return limit is None or (ct is not None and ct < Decimal(str(limit)))


@requires(Ability.WORK_CASES)
@require_POST
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back the last thing that was recorded: the result, or else the sampling."""
    found, at = test_of(request, pk), clock.now()
    reason = request.POST.get("reason", "")

    def act() -> bool:
        if found.result:
            return testing.undo_result(test=found, by=request.user, at=at, reason=reason)
        return testing.undo_sampling(test=found, by=request.user, at=at)

    return _perform(request, found, act, undoing=True)


def _perform(
    request: StaffRequest,
    test: NucleicAcidTest,
    act: Callable[[], bool],
    *,
    form: ResultForm | None = None,
    undoing: bool = False,
) -> HttpResponse:
    """Let the verb act and answer with the row or go back; else say why not where the tap came from."""
    try:
        changed = act()
    except (RuleViolation, BadInput) as refusal:
        if _wants_row(request, test):
            return _row(request, test, refused=str(refusal), status=409)
        if form is not None:
            blame(form, refusal)
            return page_of_test(request, test, form=form, status=409)
        return page_of_test(request, test, refused=str(refusal), status=409)
    done = "" if undoing else str(RESULTS[Result(test.result)] if test.result else _("sampled"))
    sentence = _sentence(test, done, changed=changed)
    if _wants_row(request, test):
        return _row(request, test, done=done, sentence=sentence)
    address = reverse("test-undo", args=[test.pk]) if done and changed and not _is_positive(test) else ""
    messages.success(request, sentence, extra_tags=address)
    return back(request, reverse("test", args=[test.pk]))


def _is_positive(test: NucleicAcidTest) -> bool:
    """A positive result is taken back with a reason, on its page, not by a tap."""
    return test.result == Result.POSITIVE


def _sentence(test: NucleicAcidTest, done: str, *, changed: bool) -> str:
    words = {"name": test.episode.person.name, "done": done}
    if not changed:
        return _("%(name)s: recorded already, nothing changed") % words
    return _("%(name)s: %(done)s") % words if done else _("%(name)s: taken back") % words


def _wants_row(request: StaffRequest, test: NucleicAcidTest) -> bool:
    return bool(htmx(request)) and htmx(request).target == f"t{test.pk}"


def _row(
    request: StaffRequest,
    test: NucleicAcidTest,
    *,
    done: str = "",
    sentence: str = "",
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    """The row of a work list as it is now, the counts of the page, and the toast.

    `done` says in the row what was done just now; "" shows the row with its buttons.
    """
    today = clock.today()
    context = {
        "line": line_of_test(test, today),
        "done": done,
        "done_at": test.resulted_at or test.sampled_at,
        "sentence": sentence,
        "refused": refused,
        "counts": counts_of_tests(request.user, today),
        "here": following(request),
        "may_work": True,
        "focus": True,
        "at": clock.now(),
    }
    return render(request, "cases/_test_row_answer.html", context, status=status)


# ── many at once ─────────────────────────────────────────────────────────────────────────────────


@requires(Ability.WORK_CASES)
@require_POST
def bulk_sampled(request: StaffRequest) -> HttpResponse:
    """All of a building: `tests` names them."""
    at = clock.now()
    found = _tests_named(request).filter(sampled_at=None, result="")
    count = testing.record_samplings(tests=found, by=request.user, at=at)
    text = ngettext("%(n)d person sampled", "%(n)d people sampled", count) % {"n": count}
    return _bulk_answer(request, text, what="sampled", at=at if count else None)


@requires(Ability.WORK_CASES)
@require_POST
def bulk_negative(request: StaffRequest) -> HttpResponse:
    """Many samples came back negative: `tests` names them. Only what was sampled is answered."""
    at = clock.now()
    found = _tests_named(request).awaiting_result()
    count = testing.record_negatives(tests=found, by=request.user, at=at)
    text = ngettext("%(n)d negative result recorded", "%(n)d negative results recorded", count) % {"n": count}
    return _bulk_answer(request, text, what="negative", at=at if count else None)


def _tests_named(request: StaffRequest) -> TestQuerySet:
    """The tests that the request names; 404 when it names nothing that the user may see."""
    found = NucleicAcidTest.objects.visible_to(request.user).filter(pk__in=keys_of_tests(request.POST))
    if not found.exists():
        raise Http404
    return found.select_related("episode__person")


def _bulk_answer(request: StaffRequest, text: str, *, what: str, at: dt.datetime | None) -> HttpResponse:
    address = reverse("tests-bulk-undo") + "?" + urlencode({"what": what, "at": at.isoformat()}) if at else ""
    messages.success(request, text, extra_tags=address)
    return back(request, reverse("register"))


@requires(Ability.WORK_CASES)
@require_POST
def bulk_undo(request: StaffRequest) -> HttpResponse:
    """Take back one bulk act of one's own, named by what it was and by its instant."""
    try:
        stamped = parse_datetime(request.GET.get("at", ""))
    except ValueError:
        stamped = None
    if stamped is None or timezone.is_naive(stamped):
        raise Http404
    mine: dict[str, dict[str, Any]] = {
        "sampled": {"sampled_by": request.user, "sampled_at": stamped},
        "negative": {"resulted_by": request.user, "resulted_at": stamped, "result": Result.NEGATIVE},
    }
    what = request.GET.get("what", "")
    if what not in mine:
        raise Http404
    found = NucleicAcidTest.objects.visible_to(request.user).filter(**mine[what]).select_related("episode")
    count = _undo_all(request, list(found), negative=what == "negative")
    text = ngettext("Taken back for %(n)d person", "Taken back for %(n)d people", count) % {"n": count}
    messages.success(request, text)
    return back(request, reverse("register"))


def _undo_all(request: StaffRequest, tests: list[NucleicAcidTest], *, negative: bool) -> int:
    """What has changed since, or is too old, stays; returns how many were taken back."""
    done, at = 0, clock.now()
    act = testing.undo_result if negative else testing.undo_sampling
    for each in tests:
        try:
            done += act(test=each, by=request.user, at=at)
        except RuleViolation:
            continue
    return done
