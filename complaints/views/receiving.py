"""The receipt: number and secret, shown once, to be copied, saved, printed or photographed."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_POST

from complaints.actions.clocks import limits_set
from complaints.actions.filing import Receipt
from complaints.models import Complaint
from complaints.rules.clocks import ClockStep, Limit, Unit, limit_for

NUMBER = re.compile(r"\d{6}-\d{8}")
DAY = 24
SECRET = re.compile(r"(\d{4} ?){3}\d{4}")


@dataclass(frozen=True, slots=True)
class Promised:
    """How long a step of this complaint may take, by the local setting."""

    step: ClockStep
    amount: int
    counted_in: str
    """One of hours, days, working_days."""


def promised(complaint: Complaint) -> list[Promised]:
    """The limits of the steps that an office owes, in their order; one query."""
    limits = limits_set()
    found = []
    for step in (ClockStep.ACCEPT, ClockStep.ANSWER, ClockStep.CLOSE):
        limit = limit_for(
            step,
            limits,
            topic=complaint.topic,
            behaviour=complaint.behaviour,
            urgent=complaint.urgent,
            is_complex=complaint.complex,
        )
        if limit:
            found.append(_in_words(step, limit))
    return found


def _in_words(step: ClockStep, limit: Limit) -> Promised:
    """Whole days from two on are said as days."""
    if limit.unit == Unit.HOURS and limit.amount > DAY and limit.amount % DAY == 0:
        return Promised(step, limit.amount // DAY, "days")
    return Promised(step, limit.amount, limit.unit.value)


def track_address(request: HttpRequest, number: str = "", secret: str = "") -> str:
    """The page on which it is followed. Number and secret stand behind the #, which no server ever sees."""
    address = request.build_absolute_uri(reverse("complain-track"))
    if not number:
        return address
    return f"{address}#{urlencode({'number': number, 'secret': secret.replace(' ', '')})}"


def receipt_page(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """The answer to a form that has been filed; nobody keeps it but the reader."""
    code = segno.make(track_address(request, receipt.number, receipt.secret), error="m", micro=False)
    context = {
        "receipt": receipt,
        "complaint": receipt.complaint,
        "promised": promised(receipt.complaint),
        "track": track_address(request),
        "qr": mark_safe(code.svg_inline(scale=5, border=2, dark="#000", light="#fff", omitsize=True)),
    }
    response = render(request, "complaints/public/receipt.html", context)
    patch_cache_control(response, private=True, no_store=True)
    return response


@require_POST
def complain_receipt(request: HttpRequest) -> HttpResponse:
    """The receipt as a text file, made of the two numbers that the page sends; nothing is looked up."""
    number, secret = request.POST.get("number", ""), request.POST.get("secret", "")
    if not NUMBER.fullmatch(number) or not SECRET.fullmatch(secret):
        return HttpResponseRedirect(reverse("complain"), status=303)
    words = {"number": number, "secret": secret, "track": track_address(request)}
    text = render_to_string("complaints/public/receipt.txt", words, request=request)
    # The mark at the beginning lets old editors know that it is UTF-8.
    response = HttpResponse(text.encode("utf-8-sig"), content_type="text/plain; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{number}.txt"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response
