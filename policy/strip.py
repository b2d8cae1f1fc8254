"""A restriction as a strip of days that ends: which cells, which marks, which words.

Pure: stages, tests and dates in, a `Strip` out. Drawing it is the matter of `policy.templatetags.strip` and
of `static/css/base.css`; the class names used here are the whole vocabulary between the two.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from policy.types import Mode, Plan, Stage

DAY = dt.timedelta(days=1)
AXIS_DAYS = 21
AXIS_TODAY = 10
"""On the shared calendar today is the eleventh of twenty-one dates."""
AHEAD_DAYS = 14
AHEAD_TODAY = 3
"""On the work list's calendar today is the fourth of fourteen dates: what is left matters there."""
OVER_DRAWN = 5
"""So many overdue days are drawn one by one; of a longer delay only the first and the last ones."""


class TestState(StrEnum):
    """What is known of the test of one day, as a mark below its cell."""

    __test__ = False  # pytest: not a test class

    DUE = "due"
    WAITING = "wait"
    NEGATIVE = "neg"
    MISSED = "miss"
    POSITIVE = "pos"
    INCONCLUSIVE = "unsure"

    @property
    def label(self) -> str:
        """The word for a list or a screen reader, in the language of the reader."""
        return str(_TEST_LABELS[self])

    @property
    def short(self) -> str:
        """The word that fits below a cell."""
        return str(_TEST_SHORT[self])


_TEST_LABELS: Mapping[TestState, object] = {
    TestState.DUE: gettext_lazy("sample due"),
    TestState.WAITING: gettext_lazy("sampled, no result yet"),
    TestState.NEGATIVE: gettext_lazy("negative"),
    TestState.MISSED: gettext_lazy("missed"),
    TestState.POSITIVE: gettext_lazy("positive"),
    TestState.INCONCLUSIVE: gettext_lazy("inconclusive"),
}
_TEST_SHORT: Mapping[TestState, object] = {
    TestState.DUE: pgettext_lazy("below a day", "test"),
    TestState.WAITING: pgettext_lazy("below a day", "wait"),
    TestState.NEGATIVE: pgettext_lazy("below a day", "neg."),
    TestState.MISSED: pgettext_lazy("below a day", "missed"),
    TestState.POSITIVE: pgettext_lazy("below a day", "pos."),
    TestState.INCONCLUSIVE: pgettext_lazy("below a day", "redo"),
}
_WEEKDAYS = (
    pgettext_lazy("weekday", "Mo"),
    pgettext_lazy("weekday", "Tu"),
    pgettext_lazy("weekday", "We"),
    pgettext_lazy("weekday", "Th"),
    pgettext_lazy("weekday", "Fr"),
    pgettext_lazy("weekday", "Sa"),
    pgettext_lazy("weekday", "Su"),
)
_STAGE_TITLES: Mapping[Mode, object] = {
    Mode.CENTRAL: pgettext_lazy("above the days", "central"),
    Mode.HOME: pgettext_lazy("above the days", "home"),
    Mode.MONITORING: pgettext_lazy("above the days", "monitoring"),
}
MODE_CLASS: Mapping[Mode, str] = {Mode.CENTRAL: "full", Mode.HOME: "half", Mode.MONITORING: "line"}


@dataclass(frozen=True, slots=True)
class StripTest:
    """One test as the strip shows it."""

    on: dt.date
    state: TestState


@dataclass(frozen=True, slots=True)
class Cell:
    """One date of the strip."""

    on: dt.date
    classes: str
    """`full half line` the stage; `zero gone cut over bare gap` other days; `past now`; `due wait …`."""
    says: Callable[[], str] = str
    """Makes `spoken`; a list draws six hundred cells and speaks none of them."""
    stage_index: int | None = None
    stage_title: str = ""
    """Name and length of the stage, on its first cell only."""
    test: TestState | None = None
    is_today: bool = False

    @property
    def spoken(self) -> str:
        """The whole day in words, for a screen reader; "" for a mark that stands for several days."""
        return self.says()

    @property
    def word(self) -> str:
        """What stands below the cell in the large strip."""
        return self.test.short if self.test else ""

    @property
    def day(self) -> str:
        """The number in the cell; the first of a month names its month."""
        return f"{self.on.month}/{self.on.day}" if self.on.day == 1 else str(self.on.day)

    @property
    def weekday(self) -> str:
        """One or two letters below the number; today says so."""
        return _weekday(self.on, self.is_today)


