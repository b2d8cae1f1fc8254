"""How the verbs of a page answer: back to where they were called from, or with the sentence at its field."""

from typing import cast
from urllib.parse import urldefrag

from django import forms
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseLocation
from django_htmx.middleware import HtmxDetails

from policy.refusals import BadInput, RuleViolation


def htmx(request: HttpRequest) -> HtmxDetails:
    """What htmx says of the request; false for a plain one."""
    return cast(HtmxDetails, request.htmx)  # type: ignore[attr-defined]


def following(request: HttpRequest) -> str:
    """The path that `next` names in the form or the address, "" unless it is a path of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else ""


def back(request: HttpRequest, default: str) -> HttpResponse:
    """Redirect to the page that the field `next` names, when it is one of ours, else to the default.

    A request of htmx follows the redirect with its own headers, so `next` may name a fragment there; only
    out of the dialog the whole page is drawn anew where it stands, which closes it.
    """
    address = following(request) or default
    if htmx(request) and htmx(request).target == "dialog":
        return HttpResponseLocation(urldefrag(address).url, target="body", swap="innerHTML")
    return HttpResponseRedirect(address, status=303)


def key_in(values: QueryDict, name: str) -> int | None:
    """The key of a row that a query or form names, None when it names nothing that could be one."""
    text = values.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else None


def blame(form: forms.Form, refusal: RuleViolation | BadInput) -> None:
    """Put what a rule or a verb refused at its field, with the clause; else above the form."""
    field = refusal.field if refusal.field in form.fields else None
    form.add_error(field, str(refusal))


def refused_in_place(request: HttpRequest, form: forms.Form) -> HttpResponse:
    """The answer to a button of htmx that stands on some other page: its row stays, a toast says why not."""
    sentences = [error for errors in form.errors.values() for error in errors]
    context = {"sentences": sentences, "messages": get_messages(request)}
    answer = render(request, "cases/_refused.html", context, status=422)
    answer["HX-Reswap"] = "none"
    return answer


def client_address(request: HttpRequest) -> str | None:
    """Where the request comes from (config.wsgi sees to proxies), None when nobody knows."""
    return request.META.get("REMOTE_ADDR") or None
