"""Where a complaint is about: free text to a compound or a site of the register, as far as it names one.

Only what the public search of zones tells anybody is told here (see `zones.finding`): compounds by their
names, hospitals and other sites that are open to the public. Isolation sites are never named.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, TextField, Value

from accounts.models import Area
from accounts.rules import Level
from zones.addresses import longest_named, read
from zones.finding import SHORTEST, Answer, Place, find
from zones.models import Compound, Site
from zones.rules import SiteKind

NONE_OF_THESE = "none"
MOST_SITES = 8


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several places that are called so."""

    value: str
    """What the form sends back: "compound-12", "site-3"."""
    name: str
    areas: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """What was understood of a place."""

    written: str
    area: Area | None
    """The lowest area that is certain; None where not even the county is."""
    compound: Compound | None = None
    site: Site | None = None
    answer: Answer | None = None
    """What the public search of zones says of it; None for a site."""
    choices: Sequence[Choice] = ()
    more: bool = False

    @property
    def name(self) -> str:
        """The compound or the site, with what was written behind it; "" for neither."""
        if self.site:
            return self.site.name
        if self.compound is None or self.answer is None:
            return ""
        return f"{self.compound.name} {self.answer.rest}".strip()


def counties() -> list[Area]:
    """The areas to choose from: the counties, or the top of an installation that has none; one query."""
    found = list(Area.objects.filter(Q(level=Level.COUNTY) | Q(parent=None)))
    return [area for area in found if area.level == Level.COUNTY] or found


def locate(
    written: str, *, county: Area | None, chosen: str = "", sites_first: bool = False, at: dt.datetime
) -> Where:
    """What that text names inside the county. `chosen`: which of the `choices` somebody picked.

    `sites_first`: a hospital or another site is meant rather than a compound.
    """
    written = written.replace("\0", "")  # PostgreSQL takes no NUL, and no address has one
    if len(read(written)) < SHORTEST:
        return Where(written, county)
    asked = f"{county.name if county else ''}{written}"
    answer = find(asked, at)
    meant = _meant(written, county, _sites_named(written, county), answer, sites_first=sites_first)
    # A choice of what the text named before it was changed is none any more.
    if not meant.choices or not chosen:
        return meant
    if chosen == NONE_OF_THESE:
        return Where(written, _area_named(answer, county))
    if chosen not in [choice.value for choice in meant.choices]:
        return meant
    kind, _, key = chosen.partition("-")
    if kind == "compound":
        return _at_compound(written, find(asked, at, compound=int(key)))
    site = _sites().get(pk=int(key))
    return Where(written, site.community, site=site)


def _meant(
    written: str, county: Area | None, sites: list[Site], answer: Answer, *, sites_first: bool
) -> Where:
    places = [answer.place] if answer.place else list(answer.choices)
    if sites and (sites_first or not places):
        if len(sites) == 1:
            return Where(written, sites[0].community, site=sites[0])
        return Where(written, county, choices=[_site_choice(site) for site in sites])
    if answer.place and (county is None or answer.place.community_code.startswith(county.code)):
        return _at_compound(written, answer)
    if places:
        choices = [_compound_choice(place) for place in places]
        return Where(written, _area_named(answer, county), choices=choices, more=answer.more)
    return Where(written, _area_named(answer, county), answer=answer)


def _at_compound(written: str, answer: Answer) -> Where:
    assert answer.place is not None  # noqa: S101
    compound = Compound.objects.select_related("community").get(pk=answer.place.pk)
    return Where(written, compound.community, compound=compound, answer=answer)


def _area_named(answer: Answer, county: Area | None) -> Area | None:
    """The lowest area that the text names inside the county; else the county."""
    codes = [code for code, _name in answer.areas if county is None or code.startswith(county.code)]
    lowest = max(codes, key=len, default="")
    if sum(len(code) == len(lowest) for code in codes) != 1:
        return county
    return Area.objects.filter(code=lowest).first() or county


def _sites() -> QuerySet[Site]:
    return Site.objects.exclude(kind=SiteKind.ISOLATION).select_related("community")


def _sites_named(written: str, county: Area | None) -> list[Site]:
    """The sites of the county that the text names in full; else those whose name holds the text."""
    asked = read(written)
    rows = _sites().alias(asked=Value(asked, output_field=TextField()))
    if county:
        rows = rows.filter(community__code__startswith=county.code)
    rows = rows.filter(Q(asked__contains=F("name")) | Q(name__contains=asked))
    found: list[Site] = list(rows.order_by("name", "pk")[:MOST_SITES])
    in_full = set(longest_named(asked, [read(site.name) for site in found]))
    return [site for site in found if read(site.name) in in_full] or found


def _site_choice(site: Site) -> Choice:
    return Choice(f"site-{site.pk}", site.name, site.community.name, site.address)


def _compound_choice(place: Place) -> Choice:
    return Choice(f"compound-{place.pk}", place.name, " ".join(place.areas), place.address)