@dataclass(frozen=True, slots=True)
class End:
    """What stands after the last cell: a gate, open or shut, or the way to hospital."""

    on: dt.date
    classes: str
    """`gate`, `gate shut`, `away`; `far` (`since`) where the shared calendar does not reach to its date."""
    text: str
    """Beside the mark in the small strip."""
    word: str
    """Below the mark in the large strip."""
    spoken: str
    is_today: bool = False

    @property
    def is_open(self) -> bool:
        """A gate through which the person has gone or will go by the clock."""
        return self.classes.split()[0] == "gate" and "shut" not in self.classes

    @property
    def day(self) -> str:
        """The number in the mark."""
        return f"{self.on.month}/{self.on.day}" if self.on.day == 1 else str(self.on.day)

    @property
    def weekday(self) -> str:
        """One or two letters below the number; today says so."""
        return _weekday(self.on, self.is_today)


@dataclass(frozen=True, slots=True)
class Strip:
    """Everything that the small and the large drawing need."""

    cells: tuple[Cell, ...]
    """The days before the end, in order."""
    end: End
    after: tuple[Cell, ...]
    """Beyond the end: overdue days, days given back by an early end, a lone test."""
    label: str
    """The strip in one sentence."""
    days_left: int
    """Whole dates from today until the end, 0 when it has come."""
    days_over: int
    """Whole dates since an end that was missed, 0 unless overdue."""
    axis: tuple[dt.date, dt.date] | None
    today: dt.date | None
    note: str = ""
    """What the drawing alone does not say, such as "no restriction"."""

    @property
    def gate(self) -> End | None:
        """The gate; None for a person who was transferred."""
        return None if self.end.classes.startswith("away") else self.end

    @property
    def marks(self) -> tuple[Cell | End, ...]:
        """Cells and end in the order of drawing."""
        return (*self.cells, self.end, *self.after)

    @property
    def is_long(self) -> bool:
        """Too many days for one row on a phone: the large strip wraps by weeks there."""
        return len(self.marks) > 10

    @property
    def calendar(self) -> str:
        """The classes of the calendar it stands on: `cal` the register's, `cal near` the work list's."""
        if self.axis is None:
            return ""
        if self.today and self.axis == axis_around(self.today):
            return "cal"
        return "cal near" if self.today and self.axis == axis_ahead(self.today) else "cal off"


def axis_around(today: dt.date) -> tuple[dt.date, dt.date]:
    """The calendar of the register, that all strips of a list share: 21 dates, today is the 11th."""
    first = today - AXIS_TODAY * DAY
    return first, first + (AXIS_DAYS - 1) * DAY


def axis_ahead(today: dt.date) -> tuple[dt.date, dt.date]:
    """The calendar of a work list: 14 dates, today is the 4th."""
    first = today - AHEAD_TODAY * DAY
    return first, first + (AHEAD_DAYS - 1) * DAY


def draw(
    *,
    stages: Sequence[Stage],
    tests: Sequence[StripTest],
    registered_on: dt.date,
    release_on: dt.date,
    today: dt.date | None,
    overdue: bool = False,
    ended_early_on: dt.date | None = None,
    transferred_on: dt.date | None = None,
    axis: tuple[dt.date, dt.date] | None = None,
) -> Strip:
    """Draw one episode; all dates are civil dates of Asia/Shanghai.

    `stages` are whole, in order, and may be those of the original plan when the episode ended early:
    the days from `ended_early_on` are drawn as given back. Without stages (registered on or after the
    release date) only the open gate and the lone test appear. `today` None draws a plan outside time.
    """
    ends_on = min(release_on, ended_early_on) if ended_early_on else release_on
    scene = _Scene(stages, tests, registered_on, ends_on, today, overdue, ended_early_on, transferred_on)
    strip = Strip(
        cells=tuple(scene.before()),
        end=scene.end(),
        after=tuple(scene.beyond()),
        label=scene.label(),
        days_left=scene.days_left,
        days_over=scene.days_over,
        axis=axis,
        today=today,
        note="" if stages else _("no restriction"),
    )
    return clipped(strip, axis) if axis else folded(strip)


