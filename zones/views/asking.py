"""Public questions about an address: is my building in a high-risk zone, and was it in one?

What somebody typed stands in no address of a page but sealed, and in no log.
"""

import datetime as dt
from contextlib import suppress
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from accounts.encryption import decrypt, encrypt
from accounts.models import Area
from accounts.rules import Level
from policy import clock
from zones.addresses import LONGEST
from zones.finding import find
from zones.published import Asked, months, past_zones
from zones.rules import tidy_name
from zones.views.keeping import kept
from zones.views.risk import page


class PublicThrottle(SimpleRateThrottle):
    """As often from one address as the other public questions (settings, `public`), counted together."""

    scope = "public"

    def get_cache_key(self, request: Any, view: Any) -> str:
        """By the client's address alone: nobody has to log in, and nobody gains by it."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


def _too_often(request: HttpRequest) -> HttpResponse | None:
    """The page that asks to wait, when this address asked too often; None: go on."""
    throttle = PublicThrottle()
    if throttle.allow_request(cast(Request, request), cast(APIView, None)):
        return None
    seconds = max(1, round(throttle.wait() or 60))
    response = render(request, "risk/wait.html", {"seconds": seconds}, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _sealed(name: str, request: HttpRequest, *kept_too: str) -> HttpResponse:
    """Turn typed words into the address of their answer, where they stand sealed."""
    words = request.POST.get("q", "").strip()[:LONGEST]
    asked = {key: request.POST[key][:20] for key in kept_too if request.POST.get(key)}
    if words:
        asked["words"] = encrypt(words)
    return HttpResponseRedirect(f"{reverse(name)}?{urlencode(asked)}", status=303)


def _words(request: HttpRequest) -> str:
    """The words of the address; "" for one of another installation, or one that was cut short."""
    with suppress(ValueError):
        return decrypt(request.GET.get("words", "")) if request.GET.get("words") else ""
    return ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@require_http_methods(["GET", "HEAD", "POST"])
def risk_search(request: HttpRequest) -> HttpResponse:
    """Whether a building is in a zone; of several places of one name somebody chooses."""
    if request.method == "POST":
        return _sealed("risk-search", request, "compound")
    words, compound = _words(request), _number(request.GET.get("compound", ""))
    at = clock.now()
    if "words" not in request.GET and compound is None:
        return page(request, "risk/search.html", at, words="")
    refused = _too_often(request)
    if refused:
        return refused
    return page(request, "risk/search.html", at, words=words, answer=find(words, at, compound=compound))


@require_http_methods(["GET", "HEAD", "POST"])
def risk_history(request: HttpRequest) -> HttpResponse:
    """Zones that are low-risk again, by month and county, the latest first."""
    if request.method == "POST":
        return _sealed("risk-history", request, "area", "month")
    at, words = clock.now(), _words(request)
    if words and (refused := _too_often(request)):
        return refused
    code = request.GET.get("area", "")
    area = Area.objects.filter(code=code).first() if code.isdecimal() and len(code) <= 12 else None
    month = _month(request.GET.get("month", ""))
    asked = Asked(area=area, month=month, words=tidy_name(words), after=_after(request.GET.get("after", "")))
    zones, more = past_zones(asked, at)
    query = {
        "area": area.code if area else "",
        "month": f"{month:%Y-%m}" if month else "",
        "words": request.GET.get("words", "") if words else "",
    }
    query = {key: value for key, value in query.items() if value}
    following = {**query, "after": f"{zones[-1].release_on}_{zones[-1].pk}"} if more else {}
    return page(
        request,
        "risk/history.html",
        at,
        zones=zones,
        words=words,
        area=area,
        month=month,
        months=kept("months", at, lambda: months(at), language=False),
        counties=kept("counties", at, _counties, language=False),
        narrowed=bool(query),
        first=urlencode(query),
        later=urlencode(following),
        is_first=asked.after is None,
    )


def _counties() -> list[tuple[str, str]]:
    return list(Area.objects.filter(level=Level.COUNTY).order_by("code").values_list("code", "name"))


def _month(text: str) -> dt.date | None:
    with suppress(ValueError):
        return dt.date.fromisoformat(f"{text}-01")
    return None


def _after(text: str) -> tuple[dt.date, int] | None:
    on, _, pk = text.partition("_")
    with suppress(ValueError):
        number = _number(pk)
        return (dt.date.fromisoformat(on), number) if number is not None else None
    return None
