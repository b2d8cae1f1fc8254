"""Editions as files: from TOML to an `Edition` whose every value has been checked.

A file states what it changes; what it leaves out it inherits from its parent (P3). A rule that a child
states replaces the parent's whole rule, lists are never merged; `[abolished.x]` takes a rule away.
Every mistake is an `EditionError` that names the file and the key.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from .types import AbolishedRule, Anchor, Category, CategoryRule, Edition, Mode, StageRule, ZoneRule

PACKAGED = ("ninth", "twenty")
"""The editions that a fresh install knows and activates, parents first."""

MOST_DAYS = 60
"""A stage longer than this is a slip of the pen: no rule of the time came near it."""

_FOLDER = Path(__file__).parent / "editions"
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_CLAUSE_KEYS = ("home_condition", "repeat_isolation", "one_test_a_day")


class EditionError(ValueError):
    """A mistake in an edition: `source` names the file, `key` the place in it, `sentence` what is wrong."""

    def __init__(self, source: str, key: str, sentence: str) -> None:
        super().__init__(source, key, sentence)
        self.source = source
        self.key = key
        self.sentence = sentence

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.key, self.sentence) if part)


@dataclass(slots=True)
class _Table:
    """A TOML table that is read key by key: each value typed, and in the end no key left over."""

    source: str
    path: str
    values: Mapping[str, object]
    read: set[str] = field(default_factory=set)

    def has(self, key: str) -> bool:
        return key in self.values

    def error(self, key: str, sentence: str) -> EditionError:
        return EditionError(self.source, f"{self.path}.{key}" if self.path else key, sentence)

    def value(self, key: str) -> object:
        if key not in self.values:
            raise self.error(key, _("this key is missing"))
        self.read.add(key)
        return self.values[key]

    def text(self, key: str, most: int = 100) -> str:
        value = self.value(key)
        if not isinstance(value, str) or not value.strip() or value != value.strip() or len(value) > most:
            raise self.error(
                key,
                _("must be text in quotes, 1 to {most} characters, without blanks around it").format(
                    most=most
                ),
            )
        return value

    def clause(self, key: str) -> str:
        value = self.text(key, 40)
        if any(character in "〔〕\n" for character in value):
            raise self.error(key, _("must be the bare clause, such as “二(一)”, without the brackets 〔〕"))
        return value

    def matching(self, key: str, pattern: re.Pattern[str], described: str) -> str:
        value = self.value(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self.error(key, _("must be {described}").format(described=described))
        return value

    def one_of(self, key: str, known: Sequence[str]) -> str:
        value = self.value(key)
        if not isinstance(value, str) or value not in known:
            raise self.error(key, _("must be one of: {known}").format(known=", ".join(known)))
        return value

    def flag(self, key: str) -> bool:
        value = self.value(key)
        if not isinstance(value, bool):
            raise self.error(key, _("must be true or false, without quotes"))
        return value

    def date(self, key: str) -> dt.date:
        value = self.value(key)
        if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
            raise self.error(key, _("must be a date such as 2022-11-11, without quotes or time"))
        return value

    def number(self, key: str, least: int, most: int) -> int:
        value = self.value(key)
        if type(value) is not int or not least <= value <= most:  # not isinstance: true is an int, too
            raise self.error(
                key, _("must be a whole number from {least} to {most}").format(least=least, most=most)
            )
        return value

    def ct(self, key: str) -> float:
        value = self.value(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 50:
            raise self.error(key, _("must be a Ct value, a number above 0 and up to 50"))
        return float(value)

    def days_of_tests(self, key: str, days: int) -> tuple[int, ...]:
        value = self.value(key)
        wanted = _("must be a rising list of days inside the stage (1 to {days}), none twice").format(
            days=days
        )
        if not isinstance(value, list) or any(type(day) is not int for day in value):
            raise self.error(key, wanted)
        if value != sorted(set(value)) or any(not 1 <= day <= days for day in value):
            raise self.error(key, wanted)
        return tuple(value)

    def table(self, key: str) -> _Table:
        value = self.value(key)
        if not isinstance(value, dict):
            raise self.error(key, _("must be a table: [{key}]").format(key=self.error(key, "").key))
        return _Table(self.source, self.error(key, "").key, value)

    def tables(self, key: str) -> list[_Table]:
        value = self.value(key)
        path = self.error(key, "").key
        if not isinstance(value, list) or not value or any(not isinstance(row, dict) for row in value):
            raise self.error(key, _("must be one or more tables: [[{key}]]").format(key=path))
        return [_Table(self.source, f"{path}[{at}]", row) for at, row in enumerate(value, start=1)]

    def refuse_the_rest(self) -> None:
        for key in self.values:
            if key not in self.read:
                raise self.error(
                    key, _("unknown key; known here are: {known}").format(known=", ".join(sorted(self.read)))
                )


@dataclass(frozen=True, slots=True)
class EditionFile:
    """What one file states by itself, before anything is inherited."""

    source: str
    code: str
    name_zh: str
    name_en: str
    effective_on: dt.date
    practice: bool
    parent: str | None
    day_one_offset: int | None
    clauses: Mapping[str, str]
    rules: Mapping[Category, CategoryRule]
    abolished: Mapping[Category, AbolishedRule]
    zones: ZoneRule | None


def packaged_source(code: str) -> str:
    """The text of an edition that ships with the app."""
    return (_FOLDER / f"{code}.toml").read_text(encoding="utf-8")


def packaged_edition(code: str) -> Edition:
    """An edition that ships with the app, parents resolved among the shipped ones; needs no database."""
    chain: list[tuple[str, str]] = []
    wanted: str | None = code
    while wanted is not None:
        text = packaged_source(wanted)
        chain.insert(0, (f"{wanted}.toml", text))
        wanted = read_source(text, f"{wanted}.toml").parent
    return edition_from_chain(tuple(chain))


@lru_cache(maxsize=64)
def edition_from_chain(chain: tuple[tuple[str, str], ...]) -> Edition:
    """The edition at the end of a chain of (source name, TOML text), the root first.

    Cached by the whole text of the chain, so a changed source is never answered from the cache.
    """
    return resolve([read_source(text, source) for source, text in chain])


def read_source(text: str, source: str) -> EditionFile:
    """Check one file by itself. `source` is the name that errors give: a file name or a record's code."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise EditionError(source, "", _("not valid TOML: {error}").format(error=error)) from error
    top = _Table(source, "", table)
    code = top.matching("code", _CODE, _("lower-case letters, digits and hyphens, at most 40"))
    title = top.table("title")
    file = EditionFile(
        source=source,
        code=code,
        name_zh=title.text("zh"),
        name_en=title.text("en"),
        effective_on=top.date("effective_on"),
        practice=top.flag("practice"),
        parent=top.matching("parent", _CODE, _("the code of an edition")) if top.has("parent") else None,
        day_one_offset=top.number("day_one_offset", 0, 1) if top.has("day_one_offset") else None,
        clauses=_read_clauses(top),
        rules=_read_rules(top, code),
        abolished=_read_abolished(top),
        zones=_read_zones(top, code),
    )
    title.refuse_the_rest()
    top.refuse_the_rest()
    _check_alone(file)
    return file


