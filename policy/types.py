"""The words of the rules as types: what a plan is made from and what it consists of.

Every date is a civil date of Asia/Shanghai. The anchoring event is day 0 and day 1 is the next date
(rulebook, "Days"); `release_on` is the first free date, release is at its 00:00.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class _Labelled(StrEnum):
    """A fixed list of words whose translated names stand in `labels()`."""

    @classmethod
    def labels(cls) -> dict[str, object]:
        raise NotImplementedError

    @property
    def label(self) -> str:
        """The word in the language of the reader."""
        return str(self.labels()[self])

    @classmethod
    def choices(cls) -> list[tuple[str, object]]:
        """Pairs for a model field or a form, in the order of the rulebook."""
        return [(member.value, cls.labels()[member]) for member in cls]


class Category(_Labelled):
    """Why a person comes under a rule (N二(一)–(十))."""

    CLOSE_CONTACT = "close_contact"
    SPILL_OVER = "spill_over"
    POST_CLOSED_LOOP = "post_closed_loop"
    ENTRANT = "entrant"
    SECONDARY_CONTACT = "secondary_contact"

    @classmethod
    def labels(cls) -> dict[str, object]:
        return {
            cls.CLOSE_CONTACT: _("close contact"),
            cls.SPILL_OVER: _("spill-over person"),
            cls.POST_CLOSED_LOOP: _("post-closed-loop worker"),
            cls.ENTRANT: _("entrant"),
            cls.SECONDARY_CONTACT: _("secondary contact"),
        }


class Anchor(_Labelled):
    """The event from which the days of a category count; its date is day 0."""

    LAST_EXPOSURE = "last_exposure"
    LEFT_ZONE = "left_zone"
    LOOP_ENDED = "loop_ended"
    ENTERED = "entered"

    @classmethod
    def labels(cls) -> dict[str, object]:
        return {
            cls.LAST_EXPOSURE: _("last exposure"),
            cls.LEFT_ZONE: _("left the high-risk zone"),
            cls.LOOP_ENDED: _("closed loop ended"),
            cls.ENTERED: _("entered the country"),
        }


class Mode(_Labelled):
    """How a stage is spent, strictest first."""

    CENTRAL = "central"
    HOME = "home"
    MONITORING = "monitoring"

    @classmethod
    def labels(cls) -> dict[str, object]:
        return {
            cls.CENTRAL: _("central isolation"),
            cls.HOME: _("home isolation"),
            cls.MONITORING: _("home health monitoring"),
        }

    @property
    def strictness(self) -> int:
        """Greater is stricter: of several grounds the strictest mode of a date holds."""
        return {Mode.CENTRAL: 3, Mode.HOME: 2, Mode.MONITORING: 1}[self]


class IsolationFinished(_Labelled):
    """What an entrant has already finished at the first point of entry (N二(十))."""

    NONE = "none"
    CENTRAL = "central"
    ALL = "all"

    @classmethod
    def labels(cls) -> dict[str, object]:
        return {
            cls.NONE: _("nothing yet"),
            cls.CENTRAL: _("the central part only"),
            cls.ALL: _("all of it"),
        }


class TestReason(_Labelled):
    """Why a test is due although no row of the edition's table names its day."""

    __test__ = False  # pytest: not a test class

    REGISTERED_LATE = "registered_late"

    @classmethod
    def labels(cls) -> dict[str, object]:
        return {cls.REGISTERED_LATE: _("registered late")}


@dataclass(frozen=True, slots=True)
class StageRule:
    """One row of an edition: so many whole days in one mode, tests on these days of the stage."""

    mode: Mode
    days: int
    test_days: tuple[int, ...]
    coded: bool
    may_go_out: bool


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """What an edition says about one category: anchor, clause and the stages in their order."""

    category: Category
    anchor: Anchor
    clause: str
    stages: tuple[StageRule, ...]
    positive_below_ct: float | None = None
    """A result counts as positive only below this Ct value; None: the laboratory's word decides."""
    stated_in: str = ""
    """Code of the edition that wrote the rule: an heir's rules may be its parent's (P3)."""
    practice: bool = False
    """Whether the rule comes from public material of the time and not from the two source documents."""


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """What an edition says about high-risk zones: units and buildings, opened by the clock (N二(四))."""

    clean_days: int
    """Whole dates in a row without a new infection; the date it was found on is day 0."""
    clause: str
    wider_clause: str
    """The clause that names the two reasons for more than units and buildings (N三(二))."""
    round_day: int | None = None
    """A gate: on this day everybody inside has to be found negative. None: the clock alone opens."""
    stated_in: str = ""
    practice: bool = False


@dataclass(frozen=True, slots=True)
class AbolishedRule:
    """A rule that an edition took away: naming it is refused with this clause."""

    clause: str


@dataclass(frozen=True, slots=True)
class Edition:
    """One policy edition, with everything inherited from its parents already resolved."""

    code: str
    name_zh: str
    name_en: str
    effective_on: dt.date
    parent: str | None
    day_one_offset: int
    rules: Mapping[Category, CategoryRule]
    abolished: Mapping[Category, AbolishedRule]
    home_condition_clause: str
    """The clause by which whoever has no suitable home stays in central isolation (N三(一))."""
    repeat_isolation_clause: str
    """The clause that forbids isolating again at the destination (N二(十)); "": the edition names none."""
    one_test_a_day_clause: str
    """The clause that forbids two tests a day (N二(六)); "": the edition names none."""
    zones: ZoneRule | None = None
    """None: the edition, as far as it is known here, has no rule by which a unit can be sealed."""
    practice: bool = False
    """Whether the edition comes from public material of the time and not from the two source documents."""

    @property
    def name(self) -> str:
        """The title in the language of the reader."""
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en

    def rule_for(self, category: Category) -> CategoryRule | None:
        """The rule of a category; None where the edition has none or took it away."""
        return self.rules.get(category)


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason for an episode: the category and the date of its anchoring event (day 0)."""

    category: Category
    anchor_on: dt.date
    registered_on: dt.date
    """When *this* ground was registered; a later ground of an episode has a later one."""
    isolation_finished: IsolationFinished = IsolationFinished.NONE


@dataclass(frozen=True, slots=True)
class Stage:
    """Whole dates, first and last included, that are spent in one mode."""

    mode: Mode
    starts_on: dt.date
    last_on: dt.date
    coded: bool
    may_go_out: bool
    clause: str
    category: Category

    @property
    def days(self) -> int:
        """Length in whole dates."""
        return (self.last_on - self.starts_on).days + 1

    def covers(self, on: dt.date) -> bool:
        """Whether that date belongs to the stage."""
        return self.starts_on <= on <= self.last_on


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """One test on one date; mode and day are None where no stage covers the date."""

    on: dt.date
    mode: Mode | None
    day: int | None
    """The day inside its stage, from 1."""
    reason: TestReason | None
    clause: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of what the rules allow: nothing restricts on or after `release_on`."""

    edition: str
    category: Category
    """Of several grounds the one that ends last."""
    clause: str
    anchor: Anchor
    anchor_on: dt.date
    day_one_on: dt.date
    registered_on: dt.date
    restricted: bool
    """False: registered on or after the release date, one test and no restriction."""
    stages: tuple[Stage, ...]
    tests: tuple[PlannedTest, ...]
    release_on: dt.date
    dropped_tests: tuple[dt.date, ...] = field(default=())
    """Test days that had passed before registration: not made up."""

    def stage_on(self, on: dt.date) -> Stage | None:
        """The stage that covers a date; None on day 0 and from the release date."""
        return next((stage for stage in self.stages if stage.covers(on)), None)
