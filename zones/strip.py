"""The clean days of a sealed unit as a strip that ends: day 0, the whole dates after it, the gate.

Pure: dates and recorded facts in, the same `policy.strip.Strip` out that people have, so that it stands in
the same lists and is drawn by the same style sheet. `{% load zone_strip %}` draws it.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from policy.strip import DAY, Cell, End, Strip, clipped, folded, short_date
from zones.rules import SealEnding, SealState, day_of, opens_on

if TYPE_CHECKING:
    from zones.models import UnitSeal


@dataclass(frozen=True, slots=True)
class SealCell(Cell):
    """One date of the strip of a seal, with the words around it in the large drawing."""

    above: str = ""
    """What was found on that date, on days of an infection only."""
    below: str = ""
    """Below the number inside the cell: which of the clean days it is."""


def draw_seal(
    *,
    last_infection_on: dt.date,
    clean_days: int,
    release_on: dt.date,
    today: dt.date | None,
    sealed_on: dt.date | None = None,
    found_before: dt.date | None = None,
    planned_release_on: dt.date | None = None,
    state: SealState = SealState.SEALED,
    ending: str = "",
    axis: tuple[dt.date, dt.date] | None = None,
) -> Strip:
    """Draw one seal; all dates are civil dates of Asia/Shanghai.

    `sealed_on` None: sealed on day 0. `found_before`: the infection from which the days counted until the
    last one started them anew; its days are drawn struck out. `planned_release_on` later than `release_on`
    (opened early) is drawn as days given back. `today` None draws it outside time, for paper.
    """
    scene = _Scene(
        last_infection_on=last_infection_on,
        clean_days=clean_days,
        release_on=release_on,
        today=today,
        sealed_on=sealed_on or last_infection_on,
        found_before=found_before if found_before and found_before < last_infection_on else None,
        planned_release_on=planned_release_on or release_on,
        state=state,
        ending=ending,
    )
    strip = Strip(
        cells=tuple(scene.before()),
        end=scene.end(),
        after=tuple(scene.beyond()),
        label=scene.label(),
        days_left=scene.days_left,
        days_over=scene.days_over,
        axis=axis,
        today=today,
    )
    return clipped(strip, axis) if axis else folded(strip)


def strip_of(
    seal: "UnitSeal",
    at: dt.datetime,
    *,
    today: dt.date,
    found_before: dt.date | None = None,
    axis: tuple[dt.date, dt.date] | None = None,
) -> Strip:
    """The strip of a stored seal as it stands at that instant; `today` is the date of `at`."""
    return draw_seal(
        last_infection_on=seal.last_infection_on,
        clean_days=seal.clean_days,
        release_on=seal.release_on,
        today=today,
        sealed_on=timezone.localdate(seal.starts_at),
        found_before=found_before,
        planned_release_on=seal.planned_release_on,
        state=seal.state(at),
        ending=seal.ending,
        axis=axis,
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """The facts of one drawing."""

    last_infection_on: dt.date
    clean_days: int
    release_on: dt.date
    today: dt.date | None
    sealed_on: dt.date
    found_before: dt.date | None
    planned_release_on: dt.date
    state: SealState
    ending: str

    @property
    def days_left(self) -> int:
        if self.today is None:
            return 0
        return max((self.release_on - self.today).days, 0)

    @property
    def days_over(self) -> int:
        if self.state is not SealState.OVERDUE or self.today is None:
            return 0
        return max((self.today - self.release_on).days, 0)

    def before(self) -> Iterator[Cell]:
        """From the infection before, if one was undone, over day 0 to the last clean day."""
        if self.found_before:
            yield self._found(self.found_before, pgettext("above the day", "infection"))
            on = self.found_before + DAY
            while on < self.last_infection_on:
                yield self._cell(on, "seal void", below=pgettext("clean day", "undone"))
                on += DAY
        again = self.found_before is not None
        yield self._found(
            self.last_infection_on,
            pgettext("above the day", "anew") if again else pgettext("above the day", "infection"),
        )
        on = self.last_infection_on + DAY
        while on < self.release_on:
            yield self._clean(on)
            on += DAY

    def beyond(self) -> Iterator[Cell]:
        """Days given back by an early end, or those of a gate that stays shut."""
        if self.days_over:
            for n in range(1, self.days_over + 1):
                yield self._cell(self.release_on + n * DAY, "over", words=_("overdue"))
        elif self.ending and self.planned_release_on > self.release_on:
            on = self.release_on + DAY
            while on < self.planned_release_on:
                yield self._cell(on, "cut", words=_("given back"))
                on += DAY

    def _found(self, on: dt.date, above: str) -> Cell:
        return self._cell(on, "hit", words=_("day 0, infection found"), above=above, below="0")

    def _clean(self, on: dt.date) -> Cell:
        n = day_of(on, self.last_infection_on)
        words = {"day": n, "of": self.clean_days}
        if on < self.sealed_on:
            look, said = "seal gone", _("clean day %(day)d of %(of)d, before the sealing")
        else:
            look, said = "seal", _("clean day %(day)d of %(of)d")
        below = pgettext("in a day's cell", "day %(n)d") % {"n": n}
        return self._cell(on, look, words=said % words, below=below)

    def _cell(
        self,
        on: dt.date,
        look: str,
        *,
        words: str = "",
        above: str = "",
        below: str = "",
    ) -> SealCell:
        now = on == self.today and look != "cut"
        past = self.today is not None and on < self.today and look not in ("hit", "cut", "over")
        said = [pgettext("of a day", "today")] if now else []
        return SealCell(
            on=on,
            classes=look + (" now" if now else " past" if past else ""),
            says=partial(_spoken, on, *said, words or below),
            is_today=now,
            above=above,
            below=below,
        )

    def end(self) -> End:
        now = self.release_on == self.today
        look, word = "gate", pgettext("below the gate of a zone", "low risk")
        spoken = _("%(day)s 00:00: low risk") % {"day": _day(self.release_on)}
        if self.state is SealState.OVERDUE:
            look, word = "gate shut", _("overdue")
            spoken = _sentence(_day(self.release_on), _("was to open"))
        look += " now" if now else ""
        return End(self.release_on, look, short_date(self.release_on), word, spoken, is_today=now)

    def label(self) -> str:
        """The strip in one sentence: found when, which day, opens when, how long still."""
        found = {"day": short_date(self.last_infection_on)}
        parts = [
            _("days anew since the infection of %(day)s") % found
            if self.found_before
            else _("infection found on %(day)s") % found
        ]
        return _sentence(*parts, *self._today_words(), *self._end_words())

    def _today_words(self) -> list[str]:
        if self.today is None or not self.last_infection_on <= self.today < self.release_on:
            return []
        words = {"day": day_of(self.today, self.last_infection_on), "of": self.clean_days}
        return [_("today is day %(day)d of %(of)d") % words]

    def _end_words(self) -> list[str]:
        day = {"day": short_date(self.release_on)}
        if self.state is SealState.OVERDUE:
            over = ngettext("%(n)d day overdue", "%(n)d days overdue", self.days_over) % {"n": self.days_over}
            return [_("was to open on %(day)s") % day, over]
        if self.state is SealState.OPENED_EARLY or (self.ending and self.state is SealState.OPEN):
            if self.ending == SealEnding.NO_GROUND:
                return [_("opened on %(day)s: the infection was a mistake") % day]
            return [_("opened early on %(day)s") % day]
        if self.today is not None and self.today >= self.release_on:
            return [_("low risk since %(day)s at 00:00") % day]
        words = [_("low risk from %(day)s at 00:00") % day]
        if self.days_left:
            left = ngettext("%(n)d day left", "%(n)d days left", self.days_left)
            words.append(left % {"n": self.days_left})
        return words


def foreseen(
    found_on: dt.date, clean_days: int, *, today: dt.date, axis: tuple[dt.date, dt.date] | None = None
) -> Strip:
    """The strip that a unit gets which is sealed today because of an infection found on that date."""
    return draw_seal(
        last_infection_on=found_on,
        clean_days=clean_days,
        release_on=opens_on(found_on, clean_days),
        today=today,
        sealed_on=today,
        axis=axis,
    )


def _day(on: dt.date) -> str:
    return date_format(on, pgettext("date format", "l j F"))


def _spoken(on: dt.date, *parts: str) -> str:
    return _sentence(_day(on), *parts)


def _sentence(*parts: str) -> str:
    return pgettext("between clauses", ", ").join(part for part in parts if part)
