"""What is due for an office today: one reading of the register, cut into the sections of the page.

Each section is one query for its keys; the rows of all of them together are read by `cases.rows` in four.
A section shows at most `LIMIT` lines, and `SHOW_ALL` when the reader asks for all of it; above street level
there are thousands, and the register with its filters is the place to go through them. Whoever only looks at
cases (operators, coordinators, counsellors, analysts) reads numbers, no names: their own work stands there.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import Area, User
from accounts.rules import Ability, Level
from cases.lines import TestLine, lines_of_tests
from cases.models import Episode, EpisodeStage, Handover, NucleicAcidTest
from cases.models.episode import EpisodeQuerySet
from cases.models.testing import TestQuerySet
from cases.rows import EpisodeRow, episode_rows
from cases.rules import STATES, Ending, HomeCheck, OverdueReason, Place, State
from desk.rules import DAY, OutlookDay, natural_key, outlook
from desk.today_complaints import ComplaintsToday, complaints_today
from desk.today_infections import InfectionLine, infection_lines
from desk.today_supplies import SuppliesToday, supplies_today
from desk.today_zones import ZonesToday, zones_today
from policy.strip import MODE_CLASS, axis_ahead, short_date
from policy.types import Mode

LIMIT = 100
SHOW_ALL = 2000


@dataclass(slots=True)
class Group:
    """Lines that one walk serves, or that belong to one date."""

    title: str
    lines: list[Any]
    place: str = ""
    """What the printable list is asked for, such as `building=3`."""
    note: str = ""

    @property
    def tests(self) -> str:
        """The keys of its tests, for the button that does all of them."""
        return ",".join(str(line.pk) for line in self.lines)


@dataclass(slots=True)
class Section:
    """One part of the page. `total` counts what the limit leaves out, too; a number may be all there is."""

    key: str
    keys: list[Any]
    total: int
    groups: list[Group] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """How many lines are not shown."""
        return self.total - len(self.keys)


SENTENCES = {
    OverdueReason.CODE: gettext_lazy("Free since %(day)s 00:00, but the health code has not been lifted."),
    OverdueReason.JOURNEY: gettext_lazy("Belongs at home since %(day)s, and is still at the isolation site."),
    OverdueReason.NOTICE: gettext_lazy("Free since %(day)s, and nobody has told the person."),
}


@dataclass(slots=True)
class Late:
    """One person to whom we owe something since an earlier day, and who answers for it."""

    row: EpisodeRow
    street: str
    duty_phone: str

    @property
    def days(self) -> int:
        """Days late of what is longest overdue."""
        return max(each.days(self.row.today) for each in self.row.overdue)

    @property
    def owes(self) -> set[str]:
        """What is overdue: "code", "journey", "notice"."""
        return {str(each.reason) for each in self.row.overdue}

    @property
    def sentences(self) -> list[str]:
        """What is overdue and since when, a sentence each."""
        return [SENTENCES[each.reason] % {"day": short_date(each.since)} for each in self.row.overdue]


@dataclass(slots=True)
class Day:
    """Everything that Today shows."""

    today: dt.date
    at: dt.datetime
    sections: dict[str, Section]
    late_count: int
    restricted: list[OutlookDay]
    by_mode: dict[str, int]
    handovers: list[Handover]
    infections: list[InfectionLine]
    zones: ZonesToday
    complaints: ComplaintsToday
    supplies: SuppliesToday
    is_fresh: bool

    @property
    def due_today(self) -> int:
        """Overdue since 00:00 only: shown in the sections of the day, not on top."""
        return max(self.late_count - self.sections["late"].total, 0)

    @property
    def modes(self) -> list[dict[str, Any]]:
        """How many are in which stage today: the shape of its badge, its word, its number."""
        shown = [("zero", str(STATES[State.DAY_ZERO]), self.by_mode.get("day_zero", 0))]
        shown += [(MODE_CLASS[mode], mode.label, self.by_mode.get(mode, 0)) for mode in Mode]
        return [{"look": look, "label": label, "count": count} for look, label, count in shown if count]

    @property
    def codes_waiting(self) -> list[int]:
        """Whose health code is to be lifted, for the button that does all of them."""
        return [late.row.pk for late in self.sections["late"].lines if "code" in late.owes]

    @property
    def untold(self) -> list[int]:
        """Who was released today and has not been told, for the button that does all of them."""
        return [row.pk for row in self.sections["released"].lines if row.values["told_at"] is None]

    @property
    def has_cases(self) -> bool:
        """Whether anything about cases is due, shown by name or as a number."""
        return any(section.total for section in self.sections.values())

    @property
    def is_idle(self) -> bool:
        """Nothing waits for a hand."""
        waits = self.handovers or self.infections or self.zones.waiting
        others = self.complaints.waiting or self.supplies.is_shown
        return not (self.has_cases or waits or others)


def read_day(user: User, *, at: dt.datetime, today: dt.date, late_count: int, whole: str = "") -> Day:
    """Read what is due on that date; `whole` names a section that is wanted without its limit.

    `late_count` is the number of all who are overdue, which the navigation has counted already.
    """
    works = user.may(Ability.WORK_CASES)
    reader = _Reader(user, at, today, whole, lines=works)
    sections = {section.key: section for section in reader.sections()}
    rows = reader.rows(sections.values())
    by_mode, restricted = _restricted(user, today)
    handovers = Handover.objects.waiting_for(user) if works else Handover.objects.none()
    for section in sections.values():
        _fill(section, rows, user, today)
    day = Day(
        today=today,
        at=at,
        sections=sections,
        late_count=late_count,
        restricted=restricted,
        by_mode=by_mode,
        handovers=list(
            handovers.select_related("from_community", "to_community").order_by("offered_at")[:LIMIT]
        ),
        infections=infection_lines(user, at=at, limit=LIMIT) if works else [],
        zones=zones_today(user, at=at, today=today, limit=LIMIT),
        complaints=complaints_today(user, at=at),
        supplies=supplies_today(user, at=at, today=today),
        is_fresh=False,
    )
    if day.is_idle and not restricted:
        day.is_fresh = not Episode.objects.visible_to(user).exists()
    return day


# ── which rows ───────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Reader:
    user: User
    at: dt.datetime
    today: dt.date
    whole: str
    lines: bool
    """Whether the people are shown, or their number alone."""

    def sections(self) -> Iterator[Section]:
        """The sections with their keys, in the order of the page."""
        yield self._episodes("late", self._late(), "release_on", "pk")
        yield self._episodes("transfer", self._open().awaiting_transfer(), "ended_at", "pk")
        yield self._tests("samples", self._test_rows().to_take(self.today), *_WALK)
        yield self._tests("done", self._sampled_today(), "-sampled_at", "-pk")
        yield self._tests("results", self._test_rows().awaiting_result(), "sampled_at", "pk")
        missed = self._test_rows().missed(self.today).filter(episode__settled_at=None)
        yield self._tests("missed", missed, "-planned_on", "pk")
        yield self._episodes("home", self._going_home(), "home_from", "pk")
        yield self._episodes("bring", self._to_bring(), "registered_on", "pk")
        again = self._open().exclude(contact_again_at=None).exclude(ending=Ending.WITHDRAWN)
        yield self._episodes("again", again, "contact_again_at", "pk")
        yield self._episodes(
            "released", self._releasing(self.today), F("told_at").desc(nulls_first=True), "pk"
        )
        yield self._episodes("tomorrow", self._releasing(self.today + DAY), "pk")

    def rows(self, sections: Iterable[Section]) -> dict[int, EpisodeRow]:
        """The rows of all sections at once, on the work list's calendar."""
        wanted: dict[int, None] = {}
        for section in sections:
            for key in section.keys:
                wanted[key[1] if isinstance(key, tuple) else key] = None
        return {row.pk: row for row in episode_rows(list(wanted), self.today, axis=axis_ahead(self.today))}

    def _open(self) -> EpisodeQuerySet:
        return Episode.objects.visible_to(self.user).unsettled()

    def _test_rows(self) -> TestQuerySet:
        return NucleicAcidTest.objects.visible_to(self.user)

    def _late(self) -> EpisodeQuerySet:
        """Overdue since yesterday or longer, or a code that is not lifted on the day of the release."""
        since = Q(release_on__lt=self.today) | Q(place=Place.SITE, home_from__lt=self.today)
        code = Q(release_on=self.today, code_lifted_at=None)
        return self._open().overdue(self.today).filter(since | code)

    def _sampled_today(self) -> TestQuerySet:
        return self._test_rows().filter(
            planned_on=self.today, sampled_at__isnull=False, dropped_at=None, episode__settled_at=None
        )

    def _going_home(self) -> EpisodeQuerySet:
        """From the site today and tomorrow, and every home that nobody has looked at although it is time."""
        tomorrow = self.today + DAY
        journey = Q(place=Place.SITE, home_from__in=[self.today, tomorrow])
        at_home = EpisodeStage.objects.filter(
            episode=OuterRef("pk"), mode=Mode.HOME, starts_on__lte=tomorrow, last_on__gte=self.today
        )
        unchecked = Q(home_check=HomeCheck.UNCHECKED, home_from__lte=tomorrow) & Q(Exists(at_home))
        running = self._open().filter(ending=Ending.BY_THE_CLOCK, restricted=True, release_on__gt=self.today)
        return running.filter(journey | unchecked)

    def _to_bring(self) -> EpisodeQuerySet:
        """The rule says central isolation, on day 0 already, and the person is still at home."""
        central = EpisodeStage.objects.filter(
            episode=OuterRef("pk"), mode=Mode.CENTRAL, last_on__gte=self.today
        )
        now = Exists(central.filter(starts_on__lte=self.today))
        day_zero = Q(day_one_on__gt=self.today) & Q(Exists(central.filter(number=1)))
        return self._open().restricting(self.today).filter(Q(now) | day_zero, place=Place.HOME)

    def _releasing(self, on: dt.date) -> QuerySet[Episode]:
        """Free from that date, by the clock or ended early on it; those done with are among them."""
        return Episode.objects.visible_to(self.user).filter(
            ending__in=[Ending.BY_THE_CLOCK, Ending.EARLY], restricted=True, release_on=on
        )

    def _limit(self, key: str) -> int:
        return SHOW_ALL if key == self.whole else LIMIT

    def _episodes(self, key: str, rows: QuerySet[Episode], *order: Any) -> Section:
        if not self.lines:
            return Section(key, [], rows.count())
        limit = self._limit(key)
        keys = list(rows.order_by(*order).values_list("pk", flat=True)[: limit + 1])
        return Section(key, keys[:limit], len(keys) if len(keys) <= limit else rows.count())

    def _tests(self, key: str, rows: QuerySet[NucleicAcidTest], *order: str) -> Section:
        if not self.lines:
            return Section(key, [], rows.count())
        limit = self._limit(key)
        keys = list(rows.order_by(*order).values_list("pk", "episode_id")[: limit + 1])
        return Section(key, keys[:limit], len(keys) if len(keys) <= limit else rows.count())