def resolve(files: Sequence[EditionFile]) -> Edition:
    """The edition that the last file makes of those before it, the root first."""
    root, leaf = files[0], files[-1]
    if root.parent is not None:
        raise EditionError(
            root.source, "parent", _("the edition “{code}” does not exist").format(code=root.parent)
        )
    rules: dict[Category, CategoryRule] = {}
    abolished: dict[Category, AbolishedRule] = {}
    clauses: dict[str, str] = dict.fromkeys(_CLAUSE_KEYS, "")
    offset: int | None = None
    zones: ZoneRule | None = None
    for file in files:
        for category, taken_away in file.abolished.items():
            if rules.pop(category, None) is None:
                raise EditionError(
                    file.source,
                    f"abolished.{category}",
                    _("the parent edition has no such rule to take away"),
                )
            abolished[category] = taken_away
        for category, rule in file.rules.items():
            rules[category] = rule
            abolished.pop(category, None)
        clauses |= file.clauses
        zones = file.zones or zones
        offset = offset if file.day_one_offset is None else file.day_one_offset
    if offset is None:
        raise EditionError(
            root.source, "day_one_offset", _("this key is missing: an edition without a parent needs it")
        )
    if not clauses["home_condition"]:
        raise EditionError(
            root.source,
            "clauses.home_condition",
            _("this key is missing: an edition without a parent needs it"),
        )
    return Edition(
        code=leaf.code,
        name_zh=leaf.name_zh,
        name_en=leaf.name_en,
        effective_on=leaf.effective_on,
        parent=leaf.parent,
        day_one_offset=offset,
        rules={category: rules[category] for category in Category if category in rules},
        abolished=abolished,
        home_condition_clause=clauses["home_condition"],
        repeat_isolation_clause=clauses["repeat_isolation"],
        one_test_a_day_clause=clauses["one_test_a_day"],
        zones=zones,
        practice=leaf.practice,
    )