def draw_plan(plan: Plan, *, today: dt.date | None, axis: tuple[dt.date, dt.date] | None = None) -> Strip:
    """Draw a plan that nobody has begun: calculator, registration preview, notice. All tests are due."""
    return draw(
        stages=plan.stages,
        tests=[StripTest(test.on, TestState.DUE) for test in plan.tests],
        registered_on=plan.registered_on,
        release_on=plan.release_on,
        today=today,
        axis=axis,
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """The facts of one drawing, so that the parts of it need not hand eight arguments to each other."""

    stages: Sequence[Stage]
    tests: Sequence[StripTest]
    registered_on: dt.date
    ends_on: dt.date
    today: dt.date | None
    overdue: bool
    ended_early_on: dt.date | None
    transferred_on: dt.date | None

    @property
    def days_left(self) -> int:
        if self.today is None or self.transferred_on or not self.stages:
            return 0
        return max((self.ends_on - self.today).days, 0)

    @property
    def days_over(self) -> int:
        if not self.overdue or self.today is None or self.transferred_on:
            return 0
        return max((self.today - self.ends_on).days, 0)

    def before(self) -> Iterator[Cell]:
        """Day 0, the days of the stages, and the day of a transfer, up to the end."""
        if not self.stages:
            return
        last = self.transferred_on or self.ends_on - DAY
        # A test that was taken before the first day is a fact of the person, not a day of the restriction.
        on = min(self.registered_on, self.stages[0].starts_on)
        while on <= last:
            yield self._cell(on)
            on += DAY

    def beyond(self) -> Iterator[Cell]:
        """What follows the end."""
        if self.transferred_on:
            return
        if self.days_over:
            yield from self._over()
        elif self.stages and self.ended_early_on:
            last = self.stages[-1].last_on
            for n in range(1, (last - self.ends_on).days + 1):
                on = self.ends_on + n * DAY
                yield Cell(on, "cut", partial(_spoken, on, _("given back")))
        elif not self.stages:
            for test in sorted(self.tests, key=lambda t: t.on):
                if test.on > self.ends_on:
                    yield self._cell(test.on)

    def _over(self) -> Iterator[Cell]:
        for n in range(1, self.days_over + 1):
            on = self.ends_on + n * DAY
            now = on == self.today
            says = partial(_spoken, on, _("overdue"))
            yield Cell(on, "over now" if now else "over", says, is_today=now)

    def _stage_on(self, on: dt.date) -> int | None:
        return next((n for n, stage in enumerate(self.stages) if stage.covers(on)), None)

    def _test_on(self, on: dt.date) -> TestState | None:
        state = next((test.state for test in self.tests if test.on == on), None)
        if state is TestState.DUE and self.ended_early_on and on >= self.ended_early_on:
            return None
        return state

    def _cell(self, on: dt.date) -> Cell:
        index = self._stage_on(on)
        stage = self.stages[index] if index is not None else None
        test = self._test_on(on)
        classes = [self._look(on, stage)]
        classes += ["past"] if self.today and on < self.today else ["now"] if on == self.today else []
        classes += [test.value] if test else []
        title = _stage_title(stage) if stage and on == stage.starts_on else ""
        return Cell(
            on=on,
            classes=" ".join(classes),
            says=lambda: _spoken(on, *self._words(on, stage, test)),
            stage_index=index,
            stage_title=title,
            test=test,
            is_today=on == self.today,
        )

    def _look(self, on: dt.date, stage: Stage | None) -> str:
        """The stage is the fill; a few days are none of a stage's."""
        if on == self.transferred_on:
            return "hit"
        if stage is not None:
            return MODE_CLASS[stage.mode] + (" gone" if on < self.registered_on else "")
        return "zero" if self.stages and on < self.stages[0].starts_on else "bare"

    def _words(self, on: dt.date, stage: Stage | None, test: TestState | None) -> Iterator[str]:
        if on == self.today:
            yield pgettext("of a day", "today")
        if stage is not None:
            day = (on - stage.starts_on).days + 1
            yield _("%(mode)s day %(day)d") % {"mode": stage.mode.label, "day": day}
            if on < self.registered_on:
                yield _("before registration, not made up")
        elif self.stages and on < self.stages[0].starts_on:
            yield _("day 0, transfer")
        if test is not None:
            yield _("test: %(state)s") % {"state": test.label}
        if on == self.transferred_on:
            yield _("transferred") if test is TestState.POSITIVE else _("positive, transferred")

    def end(self) -> End:
        if self.transferred_on:
            word = _("transferred")
            return End(self.transferred_on + DAY, "away", word, word, word)
        now = self.ends_on == self.today
        look, word = "gate", pgettext("below the gate", "free")
        spoken = _("%(day)s 00:00: free") % {"day": _day(self.ends_on)}
        if self.overdue:
            look, word = "gate shut", _("overdue")
            spoken = _sentence(_day(self.ends_on), _("was to end"))
        look += " now" if now else ""
        return End(self.ends_on, look, short_date(self.ends_on), word, spoken, is_today=now)

    def label(self) -> str:
        """The strip in one sentence: what, since when, until when, how long still, which tests."""
        parts = [_stage_words(stage) for stage in self.stages] or [_("no restriction")]
        if self.stages:
            parts.append(_("from %(day)s") % {"day": short_date(self.stages[0].starts_on)})
            gone = (min(self.registered_on, self.ends_on) - self.stages[0].starts_on).days
            if gone > 0:
                text = ngettext("%(n)d day before registration", "%(n)d days before registration", gone)
                parts.append(text % {"n": gone})
        parts += self._today_words()
        parts += self._end_words()
        sentence = _sentence(*parts)
        tests = [
            _("%(day)s %(state)s") % {"day": short_date(test.on), "state": test.state.label}
            for test in sorted(self.tests, key=lambda t: t.on)
            if self._test_on(test.on)
        ]
        if not tests:
            return sentence
        listed = pgettext("between items", ", ").join(tests)
        return _("%(sentence)s; tests: %(tests)s") % {"sentence": sentence, "tests": listed}

    def _today_words(self) -> list[str]:
        if self.today is None or not self.stages or self.transferred_on:
            return []
        day = (self.today - self.stages[0].starts_on).days + 1
        if self.today >= self.ends_on or self.today < self.registered_on:
            return []
        return [_("today is day %(day)d") % {"day": max(day, 0)}]

    def _end_words(self) -> list[str]:
        if self.transferred_on:
            return [_("positive, transferred on %(day)s") % {"day": short_date(self.transferred_on)}]
        day = {"day": short_date(self.ends_on)}
        if self.overdue:
            over = ngettext("%(n)d day overdue", "%(n)d days overdue", self.days_over) % {"n": self.days_over}
            return [_("was to end on %(day)s") % day, over]
        if not self.stages:
            return [_("the period ended on %(day)s") % day]
        if self.today is not None and self.today >= self.ends_on:
            return [(_("ended early on %(day)s") if self.ended_early_on else _("ended on %(day)s")) % day]
        words = [_("ends on %(day)s at 00:00") % day]
        if self.days_left:
            words.append(
                ngettext("%(n)d day left", "%(n)d days left", self.days_left) % {"n": self.days_left}
            )
        return words


def clipped(strip: Strip, axis: tuple[dt.date, dt.date]) -> Strip:
    """Leave out what the shared calendar does not reach; an end outside of it is drawn at its edge."""
    first, last = axis
    end = strip.end
    if end.on < first:
        end = replace(end, on=first, classes=f"{end.classes} far since")
    elif end.on > last + DAY:
        end = replace(end, on=last + DAY, classes=f"{end.classes} far")
    cells = tuple(cell for cell in strip.cells if first <= cell.on <= last)
    if cells and cells[0] != strip.cells[0]:
        cells = (replace(cells[0], classes=f"{cells[0].classes} from"), *cells[1:])
    after = tuple(cell for cell in strip.after if end.on < cell.on <= last)
    return replace(strip, cells=cells, end=end, after=after)


def folded(strip: Strip) -> Strip:
    """A long delay keeps its first and last days; between them one mark stands for the rest."""
    after = strip.after
    if len(after) <= OVER_DRAWN or "over" not in after[0].classes:
        return strip
    gap = Cell(after[2].on, "gap")
    return replace(strip, after=(*after[:2], gap, *after[3 - OVER_DRAWN :]))


def short_date(on: dt.date) -> str:
    """Month and day as compact as the reader's language allows."""
    return date_format(on, pgettext("date format", "j M"))


def _day(on: dt.date) -> str:
    """Month, day and weekday, to be spoken."""
    return date_format(on, pgettext("date format", "l j F"))


def _weekday(on: dt.date, is_today: bool) -> str:
    return pgettext("in a day's cell", "now") if is_today else str(_WEEKDAYS[on.weekday()])


def _stage_title(stage: Stage) -> str:
    """Short enough to stand above three cells on a phone."""
    words = {"mode": _STAGE_TITLES[stage.mode], "n": stage.days}
    return pgettext("above the days", "%(mode)s %(n)d d") % words


def _stage_words(stage: Stage) -> str:
    days = ngettext("%(n)d day", "%(n)d days", stage.days) % {"n": stage.days}
    return pgettext("stage and its length", "%(mode)s %(days)s") % {"mode": stage.mode.label, "days": days}


def _spoken(on: dt.date, *parts: str) -> str:
    return _sentence(_day(on), *parts)


def _sentence(*parts: str) -> str:
    return pgettext("between clauses", ", ").join(parts)