_WALK = (
    "episode__community__code",
    "episode__place",
    "episode__room__site__name",
    "episode__person__unit__building__compound__name",
    "episode__person__unit__building__name",
    "episode__person__unit__name",
    "pk",
)
"""Where a long list is cut off, no building should be torn apart; the exact order is `natural_key`'s."""


def _restricted(user: User, today: dt.date) -> tuple[dict[str, int], list[OutlookDay]]:
    """How many are restricted, by today's stage and by their release: one query."""
    stage = EpisodeStage.objects.filter(episode=OuterRef("pk"), starts_on__lte=today, last_on__gte=today)
    counted = (
        Episode.objects.visible_to(user)
        .unsettled()
        .restricting(today)
        .order_by()
        .annotate(mode=stage.values("mode")[:1])
        .values_list("release_on", "mode")
        .annotate(number=Count("pk"))
    )
    by_mode: dict[str, int] = {}
    by_release: dict[dt.date, int] = {}
    for release_on, mode, number in counted:
        by_mode[mode or "day_zero"] = by_mode.get(mode or "day_zero", 0) + number
        by_release[release_on] = by_release.get(release_on, 0) + number
    return by_mode, outlook(by_release, today)


# ── how they stand on the page ───────────────────────────────────────────────────────────────────


def _fill(section: Section, rows: Mapping[int, EpisodeRow], user: User, today: dt.date) -> None:
    if section.key in ("samples", "done", "results", "missed"):
        tests = lines_of_tests(section.keys, rows)
        section.lines = tests
        if section.key == "samples":
            section.groups = walks(tests, user)
        elif section.key == "results":
            section.groups = _by_sampling_date(tests, today)
        return
    people = [rows[key] for key in section.keys]
    section.lines = people
    if section.key == "late":
        section.lines = _with_owners(people)
    elif section.key == "home":
        section.groups = _by_journey(people, today)
    elif section.key == "released":
        section.groups = _by_done(people)