def _check_alone(file: EditionFile) -> None:
    if file.parent == file.code:
        raise EditionError(file.source, "parent", _("an edition cannot be its own parent"))
    for category in file.rules.keys() & file.abolished.keys():
        raise EditionError(
            file.source,
            f"abolished.{category}",
            _("the same edition also states this rule: keep one of both"),
        )


def _read_clauses(top: _Table) -> dict[str, str]:
    if not top.has("clauses"):
        return {}
    table = top.table("clauses")
    clauses = {key: table.clause(key) for key in _CLAUSE_KEYS if table.has(key)}
    table.refuse_the_rest()
    return clauses


def _read_abolished(top: _Table) -> dict[Category, AbolishedRule]:
    abolished: dict[Category, AbolishedRule] = {}
    for category, table in _by_category(top, "abolished"):
        abolished[category] = AbolishedRule(clause=table.clause("clause"))
        table.refuse_the_rest()
    return abolished


def _read_rules(top: _Table, code: str) -> dict[Category, CategoryRule]:
    practice = top.flag("practice")
    rules: dict[Category, CategoryRule] = {}
    for category, table in _by_category(top, "rules"):
        rules[category] = CategoryRule(
            category=category,
            anchor=Anchor(table.one_of("anchor", [anchor.value for anchor in Anchor])),
            clause=table.clause("clause"),
            stages=tuple(_read_stage(stage) for stage in table.tables("stages")),
            positive_below_ct=table.ct("positive_below_ct") if table.has("positive_below_ct") else None,
            stated_in=code,
            practice=practice,
        )
        table.refuse_the_rest()
    return rules


def _read_zones(top: _Table, code: str) -> ZoneRule | None:
    if not top.has("zones"):
        return None
    table = top.table("zones")
    days = table.number("clean_days", 1, MOST_DAYS)
    rule = ZoneRule(
        clean_days=days,
        clause=table.clause("clause"),
        wider_clause=table.clause("wider_clause"),
        round_day=table.number("round_day", 1, days) if table.has("round_day") else None,
        stated_in=code,
        practice=top.flag("practice"),
    )
    table.refuse_the_rest()
    return rule


def _read_stage(table: _Table) -> StageRule:
    days = table.number("days", 1, MOST_DAYS)
    stage = StageRule(
        mode=Mode(table.one_of("mode", [mode.value for mode in Mode])),
        days=days,
        test_days=table.days_of_tests("test_days", days),
        coded=table.flag("coded"),
        may_go_out=table.flag("may_go_out"),
    )
    table.refuse_the_rest()
    return stage


def _by_category(top: _Table, key: str) -> list[tuple[Category, _Table]]:
    if not top.has(key):
        return []
    table = top.table(key)
    known = [category.value for category in Category]
    for name in table.values:
        if name not in known:
            raise table.error(name, _("unknown category; known are: {known}").format(known=", ".join(known)))
    return [(Category(name), table.table(name)) for name in table.values]
