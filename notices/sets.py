"""Writing thousands of rows in one statement, on PostgreSQL and SQLite alike.

Which rows is a queryset's matter, compiled into the statement, so that a sweep, its count and its dry run
can't differ. Here stands only what the ORM can't say: INSERT … SELECT and UPDATE … RETURNING, and the few
expressions in which the two databases differ.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Func

from notices.actions import channel_is_on
from notices.models import Message
from notices.rules import Channel, MessageKind, MessageState


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL with the values of its placeholders, in their order."""

    text: str
    values: tuple[Any, ...] = field(default=())


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def table(model: type[models.Model]) -> str:
    """The quoted name of a model's table."""
    return connection.ops.quote_name(model._meta.db_table)


def among(column: str, keys: Sequence[int]) -> Sql:
    """Rows whose key is one of these; one value, however many keys there are."""
    if _on_postgresql():
        return Sql(f"{column} = ANY(%s)", (list(keys),))
    return Sql(f"{column} IN (SELECT value FROM json_each(%s))", (json.dumps(list(keys)),))  # noqa: S608


def chosen(column: str, rows: "models.QuerySet[Any]") -> Sql:
    """Rows whose key is that of a row of the queryset, read inside the statement itself."""
    try:
        text, values = rows.values("pk").query.sql_with_params()
    except EmptyResultSet:  # known to be none without asking, such as "among no numbers"
        return Sql("1 = 0")
    if _on_postgresql():  # an array is read once; a sub-select could be run again for each row
        return Sql(f"{column} = ANY(ARRAY({text}))", tuple(values))
    return Sql(f"{column} IN ({text})", tuple(values))


def instant(at: dt.datetime) -> object:
    """An instant as the database stores a DateTimeField."""
    return connection.ops.adapt_datetimefield_value(at)


class MidnightOf(Func):
    """00:00 in Asia/Shanghai of a date column, for a queryset."""

    output_field = models.DateTimeField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"((%(expressions)s)::timestamp AT TIME ZONE '{settings.TIME_ZONE}')"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # The zone has known no summer time since 1991.
        return self.as_sql(compiler, connection, template="datetime(%(expressions)s, '-8 hours')", **context)


def midnight_of(date: str) -> str:
    """00:00 in Asia/Shanghai of a date column, as the database stores a DateTimeField."""
    if _on_postgresql():
        return f"(({date})::timestamp AT TIME ZONE '{settings.TIME_ZONE}')"
    return f"datetime({date}, '-8 hours')"


def iso(date: str) -> str:
    """A date column as the text that `date.isoformat` gives."""
    return f"to_char({date}, 'YYYY-MM-DD')" if _on_postgresql() else date


def days_between(first: str, after: str) -> str:
    """How many dates lie from one date column to another, the latter not counted."""
    if _on_postgresql():
        return f"({after} - {first})"
    return f"CAST(julianday({after}) - julianday({first}) AS integer)"


def greatest(one: str, other: str) -> str:
    """The greater of two columns."""
    return f"{'GREATEST' if _on_postgresql() else 'MAX'}({one}, {other})"


def json_object(**members: str) -> str:
    """A JSON object as the database stores a JSONField; the values are SQL expressions."""
    name = "jsonb_build_object" if _on_postgresql() else "json_object"
    pairs = ", ".join(f"'{key}', {value}" for key, value in members.items())
    return f"{name}({pairs})"


def _on_postgresql() -> bool:
    return connection.vendor == "postgresql"


# ── statements ───────────────────────────────────────────────────────────────────────────────────


def execute(*pieces: Sql) -> int:
    """Run one statement put together from these pieces; returns how many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(*_joined(pieces))
        return int(cursor.rowcount)


def returning(*pieces: Sql) -> list[int]:
    """Run one statement that returns one column; returns its values."""
    with connection.cursor() as cursor:
        cursor.execute(*_joined(pieces))
        return [row[0] for row in cursor.fetchall()]


def _joined(pieces: Sequence[Sql]) -> tuple[str, list[Any]]:
    return "\n".join(piece.text for piece in pieces), [value for piece in pieces for value in piece.values]


@dataclass(frozen=True, slots=True)
class MessageSet:
    """Messages of one kind by one channel; key, context and recipient are SQL expressions over a source."""

    kind: MessageKind
    channel: Channel
    key: str
    context: Mapping[str, str]
    recipient: str = "''"
    not_after: dt.datetime | None = None
    community: str = "episode.community_id"
    subject: str = "'episode:' || episode.id"


def write_messages(messages: MessageSet, *source: Sql, at: dt.datetime) -> int:
    """One outbox row for each row of `source`, as `notices.actions.enqueue` would write it.

    `source` is a FROM clause and what follows it; community and subject are those of a row called
    `episode` unless the set names others. A recipient is copied as it is stored, encrypted, and left out
    where the channel is off. A key that exists is passed over.
    Returns how many were written.
    """
    state = MessageState.PENDING if channel_is_on(messages.channel) else MessageState.OFF
    if messages.channel == Channel.INBOX:  # delivered by being there
        state = MessageState.SENT
    recipient = messages.recipient if state == MessageState.PENDING else "''"
    insert = f"""INSERT INTO {table(Message)}
            (key, kind, channel, community_id, subject, recipient, context,
             state, created_at, next_attempt_at, sent_at, not_after, attempts, last_error, claim)
        SELECT {messages.key}, %s, %s, {messages.community}, {messages.subject}, {recipient},
               {json_object(**messages.context)}, %s, %s, %s, CAST(%s AS {_instant_type()}),
               CAST(%s AS {_instant_type()}), 0, '', ''"""
    last = instant(messages.not_after) if messages.not_after else None
    sent = instant(at) if state == MessageState.SENT else None
    values = (messages.kind, messages.channel, state, instant(at), instant(at), sent, last)
    return execute(Sql(insert, values), *source, Sql("ON CONFLICT (key) DO NOTHING"))


def _instant_type() -> str:
    """What an empty instant is cast to, so that PostgreSQL knows its type."""
    return "timestamptz" if _on_postgresql() else "text"