def walks(lines: Iterable[TestLine], user: User) -> list[Group]:
    """Tests grouped so that one walk serves each: a building door by door, an isolation site room by room.

    An office with communities below it goes through them one by one.
    """
    many = user.area is not None and user.area.level != Level.COMMUNITY
    found: dict[tuple[Any, ...], Group] = {}
    for line in sorted(lines, key=lambda each: _walk_key(each, many=many)):
        values = line.row.values
        kind, title, place = _spot_of_group(line)
        name = f"{values['community__name']} · {title}" if many else title
        group = found.setdefault((values["community_id"] if many else 0, kind, title), Group(name, [], place))
        group.lines.append(line)
    return list(found.values())


def _walk_key(line: TestLine, *, many: bool) -> tuple[Any, ...]:
    kind, title, _place = _spot_of_group(line)
    community = line.row.values["community_id"] if many else 0
    return community, kind, natural_key(title), natural_key(line.spot), line.pk


def _spot_of_group(line: TestLine) -> tuple[int, str, str]:
    """What kind of place it is (homes first, then sites), its name, and how the printable list names it."""
    values = line.row.values
    if values["place"] == Place.SITE:
        return 1, values["room__site__name"] or "", f"site={values['room__site_id']}"
    if values["place"] == Place.HOSPITAL:
        return 2, _("in hospital"), "hospital=1"
    if not values["person__unit__building_id"]:
        return 3, _("no address entered"), "nowhere=1"
    return 0, line.row.building, f"building={values['person__unit__building_id']}"


