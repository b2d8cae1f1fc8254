"""Units of high-risk zones that open, beside SQL that writes every row the sweep writes."""

import datetime as dt
from collections.abc import Iterator

from django.db import connection, transaction

from accounts.models import Area, User
from accounts.rules import Level
from accounts.scoped import area_columns
from benchmarks import databases
from benchmarks.city import City
from benchmarks.comparing import Comparison, compare
from policy.clock import midnight
from zones import actions
from zones.models import Building, Compound, SealCause, Unit, UnitSeal, Zone

DAY = dt.timedelta(days=1)
ZONES, UNITS = 2_500, 4
"""Ten thousand units, four in a zone."""


def run(city: City) -> Iterator[Comparison]:
    """All of them due at the same 00:00."""
    at = midnight(city.today) + dt.timedelta(minutes=1)

    def before() -> None:
        databases.fresh()
        _seal(city.today)

    yield compare(
        f"opening of {ZONES * UNITS} units, side effects included",
        lambda: actions.sweep_openings(at=at),
        lambda: _bare_openings(city.today, at),
        goal=2,
        before=before,
        same=_equal,
    )


def _equal(ours: object, floor: object) -> None:
    assert ours == floor, f"not the same work: {ours} and {floor}"


def _seal(today: dt.date) -> None:
    """Zones whose last infection was found six days ago."""
    found = today - 6 * DAY
    by = User.objects.order_by("pk").first() or User.objects.create(username="benchmark")
    community = Area.objects.filter(level=Level.COMMUNITY).order_by("pk").first()
    assert community is not None
    place = area_columns(community)
    compound = Compound.objects.create(community=community, name="基准小区")
    buildings = Building.objects.bulk_create(
        [Building(compound=compound, name=f"{n}号楼") for n in range(1, ZONES + 1)]
    )
    units = Unit.objects.bulk_create(
        [Unit(building=each, name=f"{n}单元") for each in buildings for n in range(1, UNITS + 1)]
    )
    zones = Zone.objects.bulk_create(
        [
            Zone(
                **place,
                compound=compound,
                boundary=building.name,
                unit_count=UNITS,
                edition="twenty",
                clause="二(四)",
                designated_at=midnight(found),
                designated_by=by,
                release_on=today,
            )
            for building in buildings
        ]
    )
    seals = UnitSeal.objects.bulk_create(
        [
            UnitSeal(
                **place,
                zone=zones[number // UNITS],
                unit=unit,
                edition="twenty",
                clause="二(四)",
                starts_at=midnight(found),
                last_infection_on=found,
                clean_days=5,
                release_on=today,
                planned_release_on=today,
            )
            for number, unit in enumerate(units)
        ],
        batch_size=1000,
    )
    SealCause.objects.bulk_create(
        [SealCause(seal=seal, infection=1, found_on=found, noted_at=midnight(found)) for seal in seals],
        batch_size=1000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE zones_zone, zones_unitseal, zones_zoneevent")


def _bare_openings(today: dt.date, at: dt.datetime) -> int:
    """The rows of the sweep, in one transaction and five statements that know what is due."""
    events = (
        "INSERT INTO zones_zoneevent (zone_id, seal_id, kind, at, due_at, clause, edition, reason,"
        " found_on, release_on, details, residents_told_at)"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE zones_unitseal SET swept_at = %s"
            " WHERE swept_at IS NULL AND ending = '' AND round_day IS NULL AND release_on <= %s",
            [at, today],
        )
        opened = int(cursor.rowcount)
        cursor.execute(
            f"{events} SELECT zone_id, id, 'opened', %s, %s, clause, edition, '', last_infection_on,"
            " release_on, '{}', NULL FROM zones_unitseal WHERE swept_at = %s",
            [at, midnight(today), at],
        )
        cursor.execute(
            "UPDATE zones_zone SET ended_at = %s WHERE ended_at IS NULL AND release_on <= %s", [at, today]
        )
        cursor.execute(
            f"{events} SELECT id, NULL, 'ended', %s, %s, clause, edition, '', NULL, release_on, '{{}}', %s"
            " FROM zones_zone WHERE ended_at = %s",
            [at, midnight(today), at, at],
        )
        cursor.execute(
            "INSERT INTO notices_message (key, kind, channel, community_id, subject, recipient, context,"
            " state, created_at, next_attempt_at, sent_at, attempts, last_error, claim)"
            " SELECT 'zone-opened:' || z.id || ':' || s.last || ':inbox:' || z.community_id, 'zone_opened',"
            " 'inbox', z.community_id, 'zone:' || z.id, '', jsonb_build_object('zone', z.id, 'compound',"
            " c.name, 'boundary', z.boundary, 'units', s.n, 'days', 5, 'release_on', %s::text,"
            " 'clause', z.clause), 'sent', %s, %s, %s, 0, '', ''"
            " FROM (SELECT zone_id, count(*) AS n, max(id) AS last"
            " FROM zones_unitseal WHERE swept_at = %s GROUP BY 1) AS s JOIN zones_zone z ON z.id = s.zone_id"
            " JOIN zones_compound c ON c.id = z.compound_id",
            [str(today), at, at, at, at],
        )
    return opened
