"""The public pages of high-risk zones with 2,000 of them open, as a phone gets them, beside SQL by hand."""

import datetime as dt
from collections.abc import Iterator
from itertools import cycle

from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.scoped import area_columns
from benchmarks import databases
from benchmarks.city import City
from benchmarks.comparing import Comparison, compare
from policy.clock import midnight
from zones.models import Building, Compound, Unit, UnitSeal, Zone

DAY = dt.timedelta(days=1)
ZONES, UNITS = 2_000, 2
MOST_BYTES, MOST_QUERIES = 60_000, 3


def run(city: City) -> Iterator[Comparison]:
    """The county's page drawn anew, and from what is kept; raises AssertionError beyond the limits."""
    databases.fresh()
    _seal(city)
    address = f"/risk/{city.county.code}/"
    size = _get(address)
    assert size < MOST_BYTES, f"{size} bytes on the wire"
    for name, before in (("drawn anew", cache.clear), ("as it is kept", lambda: _get(address))):
        measured = compare(
            f"{ZONES} zones open, {size // 1024} KB on the wire: {name}",
            lambda: _get(address),
            lambda: _by_hand(city),
            before=before,
        )
        assert measured.queries <= MOST_QUERIES, f"{measured.queries} queries"
        yield measured


def _get(address: str) -> int:
    answer = Client(headers={"accept-encoding": "gzip"}).get(address, HTTP_HOST="localhost")
    assert answer.status_code == 200, (address, answer.status_code)
    assert answer.headers["Content-Encoding"] == "gzip"
    return len(answer.content)


def _by_hand(city: City) -> int:
    """The zones of the county with their places, and the clocks of their units."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT z.id, z.boundary, z.designated_at, z.clause, z.wider_reason, z.wider_note, c.name,
                      c.address, a.code, a.name, s.code, s.name
               FROM zones_zone z JOIN zones_compound c ON c.id = z.compound_id
               JOIN accounts_area a ON a.id = z.community_id JOIN accounts_area s ON s.id = z.street_id
               WHERE z.county_id = %s AND z.release_on > %s ORDER BY a.code, c.name""",
            [city.county.pk, city.today],
        )
        zones = cursor.fetchall()
        cursor.execute(
            """SELECT s.zone_id, s.last_infection_on, s.clean_days, s.release_on, u.name, b.name
               FROM zones_unitseal s JOIN zones_unit u ON u.id = s.unit_id
               JOIN zones_building b ON b.id = u.building_id
               WHERE s.county_id = %s AND s.release_on > %s""",
            [city.county.pk, city.today],
        )
        cursor.fetchall()
    return len(zones)


def _seal(city: City) -> None:
    """Zones in every community, three in a compound; every third has two clocks."""
    by = User.objects.order_by("pk").first() or User.objects.create(username="benchmark")
    places = cycle([(community, area_columns(community)) for community in city.communities])
    for n in range((ZONES + 2) // 3):
        community, columns = next(places)
        name = f"{'锦湖云柳福和'[n % 6]}{'绣滨杉岸泽平'[n // 6 % 6]}{'花园苑里新村'[n % 4]}{n // 36 + 1}区"
        compound = Compound.objects.create(community=community, name=name)
        for each in range(min(3, ZONES - 3 * n)):
            building = Building.objects.create(compound=compound, name=f"{each * 7 + n % 7 + 1}号楼")
            units = Unit.objects.bulk_create(
                [Unit(building=building, name=f"{number}单元") for number in range(1, UNITS + 1)]
            )
            last = city.today - (n % 5) * DAY
            found = [last] * UNITS if each else [last - (n % 2) * DAY, last]
            zone = Zone.objects.create(
                **columns,
                compound=compound,
                boundary=building.name,
                unit_count=UNITS,
                edition="twenty",
                clause="二(四)",
                designated_at=midnight(found[0]),
                designated_by=by,
                release_on=max(found) + 6 * DAY,
            )
            UnitSeal.objects.bulk_create(
                [
                    UnitSeal(
                        **columns,
                        zone=zone,
                        unit=unit,
                        edition="twenty",
                        clause="二(四)",
                        starts_at=zone.designated_at,
                        last_infection_on=on,
                        clean_days=5,
                        release_on=on + 6 * DAY,
                        planned_release_on=on + 6 * DAY,
                    )
                    for unit, on in zip(units, found, strict=True)
                ]
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