def _by_sampling_date(lines: Sequence[TestLine], today: dt.date) -> list[Group]:
    """Samples of one day come back together; yesterday's and older ones first."""
    groups: dict[dt.date, Group] = {}
    for line in lines:
        taken = line.test.sampled_at
        if taken is None:
            continue
        on = timezone.localdate(taken)
        title = _("sampled today") if on == today else _("sampled on %(day)s") % {"day": f"{on:%m-%d}"}
        groups.setdefault(on, Group(title, [])).lines.append(line)
    return [groups[on] for on in sorted(groups)]


def _by_journey(rows: Sequence[EpisodeRow], today: dt.date) -> list[Group]:
    """Who goes home today, who tomorrow, and whose home nobody has looked at."""
    titles = {
        0: pgettext("heading of rows", "today"),
        1: pgettext("heading of rows", "tomorrow"),
        2: _("at home, conditions not recorded"),
    }
    groups: dict[int, Group] = {}
    for row in rows:
        going = row.values["place"] == Place.SITE
        starts = row.values["home_from"]
        kind = 1 if starts > today else 0 if going and starts == today else 2
        groups.setdefault(kind, Group(titles[kind], [])).lines.append(row)
    return [groups[kind] for kind in sorted(groups)]


def _by_done(rows: Sequence[EpisodeRow]) -> list[Group]:
    """Released people with whom something is left to do, and those with whom the office is done."""
    left, done = Group("", []), Group("", [])
    for row in rows:
        values = row.values
        finished = values["told_at"] and values["code_lifted_at"] and values["place"] != Place.SITE
        (done if finished else left).lines.append(row)
    return [left, done]


def _with_owners(rows: Sequence[EpisodeRow]) -> list[Late]:
    """Who answers for what is late stands one level up: the street, with its duty telephone. One query."""
    codes = {row.pk: row.values["community_id"] for row in rows}
    above = {
        area.pk: area.parent
        for area in Area.objects.filter(pk__in=set(codes.values())).select_related("parent")
    }
    found = []
    for row in rows:
        street = above.get(codes[row.pk])
        found.append(Late(row, street.name if street else "", street.duty_phone if street else ""))
    return sorted(found, key=lambda each: -each.days)
