"""Filing a complaint in public: no account, no cookie of ours but the form's own, no script needed.

Two lanes lead to the same verb. A browser that runs scripts brings a proof of work; one that doesn't confirms
what it wrote on a second page. Each lane has its own limits, so that a flood in one does not close the other.
"""

import datetime as dt
import json
import re
import secrets
from dataclasses import dataclass, field

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.views.answers import blame, client_address
from complaints import flood
from complaints.actions.attaching import attached, detach
from complaints.actions.filing import file_complaint, receipt_of, token_digest
from complaints.files import MOST_FILES
from complaints.forms.intake import ComplaintForm, ProofField, new_challenge
from complaints.listed_firms import listed_facts
from complaints.own_facts import Fact, own_facts, sentences_of
from complaints.places import NONE_OF_THESE, Where, counties, locate
from complaints.rules.behaviours import BY_CODE, TOPICS, Topic, by_topic
from complaints.rules.words import ORDERED, WHOM, Ordered, Whom
from complaints.views.receiving import receipt_page
from complaints.views.uploading import cap_uploads, keep_files
from policy import clock
from policy.refusals import BadInput, RuleViolation

LOGISTICS_HOTLINE = "010-65292831"
"""The 24-hour line for lorries that the press conference of 12 November 2022 names (P)."""
GOVERNMENT_HOTLINE = "12345"
TRAP = "website"
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
TICKET_SALT = "complaints.ticket"
TICKET_SECONDS = 2 * 60 * 60
SHORTEST_LOOK = 2
"""So many seconds at least lie between the form and its confirmation by a person."""
SEVERAL = _("Several places are called so. Please choose one, or “none of these”.")
NO_AREA = _("This installation covers no area yet. Please call 12345.")
TRAPPED = _(
    "A field that has to stay empty was filled in, perhaps by the browser. It is empty again: please file"
    " once more."
)


@require_safe
def complain(request: HttpRequest) -> HttpResponse:
    """What can be complained about, in plain words with the clause behind each."""
    groups = [(topic, TOPICS[topic], those) for topic, those in by_topic()]
    context = {"groups": groups, "road": Topic.ROAD, "hotline": LOGISTICS_HOTLINE}
    return render(request, "complaints/public/complain.html", context)


@csrf_exempt  # only until the upload handler is set: `_complain_new` checks the form's token
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def complain_new(request: HttpRequest) -> HttpResponse:
    """The form. Sent twice it is filed once, and answers the same receipt."""
    if request.method == "POST" and not cap_uploads(request):
        return render(request, "complaints/public/too_large.html", {"most": MOST_FILES}, status=413)
    response = _complain_new(request)
    return _stale(request) if response.status_code == 403 else response


def _stale(request: HttpRequest) -> HttpResponse:
    """The form of an earlier visit, or of a browser without cookies, with all that was written in it."""
    token = request.POST.get("token", "")
    token = token if TOKEN.fullmatch(token) else secrets.token_urlsafe(24)
    sent = _again(request.POST, token, clock.now(), [])
    sent.is_stale = True
    return _page(request, sent, status=403)


@csrf_protect
def _complain_new(request: HttpRequest) -> HttpResponse:
    at = clock.now()
    if request.method != "POST":
        chosen = request.GET.get("behaviour", "")
        initial = {"behaviour": chosen if chosen in BY_CODE else ""}
        form = ComplaintForm(initial=initial, counties=counties(), today=clock.today())
        sent = Sent(form, secrets.token_urlsafe(24), at)
        sent.facts = own_facts(behaviour=chosen, answer=None, since_on=None, on=clock.today())
        return _page(request, sent)
    token = request.POST.get("token", "")
    if not TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(24)
    if earlier := receipt_of(token):
        return receipt_page(request, earlier)
    file_errors = keep_files(request, token=token, at=at)
    if "remove" in request.POST:
        number = request.POST["remove"]
        detach(token=token, number=int(number) if number.isascii() and number.isdecimal() else 0)
    if any(button in request.POST for button in ("remove", "facts", "change")):
        return _page(request, _again(request.POST, token, at, file_errors))
    return _filed(request, token, at, file_errors)


