"""Pure rules of the desk: the order of one walk, and how many people stay under restriction day by day."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from policy.strip import Cell

DAY = dt.timedelta(days=1)
LONGEST_OUTLOOK = 11
"""So many coming days are drawn one by one; whoever stays longer stands in the last one."""

NaturalKey = tuple[tuple[int, int, str], ...]


def natural_key(text: str) -> NaturalKey:
    """The order in which people count doors: 2号楼 before 10号楼, 302 before 1201, "" first."""
    parts = re.findall(r"\d+|\D+", unicodedata.normalize("NFKC", text))
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part.strip()) for part in parts)


@dataclass(frozen=True, slots=True)
class OutlookDay:
    """One date of the outlook and how many people are restricted on it."""

    on: dt.date
    count: int
    share: int
    """Height of its bar in percent of today's."""
    is_last: bool = False
    """The first date without anybody: the gate."""

    @property
    def weekday(self) -> str:
        """One or two letters below the bar, as in the cells of a strip."""
        return Cell(self.on, "").weekday

    @property
    def day(self) -> str:
        """The number below the bar; the first of a month names its month."""
        return Cell(self.on, "").day

    @property
    def top(self) -> int:
        """Where the bar begins, from above, in percent."""
        return 100 - self.share


def outlook(releases: Mapping[dt.date, int], today: dt.date) -> list[OutlookDay]:
    """People under restriction on each date from today on, down to none, if no new fact comes.

    `releases` counts by their first free date the people who are restricted today; every one of these dates
    is later than today. Nobody restricted: an empty list.
    """
    ahead = {on: count for on, count in releases.items() if on > today and count}
    if not ahead:
        return []
    everybody, end = sum(ahead.values()), max(ahead)
    days: list[OutlookDay] = []
    on = today
    while on < end and len(days) < LONGEST_OUTLOOK:
        count = sum(number for release_on, number in ahead.items() if release_on > on)
        days.append(OutlookDay(on, count, max(round(100 * count / everybody), 2)))
        on += DAY
    return [*days, OutlookDay(end, 0, 0, is_last=True)]
