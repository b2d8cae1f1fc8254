"""The queue of the complaint desk: who waits, for how long still, and what is owed to them."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.encryption import decrypt, encrypt
from accounts.models import Area
from accounts.rules import Ability
from cases.views.answers import key_in
from complaints.forms.desk import behaviour_choices
from complaints.models import Complaint
from complaints.paging import page_of
from complaints.queue import DESKS, TABS, UNCOUNTED, Filters, counts_of, in_tab, line_of, order_of, with_rows
from complaints.rules.behaviours import TOPICS
from complaints.rules.handling import Actor, Verb, may
from complaints.rules.words import SOURCES
from policy import clock

KEPT = ("kind", "area", "desk", "source", "words")


@requires(Ability.HANDLE_COMPLAINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def complaints(request: StaffRequest) -> HttpResponse:
    """One page of the queue. A search is a POST: what was typed stands in no address."""
    if request.method == "POST":
        return _search(request)
    user, at = request.user, clock.now()
    if user.own_office is None:
        return render(request, "complaints/desk/no_office.html", {"area": user.area})
    tab = request.GET.get("tab", "todo")
    tab = tab if tab in TABS else "todo"
    areas = _areas(request)
    filters = _filters(request, areas)
    page = page_of(
        with_rows(filters.apply(in_tab(user, tab, at))),
        order_of(tab),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = counts_of(user, at)
    lines = [line_of(complaint, at) for complaint in page.rows]
    context: dict[str, Any] = {
        "tab": tab,
        "tabs": [{"key": key, "label": label, "count": counts.get(key)} for key, label in TABS.items()],
        "lines": lines,
        "page": page,
        "counts": counts,
        "at": at,
        "filters": filters,
        "filtered": any((filters.kind, filters.area, filters.desk, filters.source, filters.words)),
        "kinds": [(str(topic), TOPICS[topic]) for topic in TOPICS],
        "behaviours": behaviour_choices(),
        "areas": areas,
        "sources": SOURCES,
        "desks": DESKS,
        "query": urlencode({key: request.GET[key] for key in KEPT if request.GET.get(key)}),
        "here": request.get_full_path(),
        "own": user.own_office,
        "may_batch": tab not in UNCOUNTED and any(_answerable(line.complaint) for line in lines),
        "may_file": user.may(Ability.FILE_COMPLAINTS),
    }
    return render(request, "complaints/desk/queue.html", context)


def _answerable(complaint: Complaint) -> bool:
    return any(may(verb, complaint.state, Actor.HANDLER) for verb in (Verb.ACCEPT, Verb.ANSWER))


def _search(request: StaffRequest) -> HttpResponse:
    """To the one complaint of that number, else to the list of what matches."""
    words = request.POST.get("q", "").strip()[:80]
    found = Complaint.objects.visible_to(request.user).filter(number=words).first() if words else None
    if found:
        return HttpResponseRedirect(found.get_absolute_url(), status=303)
    kept = {"tab": "all"} | ({"words": encrypt(words)} if words else {})
    return HttpResponseRedirect(f"{reverse('complaints')}?{urlencode(kept)}", status=303)


def _areas(request: StaffRequest) -> list[Area]:
    """The areas right below the user's: by these a wide queue is narrowed."""
    assert request.user.area is not None  # noqa: S101
    return list(request.user.area.children.order_by("code"))


def _filters(request: StaffRequest, areas: list[Area]) -> Filters:
    key = key_in(request.GET, "area")
    return Filters(
        kind=request.GET.get("kind", ""),
        area=next((area for area in areas if area.pk == key), None),
        source=request.GET.get("source", ""),
        words=_words(request),
        desk=request.GET.get("desk", ""),
        own=request.user.own_office,
    )


def _words(request: StaffRequest) -> str:
    try:
        return decrypt(request.GET.get("words", "")) if request.GET.get("words") else ""
    except ValueError:  # an address of another installation, or cut short
        return ""
