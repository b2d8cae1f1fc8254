"""What every request passes through: the log line, the language that was chosen, the content policy."""

import time
import uuid
from collections.abc import Callable

import structlog
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers

from policy.models import NoEditionInForce

log = structlog.get_logger("jiefeng.request")


class RequestLogMiddleware:
    """One line a request: id, method, route, status, milliseconds, the user's number; never a path.

    The id is answered as `X-Request-ID`, so that a user can read it out to whoever reads the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request between the two marks of a stopwatch."""
        structlog.contextvars.clear_contextvars()
        request_id = uuid.uuid4().hex[:12]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None:
            user = getattr(request, "user", None)
            log.info(
                "request",
                method=request.method,
                route=f"/{match.route}",
                status=response.status_code,
                ms=round((time.perf_counter() - began) * 1000),
                user=user.pk if user is not None else None,
            )
        response.headers["X-Request-ID"] = request_id
        return response


class ChosenLocaleMiddleware:
    """The language that the reader chose with the switch (a cookie), else Chinese.

    Django's own LocaleMiddleware would follow the browser's Accept-Language. A community worker's browser
    says English as often as not, and the product's first language is Chinese, so the browser has no say.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the language for the request and say it in the answer."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Content-Language", language)
        return response


class ContentSecurityMiddleware(CSPMiddleware):
    """The content policy of the settings, loosened where a third party's pages need it.

    The admin theme is driven by Alpine, which compiles the attributes of its own templates and sets style
    attributes; the API documentation carries a style block. Everything else stays on 'self'.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The policy for that path."""
        parts = super().get_policy_parts(request=request, response=response, report_only=report_only)
        if request.path_info.startswith("/admin/"):
            parts.update = {
                "script-src": [SELF, UNSAFE_EVAL],
                "style-src": [SELF, UNSAFE_INLINE],
                "img-src": [SELF, "data:"],
                "object-src": [NONE],
            }
        elif request.path_info.startswith("/api/v1/docs/"):
            parts.update = {"style-src": [SELF, UNSAFE_INLINE], "img-src": [SELF, "data:"]}
        return parts


class NoEditionMiddleware:
    """A date on which no policy edition is in force is answered with a page that says so, not with a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page, for that one error."""
        if not isinstance(exception, NoEditionInForce):
            return None
        return render(request, "no_edition.html", {"sentence": exception.sentence}, status=409)
