"""A line list of a thousand people: preview and commit, beside COPY of the rows that the commit writes."""

import datetime as dt
import io
from collections.abc import Iterator

from django.db import connection, models, transaction
from openpyxl import Workbook

from accounts.models import User
from benchmarks import databases
from benchmarks.city import City
from benchmarks.comparing import Comparison, compare
from cases.actions import importing
from cases.models import (
    Episode,
    EpisodeEvent,
    EpisodeStage,
    Ground,
    ImportBatch,
    NameGram,
    NucleicAcidTest,
    Person,
)
from notices.models import Message
from policy.clock import midnight

ROWS = 1000
WRITTEN = (Person, NameGram, Episode, Ground, EpisodeStage, NucleicAcidTest, EpisodeEvent, Message)
"""In the order in which their keys allow."""


def run(city: City) -> Iterator[Comparison]:
    """The two steps of an import, each from a fresh database with the uploaded list in it."""
    at = midnight(city.today) + dt.timedelta(hours=12)
    desk = _Desk(city, at)
    rows = desk.rows_of_a_commit()
    yield compare(
        f"import: preview of {ROWS} rows (floor: look up the people)",
        desk.preview,
        lambda: _look_up(rows[Person]),
        before=desk.upload,
    )
    yield compare(
        f"import: commit of {ROWS} rows (floor: COPY of the same rows)",
        desk.commit,
        lambda: _copy_in(rows),
        before=desk.upload,
    )


class _Desk:
    """A worker with a list."""

    def __init__(self, city: City, at: dt.datetime) -> None:
        self.city, self.at = city, at
        self.file = _workbook(city)
        self.batch = ImportBatch()
        self.worker = User()

    def upload(self) -> None:
        """Begin from a fresh copy of the city, the list uploaded."""
        databases.fresh()
        self.worker = User.objects.select_related("area").get(pk=self.city.worker.pk)
        self.batch = importing.upload(
            content=self.file,
            file_name="list.xlsx",
            registered_on=self.city.today,
            by=self.worker,
            at=self.at,
        )

    def preview(self) -> object:
        """What the worker sees first."""
        return importing.preview(self.batch, by=self.worker, at=self.at)

    def commit(self) -> None:
        """What a click does then."""
        assert importing.commit(self.batch, by=self.worker, at=self.at)

    def rows_of_a_commit(self) -> dict[type[models.Model], bytes]:
        """The rows that a commit writes, table by table, as COPY takes them."""
        self.upload()
        before = {model: _newest(model) for model in WRITTEN}
        self.commit()
        assert Person.objects.filter(pk__gt=before[Person]).count() == ROWS
        return {model: _copy_out(model, before[model]) for model in WRITTEN}


def _workbook(city: City) -> bytes:
    """Invented people of the worker's community, all of them new."""
    book = Workbook()
    sheet = book.active
    sheet.append(
        ("姓名", "性别", "证件号码", "联系电话", "小区", "楼栋", "单元", "房号", "人员类别", "末次暴露日期")
    )
    for n in range(ROWS):
        building, unit = f"{n % 20 + 1}号楼", f"{n % 4 + 1}单元"
        exposed = city.today - dt.timedelta(days=1)
        sheet.append(
            (
                *(f"赵{chr(0x4E00 + n)}", "女", _paper(n), f"139{n:08d}", f"{city.communities[0].name}花园"),
                *(building, unit, f"{n % 12 + 1}01", "密切接触者", f"{exposed:%Y-%m-%d}"),
            )
        )
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _paper(n: int) -> str:
    """A resident ID whose check digit fits."""
    body = f"1101051990{n // 28 % 12 + 1:02d}{n % 28 + 1:02d}{n // 336 + 1:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


# ── the floor ────────────────────────────────────────────────────────────────────────────────────


def _newest(model: type[models.Model]) -> int:
    return model._default_manager.aggregate(newest=models.Max("pk"))["newest"] or 0


def _copy_out(model: type[models.Model], after: int) -> bytes:
    name = model._meta.db_table
    with connection.cursor() as cursor:
        query = f"COPY (SELECT * FROM {name} WHERE id > {after}) TO STDOUT"
        with cursor.cursor.copy(query) as copy:
            return b"".join(bytes(block) for block in copy)


def _copy_in(rows: dict[type[models.Model], bytes]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model, content in rows.items():
            with cursor.cursor.copy(f"COPY {model._meta.db_table} FROM STDIN") as copy:
                copy.write(content)


def _look_up(people: bytes) -> None:
    """Whoever of these people is known, by ID and by telephone: the two searches of any preview."""
    columns = [field.column for field in Person._meta.concrete_fields]
    rows = [line.split("\t") for line in people.decode().splitlines()]
    with connection.cursor() as cursor:
        for column in ("id_digest", "phone_digest"):
            digests = [row[columns.index(column)] for row in rows]
            cursor.execute(f"SELECT * FROM cases_person WHERE {column} = ANY(%s)", [digests])
            cursor.fetchall()
