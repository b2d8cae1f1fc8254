"""The demo's clock: moves "now" of the whole installation, where there is such a clock at all."""

import datetime as dt

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cases.views.answers import back
from policy import clock
from policy.rules import EARLIEST_ON, LATEST_ON


@require_POST
@login_required
def demo_clock(request: HttpRequest) -> HttpResponse:
    """Set the date (`on`), move it by days (`step`), or return to real time (`reset`). Backwards is allowed.

    404 where the installation has no demo clock: nothing can shift it there.
    """
    if settings.DEMO_CLOCK_FILE is None:
        raise Http404
    wanted = _wanted(request)
    if wanted is None and "reset" not in request.POST:
        messages.error(request, _("Write the date in the form 2022-11-14."))
    else:
        clock.set_today(wanted)
    return back(request, reverse("home"))


def _wanted(request: HttpRequest) -> dt.date | None:
    """The date that is asked for; None for real time, and for what is no date or out of all bounds."""
    if "reset" in request.POST:
        return None
    wanted: dt.date | None
    try:
        if "step" in request.POST:
            wanted = clock.today() + dt.timedelta(days=int(request.POST["step"]))
        else:
            wanted = parse_date(request.POST.get("on", ""))
    except (ValueError, OverflowError):
        return None
    return wanted if wanted and EARLIEST_ON <= wanted <= LATEST_ON else None
