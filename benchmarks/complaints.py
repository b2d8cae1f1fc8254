"""100,000 complaints: the queue of an office and the figures for anybody, beside the SQL by hand."""

import datetime as dt
import random
import re
from collections.abc import Iterator

from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.actions import ensure_offices
from accounts.models import Area, Office, User
from accounts.rules import Department, Level, Role
from benchmarks import databases
from benchmarks.city import City
from benchmarks.comparing import Comparison, compare
from cases.models import Episode
from complaints.models import Clock, Complaint
from complaints.rules.behaviours import BEHAVIOURS
from complaints.rules.clocks import ClockStep, Unit
from complaints.rules.handling import OPEN, State
from complaints.rules.words import Outcome, Source
from policy.clock import midnight

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
COUNTIES, STREETS = 15, 4
"""Counties besides the city's own, in which two fifths of everything happen."""
DAYS = 365
OPEN_SHARE = 0.05
MOST_QUERIES, MOST_QUERIES_DESK = 4, 12
"""The desk's page reads the session, the user and the frame of the page besides."""
CHUNK = 2_000


def run(city: City) -> Iterator[Comparison]:
    """The queue, and the public page drawn anew and as it is kept; AssertionError beyond the limits."""
    number = Episode.objects.count()
    databases.fresh()
    offices = _offices(city)
    _complain(city, offices, number)
    officer = User.objects.create(username="officer", area=city.county, office=offices[city.county.pk])
    officer.posts.create(role=Role.COMPLAINT_OFFICER)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(officer)
    for tab in ("todo", "all"):
        measured = compare(
            f"{number} complaints: queue of a county, “{tab}”",
            lambda tab=tab: _get(client, f"/complaint-desk/?tab={tab}"),
            lambda tab=tab: _queue_by_hand(offices[city.county.pk], tab),
        )
        assert measured.queries <= MOST_QUERIES_DESK, f"{measured.queries} queries"
        yield measured
    for name, days, before in (
        ("a year, drawn anew", DAYS, cache.clear),
        ("30 days, drawn anew", 30, cache.clear),
        ("a year, as it is kept", DAYS, lambda: _received(DAYS)),
    ):
        measured = compare(
            f"{number} complaints: figures of {name}",
            lambda days=days: _received(days),
            lambda days=days: _figures_by_hand(city.today, days),
            before=before,
            same=_same,
        )
        assert measured.queries <= MOST_QUERIES, f"{measured.queries} queries"
        yield measured


def _get(client: Client, address: str) -> str:
    answer = client.get(address, HTTP_HOST="localhost")
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def _received(days: int) -> int:
    """How many the public page says were received."""
    found = re.search(r'class="tile"><b>(\d+)<', _get(Client(), f"/complaints/figures/?days={days}"))
    assert found, "no number of complaints on the page"
    return int(found[1])


def _same(ours: object, floor: object) -> None:
    assert ours == floor, f"{ours} on the page, {floor} in the table"


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────


def _queue_by_hand(office: Office, tab: str) -> int:
    """The rows of one page with their places, offices and clocks, and the numbers above the list."""
    running = "AND c.state = ANY(%s)" if tab == "todo" else ""
    order = "c.urgent DESC, c.due_at, c.id" if tab == "todo" else "c.received_at DESC, c.id DESC"
    inside = [office.path, office.path[:-1] + chr(ord(office.path[-1]) + 1)]
    states = [str(state) for state in OPEN]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT c.*, a.name, h.name, r.name, k.step, k.began_at, k.due_at
                FROM complaints_complaint c JOIN accounts_office h ON h.id = c.handler_id
                JOIN accounts_area a ON a.id = c.area_id
                LEFT JOIN accounts_office r ON r.id = c.respondent_id
                LEFT JOIN complaints_clock k ON k.complaint_id = c.id AND k.stopped_at IS NULL
                WHERE h.path >= %s AND h.path < %s {running} ORDER BY {order} LIMIT 51""",
            [*inside, *([states] if running else [])],
        )
        rows = cursor.fetchall()
        cursor.execute(
            """SELECT count(*), count(*) FILTER (WHERE urgent), count(*) FILTER (WHERE due_at <= now()),
                      count(*) FILTER (WHERE c.state = 'answered')
               FROM complaints_complaint c JOIN accounts_office h ON h.id = c.handler_id
               WHERE h.path >= %s AND h.path < %s AND c.state = ANY(%s)""",
            [*inside, states],
        )
        cursor.fetchall()
    return len(rows)


def _figures_by_hand(today: dt.date, days: int) -> int:
    """The numbers of the page: by behaviour, source and week, by county, and the times to answer."""
    period = [midnight(today - (days - 1) * DAY), midnight(today + DAY)]
    people = "state NOT IN ('merged', 'withdrawn') AND source <> 'self_audit'"
    within = "received_at >= %s AND received_at < %s"
    numbers = """count(*), count(*) FILTER (WHERE referred_at IS NOT NULL),
        count(*) FILTER (WHERE first_answered_at IS NOT NULL), count(*) FILTER (WHERE state = 'closed'),
        count(*) FILTER (WHERE state = 'closed' AND outcome IN ('solved', 'partly')),
        count(*) FILTER (WHERE satisfied), count(*) FILTER (WHERE satisfied IS NOT NULL),
        count(*) FILTER (WHERE was_late), count(*) FILTER (WHERE rebound_of_id IS NOT NULL)"""
    took = "extract(epoch FROM first_answered_at - received_at)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT behaviour, source, date_trunc('week', received_at), {numbers}
                FROM complaints_complaint WHERE state <> 'merged' AND {within} GROUP BY 1, 2, 3""",
            period,
        )
        cursor.fetchall()
        cursor.execute(
            f"""SELECT county_id, {numbers} FROM complaints_complaint
                WHERE {people} AND {within} GROUP BY 1""",
            period,
        )
        received = sum(row[1] for row in cursor.fetchall())
        cursor.execute(
            f"""SELECT topic, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {took})
                FROM complaints_complaint WHERE {people} AND {within} AND first_answered_at IS NOT NULL
                GROUP BY GROUPING SETS ((topic), ())""",
            period,
        )
        cursor.fetchall()
    return int(received)


