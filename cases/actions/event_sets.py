"""Events of thousands of episodes in one statement."""

import datetime as dt
from collections.abc import Mapping

from cases.models import EpisodeEvent
from cases.rules import EventKind
from notices.sets import Sql, execute, instant, json_object, table


def write_events(
    kind: EventKind,
    *source: Sql,
    at: dt.datetime,
    due_at: str = "NULL",
    clause: str = "episode.clause",
    details: Mapping[str, str] | None = None,
) -> int:
    """One event of the clock for each row of `source`; returns how many were written.

    `source` is a FROM clause and what follows it, with the episode as `episode`; the other arguments are
    SQL expressions over it. What a constraint knows to have happened already is passed over.
    """
    insert = f"""INSERT INTO {table(EpisodeEvent)}
            (episode_id, kind, at, due_at, by_id, clause, edition, reason, details)
        SELECT episode.id, %s, %s, {due_at}, NULL, {clause}, episode.edition, '',
               {json_object(**(details or {}))}"""
    return execute(Sql(insert, (kind, instant(at))), *source, Sql("ON CONFLICT DO NOTHING"))
