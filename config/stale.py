"""The answer to a form whose token is too old: nothing was done, and what was written is given back."""

from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.middleware.csrf import REASON_NO_CSRF_COOKIE, REASON_NO_REFERER
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters

SHORTEST = 8
"""What is shorter is typed again in a moment: a number, a choice."""
MOST_CHARACTERS = 8000
SECRET = ("csrf", "password", "secret", "token", "altcha", "key")
"""Parts of the names of fields that are never shown again."""


@sensitive_post_parameters()
def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 with every longer text of the form, to be copied into a fresh one; secrets are left out.

    Whoever sends the form is whoever reads the answer, so it tells nobody anything new; it is never kept.
    """
    context = {
        "written": _written(request),
        "no_cookie": reason == REASON_NO_CSRF_COOKIE,
        "no_referer": reason == REASON_NO_REFERER,
    }
    answer = render(request, "403_csrf.html", context, status=403)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _written(request: HttpRequest) -> list[str]:
    try:
        posted = request.POST.lists()
    except UnreadablePostError:  # the connection broke off; there is nothing to give back
        return []
    found = [
        text.strip()[:MOST_CHARACTERS]
        for name, texts in posted
        if not any(part in name.lower() for part in SECRET)
        for text in texts
    ]
    return [text for text in dict.fromkeys(found) if len(text) >= SHORTEST and _is_prose(text)]


def _is_prose(text: str) -> bool:
    """Not a code, a date or a key of the form itself."""
    return not text.isascii() or " " in text
