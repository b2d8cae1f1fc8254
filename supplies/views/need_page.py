"""The page of one need, and the verbs that stand on it: small forms, each shown when the table allows it."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.actions import reveal
from accounts.models import User
from accounts.rules import Ability
from cases.rules import masked_phone
from cases.views.answers import back, blame, client_address
from cases.views.numbers import to_telephone
from policy import clock
from policy.refusals import BadInput, RuleViolation
from supplies.actions.closing import end_by_word
from supplies.actions.owning import colleagues, hand_to, note
from supplies.actions.serving import move
from supplies.forms.asking import ReasonForm
from supplies.forms.needs import NoteForm, OwnerForm
from supplies.household import members_of
from supplies.models import Need
from supplies.need_rows import NeedRow
from supplies.rules.needs import MEDICAL, MOVES, NEED_VERBS, Asker, NeedEventKind, NeedVerb, verbs_for
from supplies.views.needs import SEES, WORKS

LOOKS = {NeedVerb.TAKE: "main", NeedVerb.DELIVER: "main", NeedVerb.CONFIRM: "free"}


def need_of(request: StaffRequest, pk: int) -> Need:
    """A need of the user's area; a neighbour's is a 404 like one that does not exist."""
    needs = Need.objects.visible_to(request.user).select_related(
        "medical__owner",
        "person__unit__building__compound",
        "link",
        "unit__building__compound",
        "zone",
        "community__parent",
        "owner",
        "asked_by",
    )
    return get_object_or_404(needs.prefetch_related("lines__item"), pk=pk)


@requires(*SEES)
@require_safe
def need(request: StaffRequest, pk: int) -> HttpResponse:
    """Facts, lines, the road, what happened, and what can be done."""
    return need_page(request, need_of(request, pk))


def need_page(
    request: StaffRequest, found: Need, *, bound: forms.Form | None = None, verb: str = ""
) -> HttpResponse:
    """The page; `bound` is the form of `verb` that was refused."""
    at = clock.now()
    row = NeedRow(found, at)
    may_work = request.user.may(WORKS)
    context: dict[str, Any] = {
        "need": found,
        "row": row,
        "at": at,
        "bound": bound,
        "verb": verb,
        "may_work": may_work,
        "may_call": request.user.may(Ability.REVEAL_NUMBERS) and bool(found.telephone),
        "phone": masked_phone(found.telephone),
        "household": members_of(found.link) if found.link and not found.person else [],
        "events": found.events.select_related("by"),
        "names": _names(found),
        "may_keep": request.user.may(Ability.KEEP_STOCK),
        "medical_url": _medical_url(found) if may_work else "",
        "wanted_again": _answered_again(found),
    }
    if may_work:
        context |= _forms(found, bound, verb)
    return render(request, "supplies/desk/need.html", context, status=422 if bound else 200)


def _forms(found: Need, bound: forms.Form | None, verb: str) -> dict[str, Any]:
    """The verbs of the table: those of one tap, and those that need a reason."""
    allowed = verbs_for(found.state, Asker.STAFF)
    if found.kind in MEDICAL:
        allowed = [each for each in allowed if each in (NeedVerb.TAKE, NeedVerb.CANCEL)]
    taps = [
        {"verb": each, "label": NEED_VERBS[each], "look": LOOKS.get(each, "")}
        for each in allowed
        if not MOVES[each].needs_reason
    ]
    if taps and not any(tap["look"] for tap in taps):
        taps[0]["look"] = "main"
    reasons = [
        {"verb": each, "label": NEED_VERBS[each], "form": _reason_form(each, bound, verb)}
        for each in allowed
        if MOVES[each].needs_reason
    ]
    return {
        "taps": taps,
        "reasons": reasons,
        "note_form": bound if verb == "note" else NoteForm(),
        "owner_form": OwnerForm(colleagues=colleagues(found)) if found.is_live else None,
    }


def _reason_form(verb: NeedVerb, bound: forms.Form | None, bound_verb: str) -> forms.Form:
    if bound is not None and bound_verb == verb:
        return bound
    return ReasonForm(verb=verb, with_instead=verb is NeedVerb.REFUSE)


def _names(found: Need) -> dict[int, str]:
    """Names of the colleagues to whom it was handed."""
    keys = {event.details.get("owner") for event in found.events.all()} - {None}
    return {user.pk: user.get_full_name() or user.username for user in User.objects.filter(pk__in=keys)}


def _medical_url(found: Need) -> str:
    """The page of its medical side, where there is one."""
    return reverse("medical-need", args=[found.pk]) if found.kind in MEDICAL else ""


def _answered_again(found: Need) -> bool:
    """Whether the resident has answered the question after the opening."""
    asked = found.asked_again_at
    return asked is not None and any(
        event.by_resident and event.kind == NeedEventKind.NOTED and event.at >= asked
        for event in found.events.all()
    )


# ── verbs ────────────────────────────────────────────────────────────────────────────────────────


def _perform(
    request: StaffRequest, found: Need, form: forms.Form, verb: str, act: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    """Let a verb act and go back; else show what is wrong at its field, with what was typed."""
    if form.is_valid():
        try:
            said = act(form.cleaned_data)
        except (RuleViolation, BadInput) as refusal:
            blame(form, refusal)
        else:
            messages.success(request, said or _("That was recorded already; nothing changed."))
            return back(request, found.get_absolute_url())
    return need_page(request, need_of(request, found.pk), bound=form, verb=verb)


@requires(WORKS)
@require_POST
def need_move(request: StaffRequest, pk: int, verb: str) -> HttpResponse:
    """Do one step of the table of needs."""
    if verb not in set(NeedVerb):
        raise Http404
    found, step = need_of(request, pk), NeedVerb(verb)

    def act(cleaned: dict[str, Any]) -> str:
        reason, at = cleaned["reason"].strip(), clock.now()
        if step is NeedVerb.CANCEL and found.kind in MEDICAL:
            end_by_word(need=found, reason=reason, by=request.user, at=at)
        else:
            instead = cleaned.get("instead", "").strip()
            move(
                need=found,
                verb=step,
                asker=Asker.STAFF,
                by=request.user,
                at=at,
                reason=reason,
                instead=instead,
            )
        return _("No. %(number)s: %(verb)s") % {"number": found.number, "verb": NEED_VERBS[step]}

    form = ReasonForm(request.POST, verb=step, with_instead=step is NeedVerb.REFUSE)
    return _perform(request, found, form, verb, act)


@requires(WORKS)
@require_POST
def need_owner(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand it to a colleague."""
    found = need_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        to = cleaned["owner"]
        if not hand_to(need=found, to=to, by=request.user, at=clock.now()):
            return ""
        words = {"number": found.number, "name": to.get_full_name() or to.username}
        return _("No. %(number)s: %(name)s answers for it now") % words

    return _perform(request, found, OwnerForm(request.POST, colleagues=colleagues(found)), "owner", act)


@requires(*SEES)
@require_POST
def need_note(request: StaffRequest, pk: int) -> HttpResponse:
    """Add a remark for colleagues."""
    found = need_of(request, pk)

    def act(cleaned: dict[str, Any]) -> str:
        note(need=found, text=cleaned["text"], by=request.user, at=clock.now())
        return _("No. %(number)s: noted") % {"number": found.number}

    return _perform(request, found, NoteForm(request.POST), "note", act)


@requires(Ability.REVEAL_NUMBERS)
@require_POST
def need_call(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand the number to the telephone, after writing down who called."""
    found = need_of(request, pk)
    phone = found.telephone
    if not phone:
        messages.error(request, _("No. %(number)s: no telephone is on file") % {"number": found.number})
        return back(request, found.get_absolute_url())
    reveal(
        subject=f"need:{found.pk}",
        fields_shown=["call_phone" if found.call_phone else "phone"],
        community=found.community,
        by=request.user,
        at=clock.now(),
        address=client_address(request),
    )
    return to_telephone(request, phone)
