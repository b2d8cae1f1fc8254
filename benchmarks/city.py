"""A city to measure in: any number of people under plans that the real rules made, filled in by sets.

What belongs to one plan (headline, stages, tests) is worked out once by `policy.rules.plan`; the database
multiplies it. Columns that nobody names here get the model's own default, so that a new column breaks
nothing. Only for databases that are thrown away.
"""

import contextlib
import datetime as dt
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

from accounts.encryption import encrypt
from accounts.models import Area, Post, User
from accounts.rules import Level, Role
from cases.actions.planning import headline
from cases.models import (
    Episode,
    EpisodeEvent,
    EpisodeStage,
    Ground,
    NameGram,
    NucleicAcidTest,
    Person,
    Placement,
)
from cases.models.person import id_digest, phone_digest, tail_digest
from cases.rules import EventKind, HomeCheck, Place, Result, TestOrigin, name_grams
from policy import rules
from policy.clock import midnight
from policy.models import edition_in_force
from policy.types import Category, Plan
from policy.types import Ground as PlanGround
from zones.models import Building, Compound, Room, Site, Unit

DAY = dt.timedelta(days=1)
SURNAMES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建国志文博雨欣梓涵浩然子轩诗琪嘉怡俊宇晨阳思远"
CATEGORIES = (
    Category.CLOSE_CONTACT,
    Category.CLOSE_CONTACT,
    Category.SPILL_OVER,
    Category.ENTRANT,
    Category.POST_CLOSED_LOOP,
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many episodes of each sort: still running, due for release today and unswept, long over."""

    running: int = 0
    due: int = 0
    over: int = 0
    streets: int = 4
    communities: int = 5
    """In each street."""


@dataclass(frozen=True, slots=True)
class City:
    """What was filled in, for a benchmark to begin with."""

    today: dt.date
    county: Area
    streets: Sequence[Area]
    communities: Sequence[Area]
    worker: User
    supervisor: User


def fill(size: Size, *, today: dt.date, seed: int = 20221111) -> City:
    """Fill an empty database; the plans are those of the edition in force today."""
    rng = random.Random(seed)
    with transaction.atomic(), _unchecked():
        city = _areas(size, today)
        units = _places(city.communities)
        lives = _lives(size, today)
        people = _people(lives, units, rng)
        _plans(lives)
        _pour("city_life", ("id", "template"), [(pk, lives[pk - 1].template) for pk in people])
        _episodes(today)
        _reset_sequences()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return city


@contextlib.contextmanager
def _unchecked() -> Iterator[None]:
    """Leave out the check of every foreign key on PostgreSQL, where the rows are right and we may."""
    with connection.cursor() as cursor:
        if _on_postgresql():
            cursor.execute(
                "SELECT set_config('session_replication_role', 'replica', true) "
                "FROM pg_roles WHERE rolname = current_user AND rolsuper"
            )
        yield


# ── places and staff ─────────────────────────────────────────────────────────────────────────────


def _areas(size: Size, today: dt.date) -> City:
    province = Area.objects.create(name="京州市", level=Level.PROVINCE, code="11")
    above = Area.objects.create(name="京州市", level=Level.CITY, code="1101", parent=province)
    county = Area.objects.create(name="东湖区", level=Level.COUNTY, code="110105", parent=above)
    streets, communities = [], []
    for s in range(1, size.streets + 1):
        street = Area.objects.create(
            name=f"第{s}街道", level=Level.STREET, code=f"110105{s:03d}", parent=county
        )
        streets.append(street)
        communities += Area.objects.bulk_create(
            Area(
                name=f"第{s}街道第{c}社区",
                level=Level.COMMUNITY,
                code=f"110105{s:03d}{c:03d}",
                parent=street,
                duty_phone="010-64040404",
            )
            for c in range(1, size.communities + 1)
        )
    worker = User.objects.create_user("city-worker", password=None, area=communities[0])
    supervisor = User.objects.create_user("city-supervisor", password=None, area=county)
    Post.objects.create(user=worker, role=Role.COMMUNITY_WORKER)
    Post.objects.create(user=supervisor, role=Role.SUPERVISOR)
    return City(today, county, streets, communities, worker, supervisor)


def _places(communities: Sequence[Area]) -> list[tuple[Area, list[int]]]:
    """Each community with the keys of its units; an isolation site with rooms stands in each."""
    found = []
    for community in communities:
        compound = Compound.objects.create(community=community, name=f"{community.name}花园")
        buildings = Building.objects.bulk_create(
            Building(compound=compound, name=f"{number}号楼") for number in range(1, 21)
        )
        units = Unit.objects.bulk_create(
            Unit(building=building, name=f"{number}单元")
            for building, number in product(buildings, range(1, 5))
        )
        site = Site.objects.create(community=community, name=f"{community.name}隔离点")
        Room.objects.bulk_create(Room(site=site, number=str(number)) for number in range(101, 201))
        found.append((community, [unit.pk for unit in units]))
    return found


# ── plans ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Life:
    """One person's time under a rule: the number of the plan, and the plan."""

    template: int
    plan: Plan


def _lives(size: Size, today: dt.date) -> list[Life]:
    """So many lives of each sort, the plans of a sort by turns."""
    sorts = _templates(today)
    lives: list[Life] = []
    for sort, number in (("running", size.running), ("due", size.due), ("over", size.over)):
        choice = [life for name, life in sorts if name == sort]
        lives += [choice[n % len(choice)] for n in range(number)]
    return lives


def _templates(today: dt.date) -> list[tuple[str, Life]]:
    """Plans that run today, that end today, and that ended up to 120 days ago."""
    found = []
    edition = edition_in_force(today)
    for ago, category, late in product(range(1, 121), CATEGORIES, (0, 1, 2)):
        registered_on = today - ago * DAY
        ground = PlanGround(category, registered_on - late * DAY, registered_on)
        made = rules.plan(edition, [ground])
        if not made.restricted:
            continue
        sort = "running" if made.release_on > today else "due" if made.release_on == today else "over"
        found.append((sort, Life(len(found) + 1, made)))
    return found


def _plans(lives: Iterable[Life]) -> None:
    """The plans as tables that the database can join."""
    plans = {life.template: life.plan for life in lives}
    heads = {
        number: {**headline(made), "registered_on": made.registered_on} for number, made in plans.items()
    }
    columns = list(next(iter(heads.values())))
    _pour("city_plan", ("id", *columns), [(n, *head.values()) for n, head in heads.items()])
    _pour(
        "city_stage",
        ("plan", "number", "category", "mode", "starts_on", "last_on", "coded", "may_go_out", "clause"),
        [
            (n, i, s.category, s.mode, s.starts_on, s.last_on, s.coded, s.may_go_out, s.clause)
            for n, made in plans.items()
            for i, s in enumerate(made.stages, start=1)
        ],
    )
    _pour(
        "city_test",
        ("plan", "planned_on", "mode", "stage_day", "origin", "clause"),
        [
            (n, t.on, t.mode or "", t.day, TestOrigin.REGISTERED_LATE if t.reason else "", t.clause)
            for n, made in plans.items()
            for t in made.tests
        ],
    )


# ── people ───────────────────────────────────────────────────────────────────────────────────────


def _people(
    lives: Sequence[Life], units: Sequence[tuple[Area, list[int]]], rng: random.Random
) -> Sequence[int]:
    """One person a life, with the same number; returns the numbers."""
    numbers = range(1, len(lives) + 1)
    at = midnight(min((life.plan.registered_on for life in lives), default=dt.date(2022, 11, 11)))
    columns = ("id", *_PERSON_COLUMNS)
    names = {n: rng.choice(SURNAMES) + "".join(rng.choices(GIVEN, k=rng.choice((1, 2, 2)))) for n in numbers}
    street, county = _lines([community for community, _ in units])
    _pour_into(
        Person,
        columns,
        (
            (n, *_person(n, names[n], community.pk, street[community.pk], county, unit, at))
            for n, (community, unit) in zip(numbers, _homes(units), strict=False)
        ),
    )
    _pour_into(
        NameGram,
        ("person_id", "gram"),
        ((n, gram) for n, name in names.items() for gram in sorted(name_grams(name))),
    )
    return numbers


_PERSON_COLUMNS = (
    *("name", "id_number", "id_digest", "id_tail_digest", "phone", "phone_digest", "phone_tail_digest"),
    *("community_id", "street_id", "county_id", "unit_id", "door", "created_at"),
)


def _person(
    n: int, name: str, community: int, street: int, county: int, unit: int, at: dt.datetime
) -> tuple[object, ...]:
    paper, phone = f"11010519{60 + n % 40}{1 + n % 12:02d}{n % 10}{n:07d}"[:18], f"138{n:08d}"
    return (
        *(name, encrypt(paper), id_digest(f"{n:018d}"), tail_digest(paper)),
        *(encrypt(phone), phone_digest(phone), tail_digest(phone)),
        *(community, street, county, unit, f"{n % 20 + 1:02d}0{n % 4 + 1}", at),
    )


def _lines(communities: Sequence[Area]) -> tuple[dict[int, int], int]:
    streets = {community.pk: community.parent_id or 0 for community in communities}
    county = Area.objects.get(pk=communities[0].parent_id).parent_id or 0
    return streets, county


def _homes(units: Sequence[tuple[Area, list[int]]]) -> Iterator[tuple[Area, int]]:
    """Community and unit of one person after another, for ever."""
    n = 0
    while True:
        community, keys = units[n % len(units)]
        yield community, keys[n // len(units) % len(keys)]
        n += 1


# ── episodes, by the database itself ─────────────────────────────────────────────────────────────


def _episodes(today: dt.date) -> None:
    """Episodes, grounds, stages, tests and events of every life, as the verbs would have left them."""
    noon = "registered_at"
    insert(
        Episode,
        {
            "id": "life.id",
            "person_id": "life.id",
            **{column: f"person.{column}" for column in ("community_id", "street_id", "county_id")},
            **{name: f"plan.{name}" for name in _HEADLINE},
            "registered_on": "plan.registered_on",
            "registered_at": _noon_of("plan.registered_on"),
            "home_check": f"'{HomeCheck.SUITABLE}'",
            "place": f"'{Place.HOME}'",
            "code_assigned_at": _noon_of("plan.registered_on"),
            **{
                name: f"CASE WHEN plan.release_on < %s THEN {_noon_of('plan.release_on')} END"
                for name in ("code_lifted_at", "told_at", "swept_at", "settled_at")
            },
        },
        "city_life AS life JOIN city_plan AS plan ON plan.id = life.template "
        f"JOIN {_table(Person)} AS person ON person.id = life.id",
        [_day(today)] * 4,
    )
    episodes = f"city_life AS life JOIN {_table(Episode)} AS episode ON episode.id = life.id"
    insert(
        Ground,
        {
            "episode_id": "episode.id",
            **{
                name: f"episode.{name}" for name in ("category", "anchor_on", "clause", "registered_on", noon)
            },
        },
        episodes,
    )
    stage = ("number", "category", "mode", "starts_on", "last_on", "coded", "may_go_out", "clause")
    insert(
        EpisodeStage,
        {"episode_id": "episode.id", **{name: f"stage.{name}" for name in stage}},
        f"{episodes} JOIN city_stage AS stage ON stage.plan = life.template",
    )
    insert(
        Placement,
        {"episode_id": "episode.id", "place": "episode.place", "from_at": "episode.registered_at"},
        episodes,
    )
    _tests(episodes, today)
    _events(episodes, today)


_HEADLINE = (
    *("edition", "category", "clause", "anchor", "anchor_on", "restricted", "day_one_on", "home_from"),
    *("release_on", "planned_release_on"),
)


def _tests(episodes: str, today: dt.date) -> None:
    """Tests of days before today are answered, all but one in a hundred; today's and later are to take."""
    past = "test.planned_on < %s AND (life.id + test.stage_day) %% 100 <> 0"
    test = ("planned_on", "mode", "stage_day", "origin", "clause")
    answered = ("sampled_at", "resulted_at")
    insert(
        NucleicAcidTest,
        {
            "person_id": "episode.person_id",
            "episode_id": "episode.id",
            **{name: f"test.{name}" for name in test},
            **{name: f"CASE WHEN {past} THEN {_noon_of('test.planned_on')} END" for name in answered},
            "result": f"CASE WHEN {past} THEN '{Result.NEGATIVE}' ELSE '' END",
        },
        f"{episodes} JOIN city_test AS test ON test.plan = life.template",
        [_day(today)] * 3,
    )


def _events(episodes: str, today: dt.date) -> None:
    columns = {"episode_id": "episode.id", "clause": "episode.clause", "edition": "episode.edition"}
    for kind in (EventKind.REGISTERED, EventKind.CODE_ASSIGNED):
        insert(EpisodeEvent, {**columns, "kind": f"'{kind}'", "at": "episode.registered_at"}, episodes)
    began = {"kind": f"'{EventKind.STAGE_BEGAN}'", "due_at": _midnight_of("stage.starts_on")}
    insert(
        EpisodeEvent,
        {**columns, **began, "at": began["due_at"]},
        f"{episodes} JOIN city_stage AS stage ON stage.plan = life.template "
        "WHERE stage.number > 1 AND stage.starts_on > episode.registered_on AND stage.starts_on <= %s",
        [_day(today)],
    )
    released = {"kind": f"'{EventKind.RELEASED}'", "due_at": _midnight_of("episode.release_on")}
    insert(
        EpisodeEvent,
        {**columns, **released, "at": released["due_at"]},
        f"{episodes} WHERE episode.swept_at IS NOT NULL",
    )


# ── into either database ─────────────────────────────────────────────────────────────────────────


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _day(on: dt.date) -> object:
    return connection.ops.adapt_datefield_value(on)


def _midnight_of(date: str, hours: int = 0) -> str:
    if _on_postgresql():
        return f"(({date})::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '{hours} hours')"
    return f"datetime({date}, '{hours - 8} hours')"


def _noon_of(date: str) -> str:
    return _midnight_of(date, 12)


def insert(
    model: type[models.Model], columns: Mapping[str, str], source: str, values: Sequence[object] = ()
) -> None:
    """INSERT … SELECT of these columns; all others take the model's default."""
    for field in model._meta.concrete_fields:
        if field.column not in columns and not field.primary_key and not field.null:
            columns = {**columns, field.column: _default(field)}
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(model)} ({names}) SELECT {', '.join(columns.values())} FROM {source}",
            list(values),
        )


