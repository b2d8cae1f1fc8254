"""What anybody may read: offices named in public, good practice, and the feed. Nothing about a person."""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.syndication.views import Feed
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_safe

from accounts.models import Area
from accounts.rules import CODE_LENGTH, Level, codes_below
from complaints.models import Publication, PublicationStep
from complaints.naming_texts import sentences
from complaints.rules.behaviours import BY_CODE
from complaints.rules.supervision import GROUNDS, Ground, PublicationKind, PublicationStepKind
from policy import clock
from zones.views.feeds import area_asked
from zones.views.keeping import answer, kept

ON_A_PAGE = 30
MOST = 50
"""So many entries stand in the feed."""
APPENDED = (PublicationStepKind.CORRECTED, PublicationStepKind.REPLIED)


@require_safe
def namings(request: HttpRequest) -> HttpResponse:
    """The offices that were named, by month, the newest first; of one county where that is asked for."""
    return _list(request, PublicationKind.NAMING, "complaints/public/namings.html")


@require_safe
def good_practice(request: HttpRequest) -> HttpResponse:
    """What is done well and shared, by month, the newest first."""
    return _list(request, PublicationKind.GOOD_PRACTICE, "complaints/public/good_practice.html")


def _list(request: HttpRequest, kind: PublicationKind, template: str) -> HttpResponse:
    county = area_asked(request, by="county")
    found = _of_county(Publication.objects.published().filter(kind=kind), county)
    after = _cursor(request.GET.get("after", ""))
    shown = found.filter(_older_than(*after)) if after else found
    rows = list(shown.select_related("office", "area").order_by("-published_at", "-pk")[: ON_A_PAGE + 1])
    more, rows = len(rows) > ON_A_PAGE, rows[:ON_A_PAGE]
    query = {"county": county.code} if county else {}
    context = {
        "months": _by_month(rows),
        "county": county,
        "counties": _counties(kind),
        "first": "?" + urlencode(query) if after else "",
        "older": "?" + urlencode({**query, "after": _cursor_of(rows[-1])}) if more else "",
    }
    return render(request, template, context)


def _of_county(found: QuerySet[Publication], county: Area | None) -> QuerySet[Publication]:
    if county is None:
        return found
    first, after = codes_below(county.code)
    return found.filter(area__code__gte=first, area__code__lt=after)


def _counties(kind: PublicationKind) -> list[tuple[str, str]]:
    """The counties of which something was published: code and name. Two queries, kept for half a minute."""

    def look() -> list[tuple[str, str]]:
        codes = Publication.objects.published().filter(kind=kind).order_by()
        length = CODE_LENGTH[Level.COUNTY]
        named = {code[:length] for code in codes.values_list("area__code", flat=True).distinct()}
        return list(
            Area.objects.filter(level=Level.COUNTY, code__in=named)
            .order_by("code")
            .values_list("code", "name")
        )

    return kept(f"naming-counties-{kind}", clock.now(), look, language=False)


def _by_month(rows: Sequence[Publication]) -> list[dict[str, Any]]:
    months = groupby(rows, lambda row: timezone.localdate(row.published_at).replace(day=1))
    return [{"month": month, "rows": [_line(each) for each in those]} for month, those in months]


def _line(publication: Publication) -> dict[str, Any]:
    return {"publication": publication, "behaviour": BY_CODE.get(publication.behaviour)}


def _cursor_of(row: Publication) -> str:
    assert row.published_at is not None  # noqa: S101
    return f"{int(row.published_at.timestamp() * 1_000_000)}_{row.pk}"


def _cursor(text: str) -> tuple[dt.datetime, int] | None:
    """When and which; None for one that is none of ours: then the list starts at its beginning."""
    ticks, _bar, key = text.partition("_")
    if not all(part.isascii() and part.isdecimal() and len(part) < 18 for part in (ticks, key)):
        return None
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(ticks)), int(key)


def _older_than(at: dt.datetime, key: int) -> Q:
    return Q(published_at__lt=at) | Q(published_at=at, pk__lt=key)


# ── one of them ──────────────────────────────────────────────────────────────────────────────────


