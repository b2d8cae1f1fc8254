"""The telephone: filing for a caller, the receipt to read out, and what an operator has filed."""

import datetime as dt
import secrets
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import StaffRequest, requires
from accounts.models import Area, User
from accounts.rules import Ability, Level
from cases.views.answers import blame
from complaints.actions.calling import take_call
from complaints.alike import alike
from complaints.forms.calling import CallForm
from complaints.listed_firms import listed_facts
from complaints.models import Complainant, Complaint
from complaints.own_facts import Fact, own_facts, sentences_of
from complaints.paging import ByReceipt, page_of
from complaints.places import NONE_OF_THESE, Where, locate
from complaints.rules.behaviours import BY_CODE
from complaints.views.intake import SEVERAL, TOKEN, date_in
from complaints.views.receiving import promised, track_address
from notices.actions import channel_is_on
from notices.rules import Channel
from policy import clock
from policy.refusals import BadInput, RuleViolation


@dataclass(slots=True)
class Call:
    """A form as it came, what was understood of it, and what looks alike."""

    form: CallForm
    token: str
    at: dt.datetime
    where: Where | None = None
    facts: list[Fact] = field(default_factory=list)
    alike: list[Complaint] = field(default_factory=list)
    held_up: bool = False
    """Sent off, but what looks alike had not been seen yet."""

    @property
    def seen(self) -> str:
        """What stands for the complaints that look alike, so that nobody is held up twice by the same."""
        return "-".join(sorted(each.number for each in self.alike))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Ability.FILE_COMPLAINTS)
def call(request: StaffRequest) -> HttpResponse:
    """The form; filed, it answers with the receipt to read out. Sent twice it is filed once."""
    at, today = clock.now(), clock.today()
    counties = counties_of(request.user)
    if request.method != "POST":
        form = CallForm(counties=counties, today=today)
        return _page(request, Call(form, secrets.token_urlsafe(24), at))
    token = request.POST.get("token", "")
    form = CallForm(request.POST, counties=counties, today=today)
    one = Call(form, token if TOKEN.fullmatch(token) else secrets.token_urlsafe(24), at)
    is_valid = form.is_valid()
    _look_up(request, one)
    if one.where and one.where.choices and request.POST.get("chosen") != NONE_OF_THESE:
        form.add_error("place", str(SEVERAL))
    if not is_valid or form.errors:
        return _page(request, one, status=422)
    if one.alike and request.POST.get("seen", "") != one.seen:
        one.held_up = True
        return _page(request, one)
    return _filed(request, one)


def _filed(request: StaffRequest, one: Call) -> HttpResponse:
    where = one.where or Where("", one.form.chosen_county)
    if where.area is None and one.form.chosen_county is None:
        one.form.add_error(None, _("Your area has no county yet; ask your supervisor to set it."))
        return _page(request, one, status=422)
    try:
        receipt = take_call(
            one.form.filing(where, one.facts),
            token=f"call:{request.user.pk}:{one.token}",
            track=track_address(request),
            secret_by_sms=one.form.cleaned_data.get("secret_by_sms", False),
            by=request.user,
            at=one.at,
        )
    except (BadInput, RuleViolation) as refusal:
        blame(one.form, refusal)
        return _page(request, one, status=422)
    context = {
        "receipt": receipt,
        "complaint": receipt.complaint,
        "promised": promised(receipt.complaint),
        "track": track_address(request),
        "texted": channel_is_on(Channel.SMS)
        and Complainant.objects.filter(complaint=receipt.complaint).exclude(phone="").exists(),
        "secret_texted": one.form.cleaned_data.get("secret_by_sms", False),
    }
    return render(request, "complaints/desk/call_receipt.html", context)


@never_cache
@require_POST
@requires(Ability.FILE_COMPLAINTS)
def beside(request: StaffRequest) -> HttpResponse:
    """What stands beside the form while it is filled in: the place as understood, own facts, look-alikes."""
    form = CallForm(initial=request.POST.dict(), counties=counties_of(request.user), today=clock.today())
    one = Call(form, "", clock.now())
    _look_up(request, one)
    return render(request, "complaints/desk/_call_beside.html", _beside(one, request))


@require_safe
@requires(Ability.FILE_COMPLAINTS)
def calls(request: StaffRequest) -> HttpResponse:
    """What this operator filed, the newest first; nothing of anybody else's."""
    found = Complaint.objects.filed_by_hand_of(request.user)
    words = request.GET.get("number", "").strip()[:24]
    digits = "".join(each for each in words if each.isascii() and each.isdigit())
    if words:
        number = f"{digits[:6]}-{digits[6:]}" if len(digits) > 6 else digits
        found = found.filter(number__startswith=number) if digits else found.none()
    page = page_of(
        found, ByReceipt(), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {"page": page, "number": words, "at": clock.now()}
    return render(request, "complaints/desk/calls.html", context)


def counties_of(user: User) -> list[Area]:
    """The counties in which the user files: those inside the own area, or the one around it."""
    if user.area is None:
        return []
    inside = list(Area.objects.within(user.area).filter(level=Level.COUNTY).order_by("code"))
    around = user.area.line.get(Level.COUNTY)
    return inside or ([around] if around else [user.area])


def _look_up(request: HttpRequest, one: Call) -> None:
    """What was understood of the place, what the app knows of it, and which complaints look alike."""
    written = request.POST
    behaviour = written.get("behaviour", "")
    kind = BY_CODE.get(behaviour)
    one.where = locate(
        written.get("place", "")[:200],
        county=one.form.chosen_county,
        chosen=written.get("chosen", ""),
        sites_first=kind is not None and kind.asks in ("site", "firm"),
        at=one.at,
    )
    since = date_in(written.get("since_on", ""))
    area = one.where.area or one.form.chosen_county
    one.facts = [
        *listed_facts(behaviour=behaviour, written=one.where.written, site=one.where.site, area=area),
        *own_facts(behaviour=behaviour, answer=one.where.answer, since_on=since, on=one.form.today),
    ]
    user = request.user
    assert isinstance(user, User)  # noqa: S101
    one.alike = alike(
        user=user,
        behaviour=behaviour if kind else "",
        where=one.where,
        phone=_phone(written.get("phone", "")),
        at=one.at,
    )


def _phone(written: str) -> str:
    """The number as it is stored, "" for one that nobody could call."""
    lone = CallForm(counties=[], today=clock.today())
    lone.cleaned_data = {"phone": written[:30]}
    try:
        return lone.clean_phone()
    except ValidationError:
        return ""


def _page(request: HttpRequest, one: Call, status: int = 200) -> HttpResponse:
    return render(
        request,
        "complaints/desk/call.html",
        {"call": one, "form": one.form, **_beside(one, request)},
        status=status,
    )


def _beside(one: Call, request: HttpRequest) -> dict[str, object]:
    return {
        "call": one,
        "where": one.where,
        "chosen": request.POST.get("chosen", ""),
        "none_of_these": NONE_OF_THESE,
        "facts": sentences_of(one.facts),
        "alike": one.alike,
        "at": one.at,
    }
