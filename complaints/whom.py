"""Whom words mean: the office that somebody names in words of their own, where it is certain which.

Whoever is complained about neither handles it nor learns who complained; that must not depend on whether the
complainant chose the right line of a list.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import Area, Office
from accounts.rules import Department, Level
from complaints.actions.routing import respondent_for
from complaints.rules.words import Whom
from zones.rules import tidy_name

_WHOM_OF = {
    Level.COMMUNITY: Whom.COMMUNITY,
    Level.STREET: Whom.STREET,
    Level.COUNTY: Whom.COUNTY,
    Level.CITY: Whom.CITY,
}
_WORDS: tuple[tuple[re.Pattern[str], Whom], ...] = (
    (re.compile("医院|卫生院|卫生服务|诊所|药店|学校|大学|中学|小学|幼儿园|物业|公司|工厂|超市"), Whom.SITE),
    (re.compile("卫健|教育局|教委|交通|疾控|工信|公安|交警|派出所"), Whom.BRANCH),
    (re.compile("社区|居委会|村委会|村民委员会"), Whom.COMMUNITY),
    (re.compile("街道|乡政府|镇政府|镇人民政府|乡人民政府"), Whom.STREET),
    (re.compile("市政府|市人民政府|市指挥部"), Whom.CITY),
    (re.compile("指挥部|区政府|县政府|人民政府"), Whom.COUNTY),
)
_GENERIC = re.compile(
    "本|所在|当地|该|的|街道|办事处|办|社区|居委会|村委会|居民委员会|村民委员会|村|镇|乡|区|县|市|人民|政府|指挥部|防疫|疫情|防控|及|和|、"
)


@dataclass(frozen=True, slots=True)
class About:
    """Whom somebody complains about: the office when its name says so for certain, else the kind of it."""

    whom: Whom
    office: Office | None = None


class Offices:
    """The offices of some areas, by their names; one query."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self._areas = list(areas)
        found = list(Office.objects.filter(area__in=self._areas).select_related("area"))
        self._by_name: dict[str, list[Office]] = {}
        for office in found:
            self._by_name.setdefault(tidy_name(office.name), []).append(office)
        self._governments = {each.area_id: each for each in found if each.department == Department.GOVERNMENT}

    @classmethod
    def around(cls, area: Area) -> "Offices":
        """Those of the county in which the area lies (or of the area itself above it), and of all above."""
        top = area.line.get(Level.COUNTY) or area
        return cls([*top.line.values(), *Area.objects.within(top).exclude(pk=top.pk)])

    def about(self, written: str, area: Area) -> About:
        """Whom these words mean; `area` is where it happened."""
        name = tidy_name(written)
        if not name:
            return About(Whom.UNKNOWN)
        if len(same := self._by_name.get(name, [])) == 1:
            return About(_whom_of(same[0]), same[0])
        whom = next((whom for pattern, whom in _WORDS if pattern.search(name)), Whom.OTHER)
        if whom in (Whom.SITE, Whom.BRANCH):
            return About(whom)
        if office := self._government_named(name, area):
            return About(_whom_of(office), office)
        # "the street office" without a name is that of the place; one with a name that we don't know is not.
        return About(Whom.OTHER if _GENERIC.sub("", name) else whom)

    def _government_named(self, name: str, area: Area) -> Office | None:
        """The administration of the lowest area whose name stands in these words; the place's line first."""
        named = [each for each in self._areas if each.name in name]
        in_line = [each for each in named if each.covers(area) or area.covers(each)]
        found = in_line or named
        lowest = max((len(each.code) for each in found), default=0)
        last = [each for each in found if len(each.code) == lowest]
        return self._governments.get(last[0].pk) if len(last) == 1 else None


def _whom_of(office: Office) -> Whom:
    if office.department == Department.GOVERNMENT:
        return _WHOM_OF.get(Level(office.area.level), Whom.OTHER)
    return Whom.BRANCH


def respondent_in_words(written: str, *, whom: str, area: Area, behaviour: str) -> Office | None:
    """The office that the complainant names beside what they chose, where it counts; three queries.

    It counts where the choice names no office, and where the words name one above the chosen one: then both
    are out. A site that was chosen is none of our offices, though an area's name stands in its own.
    """
    if not written.strip():
        return None
    named = Offices.around(area).about(written, area).office
    if named is None or (whom == Whom.SITE and named.department == Department.GOVERNMENT):
        return None
    chosen = respondent_for(whom, area, behaviour)
    return named if chosen is None or chosen.is_at_or_below(named) else None