@dataclass(slots=True)
class Sent:
    """A form as it came, and what is to be said about it."""

    form: ComplaintForm
    token: str
    at: dt.datetime
    file_errors: list[str] = field(default_factory=list)
    where: Where | None = None
    facts: list[Fact] = field(default_factory=list)
    proof: str = ""
    proof_error: str = ""
    is_stale: bool = False
    """It came without the cookie of its page, and was not looked at."""
    wait: int = 0
    """Seconds until this address may file again; 0: now."""


def _again(written: QueryDict, token: str, at: dt.datetime, file_errors: list[str]) -> Sent:
    """The same form with everything that was written in it, judged by nobody."""
    form = ComplaintForm(initial=written.dict(), counties=counties(), today=clock.today())
    sent = Sent(form, token, at, file_errors, proof=written.get("altcha", "")[:2000])
    _look_up(sent, written)
    return sent


def _look_up(sent: Sent, written: QueryDict) -> None:
    """What was understood of the place, and what the app knows of it."""
    behaviour = written.get("behaviour", "")
    asks = BY_CODE[behaviour].asks if behaviour in BY_CODE else "compound"
    sent.where = locate(
        written.get("place", "")[:200],
        county=sent.form.chosen_county,
        chosen=written.get("chosen", ""),
        sites_first=asks in ("site", "firm"),
        at=sent.at,
    )
    sent.facts = own_facts(
        behaviour=behaviour,
        answer=sent.where.answer,
        since_on=date_in(written.get("since_on", "")),
        on=clock.today(),
    )
    area = sent.where.area or sent.form.chosen_county
    sent.facts = (
        listed_facts(behaviour=behaviour, written=sent.where.written, site=sent.where.site, area=area)
        + sent.facts
    )


def date_in(text: str) -> dt.date | None:
    """The date as a date field sends it; None for none."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def _filed(request: HttpRequest, token: str, at: dt.datetime, file_errors: list[str]) -> HttpResponse:
    """File it, or show the form again with what is wrong."""
    written = request.POST
    form = ComplaintForm(written, counties=counties(), today=clock.today())
    sent = Sent(form, token, at, file_errors, proof=written.get("altcha", "")[:2000])
    is_valid = form.is_valid()
    _look_up(sent, written)
    if sent.where and sent.where.choices and written.get("chosen") != NONE_OF_THESE:
        form.add_error("place", str(SEVERAL))
    if written.get(TRAP):
        form.add_error(None, str(TRAPPED))
    if not is_valid or form.errors or file_errors:
        return _page(request, sent, status=422)
    proved = _is_proved(sent)
    if sent.proof_error:
        return _page(request, sent, status=422)
    ticket = None if proved else _ticket_in(written.get("ticket", ""), token, at)
    if not proved and (ticket is None or ticket.age(at) < SHORTEST_LOOK):
        return _confirmation(request, sent, ticket)
    lane = flood.usual_lane() if proved else flood.slow_lane()
    sent.wait = flood.seconds_to_wait(lane, client_address(request), at)
    if sent.wait:
        return _too_often(request, sent, proved=proved)
    return _stored(request, sent)


def _stored(request: HttpRequest, sent: Sent) -> HttpResponse:
    assert sent.where is not None  # noqa: S101
    if sent.where.area is None and sent.form.chosen_county is None:
        sent.form.add_error(None, str(NO_AREA))
        return _page(request, sent, status=422)
    try:
        receipt = file_complaint(sent.form.filing(sent.where, sent.facts), token=sent.token, at=sent.at)
    except (BadInput, RuleViolation) as refusal:
        blame(sent.form, refusal)
        return _page(request, sent, status=422)
    flood.note_filed(sent.at)
    return receipt_page(request, receipt)


def _is_proved(sent: Sent) -> bool:
    """Whether a proof of work came along that holds; what is wrong with it goes to `proof_error`."""
    if not sent.proof:
        return False
    try:
        ProofField(token=sent.token).clean(sent.proof)
    except ValidationError as error:
        sent.proof, sent.proof_error = "", " ".join(error.messages)
        return False
    return True


# ── without a proof ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Ticket:
    """That the confirmation page of this very form was looked at, and since when: good for one complaint."""

    token: str
    issued_at: float

    def seal(self) -> str:
        """As the page carries it."""
        return signing.dumps([token_digest(self.token), self.issued_at], salt=TICKET_SALT)

    def age(self, at: dt.datetime) -> float:
        """For how many seconds the page has been looked at."""
        return at.timestamp() - self.issued_at


def _ticket_in(sealed: str, token: str, at: dt.datetime) -> Ticket | None:
    """The ticket of that form; None: there is none, it is another form's, or it has expired."""
    try:
        digest, issued_at = signing.loads(sealed, salt=TICKET_SALT)
    except (signing.BadSignature, ValueError):
        return None
    ticket = Ticket(token, issued_at)
    return ticket if digest == token_digest(token) and 0 <= ticket.age(at) < TICKET_SECONDS else None


