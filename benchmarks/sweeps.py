"""What runs by itself: releases, reminders, stage starts, beside SQL that writes every row they write."""

import datetime as dt
from collections.abc import Iterator

from django.db import connection, transaction

from benchmarks import databases
from benchmarks.city import City
from benchmarks.comparing import Comparison, compare
from cases.actions import reminders, sweeps
from policy.clock import midnight

DAY = dt.timedelta(days=1)


def run(city: City) -> Iterator[Comparison]:
    """Each sweep once."""
    at = midnight(city.today) + dt.timedelta(hours=8)
    yield compare(
        "release of everybody due today, side effects included",
        lambda: sweeps.sweep_releases(at=at),
        lambda: _bare_release(city.today, at),
        goal=2,
        before=databases.fresh,
        same=_equal,
    )
    yield compare(
        "reminders of tomorrow's tests",
        lambda: reminders.send_evening_reminders(at=at).residents,
        lambda: _bare_reminders(city.today + DAY, at),
        goal=2,
        before=databases.fresh,
        same=_equal,
    )


def _equal(ours: object, floor: object) -> None:
    assert ours == floor, f"not the same work: {ours} and {floor}"


def _bare_release(today: dt.date, at: dt.datetime) -> int:
    """The rows of the sweep, in one transaction and four statements that know what is due."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_episode SET swept_at = %s, code_lifted_at = %s"
            " WHERE swept_at IS NULL AND ending = '' AND release_on <= %s",
            [at, at, today],
        )
        released = int(cursor.rowcount)
        cursor.execute(
            "INSERT INTO cases_episodeevent"
            " (episode_id, kind, at, due_at, by_id, clause, edition, reason, details)"
            " SELECT id, 'released', %s, %s, NULL, clause, edition, '', '{}'"
            " FROM cases_episode WHERE swept_at = %s AND release_on = %s",
            [at, midnight(today), at, today],
        )
        cursor.execute(
            _MESSAGES + " SELECT 'code-lifted:' || id, 'code_lifted', 'health_code', community_id,"
            " 'episode:' || id, '', jsonb_build_object('episode', id, 'code', 'lifted', 'at', %s::text),"
            " 'pending', %s, %s, NULL, 0, '', '' FROM cases_episode WHERE swept_at = %s AND release_on = %s",
            [at.isoformat(), at, at, at, today],
        )
        cursor.execute(
            _MESSAGES + " SELECT 'released:' || e.id, 'released', 'sms', e.community_id, 'episode:' || e.id,"
            " p.phone, jsonb_build_object('release_on', %s::text, 'days', 8, 'clause', e.clause,"
            " 'notice_phone', '010-64040404'), 'pending', %s, %s, %s, 0, '', ''"
            " FROM cases_episode e JOIN cases_person p ON p.id = e.person_id"
            " WHERE e.swept_at = %s AND e.release_on = %s",
            [str(today), at, at, at + 2 * DAY, at, today],
        )
    return released


_MESSAGES = (
    "INSERT INTO notices_message (key, kind, channel, community_id, subject, recipient, context, state,"
    " created_at, next_attempt_at, not_after, attempts, last_error, claim)"
)


def _bare_reminders(on: dt.date, at: dt.datetime) -> int:
    """One row a person who has a test on that date, and the numbers by place for each community's staff."""
    due = (
        " FROM cases_nucleicacidtest t JOIN cases_episode e ON e.id = t.episode_id"
        " JOIN cases_person p ON p.id = t.person_id"
    )
    where = (
        " WHERE t.planned_on = %s AND t.result = '' AND t.dropped_at IS NULL AND t.sampled_at IS NULL"
        " AND e.ending = '' AND e.release_on > %s"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"{_MESSAGES} SELECT 'test_tomorrow:' || %s || ':' || p.id, 'test_tomorrow', 'sms',"
            " e.community_id, 'episode:' || e.id, p.phone,"
            " jsonb_build_object('on', %s::text, 'notice_phone', '010-6404'),"
            f" 'pending', %s, %s, %s, 0, '', '' {due} {where}",
            [str(on), str(on), at, at, midnight(on), on, on],
        )
        residents = int(cursor.rowcount)
        cursor.execute(
            f"{_MESSAGES} SELECT 'tests_tomorrow:' || community, 'tests_tomorrow', 'inbox', community, '',"
            " '', jsonb_build_object('count', sum(n), 'by_place',"
            " jsonb_agg(ARRAY[place, n::text] ORDER BY n DESC)),"
            " 'sent', %s, %s, NULL, 0, '', '' FROM (SELECT e.community_id AS community,"
            f" c.name || ' ' || b.name AS place, count(*) AS n {due} JOIN zones_unit u ON u.id = p.unit_id"
            " JOIN zones_building b ON b.id = u.building_id JOIN zones_compound c ON c.id = b.compound_id"
            f" {where} GROUP BY 1, 2) AS places GROUP BY community",
            [at, at, on, on],
        )
    return residents
