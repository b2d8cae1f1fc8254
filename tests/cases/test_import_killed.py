"""A commit that is killed in the middle, or begun twice at once, loses no row and writes none twice."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 60

SETUP = """
import datetime as dt, json, sys
import django
django.setup()
from accounts.models import User
from accounts.rules import Level, Role
from cases.actions import importing
from cases.actions import registration as registering
from cases.models import Episode, EpisodeEvent, ImportBatch, Infection, Person
from notices.models import Message
from tests.builders import area, noon, staff
from tests.cases import lists

ON = dt.date(2022, 11, 15)
"""
FILL = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
upper = area("北京市", Level.PROVINCE, "11")
for level, code in [(Level.CITY, "1101"), (Level.COUNTY, "110105"), (Level.STREET, "110105001"),
                    (Level.COMMUNITY, "110105001001")]:
    upper = area(level, level, code, upper)
alice = staff("alice", upper, Role.COMMUNITY_WORKER)
rows = [lists.person(n, 关联感染者=f"病例{n % 3}") for n in range(1, int(sys.argv[1]) + 1)]
rows.append(lists.person(900, 末次暴露日期="昨天"))
content = lists.workbook(lists.table(rows))
print(importing.upload(content=content, file_name="a.xlsx", registered_on=ON, by=alice, at=noon(ON)).pk)
"""
COMMIT = """
batch, alice = ImportBatch.objects.get(), User.objects.get()
print(json.dumps(importing.commit(batch, by=alice, at=noon(ON))))
"""
STALL = """
import time
def stall(*arguments, **named):
    print("in the middle", flush=True)
    time.sleep(60)
setattr({where}, stall)
"""
COUNT = """
batch = ImportBatch.objects.get()
print(json.dumps({
    "people": Person.objects.count(),
    "episodes": Episode.objects.count(),
    "registered": EpisodeEvent.objects.filter(kind="registered").count(),
    "messages": Message.objects.count(),
    "infections": Infection.objects.count(),
    "committed": batch.committed_at is not None,
    "kept": bool(batch.content),
    "left": len(json.loads(batch.left_over)["rows"]) if batch.left_over else None,
}))
"""
ALL = {
    "people": PEOPLE,
    "episodes": PEOPLE,
    "registered": PEOPLE,
    "messages": PEOPLE,
    "infections": 3,
    "committed": True,
    "kept": False,
    "left": 1,
}
NOTHING = dict.fromkeys(ALL, 0) | {"committed": False, "kept": True, "left": None}

pytestmark = pytest.mark.processes


def installation(folder: Path) -> dict[str, str]:
    """The environment of processes that work in that folder."""
    kept = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    own = {"JIEFENG_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR"}
    return kept | own


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with one uploaded list."""
    folder = tmp_path_factory.mktemp("import")
    start(FILL, installation(folder), PEOPLE).communicate(timeout=300)
    assert ask(COUNT, installation(folder)) == NOTHING
    return folder


@pytest.fixture
def environment(filled: Path, tmp_path: Path) -> dict[str, str]:
    """The same installation for each test anew."""
    shutil.copytree(filled, tmp_path / "var")
    return installation(tmp_path / "var")


def start(code: str, environment: dict[str, str], *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SETUP + code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def ask(code: str, environment: dict[str, str]) -> Any:
    answer, _ = start(code, environment).communicate(timeout=120)
    return json.loads(answer)


@pytest.mark.parametrize(
    "where",
    [
        'registering, "ensure_units"',  # the batch is claimed, nothing is written yet
        'registering, "enqueue"',  # people and episodes are written, the outbox is not
        'importing, "give_back"',  # everything is written, the give-back is not
    ],
)
def test_killed_in_the_middle_it_has_not_happened_and_can_be_done_again(
    environment: dict[str, str], where: str
) -> None:
    victim = start(STALL.format(where=where) + COMMIT, environment)
    assert victim.stdout is not None
    assert victim.stdout.readline() == "in the middle\n"
    victim.kill()
    victim.communicate()
    assert ask(COUNT, environment) == NOTHING
    assert ask(COMMIT, environment) is True
    assert ask(COUNT, environment) == ALL


def test_two_at_once_take_the_list_over_once(environment: dict[str, str]) -> None:
    both = [start(COMMIT, environment) for _ in range(2)]
    answers = [json.loads(each.communicate(timeout=120)[0]) for each in both]
    assert sorted(answers) == [False, True]
    assert ask(COUNT, environment) == ALL
