"""The complainant's side after filing: number and secret open it, and then they have their word.

No address carries number, secret or key: the session remembers which complaints this browser follows
(`remembering`). Every verb answers with a redirect to the page and a message, or with the page itself and
the sentence at its field; nothing typed is lost.
"""

import datetime as dt
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.views.answers import blame, client_address, key_in
from complaints.actions import word
from complaints.actions.attaching import attach, too_many
from complaints.files import MOST_BYTES, MOST_FILES, Wrong, clean_file, refusal
from complaints.forms.tracking import (
    AddForm,
    DissatisfiedForm,
    ReplyForm,
    SatisfiedForm,
    TrackForm,
    WithdrawForm,
    WordForm,
)
from complaints.models import Attachment, Complaint, Entry
from complaints.rules.handling import Actor, Verb, may
from complaints.views import attempts, remembering
from complaints.views.downloads import as_download
from complaints.views.tracking_page import page_of
from policy import clock
from policy.refusals import BadInput, RuleViolation

MOST_IN_ALL = 30
"""So many files one complaint takes from its complainant, with everything that is added."""

DONE = {
    Verb.ADD: gettext_lazy("Your addition has been taken down."),
    Verb.REPLY: gettext_lazy("Your reply has been taken down."),
    Verb.SATISFIED: gettext_lazy("Thank you. Your word has been taken down."),
    Verb.DISSATISFIED: gettext_lazy("It is opened again; your reason goes to the desk that works on it."),
    Verb.WITHDRAW: gettext_lazy("You took your complaint back."),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Ask for number and secret; a wrong pair is answered without saying which of both is wrong."""
    at = clock.now()
    form = TrackForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _track_page(request, form, at)
    number, address = form.cleaned_data["number"], client_address(request)
    seconds = attempts.seconds_to_wait(address=address, number=number, at=at)
    if seconds:
        return _wait(request, seconds)
    complaint = word.complaint_of(number, form.cleaned_data["secret"])
    if complaint is None or complaint.purged_at:
        attempts.count_wrong(address=address, number=number, at=at)
        form.add_error(
            None, _("Number and secret do not belong together. Please compare both with your receipt.")
        )
        return _track_page(request, form, at)
    remembering.remember(request, complaint, at)
    return HttpResponseRedirect(reverse("complain-mine"), status=303)


def _track_page(request: HttpRequest, form: TrackForm, at: dt.datetime, *, typed: str = "") -> HttpResponse:
    context = {"form": form, "following": bool(remembering.remembered(request, at)), "typed": typed}
    status = 422 if form.errors else 200
    return render(request, "complaints/public/track.html", context, status=status)


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    minutes = -(-seconds // 60)
    response = render(request, "complaints/public/track_wait.html", {"minutes": minutes}, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """The complaint that this browser follows; of several the chosen one, and the others by number."""
    at = clock.now()
    complaint = remembering.shown(request, at)
    if complaint is None:
        return redirect("complain-track")
    return _page(request, complaint, at)


def _page(
    request: HttpRequest, complaint: Complaint, at: dt.datetime, *, bound: WordForm | None = None
) -> HttpResponse:
    keys = remembering.remembered(request, at)
    others = Complaint.objects.filter(pk__in=keys, purged_at=None).exclude(pk=complaint.pk)
    context = {**page_of(complaint, at, bound=bound), "others": others.order_by("-received_at", "-pk")}
    status = 422 if bound is not None else 200
    return render(request, "complaints/public/track_mine.html", context, status=status)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Show another one of those that this browser follows, or a part that was split off."""
    key = key_in(request.POST, "complaint")
    complaint = remembering.followed(request, key, clock.now()) if key is not None else None
    if complaint is None:
        raise Http404
    remembering.show(request, complaint)
    return HttpResponseRedirect(reverse("complain-mine"), status=303)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget what this browser followed."""
    remembering.forget(request)
    messages.success(request, _("Left. Nobody sees your complaint on this phone any more."))
    return HttpResponseRedirect(reverse("complain-track"), status=303)


@never_cache
@require_safe
def file(request: HttpRequest, number: int) -> HttpResponse:
    """One of the files of the complaint that is shown, by its number in it."""
    complaint = remembering.shown(request, clock.now())
    if complaint is None:
        return redirect("complain-track")
    found = get_object_or_404(
        Attachment.objects.select_related("complaint"), complaint=complaint, number=number
    )
    return as_download(found)


# ── the complainant's word ───────────────────────────────────────────────────────────────────────


def _say(
    request: HttpRequest, form: WordForm, verb: Verb, do: Callable[[Complaint, dt.datetime], None]
) -> HttpResponse:
    """Do what the form asks for; when it is refused, the page is drawn anew with what was typed.

    A browser that follows nothing any more is asked for number and secret again, with what was typed.
    """
    at = clock.now()
    key = key_in(request.POST, "complaint")
    complaint = remembering.followed(request, key, at) if key is not None else None
    if complaint is None:
        messages.warning(request, _("Please give number and secret again: an hour has passed."))
        return _track_page(request, TrackForm(), at, typed=request.POST.get("text", ""))
    remembering.show(request, complaint)
    if form.is_valid():
        try:
            _attach(form, complaint, at)
            do(complaint, at)
        except (RuleViolation, BadInput) as refusal:
            if _is_done_already(complaint, verb):
                return _told(request, verb)
            _blame(form, refusal)
        else:
            return _told(request, verb)
    complaint.refresh_from_db()
    return _page(request, complaint, at, bound=form)


def _attach(form: WordForm, complaint: Complaint, at: dt.datetime) -> None:
    """Keep the files that came with the form under its token; the verb takes them along.

    Raises BadInput at "files" for one that is none, and when there are too many of them.
    """
    sent = form.cleaned_data.get("files") or []
    if (
        len(sent) > MOST_FILES
        or Attachment.objects.filter(complaint=complaint).count() + len(sent) > MOST_IN_ALL
    ):
        raise too_many()
    for position, file in enumerate(sent, start=1):
        if (file.size or 0) > MOST_BYTES:
            raise refusal(Wrong.TOO_LARGE, position)
        clean = clean_file(file.read(), position)
        attach(clean, token=form.cleaned_data["token"], at=at, complaint=complaint)


def _blame(form: WordForm, refusal: RuleViolation | BadInput) -> None:
    """The sentence at the text when it asks for a reason, else at the field that it names."""
    if refusal.field == "reason":
        form.add_error("text", str(refusal))
    else:
        blame(form, refusal)


def _told(request: HttpRequest, verb: Verb) -> HttpResponse:
    messages.success(request, str(DONE[verb]))
    return HttpResponseRedirect(reverse("complain-mine"), status=303)


def _is_done_already(complaint: Complaint, verb: Verb) -> bool:
    """Whether the same button was pressed twice: then it is done, and no refusal."""
    complaint.refresh_from_db()
    if verb == Verb.SATISFIED:
        return complaint.satisfied is True and complaint.verified_at is not None
    return False


@never_cache
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add something, with files."""
    form = AddForm(request.POST, request.FILES)

    def do(complaint: Complaint, at: dt.datetime) -> None:
        word.add(complaint=complaint, text=form.cleaned_data["text"], token=form.cleaned_data["token"], at=at)

    return _say(request, form, Verb.ADD, do)


@never_cache
@require_POST
def reply(request: HttpRequest) -> HttpResponse:
    """Reply to a question of the desk, with files."""
    form = ReplyForm(request.POST, request.FILES, question=key_in(request.POST, "question") or 0)

    def do(complaint: Complaint, at: dt.datetime) -> None:
        question = Entry.objects.filter(complaint=complaint, pk=form.cleaned_data["question"]).first()
        if question is None:
            raise Http404
        earlier = Entry.objects.filter(replies_to=question).first()
        if earlier and earlier.text == form.cleaned_data["text"]:
            return  # the same button pressed twice
        word.reply(
            complaint=complaint,
            question=question,
            text=form.cleaned_data["text"],
            token=form.cleaned_data["token"],
            at=at,
        )

    return _say(request, form, Verb.REPLY, do)


@never_cache
@require_POST
def satisfied(request: HttpRequest) -> HttpResponse:
    """It was put right."""
    form = SatisfiedForm(request.POST)

    def do(complaint: Complaint, at: dt.datetime) -> None:
        word.say_satisfied(complaint=complaint, text=form.cleaned_data["text"], at=at)

    return _say(request, form, Verb.SATISFIED, do)


@never_cache
@require_POST
def dissatisfied(request: HttpRequest) -> HttpResponse:
    """It was not put right: opened again, with the reason."""
    form = DissatisfiedForm(request.POST)

    def do(complaint: Complaint, at: dt.datetime) -> None:
        word.say_dissatisfied(complaint=complaint, text=form.cleaned_data["text"], at=at)

    return _say(request, form, Verb.DISSATISFIED, do)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Ask whether it shall really be taken back, then do it."""
    at = clock.now()
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    complaint = remembering.shown(request, at)
    if request.method == "POST" and (key := key_in(request.POST, "complaint")) is not None:
        complaint = remembering.followed(request, key, at)
    if complaint is None:
        return redirect("complain-track")
    if request.method == "POST" and form.is_valid():
        try:
            word.withdraw(complaint=complaint, at=at)
        except RuleViolation as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, str(DONE[Verb.WITHDRAW]))
        return HttpResponseRedirect(reverse("complain-mine"), status=303)
    if not may(Verb.WITHDRAW, complaint.state, Actor.COMPLAINANT):
        messages.error(request, _("It can't be taken back any more: it has been answered or has ended."))
        return redirect("complain-mine")
    return render(request, "complaints/public/track_withdraw.html", {"complaint": complaint, "form": form})
