"""The door of the resident's pages: the link opens them, and nothing else does.

Whoever has the address is the household; so no account, no session and no CSRF cookie stand in the way, and
a request can only be forged by somebody who has the address already. The answers tell nobody: no referrer
leaves the page (a browser then sends no origin either, which Django's check would refuse), nothing is kept,
nothing is indexed, and the log names the route, never the path. Guessed, renewed, withdrawn, run out and
purged are answered alike.
"""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from accounts.encryption import keyed_digest
from cases.models import Person
from cases.views.answers import client_address
from policy import clock
from supplies.actions.links import link_of
from supplies.household import members_of
from supplies.models import ResidentLink

GUESSES = 20
WITHIN = dt.timedelta(minutes=15)
"""So many addresses that open nothing are looked up for one client within that time."""
LARGE = "large_type"
"""The cookie of the large type."""


@dataclass(frozen=True, slots=True)
class Door:
    """An opened link: its household at this instant, and how the page is to be drawn."""

    link: ResidentLink
    people: list[Person]
    token: str
    at: dt.datetime
    large: bool

    @property
    def url(self) -> str:
        """The household's page."""
        return reverse("my-page", args=[self.token])

    @property
    def context(self) -> dict[str, Any]:
        """What every page of the household needs."""
        return {
            "door": self,
            "token": self.token,
            "home_url": self.url,
            "large": self.large,
            "at": self.at,
            "community": self.link.community,
        }


View = Callable[..., HttpResponse]


def behind_link(view: View) -> View:
    """Open the page for whoever has the link: the view gets its `Door` in the place of the token."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        at = clock.now()
        link = link_of(token, at)
        people = members_of(link) if link else []
        if link is None or not people:
            return told_nobody(_closed(request, at))
        door = Door(link, people, token, at, request.COOKIES.get(LARGE) == "1")
        return told_nobody(view(request, door, **kwargs))

    return guarded


def told_nobody(response: HttpResponse) -> HttpResponse:
    """The headers of a private page."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store, private"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _closed(request: HttpRequest, at: dt.datetime) -> HttpResponse:
    """One plain page for every link that opens nothing; who guesses too often waits.

    A right link opens whatever its neighbours do: a whole compound may sit behind one address, and 132 bits
    are not found by trying.
    """
    seconds = _count_guess(client_address(request), at)
    large = request.COOKIES.get(LARGE) == "1"
    if not seconds:
        return render(request, "supplies/resident/closed.html", {"large": large}, status=404)
    minutes = math.ceil(seconds / 60)
    response = render(request, "supplies/resident/closed.html", {"minutes": minutes}, status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _count_guess(address: str | None, at: dt.datetime) -> int:
    """Note the guess; returns how many seconds this client has to wait, 0 while it may go on."""
    key = f"resident-link:{keyed_digest('address', address or '')}"
    oldest = (at - WITHIN).timestamp()
    tried = [when for when in cache.get(key, []) if when > oldest]
    if len(tried) >= GUESSES:
        return max(1, math.ceil(tried[0] + WITHIN.total_seconds() - at.timestamp()))
    cache.set(key, [*tried, at.timestamp()], int(WITHIN.total_seconds()))
    return 0
