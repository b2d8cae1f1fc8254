"""What somebody sees whose login is locked after too many wrong passwords."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def locked_out(
    request: HttpRequest, _answer: HttpResponse | None = None, _credentials: dict[str, str] | None = None
) -> HttpResponse:
    """Status 429 with the minutes to wait: a page, or JSON under /api/."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    sentence = _("Too many wrong passwords. Try again in %(minutes)d minutes.") % {"minutes": minutes}
    if request.path_info.startswith("/api/"):
        return JsonResponse({"code": "locked_out", "clause": "", "detail": sentence}, status=429)
    return render(request, "accounts/locked_out.html", {"sentence": sentence, "minutes": minutes}, status=429)
