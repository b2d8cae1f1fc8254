"""How long an answer about zones is kept: seconds, never beyond a midnight.

The date stands in the key, so at 00:00 of an opening nobody is answered from the day before; a designation
is seen everywhere within the minute.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import get_language

from policy.clock import midnight

SECONDS = 30

T = TypeVar("T")


def kept(name: str, at: dt.datetime, make: Callable[[], T], *, about: str = "", language: bool = True) -> T:
    """What `make` answers, at most `SECONDS` old and of the same date; by language unless it has none."""
    spoken = get_language() if language else ""
    # The half minute by the app's own clock: a clock that a demo moves must not be answered from before.
    half_minute = int(at.timestamp()) // SECONDS
    key = f"risk:{name}:{about}:{spoken}:{timezone.localdate(at):%Y%m%d}:{half_minute}"
    found: T | None = cache.get(key)
    if found is None:
        found = make()
        cache.set(key, found, SECONDS)
    return found


def answer(request: HttpRequest, body: bytes, content_type: str, at: dt.datetime) -> HttpResponseBase:
    """Data with an ETag: whoever has it already is answered 304. Any page may read it (CORS)."""
    response = HttpResponse(body, content_type=content_type)
    tomorrow = midnight(timezone.localdate(at) + dt.timedelta(days=1))
    seconds = min(SECONDS, int((tomorrow - at).total_seconds()))
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return get_conditional_response(request, etag=etag, response=response) or response