def _confirmation(
    request: HttpRequest, sent: Sent, ticket: Ticket | None = None, *, status: int = 200
) -> HttpResponse:
    """What was written, to be read once more and sent off: the lane of browsers without a script."""
    form = sent.form
    context = {
        "sent": sent,
        "form": form,
        "ticket": (ticket or Ticket(sent.token, sent.at.timestamp())).seal(),
        "early": ticket is not None and not sent.wait,
        "hidden": [(name, value) for name, value in _written(request.POST) if value],
        "facts": sentences_of(sent.facts),
        "files": attached(sent.token),
        "behaviour": BY_CODE[form.cleaned_data["behaviour"]],
        "whom": WHOM[Whom(form.cleaned_data["whom"] or Whom.UNKNOWN)],
        "ordered": ORDERED[Ordered(form.cleaned_data["ordered"] or Ordered.UNKNOWN)],
        "minutes": -(-sent.wait // 60),
        "hotline": GOVERNMENT_HOTLINE,
    }
    return render(request, "complaints/public/confirm.html", context, status=status)


def _written(post: QueryDict) -> list[tuple[str, str]]:
    names = [*ComplaintForm.base_fields, "token"]
    return [(name, post.get(name, "")) for name in names]


def _too_often(request: HttpRequest, sent: Sent, *, proved: bool) -> HttpResponse:
    if proved:
        response = _page(request, sent, status=429)
    else:
        ticket = _ticket_in(request.POST.get("ticket", ""), sent.token, sent.at)
        response = _confirmation(request, sent, ticket, status=429)
    response.headers["Retry-After"] = str(sent.wait)
    return response


# ── the page ─────────────────────────────────────────────────────────────────────────────────────


def _page(request: HttpRequest, sent: Sent, status: int = 200) -> HttpResponse:
    challenge = None if sent.proof else json.dumps(new_challenge(sent.at))
    context = {
        "sent": sent,
        "form": sent.form,
        "facts": sentences_of(sent.facts),
        "where": sent.where,
        "chosen": request.POST.get("chosen", "")[:40],
        "files": attached(sent.token) if request.method == "POST" else (),
        "most_files": MOST_FILES,
        "challenge": challenge,
        "behaviour": BY_CODE.get(str(sent.form["behaviour"].value() or "")),
        "minutes": -(-sent.wait // 60),
        "hotline": GOVERNMENT_HOTLINE,
        "lorries": LOGISTICS_HOTLINE,
        "road": Topic.ROAD,
    }
    return render(request, "complaints/public/form.html", context, status=status)


@require_POST
@never_cache
def complain_facts(request: HttpRequest) -> HttpResponse:
    """What the app knows of the place that somebody is writing down, as a fragment for the form."""
    at = clock.now()
    form = ComplaintForm(initial=request.POST.dict(), counties=counties(), today=clock.today())
    sent = Sent(form, "", at)
    if not flood.seconds_to_wait(flood.facts_lane(), client_address(request), at):
        _look_up(sent, request.POST)
    context = {
        "where": sent.where,
        "facts": sentences_of(sent.facts),
        "slow": sent.where is None,
        "sent_chosen": request.POST.get("chosen", "")[:40],
    }
    return render(request, "complaints/public/_facts.html", context)
