"""What lists show of an episode: one builder for the register, today's list, exports and the API.

One query whatever the number of rows: the database gathers the stages, tests and marks of each as JSON.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import JSONField, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from cases.models import Episode, EpisodeStage, KeyMark, NucleicAcidTest
from cases.models.testing import test_state
from cases.rules import (
    KEY_MARKS,
    OVERDUE_REASONS,
    STATES,
    Ending,
    KeyMarkKind,
    Overdue,
    Place,
    Result,
    State,
    age_on,
    overdue_on,
    state_on,
)
from policy.strip import Strip, StripTest, TestState, draw
from policy.types import Category, Mode, Stage

_COLUMNS = (
    "pk",
    "person_id",
    "person__name",
    "person__sex",
    "person__born_on",
    "person__door",
    "person__unit_id",
    "person__unit__name",
    "person__unit__building_id",
    "person__unit__building__name",
    "person__unit__building__compound__name",
    "community_id",
    "community__name",
    "category",
    "clause",
    "edition",
    "anchor",
    "anchor_on",
    "registered_on",
    "restricted",
    "day_one_on",
    "home_from",
    "home_check",
    "release_on",
    "planned_release_on",
    "ending",
    "ended_at",
    "place",
    "room__number",
    "room__site_id",
    "room__site__name",
    "code_lifted_at",
    "told_at",
    "handed_over_at",
    "contact_again_at",
    "swept_at",
    "stage_rows",
    "test_rows",
    "mark_rows",
)

BADGES = {
    State.DAY_ZERO: "full",
    State.CENTRAL: "full",
    State.HOME: "half",
    State.MONITORING: "line",
    State.ENDED: "open",
    State.ENDED_EARLY: "open",
    State.UNRESTRICTED: "open",
    State.WITHDRAWN: "",
    State.AWAITING_TRANSFER: "pos",
    State.TRANSFERRED: "pos",
}


@dataclass(frozen=True, slots=True)
class TestCell:
    """One test as a row needs it."""

    __test__ = False

    pk: int
    on: dt.date
    state: TestState
    result: str
    stage_day: int | None
    mode: str
    origin: str
    sampled_at: dt.datetime | None
    resulted_at: dt.datetime | None
    dropped: bool


@dataclass(slots=True)
class EpisodeRow:
    """One episode on a date, ready to be drawn."""

    pk: int
    values: dict[str, Any]
    today: dt.date
    state: State
    stage: Stage | None
    stages: Sequence[Stage]
    tests: Sequence[TestCell]
    strip: Strip
    overdue: Sequence[Overdue]
    key_marks: Sequence[str] = field(default_factory=list)

    @property
    def person_id(self) -> int:
        """Key of the person."""
        return int(self.values["person_id"])

    @property
    def name(self) -> str:
        """The person's name."""
        return str(self.values["person__name"])

    @property
    def age(self) -> int | None:
        """Completed years today."""
        born = self.values["person__born_on"]
        return age_on(born, self.today) if born else None

    @property
    def compound(self) -> str:
        """The compound of the home, or ""."""
        return self.values["person__unit__building__compound__name"] or ""

    @property
    def building(self) -> str:
        """Compound and building of the home, by which one walk is planned."""
        return f"{self.compound} {self.values['person__unit__building__name'] or ''}".strip()

    @property
    def address(self) -> str:
        """The home on one line."""
        values = self.values
        unit = values["person__unit__name"] or ""
        return f"{self.building} {unit} {values['person__door'] or ''}".replace("  ", " ").strip()

    @property
    def site(self) -> str:
        """Isolation site and room, "" for whoever is not at one."""
        if self.values["place"] != Place.SITE:
            return ""
        return f"{self.values['room__site__name'] or ''} {self.values['room__number'] or ''}".strip()

    @property
    def whereabouts(self) -> str:
        """Where the person is now: site and room, hospital, or the home."""
        if self.values["place"] == Place.HOSPITAL:
            return _("in hospital")
        return self.site or self.address

    @property
    def category_label(self) -> str:
        """The category in the reader's language."""
        return Category(self.values["category"]).label

    @property
    def clause(self) -> str:
        """The clause the restriction rests on."""
        return self.stage.clause if self.stage else str(self.values["clause"])

    @property
    def release_on(self) -> dt.date:
        """The first free date."""
        return self.values["release_on"]

    @property
    def days_left(self) -> int:
        """Dates under restriction from today on, today included."""
        return max((self.release_on - self.today).days, 0) if self.state.value in _RUNNING else 0

    @property
    def badge(self) -> str:
        """The shape class of the state; see docs/look.md."""
        return "late" if self.overdue else BADGES[self.state]

    @property
    def state_label(self) -> str:
        """The state in words, with the day of the stage: "home isolation day 3 of 7"."""
        if self.stage is None:
            return str(STATES[self.state])
        day = (self.today - self.stage.starts_on).days + 1
        return _("%(stage)s, day %(day)d of %(days)d") % {
            "stage": self.stage.mode.label,
            "day": day,
            "days": self.stage.days,
        }

    @property
    def test_today(self) -> TestCell | None:
        """Today's test that stands, taken or not."""
        return next((test for test in self.tests if test.on == self.today and not test.dropped), None)

    @property
    def next_test(self) -> TestCell | None:
        """The next test still to take, today's included."""
        due = (test for test in self.tests if test.on >= self.today and test.state is TestState.DUE)
        return next((test for test in due if not test.dropped), None)

    @property
    def next_step(self) -> tuple[str, bool]:
        """What comes next in a few words, and whether it is for today."""
        if self.overdue:
            return str(OVERDUE_REASONS[self.overdue[0].reason]), True
        if self.state is State.AWAITING_TRANSFER:
            return _("transfer to hospital"), True
        today = self.test_today
        if today and today.state is TestState.DUE:
            return _("sample today"), True
        if self.waiting:
            return _("waiting for a result"), False
        if self.values["home_from"] == self.today and self.state.value in _RUNNING:
            return _("goes home today"), True
        if self.next_test:
            return _("sample on %(date)s") % {"date": f"{self.next_test.on:%m-%d}"}, False
        return "", False

    @property
    def waiting(self) -> list[TestCell]:
        """Samples without a result."""
        return [test for test in self.tests if test.state is TestState.WAITING and not test.dropped]

    @property
    def missed(self) -> list[TestCell]:
        """Tests of past days that nobody took, while the plan ran: ours to explain."""
        return [test for test in self.tests if test.state is TestState.MISSED and not test.dropped]


