"""Where a row is about: areas, compounds and sites by name, read once for a list."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from accounts.models import Area
from accounts.rules import Level
from cases.importing.cells import Unreadable, quoted
from cases.importing.rows import bare_community
from complaints.whom import About, Offices
from zones.addresses import longest_named, read
from zones.models import Compound, Site
from zones.rules import SiteKind

P = TypeVar("P", Compound, Site)

LEVELS = (Level.COMMUNITY, Level.STREET, Level.COUNTY)


class NotThere(Unreadable):
    """An area that is not ours, or a name that several have; `level` says in which column it stands."""

    def __init__(self, level: Level, sentence: str) -> None:
        super().__init__(sentence)
        self.level = level


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as it was recognised."""

    area: Area
    compound: Compound | None = None
    site: Site | None = None


class Gazetteer:
    """The names of an area and of all below it; four queries, then none."""

    def __init__(self, area: Area) -> None:
        self.area = area
        self._areas = list(Area.objects.within(area))
        self._by_key = {each.pk: each for each in self._areas}
        self._by_code = {each.code: each for each in [*area.line.values(), *self._areas]}
        compounds = Compound.objects.filter(community__in=self._areas).order_by("pk")
        sites = Site.objects.filter(community__in=self._areas).exclude(kind=SiteKind.ISOLATION).order_by("pk")
        self._compounds = _named(compounds)
        self._sites = _named(sites)
        self._offices = Offices(list(self._by_code.values()))
        self._read = {each.pk: read(each.name) for each in self._areas if len(each.name) > 1}

    def spot(self, *, county: str, street: str, community: str, address: str) -> Spot:
        """The place that these cells name. Raises NotThere when a name is none of ours, or of several."""
        area = self.area
        for level, written in zip(reversed(LEVELS), (county, street, community), strict=True):
            if written:
                area = self._area(level, written, area)
        asked = read(address)
        compound = self._only(self._compounds, asked, area)
        site = None if compound else self._only(self._sites, asked, area)
        found = compound or site
        if found is not None:
            return Spot(self._by_key[found.community_id], compound, site)
        return Spot(self._area_in(asked, area))

    def about(self, written: str, area: Area) -> About:
        """Whom these words mean; `area` is where it happened."""
        return self._offices.about(written, area)

    def _area(self, level: Level, written: str, within: Area) -> Area:
        wanted = bare_community(written)
        known = [
            each
            for each in self._by_code.values()
            if each.level == level and bare_community(each.name) == wanted
        ]
        found = [each for each in known if within.covers(each) or each.covers(within)]
        if len(found) == 1:
            return found[0] if within.covers(found[0]) else within
        if found:
            raise NotThere(
                level,
                _("Several areas are called “%(name)s”. Fill in street and county, too.")
                % {"name": quoted(written)},
            )
        raise NotThere(
            level,
            _("No area inside %(area)s is called “%(name)s”. Write its name as in the register.")
            % {"area": within.name, "name": quoted(written)},
        )

    def _area_in(self, asked: str, area: Area) -> Area:
        """The lowest area inside that one whose name stands in the address, if it is one; else that one."""
        below = [each for each in self._areas if self._read.get(each.pk, "") in asked and area.covers(each)]
        named = set(longest_named(asked, [self._read.get(each.pk, "") for each in below]))
        found = [each for each in below if self._read.get(each.pk) in named]
        lowest = max((len(each.code) for each in found), default=0)
        last = [each for each in found if len(each.code) == lowest]
        return last[0] if len(last) == 1 else area

    def _only(self, known: dict[str, list[P]], asked: str, area: Area) -> P | None:
        """The one place inside the area whose name stands in the address."""
        inside = {
            name: [each for each in those if area.covers(self._by_key[each.community_id])]
            for name, those in known.items()
            if name in asked
        }
        named = longest_named(asked, [name for name, those in inside.items() if those])
        found = [each for name in named for each in inside[name]]
        return found[0] if len(found) == 1 else None


def _named(places: Iterable[P]) -> dict[str, list[P]]:
    """Places by their name as it is searched; too short a name would stand in every address."""
    found: dict[str, list[P]] = {}
    for place in places:
        if len(key := read(place.name)) > 1:
            found.setdefault(key, []).append(place)
    return found