# ── the complaints ───────────────────────────────────────────────────────────────────────────────


def _offices(city: City) -> dict[int, Office]:
    """More counties, an office for everybody, and the task force of each county by the county's key."""
    above = city.county.parent
    for n in range(COUNTIES):
        county = Area.objects.create(
            name=f"第{n + 1}区", level=Level.COUNTY, code=f"1101{n + 20:02d}", parent=above
        )
        Area.objects.bulk_create(
            Area(name=f"第{s}街道", level=Level.STREET, code=f"{county.code}{s:03d}", parent=county)
            for s in range(1, STREETS + 1)
        )
    ensure_offices(Area.objects.select_related("parent__parent__parent__parent"))
    found = Office.objects.filter(department=Department.TASK_FORCE, area__level=Level.COUNTY)
    return {office.area_id: office for office in found.select_related("area")}


def _complain(city: City, offices: dict[int, Office], number: int) -> None:
    rng = random.Random(20221111)
    governments = dict(Office.objects.filter(department=Department.GOVERNMENT).values_list("area", "pk"))
    streets = list(Area.objects.filter(level=Level.STREET))
    own = [street for street in streets if street.parent_id == city.county.pk]
    places = own * (2 * len(streets) // (3 * len(own))) + streets
    now = midnight(city.today) + 12 * HOUR
    for first in range(0, number, CHUNK):
        rows = [
            _one(n, rng, rng.choice(places), offices, governments, now)
            for n in range(first, min(first + CHUNK, number))
        ]
        made = Complaint.objects.bulk_create(rows)
        Clock.objects.bulk_create(_clock(row) for row in made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _one(
    n: int,
    rng: random.Random,
    street: Area,
    offices: dict[int, Office],
    governments: dict[int, int],
    now: dt.datetime,
) -> Complaint:
    is_open = rng.random() < OPEN_SHARE
    received = now - rng.random() * (15 if is_open else DAYS - 1) * DAY
    kind = rng.choice(BEHAVIOURS)
    state = rng.choice(sorted(OPEN)) if is_open else _ending(rng)
    answered = state in (State.ANSWERED, State.VERIFIED, State.CLOSED)
    at = received + rng.expovariate(1 / 40) * HOUR
    closed = state == State.CLOSED
    return Complaint(
        number=f"bench-{n}",
        submission=f"bench-{n}",
        source=rng.choice([Source.WEB, Source.WEB, Source.PHONE, Source.SYSTEM, Source.SELF_AUDIT]),
        behaviour=kind.code,
        topic=kind.topic,
        clause=kind.clause,
        urgent=kind.urgent,
        area=street,
        county_id=street.parent_id,
        place=f"{n % 40 + 1}号楼",
        respondent_id=governments[street.pk] if n % 3 else None,
        what_happened="楼门口的铁皮还没拆，保安说要等街道电话。",
        state=state,
        handler=offices[street.parent_id or 0],
        received_at=received,
        round_began_at=received,
        referred_at=at if n % 5 == 0 else None,
        first_answered_at=at if answered else None,
        answered_at=at if answered else None,
        closed_at=None if is_open else at + DAY,
        outcome=rng.choice([Outcome.SOLVED, Outcome.PARTLY, Outcome.NOT_SOLVED]) if closed else "",
        satisfied=rng.choice([True, True, False, None]) if answered else None,
        due_at=received + 48 * HOUR if is_open else None,
        was_late=n % 11 == 0,
    )


def _ending(rng: random.Random) -> State:
    return rng.choices([State.CLOSED, State.DECLINED, State.WITHDRAWN, State.MERGED], weights=[88, 6, 3, 3])[
        0
    ]


def _clock(row: Complaint) -> Clock:
    return Clock(
        complaint=row,
        step=ClockStep.ANSWER,
        office_id=row.handler_id,
        began_at=row.received_at,
        due_at=row.received_at + 48 * HOUR,
        gross_at=row.received_at + 96 * HOUR,
        amount=48,
        unit=Unit.HOURS,
        stopped_at=row.closed_at,
        gross_noted_at=row.received_at + 96 * HOUR if row.closed_at else None,
    )
