"""The call log: every call of the area, narrowed by number, name, address, date, operator and outcome."""

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from accounts.access import StaffRequest, requires
from accounts.encryption import encrypt
from accounts.rules import Ability
from cases.paging import KeysetOrder, cursor_of, keyset_page
from supplies.forms.calls import CallFilter
from supplies.models import Call
from supplies.views.call_desk import with_what_came
from supplies.views.searching import words_of

NEWEST = KeysetOrder(("id",), descending=True)
PAGE = 40
CHOSEN = ("since", "until", "operator", "outcome")


@requires(Ability.TAKE_CALLS)
@require_http_methods(["GET", "HEAD", "POST"])
def call_log(request: StaffRequest) -> HttpResponse:
    """The latest first, in keyset pages of three queries. A search is posted: its words stand sealed."""
    if request.method == "POST":
        return _sealed(request)
    narrowing = CallFilter(_asked(request), user=request.user)
    found = narrowing.narrow(with_what_came(Call.objects.visible_to(request.user)))
    queryset, _backwards = keyset_page(found, NEWEST, after=request.GET.get("after", ""), size=PAGE)
    rows = list(queryset)
    older = cursor_of({"id": rows[PAGE - 1].pk}, NEWEST) if len(rows) > PAGE else ""
    kept = request.GET.copy()
    kept.pop("after", None)
    context = {
        "calls": rows[:PAGE],
        "filter": narrowing,
        "narrows": narrowing.narrows,
        "older": older,
        "query": kept.urlencode(),
        "paged": "after" in request.GET,
    }
    return render(request, "supplies/calls/log.html", context)


def _sealed(request: StaffRequest) -> HttpResponse:
    """The address of the answer: what was chosen, and the words sealed."""
    asked = {name: request.POST.get(name, "").strip()[:40] for name in CHOSEN}
    if words := request.POST.get("words", "").strip()[:80]:
        asked["words"] = encrypt(words)
    query = urlencode({name: value for name, value in asked.items() if value})
    return HttpResponseRedirect(f"{request.path}?{query}", status=303)


def _asked(request: StaffRequest) -> QueryDict:
    """The filters of the address, with the words that were searched for unsealed."""
    asked = request.GET.copy()
    asked["words"] = words_of(request)
    return asked