_RUNNING = frozenset({State.DAY_ZERO, State.CENTRAL, State.HOME, State.MONITORING})


def episode_rows(
    episodes: QuerySet[Episode] | Sequence[int],
    today: dt.date,
    *,
    axis: tuple[dt.date, dt.date] | None = None,
) -> list[EpisodeRow]:
    """The rows of these episodes in their order (a sliced queryset, or keys), drawn on that date."""
    if isinstance(episodes, QuerySet):
        values = list(_with_related(episodes).values(*_COLUMNS))
    else:
        order = {pk: place for place, pk in enumerate(episodes)}
        values = list(_with_related(Episode.objects.filter(pk__in=order)).values(*_COLUMNS))
        values.sort(key=lambda row: order[row["pk"]])
    return [
        _row(
            row,
            _stages(row.pop("stage_rows") or []),
            _tests(row.pop("test_rows") or [], today),
            [str(KEY_MARKS[KeyMarkKind(kind)]) for (kind,) in row.pop("mark_rows") or []],
            today,
            axis,
        )
        for row in values
    ]


def episode_row(episode: Episode, today: dt.date) -> EpisodeRow:
    """The row of one episode."""
    return episode_rows([episode.pk], today)[0]


def _row(
    values: dict[str, Any],
    stages: list[Stage],
    tests: list[TestCell],
    marks: list[str],
    today: dt.date,
    axis: tuple[dt.date, dt.date] | None,
) -> EpisodeRow:
    stage = next((each for each in stages if each.covers(today)), None)
    state = state_on(
        today,
        ending=values["ending"],
        restricted=values["restricted"],
        release_on=values["release_on"],
        mode=stage.mode if stage else None,
        handed_over=values["handed_over_at"] is not None,
    )
    late = overdue_on(
        today,
        ending=values["ending"],
        restricted=values["restricted"],
        release_on=values["release_on"],
        home_from=values["home_from"],
        place=values["place"],
        code_lifted=values["code_lifted_at"] is not None,
        told=values["told_at"] is not None,
    )
    return EpisodeRow(
        pk=values["pk"],
        values=values,
        today=today,
        state=state,
        stage=stage if state.value in _RUNNING else None,
        stages=stages,
        tests=tests,
        strip=_strip(values, stages, tests, late, today, axis),
        overdue=late,
        key_marks=marks,
    )


