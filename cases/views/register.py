"""The register 台账: lists, filters, bulk acts and export."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.access import StaffRequest, requires
from accounts.encryption import decrypt, encrypt
from accounts.models import User
from accounts.rules import Ability
from cases.actions import ending, testing
from cases.filters import EpisodeFilter
from cases.models import Episode, NucleicAcidTest
from cases.models.episode import is_open, is_overdue
from cases.paging import KeysetOrder, cursor_of, keyset_page
from cases.rows import EpisodeRow, episode_rows
from cases.rules import OVERDUE_REASONS
from cases.spreadsheets import Cell, workbook
from cases.views.answers import back
from policy import clock
from policy.strip import axis_around

ORDERS = {
    "release": KeysetOrder(("release_on", "id")),
    "newest": KeysetOrder(("id",), descending=True),
    "released": KeysetOrder(("release_on", "id"), descending=True),
}
EXPORT_LIMIT = 50_000
PAGE = 50


def _scope(user: User, tab: str, today: dt.date) -> QuerySet[Episode]:
    episodes = Episode.objects.visible_to(user)
    if tab == "open":
        return episodes.open(today)
    if tab == "overdue":
        return episodes.overdue(today)
    return episodes.ended(today) if tab == "ended" else episodes


TABS = {
    "open": gettext_lazy("Open"),
    "overdue": gettext_lazy("Overdue"),
    "ended": gettext_lazy("Ended"),
    "all": gettext_lazy("All"),
}


def _counts(user: User, today: dt.date) -> dict[str, int]:
    """How many are open, overdue and released today: one query over what the office is not done with."""
    return (
        Episode.objects.visible_to(user)
        .unsettled()
        .aggregate(
            open=Count("pk", filter=is_open(today)),
            overdue=Count("pk", filter=is_overdue(today)),
            releasing=Count("pk", filter=Q(ending="", restricted=True, release_on=today)),
        )
    )


@require_POST
@requires(Ability.SEE_CASES)
def register_search(request: StaffRequest) -> HttpResponse:
    """Turn a search into the address of its answer: names and numbers stand in no address but sealed."""
    asked = request.POST.copy()
    words = asked.pop("q", [""])[-1].strip()
    for name in ("csrfmiddlewaretoken", "words", "after", "before"):
        asked.pop(name, None)
    kept = {name: str(value) for name, value in asked.items() if value}
    if words:
        kept["words"] = encrypt(words)
    return HttpResponseRedirect(f"{reverse('register')}?{urlencode(kept)}", status=303)


def _asked(request: HttpRequest) -> QueryDict:
    """The filters of the address, with the words that were searched for unsealed."""
    asked = request.GET.copy()
    sealed = asked.pop("words", [""])[-1]
    asked.pop("q", None)
    if sealed:
        with suppress(ValueError):  # an address of another installation, or cut short: no words then
            asked["q"] = decrypt(sealed)
    return asked


@require_GET
@requires(Ability.SEE_CASES)
def register(request: StaffRequest) -> HttpResponse:
    """One keyset page of the episodes that the user sees, narrowed by tab and filters."""
    today = clock.today()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"
    asked = _asked(request)
    narrowed = EpisodeFilter(asked, queryset=_scope(request.user, tab, today), on=today, user=request.user)
    default = "released" if tab in ("ended", "all") else "release"
    order = ORDERS.get(request.GET.get("order", ""), ORDERS[default])
    rows, older, newer = _page(request, narrowed.qs, order, today)
    counts = _counts(request.user, today)
    context = {
        "today": today,
        "axis": axis_around(today),
        "rows": rows,
        "filter": narrowed,
        "filters": [field for field in narrowed.form if field.name not in ("q", "community")],
        "tab": tab,
        "tabs": [
            {"key": key, "label": label, "count": counts.get(key), "late": key == "overdue"}
            for key, label in TABS.items()
        ],
        "counts": counts,
        "older": older,
        "newer": newer,
        "order": request.GET.get("order", ""),
        "narrowed": any(
            value for key, value in request.GET.items() if key not in ("tab", "order", "after", "before")
        ),
        "searched": asked.get("q", ""),
        "query": _query(request),
        "may_work": request.user.may(Ability.WORK_CASES),
        "may_export": request.user.may(Ability.EXPORT),
        "show_community": request.user.area is not None and request.user.area.level != "community",
    }
    template = (
        "cases/_register_list.html" if request.htmx and not request.htmx.boosted else "cases/register.html"
    )
    return render(request, template, context)


def _page(
    request: HttpRequest, episodes: QuerySet[Episode], order: KeysetOrder, today: dt.date
) -> tuple[list[EpisodeRow], str, str]:
    """The rows of the page that the cursors in the address ask for, and the cursors of its neighbours."""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    queryset, backwards = keyset_page(episodes, order, after=after, before=before, size=PAGE)
    rows = episode_rows(queryset, today, axis=axis_around(today))
    more = len(rows) > PAGE
    rows = rows[:PAGE]
    if backwards:
        rows.reverse()
    if not rows:
        return rows, "", ""
    first, last = (cursor_of(row.values | {"id": row.pk}, order) for row in (rows[0], rows[-1]))
    has_older = more if not backwards else True
    has_newer = more if backwards else bool(after)
    return rows, last if has_older else "", first if has_newer else ""


def _query(request: HttpRequest) -> str:
    """The address's filters without its cursor, for links that keep them."""
    kept = request.GET.copy()
    for name in ("after", "before", "tab"):
        kept.pop(name, None)
    return kept.urlencode()