@require_safe
def naming(request: HttpRequest, pk: int) -> HttpResponse:
    """One publication for good: text, figures, who approved it, corrections, the reply of the office."""
    found = get_object_or_404(Publication.objects.published().select_related("office", "area"), pk=pk)
    steps = list(found.steps.select_related("office"))
    published = next(step for step in steps if step.kind == PublicationStepKind.PUBLISHED)
    context = {
        "publication": found,
        "behaviour": BY_CODE.get(found.behaviour),
        "ground": GROUNDS.get(Ground(found.ground)) if found.ground else "",
        "facts": sentences(found.ground, found.facts),
        "approved_by": _approving_offices(steps, published.round),
        "appended": [step for step in steps if step.kind in APPENDED],
        "is_naming": found.kind == PublicationKind.NAMING,
        "address": request.build_absolute_uri(found.get_public_url()),
    }
    return render(request, "complaints/public/naming.html", context)


def _approving_offices(steps: Iterable[PublicationStep], in_round: int) -> list[str]:
    """The offices of the two who approved, in their order; never their names."""
    return [
        step.office.name
        for step in steps
        if step.kind == PublicationStepKind.APPROVED and step.round == in_round and step.office
    ]


# ── Atom ─────────────────────────────────────────────────────────────────────────────────────────


class NamingFeed(Feed[Publication, Area | None]):
    """The offices that were named, the newest first; a correction or reply makes an entry newer."""

    feed_type = Atom1Feed
    feed_url: Any = reverse_lazy("namings-feed")
    title: Any = gettext_lazy("Named in public")
    subtitle: Any = gettext_lazy("Offices that went beyond the rules again and again, and their replies.")
    link: Any = reverse_lazy("namings")

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Area | None:
        """The county that was asked for."""
        self.host = request.get_host().partition(":")[0]
        return area_asked(request, by="county")

    def items(self, county: Area | None) -> Iterable[Publication]:
        """The newest publications with what was appended to them."""
        found = _of_county(Publication.objects.published().filter(kind=PublicationKind.NAMING), county)
        newest = found.select_related("office").order_by(F("published_at").desc(), "-pk")
        return newest.prefetch_related("steps__office")[:MOST]

    def item_title(self, item: Publication) -> str:
        """The title, as it was approved."""
        return item.title

    def item_description(self, item: Publication) -> str:
        """The text, and beneath it what was appended, with its date."""
        said = [item.text]
        for step in item.steps.all():
            if step.kind == PublicationStepKind.CORRECTED:
                said.append(gettext("Correction of %(day)s: %(text)s") % _dated(step))
            elif step.kind == PublicationStepKind.REPLIED:
                said.append(gettext("Reply of %(day)s: %(text)s") % _dated(step))
        return "\n\n".join(said)

    def item_link(self, item: Publication) -> str:
        """The page of the publication."""
        return item.get_public_url()

    def item_guid(self, item: Publication) -> str:
        """The same for good."""
        return f"tag:{self.host},2022-11-11:namings/{item.pk}"

    def item_pubdate(self, item: Publication) -> dt.datetime | None:
        """When it was published."""
        return timezone.localtime(item.published_at) if item.published_at else None

    def item_updateddate(self, item: Publication) -> dt.datetime | None:
        """When the last word was appended."""
        times = [step.at for step in item.steps.all() if step.kind in APPENDED]
        last = max([*times, item.published_at] if item.published_at else times, default=None)
        return timezone.localtime(last) if last else None


def _dated(step: PublicationStep) -> dict[str, str]:
    return {"day": f"{timezone.localdate(step.at)}", "text": step.text}


@require_safe
def namings_feed(request: HttpRequest) -> HttpResponseBase:
    """The feed, of one county or of all."""
    at = clock.now()
    county = area_asked(request, by="county")
    about = f"{county.code if county else ''}:{request.scheme}:{request.get_host()}"
    body = kept("namings", at, lambda: bytes(NamingFeed()(request).content), about=about)
    return answer(request, body, "application/atom+xml; charset=utf-8", at)
