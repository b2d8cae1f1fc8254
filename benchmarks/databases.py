"""A database that is filled once and copied for every run, so that each run begins with the same rows."""

import contextlib
from collections.abc import Iterator

from django.core.management import call_command
from django.db import connection

BASE = "jiefeng_benchmark_base"
COPY = "jiefeng_benchmark"


@contextlib.contextmanager
def base() -> Iterator[None]:
    """An empty, migrated database to fill; both it and its copies are dropped in the end."""
    assert connection.vendor == "postgresql", "the goals are set on PostgreSQL"
    server = connection.settings_dict["NAME"]
    connection.settings_dict["OPTIONS"].pop("pool", None)
    try:
        _run(
            server,
            f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)",
            f"DROP DATABASE IF EXISTS {BASE} WITH (FORCE)",
        )
        _run(server, f"CREATE DATABASE {BASE}")
        _use(BASE)
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        _run(
            server,
            f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)",
            f"DROP DATABASE IF EXISTS {BASE} WITH (FORCE)",
        )


def fresh() -> None:
    """Connect to a new copy of the base, with its statistics and warm tables."""
    _run(
        "postgres", f"DROP DATABASE IF EXISTS {COPY} WITH (FORCE)", f"CREATE DATABASE {COPY} TEMPLATE {BASE}"
    )
    _use(COPY)
    _warm()


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _run(name: str, *statements: str) -> None:
    """Statements that no transaction may hold, from outside of the database that they concern."""
    _use(name)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def _warm() -> None:
    # Nobody's run pays for what the copy left to be written, nor for the first reading.
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        for name in ("cases_episode", "cases_person", "cases_nucleicacidtest", "cases_episodestage"):
            cursor.execute(f"SELECT count(*) FROM (SELECT * FROM {name} OFFSET 0) AS every_row")
