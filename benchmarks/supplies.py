"""Needs, stock and demand of a city: 100,000 needs and 1,000,000 movements, beside SQL by hand."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from django.db import connection
from django.test import Client

from accounts.models import Area, User
from accounts.rules import Role
from benchmarks import databases
from benchmarks.city import City, insert
from benchmarks.comparing import Comparison, compare
from cases.models import Episode, Person
from policy.clock import midnight
from supplies.models import Balance, Item, Lot, MinimumLevel, Movement, Need, NeedLine, Store, Supplier
from supplies.rules.needs import LIVE
from supplies.rules.stock import EXPIRES_SOON_DAYS, ITEM_CATEGORIES
from zones.models import Unit, UnitSeal, Zone

DAY = dt.timedelta(days=1)
STORES_EACH, ITEMS, LOTS_EACH, RATED = 2, 200, 5, 12
TURNS = 25
"""Movements of each lot in each store; received and issued by turns."""
PAGE = 50
FRAME = 5
"""Queries of every page of the staff: session, user, roles, what the frame counts."""
MOST_QUERIES = FRAME + 4


def run(city: City) -> Iterator[Comparison]:
    """The needs desk, the list of stock and the demand of a county; raises beyond four queries a page."""
    databases.fresh()
    moved, asked = _fill(city)
    client = _client(city.county)
    pages = (
        (f"{asked} needs: the desk of a county", "/needs/?tab=open", _needs_by_hand),
        (f"{asked} needs: all of them, newest first", "/needs/?tab=all", _all_needs_by_hand),
        (f"{moved} movements: the stock of a county", "/stock/", _stock_by_hand),
        (f"{moved} movements: one item with its movements", "/stock/items/1/", _item_by_hand),
        ("the demand of a county", "/stock/demand/", _demand_by_hand),
    )
    for name, address, by_hand in pages:
        measured = compare(
            name,
            lambda address=address: _get(client, address),
            lambda by_hand=by_hand: by_hand(city),
        )
        assert measured.queries <= MOST_QUERIES, f"{address}: {measured.queries} queries"
        yield measured


def _client(place: Area) -> Client:
    """A supervisor of that area, logged in."""
    user, made = User.objects.get_or_create(username=f"supplier-{place.pk}", defaults={"area": place})
    if made:
        user.posts.create(role=Role.SUPERVISOR)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client


def _get(client: Client, address: str) -> str:
    answer = client.get(address, HTTP_HOST="localhost")
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.content.decode()


# ── filling ──────────────────────────────────────────────────────────────────────────────────────


def _fill(city: City) -> tuple[int, int]:
    """Stores, items, movements with their balances, needs with a line each, sealed units."""
    stores = Store.objects.bulk_create(
        Store(area=area, name=f"仓库{n}") for area in city.communities for n in range(1, STORES_EACH + 1)
    )
    categories = list(ITEM_CATEGORIES)
    items = Item.objects.bulk_create(
        Item(
            name=f"物资{n:03}",
            unit="件",
            category=categories[n % len(categories)],
            keeps_expiry=n % 3 == 0,
            per_head_per_day=Decimal("0.5") if n < RATED else None,
        )
        for n in range(ITEMS)
    )
    lots = Lot.objects.bulk_create(
        Lot(item=item, code=f"L{n}", expires_on=city.today + (n * 90 - 5 + item.pk % 40) * DAY if n else None)
        for item in items
        for n in range(LOTS_EACH)
    )
    people = Person.objects.count()
    moved = _movements(city, stores, lots, people)
    MinimumLevel.objects.bulk_create(
        MinimumLevel(store=store, item=items[(store.pk * 7 + n) % ITEMS], quantity=130 + n)
        for store in stores
        for n in range(10)
    )
    Supplier.objects.bulk_create(
        Supplier(area=city.county, name=f"供应商{n}", white_listed=n % 3 == 0) for n in range(30)
    )
    _needs(city, people, items[0])
    _seal(city)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return moved, people


def _movements(city: City, stores: list[Store], lots: list[Lot], people: int) -> int:
    """So many turns for each lot in each store, fewer in a small city; the balance is their sum."""
    turns = max(TURNS * people // 100_000, 1)
    pairs = (
        f"(SELECT {stores[0].pk} + s AS store, {lots[0].pk} + l AS lot, s, l"
        f" FROM generate_series(0, {len(stores) - 1}) AS s, generate_series(0, {len(lots) - 1}) AS l) AS pair"
    )
    insert(
        Movement,
        {
            "key": "'bench-' || t || '-' || pair.store || '-' || pair.lot || ':0'",
            "store_id": "pair.store",
            "lot_id": "pair.lot",
            "kind": "CASE WHEN t %% 2 = 0 THEN 'receipt' ELSE 'issue' END",
            "quantity": "CASE WHEN t %% 2 = 0 THEN 3 ELSE -1 END",
            "at": f"%s::timestamptz - ({turns} - t) * interval '1 hour'",
            "by_id": str(city.worker.pk),
        },
        f"generate_series(0, {turns - 1}) AS t, {pairs}",
        [midnight(city.today)],
    )
    insert(
        Balance,
        {"store_id": "store_id", "lot_id": "lot_id", "quantity": "sum(quantity)"},
        "supplies_movement GROUP BY store_id, lot_id",
    )
    return turns * len(stores) * len(lots)


def _needs(city: City, people: int, item: Item) -> None:
    """One of each person; every twentieth is live, the others were confirmed."""
    live = sorted(LIVE)
    states = f"(ARRAY[{', '.join(repr(str(state)) for state in live)}])[person.id / 20 %% {len(live)} + 1]"
    asked_at = f"%s::timestamptz - (person.id %% {max(people // 24, 1)}) * interval '1 minute'"
    at = midnight(city.today)
    insert(
        Need,
        {
            "id": "person.id",
            "number": "'X' || person.id",
            "key": "md5('need' || person.id)",
            "kind": "(ARRAY['food', 'medicine', 'pet', 'other'])[person.id %% 4 + 1]",
            "source": "'phone'",
            "text": "'一份蔬菜包'",
            "person_id": "person.id",
            **{
                name: f"person.{name}"
                for name in ("community_id", "street_id", "county_id", "unit_id", "door")
            },
            "state": f"CASE WHEN person.id %% 20 = 0 THEN {states} ELSE 'confirmed' END",
            "asked_at": asked_at,
            "due_at": f"{asked_at} + interval '1 day'",
            "ended_at": f"CASE WHEN person.id %% 20 = 0 THEN NULL ELSE {asked_at} + interval '5 hours' END",
        },
        "cases_person AS person",
        [at, at, at],
    )
    insert(NeedLine, {"need_id": "id", "item_id": str(item.pk), "quantity": "1"}, "supplies_need")


def _seal(city: City) -> None:
    """Every tenth unit is sealed, so that people stand behind a door by its dates."""
    at = midnight(city.today - 2 * DAY)
    units = list(Unit.objects.select_related("building__compound").order_by("pk")[::10])
    street = {area.pk: area.parent_id for area in city.communities}
    zones: dict[int, Zone] = {}
    seals = []
    for number, unit in enumerate(units):
        compound = unit.building.compound
        place = {
            "community_id": compound.community_id,
            "street_id": street[compound.community_id],
            "county_id": city.county.pk,
        }
        last = city.today - number % 5 * DAY
        if compound.pk not in zones:
            zones[compound.pk] = Zone.objects.create(
                **place,
                compound=compound,
                boundary=compound.name,
                unit_count=1,
                edition="twenty",
                clause="二(四)",
                designated_at=at,
                designated_by=city.supervisor,
                release_on=city.today + 6 * DAY,
            )
        seals.append(
            UnitSeal(
                **place,
                zone=zones[compound.pk],
                unit=unit,
                edition="twenty",
                clause="二(四)",
                starts_at=at,
                last_infection_on=last,
                clean_days=5,
                release_on=last + 6 * DAY,
                planned_release_on=last + 6 * DAY,
            )
        )
    UnitSeal.objects.bulk_create(seals)


# ── by hand ──────────────────────────────────────────────────────────────────────────────────────

_PLACE = """JOIN cases_person p ON p.id = n.person_id LEFT JOIN zones_unit u ON u.id = n.unit_id
            LEFT JOIN zones_building b ON b.id = u.building_id
            LEFT JOIN zones_compound c ON c.id = b.compound_id"""


def _needs_by_hand(city: City) -> int:
    """The first page of what is open, with its lines, and the numbers above the list."""
    live = [str(state) for state in LIVE]
    return _need_rows(city, "n.state = 'open'", "n.rank, n.due_at, n.id", live)


def _all_needs_by_hand(city: City) -> int:
    live = [str(state) for state in LIVE]
    return _need_rows(city, "true", "n.asked_at DESC, n.id DESC", live)


def _need_rows(city: City, where: str, order: str, live: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT n.*, p.name, p.phone, u.name, b.name, c.name FROM supplies_need n {_PLACE}"
            f" WHERE n.county_id = %s AND {where} ORDER BY {order} LIMIT {PAGE + 1}",
            [city.county.pk],
        )
        keys = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT l.*, i.name, i.unit FROM supplies_needline l JOIN supplies_item i ON i.id = l.item_id"
            " WHERE l.need_id = ANY(%s)",
            [keys],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT state, count(*), count(*) FILTER (WHERE due_at <= now()) FROM supplies_need"
            " WHERE county_id = %s AND state = ANY(%s) GROUP BY state",
            [city.county.pk, live],
        )
        cursor.fetchall()
    return len(keys)


def _stock_by_hand(city: City) -> int:
    """The stores, the first fifty items with lots and minimum, and what is short or expires."""
    soon = city.today + EXPIRES_SOON_DAYS * DAY
    inside = "a.code >= %s AND a.code < %s"
    codes = [city.county.code, city.county.code + ":"]
    stores = f"(SELECT s.id FROM supplies_store s JOIN accounts_area a ON a.id = s.area_id WHERE {inside})"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.name, a.name FROM supplies_store s JOIN accounts_area a ON a.id = s.area_id"
            f" WHERE {inside} ORDER BY a.code, s.name",
            codes,
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT i.id, i.name, i.unit, i.category, (SELECT sum(m.quantity) FROM supplies_minimumlevel m"
            f" WHERE m.item_id = i.id AND m.store_id IN {stores}) FROM supplies_item i"
            f" ORDER BY i.id LIMIT {PAGE + 1}",
            codes,
        )
        keys = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT l.item_id, l.id, l.code, l.expires_on, sum(b.quantity), count(*) FROM supplies_balance b"
            f" JOIN supplies_lot l ON l.id = b.lot_id WHERE l.item_id = ANY(%s) AND b.store_id IN {stores}"
            " AND b.quantity > 0 GROUP BY 1, 2, 3, 4",
            [keys, *codes],
        )
        cursor.fetchall()
        cursor.execute(
            f"""SELECT 1, m.item_id, m.store_id, m.quantity, NULL::date FROM supplies_minimumlevel m
                LEFT JOIN LATERAL (SELECT sum(b.quantity) AS there FROM supplies_balance b
                    JOIN supplies_lot l ON l.id = b.lot_id WHERE b.store_id = m.store_id
                    AND l.item_id = m.item_id AND (l.expires_on IS NULL OR l.expires_on > %s)) x ON true
                WHERE m.store_id IN {stores} AND coalesce(x.there, 0) < m.quantity
                UNION ALL
                SELECT 2, l.item_id, b.store_id, b.quantity, l.expires_on FROM supplies_balance b
                JOIN supplies_lot l ON l.id = b.lot_id WHERE b.store_id IN {stores} AND b.quantity > 0
                AND l.expires_on <= %s ORDER BY 1, 5 LIMIT 61""",
            [city.today, *codes, *codes, soon],
        )
        cursor.fetchall()
    return len(keys)


def _item_by_hand(city: City) -> int:
    """One item: its lots by store, and its last fifty movements."""
    codes = [city.county.code, city.county.code + ":"]
    stores = (
        "(SELECT s.id FROM supplies_store s JOIN accounts_area a ON a.id = s.area_id"
        " WHERE a.code >= %s AND a.code < %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.*, l.code, l.expires_on, s.name FROM supplies_balance b"
            " JOIN supplies_lot l ON l.id = b.lot_id JOIN supplies_store s ON s.id = b.store_id"
            f" WHERE l.item_id = 1 AND b.store_id IN {stores} AND b.quantity > 0",
            codes,
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT m.*, l.code, s.name, n.number, u.username FROM supplies_movement m"
            " JOIN supplies_lot l ON l.id = m.lot_id JOIN supplies_store s ON s.id = m.store_id"
            " LEFT JOIN supplies_need n ON n.id = m.need_id LEFT JOIN accounts_user u ON u.id = m.by_id"
            f" WHERE l.item_id = 1 AND m.store_id IN {stores} ORDER BY m.at DESC, m.id DESC LIMIT {PAGE + 1}",
            codes,
        )
        return len(cursor.fetchall())


def _demand_by_hand(city: City) -> int:
    """Who stands behind a door until when, each once; what lies there of what is reckoned by head."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT day::date, count(DISTINCT who) FROM (
                    SELECT p.id AS who, %s::date AS first, s.release_on AS after FROM zones_unitseal s
                    JOIN cases_person p ON p.unit_id = s.unit_id
                    WHERE s.county_id = %s AND s.release_on > %s
                    UNION ALL
                    SELECT e.person_id, greatest(g.starts_on, %s::date), least(g.last_on + 1, e.release_on)
                    FROM cases_episodestage g JOIN {Episode._meta.db_table} e ON e.id = g.episode_id
                    WHERE e.county_id = %s AND g.mode = 'home' AND g.last_on >= %s AND e.swept_at IS NULL
                    AND e.release_on > %s
                ) AS held, generate_series(first, after - 1, interval '1 day') AS day GROUP BY 1""",
            [
                *(city.today, city.county.pk, city.today),
                *(city.today, city.county.pk, city.today, city.today),
            ],
        )
        days = len(cursor.fetchall())
        cursor.execute(
            """SELECT i.id, i.name, i.per_head_per_day, sum(b.quantity) FROM supplies_item i
               JOIN supplies_lot l ON l.item_id = i.id JOIN supplies_balance b ON b.lot_id = l.id
               JOIN supplies_store s ON s.id = b.store_id JOIN accounts_area a ON a.id = s.area_id
               WHERE i.per_head_per_day > 0 AND (l.expires_on IS NULL OR l.expires_on > %s)
               AND a.code >= %s AND a.code < %s GROUP BY i.id""",
            [city.today, city.county.code, city.county.code + ":"],
        )
        cursor.fetchall()
        cursor.execute(
            "SELECT * FROM supplies_supplier WHERE enabled ORDER BY white_listed DESC, name LIMIT 20"
        )
        cursor.fetchall()
    return days