def _strip(
    values: dict[str, Any],
    stages: list[Stage],
    tests: list[TestCell],
    late: list[Overdue],
    today: dt.date,
    axis: tuple[dt.date, dt.date] | None,
) -> Strip:
    positive = next((test for test in tests if test.result == Result.POSITIVE), None)
    transferred = values["ending"] == Ending.TRANSFERRED
    return draw(
        stages=stages,
        tests=[StripTest(test.on, test.state) for test in tests if not test.dropped],
        registered_on=values["registered_on"],
        release_on=values["planned_release_on"] if values["ending"] == Ending.EARLY else values["release_on"],
        today=today,
        overdue=bool(late) and today > values["release_on"],
        ended_early_on=values["release_on"] if values["ending"] == Ending.EARLY else None,
        transferred_on=(positive.on if positive else values["release_on"]) if transferred else None,
        axis=axis,
    )


def _stages(rows: list[list[Any]]) -> list[Stage]:
    return [
        Stage(
            Mode(mode),
            dt.date.fromisoformat(starts_on),
            dt.date.fromisoformat(last_on),
            bool(coded),
            bool(may_go_out),
            clause,
            Category(category),
        )
        for _number, mode, starts_on, last_on, coded, may_go_out, clause, category in sorted(rows)
    ]


def _tests(rows: list[list[Any]], today: dt.date) -> list[TestCell]:
    cells = []
    for pk, planned_on, result, stage_day, mode, origin, sampled_at, resulted_at, dropped_at in rows:
        on = dt.date.fromisoformat(planned_on)
        cells.append(
            TestCell(
                pk=pk,
                on=on,
                state=test_state(result, on=on, sampled=bool(sampled_at), today=today),
                result=result,
                stage_day=stage_day,
                mode=mode,
                origin=origin,
                sampled_at=_instant(sampled_at),
                resulted_at=_instant(resulted_at),
                dropped=dropped_at is not None,
            )
        )
    return sorted(cells, key=lambda cell: (cell.on, cell.pk))


def _instant(written: str | None) -> dt.datetime | None:
    """An instant out of JSON: PostgreSQL writes its offset, SQLite stores UTC without one."""
    if written is None:
        return None
    at = dt.datetime.fromisoformat(written)
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


class _JsonRows(Subquery):
    """The related rows of each row as one JSON list of lists, so that a list page stays one query."""

    def __init__(self, queryset: QuerySet[Any], *columns: str) -> None:
        super().__init__(queryset.values(*columns), output_field=JSONField())
        self.columns = ", ".join(columns)

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **context: Any
    ) -> Any:
        on_postgresql = connection.vendor == "postgresql"
        gather, row = (
            ("JSONB_AGG", "JSONB_BUILD_ARRAY") if on_postgresql else ("JSON_GROUP_ARRAY", "JSON_ARRAY")
        )
        template = f"(SELECT {gather}({row}({self.columns})) FROM (%(subquery)s) AS related)"  # noqa: S608 - names of our own columns
        return super().as_sql(compiler, connection, **(context | {"template": template}))


def _with_related(episodes: QuerySet[Episode]) -> QuerySet[Episode]:
    mine = {"episode": OuterRef("pk")}
    return episodes.annotate(
        stage_rows=_JsonRows(EpisodeStage.objects.filter(**mine).order_by(), *_STAGE_COLUMNS),
        test_rows=_JsonRows(NucleicAcidTest.objects.filter(**mine).order_by(), *_TEST_COLUMNS),
        mark_rows=_JsonRows(KeyMark.objects.filter(person=OuterRef("person")).order_by(), "kind"),
    )


_STAGE_COLUMNS = ("number", "mode", "starts_on", "last_on", "coded", "may_go_out", "clause", "category")
_TEST_COLUMNS = (
    "id",
    "planned_on",
    "result",
    "stage_day",
    "mode",
    "origin",
    "sampled_at",
    "resulted_at",
    "dropped_at",
)
