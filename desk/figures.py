"""The day's figures of an office: for the group chat as text, by community as a table.

Everything is counted once, at the community that holds the person, so that the figures of the communities
add up to those of their street. State follows from the dates, so yesterday's figures can be read today.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Area, User, in_area
from cases.models import Episode, EpisodeStage, NucleicAcidTest
from cases.models.episode import is_overdue
from cases.rules import Ending, Result
from desk.rules import DAY
from policy.clock import midnight
from policy.strip import short_date
from policy.types import Mode


@dataclass(slots=True)
class Figures:
    """The numbers of one community, or of several together, on one date."""

    restricted: int = 0
    day_zero: int = 0
    central: int = 0
    home: int = 0
    monitoring: int = 0
    registered: int = 0
    released: int = 0
    releasing_next: int = 0
    tests_due: int = 0
    sampled: int = 0
    answered: int = 0
    negative: int = 0
    positive: int = 0
    missed: int = 0
    awaiting_transfer: int = 0
    overdue: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        """Both together."""
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def untaken(self) -> int:
        """Tests of the date that nobody has taken."""
        return self.tests_due - self.sampled

    @property
    def unanswered(self) -> int:
        """Samples of the date without a result."""
        return self.sampled - self.answered


LABELS = {
    "restricted": gettext_lazy("under restriction"),
    "day_zero": gettext_lazy("day 0"),
    "central": gettext_lazy("central isolation"),
    "home": gettext_lazy("home isolation"),
    "monitoring": gettext_lazy("home health monitoring"),
    "registered": pgettext_lazy("figures", "registered"),
    "released": pgettext_lazy("figures", "released"),
    "releasing_next": gettext_lazy("released the next day"),
    "tests_due": gettext_lazy("tests due"),
    "sampled": pgettext_lazy("figures", "sampled"),
    "answered": gettext_lazy("results in"),
    "negative": gettext_lazy("negative"),
    "positive": gettext_lazy("positive"),
    "missed": gettext_lazy("missed (ours)"),
    "awaiting_transfer": gettext_lazy("awaiting transfer"),
    "overdue": gettext_lazy("overdue"),
}


@dataclass(frozen=True, slots=True)
class CommunityFigures:
    """One line of the table."""

    name: str
    figures: Figures

    @property
    def numbers(self) -> list[int]:
        """The columns in the order of `LABELS`."""
        return [getattr(self.figures, key) for key in LABELS]


def figures_by_community(user: User, *, on: dt.date, today: dt.date) -> list[CommunityFigures]:
    """The figures of each community of the user's area on a date up to today: four queries.

    What waits or is late now (transfer, overdue) is counted for today only; `missed` are the tests of earlier
    dates that nobody has taken by then, for those who are still under restriction.
    """
    if user.area is None:
        return []
    found: dict[int, Figures] = {}
    for counts in (
        _episodes(user.area, on=on, today=today),
        _stages(user.area, on=on),
        _tests(user.area, on=on),
    ):
        for community, numbers in counts:
            mine = found.setdefault(community, Figures())
            for key, number in numbers.items():
                setattr(mine, key, getattr(mine, key) + number)
    communities = Area.objects.within(user.area).communities().values_list("pk", "name")
    lines = [CommunityFigures(name, found.get(pk, Figures())) for pk, name in communities]
    for line in lines:
        line.figures.day_zero = line.figures.restricted - (
            line.figures.central + line.figures.home + line.figures.monitoring
        )
    return lines


def total(lines: Iterable[CommunityFigures]) -> Figures:
    """All communities together."""
    return sum((line.figures for line in lines), Figures())


Counted = list[tuple[int, dict[str, int]]]


def _under_restriction(on: dt.date) -> Q:
    """Restricted on that date, as the register knew it then: whoever was found positive later counts."""
    running = Q(ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY])
    positive_later = Q(ending=Ending.TRANSFERRED, ended_at__gte=midnight(on + DAY))
    return (running | positive_later) & Q(restricted=True, registered_on__lte=on, release_on__gt=on)


def _episodes(area: Area, *, on: dt.date, today: dt.date) -> Counted:
    ended = Q(ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY], restricted=True)
    wanted = {
        "restricted": _under_restriction(on),
        "registered": Q(registered_on=on) & ~Q(ending=Ending.WITHDRAWN),
        "released": ended & Q(release_on=on),
        "releasing_next": ended & Q(release_on=on + DAY),
    }
    # Whoever was free before that date and is settled plays no part; of the others the index by release.
    near = Q(release_on__gte=on) | Q(registered_on=on)
    if on == today:
        wanted["awaiting_transfer"] = Q(ending=Ending.TRANSFERRED, handed_over_at=None, swept_at=None)
        wanted["overdue"] = is_overdue(on)
        near |= Q(settled_at=None)
    rows = Episode.objects.filter(in_area(area)).filter(near)
    return _grouped(rows, "community_id", wanted)


def _stages(area: Area, *, on: dt.date) -> Counted:
    mode = EpisodeStage.objects.filter(episode=OuterRef("pk"), starts_on__lte=on, last_on__gte=on)
    counted = (
        Episode.objects.filter(in_area(area))
        .filter(_under_restriction(on))
        .order_by()
        .annotate(mode=mode.values("mode")[:1])
        .exclude(mode=None)
        .values_list("community_id", "mode")
        .annotate(number=Count("pk"))
    )
    return [(community, {str(Mode(mode)): number}) for community, mode, number in counted]


def _tests(area: Area, *, on: dt.date) -> Counted:
    of_the_date = Q(planned_on=on)
    still_restricted = Q(episode__release_on__gt=on, episode__ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY])
    wanted = {
        "tests_due": of_the_date,
        "sampled": of_the_date & Q(sampled_at__isnull=False),
        "answered": of_the_date & ~Q(result=""),
        "negative": of_the_date & Q(result__in=[Result.NEGATIVE, Result.NOT_POSITIVE_BY_CT]),
        "positive": of_the_date & Q(result=Result.POSITIVE),
        "missed": Q(planned_on__lt=on, sampled_at=None, result="") & still_restricted,
    }
    rows = (
        NucleicAcidTest.objects.standing()
        .filter(in_area(area, "episode__"))
        .filter(of_the_date | wanted["missed"])
        .exclude(episode__ending=Ending.WITHDRAWN)
    )
    return _grouped(rows, "episode__community_id", wanted)


def _grouped(rows: QuerySet[Any], community: str, wanted: dict[str, Q]) -> Counted:
    """The rows of each community that meet each condition.

    A number is named `n_…` in the query: `restricted` is a column too, and a condition means the column.
    """
    counts = {f"n_{key}": Count("pk", filter=condition) for key, condition in wanted.items()}
    grouped = rows.order_by().values(community).annotate(**counts)
    return [(row[community], {key: row[f"n_{key}"] for key in wanted}) for row in grouped]


def as_text(
    office: str, figures: Figures, *, on: dt.date, today: dt.date, at: dt.datetime, edition: str
) -> str:
    """The figures as a message to the group chat, in the reader's language."""
    number = {key: getattr(figures, key) for key in LABELS} | {
        "untaken": figures.untaken,
        "unanswered": figures.unanswered,
    }
    lines = [
        _("[%(office)s] figures of %(day)s") % {"office": office, "day": short_date(on)}
        + (f" ({timezone.localtime(at):%H:%M})" if on == today else ""),
        _(
            "Under restriction %(restricted)d: central isolation %(central)d, home isolation %(home)d, "
            "home health monitoring %(monitoring)d, day 0 (transfer) %(day_zero)d"
        )
        % number,
        _("Registered %(registered)d, released %(released)d, to be released the next day %(releasing_next)d")
        % number,
        _("Tests due %(tests_due)d, sampled %(sampled)d, not yet sampled %(untaken)d") % number,
        _("Results in %(answered)d (negative %(negative)d, positive %(positive)d), still out %(unanswered)d")
        % number,
        _("Missed so far, our failure %(missed)d") % number,
    ]
    if on == today:
        lines.append(_("Positive, awaiting transfer %(awaiting_transfer)d; overdue %(overdue)d") % number)
    if edition:
        lines.append(_("Edition in force: %(edition)s") % {"edition": edition})
    return "\n".join(lines)


def table(lines: Sequence[CommunityFigures]) -> tuple[list[str], list[list[str | int]]]:
    """Header and rows for Excel: one row a community, the last one all together."""
    headers = [_("community"), *(str(label) for label in LABELS.values())]
    rows: list[list[str | int]] = [[line.name, *line.numbers] for line in lines]
    rows.append([_("together"), *CommunityFigures("", total(lines)).numbers])
    return headers, rows
