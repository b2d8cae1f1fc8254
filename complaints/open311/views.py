"""The addresses of Open311 GeoReport v2. Reading is public; to submit takes the key of a system."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from accounts.models import ApiToken
from complaints.actions.filing import Receipt
from complaints.open311 import reading, services
from complaints.open311.submitting import posted, sender, submit
from complaints.open311.writing import Open311Error, answer, error_answer
from policy import clock

LONGEST_REPEAT_KEY = 200


class _AddressThrottle(SimpleRateThrottle):
    """As often from one address as the other public questions, counted together with them."""

    scope = "public"

    def get_cache_key(self, request: Any, view: Any) -> str:
        """By the client's address."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class _KeyThrottle(SimpleRateThrottle):
    """As often with one key as other calls of systems, counted together with them."""

    scope = "system"

    def __init__(self, token: ApiToken) -> None:
        self.token = token
        super().__init__()

    def get_cache_key(self, request: Any, view: Any) -> str:
        """By the key."""
        return self.cache_format % {"scope": self.scope, "ident": f"token-{self.token.pk}"}


def spoken(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Answer in the format of the address, errors in the form of the specification.

    Questions count against the public measure of the client's address.
    """

    def speak(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(view)
        def once(request: HttpRequest, form: str, **kwargs: str) -> HttpResponse:
            if request.method not in methods:
                refused = error_answer(Open311Error(405, _("This method is not offered here.")), form)
                refused.headers["Allow"] = ", ".join(methods)
                return refused
            throttle = _AddressThrottle()
            if request.method != "POST" and not _allowed(throttle, request):
                return _wait(throttle, form)
            try:
                return view(request, form, **kwargs)
            except Open311Error as error:
                return error_answer(error, form)

        return once

    return speak


def _allowed(throttle: SimpleRateThrottle, request: HttpRequest) -> bool:
    return throttle.allow_request(cast(Request, request), cast(APIView, None))


def _wait(throttle: SimpleRateThrottle, form: str) -> HttpResponse:
    seconds = max(1, round(throttle.wait() or 60))
    refused = error_answer(Open311Error(429, _("Too many questions: please wait.")), form)
    refused.headers["Retry-After"] = str(seconds)
    return refused


@spoken("GET", "HEAD")
def discovery(request: HttpRequest, form: str) -> HttpResponse:
    """Where the endpoint is and what it speaks."""
    services_at = request.build_absolute_uri(reverse("open311-services", args=[form]))
    endpoint = services_at.removesuffix(f"/services.{form}")
    return answer("discovery", services.discovery(endpoint), form)


@spoken("GET", "HEAD")
def service_list(request: HttpRequest, form: str) -> HttpResponse:
    """The behaviours that can be complained about."""
    reading.jurisdiction(request.GET)
    return answer("services", services.services(), form)


@spoken("GET", "HEAD")
def service(request: HttpRequest, form: str, code: str) -> HttpResponse:
    """What one of them asks for."""
    reading.jurisdiction(request.GET)
    found = services.definition(code)
    if found is None:
        raise Open311Error(404, _("service_code was not found."))
    return answer("service_definition", found, form)


@spoken("GET", "HEAD", "POST")
def request_list(request: HttpRequest, form: str) -> HttpResponse:
    """Requests of the last ninety days; a new one."""
    if request.method != "POST":
        return answer("service_requests", reading.requests(request.GET, clock.now()), form)
    fields = posted(request)
    token = sender(fields)
    throttle = _KeyThrottle(token)
    if not _allowed(throttle, request):
        return _wait(throttle, form)
    repeat_key = request.headers.get("Idempotency-Key", "")[:LONGEST_REPEAT_KEY]
    receipt = submit(fields, token, repeat_key=repeat_key, at=clock.now())
    return answer("service_requests", [_receipt(receipt)], form, status=201)


def _receipt(receipt: Receipt) -> dict[str, Any]:
    notice = _(
        "Secret: %(secret)s. It is shown this once. With number and secret the complainant follows the "
        "complaint, adds to it and says whether it was put right."
    )
    return {
        "service_request_id": receipt.number,
        "service_notice": notice % {"secret": receipt.secret},
        "account_id": None,
    }


@spoken("GET", "HEAD")
def request_detail(request: HttpRequest, form: str, number: str) -> HttpResponse:
    """One request: how far it is."""
    reading.jurisdiction(request.GET)
    found = reading.request(number)
    if found is None:
        raise Open311Error(404, _("service_request_id was not found."))
    return answer("service_requests", [found], form)


@spoken("GET", "HEAD")
def token_detail(request: HttpRequest, form: str, number: str) -> HttpResponse:
    """The number of a token: each request has its number at once, which is its token too."""
    reading.jurisdiction(request.GET)
    if reading.request(number) is None:
        raise Open311Error(404, _("token was not found."))
    return answer("service_requests", [{"service_request_id": number, "token": number}], form)


@spoken("GET", "HEAD", "POST")
def nothing_here(request: HttpRequest, form: str) -> HttpResponse:
    """What the specification does not name, in its own form; XML is the format that it requires."""
    raise Open311Error(404, _("There is nothing at this address."))