def _default(field: "models.Field[Any, Any]") -> str:
    value = field.get_default()
    if isinstance(value, bool):
        return ("true" if value else "false") if _on_postgresql() else str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict | list):
        return f"'{'{}' if isinstance(value, dict) else '[]'}'"
    return f"'{value or ''}'"


def _pour(name: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
    """A temporary table of these rows."""
    types = {
        column: _type_of(next((row[place] for row in rows if row[place] is not None), ""))
        for place, column in enumerate(columns)
    }
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({', '.join(f'{c} {t}' for c, t in types.items())})")
        _copy(cursor, name, columns, rows)
        cursor.execute(f"ANALYZE {name}")


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "date" if isinstance(value, dt.date) else "text"


def _pour_into(model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.column not in columns and not field.primary_key and not field.null
    ]
    defaults = tuple(field.get_db_prep_save(field.get_default(), connection) for field in fields)
    names = (*columns, *(field.column for field in fields))
    with connection.cursor() as cursor:
        _copy(cursor, _table(model), names, ((*row, *defaults) for row in rows))


def _copy(cursor: Any, name: str, columns: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    if _on_postgresql():
        with cursor.cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(
        f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})",
        ([_as_stored(value) for value in row] for row in rows),
    )


def _as_stored(value: object) -> object:
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return str(value) if isinstance(value, dt.date) else value


def _reset_sequences() -> None:
    """The numbers were given by us; the next row gets the next one."""
    statements = connection.ops.sequence_reset_sql(
        no_style(),
        [Person, Episode, Ground, EpisodeStage, NucleicAcidTest, EpisodeEvent, NameGram, Placement],
    )
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
