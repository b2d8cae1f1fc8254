"""List pages at the size of a city, as the browser gets them, beside the SQL for the same rows by hand."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence

from django.db import connection
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Level, Role
from benchmarks import databases
from benchmarks.city import City
from benchmarks.comparing import Comparison, compare

PAGE = 50


def run(city: City) -> Iterator[Comparison]:
    """The register of a county, of a street and of a community: first page, and one deep in the list."""
    databases.fresh()
    places: tuple[Area, ...] = (city.county, city.streets[0], city.communities[0])
    for place in places:
        client = _client(place)
        for tab in ("open", "all"):
            yield compare(
                f"register, {place.level}, “{tab}”: whole page",
                lambda client=client, tab=tab: _get(client, f"/register/?tab={tab}"),
                lambda place=place, tab=tab: _by_hand(place, tab, city.today),
            )
    county = _client(city.county)
    deep = _deep(county)
    yield compare(
        "register, county, “all”: page 20 by its cursor",
        lambda: _get(county, deep),
        lambda: _by_hand(city.county, "all", city.today),
    )


def _client(place: Area) -> Client:
    """A supervisor of that area, logged in."""
    user, made = User.objects.get_or_create(username=f"reader-{place.pk}", defaults={"area": place})
    if made:
        user.posts.create(role=Role.SUPERVISOR)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def _get(client: Client, address: str) -> str:
    answer = client.get(address, HTTP_HOST="localhost")
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


def _deep(client: Client) -> str:
    """The address of the twentieth page, by following the links as a reader would."""
    address = "/register/?tab=all"
    for _ in range(19):
        older = re.search(r'[?&;]after=([^"&]+)', _get(client, address))
        assert older, "the list is shorter than twenty pages"
        address = f"/register/?tab=all&after={older[1]}"
    return address


def _by_hand(place: Area, tab: str, today: dt.date) -> int:
    """The rows of one page with their stages, tests and marks, and the numbers above the list."""
    column = f"{Level(place.level)}_id"
    running = "AND e.swept_at IS NULL AND e.ending = '' AND e.release_on > %s" if tab == "open" else ""
    order = "e.release_on, e.id" if tab == "open" else "e.release_on DESC, e.id DESC"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT e.*, p.name, p.phone, p.door, u.name, b.name, c.name, r.number, s.name
                FROM cases_episode e JOIN cases_person p ON p.id = e.person_id
                LEFT JOIN zones_unit u ON u.id = p.unit_id LEFT JOIN zones_building b ON b.id = u.building_id
                LEFT JOIN zones_compound c ON c.id = b.compound_id
                LEFT JOIN zones_room r ON r.id = e.room_id LEFT JOIN zones_site s ON s.id = r.site_id
                WHERE e.{column} = %s {running} ORDER BY {order} LIMIT {PAGE + 1}""",
            [place.pk, *([today] if tab == "open" else [])],
        )
        keys = [row[0] for row in cursor.fetchall()]
        for name in ("cases_episodestage", "cases_nucleicacidtest"):
            cursor.execute(f"SELECT * FROM {name} WHERE episode_id = ANY(%s)", [keys])
            cursor.fetchall()
        cursor.execute(
            "SELECT * FROM cases_keymark k JOIN cases_episode e ON e.person_id = k.person_id"
            " WHERE e.id = ANY(%s)",
            [keys],
        )
        cursor.fetchall()
        _numbers(cursor, column, place, today)
    return len(keys)


def _numbers(cursor: object, column: str, place: Area, today: dt.date) -> Sequence[object]:
    cursor.execute(  # type: ignore[attr-defined]
        f"""SELECT count(*) FILTER (WHERE swept_at IS NULL AND ending = '' AND release_on > %s),
                   count(*) FILTER (WHERE release_on <= %s AND (code_lifted_at IS NULL OR told_at IS NULL)),
                   count(*) FILTER (WHERE release_on = %s)
            FROM cases_episode WHERE settled_at IS NULL AND {column} = %s""",
        [today, today, today, place.pk],
    )
    return cursor.fetchone()  # type: ignore[attr-defined,no-any-return]