@require_POST
@requires(Ability.WORK_CASES)
def register_bulk(request: StaffRequest) -> HttpResponse:
    """One act for all ticked rows: sampled today, result negative, or told of the release."""
    at, today = clock.now(), clock.today()
    keys = [int(key) for key in request.POST.getlist("episode") if key.isdecimal() and len(key) < 19]
    episodes = Episode.objects.visible_to(request.user).filter(pk__in=keys)
    tests = NucleicAcidTest.objects.filter(episode__in=episodes.values("pk")).select_related("episode")
    done = 0
    match request.POST.get("act"):
        case "sampled":
            done = testing.record_samplings(tests=tests.to_take(today), by=request.user, at=at)
        case "negative":
            done = testing.record_negatives(tests=tests.awaiting_result(), by=request.user, at=at)
        case "told":
            done = sum(ending.mark_told(episode=each, by=request.user, at=at) for each in episodes)
    sentence = ngettext("Recorded for %(count)d person.", "Recorded for %(count)d people.", done)
    if done < len(keys):
        sentence += _(" There was nothing to record for the others.")
    messages.success(request, sentence % {"count": done})
    return back(request, reverse("register"))


@require_GET
@requires(Ability.EXPORT)
def register_export(request: StaffRequest) -> HttpResponse:
    """An Excel file of what the filters show; numbers stay masked, a full number is never exported."""
    today = clock.today()
    tab = request.GET.get("tab", "open")
    tab = tab if tab in TABS else "open"  # it becomes part of the file's name
    episodes = EpisodeFilter(
        _asked(request), queryset=_scope(request.user, tab, today), on=today, user=request.user
    ).qs.order_by("release_on", "pk")
    content = workbook(
        _("Register"), [str(header) for header in _export_headers()], _export_rows(episodes, today)
    )
    response = HttpResponse(
        content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f'attachment; filename="register-{today:%Y%m%d}-{tab}.xlsx"'
    return response


def _export_headers() -> list[str]:
    return [
        _("name"),
        _("age"),
        _("community"),
        _("address"),
        _("whereabouts"),
        _("category"),
        _("clause"),
        _("date of the anchoring event"),
        _("registered on"),
        _("state"),
        _("days left"),
        _("free from"),
        _("next test"),
        _("tests taken"),
        _("tests missed (ours)"),
        _("key-person marks"),
        _("overdue"),
    ]


def _export_rows(episodes: QuerySet[Episode], today: dt.date) -> Iterator[list[Cell]]:
    """A thousand at a time, so that a county's export does not stand in memory as objects."""
    keys = list(episodes.values_list("pk", flat=True)[: EXPORT_LIMIT + 1])
    more = len(keys) > EXPORT_LIMIT
    keys = keys[:EXPORT_LIMIT]
    for start in range(0, len(keys), 500):
        for row in episode_rows(keys[start : start + 500], today):
            yield _export_row(row)
    if more:
        yield [
            _("Only the first %(limit)d are in this file; narrow the list down.") % {"limit": EXPORT_LIMIT}
        ]


def _export_row(row: EpisodeRow) -> list[Cell]:
    return [
        row.name,
        row.age,
        row.values["community__name"],
        row.address,
        row.whereabouts,
        row.category_label,
        row.clause,
        row.values["anchor_on"],
        row.values["registered_on"],
        row.state_label,
        row.days_left,
        row.release_on,
        row.next_test.on if row.next_test else None,
        sum(1 for test in row.tests if test.sampled_at and not test.dropped),
        len(row.missed),
        "、".join(row.key_marks),
        "；".join(str(OVERDUE_REASONS[each.reason]) for each in row.overdue),
    ]
